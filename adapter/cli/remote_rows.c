/* Rows of the API, in the tables that are there for those of the store. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "api_client.h"
#include "buf.h"
#include "cli.h"
#include "cli_internal.h"
#include "cli_remote.h"
#include "clock.h"
#include "str.h"

#define LIST_MAX 65536 /* bytes of the words of a cell */

static bool
is_list(struct json_object *value)
{
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(value); i++)
		if (api_client_text(json_object_array_get_idx(value, i)) ==
		    NULL)
			return false;
	return true;
}

static bool
fits(enum table_type type, struct json_object *value)
{
	const char *text = api_client_text(value);
	int64_t at;

	if (value == NULL)
		return true;
	switch (type) {
	case TABLE_STRING:
		return text != NULL;
	case TABLE_INT:
		return json_object_is_type(value, json_type_int);
	case TABLE_TIME:
		return text != NULL && clock_parse(text, &at) == 0;
	case TABLE_BOOL:
		return json_object_is_type(value, json_type_boolean);
	case TABLE_LIST:
		return is_list(value);
	}
	return false;
}

static void
put_list(struct table *t, struct json_object *value)
{
	struct buf text;
	size_t i;

	buf_init(&text, LIST_MAX);
	for (i = 0; i < json_object_array_length(value); i++)
		buf_printf(&text, "%s%s", i == 0 ? "" : ",",
		    api_client_text(json_object_array_get_idx(value, i)));
	table_text(t, buf_text(&text));
	buf_free(&text);
}

/* It fits. */
static void
put(struct table *t, enum table_type type, struct json_object *value)
{
	int64_t number = 0;

	if (value == NULL)
		table_nothing(t);
	else if (type == TABLE_STRING)
		table_text(t, api_client_text(value));
	else if (type == TABLE_LIST)
		put_list(t, value);
	else if (type == TABLE_TIME) {
		(void)clock_parse(api_client_text(value), &number);
		table_int(t, number);
	} else {
		table_int(t, json_object_get_int64(value));
	}
}

static int
check(const struct cli_remote_rows *rows, struct json_object *row,
    struct err *err)
{
	const struct table_column *c = rows->columns;
	struct json_object *value;
	size_t i;

	if (rows->prepare != NULL && rows->prepare(row, err) != 0)
		return -1;
	for (i = 0; i < rows->count; i++)
		if (!json_object_object_get_ex(row, c[i].name, &value) ||
		    !fits(c[i].type, value))
			return err_set(err, ERR_PROTOCOL,
			    "the server's answer has no %s, or a wrong one: is "
			    "it of another version?",
			    c[i].name);
	return 0;
}

bool
cli_is_none(
    const struct cli_remote_none *none, const char *name, int64_t number)
{
	for (; none != NULL && none->name != NULL; none++)
		if (str_eq(none->name, name))
			return number == none->number;
	return false;
}

/* It has been checked. */
static int
put_row(struct table *t, const struct cli_remote_rows *rows,
    struct json_object *row, struct err *err)
{
	const struct table_column *c = rows->columns;
	bool known =
	    rows->known == NULL || api_client_member(row, rows->known) != NULL;
	struct json_object *value;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		value = api_client_member(row, c[i].name);
		if ((c[i].type == TABLE_BOOL && !known) ||
		    cli_is_none(
			rows->none, c[i].name, json_object_get_int64(value)))
			value = NULL;
		put(t, c[i].type, value);
	}
	return cli_row(t, err);
}

int
cli_remote_row(struct table *t, const struct cli_remote_rows *rows,
    struct json_object *row, struct err *err)
{
	return check(rows, row, err) != 0 ? -1 : put_row(t, rows, row, err);
}

/* --- whole answers --- */

static void
begin(struct cli_remote_fill *f)
{
	if (f->table != NULL)
		return;
	f->table = cli_table(f->c, f->rows->columns, f->rows->count);
	if (f->rows->blocks)
		table_set_blocks(f->table);
}

int
cli_remote_add(void *cookie, struct json_object *row, struct err *err)
{
	struct cli_remote_fill *f = cookie;

	if (check(f->rows, row, err) != 0)
		return -1;
	begin(f);
	return put_row(f->table, f->rows, row, err);
}

int
cli_remote_end(struct cli_remote_fill *f, int code)
{
	if (code == CODE_OK) {
		begin(f);
		return cli_listed(f->c, f->table, 0, NULL);
	}
	if (f->table != NULL)
		table_end(f->table);
	return code;
}

int
cli_remote_table(struct cli *c, const struct cli_remote_list *list,
    const struct cli_remote_rows *rows)
{
	struct cli_remote_fill f = {.c = c, .rows = rows};

	return cli_remote_end(&f, cli_remote_scan(c, list, cli_remote_add, &f));
}

int
cli_remote_chosen(
    struct cli *c, size_t first, const struct cli_remote_rows *rows)
{
	struct cli_remote_fill f = {.c = c, .rows = rows};
	int code = cli_remote_select(c, first, cli_remote_add, &f);

	/* None matching is an answer, too. */
	if (code == CODE_OK || code == CODE_NOTHING)
		begin(&f);
	if (f.table != NULL)
		table_end(f.table);
	return code;
}

int
cli_remote_all(struct cli *c, const char *what, bool paged,
    const struct cli_remote_rows *rows)
{
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path,
	    .paged = paged,
	    .limit = (size_t)cli_count(c, "limit", 0)};
	int code;

	api_client_path_init(&path, what);
	code = cli_remote_table(c, &list, rows);
	api_client_path_free(&path);
	return code;
}

int
cli_list_all(struct cli *c, const char *what, bool paged,
    const struct cli_remote_rows *rows, cli_scan_fn *scan)
{
	struct err err = {.kind = ERR_NONE};
	struct table *t;
	int code, rc;

	if (cli_remote(c))
		return cli_remote_all(c, what, paged, rows);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	t = cli_table(c, rows->columns, rows->count);
	rc = scan(c->daemon.store, t, &err);
	return cli_listed(c, t, rc, &err);
}

int
cli_remote_one(struct cli *c, const char *what, const char *name,
    const struct cli_remote_rows *rows)
{
	struct cli_remote_fill f = {.c = c, .rows = rows};
	struct json_object *answer = NULL;
	struct err err = {.kind = ERR_NONE};
	int code = cli_remote_get(c, what, name, &answer);

	if (code == CODE_OK && cli_remote_add(&f, answer, &err) != 0)
		code = cli_scanned(-1, &err);
	(void)json_object_put(answer);
	if (f.table != NULL)
		table_end(f.table);
	return code;
}

/* --- of an object --- */

int
cli_remote_text(
    struct json_object *o, const char *name, const char **ret, struct err *err)
{
	const char *text = api_client_text(api_client_member(o, name));

	if (text == NULL)
		return err_set(err, ERR_PROTOCOL,
		    "the server's answer has no %s: is it of another version?",
		    name);
	*ret = text;
	return 0;
}

int
cli_remote_int(
    struct json_object *o, const char *name, int64_t *ret, struct err *err)
{
	struct json_object *value = api_client_member(o, name);

	if (!json_object_is_type(value, json_type_int))
		return err_set(err, ERR_PROTOCOL,
		    "the server's answer has no %s: is it of another version?",
		    name);
	*ret = json_object_get_int64(value);
	return 0;
}
