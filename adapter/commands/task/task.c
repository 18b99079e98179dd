#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "api_client.h"
#include "buf.h"
#include "catalog.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_task_internal.h"
#include "mem.h"
#include "plan.h"
#include "records.h"
#include "runs_internal.h"
#include "store.h"
#include "str.h"

/* The catalogue of client tasks. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct order
runs_order(struct cli *c)
{
	return (struct order){c->daemon.store, cli_actor(), clock_now()};
}

static const struct table_column list_columns[] = {{"id", TABLE_INT, 1, 0},
    {"name", TABLE_STRING, 0, 0}, {"type", TABLE_STRING, 2, 0},
    {"does", TABLE_STRING, 0, 20}, {"description", TABLE_STRING, 3, 20}};
static const struct cli_remote_rows list_rows = {
    .columns = list_columns, .count = COUNT(list_columns)};

static int
list_one(void *cookie, const struct task *task, struct err *err)
{
	struct record r;

	record_task(&r, task);
	cli_record(cookie, &list_rows, &r);
	return cli_row(cookie, err);
}

static int
scan_all(struct store *s, struct table *t, struct err *err)
{
	return task_scan(s, list_one, t, err);
}

int
cmd_task_list(struct cli *c)
{
	return cli_list_all(c, "tasks", true, &list_rows, scan_all);
}

static int
find_task(struct cli *c, const char *name, struct task *ret)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	return task_find(c->daemon.store, name, ret, &err) == 0
	    ? CODE_OK
	    : cli_fail(&err);
}

int
cmd_task_show(struct cli *c)
{
	static const struct table_column columns[] = {{"id", TABLE_INT, 0, 0},
	    {"name", TABLE_STRING, 0, 0}, {"type", TABLE_STRING, 0, 0},
	    {"does", TABLE_STRING, 0, 0}, {"description", TABLE_STRING, 0, 0},
	    {"settings", TABLE_STRING, 0, 0}, {"created_at", TABLE_TIME, 0, 0},
	    {"changed_at", TABLE_TIME, 0, 0}};
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns), .blocks = true};
	struct err err = {.kind = ERR_NONE};
	struct task task = {.id = 0};
	struct record r;
	struct table *t;
	int code;

	if (cli_remote(c))
		return cli_remote_one(c, "tasks", c->args[0], &rows);
	code = find_task(c, c->args[0], &task);
	if (code == CODE_OK) {
		t = cli_table(c, columns, COUNT(columns));
		table_set_blocks(t);
		record_task(&r, &task);
		cli_record(t, &rows, &r);
		code = cli_listed(c, t, cli_row(t, &err), &err);
	}
	task_clear(&task);
	return code;
}

int
cmd_task_types(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"box", TABLE_BOOL, 0, 0},
	    {"summary", TABLE_STRING, 0, 20}, {"aliases", TABLE_LIST, 1, 16}};
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns)};
	struct table *t = cli_table(c, columns, COUNT(columns));
	const struct play *play;
	struct record r;

	for (play = plays(); play->name != NULL; play++) {
		record_type(&r, play);
		cli_record(t, &rows, &r);
		table_row(t);
	}
	table_end(t);
	return CODE_OK;
}

/* --- add, set, remove --- */

/* --task and --when over what there is, as the JSON of settings; NULL when none
 * is given. */
static char *
settings_given(const struct cli *c, const char *old)
{
	const char *when = cli_text(c, "when"), *task;
	struct json_object *o, *list;
	char *text;
	size_t i;

	if (when == NULL && cli_each(c, "task", 0) == NULL)
		return NULL;
	o = json_tokener_parse(old);
	if (str_eq(when, "automatic"))
		json_object_object_del(o, "tasks");
	if (cli_each(c, "task", 0) != NULL) {
		list = json_object_new_array();
		for (i = 0; (task = cli_each(c, "task", i)) != NULL; i++)
			(void)json_object_array_add(
			    list, json_object_new_string(task));
		(void)json_object_object_add(o, "tasks", list);
	}
	if (when != NULL)
		(void)json_object_object_add(
		    o, "when", json_object_new_string(when));
	text =
	    mem_dup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	(void)json_object_put(o);
	return text;
}

