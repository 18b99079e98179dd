/*
 * Issuing CAs that a root of ours revokes: on record, in the root's list and
 * answers, and nothing is issued by them any more; also when the process dies
 * in between, when the root's key is elsewhere, and for what hangs on them.
 */
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
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
#include "crl_internal.h"
#include "err.h"
#include "fixture.h"
#include "mem.h"
#include "record_internal.h"
#include "rollover.h"
#include "root_internal.h"
#include "signer_internal.h"
#include "str.h"

#define COMPROMISED 1
#define CA_COMPROMISED 2
#define SUPERSEDED 4

static struct fixture fixture, other;

/* --- doing it --- */

static void
roll(void)
{
	struct ca_roll io = {.organisation = NULL};
	struct err err;

	if (ca_rollover(fixture.ca, &fixture.conf, &io, &err) != 0)
		fail_msg("%s", err.text);
	fixture_reopen(&fixture);
}

static struct ca_fall
fall_of(const struct ca *line, int reason)
{
	static char serial[CA_ISSUER_SERIAL];

	assert_true(ca_issuer_serial(&line->issuing, serial));
	return (struct ca_fall){
	    .serial = serial, .reason = reason, .now = fixture.now};
}

static int
end_it(struct ca_fall *io, struct err *err)
{
	return ca_revoke_issuing(fixture.ca, &fixture.conf, io, err);
}

static void
must_revoke(const struct ca *line, int reason)
{
	struct ca_fall io = fall_of(line, reason);
	struct err err;

	io.force = true;
	if (end_it(&io, &err) != 0)
		fail_msg("%s", err.text);
}

/* The list of a line's root, which must hold by the root's key. */
static X509_CRL *
list_of(struct ca *line, int64_t *ret_number)
{
	struct ca_crl_info info = {.number = 0};
	const unsigned char *p;
	struct buf der;
	struct err err;
	X509_CRL *crl;

	buf_init(&der, CA_ROOT_LIST_MAX);
	if (ca_root_crl_since(line, fixture.now, &info, &der, &err) != 0)
		fail_msg("%s", err.text);
	p = der.data;
	crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	assert_non_null(crl);
	assert_int_equal(
	    X509_CRL_verify(crl, X509_get0_pubkey(line->root.x509)), 1);
	if (ret_number != NULL)
		*ret_number = info.number;
	buf_free(&der);
	return crl;
}

/* Reason in the list; -1: it is not in it. */
static int
listed(X509_CRL *crl, X509 *cert)
{
	ASN1_ENUMERATED *reason;
	X509_REVOKED *entry;
	int value = -1;

	if (X509_CRL_get0_by_cert(crl, &entry, cert) == 1) {
		reason =
		    X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
		value = reason != NULL ? (int)ASN1_ENUMERATED_get(reason) : 0;
		ASN1_ENUMERATED_free(reason);
	}
	X509_CRL_free(crl);
	return value;
}

static int
reason_in_list(struct ca *line, X509 *cert)
{
	return listed(list_of(line, NULL), cert);
}

/* OpenSSL's judgement with the list. */
static int
judged(struct ca *line)
{
	X509_STORE *trust = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_CRL *crl = list_of(line, NULL);
	int why;

	assert_int_equal(X509_STORE_add_cert(trust, line->root.x509), 1);
	assert_int_equal(X509_STORE_add_crl(trust, crl), 1);
	assert_int_equal(
	    X509_STORE_CTX_init(ctx, trust, line->issuing.x509, NULL), 1);
	X509_STORE_CTX_set_flags(
	    ctx, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_X509_STRICT);
	why = X509_verify_cert(ctx) == 1 ? X509_V_OK
					 : X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trust);
	X509_CRL_free(crl);
	return why;
}

