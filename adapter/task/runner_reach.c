#include <stdlib.h>

#include "log.h"
#include "mem.h"
#include "runner_internal.h"
#include "schedule.h"

/*
 * What waits for devices to come back.  That one did is noted in the
 * transaction that ends its visit; those noted since the last look are one run
 * per assignment, as its schedule says when, and not again too soon.
 */
#define ASSIGNMENTS_AT_ONCE 50
#define DEVICES_AT_ONCE 500

struct reach {
	const struct task_assignment *a;
	const struct schedule *schedule;
	struct task_reached *back;
	size_t count, wanted;
	int64_t now;
};

/* When each is to begin, 0 where it is not for it: how many are. */
static int
choose(const struct runner *r, struct reach *x, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct task_reached *back;
	bool covered = false;
	size_t i;

	for (i = 0; i < x->count; i++) {
		back = &x->back[i];
		if (task_reach_covers(r->deps.store, x->a, back->device,
			&covered, &why) != 0) {
			if (why.kind == ERR_STORAGE) {
				*err = why;
				return -1;
			}
			covered = false; /* its query has become wrong */
		}
		back->last = covered
		    ? schedule_triggered(x->schedule, back->last, x->now)
		    : 0;
		x->wanted += back->last != 0;
	}
	return 0;
}

static int
make_run(struct runner *r, const struct reach *x, struct err *err)
{
	int64_t run = 0;
	size_t i;

	if (runner_make_run(r, x->a, TASK_DEVICES, x->now, &run, err) != 0)
		return -1;
	for (i = 0; i < x->count; i++)
		if (x->back[i].last != 0 &&
		    task_item_add(r->deps.store, run, x->back[i].device,
			x->back[i].last, err) != 0)
			return -1;
	if (task_run_expanded(r->deps.store, run, err) != 0)
		return -1;
	return task_assignment_ran(
	    r->deps.store, x->a->id, run, x->now, 0, err);
}

static int
serve_one(struct runner *r, const struct task_assignment *a, int64_t now,
    struct err *err)
{
	struct reach x = {.a = a, .now = now};
	struct schedule *s = NULL;
	int rc;

	x.back = mem_array(DEVICES_AT_ONCE, sizeof(*x.back));
	rc = task_reach_take(
	    r->deps.store, a->id, x.back, DEVICES_AT_ONCE, &x.count, err);
	if (rc == 0 && a->schedule != NULL && a->enabled &&
	    schedule_parse(a->schedule, &s, NULL) == 0) {
		x.schedule = s;
		rc = choose(r, &x, err);
	}
	if (rc == 0 && x.wanted > 0)
		rc = make_run(r, &x, err);
	schedule_free(s);
	free(x.back);
	return rc;
}

int
runner_reach(struct runner *r, int64_t now, struct err *err)
{
	struct task_assignment a = {.id = 0};
	int64_t ids[ASSIGNMENTS_AT_ONCE];
	size_t count = 0, i;
	int rc = 0;

	if (task_reach_assignments(
		r->deps.store, ids, ASSIGNMENTS_AT_ONCE, &count, err) != 0)
		return -1;
	for (i = 0; rc == 0 && i < count; i++) {
		rc = task_assignment_get(r->deps.store, ids[i], &a, err);
		if (rc == 0)
			rc = serve_one(r, &a, now, err);
		task_assignment_clear(&a);
		rc = runner_overtaken(rc, err);
	}
	return rc;
}
