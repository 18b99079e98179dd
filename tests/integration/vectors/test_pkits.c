/*
 * NIST's PKITS where we verify chains: each of its end certificates against the
 * anchors of a bridge, and each of its CAs as the one that certified our
 * issuing key.  pkits.verdicts says what becomes of each; where that is not
 * what NIST expects (the name begins with Valid or Invalid) it also says why.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge_kind.h"
#include "buf.h"
#include "ca.h"
#include "err.h"
#include "fixture.h"
#include "mem.h"
#include "rollover.h"
#include "str.h"
#include "verdicts.h"

#define PKITS VECTORS "/PKITS_data"
#define CERTS_MAX 500
#define NOW INT64_C(1600000000) /* 2020: all of PKITS that is ever valid */

static struct fixture fixture;
static const struct verdict *verdicts;
static size_t verdict_count;

/* Every certificate of PKITS. */
static X509 *certs[CERTS_MAX];
static const char *const *files;
static size_t cert_count;
static X509 *root;
/* RC2, for the keys of PKITS; one that is loaded by name stands alone. */
static OSSL_PROVIDER *legacy, *standard;

static void
read_certs(void)
{
	const unsigned char *p;
	struct buf der;
	size_t i;

	cert_count = vectors_list(PKITS "/certs", ".crt", &files);
	assert_true(cert_count <= CERTS_MAX);
	buf_init(&der, 65536);
	for (i = 0; i < cert_count; i++) {
		buf_reset(&der);
		vectors_read(PKITS "/certs", files[i], &der);
		p = der.data;
		certs[i] = d2i_X509(NULL, &p, (long)der.len);
		assert_non_null(certs[i]);
		if (strcmp(files[i], "TrustAnchorRootCertificate.crt") == 0)
			root = certs[i];
	}
	buf_free(&der);
	assert_non_null(root);
}

static bool
is_among(X509 *const *list, size_t count, const X509 *cert)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i] == cert)
			return true;
	return false;
}

static size_t
add_issuers(const X509 *cert, X509 **list, size_t count)
{
	size_t i;

	for (i = 0; i < cert_count; i++)
		if (!is_among(list, count, certs[i]) &&
		    X509_NAME_cmp(X509_get_subject_name(certs[i]),
			X509_get_issuer_name(cert)) == 0)
			list[count++] = certs[i];
	return count;
}

/* The root, who may have issued the certificate, and who may have issued those:
 * as PEM, what an administrator puts into a file of anchors. */
static char *
issuers_of(const X509 *cert)
{
	X509 *found[CERTS_MAX] = {root};
	size_t count = add_issuers(cert, found, 1), i;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *pem;
	long len;

	for (i = 0; i < count; i++) {
		count = add_issuers(found[i], found, count);
		(void)PEM_write_bio_X509(bio, found[i]);
	}
	len = BIO_get_mem_data(bio, &text);
	pem = mem_dup_len(text, (size_t)len);
	BIO_free(bio);
	return pem;
}

/* --- end certificates, and a bridge --- */

static struct ca_bridge_kind no_kind = {.name = "none"};

/* "ok", or why the bridge's anchors do not vouch for it. */
static const char *
judge_end(X509 *cert)
{
	char *pem = issuers_of(cert), *path;
	struct ca_bridge *b;
	const char *why;
	struct err err;

	fixture_write(&fixture, "anchors.pem", pem, strlen(pem));
	path = fixture_path(&fixture, "anchors.pem");
	if (ca_bridge_open_kind(&(struct ca_bridge_conf){.name = "corp",
				    .kind = "none",
				    .url = "https://ca.example",
				    .anchors = path,
				    .timeout = 5,
				    .retry_first = 60,
				    .retry_most = 600},
		&no_kind, &b, &err) != 0)
		fail_msg("%s", err.text);
	why = ca_bridge_chain(b, cert, X509_PURPOSE_SSL_SERVER, NOW);
	ca_bridge_close(b);
	free(path);
	free(pem);
	return why == NULL ? "ok" : why;
}

/* --- CAs, and our issuing key --- */

static EVP_PKEY *
key_of(const char *name)
{
	char *file = mem_printf("%s.p12", name);
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	const unsigned char *p;
	struct buf der;
	PKCS12 *p12;

	buf_init(&der, 65536);
	vectors_read(PKITS "/pkcs12", file, &der);
	p = der.data;
	p12 = d2i_PKCS12(NULL, &p, (long)der.len);
	assert_non_null(p12);
	if (PKCS12_parse(p12, "password", &key, &cert, NULL) != 1)
		fail_msg("%s: %s", file,
		    ERR_reason_error_string(ERR_peek_last_error()));
	PKCS12_free(p12);
	X509_free(cert);
	buf_free(&der);
	free(file);
	return key;
}

