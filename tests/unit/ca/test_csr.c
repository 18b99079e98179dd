/*
 * Every rule has at least one CSR that it, and no rule before it, refuses.
 */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "csr_internal.h"
#include "err.h"
#include "fixture.h"
#include "mem.h"
#include "str.h"

/* A span over a static array. */
#define SPAN(array) ((struct ca_span){array, sizeof(array)})

static struct fixture fixture;

static const struct ca_template with_short = {
    .name = "short",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "auto",
    .short_name = true,
};
static const struct ca_template with_address = {
    .name = "address",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "auto",
    .address = true,
};
static const struct ca_template with_underscore = {
    .name = "underscore",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "auto",
    .underscore = true,
};
static const struct ca_template elliptic = {
    .name = "elliptic",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "ec-p384",
};
static const struct ca_subject static_device = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
    .address = "192.0.2.7",
    .amt_major = 16,
};
static const struct ca_subject bad_address = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
    .address = "127.0.0.1",
    .amt_major = 16,
};
static const struct ca_subject elsewhere = {
    .device = "pc7",
    .fqdn = "pc7.elsewhere.example",
    .amt_major = 16,
};
static const struct ca_subject bad_record = {
    .device = "pc1",
    .fqdn = "pc_1.corp.example",
    .amt_major = 16,
};
static const struct ca_subject amt22 = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
    .amt_major = 22,
};
static const struct ca_subject other_device = {
    .device = "pc2",
    .fqdn = "pc1.corp.example",
    .amt_major = 16,
};

struct vector {
	const char *rule;
	const char *says; /* part of the text */
	void (*spec)(struct csr_spec *spec);
	void (*bytes)(struct buf *der);
	const struct ca_subject *subject;
	const struct ca_template *t;
	bool constrained; /* the root may vouch for corp.example alone */
};

/* --- wrong bytes --- */

static void
oversized(struct buf *der)
{
	while (der->len <= CA_CSR_MAX)
		buf_char(der, 0);
}

static void
nothing(struct buf *der)
{
	buf_reset(der);
}

static void
trailing(struct buf *der)
{
	buf_char(der, 0);
}

static void
cut(struct buf *der)
{
	der->len--;
}

static void
replace(struct buf *der, const uint8_t *head, size_t head_len, size_t skip)
{
	struct buf wide;

	buf_init(&wide, 16384);
	buf_add(&wide, head, head_len);
	buf_add(&wide, der->data + skip, der->len - skip);
	buf_reset(der);
	buf_add(der, wide.data, wide.len);
	buf_free(&wide);
}

/* 30 82 hh ll -> 30 83 00 hh ll: the same, one octet longer. */
static void
long_length(struct buf *der)
{
	static const uint8_t head[] = {0x30, 0x83, 0x00};

	replace(der, head, sizeof(head), 2);
}

static void
indefinite(struct buf *der)
{
	der->data[1] = 0x80;
}

/* The certificationRequestInfo with nothing around it. */
static void
inner_only(struct buf *der)
{
	replace(der, NULL, 0, 4);
	der->len = 4 + (size_t)(der->data[2] << 8 | der->data[3]);
}

/* --- wrong content --- */

static void
version_one(struct csr_spec *s)
{
	s->version = 1;
}

static void
two_requests(struct csr_spec *s)
{
	s->second_request = true;
}

static void
many_attributes(struct csr_spec *s)
{
	/* challengePassword, again and again */
	static const uint8_t one[] = {0x30, 0x10, 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07, 0x31, 0x03, 0x0c, 0x01, 'x'};
	static uint8_t all[CA_CSR_ATTRIBUTES * sizeof(one)];
	size_t i;

	for (i = 0; i < CA_CSR_ATTRIBUTES; i++)
		memcpy(all + i * sizeof(one), one, sizeof(one));
	s->attributes = SPAN(all);
}

static void
duplicate_extension(struct csr_spec *s)
{
	/* keyUsage twice */
	static const uint8_t exts[] = {0x30, 0x0b, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x04, 0x04, 0x03, 0x02, 0x05, 0xa0, 0x30, 0x0b, 0x06, 0x03, 0x55,
	    0x1d, 0x0f, 0x04, 0x04, 0x03, 0x02, 0x05, 0xa0};

	s->exts = SPAN(exts);
}

