#ifndef SCHEDULE_H_
#define SCHEDULE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"

struct buf;
struct err;

/*
 * When something is to run: one line of text, and what follows from it.  Pure
 * but for the system's time zones; knows no store.  Times are unix seconds.
 *
 *   monthly on first thu of nov at 03:00 Europe/Berlin random 4h missed run
 *
 * WHEN (one of)
 *   daily | weekly | monthly | yearly       every N days|weeks|months|years
 *   once on DATE     at start     when reachable     immediately
 *   short for daily ones that repeat: hourly, every 15m, every 4h
 * and, in any order (amtkeeper(1) says more):
 *   on mon-fri,sun | on 1,15,last | on first,third thu | on last fri
 *   of nov,dec             in these months only
 *   at HH:MM[:SS],...      local time there
 *   Europe/Berlin          or UTC; else the adapter's own zone
 *   from DATE until DATE   both included; every N counts from the first of
 *                          them, else from 1970-01-01; weeks begin on Monday
 *   repeat 4h for 23h      again within the day; without "for" until the next
 *   random 4h              so much later at most, always the same per device
 *   missed run after 10m | missed skip    (missed run)
 *   stop after 2h
 *   only mon-fri 22:00-05:00, sat, sun    maintenance windows
 *   except 2026-12-20..2027-01-06, 2027-05-01T12:00..2027-05-02T06:00
 *   after 10m, not within 24h             of starts and of devices that come
 *
 * A run whose local time does not exist (clocks go forward) is at the first
 * instant after the gap; of a time that exists twice it is the first. Each
 * nominal time runs once, never twice and never not; those that fall together
 * are one. A run that falls outside windows or into an exception counts as
 * missed: it is at the next opening, or with "missed skip" nowhere.
 *
 * Read as well: five fields of cron, "@daily", and ePO's "period:..." with any
 * of the further words behind it. Errors are ERR_INVALID or ERR_LIMIT, with the
 * character (from 1) and what would do.
 */
#define SCHEDULE_TEXT_MAX 8192
#define SCHEDULE_TIMES_MAX 24
#define SCHEDULE_EVERY_MAX 999
#define SCHEDULE_RANDOM_MAX (INT64_C(23) * 3600)
#define SCHEDULE_SPAN_MAX (INT64_C(366) * 86400) /* of any other span */
#define SCHEDULE_WINDOWS_MAX 32
#define SCHEDULE_EXCEPT_MAX 128
/* A run that begins no later than this after its time was not missed. */
#define SCHEDULE_LATE 300

struct schedule;

int schedule_parse(
    const char *text, struct schedule **ret_schedule, struct err *err);
void schedule_free(struct schedule *s); /* NULL is allowed */
/* The canonical text, which parses to the same; borrowed. */
const char *schedule_text(const struct schedule *s);
/* The name of its zone; NULL: the adapter's own. */
const char *schedule_zone(const struct schedule *s);

/* The words of a schedule, for people. */
struct schedule_word {
	const char *form, *help;
};
const struct schedule_word *schedule_word(size_t i); /* NULL behind the last */

/* --- when --- */

/* What it waits for. */
enum schedule_trigger {
	SCHEDULE_CLOCK,
	SCHEDULE_START,	    /* of the adapter */
	SCHEDULE_REACHABLE, /* a device that was away answers */
	SCHEDULE_NOW	    /* once, when it is assigned */
};
enum schedule_trigger schedule_trigger(const struct schedule *s);
/* The first run after this instant; 0: never again, or not by the clock. */
int64_t schedule_next(const struct schedule *s, int64_t after);
/* What to keep as due when it is assigned or changed now; 0: nothing. */
int64_t schedule_first(const struct schedule *s, int64_t now);
/* Is there ever a run, now or later?  ERR_INVALID: no, and why. One that waits
 * for something is taken to run. */
int schedule_runs(const struct schedule *s, int64_t now, struct err *err);
/* At most n of the runs after this, for people; how many. */
#define SCHEDULE_PREVIEW 10 /* unless it is said */
#define SCHEDULE_PREVIEW_MAX 1000
size_t schedule_preview(
    const struct schedule *s, int64_t after, int64_t *out, size_t n);
/* "2026-11-05T03:00:00+01:00", in its zone; "-" for 0. Returns out. */
char *schedule_local(
    const struct schedule *s, int64_t at, char out[CLOCK_TEXT]);

/* --- what is due --- */

/* One was due at `due`, now it is `now`, not before: run_at (0: it was missed
 * and is skipped), and what is due then (0: never again). However many were
 * missed, they are one run. */
struct schedule_due {
	int64_t run_at;
	int64_t next;
	bool missed;
};
void schedule_due(const struct schedule *s, int64_t due, int64_t now,
    struct schedule_due *ret);
/* For triggers other than the clock: when to run after that happened now, where
 * the one before was at `last` (0: none); 0: not this time. */
int64_t schedule_triggered(const struct schedule *s, int64_t last, int64_t now);
/* Stable over processes and versions; device: its UUID, or its name. */
uint64_t schedule_hash(const char *schedule_id, const char *device);
/* Over how many seconds a run's devices are spread: "random", or what is left
 * of the window; to be asked once per run. */
int64_t schedule_spread(const struct schedule *s, int64_t run_at);
/* A device's own start of a run with this spread. */
int64_t schedule_start(int64_t run_at, int64_t spread, uint64_t device_hash);
/* When to give up what began at `started`: stop after; 0: no end. */
int64_t schedule_stop(const struct schedule *s, int64_t started);

/* --- windows and exceptions --- */

/* The first instant from `at` on when work is allowed; 0: none within ten
 * years. */
int64_t schedule_opens(const struct schedule *s, int64_t at);
/* Of an instant when it is: when that ends; INT64_MAX: not within ten years. */
int64_t schedule_closes(const struct schedule *s, int64_t at);

/* --- other notations --- */

/* ePO's schedule URI; ERR_REFUSED says what it has no word for. */
int schedule_to_epo(const struct schedule *s, struct buf *out, struct err *err);
/* A schedule with the dates that ePO keeps beside its URI, which begin with
 * "2013-05-28" (NULL: none). A start that is past is kept where every N counts
 * from it. ERR_INVALID: the end is no date, or before the start. */
int schedule_from_epo(const char *text, const char *start, const char *end,
    int64_t now, struct schedule **ret_schedule, struct err *err);
/* The reverse: the first day, from which every N counts as it does here (once
 * it was made at `made`), and the last; days since 1970-01-01, -1: none. */
int64_t schedule_first_day(const struct schedule *s, int64_t made);
int64_t schedule_last_day(const struct schedule *s);
/* In its zone the first instant of the first day and the last of the last; 0:
 * none. */
int64_t schedule_begins(const struct schedule *s, int64_t made);
int64_t schedule_ends(const struct schedule *s);
/* Append " except ..." with the events of an iCalendar file (RFC 5545) within
 * two years from `from`, for the end of a schedule's text in this zone (NULL:
 * the adapter's own). Cancelled events are left out. ERR_NOTFOUND: there is
 * none; ERR_REFUSED: one recurs within a day. */
int schedule_except_ical(const char *ical, const char *zone, int64_t from,
    struct buf *out, struct err *err);
#endif
