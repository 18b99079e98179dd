/*
 * scheduler.*: ePO's server tasks are trees of actions (cmd_servertask.c) and
 * our assignments, a client task for a query's rows, a group, a tag or systems,
 * by a schedule; "Renew certificates (query Certificates by expiry)".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assigned_internal.h"
#include "commands_internal.h"
#include "mem.h"
#include "order.h"
#include "server_internal.h"
#include "str.h"
#include "task.h"
#include "task_run.h"

#define SHOWN 64

char *
remote_assigned_name(const struct task_assignment *a)
{
	const char *what = a->target == TASK_QUERY ? a->query : a->target_name;

	return mem_printf("%s (%s%s%s)", a->task_name,
	    task_target_name(a->target), what != NULL ? " " : "",
	    what != NULL ? what : "");
}

/* --- the one meant --- */

struct wanted {
	const char *name;
	int64_t number; /* 0: the name is none */
	int64_t id;
	size_t count;
};

static int
match(void *cookie, const struct task_assignment *a, struct err *err)
{
	struct wanted *w = cookie;
	char *name = remote_assigned_name(a);

	(void)err;
	if (ASSIGNED_FIRST + a->id == w->number ||
	    (w->number == 0 &&
		(str_ieq(name, w->name) || str_ieq(a->task_name, w->name)))) {
		w->id = a->id;
		w->count++;
	}
	free(name);
	return 0;
}

int
remote_assigned_find(
    struct call *c, const char *name, int64_t *ret_id, struct err *err)
{
	struct wanted w = {.name = name};

	(void)str_int(name, 1, INT64_MAX, &w.number);
	if (task_assignment_scan(c->store, 0, match, &w, err) == -1)
		return -1;
	if (w.count == 0)
		return err_set(err, ERR_NOTFOUND,
		    "no server task \"%.*s\"; scheduler.listAllServerTasks has "
		    "them all",
		    SHOWN, name);
	if (w.count > 1)
		return err_set(err, ERR_CONFLICT,
		    "%zu server tasks are called \"%.*s\": give the id of one",
		    w.count, SHOWN, name);
	*ret_id = w.id;
	return 0;
}

/* A tree (*ret_tree), or else the number of an assignment. */
static int
find(struct call *c, struct server_task *ret_tree, bool *ret_is_tree,
    int64_t *ret_id, struct err *err)
{
	const char *name = call_text(c, "taskName");

	if (name == NULL)
		return err_set(err, ERR_INVALID, "taskName is empty");
	if (remote_server_find(c, name, ret_tree, ret_is_tree, err) == -1)
		return -1;
	return *ret_is_tree ? 0 : remote_assigned_find(c, name, ret_id, err);
}

/* --- what there is --- */

static void
write_assignment(struct out *o, const struct task_assignment *a)
{
	char *name = remote_assigned_name(a);
	bool valid = a->target_id != 0 ||
	    (a->target != TASK_GROUP && a->target != TASK_TAG);

	out_row(o, "serverTask");
	out_int(o, "id", ASSIGNED_FIRST + a->id);
	out_text(o, "name", name);
	out_text(o, "description", a->schedule);
	remote_server_dates(o, a->schedule, a->created_at);
	out_time(o, "nextRunTime", a->enabled ? a->next_due : 0);
	out_bool(o, "enabled", a->enabled);
	out_bool(o, "valid", valid);
	out_row_end(o);
	free(name);
}

static int
write_one(void *cookie, const struct task_assignment *a, struct err *err)
{
	(void)err;
	write_assignment(cookie, a);
	return 0;
}

int
remote_list_server_tasks(struct call *c, struct err *err)
{
	int r;

	out_list(&c->out, false);
	r = remote_server_list(c, err);
	if (r == 0)
		r = task_assignment_scan(c->store, 0, write_one, &c->out, err);
	out_list_end(&c->out);
	return r;
}

