#include <stdlib.h>

#include "api_client.h"
#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_body.h"
#include "clock.h"
#include "commands_query_internal.h"
#include "file.h"
#include "query_file.h"
#include "store.h"
#include "str.h"
#include "xml.h"

/* query import: ePO's export of queries, here or to a service elsewhere. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TYPE "application/xml"

static const struct table_column columns[] = {{"name", TABLE_STRING, 0, 0},
    {"table", TABLE_STRING, 1, 0}, {"result", TABLE_STRING, 0, 0},
    {"error", TABLE_STRING, 0, 24}, {"note", TABLE_STRING, 0, 24}};

struct import {
	struct cli *c;
	struct table *table;
	size_t saved, bad;
};

static void
begin(struct import *im)
{
	if (im->table == NULL)
		im->table = cli_table(im->c, columns, COUNT(columns));
}

static int
write_query(void *cookie, const struct query_file_row *row, struct err *err)
{
	struct import *im = cookie;

	begin(im);
	im->saved += row->error == NULL ? 1 : 0;
	im->bad += row->error == NULL ? 0 : 1;
	table_text(im->table, row->name);
	table_text(im->table, row->table);
	table_text(im->table, row->error == NULL ? "saved" : "bad");
	table_text(im->table, row->error);
	table_text(im->table, row->note);
	return cli_row(im->table, err);
}

/* The file's name goes before what is wrong in it. */
static int
fail(struct import *im, struct err *err)
{
	if (err->kind == ERR_INVALID || err->kind == ERR_LIMIT)
		return cli_complain(
		    CODE_INPUT, "%s: %s", im->c->args[0], err->text);
	return cli_fail(err);
}

static int
take_local(struct import *im, const struct buf *text)
{
	const struct query_file f = {.store = im->c->daemon.store,
	    .actor = cli_actor(),
	    .now = clock_now(),
	    .replace = cli_flag(im->c, "replace"),
	    .fn = write_query,
	    .cookie = im};
	struct err err = {.kind = ERR_NONE};

	if (query_file_take(&f, text->data, text->len, &err) != 0)
		return fail(im, &err);
	if (im->saved > 0 && store_commit(im->c->daemon.store, &err) != 0)
		return cli_fail(&err);
	return CODE_OK;
}

/* --- elsewhere --- */

static int
add_row(void *cookie, struct json_object *row, struct err *err)
{
	static const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns)};
	struct import *im = cookie;
	const char *result = NULL;

	if (cli_remote_text(row, "result", &result, err) != 0)
		return -1;
	im->saved += str_eq(result, "saved") ? 1 : 0;
	im->bad += str_eq(result, "saved") ? 0 : 1;
	begin(im);
	return cli_remote_row(im->table, &rows, row, err);
}

static int
take_remote(struct import *im, const struct buf *text)
{
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "POST", .path = &path, .type = TYPE, .file = text};
	struct err err = {.kind = ERR_NONE};
	struct json_object *answer = NULL;
	int rc;

	api_client_path_init(&path, "query-file");
	api_client_path_param(
	    &path, "replace", cli_flag(im->c, "replace") ? "yes" : NULL);
	rc = cli_remote_try(im->c, &request, &answer, &err);
	api_client_path_free(&path);
	if (rc == 0)
		rc = cli_remote_each(answer, add_row, im, &err);
	cli_remote_put(answer);
	return rc == 0 ? CODE_OK : fail(im, &err);
}

int
cmd_query_import(struct cli *c)
{
	struct import im = {.c = c};
	struct err err = {.kind = ERR_NONE};
	struct buf text;
	int code = cli_remote(c) ? cli_remote_open(c)
				 : cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	buf_init(&text, XML_MAX_BYTES);
	if (file_read(c->args[0], XML_MAX_BYTES, &text, &err) != 0)
		code = cli_fail(&err);
	else
		code = cli_remote(c) ? take_remote(&im, &text)
				     : take_local(&im, &text);
	if (im.table != NULL)
		table_end(im.table);
	buf_free(&text);
	if (code != CODE_OK)
		return code;
	cli_note(c, "%zu queries saved, %zu passed over", im.saved, im.bad);
	return im.bad > 0 ? CODE_PARTIAL : CODE_OK;
}
