#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "directory_internal.h"

#define DAY INT64_C(86400)

/* As Active Directory writes them. */
static void
periods(void **state)
{
	static const struct {
		uint8_t bytes[8];
		int64_t seconds;
	} good[] = {
	    {{0x00, 0x40, 0x39, 0x87, 0x2e, 0xe1, 0xfe, 0xff}, 365 * DAY},
	    {{0x00, 0x80, 0x72, 0x0e, 0x5d, 0xc2, 0xfd, 0xff}, 730 * DAY},
	    {{0x00, 0x80, 0xa6, 0x0a, 0xff, 0xde, 0xff, 0xff}, 42 * DAY},
	    {{0x00, 0x98, 0x3b, 0x9e, 0xf7, 0xff, 0xff, 0xff}, 3600},
	};
	static const uint8_t bad[][8] = {{0},
	    {1, 0, 0, 0, 0, 0, 0, 0x7f},		       /* positive */
	    {0, 0, 0, 0, 0, 0, 0, 0x80},		       /* "never" */
	    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; /* 100 ns */
	int64_t seconds = 17;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(directory_period(bad[i], 8, &seconds), -1);
	assert_int_equal(directory_period(good[0].bytes, 7, &seconds), -1);
	assert_int_equal(directory_period(good[0].bytes, 0, &seconds), -1);
	assert_int_equal(seconds, 17);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    directory_period(good[i].bytes, 8, &seconds), 0);
		assert_int_equal(seconds, good[i].seconds);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(periods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
