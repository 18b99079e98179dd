#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "file.h"
#include "fixture.h"
#include "vault.h"

static struct fixture fixture;

static void
test_what_was_made(void **state)
{
	X509 *root = fixture.ca->root.x509;
	X509 *issuing = fixture.ca->issuing.x509;
	uint32_t signs = KU_KEY_CERT_SIGN | KU_CRL_SIGN;

	(void)state;
	assert_int_equal(X509_check_ca(root), 1);
	assert_int_equal(X509_check_ca(issuing), 1);
	assert_int_equal(X509_get_pathlen(root), 1);
	assert_int_equal(X509_get_pathlen(issuing), 0);
	assert_int_equal(X509_get_key_usage(root), signs);
	assert_int_equal(X509_get_key_usage(issuing), signs);
	assert_int_equal(X509_get_signature_nid(root), NID_ecdsa_with_SHA384);
	assert_int_equal(
	    X509_get_signature_nid(issuing), NID_ecdsa_with_SHA384);
	assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(root)), 384);
	assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(issuing)), 3072);
	assert_int_equal(X509_check_issued(root, issuing), X509_V_OK);
	assert_true(
	    fixture.ca->root.not_after > fixture.now + 19 * 365 * CLOCK_DAY);
	assert_true(
	    fixture.ca->issuing.not_after > fixture.now + 9 * 365 * CLOCK_DAY);
}

static void
test_pem(void **state)
{
	struct buf root, chain;
	const char *second;

	(void)state;
	buf_init(&root, 8192);
	buf_init(&chain, 8192);
	assert_int_equal(ca_root_pem(fixture.ca, &root, NULL), 0);
	assert_int_equal(ca_chain_pem(fixture.ca, &chain, NULL), 0);
	second = strstr(buf_text(&chain) + 1, "-----BEGIN");
	assert_non_null(second);
	assert_string_equal(second, buf_text(&root));
	buf_free(&root);
	buf_free(&chain);
}

/* A second init changes nothing, whichever file is left of the first. */
static void
test_create_twice(void **state)
{
	char *root_key = fixture_path(&fixture, "ca.key.root");
	const char *files[] = {fixture.database, fixture.key_file, root_key};
	struct err err;
	size_t i;

	(void)state;
	ca_close(fixture.ca);
	fixture.ca = NULL;
	for (i = 0; i < 3; i++) {
		size_t k;

		assert_int_equal(
		    ca_create(&fixture.conf,
			&(struct ca_new){.organisation = "Again"}, &err),
		    -1);
		assert_int_equal(err.kind, ERR_CONFLICT);
		for (k = i; k < 3; k++)
			assert_int_equal(access(files[k], F_OK), 0);
		assert_int_equal(unlink(files[i]), 0);
	}
	free(root_key);
}

static void
test_bad_organisation(void **state)
{
	struct err err;
	char name[66];

	(void)state;
	memset(name, 'o', sizeof(name) - 1);
	name[65] = '\0';
	assert_int_equal(ca_create(&fixture.conf,
			     &(struct ca_new){.organisation = name}, &err),
	    -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(ca_create(&fixture.conf,
			     &(struct ca_new){.organisation = ""}, &err),
	    -1);
	assert_int_equal(ca_create(&fixture.conf,
			     &(struct ca_new){.organisation = "a\nb"}, &err),
	    -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(fixture_count(&fixture, "ca."), 0);
}

/* Nothing is left behind when the last file cannot be made. */
static void
test_failed_create_leaves_nothing(void **state)
{
	char *nowhere = fixture_path(&fixture, "missing/ca.db");
	struct ca_conf conf = fixture.conf;
	struct err err;

	(void)state;
	conf.database = nowhere;
	assert_int_equal(
	    ca_create(&conf, &(struct ca_new){.organisation = "Example"}, &err),
	    -1);
	assert_int_equal(fixture_count(&fixture, "ca."), 0);
	free(nowhere);
}

static void
test_open_nothing(void **state)
{
	struct ca *ca;
	struct err err;

	(void)state;
	assert_int_equal(ca_open(&fixture.conf, &ca, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(fixture_count(&fixture, "ca."), 0);
}

static void
must_not_open(enum err_kind kind)
{
	struct ca *ca;
	struct err err;

	ca_close(fixture.ca);
	fixture.ca = NULL;
	assert_int_equal(ca_open(&fixture.conf, &ca, &err), -1);
	if (err.kind != kind)
		fail_msg("%s: %s", err_kind_name(err.kind), err.text);
}

static void
test_open_without_key(void **state)
{
	(void)state;
	assert_int_equal(unlink(fixture.key_file), 0);
	must_not_open(ERR_NOTFOUND);
}

static void
test_open_damaged_key(void **state)
{
	struct buf key;

	(void)state;
	buf_init(&key, 16384);
	assert_int_equal(file_read(fixture.key_file, 16384, &key, NULL), 0);
	key.data[key.len / 2] ^= 1;
	fixture_write(&fixture, "ca.key", key.data, key.len);
	buf_free(&key);
	must_not_open(ERR_STORAGE);
}

/* The root's key in the place of the issuing one: sealed for another purpose.
 */
static void
test_open_root_key_as_issuing(void **state)
{
	char *root_key = fixture_path(&fixture, "ca.key.root");

	(void)state;
	assert_int_equal(rename(root_key, fixture.key_file), 0);
	free(root_key);
	must_not_open(ERR_STORAGE);
}

/* Key and database of two CAs under one vault. */
static void
test_open_mixed(void **state)
{
	char *other_db = fixture_path(&fixture, "other.db");
	char *other_key = fixture_path(&fixture, "other.key");
	struct ca_conf other = {.database = other_db,
	    .key_file = other_key,
	    .vault = fixture.vault};
	struct err err;

	(void)state;
	assert_int_equal(
	    ca_create(&other, &(struct ca_new){.organisation = "Other"}, &err),
	    0);
	assert_int_equal(rename(other_key, fixture.key_file), 0);
	free(other_db);
	free(other_key);
	must_not_open(ERR_STORAGE);
}

static void
test_open_other_vault(void **state)
{
	char *path = fixture_path(&fixture, "other.vault");
	struct err err;

	(void)state;
	assert_int_equal(vault_create(path, &err), 0);
	vault_close(fixture.vault);
	assert_int_equal(vault_open(path, &fixture.vault, &err), 0);
	fixture.conf.vault = fixture.vault;
	free(path);
	must_not_open(ERR_STORAGE);
}

/* No key in the clear, nowhere. */
static void
test_key_is_sealed(void **state)
{
	static const uint8_t rsa[] = {
	    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
	struct buf key;

	(void)state;
	buf_init(&key, 16384);
	assert_int_equal(file_read(fixture.key_file, 16384, &key, NULL), 0);
	assert_null(memmem(key.data, key.len, rsa, sizeof(rsa)));
	assert_null(memmem(key.data, key.len, "PRIVATE", 7));
	buf_free(&key);
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)
#define BARE(test) FIXTURE_TEST(test, fixture_setup_bare, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_what_was_made),
	    ROW(test_pem),
	    ROW(test_create_twice),
	    BARE(test_bad_organisation),
	    BARE(test_failed_create_leaves_nothing),
	    BARE(test_open_nothing),
	    ROW(test_open_without_key),
	    ROW(test_open_damaged_key),
	    ROW(test_open_root_key_as_issuing),
	    ROW(test_open_mixed),
	    ROW(test_open_other_vault),
	    ROW(test_key_is_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
