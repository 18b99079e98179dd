/* cli_remote.h: a record here, and the API's answer that is made of it, are the
 * same row of a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli_remote.h"
#include "columns.h"
#include "err.h"
#include "mem.h"
#include "record.h"
#include "table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct report_column all_kind_columns[] = {INT("id"), TEXT("name"),
    INT("n"), TIME("at"), BOOL("tls"), LIST("why"), TEXT("more")};
static KIND(all_kind);

/* Not all of them, and in another order. */
static const struct table_column columns[] = {{"why", TABLE_LIST, 0, 0},
    {"tls", TABLE_BOOL, 0, 0}, {"name", TABLE_STRING, 0, 0},
    {"at", TABLE_TIME, 0, 0}, {"n", TABLE_INT, 0, 0}};

struct thing {
	const char *name, *why;
	int64_t n, at, tls;
	bool unknown; /* n, tls */
};
static const struct thing things[] = {
    {"a", "x,y", 7, 1764000000, 1, false},
    {"b \"c\"", "", 0, 0, 0, false},
    {NULL, NULL, -1, 1, 1, true},
};

static void
fill(struct record *r, const struct thing *t)
{
	record_begin(r, &all_kind);
	record_int(r, 1);
	record_given(r, mem_dup(t->name));
	if (t->unknown)
		record_nothing(r);
	else
		record_int(r, t->n);
	record_int(r, t->at);
	if (t->unknown)
		record_nothing(r);
	else
		record_int(r, t->tls);
	record_text(r, t->why);
	record_text(r, "more");
}

/* As the API writes it. */
static struct json_object *
answer(struct record *r)
{
	struct json_object *row;
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	report_json_row(file, r->kind->columns, r->cells, r->kind->count);
	record_clear(r);
	(void)fclose(file);
	row = json_tokener_parse(text);
	assert_non_null(row);
	free(text);
	return row;
}

/* Given. */
static char *
written(const struct cli_remote_rows *rows, const struct thing *thing,
    enum table_format format, bool here)
{
	struct json_object *row;
	char *text = NULL;
	struct record r;
	struct err err;
	struct table *t;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	t = table_new(format, rows->columns, rows->count, file);
	fill(&r, thing);
	if (here) {
		cli_record(t, rows, &r);
		table_row(t);
	} else {
		row = answer(&r);
		assert_int_equal(cli_remote_row(t, rows, row, &err), 0);
		(void)json_object_put(row);
	}
	table_end(t);
	(void)fclose(file);
	return text;
}

static void
are_the_same(const struct cli_remote_rows *rows)
{
	static const enum table_format formats[] = {
	    TABLE_TEXT, TABLE_JSON, TABLE_CSV};
	char *here, *there;
	size_t i, f;

	for (i = 0; i < COUNT(things); i++)
		for (f = 0; f < COUNT(formats); f++) {
			here = written(rows, &things[i], formats[f], true);
			there = written(rows, &things[i], formats[f], false);
			assert_string_equal(here, there);
			free(here);
			free(there);
		}
}

static void
picks_by_name(void **state)
{
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns)};
	char *text;

	(void)state;
	are_the_same(&rows);
	text = written(&rows, &things[0], TABLE_CSV, true);
	assert_string_equal(text,
	    "why,tls,name,at,n\r\n\"x,y\",yes,a,2025-11-24T16:00:00Z,7\r\n");
	free(text);
}

static void
says_what_is_nothing(void **state)
{
	static const struct cli_remote_none none[] = {{"n", 7}, {NULL, 0}};
	struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns), .none = none};
	char *text;

	(void)state;
	are_the_same(&rows);
	text = written(&rows, &things[0], TABLE_CSV, true);
	assert_string_equal(
	    strchr(text, '\n') + 1, "\"x,y\",yes,a,2025-11-24T16:00:00Z,\r\n");
	free(text);
	rows.known = "at";
	are_the_same(&rows);
	text = written(&rows, &things[1], TABLE_CSV, true);
	assert_string_equal(strchr(text, '\n') + 1, ",,\"b \"\"c\"\"\",,0\r\n");
	free(text);
	rows.known = "name";
	are_the_same(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(picks_by_name),
	    cmocka_unit_test(says_what_is_nothing),
	};

	return cmocka_run_group_tests_name(
	    "cli/record_rows", tests, NULL, NULL);
}
