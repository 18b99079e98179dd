/* Conditions that compare a column with values, or with nothing. */
#include <stdlib.h>

#include "condition_internal.h"
#include "str.h"

void
cond_add(const struct cond *d, const char *sql)
{
	buf_str(&d->c->sql, sql);
}

void
cond_column(const struct cond *d)
{
	bool text = query_type_is_text(d->column->type);

	cond_add(d, text ? "lower(" : "");
	cond_add(d, d->column->sql);
	cond_add(d, text ? ")" : "");
}

/* The same, or its key. */
static void
add_compared(const struct cond *d)
{
	if (column_keyed(d->column))
		cond_add(d, d->column->key);
	else
		cond_column(d);
}

/* --- times --- */

static int64_t
floor_seconds(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

/* Columns are whole seconds: the comparison with milliseconds that holds for
 * the same ones. */
static void
add_time(const struct cond *d, const char *sql, int64_t ms)
{
	bool whole = ms % 1000 == 0;
	bool up = str_eq(sql, " < ") || str_eq(sql, " >= ");

	if (str_eq(sql, " = ") && !whole) {
		cond_add(d, "0 = 1");
		return;
	}
	cond_column(d);
	buf_printf(&d->c->sql, "%s?", sql);
	value_int(d->c->q, floor_seconds(ms) + (up && !whole ? 1 : 0));
}

int
cond_age(const struct cond *d)
{
	enum op_form form = d->op->form;
	int64_t ms, at, now = d->c->now_ms;

	if (literal_number(d, d->args, "milliseconds", &ms) == -1)
		return -1;
	if (__builtin_sub_overflow(now, ms, &at) ||
	    (form == OP_NEWER_FULL && (ms <= 0 || ms > now)))
		return literal_wrong(
		    d, d->args, "milliseconds of a sensible time");
	if (form == OP_OLDER) {
		add_time(d, " < ", at);
	} else if (form == OP_NEWER) {
		add_time(d, " >= ", at);
	} else {
		at = now / ms * ms;
		add_time(d, " >= ", at - ms);
		cond_add(d, " AND ");
		add_time(d, " < ", at);
	}
	return 0;
}

/* --- values --- */

static int
add_text(const struct cond *d, const struct node *node)
{
	char *text = literal_value(d, node);

	if (text == NULL)
		return -1;
	value_text(d->c->q, text);
	free(text);
	return 0;
}

static int
add_comparison(const struct cond *d, const char *sql, const struct node *node)
{
	bool texts = query_type_is_text(d->column->type);
	int64_t number = 0;

	if (!texts && literal_whole(d, node, &number) == -1)
		return -1;
	if (d->column->type == QUERY_TIME) {
		add_time(d, sql, number);
		return 0;
	}
	add_compared(d);
	buf_printf(&d->c->sql, "%s?", sql);
	if (texts)
		return add_text(d, node);
	value_int(d->c->q, number);
	return 0;
}

int
cond_compare(const struct cond *d)
{
	return add_comparison(d, d->op->sql, d->args);
}

int
cond_between(const struct cond *d)
{
	if (add_comparison(d, " >= ", d->args) == -1)
		return -1;
	cond_add(d, " AND ");
	return add_comparison(d, " <= ", d->args->next);
}

static int
add_member(const struct cond *d, const struct node *node)
{
	int64_t number;

	if (query_type_is_text(d->column->type))
		return add_text(d, node);
	if (literal_whole(d, node, &number) == -1)
		return -1;
	if (d->column->type == QUERY_TIME) /* between two seconds: none is */
		number = number % 1000 == 0 ? number / 1000 : INT64_MIN;
	value_int(d->c->q, number);
	return 0;
}

int
cond_in(const struct cond *d)
{
	const struct node *node;

	add_compared(d);
	cond_add(d, " IN (");
	for (node = d->args; node != NULL; node = node->next) {
		cond_add(d, node == d->args ? "?" : ", ?");
		if (add_member(d, node) == -1)
			return -1;
	}
	cond_add(d, ")");
	return 0;
}

int
cond_subnet(const struct cond *d)
{
	const struct node *mask = d->args->next;
	char first[QUERY_KEY_SIZE], last[QUERY_KEY_SIZE];

	if ((mask != NULL && mask->kind == NODE_LIST) ||
	    query_subnet_keys(d->args->text, mask != NULL ? mask->text : NULL,
		first, last) == -1)
		return literal_wrong(d, d->args,
		    "a subnet such as \"10.1.0.0/16\" or \"fd00::/8\"");
	buf_printf(
	    &d->c->sql, "%s >= ? AND %s <= ?", d->column->key, d->column->key);
	value_text(d->c->q, first);
	value_text(d->c->q, last);
	return 0;
}

void
cond_blank(const struct cond *d)
{
	const struct query_column *column = d->column;
	bool texts = query_type_is_text(column->type);

	if (column->given != NULL)
		buf_printf(&d->c->sql, "NOT coalesce((%s), 0)", column->given);
	if (column->given != NULL && texts)
		cond_add(d, " OR ");
	if (texts)
		buf_printf(
		    &d->c->sql, "trim(coalesce(%s, '')) = ''", column->sql);
	else if (column->given == NULL)
		buf_printf(&d->c->sql, "%s IS NULL", column->sql);
}
