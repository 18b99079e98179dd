/* Requests of issuing CAs at our root: which it signs, and what it says of the
 * others. */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "csr_spec.h"
#include "err.h"
#include "rollover.h"
#include "str.h"

static struct fixture fixture;

static const uint8_t site[] = {0x30, 0x12, 0x31, 0x10, 0x30, 0x0e, 0x06, 0x03,
    0x55, 0x04, 0x03, 0x0c, 0x07, 'S', 'i', 't', 'e', ' ', 'C', 'A'};

/* --- what is wrong --- */

static void
short_key(struct csr_spec *s)
{
	s->key = fixture_key(0, 2048);
}

/* 3 * 2^3071 and a little: divisible by 3. */
static void
small_factor(struct csr_spec *s)
{
	static BIGNUM *n;

	BN_free(n);
	n = BN_new();
	assert_int_equal(BN_set_word(n, 3), 1);
	assert_int_equal(BN_lshift(n, n, 3070), 1);
	assert_int_equal(BN_add_word(n, 3), 1);
	s->n = n;
}

static void
small_curve(struct csr_spec *s)
{
	s->key = fixture_ec_key("P-256");
	s->hash = "SHA256";
}

static void
sha1(struct csr_spec *s)
{
	static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00};

	s->hash = "SHA1";
	s->algorithm = SPAN(algorithm);
}

static void
subject_escape(struct csr_spec *s)
{
	static const uint8_t name[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06,
	    0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 0x1b, 'c'};

	s->subject = SPAN(name);
}

static void
subject_bmp(struct csr_spec *s)
{
	static const uint8_t name[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06,
	    0x03, 0x55, 0x04, 0x03, 0x1e, 0x02, 0x00, 'c'};

	s->subject = SPAN(name);
}

static void
subject_long(struct csr_spec *s)
{
	static uint8_t name[13 + 65] = {0x30, 11 + 65, 0x31, 9 + 65, 0x30,
	    7 + 65, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 65};

	memset(name + 13, 'a', 65);
	s->subject = SPAN(name);
}

/* The same name to whoever compares: PrintableString for UTF8String. */
static struct ca_span
written_otherwise(struct ca_span name)
{
	static uint8_t other[256];
	size_t i;

	assert_true(name.len <= sizeof(other));
	memcpy(other, name.p, name.len);
	/* behind an attribute's type, 2.5.4.n */
	for (i = 3; i < name.len; i++)
		if (other[i - 3] == 0x55 && other[i - 2] == 0x04 &&
		    other[i] == CA_TAG_UTF8)
			other[i] = CA_TAG_PRINTABLE;
	return (struct ca_span){other, name.len};
}

static void
name_of_root(struct csr_spec *s)
{
	s->subject = written_otherwise(fixture.ca->root.subject);
}

static void
name_of_issuing(struct csr_spec *s)
{
	s->subject = written_otherwise(fixture.ca->issuing.subject);
}

static void
asks_for_leaf(struct csr_spec *s)
{
	/* basicConstraints, critical, empty */
	static const uint8_t exts[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13,
	    0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00};

	s->exts = SPAN(exts);
}

static void
asks_for_limits(struct csr_spec *s)
{
	/* nameConstraints, critical: permitted dNSName corp.example */
	static const uint8_t exts[] = {0x30, 0x1e, 0x06, 0x03, 0x55, 0x1d, 0x1e,
	    0x01, 0x01, 0xff, 0x04, 0x14, 0x30, 0x12, 0xa0, 0x10, 0x30, 0x0e,
	    0x82, 0x0c, 'c', 'o', 'r', 'p', '.', 'e', 'x', 'a', 'm', 'p', 'l',
	    'e'};

	s->exts = SPAN(exts);
}

/* --- what is not --- */

static void
curve(struct csr_spec *s)
{
	s->key = fixture_ec_key("P-384");
}

static void
asks_for_ca(struct csr_spec *s)
{
	static const uint8_t exts[] = {0x30, 0x0f, 0x06, 0x03, 0x55, 0x1d, 0x13,
	    0x01, 0x01, 0xff, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff};

	s->exts = SPAN(exts);
}

