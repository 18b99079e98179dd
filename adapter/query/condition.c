/*
 * Conditions as a whole: and, or, not, and one operator over a column.  What is
 * not known makes a condition false; a contrary is "NOT coalesce(..., 0)", or
 * behind it "IS NOT TRUE" (logic.c), so that it is true then.
 */
#include "condition_internal.h"

#define TYPES_MAX 256

static int
make_form(const struct cond *d)
{
	switch (d->op->form) {
	case OP_COMPARE:
		return cond_compare(d);
	case OP_IN:
	case OP_CHILD:
		return cond_in(d);
	case OP_BETWEEN:
		return cond_between(d);
	case OP_SUBNET:
		return cond_subnet(d);
	case OP_BLANK:
		cond_blank(d);
		return 0;
	case OP_STARTS:
	case OP_ENDS:
	case OP_CONTAINS:
		return cond_part(d);
	case OP_OLDER:
	case OP_NEWER:
	case OP_NEWER_FULL:
		return cond_age(d);
	case OP_TAG_APPLIED:
	case OP_TAG_CONTAINS:
	case OP_TAG_EXCLUDED:
		return cond_tags(d);
	case OP_BELOW:
		return cond_below(d);
	case OP_LOGIC:
		break;
	}
	return -1; /* not reached */
}

static int
fail_types(const struct cond *d, const struct node *node)
{
	struct buf types;
	size_t i;

	buf_init(&types, TYPES_MAX);
	for (i = 0; i < QUERY_TYPE_COUNT; i++)
		if ((d->op->types & (1u << i)) != 0)
			buf_printf(&types, "%s%s", types.len == 0 ? "" : ", ",
			    query_type_name((enum query_type)i));
	(void)sexp_fail(d->c->clause, node->at, d->c->err,
	    "%s is of type %s, and %s takes %s", d->column->name,
	    query_type_name(d->column->type), d->op->shown.name,
	    buf_text(&types));
	buf_free(&types);
	return -1;
}

static int
make_atom(struct compile *c, const struct op *op, const struct node *head)
{
	struct cond d = {.c = c, .op = op};
	const struct query_table *table;
	const struct node *column = head->next;
	size_t n = sexp_count(column);
	bool given;

	if (n < op->min + 1 || n - 1 > op->max)
		return sexp_fail(c->clause, head->at, c->err, "wanted (%s %s)",
		    op->shown.name, op->shown.args);
	if (column_find(c, column, &table, &d.column) == -1)
		return -1;
	d.args = column->next;
	if ((op->types & (1u << d.column->type)) == 0)
		return fail_types(&d, column);
	given = d.column->given != NULL && op->form != OP_BLANK;
	cond_add(&d, op->contrary ? "NOT coalesce((" : "(");
	if (given) {
		cond_add(&d, d.column->given);
		cond_add(&d, " AND (");
	}
	if (make_form(&d) == -1)
		return -1;
	cond_add(&d, given ? "))" : ")");
	cond_add(&d, op->contrary ? ", 0)" : "");
	return 0;
}

int
condition_make(struct compile *c, const struct node *node)
{
	const struct op *op;

	if (sexp_head(node) == NULL)
		return sexp_fail(c->clause, node->at, c->err,
		    "wanted a condition such as (eq COLUMN VALUE)");
	op = cond_op(c, node->child);
	if (op == NULL)
		return -1;
	return op->form == OP_LOGIC ? cond_logic(c, op, node->child)
				    : make_atom(c, op, node->child);
}
