/* Server tasks that are trees of actions, and task.importTasks. */
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "commands_internal.h"
#include "mem.h"
#include "server_internal.h"
#include "server_order.h"
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
remote_server_write(struct call *c, const struct server_task *t)
{
	struct out *o = &c->out;

	out_row(o, "serverTask");
	out_int(o, "id", t->id);
	out_text(o, "name", t->name);
	out_text(o, "description", t->note);
	out_time(o, "startDate", t->created_at);
	out_time(o, "endDate", 0);
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
