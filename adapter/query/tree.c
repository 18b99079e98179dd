/* Conditions about tags and the tree of groups. */
#include <stdlib.h>

#include "condition_internal.h"

/* So many stand side by side, and so many of these: the depth of an expression
 * in SQL is limited, and each OR of a row is one deeper. */
#define ROW 64

/* Before the one at this place; "(" and ")" around all are the caller's. */
static const char *
between(size_t at)
{
	if (at == 0)
		return "(";
	return at % ROW == 0 ? ") OR (" : " OR ";
}

static int
add_tag(const struct cond *d, const struct node *node)
{
	const struct query_graph *g = d->c->graph;
	const char *key = g->tag_by_name;
	char *text;

	if (d->op->form == OP_TAG_CONTAINS)
		key = g->tag_containing;
	else if (node->kind == NODE_NUMBER)
		key = g->tag_by_id;
	cond_add(d,
	    d->op->form == OP_TAG_EXCLUDED ? g->tag_excluded : g->tag_applied);
	buf_printf(&d->c->sql, " AND %s)", key);
	if (key == g->tag_by_id) {
		value_int(d->c->q, node->number);
		return 0;
	}
	text = literal_text(d, node);
	if (text == NULL)
		return -1;
	value_text(d->c->q, text);
	free(text);
	return 0;
}

int
cond_tags(const struct cond *d)
{
	const struct node *node = d->args;
	size_t at;

	if (node == NULL || node->next == NULL) {
		if (node != NULL)
			return add_tag(d, node);
		cond_add(d, d->c->graph->tag_applied);
		cond_add(d, ")");
		return 0;
	}
	for (at = 0; node != NULL; at++, node = node->next) {
		cond_add(d, between(at));
		if (add_tag(d, node) == -1)
			return -1;
	}
	cond_add(d, ")");
	return 0;
}

int
cond_below(const struct cond *d)
{
	const struct node *node = d->args;
	bool many = node->next != NULL;
	size_t at;
	int64_t id;

	for (at = 0; node != NULL; at++, node = node->next) {
		if (literal_number(d, node, "the number of a group", &id) == -1)
			return -1;
		cond_add(d, many ? between(at) : "");
		cond_column(d);
		buf_printf(&d->c->sql, " IN (%s)", d->c->graph->group_below);
		value_int(d->c->q, id);
	}
	cond_add(d, many ? ")" : "");
	return 0;
}
