/*
 * OCSP answers, read back and verified by OpenSSL's client side, and requests
 * that must not get one.
 */
#include <openssl/ocsp.h>
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
#include "db.h"
#include "err.h"
#include "fixture.h"
#include "mem.h"
#include "responder_internal.h"
#include "str.h"

#define NEVER "40000000000000000000000000000001"

static struct fixture fixture;
static X509 *issuing, *root;

static X509 *
next_pem(BIO *bio)
{
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(x);
	return x;
}

static int
setup(void **state)
{
	struct buf pem;
	BIO *bio;

	(void)state;
	fixture_open(&fixture);
	buf_init(&pem, 65536);
	assert_int_equal(ca_chain_pem(fixture.ca, &pem, NULL), 0);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	issuing = next_pem(bio);
	root = next_pem(bio);
	BIO_free(bio);
	buf_free(&pem);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	X509_free(issuing);
	X509_free(root);
	fixture_close(&fixture);
	return 0;
}

static void
issue(const char *key, struct ca_cert *ret)
{
	struct ca_request request;
	struct buf csr;
	struct err err;

	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	request = fixture_request(&fixture, &csr, key);
	if (ca_issue(fixture.ca, &request, ret, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&csr);
}

/* --- asking --- */

static OCSP_CERTID *
id_by(const EVP_MD *md, const char *serial, X509 *issuer)
{
	BIGNUM *bn = NULL;
	ASN1_INTEGER *number;
	OCSP_CERTID *id;

	assert_int_not_equal(BN_hex2bn(&bn, serial), 0);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	id = OCSP_cert_id_new(md, X509_get_subject_name(issuer),
	    X509_get0_pubkey_bitstr(issuer), number);
	assert_non_null(id);
	ASN1_INTEGER_free(number);
	BN_free(bn);
	return id;
}

static void
add_id(OCSP_REQUEST *request, const char *serial, X509 *issuer)
{
	assert_non_null(
	    OCSP_request_add0_id(request, id_by(EVP_sha1(), serial, issuer)));
}

static int
ask_bytes(
    const struct buf *der, struct ca_ocsp *io, struct buf *out, struct err *err)
{
	io->request = der->data;
	io->len = der->len;
	io->now = io->now != 0 ? io->now : fixture.now;
	return ca_ocsp(fixture.ca, io, out, err);
}

/* The parsed answer; io says when and is filled. */
static OCSP_RESPONSE *
ask(OCSP_REQUEST *request, struct ca_ocsp *io)
{
	unsigned char *bytes = NULL;
	int len = i2d_OCSP_REQUEST(request, &bytes);
	const unsigned char *p;
	OCSP_RESPONSE *response;
	struct buf der, out;
	struct err err;

	assert_true(len > 0);
	buf_init(&der, 65536);
	buf_init(&out, CA_OCSP_ANSWER_MAX);
	buf_add(&der, bytes, (size_t)len);
	OPENSSL_free(bytes);
	if (ask_bytes(&der, io, &out, &err) != 0)
		fail_msg("%s", err.text);
	p = out.data;
	response = d2i_OCSP_RESPONSE(NULL, &p, (long)out.len);
	assert_non_null(response);
	assert_ptr_equal(p, out.data + out.len);
	buf_free(&der);
	buf_free(&out);
	return response;
}

/* What came, without being verified. */
static int
status_of(OCSP_REQUEST *request)
{
	struct ca_ocsp io = {.now = 0};
	OCSP_RESPONSE *response = ask(request, &io);
	int status = OCSP_response_status(response);

	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		assert_null(OCSP_response_get1_basic(response));
		assert_int_equal(io.next_update, 0);
	}
	OCSP_RESPONSE_free(response);
	return status;
}

static OCSP_BASICRESP *
verified(OCSP_RESPONSE *response)
{
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *between = sk_X509_new_null();

	assert_non_null(basic);
	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	assert_true(sk_X509_push(between, issuing) > 0);
	assert_int_equal(OCSP_basic_verify(basic, between, store, 0), 1);
	sk_X509_free(between);
	X509_STORE_free(store);
	return basic;
}

