#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "action.h"
#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_task_internal.h"
#include "file.h"
#include "mem.h"
#include "records.h"
#include "runs_internal.h"
#include "server_file.h"
#include "server_order.h"
#include "server_task_internal.h"
#include "server_xml.h"
#include "store.h"
#include "str.h"
#include "yaml_json.h"

/* Server tasks: what they are. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define EXPORT_MAX ((size_t)64 << 20)

struct server_order
server_cli_order(struct cli *c)
{
	return (struct server_order){
	    c->daemon.store, cli_actor(), clock_now(), ACCESS_ALL};
}

int
server_cli_find(struct cli *c, const char *name, struct server_task *ret)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	return server_task_named(c->daemon.store, name, ret, &err) == 0
	    ? CODE_OK
	    : cli_fail(&err);
}

/* --- list, show --- */

/* As the API has it: 0, it never ran. */
static const struct cli_remote_none not_run[] = {{"last_run", 0}, {NULL, 0}};

static const struct table_column list_columns[] = {{"id", TABLE_INT, 2, 0},
    {"name", TABLE_STRING, 0, 0}, {"enabled", TABLE_BOOL, 0, 0},
    {"schedule", TABLE_STRING, 1, 16}, {"next_due", TABLE_TIME, 3, 0},
    {"last_at", TABLE_TIME, 4, 0}, {"last_run", TABLE_INT, 4, 0},
    {"does", TABLE_STRING, 0, 20}};
static const struct cli_remote_rows list_rows = {
    .columns = list_columns, .count = COUNT(list_columns), .none = not_run};

static int
list_one(void *cookie, const struct server_task *s, struct err *err)
{
	struct record r;

	record_server(&r, s);
	cli_record(cookie, &list_rows, &r);
	return cli_row(cookie, err);
}

static int
scan_all(struct store *s, struct table *t, struct err *err)
{
	return server_task_scan(s, list_one, t, err);
}

int
cmd_server_task_list(struct cli *c)
{
	return cli_list_all(c, "server-tasks", true, &list_rows, scan_all);
}

static const struct table_column show_columns[] = {{"id", TABLE_INT, 0, 0},
    {"name", TABLE_STRING, 0, 0}, {"description", TABLE_STRING, 0, 0},
    {"owner", TABLE_STRING, 0, 0}, {"enabled", TABLE_BOOL, 0, 0},
    {"overlap", TABLE_BOOL, 0, 0}, {"schedule", TABLE_STRING, 0, 0},
    {"next_due", TABLE_TIME, 0, 0}, {"last_at", TABLE_TIME, 0, 0},
    {"last_run", TABLE_INT, 0, 0}, {"created_at", TABLE_TIME, 0, 0},
    {"changed_at", TABLE_TIME, 0, 0}, {"does", TABLE_STRING, 0, 0},
    {"actions", TABLE_STRING, 0, 0}};
static const struct cli_remote_rows show_rows = {.columns = show_columns,
    .count = COUNT(show_columns),
    .none = not_run,
    .blocks = true};

static int
show_row(struct cli *c, const struct server_task *s)
{
	struct err err = {.kind = ERR_NONE};
	struct table *t = cli_table(c, show_columns, COUNT(show_columns));
	struct record r;

	table_set_blocks(t);
	record_server(&r, s);
	cli_record(t, &show_rows, &r);
	return cli_listed(c, t, cli_row(t, &err), &err);
}

int
cmd_server_task_show(struct cli *c)
{
	struct server_task s = {.id = 0};
	struct buf text;
	int code;

	if (cli_remote(c) && !cli_flag(c, "edit"))
		return cli_remote_one(
		    c, "server-tasks", c->args[0], &show_rows);
	code = cli_remote(c) ? server_remote_find(c, c->args[0], &s)
			     : server_cli_find(c, c->args[0], &s);
	if (code == CODE_OK && cli_flag(c, "edit")) {
		buf_init(&text, SERVER_FILE_MAX * 4);
		server_file_write(&s, &text);
		(void)fwrite(text.data, 1, text.len, stdout);
		buf_free(&text);
	} else if (code == CODE_OK) {
		code = show_row(c, &s);
	}
	server_task_clear(&s);
	return code;
}

int
cmd_server_task_actions(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"does", TABLE_STRING, 0, 20}};
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns)};
	struct table *t = cli_table(c, columns, COUNT(columns));
	struct record r;
	int i;

	for (i = 0; i < ACTION_KINDS; i++) {
		record_sort(&r, i);
		cli_record(t, &rows, &r);
		table_row(t);
	}
	table_end(t);
	return CODE_OK;
}

