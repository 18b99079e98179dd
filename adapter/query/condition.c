/*
 * Conditions: each operator is a row that says which types it takes and how
 * many arguments.  What is not known makes a condition false; a contrary is
 * "NOT coalesce(..., 0)", so that it is true then.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "err.h"
#include "mem.h"
#include "query_internal.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ANY_NUMBER QUERY_NODES_MAX
#define TYPES_MAX 256

#define T(type) (1u << QUERY_##type)
#define PLAIN (T(TEXT) | T(INT) | T(TIME))
#define VALUES (PLAIN | T(BOOL) | T(STATE) | T(GROUP))

enum form {
	LOGIC,	 /* words of `sql` between conditions */
	COMPARE, /* `sql` between column and value */
	IN,
	BETWEEN,
	BLANK,
	STARTS,
	ENDS,
	CONTAINS,
	OLDER,
	NEWER,
	NEWER_FULL,
	TAG_APPLIED,
	TAG_CONTAINS,
	TAG_EXCLUDED,
	CHILD,
	BELOW
};

struct op {
	struct query_operator shown;
	enum form form;
	const char *sql;
	unsigned types;
	size_t min, max; /* arguments behind the column */
	bool contrary;
};

/* clang-format off */
static const struct op ops[] = {
    {{"and", "CONDITION...", "all hold"}, LOGIC, " AND ", 0, 1, ANY_NUMBER, false},
    {{"or", "CONDITION...", "one holds at least"}, LOGIC, " OR ", 0, 1, ANY_NUMBER, false},
    {{"not", "CONDITION", "it does not hold"}, LOGIC, "", 0, 1, 1, true},
    {{"eq", "COLUMN VALUE", "equal"}, COMPARE, " = ", VALUES, 1, 1, false},
    {{"ne", "COLUMN VALUE", "not equal"}, COMPARE, " = ", VALUES, 1, 1, true},
    {{"gt", "COLUMN VALUE", "greater, later"}, COMPARE, " > ", PLAIN, 1, 1, false},
    {{"lt", "COLUMN VALUE", "less, earlier"}, COMPARE, " < ", PLAIN, 1, 1, false},
    {{"ge", "COLUMN VALUE", "greater or equal"}, COMPARE, " >= ", PLAIN, 1, 1, false},
    {{"le", "COLUMN VALUE", "less or equal"}, COMPARE, " <= ", PLAIN, 1, 1, false},
    {{"isBlank", "COLUMN", "not known, or nothing but blanks"}, BLANK, NULL, VALUES | T(LIST), 0, 0, false},
    {{"notBlank", "COLUMN", "the contrary; also isNotBlank"}, BLANK, NULL, VALUES | T(LIST), 0, 0, true},
    {{"isNotBlank", "COLUMN", "as notBlank"}, BLANK, NULL, VALUES | T(LIST), 0, 0, true},
    {{"startsWith", "COLUMN TEXT", "begins so"}, STARTS, NULL, T(TEXT), 1, 1, false},
    {{"notStartsWith", "COLUMN TEXT", "the contrary; also doesNotStartWith"}, STARTS, NULL, T(TEXT), 1, 1, true},
    {{"doesNotStartWith", "COLUMN TEXT", "as notStartsWith"}, STARTS, NULL, T(TEXT), 1, 1, true},
    {{"endsWith", "COLUMN TEXT", "ends so"}, ENDS, NULL, T(TEXT), 1, 1, false},
    {{"notEndsWith", "COLUMN TEXT", "the contrary; also doesNotEndWith"}, ENDS, NULL, T(TEXT), 1, 1, true},
    {{"doesNotEndWith", "COLUMN TEXT", "as notEndsWith"}, ENDS, NULL, T(TEXT), 1, 1, true},
    {{"contains", "COLUMN TEXT", "it is part of a text, a word of a list"}, CONTAINS, NULL, T(TEXT) | T(LIST), 1, 1, false},
    {{"notContains", "COLUMN TEXT", "the contrary; also doesNotContain"}, CONTAINS, NULL, T(TEXT) | T(LIST), 1, 1, true},
    {{"doesNotContain", "COLUMN TEXT", "as notContains"}, CONTAINS, NULL, T(TEXT) | T(LIST), 1, 1, true},
    {{"in", "COLUMN VALUE...", "one of them"}, IN, NULL, PLAIN | T(STATE) | T(GROUP), 1, ANY_NUMBER, false},
    {{"notIn", "COLUMN VALUE...", "none of them"}, IN, NULL, PLAIN | T(STATE) | T(GROUP), 1, ANY_NUMBER, true},
    {{"between", "COLUMN VALUE VALUE", "from the one to the other, both included"}, BETWEEN, NULL, PLAIN, 2, 2, false},
    {{"olderThan", "COLUMN MS", "earlier than so many milliseconds ago; negative: ahead"}, OLDER, NULL, T(TIME), 1, 1, false},
    {{"newerThan", "COLUMN MS", "then or later"}, NEWER, NULL, T(TIME), 1, 1, false},
    {{"newerThanFull", "COLUMN MS", "within the last whole period of so many milliseconds (UTC)"}, NEWER_FULL, NULL, T(TIME), 1, 1, false},
    {{"hasTag", "COLUMN TAG...", "has one of these tags, by name or number"}, TAG_APPLIED, NULL, T(TAGS), 1, ANY_NUMBER, false},
    {{"containsTag", "COLUMN TEXT", "has a tag whose name contains it"}, TAG_CONTAINS, NULL, T(TAGS), 1, 1, false},
    {{"hasTagExcluded", "COLUMN TAG...", "is excluded from one of these tags"}, TAG_EXCLUDED, NULL, T(TAGS), 1, ANY_NUMBER, false},
    {{"doesNotHaveTag", "COLUMN TAG...", "has none of these tags"}, TAG_APPLIED, NULL, T(TAGS), 1, ANY_NUMBER, true},
    {{"doesNotHaveAnyTag", "COLUMN", "has no tag at all"}, TAG_APPLIED, NULL, T(TAGS), 0, 0, true},
    {{"childOf", "COLUMN GROUP...", "in one of these groups"}, CHILD, NULL, T(GROUP), 1, ANY_NUMBER, false},
    {{"descendsFrom", "COLUMN GROUP...", "in one of these groups or below"}, BELOW, NULL, T(GROUP), 1, ANY_NUMBER, false},
    {{"stateEq", "COLUMN STATE", "in this state"}, COMPARE, " = ", T(STATE), 1, 1, false},
    {{"stateNe", "COLUMN STATE", "in another"}, COMPARE, " = ", T(STATE), 1, 1, true},
};
/* clang-format on */