static void
add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Our request, certified by this CA of PKITS as it should be done. */
static X509 *
certify(X509_REQ *request, X509 *issuer, EVP_PKEY *key)
{
	X509 *cert = X509_new();

	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_set_subject_name(cert, X509_REQ_get_subject_name(request));
	assert_int_equal(
	    X509_set_pubkey(cert, X509_REQ_get0_pubkey(request)), 1);
	ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)NOW - 3600);
	ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)NOW + 86400 * 365);
	add_ext(cert, issuer, NID_basic_constraints, "critical,CA:TRUE");
	add_ext(cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
	add_ext(cert, issuer, NID_subject_key_identifier, "hash");
	add_ext(cert, issuer, NID_authority_key_identifier, "keyid:always");
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	return cert;
}

static X509_REQ *
our_request(void)
{
	struct buf pem;
	struct err err;
	X509_REQ *request;
	BIO *bio;

	buf_init(&pem, 16384);
	if (ca_request(
		&fixture.conf, &(struct ca_request_new){0}, &pem, &err) != 0)
		fail_msg("%s", err.text);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	assert_non_null(request);
	BIO_free(bio);
	buf_free(&pem);
	return request;
}

static void
judge_ca(
    X509_REQ *request, const char *name, X509 *issuer, char *out, size_t room)
{
	EVP_PKEY *key = key_of(name);
	X509 *cert = certify(request, issuer, key);
	struct ca_import io = {.now = NOW, .dry = true};
	char *above = issuers_of(cert);
	struct buf pem;
	struct err err;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	buf_init(&pem, 262144);
	(void)PEM_write_bio_X509(bio, cert);
	len = BIO_get_mem_data(bio, &text);
	buf_add(&pem, text, (size_t)len);
	buf_str(&pem, above);
	io.pem = &pem;
	(void)snprintf(out, room, "ok");
	if (ca_import(&fixture.conf, &io, &err) != 0)
		(void)snprintf(out, room, "%s", err.text);
	BIO_free(bio);
	buf_free(&pem);
	free(above);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* --- all of them --- */

/* NIST's word, where the name has it; the verdict may differ with a reason. */
static bool
as_expected(const struct verdict *v, const char *said)
{
	bool ok = str_eq(said, "ok");

	if (v == NULL || v->says[0] == '\0' || !str_starts(said, v->says))
		return false;
	if (v->why[0] != '\0')
		return true;
	if (str_starts(v->name, "Valid"))
		return ok;
	return !str_starts(v->name, "Invalid") || !ok;
}

static bool
is_end(const char *file)
{
	return strstr(file, "EE.crt") != NULL;
}

static void
test_all(void **state)
{
	X509_REQ *request = our_request();
	char said[512], *name;
	const struct verdict *v;
	size_t i, bad = 0;

	(void)state;
	for (i = 0; i < cert_count; i++) {
		name = mem_dup_len(files[i], strlen(files[i]) - 4);
		if (is_end(files[i]))
			(void)snprintf(
			    said, sizeof(said), "%s", judge_end(certs[i]));
		else
			judge_ca(request, name, certs[i], said, sizeof(said));
		v = verdicts_find(verdicts, verdict_count, name);
		if (!as_expected(v, said)) {
			print_error("%s | %s\n", name, said);
			bad++;
		}
		free(name);
	}
	X509_REQ_free(request);
	assert_int_equal(bad, 0);
	assert_int_equal(verdict_count, cert_count);
}

static int
setup(void **state)
{
	(void)state;
	legacy = OSSL_PROVIDER_load(NULL, "legacy");
	standard = OSSL_PROVIDER_load(NULL, "default");
	assert_true(legacy != NULL && standard != NULL);
	verdict_count = verdicts_read(VERDICTS "/pkits.verdicts", &verdicts);
	read_certs();
	fixture_open(&fixture);
	return 0;
}

static int
teardown(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < cert_count; i++)
		X509_free(certs[i]);
	fixture_close(&fixture);
	(void)OSSL_PROVIDER_unload(legacy);
	(void)OSSL_PROVIDER_unload(standard);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
