/* What SQL comes of a query, and what is said of a bad one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "query.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW_MS INT64_C(1700000000000)

/* --- a graph of related tables, and one apart --- */

static const char *const words[] = {"off", "on", NULL};
static const struct query_column pc[] = {
    {"Id", QUERY_INT, "p.id", NULL, "", NULL, NULL},
    {"Name", QUERY_TEXT, "p.name", NULL, "", NULL, NULL},
    {"Ends", QUERY_TIME, "p.ends", "p.ends > 0", "", NULL, NULL},
    {"Ready", QUERY_BOOL, "p.ready", NULL, "", NULL, NULL},
    {"Why", QUERY_LIST, "p.why", "p.why <> ''", "", NULL, NULL},
    {"State", QUERY_STATE, "p.state", NULL, "", words, NULL},
    {"Tags", QUERY_TAGS, "(p.tags)", NULL, "", NULL, NULL},
    {"Parent", QUERY_GROUP, "p.room", NULL, "", NULL, NULL},
    {"Release", QUERY_VERSION, "p.v", NULL, "", NULL, "p.vk"},
    {"Ip", QUERY_IPV4, "p.ip", "p.ip <> ''", "", NULL, "p.ipk"}};
static const struct query_column room[] = {
    {"Id", QUERY_INT, "r.id", NULL, "", NULL, NULL},
    {"Door", QUERY_TEXT, "r.door", NULL, "", NULL, NULL}};
static const struct query_column moon[] = {
    {"Id", QUERY_INT, "m.id", NULL, "", NULL, NULL}};
static const struct query_column bell[] = {
    {"Id", QUERY_INT, "b.id", NULL, "", NULL, NULL}};
static const struct query_table tables[] = {{"PC", "", 0, true, pc, COUNT(pc)},
    {"Room", "", 1, false, room, COUNT(room)},
    {"Moon", "", 2, false, moon, COUNT(moon)},
    {"Bell", "", 3, false, bell, COUNT(bell)}};
static const char *const sources[] = {
    "pc AS p", "room AS r", "moon AS m", "bell AS b"};
static const struct query_relation relations[] = {
    {0, 1, "r.id = p.room", false}, {3, 1, "b.room = r.id", true}};
static const struct query_graph graph = {.sources = sources,
    .source_count = COUNT(sources),
    .tables = tables,
    .table_count = COUNT(tables),
    .relations = relations,
    .relation_count = COUNT(relations),
    .tag_applied = "EXISTS (has",
    .tag_excluded = "EXISTS (hasnot",
    .tag_by_name = "name = ?",
    .tag_by_id = "id = ?",
    .tag_containing = "name ~ ?",
    .group_below = "below ?"};

static int
compile(const struct query_text *text, struct query **q, struct err *err)
{
	err_clear(err);
	return query_compile(&graph, text, NOW_MS, q, err);
}

/* The SQL, and its parameters behind it. */
static char *
golden(const struct query_text *text)
{
	const struct query_value *values;
	struct err err = {.kind = ERR_NONE};
	struct query *q;
	struct buf out;
	char *all;
	size_t i, n;

	buf_init(&out, 1 << 20);
	if (compile(text, &q, &err) == 0) {
		buf_str(&out, query_sql(q));
		values = query_values(q, &n);
		for (i = 0; i < n; i++)
			if (values[i].text != NULL)
				buf_printf(&out, " '%s'", values[i].text);
			else
				buf_printf(
				    &out, " %lld", (long long)values[i].number);
		query_free(q);
	} else {
		buf_str(&out, err.text);
	}
	all = mem_dup(buf_text(&out));
	buf_free(&out);
	return all;
}

static void
check(const struct query_text *text, const char *wanted)
{
	char *got = golden(text);

	assert_string_equal(got, wanted);
	free(got);
}

#define BEGIN "SELECT p.id FROM pc AS p"

