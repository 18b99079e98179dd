#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "diagnose.h"
#include "engine.h"
#include "fault.h"
#include "journal.h"
#include "mem.h"
#include "plan.h"
#include "runner_internal.h"
#include "schedule.h"
#include "str.h"

/*
 * Items and the engine.  What is true if the process dies:
 *
 *   before the commit of its begin   it waits
 *   from then to its end's commit    it runs, by the record; who takes the run
 *                                    over lets it wait again.  What it had
 *                                    changed by then is in the journal, and is
 *                                    not done a second time
 *   after the end's commit           device, journal, event and item agree: one
 *                                    transaction holds them all
 */
#define AT_ONCE 64	/* items taken in one look */
#define IN_HANDS_WAIT 1 /* seconds, when the engine has the device already */
#define LONGEST_WAIT 3600
#define JOURNAL_ROWS 50

/* --- what was done before it was interrupted --- */

struct done_parts {
	int64_t since;
	unsigned parts;
};

static int
note_done(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct done_parts *d = cookie;

	(void)err;
	if (intent->id > d->since && str_eq(intent->end, "done"))
		d->parts |= play_part_of_step(intent->step);
	return 0;
}

static int
parts_done(
    struct runner *r, struct task_work *w, unsigned *ret_parts, struct err *err)
{
	struct done_parts d = {.since = w->journal_at};

	*ret_parts = 0;
	if (w->attempts == 0)
		return journal_last(
		    r->deps.store, w->device, &w->journal_at, err);
	if (journal_scan_ended(r->deps.store, w->device, 0, JOURNAL_ROWS,
		note_done, &d, err) != 0)
		return -1;
	*ret_parts = d.parts;
	return 0;
}

/* --- begin --- */

static void
link_work(struct runner_run *run, struct runner_work *work)
{
	work->run = run;
	work->next = run->works;
	run->works = work;
	run->running++;
	run->runner->running++;
}

static void
unlink_work(struct runner_work *work)
{
	struct runner_work **at = &work->run->works;

	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	work->run->running--;
	work->run->runner->running--;
	free(work);
}

static int
begin_one(struct runner_run *run, const struct task_work *w, int64_t now,
    struct err *err)
{
	struct runner *r = run->runner;
	struct runner_work *work = mem_alloc(sizeof(*work));
	struct engine_order order = {.device = w->device, .cookie = work};
	unsigned done;

	work->w = *w;
	if (parts_done(r, &work->w, &done, err) != 0) {
		free(work);
		return -1;
	}
	catalog_order(&run->settings, done, &order);
	if (!engine_take(r->deps.engine, &order)) {
		free(work);
		return task_item_put_off(
		    r->deps.store, w->item, now + IN_HANDS_WAIT, err);
	}
	link_work(run, work);
	if (task_item_begin(r->deps.store, &work->w, now, err) != 0)
		return -1;
	fault_point("runner.item.begun");
	return 0;
}

/* No more than can be in flight: what is given to the engine cannot be taken
 * back when a run is stopped. */
static size_t
room_for(const struct runner_run *run)
{
	const struct runner *r = run->runner;
	size_t most = (size_t)r->deps.conf->parallel, room, own;

	room = r->running < most ? most - r->running : 0;
	if (run->policy.parallel != 0) {
		own = (size_t)run->policy.parallel;
		own = run->running < own ? own - run->running : 0;
		room = own < room ? own : room;
	}
	return room < AT_ONCE ? room : AT_ONCE;
}

static int
begin_some(struct runner_run *run, bool fresh, size_t room, int64_t now,
    struct err *err)
{
	struct runner *r = run->runner;
	struct task_work some[AT_ONCE];
	struct task_works ready = {.works = some, .room = room};
	size_t i;

	if (room == 0)
		return 0;
	if (task_item_ready(r->deps.store, run->id, fresh, now, &ready, err) !=
	    0)
		return -1;
	for (i = 0; i < ready.count; i++)
		if (begin_one(run, &some[i], now, err) != 0)
			return -1;
	r->more = r->more || ready.count == AT_ONCE;
	return 0;
}

