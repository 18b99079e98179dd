/* Groups and order. */
#include "clause_internal.h"
#include "str.h"

static int
check_count(struct compile *c, const struct node *node)
{
	size_t i;

	for (i = 0; node != NULL && i < QUERY_COLUMNS_MAX; i++)
		node = node->next;
	return node == NULL ? 0
			    : sexp_fail(c->clause, node->at, c->err,
				  "more than %d columns", QUERY_COLUMNS_MAX);
}

int
clause_group(struct compile *c, struct parts *p)
{
	const struct node *node;
	struct term t;

	c->clause = "group";
	if (check_count(c, p->group.items) == -1)
		return -1;
	for (node = p->group.items; node != NULL; node = node->next) {
		if (term_read(c, node, &t) == -1)
			return -1;
		if (t.made == QUERY_MADE_OVER)
			return sexp_fail(c->clause, node->at, c->err,
			    "groups are made of columns, or of parts of times "
			    "such as (month COLUMN)");
		clause_comma(&p->group_sql);
		term_sql(&p->group_sql, &t);
	}
	p->grouped = p->group.items != NULL;
	return 0;
}

/* Is it one of those that make the groups, or a part of one? */
static bool
in_group(struct compile *c, const struct parts *p, const struct term *t)
{
	const struct node *node;
	struct term other;

	for (node = p->group.items; node != NULL; node = node->next)
		if (term_read(c, node, &other) == 0 &&
		    other.column == t->column &&
		    (other.function == NULL || other.function == t->function))
			return true;
	return false;
}

int
clause_check_grouped(struct compile *c, const struct parts *p,
    const struct node *node, const struct term *t)
{
	if ((!p->grouped && !p->aggregates) || t->made == QUERY_MADE_OVER ||
	    in_group(c, p, t))
		return 0;
	return sexp_fail(c->clause, node->at, c->err,
	    "%s differs within a group: put it into (group ...), or take "
	    "(min ...) or (max ...) of it",
	    t->column->name);
}

static bool
is_one_of(const char *word, const char *a, const char *b)
{
	return word != NULL && (str_ieq(word, a) || str_ieq(word, b));
}

static int
order_item(struct compile *c, struct parts *p, const struct node *node)
{
	const char *head = sexp_head(node);
	const struct node *key = node;
	bool down = is_one_of(head, "desc", "za");
	struct term t;

	if (down || is_one_of(head, "asc", "az")) {
		key = node->child->next;
		if (sexp_count(key) != 1)
			return sexp_fail(c->clause, node->at, c->err,
			    "wanted (asc COLUMN) or (desc COLUMN)");
	}
	if (term_read(c, key, &t) == -1 ||
	    clause_check_grouped(c, p, key, &t) == -1)
		return -1;
	clause_comma(&p->order_sql);
	term_order_sql(&p->order_sql, &t, p->grouped || p->aggregates);
	buf_str(&p->order_sql, down ? " DESC" : "");
	return 0;
}

int
clause_order(struct compile *c, struct parts *p)
{
	const struct node *node;

	c->clause = "order";
	if (check_count(c, p->order.items) == -1)
		return -1;
	for (node = p->order.items; node != NULL; node = node->next)
		if (order_item(c, p, node) == -1)
			return -1;
	return 0;
}
