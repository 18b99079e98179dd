/* Maintenance windows and exceptions: is work allowed, since and until when. */
#include "schedule_internal.h"

#define HORIZON (INT64_C(3653) * DAY)
#define MINUTE 60

static int64_t
length_of(const struct window *w)
{
	int64_t minutes = w->to - w->from;

	return (minutes <= 0 ? minutes + 1440 : minutes) * MINUTE;
}

/* The window's stretch of local time that begins on this day. */
static bool
stretch(const struct window *w, int64_t day, int64_t *ret_from, int64_t *ret_to)
{
	if ((w->days >> date_weekday(day) & 1U) == 0)
		return false;
	*ret_from = day * DAY + w->from * MINUTE;
	*ret_to = *ret_from + length_of(w);
	return true;
}

static int64_t
local_of(const struct schedule *s, int64_t at)
{
	int64_t until;

	return at + zone_offset(s->zone, at, &until);
}

static bool
in_window(const struct schedule *s, int64_t local)
{
	int64_t day = date_floor(local, DAY), from, to;
	size_t i, back;

	for (i = 0; i < s->window_count; i++)
		for (back = 0; back < 2; back++)
			if (stretch(&s->windows[i], day - (int64_t)back, &from,
				&to) &&
			    from <= local && local < to)
				return true;
	return s->window_count == 0;
}

static const struct except *
except_at(const struct schedule *s, int64_t at)
{
	size_t i;

	for (i = 0; i < s->except_count; i++)
		if (s->excepts[i].begins <= at && at < s->excepts[i].ends)
			return &s->excepts[i];
	return NULL;
}

bool
allowed_at(const struct schedule *s, int64_t at)
{
	return except_at(s, at) == NULL && in_window(s, local_of(s, at));
}

/* The nearest edge of a window or exception, or change of the zone's offset,
 * behind `at`: between two of them nothing changes. */
static int64_t
edge_after(const struct schedule *s, int64_t at)
{
	int64_t next, local, day, back, edges[2], edge;
	size_t i, k;

	local = at + zone_offset(s->zone, at, &next);
	day = date_floor(local, DAY);
	for (i = 0; i < s->window_count; i++)
		for (back = -1; back <= 7; back++) {
			if (!stretch(&s->windows[i], day + back, &edges[0],
				&edges[1]))
				continue;
			for (k = 0; k < 2; k++) {
				edge = at + edges[k] - local;
				if (edge > at && edge < next)
					next = edge;
			}
		}
	for (i = 0; i < s->except_count; i++) {
		if (s->excepts[i].begins > at && s->excepts[i].begins < next)
			next = s->excepts[i].begins;
		if (s->excepts[i].ends > at && s->excepts[i].ends < next)
			next = s->excepts[i].ends;
	}
	return next;
}

/* The first instant from `at` on when work is allowed, or not. */
static int64_t
first_when(const struct schedule *s, int64_t at, bool allowed)
{
	int64_t last = at + HORIZON;

	while (at < last) {
		if (allowed_at(s, at) == allowed)
			return at;
		at = edge_after(s, at);
	}
	return 0;
}

int64_t
schedule_opens(const struct schedule *s, int64_t at)
{
	if (s->window_count == 0 && s->except_count == 0)
		return at;
	return first_when(s, at, true);
}

int64_t
schedule_closes(const struct schedule *s, int64_t at)
{
	int64_t end;

	if (s->window_count == 0 && s->except_count == 0)
		return INT64_MAX;
	end = first_when(s, at, false);
	return end == 0 ? INT64_MAX : end;
}

/* Walk up to it from ever further back. */
int64_t
closed_since(const struct schedule *s, int64_t at)
{
	int64_t back, t, next, since = INT64_MIN;

	for (back = 9 * DAY; since == INT64_MIN && back <= HORIZON; back *= 4)
		for (t = at - back; t < at; t = next) {
			next = edge_after(s, t);
			if (allowed_at(s, t))
				since = next;
		}
	return since;
}
