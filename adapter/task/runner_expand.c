#include <stdio.h>
#include <stdlib.h>

#include "conf.h"
#include "loop.h"
#include "mem.h"
#include "runner_internal.h"
#include "schedule.h"
#include "store.h"
#include "work.h"

/*
 * Which devices a run is for is found out by a worker, which has a handle of
 * its own: the answer may take long.  They are taken in by pieces, between
 * which the loop turns.  A process that dies in the middle is followed by one
 * that asks again, and finds those that are in already.
 */
#define PIECE 500
#define SCHEDULE_ID_TEXT 32

struct expansion {
	struct runner_run *run; /* NULL: nobody waits for it any more */
	struct runner *runner;
	struct store *store; /* the worker's */
	struct task_run target;
	int64_t run_at, spread;
	char id[SCHEDULE_ID_TEXT]; /* of the schedule: what delays hang on */
	int64_t *ids, *starts;
	size_t count, room, at;
	bool ready;
	struct err err;
};

static void
expansion_free(struct expansion *x)
{
	task_run_clear(&x->target);
	free(x->ids);
	free(x->starts);
	free(x);
}

void
runner_expansion_forget(struct expansion *x)
{
	if (x == NULL)
		return;
	if (x->ready)
		expansion_free(x);
	else
		x->run = NULL;
}

/* --- on the worker --- */

static int
keep(void *cookie, const struct task_device *d, struct err *err)
{
	struct expansion *x = cookie;

	(void)err;
	if (x->count == x->room) {
		x->room = (x->room + 32) * 2;
		x->ids = mem_grow(x->ids, x->room, sizeof(*x->ids));
		x->starts = mem_grow(x->starts, x->room, sizeof(*x->starts));
	}
	x->ids[x->count] = d->id;
	x->starts[x->count++] = x->spread == 0
	    ? x->run_at
	    : schedule_start(
		  x->run_at, x->spread, schedule_hash(x->id, d->key));
	return 0;
}

static void
find_devices(void *arg)
{
	struct expansion *x = arg;

	if (task_run_devices(x->store, &x->target, keep, x, &x->err) == 0)
		err_clear(&x->err);
}

/* --- on the loop --- */

static void
devices_found(void *arg)
{
	struct expansion *x = arg;
	struct runner *r = x->runner;

	r->at_work = false;
	x->ready = true;
	if (x->run == NULL)
		expansion_free(x);
	if (r->draining)
		r->deps.quiet(r->deps.cookie);
	else
		runner_wake(r);
}

static struct expansion *
expansion_new(struct runner_run *run, const struct task_run *row)
{
	struct expansion *x = mem_alloc(sizeof(*x));
	bool spread = row->source == TASK_BY_SCHEDULE && run->schedule != NULL;

	x->run = run;
	x->runner = run->runner;
	x->store = run->runner->aside;
	x->target = (struct task_run){.target = row->target,
	    .target_id = row->target_id,
	    .assignment = row->assignment,
	    .query = mem_dup(row->query)};
	x->run_at = row->occurrence != 0 ? row->occurrence : row->created_at;
	x->spread = spread ? schedule_spread(run->schedule, x->run_at) : 0;
	(void)snprintf(
	    x->id, sizeof(x->id), "%lld", (long long)row->assignment);
	return x;
}

static int
begin(struct runner_run *run, const struct task_run *row, struct err *err)
{
	struct runner *r = run->runner;

	if (r->at_work) /* its done() wakes us */
		return 0;
	if (r->aside == NULL &&
	    store_open(r->deps.conf->database, r->deps.vault, &r->aside, err) !=
		0)
		return -1;
	run->expansion = expansion_new(run, row);
	r->at_work = true;
	work_submit(r->deps.loop,
	    &(const struct work_job){.run = find_devices,
		.done = devices_found,
		.arg = run->expansion});
	return 0;
}

/* As far as the turn's piece goes; true when all are in. */
static int
take_in(struct expansion *x, int64_t run, bool *ret_all, struct err *err)
{
	size_t end = x->at + PIECE < x->count ? x->at + PIECE : x->count;

	for (; x->at < end; x->at++)
		if (task_item_add(x->runner->deps.store, run, x->ids[x->at],
			x->starts[x->at], err) != 0)
			return -1;
	*ret_all = x->at == x->count;
	return 0;
}

int
runner_expand(
    struct runner_run *run, const struct task_run *row, struct err *err)
{
	struct runner *r = run->runner;
	struct expansion *x = run->expansion;
	bool all = false;

	if (x == NULL)
		return begin(run, row, err);
	if (!x->ready)
		return 0;
	if (x->err.kind != ERR_NONE && x->err.kind != ERR_STORAGE) {
		/* What it was for is gone, or the query has become wrong. */
		return runner_abort(r, row, x->err.text, err);
	}
	if (x->err.kind != ERR_NONE) {
		if (err != NULL)
			*err = x->err;
		return -1;
	}
	if (take_in(x, run->id, &all, err) != 0)
		return -1;
	r->more = true;
	if (!all)
		return 0;
	if (task_run_expanded(r->deps.store, run->id, err) != 0 ||
	    runner_message(r, run->id, err, "%zu devices", x->count) != 0)
		return -1;
	expansion_free(x);
	run->expansion = NULL;
	return 0;
}
