#include "server_order.h"

#include <stdlib.h>

#include <json-c/json.h>

#include "access.h"
#include "buf.h"
#include "err.h"
#include "kind_internal.h"
#include "mail_text_internal.h"
#include "mem.h"
#include "schedule.h"
#include "store.h"
#include "str.h"
#include "task_work.h"
#include "work_internal.h"

/* --- events --- */

static int
tell(const struct server_order *o, const char *kind,
    const struct server_task *t, int64_t run, struct err *err)
{
	struct json_object *detail = json_object_new_object();
	struct store_event event = {
	    .at = o->now, .kind = kind, .actor = o->actor};
	int rc;

	(void)json_object_object_add(
	    detail, "server_task", json_object_new_string(t->name));
	if (run != 0)
		(void)json_object_object_add(
		    detail, "run", json_object_new_int64(run));
	else if (t->schedule != NULL)
		(void)json_object_object_add(
		    detail, "schedule", json_object_new_string(t->schedule));
	(void)json_object_object_add(
	    detail, "enabled", json_object_new_boolean(t->enabled));
	event.detail =
	    json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN);
	rc = store_event_add(o->store, &event, err);
	(void)json_object_put(detail);
	return rc;
}

/* --- is it there? --- */

static int
count_row(void *cookie, const struct task_device *d, struct err *err)
{
	int64_t *rows = cookie;

	(void)d;
	(void)err;
	(*rows)++;
	return 0;
}

static int
count_query(struct store *s, const struct server_action *a, int64_t *ret_rows,
    struct err *err)
{
	struct task_run r = {.target = TASK_QUERY};
	int64_t rows = 0;
	int rc;

	r.query = action_text(a, "query");
	rc = task_run_devices(s, &r, count_row, &rows, err);
	free(r.query);
	if (rc == 0)
		*ret_rows = rows;
	return rc;
}

static int
check_task(struct store *s, const struct server_action *a, struct err *err)
{
	char *name = action_text(a, "task");
	struct task t = {.id = 0};
	int rc = task_find(s, name, &t, err);

	task_clear(&t);
	free(name);
	return rc;
}

static int
check_tag(const struct server_action *a, struct err *err)
{
	char *name = action_text(a, "tag");
	int rc = store_tag_check(name, err);

	free(name);
	return rc;
}

static int
check_mail(const struct server_action *a, struct err *err)
{
	char *to = action_text(a, "to"), *addresses[MAIL_TO_MAX + 1] = {NULL};
	int rc = mail_addresses(to, addresses, MAIL_TO_MAX + 1, err);
	size_t i;

	for (i = 0; i <= MAIL_TO_MAX; i++)
		free(addresses[i]);
	free(to);
	return rc;
}

static int
check_action(
    struct store *s, const struct action_tree *t, int64_t at, struct err *err)
{
	const struct server_action *a = &t->actions[at];
	int64_t rows;

	switch (action_kind_find(a->kind)) {
	case ACTION_QUERY:
		return count_query(s, a, &rows, err);
	case ACTION_TASK:
		return check_task(s, a, err);
	case ACTION_APPLY_TAG:
	case ACTION_CLEAR_TAG:
		return check_tag(a, err);
	case ACTION_EXPORT:
		return action_report_check(s, t->actions, at, err);
	case ACTION_MAIL:
		return check_mail(a, err);
	default:
		return 0;
	}
}

int
server_order_check(
    struct store *s, const struct action_tree *t, struct err *err)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (check_action(s, t, (int64_t)i, err) != 0)
			return err_context(
			    err, "action %zu (%s)", i + 1, t->actions[i].kind);
	return 0;
}

int
server_order_flow(struct store *s, const struct action_tree *t, int64_t *rows,
    struct err *err)
{
	const struct server_action *a;
	size_t i;

	for (i = 0; i < t->count; i++) {
		a = &t->actions[i];
		rows[i] = a->parent < 0 ? -1 : rows[a->parent];
		if (str_eq(a->kind, action_kind_name(ACTION_QUERY)) &&
		    count_query(s, a, &rows[i], err) != 0)
			return err_context(
			    err, "action %zu (%s)", i + 1, a->kind);
	}
	return 0;
}

/* --- may he? --- */

static int
check_rights(
    const struct server_order *o, const struct action_tree *t, struct err *err)
{
	unsigned right = 0;
	uint64_t lacking;
	size_t i;

	for (i = 0; i < t->count; i++) {
		lacking = action_rights(&t->actions[i]) & ~o->rights;
		if (lacking == 0)
			continue;
		while ((lacking & ACCESS_BIT(right)) == 0)
			right++;
		return err_set(err, ERR_DENIED,
		    "action %zu (%s) needs the right \"%s\"", i + 1,
		    t->actions[i].kind,
		    access_right_name((enum access_right)right));
	}
	return 0;
}

/* All that is kept under this number. */
static int
check_kept(const struct server_order *o, int64_t id, struct err *err)
{
	struct action_tree tree = {.count = 0};
	struct server_task t = {.id = 0};
	int rc;

	if ((o->rights & ACCESS_ALL) == ACCESS_ALL)
		return 0;
	if (server_task_get(o->store, id, &t, err) != 0)
		return -1;
	rc = action_tree_parse(t.actions, &tree, err);
	if (rc == 0)
		rc = check_rights(o, &tree, err);
	action_tree_free(&tree);
	server_task_clear(&t);
	return rc;
}

/* --- tasks --- */

