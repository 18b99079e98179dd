/* Exceptions out of an iCalendar file (RFC 5545): its events. */
#include <libical/ical.h>
#include <stdlib.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "schedule_internal.h"
#include "str.h"

#define YEARS_AHEAD 2
#define YEAR_LEAST 1900

struct events {
	const struct zone *zone;
	struct buf *out;
	struct icaltimetype start;
	int64_t length; /* of a whole-day one */
	int64_t *moved; /* its occurrences that have an event of their own */
	size_t moved_count;
	const char *sep;
	size_t count;
	int64_t latest; /* no exception ends later */
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

static int
by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* RECURRENCE-ID of those with this UID: they stand for that occurrence. */
static void
note_moved(struct events *e, icalcomponent *calendar, icalcomponent *event)
{
	const char *uid = icalcomponent_get_uid(event);
	struct icaltimetype at;
	icalcompiter i;
	icalcomponent *other;

	e->moved_count = 0;
	if (uid == NULL ||
	    icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY) ==
		NULL)
		return;
	i = icalcomponent_begin_component(calendar, ICAL_VEVENT_COMPONENT);
	for (; (other = icalcompiter_deref(&i)) != NULL;
	     (void)icalcompiter_next(&i)) {
		at = icalcomponent_get_recurrenceid(other);
		if (icaltime_is_null_time(at) ||
		    !str_eq(icalcomponent_get_uid(other), uid))
			continue;
		e->moved =
		    mem_grow(e->moved, e->moved_count + 1, sizeof(*e->moved));
		e->moved[e->moved_count++] =
		    icaltime_as_timet_with_zone(at, at.zone);
	}
	if (e->moved_count > 0)
		qsort(e->moved, e->moved_count, sizeof(*e->moved), by_time);
}

static void
take_span(icalcomponent *event, struct icaltime_span *span, void *cookie)
{
	struct events *e = cookie;
	int64_t from = local_of(e, span->start), to = local_of(e, span->end);
	int64_t start = span->start;

	(void)event;
	if (e->moved_count > 0 &&
	    bsearch(&start, e->moved, e->moved_count, sizeof(*e->moved),
		by_time) != NULL)
		return;
	if (e->start.is_date) /* the library counts one day too many */
		to = from + e->length;
	if (to > e->latest)
		to = e->latest;
	if (to <= from || from < 0)
		return;
	if (e->count++ >= SCHEDULE_EXCEPT_MAX)
		return;
	buf_str(e->out, e->sep);
	schedule_write_except(e->out, from, to);
	e->sep = ", ";
}

/* Without an end it is one day. */
static int64_t
length_of(icalcomponent *event, struct icaltimetype start)
{
	struct icaltimetype end = icalcomponent_get_dtend(event);
	int64_t length = icaltime_as_timet(end) - icaltime_as_timet(start);

	return icaltime_is_null_time(end) || length < DAY ? DAY : length;
}

/* Rules that take no time to follow: daily ones and rarer, from this century
 * or the last. */
static bool
is_bounded(icalcomponent *event, struct icaltimetype start)
{
	struct icalrecurrencetype rule;
	icalproperty *p;

	for (p = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
	     p != NULL;
	     p = icalcomponent_get_next_property(event, ICAL_RRULE_PROPERTY)) {
		rule = icalproperty_get_rrule(p);
		if (start.year < YEAR_LEAST ||
		    rule.freq < ICAL_DAILY_RECURRENCE ||
		    rule.by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX ||
		    rule.by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX ||
		    rule.by_second[0] != ICAL_RECURRENCE_ARRAY_MAX)
			return false;
	}
	return true;
}

static int
take_events(
    struct events *e, icalcomponent *calendar, int64_t from, struct err *err)
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
		if (!is_bounded(event, e->start))
			return err_set(err, ERR_REFUSED,
			    "an event of this calendar recurs within a day, "
			    "or since before %d",
			    YEAR_LEAST);
		e->length = length_of(event, e->start);
		note_moved(e, calendar, event);
		icalcomponent_foreach_recurrence(
		    event, begin, end, take_span, e);
	}
	return 0;
}

/* A file may hold several calendars. What is in none is no calendar's. */
static int
take_calendars(
    struct events *e, icalcomponent *root, int64_t from, struct err *err)
{
	icalcompiter i;
	icalcomponent *calendar;
	size_t count = 0;

	if (root != NULL && icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT)
		return take_events(e, root, from, err);
	if (root != NULL && icalcomponent_isa(root) == ICAL_XROOT_COMPONENT) {
		i = icalcomponent_begin_component(
		    root, ICAL_VCALENDAR_COMPONENT);
		for (; (calendar = icalcompiter_deref(&i)) != NULL;
		     (void)icalcompiter_next(&i), count++)
			if (take_events(e, calendar, from, err) != 0)
				return -1;
	}
	return count > 0 ? 0
			 : err_set(err, ERR_INVALID, "not an iCalendar file");
}

int
schedule_except_ical(const char *ical, const char *zone, int64_t from,
    struct buf *out, struct err *err)
{
	struct events e = {.out = out,
	    .sep = " except ",
	    .latest = date_floor(from, DAY) * DAY + 366 * DAY * YEARS_AHEAD};
	icalcomponent *root;
	struct zone *z = NULL;
	int rc;

	if (zone_take(zone, &z, err) != 0)
		return -1;
	e.zone = z;
	root = icalparser_parse_string(ical);
	rc = take_calendars(&e, root, from, err);
	if (rc == 0 && e.count == 0)
		rc = err_set(err, ERR_NOTFOUND,
		    "no event of this calendar is within %d years",
		    YEARS_AHEAD);
	if (rc == 0 && e.count > SCHEDULE_EXCEPT_MAX)
		rc = err_set(err, ERR_LIMIT,
		    "%zu events: a schedule has %d exceptions at most", e.count,
		    SCHEDULE_EXCEPT_MAX);
	if (root != NULL)
		icalcomponent_free(root);
	free(e.moved);
	zone_drop(z);
	return rc;
}
