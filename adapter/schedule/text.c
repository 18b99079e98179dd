/* A schedule as its one line of text. */
#include <stdlib.h>

#include "buf.h"
#include "mem.h"
#include "schedule_internal.h"

#define ALL_TEXT (SCHEDULE_TEXT_MAX * 2)

void
schedule_write_date(struct buf *out, int64_t days)
{
	struct date d = date_of(days);

	buf_printf(out, "%04lld-%02d-%02d", (long long)d.year, d.month, d.day);
}

void
schedule_write_span(struct buf *out, int64_t seconds)
{
	if (seconds % DAY == 0)
		buf_printf(out, "%lldd", (long long)(seconds / DAY));
	else if (seconds % 3600 == 0)
		buf_printf(out, "%lldh", (long long)(seconds / 3600));
	else if (seconds % 60 == 0)
		buf_printf(out, "%lldm", (long long)(seconds / 60));
	else
		buf_printf(out, "%llds", (long long)seconds);
}

static void
write_time(struct buf *out, int64_t seconds)
{
	buf_printf(
	    out, "%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
	if (seconds % 60 != 0)
		buf_printf(out, ":%02d", (int)(seconds % 60));
}

/* "mon-fri,sun", "nov": runs of three and more with a hyphen. */
static void
write_list(struct buf *out, enum word_list list, unsigned bits, int count)
{
	const char *sep = "";
	int i, end;

	for (i = 0; i < count; i = end + 1) {
		for (end = i; end < count && (bits >> end & 1U) != 0; end++)
			;
		if (end == i)
			continue;
		buf_printf(out, "%s%s", sep, word_name(list, i));
		if (end - i > 2 && list != WORD_ORDINAL)
			buf_printf(out, "-%s", word_name(list, end - 1));
		else
			for (i++; i < end; i++)
				buf_printf(out, ",%s", word_name(list, i));
		sep = ",";
	}
}

static void
write_days(struct buf *out, uint32_t days)
{
	const char *sep = "";
	unsigned i;

	for (i = 1; i <= 31; i++) {
		if ((days >> i & 1U) == 0)
			continue;
		buf_printf(out, "%s%u", sep, i);
		sep = ",";
	}
	if ((days & DAYS_LAST) != 0)
		buf_printf(out, "%slast", sep);
}

static void
write_when(struct buf *out, const struct schedule *s)
{
	static const char *const once[] = {[KIND_DAILY] = "daily",
	    [KIND_WEEKLY] = "weekly",
	    [KIND_MONTHLY] = "monthly",
	    [KIND_YEARLY] = "yearly",
	    [KIND_ONCE] = "once on ",
	    [KIND_START] = "at start",
	    [KIND_REACHABLE] = "when reachable",
	    [KIND_NOW] = "immediately"};
	static const char *const units[] = {"day", "week", "month", "year"};

	if (s->kind < KIND_ONCE && s->every > 1)
		buf_printf(
		    out, "every %lld %ss", (long long)s->every, units[s->kind]);
	else
		buf_str(out, once[s->kind]);
	if (s->kind == KIND_ONCE)
		schedule_write_date(out, s->from);
	if (s->weekdays != 0 || s->days != 0)
		buf_str(out, " on ");
	if (s->ordinals != 0) {
		write_list(out, WORD_ORDINAL, s->ordinals, ORDINAL_LAST + 1);
		buf_char(out, ' ');
	}
	write_list(out, WORD_WEEKDAY, s->weekdays, 7);
	write_days(out, s->days);
	if (s->months != 0) {
		buf_str(out, " of ");
		write_list(out, WORD_MONTH, s->months, 12);
	}
}

static void
write_span_of(struct buf *out, const char *words, int64_t seconds)
{
	if (seconds == 0)
		return;
	buf_str(out, words);
	schedule_write_span(out, seconds);
}

static void
write_at(struct buf *out, const struct schedule *s)
{
	size_t i;

	for (i = 0; i < s->time_count; i++) {
		buf_str(out, i == 0 ? " at " : ",");
		write_time(out, s->times[i]);
	}
	if (s->zone_name != NULL)
		buf_printf(out, " %s", s->zone_name);
	if (s->from != DATE_NONE && s->kind != KIND_ONCE) {
		buf_str(out, " from ");
		schedule_write_date(out, s->from);
	}
	if (s->until != DATE_NONE) {
		buf_str(out, " until ");
		schedule_write_date(out, s->until);
	}
}

static void
write_windows(struct buf *out, const struct schedule *s)
{
	const struct window *w;
	size_t i;

	for (i = 0; i < s->window_count; i++) {
		w = &s->windows[i];
		buf_str(out, i == 0 ? " only " : ", ");
		if (w->days != WEEKDAYS_ALL || i > 0) {
			write_list(out, WORD_WEEKDAY, w->days, 7);
			buf_char(out, ' ');
		}
		buf_printf(out, "%02d:%02d-%02d:%02d", w->from / 60,
		    w->from % 60, w->to / 60, w->to % 60);
	}
}

static void
write_moment(struct buf *out, int64_t local)
{
	int64_t day = date_floor(local, DAY);

	schedule_write_date(out, day);
	buf_char(out, 'T');
	write_time(out, local - day * DAY);
}

void
schedule_write_except(struct buf *out, int64_t from, int64_t to)
{
	int64_t first = date_floor(from, DAY), last = date_floor(to - 1, DAY);

	if (first * DAY != from || (last + 1) * DAY != to) {
		write_moment(out, from);
		buf_str(out, "..");
		write_moment(out, to);
		return;
	}
	schedule_write_date(out, first);
	if (last == first)
		return;
	buf_str(out, "..");
	schedule_write_date(out, last);
}

char *
schedule_write(const struct schedule *s)
{
	struct buf out;
	char *text;
	size_t i;

	buf_init(&out, ALL_TEXT);
	write_when(&out, s);
	write_span_of(&out, " after ", s->after);
	write_span_of(&out, " not within ", s->apart);
	write_at(&out, s);
	write_span_of(&out, " repeat ", s->repeat);
	write_span_of(&out, " for ", s->repeat_for);
	write_span_of(&out, " random ", s->random);
	if (s->kind <= KIND_ONCE)
		buf_str(&out, s->skip ? " missed skip" : " missed run");
	write_span_of(&out, " after ", s->missed_after);
	write_span_of(&out, " stop after ", s->stop);
	write_windows(&out, s);
	for (i = 0; i < s->except_count; i++) {
		buf_str(&out, i == 0 ? " except " : ", ");
		schedule_write_except(
		    &out, s->excepts[i].from, s->excepts[i].to);
	}
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}
