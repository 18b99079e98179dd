/* A whole query: tables and columns by name, clauses, joins, statement. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "query_internal.h"
#include "str.h"

#define SQL_MAX ((size_t)1024 * 1024)

/* --- clauses --- */

/* A clause read, and the items behind its outer word if that is there. */
struct clause {
	struct node *root;
	const struct node *items; /* NULL: nothing was said */
};

static int
clause_read(
    struct compile *c, const char *name, const char *text, struct clause *ret)
{
	const struct node *first;

	ret->root = NULL;
	ret->items = NULL;
	c->clause = name;
	if (text == NULL)
		return 0;
	if (sexp_parse(name, text, &ret->root, c->err) == -1)
		return -1;
	ret->items = first = ret->root->child;
	if (first == NULL || first->kind != NODE_LIST)
		return 0;
	if (first->child == NULL && first->next == NULL)
		ret->items = NULL;
	else if (first->child != NULL && first->child->kind == NODE_WORD &&
	    str_ieq(first->child->text, name)) {
		ret->items = first->child->next;
		if (first->next != NULL)
			return sexp_fail(name, first->next->at, c->err,
			    "something behind the (%s ...)", name);
	}
	return 0;
}

/* The parts of the statement. */
struct parts {
	struct clause select, where, order, group;
	struct buf list, where_sql, group_sql, order_sql;
	bool grouped, aggregates;
	int64_t top;
};

static bool
is_aggregate(const struct node *node)
{
	static const char *const words[] = {
	    "count", "min", "max", "sum", "avg"};
	size_t i;

	if (node->kind != NODE_LIST || node->child == NULL ||
	    node->child->kind != NODE_WORD)
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_ieq(words[i], node->child->text))
			return true;
	return false;
}

/* Is the column one of those that make the groups? */
static bool
in_group(
    struct compile *c, const struct parts *p, const struct query_column *column)
{
	const struct query_table *table;
	const struct query_column *other;
	const struct node *node;

	for (node = p->group.items; node != NULL; node = node->next)
		if (column_find(c, node, &table, &other) == 0 &&
		    other == column)
			return true;
	return false;
}

static int
check_grouped(struct compile *c, const struct parts *p, const struct node *node,
    const struct query_column *column)
{
	if ((!p->grouped && !p->aggregates) || in_group(c, p, column))
		return 0;
	return sexp_fail(c->clause, node->at, c->err,
	    "%s differs within a group: put it into (group ...), or take "
	    "(min ...) or (max ...) of it",
	    column->name);
}

/* "count(*)", "min(x)" into out, and what is to be known of it. */
static int
aggregate_sql(struct compile *c, const struct node *node, struct buf *out,
    struct query_output *ret)
{
	const struct node *head = node->child, *arg = head->next;
	const struct query_table *table;
	const struct query_column *column;
	bool count = str_ieq(head->text, "count");
	bool adds = str_ieq(head->text, "sum") || str_ieq(head->text, "avg");
	char *word;

	ret->type = QUERY_INT;
	ret->column = NULL;
	if (count && arg == NULL) {
		ret->name = mem_dup("count");
		buf_str(out, "count(*)");
		return 0;
	}
	if (arg == NULL || arg->next != NULL)
		return sexp_fail(c->clause, node->at, c->err,
		    "wanted (%s COLUMN)", count ? "count" : "min");
	if (column_find(c, arg, &table, &column) == -1)
		return -1;
	if (adds && column->type != QUERY_INT)
		return sexp_fail(c->clause, arg->at, c->err,
		    "%s is of type %s, and sums are made of int", column->name,
		    query_type_name(column->type));
	if (!count)
		ret->type = column->type;
	word = str_lower(mem_dup(head->text));
	ret->name = mem_printf("%s(%s.%s)", word, table->name, column->name);
	/* An average is a whole number here, as its column is. */
	buf_printf(out, "%s%s(", str_eq(word, "avg") ? "CAST(" : "", word);
	column_sql(out, column);
	buf_str(out, str_eq(word, "avg") ? ") AS INTEGER)" : ")");
	free(word);
	return 0;
}

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

static void
comma(struct buf *out)
{
	if (out->len > 0)
		buf_str(out, ", ");
}

