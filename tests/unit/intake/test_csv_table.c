/* csv_table.h: rows by the names of their columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <string.h>

#include "csv_table.h"
#include "err.h"

static const char *const names[] = {"name", "site", "uuid"};
enum { NAME, SITE, UUID };

/* text is changed. */
static struct csv_table
open_table(char *text, int rc, struct err *err)
{
	struct csv_table t = {.file = "f.csv", .names = names, .count = 3};

	err_clear(err);
	assert_int_equal(csv_table_open(&t, text, strlen(text), err), rc);
	return t;
}

static void
finds_columns_by_name(void **state)
{
	char text[] = "Owner,SITE,x y,Name\r\nme,berlin,,pc1\r\n"
		      "you,,,pc2,more\r\n\r\nwho,\"a,b\",,pc3\r\n";
	struct err err = {0};
	struct csv_table t = open_table(text, 0, &err);

	(void)state;
	assert_string_equal(csv_table_stranger(&t, 0), "Owner");
	assert_string_equal(csv_table_stranger(&t, 1), "x y");
	assert_null(csv_table_stranger(&t, 2));
	assert_int_equal(csv_table_next(&t), 1);
	assert_null(t.row.bad);
	assert_string_equal(csv_table_value(&t, NAME), "pc1");
	assert_string_equal(csv_table_value(&t, SITE), "berlin");
	assert_null(csv_table_value(&t, UUID));
	assert_int_equal(csv_table_next(&t), 1);
	assert_string_equal(t.row.bad, "5 fields where the heading has 4");
	assert_int_equal(t.row.line, 3);
	assert_int_equal(csv_table_next(&t), 1);
	assert_string_equal(csv_table_value(&t, SITE), "a,b");
	assert_int_equal(csv_table_next(&t), 0);
}

static void
refuses_headings(void **state)
{
	static const struct {
		const char *text, *complaint;
	} cases[] = {{"", "f.csv: is empty"}, {"\r\n\r\n", "f.csv: is empty"},
	    {"site,uuid\na,b\n", "f.csv:1: the first line must name"},
	    {"name;site\na;b\n", "parted by commas"},
	    {"name\tsite\n", "parted by commas"},
	    {"\nname,site,Site\n", "f.csv:2: two columns are called site"},
	    {"name,\"site\n", "f.csv:1: a quote that is never closed"}};
	struct err err = {0};
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(text, cases[i].text);
		(void)open_table(text, -1, &err);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_non_null(strstr(err.text, cases[i].complaint));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_columns_by_name),
	    cmocka_unit_test(refuses_headings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
