/*
 * A key that fails, lies, or is overtaken while it signs.  Whatever it does: no
 * certificate, the intent is given up, and the next call succeeds.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "err.h"
#include "fixture.h"
#include "record_internal.h"
#include "signer_internal.h"

static struct fixture fixture;
static struct ca_signer *honest;
static unsigned calls;
static struct ca *second; /* another process */
static char outrun_by[64];

static int
fails(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	(void)self;
	(void)digest;
	(void)len;
	(void)out;
	return err_set(err, ERR_STORAGE, "the token is gone");
}

/* The second of several only. */
static int
fails_once(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	const struct ca_key_use use = {.key = self};

	return ++calls == 2 ? fails(self, digest, len, out, err)
			    : ca_key_sign(&use, digest, len, out, err);
}

/* The right form, the wrong content: as after a fault in the computation. */
static int
lies(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	static const uint8_t signature[384] = {1};

	(void)self;
	(void)digest;
	(void)len;
	(void)err;
	buf_add(out, signature, sizeof(signature));
	return 0;
}

/* Another process declares our intent lost meanwhile. */
static int
is_overtaken(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	struct ca_store *other;
	EVP_PKEY_CTX *ctx;
	uint8_t signature[512];
	size_t got = sizeof(signature);

	(void)err;
	assert_int_equal(ca_store_open(fixture.database, &other, NULL), 0);
	ca_store_lock(other);
	assert_int_equal(ca_store_begin(other, NULL), 0);
	assert_int_equal(ca_store_lose(other, "k1", fixture.now, NULL), 0);
	assert_int_equal(ca_store_commit(other, NULL), 0);
	ca_store_unlock(other);
	ca_store_close(other);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, self, NULL);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha384()), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, signature, &got, digest, len), 1);
	EVP_PKEY_CTX_free(ctx);
	buf_add(out, signature, got);
	return 0;
}

static int issue_by(struct ca *ca, struct ca_cert *ret, struct err *err);

/* Another process does, and gets a certificate under the same key. */
static int
is_outrun(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	const struct ca_key_use use = {.key = self};
	struct ca *other = second;
	struct ca_cert cert;

	second = NULL; /* once */
	if (other != NULL) {
		assert_int_equal(issue_by(other, &cert, err), 0);
		(void)snprintf(outrun_by, sizeof(outrun_by), "%s", cert.serial);
		ca_cert_clear(&cert);
		ca_close(other);
	}
	return ca_key_sign(&use, digest, len, out, err);
}

static void
keep(void *self)
{
	(void)self;
}

static const struct ca_signer_ops failing = {fails, keep};
static const struct ca_signer_ops failing_once = {fails_once, keep};
static const struct ca_signer_ops lying = {lies, keep};
static const struct ca_signer_ops overtaken = {is_overtaken, keep};
static const struct ca_signer_ops outrun = {is_outrun, keep};

static int
setup(void **state)
{
	(void)state;
	fixture_open(&fixture);
	honest = fixture.ca->signer;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

static int
issue_by(struct ca *ca, struct ca_cert *ret, struct err *err)
{
	struct ca_request request;
	struct buf csr;
	int rc;

	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	request = fixture_request(&fixture, &csr, "k1");
	rc = ca_issue(ca, &request, ret, err);
	buf_free(&csr);
	return rc;
}

static int
issue(struct ca_cert *ret, struct err *err)
{
	return issue_by(fixture.ca, ret, err);
}

static int64_t
revocations(void)
{
	int64_t count;

	ca_store_lock(fixture.ca->store);
	assert_int_equal(
	    ca_store_revocations(fixture.ca->store, &count, NULL), 0);
	ca_store_unlock(fixture.ca->store);
	return count;
}

static void
issue_with(const struct ca_signer_ops *ops, enum err_kind kind)
{
	EVP_PKEY *pub = X509_get_pubkey(fixture.ca->issuing.x509);
	struct ca_cert cert;
	struct err err;

	fixture.ca->signer =
	    ca_signer_new(ops, ca_signer_self(honest), pub, &err);
	assert_non_null(fixture.ca->signer);
	assert_int_equal(issue(&cert, &err), -1);
	if (err.kind != kind)
		fail_msg("%s: %s", err_kind_name(err.kind), err.text);
	assert_int_equal(ca_find(fixture.ca, "k1", NULL, &cert, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(revocations(), 1);
	ca_signer_free(fixture.ca->signer);
	fixture.ca->signer = honest;
	assert_int_equal(issue(&cert, &err), 0);
	assert_int_equal(revocations(), 1);
	ca_cert_clear(&cert);
}

static void
test_failing(void **state)
{
	(void)state;
	issue_with(&failing, ERR_STORAGE);
}

static void
test_lying(void **state)
{
	(void)state;
	issue_with(&lying, ERR_STORAGE);
}

static void
test_overtaken(void **state)
{
	(void)state;
	issue_with(&overtaken, ERR_CONFLICT);
}

/* One key, one certificate, for both processes. */
static void
test_outrun(void **state)
{
	EVP_PKEY *pub = X509_get_pubkey(fixture.ca->issuing.x509);
	struct ca_cert cert;
	struct err err;

	(void)state;
	assert_int_equal(ca_open(&fixture.conf, &second, &err), 0);
	fixture.ca->signer =
	    ca_signer_new(&outrun, ca_signer_self(honest), pub, &err);
	if (issue(&cert, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(cert.serial, outrun_by);
	ca_cert_clear(&cert);
	assert_int_equal(revocations(), 1);
	ca_signer_free(fixture.ca->signer);
	fixture.ca->signer = honest;
}

/* Of a batch only the one in the middle comes to grief. */
static void
batch_with(const struct ca_signer_ops *ops, enum err_kind kind)
{
	static const char *const keys[] = {"k0", "k1", "k2"};
	EVP_PKEY *pub = X509_get_pubkey(fixture.ca->issuing.x509);
	struct ca_issuance list[3];
	struct buf csr;
	size_t i;

	calls = 0;
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	for (i = 0; i < 3; i++)
		list[i].request = fixture_request(&fixture, &csr, keys[i]);
	fixture.ca->signer =
	    ca_signer_new(ops, ca_signer_self(honest), pub, NULL);
	ca_issue_many(fixture.ca, list, 3);
	ca_signer_free(fixture.ca->signer);
	fixture.ca->signer = honest;
	assert_int_equal(list[0].err.kind, ERR_NONE);
	assert_int_equal(list[1].err.kind, kind);
	assert_int_equal(list[2].err.kind, ERR_NONE);
	assert_int_equal(revocations(), 1);
	ca_cert_clear(&list[0].cert);
	ca_cert_clear(&list[2].cert);
	ca_issue_many(fixture.ca, list, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(list[i].err.kind, ERR_NONE);
		ca_cert_clear(&list[i].cert);
	}
	assert_int_equal(revocations(), 1);
	buf_free(&csr);
}

static void
test_one_fails(void **state)
{
	(void)state;
	batch_with(&failing_once, ERR_STORAGE);
}

static void
test_one_is_overtaken(void **state)
{
	(void)state;
	batch_with(&overtaken, ERR_CONFLICT);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_failing),
	    ROW(test_lying),
	    ROW(test_overtaken),
	    ROW(test_outrun),
	    ROW(test_one_fails),
	    ROW(test_one_is_overtaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
