/*
 * What a CSR must be before anything is signed for it.  One rule, one function,
 * one row; cheap ones first, the signature before anything that asks the
 * database.  Names and extensions are judged, never copied.
 */
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca_internal.h"
#include "csr_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"
#include "template_internal.h"

#define OID_SHOWN 64

static int
refuse(struct err *err, const char *why)
{
	return why == NULL ? 0 : err_set(err, ERR_INVALID, "%s", why);
}

static int
form_size(struct ca_csr_case *c, struct err *err)
{
	if (c->der.len == 0 || c->der.len > CA_CSR_MAX)
		return err_set(err, ERR_INVALID, "%zu bytes, limit is %d",
		    c->der.len, CA_CSR_MAX);
	return 0;
}

static int
form_der(struct ca_csr_case *c, struct err *err)
{
	struct ca_span rest = c->der;
	struct ca_tlv whole;

	if (ca_der_next(&rest, &whole) == 0 && rest.len != 0)
		return err_set(
		    err, ERR_INVALID, "%zu bytes behind the request", rest.len);
	return refuse(err, ca_der_check(c->der));
}

static int
form_structure(struct ca_csr_case *c, struct err *err)
{
	return refuse(err, ca_csr_parse(c->der, &c->csr));
}

static int
form_version(struct ca_csr_case *c, struct err *err)
{
	struct ca_span v = c->csr.version;

	if (v.len != 1 || v.p[0] != 0)
		return err_set(err, ERR_INVALID, "version %d is not 0", v.p[0]);
	return 0;
}

static int
form_attributes(struct ca_csr_case *c, struct err *err)
{
	if (c->csr.attributes > CA_CSR_ATTRIBUTES)
		return err_set(err, ERR_INVALID, "%zu attributes, limit is %d",
		    c->csr.attributes, CA_CSR_ATTRIBUTES);
	if (c->csr.requests > 1)
		return err_set(err, ERR_INVALID,
		    "%zu extensionRequest attributes", c->csr.requests);
	return 0;
}

/* An OBJECT IDENTIFIER in words if it is known, else in numbers. */
static int
bad_oid(struct err *err, const char *what, struct ca_span oid, const char *why)
{
	const unsigned char *p = oid.p;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len);
	char text[OID_SHOWN] = "?";

	if (object != NULL)
		(void)OBJ_obj2txt(text, sizeof(text), object, 0);
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return err_set(err, ERR_INVALID, "%s %s %s", what, text, why);
}

static int
bad_ext(struct err *err, struct ca_span oid, const char *why)
{
	return bad_oid(err, "extension", oid, why);
}

static int
ext_unique(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr *csr = &c->csr;
	size_t i, k;

	if (csr->ext_over)
		return err_set(err, ERR_INVALID, "more than %d extensions",
		    CA_CSR_EXTENSIONS);
	for (i = 1; i < csr->ext_count; i++)
		for (k = 0; k < i; k++)
			if (ca_span_equal(csr->ext[i].oid, csr->ext[k].oid))
				return bad_ext(err, csr->ext[i].oid, "twice");
	return 0;
}

static int
ext_der(struct ca_csr_case *c, struct err *err)
{
	const char *why;
	size_t i;

	for (i = 0; i < c->csr.ext_count; i++) {
		why = ca_der_check(c->csr.ext[i].value);
		if (why != NULL)
			return bad_ext(err, c->csr.ext[i].oid, why);
	}
	return 0;
}