static int
add_remote(struct cli *c, const struct task *t, int64_t *ret_id)
{
	struct json_object *body = json_object_new_object(), *row = NULL;
	struct api_client_path path;
	struct err err = {.kind = ERR_NONE};
	int code;

	(void)json_object_object_add(
	    body, "name", json_object_new_string(t->name));
	(void)json_object_object_add(
	    body, "type", json_object_new_string(t->type));
	(void)json_object_object_add(
	    body, "settings", json_object_new_string(t->settings));
	if (t->note != NULL)
		(void)json_object_object_add(
		    body, "description", json_object_new_string(t->note));
	api_client_path_init(&path, "tasks");
	code = cli_remote_post(c, &path, body, &row);
	api_client_path_free(&path);
	if (code == CODE_OK && cli_remote_int(row, "id", ret_id, &err) != 0)
		code = cli_fail(&err);
	(void)json_object_put(row);
	return code;
}

static int
add_local(struct cli *c, struct task *t, int64_t *ret_id)
{
	const struct order o = runs_order(c);
	struct err err = {.kind = ERR_NONE};

	return cli_commit(c, order_task_add(&o, t, ret_id, &err), &err);
}

int
cmd_task_add(struct cli *c)
{
	const char *type = cli_text(c, "type");
	int code = cli_remote(c) ? CODE_OK : cli_open(c, DAEMON_STORE, NULL);
	struct task t;
	int64_t id = 0;

	if (code != CODE_OK)
		return code;
	t = (struct task){.name = mem_dup(c->args[0]),
	    .type = mem_dup(type == NULL ? "amt-maintenance" : type),
	    .note = mem_dup(cli_text(c, "description")),
	    .settings = settings_given(c, "{}")};
	if (t.settings == NULL)
		t.settings = mem_dup("{}");
	code = cli_remote(c) ? add_remote(c, &t, &id) : add_local(c, &t, &id);
	if (code == CODE_OK)
		cli_note(c, "%s: task %lld", t.name, (long long)id);
	task_clear(&t);
	return code;
}

int
cmd_task_set(struct cli *c)
{
	const char *name = cli_text(c, "name");
	const char *note = cli_text(c, "description");
	char *settings = NULL;
	struct err err = {.kind = ERR_NONE};
	struct task t = {.id = 0};
	int code = find_task(c, c->args[0], &t);
	struct order o;

	if (code == CODE_OK)
		settings = settings_given(c, t.settings);
	if (code == CODE_OK && name == NULL && note == NULL && settings == NULL)
		code = cli_complain(CODE_USAGE, "nothing to change");
	if (code == CODE_OK) {
		o = runs_order(c);
		if (name != NULL)
			mem_replace(&t.name, name);
		if (note != NULL)
			mem_replace(&t.note, note[0] == '\0' ? NULL : note);
		if (settings != NULL)
			mem_replace(&t.settings, settings);
		code = cli_commit(c, order_task_save(&o, &t, &err), &err);
	}
	free(settings);
	task_clear(&t);
	return code;
}

static int
remove_remote(struct cli *c)
{
	struct json_object *task = NULL;
	int code = cli_remote_get(c, "tasks", c->args[0], &task);

	(void)json_object_put(task);
	if (code == CODE_OK &&
	    !cli_confirm(c, "forget this task and its assignments"))
		code = CODE_REFUSED;
	return code == CODE_OK
	    ? cli_remote_change(c, "DELETE", "tasks", c->args[0], NULL)
	    : code;
}

int
cmd_task_remove(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct task t = {.id = 0};
	struct order o;
	int code;

	if (cli_remote(c))
		return remove_remote(c);
	code = find_task(c, c->args[0], &t);
	if (code == CODE_OK &&
	    !cli_confirm(c, "forget this task and its assignments"))
		code = CODE_REFUSED;
	if (code == CODE_OK) {
		o = runs_order(c);
		code = cli_commit(c, order_task_remove(&o, &t, &err), &err);
	}
	task_clear(&t);
	return code;
}
