/* The dates that ePO keeps beside a schedule's URI. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "schedule_internal.h"
#include "str.h"

#define DATE_LEN 10

/* "2013-05-28 07:00:01.0 UTC"; of the end, midnight is that of the day before.
 */
static bool
read_date(const char *text, bool end, int64_t *ret_days)
{
	if (strnlen(text, DATE_LEN) < DATE_LEN ||
	    !text_date(text, DATE_LEN, ret_days))
		return false;
	text += DATE_LEN;
	if (end && *text != '\0' && str_starts(text + 1, "00:00:00"))
		(*ret_days)--;
	return true;
}

/* What is beside a URI becomes part of the schedule. A text of ours has it. */
static int
take_dates(struct schedule *s, const char *start, const char *end, int64_t now,
    struct err *err)
{
	int64_t day;

	if (start != NULL && read_date(start, false, &day) &&
	    (s->every > 1 || day > date_floor(now, DAY)))
		s->from = day;
	if (end == NULL)
		return 0;
	if (!read_date(end, true, &day))
		return err_set(err, ERR_INVALID,
		    "schedule: its end is no date as 2013-05-28: %.40s", end);
	s->until = day;
	if (s->from != DATE_NONE && s->until < s->from)
		return err_set(
		    err, ERR_INVALID, "schedule: it ends before it begins");
	return 0;
}

int
schedule_from_epo(const char *text, const char *start, const char *end,
    int64_t now, struct schedule **ret_schedule, struct err *err)
{
	struct schedule *s = NULL;
	char *whole = NULL;
	int rc;

	if (schedule_parse(text, &s, err) != 0)
		return -1;
	rc = strncasecmp(text, "period:", strlen("period:")) == 0
	    ? take_dates(s, start, end, now, err)
	    : 0;
	if (rc == 0) { /* which also finds that no day is left */
		whole = schedule_write(s);
		rc = schedule_parse(whole, ret_schedule, err);
	}
	free(whole);
	schedule_free(s);
	return rc;
}

int64_t
schedule_first_day(const struct schedule *s, int64_t made)
{
	int64_t at, until;

	if (s->from != DATE_NONE)
		return s->from;
	if (s->every == 1)
		return -1;
	at = next_nominal(s, made - 1);
	return at == 0 ? -1
		       : date_floor(at + zone_offset(s->zone, at, &until), DAY);
}

int64_t
schedule_last_day(const struct schedule *s)
{
	return s->until == DATE_NONE ? -1 : s->until;
}

int64_t
schedule_begins(const struct schedule *s, int64_t made)
{
	int64_t day = schedule_first_day(s, made);

	return day < 0 ? 0 : zone_instant(s->zone, day * DAY);
}

int64_t
schedule_ends(const struct schedule *s)
{
	int64_t day = schedule_last_day(s);

	return day < 0 ? 0 : zone_instant(s->zone, (day + 1) * DAY) - 1;
}
