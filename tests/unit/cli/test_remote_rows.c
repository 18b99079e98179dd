/* cli_remote.h: rows of the API in tables of the command line. */
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
#include "err.h"
#include "table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WHOLE                                                                   \
	"{\"name\":\"a\",\"n\":7,\"at\":\"2025-11-24T16:00:00Z\",\"tls\":true," \
	"\"why\":[\"x\",\"y\"],\"more\":{}}"

static const struct table_column columns[] = {{"name", TABLE_STRING, 0, 0},
    {"n", TABLE_INT, 0, 0}, {"at", TABLE_TIME, 0, 0}, {"tls", TABLE_BOOL, 0, 0},
    {"why", TABLE_LIST, 0, 0}};
static const struct cli_remote_rows plain = {
    .columns = columns, .count = COUNT(columns)};
static struct err err;

/* The row as CSV, given; NULL when it was not taken. */
static char *
written(const struct cli_remote_rows *rows, const char *json)
{
	struct json_object *row = json_tokener_parse(json);
	char *text = NULL, *line;
	struct table *t;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	int rc;

	assert_non_null(row);
	assert_non_null(file);
	t = table_new(TABLE_CSV, rows->columns, rows->count, file);
	memset(&err, 0, sizeof(err));
	rc = cli_remote_row(t, rows, row, &err);
	table_end(t);
	(void)fclose(file);
	(void)json_object_put(row);
	line = rc == 0 ? strdup(strchr(text, '\n') + 1) : NULL;
	free(text);
	return line;
}

static void
is_written(
    const struct cli_remote_rows *rows, const char *json, const char *wanted)
{
	char *line = written(rows, json);

	if (line == NULL)
		fail_msg("%s", err.text);
	line[strcspn(line, "\r\n")] = '\0';
	assert_string_equal(line, wanted);
	free(line);
}

static void
takes_what_fits(void **state)
{
	(void)state;
	is_written(&plain, WHOLE, "a,7,2025-11-24T16:00:00Z,yes,\"x,y\"");
	is_written(&plain,
	    "{\"name\":null,\"n\":null,\"at\":null,\"tls\":null,\"why\":null}",
	    ",,,,");
	is_written(&plain,
	    "{\"why\":[],\"tls\":false,\"at\":null,\"n\":0,\"name\":\"\"}",
	    ",0,,no,");
}

static void
takes_nothing_else(void **state)
{
	static const char *const bad[] = {"{}",
	    "{\"name\":7,\"n\":7,\"at\":null,\"tls\":true,\"why\":[]}",
	    "{\"name\":\"a\",\"n\":\"7\",\"at\":null,\"tls\":true,\"why\":[]}",
	    "{\"name\":\"a\",\"n\":7.5,\"at\":null,\"tls\":true,\"why\":[]}",
	    "{\"name\":\"a\",\"n\":7,\"at\":7,\"tls\":true,\"why\":[]}",
	    "{\"name\":\"a\",\"n\":7,\"at\":\"soon\",\"tls\":true,\"why\":[]}",
	    "{\"name\":\"a\",\"n\":7,\"at\":null,\"tls\":1,\"why\":[]}",
	    "{\"name\":\"a\",\"n\":7,\"at\":null,\"tls\":true,\"why\":\"x\"}",
	    "{\"name\":\"a\",\"n\":7,\"at\":null,\"tls\":true,\"why\":[7]}",
	    "{\"name\":\"\\u0000\",\"n\":7,\"at\":null,\"tls\":true,\"why\":[]}",
	    "{\"name\":\"a\",\"n\":7,\"at\":null,\"tls\":true}"};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_null(written(&plain, bad[i]));
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
}

static int
rename_it(struct json_object *row, struct err *why)
{
	(void)why;
	(void)json_object_object_add(
	    row, "name", json_object_new_string("made so"));
	return 0;
}

static void
says_what_is_nothing(void **state)
{
	static const struct cli_remote_none none[] = {{"n", 7}, {NULL, 0}};
	struct cli_remote_rows rows = plain;

	(void)state;
	rows.none = none;
	is_written(&rows, WHOLE, "a,,2025-11-24T16:00:00Z,yes,\"x,y\"");
	rows = plain;
	rows.known = "read";
	is_written(&rows, WHOLE, "a,7,2025-11-24T16:00:00Z,,\"x,y\"");
	rows.known = "n";
	is_written(&rows, WHOLE, "a,7,2025-11-24T16:00:00Z,yes,\"x,y\"");
	rows.prepare = rename_it;
	is_written(&rows, WHOLE, "made so,7,2025-11-24T16:00:00Z,yes,\"x,y\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_fits),
	    cmocka_unit_test(takes_nothing_else),
	    cmocka_unit_test(says_what_is_nothing),
	};

	return cmocka_run_group_tests_name(
	    "cli/remote_rows", tests, NULL, NULL);
}
