/* table_internal.h: the same rows as table, JSON and CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const struct table_column columns[] = {{"name", TABLE_STRING, 0, 0},
    {"count", TABLE_INT, 2, 0}, {"at", TABLE_TIME, 3, 0},
    {"tls", TABLE_BOOL, 1, 0}, {"reasons", TABLE_LIST, 0, 10}};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct output {
	char *text;
	size_t len;
	FILE *file;
};

static struct table *
start(struct output *o, enum table_format format)
{
	o->file = open_memstream(&o->text, &o->len);
	assert_non_null(o->file);
	return table_new(format, columns, COLUMNS, o->file);
}

static void
row(struct table *t, const char *name, int64_t count, int64_t at, bool tls,
    const char *reasons)
{
	table_text(t, name);
	table_int(t, count);
	table_int(t, at);
	table_int(t, tls);
	table_text(t, reasons);
	table_row(t);
}

static void
end(struct output *o, struct table *t, const char *expected)
{
	table_end(t);
	fclose(o->file);
	assert_string_equal(o->text, expected);
	free(o->text);
}

#define AT 1764000000 /* 2025-11-24T16:00:00Z */

static void
aligns(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	row(t, "pc1", 7, AT, true, "a,b");
	row(t, "pc10.example", 12345678, 0, false, NULL);
	assert_int_equal(table_rows(t), 2);
	end(&o, t,
	    "NAME          COUNT     AT                    TLS  REASONS\n"
	    "pc1                  7  2025-11-24T16:00:00Z  yes  a,b\n"
	    "pc10.example  12345678  -                     no   -\n");
}

static void
disarms_terminals(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	row(t, "\033[31mred\n", 0, 0, false, "");
	table_end(t);
	fclose(o.file);
	assert_null(strchr(o.text, '\033'));
	assert_non_null(strstr(o.text, "\\x1B[31mred\\x0A"));
	free(o.text);
}

/* Whatever the format and the terminal: nothing in a cell is obeyed. */
static void
lets_no_escape_through(void **state)
{
	/* ESC, CSI as one byte and as a character, DEL, BEL, CR, overrides of
	 * the direction, a line separator, broken UTF-8 before an ESC */
	static const char *const evil[] = {"a\033[2Jb",
	    "a\x9b"
	    "2Jb",
	    "a\xc2\x9b"
	    "2Jb",
	    "a\x7f\ab", "a\rb",
	    "a\xe2\x80\xae"
	    "b",
	    "a\xe2\x81\xa6"
	    "b",
	    "a\xe2\x80\xa8"
	    "b",
	    "a\xc3\033[2Jb", "a\xf0\x9f\033b",
	    "a\xef\xbb\xbf"
	    "b"};
	static const char *const obeyed[] = {"\033", "\x9b", "\x7f", "\a",
	    "\xe2\x80", "\xe2\x81", "\xc3", "\xf0", "\xef"};
	struct output o;
	struct table *t;
	size_t i, j;
	int format;

	(void)state;
	for (i = 0; i < 3 * sizeof(evil) / sizeof(evil[0]); i++) {
		format = (int)(i % 3);
		t = start(&o, (enum table_format)format);
		table_set_utf8(t);
		row(t, evil[i / 3], 0, 0, false, evil[i / 3]);
		table_end(t);
		fclose(o.file);
		for (j = 0; j < sizeof(obeyed) / sizeof(obeyed[0]); j++)
			assert_null(strstr(o.text, obeyed[j]));
		if (format != TABLE_CSV) /* its lines end so */
			assert_null(strchr(o.text, '\r'));
		assert_null(strstr(o.text, "a\rb"));
		free(o.text);
	}
}

#define COLOGNE "K\xc3\xb6ln"
#define TOKYO "\xe6\x9d\xb1\xe4\xba\xac" /* two characters of two columns */
#define ANGSTROM "A\xcc\x8a"		 /* a letter and a mark above it */