static int
try_issue(struct ca *ca, const char *key, struct err *err)
{
	const struct csr_spec spec = {.key = fixture_key(2, 2048)};
	struct ca_request request;
	struct ca_cert cert;
	struct buf csr;
	int rc;

	buf_init(&csr, 16384);
	fixture_csr(&spec, &csr);
	request = fixture_request(&fixture, &csr, key);
	rc = ca_issue(ca, &request, &cert, err);
	if (rc == 0)
		ca_cert_clear(&cert);
	buf_free(&csr);
	return rc;
}

/* --- tests --- */

static void
test_old_one(void **state)
{
	struct ca_fall io;
	struct ca_cert cert;
	struct err err;
	int64_t before, after;
	struct ca *old;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &cert);
	roll();
	old = ca_older(fixture.ca);
	assert_int_equal(judged(old), X509_V_OK);
	X509_CRL_free(list_of(old, &before));
	io = fall_of(old, SUPERSEDED);
	fixture_failed(
	    end_it(&io, &err), &err, ERR_REFUSED, "1 valid certificate of");
	assert_int_equal(reason_in_list(old, old->issuing.x509), -1);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, SUPERSEDED, fixture.now, &err),
	    0);
	io.dry = true;
	assert_int_equal(end_it(&io, &err), 0);
	assert_false(io.active);
	assert_non_null(strstr(io.subject, "AMT Issuing CA"));
	assert_int_equal(reason_in_list(old, old->issuing.x509), -1);
	io.dry = false;
	assert_int_equal(end_it(&io, &err), 0);
	assert_int_equal(reason_in_list(old, old->issuing.x509), SUPERSEDED);
	assert_int_equal(judged(old), X509_V_ERR_CERT_REVOKED);
	X509_CRL_free(list_of(old, &after));
	assert_int_equal(after, before + 1);
	/* Its cross-certificate by the new root too. */
	assert_int_equal(
	    reason_in_list(fixture.ca, old->cross[0].place[0].x509),
	    SUPERSEDED);
	assert_int_equal(judged(fixture.ca), X509_V_OK);
	/* The first revocation stands. */
	io = fall_of(old, COMPROMISED);
	assert_int_equal(end_it(&io, &err), 0);
	assert_int_equal(reason_in_list(old, old->issuing.x509), SUPERSEDED);
	X509_CRL_free(list_of(old, &before));
	assert_int_equal(after, before);
	ca_cert_clear(&cert);
}

#define INTENTS "SELECT COUNT(*) FROM ca_intent"

static void
test_active_one(void **state)
{
	struct ca *elsewhere = NULL;
	struct ca_cert cert;
	struct err err;
	struct ca_fall io;
	int64_t intents;

	(void)state;
	fixture_issue(&fixture, 0, "k1", &cert);
	assert_int_equal(ca_open(&fixture.conf, &elsewhere, &err), 0);
	io = fall_of(fixture.ca, COMPROMISED);
	fixture_failed(end_it(&io, &err), &err, ERR_REFUSED, "--force");
	io.force = true;
	assert_int_equal(end_it(&io, &err), 0);
	assert_true(io.active);
	assert_int_equal(io.used, 1);
	assert_int_equal(reason_in_list(fixture.ca, fixture.ca->issuing.x509),
	    CA_COMPROMISED);
	/* Here, and where it was open before. */
	intents = fixture_number(&fixture, INTENTS);
	fixture_failed(try_issue(fixture.ca, "k2", &err), &err, ERR_REFUSED,
	    "the issuing CA was revoked");
	fixture_failed(try_issue(elsewhere, "k2", &err), &err, ERR_REFUSED,
	    "the issuing CA was revoked");
	assert_int_equal(fixture_number(&fixture, INTENTS), intents);
	fixture_failed(ca_verify(fixture.ca, cert.der, cert.der_len, NULL,
			   fixture.now, &err),
	    &err, ERR_UNTRUSTED, "its issuing CA was revoked");
	ca_close(elsewhere);
	/* The next does not vouch for it. */
	roll();
	assert_int_equal(try_issue(fixture.ca, "k2", &err), 0);
	assert_int_equal(ca_older(fixture.ca)->cross_count, 0);
	ca_cert_clear(&cert);
}

