#include <inttypes.h>
#include <stdlib.h>

#include "log.h"
#include "mem.h"
#include "runner_internal.h"
#include "schedule.h"
#include "store.h"

/* Occurrences become runs: as many per look as are due, and no more are read
 * than that. */
#define DUE_AT_ONCE 50
#define STARTS_MAX 1000

int
runner_make_run(struct runner *r, const struct task_assignment *a,
    enum task_target target, int64_t run_at, int64_t *ret_run, struct err *err)
{
	struct task t = {.id = 0};
	struct task_run row;
	char *actor;
	int rc;

	if (task_get(r->deps.store, a->task, &t, err) != 0)
		return -1;
	actor = mem_dup(r->deps.actor);
	row = (struct task_run){.task = t.id,
	    .assignment = a->id,
	    .name = t.name,
	    .type = t.type,
	    .settings = t.settings,
	    .source = TASK_BY_SCHEDULE,
	    .actor = actor,
	    .target = target,
	    .target_id = a->target_id,
	    .query = a->query,
	    .schedule = a->schedule,
	    .policy = a->policy,
	    .occurrence = run_at};
	rc = task_run_make(
	    r->deps.store, &row, NULL, 0, clock_now(), ret_run, err);
	if (rc == 0) {
		row.id = *ret_run;
		rc = runner_event(r, "task.run", &row, NULL, err);
	}
	free(actor);
	task_clear(&t);
	return rc;
}

/* One at a time: a run that is still going has its devices. */
static int
run_or_leave_out(struct runner *r, const struct task_assignment *a,
    int64_t run_at, int64_t *ret_run, struct err *err)
{
	char at[CLOCK_TEXT];
	int64_t going = 0;

	if (task_run_unfinished(r->deps.store, a->id, &going, err) != 0)
		return -1;
	if (going == 0)
		return runner_make_run(r, a, a->target, run_at, ret_run, err);
	return runner_message(r, going, err,
	    "the occurrence of %s was left out: this run was still going",
	    clock_text(run_at, at));
}

/* Not after the store has failed: a schedule that cannot be read any more is
 * no reason to stop. */
static int
give_up(struct runner *r, const struct task_assignment *a, const char *why,
    struct err *err)
{
	log_line(LOG_ERROR, "task.schedule", "assignment=%lld error=\"%s\"",
	    (long long)a->id, why);
	return task_assignment_ran(r->deps.store, a->id, 0, 0, 0, err);
}

static int
occurs(struct runner *r, const struct task_assignment *a, int64_t now,
    struct err *err)
{
	struct schedule_due due = {.run_at = a->next_due};
	struct schedule *s = NULL;
	struct err why = {.kind = ERR_NONE};
	bool ours = false;
	int64_t run = 0;

	if (a->schedule != NULL) {
		if (schedule_parse(a->schedule, &s, &why) != 0)
			return give_up(r, a, why.text, err);
		schedule_due(s, a->next_due, now, &due);
		schedule_free(s);
	}
	/* With the write lock, so that of several processes one makes it. */
	if (task_assignment_move(
		r->deps.store, a->id, a->next_due, due.next, &ours, err) != 0)
		return -1;
	if (!ours)
		return 0;
	if (due.run_at == 0)
		log_line(LOG_NOTE, "task.missed", "assignment=%lld due=%lld",
		    (long long)a->id, (long long)a->next_due);
	else if (run_or_leave_out(r, a, due.run_at, &run, err) != 0)
		return -1;
	return run == 0 ? 0
			: task_assignment_ran(
			      r->deps.store, a->id, run, now, due.next, err);
}

int
runner_due(struct runner *r, int64_t now, struct err *err)
{
	struct task_assignment a = {.id = 0};
	int64_t ids[DUE_AT_ONCE];
	size_t count = 0, i;
	int rc = 0;

	if (task_assignment_due(
		r->deps.store, now, ids, DUE_AT_ONCE, &count, err) != 0)
		return -1;
	r->more = r->more || count == DUE_AT_ONCE;
	for (i = 0; rc == 0 && i < count; i++) {
		rc = task_assignment_get(r->deps.store, ids[i], &a, err);
		if (rc == 0)
			rc = occurs(r, &a, now, err);
		task_assignment_clear(&a);
		rc = runner_overtaken(rc, err);
	}
	return rc;
}

static int
starts(struct runner *r, int64_t id, int64_t now, struct err *err)
{
	struct task_assignment a = {.id = 0};
	struct schedule *s = NULL;
	int64_t at = 0;

	if (task_assignment_get(r->deps.store, id, &a, err) != 0)
		return -1;
	if (a.schedule != NULL && schedule_parse(a.schedule, &s, NULL) == 0)
		at = schedule_triggered(s, a.last_at, now);
	schedule_free(s);
	task_assignment_clear(&a);
	return at == 0
	    ? 0
	    : task_assignment_ran(r->deps.store, id, 0, now, at, err);
}

int
runner_starts(struct runner *r, int64_t now, struct err *err)
{
	int64_t *ids = mem_array(STARTS_MAX, sizeof(*ids));
	size_t count = 0, i;
	int rc;

	rc = task_assignment_triggered(
	    r->deps.store, SCHEDULE_START, ids, STARTS_MAX, &count, err);
	for (i = 0; rc == 0 && i < count; i++)
		rc = runner_overtaken(starts(r, ids[i], now, err), err);
	free(ids);
	return rc;
}