/* One that is on is to run. */
static int
with_schedule(const struct server_order *o, struct server_task *t,
    const char *text, bool fresh, struct err *err)
{
	enum schedule_trigger trigger;
	struct schedule *s = NULL;
	int rc = 0;

	if (str_empty(text))
		return 0;
	if (schedule_parse(text, &s, err) != 0)
		return -1;
	t->schedule = mem_dup(schedule_text(s));
	trigger = schedule_trigger(s);
	t->trigger = (int64_t)trigger;
	t->next_due = schedule_first(s, o->now);
	if (trigger == SCHEDULE_REACHABLE)
		rc = err_set(err, ERR_INVALID,
		    "schedule: \"when reachable\" is for devices: assign a "
		    "client task");
	else if (fresh && t->enabled)
		rc = schedule_runs(s, o->now, err);
	schedule_free(s);
	return rc;
}

/* A copy with canonical actions and schedule; to be cleared either way. */
static int
canonical(const struct server_order *o, const struct server_task *t, bool fresh,
    struct server_task *ret, struct err *err)
{
	struct action_tree tree = {.count = 0};
	struct buf text;
	int rc;

	*ret = (struct server_task){.id = t->id,
	    .name = mem_dup(t->name),
	    .note = mem_dup(t->note),
	    .owner = mem_dup(o->actor),
	    .enabled = t->enabled,
	    .overlap = t->overlap};
	if (t->actions == NULL)
		return err_set(err, ERR_INVALID, "actions: none");
	if (action_tree_parse(t->actions, &tree, err) != 0)
		return -1;
	if (check_rights(o, &tree, err) != 0) {
		action_tree_free(&tree);
		return -1;
	}
	buf_init(&text, SERVER_TREE_MAX);
	action_tree_write(&tree, &text);
	ret->actions = mem_dup(buf_text(&text));
	rc = text.over ? err_set(err, ERR_LIMIT, "actions: more than %d bytes",
			     SERVER_TREE_MAX)
		       : server_order_check(o->store, &tree, err);
	buf_free(&text);
	action_tree_free(&tree);
	return rc == 0 ? with_schedule(o, ret, t->schedule, fresh, err) : -1;
}

int
server_order_add(const struct server_order *o, const struct server_task *t,
    int64_t *ret_id, struct err *err)
{
	struct server_task own;
	int64_t id = 0;
	int rc = canonical(o, t, true, &own, err);

	if (rc == 0)
		rc = server_task_add(o->store, &own, o->now, &id, err);
	if (rc == 0)
		rc = tell(o, "server_task.added", &own, 0, err);
	if (rc == 0)
		*ret_id = id;
	server_task_clear(&own);
	return rc;
}

int
server_order_save(
    const struct server_order *o, const struct server_task *t, struct err *err)
{
	struct server_task before = {.id = 0}, own;
	bool fresh;
	int rc;

	if (server_task_get(o->store, t->id, &before, err) != 0)
		return -1;
	/* What is over may stay as it is. */
	fresh = !before.enabled || !str_eq(before.schedule, t->schedule);
	server_task_clear(&before);
	rc = canonical(o, t, fresh, &own, err);
	if (rc == 0)
		rc = check_kept(o, own.id, err);
	if (rc == 0)
		rc = server_task_save(o->store, &own, o->now, err);
	if (rc == 0)
		rc = tell(o, "server_task.changed", &own, 0, err);
	server_task_clear(&own);
	return rc;
}

int
server_order_remove(
    const struct server_order *o, const struct server_task *t, struct err *err)
{
	if (check_kept(o, t->id, err) != 0 ||
	    server_task_remove(o->store, t->id, err) != 0)
		return -1;
	return tell(o, "server_task.removed", t, 0, err);
}

/* --- executions --- */

static int
check_runnable(const struct action_tree *t, struct err *err)
{
	char *command;
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (!str_eq(
			t->actions[i].kind, action_kind_name(ACTION_FOREIGN)))
			continue;
		command = action_text(&t->actions[i], "command");
		(void)err_set(err, ERR_REFUSED,
		    "action %zu is ePO's %.100s, which has no counterpart "
		    "here: replace or remove it",
		    i + 1, command);
		free(command);
		return -1;
	}
	return 0;
}

static int
check_alone(
    const struct server_order *o, const struct server_task *t, struct err *err)
{
	int64_t going = 0;

	if (t->overlap || t->id == 0)
		return 0;
	if (server_run_unfinished(o->store, t->id, &going, err) != 0)
		return -1;
	return going == 0 ? 0
			  : err_set(err, ERR_CONFLICT,
				"\"%.100s\" is going already: run %lld",
				t->name, (long long)going);
}

int
server_order_run(const struct server_order *o, const struct server_task *t,
    enum task_source source, int64_t occurrence, int64_t *ret_run,
    struct err *err)
{
	struct action_tree tree = {.count = 0};
	struct server_execution x = {.task = t->id,
	    .name = t->name,
	    .settings = t->actions,
	    .actor = o->actor,
	    .source = source,
	    .occurrence = occurrence};
	int64_t run = 0;
	int rc;

	if (action_tree_parse(t->actions, &tree, err) != 0)
		return -1;
	x.actions = tree.actions;
	x.count = tree.count;
	rc = check_rights(o, &tree, err);
	if (rc == 0)
		rc = check_runnable(&tree, err);
	if (rc == 0)
		rc = check_alone(o, t, err);
	if (rc == 0)
		rc = server_run_make(o->store, &x, o->now, &run, err);
	if (rc == 0 && t->id != 0)
		rc = server_task_ran(
		    o->store, t->id, run, o->now, t->next_due, err);
	if (rc == 0)
		rc = tell(o, "server_task.run", t, run, err);
	if (rc == 0)
		*ret_run = run;
	action_tree_free(&tree);
	return rc;
}
