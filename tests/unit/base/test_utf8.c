/* utf8.h: what is a character, and what of it may be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <string.h>

#include "utf8.h"

static void
reads_characters(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t point;
	} cases[] = {{"a", 1, 'a'}, {"\x7f", 1, 0x7f}, {"\xc2\x80", 2, 0x80},
	    {"\xdf\xbf", 2, 0x7ff}, {"\xe0\xa0\x80", 3, 0x800},
	    {"\xed\x9f\xbf", 3, 0xd7ff}, {"\xee\x80\x80", 3, 0xe000},
	    {"\xef\xbf\xbf", 3, 0xffff}, {"\xf0\x90\x80\x80", 4, 0x10000},
	    {"\xf4\x8f\xbf\xbf", 4, 0x10ffff}};
	uint32_t point;
	size_t i, cut;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		point = 0;
		assert_int_equal(
		    utf8_next(cases[i].bytes, strlen(cases[i].bytes), &point),
		    cases[i].len);
		assert_int_equal(point, cases[i].point);
		for (cut = 0; cut < cases[i].len; cut++)
			assert_int_equal(
			    utf8_next(cases[i].bytes, cut, &point), 0);
	}
}

static void
refuses_other_bytes(void **state)
{
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80",
	    "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
	    "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
	    "\xc3(", "\xe2\x82(", "\xf0\x9f\x98(", "\xe2(\x82"};
	uint32_t point = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(utf8_next(bad[i], strlen(bad[i]), &point), 0);
	assert_int_equal(point, 7);
}

static void
knows_what_is_seen(void **state)
{
	static const uint32_t seen[] = {' ', '~', 0xa0, 0xe9, 0x308, 0x5d0,
	    0x6771, 0x200a, 0x2010, 0x202f, 0x20ac, 0xfffd, 0x1f600, 0xe000};
	static const uint32_t unseen[] = {0, '\n', 0x1b, 0x7f, 0x80, 0x9b, 0x9f,
	    0xad, 0x61c, 0x200b, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a,
	    0x202e, 0x2060, 0x2066, 0x2069, 0xfe0f, 0xfeff, 0xfff9, 0xffff,
	    0x1fffe, 0xe0001, 0xe0100, 0x10ffff};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		assert_true(utf8_visible(seen[i]));
	for (i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		assert_false(utf8_visible(unseen[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_characters),
	    cmocka_unit_test(refuses_other_bytes),
	    cmocka_unit_test(knows_what_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
