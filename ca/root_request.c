/*
 * The request of an issuing CA before our root signs it.  What comes of it can
 * do far more than a device's certificate, so it comes through the same rules
 * of form and about weak keys; names and attributes are its own to choose, if
 * they can be read.  It gets no less than it asks for: a limit on its names
 * that we would leave out is refused.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "ca_internal.h"
#include "csr_internal.h"
#include "record_internal.h"
#include "root_internal.h"
#include "str.h"

#define RSA_LEAST 3072
#define EC_LEAST 384

bool
ca_root_key_strong(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return EVP_PKEY_is_a(key, "RSA")
	    ? bits >= RSA_LEAST
	    : EVP_PKEY_is_a(key, "EC") && bits >= EC_LEAST;
}

static int
check_strength(const struct ca_csr *csr, struct err *err)
{
	/* secp521r1, 1.3.132.0.35 */
	static const uint8_t p521[] = {
	    CA_TAG_OID, 5, 0x2b, 0x81, 0x04, 0x00, 0x23};

	if (!csr->ec && ca_key_bits(csr->modulus) < RSA_LEAST)
		return err_set(err, ERR_INVALID,
		    "RSA-%u; an issuing CA needs RSA-3072 or P-384 at least",
		    ca_key_bits(csr->modulus));
	if (!csr->ec || ca_span_equal(csr->curve, ca_oids.p384) ||
	    ca_span_equal(csr->curve, (struct ca_span){p521, sizeof(p521)}))
		return 0;
	return ca_csr_bad_oid(err, "curve", csr->curve,
	    "is neither P-384 nor P-521, which an issuing CA needs");
}

static int
check_key(struct ca_csr_case *c, struct err *err)
{
	static ca_csr_rule_fn *const weak[] = {ca_rule_key_exponent,
	    ca_rule_key_factors, ca_rule_key_roca, ca_rule_key_primes};
	size_t i;

	if (ca_csr_read_key(&c->csr, err) != 0 ||
	    check_strength(&c->csr, err) != 0)
		return -1;
	for (i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (weak[i](c, err) != 0)
			return -1;
	return 0;
}

/* It need not ask for CA:TRUE, but must not ask for something else. */
static int
check_authority(const struct ca_csr *csr, struct err *err)
{
	const struct ca_csr_ext *e = ca_csr_ext(csr, ca_oids.constraints);
	struct ca_tlv v;

	if (e == NULL)
		return 0;
	if (ca_der_only(e->value, CA_TAG_SEQ, &v) != 0)
		return ca_csr_bad_oid(
		    err, "extension", e->oid, "is no basicConstraints");
	return v.body.len != 0
	    ? 0
	    : err_set(err, ERR_INVALID,
		  "basicConstraints asks for CA:FALSE, for no CA");
}

static int
check_possession(X509_REQ *req, struct err *err)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(req);
	int algorithm = X509_REQ_get_signature_nid(req), hash = NID_undef;

	(void)OBJ_find_sigid_algs(algorithm, &hash, NULL);
	if (key == NULL)
		return err_set(err, ERR_INVALID, "the key cannot be read");
	if (hash != NID_sha256 && hash != NID_sha384 && hash != NID_sha512)
		return err_set(err, ERR_INVALID,
		    "algorithm %.40s: an issuing CA needs SHA-256 at least",
		    OBJ_nid2ln(algorithm));
	if (X509_REQ_verify(req, key) != 1)
		return err_set(err, ERR_INVALID,
		    "the request is not signed by the key in it");
	return 0;
}

/* However it is written: readers compare names without case and spaces. */
static bool
has_name(const struct ca_issuer *ours, const X509_NAME *name)
{
	return X509_NAME_cmp(name, X509_get_subject_name(ours->x509)) == 0;
}

const char *
ca_root_taken(const struct ca *ca, const struct ca_issuer *root,
    const X509_NAME *name, struct ca_span spki)
{
	const struct ca_issuer *ours;
	const struct ca *line;
	size_t i;

	if (ca_span_equal(spki, root->spki) || has_name(root, name))
		return "key or name is the root's own";
	/* Whose revocation list and answers would be meant? */
	for (line = ca; line != NULL; line = line->older)
		for (i = 0; (ours = ca_above(line, i)) != NULL; i++)
			if (has_name(ours, name) &&
			    !ca_span_equal(spki, ours->spki))
				return "its name is that of a CA of ours, "
				       "whose key is another";
	return NULL;
}

static int
check_blocked(struct ca_csr_case *c, struct err *err)
{
	int rc;

	str_sha256(c->csr.spki.p, c->csr.spki.len, c->spki_sha256);
	ca_store_lock(c->ca->store);
	rc = ca_rule_key_blocked(c, err);
	ca_store_unlock(c->ca->store);
	return rc;
}

static int
check_all(const struct ca_issuer *root, struct ca_csr_case *c, struct err *err)
{
	const unsigned char *p = c->der.p;
	const char *taken;
	X509_REQ *req;
	int rc = -1;

	if (ca_csr_case_check_form(c, err) != 0 || check_key(c, err) != 0 ||
	    ca_names_check_authority(c->csr.subject, err) != 0 ||
	    check_authority(&c->csr, err) != 0)
		return -1;
	req = d2i_X509_REQ(NULL, &p, (long)c->der.len);
	if (req == NULL) {
		(void)err_set(err, ERR_INVALID, "OpenSSL cannot read it");
	} else if (check_possession(req, err) == 0) {
		taken = ca_root_taken(
		    c->ca, root, X509_REQ_get_subject_name(req), c->csr.spki);
		rc = taken == NULL ? check_blocked(c, err)
				   : err_set(err, ERR_REFUSED, "%s", taken);
	}
	X509_REQ_free(req);
	ERR_clear_error();
	return rc;
}

int
ca_root_request_check(const struct ca *ca, const struct ca_issuer *root,
    struct ca_span der, struct ca_csr *ret, struct err *err)
{
	struct ca_csr_case c = {.ca = ca, .der = der};

	if (check_all(root, &c, err) != 0)
		return err_context(err, "request");
	*ret = c.csr;
	return 0;
}