static void
test_golden(void **state)
{
	static const struct {
		const char *where, *wanted;
	} cases[] = {
	    {"(eq Name \"it's; DROP TABLE pc\")",
		BEGIN " WHERE (lower(p.name) = ?) LIMIT ?"
		      " 'it's; drop table pc' 100001"},
	    {"(and (ne Id 1) (lt Ends (timestamp 1500)) (in Id 1 2))",
		BEGIN " WHERE (NOT coalesce((p.id = ?), 0) AND"
		      " ((p.ends > 0 AND (p.ends < ?)) AND (p.id IN (?, ?))))"
		      " LIMIT ? 1 2 1 2 100001"},
	    {"(gt Ends 2023-11-14T22:13:20Z)",
		BEGIN " WHERE (p.ends > 0 AND (p.ends > ?)) LIMIT ?"
		      " 1700000000 100001"},
	    {"(not (or (startsWith Name 'Ab') (endsWith Name c)))",
		BEGIN " WHERE ((substr(lower(p.name), 1, ?) = ?)"
		      " OR (substr(lower(p.name), ?) = ?)) IS NOT TRUE"
		      " LIMIT ? 2 'ab' -1 'c' 100001"},
	    {"(and (eq Id 1) (eq Id 2) (or (eq Id 3) (not (and (ne Id 4)))))",
		BEGIN " WHERE (((NOT coalesce((p.id = ?), 0)) IS NOT TRUE OR"
		      " (p.id = ?)) AND ((p.id = ?) AND (p.id = ?)))"
		      " LIMIT ? 4 3 1 2 100001"},
	    {"(isBlank Ends)",
		BEGIN " WHERE (NOT coalesce((p.ends > 0), 0)) LIMIT ?"
		      " 100001"},
	    {"(contains Why 'x')",
		BEGIN " WHERE (p.why <> '' AND (instr(',' || lower(p.why) ||"
		      " ',', ?) > 0)) LIMIT ? ',x,' 100001"},
	    {"(newerThanFull Ends 3600000)",
		BEGIN " WHERE (p.ends > 0 AND (p.ends >= ? AND p.ends < ?))"
		      " LIMIT ? 1699995600 1699999200 100001"},
	    {"(stateEq State 'ON')",
		BEGIN " WHERE (p.state = ?) LIMIT ? 1 100001"},
	    {"(hasTag Tags 5 \"B b\")",
		BEGIN " WHERE ((EXISTS (has AND id = ?) OR EXISTS (has AND"
		      " name = ?))) LIMIT ? 5 'b b' 100001"},
	    {"(descendsFrom Parent 7)",
		BEGIN " WHERE (p.room IN (below ?)) LIMIT ? 7 100001"},
	    {"(eq Room.Door blue)",
		BEGIN " LEFT JOIN room AS r ON r.id = p.room"
		      " WHERE (lower(r.door) = ?) LIMIT ? 'blue' 100001"},
	    {"(versionGe Release 16.1.0)",
		BEGIN " WHERE (p.vk >= ?) LIMIT ? '21611' 100001"},
	    {"(ne Release '16.1')",
		BEGIN " WHERE NOT coalesce((p.vk = ?), 0) LIMIT ? '21611'"
		      " 100001"},
	    {"(in Release 16.1 'x')",
		BEGIN " WHERE (p.vk IN (?, ?)) LIMIT ? '21611' '-' 100001"},
	    {"(startsWith Release '16.')",
		BEGIN " WHERE (substr(lower(p.v), 1, ?) = ?) LIMIT ? 3 '16.'"
		      " 100001"},
	    {"(isInSubnet Ip '10.1.0.0/16')",
		BEGIN " WHERE (p.ip <> '' AND (p.ipk >= ? AND p.ipk <= ?))"
		      " LIMIT ? '00000000000000000000ffff0a010000'"
		      " '00000000000000000000ffff0a01ffff' 100001"},
	    {"(eq Name 'a\\'b\\\\c\\d')",
		BEGIN " WHERE (lower(p.name) = ?) LIMIT ? 'a'b\\c\\d'"
		      " 100001"},
	};
	struct query_text text = {.target = "PC", .select = "(select Id)"};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text.where = cases[i].where;
		check(&text, cases[i].wanted);
	}
}

