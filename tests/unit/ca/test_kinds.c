/*
 * What a certificate says follows from its template and key: usages, names,
 * period, size.  Read back with OpenSSL's parser, verified strictly.
 */
#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "fixture.h"
#include "template_internal.h"

static struct fixture fixture;

static int
issue_at(const struct ca_template *t, const struct ca_subject *subject,
    EVP_PKEY *key, int64_t now, struct ca_cert *ret, struct err *err)
{
	static const uint8_t san[] = {0x30, 0x18, 0x82, 0x10, 'p', 'c', '1',
	    '.', 'c', 'o', 'r', 'p', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e',
	    0x87, 0x04, 192, 0, 2, 7};
	struct csr_spec spec = {.key = key};
	struct ca_request request;
	struct buf csr;
	int rc;

	buf_init(&csr, 16384);
	if (t->address)
		spec.san = (struct ca_span){san, sizeof(san)};
	fixture_csr(&spec, &csr);
	request = fixture_request(&fixture, &csr, "k1");
	request.template = t;
	request.subject = subject;
	request.now = now;
	rc = ca_issue(fixture.ca, &request, ret, err);
	buf_free(&csr);
	return rc;
}

static X509 *
issue(const struct ca_template *t, const struct ca_subject *subject,
    EVP_PKEY *key)
{
	const unsigned char *p;
	struct ca_cert cert;
	struct err err;
	X509 *x;

	if (issue_at(t, subject, key, fixture.now, &cert, &err) != 0)
		fail_msg("%s", err.text);
	p = cert.der;
	x = d2i_X509(NULL, &p, (long)cert.der_len);
	assert_non_null(x);
	assert_true(cert.der_len <= ca_template_largest(fixture.ca, t));
	ca_cert_clear(&cert);
	return x;
}

/* "OID OID", as in the certificate. */
static void
usages_of(X509 *x, char *out, size_t room)
{
	EXTENDED_KEY_USAGE *list =
	    X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	int i, used = 0;
	char one[64];

	out[0] = '\0';
	for (i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		(void)OBJ_obj2txt(
		    one, sizeof(one), sk_ASN1_OBJECT_value(list, i), 1);
		used += snprintf(out + used, room - (size_t)used, "%s%s",
		    i > 0 ? " " : "", one);
		assert_true(used >= 0 && (size_t)used < room);
	}
	sk_ASN1_OBJECT_pop_free(list, ASN1_OBJECT_free);
}

static void
verify(X509 *x, int purpose)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();

	assert_true(sk_X509_push(chain, fixture.ca->issuing.x509) == 1);
	assert_int_equal(
	    X509_STORE_CTX_init(ctx, fixture.ca->trust, x, chain), 1);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	assert_int_equal(X509_STORE_CTX_set_purpose(ctx, purpose), 1);
	if (X509_verify_cert(ctx) != 1)
		fail_msg("%s",
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(ctx)));
	sk_X509_free(chain);
	X509_STORE_CTX_free(ctx);
}

#define SERVER "1.3.6.1.5.5.7.3.1"
#define CLIENT "1.3.6.1.5.5.7.3.2"
#define INTEL "2.16.840.1.113741.1.2."

static void
test_usages(void **state)
{
	static const struct {
		const char *usages, *oids;
		int purposes[3]; /* 0 at the end */
		bool encipher;
	} rows[] = {
	    {NULL, SERVER, {X509_PURPOSE_SSL_SERVER}, true},
	    {"server", SERVER, {X509_PURPOSE_SSL_SERVER}, true},
	    {"client,server", SERVER " " CLIENT,
		{X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT}, true},
	    {"client", CLIENT, {X509_PURPOSE_SSL_CLIENT}, false},
	    {"client,amt-remote-console,amt-local-console",
		CLIENT " " INTEL "1 " INTEL "2", {X509_PURPOSE_SSL_CLIENT},
		false},
	    {"server,amt-client-setup", SERVER " " INTEL "3",
		{X509_PURPOSE_SSL_SERVER}, true},
	};
	struct ca_template t = fixture_template;
	char oids[256];
	size_t i, k;
	X509 *x;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_close(&fixture);
		fixture_open(&fixture);
		t.usages = rows[i].usages;
		x = issue(&t, &fixture_subject, NULL);
		usages_of(x, oids, sizeof(oids));
		assert_string_equal(oids, rows[i].oids);
		assert_int_equal(X509_get_key_usage(x),
		    KU_DIGITAL_SIGNATURE |
			(rows[i].encipher ? KU_KEY_ENCIPHERMENT : 0));
		for (k = 0; rows[i].purposes[k] != 0; k++)
			verify(x, rows[i].purposes[k]);
		X509_free(x);
	}
}

static void
test_elliptic_key(void **state)
{
	struct ca_template t = fixture_template;
	X509 *x;

	(void)state;
	t.key = "ec-p384";
	x = issue(&t, &fixture_subject, fixture_ec_key("P-384"));
	assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
	assert_int_equal(
	    EVP_PKEY_eq(X509_get0_pubkey(x), fixture_ec_key("P-384")), 1);
	verify(x, X509_PURPOSE_SSL_SERVER);
	X509_free(x);
}

