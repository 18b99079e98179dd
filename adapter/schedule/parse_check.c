/* Is a schedule that was read one that can be, and what was left unsaid. */
#include "err.h"
#include "schedule_internal.h"

/* Has any month that it comes to such a day?  Known without walking through
 * centuries. */
static bool
has_day(const struct schedule *s)
{
	struct date from = date_of(s->from == DATE_NONE ? 0 : s->from);
	int64_t every = s->kind == KIND_MONTHLY ? s->every : 1, k;
	int month, days;

	if (s->days == 0 || (s->days & DAYS_LAST) != 0)
		return true;
	for (k = 0; k < 12; k++) {
		month = (int)((from.month - 1 + k * every) % 12);
		days = date_month_days(2000, month + 1);
		if ((s->months == 0 || (s->months >> month & 1U) != 0) &&
		    (s->days & ((UINT32_C(2) << days) - 1)) != 0)
			return true;
	}
	return false;
}

static int
check_days(struct parse *p, const char *end)
{
	const struct schedule *s = p->s;

	if (s->kind == KIND_WEEKLY && s->weekdays == 0)
		return parse_fail(
		    p, end, "on which days of the week? as: weekly on mon,thu");
	if ((s->kind == KIND_MONTHLY || s->kind == KIND_YEARLY) &&
	    s->weekdays == 0 && s->days == 0)
		return parse_fail(p, end,
		    "on which day? as: monthly on 1, on last, on first thu");
	if (s->kind == KIND_YEARLY && s->months == 0)
		return parse_fail(
		    p, end, "of which month? as: yearly on first thu of nov");
	return 0;
}

/* What other notations leave out. */
static void
complete(struct parse *p)
{
	struct schedule *s = p->s;
	int64_t day =
	    s->from == DATE_NONE ? 4 : s->from; /* Monday, 1970-01-05 */

	if (s->repeat != 0 && s->time_count == 0)
		s->time_count = 1;
	if (!p->day_of_start || s->weekdays != 0 || s->days != 0)
		return;
	if (s->kind == KIND_WEEKLY)
		s->weekdays = 1U << date_weekday(day);
	else if (s->kind != KIND_DAILY)
		s->days = s->from == DATE_NONE
		    ? 1U << 1
		    : UINT32_C(1) << date_of(day).day;
}

int
parse_check(struct parse *p)
{
	const struct schedule *s = p->s;
	const char *end = parse_peek(p)->text;

	complete(p);
	if (check_days(p, end) != 0)
		return -1;
	if (s->kind <= KIND_ONCE && s->time_count == 0)
		return parse_fail(p, end, "at what time? as: at 03:00");
	if (s->repeat != 0 && s->time_count > 1)
		return parse_fail(p, end,
		    "a schedule that repeats has one time of day, not %zu",
		    s->time_count);
	if (s->from != DATE_NONE && s->until != DATE_NONE && s->until < s->from)
		return parse_fail(p, end, "it ends before it begins");
	if (s->kind < KIND_ONCE &&
	    (!has_day(s) ||
		next_nominal(
		    s, s->from == DATE_NONE ? 0 : (s->from - 1) * DAY) == 0))
		return parse_fail(p, end, "there is no such day, ever");
	return 0;
}