static void
shows_utf8_in_columns(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	table_set_utf8(t);
	row(t, COLOGNE, 1, 0, true, "x");
	row(t, TOKYO, 2, 0, true, ANGSTROM);
	row(t, "AD\\pc1", 3, 0, true, "y");
	end(&o, t,
	    "NAME    COUNT  AT  TLS  REASONS\n" COLOGNE
	    "        1  -   yes  x\n" TOKYO "        2  -   yes  " ANGSTROM "\n"
	    "AD\\pc1      3  -   yes  y\n");
	t = start(&o, TABLE_TEXT); /* of another charset */
	row(t, COLOGNE, 1, 0, true, NULL);
	end(&o, t,
	    "NAME         COUNT  AT  TLS  REASONS\n"
	    "K\\xC3\\xB6ln      1  -   yes  -\n");
	t = start(&o, TABLE_CSV);
	row(t, COLOGNE, 1, 0, true, NULL);
	end(&o, t, "name,count,at,tls,reasons\r\n" COLOGNE ",1,,yes,\r\n");
}

/* A character of two columns that does not fit is not halved. */
static void
cuts_between_characters(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	table_set_utf8(t);
	table_set_width(t, 22);
	row(t, "pc1", 0, 0, false, TOKYO TOKYO TOKYO TOKYO);
	row(t, "pc2", 0, 0, false, ANGSTROM COLOGNE COLOGNE COLOGNE COLOGNE);
	end(&o, t,
	    "NAME  TLS  REASONS\n"
	    "pc1   no   " TOKYO TOKYO "...\n"
	    "pc2   no   " ANGSTROM COLOGNE "K\xc3\xb6"
	    "l...\n"
	    "(not shown: count, at; --wide shows all)\n");
	t = start(&o, TABLE_TEXT);
	table_set_utf8(t);
	table_set_width(t, 16);
	row(t, "pc1", 0, 0, false, TOKYO TOKYO TOKYO TOKYO);
	end(&o, t,
	    "NAME  REASONS\n"
	    "pc1   " TOKYO "\xe6\x9d\xb1"
	    "...\n"
	    "(not shown: count, at, tls; --wide shows all)\n");
}

static void
draws_blocks_and_colour(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	table_set_blocks(t);
	row(t, "a", 1, 0, false, "x");
	row(t, "b", 2, 0, true, NULL);
	end(&o, t,
	    "name     a\ncount    1\nat       -\ntls      no\nreasons  x\n\n"
	    "name     b\ncount    2\nat       -\ntls      yes\nreasons  -\n");
	t = start(&o, TABLE_TEXT);
	table_set_colour(t);
	row(t, "a", 1, 0, false, "x");
	end(&o, t,
	    "\033[1mNAME  COUNT  AT  TLS  REASONS\033[0m\n"
	    "a         1  -   no   x\n");
}

static void
writes_json(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_JSON);

	(void)state;
	row(t, "q\"\\/\n", -1, AT, true, "a,b");
	row(t, NULL, INT64_MAX, 0, false, NULL);
	end(&o, t,
	    "[\n"
	    "{\"name\":\"q\\\"\\\\/\\n\",\"count\":-1,"
	    "\"at\":\"2025-11-24T16:00:00Z\",\"tls\":true,"
	    "\"reasons\":[\"a\",\"b\"]},\n"
	    "{\"name\":null,\"count\":9223372036854775807,\"at\":null,"
	    "\"tls\":false,\"reasons\":[]}\n]\n");
}

/* Bytes that are no UTF-8 must not make the whole output unreadable. */
static void
keeps_json_utf8(void **state)
{
	static const struct {
		const char *bytes, *json;
	} cases[] = {{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
			 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"a\xff", "a\\\\xFF"}, {"\xc3", "\\\\xC3"},
	    {"\xc0\xaf", "\\\\xC0\\\\xAF"},
	    {"\xed\xa0\x80", "\\\\xED\\\\xA0\\\\x80"},
	    {"\xe0\x80\x80", "\\\\xE0\\\\x80\\\\x80"},
	    {"\xf4\x90\x80\x80", "\\\\xF4\\\\x90\\\\x80\\\\x80"},
	    {"\xf0\x80\x80\x80", "\\\\xF0\\\\x80\\\\x80\\\\x80"}};
	char expected[128];
	struct output o;
	struct table *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = start(&o, TABLE_JSON);
		row(t, cases[i].bytes, 0, 0, false, NULL);
		snprintf(expected, sizeof(expected),
		    "[\n{\"name\":\"%s\",\"count\":0,\"at\":null,"
		    "\"tls\":false,\"reasons\":[]}\n]\n",
		    cases[i].json);
		end(&o, t, expected);
	}
}

