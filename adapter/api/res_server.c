/* server tasks: what they are, whether they go, and what each action did. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "mem.h"
#include "records.h"
#include "server_order.h"
#include "str.h"

static int
write_server(struct api_call *c, const struct server_task *t, struct err *err)
{
	record_server(&c->row, t);
	return api_row_end(c, err);
}

static int
answer_server(struct api_call *c, int64_t id, struct err *err)
{
	struct server_task t = {.id = 0};
	int r;

	if (server_task_get(c->store, id, &t, err) != 0)
		return -1;
	api_row_begin(c, &api_server_row);
	r = write_server(c, &t, err);
	server_task_clear(&t);
	return r;
}

static int
list_server(void *cookie, const struct server_task *t, struct err *err)
{
	struct api_page *p = cookie;

	return api_page_takes_name(p, t->name) ? write_server(p->c, t, err) : 0;
}

int
api_servers_list(struct api_call *c, struct err *err)
{
	struct api_page p = api_page_new(c);

	api_page_begin(c, &api_server_row);
	return api_page_close(
	    &p, server_task_scan(c->store, list_server, &p, err));
}

int
api_servers_get(struct api_call *c, struct err *err)
{
	struct server_task t = {.id = 0};
	int r;

	if (server_task_named(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	api_row_begin(c, &api_server_row);
	r = write_server(c, &t, err);
	server_task_clear(&t);
	return r;
}

struct server_order
api_server_order(const struct api_call *c)
{
	return (struct server_order){c->store, c->actor, c->now, c->who.rights};
}

/* What the body says of it; an empty text takes the value away. */
static void
take_body(const struct api_call *c, struct server_task *t)
{
	const struct {
		const char *name;
		char **slot;
	} texts[] = {{"name", &t->name}, {"actions", &t->actions},
	    {"description", &t->note}, {"schedule", &t->schedule}};
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text = api_body_text(c, texts[i].name);
		if (text != NULL)
			mem_replace(
			    texts[i].slot, text[0] == '\0' ? NULL : text);
	}
	t->enabled = api_body_bool(c, "enabled", t->enabled);
	t->overlap = api_body_bool(c, "overlap", t->overlap);
}

int
api_servers_add(struct api_call *c, struct err *err)
{
	const struct server_order o = api_server_order(c);
	struct server_task t = {.enabled = true};
	int64_t id = 0;
	int r;

	take_body(c, &t);
	r = server_order_add(&o, &t, &id, err);
	server_task_clear(&t);
	if (r != 0)
		return -1;
	api_locate(c, "server-tasks/%lld", (long long)id);
	return answer_server(c, id, err);
}

int
api_servers_change(struct api_call *c, struct err *err)
{
	const struct server_order o = api_server_order(c);
	struct server_task t = {.id = 0};
	int64_t id;
	int r;

	if (server_task_named(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	id = t.id;
	take_body(c, &t);
	r = server_order_save(&o, &t, err);
	server_task_clear(&t);
	return r == 0 ? answer_server(c, id, err) : -1;
}

int
api_servers_remove(struct api_call *c, struct err *err)
{
	const struct server_order o = api_server_order(c);
	struct server_task t = {.id = 0};
	int r;

	if (server_task_named(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	r = server_order_remove(&o, &t, err);
	server_task_clear(&t);
	return r;
}

int
api_servers_run(struct api_call *c, struct err *err)
{
	const struct server_order o = api_server_order(c);
	struct server_task t = {.id = 0};
	int64_t run = 0;
	int r;

	if (server_task_named(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	r = server_order_run(&o, &t, TASK_BY_USER, 0, &run, err);
	server_task_clear(&t);
	if (r != 0)
		return -1;
	return api_run_made(c, run, err);
}

/* --- what an execution did --- */

/* They are few: SERVER_ACTIONS_MAX. */
int
api_runs_actions(struct api_call *c, struct err *err)
{
	struct server_action *actions = NULL;
	int64_t run = 0;
	size_t count = 0, i;
	int r = 0;

	if (api_number(c, 0, &run, err) != 0 ||
	    server_actions(c->store, run, &actions, &count, err) != 0)
		return -1;
	api_page_begin(c, &api_action_row);
	for (i = 0; r == 0 && i < count; i++) {
		record_action(&c->row, &actions[i]);
		r = api_row_end(c, err);
	}
	server_actions_free(actions, count);
	if (r == 0)
		api_page_end(c, NULL);
	return r;
}
