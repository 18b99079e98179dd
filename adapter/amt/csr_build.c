#include <arpa/inet.h>
#include <assert.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "pki_internal.h"
#include "str.h"

#define MAX_NAME 64 /* of a common name: X.520, ub-common-name */
#define MAX_BITS 16384

static int
add_subject(X509_REQ *req, const char *common_name)
{
	X509_NAME *name = X509_REQ_get_subject_name(req);

	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
	    (const unsigned char *)common_name, -1, -1, 0);
}

static int
push_name(GENERAL_NAMES *names, int type, const void *bytes, int len)
{
	ASN1_STRING *value = ASN1_STRING_type_new(
	    type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
	GENERAL_NAME *name = GENERAL_NAME_new();

	if (name == NULL || value == NULL ||
	    ASN1_STRING_set(value, bytes, len) != 1) {
		ASN1_STRING_free(value);
		GENERAL_NAME_free(name);
		return 0;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return 1;
	GENERAL_NAME_free(name);
	return 0;
}

/* dNSNames and the iPAddress; NULL on failure. */
static GENERAL_NAMES *
make_names(const struct amt_csr *csr)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	const char *const *dns;
	uint8_t address[4];
	int ok = names != NULL;

	for (dns = csr->dns_names; ok && *dns != NULL; dns++)
		ok = push_name(names, GEN_DNS, *dns, -1);
	if (ok && csr->address != NULL)
		ok = inet_pton(AF_INET, csr->address, address) == 1 &&
		    push_name(names, GEN_IPADD, address, sizeof(address));
	if (ok)
		return names;
	GENERAL_NAMES_free(names);
	return NULL;
}

/* extension is taken. */
static int
push(STACK_OF(X509_EXTENSION) *list, X509_EXTENSION *extension)
{
	if (extension == NULL)
		return 0;
	if (sk_X509_EXTENSION_push(list, extension) > 0)
		return 1;
	X509_EXTENSION_free(extension);
	return 0;
}

static int
add_extensions(X509_REQ *req, const struct amt_csr *csr)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	GENERAL_NAMES *names = make_names(csr);
	int ok = 0;

	if (list != NULL && names != NULL &&
	    push(list, X509V3_EXT_i2d(NID_subject_alt_name, 0, names)) == 1 &&
	    push(list,
		X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage,
		    "critical,digitalSignature,keyEncipherment")) == 1 &&
	    push(list,
		X509V3_EXT_conf_nid(
		    NULL, NULL, NID_ext_key_usage, "serverAuth")) == 1)
		ok = X509_REQ_add_extensions(req, list);
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return ok;
}

static int
signature_nid(int hash_bits)
{
	return hash_bits == 384 ? NID_sha384WithRSAEncryption
				: NID_sha256WithRSAEncryption;
}

/* The algorithm firmware will sign with, and zeros of the right length: it is
 * the "null signature", which firmware replaces. */
static int
add_null_signature(X509_REQ *req, EVP_PKEY *key, int hash_bits)
{
	size_t len = (size_t)EVP_PKEY_get_size(key);
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	uint8_t *zeros = mem_alloc(len);
	int ok = 0;

	if (bits == NULL || algorithm == NULL ||
	    ASN1_BIT_STRING_set(bits, zeros, (int)len) != 1 ||
	    X509_ALGOR_set0(algorithm, OBJ_nid2obj(signature_nid(hash_bits)),
		V_ASN1_NULL, NULL) != 1 ||
	    X509_REQ_set1_signature_algo(req, algorithm) != 1)
		goto out;
	/* Exactly whole bytes. */
	bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	X509_REQ_set0_signature(req, bits);
	bits = NULL;
	ok = 1;
out:
	ASN1_BIT_STRING_free(bits);
	X509_ALGOR_free(algorithm);
	free(zeros);
	return ok;
}

static EVP_PKEY *
read_key(const struct amt_csr *csr)
{
	const uint8_t *at = csr->spki;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)csr->spki_len);

	if (key == NULL || at != csr->spki + csr->spki_len ||
	    EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
	    EVP_PKEY_get_bits(key) > MAX_BITS) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static int
