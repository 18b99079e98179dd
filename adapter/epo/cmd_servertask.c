/* Server tasks that are trees of actions; task.importTasks,
 * system.runTagCriteria. */
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "commands_internal.h"
#include "mem.h"
#include "schedule.h"
#include "server_internal.h"
#include "server_order.h"
#include "store.h"
#include "str.h"

int
remote_server_find(struct call *c, const char *name, struct server_task *ret,
    bool *ret_found, struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	*ret_found = server_task_named(c->store, name, ret, &why) == 0;
	if (*ret_found || why.kind == ERR_NOTFOUND)
		return 0;
	if (err != NULL)
		*err = why;
	return -1;
}

/* Can every action of it be run here? */
static bool
is_valid(const struct server_task *t)
{
	struct action_tree tree = {.count = 0};
	bool valid = action_tree_parse(t->actions, &tree, NULL) == 0;
	size_t i;

	for (i = 0; i < tree.count; i++)
		if (str_eq(
			tree.actions[i].kind, action_kind_name(ACTION_FOREIGN)))
			valid = false;
	action_tree_free(&tree);
	return valid;
}

void
remote_server_dates(struct out *o, const char *schedule, int64_t made)
{
	int64_t begins = 0, ends = 0;
	struct schedule *s = NULL;

	if (schedule != NULL && schedule_parse(schedule, &s, NULL) == 0) {
		begins = schedule_begins(s, made);
		ends = schedule_ends(s);
	}
	schedule_free(s);
	out_time(o, "startDate", begins != 0 ? begins : made);
	out_time(o, "endDate", ends);
}

void
remote_server_write(struct call *c, const struct server_task *t)
{
	struct out *o = &c->out;

	out_row(o, "serverTask");
	out_int(o, "id", t->id);
	out_text(o, "name", t->name);
	out_text(o, "description", t->note);
	remote_server_dates(o, t->schedule, t->created_at);
	out_time(o, "nextRunTime", t->enabled ? t->next_due : 0);
	out_bool(o, "enabled", t->enabled);
	out_bool(o, "valid", is_valid(t));
	out_row_end(o);
}

static int
write_one(void *cookie, const struct server_task *t, struct err *err)
{
	(void)err;
	remote_server_write(cookie, t);
	return 0;
}

int
remote_server_list(struct call *c, struct err *err)
{
	return server_task_scan(c->store, write_one, c, err);
}

static struct server_order
order_of(const struct call *c)
{
	return (struct server_order){
	    c->store, c->actor, c->now, c->request->who->rights};
}

int
remote_server_run(struct call *c, const struct server_task *t, struct err *err)
{
	const struct server_order order = order_of(c);
	int64_t run = 0;

	if (server_order_run(&order, t, TASK_BY_USER, 0, &run, err) == -1)
		return -1;
	out_scalar_int(&c->out, run);
	return 0;
}

int
remote_server_enable(
    struct call *c, struct server_task *t, bool enabled, struct err *err)
{
	const struct server_order order = order_of(c);

	t->enabled = enabled;
	if (server_order_save(&order, t, err) == -1)
		return -1;
	out_scalar_bool(&c->out, true);
	return 0;
}

/* --- task.importTasks --- */

/* All or none; how many. */
int
remote_import_tasks(struct call *c, struct err *err)
{
	const char *text = call_text(c, "file");
	const struct server_order order = order_of(c);
	struct server_imported done = {.tasks = 0};

	if (text == NULL)
		return err_set(err, ERR_INVALID,
		    "file: wanted the file itself, sent as "
		    "multipart/form-data");
	if (server_order_import(
		&order, text, strlen(text), false, &done, err) == -1)
		return err_context(err, "file");
	out_scalar_int(&c->out, (int64_t)done.tasks);
	return 0;
}

/* --- system.runTagCriteria --- */

/* Those that give a tag to the rows of a query, which is what its criteria are
 * here. */
struct criteria {
	struct store *store;
	int64_t tag;
	int64_t *tasks;
	size_t count, room;
};

static bool
gives_tag(const struct criteria *k, const struct action_tree *t, size_t at)
{
	const struct server_action *a = &t->actions[at];
	struct err ignored = {.kind = ERR_NONE};
	int64_t tag = 0;
	char *name;

	if (!str_eq(a->kind, action_kind_name(ACTION_APPLY_TAG)) ||
	    action_above(t->actions, (int64_t)at, ACTION_QUERY) < 0)
		return false;
	name = action_text(a, "tag");
	if (name != NULL && store_tag_find(k->store, name, &tag, &ignored) != 0)
		tag = 0;
	free(name);
	return tag == k->tag;
}

static int
take_criterion(void *cookie, const struct server_task *t, struct err *err)
{
	struct criteria *k = cookie;
	struct action_tree tree = {.count = 0};
	bool found = false;
	size_t i;

	(void)err;
	if (action_tree_parse(t->actions, &tree, NULL) != 0)
		return 0;
	for (i = 0; i < tree.count && !found; i++)
		found = gives_tag(k, &tree, i);
	action_tree_free(&tree);
	if (found && k->count == k->room) {
		k->room = (k->room + 8) * 2;
		k->tasks = mem_grow(k->tasks, k->room, sizeof(*k->tasks));
	}
	if (found)
		k->tasks[k->count++] = t->id;
	return 0;
}

/* One that is going is as good. */
static int
run_criterion(struct call *c, int64_t id, int64_t *begun, struct err *err)
{
	const struct server_order order = order_of(c);
	struct server_task t = {.id = 0};
	struct err why = {.kind = ERR_NONE};
	int64_t run = 0;
	int r;

	if (server_task_get(c->store, id, &t, err) != 0)
		return -1;
	r = server_order_run(&order, &t, TASK_BY_USER, 0, &run, &why);
	server_task_clear(&t);
	if (r == 0)
		++*begun;
	if (r == 0 || why.kind == ERR_CONFLICT)
		return 0;
	*err = why;
	return -1;
}

int
remote_run_criteria(struct call *c, struct err *err)
{
	const char *tag = call_text(c, "tagID");
	struct criteria k = {.store = c->store};
	int64_t begun = 0;
	bool reset = false;
	size_t i;
	int r;

	if (call_bool(c, "resetTaggedSystems", &reset, err) == -1)
		return -1;
	if (reset)
		return err_set(err, ERR_INVALID,
		    "resetTaggedSystems: system.clearTag takes the tag from "
		    "systems");
	if (tag == NULL)
		return err_set(err, ERR_INVALID, "tagID is empty");
	if (store_tag_find(c->store, tag, &k.tag, err) == -1)
		return err_context(err, "tagID \"%.64s\"", tag);
	r = server_task_scan(c->store, take_criterion, &k, err);
	if (r == 0 && k.count == 0)
		r = err_set(err, ERR_REFUSED,
		    "no server task gives this tag to the rows of a query");
	for (i = 0; r == 0 && i < k.count; i++)
		r = run_criterion(c, k.tasks[i], &begun, err);
	free(k.tasks);
	c->wake = r == 0;
	if (r == 0)
		out_scalar_int(&c->out, begun);
	return r;
}
