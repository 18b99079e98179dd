/* Files of other makes, taken in: devices as CSV, queries of ePO. */
#include <stdlib.h>

#include "api_internal.h"
#include "device.h"
#include "intake_csv.h"
#include "mem.h"
#include "query_file.h"
#include "store.h"
#include "str.h"

struct result {
	size_t line;
	char *name, *changed, *error; /* or NULL */
	enum intake_outcome outcome;
};

struct import {
	struct api_call *c;
	struct csv_table csv;
	struct intake_file into;
	bool strict;
	struct result *results;
	size_t count, room, bad;
};

static struct result *
add_result(struct import *im)
{
	if (im->count == im->room) {
		im->room = (im->room + 32) * 2;
		im->results =
		    mem_grow(im->results, im->room, sizeof(*im->results));
	}
	im->results[im->count] = (struct result){.line = im->csv.row.line};
	return &im->results[im->count++];
}

/* With strict nothing is stored behind a bad line: all is undone anyway. */
static int
take_line(struct import *im, struct err *err)
{
	struct intake_line line = {.device = NULL};
	struct result *r = add_result(im);
	struct err why = {.kind = ERR_NONE};
	int rc = intake_line_read(&im->csv, false, NULL, NULL, &line, &why);

	if (line.device != NULL)
		r->name = mem_dup(line.device->name);
	if (rc == 0 && (!im->strict || im->bad == 0))
		rc = intake_line_store(
		    &im->into, &im->csv, &line, &r->outcome, &r->changed, &why);
	intake_line_clear(&line);
	if (rc == 0)
		return 0;
	if (why.kind != ERR_INVALID && why.kind != ERR_CONFLICT) {
		*err = why;
		return err_context(err, "line %zu", r->line);
	}
	r->outcome = INTAKE_BAD;
	r->error = mem_dup(why.text);
	im->bad++;
	return 0;
}

static int
write_result(const struct import *im, const struct result *r, struct err *err)
{
	struct api_call *c = im->c;
	bool left = im->strict && im->bad > 0 && r->outcome != INTAKE_BAD;

	api_put_int(c, (int64_t)r->line);
	api_put_text(c, r->name);
	api_put_text(c, left ? "left" : intake_outcome_name(r->outcome));
	api_put_text(c, left ? NULL : r->changed);
	api_put_text(c, r->error);
	return api_row_end(c, err);
}

static int
write_results(const struct import *im, struct err *err)
{
	size_t i;

	api_page_begin(im->c, &api_line_row);
	for (i = 0; i < im->count; i++)
		if (write_result(im, &im->results[i], err) != 0)
			return -1;
	api_page_end(im->c, NULL);
	return 0;
}

static int
walk(struct import *im, struct buf *bytes, struct err *err)
{
	int rc;

	if (csv_table_open(&im->csv, (char *)bytes->data, bytes->len, err) != 0)
		return -1;
	do {
		rc = csv_table_next(&im->csv) == 1 ? take_line(im, err) : 1;
	} while (rc == 0);
	if (rc == -1)
		return -1;
	if (im->strict && im->bad > 0)
		store_rollback(im->c->store);
	return write_results(im, err);
}

int
api_devices_import(struct api_call *c, struct err *err)
{
	struct import im = {.c = c,
	    .csv = {.file = "body",
		.names = intake_column_names,
		.count = INTAKE_COLUMNS},
	    .into = {.to = {c->store, c->actor},
		.update = str_eq(api_text(c, "update"), "yes")},
	    .strict = str_eq(api_text(c, "strict"), "yes")};
	struct buf bytes; /* reading changes it, and it is wiped */
	size_t i;
	int rc;

	buf_init(&bytes, API_BODY_MAX + 1);
	buf_add(&bytes, c->bytes, c->len);
	rc = walk(&im, &bytes, err);
	for (i = 0; i < im.count; i++) {
		free(im.results[i].name);
		free(im.results[i].changed);
		free(im.results[i].error);
	}
	free(im.results);
	buf_free(&bytes);
	return rc;
}

/* --- queries --- */

static int
write_query(void *cookie, const struct query_file_row *row, struct err *err)
{
	struct api_call *c = cookie;

	api_put_text(c, row->name);
	api_put_text(c, row->table);
	api_put_text(c, row->error == NULL ? "saved" : "bad");
	api_put_text(c, row->error);
	api_put_text(c, row->note);
	return api_row_end(c, err);
}

int
api_queries_import(struct api_call *c, struct err *err)
{
	const struct query_file f = {.store = c->store,
	    .actor = c->actor,
	    .now = c->now,
	    .replace = str_eq(api_text(c, "replace"), "yes"),
	    .fn = write_query,
	    .cookie = c};

	api_page_begin(c, &api_imported_query_row);
	if (query_file_take(&f, c->bytes, c->len, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}
