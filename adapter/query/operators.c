/* The operators of conditions, a row each. */
#include <stdlib.h>

#include "condition_internal.h"
#include "str.h"

#define ANY_NUMBER QUERY_NODES_MAX

#define T(type) (1u << QUERY_##type)
#define ADDRESS (T(IPV4) | T(IPV6))
#define TEXTS (T(TEXT) | T(VERSION) | ADDRESS)
#define PLAIN (TEXTS | T(INT) | T(TIME))
#define SET (PLAIN | T(STATE) | T(GROUP))
#define VALUES (SET | T(BOOL))

/* clang-format off */
/* Rows: ePO's as documented or seen in use, those that are its contraries or
 * remembered, our own. */
#define EPO(name, args, help) {name, args, help, true}
#define OUR(name, args, help) {name, args, help, false}
static const struct op ops[] = {
    {EPO("and", "CONDITION...", "all hold"), OP_LOGIC, " AND ", 0, 1, ANY_NUMBER, false},
    {EPO("or", "CONDITION...", "one holds at least"), OP_LOGIC, " OR ", 0, 1, ANY_NUMBER, false},
    {EPO("not", "CONDITION", "it does not hold"), OP_LOGIC, "", 0, 1, 1, true},
    {EPO("eq", "COLUMN VALUE", "equal"), OP_COMPARE, " = ", VALUES, 1, 1, false},
    {EPO("ne", "COLUMN VALUE", "not equal"), OP_COMPARE, " = ", VALUES, 1, 1, true},
    {EPO("gt", "COLUMN VALUE", "greater, later"), OP_COMPARE, " > ", PLAIN, 1, 1, false},
    {EPO("lt", "COLUMN VALUE", "less, earlier"), OP_COMPARE, " < ", PLAIN, 1, 1, false},
    {EPO("ge", "COLUMN VALUE", "greater or equal"), OP_COMPARE, " >= ", PLAIN, 1, 1, false},
    {EPO("le", "COLUMN VALUE", "less or equal"), OP_COMPARE, " <= ", PLAIN, 1, 1, false},
    {EPO("isBlank", "COLUMN", "not known, or nothing but blanks"), OP_BLANK, NULL, VALUES | T(LIST), 0, 0, false},
    {OUR("notBlank", "COLUMN", "the contrary; also isNotBlank"), OP_BLANK, NULL, VALUES | T(LIST), 0, 0, true},
    {OUR("isNotBlank", "COLUMN", "as notBlank"), OP_BLANK, NULL, VALUES | T(LIST), 0, 0, true},
    {EPO("startsWith", "COLUMN TEXT", "begins so"), OP_STARTS, NULL, TEXTS, 1, 1, false},
    {OUR("notStartsWith", "COLUMN TEXT", "the contrary; also doesNotStartWith"), OP_STARTS, NULL, TEXTS, 1, 1, true},
    {OUR("doesNotStartWith", "COLUMN TEXT", "as notStartsWith"), OP_STARTS, NULL, TEXTS, 1, 1, true},
    {EPO("endsWith", "COLUMN TEXT", "ends so"), OP_ENDS, NULL, TEXTS, 1, 1, false},
    {OUR("notEndsWith", "COLUMN TEXT", "the contrary; also doesNotEndWith"), OP_ENDS, NULL, TEXTS, 1, 1, true},
    {OUR("doesNotEndWith", "COLUMN TEXT", "as notEndsWith"), OP_ENDS, NULL, TEXTS, 1, 1, true},
    {EPO("contains", "COLUMN TEXT", "it is part of a text, a word of a list"), OP_CONTAINS, NULL, TEXTS | T(LIST), 1, 1, false},
    {OUR("notContains", "COLUMN TEXT", "the contrary; also doesNotContain"), OP_CONTAINS, NULL, TEXTS | T(LIST), 1, 1, true},
    {OUR("doesNotContain", "COLUMN TEXT", "as notContains"), OP_CONTAINS, NULL, TEXTS | T(LIST), 1, 1, true},
    {EPO("in", "COLUMN VALUE...", "one of them"), OP_IN, NULL, SET, 1, ANY_NUMBER, false},
    {OUR("notIn", "COLUMN VALUE...", "none of them"), OP_IN, NULL, SET, 1, ANY_NUMBER, true},
    {EPO("between", "COLUMN VALUE VALUE", "from the one to the other, both included"), OP_BETWEEN, NULL, PLAIN, 2, 2, false},
    {OUR("versionEq", "COLUMN VERSION", "the same version, number by number: 16.1 is 16.1.0"), OP_COMPARE, " = ", T(VERSION), 1, 1, false},
    {OUR("versionNe", "COLUMN VERSION", "another, or none"), OP_COMPARE, " = ", T(VERSION), 1, 1, true},
    {OUR("versionGt", "COLUMN VERSION", "a later one: 16.1 is later than 9.5"), OP_COMPARE, " > ", T(VERSION), 1, 1, false},
    {OUR("versionLt", "COLUMN VERSION", "an earlier one"), OP_COMPARE, " < ", T(VERSION), 1, 1, false},
    {OUR("versionGe", "COLUMN VERSION", "this or a later one"), OP_COMPARE, " >= ", T(VERSION), 1, 1, false},
    {OUR("versionLe", "COLUMN VERSION", "this or an earlier one"), OP_COMPARE, " <= ", T(VERSION), 1, 1, false},
    {OUR("isInSubnet", "COLUMN SUBNET [MASK]", "in \"10.1.0.0/16\", \"10.1.0.0/255.255.0.0\", \"fd00::/8\""), OP_SUBNET, NULL, ADDRESS, 1, 2, false},
    {OUR("isNotInSubnet", "COLUMN SUBNET [MASK]", "the contrary; also notInSubnet"), OP_SUBNET, NULL, ADDRESS, 1, 2, true},
    {OUR("notInSubnet", "COLUMN SUBNET [MASK]", "as isNotInSubnet"), OP_SUBNET, NULL, ADDRESS, 1, 2, true},
    {EPO("olderThan", "COLUMN MS", "earlier than so many milliseconds ago; negative: ahead"), OP_OLDER, NULL, T(TIME), 1, 1, false},
    {EPO("newerThan", "COLUMN MS", "then or later"), OP_NEWER, NULL, T(TIME), 1, 1, false},
    {EPO("newerThanFull", "COLUMN MS", "within the last whole period of so many milliseconds (UTC)"), OP_NEWER_FULL, NULL, T(TIME), 1, 1, false},
    {EPO("hasTag", "COLUMN TAG...", "has one of these tags, by name or number"), OP_TAG_APPLIED, NULL, T(TAGS), 1, ANY_NUMBER, false},
    {EPO("containsTag", "COLUMN TEXT", "has a tag whose name contains it"), OP_TAG_CONTAINS, NULL, T(TAGS), 1, 1, false},
    {EPO("hasTagExcluded", "COLUMN TAG...", "is excluded from one of these tags"), OP_TAG_EXCLUDED, NULL, T(TAGS), 1, ANY_NUMBER, false},
    {EPO("doesNotHaveTag", "COLUMN TAG...", "has none of these tags"), OP_TAG_APPLIED, NULL, T(TAGS), 1, ANY_NUMBER, true},
    {EPO("doesNotHaveAnyTag", "COLUMN", "has no tag at all"), OP_TAG_APPLIED, NULL, T(TAGS), 0, 0, true},
    {EPO("childOf", "COLUMN GROUP...", "in one of these groups"), OP_CHILD, NULL, T(GROUP), 1, ANY_NUMBER, false},
    {EPO("descendsFrom", "COLUMN GROUP...", "in one of these groups or below"), OP_BELOW, NULL, T(GROUP), 1, ANY_NUMBER, false},
    {EPO("stateEq", "COLUMN STATE", "in this state"), OP_COMPARE, " = ", T(STATE), 1, 1, false},
    {OUR("stateNe", "COLUMN STATE", "in another"), OP_COMPARE, " = ", T(STATE), 1, 1, true},
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

const struct op *
cond_op_named(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < COUNT(ops); i++)
		if (str_ieq(ops[i].shown.name, name))
			return &ops[i];
	return NULL;
}

const struct op *
cond_op(struct compile *c, const struct node *head)
{
	const struct op *op = cond_op_named(head->text);
	const char *near[COUNT(ops)];
	char shown[4 * SHOWN_MAX], *list;
	size_t i;

	if (op != NULL)
		return op;
	for (i = 0; i < COUNT(ops); i++)
		near[i] = ops[i].shown.name;
	list = str_near(head->text, near, COUNT(ops));
	(void)sexp_fail(c->clause, head->at, c->err, "no operator %s; %s%s",
	    sexp_shown(head, shown),
	    list != NULL ? "near: " : "there are eq, contains, olderThan, ...",
	    list != NULL ? list : "");
	free(list);
	return NULL;
}
