#include <stdlib.h>

#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_task_internal.h"
#include "mem.h"
#include "runs_internal.h"
#include "runs_remote_internal.h"
#include "schedule_check_internal.h"
#include "str.h"

/* Tasks for devices, by schedule and at once. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- assign --- */

static int
assign(struct cli *c, const struct task *t, struct task_assignment *a,
    const struct aim *aim)
{
	struct err err = {.kind = ERR_NONE};
	const struct order o = runs_order(c);
	int64_t id = 0;
	int code;

	a->task = t->id;
	a->target = aim->target;
	a->target_id = aim->target_id;
	a->query = mem_dup(aim->query);
	a->schedule = mem_dup(cli_text(c, "schedule"));
	a->enabled = !cli_flag(c, "disabled");
	code = cli_commit(c,
	    order_assign(&o, a, aim->ids.ids, aim->ids.count, &id, &err), &err);
	if (code == CODE_OK)
		cli_note(c, "%s: assignment %lld", t->name, (long long)id);
	return code;
}

/* --check: what would come too late is not saved. */
static int
prove(struct cli *c, const struct task *t, const struct task_policy *policy,
    const struct aim *aim)
{
	const char *rule = cli_text(c, "schedule");
	int code;

	if (rule == NULL)
		return cli_complain(CODE_USAGE, "--check goes with --schedule");
	code = cmd_schedule_prove(c, rule, t, aim, policy->parallel);
	if (code != CODE_OK)
		(void)cli_complain(code, "%s: not assigned", t->name);
	return code;
}

int
cmd_task_assign(struct cli *c)
{
	struct task_assignment a = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	struct task t = {.id = 0};
	struct aim aim = {.target = TASK_ALL};
	int code;

	if (cli_remote(c)) {
		code = runs_policy(c, &a.policy);
		return code == CODE_OK ? assign_remote(c, &a.policy) : code;
	}
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK &&
	    task_find(c->daemon.store, c->args[0], &t, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK)
		code = runs_policy(c, &a.policy);
	if (code == CODE_OK)
		code = runs_aim(c, 1, &aim);
	if (code == CODE_OK && cli_flag(c, "check"))
		code = prove(c, &t, &a.policy, &aim);
	if (code == CODE_OK)
		code = assign(c, &t, &a, &aim);
	free(aim.ids.ids);
	task_assignment_clear(&a);
	task_clear(&t);
	return code;
}

/* --- the ones there are --- */

static const struct table_column columns[] = {{"id", TABLE_INT, 0, 0},
    {"task", TABLE_STRING, 0, 0}, {"target", TABLE_STRING, 0, 16},
    {"schedule", TABLE_STRING, 0, 20}, {"enabled", TABLE_BOOL, 2, 0},
    {"next_due", TABLE_TIME, 1, 0}, {"last_run", TABLE_INT, 4, 0},
    {"last_at", TABLE_TIME, 3, 0}, {"rules", TABLE_STRING, 5, 16}};

static void
add_number(
    struct buf *out, const char *option, int64_t number, const char *unit)
{
	if (number != 0)
		buf_printf(out, "%s--%s %lld%s", out->len == 0 ? "" : " ",
		    option, (long long)number, unit);
}