static int
output_column(struct compile *c, struct parts *p, const struct node *node,
    const struct query_table *table, const struct query_column *column)
{
	struct query_output o = {.type = column->type, .column = column};

	c->sources |= 1u << table->source;
	o.name = mem_printf("%s.%s", table->name, column->name);
	comma(&p->list);
	column_sql(&p->list, column);
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
	const struct query_table *table;
	const struct query_column *column;
	struct query_output o;

	if (node->kind == NODE_LIST && node->child != NULL &&
	    node->child->text != NULL && str_ieq(node->child->text, "top"))
		return select_top(c, p, node);
	if (is_aggregate(node)) {
		comma(&p->list);
		if (aggregate_sql(c, node, &p->list, &o) == -1)
			return -1;
		return output_add(c, node, &o);
	}
	if (node->kind == NODE_LIST)
		return sexp_fail(c->clause, node->at, c->err,
		    "wanted a column, (top N), (count), or min, max, sum or "
		    "avg of a column");
	if (column_find(c, node, &table, &column) == -1 ||
	    check_grouped(c, p, node, column) == -1)
		return -1;
	return output_column(c, p, node, table, column);
}

static int
select_table(
    struct compile *c, struct parts *p, const struct query_table *table)
{
	const struct node here = {.at = 1};
	size_t i;

	for (i = 0; i < table->count; i++)
		if (output_column(c, p, &here, table, &table->columns[i]) == -1)
			return -1;
	return 0;
}

/* The groups, and how many are in each. */
static int
select_groups(struct compile *c, struct parts *p)
{
	const struct query_table *table;
	const struct query_column *column;
	struct query_output o = {.type = QUERY_INT};
	const struct node *node;

	for (node = p->group.items; node != NULL; node = node->next)
		if (column_find(c, node, &table, &column) == -1 ||
		    output_column(c, p, node, table, column) == -1)
			return -1;
	comma(&p->list);
	buf_str(&p->list, "count(*)");
	o.name = mem_dup("count");
	return output_add(c, p->group.items, &o);
}

/* Other tables whose columns are wanted as well. */
static int
select_joined(struct compile *c, struct parts *p, const char *join)
{
	const struct query_table *table;
	const struct node *node;
	struct clause names;
	size_t i;
	int r;

	r = clause_read(c, "joinTables", join, &names);
	for (node = names.items; r == 0 && node != NULL; node = node->next) {
		for (i = 0; r == 0 && str_eq(node->text, "*") &&
		     i < c->graph->table_count;
		     i++)
			if (&c->graph->tables[i] != c->target)
				r = select_table(c, p, &c->graph->tables[i]);
		if (str_eq(node->text, "*"))
			continue;
		table =
		    table_find(c, node, node->text != NULL ? node->text : "");
		r = table == NULL	 ? -1
		    : table == c->target ? 0
					 : select_table(c, p, table);
	}
	sexp_free(names.root);
	return r;
}

static int
make_select(struct compile *c, struct parts *p, const struct query_text *text)
{
	const struct node *node;
	bool any = false;

	c->clause = "select";
	for (node = p->select.items; node != NULL; node = node->next)
		if (is_aggregate(node))
			p->aggregates = true;
	for (node = p->select.items; node != NULL; node = node->next)
		if (select_item(c, p, node) == -1)
			return -1;
	any = c->q->output_count > 0;
	if (!any && p->grouped)
		return select_groups(c, p);
	if (!any && select_table(c, p, c->target) == -1)
		return -1;
	return any ? 0 : select_joined(c, p, text->join);
}

/* One column in place of all that were selected. */
static int
make_only(struct compile *c, struct parts *p, const char *name)
{
	struct node node = {.kind = NODE_WORD, .at = 1};
	const struct query_table *table;
	const struct query_column *column;
	size_t i;
	int r;

	if (p->grouped || p->aggregates)
		return err_set(c->err, ERR_INVALID,
		    "rows of groups are no rows of %s", c->target->name);
	for (i = 0; i < c->q->output_count; i++)
		free(c->q->outputs[i].name);
	c->q->output_count = 0;
	buf_reset(&p->list);
	node.text = mem_dup(name);
	r = column_find(c, &node, &table, &column);
	if (r == 0)
		r = output_column(c, p, &node, table, column);
	free(node.text);
	return r;
}

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
	buf_init(&c->sql, SQL_MAX);
	r = condition_make(c, p->where.items);
	if (r == 0 && c->sql.over)
		r = err_set(c->err, ERR_LIMIT, "the condition is too large");
	if (r == 0)
		buf_str(&p->where_sql, buf_text(&c->sql));
	buf_free(&c->sql);
	return r;
}

static int
make_group(struct compile *c, struct parts *p)
{
	const struct query_table *table;
	const struct query_column *column;
	const struct node *node;

	c->clause = "group";
	for (node = p->group.items; node != NULL; node = node->next) {
		if (column_find(c, node, &table, &column) == -1)
			return -1;
		comma(&p->group_sql);
		column_sql(&p->group_sql, column);
	}
	p->grouped = p->group.items != NULL;
	return 0;
}

