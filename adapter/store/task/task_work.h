#ifndef TASK_WORK_H_
#define TASK_WORK_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "task_run.h"

/*
 * The side of runs that adapter/task alone uses, which works on them.  One
 * process works on a run: it claims it, and prolongs that while it lives.
 */

/* --- which devices --- */
struct task_device {
	int64_t id;
	const char *key; /* its UUID, or else its name; borrowed */
};
typedef int task_device_fn(
    void *cookie, const struct task_device *d, struct err *err);
/* Those the run is for. Reads alone and may take long: for a worker with a
 * handle of its own. ERR_NOTFOUND: the group, tag or query is gone;
 * ERR_INVALID: the query has become wrong; ERR_LIMIT: too many devices. */
int task_run_devices(struct store *s, const struct task_run *r,
    task_device_fn *fn, void *cookie, struct err *err);
/* Can that be asked with this query?  It is not asked.  ERR_NOTFOUND,
 * ERR_INVALID, ERR_LIMIT: what is wrong with it. */
int task_query_check(struct store *s, const char *query, struct err *err);
/* Take it in; nothing when it is in already, or gone. */
int task_item_add(struct store *s, int64_t run, int64_t device,
    int64_t not_before, struct err *err);
/* All are in: total is known. */
int task_run_expanded(struct store *s, int64_t run, struct err *err);

/* --- runs --- */
/* Those queued, running and paused, the oldest first, at most room; without
 * those of server tasks, which are worked on elsewhere. */
int task_run_open(struct store *s, int64_t *ids, size_t room, size_t *ret_count,
    struct err *err);
/* Ours until then, or still so. dead: its owner is known to be gone. What
 * another has begun and not ended waits again then: *ret_taken. ERR_CONFLICT
 * when another's claim is live, or the run is over. */
int task_run_claim(struct store *s, int64_t id, const char *owner, bool dead,
    int64_t now, int64_t until, bool *ret_taken, struct err *err);
/* From TASK_QUEUED; started_at is set the first time. */
int task_run_start(struct store *s, int64_t id, int64_t now, struct err *err);
int task_run_allow(
    struct store *s, int64_t id, int64_t begin_to, struct err *err);
/* An unfinished run of this assignment; 0: none. */
int task_run_unfinished(
    struct store *s, int64_t assignment, int64_t *ret_run, struct err *err);
/* From one next_due to another; false when it is not that any more: another
 * process has seen to it. */
int task_assignment_move(struct store *s, int64_t id, int64_t was,
    int64_t next_due, bool *ret_moved, struct err *err);
/* last_run, last_at and next_due of an assignment for which one was made (run
 * 0: none was). */
int task_assignment_ran(struct store *s, int64_t id, int64_t run, int64_t now,
    int64_t next_due, struct err *err);

/* --- devices that came back, for assignments that wait for that --- */
/* Told to each enabled assignment of this trigger; nothing without one. */
int task_reach_note(struct store *s, int64_t trigger, int64_t device,
    int64_t now, struct err *err);
/* Assignments that were told and have no unfinished run, at most room. */
int task_reach_assignments(struct store *s, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err);
/* Take the devices it was told of, at most room: with each, when an item of
 * this assignment last began there (0: never). */
struct task_reached {
	int64_t device, last;
};
int task_reach_take(struct store *s, int64_t assignment,
    struct task_reached *ret, size_t room, size_t *ret_count, struct err *err);
/* Is the assignment for this device? As task_run_devices(). */
int task_reach_covers(struct store *s, const struct task_assignment *a,
    int64_t device, bool *ret, struct err *err);

/* --- items --- */
struct task_work {
	int64_t run, item, device;
	int64_t attempts; /* so far */
	int64_t started_at;
	int64_t journal_at; /* journal_last() before the first attempt */
};
struct task_works {
	struct task_work *works;
	size_t room, count;
};
/* Waiting ones that may begin now, those never begun (fresh) or the others, by
 * not_before; at most ret->room. */
int task_item_ready(struct store *s, int64_t run, bool fresh, int64_t now,
    struct task_works *ret, struct err *err);
/* When the next one of a run may begin; 0: none waits. */
int task_item_next(
    struct store *s, int64_t run, bool fresh, int64_t *ret_at, struct err *err);
/* It begins: w->attempts and started_at are as now; journal_at is kept with the
 * first attempt. ERR_CONFLICT when it does not wait any more. */
int task_item_begin(
    struct store *s, struct task_work *w, int64_t now, struct err *err);

struct task_result {
	enum task_outcome outcome;
	const char *reason, *message; /* NULL: none */
	int64_t steps, ms;
	int64_t again_at; /* 0: that was its end; else it waits until then */
};
/* Its end; nothing when it is another's by now: *ret_ours. */
int task_item_end(struct store *s, const struct task_work *w,
    const struct task_result *how, int64_t now, bool *ret_ours,
    struct err *err);
/* Wait until then, without having begun. */
int task_item_put_off(
    struct store *s, int64_t item, int64_t not_before, struct err *err);
#endif