static void
writes_csv(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_CSV);

	(void)state;
	row(t, "plain", 1, AT, true, "a,b");
	row(t, "quote \" and\nline", 2, 0, false, NULL);
	row(t, " blank", 3, 0, false, "");
	end(&o, t,
	    "name,count,at,tls,reasons\r\n"
	    "plain,1,2025-11-24T16:00:00Z,yes,\"a,b\"\r\n"
	    "\"quote \"\" and\nline\",2,,no,\r\n"
	    "\" blank\",3,,no,\r\n");
}

static void
writes_nothing(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	end(&o, t, "");
	t = start(&o, TABLE_JSON);
	end(&o, t, "[]\n");
	t = start(&o, TABLE_CSV);
	end(&o, t, "name,count,at,tls,reasons\r\n");
}

static void
tells_of_a_full_disk(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct table *t;

	(void)state;
	assert_non_null(full);
	t = table_new(TABLE_JSON, columns, COLUMNS, full);
	row(t, "a", 1, 0, false, NULL);
	assert_int_equal(table_flush(t), -1);
	table_end(t);
	fclose(full);
}

/* At each width of a terminal. */
static void
fits(void **state)
{
	static const struct {
		size_t width;
		const char *text;
	} cases[] = {
	    {0,
		"NAME  COUNT  AT                    TLS  REASONS\n"
		"pc1       7  2025-11-24T16:00:00Z  yes  "
		"clock-skew,name-mismatch\n"},
	    {64,
		"NAME  COUNT  AT                    TLS  REASONS\n"
		"pc1       7  2025-11-24T16:00:00Z  yes  "
		"clock-skew,name-mismatch\n"},
	    {63,
		"NAME  COUNT  AT                    TLS  REASONS\n"
		"pc1       7  2025-11-24T16:00:00Z  yes  "
		"clock-skew,name-mism...\n"
		"(cut to fit; --wide shows all)\n"},
	    {50,
		"NAME  COUNT  AT                    TLS  REASONS\n"
		"pc1       7  2025-11-24T16:00:00Z  yes  clock-s...\n"
		"(cut to fit; --wide shows all)\n"},
	    {49,
		"NAME  COUNT  TLS  REASONS\n"
		"pc1       7  yes  clock-skew,name-mismatch\n"
		"(not shown: at; --wide shows all)\n"},
	    {20,
		"NAME  REASONS\n"
		"pc1   clock-skew,...\n"
		"(not shown: count, at, tls; --wide shows all)\n"},
	    /* a name is never cut, however narrow */
	    {5,
		"NAME  REASONS\n"
		"pc1   clock-s...\n"
		"(not shown: count, at, tls; --wide shows all)\n"},
	};
	struct output o;
	struct table *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = start(&o, TABLE_TEXT);
		table_set_width(t, cases[i].width);
		row(t, "pc1", 7, AT, true, "clock-skew,name-mismatch");
		end(&o, t, cases[i].text);
	}
}

/* A column with nothing in it goes before one that says something. */
static void
leaves_out_what_is_empty(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	table_set_width(t, 40);
	row(t, "pc1", 7, 0, true, NULL);
	row(t, "pc2.corp.example.and.more", 8, 0, true, NULL);
	end(&o, t,
	    "NAME                       COUNT  TLS\n"
	    "pc1                            7  yes\n"
	    "pc2.corp.example.and.more      8  yes\n"
	    "(not shown: at, reasons; --wide shows all)\n");
}

