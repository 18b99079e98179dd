/* Queries of the fleet of a service elsewhere. */
#include "query_remote_internal.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "api_client.h"
#include "ask.h"
#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "mem.h"
#include "query.h"
#include "str.h"

#define LIST_MAX 65536	 /* bytes of the words of a cell */
#define CLAUSE_MAX 65536 /* bytes of what is selected */

/* --- which --- */

static const char *
text_in(struct json_object *o, const char *name)
{
	return api_client_text(api_client_member(o, name));
}

int
query_remote_word(struct cli *c, const char *word, struct ask *ret)
{
	struct json_object *q = NULL;
	struct err err = {.kind = ERR_NONE};
	struct store_saved saved = {.id = 0};
	int code;

	if (word[0] == '(')
		return ask_word(c, word, ret);
	code = cli_remote_get(c, "queries", word, &q);
	if (code == CODE_OK &&
	    (cli_remote_int(q, "id", &saved.id, &err) != 0 ||
		cli_remote_text(q, "name", &saved.name, &err) != 0 ||
		cli_remote_text(q, "table", &saved.target, &err) != 0))
		code = cli_fail(&err);
	if (code == CODE_OK) {
		saved.note = text_in(q, "description");
		saved.select = text_in(q, "select");
		saved.where = text_in(q, "where");
		saved.order = text_in(q, "order");
		saved.group = text_in(q, "group");
		saved.chart = text_in(q, "chart");
		ask_set(ret, &saved);
	}
	(void)json_object_put(q);
	return code;
}

/* --- what is asked --- */

static void
add_text(struct json_object *body, const char *name, const char *text)
{
	if (!str_empty(text))
		(void)json_object_object_add(
		    body, name, json_object_new_string(text));
}

/* The API has no --join: what it comes to is selected. */
static void
add_joined(struct json_object *body, const struct query *q)
{
	const struct query_output *outputs;
	struct buf select;
	size_t i, n;

	outputs = query_outputs(q, &n);
	buf_init(&select, CLAUSE_MAX);
	buf_str(&select, "(select");
	for (i = 0; i < n; i++)
		buf_printf(&select, " %s", outputs[i].name);
	buf_char(&select, ')');
	add_text(body, "select", buf_text(&select));
	buf_free(&select);
}

static struct json_object *
clauses_of(const struct ask *ask)
{
	struct json_object *body = json_object_new_object();

	add_text(body, "table", ask->saved.target);
	add_text(body, "select", ask->saved.select);
	add_text(body, "where", ask->saved.where);
	add_text(body, "order", ask->saved.order);
	add_text(body, "group", ask->saved.group);
	return body;
}

int
query_remote_save(struct cli *c, const struct ask *ask)
{
	struct api_client_path path;
	struct json_object *body = clauses_of(ask);
	const struct api_client_request request = {.method = "PUT",
	    .path = &path,
	    .body = body,
	    .fresh = !cli_flag(c, "replace")};
	int code;

	add_text(body, "description", ask->saved.note);
	add_text(body, "chart", ask->saved.chart);
	api_client_path_init(&path, "queries");
	api_client_path_add(&path, c->args[0]);
	code = cli_remote_ask(c, &request, NULL);
	api_client_path_free(&path);
	(void)json_object_put(body);
	return code;
}

static struct json_object *
body_of(const struct ask *ask, const struct query *q)
{
	struct json_object *body = clauses_of(ask);

	if (ask->join != NULL && str_empty(ask->saved.select))
		add_joined(body, q);
	if (ask->top != 0)
		(void)json_object_object_add(
		    body, "top", json_object_new_int64(ask->top));
	return body;
}

/* --- what comes --- */

struct writing {
	const struct query_output *outputs;
	size_t count;
	struct report_cell *cells;
	char **lists; /* texts of cells that are lists */
	struct table_column *columns;
	struct table *table; /* or: */
	struct report_column *report_columns;
	struct report *report;
};

/* As cells have them; given. NULL when it is no list of texts. */
static char *
join_list(struct json_object *list)
{
	struct buf text;
	const char *word = "";
	char *joined;
	size_t i, n;

	if (!json_object_is_type(list, json_type_array))
		return NULL;
	n = json_object_array_length(list);
	buf_init(&text, LIST_MAX);
	for (i = 0; i < n && word != NULL; i++) {
		word = api_client_text(json_object_array_get_idx(list, i));
		buf_printf(
		    &text, "%s%s", i == 0 ? "" : ",", word == NULL ? "" : word);
	}
	joined = word == NULL ? NULL : mem_dup(buf_text(&text));
	buf_free(&text);
	return joined;
}