static void
many_extensions(struct csr_spec *s)
{
	/* 1.2.n, value NULL */
	static const uint8_t one[] = {
	    0x30, 0x08, 0x06, 0x02, 0x2a, 0x00, 0x04, 0x02, 0x05, 0x00};
	static uint8_t all[CA_CSR_EXTENSIONS * sizeof(one)];
	size_t i;

	for (i = 0; i < CA_CSR_EXTENSIONS; i++) {
		memcpy(all + i * sizeof(one), one, sizeof(one));
		all[i * sizeof(one) + 5] = (uint8_t)(i + 1);
	}
	s->exts = SPAN(all);
}

static void
critical_false(struct csr_spec *s)
{
	/* critical FALSE written out: the default, so no DER */
	static const uint8_t exts[] = {0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x01, 0x01, 0x00, 0x04, 0x04, 0x03, 0x02, 0x05, 0xa0};

	s->exts = SPAN(exts);
}

static void
extension_not_der(struct csr_spec *s)
{
	/* keyUsage with unused bits set */
	static const uint8_t exts[] = {0x30, 0x0b, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x04, 0x04, 0x03, 0x02, 0x05, 0xbf};

	s->exts = SPAN(exts);
}

static void
unknown_critical(struct csr_spec *s)
{
	/* nameConstraints, critical, empty */
	static const uint8_t exts[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x1e,
	    0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00};

	s->exts = SPAN(exts);
}

static void
authority_asked(struct csr_spec *s)
{
	static const uint8_t exts[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13,
	    0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff};

	s->exts = SPAN(exts);
}

static void
key_of_other_type(struct csr_spec *s)
{
	/* RSASSA-PSS, 1.2.840.113549.1.1.10 */
	static const uint8_t pss[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x05, 0x00};

	s->key_algorithm = SPAN(pss);
}

static void
ec_good(struct csr_spec *s)
{
	s->key = fixture_ec_key("P-384");
}

static void
ec_small_curve(struct csr_spec *s)
{
	s->key = fixture_ec_key("P-256");
}

/* specifiedCurve in the place of a name; what is in it does not matter. */
static void
ec_own_curve(struct csr_spec *s)
{
	static const uint8_t bare[] = {0x30, 0x0e, 0x06, 0x07, 0x2a, 0x86, 0x48,
	    0xce, 0x3d, 0x02, 0x01, 0x30, 0x03, 0x02, 0x01, 0x01};

	s->key = fixture_ec_key("P-384");
	s->key_algorithm = SPAN(bare);
}

static void
ec_compressed(struct csr_spec *s)
{
	static uint8_t point[49] = {0x02};

	s->key = fixture_ec_key("P-384");
	s->key_bits = SPAN(point);
}

static void
ec_infinity(struct csr_spec *s)
{
	static const uint8_t point[] = {0x00};

	s->key = fixture_ec_key("P-384");
	s->key_bits = SPAN(point);
}

/* 1, 1 does not solve the equation. */
static void
ec_off_the_curve(struct csr_spec *s)
{
	static uint8_t point[97] = {0x04};

	point[48] = point[96] = 1;
	s->key = fixture_ec_key("P-384");
	s->key_bits = SPAN(point);
}

/* A point with p added to its x: the same residue, another encoding. */
static void
ec_too_large(struct csr_spec *s)
{
	static uint8_t point[97];

	memset(point, 0xff, sizeof(point));
	point[0] = 0x04;
	s->key = fixture_ec_key("P-384");
	s->key_bits = SPAN(point);
}

static void
ec_weak_hash(struct csr_spec *s)
{
	s->key = fixture_ec_key("P-384");
	s->hash = "SHA256";
}

static void
ec_signed_as_rsa(struct csr_spec *s)
{
	static const uint8_t rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c, 0x05, 0x00};

	s->key = fixture_ec_key("P-384");
	s->algorithm = SPAN(rsa);
}

static void
rsa_signed_as_ec(struct csr_spec *s)
{
	static const uint8_t ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
	    0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};

	s->algorithm = SPAN(ecdsa);
}