static void
test_golden_clauses(void **state)
{
	const struct query_text all = {.target = "pc",
	    .select = "(select (top 5) Room.Door (max PC.Ends))",
	    .where = "(gt Id 3)",
	    .order = "(order (desc (count)) (az Room.Door))",
	    .group = "(group Room.Door)"};
	const struct query_text from_room = {
	    .target = "Room", .select = "Door", .where = "(eq PC.Name x)"};
	const struct query_text only = {.target = "Room",
	    .select = "(select (top 3) Door)",
	    .only = "Room.Id"};
	const struct query_text keyed = {.target = "PC",
	    .select = "(select (max Release) Ip)",
	    .order = "(order (desc (max Release)) Ip)",
	    .group = "(group Ip)"};
	const struct query_text parts = {.target = "PC",
	    .order = "(month Ends)",
	    .group = "(group (month Ends))"};
	const struct query_text star = {
	    .target = "Room", .select = "Id Door Bell.Id"};

	(void)state;
	check(&all,
	    "SELECT r.door, max(CASE WHEN p.ends > 0 THEN p.ends END)"
	    " FROM pc AS p LEFT JOIN room AS r ON r.id = p.room"
	    " WHERE (p.id > ?) GROUP BY r.door"
	    " ORDER BY count(*) DESC, r.door COLLATE NOCASE LIMIT ? 3 5");
	check(&from_room,
	    "SELECT r.door FROM room AS r LEFT JOIN pc AS p ON r.id = p.room"
	    " WHERE (lower(p.name) = ?) LIMIT ? 'x' 100001");
	check(&only, "SELECT DISTINCT r.id FROM room AS r LIMIT ? 3");
	check(&keyed,
	    "SELECT substr(max(p.vk || ' ' || p.v),"
	    " instr(max(p.vk || ' ' || p.v), ' ') + 1),"
	    " CASE WHEN p.ip <> '' THEN p.ip END FROM pc AS p"
	    " GROUP BY CASE WHEN p.ip <> '' THEN p.ip END"
	    " ORDER BY max(p.vk) DESC, min(p.ipk) LIMIT ? 100001");
	check(&parts,
	    "SELECT (strftime('%Y-%m', CASE WHEN p.ends > 0 THEN p.ends END,"
	    " 'unixepoch')), count(*) FROM pc AS p"
	    " GROUP BY (strftime('%Y-%m', CASE WHEN p.ends > 0 THEN p.ends"
	    " END, 'unixepoch'))"
	    " ORDER BY (strftime('%Y-%m', CASE WHEN p.ends > 0 THEN p.ends"
	    " END, 'unixepoch')) LIMIT ? 100001");
	check(&star,
	    "SELECT r.id, r.door, b.id FROM room AS r LEFT JOIN bell AS b ON"
	    " b.room = r.id LIMIT ? 100001");
}

/* --- bad input --- */

