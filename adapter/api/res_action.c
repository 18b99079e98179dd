/* What server tasks are made of: kinds, rights, rows; and their files. */
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "api_internal.h"
#include "mem.h"
#include "records.h"
#include "server_order.h"
#include "server_xml.h"

/* --- kinds --- */

int
api_servers_kinds(struct api_call *c, struct err *err)
{
	int kind;

	api_page_begin(c, &api_kind_row);
	for (kind = 0; kind < ACTION_KINDS; kind++) {
		record_sort(&c->row, kind);
		if (api_row_end(c, err) != 0)
			return -1;
	}
	api_page_end(c, NULL);
	return 0;
}

/* --- what would flow where --- */

/* They are few: SERVER_ACTIONS_MAX. */
static int
answer_flow(struct api_call *c, const char *actions, struct err *err)
{
	struct action_tree tree = {.count = 0};
	int64_t rows[SERVER_ACTIONS_MAX];
	size_t i;
	int r;

	if (action_tree_parse(actions, &tree, err) != 0)
		return -1;
	r = server_order_check(c->store, &tree, err);
	if (r == 0)
		r = server_order_flow(c->store, &tree, rows, err);
	if (r == 0)
		api_page_begin(c, &api_flow_row);
	for (i = 0; r == 0 && i < tree.count; i++) {
		record_flow(&c->row, &tree.actions[i], rows[i], c->conf);
		r = api_row_end(c, err);
	}
	if (r == 0)
		api_page_end(c, NULL);
	action_tree_free(&tree);
	return r;
}

int
api_servers_check(struct api_call *c, struct err *err)
{
	return answer_flow(c, api_body_text(c, "actions"), err);
}

int
api_servers_flow(struct api_call *c, struct err *err)
{
	struct server_task t = {.id = 0};
	int r;

	if (server_task_named(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	r = answer_flow(c, t.actions, err);
	server_task_clear(&t);
	return r;
}

/* --- ePO's XML --- */

int
api_servers_export(struct api_call *c, struct err *err)
{
	char *name = mem_dup(api_text(c, "task"));
	struct buf xml;
	int r;

	buf_init(&xml, API_ANSWER_MAX);
	r = server_xml_export(c->store, &name, name != NULL, &xml, err);
	if (r == 0)
		(void)fwrite(xml.data, 1, xml.len, c->out);
	buf_free(&xml);
	free(name);
	return r;
}

int
api_servers_import(struct api_call *c, struct err *err)
{
	const struct server_order o = api_server_order(c);
	const char *xml = api_body_text(c, "xml");
	struct server_imported done = {.tasks = 0};

	if (server_order_import(&o, xml, strlen(xml),
		api_body_bool(c, "replace", false), &done, err) != 0) {
		if (err->kind == ERR_PROTOCOL) /* it is his, not ours */
			err->kind = ERR_INVALID;
		return err_context(err, "xml");
	}
	api_row_begin(c, &api_imported_row);
	api_put_int(c, (int64_t)done.tasks);
	api_put_int(c, (int64_t)done.kept);
	return api_row_end(c, err);
}
