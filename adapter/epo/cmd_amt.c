/* amt.*: what ePO has no word for. */
#include <stdlib.h>
#include <string.h>

#include "assigned_internal.h"
#include "catalog.h"
#include "commands_internal.h"
#include "escape_internal.h"
#include "mem.h"
#include "order.h"
#include "product_internal.h"
#include "store.h"
#include "str.h"
#include "task.h"
#include "task_run.h"

#define ROWS 1000
#define ROWS_MAX 100000

/* --- runs of what is in no catalogue --- */

static int
run_type(struct call *c, enum catalog_type type, const char *settings,
    struct err *err)
{
	struct order_run how = {.source = TASK_BY_USER,
	    .target = TASK_DEVICES,
	    .policy = task_policy_default()};
	struct task t = {.id = 0};
	int64_t run = 0, failures = 0, canary = 0;
	int r;

	if (call_int(c, "canary", 0, INT32_MAX, &canary, err) == -1 ||
	    call_int(c, "maxFailures", 0, INT32_MAX, &failures, err) == -1)
		return -1;
	how.policy.canary = canary;
	how.policy.max_failures = failures;
	t.name = mem_dup(catalog_type_name(type));
	t.type = mem_dup(catalog_type_name(type));
	t.settings = mem_dup(settings);
	r = call_run(c, &t, &how, &run, err);
	task_clear(&t);
	if (r == 0)
		out_scalar_int(&c->out, run);
	return r;
}

int
remote_enforce_profile(struct call *c, struct err *err)
{
	return run_type(c, CATALOG_PROFILE, "{}", err);
}

/* Words by comma, as a list of JSON. */
static void
add_words(struct buf *out, const char *text)
{
	size_t len, n = 0;
	char *word;

	buf_char(out, '[');
	for (; *text != '\0'; text += len + (text[len] == ',' ? 1 : 0)) {
		text += strspn(text, " ");
		len = strcspn(text, ",");
		word = mem_dup_len(text, len);
		if (n++ > 0)
			buf_char(out, ',');
		escape_json(out, word);
		free(word);
	}
	buf_char(out, ']');
}

int
remote_run_maintenance(struct call *c, struct err *err)
{
	const char *tasks = call_text(c, "tasks");
	bool always = false;
	struct buf settings;
	int r;

	if (call_bool(c, "always", &always, err) == -1)
		return -1;
	if (tasks == NULL)
		return run_type(
		    c, CATALOG_MAINTENANCE, "{\"when\":\"automatic\"}", err);
	buf_init(&settings, TASK_SETTINGS_MAX);
	buf_str(&settings, "{\"tasks\":");
	add_words(&settings, tasks);
	buf_printf(
	    &settings, ",\"when\":\"%s\"}", always ? "always" : "needed");
	r = settings.over
	    ? err_set(err, ERR_LIMIT, "tasks: too long")
	    : run_type(c, CATALOG_MAINTENANCE, buf_text(&settings), err);
	buf_free(&settings);
	return r;
}

/* --- assignments --- */

/* A group by number or path, which is not made when it is not there. */
static int
find_group(struct call *c, const char *name, int64_t *ret_id, struct err *err)
{
	if (str_int(name, 1, INT64_MAX, ret_id) == 0)
		return 0;
	return store_group_find(c->store, name, ret_id, err);
}

/* To whom: one of the arguments says it. */
static int
read_target(struct call *c, struct task_assignment *a, struct systems *systems,
    struct err *err)
{
	const char *group = call_text(c, "group"), *tag = call_text(c, "tag");
	const char *query = call_text(c, "query");
	const char *names = call_text(c, "names");
	bool all = false;

	if (call_bool(c, "all", &all, err) == -1)
		return -1;
	if ((group != NULL) + (tag != NULL) + (query != NULL) +
		(names != NULL) + all !=
	    1)
		return err_set(err, ERR_INVALID,
		    "wanted one of group, tag, query, names and all=true");
	a->target = group != NULL ? TASK_GROUP
	    : tag != NULL	  ? TASK_TAG
	    : query != NULL	  ? TASK_QUERY
	    : names != NULL	  ? TASK_DEVICES
				  : TASK_ALL;
	a->query = mem_dup(query);
	if (group != NULL)
		return find_group(c, group, &a->target_id, err);
	if (tag != NULL)
		return store_tag_find(c->store, tag, &a->target_id, err);
	return names != NULL ? call_systems(c, systems, err) : 0;
}

