#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "err.h"
#include "fixture.h"
#include "template_internal.h"

static struct fixture fixture;

static int
setup(void **state)
{
	(void)state;
	fixture_open(&fixture);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

struct row {
	struct ca_template t;
	const char *says; /* NULL: fine */
};

#define YEAR (365 * CLOCK_DAY)

static const struct row rows[] = {
    {{"t", YEAR, 60 * CLOCK_DAY, 3600, "auto", true}, NULL},
    {{"t", 3600, 60, 0, "rsa-2048", false}, NULL},
    {{"t", 5 * YEAR, 60, 86400, "rsa-3072", false}, NULL},
    {{"", YEAR, 60, 0, "auto", false}, "no name"},
    {{NULL, YEAR, 60, 0, "auto", false}, "no name"},
    {{"t", 3599, 60, 0, "auto", false}, "validity"},
    {{"t", 6 * YEAR, 60, 0, "auto", false}, "validity"},
    {{"t", -1, -2, 0, "auto", false}, "validity"},
    {{"t", INT64_MAX, 60, 0, "auto", false}, "validity"},
    {{"t", YEAR, YEAR, 0, "auto", false}, "renew_before"},
    {{"t", YEAR, 2 * YEAR, 0, "auto", false}, "renew_before"},
    {{"t", YEAR, 0, 0, "auto", false}, "renew_before"},
    {{"t", YEAR, 60, 86401, "auto", false}, "backdate"},
    {{"t", YEAR, 60, -1, "auto", false}, "backdate"},
    {{"t", YEAR, 60, 0, "rsa-1024", false}, "rsa-1024"},
    {{"t", YEAR, 60, 0, NULL, false}, "key \"\""},
};

static void
test_rows(void **state)
{
	struct buf out;
	struct err err;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&out, 4096);
		rc = ca_template_check(
		    fixture.ca, &rows[i].t, fixture.now, &out, &err);
		if (rows[i].says == NULL) {
			assert_int_equal(rc, 0);
			assert_int_equal(out.len, 0);
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(err.kind, ERR_INVALID);
			if (strstr(buf_text(&out), rows[i].says) == NULL ||
			    strstr(err.text, rows[i].says) == NULL)
				fail_msg("row %zu: %s", i, buf_text(&out));
		}
		buf_free(&out);
	}
}

/* All problems at once, a line each. */
static void
test_all_problems(void **state)
{
	const struct ca_template t = {"", 1, 1, -1, "dsa", false};
	struct buf out;
	size_t lines = 0, i;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(
	    ca_template_check(fixture.ca, &t, fixture.now, &out, NULL), -1);
	for (i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 5);
	buf_free(&out);
}

static void
test_issuers_end(void **state)
{
	const struct ca_template t = {"t", YEAR, 60, 0, "auto", false};
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(ca_template_check(fixture.ca, &t,
			     fixture.now + 9 * YEAR + CLOCK_DAY, &out, &err),
	    -1);
	assert_non_null(strstr(err.text, "issuing CA"));
	buf_reset(&out);
	assert_int_equal(ca_template_check(fixture.ca, &t,
			     fixture.now + 20 * YEAR, &out, &err),
	    -1);
	assert_non_null(strstr(buf_text(&out), "root CA"));
	/* Without a CA there is no end to compare with. */
	assert_int_equal(
	    ca_template_check(NULL, &t, fixture.now + 20 * YEAR, NULL, &err),
	    0);
	buf_free(&out);
}

static void
test_key_by_firmware(void **state)
{
	static const struct {
		const char *key;
		int amt;
		unsigned bits, hash;
	} keys[] = {
	    {"auto", 0, 2048, 256},
	    {"auto", 21, 2048, 256},
	    {"auto", 22, 3072, 384},
	    {"auto", 30, 3072, 384},
	    {"rsa-2048", 16, 2048, 256},
	    {"rsa-3072", 16, 3072, 256},
	    {"rsa-3072", 22, 3072, 384},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct ca_template t = fixture_template;
		struct ca_key_policy p;

		t.key = keys[i].key;
		p = ca_template_key(&t, keys[i].amt);
		assert_int_equal(p.bits, keys[i].bits);
		assert_int_equal(p.hash_bits, keys[i].hash);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_all_problems),
	    cmocka_unit_test(test_issuers_end),
	    cmocka_unit_test(test_key_by_firmware),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
