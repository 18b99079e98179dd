#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "pki_internal.h"

/* The null-signed CSR, and what firmware may make of it. */

static EVP_PKEY *device_key, *other_key;
static uint8_t *spki;
static size_t spki_len;
static const char *const names[] = {"pc1.corp.example", "pc1", NULL};

static int
setup(void **state)
{
	int len;

	(void)state;
	device_key = EVP_RSA_gen(2048);
	other_key = EVP_RSA_gen(2048);
	assert_non_null(device_key);
	assert_non_null(other_key);
	len = i2d_PUBKEY(device_key, &spki);
	assert_true(len > 0);
	spki_len = (size_t)len;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	OPENSSL_free(spki);
	EVP_PKEY_free(device_key);
	EVP_PKEY_free(other_key);
	return 0;
}

static struct amt_csr
wish(int hash_bits)
{
	return (struct amt_csr){.key_handle = "k",
	    .spki = spki,
	    .spki_len = spki_len,
	    .common_name = names[0],
	    .dns_names = names,
	    .hash_bits = hash_bits};
}

static X509_REQ *
parse(const struct buf *der)
{
	const uint8_t *at = der->data;
	X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der->len);

	assert_non_null(req);
	assert_ptr_equal(at, der->data + der->len);
	return req;
}

static void
build(const struct amt_csr *csr, struct buf *out)
{
	struct err err = {0};

	if (csr_build(csr, out, &err) != 0)
		fail_msg("%s", err.text);
}

/* What firmware does: keep the content, replace the signature. common_name not
 * NULL: a firmware that changes it. */
static void
sign(const struct buf *null, EVP_PKEY *key, const EVP_MD *md,
    const char *common_name, struct buf *out)
{
	X509_REQ *req = parse(null);
	uint8_t *der = NULL;
	X509_NAME *name;
	int len;

	if (common_name != NULL) {
		name = X509_NAME_new();
		assert_int_equal(
		    X509_NAME_add_entry_by_NID(name, NID_commonName,
			MBSTRING_UTF8, (const unsigned char *)common_name, -1,
			-1, 0),
		    1);
		assert_int_equal(X509_REQ_set_subject_name(req, name), 1);
		X509_NAME_free(name);
	}
	assert_true(X509_REQ_sign(req, key, md) > 0);
	len = i2d_X509_REQ(req, &der);
	assert_true(len > 0);
	buf_reset(out);
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_REQ_free(req);
}

static void
has_what_was_wished(void **state)
{
	struct amt_csr csr = wish(384);
	STACK_OF(X509_EXTENSION) *list;
	GENERAL_NAMES *san;
	const ASN1_BIT_STRING *signature;
	const X509_ALGOR *algorithm;
	ASN1_BIT_STRING *usage;
	char text[64] = "";
	struct buf null;
	X509_REQ *req;
	int i;

	(void)state;
	buf_init(&null, 8192);
	build(&csr, &null);
	req = parse(&null);
	assert_int_equal(X509_REQ_get_version(req), 0);
	assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(req), device_key), 1);
	X509_NAME_get_text_by_NID(
	    X509_REQ_get_subject_name(req), NID_commonName, text, sizeof(text));
	assert_string_equal(text, "pc1.corp.example");
	list = X509_REQ_get_extensions(req);
	san = X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(san), 2);
	for (i = 0; i < 2; i++)
		assert_string_equal(
		    (const char *)ASN1_STRING_get0_data(
			sk_GENERAL_NAME_value(san, i)->d.dNSName),
		    names[i]);
	usage = X509V3_get_d2i(list, NID_key_usage, NULL, NULL);
	assert_int_equal(ASN1_STRING_get0_data(usage)[0], 0xa0);
	/* Zeros, as long as the key, under the algorithm to come. */
	X509_REQ_get0_signature(req, &signature, &algorithm);
	assert_int_equal(
	    X509_REQ_get_signature_nid(req), NID_sha384WithRSAEncryption);
	assert_int_equal(ASN1_STRING_length(signature), 256);
	for (i = 0; i < 256; i++)
		assert_int_equal(ASN1_STRING_get0_data(signature)[i], 0);
	assert_int_not_equal(X509_REQ_verify(req, device_key), 1);
	ASN1_BIT_STRING_free(usage);
	GENERAL_NAMES_free(san);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(req);
	buf_free(&null);
}