int
remote_assign_task(struct call *c, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	const char *name = call_text(c, "taskId");
	struct task_assignment a = {
	    .enabled = true, .policy = task_policy_default()};
	struct systems systems = {.ids = NULL};
	struct task t = {.id = 0};
	int64_t id = 0;
	int r;

	if (name == NULL)
		return err_set(err, ERR_INVALID, "taskId is empty");
	if (task_find(c->store, name, &t, err) == -1)
		return -1;
	a.task = t.id;
	a.schedule = mem_dup(call_text(c, "schedule"));
	r = read_target(c, &a, &systems, err);
	if (r == 0)
		r = order_assign(
		    &order, &a, systems.ids, systems.count, &id, err);
	free(systems.ids);
	task_assignment_clear(&a);
	task_clear(&t);
	c->wake = r == 0;
	if (r == 0)
		out_scalar_int(&c->out, ASSIGNED_FIRST + id);
	return r;
}

int
remote_unassign_task(struct call *c, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	const char *name = call_text(c, "taskName");
	int64_t id = 0;

	if (name == NULL)
		return err_set(err, ERR_INVALID, "taskName is empty");
	if (remote_assigned_find(c, name, &id, err) == -1 ||
	    order_unassign(&order, id, err) == -1)
		return -1;
	out_scalar_bool(&c->out, true);
	return 0;
}

/* --- results --- */

static int
write_run(void *cookie, const struct task_run *r, struct err *err)
{
	struct out *o = cookie;
	enum task_outcome outcome;

	(void)err;
	out_row(o, "run");
	out_int(o, "taskLogId", r->id);
	out_text(o, "name", r->name);
	out_text(o, "type", r->type);
	out_text(o, "userName", r->actor);
	out_text(o, "taskSource", task_source_name(r->source));
	out_text(o, "status", task_state_name(r->state));
	out_text(o, "message", r->why);
	out_time(o, "createdDate", r->created_at);
	out_time(o, "startDate", r->started_at);
	out_time(o, "endDate", r->ended_at);
	out_int(o, "percentComplete", task_run_percent(r));
	out_int(o, "systems", r->total);
	for (outcome = TASK_OK; outcome < TASK_OUTCOMES; outcome++)
		out_int(o, task_outcome_name(outcome), r->count[outcome]);
	out_row_end(o);
	return 0;
}

int
remote_list_runs(struct call *c, struct err *err)
{
	struct task_run_filter f = {.limit = 0};
	int64_t rows = ROWS;
	int r;

	if (call_int(c, "maxRows", 1, ROWS_MAX, &rows, err) == -1)
		return -1;
	f.limit = (size_t)rows;
	out_list(&c->out, false);
	r = task_run_scan(c->store, &f, write_run, &c->out, err);
	out_list_end(&c->out);
	return r;
}

static int
write_item(void *cookie, const struct task_item *i, struct err *err)
{
	struct out *o = cookie;
	bool done = i->state == TASK_ITEM_DONE;

	(void)err;
	out_row(o, "taskResult");
	out_int(o, "id", i->id);
	out_int(o, "systemId", i->device);
	out_text(o, "systemName", i->name);
	out_text(o, "status", task_item_state_name(i->state));
	out_text(o, "outcome", done ? task_outcome_name(i->outcome) : NULL);
	out_text(o, "reason", i->reason);
	out_text(o, "message", i->message);
	out_time(o, "startDate", i->started_at);
	out_time(o, "endDate", i->ended_at);
	out_row_end(o);
	return 0;
}

/* In pages: what has a number above "after". */
int
remote_list_results(struct call *c, struct err *err)
{
	struct task_item_filter f = {.state = -1, .outcome = -1};
	struct task_run run = {.id = 0};
	int64_t rows = ROWS;
	int r;

	if (call_run_id(c, &f.run, err) == -1 ||
	    call_int(c, "maxRows", 1, ROWS_MAX, &rows, err) == -1 ||
	    call_int(c, "after", 0, INT64_MAX, &f.after, err) == -1 ||
	    task_run_get(c->store, f.run, &run, err) == -1)
		return -1;
	task_run_clear(&run);
	f.limit = (size_t)rows;
	out_list(&c->out, false);
	r = task_item_scan(c->store, &f, write_item, &c->out, err);
	out_list_end(&c->out);
	return r;
}
