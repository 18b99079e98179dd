/* Rows of a query as a payload. */
#include <stdlib.h>

#include "call_internal.h"
#include "clock.h"
#include "mem.h"
#include "query.h"
#include "store.h"
#include "str.h"

struct rows {
	struct out *out;
	const struct query_output *outputs;
	bool alike[QUERY_COLUMNS_MAX]; /* to another, but for the table */
};

static void
find_alike(struct rows *r, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (str_eq(out_bare(r->outputs[i].name),
				out_bare(r->outputs[j].name)))
				r->alike[i] = r->alike[j] = true;
}

static void
write_cell(struct out *o, const struct query_output *what,
    const struct store_cell *cell)
{
	if (!cell->known)
		out_text(o, what->name, NULL);
	else if (cell->text != NULL)
		out_text(o, what->name, cell->text);
	else if (what->type == QUERY_BOOL)
		out_bool(o, what->name, cell->number != 0);
	else if (what->type == QUERY_TIME)
		out_time(o, what->name, cell->number);
	else
		out_int(o, what->name, cell->number);
}

/* A body that is full takes no more: nor need the store yield any. */
static int
write_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	const struct rows *r = cookie;
	size_t i;

	out_row(r->out, "row");
	for (i = 0; i < n; i++) {
		r->out->whole = r->alike[i];
		write_cell(r->out, &r->outputs[i], &cells[i]);
	}
	r->out->whole = false;
	out_row_end(r->out);
	if (!r->out->buf->over)
		return 0;
	return err_set(err, ERR_LIMIT,
	    "the answer is larger than %zu bytes: select less, or say (top N)",
	    REMOTE_BODY_MAX);
}

/* The right to ask is that of the command; runs have their own. */
static int
check_rights(const struct call *c, const struct query *q, struct err *err)
{
	if (!store_query_reads_runs(q) ||
	    access_may(c->request->who, ACCESS_RUN_READ))
		return 0;
	return err_set(err, ERR_DENIED,
	    "your permission sets lack the right \"%s\"",
	    access_right_name(ACCESS_RUN_READ));
}

int
call_query(struct call *c, const struct query_text *text, struct err *err)
{
	struct query *q = NULL;
	struct rows rows = {.out = &c->out};
	bool cut = false;
	size_t n;
	int r;

	if (query_compile(store_graph(), text, clock_now_ms(), &q, err) == -1)
		return -1;
	if (check_rights(c, q, err) == -1) {
		query_free(q);
		return -1;
	}
	rows.outputs = query_outputs(q, &n);
	find_alike(&rows, n);
	out_list(&c->out, false);
	r = store_query(c->store, q, write_row, &rows, &cut, err);
	out_list_end(&c->out);
	query_free(q);
	if (r == 0 && cut)
		return err_set(err, ERR_LIMIT,
		    "more than %d rows: say (select (top N) ...)",
		    QUERY_ROWS_DEFAULT);
	return r;
}

void
call_quote(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_char(out, '\\');
		buf_char(out, *text);
	}
	buf_char(out, '"');
}