static int
any_waiting(struct runner_run *run, bool *ret, struct err *err)
{
	int64_t fresh = 0, again = 0;

	if (task_item_next(
		run->runner->deps.store, run->id, true, &fresh, err) != 0 ||
	    task_item_next(
		run->runner->deps.store, run->id, false, &again, err) != 0)
		return -1;
	*ret = fresh != 0 || again != 0;
	return 0;
}

int
runner_begin_items(struct runner_run *run, int64_t fresh, int64_t now,
    bool *ret_waiting, struct err *err)
{
	size_t room;

	if (begin_some(run, false, room_for(run), now, err) != 0)
		return -1;
	room = room_for(run);
	if ((int64_t)room > fresh)
		room = (size_t)fresh;
	if (begin_some(run, true, room, now, err) != 0)
		return -1;
	return any_waiting(run, ret_waiting, err);
}

/* --- end --- */

/* again: the device was not tried, or could not be told. */
static enum task_outcome
verdict(const struct engine_report *report, bool *again)
{
	const struct err *err = report->err;

	*again = err->kind == ERR_CANCELLED || err->kind == ERR_UNREACHABLE ||
	    (report->outcome == ENGINE_PARKED && err_is_transient(err));
	switch (report->outcome) {
	case ENGINE_OK:
		return TASK_OK;
	case ENGINE_CHANGED:
		return TASK_CHANGED;
	case ENGINE_WAITING:
		return TASK_PENDING;
	case ENGINE_PARKED:
		return TASK_PARKED;
	case ENGINE_SKIPPED:
	case ENGINE_FAILED:
		break;
	}
	if (report->lost ||
	    (report->outcome == ENGINE_SKIPPED && err->kind == ERR_CONFLICT)) {
		*again = true;
		return TASK_BUSY;
	}
	if (report->outcome == ENGINE_SKIPPED)
		return TASK_SKIPPED;
	return err->kind == ERR_UNREACHABLE ? TASK_OFFLINE : TASK_FAILED;
}

/* When it is tried once more; 0: that was its last. */
static int64_t
retry_at(const struct runner_run *run, const struct runner_work *work,
    const struct engine_report *report, int64_t now)
{
	int64_t wait = run->policy.retry_wait, i;

	if (report->err->kind == ERR_CANCELLED)
		return now; /* it was we who stopped */
	if (work->w.attempts > run->policy.retries)
		return 0;
	for (i = 1; i < work->w.attempts && wait < LONGEST_WAIT; i++)
		wait *= 2;
	wait = wait < 1 ? 1 : wait;
	wait = wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
	return run->stop_at != 0 && now + wait >= run->stop_at ? 0 : now + wait;
}

/* A finding is one of a device that was visited. */
static void
tell_why(const struct engine_report *report, struct task_result *how)
{
	if (report->err->kind == ERR_NONE)
		return;
	how->message = report->err->text;
	if (report->outcome != ENGINE_SKIPPED ||
	    report->err->kind == ERR_DENIED)
		how->reason = reason_code(diagnose_error(report->err));
	else if (report->err->kind == ERR_NOTFOUND)
		how->message = "it was removed from the fleet";
}

static int
item_ended(
    struct runner *r, const struct engine_report *report, struct err *err)
{
	struct runner_work *work = report->cookie;
	struct runner_run *run = work->run;
	int64_t now = clock_now();
	bool again = false, ours = false;
	struct task_result how = {
	    .steps = (int64_t)report->steps_done, .ms = report->ms};
	int rc;

	how.outcome = verdict(report, &again);
	tell_why(report, &how);
	if (again)
		how.again_at = retry_at(run, work, report, now);
	rc = task_item_end(r->deps.store, &work->w, &how, now, &ours, err);
	unlink_work(work);
	runner_wake(r);
	fault_point("runner.item.ended");
	return rc;
}

int
runner_item_ended(
    void *cookie, const struct engine_report *report, struct err *err)
{
	struct runner *r = cookie;

	if (report->came_back &&
	    task_reach_note(r->deps.store, SCHEDULE_REACHABLE, report->id,
		clock_now(), err) != 0)
		return -1;
	return report->cookie == NULL ? 0 : item_ended(r, report, err);
}