/* --- what would flow where --- */

static const struct cli_remote_none no_flow[] = {
    {"under", 0}, {"rows", -1}, {NULL, 0}};
static const struct table_column flow_columns[] = {{"action", TABLE_INT, 0, 0},
    {"under", TABLE_INT, 0, 0}, {"does", TABLE_STRING, 0, 20},
    {"rows", TABLE_INT, 0, 0}, {"runnable", TABLE_BOOL, 0, 0}};
static const struct cli_remote_rows flow_rows = {
    .columns = flow_columns, .count = COUNT(flow_columns), .none = no_flow};

static int
write_flow(struct cli *c, const struct action_tree *tree, const int64_t *rows)
{
	struct table *t = cli_table(c, flow_columns, COUNT(flow_columns));
	const struct server_action *a;
	struct record r;
	struct err err;
	size_t i;

	for (i = 0; i < tree->count; i++) {
		a = &tree->actions[i];
		if (action_lacks(a, c->daemon.conf, &err) != 0)
			cli_note(
			    c, "action %zu (%s): %s", i + 1, a->kind, err.text);
		record_flow(&r, a, rows[i], c->daemon.conf);
		cli_record(t, &flow_rows, &r);
		table_row(t);
	}
	table_end(t);
	return CODE_OK;
}

int
server_cli_flow(struct cli *c, const struct server_task *s)
{
	struct action_tree tree = {.count = 0};
	struct err err = {.kind = ERR_NONE};
	int64_t rows[SERVER_ACTIONS_MAX];
	int code;

	if (s->actions == NULL)
		return cli_complain(CODE_INPUT, "actions: none");
	if (action_tree_parse(s->actions, &tree, &err) != 0)
		return cli_fail(&err);
	code = server_order_check(c->daemon.store, &tree, &err) != 0 ||
		server_order_flow(c->daemon.store, &tree, rows, &err) != 0
	    ? cli_fail(&err)
	    : write_flow(c, &tree, rows);
	action_tree_free(&tree);
	return code;
}

/* --- add, set, remove --- */