/* As a directory's CA is named: domainComponent is an IA5String. */
static void
subject_dc(struct csr_spec *s)
{
	static const uint8_t name[] = {0x30, 0x18, 0x31, 0x16, 0x30, 0x14, 0x06,
	    0x0a, 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19,
	    0x16, 0x06, 'c', 'o', 'r', 'p', 'c', 'a'};

	s->subject = SPAN(name);
}

static void
plain(struct csr_spec *s)
{
	(void)s;
}

static const struct row {
	void (*make)(struct csr_spec *s);
	enum err_kind kind; /* ERR_NONE: it is signed */
	const char *says;
} rows[] = {
    {csr_version_one, ERR_INVALID, "version 0x01 is not 0"},
    {short_key, ERR_INVALID, "RSA-2048; an issuing CA needs"},
    {csr_exponent_three, ERR_INVALID, "exponent 0x03 is not"},
    {small_factor, ERR_INVALID, "divisible by 3"},
    {small_curve, ERR_INVALID, "curve prime256v1 is neither"},
    {csr_ec_own_curve, ERR_INVALID, "without a named curve"},
    {sha1, ERR_INVALID, "sha1WithRSAEncryption: an issuing CA"},
    {csr_signature_flipped, ERR_INVALID, "not signed by the key"},
    {csr_subject_empty, ERR_INVALID, "no subject"},
    {subject_escape, ERR_INVALID, "\"\\x1Bc\" holds a control"},
    {subject_bmp, ERR_INVALID, "string of type 0x1e"},
    {subject_long, ERR_INVALID, "is longer than 64"},
    {name_of_root, ERR_REFUSED, "the root's own"},
    {name_of_issuing, ERR_REFUSED, "that of a CA of ours"},
    {asks_for_leaf, ERR_INVALID, "asks for CA:FALSE"},
    {asks_for_limits, ERR_INVALID, "Name Constraints is critical"},
    {plain, ERR_NONE, NULL},
    {curve, ERR_NONE, NULL},
    {asks_for_ca, ERR_NONE, NULL},
    {subject_dc, ERR_NONE, NULL},
};

static void
to_pem(const struct buf *der, struct buf *pem)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert_true(PEM_write_bio(bio, PEM_STRING_X509_REQ, "", der->data,
			(long)der->len) > 0);
	len = BIO_get_mem_data(bio, &text);
	buf_add(pem, text, (size_t)len);
	BIO_free(bio);
}

static void
judge(const struct row *row)
{
	struct csr_spec spec = {.key = fixture_key(2, 3072),
	    .hash = "SHA384",
	    .no_san = true,
	    .subject = SPAN(site)};
	struct buf der, pem, out;
	struct err err = {.kind = ERR_NONE};
	int rc;

	buf_init(&der, 16384);
	buf_init(&pem, 32768);
	buf_init(&out, 32768);
	row->make(&spec);
	fixture_csr(&spec, &der);
	to_pem(&der, &pem);
	rc = ca_certify(fixture.ca, &fixture.conf, &pem, &out, &err);
	if (row->kind != ERR_NONE) {
		fixture_failed(rc, &err, row->kind, row->says);
		assert_int_equal(out.len, 0);
	} else if (rc != 0) {
		fail_msg("row %td: %s", row - rows, err.text);
	}
	buf_free(&der);
	buf_free(&pem);
	buf_free(&out);
}

static void
test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(&rows[i]);
}

/* A key that nobody is to certify, whoever asks. */
static void
test_blocked(void **state)
{
	const struct row refused = {plain, ERR_REFUSED, "block list: leaked"};
	struct ca_blocked b = {.note = "leaked", .at = fixture.now};
	EVP_PKEY *key = fixture_key(2, 3072);
	unsigned char *spki = NULL;
	char hex[65];
	uint8_t hash[32];
	int len = i2d_PUBKEY(key, &spki);

	(void)state;
	assert_true(len > 0);
	str_sha256(spki, (size_t)len, hash);
	OPENSSL_free(spki);
	str_hex(hash, sizeof(hash), hex);
	b.sha256 = hex;
	assert_int_equal(ca_block_add(fixture.ca, &b, NULL, NULL), 1);
	judge(&refused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(test_rows, fixture_setup, &fixture),
	    FIXTURE_TEST(test_blocked, fixture_setup, &fixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
