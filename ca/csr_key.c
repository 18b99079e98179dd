/* The rules about a CSR's key and its signature. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_internal.h"
#include "csr_internal.h"
#include "record_internal.h"
#include "str.h"
#include "template_internal.h"

/* Uncompressed (SEC 1, 2.3.3). */
#define POINT_LEN(bits) (1 + 2 * ((bits) / 8))
#define POINT_FULL 0x04

static int
refuse(struct err *err, const char *why)
{
	return why == NULL ? 0 : err_set(err, ERR_INVALID, "%s", why);
}

static struct ca_key_policy
policy_of(const struct ca_csr_case *c)
{
	return ca_template_key(c->t, c->subject->amt_major);
}

/* "..., template T wants RSA-2048 for AMT 16" */
static int
not_wanted(const struct ca_csr_case *c, const char *have, const char *want,
    struct err *err)
{
	char amt[24] = "firmware not read yet";

	if (c->subject->amt_major > 0)
		(void)snprintf(
		    amt, sizeof(amt), "AMT %d", c->subject->amt_major);
	return err_set(err, ERR_INVALID, "%s, template %.40s wants %s for %s",
	    have, c->t->name, want, amt);
}

static int
other_key(const struct ca_csr_case *c, const char *have, struct err *err)
{
	struct ca_key_policy policy = policy_of(c);
	char want[32];

	ca_template_key_text(&policy, want, sizeof(want));
	return not_wanted(c, have, want, err);
}

/* rsaEncryption with parameters NULL (RFC 3279, 2.3.1). */
static int
read_rsa(struct ca_csr *csr, struct ca_span parameters, struct err *err)
{
	struct ca_tlv null;

	if (ca_der_only(parameters, CA_TAG_NULL, &null) != 0)
		return err_set(
		    err, ERR_INVALID, "rsaEncryption without parameters NULL");
	if (ca_csr_rsa(csr->key_bits, &csr->modulus, &csr->exponent) != 0)
		return err_set(err, ERR_INVALID, "not an RSAPublicKey");
	return 0;
}

/* A curve by name; one given by its parameters could be anybody's (RFC 5480,
 * 2.1.1; CVE-2020-0601). */
static int
read_ec(struct ca_csr *csr, struct ca_span parameters, struct err *err)
{
	struct ca_tlv curve;

	if (ca_der_only(parameters, CA_TAG_OID, &curve) != 0)
		return err_set(
		    err, ERR_INVALID, "EC key without a named curve");
	csr->ec = true;
	csr->curve = curve.whole;
	return 0;
}

int
ca_csr_read_key(struct ca_csr *csr, struct err *err)
{
	struct ca_tlv algorithm, oid;

	if (ca_der_only(csr->key_algorithm, CA_TAG_SEQ, &algorithm) != 0 ||
	    ca_der_take(&algorithm.body, CA_TAG_OID, &oid) != 0)
		return err_set(err, ERR_INVALID, "no key algorithm");
	if (ca_span_equal(oid.whole, ca_oids.rsa))
		return read_rsa(csr, algorithm.body, err);
	if (ca_span_equal(oid.whole, ca_oids.ec))
		return read_ec(csr, algorithm.body, err);
	return ca_csr_bad_oid(
	    err, "key type", oid.whole, "is neither RSA nor EC");
}

int
ca_rule_key_type(struct ca_csr_case *c, struct err *err)
{
	struct ca_key_policy policy = policy_of(c);

	if (ca_csr_read_key(&c->csr, err) != 0)
		return -1;
	if (c->csr.ec)
		return policy.p384 || policy.p256 ? 0 : other_key(c, "EC", err);
	return policy.rsa_bits != 0 ? 0 : other_key(c, "RSA", err);
}

int
ca_rule_key_size(struct ca_csr_case *c, struct err *err)
{
	unsigned have;
	char text[24];

	if (c->csr.ec)
		return 0;
	have = ca_key_bits(c->csr.modulus);
	if (have == policy_of(c).rsa_bits)
		return 0;
	(void)snprintf(text, sizeof(text), "RSA-%u", have);
	return other_key(c, text, err);
}