const struct query_operator *
query_operator(size_t i)
{
	return i < COUNT(ops) ? &ops[i].shown : NULL;
}

bool
query_operator_takes(size_t i, enum query_type type)
{
	return i < COUNT(ops) && (ops[i].types & (1u << type)) != 0;
}

/* One operator's condition under way. */
struct cond {
	struct compile *c;
	const struct op *op;
	const struct query_column *column;
	const struct node *args; /* behind the column */
};

/* --- literals --- */

static int
wrong(const struct cond *d, const struct node *node, const char *wanted)
{
	char shown[4 * SHOWN_MAX];

	return sexp_fail(d->c->clause, node->at, d->c->err,
	    "%s is of type %s: wanted %s, not %s", d->column->name,
	    query_type_name(d->column->type), wanted, sexp_shown(node, shown));
}

static int
number_of(const struct cond *d, const struct node *node, const char *wanted,
    int64_t *ret)
{
	if (node->kind == NODE_NUMBER) {
		*ret = node->number;
		return 0;
	}
	if (node->kind == NODE_STRING &&
	    str_int(node->text, INT64_MIN, INT64_MAX, ret) == 0)
		return 0;
	return wrong(d, node, wanted);
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
	return wrong(d, node, "true or false");
}

static int
state_of(const struct cond *d, const struct node *node, int64_t *ret)
{
	const char *const *words = d->column->words;
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
	return wrong(d, node, "a state such as \"managed\"");
}

