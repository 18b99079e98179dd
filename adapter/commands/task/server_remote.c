/* Server tasks of a service elsewhere: made, changed, brought in and out. */
#include <json-c/json.h>
#include <stdlib.h>

#include "api_client.h"
#include "buf.h"
#include "cli_remote.h"
#include "file.h"
#include "mem.h"
#include "server_file.h"
#include "server_task_internal.h"
#include "server_xml.h"
#include "str.h"
#include "utf8.h"

#define WHAT "server-tasks"
#define FILE_PATH "server-task-file"

/* --- a task as the API has it --- */

struct texts {
	const char *name;
	char **slot;
	const char *text;
};
#define TEXTS 4
/* The members of *s, as they are called there. */
static void
texts_of(struct server_task *s, struct texts ret[TEXTS])
{
	ret[0] = (struct texts){"name", &s->name, s->name};
	ret[1] = (struct texts){"description", &s->note, s->note};
	ret[2] = (struct texts){"schedule", &s->schedule, s->schedule};
	ret[3] = (struct texts){"actions", &s->actions, s->actions};
}

/* CODE_OK, or the code with the complaint printed. */
static int
from_row(struct json_object *row, struct server_task *ret)
{
	struct err err = {.kind = ERR_NONE};
	struct texts texts[TEXTS];
	const char *text;
	size_t i;

	if (cli_remote_text(row, "name", &text, &err) != 0 ||
	    cli_remote_text(row, "actions", &text, &err) != 0)
		return cli_fail(&err);
	texts_of(ret, texts);
	for (i = 0; i < TEXTS; i++)
		mem_replace(texts[i].slot,
		    api_client_text(api_client_member(row, texts[i].name)));
	ret->enabled =
	    json_object_get_boolean(api_client_member(row, "enabled"));
	ret->overlap =
	    json_object_get_boolean(api_client_member(row, "overlap"));
	return CODE_OK;
}

static void
add_bool(struct json_object *body, const char *name, bool value)
{
	(void)json_object_object_add(
	    body, name, json_object_new_boolean(value));
}

/* What is otherwise than in *was; an empty text takes a value away. */
static struct json_object *
body_of(const struct server_task *s, const struct server_task *was)
{
	struct json_object *body = json_object_new_object();
	struct server_task now = *s, before = *was;
	struct texts texts[TEXTS], old[TEXTS];
	size_t i;

	texts_of(&now, texts);
	texts_of(&before, old);
	for (i = 0; i < TEXTS; i++)
		if (!str_eq(texts[i].text, old[i].text))
			(void)json_object_object_add(body, texts[i].name,
			    json_object_new_string(
				texts[i].text == NULL ? "" : texts[i].text));
	if (s->enabled != was->enabled)
		add_bool(body, "enabled", s->enabled);
	if (s->overlap != was->overlap)
		add_bool(body, "overlap", s->overlap);
	return body;
}

int
server_remote_find(struct cli *c, const char *name, struct server_task *ret)
{
	struct json_object *row = NULL;
	int code = cli_remote_get(c, WHAT, name, &row);

	if (code == CODE_OK)
		code = from_row(row, ret);
	cli_remote_put(row);
	return code;
}

/* --- add, set --- */

int
server_remote_add(struct cli *c, const struct server_task *s)
{
	const struct server_task none = {.enabled = true};
	struct err err = {.kind = ERR_NONE};
	struct json_object *answer = NULL;
	struct api_client_path path;
	int64_t id = 0;
	int code;

	api_client_path_init(&path, WHAT);
	code = cli_remote_post(c, &path, body_of(s, &none), &answer);
	api_client_path_free(&path);
	if (code == CODE_OK && cli_remote_int(answer, "id", &id, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK)
		cli_note(c, "%s: server task %lld", s->name, (long long)id);
	cli_remote_put(answer);
	return code;
}

int
server_remote_set(struct cli *c)
{
	struct server_task s = {.id = 0}, was = {.id = 0};
	struct json_object *row = NULL;
	int code = cli_remote_get(c, WHAT, c->args[0], &row);

	if (code == CODE_OK)
		code = from_row(row, &was);
	if (code == CODE_OK)
		code = from_row(row, &s);
	if (code == CODE_OK)
		code = server_cli_change(c, &s);
	if (code == CODE_OK)
		code = cli_remote_change(
		    c, "PATCH", WHAT, c->args[0], body_of(&s, &was));
	cli_remote_put(row);
	server_task_clear(&s);
	server_task_clear(&was);
	return code;
}

/* --- ePO's XML --- */

int
server_remote_export(struct cli *c)
{
	struct api_client_path path;
	struct buf xml;
	int code;

	if (c->arg_count > 1)
		return cli_complain(CODE_USAGE,
		    "with --server name one task, or none for all of them");
	api_client_path_init(&path, FILE_PATH);
	api_client_path_param(
	    &path, "task", c->arg_count == 0 ? NULL : c->args[0]);
	buf_init(&xml, API_CLIENT_ANSWER_MAX);
	code = cli_remote_file(c, &path, "application/xml", &xml);
	if (code == CODE_OK)
		(void)fwrite(xml.data, 1, xml.len, stdout);
	buf_free(&xml);
	api_client_path_free(&path);
	return code;
}

/* It goes as a text of JSON. */
static bool
is_text(const struct buf *b)
{
	uint32_t point;
	size_t at, n;

	for (at = 0; at < b->len; at += n) {
		n = utf8_next(b->data + at, b->len - at, &point);
		if (n == 0 || point == 0)
			return false;
	}
	return true;
}

static int
send_xml(struct cli *c, const struct buf *xml)
{
	struct json_object *body = json_object_new_object(), *answer = NULL;
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	int64_t tasks = 0, kept = 0;
	int code;

	(void)json_object_object_add(body, "xml",
	    json_object_new_string_len((const char *)xml->data, (int)xml->len));
	add_bool(body, "replace", cli_flag(c, "replace"));
	api_client_path_init(&path, FILE_PATH);
	code = cli_remote_post(c, &path, body, &answer);
	api_client_path_free(&path);
	if (code == CODE_OK &&
	    (cli_remote_int(answer, "tasks", &tasks, &err) != 0 ||
		cli_remote_int(answer, "kept", &kept, &err) != 0))
		code = cli_fail(&err);
	cli_remote_put(answer);
	if (code == CODE_OK)
		server_cli_imported(c, (size_t)tasks, (size_t)kept);
	return code;
}

int
server_remote_import(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct buf xml;
	int code;

	buf_init(&xml, SERVER_XML_MAX);
	if (file_read(c->args[0], SERVER_XML_MAX, &xml, &err) != 0)
		code = cli_fail(&err);
	else if (!is_text(&xml))
		code = cli_complain(CODE_INPUT,
		    "%s: not UTF-8; with --server no other encoding goes",
		    c->args[0]);
	else
		code = send_xml(c, &xml);
	buf_free(&xml);
	return code;
}
