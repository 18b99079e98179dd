#ifndef CAPACITY_H_
#define CAPACITY_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule;

/*
 * Can a schedule serve a fleet before what it renews runs out?  Every run is
 * gone through, device by device, as they would really begin: at the run plus
 * the device's own delay, so many at once, within the windows, until "stop
 * after".  Pure.
 */

/* Something of a device that runs out: a certificate, a password. */
struct schedule_deadline {
	size_t device;
	int64_t at;   /* when it runs out */
	int64_t life; /* of the next one, from its renewal; 0: for ever */
	int64_t lead; /* a run that is so long before, or later, renews it */
};
#define SCHEDULE_ALWAYS INT64_MAX /* as lead: every run does */

struct schedule_fleet {
	const uint64_t *hashes; /* of the devices: schedule_hash() */
	size_t devices;
	const struct schedule_deadline *deadlines;
	size_t deadline_count;
	int64_t busy_ms;  /* how long a device takes */
	int64_t parallel; /* devices at once, from 1 */
};

/* Of one deadline, its closest. */
struct schedule_margin {
	int64_t seconds; /* from renewal to end; negative: too late by that */
	int64_t end;	 /* what ran out then, or would have */
	int64_t renewed; /* 0: nothing renewed it in the time looked at */
};

struct schedule_capacity {
	int64_t from, to; /* looked at: now, and the end of the last run */
	size_t runs;
	bool ends;	 /* the schedule, within that time */
	size_t overlaps; /* left out: the run before was still going on */
	int64_t longest; /* run, from its time to its last device's end */
	size_t unserved; /* devices that a run did not come to, at most */
	size_t late;	 /* deadlines missed at least once */
};

/* So far ahead that each deadline was renewed twice, and at least twelve runs.
 * margins: one per deadline, for the caller. A schedule not by the clock has no
 * runs. */
void schedule_capacity(const struct schedule *s, const struct schedule_fleet *f,
    int64_t now, struct schedule_capacity *ret,
    struct schedule_margin *ret_margins);
#endif
