/* CSRs that the rules key.* and signature.* refuse. */
#include "csr_vectors.h"

#include <openssl/bn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "csr_internal.h"

static const struct ca_template elliptic = {
    .name = "elliptic",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "ec-p384",
};
static const struct ca_template own_server = {
    .name = "own-server",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "ec-p256",
};
static const struct ca_subject amt22 = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
    .amt_major = 22,
};

static const struct ca_subject unread = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
};

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
algorithm_bare(struct csr_spec *s)
{
	/* sha256WithRSAEncryption without parameters */
	static const uint8_t algorithm[] = {0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b};

	s->algorithm = SPAN(algorithm);
}

static void
algorithm_odd(struct csr_spec *s)
{
	/* sha256WithRSAEncryption with an empty SEQUENCE */
	static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x30, 0x00};

	s->algorithm = SPAN(algorithm);
}

static void
ec_algorithm_null(struct csr_spec *s)
{
	/* ecdsa-with-SHA384 with NULL */
	static const uint8_t algorithm[] = {0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86,
	    0x48, 0xce, 0x3d, 0x04, 0x03, 0x03, 0x05, 0x00};

	s->key = fixture_ec_key("P-384");
	s->algorithm = SPAN(algorithm);
}

/* id-RSASSA-PSS: RSA, but not of the kind that firmware reads. */
static void
algorithm_pss(struct csr_spec *s)
{
	static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x00};

	s->algorithm = SPAN(algorithm);
}

static void
big_key_weak_hash(struct csr_spec *s)
{
	s->key = fixture_key(2, 3072);
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
strong_good(struct csr_spec *s)
{
	s->key = fixture_key(2, 3072);
	s->hash = "SHA384";
}

static void
authority_key(struct csr_spec *s)
{
	static BIGNUM *n;
	struct ca_issuer *i = &csr_fixture.ca->issuing;
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

static const struct csr_vector vectors[] = {
    {.rule = "key.type", .says = "rsassaPss", .spec = key_of_other_type},
    {.rule = "key.type", .says = "NULL", .spec = key_without_null},
    {.rule = "key.type", .says = "EC, template", .spec = ec_good},
    {.rule = "key.type", .says = "wants P-384", .t = &elliptic},
    {.rule = "key.type",
	.says = "named curve",
	.spec = csr_ec_own_curve,
	.t = &elliptic},
    {.rule = "key.size", .says = "RSA-1024", .spec = key_small},
    {.rule = "key.size", .says = "RSA-2047", .spec = key_odd_size},
    {.rule = "key.size",
	.says = "wants RSA-2048 for firmware not read yet",
	.spec = key_small,
	.subject = &unread},
    {.rule = "key.size",
	.says = "RSA-3072 or P-384 for AMT 22",
	.subject = &amt22},
    {.rule = "key.exponent", .says = "0x03", .spec = csr_exponent_three},
    {.rule = "key.factors", .says = "divisible by 3", .spec = factor_three},
    {.rule = "key.factors", .says = "divisible by 751", .spec = factor_751},
    {.rule = "key.factors", .says = "divisible by 2", .spec = modulus_even},
    {.rule = "key.roca", .says = "CVE-2017-15361", .spec = roca},
    {.rule = "key.primes", .says = "close", .spec = close_primes},
    {.rule = "key.primes", .says = "close", .spec = same_primes},
    {.rule = "key.curve",
	.says = "prime256v1",
	.spec = ec_small_curve,
	.t = &elliptic},
    {.rule = "key.type", .says = "wants P-256", .t = &own_server},
    {.rule = "key.curve",
	.says = "is not P-256",
	.spec = ec_good,
	.t = &own_server},
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
	.says = "rsassaPss is not RSA (PKCS #1 v1.5)",
	.spec = algorithm_pss},
    {.rule = "signature.algorithm",
	.says = "has parameters other than NULL",
	.spec = algorithm_odd},
    {.rule = "signature.algorithm",
	.says = "ecdsa-with-SHA384 has parameters",
	.spec = ec_algorithm_null,
	.t = &elliptic},
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
	.spec = csr_signature_flipped},
    {.rule = "signature.valid", .says = "not signed", .spec = signed_otherwise},
    {.rule = "key.blocked",
	.says = "list: found in a drawer",
	.spec = blocked_key},
    {.rule = "key.owner", .says = "device pc1", .subject = &csr_other_device},
    /* These pass. */
    {.spec = algorithm_bare},
    {.spec = strong_good, .subject = &amt22},
    {.spec = ec_good, .subject = &amt22},
    {.spec = ec_good, .t = &elliptic},
};

const struct csr_vectors csr_key_vectors = {
    vectors, sizeof(vectors) / sizeof(vectors[0])};
