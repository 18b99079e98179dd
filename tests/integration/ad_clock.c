/* A domain whose clock is not ours (LAB_FAKETIME=+10m). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ad_lab.h"
#include "directory.h"
#include "err.h"
#include "krb.h"

#define AHEAD_MS 600000
#define SLACK_MS 3000

static void
both_ways_tell_the_same(void **state)
{
	struct krb *k = ad_krb("", AD_DEADLINE);
	int64_t offset = 0, error = 0;
	struct directory *d;
	struct err err;

	(void)state;
	if (krb_time(k, 4, &offset, &error, &err) != 0)
		fail_msg("%s", err.text);
	assert_in_range(offset, AHEAD_MS - SLACK_MS, AHEAD_MS + SLACK_MS);
	/* libkrb5 follows the KDC's clock: we get in, a device would not. */
	d = ad_directory(k);
	if (directory_time(d, &offset, &err) != 0)
		fail_msg("%s", err.text);
	assert_in_range(offset, AHEAD_MS - SLACK_MS, AHEAD_MS + SLACK_MS);
	directory_close(d);
	krb_close(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_ways_tell_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