static int
keep_revoked(void *cookie, const struct ca_line_info *info, struct err *err)
{
	int64_t *at = cookie;

	(void)err;
	if (info->revoked_at != 0)
		*at = info->revoked_at;
	return 0;
}

static void
test_shown(void **state)
{
	int64_t at = 0;

	(void)state;
	assert_int_equal(ca_lines(&fixture.conf, keep_revoked, &at, NULL), 0);
	assert_int_equal(at, 0);
	must_revoke(fixture.ca, SUPERSEDED);
	assert_int_equal(ca_lines(&fixture.conf, keep_revoked, &at, NULL), 0);
	assert_int_equal(at, fixture.now);
}

static void
test_refusals(void **state)
{
	char serial[] = "0123456789abcdef";
	struct ca_fall io = {.serial = serial, .now = fixture.now};
	struct ca_cert cert;
	struct buf der;
	struct err err;

	(void)state;
	fixture_failed(end_it(&io, &err), &err, ERR_NOTFOUND, "no issuing CA");
	io = fall_of(fixture.ca, 6);
	fixture_failed(end_it(&io, &err), &err, ERR_INVALID, "reason 6");
	buf_init(&der, 16384);
	buf_str(&der, "junk");
	io = (struct ca_fall){.cert = &der, .now = fixture.now};
	fixture_failed(end_it(&io, &err), &err, ERR_INVALID, "damaged");
	buf_reset(&der);
	buf_add(&der, fixture.ca->root.der.data, fixture.ca->root.der.len);
	fixture_failed(end_it(&io, &err), &err, ERR_REFUSED, "a root");
	fixture_issue(&fixture, 0, "k1", &cert);
	buf_reset(&der);
	buf_add(&der, cert.der, cert.der_len);
	fixture_failed(end_it(&io, &err), &err, ERR_NOTFOUND, "not signed by");
	ca_cert_clear(&cert);
	buf_free(&der);
}

/* --- answers --- */

struct heard {
	int status; /* of the answer */
	int verdict, reason;
};

static struct heard
ask_root(X509 *cert, X509 *root, const EVP_MD *md, unsigned times)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	struct heard h = {.verdict = -1, .reason = -1};
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_STORE *trust = X509_STORE_new();
	ASN1_GENERALIZEDTIME *at, *from, *to;
	struct ca_ocsp io = {.now = fixture.now};
	unsigned char *bytes = NULL;
	OCSP_BASICRESP *basic;
	OCSP_RESPONSE *response;
	const unsigned char *p;
	struct buf out;
	struct err err;
	OCSP_CERTID *id;

	while (times-- > 0)
		(void)OCSP_request_add0_id(
		    request, OCSP_cert_to_id(md, cert, root));
	io.len = (size_t)i2d_OCSP_REQUEST(request, &bytes);
	io.request = bytes;
	buf_init(&out, CA_OCSP_ANSWER_MAX);
	if (ca_ocsp(fixture.ca, &io, &out, &err) != 0)
		fail_msg("%s", err.text);
	p = out.data;
	response = d2i_OCSP_RESPONSE(NULL, &p, (long)out.len);
	h.status = OCSP_response_status(response);
	basic = OCSP_response_get1_basic(response);
	if (basic != NULL) {
		assert_true(sk_X509_push(others, root) > 0);
		assert_int_equal(X509_STORE_add_cert(trust, root), 1);
		assert_int_equal(OCSP_basic_verify(basic, others, trust, 0), 1);
		id = OCSP_cert_to_id(md, cert, root);
		assert_int_equal(OCSP_resp_find_status(basic, id, &h.verdict,
				     &h.reason, &at, &from, &to),
		    1);
		assert_int_equal(OCSP_check_validity(from, to, 0, -1), 1);
		assert_int_equal(OCSP_resp_count(basic), 1);
		assert_true(io.next_update > fixture.now);
		OCSP_CERTID_free(id);
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	OCSP_REQUEST_free(request);
	OPENSSL_free(bytes);
	sk_X509_free(others);
	X509_STORE_free(trust);
	buf_free(&out);
	return h;
}

