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

/* When each is to begin, 0 where it is not for it: how many are. */
static int
choose(struct runner *r, const struct task_assignment *a,
    const struct schedule *s, struct task_reached *back, size_t count,
    int64_t now, size_t *ret_wanted, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	bool covered = false;
	size_t i;

	*ret_wanted = 0;
	for (i = 0; i < count; i++) {
		if (task_reach_covers(r->deps.store, a, back[i].device,
			&covered, &why) != 0) {
			if (why.kind == ERR_STORAGE) {
				*err = why;
				return -1;
			}
			covered = false; /* its query has become wrong */
		}
		back[i].last =
		    covered ? schedule_triggered(s, back[i].last, now) : 0;
		*ret_wanted += back[i].last != 0;
	}
	return 0;
}

static int
make_run(struct runner *r, const struct task_assignment *a,
    const struct task_reached *back, size_t count, int64_t now, struct err *err)
{
	int64_t run = 0;
	size_t i;

	if (runner_make_run(r, a, TASK_DEVICES, now, now, &run, err) != 0)
		return -1;
	for (i = 0; i < count; i++)
		if (back[i].last != 0 &&
		    task_item_add(r->deps.store, run, back[i].device,
			back[i].last, err) != 0)
			return -1;
	if (task_run_expanded(r->deps.store, run, err) != 0)
		return -1;
	return task_assignment_ran(r->deps.store, a->id, run, now, 0, err);
}

static int
serve_one(struct runner *r, const struct task_assignment *a, int64_t now,
    struct err *err)
{
	struct task_reached *back = mem_array(DEVICES_AT_ONCE, sizeof(*back));
	struct schedule *s = NULL;
	size_t count = 0, wanted = 0;
	int rc;

	rc = task_reach_take(
	    r->deps.store, a->id, back, DEVICES_AT_ONCE, &count, err);
	if (rc == 0 && a->schedule != NULL && a->enabled &&
	    schedule_parse(a->schedule, &s, NULL) == 0)
		rc = choose(r, a, s, back, count, now, &wanted, err);
	if (rc == 0 && wanted > 0)
		rc = make_run(r, a, back, count, now, err);
	schedule_free(s);
	free(back);
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