/* Those we understand may be marked critical; we answer with our own. */
static int
ext_critical(struct ca_csr_case *c, struct err *err)
{
	const struct ca_span known[] = {ca_oids.alt_name, ca_oids.key_usage,
	    ca_oids.ext_key_usage, ca_oids.constraints, ca_oids.subject_key};
	size_t i, k;

	for (i = 0; i < c->csr.ext_count; i++) {
		bool found = !c->csr.ext[i].critical;

		for (k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			found =
			    found || ca_span_equal(c->csr.ext[i].oid, known[k]);
		if (!found)
			return bad_ext(
			    err, c->csr.ext[i].oid, "is critical and unknown");
	}
	return 0;
}

static int
ext_authority(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr_ext *e = ca_csr_ext(&c->csr, ca_oids.constraints);
	struct ca_tlv v;

	if (e == NULL)
		return 0;
	if (ca_der_only(e->value, CA_TAG_SEQ, &v) != 0)
		return bad_ext(err, e->oid, "is no basicConstraints");
	if (v.body.len != 0)
		return err_set(err, ERR_INVALID,
		    "basicConstraints asks for CA:TRUE or a path length");
	return 0;
}

/* rsaEncryption with parameters NULL (RFC 3279, 2.3.1). */
static int
key_type(struct ca_csr_case *c, struct err *err)
{
	struct ca_tlv algorithm, oid, null;

	if (ca_der_only(c->csr.key_algorithm, CA_TAG_SEQ, &algorithm) != 0 ||
	    ca_der_take(&algorithm.body, CA_TAG_OID, &oid) != 0)
		return err_set(err, ERR_INVALID, "no key algorithm");
	if (!ca_span_equal(oid.whole, ca_oids.rsa))
		return bad_oid(err, "key type", oid.whole, "is not RSA");
	if (ca_der_only(algorithm.body, CA_TAG_NULL, &null) != 0)
		return err_set(
		    err, ERR_INVALID, "rsaEncryption without parameters NULL");
	if (ca_csr_rsa(c->csr.key_bits, &c->csr.modulus, &c->csr.exponent) != 0)
		return err_set(err, ERR_INVALID, "not an RSAPublicKey");
	return 0;
}

static int
key_size(struct ca_csr_case *c, struct err *err)
{
	unsigned want = ca_template_key(c->t, c->subject->amt_major).bits;
	unsigned have = ca_key_bits(c->csr.modulus);

	if (have != want)
		return err_set(err, ERR_INVALID,
		    "RSA-%u, template %.40s wants RSA-%u for AMT %d", have,
		    c->t->name, want, c->subject->amt_major);
	return 0;
}

static int
key_exponent(struct ca_csr_case *c, struct err *err)
{
	static const uint8_t f4[] = {1, 0, 1};
	struct ca_span e = c->csr.exponent;
	char hex[2 * 8 + 1];

	if (ca_span_equal(e, (struct ca_span){f4, sizeof(f4)}))
		return 0;
	str_hex(e.p, e.len < 8 ? e.len : 8, hex);
	return err_set(err, ERR_INVALID, "exponent 0x%s%s is not 65537", hex,
	    e.len > 8 ? "..." : "");
}

static int
key_factors(struct ca_csr_case *c, struct err *err)
{
	return refuse(err, ca_key_small_factor(c->csr.modulus));
}

static int
key_roca(struct ca_csr_case *c, struct err *err)
{
	return refuse(err, ca_key_roca(c->csr.modulus));
}

static int
key_primes(struct ca_csr_case *c, struct err *err)
{
	return refuse(err, ca_key_close_primes(c->csr.modulus));
}

static int
key_authority(struct ca_csr_case *c, struct err *err)
{
	if (c->ca != NULL &&
	    (ca_span_equal(c->csr.spki, c->ca->issuing.spki) ||
		ca_span_equal(c->csr.spki, c->ca->root.spki)))
		return err_set(err, ERR_REFUSED, "the key is the CA's own");
	return 0;
}

static const struct hash {
	const char *name;
	const struct ca_span *oid;
	unsigned bits;
} hashes[] = {
    {"SHA256", &ca_oids.sha256_rsa, 256},
    {"SHA384", &ca_oids.sha384_rsa, 384},
    {"SHA512", &ca_oids.sha512_rsa, 512},
};

/* NULL when not on the list: SHA-1, MD5, PSS, no signature at all. *ret_oid,
 * if not NULL, is the algorithm's name, as far as there is one. */
static const struct hash *
hash_of(struct ca_span algorithm, struct ca_span *ret_oid)
{
	struct ca_tlv list, oid, null;
	size_t i;

	if (ca_der_only(algorithm, CA_TAG_SEQ, &list) != 0 ||
	    ca_der_take(&list.body, CA_TAG_OID, &oid) != 0)
		return NULL;
	if (ret_oid != NULL)
		*ret_oid = oid.whole;
	if (ca_der_only(list.body, CA_TAG_NULL, &null) != 0)
		return NULL;
	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (ca_span_equal(oid.whole, *hashes[i].oid))
			return &hashes[i];
	return NULL;
}

static int
signature_algorithm(struct ca_csr_case *c, struct err *err)
{
	unsigned want = ca_template_key(c->t, c->subject->amt_major).hash_bits;
	struct ca_span oid = c->csr.algorithm;
	const struct hash *h = hash_of(c->csr.algorithm, &oid);

	if (h == NULL)
		return bad_oid(err, "algorithm", oid,
		    "is not RSA with SHA-256, SHA-384 or SHA-512");
	if (h->bits < want)
		return err_set(err, ERR_INVALID,
		    "%s, AMT %d needs SHA-%u at least", h->name,
		    c->subject->amt_major, want);
	return 0;
}

/* From n and e alone: decoding untrusted keys through the generic decoders is
 * slow and a large surface. NULL when OpenSSL does not like them. */
static EVP_PKEY *
public_key(struct ca_span n, struct ca_span e)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *bn = BN_bin2bn(n.p, (int)n.len, NULL);
	BIGNUM *be = BN_bin2bn(e.p, (int)e.len, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (bld != NULL && ctx != NULL && bn != NULL && be != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) == 1)
		params = OSSL_PARAM_BLD_to_param(bld);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(bn);
	BN_free(be);
	return key;
}

/* Proof of possession. A null-signed request, the form handed to the firmware
 * to be filled in, ends here. */