/* (timestamp MS), MS, or ISO 8601; in milliseconds. */
static int
time_of(const struct cond *d, const struct node *node, int64_t *ret)
{
	static const char wanted[] =
	    "(timestamp MILLISECONDS) or \"2026-11-24T10:00:00Z\"";
	const struct node *head = node->child;
	int64_t seconds;

	if (node->kind == NODE_LIST) {
		if (head == NULL || head->text == NULL ||
		    !str_ieq(head->text, "timestamp") || sexp_count(head) != 2)
			return wrong(d, node, wanted);
		return number_of(d, head->next, wanted, ret);
	}
	if (node->kind == NODE_STRING &&
	    clock_parse(node->text, &seconds) == 0) {
		*ret = seconds * 1000;
		return 0;
	}
	return number_of(d, node, wanted, ret);
}

/* Lower case, as columns are compared; given. NULL with the complaint made. */
static char *
text_of(const struct cond *d, const struct node *node)
{
	if (node->kind == NODE_LIST) {
		(void)wrong(d, node, "a text");
		return NULL;
	}
	return str_lower(mem_dup(node->text));
}

static int
whole_of(const struct cond *d, const struct node *node, int64_t *ret)
{
	if (d->column->type == QUERY_BOOL)
		return bool_of(d, node, ret);
	if (d->column->type == QUERY_STATE)
		return state_of(d, node, ret);
	if (d->column->type == QUERY_TIME)
		return time_of(d, node, ret);
	return number_of(d, node, "a number", ret);
}

/* --- pieces of SQL --- */

static void
add(const struct cond *d, const char *sql)
{
	buf_str(&d->c->sql, sql);
}

static void
add_column(const struct cond *d)
{
	if (d->column->type == QUERY_TEXT || d->column->type == QUERY_LIST)
		buf_printf(&d->c->sql, "lower(%s)", d->column->sql);
	else
		add(d, d->column->sql);
}

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
		add(d, "0 = 1");
		return;
	}
	add_column(d);
	buf_printf(&d->c->sql, "%s?", sql);
	value_int(d->c->q, floor_seconds(ms) + (up && !whole ? 1 : 0));
}

static int
add_compare(const struct cond *d, const char *sql, const struct node *node)
{
	int64_t number;
	char *text;

	if (d->column->type == QUERY_TEXT) {
		text = text_of(d, node);
		if (text == NULL)
			return -1;
		add_column(d);
		buf_printf(&d->c->sql, "%s?", sql);
		value_text(d->c->q, text);
		free(text);
		return 0;
	}
	if (whole_of(d, node, &number) == -1)
		return -1;
	if (d->column->type == QUERY_TIME) {
		add_time(d, sql, number);
		return 0;
	}
	add_column(d);
	buf_printf(&d->c->sql, "%s?", sql);
	value_int(d->c->q, number);
	return 0;
}

static int
add_in(const struct cond *d)
{
	const struct node *node;
	int64_t number;
	char *text;

	add_column(d);
	add(d, " IN (");
	for (node = d->args; node != NULL; node = node->next) {
		add(d, node == d->args ? "?" : ", ?");
		if (d->column->type == QUERY_TEXT) {
			text = text_of(d, node);
			if (text == NULL)
				return -1;
			value_text(d->c->q, text);
			free(text);
			continue;
		}
		if (whole_of(d, node, &number) == -1)
			return -1;
		if (d->column->type == QUERY_TIME) /* between two seconds: no
						      column is */
			number = number % 1000 == 0 ? number / 1000 : INT64_MIN;
		value_int(d->c->q, number);
	}
	add(d, ")");
	return 0;
}

static int
add_between(const struct cond *d)
{
	if (add_compare(d, " >= ", d->args) == -1)
		return -1;
	add(d, " AND ");
	return add_compare(d, " <= ", d->args->next);
}

