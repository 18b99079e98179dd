/* The outer form of clauses. */
#include "clause_internal.h"
#include "str.h"

int
clause_read(
    struct compile *c, const char *name, const char *text, struct clause *ret)
{
	const struct node *first;
	const char *head;

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
	head = sexp_head(first);
	if (first->child == NULL && first->next == NULL) {
		ret->items = NULL;
	} else if (head != NULL && str_ieq(head, name)) {
		ret->items = first->child->next;
		if (first->next != NULL)
			return sexp_fail(name, first->next->at, c->err,
			    "something behind the (%s ...)", name);
	}
	return 0;
}

void
clause_comma(struct buf *out)
{
	if (out->len > 0)
		buf_str(out, ", ");
}