static int
signature_valid(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr *csr = &c->csr;
	const struct hash *h = hash_of(csr->algorithm, NULL);
	EVP_PKEY *key = public_key(csr->modulus, csr->exponent);
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

static int
names_record(struct ca_csr_case *c, struct err *err)
{
	return ca_names_want(c->t, c->subject, &c->want, err);
}

static int
names_subject(struct ca_csr_case *c, struct err *err)
{
	char *cn = NULL;
	struct buf shown;
	int rc = 0;

	if (ca_names_read_cn(c->csr.subject, &cn, err) != 0)
		return -1;
	if (!str_eq(cn, c->want.dns[0])) {
		buf_init(&shown, 4 * CA_CN_MAX + 4);
		str_printable(&shown, cn, strlen(cn), CA_CN_MAX);
		rc = err_set(err, ERR_REFUSED,
		    "CN \"%s\" is not the device's name \"%s\"",
		    buf_text(&shown), c->want.dns[0]);
		buf_free(&shown);
	}
	free(cn);
	return rc;
}

static int
names_alternative(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr_ext *e = ca_csr_ext(&c->csr, ca_oids.alt_name);

	if (e == NULL)
		return err_set(err, ERR_INVALID, "no subjectAltName");
	return ca_names_read(e->value, &c->have, err);
}

static int
names_set(struct ca_csr_case *c, struct err *err)
{
	return ca_names_same(&c->have, &c->want, err);
}

int
ca_csr_key_owner(struct ca_csr_case *c, struct err *err)
{
	bool compromised;
	char *other = NULL;
	int rc = 0;

	str_sha256(c->csr.spki.p, c->csr.spki.len, c->spki_sha256);
	if (c->ca == NULL)
		return 0;
	if (ca_store_key_use(c->ca->store, c->spki_sha256, c->subject->device,
		&other, &compromised, err) != 0)
		return -1;
	if (other != NULL)
		rc = err_set(err, ERR_REFUSED,
		    "the key was certified for device %.100s", other);
	else if (compromised)
		rc = err_set(
		    err, ERR_REFUSED, "the key was revoked as compromised");
	free(other);
	return rc;
}

/* One name, one device: with a certificate for another's name a device could
 * stand in for it. The short name is not looked at: it is the same in many
 * domains, and nobody is trusted by it alone. */
int
ca_csr_names_owner(struct ca_csr_case *c, struct err *err)
{
	struct ca_intent wish = {
	    .device = c->subject->device,
	    .made_at = c->now,
	};
	char *subject, *device = NULL, *serial = NULL;
	int rc;

	if (c->ca == NULL)
		return 0;
	subject = ca_names_subject(&c->want);
	wish.subject = subject;
	rc = ca_store_subject_use(c->ca->store, &wish, &device, &serial, err);
	if (rc == 0 && device != NULL)
		rc = err_set(err, ERR_REFUSED,
		    "%s is certified for device %.100s: if that one has the "
		    "name no longer, revoke its certificate %s",
		    c->want.dns[0], device, serial);
	free(subject);
	free(device);
	free(serial);
	return rc;
}

static const struct rule {
	const char *name;
	int (*check)(struct ca_csr_case *c, struct err *err);
} rules[] = {
    {"form.size", form_size},
    {"form.der", form_der},
    {"form.structure", form_structure},
    {"form.version", form_version},
    {"form.attributes", form_attributes},
    {"extension.unique", ext_unique},
    {"extension.der", ext_der},
    {"extension.critical", ext_critical},
    {"extension.authority", ext_authority},
    {"key.type", key_type},
    {"key.size", key_size},
    {"key.exponent", key_exponent},
    {"key.factors", key_factors},
    {"key.roca", key_roca},
    {"key.primes", key_primes},
    {"key.authority", key_authority},
    {"signature.algorithm", signature_algorithm},
    {"signature.valid", signature_valid},
    {"names.record", names_record},
    {"names.subject", names_subject},
    {"names.alternative", names_alternative},
    {"names.set", names_set},
    {"key.owner", ca_csr_key_owner},
    {"names.owner", ca_csr_names_owner},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

const char *
ca_csr_rule_name(size_t i)
{
	return i < RULES ? rules[i].name : NULL;
}

int
ca_csr_case_check(struct ca_csr_case *c, struct err *err)
{
	size_t i;

	for (i = 0; i < RULES; i++)
		if (rules[i].check(c, err) != 0)
			return err_context(err, "CSR rule %s", rules[i].name);
	return 0;
}

void
ca_csr_case_init(struct ca_csr_case *c, const struct ca *ca,
    const struct ca_request *request)
{
	memset(c, 0, sizeof(*c));
	c->ca = ca;
	c->t = request->template;
	c->subject = request->subject;
	c->der = (struct ca_span){request->csr, request->csr_len};
	c->now = request->now;
}

void
ca_csr_case_clear(struct ca_csr_case *c)
{
	ca_names_clear(&c->want);
	ca_names_clear(&c->have);
}

int
ca_csr_check(
    const struct ca *ca, const struct ca_request *request, struct err *err)
{
	struct ca_csr_case c;
	int rc;

	ca_csr_case_init(&c, ca, request);
	if (ca != NULL)
		ca_store_lock(ca->store);
	rc = ca_csr_case_check(&c, err);
	if (ca != NULL)
		ca_store_unlock(ca->store);
	ca_csr_case_clear(&c);
	return rc;
}
