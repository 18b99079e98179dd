/*
 * Nominal runs: days by recurrence rule over floating time, each day's times
 * put into the zone one by one.  (With a zone in the rule's start, libical goes
 * on after a DST gap at the time the gap moved it to.)
 */
#include <libical/ical.h>

#include "buf.h"
#include "schedule_internal.h"

#define RULE_MAX 1024
/* Days a nominal date may be behind the local date of its runs: a repeat goes
 * into the next day, a zone may leave one out. */
#define BACK 3

static const char *const ical_days[] = {
    "MO", "TU", "WE", "TH", "FR", "SA", "SU"};

/* --- the rule --- */

static void
add_weekdays(struct buf *b, const struct schedule *s)
{
	const char *sep = ";BYDAY=";
	unsigned ordinal, day;

	for (day = 0; day < 7; day++) {
		if ((s->weekdays >> day & 1U) == 0)
			continue;
		if (s->ordinals == 0) {
			buf_printf(b, "%s%s", sep, ical_days[day]);
			sep = ",";
		}
		for (ordinal = 0; ordinal <= ORDINAL_LAST; ordinal++) {
			if ((s->ordinals >> ordinal & 1U) == 0)
				continue;
			buf_printf(b, "%s%d%s", sep,
			    ordinal == ORDINAL_LAST ? -1 : (int)ordinal + 1,
			    ical_days[day]);
			sep = ",";
		}
	}
}

static void
add_days(struct buf *b, const struct schedule *s)
{
	const char *sep = ";BYMONTHDAY=";
	unsigned i;

	for (i = 1; i <= 31; i++) {
		if ((s->days >> i & 1U) == 0)
			continue;
		buf_printf(b, "%s%u", sep, i);
		sep = ",";
	}
	if ((s->days & DAYS_LAST) != 0)
		buf_printf(b, "%s-1", sep);
}

static void
add_months(struct buf *b, const struct schedule *s)
{
	const char *sep = ";BYMONTH=";
	unsigned i;

	for (i = 0; i < 12; i++) {
		if ((s->months >> i & 1U) == 0)
			continue;
		buf_printf(b, "%s%u", sep, i + 1);
		sep = ",";
	}
}

static struct icalrecurrencetype
rule_of(const struct schedule *s)
{
	static const char *const names[] = {[KIND_DAILY] = "DAILY",
	    [KIND_WEEKLY] = "WEEKLY",
	    [KIND_MONTHLY] = "MONTHLY",
	    [KIND_YEARLY] = "YEARLY"};
	struct icalrecurrencetype rule;
	struct buf b;

	buf_init(&b, RULE_MAX);
	buf_printf(
	    &b, "FREQ=%s;INTERVAL=%lld", names[s->kind], (long long)s->every);
	add_weekdays(&b, s);
	add_days(&b, s);
	add_months(&b, s);
	rule = icalrecurrencetype_from_string(buf_text(&b));
	buf_free(&b);
	return rule;
}

/* --- where it begins --- */

/* The first day of the period (day, week, month, year) with this date in it, or
 * of the nearest before that every N hits; of a week the first that is chosen,
 * since libical counts weeks wrongly from a Monday for BYDAY=SU. */
static int64_t
period_before(const struct schedule *s, int64_t day)
{
	int64_t anchor = s->from == DATE_NONE ? 0 : s->from, n;
	struct date a = date_of(anchor), d = date_of(day);

	switch (s->kind) {
	case KIND_WEEKLY:
		anchor -= date_weekday(anchor);
		n = date_floor(day - anchor, 7 * s->every) * 7 * s->every;
		return anchor + n + __builtin_ctz(s->weekdays);
	case KIND_MONTHLY:
		n = (d.year - a.year) * 12 + d.month - a.month;
		n = a.year * 12 + a.month - 1 +
		    date_floor(n, s->every) * s->every;
		return date_days(date_floor(n, 12),
		    (int)(n - date_floor(n, 12) * 12) + 1, 1);
	case KIND_YEARLY:
		n = date_floor(d.year - a.year, s->every) * s->every;
		return date_days(a.year + n, 1, 1);
	case KIND_DAILY:
	case KIND_ONCE:
	case KIND_START:
	case KIND_REACHABLE:
	case KIND_NOW:
		break;
	}
	return anchor + date_floor(day - anchor, s->every) * s->every;
}

static struct icaltimetype
floating(int64_t days)
{
	struct icaltimetype t = icaltime_null_time();
	struct date d = date_of(days);

	t.year = (int)d.year;
	t.month = d.month;
	t.day = d.day;
	t.is_date = 0;
	return t;
}

/* --- the runs of a day --- */

/* The first of them after this instant; 0: none. */
static int64_t
run_of_day(const struct schedule *s, int64_t day, int64_t after)
{
	int64_t at = 0, end, next;
	size_t i;

	for (i = 0; i < s->time_count; i++) {
		at = zone_instant(s->zone, day * DAY + s->times[i]);
		if (at > after)
			return at;
	}
	if (s->repeat == 0)
		return 0;
	end = zone_instant(s->zone, (day + 1) * DAY + s->times[0]);
	if (s->repeat_for != 0 && at + s->repeat_for < end)
		end = at + s->repeat_for + 1; /* the last one included */
	next = at + ((after - at) / s->repeat + 1) * s->repeat;
	return next < end ? next : 0;
}

static int64_t
next_by_rule(const struct schedule *s, int64_t after, int64_t first)
{
	struct icaltimetype t;
	icalrecur_iterator *it;
	int64_t day, at = 0, start = period_before(s, first);

	it = icalrecur_iterator_new(rule_of(s), floating(start));
	if (it == NULL)
		return 0;
	while (at == 0) {
		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t) || t.year > DATE_YEAR_MAX)
			break;
		day = date_days(t.year, t.month, t.day);
		if (s->until != DATE_NONE && day > s->until)
			break;
		if (day >= first)
			at = run_of_day(s, day, after);
	}
	icalrecur_iterator_free(it);
	return at;
}

int64_t
next_nominal(const struct schedule *s, int64_t after)
{
	int64_t offset, until, first;

	if (s->kind == KIND_ONCE)
		return run_of_day(s, s->from, after);
	if (s->kind > KIND_ONCE)
		return 0;
	offset = zone_offset(s->zone, after, &until);
	first = date_floor(after + offset, DAY) - BACK;
	if (first < 0)
		first = 0;
	if (s->from != DATE_NONE && first < s->from)
		first = s->from;
	if (date_of(first).year > DATE_YEAR_MAX)
		return 0;
	return next_by_rule(s, after, first);
}