static int
read_file(const char *file, struct server_task *s)
{
	struct err err = {.kind = ERR_NONE};
	struct buf json;
	int rc;

	buf_init(&json, SERVER_FILE_MAX);
	rc = yaml_json(file, &json, &err);
	if (rc == 0 && server_file_read(buf_text(&json), s, &err) != 0)
		rc = err_context(&err, "%s", file);
	buf_free(&json);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

static bool
change_text(const struct cli *c, const char *option, char **slot)
{
	const char *text = cli_text(c, option);

	if (text == NULL)
		return false;
	mem_replace(slot, text[0] == '\0' ? NULL : text);
	return true;
}

/* As if, and taken back. */
static int
try_add(struct cli *c, const struct server_task *s)
{
	struct server_order o = server_cli_order(c);
	struct err err = {.kind = ERR_NONE};
	int64_t id = 0;
	int rc = server_order_add(&o, s, &id, &err);

	store_rollback(c->daemon.store);
	return rc != 0 ? cli_fail(&err) : server_cli_flow(c, s);
}

static int
add(struct cli *c, const struct server_task *s)
{
	struct server_order o = server_cli_order(c);
	struct err err = {.kind = ERR_NONE};
	int64_t id = 0;
	int code = cli_commit(c, server_order_add(&o, s, &id, &err), &err);

	if (code == CODE_OK)
		cli_note(c, "%s: server task %lld", s->name, (long long)id);
	return code;
}

/* Its store here, or nothing yet of a service elsewhere. */
static int
open_for_add(struct cli *c)
{
	static const char *const ours[] = {"dry-run", NULL};

	return cli_remote(c) ? cli_remote_refuse(c, ours)
			     : cli_open(c, DAEMON_STORE, NULL);
}

int
cmd_server_task_add(struct cli *c)
{
	struct server_task s = {.enabled = true};
	int code = open_for_add(c);

	if (code == CODE_OK)
		code = read_file(c->args[0], &s);
	if (code == CODE_OK) {
		(void)change_text(c, "name", &s.name);
		(void)change_text(c, "schedule", &s.schedule);
		s.enabled = s.enabled && !cli_flag(c, "disabled");
		if (s.name == NULL)
			code =
			    cli_complain(CODE_INPUT, "%s: no name", c->args[0]);
	}
	if (code == CODE_OK && cli_remote(c))
		code = server_remote_add(c, &s);
	else if (code == CODE_OK)
		code = cli_flag(c, "dry-run") ? try_add(c, &s) : add(c, &s);
	server_task_clear(&s);
	return code;
}

int
server_cli_change(struct cli *c, struct server_task *s)
{
	const char *file = cli_text(c, "file");
	bool changed = file != NULL;
	int code = file == NULL ? CODE_OK : read_file(file, s);

	changed = change_text(c, "name", &s->name) || changed;
	changed = change_text(c, "description", &s->note) || changed;
	changed = change_text(c, "schedule", &s->schedule) || changed;
	if (code == CODE_OK && !changed)
		code = cli_complain(CODE_USAGE, "nothing to change");
	return code;
}

int
cmd_server_task_set(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct server_task s = {.id = 0};
	struct server_order o;
	int code;

	if (cli_remote(c))
		return server_remote_set(c);
	code = server_cli_find(c, c->args[0], &s);
	if (code == CODE_OK)
		code = server_cli_change(c, &s);
	if (code == CODE_OK) {
		o = server_cli_order(c);
		code = cli_commit(c, server_order_save(&o, &s, &err), &err);
	}
	server_task_clear(&s);
	return code;
}

static int
enable_remote(struct cli *c, bool enabled)
{
	struct json_object *body = json_object_new_object();

	(void)json_object_object_add(
	    body, "enabled", json_object_new_boolean(enabled));
	return cli_remote_change(c, "PATCH", "server-tasks", c->args[0], body);
}

static int
set_enabled(struct cli *c, bool enabled)
{
	struct err err = {.kind = ERR_NONE};
	struct server_task s = {.id = 0};
	struct server_order o;
	int code;

	if (cli_remote(c))
		return enable_remote(c, enabled);
	code = server_cli_find(c, c->args[0], &s);
	if (code == CODE_OK) {
		o = server_cli_order(c);
		s.enabled = enabled;
		code = cli_commit(c, server_order_save(&o, &s, &err), &err);
	}
	server_task_clear(&s);
	return code;
}

int
cmd_server_task_enable(struct cli *c)
{
	return set_enabled(c, true);
}

int
cmd_server_task_disable(struct cli *c)
{
	return set_enabled(c, false);
}

static int
remove_remote(struct cli *c)
{
	struct json_object *task = NULL;
	int code = cli_remote_get(c, "server-tasks", c->args[0], &task);

	(void)json_object_put(task);
	if (code == CODE_OK && !cli_confirm(c, "forget this server task"))
		code = CODE_REFUSED;
	return code == CODE_OK
	    ? cli_remote_change(c, "DELETE", "server-tasks", c->args[0], NULL)
	    : code;
}

int
cmd_server_task_remove(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct server_task s = {.id = 0};
	struct server_order o;
	int code;

	if (cli_remote(c))
		return remove_remote(c);
	code = server_cli_find(c, c->args[0], &s);
	if (code == CODE_OK && !cli_confirm(c, "forget this server task"))
		code = CODE_REFUSED;
	if (code == CODE_OK) {
		o = server_cli_order(c);
		code = cli_commit(c, server_order_remove(&o, &s, &err), &err);
	}
	server_task_clear(&s);
	return code;
}

/* --- ePO's XML --- */

int
cmd_server_task_export(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	int code;

	if (cli_remote(c))
		return server_remote_export(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	buf_init(&out, EXPORT_MAX);
	if (server_xml_export(
		c->daemon.store, c->args, c->arg_count, &out, &err) == 0)
		(void)fwrite(out.data, 1, out.len, stdout);
	else
		code = cli_fail(&err);
	buf_free(&out);
	return code;
}

void
server_cli_imported(const struct cli *c, size_t tasks, size_t kept)
{
	cli_note(c,
	    "%zu server tasks, %zu with actions that cannot be run here", tasks,
	    kept);
}

int
cmd_server_task_import(struct cli *c)
{
	struct server_imported done = {.tasks = 0};
	struct err err = {.kind = ERR_NONE};
	struct server_order o;
	struct buf xml;
	int code, rc;

	if (cli_remote(c))
		return server_remote_import(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	o = server_cli_order(c);
	buf_init(&xml, SERVER_XML_MAX);
	rc = file_read(c->args[0], SERVER_XML_MAX, &xml, &err);
	if (rc == 0)
		rc = server_order_import(
		    &o, xml.data, xml.len, cli_flag(c, "replace"), &done, &err);
	code = cli_commit(c, rc, &err);
	buf_free(&xml);
	if (code == CODE_OK)
		server_cli_imported(c, done.tasks, done.kept);
	return code;
}
