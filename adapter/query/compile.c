/* A whole query: clauses, joins, statement. */
#include <assert.h>
#include <stdlib.h>

#include "clause_internal.h"
#include "condition_internal.h"
#include "err.h"
#include "mem.h"

static int
make_where(struct compile *c, struct parts *p)
{
	int r;

	c->clause = "where";
	if (p->where.items == NULL)
		return 0;
	if (p->where.items->next != NULL)
		return sexp_fail(c->clause, p->where.items->next->at, c->err,
		    "one condition is enough: join them with (and ...)");
	if (cond_places(p->where.items) > COND_PLACES_MAX) {
		(void)sexp_fail(c->clause, p->where.items->at, c->err,
		    "too much is nested within what begins here");
		if (c->err != NULL)
			c->err->kind = ERR_LIMIT;
		return -1;
	}
	buf_init(&c->sql, QUERY_SQL_MAX);
	r = condition_make(c, p->where.items);
	if (r == 0 && c->sql.over)
		r = err_set(c->err, ERR_LIMIT, "the condition is too large");
	if (r == 0)
		buf_str(&p->where_sql, buf_text(&c->sql));
	buf_free(&c->sql);
	return r;
}

/* Besides what the condition says, which stands in parentheses of its own. */
static void
add_only(struct compile *c, struct parts *p, int64_t number)
{
	if (number == 0 || p->only == NULL)
		return;
	buf_printf(&p->where_sql, "%s%s = ?",
	    p->where_sql.len > 0 ? " AND " : "", p->only->sql);
	value_int(c->q, number);
}

/* --- joins --- */

struct joins {
	struct buf *sql;
	unsigned joined, tried; /* sources, a bit each */
};

/* Outer joins, so that a row of the target never gets lost; only those that
 * lead to the source. */
static bool
join_source(struct compile *c, struct joins *j, unsigned source)
{
	const struct query_graph *g = c->graph;
	const struct query_relation *r;
	unsigned from;
	size_t i;

	if ((j->joined >> source & 1u) != 0)
		return true;
	if ((j->tried >> source & 1u) != 0)
		return false;
	j->tried |= 1u << source;
	for (i = 0; i < g->relation_count; i++) {
		r = &g->relations[i];
		from = r->a == source ? r->b : r->a;
		if ((r->a != source && r->b != source) ||
		    !join_source(c, j, from))
			continue;
		buf_printf(
		    j->sql, " LEFT JOIN %s ON %s", g->sources[source], r->on);
		j->joined |= 1u << source;
		return true;
	}
	return false;
}

static int
make_from(struct compile *c, struct buf *sql)
{
	struct joins j = {.sql = sql, .joined = 1u << c->target->source};
	unsigned source;

	buf_printf(sql, " FROM %s", c->graph->sources[c->target->source]);
	for (source = 0; source < c->graph->source_count; source++) {
		j.tried = 0;
		if ((c->sources >> source & 1u) != 0 &&
		    !join_source(c, &j, source))
			return err_set(c->err, ERR_INVALID,
			    "a table is not related to %s", c->target->name);
	}
	return 0;
}

/* --- the statement --- */

static void
add_clause(struct buf *sql, const char *word, const struct buf *clause)
{
	if (clause->len == 0)
		return;
	buf_str(sql, word);
	buf_add(sql, clause->data, clause->len);
}

static int
make_statement(struct compile *c, struct parts *p, int64_t top)
{
	struct buf sql;
	int r;

	buf_init(&sql, QUERY_SQL_MAX);
	add_clause(&sql, p->once ? "SELECT DISTINCT " : "SELECT ", &p->list);
	r = make_from(c, &sql);
	add_clause(&sql, " WHERE ", &p->where_sql);
	add_clause(&sql, " GROUP BY ", &p->group_sql);
	add_clause(&sql, " ORDER BY ", &p->order_sql);
	buf_str(&sql, " LIMIT ?");
	c->q->cuts = top == 0;
	c->q->rows = top != 0 ? top : QUERY_ROWS_DEFAULT;
	value_int(c->q, c->q->rows + (c->q->cuts ? 1 : 0));
	if (r == 0 && sql.over)
		r = err_set(c->err, ERR_LIMIT, "the query is too large");
	c->q->sources = c->sources | 1u << c->target->source;
	c->q->sql = mem_dup(buf_text(&sql));
	buf_free(&sql);
	return r;
}

static int
read_clauses(struct compile *c, struct parts *p, const struct query_text *text)
{
	struct node here = {.kind = NODE_WORD, .at = 1};

	here.text = mem_dup(text->target != NULL ? text->target : "");
	c->clause = "target";
	c->target = table_find(c, &here, here.text);
	free(here.text);
	if (c->target == NULL ||
	    clause_read(c, "select", text->select, &p->select) == -1 ||
	    clause_read(c, "where", text->where, &p->where) == -1 ||
	    clause_read(c, "order", text->order, &p->order) == -1 ||
	    clause_read(c, "group", text->group, &p->group) == -1)
		return -1;
	return 0;
}

static int
make_all(struct compile *c, struct parts *p, const struct query_text *text)
{
	if (read_clauses(c, p, text) == -1 || clause_group(c, p) == -1 ||
	    clause_select(c, p, text) == -1)
		return -1;
	if (text->only != NULL && clause_only(c, p, text->only) == -1)
		return -1;
	if (make_where(c, p) == -1)
		return -1;
	add_only(c, p, text->only_is);
	if (clause_order(c, p) == -1)
		return -1;
	return make_statement(c, p, text->top != 0 ? text->top : p->top);
}

int
query_compile(const struct query_graph *g, const struct query_text *text,
    int64_t now_ms, struct query **ret_query, struct err *err)
{
	struct compile c = {.graph = g, .now_ms = now_ms, .err = err};
	struct parts p = {.top = 0};
	int r;

	assert(g->source_count <= 8 * sizeof(c.sources));
	c.q = mem_alloc(sizeof(*c.q));
	buf_init(&p.list, QUERY_SQL_MAX);
	buf_init(&p.where_sql, QUERY_SQL_MAX);
	buf_init(&p.group_sql, QUERY_SQL_MAX);
	buf_init(&p.order_sql, QUERY_SQL_MAX);
	r = make_all(&c, &p, text);
	sexp_free(p.select.root);
	sexp_free(p.where.root);
	sexp_free(p.order.root);
	sexp_free(p.group.root);
	buf_free(&p.list);
	buf_free(&p.where_sql);
	buf_free(&p.group_sql);
	buf_free(&p.order_sql);
	if (r == 0)
		*ret_query = c.q;
	else
		query_free(c.q);
	return r;
}