static const struct {
	const char *where, *wanted;
} bad_conditions[] = {
    {"(eq PC.Nmae 'x')",
	"where, character 5: no column of PC in "
	"PC.Nmae; near: Name"},
    {"(eq Zz.Name 'x')",
	"where, character 5: no table in Zz.Name; "
	"there are PC, Room, Moon, Bell"},
    {"  (equal Name 'x')",
	"where, character 4: no operator equal; "
	"there are eq, contains, olderThan, ..."},
    {"(contans Name 'x')",
	"where, character 2: no operator contans; near: contains"},
    {"(eq Id 'x')",
	"where, character 8: Id is of type int: wanted a "
	"number, not x"},
    {"(gt Ready 1)",
	"where, character 5: Ready is of type boolean, "
	"and gt takes string, int, timestamp, productVersion, "
	"ipv4, ipv6"},
    {"(eq Ready 2)",
	"where, character 11: Ready is of type boolean: "
	"wanted true or false, not 2"},
    {"(hasTag Name x)",
	"where, character 9: Name is of type string, "
	"and hasTag takes applied_tags"},
    {"(olderThan Ends x)",
	"where, character 17: Ends is of type "
	"timestamp: wanted milliseconds, not x"},
    {"(eq Ends (timestamp))",
	"where, character 10: Ends is of type timestamp: wanted "
	"(timestamp MILLISECONDS) or \"2026-11-24T10:00:00Z\", not an "
	"expression"},
    {"(newerThanFull Ends 0)",
	"where, character 21: Ends is of type timestamp: wanted "
	"milliseconds of a sensible time, not 0"},
    {"(stateEq State 'x')",
	"where, character 16: State is of type enum: wanted a state "
	"such as \"off\", not x"},
    {"(contains Name '')",
	"where, character 16: an empty text is part of every one; "
	"isBlank finds those without any"},
    {"(eq Name)", "where, character 2: wanted (eq COLUMN VALUE)"},
    {"(eq Name a b)", "where, character 2: wanted (eq COLUMN VALUE)"},
    {"(and)", "where, character 2: wanted (and CONDITION...)"},
    {"(not (eq Id 1) (eq Id 2))", "where, character 2: wanted (not CONDITION)"},
    {"(eq (Name) 1)", "where, character 5: wanted a column"},
    {"Name",
	"where, character 1: wanted a condition such as (eq "
	"COLUMN VALUE)"},
    {"((eq Id 1))",
	"where, character 1: wanted a condition such as "
	"(eq COLUMN VALUE)"},
    {"(eq Id 1) (eq Id 2)",
	"where, character 11: one condition is enough: join them with "
	"(and ...)"},
    {"(where (eq Id 1)) x",
	"where, character 19: something behind the (where ...)"},
    {"(eq Id 1",
	"where, character 1: the parenthesis that opens here "
	"is never closed"},
    {"(eq Id 1))",
	"where, character 10: a parenthesis closes that "
	"none opened"},
    {"(eq Name 'x)",
	"where, character 10: the text that begins here "
	"has no closing '"},
    {"(eq Name \xff)", "where, character 10: not UTF-8"},
    {"(eq Name '\u00fc\u2603') \xff", "where, character 16: not UTF-8"},
    {"(and (eq Name '\u00fc\u2603') (equal Id 1))",
	"where, character 22: no operator equal; there are eq, "
	"contains, olderThan, ..."},
    {"(eq Name '\u00fc\u2603'))",
	"where, character 15: a parenthesis closes that none opened"},
    {"(eq Id 99999999999999999999)",
	"where, character 8: Id is of type int: wanted a number, not "
	"99999999999999999999"},
    {"(versionLt Release x.y)",
	"where, character 20: Release is of type productVersion: "
	"wanted a version such as \"16.1.25\", not x.y"},
    {"(versionLt Name 1)",
	"where, character 12: Name is of type string, and versionLt "
	"takes productVersion"},
    {"(gt Ip 10.1)",
	"where, character 8: Ip is of type ipv4: wanted an address "
	"such as \"192.0.2.1\", not 10.1"},
    {"(isInSubnet Ip 10.1.0.0 (x))",
	"where, character 16: Ip is of type ipv4: wanted a subnet "
	"such as \"10.1.0.0/16\" or \"fd00::/8\", not 10.1.0.0"},
    {"(isInSubnet Ip)",
	"where, character 2: wanted (isInSubnet COLUMN SUBNET [MASK])"},
    {"(eq Moon.Id 1)", "a table is not related to PC"},
};

static void
test_bad_conditions(void **state)
{
	struct query_text text = {.target = "PC", .select = "(select Id)"};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad_conditions); i++) {
		text.where = bad_conditions[i].where;
		check(&text, bad_conditions[i].wanted);
	}
}

