#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ca.h"
#include "clock.h"
#include "err.h"
#include "fixture.h"
#include "str.h"

#define A "00aabbccddeeff00112233445566778899aabbccddeeff001122334455667788"
#define B "11aabbccddeeff00112233445566778899aabbccddeeff001122334455667788"

static struct fixture fixture;

static int
collect(void *cookie, const struct ca_blocked *b, struct err *err)
{
	struct buf *out = cookie;

	(void)err;
	buf_printf(out, "%.4s,%s,%lld;", b->sha256, b->note, (long long)b->at);
	return 0;
}

static void
test_life(void **state)
{
	struct ca_blocked a = {A, "one", 7}, upper = {B, "", 8};
	struct ca_blocked again = {A, "other words", 9};
	struct buf out;
	struct err err;
	char big[65];

	(void)state;
	buf_init(&out, 1024);
	memcpy(big, B, sizeof(big));
	upper.sha256 = str_upper(big);
	assert_int_equal(ca_block_add(fixture.ca, &upper, NULL, &err), 1);
	assert_int_equal(ca_block_add(fixture.ca, &a, NULL, &err), 1);
	/* The first word stands. */
	assert_int_equal(ca_block_add(fixture.ca, &again, NULL, &err), 0);
	fixture_reopen(&fixture);
	assert_int_equal(ca_block_list(fixture.ca, collect, &out, &err), 0);
	assert_string_equal(buf_text(&out), "00aa,one,7;11aa,,8;");
	assert_int_equal(ca_block_remove(fixture.ca, A, &err), 0);
	assert_int_equal(ca_block_remove(fixture.ca, A, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	buf_free(&out);
}

static void
test_bad(void **state)
{
	char note[CA_BLOCK_NOTE_MAX + 2];
	struct ca_blocked b = {A, note, 0};
	struct err err;

	(void)state;
	memset(note, 'n', sizeof(note));
	note[sizeof(note) - 1] = '\0';
	assert_int_equal(ca_block_add(fixture.ca, &b, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	b.note = "a\033[2J";
	assert_int_equal(ca_block_add(fixture.ca, &b, NULL, &err), -1);
	b.note = "";
	b.sha256 = "00aa";
	assert_int_equal(ca_block_add(fixture.ca, &b, NULL, &err), -1);
	assert_int_equal(ca_block_remove(fixture.ca, "zz", &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
}

static void
read_text(const char *text, const char *gives, const char *says)
{
	struct buf in, out;
	struct err err;
	int rc;

	buf_init(&in, 65536);
	buf_init(&out, 65536);
	buf_str(&in, text);
	rc = ca_block_read(&in, collect, &out, &err);
	assert_int_equal(rc, says == NULL ? 0 : -1);
	if (says != NULL && strstr(err.text, says) == NULL)
		fail_msg("%s", err.text);
	assert_string_equal(buf_text(&out), gives);
	buf_free(&in);
	buf_free(&out);
}

static void
test_lines(void **state)
{
	(void)state;
	read_text("", "", NULL);
	read_text("# nothing\n\n  \t\r\n", "", NULL);
	read_text(A, "00aa,,0;", NULL);
	read_text(
	    "  " A " \t why not \r\n" B "\n", "00aa,why not,0;11aa,,0;", NULL);
	read_text(A "\nx\n" B, "00aa,,0;", "line 2: the SHA-256");
	read_text(A "0\n", "", "line 1");
	read_text(A " a\001b\n", "", "line 1: a note holds no control");
	read_text("-----BEGIN CERTIFICATE-----\nAAAA\n"
		  "-----END CERTIFICATE-----\n",
	    "", "\"CERTIFICATE\" is no");
	read_text("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"
		  "-----END RSA PRIVATE KEY-----\n",
	    "", "is no certificate, request or public key: \"openssl pkey");
	read_text("-----BEGIN CERTIFICATE-----\n", "", "damaged");
}

/* All three forms of one key have one hash, and it is the one that the rule
 * looks for. */
static void
test_pem(void **state)
{
	struct ca_request request;
	struct ca_cert cert;
	struct buf csr, pem, out;
	const unsigned char *p;
	char hex[65], want[256];
	char *device = NULL;
	struct ca_blocked b = {hex, "", 0};
	uint8_t hash[32];
	unsigned char *spki = NULL;
	struct err err;
	X509_REQ *req;
	X509 *x;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	(void)state;
	buf_init(&csr, 16384);
	buf_init(&pem, 65536);
	buf_init(&out, 4096);
	fixture_good_csr(&csr);
	request = fixture_request(&fixture, &csr, "k1");
	assert_int_equal(ca_issue(fixture.ca, &request, &cert, &err), 0);
	p = cert.der;
	x = d2i_X509(NULL, &p, (long)cert.der_len);
	p = csr.data;
	req = d2i_X509_REQ(NULL, &p, (long)csr.len);
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	assert_int_equal(PEM_write_bio_X509_REQ(bio, req), 1);
	assert_int_equal(PEM_write_bio_PUBKEY(bio, fixture_key(0, 2048)), 1);
	len = BIO_get_mem_data(bio, &text);
	buf_add(&pem, text, (size_t)len);
	assert_int_equal(ca_block_read(&pem, collect, &out, &err), 0);
	len = i2d_PUBKEY(fixture_key(0, 2048), &spki);
	str_sha256(spki, (size_t)len, hash);
	str_hex(hash, sizeof(hash), hex);
	(void)snprintf(
	    want, sizeof(want), "%.4s,,0;%.4s,,0;%.4s,,0;", hex, hex, hex);
	assert_string_equal(buf_text(&out), want);
	b.at = fixture.now;
	assert_int_equal(ca_block_add(fixture.ca, &b, &device, &err), 1);
	assert_string_equal(device, "pc1");
	free(device);
	assert_int_equal(
	    ca_revoke(fixture.ca, cert.serial, 1, fixture.now, &err), 0);
	ca_cert_clear(&cert);
	assert_int_equal(ca_block_add(fixture.ca, &b, &device, &err), 0);
	assert_null(device);
	request.key = "k2";
	assert_int_equal(ca_issue(fixture.ca, &request, &cert, &err), -1);
	assert_non_null(strstr(err.text, "key.blocked"));
	X509_free(x);
	X509_REQ_free(req);
	OPENSSL_free(spki);
	BIO_free(bio);
	buf_free(&csr);
	buf_free(&pem);
	buf_free(&out);
}

/* A key is blocked however it is written: a CSR's is written in one way only.
 */
static void
test_forms_of_a_point(void **state)
{
	static const struct {
		const char *parameter, *value;
	} forms[] = {
	    {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED},
	    {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_HYBRID},
	    {OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT},
	};
	EVP_PKEY *plain = fixture_ec_key("P-384"), *key;
	BIO *bio = BIO_new(BIO_s_mem());
	char hex[65], want[256], *text;
	unsigned char *spki = NULL;
	struct buf pem, out;
	struct err err;
	size_t i;
	long len = i2d_PUBKEY(plain, &spki);

	(void)state;
	assert_true(len > 0);
	str_sha256_hex(spki, (size_t)len, hex);
	OPENSSL_free(spki);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		key = EVP_PKEY_dup(plain);
		assert_int_equal(EVP_PKEY_set_utf8_string_param(
				     key, forms[i].parameter, forms[i].value),
		    1);
		assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
		EVP_PKEY_free(key);
	}
	buf_init(&pem, 65536);
	buf_init(&out, 4096);
	len = BIO_get_mem_data(bio, &text);
	buf_add(&pem, text, (size_t)len);
	BIO_free(bio);
	assert_int_equal(ca_block_read(&pem, collect, &out, &err), 0);
	(void)snprintf(
	    want, sizeof(want), "%.4s,,0;%.4s,,0;%.4s,,0;", hex, hex, hex);
	assert_string_equal(buf_text(&out), want);
	buf_free(&pem);
	buf_free(&out);
}

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_life),
	    ROW(test_bad),
	    ROW(test_lines),
	    ROW(test_pem),
	    ROW(test_forms_of_a_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
