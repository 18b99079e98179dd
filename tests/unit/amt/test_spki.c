#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "mem.h"
#include "pki_internal.h"

/*
 * Against OpenSSL's own idea of the same bytes.
 */

static EVP_PKEY *key;
static uint8_t *spki, *rsa, *cert;
static size_t spki_len, rsa_len, cert_len;

static void
make_cert(void)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	int len;

	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"pc1.corp.example", -1, -1, 0);
	(void)X509_set_issuer_name(x, name);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	(void)X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	len = i2d_X509(x, &cert);
	assert_true(len > 0);
	cert_len = (size_t)len;
	X509_free(x);
}

static int
set_up(void **state)
{
	(void)state;
	key = EVP_RSA_gen(2048);
	assert_non_null(key);
	spki_len = (size_t)i2d_PUBKEY(key, &spki);
	rsa_len = (size_t)i2d_PublicKey(key, &rsa);
	make_cert();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	OPENSSL_free(spki);
	OPENSSL_free(rsa);
	OPENSSL_free(cert);
	return 0;
}

static void
test_bits(void **state)
{
	static const unsigned lengths[] = {1024, 1025, 1031, 2048};
	uint8_t *der, copy[600];
	EVP_PKEY *other;
	size_t i;
	int len;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		other = EVP_RSA_gen(lengths[i]);
		der = NULL;
		len = i2d_PUBKEY(other, &der);
		assert_true(len > 0);
		assert_int_equal(amt_spki_bits(der, (size_t)len), lengths[i]);
		OPENSSL_free(der);
		EVP_PKEY_free(other);
	}
	other = EVP_EC_gen("P-256");
	der = NULL;
	len = i2d_PUBKEY(other, &der);
	assert_int_equal(amt_spki_bits(der, (size_t)len), 0);
	OPENSSL_free(der);
	EVP_PKEY_free(other);
	for (i = 0; i < spki_len; i++)
		assert_int_equal(amt_spki_bits(spki, i), 0);
	memcpy(copy, spki, spki_len);
	copy[spki_len] = 0;
	assert_int_equal(amt_spki_bits(copy, spki_len + 1), 0);
}

static void
test_of_rsa(void **state)
{
	uint8_t *got = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(pki_spki_of_rsa(rsa, rsa_len, &got, &len), 0);
	assert_int_equal(len, spki_len);
	assert_memory_equal(got, spki, len);
	free(got);
}

static void
test_of_no_rsa_key(void **state)
{
	uint8_t *longer = mem_alloc(rsa_len + 1), *got = NULL;
	size_t len = 0, i;

	(void)state;
	memcpy(longer, rsa, rsa_len);
	assert_int_equal(pki_spki_of_rsa(longer, rsa_len + 1, &got, &len), -1);
	for (i = 0; i < rsa_len; i++)
		assert_int_equal(pki_spki_of_rsa(rsa, i, &got, &len), -1);
	assert_int_equal(pki_spki_of_rsa(spki, spki_len, &got, &len), -1);
	assert_null(got);
	free(longer);
}

static void
test_in_cert(void **state)
{
	const uint8_t *at;
	size_t len = 0;

	(void)state;
	at = pki_spki_in_cert(cert, cert_len, &len);
	assert_non_null(at);
	assert_int_equal(len, spki_len);
	assert_memory_equal(at, spki, len);
}

/* What is found in a damaged one lies inside it; exact copies so that the
 * sanitizer sees every step beyond. */
static void
test_in_no_cert(void **state)
{
	uint8_t *copy;
	const uint8_t *at;
	size_t len = 0, i;

	(void)state;
	for (i = 1; i < cert_len; i++) {
		copy = mem_copy(cert, i);
		assert_null(pki_spki_in_cert(copy, i, &len));
		free(copy);
	}
	for (i = 0; i < cert_len; i++) {
		copy = mem_copy(cert, cert_len);
		copy[i] ^= 0xff;
		at = pki_spki_in_cert(copy, cert_len, &len);
		if (at != NULL)
			assert_true(at >= copy && len <= cert_len &&
			    at + len <= copy + cert_len);
		free(copy);
	}
	assert_null(pki_spki_in_cert(spki, spki_len, &len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_rsa),
	    cmocka_unit_test(test_of_no_rsa_key),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_in_cert),
	    cmocka_unit_test(test_in_no_cert),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
