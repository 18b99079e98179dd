/* What select, order and group name: columns, parts of times, and what is taken
 * over the rows of a group. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clause_internal.h"
#include "mem.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T(type) (1u << QUERY_##type)
#define ANY ((1u << QUERY_TYPE_COUNT) - 1)

/* In the SQL $ is the column, @ its key. */
struct function {
	struct query_operator shown;
	enum query_made made;
	unsigned types;
	enum query_type type; /* of what comes out; SAME: the column's */
	const char *sql, *keyed;
};

#define SAME QUERY_TYPE_COUNT

/* A key holds no blank, and sorts below all that continue it: so the greatest
 * of them with their values behind is that of the greatest value. */
#define KEYED(word)                                                            \
	"substr(" word "(@ || ' ' || $), instr(" word                          \
	"(@ || ' ' || $), ' ') + 1)"
#define DATE(form) "strftime('" form "', $, 'unixepoch')"
#define DATE_NUMBER(form) "CAST(" DATE(form) " AS INTEGER)"
/* ISO 8601: a week is of the year that has its Thursday. */
#define THURSDAY(form)                                                         \
	"strftime('" form "', $, 'unixepoch', '-3 days', 'weekday 4')"

/* clang-format off */
#define OVER(name, args, help) {name, args, help, false}, QUERY_MADE_OVER
#define PART(name, help) {name, "COLUMN", help, false}, QUERY_MADE_PART, T(TIME)
static const struct function functions[] = {
    {OVER("count", "[COLUMN]", "how many rows; those in which the column is known"), ANY, QUERY_INT, "count($)", NULL},
    {OVER("min", "COLUMN", "the least, the earliest"), ANY, SAME, "min($)", KEYED("min")},
    {OVER("max", "COLUMN", "the greatest, the latest"), ANY, SAME, "max($)", KEYED("max")},
    {OVER("sum", "COLUMN", "all together"), T(INT), SAME, "sum($)", NULL},
    {OVER("avg", "COLUMN", "the average, in whole numbers"), T(INT), SAME, "CAST(avg($) AS INTEGER)", NULL},
    {PART("year", "of a time, in UTC: \"2026\""), QUERY_TEXT, DATE("%Y"), NULL},
    {PART("quarter", "\"2026-Q4\""), QUERY_TEXT, DATE("%Y-Q") " || ((" DATE_NUMBER("%m") " + 2) / 3)", NULL},
    {PART("month", "\"2026-11\""), QUERY_TEXT, DATE("%Y-%m"), NULL},
    {PART("week", "by ISO 8601, from Monday: \"2026-W48\""), QUERY_TEXT,
	THURSDAY("%Y-W") " || printf('%02d', (CAST(" THURSDAY("%j") " AS INTEGER) + 6) / 7)", NULL},
    {PART("day", "\"2026-11-24\""), QUERY_TEXT, DATE("%Y-%m-%d"), NULL},
    {PART("hour", "\"2026-11-24T10:00Z\""), QUERY_TEXT, DATE("%Y-%m-%dT%H:00Z"), NULL},
    {PART("dayOfWeek", "1 is Monday, 7 Sunday"), QUERY_INT, "(" DATE_NUMBER("%w") " + 6) % 7 + 1", NULL},
    {PART("hourOfDay", "0 to 23, in UTC"), QUERY_INT, DATE_NUMBER("%H"), NULL},
};
static const struct query_operator words[] = {
    {"top", "N", "in select: no more than so many rows", true},
    {"asc", "COLUMN", "in order: the least first; also az", true},
    {"az", "COLUMN", "as asc", true},
    {"desc", "COLUMN", "in order: the greatest first; also za", true},
    {"za", "COLUMN", "as desc", false},
};
/* clang-format on */

const struct query_operator *
query_function(size_t i)
{
	if (i < COUNT(functions))
		return &functions[i].shown;
	i -= COUNT(functions);
	return i < COUNT(words) ? &words[i] : NULL;
}

static const struct function *
function_named(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < COUNT(functions); i++)
		if (str_ieq(functions[i].shown.name, name))
			return &functions[i];
	return NULL;
}

bool
term_is_over(const struct node *node)
{
	const struct function *f = function_named(sexp_head(node));

	return f != NULL && f->made == QUERY_MADE_OVER;
}