add_der(struct buf *out, X509_REQ *req)
{
	uint8_t *der = NULL;
	int len = i2d_X509_REQ(req, &der);

	if (len <= 0)
		return 0;
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return !out->over;
}

/* Whether hosts may be called "a_b" is the CA's to say. */
static bool
is_name(const char *name)
{
	char *plain = mem_dup(name), *at;
	bool is;

	while ((at = strchr(plain, '_')) != NULL)
		*at = 'a';
	is = str_is_fqdn(plain);
	free(plain);
	return is;
}

static int
check_wish(const struct amt_csr *csr, struct err *err)
{
	const char *const *name;
	uint8_t address[4];

	if (csr->hash_bits != 256 && csr->hash_bits != 384)
		return err_set(err, ERR_INVALID,
		    "a CSR is signed with SHA-256 or SHA-384");
	if (str_empty(csr->common_name) || strlen(csr->common_name) > MAX_NAME)
		return err_set(err, ERR_INVALID,
		    "a common name has 1 to %d characters", MAX_NAME);
	if (csr->dns_names == NULL || csr->dns_names[0] == NULL)
		return err_set(err, ERR_INVALID, "a CSR needs a DNS name");
	for (name = csr->dns_names; *name != NULL; name++)
		if (!is_name(*name))
			return err_set(
			    err, ERR_INVALID, "a CSR needs proper DNS names");
	if (csr->address != NULL &&
	    inet_pton(AF_INET, csr->address, address) != 1)
		return err_set(
		    err, ERR_INVALID, "a CSR's address must be an IPv4 one");
	return 0;
}

int
csr_build(const struct amt_csr *csr, struct buf *out, struct err *err)
{
	X509_REQ *req = NULL;
	EVP_PKEY *key = NULL;
	int rc = -1;

	if (check_wish(csr, err) != 0)
		return -1;
	key = read_key(csr);
	if (key == NULL)
		return err_set(err, ERR_INVALID, "no RSA key for the CSR");
	req = X509_REQ_new();
	if (req != NULL && X509_REQ_set_version(req, 0) == 1 &&
	    X509_REQ_set_pubkey(req, key) == 1 &&
	    add_subject(req, csr->common_name) == 1 &&
	    add_extensions(req, csr) == 1 &&
	    add_null_signature(req, key, csr->hash_bits) == 1 &&
	    add_der(out, req) == 1)
		rc = 0;
	else
		err_set(err, ERR_BUG, "the CSR could not be built");
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return rc;
}

/* --- checking --- */

static X509_REQ *
read_req(const struct buf *der)
{
	const uint8_t *at = der->data;
	X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der->len);

	if (req != NULL && at == der->data + der->len)
		return req;
	X509_REQ_free(req);
	return NULL;
}

/* All that is signed, but the signature: version, subject, key, extensions. */
static int
same_content(X509_REQ *a, X509_REQ *b)
{
	uint8_t *x = NULL, *y = NULL;
	int xlen = i2d_re_X509_REQ_tbs(a, &x);
	int ylen = i2d_re_X509_REQ_tbs(b, &y);
	int same = xlen > 0 && xlen == ylen && memcmp(x, y, (size_t)xlen) == 0;

	OPENSSL_free(x);
	OPENSSL_free(y);
	return same;
}

int
csr_check(const struct buf *null, const struct buf *der, struct err *err)
{
	X509_REQ *asked = read_req(null), *got = read_req(der);
	int rc = -1;

	assert(asked != NULL);
	if (got == NULL)
		err_set(err, ERR_PROTOCOL, "device returned no PKCS#10");
	else if (!same_content(asked, got))
		err_set(err, ERR_UNTRUSTED,
		    "device returned a CSR with other names or another key");
	else if (X509_REQ_get_signature_nid(got) !=
	    X509_REQ_get_signature_nid(asked))
		err_set(err, ERR_PROTOCOL,
		    "device signed the CSR with another algorithm");
	else if (X509_REQ_verify(got, X509_REQ_get0_pubkey(asked)) != 1)
		err_set(err, ERR_UNTRUSTED,
		    "device signed the CSR with another key");
	else
		rc = 0;
	X509_REQ_free(got);
	X509_REQ_free(asked);
	return rc;
}