static void
test_bad_clauses(void **state)
{
	static const struct {
		struct query_text text;
		const char *wanted;
	} cases[] = {
	    {{.target = "Pcc"},
		"target, character 1: no table in Pcc; near: "
		"PC"},
	    {{.target = NULL},
		"target, character 1: no table in ; there are "
		"PC, Room, Moon, Bell"},
	    {{.target = "PC", .select = "(select (top 0) Id)"},
		"select, character 9: wanted (top N), N from 1 to 10000000"},
	    {{.target = "PC", .select = "(select (median Id))"},
		"select, character 9: no function median; there are count, "
		"min, max, sum, avg, month, ..."},
	    {{.target = "PC", .select = "(select (sum Name))"},
		"select, character 14: Name is of type string, and sum takes "
		"int"},
	    {{.target = "PC", .select = "(select (min Id Id))"},
		"select, character 9: wanted (min COLUMN)"},
	    {{.target = "PC", .select = "Name (count)"},
		"select, character 1: Name differs within a group: put it "
		"into (group ...), or take (min ...) or (max ...) of it"},
	    {{.target = "PC", .order = "(order (asc Id Id))"},
		"order, character 8: wanted (asc COLUMN) or (desc COLUMN)"},
	    {{.target = "PC", .order = "(order (up Id))"},
		"order, character 8: no function up; there are count, min, max, "
		"sum, avg, month, ..."},
	    {{.target = "PC", .select = "(select ('x' Id))"},
		"select, character 9: wanted a column, or a function such as "
		"(max COLUMN)"},
	    {{.target = "PC", .select = "(select (month Id))"},
		"select, character 16: Id is of type int, and month takes "
		"timestamp"},
	    {{.target = "PC", .select = "(select (mounth Ends))"},
		"select, character 9: no function mounth; near: month, count"},
	    {{.target = "PC", .group = "(count)"},
		"group, character 1: groups are made of columns, or of parts "
		"of times such as (month COLUMN)"},
	    {{.target = "PC", .group = "(month Ends)", .order = "Ends"},
		"order, character 1: Ends differs within a group: put it into "
		"(group ...), or take (min ...) or (max ...) of it"},
	    {{.target = "PC", .group = "(month Ends)", .select = "(day Ends)"},
		"select, character 1: Ends differs within a group: put it into "
		"(group ...), or take (min ...) or (max ...) of it"},
	    {{.target = "PC", .group = "Id", .order = "Name"},
		"order, character 1: Name differs within a group: put it into "
		"(group ...), or take (min ...) or (max ...) of it"},
	    {{.target = "PC", .join = "Roon"},
		"joinTables, character 1: no table in Roon; near: Room, Moon"},
	    {{.target = "PC", .group = "Id", .only = "PC.Id"},
		"rows of groups are no rows of PC"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		check(&cases[i].text, cases[i].wanted);
}

/* Nested, long, and with many words: an error, in no time and no stack. */
static void
test_limits(void **state)
{
	struct query_text text = {.target = "PC"};
	struct err err = {.kind = ERR_NONE};
	struct query *q;
	size_t i, size = (size_t)3 << 20;
	char *big = mem_alloc(size + 1);
	struct buf deep;

	(void)state;
	text.where = big;
	memset(big, '(', size);
	assert_int_equal(compile(&text, &q, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	big[1000] = '\0';
	assert_int_equal(compile(&text, &q, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_string_equal(
	    err.text, "where, character 65: nested more than 64 deep");
	memset(big, 'x', QUERY_TEXT_MAX);
	for (i = 1; i < QUERY_TEXT_MAX; i += 2)
		big[i] = ' ';
	big[QUERY_TEXT_MAX] = '\0';
	assert_int_equal(compile(&text, &q, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_non_null(strstr(err.text, "more than 4000 words"));
	/* As deep and as wide as it may be. */
	buf_init(&deep, QUERY_TEXT_MAX);
	for (i = 1; i < QUERY_DEPTH_MAX; i++)
		buf_str(&deep, "(not ");
	buf_str(&deep, "(eq Id 1)");
	for (i = 1; i < QUERY_DEPTH_MAX; i++)
		buf_char(&deep, ')');
	text.where = buf_text(&deep);
	assert_int_equal(compile(&text, &q, &err), 0);
	query_free(q);
	buf_reset(&deep);
	buf_str(&deep, "(or");
	for (i = 0; i < 990; i++)
		buf_str(&deep, " (eq Id 1)");
	buf_char(&deep, ')');
	text.where = buf_text(&deep);
	assert_int_equal(compile(&text, &q, &err), 0);
	query_free(q);
	buf_free(&deep);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_golden_clauses),
	    cmocka_unit_test(test_bad_conditions),
	    cmocka_unit_test(test_bad_clauses), cmocka_unit_test(test_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
