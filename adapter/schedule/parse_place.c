/* Where in time a schedule may run: windows and exceptions. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "schedule_internal.h"

/* --- windows --- */

/* "22:00-05:00", in minutes */
static bool
text_hours(const struct token *t, struct window *w)
{
	const char *hyphen = memchr(t->text, '-', t->len);
	int64_t from, to;
	size_t len;

	if (hyphen == NULL)
		return false;
	len = (size_t)(hyphen - t->text);
	if (!text_time(t->text, len, &from) ||
	    !text_time(hyphen + 1, t->len - len - 1, &to) || from == DAY ||
	    from == to || from % 60 != 0 || to % 60 != 0)
		return false;
	w->from = (int)(from / 60);
	w->to = (int)(to / 60);
	return true;
}

static int
add_window(struct parse *p, const char *where, const struct window *w)
{
	struct schedule *s = p->s;

	if (s->window_count == SCHEDULE_WINDOWS_MAX)
		return parse_fail(
		    p, where, "more than %d windows", SCHEDULE_WINDOWS_MAX);
	s->windows =
	    mem_grow(s->windows, s->window_count + 1, sizeof(*s->windows));
	s->windows[s->window_count++] = *w;
	return 0;
}

/* The days so far, for the hours that follow. */
static int
take_hours(struct parse *p, unsigned *days, bool *days_said)
{
	const struct token *t = parse_peek(p);
	struct window w = {.days = *days, .from = 0, .to = 1440};
	char text[TOKEN_MAX];

	if (!text_hours(t, &w))
		return parse_fail(p, t->text,
		    "wanted days or hours: mon-fri 22:00-05:00, not %s",
		    token_text(t, text));
	if (*days == 0 && *days_said)
		return parse_fail(p, t->text,
		    "of which days? as: mon-fri 22:00-05:00, sat 12:00-18:00");
	*days_said = *days != 0;
	if (*days == 0)
		w.days = WEEKDAYS_ALL;
	*days = 0;
	p->at++;
	return add_window(p, t->text, &w);
}

/* mon-fri 22:00-05:00, sat, sun: days without hours, at the end, are whole. */
int
parse_windows(struct parse *p)
{
	struct window whole = {.from = 0, .to = 1440};
	bool days_said = false, more = true;
	unsigned days = 0, bits;
	const struct token *t;

	while (more) {
		t = parse_peek(p);
		if (text_range(WORD_WEEKDAY, t->text, t->len, &bits)) {
			days |= bits;
			p->at++;
			t = parse_peek(p);
			more = parse_take(p, ",") ||
			    memchr(t->text, ':', t->len) != NULL;
			continue;
		}
		if (take_hours(p, &days, &days_said) != 0)
			return -1;
		more = parse_take(p, ",");
	}
	if (days == 0)
		return 0;
	whole.days = days;
	return add_window(p, parse_peek(p)->text, &whole);
}

/* --- exceptions --- */

/* "2026-12-24" or "2026-12-24T18:00", in local seconds; a date as an end is the
 * end of that day. */
static bool
text_moment(const char *text, size_t len, bool end, int64_t *ret)
{
	int64_t day, time = 0;

	if (len < 10 || !text_date(text, 10, &day))
		return false;
	if (len > 10) {
		if ((text[10] != 'T' && text[10] != 't') ||
		    !text_time(text + 11, len - 11, &time))
			return false;
	} else if (end) {
		time = DAY;
	}
	*ret = day * DAY + time;
	return true;
}

static bool
text_except(const struct token *t, struct except *e)
{
	const char *dots = memmem(t->text, t->len, "..", 2);
	size_t len = dots == NULL ? t->len : (size_t)(dots - t->text);

	if (dots == NULL) /* a day */
		return len == 10 &&
		    text_moment(t->text, len, false, &e->from) &&
		    text_moment(t->text, len, true, &e->to);
	return text_moment(t->text, len, false, &e->from) &&
	    text_moment(dots + 2, t->len - len - 2, true, &e->to) &&
	    e->from < e->to;
}

int
parse_excepts(struct parse *p)
{
	struct schedule *s = p->s;
	const struct token *t;
	struct except e = {.from = 0};
	char text[TOKEN_MAX];

	do {
		t = parse_peek(p);
		if (!text_except(t, &e))
			return parse_fail(p, t->text,
			    "wanted a date or two with .. between, in order: "
			    "2026-12-20..2027-01-06, not %s",
			    token_text(t, text));
		if (s->except_count == SCHEDULE_EXCEPT_MAX)
			return parse_fail(p, t->text, "more than %d exceptions",
			    SCHEDULE_EXCEPT_MAX);
		s->excepts = mem_grow(
		    s->excepts, s->except_count + 1, sizeof(*s->excepts));
		s->excepts[s->except_count++] = e;
		p->at++;
	} while (parse_take(p, ","));
	return 0;
}

static int
by_begin(const void *a, const void *b)
{
	const struct except *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* In order, those that touch as one, and where they are in the zone. */
void
except_settle(struct schedule *s)
{
	struct except *e = s->excepts;
	size_t i, kept = 0;

	if (s->except_count == 0)
		return;
	qsort(e, s->except_count, sizeof(*e), by_begin);
	for (i = 1; i < s->except_count; i++)
		if (e[i].from > e[kept].to)
			e[++kept] = e[i];
		else if (e[i].to > e[kept].to)
			e[kept].to = e[i].to;
	s->except_count = kept + 1;
	for (i = 0; i < s->except_count; i++) {
		e[i].begins = zone_instant(s->zone, e[i].from);
		e[i].ends = zone_instant(s->zone, e[i].to);
	}
}