int
ca_rule_key_exponent(struct ca_csr_case *c, struct err *err)
{
	static const uint8_t f4[] = {1, 0, 1};
	struct ca_span e = c->csr.exponent;
	char hex[2 * 8 + 1];

	if (c->csr.ec || ca_span_equal(e, (struct ca_span){f4, sizeof(f4)}))
		return 0;
	str_hex(e.p, e.len < 8 ? e.len : 8, hex);
	return err_set(err, ERR_INVALID, "exponent 0x%s%s is not 65537", hex,
	    e.len > 8 ? "..." : "");
}

int
ca_rule_key_factors(struct ca_csr_case *c, struct err *err)
{
	unsigned factor = c->csr.ec ? 0 : ca_key_small_factor(c->csr.modulus);

	return factor == 0
	    ? 0
	    : err_set(err, ERR_INVALID, "modulus is divisible by %u", factor);
}

int
ca_rule_key_roca(struct ca_csr_case *c, struct err *err)
{
	return c->csr.ec ? 0 : refuse(err, ca_key_roca(c->csr.modulus));
}

int
ca_rule_key_primes(struct ca_csr_case *c, struct err *err)
{
	return c->csr.ec ? 0 : refuse(err, ca_key_close_primes(c->csr.modulus));
}

int
ca_rule_key_curve(struct ca_csr_case *c, struct err *err)
{
	bool p256 = policy_of(c).p256;

	if (!c->csr.ec ||
	    ca_span_equal(c->csr.curve, p256 ? ca_oids.p256 : ca_oids.p384))
		return 0;
	return ca_csr_bad_oid(
	    err, "curve", c->csr.curve, p256 ? "is not P-256" : "is not P-384");
}

/* From numbers alone: decoding untrusted keys through the generic decoders is
 * slow and a large surface. bld is taken; NULL when OpenSSL does not like it.
 */
static EVP_PKEY *
key_from(const char *type, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = bld != NULL ? OSSL_PARAM_BLD_to_param(bld) : NULL;
	EVP_PKEY *key = NULL;

	if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
rsa_key(struct ca_span n, struct ca_span e)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *bn = BN_bin2bn(n.p, (int)n.len, NULL);
	BIGNUM *be = BN_bin2bn(e.p, (int)e.len, NULL);
	EVP_PKEY *key = NULL;

	if (bld != NULL && bn != NULL && be != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) == 1)
		key = key_from("RSA", bld);
	else
		OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	return key;
}

static bool
is_p256(const struct ca_csr *csr)
{
	return ca_span_equal(csr->curve, ca_oids.p256);
}

static EVP_PKEY *
ec_key(const struct ca_csr *csr)
{
	struct ca_span point = csr->key_bits;
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	if (bld != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
		is_p256(csr) ? "P-256" : "P-384", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.len) == 1)
		return key_from("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return NULL;
}

static EVP_PKEY *
public_key(const struct ca_csr *csr)
{
	return csr->ec ? ec_key(csr) : rsa_key(csr->modulus, csr->exponent);
}

/* SP 800-56A, 5.6.2.3.3: not infinity, coordinates below p, on the curve, of
 * its order. */
int
ca_rule_key_point(struct ca_csr_case *c, struct err *err)
{
	struct ca_span point = c->csr.key_bits;
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *key;
	size_t want;
	bool good;

	if (!c->csr.ec)
		return 0;
	want = is_p256(&c->csr) ? POINT_LEN(256) : POINT_LEN(384);
	if (point.len != want || point.p[0] != POINT_FULL)
		return err_set(err, ERR_INVALID,
		    "point of %zu bytes beginning with 0x%02x: uncompressed, "
		    "%zu bytes, is needed",
		    point.len, point.p[0], want);
	key = ec_key(&c->csr);
	if (key != NULL)
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	good = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good
	    ? 0
	    : refuse(err,
		  is_p256(&c->csr) ? "the point is not on the curve P-256"
				   : "the point is not on the curve P-384");
}

int
ca_rule_key_authority(struct ca_csr_case *c, struct err *err)
{
	const struct ca *ca;
	size_t i;

	for (ca = c->ca; ca != NULL; ca = ca->older)
		for (i = 0; ca_above(ca, i) != NULL; i++)
			if (ca_span_equal(c->csr.spki, ca_above(ca, i)->spki))
				return err_set(err, ERR_REFUSED,
				    "the key is the CA's own");
	return 0;
}

