/* queries: saved ones, and asking. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "clock.h"
#include "mem.h"
#include "query.h"
#include "records.h"
#include "store.h"
#include "str.h"

/* --- saved ones --- */

static int
write_saved(void *cookie, const struct store_saved *s, struct err *err)
{
	struct api_call *c = cookie;

	record_query(&c->row, s);
	return api_row_end(c, err);
}

int
api_queries_list(struct api_call *c, struct err *err)
{
	api_page_begin(c, &api_query_row);
	if (store_saved_scan(c->store, write_saved, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

int
api_queries_get(struct api_call *c, struct err *err)
{
	api_row_begin(c, &api_query_row);
	return store_saved_find(
	    c->store, c->match.segments[0], write_saved, c, err);
}

static struct store_saved
clauses(const struct api_call *c)
{
	struct store_saved s = {.name = c->match.segments[0],
	    .note = api_body_text(c, "description"),
	    .target = api_body_text(c, "table"),
	    .select = api_body_text(c, "select"),
	    .where = api_body_text(c, "where"),
	    .order = api_body_text(c, "order"),
	    .group = api_body_text(c, "group"),
	    .chart = api_body_text(c, "chart")};

	if (s.target == NULL)
		s.target = STORE_SYSTEMS;
	return s;
}

static int
compile(const struct store_saved *s, int64_t top, struct query **ret,
    struct err *err)
{
	const struct query_text text = {.target = s->target,
	    .select = s->select,
	    .where = s->where,
	    .order = s->order,
	    .group = s->group,
	    .top = top};

	return query_compile(store_graph(), &text, clock_now_ms(), ret, err);
}

static int
is_there(void *cookie, const struct store_saved *s, struct err *err)
{
	(void)s;
	(void)err;
	*(bool *)cookie = true;
	return 0;
}

/* Only what can be run is saved. */
int
api_queries_put(struct api_call *c, struct err *err)
{
	const struct store_saved s = clauses(c);
	struct err why = {.kind = ERR_NONE};
	struct query *q = NULL;
	bool there = false;

	if (compile(&s, 0, &q, err) != 0)
		return -1;
	query_free(q);
	if (store_saved_find(c->store, s.name, is_there, &there, &why) != 0 &&
	    why.kind != ERR_NOTFOUND) {
		*err = why;
		return -1;
	}
	if (store_saved_put(c->store, &s, true, err) != 0 ||
	    api_event(c, NULL, "query.saved", "query", s.name, err) != 0)
		return -1;
	if (!there) {
		c->status = 201;
		api_locate(c, "queries/%s", s.name);
	}
	return api_queries_get(c, err);
}

int
api_queries_remove(struct api_call *c, struct err *err)
{
	const char *name = c->match.segments[0];

	if (store_saved_remove(c->store, name, err) != 0)
		return -1;
	return api_event(c, NULL, "query.removed", "query", name, err);
}

/* --- its words --- */

int
api_columns_list(struct api_call *c, struct err *err)
{
	const struct query_graph *g = store_graph();
	const struct query_table *t;
	size_t i, j;

	api_page_begin(c, &api_column_row);
	for (i = 0; i < g->table_count; i++) {
		t = &g->tables[i];
		for (j = 0; j < t->count; j++) {
			record_column(&c->row, t, &t->columns[j]);
			if (api_row_end(c, err) != 0)
				return -1;
		}
	}
	api_page_end(c, NULL);
	return 0;
}

static int
write_operator(struct api_call *c, const char *clause,
    const struct query_operator *op, struct err *err)
{
	record_operator(&c->row, clause, op);
	return api_row_end(c, err);
}

int
api_operators_list(struct api_call *c, struct err *err)
{
	const struct query_operator *op;
	size_t i;

	api_page_begin(c, &api_operator_row);
	for (i = 0; (op = query_operator(i)) != NULL; i++)
		if (write_operator(c, "where", op, err) != 0)
			return -1;
	for (i = 0; (op = query_function(i)) != NULL; i++)
		if (write_operator(c, "select", op, err) != 0)
			return -1;
	api_page_end(c, NULL);
	return 0;
}

/* --- asking --- */

/* "Accept" names the type; anything else gets JSON. */
static bool
wants_csv(const struct api_call *c)
{
	return c->accept != NULL && str_starts(c->accept, "text/csv");
}

/* The rows as the command line writes them. */
static int
report(struct api_call *c, const struct query *q, struct err *err)
{
	const struct report_conf conf = {
	    .format = wants_csv(c) ? REPORT_CSV : REPORT_JSON,
	    .out = c->out,
	    .now = c->now};
	bool cut = false;
	int r;

	if (wants_csv(c))
		c->type = "text/csv; charset=utf-8";
	else
		(void)fputs("{\"rows\":", c->out);
	r = report_query(c->store, q, &conf, &cut, err);
	if (c->text.over)
		return err_set(err, ERR_LIMIT,
		    "the answer is larger than %zu bytes: select less, or say "
		    "(top N)",
		    API_ANSWER_MAX);
	if (r == 0 && !wants_csv(c))
		(void)fprintf(c->out, ",\"cut\":%s}", cut ? "true" : "false");
	if (r == 0 && cut && wants_csv(c))
		return err_set(err, ERR_LIMIT, "more than %d rows: say (top N)",
		    QUERY_ROWS_DEFAULT);
	return r;
}

/* The right to ask is that of the route; runs have their own. */
static int
check_rights(const struct api_call *c, const struct query *q, struct err *err)
{
	if (!store_query_reads_runs(q) || access_may(&c->who, ACCESS_RUN_READ))
		return 0;
	return err_set(err, ERR_DENIED,
	    "your permission sets lack the right \"%s\"",
	    access_right_name(ACCESS_RUN_READ));
}

static int
ask(struct api_call *c, const struct store_saved *s, int64_t top,
    struct err *err)
{
	struct query *q = NULL;
	int r;

	if (compile(s, top, &q, err) != 0)
		return -1;
	r = check_rights(c, q, err);
	if (r == 0)
		r = report(c, q, err);
	query_free(q);
	return r;
}

int
api_queries_ask(struct api_call *c, struct err *err)
{
	const struct store_saved s = clauses(c);

	return ask(c, &s, api_body_int(c, "top", 0), err);
}

/* A scan's row lives as long as its callback, where nothing else is read. */
static int
keep_query(void *cookie, const struct store_saved *s, struct err *err)
{
	struct api_call *c = cookie;

	return ask(c, s, api_int(c, "top", 0), err);
}

int
api_queries_run(struct api_call *c, struct err *err)
{
	return store_saved_find(
	    c->store, c->match.segments[0], keep_query, c, err);
}