static void
ec_flipped(struct csr_spec *s)
{
	s->key = fixture_ec_key("P-384");
	s->flip = true;
}

static void
key_without_null(struct csr_spec *s)
{
	static const uint8_t bare[] = {0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};

	s->key_algorithm = SPAN(bare);
}

static void
key_small(struct csr_spec *s)
{
	s->key = fixture_key(1, 1024);
}

static void
key_odd_size(struct csr_spec *s)
{
	static BIGNUM *n;

	BN_free(n);
	n = BN_new();
	assert_int_equal(BN_set_bit(n, 2046), 1);
	assert_int_equal(BN_set_bit(n, 0), 1);
	s->n = n;
}

static void
exponent_three(struct csr_spec *s)
{
	static BIGNUM *e;

	BN_free(e);
	e = BN_new();
	assert_int_equal(BN_set_word(e, 3), 1);
	s->e = e;
}

static bool
has_small_factor(const BIGNUM *n)
{
	BN_ULONG d;

	for (d = 3; d < 752; d += 2)
		if (BN_mod_word(n, d) == 0)
			return true;
	return false;
}

/* A fresh number for a modulus that nobody can factor here either; freed with
 * the next one. */
static BIGNUM *
fresh(void)
{
	static BIGNUM *n;

	BN_free(n);
	n = BN_new();
	assert_non_null(n);
	return n;
}

