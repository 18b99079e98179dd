#include "progress.h"

#include <string.h>

#include "clock.h"

#define DRAW_EVERY_MS 100
#define ETA_AFTER_MS 2000
#define NUMBER_TEXT 32

void
progress_start(
    struct progress *p, FILE *out, bool terminal, bool quiet, size_t total)
{
	memset(p, 0, sizeof(*p));
	p->out = out;
	p->terminal = terminal;
	p->quiet = quiet;
	p->total = total;
	p->started_ms = clock_mono_ms();
}

static unsigned
tenth_of(const struct progress *p)
{
	return p->total == 0 ? 0 : (unsigned)(p->done * 10 / p->total);
}

void
progress_expect(struct progress *p, size_t more)
{
	p->total = p->done + more;
	p->tenth = tenth_of(p);
}

/* 1234567 -> "1 234 567" */
static char *
grouped(size_t number, char out[NUMBER_TEXT])
{
	char digits[NUMBER_TEXT];
	size_t len, i, at = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%zu", number);
	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ' ';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

char *
progress_text(const struct progress *p, int64_t now_ms, char out[PROGRESS_TEXT])
{
	char n[5][NUMBER_TEXT], eta[CLOCK_TEXT];
	int64_t passed = now_ms - p->started_ms;
	int len;

	len = snprintf(out, PROGRESS_TEXT, "%s/%s ok %s changed %s failed %s",
	    grouped(p->done, n[0]), grouped(p->total, n[1]),
	    grouped(p->ok, n[2]), grouped(p->changed, n[3]),
	    grouped(p->failed, n[4]));
	if (p->done == 0 || p->done < p->warm || p->done >= p->total ||
	    passed < ETA_AFTER_MS)
		return out;
	(void)clock_span(
	    passed * (int64_t)(p->total - p->done) / (int64_t)p->done / 1000,
	    eta);
	(void)snprintf(out + len, PROGRESS_TEXT - (size_t)len, " eta %s", eta);
	return out;
}

static void
draw_line(struct progress *p, int64_t now_ms)
{
	char text[PROGRESS_TEXT];

	if (p->done < p->total && now_ms - p->drawn_ms < DRAW_EVERY_MS)
		return;
	p->drawn_ms = now_ms;
	(void)fprintf(p->out, "\r\033[K%s", progress_text(p, now_ms, text));
	(void)fflush(p->out);
}

static void
write_tenth(struct progress *p, int64_t now_ms)
{
	char text[PROGRESS_TEXT];
	unsigned tenth = tenth_of(p);

	if (tenth <= p->tenth)
		return;
	p->tenth = tenth;
	(void)fprintf(p->out, "%s\n", progress_text(p, now_ms, text));
}

void
progress_draw(struct progress *p, int64_t now_ms)
{
	if (p->quiet)
		return;
	if (p->terminal)
		draw_line(p, now_ms);
	else
		write_tenth(p, now_ms);
}

void
progress_clear(struct progress *p)
{
	if (p->terminal && !p->quiet && p->drawn_ms != 0)
		(void)fputs("\r\033[K", p->out);
}
