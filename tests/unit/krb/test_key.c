/* Keys against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "krb.h"
#include "secret.h"
#include "str.h"

/* libk5crypto's own switch for tests: RFC 3962's vectors have few rounds. */
extern int k5_allow_weak_pbkdf2iter;

static struct secret *
text_secret(const char *text)
{
	return secret_new(text, strlen(text));
}

static void
assert_key(const struct secret *key, const char *hex)
{
	const uint8_t *bytes;
	char got[65];
	size_t len;

	bytes = secret_bytes(key, &len);
	assert_int_equal(len * 2, strlen(hex));
	str_hex(bytes, len, got);
	assert_string_equal(got, hex);
}

/* The NT hash of "password" is in every textbook; "foo" is RFC 4757's (2). */
static void
rc4_is_the_nt_hash(void **state)
{
	static const struct {
		const char *password, *key;
	} cases[] = {
	    {"password", "8846f7eaee8fb117ad06bdd830b7586c"},
	    {"foo", "ac8e657f83df82beea5d43bdaf7800cc"},
	    {"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
	};
	struct secret *password, *key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		password = text_secret(cases[i].password);
		assert_int_equal(krb_key_rc4(password, &key, NULL), 0);
		assert_key(key, cases[i].key);
		secret_free(key);
		secret_free(password);
	}
}

/* RFC 3962, appendix B. */
static void
aes_is_rfc_3962(void **state)
{
	static const struct {
		int64_t rounds;
		const char *password, *salt, *key128, *key256;
	} cases[] = {
	    {1, "password", "ATHENA.MIT.EDUraeburn",
		"42263c6e89f4fc28b8df68ee09799f15",
		"fe697b52bc0d3ce14432ba036a92e65b"
		"bb52280990a2fa27883998d72af30161"},
	    {2, "password", "ATHENA.MIT.EDUraeburn",
		"c651bf29e2300ac27fa469d693bdda13",
		"a2e16d16b36069c135d5e9d2e25f8961"
		"02685618b95914b467c67622225824ff"},
	    {1200, "password", "ATHENA.MIT.EDUraeburn",
		"4c01cd46d632d01e6dbe230a01ed642a",
		"55a6ac740ad17b4846941051e1e8b0a7"
		"548d93b0ab30a8bc3ff16280382b8c2a"},
	};
	struct secret *password, *key;
	size_t i;

	(void)state;
	k5_allow_weak_pbkdf2iter = 1;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		password = text_secret(cases[i].password);
		assert_int_equal(krb_key_aes(NULL, 128, password, cases[i].salt,
				     cases[i].rounds, &key, NULL),
		    0);
		assert_key(key, cases[i].key128);
		secret_free(key);
		assert_int_equal(krb_key_aes(NULL, 256, password, cases[i].salt,
				     cases[i].rounds, &key, NULL),
		    0);
		assert_key(key, cases[i].key256);
		secret_free(key);
		secret_free(password);
	}
	k5_allow_weak_pbkdf2iter = 0;
}

static void
aes_refuses_nonsense(void **state)
{
	struct secret *password = text_secret("x"), *key = NULL;
	struct err err;

	(void)state;
	assert_int_equal(
	    krb_key_aes(NULL, 192, password, "", 4096, &key, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(
	    krb_key_aes(NULL, 256, password, "", 0, &key, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(
	    krb_key_aes(NULL, 256, password, "", INT64_C(1) << 32, &key, &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	/* Fewer than the default: a KDC that says so is lying. */
	assert_int_equal(
	    krb_key_aes(NULL, 256, password, "", 1200, &key, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_null(key);
	secret_free(password);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rc4_is_the_nt_hash),
	    cmocka_unit_test(aes_is_rfc_3962),
	    cmocka_unit_test(aes_refuses_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