static void
factor_three(struct csr_spec *s)
{
	BIGNUM *n = fresh();

	assert_int_equal(
	    BN_rand(n, 2046, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(BN_mul_word(n, 3), 1); /* 2048 bits */
	s->n = n;
}

static void
factor_751(struct csr_spec *s)
{
	BIGNUM *n = fresh();

	do {
		assert_int_equal(
		    BN_rand(n, 2038, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	} while (has_small_factor(n));
	assert_int_equal(BN_mul_word(n, 751), 1);
	s->n = n;
}

static void
modulus_even(struct csr_spec *s)
{
	BIGNUM *n = fresh();

	assert_int_equal(BN_set_bit(n, 2047), 1);
	s->n = n;
}

/* 1 modulo each of the 17 primes is 65537^0: marked, whatever the rest. */
static void
roca(struct csr_spec *s)
{
	static const BN_ULONG primes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73,
	    79, 97, 103, 107, 109, 127, 151, 157};
	BIGNUM *n = fresh();
	size_t i;

	do {
		assert_int_equal(
		    BN_rand(n, 1900, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY), 1);
		for (i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
			assert_int_equal(BN_mul_word(n, primes[i]), 1);
		while (BN_num_bits(n) < 2048)
			assert_int_equal(BN_lshift1(n, n), 1);
		assert_int_equal(BN_add_word(n, 1), 1);
	} while (BN_num_bits(n) != 2048 || has_small_factor(n));
	s->n = n;
}

/* p * (p + 2): Fermat's method needs one step, primes or not. */
static void
close_primes(struct csr_spec *s)
{
	BIGNUM *n = fresh(), *p = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	do {
		assert_int_equal(
		    BN_rand(p, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
		assert_non_null(BN_copy(n, p));
		assert_int_equal(BN_add_word(n, 2), 1);
		assert_int_equal(BN_mul(n, n, p, ctx), 1);
	} while (has_small_factor(n));
	BN_CTX_free(ctx);
	BN_free(p);
	s->n = n;
}

static void
same_primes(struct csr_spec *s)
{
	BIGNUM *n = fresh();
	BN_CTX *ctx = BN_CTX_new();

	do {
		assert_int_equal(
		    BN_rand(n, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	} while (has_small_factor(n));
	assert_int_equal(BN_sqr(n, n, ctx), 1);
	BN_CTX_free(ctx);
	s->n = n;
}

static void
sha1(struct csr_spec *s)
{
	/* sha1WithRSAEncryption */
	static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00};

	s->hash = "SHA1";
	s->algorithm = SPAN(algorithm);
}

static void
no_algorithm(struct csr_spec *s)
{
	/* 0.0 */
	static const uint8_t algorithm[] = {0x30, 0x03, 0x06, 0x01, 0x00};

	s->algorithm = SPAN(algorithm);
}

static void
big_key_weak_hash(struct csr_spec *s)
{
	s->key = fixture_key(2, 3072);
}

static void
signature_flipped(struct csr_spec *s)
{
	s->flip = true;
}

static void
null_signed(struct csr_spec *s)
{
	s->null_signed = true;
}

static void
signed_otherwise(struct csr_spec *s)
{
	/* says SHA-256, is SHA-384 */
	static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};

	s->hash = "SHA384";
	s->algorithm = SPAN(algorithm);
}

static void
cn_other(struct csr_spec *s)
{
	s->cn = "pc2.corp.example";
}

static void
cn_nul(struct csr_spec *s)
{
	s->cn = "pc1.corp.example\0.evil.example";
	s->cn_len = 30;
}

static void
cn_escape(struct csr_spec *s)
{
	s->cn = "pc1\033[31m";
}

static void
cn_bmp(struct csr_spec *s)
{
	s->cn_tag = 0x1e;
}

static void
cn_long(struct csr_spec *s)
{
	s->cn = "a23456789.a23456789.a23456789.a23456789.a23456789."
		"a23456789.a2345";
}

static void
san_missing(struct csr_spec *s)
{
	s->no_san = true;
}

static void
san_empty(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x00};

	s->san = SPAN(san);
}

static void
san_address(struct csr_spec *s)
{
	/* iPAddress 192.0.2.7 beside the name */
	static const uint8_t san[] = {0x30, 0x18, 0x82, 0x10, 'p', 'c', '1',
	    '.', 'c', 'o', 'r', 'p', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e',
	    0x87, 0x04, 192, 0, 2, 7};

	s->san = SPAN(san);
}

static void
san_other_address(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x18, 0x82, 0x10, 'p', 'c', '1',
	    '.', 'c', 'o', 'r', 'p', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e',
	    0x87, 0x04, 192, 0, 2, 8};

	s->san = SPAN(san);
}

static void
san_two_addresses(struct csr_spec *s)
{
	static const uint8_t san[] = {
	    0x30, 0x0c, 0x87, 0x04, 192, 0, 2, 7, 0x87, 0x04, 192, 0, 2, 8};

	s->san = SPAN(san);
}

static void
san_address_six(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x12, 0x87, 0x10, 0x20, 0x01, 0x0d,
	    0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

	s->san = SPAN(san);
}

static void
san_loopback(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x06, 0x87, 0x04, 127, 0, 0, 1};

	s->san = SPAN(san);
}

static void
san_upn(struct csr_spec *s)
{
	/* otherName: a UPN never comes from a CSR */
	static const uint8_t san[] = {0x30, 0x13, 0xa0, 0x11, 0x06, 0x0a, 0x2b,
	    0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03, 0xa0, 0x03,
	    0x0c, 0x01, 'a'};

	s->san = SPAN(san);
}

static void
san_nul(struct csr_spec *s)
{
	static const uint8_t san[] = {
	    0x30, 0x07, 0x82, 0x05, 'p', 'c', 0, '.', 'x'};

	s->san = SPAN(san);
}

static void
dns_list(struct csr_spec *s, const char *one, const char *two)
{
	static const char *list[3];

	list[0] = one;
	list[1] = two;
	list[2] = NULL;
	s->dns = list;
}

static void
dns_address(struct csr_spec *s)
{
	dns_list(s, "10.0.0.1", NULL);
}

static void
dns_wildcard(struct csr_spec *s)
{
	dns_list(s, "*.corp.example", NULL);
}

static void
dns_dot(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example.", NULL);
}

static void
dns_twice(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example", "PC1.corp.example");
}

static void
dns_many(struct csr_spec *s)
{
	static const char *const list[] = {
	    "a", "b", "c", "d", "e", "f", "g", "h", "i", NULL};

	s->dns = list;
}

static void
dns_extra(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example", "dc1.corp.example");
}

static void
dns_short(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example", "pc1");
}

static void
dns_other(struct csr_spec *s)
{
	dns_list(s, "pc2.corp.example", NULL);
}

static void
strong_good(struct csr_spec *s)
{
	s->key = fixture_key(2, 3072);
	s->hash = "SHA384";
}

static void
authority_key(struct csr_spec *s)
{
	static BIGNUM *n;
	struct ca_issuer *i = &fixture.ca->issuing;
	struct ca_csr csr;
	struct ca_tlv v, bits;
	struct ca_span e;

	assert_int_equal(ca_der_only(i->spki, CA_TAG_SEQ, &v), 0);
	assert_int_equal(ca_der_next(&v.body, &bits), 0);
	assert_int_equal(ca_der_next(&v.body, &bits), 0);
	bits.body.p++;
	bits.body.len--;
	assert_int_equal(ca_csr_rsa(bits.body, &csr.modulus, &e), 0);
	BN_free(n);
	n = BN_bin2bn(csr.modulus.p, (int)csr.modulus.len, NULL);
	s->n = n;
}

static void
blocked_key(struct csr_spec *s)
{
	s->key = fixture_key(4, 2048);
}

static void
dns_elsewhere(struct csr_spec *s)
{
	s->cn = elsewhere.fqdn;
	s->key = fixture_key(3, 2048);
	dns_list(s, elsewhere.fqdn, NULL);
}

static void
cn_not_printable(struct csr_spec *s)
{
	s->cn_tag = CA_TAG_PRINTABLE;
	s->cn = "pc1@corp.example";
}

/* An overlong encoding of a slash. */
static void
cn_not_utf8(struct csr_spec *s)
{
	s->cn = "pc1\xc0\xaf.corp.example";
}

static void
another_key(struct csr_spec *s)
{
	s->key = fixture_key(3, 2048);
}

static const struct vector vectors[] = {
    {.rule = "form.size", .says = "limit is 8192", .bytes = oversized},
    {.rule = "form.size", .says = "0 bytes", .bytes = nothing},
    {.rule = "form.der", .says = "1 bytes behind", .bytes = trailing},
    {.rule = "form.der", .says = "length", .bytes = cut},
    {.rule = "form.der", .says = "length", .bytes = long_length},
    {.rule = "form.der", .says = "length", .bytes = indefinite},
    {.rule = "form.structure", .says = "Info", .bytes = inner_only},
    {.rule = "form.structure", .says = "extensions", .spec = critical_false},
    {.rule = "form.version", .says = "1", .spec = version_one},
    {.rule = "form.attributes", .says = "2 extensionR", .spec = two_requests},
    {.rule = "form.attributes", .says = "limit is 8", .spec = many_attributes},
    {.rule = "extension.unique", .says = "twice", .spec = duplicate_extension},
    {.rule = "extension.unique", .says = "than 16", .spec = many_extensions},
    {.rule = "extension.der", .says = "unused bits", .spec = extension_not_der},
    {.rule = "extension.critical",
	.says = "Name Constraints",
	.spec = unknown_critical},
    {.rule = "extension.authority", .says = "CA:TRUE", .spec = authority_asked},
    {.rule = "key.type", .says = "rsassaPss", .spec = key_of_other_type},
    {.rule = "key.type", .says = "NULL", .spec = key_without_null},
    {.rule = "key.type", .says = "EC, template", .spec = ec_good},
    {.rule = "key.type", .says = "wants P-384", .t = &elliptic},
    {.rule = "key.type",
	.says = "named curve",
	.spec = ec_own_curve,
	.t = &elliptic},
    {.rule = "key.size", .says = "RSA-1024", .spec = key_small},
    {.rule = "key.size", .says = "RSA-2047", .spec = key_odd_size},
    {.rule = "key.size",
	.says = "RSA-3072 or P-384 for AMT 22",
	.subject = &amt22},
    {.rule = "key.exponent", .says = "0x03", .spec = exponent_three},
    {.rule = "key.factors", .says = "below 752", .spec = factor_three},
    {.rule = "key.factors", .says = "below 752", .spec = factor_751},
    {.rule = "key.factors", .says = "even", .spec = modulus_even},
    {.rule = "key.roca", .says = "CVE-2017-15361", .spec = roca},
    {.rule = "key.primes", .says = "close", .spec = close_primes},
    {.rule = "key.primes", .says = "close", .spec = same_primes},
    {.rule = "key.curve",
	.says = "prime256v1",
	.spec = ec_small_curve,
	.t = &elliptic},
    {.rule = "key.point",
	.says = "49 bytes beginning with 0x02",
	.spec = ec_compressed,
	.t = &elliptic},
    {.rule = "key.point",
	.says = "1 bytes",
	.spec = ec_infinity,
	.t = &elliptic},
    {.rule = "key.point",
	.says = "not on the curve",
	.spec = ec_off_the_curve,
	.t = &elliptic},
    {.rule = "key.point",
	.says = "not on the curve",
	.spec = ec_too_large,
	.subject = &amt22},
    {.rule = "key.authority",
	.says = "CA's own",
	.spec = authority_key,
	.subject = &amt22},
    {.rule = "signature.algorithm", .says = "sha1With", .spec = sha1},
    {.rule = "signature.algorithm", .says = "SHA-256", .spec = no_algorithm},
    {.rule = "signature.algorithm",
	.says = "SHA-384",
	.spec = big_key_weak_hash,
	.subject = &amt22},
    {.rule = "signature.algorithm",
	.says = "SHA-384",
	.spec = ec_weak_hash,
	.t = &elliptic},
    {.rule = "signature.algorithm",
	.says = "cannot be of an EC key",
	.spec = ec_signed_as_rsa,
	.t = &elliptic},
    {.rule = "signature.algorithm",
	.says = "cannot be of an RSA key",
	.spec = rsa_signed_as_ec},
    {.rule = "signature.valid", .says = "not signed", .spec = null_signed},
    {.rule = "signature.valid",
	.says = "not signed",
	.spec = ec_flipped,
	.t = &elliptic},
    {.rule = "signature.valid",
	.says = "not signed",
	.spec = signature_flipped},
    {.rule = "signature.valid", .says = "not signed", .spec = signed_otherwise},
    {.rule = "names.record", .says = "\"pc_1.corp", .subject = &bad_record},
    {.rule = "names.record",
	.says = "127.0.0.1",
	.subject = &bad_address,
	.t = &with_address},
    {.rule = "names.subject", .says = "pc2.corp.example", .spec = cn_other},
    {.rule = "names.subject", .says = "\\x00", .spec = cn_nul},
    {.rule = "names.subject", .says = "\\x1B", .spec = cn_escape},
    {.rule = "names.subject", .says = "0x1e", .spec = cn_bmp},
    {.rule = "names.subject", .says = "than 64", .spec = cn_long},
    {.rule = "names.alternative", .says = "no subject", .spec = san_missing},
    {.rule = "names.alternative", .says = "list", .spec = san_empty},
    {.rule = "names.alternative", .says = "one iPA", .spec = san_two_addresses},
    {.rule = "names.alternative", .says = "16 bytes", .spec = san_address_six},
    {.rule = "names.alternative", .says = "127.0.0.1", .spec = san_loopback},
    {.rule = "names.set", .says = "192.0.2.7 is not", .spec = san_address},
    {.rule = "names.set",
	.says = "192.0.2.8 is not",
	.spec = san_other_address,
	.subject = &static_device,
	.t = &with_address},
    {.rule = "names.set",
	.says = "192.0.2.7 is missing",
	.subject = &static_device,
	.t = &with_address},
    {.rule = "names.alternative", .says = "otherName", .spec = san_upn},
    {.rule = "names.alternative", .says = "\\x00", .spec = san_nul},
    {.rule = "names.alternative", .says = "address", .spec = dns_address},
    {.rule = "names.alternative", .says = "character", .spec = dns_wildcard},
    {.rule = "names.alternative", .says = "empty label", .spec = dns_dot},
    {.rule = "names.alternative", .says = "twice", .spec = dns_twice},
    {.rule = "names.alternative", .says = "than 8", .spec = dns_many},
    {.rule = "names.set", .says = "\"dc1.corp.example\"", .spec = dns_extra},
    {.rule = "names.set", .says = "\"pc1\" is not", .spec = dns_short},
    {.rule = "names.set", .says = "\"pc2.corp.example\"", .spec = dns_other},
    {.rule = "names.set", .says = "\"pc1\" is missing", .t = &with_short},
    {.rule = "names.constraints",
	.says = "permitted subtree",
	.spec = dns_elsewhere,
	.subject = &elsewhere,
	.constrained = true},
    {.rule = "names.constraints",
	.says = "permitted subtree",
	.spec = dns_short,
	.t = &with_short,
	.constrained = true},
    {.rule = "key.blocked",
	.says = "list: found in a drawer",
	.spec = blocked_key},
    {.rule = "names.subject", .says = "string type", .spec = cn_not_printable},
    {.rule = "names.subject", .says = "string type", .spec = cn_not_utf8},
    {.rule = "key.owner", .says = "device pc1", .subject = &other_device},
    {.rule = "names.owner",
	.says = "device pc1: if",
	.subject = &other_device,
	.spec = another_key},
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

/* As if the root had been told to vouch for corp.example alone. */
static void
constrain_root(void)
{
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	ASN1_IA5STRING *name = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(name, "corp.example", -1), 1);
	GENERAL_NAME_set0_value(tree->base, GEN_DNS, name);
	nc->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
	assert_true(sk_GENERAL_SUBTREE_push(nc->permittedSubtrees, tree) == 1);
	fixture.ca->root.constraints = nc;
}

static int
check(const struct vector *v, struct err *err)
{
	struct ca_request request;
	struct csr_spec spec = {0};
	struct buf der;
	int rc;

	err_clear(err);
	buf_init(&der, 32768);
	if (v->spec != NULL)
		v->spec(&spec);
	fixture_csr(&spec, &der);
	if (v->bytes != NULL)
		v->bytes(&der);
	request = fixture_request(&fixture, &der, NULL);
	if (v->t != NULL)
		request.template = v->t;
	if (v->subject != NULL)
		request.subject = v->subject;
	if (v->constrained)
		constrain_root();
	rc = ca_csr_check(fixture.ca, &request, err);
	NAME_CONSTRAINTS_free(fixture.ca->root.constraints);
	fixture.ca->root.constraints = NULL;
	buf_free(&der);
	return rc;
}

/* Each vector is refused by its rule, in words that name rule and value. */
static void
test_vectors(void **state)
{
	char prefix[64];
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];

		if (check(v, &err) == 0)
			fail_msg(
			    "vector %zu (%s, %s) passed", i, v->rule, v->says);
		(void)snprintf(
		    prefix, sizeof(prefix), "CSR rule %s: ", v->rule);
		if (strncmp(err.text, prefix, strlen(prefix)) != 0 ||
		    strstr(err.text, v->says) == NULL)
			fail_msg("vector %zu (%s, %s) gave: %s", i, v->rule,
			    v->says, err.text);
		if (err.kind != ERR_INVALID && err.kind != ERR_REFUSED)
			fail_msg(
			    "vector %zu is %s", i, err_kind_name(err.kind));
	}
}

/* A rule without a vector is a rule nobody has seen work. */
static void
test_every_rule_has_a_vector(void **state)
{
	size_t i, k;
	const char *name;

	(void)state;
	for (i = 0; (name = ca_csr_rule_name(i)) != NULL; i++) {
		for (k = 0; k < VECTORS; k++)
			if (strcmp(vectors[k].rule, name) == 0)
				break;
		if (k == VECTORS)
			fail_msg("rule %s has no vector", name);
	}
}

static void
must_pass(const struct vector *v)
{
	struct err err;

	if (check(v, &err) != 0)
		fail_msg("%s", err.text);
}

static void
names_underscore(struct csr_spec *s)
{
	s->cn = bad_record.fqdn;
	dns_list(s, bad_record.fqdn, NULL);
}

static void
test_good_ones_pass(void **state)
{
	const struct vector plain = {0};
	const struct vector short_too = {.spec = dns_short, .t = &with_short};
	const struct vector strong = {.spec = strong_good, .subject = &amt22};
	const struct vector curve = {.spec = ec_good, .subject = &amt22};
	const struct vector curve_too = {.spec = ec_good, .t = &elliptic};
	const struct vector address = {
	    .spec = san_address, .subject = &static_device, .t = &with_address};
	/* A device that has its address by DHCP is named without. */
	const struct vector no_address = {.t = &with_address};
	const struct vector constrained = {.constrained = true};
	const struct vector underscore = {.spec = names_underscore,
	    .subject = &bad_record,
	    .t = &with_underscore};

	(void)state;
	must_pass(&plain);
	must_pass(&short_too);
	must_pass(&strong);
	must_pass(&curve);
	must_pass(&curve_too);
	must_pass(&address);
	must_pass(&no_address);
	must_pass(&underscore);
	must_pass(&constrained);
}

static void
upper_case(struct csr_spec *s)
{
	s->cn = "PC1.Corp.Example";
	dns_list(s, "PC1.CORP.EXAMPLE", NULL);
}

/* DNS names know no case (RFC 4343); what is issued comes from the record. */
static void
test_case_does_not_matter(void **state)
{
	const struct vector upper = {.spec = upper_case};

	(void)state;
	must_pass(&upper);
}

/* Rules without a CA behind them: nothing of ours is asked. */
static void
test_without_a_ca(void **state)
{
	struct ca_request request;
	struct buf der;
	struct err err;

	(void)state;
	buf_init(&der, 16384);
	fixture_good_csr(&der);
	request = fixture_request(&fixture, &der, NULL);
	request.subject = &other_device;
	assert_int_equal(ca_csr_check(NULL, &request, &err), 0);
	buf_free(&der);
}

/* Good keys are not called bad: a rule that always fires would pass above. */
static void
test_good_keys(void **state)
{
	struct ca_csr csr;
	struct buf der;

	(void)state;
	buf_init(&der, 16384);
	fixture_good_csr(&der);
	assert_null(ca_csr_parse(ca_der_bytes(&der), &csr));
	assert_int_equal(
	    ca_csr_rsa(csr.key_bits, &csr.modulus, &csr.exponent), 0);
	assert_int_equal(ca_key_bits(csr.modulus), 2048);
	assert_null(ca_key_small_factor(csr.modulus));
	assert_null(ca_key_roca(csr.modulus));
	assert_null(ca_key_close_primes(csr.modulus));
	buf_free(&der);
}

/* Primes a little further apart than Fermat's method reaches are let through:
 * the rule looks at 110 steps, not at everything. */
static void
test_fermat_finds_no_more_than_it_says(void **state)
{
	uint8_t bytes[256];
	BIGNUM *n, *p = BN_new(), *q = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	(void)state;
	n = BN_new();
	assert_int_equal(
	    BN_rand(p, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(
	    BN_rand(q, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(BN_mul(n, p, q, ctx), 1);
	assert_int_equal(BN_bn2bin(n, bytes), 256);
	assert_null(ca_key_close_primes((struct ca_span){bytes, 256}));
	BN_free(n);
	BN_free(p);
	BN_free(q);
	BN_CTX_free(ctx);
}

static void
block_key(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	char hex[65];
	struct ca_blocked b = {hex, "found in a drawer", fixture.now};
	uint8_t hash[32];

	assert_true(len > 0);
	str_sha256(der, (size_t)len, hash);
	str_hex(hash, sizeof(hash), hex);
	assert_int_equal(ca_block_add(fixture.ca, &b, NULL, NULL), 1);
	OPENSSL_free(der);
}

/* The key of slot 0 belongs to pc1 from here on. */
static int
open_ca(void **state)
{
	struct ca_request request;
	struct ca_cert cert;
	struct buf der;
	struct err err;

	(void)state;
	fixture_open(&fixture);
	block_key(fixture_key(4, 2048));
	buf_init(&der, 16384);
	fixture_good_csr(&der);
	request = fixture_request(&fixture, &der, "first");
	if (ca_issue(fixture.ca, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	ca_cert_clear(&cert);
	buf_free(&der);
	return 0;
}

static int
close_ca(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_every_rule_has_a_vector),
	    cmocka_unit_test(test_good_ones_pass),
	    cmocka_unit_test(test_case_does_not_matter),
	    cmocka_unit_test(test_without_a_ca),
	    cmocka_unit_test(test_good_keys),
	    cmocka_unit_test(test_fermat_finds_no_more_than_it_says),
	};

	return cmocka_run_group_tests(tests, open_ca, close_ca);
}