static void
never_cuts_data(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_CSV);

	(void)state;
	table_set_width(t, 10);
	row(t, "pc1", 7, 0, true, "clock-skew,name-mismatch");
	end(&o, t,
	    "name,count,at,tls,reasons\r\n"
	    "pc1,7,,yes,\"clock-skew,name-mismatch\"\r\n");
	t = start(&o, TABLE_JSON);
	table_set_width(t, 10);
	row(t, "pc1", 7, 0, true, NULL);
	end(&o, t,
	    "[\n{\"name\":\"pc1\",\"count\":7,\"at\":null,\"tls\":true,"
	    "\"reasons\":[]}\n]\n");
}

static void
groups_and_sorts(void **state)
{
	static const struct table_column grouped[] = {
	    {"name", TABLE_STRING, 0, 0}, {"step", TABLE_STRING, 0, 0},
	    {"what", TABLE_STRING, 0, 0}, {"error", TABLE_STRING, 0, 0}};
	static const char *const cells[][4] = {
	    {"pc2", "key.generate", "key", NULL},
	    {"pc2", "clock.set", "clock", NULL},
	    {"pc3", NULL, NULL, "no connection to a device far away"},
	    {"pc1", "clock.set", "clock", NULL}};
	struct output o;
	struct table *t;
	size_t i, j;

	(void)state;
	o.file = open_memstream(&o.text, &o.len);
	t = table_new(TABLE_TEXT, grouped, 4, o.file);
	table_set_sorted(t, 0);
	table_set_groups(t, 0, 3);
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++)
			table_text(t, cells[i][j]);
		table_row(t);
	}
	end(&o, t,
	    "  STEP          WHAT\n"
	    "pc1\n"
	    "  clock.set     clock\n"
	    "pc2\n"
	    "  key.generate  key\n"
	    "  clock.set     clock\n"
	    "pc3\n"
	    "  no connection to a device far away\n");
}

static void
streams(void **state)
{
	struct output o;
	struct table *t = start(&o, TABLE_TEXT);

	(void)state;
	table_set_stream(t);
	assert_int_equal(table_flush(t), 0);
	assert_string_equal(o.text, "");
	row(t, "pc10.example", 7, 0, true, "a");
	assert_int_equal(table_flush(t), 0);
	assert_string_equal(o.text,
	    "NAME          COUNT  AT  TLS  REASONS\n"
	    "pc10.example      7  -   yes  a\n");
	row(t, "pc1", 7, 0, true, NULL);
	end(&o, t,
	    "NAME          COUNT  AT  TLS  REASONS\n"
	    "pc10.example      7  -   yes  a\n"
	    "pc1               7  -   yes  -\n");
	t = start(&o, TABLE_JSON);
	table_set_stream(t);
	row(t, "a", 1, 0, false, NULL);
	assert_int_equal(table_flush(t), 0);
	row(t, "b", 2, 0, true, NULL);
	end(&o, t,
	    "{\"name\":\"a\",\"count\":1,\"at\":null,\"tls\":false,"
	    "\"reasons\":[]}\n"
	    "{\"name\":\"b\",\"count\":2,\"at\":null,\"tls\":true,"
	    "\"reasons\":[]}\n");
	t = start(&o, TABLE_JSON);
	table_set_stream(t);
	end(&o, t, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(aligns),
	    cmocka_unit_test(disarms_terminals),
	    cmocka_unit_test(lets_no_escape_through),
	    cmocka_unit_test(shows_utf8_in_columns),
	    cmocka_unit_test(cuts_between_characters),
	    cmocka_unit_test(draws_blocks_and_colour),
	    cmocka_unit_test(writes_json),
	    cmocka_unit_test(keeps_json_utf8),
	    cmocka_unit_test(writes_csv),
	    cmocka_unit_test(fits),
	    cmocka_unit_test(leaves_out_what_is_empty),
	    cmocka_unit_test(never_cuts_data),
	    cmocka_unit_test(groups_and_sorts),
	    cmocka_unit_test(streams),
	    cmocka_unit_test(writes_nothing),
	    cmocka_unit_test(tells_of_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
