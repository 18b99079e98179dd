/* Values as a condition writes them, by the type of its column. */
#include <stdlib.h>

#include "clock.h"
#include "condition_internal.h"
#include "mem.h"
#include "str.h"

int
literal_wrong(const struct cond *d, const struct node *node, const char *wanted)
{
	char shown[4 * SHOWN_MAX];

	return sexp_fail(d->c->clause, node->at, d->c->err,
	    "%s is of type %s: wanted %s, not %s", d->column->name,
	    query_type_name(d->column->type), wanted, sexp_shown(node, shown));
}

/* --- numbers --- */

int
literal_number(const struct cond *d, const struct node *node,
    const char *wanted, int64_t *ret)
{
	if (node->kind == NODE_NUMBER) {
		*ret = node->number;
		return 0;
	}
	if (node->kind == NODE_STRING &&
	    str_int(node->text, INT64_MIN, INT64_MAX, ret) == 0)
		return 0;
	return literal_wrong(d, node, wanted);
}

static int
bool_of(const struct cond *d, const struct node *node, int64_t *ret)
{
	static const char *const yes[] = {"true", "yes", "1"};
	static const char *const no[] = {"false", "no", "0"};
	size_t i;

	for (i = 0; node->text != NULL && i < COUNT(yes); i++) {
		if (str_ieq(node->text, yes[i]) || str_ieq(node->text, no[i])) {
			*ret = str_ieq(node->text, yes[i]);
			return 0;
		}
	}
	return literal_wrong(d, node, "true or false");
}

static int
state_of(const struct cond *d, const struct node *node, int64_t *ret)
{
	const char *const *words = d->column->words;
	char *wanted;
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		if (node->text != NULL && str_ieq(node->text, words[i])) {
			*ret = (int64_t)i;
			return 0;
		}
	if (node->kind == NODE_NUMBER) {
		*ret = node->number;
		return 0;
	}
	wanted = mem_printf("a state such as \"%s\"", words[0]);
	(void)literal_wrong(d, node, wanted);
	free(wanted);
	return -1;
}

/* (timestamp MS), MS, or ISO 8601; in milliseconds. */
static int
time_of(const struct cond *d, const struct node *node, int64_t *ret)
{
	static const char wanted[] =
	    "(timestamp MILLISECONDS) or \"2026-11-24T10:00:00Z\"";
	const char *head = sexp_head(node);
	int64_t seconds;

	if (node->kind == NODE_LIST) {
		if (head == NULL || !str_ieq(head, "timestamp") ||
		    sexp_count(node->child) != 2)
			return literal_wrong(d, node, wanted);
		return literal_number(d, node->child->next, wanted, ret);
	}
	if (node->kind != NODE_NUMBER &&
	    clock_parse(node->text, &seconds) == 0) {
		*ret = seconds * 1000;
		return 0;
	}
	return literal_number(d, node, wanted, ret);
}

int
literal_whole(const struct cond *d, const struct node *node, int64_t *ret)
{
	if (d->column->type == QUERY_BOOL)
		return bool_of(d, node, ret);
	if (d->column->type == QUERY_STATE)
		return state_of(d, node, ret);
	if (d->column->type == QUERY_TIME)
		return time_of(d, node, ret);
	return literal_number(d, node, "a number", ret);
}

/* --- texts --- */

char *
literal_text(const struct cond *d, const struct node *node)
{
	if (node->kind == NODE_LIST) {
		(void)literal_wrong(d, node, "a text");
		return NULL;
	}
	return str_lower(mem_dup(node->text));
}

/* Of no value at all: what is no version or address is equal to none. */
#define NO_KEY "-"

/* Is it one for any text, and not about order? */
static bool
takes_any(const struct op *op)
{
	bool equal = op->form == OP_IN ||
	    (op->form == OP_COMPARE && str_eq(op->sql, " = "));

	return equal && (op->types & (1u << QUERY_TEXT)) != 0;
}

static char *
key_of(const struct cond *d, const struct node *node)
{
	bool version = d->column->type == QUERY_VERSION;
	char key[QUERY_KEY_SIZE];
	int r;

	r = version ? query_version_key(node->text, key)
		    : query_address_key(node->text, key);
	if (r == 0)
		return mem_dup(key);
	if (node->text != NULL && takes_any(d->op))
		return mem_dup(NO_KEY);
	(void)literal_wrong(d, node,
	    version ? "a version such as \"16.1.25\""
		    : "an address such as \"192.0.2.1\"");
	return NULL;
}

char *
literal_value(const struct cond *d, const struct node *node)
{
	return column_keyed(d->column) ? key_of(d, node)
				       : literal_text(d, node);
}