int
remote_get_server_task(struct call *c, struct err *err)
{
	struct task_assignment a = {.id = 0};
	struct server_task t = {.id = 0};
	bool tree = false;
	int64_t id = 0;

	if (find(c, &t, &tree, &id, err) == -1)
		return -1;
	if (tree) {
		remote_server_write(c, &t);
		server_task_clear(&t);
		return 0;
	}
	if (task_assignment_get(c->store, id, &a, err) == -1)
		return -1;
	write_assignment(&c->out, &a);
	task_assignment_clear(&a);
	return 0;
}

/* --- and what is done with it --- */

int
remote_run_server_task(struct call *c, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	struct server_task t = {.id = 0};
	int64_t id = 0, run = 0;
	bool tree = false;
	int r;

	if (find(c, &t, &tree, &id, err) == -1)
		return -1;
	if (tree) {
		r = remote_server_run(c, &t, err);
		server_task_clear(&t);
		return r;
	}
	if (order_run_assignment(&order, id, &run, err) == -1)
		return -1;
	c->wake = true;
	out_scalar_int(&c->out, run);
	return 0;
}

static int
enable_assignment(struct call *c, int64_t id, bool enabled, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	struct task_assignment a = {.id = 0};
	int r;

	if (task_assignment_get(c->store, id, &a, err) == -1)
		return -1;
	a.enabled = enabled;
	r = order_assignment_save(&order, &a, err);
	task_assignment_clear(&a);
	c->wake = r == 0;
	if (r == 0)
		out_scalar_bool(&c->out, true);
	return r;
}

int
remote_update_server_task(struct call *c, struct err *err)
{
	const char *status = call_text(c, "status");
	bool enabled = str_ieq(status, "enabled"), tree = false;
	struct server_task t = {.id = 0};
	int64_t id = 0;
	int r;

	if (find(c, &t, &tree, &id, err) == -1)
		return -1;
	if (!enabled && !str_ieq(status, "disabled"))
		r = err_set(
		    err, ERR_INVALID, "status: wanted enabled or disabled");
	else if (tree)
		r = remote_server_enable(c, &t, enabled, err);
	else
		r = enable_assignment(c, id, enabled, err);
	server_task_clear(&t);
	return r;
}

static int
write_running(void *cookie, const struct task_run *r, struct err *err)
{
	struct out *o = cookie;

	(void)err;
	if (r->parent != 0)
		return 0; /* a subtask */
	out_row(o, "runningtask");
	out_int(o, "taskLogId", r->id);
	out_text(o, "taskName", r->name);
	out_time(
	    o, "startDate", r->started_at != 0 ? r->started_at : r->created_at);
	out_int(o, "percentComplete", task_run_percent(r));
	out_text(o, "status", task_state_name(r->state));
	out_row_end(o);
	return 0;
}

int
remote_list_running(struct call *c, struct err *err)
{
	const struct task_run_filter live = {.states = 1u << TASK_QUEUED |
		1u << TASK_RUNNING | 1u << TASK_PAUSED};
	int r;

	out_list(&c->out, false);
	r = task_run_scan(c->store, &live, write_running, &c->out, err);
	out_list_end(&c->out);
	return r;
}

int
call_run_id(const struct call *c, int64_t *ret_id, struct err *err)
{
	if (call_text(c, "taskLogId") == NULL)
		return err_set(err, ERR_INVALID, "taskLogId is empty");
	return call_int(c, "taskLogId", 1, INT64_MAX, ret_id, err);
}

static int
set_state(struct call *c, enum task_state to, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	int64_t id = 0;

	if (call_run_id(c, &id, err) == -1 ||
	    order_run_state(&order, id, to, NULL, err) == -1)
		return -1;
	c->wake = true;
	out_scalar_bool(&c->out, true);
	return 0;
}

int
remote_cancel(struct call *c, struct err *err)
{
	return set_state(c, TASK_ABORTED, err);
}

int
remote_pause(struct call *c, struct err *err)
{
	return set_state(c, TASK_PAUSED, err);
}

int
remote_resume(struct call *c, struct err *err)
{
	return set_state(c, TASK_QUEUED, err);
}
