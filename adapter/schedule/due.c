/* What of a schedule is due, and for whom when. */
#include <stdio.h>
#include <time.h>

#include "err.h"
#include "schedule_internal.h"

#define SKIPS_MAX 1000

enum schedule_trigger
schedule_trigger(const struct schedule *s)
{
	switch (s->kind) {
	case KIND_START:
		return SCHEDULE_START;
	case KIND_REACHABLE:
		return SCHEDULE_REACHABLE;
	case KIND_NOW:
		return SCHEDULE_NOW;
	case KIND_DAILY:
	case KIND_WEEKLY:
	case KIND_MONTHLY:
	case KIND_YEARLY:
	case KIND_ONCE:
		break;
	}
	return SCHEDULE_CLOCK;
}

static bool
is_limited(const struct schedule *s)
{
	return s->window_count > 0 || s->except_count > 0;
}

/* The run of nominal ones that fell into the closed stretch `at` is in; 0. */
static int64_t
run_kept_back(const struct schedule *s, int64_t at)
{
	int64_t since, nominal;

	if (s->skip || allowed_at(s, at))
		return 0;
	since = closed_since(s, at);
	if (since == INT64_MIN)
		return 0;
	nominal = next_nominal(s, since - 1);
	return nominal != 0 && nominal <= at ? schedule_opens(s, at) : 0;
}

int64_t
schedule_next(const struct schedule *s, int64_t after)
{
	int64_t at, opens;
	int i;

	if (!is_limited(s))
		return next_nominal(s, after);
	if (schedule_trigger(s) != SCHEDULE_CLOCK)
		return 0;
	at = run_kept_back(s, after);
	if (at != 0)
		return at;
	for (i = 0; i < SKIPS_MAX; i++) {
		at = next_nominal(s, after);
		if (at == 0)
			return 0;
		opens = schedule_opens(s, at);
		if (opens == at || opens == 0 || !s->skip)
			return opens;
		after = opens - 1;
	}
	return 0;
}

int64_t
schedule_first(const struct schedule *s, int64_t now)
{
	return s->kind == KIND_NOW ? schedule_opens(s, now)
				   : schedule_next(s, now - 1);
}

int
schedule_runs(const struct schedule *s, int64_t now, struct err *err)
{
	enum schedule_trigger trigger = schedule_trigger(s);

	if (trigger == SCHEDULE_START || trigger == SCHEDULE_REACHABLE ||
	    schedule_first(s, now) != 0)
		return 0;
	if (trigger == SCHEDULE_CLOCK && next_nominal(s, now - 1) == 0)
		return err_set(err, ERR_INVALID,
		    "schedule: it never runs again: its time is over");
	return err_set(err, ERR_INVALID,
	    "schedule: it never runs: windows and exceptions leave no time "
	    "for it%s",
	    s->skip ? "; without \"missed skip\" a run waits for the next "
		      "opening"
		    : "");
}

size_t
schedule_preview(
    const struct schedule *s, int64_t after, int64_t *out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		after = schedule_next(s, after);
		if (after == 0)
			break;
		out[i] = after;
	}
	return i;
}

char *
schedule_local(const struct schedule *s, int64_t at, char out[CLOCK_TEXT])
{
	int64_t until, offset = zone_offset(s->zone, at, &until);
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset) / 60;
	time_t local = (time_t)(at + offset);
	char text[CLOCK_TEXT - 8];
	struct tm tm;

	if (at == 0 || gmtime_r(&local, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		(void)snprintf(out, CLOCK_TEXT, "-");
	else
		(void)snprintf(out, CLOCK_TEXT, "%s%c%02u:%02u", text,
		    offset < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
	return out;
}

void
schedule_due(const struct schedule *s, int64_t due, int64_t now,
    struct schedule_due *ret)
{
	int64_t recent;

	ret->run_at = due;
	ret->missed = now - due > SCHEDULE_LATE;
	ret->next = schedule_next(s, now);
	if (!ret->missed)
		return;
	recent = schedule_next(s, now - SCHEDULE_LATE - 1);
	if (recent != 0 && recent <= now) {
		ret->run_at = recent; /* it stands for those before */
		ret->missed = false;
	} else {
		ret->run_at =
		    s->skip ? 0 : schedule_opens(s, now + s->missed_after);
	}
}

int64_t
schedule_triggered(const struct schedule *s, int64_t last, int64_t now)
{
	int64_t until, day;

	if (s->kind != KIND_START && s->kind != KIND_REACHABLE)
		return 0;
	day = date_floor(now + zone_offset(s->zone, now, &until), DAY);
	if ((s->from != DATE_NONE && day < s->from) ||
	    (s->until != DATE_NONE && day > s->until) ||
	    (last != 0 && now - last < s->apart))
		return 0;
	return schedule_opens(s, now + s->after);
}

/* --- devices --- */

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* FNV-1a of both, in any case; then mixed, since neighbours' names differ in
 * few bits. */
uint64_t
schedule_hash(const char *schedule_id, const char *device)
{
	const char *const parts[] = {schedule_id, device};
	uint64_t hash = FNV_START;
	unsigned char c;
	const char *at;
	int i;

	for (i = 0; i < 2; i++)
		for (at = parts[i];; at++) {
			c = (unsigned char)*at;
			if (c >= 'A' && c <= 'Z')
				c = (unsigned char)(c - 'A' + 'a');
			hash = (hash ^ c) * FNV_PRIME;
			if (c == '\0')
				break;
		}
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

int64_t
schedule_start(int64_t run_at, int64_t spread, uint64_t device_hash)
{
	return spread <= 0 ? run_at
			   : run_at + (int64_t)(device_hash % (uint64_t)spread);
}

int64_t
schedule_spread(const struct schedule *s, int64_t run_at)
{
	int64_t left;

	if (s->random == 0)
		return 0;
	left = schedule_closes(s, run_at);
	left = left == INT64_MAX ? left : left - run_at;
	return left < s->random ? left : s->random;
}

int64_t
schedule_stop(const struct schedule *s, int64_t started)
{
	return s->stop == 0 ? 0 : started + s->stop;
}