/* In the largest unit that has it whole, as the option takes it. */
static void
add_span(struct buf *out, const char *option, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = {{CLOCK_DAY, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
	size_t i = 0;

	while (seconds % units[i].seconds != 0)
		i++;
	add_number(out, option, seconds / units[i].seconds, units[i].unit);
}

void
assign_rules(const struct task_policy *p, struct buf *out)
{
	const struct task_policy usual = task_policy_default();

	add_number(out, "canary", p->canary, "");
	add_number(out, "wave", p->wave, "");
	add_number(out, "wave", p->wave_percent, "%");
	add_number(out, "max-failures", p->max_failures, "");
	add_number(out, "max-failures", p->max_failure_percent, "%");
	add_number(out, "parallel", p->parallel, "");
	add_span(out, "stop-after", p->stop_after);
	if (p->retries == 0)
		buf_str(out, out->len == 0 ? "--no-retries" : " --no-retries");
	else if (p->retries != usual.retries)
		add_number(out, "retries", p->retries, "");
	if (p->retries != 0 && p->retry_wait != usual.retry_wait)
		add_span(out, "retry-wait", p->retry_wait);
}

void
assign_target(const char *kind, const char *name, char out[ASSIGN_TARGET])
{
	if (str_eq(kind, task_target_name(TASK_ALL)) ||
	    str_eq(kind, task_target_name(TASK_DEVICES)))
		name = "";
	else if (name == NULL)
		name = "(gone)";
	(void)snprintf(out, ASSIGN_TARGET, "%s%s%s", kind,
	    name[0] == '\0' ? "" : " ", name);
}

static int
write_assignment(void *cookie, const struct task_assignment *a, struct err *err)
{
	struct table *t = cookie;
	char target[ASSIGN_TARGET];
	struct buf rules;

	assign_target(task_target_name(a->target),
	    a->target == TASK_QUERY ? a->query : a->target_name, target);
	table_int(t, a->id);
	table_text(t, a->task_name);
	table_text(t, target);
	table_text(t, a->schedule);
	table_int(t, a->enabled);
	table_int(t, a->enabled ? a->next_due : 0);
	if (a->last_run == 0)
		table_nothing(t);
	else
		table_int(t, a->last_run);
	table_int(t, a->last_at);
	buf_init(&rules, ASSIGN_RULES);
	assign_rules(&a->policy, &rules);
	table_text(t, rules.len == 0 ? NULL : buf_text(&rules));
	buf_free(&rules);
	return cli_row(t, err);
}

int
cmd_task_assignments(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct task task = {.id = 0};
	struct table *t;
	int code, rc;

	if (cli_remote(c))
		return assign_remote_list(c, columns, COUNT(columns));
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK && c->arg_count > 0 &&
	    task_find(c->daemon.store, c->args[0], &task, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK) {
		t = cli_table(c, columns, COUNT(columns));
		rc = task_assignment_scan(
		    c->daemon.store, task.id, write_assignment, t, &err);
		code = cli_listed(c, t, rc, &err);
	}
	task_clear(&task);
	return code;
}

static int
check_number(const struct cli *c, int64_t *ret)
{
	return str_int(c->args[0], 1, INT64_MAX, ret) == 0
	    ? CODE_OK
	    : cli_complain(CODE_USAGE,
		  "%s: wanted the number of an assignment; \"task "
		  "assignments\" has them",
		  c->args[0]);
}

static int
find_assignment(struct cli *c, struct task_assignment *ret)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL);
	int64_t id = 0;

	if (code == CODE_OK)
		code = check_number(c, &id);
	if (code != CODE_OK)
		return code;
	return task_assignment_get(c->daemon.store, id, ret, &err) == 0
	    ? CODE_OK
	    : cli_fail(&err);
}

static int
set_enabled(struct cli *c, bool enabled)
{
	struct task_assignment a = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	struct order o;
	int64_t id;
	int code;

	if (cli_remote(c))
		return check_number(c, &id) == CODE_OK
		    ? assign_remote_enable(c, enabled)
		    : CODE_USAGE;
	code = find_assignment(c, &a);
	if (code == CODE_OK) {
		o = runs_order(c);
		a.enabled = enabled;
		code = cli_commit(c, order_assignment_save(&o, &a, &err), &err);
	}
	task_assignment_clear(&a);
	return code;
}

int
cmd_task_enable(struct cli *c)
{
	return set_enabled(c, true);
}

int
cmd_task_disable(struct cli *c)
{
	return set_enabled(c, false);
}

