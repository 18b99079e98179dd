/* Hashes, headers, permits, rights: each by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

static struct secret *
text(const char *bytes)
{
	return secret_new(bytes, strlen(bytes));
}

static void
test_hash(void **state)
{
	struct secret *good = text("correct horse"),
		      *bad = text("correct hors");
	char first[ACCESS_HASH], second[ACCESS_HASH];
	struct err err;

	(void)state;
	access_scrypt = (struct access_scrypt){.ln = 4, .r = 8, .p = 1};
	assert_int_equal(access_hash(good, first, &err), 0);
	assert_int_equal(access_hash(good, second, &err), 0);
	assert_string_not_equal(first, second);
	assert_true(str_starts(first, "scrypt$ln=4,r=8,p=1$"));
	assert_true(access_hash_is(first, good));
	assert_false(access_hash_is(first, bad));
	assert_false(access_hash_is(NULL, good));
	/* One of before stronger parameters came is still good. */
	access_scrypt = (struct access_scrypt){.ln = 5, .r = 8, .p = 1};
	assert_true(access_hash_is(first, good));
	assert_false(access_hash_is(first, bad));
	secret_free(good);
	secret_free(bad);
}

/* RFC 7914, 12: the second vector has a salt of 4 bytes, ours are of 16; so
 * this one was made by another program (Python's hashlib.scrypt). */
static void
test_hash_of_others(void **state)
{
	static const char hash[] =
	    "scrypt$ln=10,r=8,p=16$000102030405060708090a0b0c0d0e0f$"
	    "043c16ec27c2804eb0e737d9187ca7ba248cb30e274ef16bd1e080f828e527b9";
	struct secret *good = text("pleaseletmein");

	(void)state;
	assert_true(access_hash_is(hash, good));
	secret_free(good);
}

static void
test_hash_nonsense(void **state)
{
	static const char *const bad[] = {"", "scrypt", "scrypt$ln=4,r=8,p=1$",
	    "scrypt$ln=4,r=8,p=1$00$00", "scrypt$ln=99,r=8,p=1$", "!", "x",
	    "scrypt$ln=4,r=8,p=1$000102030405060708090a0b0c0d0e0f$zz"};
	struct secret *s = text("");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(access_hash_is(bad[i], s));
	secret_free(s);
}

/* --- headers --- */

static void
test_authorization(void **state)
{
	static const struct {
		const char *header;
		enum access_shown shown;
		const char *name, *secret;
	} cases[] = {
	    {NULL, ACCESS_SHOWN_NOTHING, "", NULL},
	    {"Basic YTpi", ACCESS_SHOWN_PASSWORD, "a", "b"},
	    {"basic  YTpiOmM=", ACCESS_SHOWN_PASSWORD, "a", "b:c"},
	    {"Basic YTo=", ACCESS_SHOWN_PASSWORD, "a", ""},
	    {"Basic OmI=", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Basic YQ==", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Basic YTpiAA==", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Basic !", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Basic", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Basic ", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Bearer amtk_0 x", ACCESS_SHOWN_KEY, "", "amtk_0"},
	    {"Bearer ", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Bearerx", ACCESS_SHOWN_NONSENSE, "", NULL},
	    {"Digest username=\"a\"", ACCESS_SHOWN_NONSENSE, "", NULL},
	};
	struct access_shown_as as;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    access_read_authorization(cases[i].header, &as),
		    cases[i].shown);
		assert_string_equal(as.name, cases[i].name);
		if (cases[i].secret != NULL)
			assert_string_equal(
			    secret_text(as.secret), cases[i].secret);
		else
			assert_null(as.secret);
		secret_free(as.secret);
	}
}

static void
test_cookie(void **state)
{
	static const struct {
		const char *header, *secret;
	} cases[] = {
	    {NULL, NULL},
	    {"", NULL},
	    {"a=b", NULL},
	    {"amtkeeper_session=x", "x"},
	    {"a=b; amtkeeper_session=x; c=d", "x"},
	    {"a=b;amtkeeper_session=x", "x"},
	    {"xamtkeeper_session=x", NULL},
	    {"amtkeeper_session=x; amtkeeper_session=y", "x"},
	};
	struct access_shown_as as;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(access_read_cookie(cases[i].header, &as),
		    cases[i].secret == NULL ? ACCESS_SHOWN_NOTHING
					    : ACCESS_SHOWN_KEY);
		if (cases[i].secret != NULL)
			assert_string_equal(
			    secret_text(as.secret), cases[i].secret);
		secret_free(as.secret);
	}
	assert_int_equal(access_read_cookie("amtkeeper_session=", &as),
	    ACCESS_SHOWN_NONSENSE);
}

/* --- permits --- */

static void
test_gate(void **state)
{
	struct gate *g = gate_new(3, 1000);
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(gate_take(g, "a", 50000), 0);
	assert_int_equal(gate_take(g, "a", 50000), 1000);
	assert_int_equal(gate_take(g, "a", 50400), 600);
	assert_int_equal(gate_take(g, "b", 50400), 0);
	assert_int_equal(gate_take(g, "a", 51000), 0);
	assert_int_equal(gate_take(g, "a", 51000), 1000);
	gate_give(g, "a");
	assert_int_equal(gate_take(g, "a", 51000), 0);
	/* It never holds more than it began with. */
	for (i = 0; i < 3; i++)
		assert_int_equal(gate_take(g, "a", 999000), 0);
	assert_int_equal(gate_take(g, "a", 999000), 1000);
	gate_free(g);
}

/* --- rights --- */

static void
test_rights(void **state)
{
	struct access_identity who = {.user = 1};
	const char *name;
	struct err err;
	unsigned i, other;

	(void)state;
	for (i = 0; i < ACCESS_RIGHTS; i++) {
		name = access_right_name((enum access_right)i);
		assert_non_null(strchr(name, '.'));
		for (other = 0; other < i; other++)
			assert_string_not_equal(
			    name, access_right_name((enum access_right)other));
	}
	assert_int_equal(access_set_rights("monitor", &who.rights, &err), 0);
	for (i = 0; i < ACCESS_RIGHTS; i++)
		assert_int_equal(access_may(&who, (enum access_right)i),
		    i == ACCESS_METRICS_READ);
	assert_int_equal(
	    access_set_rights("administrator", &who.rights, &err), 0);
	for (i = 0; i < ACCESS_RIGHTS; i++)
		assert_true(access_may(&who, (enum access_right)i));
	assert_int_equal(
	    access_set_rights("monitor, Operator", &who.rights, &err), 0);
	assert_true(access_may(&who, ACCESS_TASK_RUN));
	assert_false(access_may(&who, ACCESS_TASK_WRITE));
	assert_false(access_may(&who, ACCESS_USER_READ));
	assert_false(access_may(&who, ACCESS_CA_ADMIN));
	assert_int_equal(
	    access_set_rights("monitor,root", &who.rights, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "\"root\""));
	assert_int_equal(access_set_rights("", &who.rights, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_hash_of_others),
	    cmocka_unit_test(test_hash_nonsense),
	    cmocka_unit_test(test_authorization),
	    cmocka_unit_test(test_cookie),
	    cmocka_unit_test(test_gate),
	    cmocka_unit_test(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