static bool
read_number(enum report_type type, struct json_object *value, int64_t *ret)
{
	const char *text = api_client_text(value);

	if (type == REPORT_TIME)
		return text != NULL && clock_parse(text, ret) == 0;
	if (!json_object_is_type(
		value, type == REPORT_BOOL ? json_type_boolean : json_type_int))
		return false;
	*ret = json_object_get_int64(value);
	return true;
}

/* False: there is no such cell, or it is of another type. */
static bool
read_cell(struct writing *w, struct json_object *row, size_t i)
{
	enum report_type type = report_type_of(&w->outputs[i]);
	struct report_cell *cell = &w->cells[i];
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(row, w->outputs[i].name, &value))
		return false;
	*cell = (struct report_cell){.nothing = value == NULL};
	if (value == NULL)
		return true;
	if (type == REPORT_STRING)
		return (cell->text = api_client_text(value)) != NULL;
	if (type == REPORT_LIST) {
		free(w->lists[i]);
		w->lists[i] = join_list(value);
		return (cell->text = w->lists[i]) != NULL;
	}
	return read_number(type, value, &cell->number);
}

static int
write_row(struct writing *w, struct json_object *row, struct err *err)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (!read_cell(w, row, i))
			return err_set(err, ERR_PROTOCOL,
			    "the server's answer has no %s, or a wrong one: is "
			    "it of another version?",
			    w->outputs[i].name);
	return w->table != NULL ? query_put(w->table, w->cells, w->count, err)
				: report_row(w->report, w->cells, err);
}

static void
begin(struct writing *w, const struct cli *c, const struct ask *ask,
    const struct query *q)
{
	struct report_conf conf = query_report(c, ask);

	w->outputs = query_outputs(q, &w->count);
	w->cells = mem_array(w->count, sizeof(*w->cells));
	w->lists = mem_array(w->count, sizeof(*w->lists));
	if (!c->html && c->format == TABLE_TEXT) {
		w->columns = query_columns(w->outputs, w->count);
		w->table = cli_table(c, w->columns, w->count);
		return;
	}
	w->report_columns = report_columns(w->outputs, w->count);
	conf.columns = w->report_columns;
	conf.count = w->count;
	w->report = report_new(&conf);
}

/* Returns the code of an answer that came to rc. */
static int
end(struct writing *w, const struct cli *c, bool cut, int rc, struct err *err)
{
	struct err ignored;
	int code;
	size_t i;

	if (w->table != NULL) {
		code = cli_listed(c, w->table, rc, err);
	} else {
		if (report_end(w->report, cut, rc == 0 ? err : &ignored) != 0)
			rc = -1;
		code = cli_scanned(rc, err);
	}
	for (i = 0; i < w->count; i++)
		free(w->lists[i]);
	free(w->lists);
	free(w->cells);
	free(w->columns);
	free(w->report_columns);
	return code;
}

int
query_remote(
    struct cli *c, const struct ask *ask, const struct query *q, bool *ret_cut)
{
	struct json_object *answer = NULL, *rows;
	struct err err = {.kind = ERR_NONE};
	struct writing w = {.table = NULL};
	struct api_client_path path;
	size_t i, n;
	int code, rc = 0;

	api_client_path_init(&path, "query");
	/* It reads: to ask again when the answer is lost does no harm. */
	code = cli_remote_post(c, &path, body_of(ask, q), &answer);
	api_client_path_free(&path);
	if (code != CODE_OK)
		return code;
	*ret_cut =
	    json_object_get_boolean(api_client_member(answer, "cut")) != 0;
	rows = api_client_member(answer, "rows");
	begin(&w, c, ask, q);
	if (!json_object_is_type(rows, json_type_array))
		rc = err_set(&err, ERR_PROTOCOL,
		    "the server's answer has no rows: is it of another "
		    "version?");
	n = rc == 0 ? json_object_array_length(rows) : 0;
	for (i = 0; rc == 0 && i < n; i++)
		rc = write_row(&w, json_object_array_get_idx(rows, i), &err);
	code = end(&w, c, *ret_cut, rc, &err);
	(void)json_object_put(answer);
	return code;
}