static void
test_address(void **state)
{
	struct ca_template t = fixture_template;
	struct ca_subject s = fixture_subject;
	X509 *x;

	(void)state;
	t.address = true;
	s.address = "192.0.2.7";
	x = issue(&t, &s, NULL);
	assert_int_equal(X509_check_ip_asc(x, "192.0.2.7", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "192.0.2.8", 0), 0);
	assert_int_equal(X509_check_host(x, s.fqdn, 0, 0, NULL), 1);
	verify(x, X509_PURPOSE_SSL_SERVER);
	X509_free(x);
}

/* As the domain's controllers read it: UPN as otherName, SID as octets. */
static void
test_account(void **state)
{
	static const uint8_t sid[] = {0x30, 0x27, 0xa0, 0x25, 0x06, 0x0a, 0x2b,
	    0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x19, 0x02, 0x01, 0xa0, 0x17,
	    0x04, 0x15, 'S', '-', '1', '-', '5', '-', '2', '1', '-', '7', '-',
	    '8', '-', '9', '-', '1', '1', '0', '4', '0', '0'};
	struct ca_template t = fixture_template;
	struct ca_subject s = fixture_subject;
	const ASN1_OCTET_STRING *value;
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.311.25.2", 1);
	X509_EXTENSION *ext;
	GENERAL_NAMES *names;
	GENERAL_NAME *name;
	X509 *x;

	(void)state;
	t.usages = "client";
	t.upn = t.sid = true;
	s.upn = "pc1-iME$@corp.example";
	s.sid = "S-1-5-21-7-8-9-110400";
	x = issue(&t, &s, NULL);
	ext = X509_get_ext(x, X509_get_ext_by_OBJ(x, oid, -1));
	assert_non_null(ext);
	assert_int_equal(X509_EXTENSION_get_critical(ext), 0);
	value = X509_EXTENSION_get_data(ext);
	assert_int_equal(ASN1_STRING_length(value), sizeof(sid));
	assert_memory_equal(ASN1_STRING_get0_data(value), sid, sizeof(sid));
	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 2);
	name = sk_GENERAL_NAME_value(names, 1);
	assert_int_equal(name->type, GEN_OTHERNAME);
	assert_int_equal(OBJ_obj2nid(name->d.otherName->type_id), NID_ms_upn);
	assert_int_equal(name->d.otherName->value->type, V_ASN1_UTF8STRING);
	assert_string_equal(
	    ASN1_STRING_get0_data(name->d.otherName->value->value.utf8string),
	    s.upn);
	verify(x, X509_PURPOSE_SSL_CLIENT);
	GENERAL_NAMES_free(names);
	ASN1_OBJECT_free(oid);
	X509_free(x);
}

static void
test_issuers_end(void **state)
{
	struct ca_template t = fixture_template;
	int64_t end = fixture.ca->issuing.not_after;
	int64_t late = end - 100 * CLOCK_DAY;
	struct ca_cert cert;
	struct err err;

	(void)state;
	assert_int_equal(
	    issue_at(&t, &fixture_subject, NULL, late, &cert, &err), -1);
	assert_non_null(strstr(err.text, "outlives"));
	t.clamp = true;
	assert_int_equal(
	    issue_at(&t, &fixture_subject, NULL, late, &cert, &err), 0);
	assert_int_equal(cert.not_after, end);
	assert_int_equal(
	    ca_verify(fixture.ca, cert.der, cert.der_len, NULL, end - 1, &err),
	    0);
	ca_cert_clear(&cert);
}

/* The lint refuses what could get too large, before any key is made. */
static void
test_max_size(void **state)
{
	struct ca_template t = fixture_template;
	struct ca_cert cert;
	struct err err;

	(void)state;
	t.max_size = (int64_t)ca_template_largest(fixture.ca, &t) - 1;
	assert_int_equal(
	    issue_at(&t, &fixture_subject, NULL, fixture.now, &cert, &err), -1);
	assert_non_null(strstr(err.text, "max_size"));
	t.max_size++;
	assert_int_equal(
	    issue_at(&t, &fixture_subject, NULL, fixture.now, &cert, &err), 0);
	ca_cert_clear(&cert);
}

/* The largest is what it says: the longest names there can be fill it. */
static void
test_largest(void **state)
{
	static const char fqdn[] =
	    "a23456789012345678901234567890123456789012345678901234567890."
	    "abc";
	const char *const dns[] = {fqdn,
	    "a23456789012345678901234567890123456789012345678901234567890",
	    NULL};
	struct ca_subject s = {.device = "pc1",
	    .fqdn = fqdn,
	    .short_name = dns[1],
	    .amt_major = 22};
	struct csr_spec spec = {.key = fixture_key(2, 3072),
	    .hash = "SHA384",
	    .cn = fqdn,
	    .dns = dns};
	struct ca_template t = fixture_template;
	struct ca_request request;
	struct ca_cert cert;
	struct buf csr;
	struct err err;

	(void)state;
	assert_int_equal(strlen(fqdn), 64);
	buf_init(&csr, 16384);
	t.short_name = true;
	fixture_csr(&spec, &csr);
	request = fixture_request(&fixture, &csr, "k1");
	request.template = &t;
	request.subject = &s;
	if (ca_issue(fixture.ca, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	assert_in_range(ca_template_largest(fixture.ca, &t), cert.der_len,
	    cert.der_len + 16);
	ca_cert_clear(&cert);
	buf_free(&csr);
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_usages),
	    ROW(test_elliptic_key),
	    ROW(test_address),
	    ROW(test_account),
	    ROW(test_issuers_end),
	    ROW(test_max_size),
	    ROW(test_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