int
cmd_task_unassign(struct cli *c)
{
	struct task_assignment a = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	struct order o;
	int64_t id;
	int code;

	if (cli_remote(c))
		return check_number(c, &id) == CODE_OK
		    ? cli_remote_change(
			  c, "DELETE", "assignments", c->args[0], NULL)
		    : CODE_USAGE;
	code = find_assignment(c, &a);
	if (code == CODE_OK) {
		o = runs_order(c);
		code = cli_commit(c, order_unassign(&o, a.id, &err), &err);
	}
	task_assignment_clear(&a);
	return code;
}

/* --- run --- */

static int
order_it(struct cli *c, const struct task *t, const struct aim *aim,
    const struct task_policy *policy, int64_t *ret_run)
{
	const struct order_run how = {.source = TASK_BY_USER,
	    .target = aim->target,
	    .target_id = aim->target_id,
	    .query = aim->query,
	    .policy = *policy};
	const struct order o = runs_order(c);
	struct err err = {.kind = ERR_NONE};

	return cli_commit(c,
	    order_run(&o, t, &how, aim->ids.ids, aim->ids.count, ret_run, &err),
	    &err);
}

static int
order_assignment(struct cli *c, const struct task *t, int64_t *ret_run)
{
	struct task_assignment a = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	const struct order o = runs_order(c);
	int64_t id = cli_count(c, "assignment", 0);
	int code;

	if (task_assignment_get(c->daemon.store, id, &a, &err) != 0)
		return cli_fail(&err);
	code = a.task == t->id
	    ? CODE_OK
	    : cli_complain(CODE_USAGE, "assignment %lld is of \"%s\"",
		  (long long)id, a.task_name);
	task_assignment_clear(&a);
	return code != CODE_OK
	    ? code
	    : cli_commit(c, order_run_assignment(&o, id, ret_run, &err), &err);
}

static int
run_remote(struct cli *c)
{
	struct task_policy policy;
	char *name = NULL;
	int64_t run = 0;
	int code = runs_policy(c, &policy);

	if (code == CODE_OK)
		code = runs_remote_order(c, &policy, &name, &run);
	if (code == CODE_OK)
		cli_note(c, "%s: run %lld", name, (long long)run);
	free(name);
	if (code == CODE_OK && cli_flag(c, "wait"))
		return runs_wait(c, run);
	return code;
}

/* Its devices and rules are its own. */
static int
check_assignment(const struct cli *c)
{
	static const char *const others[] = {"group", "tag", "canary", "wave",
	    "max-failures", "parallel", "stop-after", "retries", "retry-wait"};
	bool more = cli_selected(c, 1) || cli_flag(c, "no-retries");
	size_t i;

	for (i = 0; i < COUNT(others); i++)
		more = more || cli_text(c, others[i]) != NULL;
	return cli_text(c, "assignment") == NULL || !more
	    ? CODE_OK
	    : cli_complain(CODE_USAGE,
		  "--assignment has devices and rules of its own: without "
		  "others");
}

int
cmd_task_run(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct task_policy policy;
	struct task t = {.id = 0};
	struct aim aim = {.target = TASK_ALL};
	int64_t run = 0;
	int code = check_assignment(c);

	if (code != CODE_OK)
		return code;
	if (cli_remote(c))
		return run_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK &&
	    task_find(c->daemon.store, c->args[0], &t, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK)
		code = runs_policy(c, &policy);
	if (code == CODE_OK && cli_text(c, "assignment") != NULL) {
		code = order_assignment(c, &t, &run);
	} else if (code == CODE_OK) {
		code = runs_aim(c, 1, &aim);
		if (code == CODE_OK)
			code = order_it(c, &t, &aim, &policy, &run);
	}
	if (code == CODE_OK)
		cli_note(c, "%s: run %lld", t.name, (long long)run);
	free(aim.ids.ids);
	task_clear(&t);
	if (code == CODE_OK && cli_flag(c, "wait"))
		return runs_wait(c, run);
	return code;
}
