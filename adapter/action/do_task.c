/* run-client-task, enforce-profile: a run of the rows, made once and waited
 * for.  purge-log. */
#include <stdlib.h>

#include "fault.h"
#include "mem.h"
#include "order.h"
#include "store.h"
#include "str.h"
#include "task.h"
#include "work_internal.h"

#define PURGE_ONCE 500 /* runs in one transaction */

/* --- how it goes about them --- */

static struct task_policy
policy_of(const struct server_action *a)
{
	struct task_policy p = task_policy_default();
	int64_t *member;
	size_t i;

	for (i = 0; i < TASK_POLICY_FIELDS; i++) {
		member = task_policy_at(&p, i);
		*member =
		    action_number(a, task_policy_fields[i].setting, *member);
	}
	return p;
}

/* --- the run --- */

static int
make_run(struct action_job *j, const struct task *t, struct err *err)
{
	const struct order o = {j->store, j->conf->actor, j->now};
	const struct order_run how = {.source = TASK_BY_TASK,
	    .target = TASK_DEVICES,
	    .policy = policy_of(j->a),
	    .parent = j->run->id};
	int64_t *devices = NULL;
	size_t count = 0;
	int rc = job_devices(j, &devices, &count, err);

	if (rc == 0)
		rc =
		    order_run(&o, t, &how, devices, count, &j->a->subtask, err);
	free(devices);
	if (rc != 0)
		return -1;
	j->a->state = SERVER_BEGUN;
	return server_action_save(j->store, j->a, err);
}

/* --- its end --- */

struct passing {
	bool failed; /* those that were not served, in place of the others */
	int64_t *devices;
	size_t count, room;
};

static int
pass_item(void *cookie, const struct task_item *i, struct err *err)
{
	struct passing *p = cookie;
	bool good = i->outcome == TASK_OK || i->outcome == TASK_CHANGED;

	(void)err;
	if (good == p->failed)
		return 0;
	if (p->count == p->room) {
		p->room = p->room == 0 ? 64 : p->room * 2;
		p->devices = mem_grow(p->devices, p->room, sizeof(*p->devices));
	}
	p->devices[p->count++] = i->device;
	return 0;
}

/* Those that went well, or did not, as the rows of what is below it. */
static int
pass_on(struct action_job *j, const char *which, struct err *err)
{
	const struct task_item_filter all = {
	    .run = j->a->subtask, .state = TASK_ITEM_DONE, .outcome = -1};
	struct passing p = {.failed = str_eq(which, "failed")};
	size_t i;
	int rc = task_item_scan(j->store, &all, pass_item, &p, err);

	for (i = 0; rc == 0 && i < p.count; i++)
		rc = server_row_add(j->store, j->run->id, j->a->at, (int64_t)i,
		    p.devices[i], err);
	free(p.devices);
	if (rc == 0)
		j->a->rows = (int64_t)p.count;
	return rc;
}

static int
judge(struct action_job *j, const struct task_run *r, struct err *err)
{
	int64_t good =
	    r->count[TASK_OK] + r->count[TASK_CHANGED] + r->count[TASK_PENDING];

	if (r->state == TASK_ABORTED)
		return err_set(err, ERR_REFUSED, "run %lld was stopped: %s",
		    (long long)r->id, r->why == NULL ? "" : r->why);
	j->a->changed = r->count[TASK_CHANGED];
	j->a->state = j->a->changed > 0 ? SERVER_CHANGED : SERVER_OK;
	job_note(j, "run %lld: %lld of %lld devices served, %lld changed",
	    (long long)r->id, (long long)good, (long long)r->total,
	    (long long)j->a->changed);
	return 0;
}

static int
end_run(struct action_job *j, const struct task_run *r, enum action_next *ret,
    struct err *err)
{
	char *pass;
	int rc;

	if (r->state != TASK_ENDED && r->state != TASK_ABORTED) {
		*ret = ACTION_LATER;
		return 0;
	}
	if (judge(j, r, err) != 0)
		return -1;
	*ret = ACTION_OVER;
	pass = action_text(j->a, "pass");
	rc = pass == NULL || str_eq(pass, "all") ? 0 : pass_on(j, pass, err);
	free(pass);
	return rc;
}

static int
run_task(struct action_job *j, const struct task *t, enum action_next *ret,
    struct err *err)
{
	struct task_run r = {.id = 0};
	int rc;

	if (j->a->subtask != 0) {
		if (task_run_get(j->store, j->a->subtask, &r, err) != 0)
			return -1;
		rc = end_run(j, &r, ret, err);
		task_run_clear(&r);
		return rc;
	}
	if (job_rows(j) == 0) {
		job_note(j, "no rows");
		j->a->state = SERVER_OK;
		*ret = ACTION_OVER;
		return 0;
	}
	*ret = ACTION_LATER;
	return make_run(j, t, err);
}

int
do_task(struct action_job *j, enum action_next *ret, struct err *err)
{
	char *name = action_text(j->a, "task");
	struct task t = {.id = 0};
	int rc = 0;

	/* One that was begun goes on, also when the task is gone. */
	if (j->a->subtask == 0)
		rc = task_find(j->store, name, &t, err);
	if (rc == 0)
		rc = run_task(j, &t, ret, err);
	task_clear(&t);
	free(name);
	return rc;
}

int
do_profile(struct action_job *j, enum action_next *ret, struct err *err)
{
	struct task t = {.name = mem_dup("Enforce profile"),
	    .type = mem_dup("enforce-profile"),
	    .settings = mem_dup("{}")};
	int rc = run_task(j, &t, ret, err);

	task_clear(&t);
	return rc;
}

/* --- purge-log --- */

int
do_purge(struct action_job *j, enum action_next *ret, struct err *err)
{
	int64_t age = action_number(j->a, "older-than", ACTION_PURGE_MIN);
	int64_t count = 0;

	if (age < ACTION_PURGE_MIN)
		age = ACTION_PURGE_MIN;
	if (task_run_purge(j->store, j->now - age, PURGE_ONCE, &count, err) !=
	    0)
		return -1;
	j->a->changed += count;
	if (count == PURGE_ONCE) {
		*ret = ACTION_MORE;
		return server_action_save(j->store, j->a, err);
	}
	j->a->state = j->a->changed > 0 ? SERVER_CHANGED : SERVER_OK;
	job_note(j, "%lld runs forgotten; events are kept",
	    (long long)j->a->changed);
	*ret = ACTION_OVER;
	return 0;
}
