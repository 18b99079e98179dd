/* Tables, columns and types by name; and what a compiled query holds. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "query_internal.h"
#include "str.h"

/* --- what is declared --- */

static const char *const type_names[] = {[QUERY_TEXT] = "string",
    [QUERY_INT] = "int",
    [QUERY_BOOL] = "boolean",
    [QUERY_TIME] = "timestamp",
    [QUERY_LIST] = "list",
    [QUERY_STATE] = "enum",
    [QUERY_TAGS] = "applied_tags",
    [QUERY_GROUP] = "group",
    [QUERY_VERSION] = "productVersion",
    [QUERY_IPV4] = "ipv4",
    [QUERY_IPV6] = "ipv6"};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == QUERY_TYPE_COUNT,
    "a name for each");

const char *
query_type_name(enum query_type type)
{
	return type_names[type];
}

bool
query_type_is_text(enum query_type type)
{
	switch (type) {
	case QUERY_TEXT:
	case QUERY_LIST:
	case QUERY_TAGS:
	case QUERY_VERSION:
	case QUERY_IPV4:
	case QUERY_IPV6:
		return true;
	case QUERY_INT:
	case QUERY_BOOL:
	case QUERY_TIME:
	case QUERY_STATE:
	case QUERY_GROUP:
	case QUERY_TYPE_COUNT:
		break;
	}
	return false;
}

bool
column_keyed(const struct query_column *column)
{
	return column->key != NULL;
}

const struct query_table *
query_table(const struct query_graph *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->table_count; i++)
		if (str_ieq(g->tables[i].name, name))
			return &g->tables[i];
	return NULL;
}

/* A name a person may have mistyped: those that are near, or all there are. */
static int
fail_name(struct compile *c, const struct node *node, const char *what,
    const char *word, const char *const *names, size_t count)
{
	char *near = str_near(word, names, count), *all = NULL, *longer;
	char shown[4 * SHOWN_MAX];
	size_t i;

	for (i = 0; near == NULL && i < count && i < 5; i++) {
		longer = mem_printf("%s%s%s", all != NULL ? all : "",
		    all != NULL ? ", " : "", names[i]);
		free(all);
		all = longer;
	}
	(void)sexp_fail(c->clause, node->at, c->err, "no %s %s; %s%s%s", what,
	    sexp_shown(node, shown), near != NULL ? "near: " : "there are ",
	    near != NULL ? near : all,
	    near == NULL && count > 5 ? ", ..." : "");
	free(all);
	free(near);
	return -1;
}

const struct query_table *
table_find(struct compile *c, const struct node *node, const char *name)
{
	const struct query_table *table = query_table(c->graph, name);
	const char **names;
	size_t i;

	if (table != NULL)
		return table;
	names = mem_array(c->graph->table_count, sizeof(*names));
	for (i = 0; i < c->graph->table_count; i++)
		names[i] = c->graph->tables[i].name;
	(void)fail_name(
	    c, node, "table in", name, names, c->graph->table_count);
	free(names);
	return NULL;
}

static int
fail_column(struct compile *c, const struct node *node,
    const struct query_table *table, const char *word)
{
	const char **names = mem_array(table->count, sizeof(*names));
	char *what = mem_printf("column of %s in", table->name);
	size_t i;

	for (i = 0; i < table->count; i++)
		names[i] = table->columns[i].name;
	(void)fail_name(c, node, what, word, names, table->count);
	free(what);
	free(names);
	return -1;
}

int
column_find(struct compile *c, const struct node *node,
    const struct query_table **ret_table, const struct query_column **ret)
{
	const struct query_table *table = c->target;
	const char *dot, *word;
	char *name;
	size_t i;

	if (node->kind == NODE_LIST)
		return sexp_fail(
		    c->clause, node->at, c->err, "wanted a column");
	word = node->text;
	dot = strchr(word, '.');
	if (dot != NULL) {
		name = mem_dup_len(word, (size_t)(dot - word));
		table = table_find(c, node, name);
		free(name);
		word = dot + 1;
	}
	if (table == NULL)
		return -1;
	for (i = 0; i < table->count; i++)
		if (str_ieq(table->columns[i].name, word)) {
			c->sources |= 1u << table->source;
			*ret_table = table;
			*ret = &table->columns[i];
			return 0;
		}
	return fail_column(c, node, table, word);
}

void
column_sql(struct buf *out, const struct query_column *column)
{
	if (column->given == NULL) {
		buf_str(out, column->sql);
		return;
	}
	buf_str(out, "CASE WHEN ");
	buf_str(out, column->given);
	buf_str(out, " THEN ");
	buf_str(out, column->sql);
	buf_str(out, " END");
}

/* --- what comes of it --- */

static struct query_value *
value_new(struct query *q)
{
	if (q->value_count == q->value_room) {
		q->value_room = 2 * q->value_room + 8;
		q->values =
		    mem_grow(q->values, q->value_room, sizeof(*q->values));
	}
	return &q->values[q->value_count++];
}

void
value_text(struct query *q, const char *text)
{
	struct query_value *v = value_new(q);

	v->text = mem_dup(text);
	v->number = 0;
}

void
value_int(struct query *q, int64_t number)
{
	struct query_value *v = value_new(q);

	v->text = NULL;
	v->number = number;
}

void
query_free(struct query *q)
{
	size_t i;

	if (q == NULL)
		return;
	for (i = 0; i < q->value_count; i++)
		free(q->values[i].text);
	for (i = 0; i < q->output_count; i++)
		free(q->outputs[i].name);
	free(q->values);
	free(q->outputs);
	free(q->sql);
	free(q);
}

const char *
query_sql(const struct query *q)
{
	return q->sql;
}

unsigned
query_sources(const struct query *q)
{
	return q->sources;
}

const struct query_value *
query_values(const struct query *q, size_t *ret_n)
{
	*ret_n = q->value_count;
	return q->values;
}

const struct query_output *
query_outputs(const struct query *q, size_t *ret_n)
{
	*ret_n = q->output_count;
	return q->outputs;
}

int64_t
query_rows(const struct query *q, bool *ret_cuts)
{
	*ret_cuts = q->cuts;
	return q->rows;
}