static int
fail_function(struct compile *c, const struct node *node)
{
	const char *names[COUNT(functions)];
	char shown[4 * SHOWN_MAX], *near = NULL;
	size_t i;

	for (i = 0; i < COUNT(functions); i++)
		names[i] = functions[i].shown.name;
	if (sexp_head(node) == NULL)
		return sexp_fail(c->clause, node->at, c->err,
		    "wanted a column, or a function such as (max COLUMN)");
	near = str_near(sexp_head(node), names, COUNT(functions));
	(void)sexp_fail(c->clause, node->at, c->err, "no function %s; %s%s",
	    sexp_shown(node->child, shown),
	    near != NULL ? "near: "
			 : "there are count, min, max, sum, avg, month, ...",
	    near != NULL ? near : "");
	free(near);
	return -1;
}

static int
fail_types(struct compile *c, const struct node *node, const struct term *t)
{
	const char *wanted = (t->function->types & T(TIME)) != 0
	    ? query_type_name(QUERY_TIME)
	    : query_type_name(QUERY_INT);

	return sexp_fail(c->clause, node->at, c->err,
	    "%s is of type %s, and %s takes %s", t->column->name,
	    query_type_name(t->column->type), t->function->shown.name, wanted);
}

int
term_read(struct compile *c, const struct node *node, struct term *ret)
{
	const struct node *arg;

	memset(ret, 0, sizeof(*ret));
	if (node->kind != NODE_LIST)
		return column_find(c, node, &ret->table, &ret->column);
	ret->function = function_named(sexp_head(node));
	if (ret->function == NULL)
		return fail_function(c, node);
	ret->made = ret->function->made;
	arg = node->child->next;
	if (arg == NULL && ret->function == &functions[0])
		return 0;
	if (arg == NULL || arg->next != NULL)
		return sexp_fail(c->clause, node->at, c->err, "wanted (%s %s)",
		    ret->function->shown.name, ret->function->shown.args);
	if (column_find(c, arg, &ret->table, &ret->column) == -1)
		return -1;
	if ((ret->function->types & (1u << ret->column->type)) == 0)
		return fail_types(c, arg, ret);
	return 0;
}

/* --- SQL --- */

static void
add_pattern(struct buf *out, const char *sql, const struct query_column *column)
{
	for (; *sql != '\0'; sql++)
		if (*sql == '$')
			column_sql(out, column);
		else if (*sql == '@')
			buf_str(out, column->key);
		else
			buf_char(out, *sql);
}

void
term_sql(struct buf *out, const struct term *t)
{
	const struct function *f = t->function;

	if (t->column == NULL) {
		buf_str(out, "count(*)");
	} else if (f == NULL) {
		column_sql(out, t->column);
	} else {
		buf_str(out, f->made == QUERY_MADE_PART ? "(" : "");
		add_pattern(out,
		    f->keyed != NULL && column_keyed(t->column) ? f->keyed
								: f->sql,
		    t->column);
		buf_str(out, f->made == QUERY_MADE_PART ? ")" : "");
	}
}

void
term_order_sql(struct buf *out, const struct term *t, bool over)
{
	const struct function *f = t->function;

	if (t->column == NULL || !column_keyed(t->column) ||
	    (f != NULL && f->keyed == NULL)) {
		term_sql(out, t);
		if (f == NULL && t->column->type == QUERY_TEXT)
			buf_str(out, " COLLATE NOCASE");
	} else if (f != NULL) {
		buf_printf(out, "%s(%s)", f->shown.name, t->column->key);
	} else {
		/* One for each group: its values are all the same. */
		buf_printf(out, over ? "min(%s)" : "%s", t->column->key);
	}
}

void
term_output(const struct term *t, struct query_output *ret)
{
	const struct function *f = t->function;
	bool same = f == NULL || f->type == SAME;

	ret->made = t->made;
	ret->type = same ? t->column->type : f->type;
	ret->column = same ? t->column : NULL;
	if (t->column == NULL)
		ret->name = mem_dup(f->shown.name);
	else if (f == NULL)
		ret->name =
		    mem_printf("%s.%s", t->table->name, t->column->name);
	else
		ret->name = mem_printf("%s(%s.%s)", f->shown.name,
		    t->table->name, t->column->name);
}
