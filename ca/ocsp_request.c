/*
 * What a stranger sends.  Nothing here looks into the records.
 */
#include <openssl/objects.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <string.h>

#include "ca_internal.h"
#include "ocsp_internal.h"
#include "str.h"

#define NONCE_MAX 32 /* RFC 8954, 2.1 */

/* Extensions that must be understood, and are not (4.4). */
static bool
knows_all(X509_EXTENSION *(*get)(void *of, int at), int count, void *of)
{
	X509_EXTENSION *ext;
	int i;

	for (i = 0; i < count; i++) {
		ext = get(of, i);
		if (X509_EXTENSION_get_critical(ext) &&
		    OBJ_obj2nid(X509_EXTENSION_get_object(ext)) !=
			NID_id_pkix_OCSP_Nonce)
			return false;
	}
	return true;
}

static X509_EXTENSION *
request_ext(void *of, int at)
{
	return OCSP_REQUEST_get_ext(of, at);
}

static X509_EXTENSION *
one_ext(void *of, int at)
{
	return OCSP_ONEREQ_get_ext(of, at);
}

/* At most one, an OCTET STRING of 1 to 32 bytes (RFC 8954). */
static bool
nonce_fits(OCSP_REQUEST *request)
{
	int at =
	    OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1);
	const ASN1_OCTET_STRING *value;
	struct ca_span bytes;
	struct ca_tlv nonce;

	if (at < 0)
		return true;
	value = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(request, at));
	bytes.p = ASN1_STRING_get0_data(value);
	bytes.len = (size_t)ASN1_STRING_length(value);
	return ca_der_only(bytes, CA_TAG_OCTETS, &nonce) == 0 &&
	    nonce.body.len >= 1 && nonce.body.len <= NONCE_MAX &&
	    OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, at) <
	    0;
}

bool
ca_ocsp_has_nonce(OCSP_REQUEST *request)
{
	return OCSP_REQUEST_get_ext_by_NID(
		   request, NID_id_pkix_OCSP_Nonce, -1) >= 0;
}

static bool
fits(OCSP_REQUEST *request)
{
	int i, count = OCSP_request_onereq_count(request);
	OCSP_ONEREQ *one;

	if (count < 1 || count > CA_OCSP_CERTS_MAX || !nonce_fits(request) ||
	    !knows_all(
		request_ext, OCSP_REQUEST_get_ext_count(request), request))
		return false;
	for (i = 0; i < count; i++) {
		one = OCSP_request_onereq_get0(request, i);
		if (!knows_all(one_ext, OCSP_ONEREQ_get_ext_count(one), one))
			return false;
	}
	return true;
}

/* The only version there is (RFC 6960, 4.1.1); OpenSSL reads over it. */
static bool
is_v1(struct ca_span all)
{
	struct ca_tlv request, tbs, outer, version;

	return ca_der_only(all, CA_TAG_SEQ, &request) == 0 &&
	    ca_der_take(&request.body, CA_TAG_SEQ, &tbs) == 0 &&
	    (ca_der_take(&tbs.body, CA_TAG_CONTEXT_SEQ(0), &outer) != 0 ||
		(ca_der_only(outer.body, CA_TAG_INTEGER, &version) == 0 &&
		    version.body.len == 1 && version.body.p[0] == 0));
}

OCSP_REQUEST *
ca_ocsp_parse(const uint8_t *der, size_t len)
{
	const unsigned char *p = der;
	struct ca_span all = {der, len};
	OCSP_REQUEST *request;

	/* Strict DER first: that bounds depth, and OpenSSL takes BER too. */
	if (len == 0 || len > CA_OCSP_REQUEST_MAX ||
	    ca_der_check(all) != NULL || !is_v1(all))
		return NULL;
	request = d2i_OCSP_REQUEST(NULL, &p, (long)len);
	if (request != NULL && p == der + len && fits(request))
		return request;
	OCSP_REQUEST_free(request);
	return NULL;
}

bool
ca_ocsp_names(OCSP_CERTID *id, const struct ca_issuer *issuer)
{
	const struct ca_issuer_hash *h;
	ASN1_OCTET_STRING *name, *key;
	ASN1_OBJECT *algorithm;
	size_t i;
	int nid;

	(void)OCSP_id_get0_info(&name, &algorithm, &key, NULL, id);
	nid = OBJ_obj2nid(algorithm);
	for (i = 0; i < CA_ISSUER_HASHES; i++) {
		h = &issuer->hashes[i];
		if (h->nid == nid &&
		    (size_t)ASN1_STRING_length(name) == h->len &&
		    (size_t)ASN1_STRING_length(key) == h->len &&
		    memcmp(ASN1_STRING_get0_data(name), h->name, h->len) == 0 &&
		    memcmp(ASN1_STRING_get0_data(key), h->key, h->len) == 0)
			return true;
	}
	return false;
}

bool
ca_ocsp_serial(OCSP_CERTID *id, char ret[2 * CA_SERIAL_LEN + 1])
{
	ASN1_INTEGER *serial;

	(void)OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER ||
	    ASN1_STRING_length(serial) != CA_SERIAL_LEN)
		return false;
	str_hex(ASN1_STRING_get0_data(serial), CA_SERIAL_LEN, ret);
	return true;
}
