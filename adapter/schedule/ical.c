/* Exceptions out of an iCalendar file (RFC 5545): its events. */
#include <libical/ical.h>

#include "buf.h"
#include "err.h"
#include "schedule_internal.h"

#define YEARS_AHEAD 2

struct events {
	const struct zone *zone;
	struct buf *out;
	struct icaltimetype start;
	const char *sep;
	size_t count;
};

/* Times of events without a zone, and dates, come as if they were UTC. */
static int64_t
local_of(const struct events *e, int64_t at)
{
	int64_t until;

	if (e->start.is_date || (e->start.zone == NULL))
		return at;
	return at + zone_offset(e->zone, at, &until);
}

static void
take_span(icalcomponent *event, struct icaltime_span *span, void *cookie)
{
	struct events *e = cookie;
	int64_t from = local_of(e, span->start), to = local_of(e, span->end);

	(void)event;
	if (e->start.is_date) /* whole days, however it counts their end */
		to = date_floor(to + DAY - 1, DAY) * DAY;
	if (e->start.is_date && to <= from)
		to = from + DAY;
	if (to <= from || from < 0)
		return;
	if (e->count++ >= SCHEDULE_EXCEPT_MAX)
		return;
	buf_str(e->out, e->sep);
	schedule_write_except(e->out, from, to);
	e->sep = ", ";
}

static void
take_events(struct events *e, icalcomponent *calendar, int64_t from)
{
	struct icaltimetype begin =
	    icaltime_from_timet_with_zone((time_t)from, 0, NULL);
	struct icaltimetype end = begin;
	icalcomponent *event;

	end.year += YEARS_AHEAD;
	for (event = icalcomponent_get_first_component(
		 calendar, ICAL_VEVENT_COMPONENT);
	     event != NULL; event = icalcomponent_get_next_component(
				calendar, ICAL_VEVENT_COMPONENT)) {
		e->start = icalcomponent_get_dtstart(event);
		if (icaltime_is_null_time(e->start) ||
		    icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED)
			continue;
		icalcomponent_foreach_recurrence(
		    event, begin, end, take_span, e);
	}
}

int
schedule_except_ical(const char *ical, const char *zone, int64_t from,
    struct buf *out, struct err *err)
{
	struct events e = {.out = out, .sep = " except "};
	icalcomponent *calendar;
	struct zone *z = NULL;
	int rc = 0;

	if (zone_take(zone, &z, err) != 0)
		return -1;
	e.zone = z;
	calendar = icalparser_parse_string(ical);
	if (calendar == NULL)
		rc = err_set(err, ERR_INVALID, "not an iCalendar file");
	else
		take_events(&e, calendar, from);
	if (rc == 0 && e.count == 0)
		rc = err_set(err, ERR_NOTFOUND,
		    "no event of this calendar is within %d years",
		    YEARS_AHEAD);
	if (rc == 0 && e.count > SCHEDULE_EXCEPT_MAX)
		rc = err_set(err, ERR_LIMIT,
		    "%zu events: a schedule has %d exceptions at most", e.count,
		    SCHEDULE_EXCEPT_MAX);
	if (calendar != NULL)
		icalcomponent_free(calendar);
	zone_drop(z);
	return rc;
}