/* Ask for one certificate with this hash, verify, and compare. */
static void
expect(const EVP_MD *md, const char *serial, int want, int want_reason)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = id_by(md, serial, issuing);
	ASN1_GENERALIZEDTIME *at, *from, *to;
	struct ca_ocsp io = {.now = 0};
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	int status, reason = -1;

	assert_non_null(OCSP_request_add0_id(request, OCSP_CERTID_dup(id)));
	assert_true(OCSP_request_add1_nonce(request, NULL, 16));
	response = ask(request, &io);
	basic = verified(response);
	assert_int_equal(OCSP_check_nonce(request, basic), 1);
	assert_int_equal(
	    OCSP_resp_find_status(basic, id, &status, &reason, &at, &from, &to),
	    1);
	assert_int_equal(status, want);
	if (want == V_OCSP_CERTSTATUS_REVOKED)
		assert_int_equal(reason, want_reason);
	assert_int_equal(OCSP_check_validity(from, to, 0, -1), 1);
	assert_int_equal(io.next_update, 0); /* it has a nonce */
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
}

/* --- verdicts --- */

static void
test_good_then_revoked(void **state)
{
	struct ca_cert cert;

	(void)state;
	issue("k1", &cert);
	expect(EVP_sha1(), cert.serial, V_OCSP_CERTSTATUS_GOOD, -1);
	expect(EVP_sha256(), cert.serial, V_OCSP_CERTSTATUS_GOOD, -1);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, 4, fixture.now, NULL), 0);
	expect(EVP_sha1(), cert.serial, V_OCSP_CERTSTATUS_REVOKED, 4);
	ca_cert_clear(&cert);
}

static void
test_unspecified_reason_is_left_out(void **state)
{
	struct ca_cert cert;

	(void)state;
	issue("k1", &cert);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, 0, fixture.now, NULL), 0);
	expect(EVP_sha256(), cert.serial, V_OCSP_CERTSTATUS_REVOKED, -1);
	ca_cert_clear(&cert);
}

static void
test_never_issued_is_unknown(void **state)
{
	(void)state;
	expect(EVP_sha1(), "40000000000000000000000000000001",
	    V_OCSP_CERTSTATUS_UNKNOWN, -1);
	/* Forms that none of our serial numbers has. */
	expect(EVP_sha1(), "1", V_OCSP_CERTSTATUS_UNKNOWN, -1);
	expect(EVP_sha1(), "0", V_OCSP_CERTSTATUS_UNKNOWN, -1);
	expect(EVP_sha1(), "-40000000000000000000000000000001",
	    V_OCSP_CERTSTATUS_UNKNOWN, -1);
	expect(EVP_sha1(),
	    "400000000000000000000000000000000000000000000000000000000001",
	    V_OCSP_CERTSTATUS_UNKNOWN, -1);
}

static char *
one_text(const char *sql)
{
	struct db_rows *rows;
	struct db *db;
	char *text;

	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(db_query(db, &rows, NULL, sql, ""), 0);
	assert_int_equal(db_next(rows, NULL), 1);
	text = mem_dup(db_text(rows, 0));
	db_done(rows);
	db_close(db);
	return text;
}

static void
issue_for_death(void *arg)
{
	struct ca_request request;
	struct ca_cert cert;
	struct buf csr;

	(void)arg;
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	request = fixture_request(&fixture, &csr, "k1");
	(void)ca_issue(fixture.ca, &request, &cert, NULL);
}

/* An intent is never good, neither lost nor, as here seen by another process,
 * under way. */
static void
test_intent_is_never_good(void **state)
{
	struct db *db;
	char *serial;

	(void)state;
	fixture_die_at(&fixture, "ca.issue.after-sign", issue_for_death, NULL);
	serial = one_text("SELECT serial FROM ca_pending");
	fixture_reopen(&fixture);
	expect(EVP_sha1(), serial, V_OCSP_CERTSTATUS_REVOKED, -1);
	/* Opening gave it up; take that back. */
	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(db_script(db, "DELETE FROM ca_revocation", NULL), 0);
	db_close(db);
	expect(EVP_sha1(), serial, V_OCSP_CERTSTATUS_REVOKED, -1);
	free(serial);
}

