/* Keys sort as versions and addresses do, and subnets hold what they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "query_key.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

/* In order; those of a line are the same. */
static const char *const versions[][4] = {
    {"0", "0.0", "00.0.0"},
    {"0.0.0.1"},
    {"0.9"},
    {"1", "1.0", "01.00", " 1 "},
    {"1.0.0.3"},
    {"9.5.40"},
    {"9.10"},
    {"10", "10.0.0.0.0.0"},
    {"11.8.50.3425"},
    {"11.8.50.3426"},
    {"11.8.93"},
    {"16.1.25"},
    {"16.1.25.1"},
    {"16.10"},
    {"999999999"},
};

static void
test_versions(void **state)
{
	char one[QUERY_KEY_SIZE], other[QUERY_KEY_SIZE];
	size_t i, j, k, m;

	(void)state;
	for (i = 0; i < COUNT(versions); i++)
		for (k = 0; k < 4 && versions[i][k] != NULL; k++)
			for (j = 0; j < COUNT(versions); j++)
				for (m = 0; m < 4 && versions[j][m]; m++) {
					assert_int_equal(
					    query_version_key(
						versions[i][k], one),
					    0);
					assert_int_equal(
					    query_version_key(
						versions[j][m], other),
					    0);
					if (sign(strcmp(one, other)) !=
					    (i > j) - (i < j))
						fail_msg("%s and %s",
						    versions[i][k],
						    versions[j][m]);
				}
}

static void
test_no_versions(void **state)
{
	static const char *const bad[] = {NULL, "", " ", ".", "1.", ".1",
	    "1..2", "1.2.", "v1", "1a", "1.2 3", "-1", "+1", "1,2",
	    "1.2.3.4.5.6.7", "1234567890", "1.2\n"};
	char key[QUERY_KEY_SIZE] = "as it was";
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (query_version_key(bad[i], key) != -1)
			fail_msg("%s", bad[i]);
		assert_string_equal(key, "as it was");
	}
}

static void
test_addresses(void **state)
{
	static const char *const order[] = {"::", "::1", "0.0.0.0", "9.9.9.9",
	    "10.0.0.1", "10.0.0.2", "10.0.1.0", "192.0.2.1", "255.255.255.255",
	    "64:ff9b::1", "2001:db8::9", "2001:db8::10", "fd00::1"};
	static const char *const bad[] = {NULL, "", "10.0.0", "10.0.0.256",
	    " 10.0.0.1", "fe80::1%eth0", "10.0.0.1/8", "x"};
	char one[QUERY_KEY_SIZE], other[QUERY_KEY_SIZE] = "";
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(order); i++) {
		assert_int_equal(query_address_key(order[i], one), 0);
		assert_true(strcmp(other, one) < 0);
		strcpy(other, one);
	}
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(query_address_key(bad[i], one), -1);
	assert_int_equal(query_address_key("10.1.2.3", one), 0);
	assert_int_equal(query_address_key("::FFFF:10.1.2.3", other), 0);
	assert_string_equal(one, other);
	assert_string_equal(one, "00000000000000000000ffff0a010203");
}

static void
test_subnets(void **state)
{
	static const struct {
		const char *subnet, *mask, *first, *last;
	} cases[] = {
	    {"10.1.2.3/16", NULL, "10.1.0.0", "10.1.255.255"},
	    {"10.1.2.3/255.255.0.0", NULL, "10.1.0.0", "10.1.255.255"},
	    {"10.1.2.3", "255.255.0.0", "10.1.0.0", "10.1.255.255"},
	    {"10.1.2.3", "16", "10.1.0.0", "10.1.255.255"},
	    {"10.1.2.3", NULL, "10.1.2.3", "10.1.2.3"},
	    {"10.1.2.3/32", NULL, "10.1.2.3", "10.1.2.3"},
	    {"10.1.2.133/25", NULL, "10.1.2.128", "10.1.2.255"},
	    {"10.1.2.3/255.255.255.255", NULL, "10.1.2.3", "10.1.2.3"},
	    {"10.1.2.3/0", NULL, "0.0.0.0", "255.255.255.255"},
	    {"10.1.2.3/0.0.0.0", NULL, "0.0.0.0", "255.255.255.255"},
	    {"fd00::1/8", NULL,
		"fd00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"2001:db8::5/127", NULL, "2001:db8::4", "2001:db8::5"},
	    {"::/0", NULL, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"::ffff:10.1.2.3/112", NULL, "10.1.0.0", "10.1.255.255"},
	};
	char first[QUERY_KEY_SIZE], last[QUERY_KEY_SIZE], key[QUERY_KEY_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (query_subnet_keys(
			cases[i].subnet, cases[i].mask, first, last) == -1)
			fail_msg("%s", cases[i].subnet);
		assert_int_equal(query_address_key(cases[i].first, key), 0);
		assert_string_equal(first, key);
		assert_int_equal(query_address_key(cases[i].last, key), 0);
		assert_string_equal(last, key);
	}
}

static void
test_no_subnets(void **state)
{
	static const char *const bad[][2] = {{NULL, NULL}, {"", NULL},
	    {"10.1.0.0/33", NULL}, {"10.1.0.0/-1", NULL}, {"10.1.0.0/", NULL},
	    {"/16", NULL}, {"10.1.0.0/255.0.255.0", NULL},
	    {"10.1.0.0/0.0.255.255", NULL}, {"10.1.0.0/16", "16"},
	    {"fd00::/129", NULL}, {"fd00::/255.0.0.0", NULL}, {"10.1/16", NULL},
	    {"10.1.0.0/16/8", NULL},
	    {"0000:0000:0000:0000:0000:0000:0000:0000:0000/8", NULL}};
	char first[QUERY_KEY_SIZE] = "as it was", last[QUERY_KEY_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (query_subnet_keys(bad[i][0], bad[i][1], first, last) != -1)
			fail_msg("%s", bad[i][0]);
		assert_string_equal(first, "as it was");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_no_versions),
	    cmocka_unit_test(test_addresses), cmocka_unit_test(test_subnets),
	    cmocka_unit_test(test_no_subnets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
