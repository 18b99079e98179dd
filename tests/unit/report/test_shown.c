/* shown.h: escapes for people and programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "shown.h"
#include "str.h"

static void
shows(const char *text, size_t max, enum shown form, bool utf8,
    const char *expected)
{
	struct buf b;

	buf_init(&b, 1000);
	shown_add(&b, text, max, form, utf8);
	assert_string_equal(buf_text(&b), expected);
	buf_free(&b);
}

#define EURO "\xe2\x82\xac"
#define OVERRIDE "\xe2\x80\xae"
#define CSI "\xc2\x9b"
#define TAG "\xf3\xa0\x80\x81"

static void
escapes_by_form(void **state)
{
	(void)state;
	shows("a\tb\n" EURO, 99, SHOWN_CELL, true, "a\\x09b\\x0A" EURO);
	shows("a" EURO, 99, SHOWN_CELL, false, "a\\xE2\\x82\\xAC");
	shows("a\tb\r\n" CSI, 99, SHOWN_LINES, true, "a\tb\\x0D\n\\xC2\\x9B");
	shows(OVERRIDE CSI TAG, 99, SHOWN_JSON, true,
	    "\\u202e\\u009b\\udb40\\udc01");
	shows("\"\xff\x7f\"", 99, SHOWN_JSON, true, "\"\\\\xFF\\u007f\"");
	shows("<a>" EURO CSI "\r</a>\n", 99, SHOWN_XML, true,
	    "<a>" EURO "&#x9b;&#xd;</a>\n");
	shows("a,\"\033" EURO "\xe2\x82\"", 99, SHOWN_CSV, true,
	    "a,\"\\x1B" EURO "\\xE2\\x82\"");
}

static void
cuts(void **state)
{
	(void)state;
	shows("aaaaaaaaaa", 4, SHOWN_CELL, true, "aaaa...");
	shows("aaaa", 4, SHOWN_CELL, true, "aaaa");
	shows(EURO EURO EURO, 4, SHOWN_CELL, true, EURO EURO "...");
}

static void
measures(void **state)
{
	size_t columns;

	(void)state;
	assert_int_equal(shown_width(""), 0);
	assert_int_equal(shown_width("pc1"), 3);
	assert_int_equal(shown_width(EURO "a\xcc\x8a"), 2);
	assert_int_equal(shown_width("\xe6\x9d\xb1\xe4\xba\xac"), 4);
	/* a mark goes with its letter; half a wide one is none */
	assert_int_equal(shown_fit("a\xcc\x8a"
				   "b",
			     1, &columns),
	    3);
	assert_int_equal(columns, 1);
	assert_int_equal(shown_fit("\xe6\x9d\xb1\xe4\xba\xac", 3, &columns), 3);
	assert_int_equal(columns, 2);
}

/* The charset is the user's; words and names stay independent of it. */
static void
asks_the_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
	assert_true(shown_utf8());
	assert_int_equal(setenv("LC_ALL", "C", 1), 0);
	assert_false(shown_utf8());
	assert_int_equal(setenv("LC_ALL", "no_SUCH.locale", 1), 0);
	assert_false(shown_utf8());
	assert_int_equal(isalpha(0xe4), 0);
	assert_true(str_ieq("INTEL", "intel"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(escapes_by_form),
	    cmocka_unit_test(cuts),
	    cmocka_unit_test(measures),
	    cmocka_unit_test(asks_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