static void
add_blank(const struct cond *d)
{
	bool texts =
	    d->column->type == QUERY_TEXT || d->column->type == QUERY_LIST;

	if (d->column->given != NULL)
		buf_printf(
		    &d->c->sql, "NOT coalesce((%s), 0)", d->column->given);
	if (d->column->given != NULL && texts)
		add(d, " OR ");
	if (texts)
		buf_printf(
		    &d->c->sql, "trim(coalesce(%s, '')) = ''", d->column->sql);
	else if (d->column->given == NULL)
		buf_printf(&d->c->sql, "%s IS NULL", d->column->sql);
}

static int64_t
characters(const char *text)
{
	int64_t n;

	for (n = 0; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
	return n;
}

/* The part of the column at one end, or anywhere. */
static void
add_part(const struct cond *d, const char *text)
{
	struct query *q = d->c->q;
	char *word;

	if (d->op->form == CONTAINS && d->column->type == QUERY_LIST) {
		buf_printf(&d->c->sql, "instr(',' || lower(%s) || ',', ?) > 0",
		    d->column->sql);
		word = mem_printf(",%s,", text);
		value_text(q, word);
		free(word);
		return;
	}
	add(d, d->op->form == CONTAINS ? "instr(" : "substr(");
	add_column(d);
	if (d->op->form == CONTAINS) {
		add(d, ", ?) > 0");
	} else if (d->op->form == STARTS) {
		add(d, ", 1, ?) = ?");
		value_int(q, characters(text));
	} else {
		add(d, ", ?) = ?");
		value_int(q, -characters(text));
	}
	value_text(q, text);
}

static int
make_part(const struct cond *d)
{
	char *text = text_of(d, d->args);
	int r = 0;

	if (text == NULL)
		return -1;
	if (text[0] == '\0')
		r = sexp_fail(d->c->clause, d->args->at, d->c->err,
		    "an empty text is part of every one; isBlank finds those "
		    "without any");
	else
		add_part(d, text);
	free(text);
	return r;
}

static int
make_age(const struct cond *d)
{
	int64_t ms, at, now = d->c->now_ms;

	if (number_of(d, d->args, "milliseconds", &ms) == -1)
		return -1;
	if (__builtin_sub_overflow(now, ms, &at) ||
	    (d->op->form == NEWER_FULL && (ms <= 0 || ms > now)))
		return wrong(d, d->args, "milliseconds of a sensible time");
	if (d->op->form == OLDER) {
		add_time(d, " < ", at);
	} else if (d->op->form == NEWER) {
		add_time(d, " >= ", at);
	} else {
		at = now / ms * ms;
		add_time(d, " >= ", at - ms);
		add(d, " AND ");
		add_time(d, " < ", at);
	}
	return 0;
}

/* --- tags and groups --- */

static int
add_tag(const struct cond *d, const struct node *node)
{
	const struct query_graph *g = d->c->graph;
	const char *key = g->tag_by_name;
	char *text;

	if (d->op->form == TAG_CONTAINS)
		key = g->tag_containing;
	else if (node->kind == NODE_NUMBER)
		key = g->tag_by_id;
	add(d, d->op->form == TAG_EXCLUDED ? g->tag_excluded : g->tag_applied);
	buf_printf(&d->c->sql, " AND %s)", key);
	if (key == g->tag_by_id) {
		value_int(d->c->q, node->number);
		return 0;
	}
	text = text_of(d, node);
	if (text == NULL)
		return -1;
	value_text(d->c->q, text);
	free(text);
	return 0;
}

static int
make_tags(const struct cond *d)
{
	const struct node *node;
	const char *between = "";

	if (d->args == NULL) {
		add(d, d->c->graph->tag_applied);
		add(d, ")");
	}
	for (node = d->args; node != NULL; node = node->next) {
		add(d, between);
		if (add_tag(d, node) == -1)
			return -1;
		between = " OR ";
	}
	return 0;
}

static int
make_below(const struct cond *d)
{
	const struct node *node;
	const char *between = "";
	int64_t id;

	for (node = d->args; node != NULL; node = node->next) {
		if (number_of(d, node, "the number of a group", &id) == -1)
			return -1;
		add(d, between);
		add_column(d);
		buf_printf(&d->c->sql, " IN (%s)", d->c->graph->group_below);
		value_int(d->c->q, id);
		between = " OR ";
	}
	return 0;
}

/* --- a whole condition --- */

static int
make_form(const struct cond *d)
{
	switch (d->op->form) {
	case COMPARE:
		return add_compare(d, d->op->sql, d->args);
	case IN:
	case CHILD:
		return add_in(d);
	case BETWEEN:
		return add_between(d);
	case BLANK:
		add_blank(d);
		return 0;
	case STARTS:
	case ENDS:
	case CONTAINS:
		return make_part(d);
	case OLDER:
	case NEWER:
	case NEWER_FULL:
		return make_age(d);
	case TAG_APPLIED:
	case TAG_CONTAINS:
	case TAG_EXCLUDED:
		return make_tags(d);
	case BELOW:
		return make_below(d);
	case LOGIC:
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
	given = d.column->given != NULL && op->form != BLANK;
	add(&d, op->contrary ? "NOT coalesce((" : "(");
	if (given) {
		add(&d, d.column->given);
		add(&d, " AND (");
	}
	if (make_form(&d) == -1)
		return -1;
	add(&d, given ? "))" : ")");
	add(&d, op->contrary ? ", 0)" : "");
	return 0;
}

/* n conditions as a balanced tree: SQL's depth is limited as well. */
static int
make_tree(
    struct compile *c, const char *sql, const struct node **node, size_t n)
{
	int r;

	if (n == 1) {
		r = condition_make(c, *node);
		*node = (*node)->next;
		return r;
	}
	buf_str(&c->sql, "(");
	if (make_tree(c, sql, node, n / 2) == -1)
		return -1;
	buf_str(&c->sql, sql);
	if (make_tree(c, sql, node, n - n / 2) == -1)
		return -1;
	buf_str(&c->sql, ")");
	return 0;
}

static int
make_logic(struct compile *c, const struct op *op, const struct node *head)
{
	const struct node *node = head->next;
	size_t n = sexp_count(node);

	if (n < op->min || n > op->max)
		return sexp_fail(c->clause, head->at, c->err, "wanted (%s %s)",
		    op->shown.name, op->shown.args);
	if (op->contrary)
		buf_str(&c->sql, "NOT coalesce(");
	if (make_tree(c, op->sql, &node, n) == -1)
		return -1;
	if (op->contrary)
		buf_str(&c->sql, ", 0)");
	return 0;
}

static int
fail_operator(struct compile *c, const struct node *head)
{
	const char *near[COUNT(ops)];
	char shown[4 * SHOWN_MAX], *list;
	size_t i;

	for (i = 0; i < COUNT(ops); i++)
		near[i] = ops[i].shown.name;
	list = str_near(head->text, near, COUNT(ops));
	(void)sexp_fail(c->clause, head->at, c->err, "no operator %s; %s%s",
	    sexp_shown(head, shown),
	    list != NULL ? "near: " : "there are eq, contains, olderThan, ...",
	    list != NULL ? list : "");
	free(list);
	return -1;
}

int
condition_make(struct compile *c, const struct node *node)
{
	const struct node *head = node->child;
	size_t i;

	if (node->kind != NODE_LIST || head == NULL || head->kind != NODE_WORD)
		return sexp_fail(c->clause, node->at, c->err,
		    "wanted a condition such as (eq COLUMN VALUE)");
	for (i = 0; i < COUNT(ops); i++)
		if (str_ieq(ops[i].shown.name, head->text))
			return ops[i].form == LOGIC
			    ? make_logic(c, &ops[i], head)
			    : make_atom(c, &ops[i], head);
	return fail_operator(c, head);
}
