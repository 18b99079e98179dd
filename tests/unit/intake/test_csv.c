/* csv.h: RFC 4180 as people's programs write it, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "err.h"

/* Rows as "LINE[a|b]" or "LINE!complaint", one behind the other. */
static char *
read_all(const char *bytes, size_t len)
{
	char *copy = malloc(len + 1), *out = NULL;
	size_t size = 0, i;
	FILE *file = open_memstream(&out, &size);
	struct csv csv;
	struct csv_row row;
	struct err err = {0};

	assert_non_null(copy);
	assert_non_null(file);
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	assert_int_equal(csv_open(&csv, copy, len, &err), 0);
	while (csv_next(&csv, &row) == 1) {
		fprintf(file, "%zu", row.line);
		if (row.bad != NULL) {
			fprintf(file, "!%s;", row.bad);
			continue;
		}
		for (i = 0; i < row.count; i++)
			fprintf(
			    file, "%c%s", i == 0 ? '[' : '|', row.fields[i]);
		fputs("]", file);
	}
	fclose(file);
	free(copy);
	return out;
}

static const struct {
	const char *bytes, *rows;
} cases[] = {
    {"", ""},
    {"\n\r\n\n", ""},
    {"a,b\nc,d\n", "1[a|b]2[c|d]"},
    {"a,b\r\nc,d\r\n", "1[a|b]2[c|d]"},
    {"a,b\r\nc,d", "1[a|b]2[c|d]"},
    {"\xef\xbb\xbf"
     "a\n",
	"1[a]"},
    {"a\n\n\nb\n", "1[a]4[b]"},
    {",\n,,\n", "1[|]2[||]"},
    {"a,\nb", "1[a|]2[b]"},
    {"\"a,b\",c\n", "1[a,b|c]"},
    {"\"say \"\"hi\"\"\"\n", "1[say \"hi\"]"},
    {"\"two\nlines\",x\ny\n", "1[two\nlines|x]3[y]"},
    {"\"\"\n", "1[]"},
    {"\"\",\"\"", "1[|]"},
    {" a , b \n", "1[ a | b ]"},
    {"\xc3\xa9,\x01\n", "1[\xc3\xa9|\x01]"},
    /* bad lines do not take the next one with them */
    {"a\"b,c\nd\n",
	"1!a quote inside a field that does not begin with "
	"one;2[d]"},
    {"\"a\"b,c\nd\n", "1!text behind a closing quote;2[d]"},
    {"\"a\nb\"c\nd\n", "1!text behind a closing quote;3[d]"},
    {"a\rb\nc\n", "1!a carriage return inside a line;2[c]"},
    {"\"a\n\nb", "1!a quote that is never closed;"},
    {"a,\"b", "1!a quote that is never closed;"},
};

static void
reads(void **state)
{
	char *rows;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rows = read_all(cases[i].bytes, strlen(cases[i].bytes));
		if (strcmp(rows, cases[i].rows) != 0)
			fail_msg("case %zu\n gave: %s\n not: %s", i, rows,
			    cases[i].rows);
		free(rows);
	}
}

static void
keeps_limits(void **state)
{
	static char big[CSV_MAX_FIELD + 16];
	char *rows;
	size_t i;

	(void)state;
	memset(big, 'x', CSV_MAX_FIELD + 1);
	memcpy(big + CSV_MAX_FIELD + 1, "\ny", 3);
	rows = read_all(big, strlen(big));
	assert_string_equal(rows, "1!a field that is too long;2[y]");
	free(rows);
	memset(big, 'x', CSV_MAX_FIELD + 2);
	big[0] = '"';
	memcpy(big + CSV_MAX_FIELD + 2, "\"\ny", 4);
	rows = read_all(big, strlen(big));
	assert_string_equal(rows, "1!a field that is too long;2[y]");
	free(rows);
	for (i = 0; i < CSV_MAX_FIELDS; i++)
		big[i] = ',';
	memcpy(big + i, "\ny", 3);
	rows = read_all(big, strlen(big));
	assert_string_equal(rows, "1!too many fields;2[y]");
	free(rows);
}

static void
refuses_what_is_no_text(void **state)
{
	char utf16[] = {'\xff', '\xfe', 'a', '\0', ',', '\0', '\0'};
	struct err err = {0};
	struct csv csv;

	(void)state;
	assert_int_equal(csv_open(&csv, utf16, 6, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(csv_open(&csv, utf16, CSV_MAX_BYTES + 1, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(keeps_limits),
	    cmocka_unit_test(refuses_what_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
