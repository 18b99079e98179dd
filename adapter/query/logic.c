/*
 * and, or, not.  SQLite's parser holds what is open on a stack of a hundred
 * places: a parenthesis in front takes one of them, what stands right of an
 * AND three.  So that all depths we allow can be asked, the deepest condition
 * stands first and "not" behind what it is about; many stand in a balanced
 * tree, since the depth of expressions is limited, too.
 */
#include <stdlib.h>
#include <string.h>

#include "condition_internal.h"
#include "mem.h"

#define LEFT 1	/* places: of what stands there in parentheses */
#define RIGHT 3 /* and behind an AND or OR */

/* A condition among others. */
struct part {
	const struct node *node;
	size_t places;
};

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* As make_tree() writes them. */
static size_t
tree_places(const struct part *parts, size_t n)
{
	if (n == 1)
		return parts[0].places;
	return larger(LEFT + tree_places(parts, n / 2),
	    RIGHT + tree_places(parts + n / 2, n - n / 2));
}

/* This condition and those behind it, the deepest of them first; given. */
static struct part *
take_parts(const struct node *node, size_t *ret_n)
{
	struct part *parts = mem_array(sexp_count(node), sizeof(*parts)), first;
	size_t n, deepest = 0;

	for (n = 0; node != NULL; n++, node = node->next) {
		parts[n] = (struct part){node, cond_places(node)};
		if (parts[n].places > parts[deepest].places)
			deepest = n;
	}
	first = parts[deepest];
	memmove(parts + 1, parts, deepest * sizeof(*parts));
	parts[0] = first;
	*ret_n = n;
	return parts;
}

/* "not" of what begins with a NOT of its own stands behind a parenthesis. */
static bool
needs_parens(const struct node *node)
{
	const struct op *op = cond_op_named(sexp_head(node));

	while (op != NULL && op->form == OP_LOGIC) {
		node = node->child->next;
		if (op->contrary || sexp_count(node) != 1)
			return false;
		op = cond_op_named(sexp_head(node)); /* (and X) is X */
	}
	return op != NULL && op->contrary;
}

size_t
cond_places(const struct node *node)
{
	const struct op *op = cond_op_named(sexp_head(node));
	struct part *parts;
	size_t n, ret;

	if (op == NULL || op->form != OP_LOGIC || node->child->next == NULL)
		return 0;
	node = node->child->next;
	if (op->contrary)
		return cond_places(node) + (needs_parens(node) ? LEFT : 0);
	parts = take_parts(node, &n);
	ret = n == 1 ? parts[0].places
		     : larger(LEFT + parts[0].places,
			   RIGHT + tree_places(parts + 1, n - 1));
	free(parts);
	return ret;
}

static int
make_tree(
    struct compile *c, const char *sql, const struct part *parts, size_t n)
{
	if (n == 1)
		return condition_make(c, parts[0].node);
	buf_str(&c->sql, "(");
	if (make_tree(c, sql, parts, n / 2) == -1)
		return -1;
	buf_str(&c->sql, sql);
	if (make_tree(c, sql, parts + n / 2, n - n / 2) == -1)
		return -1;
	buf_str(&c->sql, ")");
	return 0;
}

static int
make_all(struct compile *c, const char *sql, const struct node *node)
{
	size_t n;
	struct part *parts = take_parts(node, &n);
	int r;

	buf_str(&c->sql, n == 1 ? "" : "(");
	r = condition_make(c, parts[0].node);
	if (r == 0 && n > 1) {
		buf_str(&c->sql, sql);
		r = make_tree(c, sql, parts + 1, n - 1);
		buf_str(&c->sql, ")");
	}
	free(parts);
	return r;
}

int
cond_logic(struct compile *c, const struct op *op, const struct node *head)
{
	const struct node *node = head->next;
	size_t n = sexp_count(node);
	bool parens;

	if (n < op->min || n > op->max)
		return sexp_fail(c->clause, head->at, c->err, "wanted (%s %s)",
		    op->shown.name, op->shown.args);
	if (!op->contrary)
		return make_all(c, op->sql, node);
	parens = needs_parens(node);
	buf_str(&c->sql, parens ? "(" : "");
	if (condition_make(c, node) == -1)
		return -1;
	buf_str(&c->sql, parens ? ") IS NOT TRUE" : " IS NOT TRUE");
	return 0;
}
