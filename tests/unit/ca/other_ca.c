#include "other_ca.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"

#define YEAR (365L * 86400)

static void
need(bool good)
{
	if (!good)
		abort();
}

static const char *
or_else(const char *value, const char *fallback)
{
	return value != NULL ? value : fallback;
}

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext;

	if (value[0] == '\0')
		return;
	ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	need(ext != NULL && X509_add_ext(cert, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

static void
set_name(X509_NAME *name, const char *cn)
{
	need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		 (const unsigned char *)cn, -1, -1, 0) == 1);
}

struct other_ca *
other_ca_new(const char *name)
{
	struct other_ca *ca = mem_alloc(sizeof(*ca));
	BIO *bio = BIO_new(BIO_s_mem());
	X509 *x = X509_new();
	char *text;
	long len;

	ca->key = EVP_EC_gen("P-256");
	ca->cert = x;
	need(ca->key != NULL && bio != NULL && x != NULL &&
	    X509_set_version(x, X509_VERSION_3) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -86400) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x), 10 * YEAR) != NULL &&
	    X509_set_pubkey(x, ca->key) == 1);
	set_name(X509_get_subject_name(x), name);
	need(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(x, NID_key_usage, "critical,keyCertSign,cRLSign");
	need(X509_sign(x, ca->key, EVP_sha256()) > 0 &&
	    PEM_write_bio_X509(bio, x) == 1);
	len = BIO_get_mem_data(bio, &text);
	ca->pem = mem_dup_len(text, (size_t)len);
	BIO_free(bio);
	return ca;
}

void
other_ca_free(struct other_ca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_free(ca->cert);
	free(ca->pem);
	free(ca);
}

static void
set_serial(X509 *x, const struct other_wish *w)
{
	unsigned char bytes[64];
	ASN1_INTEGER *serial = X509_get_serialNumber(x);

	if (w->serial_bytes > 0) {
		need(w->serial_bytes <= sizeof(bytes));
		memset(bytes, 0x7f, w->serial_bytes);
		need(ASN1_STRING_set(serial, bytes, (int)w->serial_bytes) == 1);
		return;
	}
	need(ASN1_INTEGER_set(serial, w->serial != 0 ? w->serial : 4711) == 1);
}

static void
add_padding(X509 *x, size_t len)
{
	char *text;

	if (len == 0)
		return;
	text = mem_alloc(len + 1);
	memset(text, 'x', len);
	add_extension(x, NID_netscape_comment, text);
	free(text);
}

/* A private OID, as a vendor's. */
static void
add_unknown(X509 *x, const char *value)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	X509_EXTENSION *ext;

	need(octets != NULL && oid != NULL &&
	    ASN1_OCTET_STRING_set(
		octets, (const unsigned char *)value, (int)strlen(value)) == 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, octets);
	need(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(octets);
}

void
other_ca_issue(const struct other_ca *ca, const struct other_wish *w,
    const uint8_t *csr, size_t csr_len, struct buf *out)
{
	const unsigned char *p = csr;
	X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)csr_len);
	const EVP_MD *md = EVP_get_digestbyname(or_else(w->hash, "SHA256"));
	X509 *x = X509_new();
	unsigned char *der = NULL;
	long begins = w->begins != 0 ? w->begins : -3600;
	int len;

	need(request != NULL && x != NULL &&
	    X509_set_version(x, X509_VERSION_3) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), begins) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x),
		w->lives != 0 ? w->lives : YEAR) != NULL &&
	    X509_set_issuer_name(x, X509_get_subject_name(ca->cert)) == 1 &&
	    X509_set_pubkey(x,
		w->key != NULL ? w->key : X509_REQ_get0_pubkey(request)) == 1);
	set_serial(x, w);
	set_name(X509_get_subject_name(x), or_else(w->cn, "pc1.corp.example"));
	add_extension(
	    x, NID_subject_alt_name, or_else(w->san, "DNS:pc1.corp.example"));
	add_extension(
	    x, NID_basic_constraints, or_else(w->basic, "critical,CA:FALSE"));
	add_extension(x, NID_ext_key_usage, or_else(w->usage, "serverAuth"));
	add_extension(x, NID_key_usage,
	    or_else(w->key_usage, "critical,digitalSignature,keyEncipherment"));
	if (w->extra != NULL)
		add_unknown(x, w->extra);
	add_padding(x, w->padding);
	need(X509_sign(x, ca->key, md) > 0);
	len = i2d_X509(x, &der);
	need(len > 0);
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	X509_REQ_free(request);
}

void
other_ca_message(
    const struct other_ca *ca, const struct buf *leaf, struct buf *out)
{
	PKCS7 *p7 = PKCS7_new();
	const unsigned char *p = leaf->data;
	X509 *x = d2i_X509(NULL, &p, (long)leaf->len);
	unsigned char *der = NULL;
	int len;

	need(p7 != NULL && x != NULL &&
	    PKCS7_set_type(p7, NID_pkcs7_signed) == 1 &&
	    PKCS7_content_new(p7, NID_pkcs7_data) == 1 &&
	    PKCS7_set_detached(p7, 1) == 1 &&
	    PKCS7_add_certificate(p7, ca->cert) == 1 &&
	    PKCS7_add_certificate(p7, x) == 1);
	len = i2d_PKCS7(p7, &der);
	need(len > 0);
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	PKCS7_free(p7);
}
