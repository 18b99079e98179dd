/* Words of a schedule's text, and values in them. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "schedule_internal.h"
#include "str.h"

#define TOKENS_MAX 1200

/* --- words --- */

int
parse_fail(struct parse *p, const char *where, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(p->err, ERR_INVALID, "schedule, character %zu: %s",
	    (size_t)(where - p->text) + 1, text);
}

const struct token *
parse_peek(const struct parse *p)
{
	return &p->tokens[p->at];
}

const char *
token_text(const struct token *t, char out[TOKEN_MAX])
{
	struct buf shown;

	if (t->len == 0)
		return "the end";
	buf_init(&shown, TOKEN_MAX - 1);
	str_printable(&shown, t->text, t->len, TOKEN_MAX / 4 - 4);
	(void)snprintf(out, TOKEN_MAX, "%s", buf_text(&shown));
	buf_free(&shown);
	return out;
}

bool
parse_is(const struct parse *p, const char *word)
{
	const struct token *t = parse_peek(p);

	return t->len == strlen(word) &&
	    strncasecmp(t->text, word, t->len) == 0;
}

bool
parse_take(struct parse *p, const char *word)
{
	if (!parse_is(p, word))
		return false;
	p->at++;
	return true;
}

int
parse_split(struct parse *p, const char *from)
{
	struct token *t;

	p->tokens = mem_array(TOKENS_MAX + 1, sizeof(*p->tokens));
	for (;;) {
		while (isspace((unsigned char)*from))
			from++;
		t = &p->tokens[p->count];
		t->text = from;
		if (*from == '\0')
			return 0;
		if (p->count++ >= TOKENS_MAX) {
			(void)parse_fail(
			    p, from, "more than %d words", TOKENS_MAX);
			if (p->err != NULL)
				p->err->kind = ERR_LIMIT;
			return -1;
		}
		if (*from == ',')
			from++;
		else
			while (*from != '\0' && *from != ',' &&
			    !isspace((unsigned char)*from))
				from++;
		t->len = (size_t)(from - t->text);
	}
}

/* --- values --- */

/* Up to `most` digits at the beginning; how many. */
static size_t
digits(const char *text, size_t len, size_t most, int *ret)
{
	size_t i;

	*ret = 0;
	for (i = 0; i < len && i < most && isdigit((unsigned char)text[i]); i++)
		*ret = *ret * 10 + (text[i] - '0');
	return i;
}

bool
text_date(const char *text, size_t len, int64_t *ret_days)
{
	int year, month, day;

	if (len != 10 || digits(text, 4, 4, &year) != 4 || text[4] != '-' ||
	    digits(text + 5, 2, 2, &month) != 2 || text[7] != '-' ||
	    digits(text + 8, 2, 2, &day) != 2 || year < DATE_YEAR_MIN ||
	    year > DATE_YEAR_MAX || month < 1 || month > 12 || day < 1 ||
	    day > date_month_days(year, month))
		return false;
	*ret_days = date_days(year, month, day);
	return true;
}

bool
text_time(const char *text, size_t len, int64_t *ret_seconds)
{
	size_t used;
	int hours, minutes, seconds = 0;

	used = digits(text, len, 2, &hours);
	if (used == 0 || used + 3 > len || text[used] != ':' ||
	    digits(text + used + 1, 2, 2, &minutes) != 2)
		return false;
	used += 3;
	if (used < len &&
	    (used + 3 != len || text[used] != ':' ||
		digits(text + used + 1, 2, 2, &seconds) != 2))
		return false;
	if (minutes > 59 || seconds > 59 ||
	    hours * 3600 + minutes * 60 + seconds > 86400)
		return false;
	*ret_seconds = hours * 3600 + minutes * 60 + seconds;
	return true;
}

bool
text_range(
    enum word_list list, const char *text, size_t len, unsigned *ret_bits)
{
	const char *hyphen = memchr(text, '-', len);
	int first, last, count = list == WORD_WEEKDAY ? 7 : 12;

	if (hyphen == NULL) {
		first = last = word_find(list, text, len);
	} else {
		first = word_find(list, text, (size_t)(hyphen - text));
		last = word_find(
		    list, hyphen + 1, len - (size_t)(hyphen - text) - 1);
	}
	if (first < 0 || last < 0)
		return false;
	for (*ret_bits = 1U << first; first != last;) {
		first = (first + 1) % count;
		*ret_bits |= 1U << first;
	}
	return true;
}

int
parse_number(struct parse *p, int64_t least, int64_t most, int64_t *ret)
{
	const struct token *t = parse_peek(p);
	char text[TOKEN_MAX], number[24];

	if (t->len > 0 && t->len < sizeof(number)) {
		memcpy(number, t->text, t->len);
		number[t->len] = '\0';
		if (str_int(number, least, most, ret) == 0) {
			p->at++;
			return 0;
		}
	}
	return parse_fail(p, t->text,
	    "wanted a number from %lld to %lld, not %s", (long long)least,
	    (long long)most, token_text(t, text));
}

int
parse_span(struct parse *p, int64_t least, int64_t most, int64_t *ret)
{
	const struct token *t = parse_peek(p);
	char text[TOKEN_MAX], span[24], low[CLOCK_TEXT], high[CLOCK_TEXT];
	int64_t value;

	if (t->len > 1 && t->len < sizeof(span)) {
		memcpy(span, t->text, t->len);
		span[t->len] = '\0';
		if (isalpha((unsigned char)span[t->len - 1]) &&
		    clock_parse_span(str_lower(span), &value) == 0 &&
		    value >= least && value <= most) {
			*ret = value;
			p->at++;
			return 0;
		}
	}
	return parse_fail(p, t->text,
	    "wanted a time span from %s to %s, as 90s, 15m, 4h or 2d, not %s",
	    clock_span(least, low), clock_span(most, high),
	    token_text(t, text));
}

int
parse_date(struct parse *p, int64_t *ret_days)
{
	const struct token *t = parse_peek(p);
	char text[TOKEN_MAX];

	if (!text_date(t->text, t->len, ret_days))
		return parse_fail(p, t->text,
		    "wanted a date from %d to %d as 2026-11-05, not %s",
		    DATE_YEAR_MIN, DATE_YEAR_MAX, token_text(t, text));
	p->at++;
	return 0;
}
