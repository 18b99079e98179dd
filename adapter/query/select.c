/* What a row holds. */
#include <stdlib.h>

#include "clause_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

static int
output_add(
    struct compile *c, const struct node *node, const struct query_output *o)
{
	struct query *q = c->q;

	if (q->output_count == QUERY_COLUMNS_MAX) {
		free(o->name);
		return sexp_fail(c->clause, node->at, c->err,
		    "more than %d columns", QUERY_COLUMNS_MAX);
	}
	q->outputs =
	    mem_grow(q->outputs, q->output_count + 1, sizeof(*q->outputs));
	q->outputs[q->output_count++] = *o;
	return 0;
}

static int
select_term(struct compile *c, struct parts *p, const struct node *node,
    const struct term *t)
{
	struct query_output o;

	clause_comma(&p->list);
	term_sql(&p->list, t);
	term_output(t, &o);
	return output_add(c, node, &o);
}

static int
select_top(struct compile *c, struct parts *p, const struct node *node)
{
	const struct node *n = node->child->next;

	if (n == NULL || n->next != NULL || n->kind != NODE_NUMBER ||
	    n->number < 1 || n->number > QUERY_ROWS_MAX)
		return sexp_fail(c->clause, node->at, c->err,
		    "wanted (top N), N from 1 to %d", QUERY_ROWS_MAX);
	p->top = n->number;
	return 0;
}

static int
select_item(struct compile *c, struct parts *p, const struct node *node)
{
	const char *head = sexp_head(node);
	struct term t;

	if (head != NULL && str_ieq(head, "top"))
		return select_top(c, p, node);
	if (term_read(c, node, &t) == -1 ||
	    clause_check_grouped(c, p, node, &t) == -1)
		return -1;
	return select_term(c, p, node, &t);
}

/* All columns of a table. */
static int
select_table(
    struct compile *c, struct parts *p, const struct query_table *table)
{
	const struct node here = {.at = 1};
	struct term t = {.table = table};
	size_t i;

	c->sources |= 1u << table->source;
	for (i = 0; i < table->count; i++) {
		t.column = &table->columns[i];
		if (select_term(c, p, &here, &t) == -1)
			return -1;
	}
	return 0;
}

/* The groups, and how many are in each. */
static int
select_groups(struct compile *c, struct parts *p)
{
	struct query_output o = {.type = QUERY_INT, .made = QUERY_MADE_OVER};
	const struct node *node;
	struct term t;

	for (node = p->group.items; node != NULL; node = node->next)
		if (term_read(c, node, &t) == -1 ||
		    select_term(c, p, node, &t) == -1)
			return -1;
	clause_comma(&p->list);
	buf_str(&p->list, "count(*)");
	o.name = mem_dup("count");
	return output_add(c, p->group.items, &o);
}

/* Sources that "*" stands for, a bit each: those whose relations do not want to
 * be named. */
static unsigned
near_sources(const struct query_graph *g, unsigned source)
{
	unsigned near = 1u << source, before = 0;
	const struct query_relation *r;
	size_t i;

	while (near != before) {
		before = near;
		for (i = 0; i < g->relation_count; i++) {
			r = &g->relations[i];
			if ((near >> r->a & 1u) != 0)
				near |= 1u << r->b;
			else if ((near >> r->b & 1u) != 0 && !r->named)
				near |= 1u << r->a;
		}
	}
	return near;
}

static int
select_others(struct compile *c, struct parts *p)
{
	const struct query_graph *g = c->graph;
	unsigned near = near_sources(g, c->target->source);
	size_t i;

	for (i = 0; i < g->table_count; i++)
		if (&g->tables[i] != c->target &&
		    (near >> g->tables[i].source & 1u) != 0 &&
		    select_table(c, p, &g->tables[i]) == -1)
			return -1;
	return 0;
}

/* Other tables whose columns are wanted as well. */
static int
select_joined(struct compile *c, struct parts *p, const char *join)
{
	const struct query_table *table;
	const struct node *node;
	struct clause names;
	int r;

	r = clause_read(c, "joinTables", join, &names);
	for (node = names.items; r == 0 && node != NULL; node = node->next) {
		if (str_eq(node->text, "*")) {
			r = select_others(c, p);
			continue;
		}
		table =
		    table_find(c, node, node->text != NULL ? node->text : "");
		if (table == NULL)
			r = -1;
		else if (table != c->target)
			r = select_table(c, p, table);
	}
	sexp_free(names.root);
	return r;
}

int
clause_select(struct compile *c, struct parts *p, const struct query_text *text)
{
	const struct node *node;

	c->clause = "select";
	for (node = p->select.items; node != NULL; node = node->next)
		p->aggregates = p->aggregates || term_is_over(node);
	for (node = p->select.items; node != NULL; node = node->next)
		if (select_item(c, p, node) == -1)
			return -1;
	if (c->q->output_count > 0)
		return 0;
	if (p->grouped)
		return select_groups(c, p);
	if (select_table(c, p, c->target) == -1)
		return -1;
	return select_joined(c, p, text->join);
}

int
clause_only(struct compile *c, struct parts *p, const char *name)
{
	struct node node = {.kind = NODE_WORD, .at = 1};
	struct term t;
	size_t i;
	int r;

	if (p->grouped || p->aggregates)
		return err_set(c->err, ERR_INVALID,
		    "rows of groups are no rows of %s", c->target->name);
	for (i = 0; i < c->q->output_count; i++)
		free(c->q->outputs[i].name);
	c->q->output_count = 0;
	p->once = true;
	buf_reset(&p->list);
	node.text = mem_dup(name);
	r = term_read(c, &node, &t);
	if (r == 0)
		r = select_term(c, p, &node, &t);
	if (r == 0)
		p->only = t.column;
	free(node.text);
	return r;
}
