#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* Certificates and requests: what is judged, signed and shown. */

/* From an i2d function's buffer, which ends here, to one of ours. */
static int
hand_over(unsigned char *der, int len, uint8_t **ret, size_t *ret_len)
{
	if (len <= 0)
		return -1;
	*ret = fw_alloc((size_t)len);
	memcpy(*ret, der, (size_t)len);
	*ret_len = (size_t)len;
	OPENSSL_free(der);
	return 0;
}

/* --- certificates offered ------------------------------------------------- */

static bool
key_ok(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);

	if (key == NULL)
		return false;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return EVP_PKEY_get_bits(key) >= 1024;
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
}

/* What AMT 22 will want of a leaf; of authorities nothing is said. */
static bool
hardened_ok(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	int md = NID_undef, least = 3072;

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		least = 384;
	return EVP_PKEY_get_bits(key) >= least &&
	    X509_get_signature_info(x, &md, NULL, NULL, NULL) == 1 &&
	    (md == NID_sha384 || md == NID_sha512);
}

/* A root is a CA; before 11.8 it signed itself. */
static bool
root_ok(X509 *x, unsigned version)
{
	if (X509_check_ca(x) == 0)
		return false;
	return version >= 1108 ||
	    X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) ==
	    0;
}

int
fw_cert_check(const uint8_t *der, size_t len, bool root, unsigned version)
{
	const unsigned char *p = der;
	X509 *x;
	int status = PT_INVALID_CERT;

	if (len > FW_MAX_DER)
		return PT_INVALID_CERT;
	x = d2i_X509(NULL, &p, (long)len);
	if (x == NULL || p != der + len)
		goto out;
	/* the device's clock is not asked: a certificate of the future is
	 * stored, and it is the TLS peers who refuse it */
	if (ASN1_STRING_type(X509_get0_serialNumber(x)) == V_ASN1_NEG_INTEGER)
		goto out;
	if (!key_ok(x) || (root && !root_ok(x, version)))
		goto out;
	if (fw_hardened(version) && X509_check_ca(x) == 0 && !hardened_ok(x))
		goto out;
	status = PT_SUCCESS;
out:
	X509_free(x);
	return status;
}

static char *
name_text(const uint8_t *der, size_t len)
{
	const unsigned char *p = der;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)len);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL, *text;
	long n;

	if (bio == NULL || name == NULL ||
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
		abort();
	n = BIO_get_mem_data(bio, &data);
	text = fw_strndup(n > 0 ? data : "", (size_t)n);
	BIO_free(bio);
	X509_NAME_free(name);
	return text;
}

void
fw_cert_names(
    const struct sim_cert *cert, char **ret_issuer, char **ret_subject)
{
	struct fw_cert_parts parts;

	if (fw_cert_parts(cert, &parts) != 0)
		abort(); /* it was judged before it was stored */
	*ret_issuer = name_text(parts.issuer, parts.issuer_len);
	*ret_subject = name_text(parts.subject, parts.subject_len);
}

/* --- own certificates ----------------------------------------------------- */

static int
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	int rc = -1;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ctx.db = NULL; /* no configuration file */
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (ext != NULL && X509_add_ext(x, ext, -1) == 1)
		rc = 0;
	X509_EXTENSION_free(ext);
	return rc;
}

static int
fill(X509 *x, EVP_PKEY *key, const struct fw_self_signed *what)
{
	X509_NAME *name = X509_get_subject_name(x);
	struct fw_text san = {NULL, 0, 0};
	uint64_t serial;
	int rc = 0;

	if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1 ||
	    X509_set_version(x, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set_uint64(
		X509_get_serialNumber(x), serial >> 1 | 1) != 1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		(const unsigned char *)what->name, -1, -1, 0) != 1 ||
	    X509_set_issuer_name(x, name) != 1 ||
	    X509_set_pubkey(x, key) != 1 ||
	    ASN1_TIME_set(X509_getm_notBefore(x), what->not_before) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(x), what->not_after) == NULL)
		return -1;
	/* the factory's certificate has a CN that is no host name, and no
	 * alternative name */
	if (strchr(what->name, ' ') == NULL) {
		fw_addf(&san, "DNS:%s", what->name);
		rc = add_extension(x, NID_subject_alt_name, san.p);
	}
	fw_text_free(&san);
	if (rc == 0)
		rc = add_extension(
		    x, NID_key_usage, "digitalSignature,keyEncipherment");
	if (rc == 0)
		rc = add_extension(x, NID_ext_key_usage, "serverAuth");
	return rc;
}

int
fw_cert_self_sign(const struct sim_key *key, const struct fw_self_signed *what,
    uint8_t **ret, size_t *ret_len)
{
	EVP_PKEY *pkey = sim_key_load(key);
	X509 *x = X509_new();
	const EVP_MD *md = EVP_sha256();
	unsigned char *der = NULL;
	int rc = -1, len;

	if (pkey != NULL && EVP_PKEY_get_bits(pkey) >= 3072)
		md = EVP_sha384();
	if (pkey != NULL && x != NULL && fill(x, pkey, what) == 0 &&
	    X509_sign(x, pkey, md) > 0) {
		len = i2d_X509(x, &der);
		rc = hand_over(der, len, ret, ret_len);
	}
	X509_free(x);
	EVP_PKEY_free(pkey);
	return rc;
}

/* --- null-signed requests ------------------------------------------------- */

static const EVP_MD *
digest_of(uint32_t algorithm)
{
	switch (algorithm) {
	case 0:
		return EVP_sha1();
	case 1:
		return EVP_sha256();
	case 2:
		return EVP_sha384();
	default:
		return NULL;
	}
}

/* The signature inside is not looked at: the caller has no key to make one
 * with.  The public key must be the one that signs. */
int
fw_csr_sign(const struct sim_key *key, const uint8_t *der, size_t len,
    uint32_t algorithm, uint8_t **ret, size_t *ret_len)
{
	const EVP_MD *md = digest_of(algorithm);
	const unsigned char *p = der;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)len);
	EVP_PKEY *pkey = sim_key_load(key), *named;
	unsigned char *out = NULL;
	int status = PT_INVALID_PARAMETER, out_len;

	if (md == NULL || req == NULL || p != der + len)
		goto out;
	named = X509_REQ_get0_pubkey(req);
	status = PT_INVALID_KEY;
	if (named == NULL || pkey == NULL || EVP_PKEY_eq(named, pkey) != 1)
		goto out;
	status = PT_INTERNAL_ERROR;
	if (X509_REQ_sign(req, pkey, md) <= 0)
		goto out;
	out_len = i2d_X509_REQ(req, &out);
	if (hand_over(out, out_len, ret, ret_len) == 0)
		status = PT_SUCCESS;
out:
	X509_REQ_free(req);
	EVP_PKEY_free(pkey);
	return status;
}