static void
expect(X509 *cert, X509 *root, int verdict, int reason)
{
	struct heard sha1 = ask_root(cert, root, EVP_sha1(), 1);
	struct heard sha256 = ask_root(cert, root, EVP_sha256(), 1);

	assert_int_equal(sha1.status, OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_int_equal(sha256.status, OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_int_equal(sha1.verdict, verdict);
	assert_int_equal(sha256.verdict, verdict);
	assert_int_equal(sha1.reason, reason);
}

static void
test_answers(void **state)
{
	X509 *root = fixture.ca->root.x509, *issuing = fixture.ca->issuing.x509;
	struct heard h;

	(void)state;
	expect(issuing, root, V_OCSP_CERTSTATUS_GOOD, -1);
	/* The root itself it did not speak of; two at once neither. */
	h = ask_root(root, root, EVP_sha1(), 1);
	assert_int_equal(h.status, OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	h = ask_root(issuing, root, EVP_sha1(), 2);
	assert_int_equal(h.status, OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	h = ask_root(issuing, root, EVP_sha384(), 1);
	assert_int_equal(h.status, OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	must_revoke(fixture.ca, COMPROMISED);
	expect(issuing, root, V_OCSP_CERTSTATUS_REVOKED, CA_COMPROMISED);
}

static void
test_answers_of_both_roots(void **state)
{
	struct ca *old;

	(void)state;
	roll();
	old = ca_older(fixture.ca);
	X509_CRL_free(list_of(old, NULL));
	X509_CRL_free(list_of(fixture.ca, NULL));
	expect(old->issuing.x509, old->root.x509, V_OCSP_CERTSTATUS_GOOD, -1);
	expect(fixture.ca->cross[0].place[0].x509, old->root.x509,
	    V_OCSP_CERTSTATUS_GOOD, -1);
	must_revoke(old, 0);
	expect(
	    old->issuing.x509, old->root.x509, V_OCSP_CERTSTATUS_REVOKED, -1);
	expect(old->cross[0].place[0].x509, fixture.ca->root.x509,
	    V_OCSP_CERTSTATUS_REVOKED, -1);
	expect(fixture.ca->issuing.x509, fixture.ca->root.x509,
	    V_OCSP_CERTSTATUS_GOOD, -1);
}

/* --- a root elsewhere --- */

static void
sign_for(struct fixture *f, struct buf *cert)
{
	const struct ca_request_new how = {.organisation = NULL};
	struct ca_import io = {.pem = cert, .now = f->now};
	struct buf request;
	struct err err;

	buf_init(&request, 16384);
	buf_init(cert, 16384);
	if (ca_request(&f->conf, &how, &request, &err) != 0 ||
	    ca_certify(fixture.ca, &fixture.conf, &request, cert, &err) != 0 ||
	    ca_root_pem(fixture.ca, cert, &err) != 0 ||
	    ca_import(&f->conf, &io, &err) != 0 ||
	    ca_open(&f->conf, &f->ca, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&request);
}

static void
bring_list(struct err *err, int *ret)
{
	struct ca_crl_info info = {.number = 0};
	struct buf der;

	buf_init(&der, CA_ROOT_LIST_MAX);
	assert_int_equal(
	    ca_root_crl_since(fixture.ca, fixture.now, &info, &der, err), 0);
	*ret = ca_root_crl_import(other.ca, &der, fixture.now, err);
	buf_free(&der);
}

/* Without what was revoked here, by the same root. */
static void
make_forgetful_list(struct buf *out)
{
	const struct ca_crl_row row = {.number = 99,
	    .this_update = fixture.now - 60,
	    .next_update = fixture.now + CLOCK_DAY};
	struct ca_signer *signer = NULL;
	struct buf tbs;
	struct err err;

	buf_init(&tbs, CA_ROOT_LIST_MAX);
	if (ca_root_open(&fixture.conf, &fixture.ca->root, &signer, &err) != 0)
		fail_msg("%s", err.text);
	ca_crl_write(
	    &(struct ca_crl_by){signer, &fixture.ca->root, NULL}, &row, &tbs);
	assert_int_equal(
	    ca_signer_sign(signer, ca_der_bytes(&tbs), out, &err), 0);
	ca_signer_free(signer);
	buf_free(&tbs);
}

static void
test_root_elsewhere(void **state)
{
	const struct ca_new how = {.organisation = "Site"};
	struct buf cert, der, list;
	struct ca_fall io;
	struct err err;
	int rc;

	(void)state;
	fixture_open_bare(&other);
	assert_int_equal(ca_create_offline(&other.conf, &how, &err), 0);
	sign_for(&other, &cert);
	assert_int_equal(try_issue(other.ca, "k1", &err), 0);
	io = fall_of(other.ca, COMPROMISED);
	io.force = true;
	fixture_failed(ca_revoke_issuing(other.ca, &other.conf, &io, &err),
	    &err, ERR_REFUSED, "is not here: \"ca revoke FILE\"");
	bring_list(&err, &rc);
	assert_int_equal(rc, 0);
	assert_int_equal(try_issue(other.ca, "k2", &err), 0);
	/* Where the root's key is it is nobody's line, and known by its
	 * signature. */
	buf_init(&der, 16384);
	fixture_failed(ca_cert_read(&cert, &der, &err), &err, ERR_INVALID,
	    "more than one");
	buf_add(&der, other.ca->issuing.der.data, other.ca->issuing.der.len);
	io = (struct ca_fall){
	    .cert = &der, .reason = COMPROMISED, .now = fixture.now};
	if (end_it(&io, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(
	    reason_in_list(fixture.ca, other.ca->issuing.x509), CA_COMPROMISED);
	expect(other.ca->issuing.x509, fixture.ca->root.x509,
	    V_OCSP_CERTSTATUS_REVOKED, CA_COMPROMISED);
	assert_int_equal(try_issue(fixture.ca, "k3", &err), 0);
	/* And here from the moment that the list is. */
	bring_list(&err, &rc);
	assert_int_equal(rc, 0);
	fixture_failed(try_issue(other.ca, "k3", &err), &err, ERR_REFUSED,
	    "the issuing CA was revoked");
	/* Nothing but a new key brings it back, no later list either. */
	buf_init(&list, CA_ROOT_LIST_MAX);
	make_forgetful_list(&list);
	fixture_failed(ca_root_crl_import(other.ca, &list, fixture.now, &err),
	    &err, ERR_CONFLICT, "a CA of ours that an earlier one revoked");
	fixture_failed(try_issue(other.ca, "k3", &err), &err, ERR_REFUSED,
	    "the issuing CA was revoked");
	buf_free(&list);
	fixture_failed(ca_certify(other.ca, &other.conf, &cert, &der, &err),
	    &err, ERR_REFUSED, "this key was revoked");
	buf_free(&cert);
	buf_free(&der);
	fixture_close(&other);
}

static void
test_list_that_forgets(void **state)
{
	struct buf list;
	struct err err;

	(void)state;
	must_revoke(fixture.ca, COMPROMISED);
	buf_init(&list, CA_ROOT_LIST_MAX);
	make_forgetful_list(&list);
	fixture_failed(ca_root_crl_import(fixture.ca, &list, fixture.now, &err),
	    &err, ERR_CONFLICT, "which was revoked here");
	assert_int_equal(reason_in_list(fixture.ca, fixture.ca->issuing.x509),
	    CA_COMPROMISED);
	buf_free(&list);
}

/* Serial 99, with an extension that must be understood and is not. */
static X509_REVOKED *
critical_entry(ASN1_INTEGER *number, ASN1_TIME *at)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_REVOKED *one = X509_REVOKED_new();
	X509_EXTENSION *ext;

	assert_int_equal(
	    ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05", 2), 1);
	ext =
	    X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 1, value);
	assert_int_equal(X509_REVOKED_set_serialNumber(one, number), 1);
	assert_int_equal(X509_REVOKED_set_revocationDate(one, at), 1);
	assert_int_equal(X509_REVOKED_add_ext(one, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	return one;
}

static X509_CRL *
critical_list(void)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)fixture.now - 60);
	ASN1_TIME *to = ASN1_TIME_set(NULL, (time_t)fixture.now + 600);
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509_CRL *crl = X509_CRL_new();

	assert_int_equal(ASN1_INTEGER_set(number, 99), 1);
	assert_int_equal(X509_CRL_set_version(crl, 1), 1);
	assert_int_equal(X509_CRL_set_issuer_name(
			     crl, X509_get_subject_name(fixture.ca->root.x509)),
	    1);
	assert_int_equal(X509_CRL_set1_lastUpdate(crl, from), 1);
	assert_int_equal(X509_CRL_set1_nextUpdate(crl, to), 1);
	assert_int_equal(
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0), 1);
	assert_int_equal(
	    X509_CRL_add0_revoked(crl, critical_entry(number, from)), 1);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return crl;
}

static void
test_critical_entry(void **state)
{
	struct ca_signer *signer = NULL;
	X509_CRL *crl = critical_list();
	unsigned char *der = NULL;
	struct buf list;
	struct err err;
	int len;

	(void)state;
	if (ca_root_open(&fixture.conf, &fixture.ca->root, &signer, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(
	    X509_CRL_sign(crl, ca_signer_self(signer), EVP_sha384()) > 0);
	len = i2d_X509_CRL(crl, &der);
	buf_init(&list, CA_ROOT_LIST_MAX);
	buf_add(&list, der, (size_t)len);
	fixture_failed(ca_root_crl_import(fixture.ca, &list, fixture.now, &err),
	    &err, ERR_INVALID, "a complete one is needed");
	buf_free(&list);
	OPENSSL_free(der);
	ca_signer_free(signer);
	X509_CRL_free(crl);
}

/* --- crashes --- */

static void
revoke_to_death(void *arg)
{
	struct ca_fall io = fall_of(fixture.ca, COMPROMISED);

	(void)arg;
	io.force = true;
	(void)end_it(&io, NULL);
}

static const struct crash {
	const char *point;
	bool done;
} crashes[] = {
    {"ca.revoke-issuing.before-commit", false},
    {"ca.revoke-issuing.after-commit", true},
    {"ca.crl.root.before-commit", true},
    {"ca.crl.root.after-commit", true},
};

static void
crash(const struct crash *c)
{
	struct err err;
	int64_t number;

	fixture_die_at(&fixture, c->point, revoke_to_death, NULL);
	fixture_reopen(&fixture);
	assert_int_equal(try_issue(fixture.ca, "k1", &err) == 0, !c->done);
	assert_int_equal(
	    listed(list_of(fixture.ca, &number), fixture.ca->issuing.x509),
	    c->done ? CA_COMPROMISED : -1);
	assert_int_equal(number, c->done ? 2 : 1);
	expect(fixture.ca->issuing.x509, fixture.ca->root.x509,
	    c->done ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
	    c->done ? CA_COMPROMISED : -1);
	must_revoke(fixture.ca, SUPERSEDED);
	assert_int_equal(reason_in_list(fixture.ca, fixture.ca->issuing.x509),
	    c->done ? CA_COMPROMISED : SUPERSEDED);
}

static void
test_crashes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		crash(&crashes[i]);
		fixture_close(&fixture);
		fixture_open(&fixture);
	}
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_old_one),
	    ROW(test_active_one),
	    ROW(test_shown),
	    ROW(test_refusals),
	    ROW(test_answers),
	    ROW(test_answers_of_both_roots),
	    ROW(test_root_elsewhere),
	    ROW(test_list_that_forgets),
	    ROW(test_critical_entry),
	    ROW(test_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