static const struct hash {
	const char *name;
	const struct ca_span *oid;
	unsigned bits;
	bool ec;
} hashes[] = {
    {"SHA256", &ca_oids.sha256_rsa, 256, false},
    {"SHA384", &ca_oids.sha384_rsa, 384, false},
    {"SHA512", &ca_oids.sha512_rsa, 512, false},
    {"SHA256", &ca_oids.ecdsa_sha256, 256, true},
    {"SHA384", &ca_oids.ecdsa_sha384, 384, true},
    {"SHA512", &ca_oids.ecdsa_sha512, 512, true},
};

/* Parameters are NULL with RSA, or absent, which has to be taken too (RFC 4055,
 * 5); absent with ECDSA (RFC 5758, 3.2). */
static bool
parameters_ok(const struct hash *h, struct ca_span parameters)
{
	struct ca_tlv null;

	return parameters.len == 0 ||
	    (!h->ec && ca_der_only(parameters, CA_TAG_NULL, &null) == 0);
}

/* An AlgorithmIdentifier: its name, as far as there is one, and what follows.
 */
struct algorithm {
	struct ca_span oid, parameters;
};

/* NULL when not on the list: SHA-1, MD5, PSS, no signature at all. */
static const struct hash *
hash_of(struct ca_span algorithm, struct algorithm *ret)
{
	struct ca_tlv list, oid;
	size_t i;

	ret->oid = algorithm;
	if (ca_der_only(algorithm, CA_TAG_SEQ, &list) != 0 ||
	    ca_der_take(&list.body, CA_TAG_OID, &oid) != 0)
		return NULL;
	ret->oid = oid.whole;
	ret->parameters = list.body;
	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (ca_span_equal(oid.whole, *hashes[i].oid))
			return &hashes[i];
	return NULL;
}

int
ca_rule_signature_algorithm(struct ca_csr_case *c, struct err *err)
{
	unsigned bits = policy_of(c).hash_bits;
	char want[24];
	struct algorithm a;
	const struct hash *h = hash_of(c->csr.algorithm, &a);

	if (h == NULL)
		return ca_csr_bad_oid(err, "algorithm", a.oid,
		    "is not RSA (PKCS #1 v1.5) or ECDSA with SHA-256, SHA-384 "
		    "or SHA-512");
	if (h->ec != c->csr.ec)
		return ca_csr_bad_oid(err, "algorithm", a.oid,
		    c->csr.ec ? "cannot be of an EC key"
			      : "cannot be of an RSA key");
	if (!parameters_ok(h, a.parameters))
		return ca_csr_bad_oid(err, "algorithm", a.oid,
		    h->ec ? "has parameters, which ECDSA has not"
			  : "has parameters other than NULL");
	if (h->bits >= bits)
		return 0;
	(void)snprintf(want, sizeof(want), "SHA-%u at least", bits);
	return not_wanted(c, h->name, want, err);
}

/* Proof of possession. A null-signed request, the form handed to the firmware
 * to be filled in, ends here. */
int
ca_rule_signature_valid(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr *csr = &c->csr;
	struct algorithm a;
	const struct hash *h = hash_of(csr->algorithm, &a);
	EVP_PKEY *key = public_key(csr);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = 0;

	if (h == NULL || key == NULL || ctx == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, NULL, h->name, NULL, NULL, key, NULL) != 1 ||
	    EVP_DigestVerify(ctx, csr->signature.p, csr->signature.len,
		csr->info.p, csr->info.len) != 1)
		rc = ca_openssl_err(err, ERR_INVALID,
		    "the request is not signed by the key in it");
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return rc;
}

int
ca_rule_key_blocked(struct ca_csr_case *c, struct err *err)
{
	struct buf shown;
	char hex[65];
	char *note;
	int found;

	if (c->ca == NULL)
		return 0;
	found = ca_store_blocked(c->ca->store, c->spki_sha256, &note, err);
	if (found != 1)
		return found;
	buf_init(&shown, 4 * CA_BLOCK_NOTE_MAX);
	str_printable(&shown, note, strlen(note), 80);
	str_hex(c->spki_sha256, sizeof(c->spki_sha256), hex);
	err_set(err, ERR_REFUSED, "key %s is on the block list%s%s", hex,
	    shown.len > 0 ? ": " : "", buf_text(&shown));
	buf_free(&shown);
	free(note);
	return -1;
}