static enum err_kind
judge(const struct buf *null, const struct buf *der)
{
	struct err err = {0};
	int rc = csr_check(null, der, &err);

	assert_int_equal(rc, err.kind == ERR_NONE ? 0 : -1);
	return err.kind;
}

static void
takes_only_its_own_content(void **state)
{
	struct amt_csr csr = wish(256);
	struct buf null, got;

	(void)state;
	buf_init(&null, 8192);
	buf_init(&got, 8192);
	build(&csr, &null);
	sign(&null, device_key, EVP_sha256(), NULL, &got);
	assert_int_equal(judge(&null, &got), ERR_NONE);
	buf_char(&got, 'x');
	assert_int_equal(judge(&null, &got), ERR_PROTOCOL);
	buf_reset(&got);
	assert_int_equal(judge(&null, &got), ERR_PROTOCOL);
	/* The placeholder came back as it was. */
	assert_int_equal(judge(&null, &null), ERR_UNTRUSTED);
	sign(&null, other_key, EVP_sha256(), NULL, &got);
	assert_int_equal(judge(&null, &got), ERR_UNTRUSTED);
	sign(&null, device_key, EVP_sha384(), NULL, &got);
	assert_int_equal(judge(&null, &got), ERR_PROTOCOL);
	sign(&null, device_key, EVP_sha256(), "pc2.corp.example", &got);
	assert_int_equal(judge(&null, &got), ERR_UNTRUSTED);
	buf_free(&null);
	buf_free(&got);
}

static void
refuses_bad_wishes(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const bad[] = {"pc1 x", NULL};
	const char *long_name =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbb";
	struct amt_csr rows[8];
	struct err err;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 8192);
	for (i = 0; i < 8; i++)
		rows[i] = wish(256);
	rows[0].hash_bits = 1;
	rows[1].common_name = "";
	rows[2].common_name = long_name;
	rows[3].dns_names = none;
	rows[4].dns_names = bad;
	rows[5].spki_len--;
	rows[6].spki = (const uint8_t *)"nonsense";
	rows[6].spki_len = 8;
	rows[7].address = "192.0.2";
	for (i = 0; i < 8; i++) {
		err_clear(&err);
		assert_int_equal(csr_build(&rows[i], &out, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_int_equal(out.len, 0);
	}
	buf_free(&out);
}

static void
names_an_address(void **state)
{
	static const uint8_t wanted[] = {192, 0, 2, 7};
	struct amt_csr csr = wish(256);
	STACK_OF(X509_EXTENSION) *list;
	const GENERAL_NAME *name;
	GENERAL_NAMES *san;
	struct buf null;
	X509_REQ *req;

	(void)state;
	buf_init(&null, 8192);
	csr.address = "192.0.2.7";
	csr.dns_names = (const char *[]){"pc_1.corp.example", NULL};
	build(&csr, &null);
	req = parse(&null);
	list = X509_REQ_get_extensions(req);
	san = X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);
	name = sk_GENERAL_NAME_value(san, sk_GENERAL_NAME_num(san) - 1);
	assert_int_equal(sk_GENERAL_NAME_num(san), 2);
	assert_int_equal(name->type, GEN_IPADD);
	assert_int_equal(ASN1_STRING_length(name->d.iPAddress), 4);
	assert_memory_equal(
	    ASN1_STRING_get0_data(name->d.iPAddress), wanted, 4);
	GENERAL_NAMES_free(san);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(req);
	buf_free(&null);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_what_was_wished),
	    cmocka_unit_test(takes_only_its_own_content),
	    cmocka_unit_test(refuses_bad_wishes),
	    cmocka_unit_test(names_an_address),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