static int
order_item(struct compile *c, struct parts *p, const struct node *node)
{
	const struct query_table *table;
	const struct query_column *column;
	const struct node *key = node;
	const char *down = "";
	struct query_output o = {.name = NULL};
	int r;

	if (node->kind == NODE_LIST && !is_aggregate(node)) {
		key = node->child;
		if (sexp_count(key) != 2 || key->kind != NODE_WORD ||
		    (!str_ieq(key->text, "asc") && !str_ieq(key->text, "az") &&
			!str_ieq(key->text, "desc") &&
			!str_ieq(key->text, "za")))
			return sexp_fail(c->clause, node->at, c->err,
			    "wanted (asc COLUMN) or (desc COLUMN)");
		if (str_ieq(key->text, "desc") || str_ieq(key->text, "za"))
			down = " DESC";
		key = key->next;
	}
	comma(&p->order_sql);
	if (is_aggregate(key)) {
		r = aggregate_sql(c, key, &p->order_sql, &o);
		free(o.name);
		buf_str(&p->order_sql, down);
		return r;
	}
	if (column_find(c, key, &table, &column) == -1 ||
	    check_grouped(c, p, key, column) == -1)
		return -1;
	column_sql(&p->order_sql, column);
	if (column->type == QUERY_TEXT)
		buf_str(&p->order_sql, " COLLATE NOCASE");
	buf_str(&p->order_sql, down);
	return 0;
}

static int
make_order(struct compile *c, struct parts *p)
{
	const struct node *node;

	c->clause = "order";
	for (node = p->order.items; node != NULL; node = node->next)
		if (order_item(c, p, node) == -1)
			return -1;
	return 0;
}

/* --- the statement --- */

/* The relation that leads from what is joined to a source that is not. */
static const struct query_relation *
next_relation(const struct query_graph *g, unsigned joined, unsigned *ret_to)
{
	const struct query_relation *r;
	size_t i;

	for (i = 0; i < g->relation_count; i++) {
		r = &g->relations[i];
		if (((joined >> r->a) & 1u) == ((joined >> r->b) & 1u))
			continue;
		*ret_to = ((joined >> r->a) & 1u) != 0 ? r->b : r->a;
		return r;
	}
	return NULL;
}

/* Outer joins, so that a row of the target never gets lost. */
static int
make_from(struct compile *c, struct buf *sql)
{
	const struct query_relation *r;
	unsigned joined = 1u << c->target->source, to = 0;

	buf_printf(sql, " FROM %s", c->graph->sources[c->target->source]);
	while ((c->sources & ~joined) != 0) {
		r = next_relation(c->graph, joined, &to);
		if (r == NULL)
			return err_set(c->err, ERR_INVALID,
			    "a table is not related to %s", c->target->name);
		buf_printf(
		    sql, " LEFT JOIN %s ON %s", c->graph->sources[to], r->on);
		joined |= 1u << to;
	}
	return 0;
}

static int
make_statement(struct compile *c, struct parts *p, int64_t top)
{
	struct buf sql;
	int r;

	buf_init(&sql, SQL_MAX);
	buf_printf(&sql, "SELECT %s", buf_text(&p->list));
	r = make_from(c, &sql);
	if (p->where_sql.len > 0)
		buf_printf(&sql, " WHERE %s", buf_text(&p->where_sql));
	if (p->group_sql.len > 0)
		buf_printf(&sql, " GROUP BY %s", buf_text(&p->group_sql));
	if (p->order_sql.len > 0)
		buf_printf(&sql, " ORDER BY %s", buf_text(&p->order_sql));
	buf_str(&sql, " LIMIT ?");
	c->q->cuts = top == 0;
	c->q->rows = top != 0 ? top : QUERY_ROWS_DEFAULT;
	value_int(c->q, c->q->rows + (c->q->cuts ? 1 : 0));
	if (r == 0 && sql.over)
		r = err_set(c->err, ERR_LIMIT, "the query is too large");
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
	if (read_clauses(c, p, text) == -1 || make_group(c, p) == -1 ||
	    make_select(c, p, text) == -1)
		return -1;
	if (text->only != NULL && make_only(c, p, text->only) == -1)
		return -1;
	if (make_where(c, p) == -1 || make_order(c, p) == -1)
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
	buf_init(&p.list, SQL_MAX);
	buf_init(&p.where_sql, SQL_MAX);
	buf_init(&p.group_sql, SQL_MAX);
	buf_init(&p.order_sql, SQL_MAX);
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