/* --- issuers --- */

static void
test_foreign_issuer(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();

	(void)state;
	/* The root's certificates are not ours to speak of here. */
	add_id(request, "40000000000000000000000000000001", root);
	assert_int_equal(status_of(request), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	OCSP_REQUEST_free(request);
}

static void
test_our_name_with_another_key(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	(void)state;
	assert_int_equal(ASN1_INTEGER_set(number, 7), 1);
	assert_non_null(OCSP_request_add0_id(request,
	    OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuing),
		X509_get0_pubkey_bitstr(root), number)));
	assert_int_equal(status_of(request), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	ASN1_INTEGER_free(number);
	OCSP_REQUEST_free(request);
}

static void
test_other_hash(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();

	(void)state;
	assert_non_null(OCSP_request_add0_id(request,
	    id_by(EVP_sha512(), "40000000000000000000000000000001", issuing)));
	assert_int_equal(status_of(request), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	OCSP_REQUEST_free(request);
}

/* We speak for our own issuer only, in whole or not at all. */
static void
test_mixed_issuers(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	struct ca_cert cert;

	(void)state;
	issue("k1", &cert);
	add_id(request, cert.serial, issuing);
	add_id(request, cert.serial, root);
	assert_int_equal(status_of(request), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	OCSP_REQUEST_free(request);
	ca_cert_clear(&cert);
}

static void
test_several(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	struct ca_ocsp io = {.now = 0};
	struct ca_cert cert;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	OCSP_CERTID *id;
	int status, reason;

	(void)state;
	issue("k1", &cert);
	add_id(request, "40000000000000000000000000000001", issuing);
	add_id(request, cert.serial, issuing);
	response = ask(request, &io);
	basic = verified(response);
	assert_int_equal(OCSP_resp_count(basic), 2);
	id = id_by(EVP_sha1(), cert.serial, issuing);
	assert_int_equal(OCSP_resp_find_status(
			     basic, id, &status, &reason, NULL, NULL, NULL),
	    1);
	assert_int_equal(status, V_OCSP_CERTSTATUS_GOOD);
	OCSP_CERTID_free(id);
	/* No nonce: may be kept for a day. */
	assert_int_equal(io.this_update, fixture.now - 300);
	assert_int_equal(io.next_update, fixture.now + CLOCK_DAY);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	OCSP_REQUEST_free(request);
	ca_cert_clear(&cert);
}

/* --- bad requests --- */

static void
test_count(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	char serial[40];
	int i;

	(void)state;
	assert_int_equal(
	    status_of(request), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	for (i = 0; i < CA_OCSP_CERTS_MAX; i++) {
		(void)snprintf(serial, sizeof(serial), "40%030d", i);
		add_id(request, serial, issuing);
	}
	assert_int_equal(status_of(request), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	add_id(request, "40000000000000000000000000ffffff", issuing);
	assert_int_equal(
	    status_of(request), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	OCSP_REQUEST_free(request);
}

/* The nonce's extnValue, whole. */
static int
with_nonce(const uint8_t *value, size_t len, int times)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;
	int status;

	add_id(request, "40000000000000000000000000000001", issuing);
	assert_int_equal(ASN1_OCTET_STRING_set(data, value, (int)len), 1);
	ext =
	    X509_EXTENSION_create_by_NID(NULL, NID_id_pkix_OCSP_Nonce, 0, data);
	while (times-- > 0)
		assert_int_equal(OCSP_REQUEST_add_ext(request, ext, -1), 1);
	status = status_of(request);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(data);
	OCSP_REQUEST_free(request);
	return status;
}

static void
test_nonce(void **state)
{
	uint8_t value[2 + 33] = {CA_TAG_OCTETS, 1, 0xaa};

	(void)state;
	assert_int_equal(
	    with_nonce(value, 3, 1), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_int_equal(
	    with_nonce(value, 3, 2), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	value[1] = 32;
	assert_int_equal(
	    with_nonce(value, 34, 1), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	value[1] = 33;
	assert_int_equal(
	    with_nonce(value, 35, 1), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	value[1] = 0;
	assert_int_equal(
	    with_nonce(value, 2, 1), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	/* No OCTET STRING, as some old clients have it. */
	value[0] = 0x77;
	assert_int_equal(
	    with_nonce(value, 8, 1), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	assert_int_equal(
	    with_nonce(value, 0, 1), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

static void
test_critical_extension(void **state)
{
	static const uint8_t null[] = {CA_TAG_NULL, 0};
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	int critical, inner;

	(void)state;
	assert_int_equal(ASN1_OCTET_STRING_set(data, null, 2), 1);
	for (critical = 0; critical < 2; critical++) {
		X509_EXTENSION *ext = X509_EXTENSION_create_by_NID(
		    NULL, NID_id_pkix_OCSP_acceptableResponses, critical, data);

		for (inner = 0; inner < 2; inner++) {
			OCSP_REQUEST *request = OCSP_REQUEST_new();

			add_id(request, "40000000000000000000000000000001",
			    issuing);
			if (inner)
				assert_int_equal(
				    OCSP_ONEREQ_add_ext(
					OCSP_request_onereq_get0(request, 0),
					ext, -1),
				    1);
			else
				assert_int_equal(
				    OCSP_REQUEST_add_ext(request, ext, -1), 1);
			assert_int_equal(status_of(request),
			    critical ? OCSP_RESPONSE_STATUS_MALFORMEDREQUEST
				     : OCSP_RESPONSE_STATUS_SUCCESSFUL);
			OCSP_REQUEST_free(request);
		}
		X509_EXTENSION_free(ext);
	}
	ASN1_OCTET_STRING_free(data);
}

static int
raw_status(const void *bytes, size_t len)
{
	struct ca_ocsp io = {.now = 0};
	const unsigned char *p;
	OCSP_RESPONSE *response;
	struct buf der, out;
	int status;

	buf_init(&der, 1u << 20);
	buf_init(&out, CA_OCSP_ANSWER_MAX);
	buf_add(&der, bytes, len);
	assert_int_equal(ask_bytes(&der, &io, &out, NULL), 0);
	p = out.data;
	response = d2i_OCSP_RESPONSE(NULL, &p, (long)out.len);
	assert_non_null(response);
	status = OCSP_response_status(response);
	OCSP_RESPONSE_free(response);
	buf_free(&der);
	buf_free(&out);
	return status;
}

/* v1 written out, which is only not DER, and a v2 that is no version. */
static void
test_version(void **state)
{
	static const int expected[] = {OCSP_RESPONSE_STATUS_SUCCESSFUL,
	    OCSP_RESPONSE_STATUS_MALFORMEDREQUEST};
	uint8_t version[] = {0xa0, 0x03, 0x02, 0x01, 0};
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *bytes = NULL;
	struct buf der;
	int len;

	(void)state;
	add_id(request, NEVER, issuing);
	len = i2d_OCSP_REQUEST(request, &bytes);
	assert_true(len > 4 && bytes[1] < 0x70); /* short lengths */
	for (; version[4] < 2; version[4]++) {
		buf_init(&der, 512);
		buf_add(&der, bytes, 4);
		buf_add(&der, version, sizeof(version));
		buf_add(&der, bytes + 4, (size_t)len - 4);
		der.data[1] = (uint8_t)(der.data[1] + sizeof(version));
		der.data[3] = (uint8_t)(der.data[3] + sizeof(version));
		assert_int_equal(
		    raw_status(der.data, der.len), expected[version[4]]);
		buf_free(&der);
	}
	OPENSSL_free(bytes);
	OCSP_REQUEST_free(request);
}

static void
test_garbage(void **state)
{
	static const char text[] = "GET / HTTP/1.1";
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *bytes = NULL;
	uint8_t *more;
	int len, i;

	(void)state;
	assert_int_equal(
	    raw_status("", 0), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	assert_int_equal(raw_status(text, sizeof(text)),
	    OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	add_id(request, "40000000000000000000000000000001", issuing);
	len = i2d_OCSP_REQUEST(request, &bytes);
	assert_true(len > 0);
	assert_int_equal(
	    raw_status(bytes, (size_t)len), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	for (i = 0; i < len; i++)
		assert_int_equal(raw_status(bytes, (size_t)i),
		    OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	more = mem_alloc(CA_OCSP_REQUEST_MAX + 1);
	memcpy(more, bytes, (size_t)len);
	assert_int_equal(raw_status(more, (size_t)len + 1),
	    OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	assert_int_equal(raw_status(more, CA_OCSP_REQUEST_MAX + 1),
	    OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	free(more);
	OPENSSL_free(bytes);
	OCSP_REQUEST_free(request);
}

/* --- the responder --- */

#define RESPONDERS "SELECT COUNT(*) FROM ca_responder"
#define NEWEST                                                                 \
	"SELECT serial FROM ca_intent WHERE template = 'ocsp-responder'"       \
	" ORDER BY not_after DESC, made_at DESC LIMIT 1"

static void
test_responder_certificate(void **state)
{
	struct ca_cert cert;
	int64_t next;
	X509 *x;
	const unsigned char *p;
	char *serial;

	(void)state;
	assert_int_equal(
	    ca_ocsp_ready(fixture.ca, fixture.now, &next, NULL), 0);
	assert_int_equal(next, fixture.now + (14 * CLOCK_DAY - 3601) / 2);
	serial = one_text(NEWEST);
	assert_int_equal(ca_find(fixture.ca, NULL, serial, &cert, NULL), 0);
	p = cert.der;
	x = d2i_X509(NULL, &p, (long)cert.der_len);
	assert_non_null(x);
	assert_int_equal(X509_get_extended_key_usage(x), XKU_OCSP_SIGN);
	assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
	assert_true(X509_get_ext_by_NID(x, NID_id_pkix_OCSP_noCheck, -1) >= 0);
	assert_true(
	    X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) < 0);
	assert_int_equal(X509_check_ca(x), 0);
	assert_true(EVP_PKEY_is_a(X509_get0_pubkey(x), "EC"));
	/* It is no device's: nobody may serve TLS with it. */
	assert_int_not_equal(ca_verify(fixture.ca, cert.der, cert.der_len, NULL,
				 fixture.now, NULL),
	    0);
	X509_free(x);
	ca_cert_clear(&cert);
	free(serial);
}

static void
test_renewal(void **state)
{
	int64_t next, later, now = fixture.now;

	(void)state;
	assert_int_equal(ca_ocsp_ready(fixture.ca, now, &next, NULL), 0);
	assert_int_equal(ca_ocsp_ready(fixture.ca, next - 1, &later, NULL), 0);
	assert_int_equal(later, next);
	assert_int_equal(fixture_number(&fixture, RESPONDERS), 1);
	assert_int_equal(ca_ocsp_ready(fixture.ca, next, &later, NULL), 0);
	assert_true(later > next);
	assert_int_equal(fixture_number(&fixture, RESPONDERS), 2);
	/* The first one's key is gone when its certificate is at its end. */
	assert_int_equal(
	    ca_ocsp_ready(fixture.ca, now + 15 * CLOCK_DAY, &later, NULL), 0);
	assert_int_equal(fixture_number(&fixture, RESPONDERS), 2);
}

/* Another process, and a restart, use what is there. */
static void
test_shared(void **state)
{
	struct ca *other;
	int64_t next;

	(void)state;
	assert_int_equal(
	    ca_ocsp_ready(fixture.ca, fixture.now, &next, NULL), 0);
	assert_int_equal(ca_open(&fixture.conf, &other, NULL), 0);
	assert_int_equal(ca_ocsp_ready(other, fixture.now, &next, NULL), 0);
	ca_close(other);
	fixture_reopen(&fixture);
	assert_int_equal(
	    ca_ocsp_ready(fixture.ca, fixture.now, &next, NULL), 0);
	assert_int_equal(fixture_number(&fixture, RESPONDERS), 1);
}

static void
test_revoked_responder_is_replaced(void **state)
{
	int64_t next;
	char *first, *second;

	(void)state;
	assert_int_equal(
	    ca_ocsp_ready(fixture.ca, fixture.now, &next, NULL), 0);
	first = one_text(NEWEST);
	assert_int_equal(ca_revoke(fixture.ca, first, 1, fixture.now, NULL), 0);
	assert_int_equal(
	    ca_ocsp_ready(fixture.ca, fixture.now + 60, &next, NULL), 0);
	second = one_text(NEWEST);
	assert_string_not_equal(first, second);
	assert_int_equal(fixture_number(&fixture, RESPONDERS), 1);
	free(first);
	free(second);
}

/* A clock that stepped back: no certificate is made, and old answers keep. */
static void
test_try_later(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	struct ca_ocsp io = {.now = fixture.now - 90 * CLOCK_DAY};
	OCSP_RESPONSE *response;
	struct ca_cert cert;

	(void)state;
	issue("k1", &cert);
	add_id(request, cert.serial, issuing);
	response = ask(request, &io);
	assert_int_equal(
	    OCSP_response_status(response), OCSP_RESPONSE_STATUS_TRYLATER);
	OCSP_RESPONSE_free(response);
	OCSP_REQUEST_free(request);
	ca_cert_clear(&cert);
}

static void
test_records_do_not_answer(void **state)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *bytes = NULL;
	struct ca_ocsp io = {.now = fixture.now};
	struct buf out;
	struct err err;
	struct db *db;
	int64_t next;
	int len;

	(void)state;
	assert_int_equal(
	    ca_ocsp_ready(fixture.ca, fixture.now, &next, NULL), 0);
	add_id(request, "40000000000000000000000000000001", issuing);
	len = i2d_OCSP_REQUEST(request, &bytes);
	assert_true(len > 0);
	assert_int_equal(db_open(fixture.database, false, &db, NULL), 0);
	assert_int_equal(
	    db_script(db, "ALTER TABLE ca_revocation RENAME TO gone", NULL), 0);
	db_close(db);
	buf_init(&out, CA_OCSP_ANSWER_MAX);
	io.request = bytes;
	io.len = (size_t)len;
	assert_int_equal(ca_ocsp(fixture.ca, &io, &out, &err), -1);
	assert_int_equal(err.kind, ERR_STORAGE);
	assert_int_equal(out.len, 0);
	buf_free(&out);
	OPENSSL_free(bytes);
	OCSP_REQUEST_free(request);
}

static void
ready_for_death(void *arg)
{
	int64_t next;

	(void)arg;
	(void)ca_ocsp_ready(fixture.ca, fixture.now, &next, NULL);
}

/* Killed anywhere in a renewal: the next process has a responder, a certificate
 * that was not recorded is on the list, and no answer was ever signed by a key
 * that is not on record. */
static void
test_killed_in_renewal(void **state)
{
	static const struct {
		const char *point;
		int64_t lost, keys;
	} cases[] = {
	    {"ca.issue.before-intent", 0, 1},
	    {"ca.issue.after-intent", 1, 1},
	    {"ca.issue.after-sign", 2, 1},
	    {"ca.issue.after-commit", 2, 1},
	};
	size_t i;
	int64_t next;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db *db;

		fixture_die_at(&fixture, cases[i].point, ready_for_death, NULL);
		fixture_reopen(&fixture);
		assert_int_equal(
		    ca_ocsp_ready(fixture.ca, fixture.now, &next, NULL), 0);
		assert_int_equal(fixture_number(&fixture,
				     "SELECT COUNT(*) FROM ca_revocation"),
		    cases[i].lost);
		assert_int_equal(
		    fixture_number(&fixture, RESPONDERS), cases[i].keys);
		expect(EVP_sha1(), "40000000000000000000000000000001",
		    V_OCSP_CERTSTATUS_UNKNOWN, -1);
		/* As if there had been none, for the next case. */
		assert_int_equal(
		    db_open(fixture.database, false, &db, NULL), 0);
		assert_int_equal(
		    db_script(db, "DELETE FROM ca_responder", NULL), 0);
		db_close(db);
	}
}

/* --- places in certificates --- */

/* --- our own questions, and answers that must not leave --- */

struct heard {
	size_t count;
	char serial[64], status[16];
	int reason;
};

static int
hear(void *cookie, const struct ca_ocsp_verdict *v, struct err *err)
{
	struct heard *h = cookie;

	(void)err;
	h->count++;
	h->reason = v->reason;
	(void)snprintf(h->serial, sizeof(h->serial), "%s", v->serial);
	(void)snprintf(h->status, sizeof(h->status), "%s", v->status);
	assert_int_equal(v->good, strcmp(v->status, "good") == 0);
	assert_int_equal(v->revoked_at != 0, strcmp(v->status, "revoked") == 0);
	assert_true(v->this_update <= clock_now());
	assert_true(v->next_update > clock_now());
	return 0;
}

static struct heard
asked_about(const struct ca_ocsp_about *about)
{
	struct ca_ocsp io = {.now = 0};
	struct heard heard = {0};
	struct buf request, out;
	struct err err;

	buf_init(&request, CA_OCSP_REQUEST_MAX);
	buf_init(&out, CA_OCSP_ANSWER_MAX);
	if (ca_ocsp_ask(fixture.ca, about, &request, &err) != 0 ||
	    ask_bytes(&request, &io, &out, &err) != 0 ||
	    ca_ocsp_read(&out, hear, &heard, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(heard.count, 1);
	buf_free(&request);
	buf_free(&out);
	return heard;
}

static void
test_ask_ourselves(void **state)
{
	struct ca_ocsp_about about = {.serial = NULL};
	struct buf nothing;
	struct heard heard;
	struct ca_cert cert;
	struct err err;

	(void)state;
	issue("k1", &cert);
	about.serial = cert.serial;
	heard = asked_about(&about);
	assert_string_equal(heard.status, "good");
	assert_string_equal(heard.serial, cert.serial);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, 1, fixture.now, &err), 0);
	about = (struct ca_ocsp_about){.der = cert.der, .len = cert.der_len};
	heard = asked_about(&about);
	assert_string_equal(heard.status, "revoked");
	assert_int_equal(heard.reason, 1);
	about = (struct ca_ocsp_about){.serial = NEVER};
	heard = asked_about(&about);
	assert_string_equal(heard.status, "unknown");
	buf_init(&nothing, 256);
	about.serial = "no serial";
	assert_int_equal(ca_ocsp_ask(fixture.ca, &about, &nothing, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	about.serial = "";
	assert_int_equal(ca_ocsp_ask(fixture.ca, &about, &nothing, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	/* The root is not of an issuing CA of ours. */
	about = (struct ca_ocsp_about){
	    .der = fixture.ca->root.der.data, .len = fixture.ca->root.der.len};
	assert_int_equal(ca_ocsp_ask(fixture.ca, &about, &nothing, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(nothing.len, 0);
	assert_int_equal(ca_ocsp_read(&nothing, hear, &heard, &err), -1);
	ca_cert_clear(&cert);
}

/* A responder that nobody would believe, its key having been exchanged: nobody
 * hears of it, and the one on record answers next. */
static void
test_bad_answer_stays_here(void **state)
{
	struct ca_ocsp io = {.now = 0};
	struct ca_ocsp_about about = {.serial = NEVER};
	struct buf request, out;
	struct ca_responder *r;
	X509 *changed;
	struct err err;

	(void)state;
	buf_init(&request, CA_OCSP_REQUEST_MAX);
	buf_init(&out, CA_OCSP_ANSWER_MAX);
	assert_int_equal(ca_ocsp_ask(fixture.ca, &about, &request, &err), 0);
	assert_int_equal(ask_bytes(&request, &io, &out, &err), 0);
	buf_reset(&out);
	r = fixture.ca->responder;
	EVP_PKEY_free(r->key);
	r->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	changed = X509_dup(r->x509);
	X509_free(r->x509);
	r->x509 = changed;
	assert_int_equal(X509_set_pubkey(changed, r->key), 1);
	r->answers = 0;
	assert_int_equal(ask_bytes(&request, &io, &out, &err), -1);
	assert_int_equal(err.kind, ERR_STORAGE);
	assert_non_null(strstr(err.text, "signature"));
	assert_int_equal(out.len, 0);
	assert_int_equal(ask_bytes(&request, &io, &out, &err), 0);
	buf_free(&request);
	buf_free(&out);
}

static void
test_places(void **state)
{
	struct ca_cert cert;
	STACK_OF(OPENSSL_STRING) *ocsp;
	STACK_OF(DIST_POINT) *points;
	AUTHORITY_INFO_ACCESS *access;
	const unsigned char *p;
	const char *crl;
	char want[128];
	struct buf der;
	X509 *x;

	(void)state;
	fixture.conf.url = "http://pki.corp.example:8080/amt";
	fixture_reopen(&fixture);
	issue("k1", &cert);
	p = cert.der;
	x = d2i_X509(NULL, &p, (long)cert.der_len);
	assert_non_null(x);
	ocsp = X509_get1_ocsp(x);
	assert_int_equal(sk_OPENSSL_STRING_num(ocsp), 1);
	assert_string_equal(sk_OPENSSL_STRING_value(ocsp, 0),
	    "http://pki.corp.example:8080/amt/ocsp");
	X509_email_free(ocsp);
	points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
	assert_int_equal(sk_DIST_POINT_num(points), 1);
	crl = (const char *)ASN1_STRING_get0_data(
	    sk_GENERAL_NAME_value(
		sk_DIST_POINT_value(points, 0)->distpoint->name.fullname, 0)
		->d.uniformResourceIdentifier);
	(void)snprintf(want, sizeof(want),
	    "http://pki.corp.example:8080/amt/crl/%s.crl", ca_name(fixture.ca));
	assert_string_equal(crl, want);
	CRL_DIST_POINTS_free(points);
	access = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
	assert_int_equal(sk_ACCESS_DESCRIPTION_num(access), 2);
	AUTHORITY_INFO_ACCESS_free(access);
	assert_int_equal(ca_verify(fixture.ca, cert.der, cert.der_len, NULL,
			     fixture.now, NULL),
	    0);
	buf_init(&der, 8192);
	assert_int_equal(
	    ca_certificate(fixture.ca, ca_name(fixture.ca), &der, NULL), 0);
	p = der.data;
	X509_free(x);
	x = d2i_X509(NULL, &p, (long)der.len);
	assert_int_equal(X509_cmp(x, issuing), 0);
	assert_int_equal(
	    ca_certificate(fixture.ca, "0123456789abcdef", &der, NULL), -1);
	buf_free(&der);
	X509_free(x);
	ca_cert_clear(&cert);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_good_then_revoked),
	    ROW(test_unspecified_reason_is_left_out),
	    ROW(test_never_issued_is_unknown),
	    ROW(test_intent_is_never_good),
	    ROW(test_foreign_issuer),
	    ROW(test_our_name_with_another_key),
	    ROW(test_other_hash),
	    ROW(test_mixed_issuers),
	    ROW(test_several),
	    ROW(test_count),
	    ROW(test_nonce),
	    ROW(test_critical_extension),
	    ROW(test_version),
	    ROW(test_garbage),
	    ROW(test_responder_certificate),
	    ROW(test_renewal),
	    ROW(test_shared),
	    ROW(test_revoked_responder_is_replaced),
	    ROW(test_try_later),
	    ROW(test_records_do_not_answer),
	    ROW(test_killed_in_renewal),
	    ROW(test_places),
	    ROW(test_ask_ourselves),
	    ROW(test_bad_answer_stays_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
