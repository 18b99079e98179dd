/* Our own certificates, read back. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "ca_internal.h"
#include "str.h"

static int
read_time(const ASN1_TIME *t, int64_t *ret)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return -1;
	*ret = (int64_t)timegm(&tm);
	return 0;
}

/* Where Name and SubjectPublicKeyInfo lie in the certificate. */
static int
find_spans(struct ca_issuer *i)
{
	struct ca_tlv cert, tbs, v;
	size_t n;

	if (ca_der_only(ca_der_bytes(&i->der), CA_TAG_SEQ, &cert) != 0 ||
	    ca_der_take(&cert.body, CA_TAG_SEQ, &tbs) != 0)
		return -1;
	/* version, serial, algorithm, issuer, validity, subject, key */
	for (n = 0; n < 7; n++) {
		if (ca_der_next(&tbs.body, &v) != 0)
			return -1;
		if (n == 5)
			i->subject = v.whole;
	}
	i->spki = v.whole;
	return 0;
}

static int
hash_all(struct ca_issuer *i)
{
	static const struct {
		int nid;
		const char *name;
	} hashes[CA_ISSUER_HASHES] = {
	    {NID_sha1, "SHA1"}, {NID_sha256, "SHA256"}};
	struct ca_span key = ca_key_bytes(i->spki);
	struct ca_issuer_hash *h;
	size_t n;

	for (n = 0; n < CA_ISSUER_HASHES; n++) {
		h = &i->hashes[n];
		h->nid = hashes[n].nid;
		if (EVP_Q_digest(NULL, hashes[n].name, NULL, i->subject.p,
			i->subject.len, h->name, &h->len) != 1 ||
		    EVP_Q_digest(NULL, hashes[n].name, NULL, key.p, key.len,
			h->key, &h->len) != 1)
			return -1;
	}
	return 0;
}

int
ca_issuer_load(
    struct ca_issuer *ret, const uint8_t *der, size_t len, struct err *err)
{
	const unsigned char *p = der;
	const ASN1_OCTET_STRING *id;
	int found;

	buf_init(&ret->der, CA_CHAIN_MAX);
	buf_add(&ret->der, der, len);
	ret->x509 = ret->der.over ? NULL : d2i_X509(NULL, &p, (long)len);
	if (ret->x509 == NULL || find_spans(ret) != 0 ||
	    read_time(X509_get0_notBefore(ret->x509), &ret->not_before) != 0 ||
	    read_time(X509_get0_notAfter(ret->x509), &ret->not_after) != 0)
		return ca_openssl_err(
		    err, ERR_STORAGE, "the CA's own certificate is damaged");
	if (hash_all(ret) != 0)
		return ca_openssl_err(err, ERR_BUG, "hash a certificate");
	ca_key_id(ret->spki, ret->key_id);
	id = X509_get0_subject_key_id(ret->x509);
	if (id != NULL)
		ret->subject_key = (struct ca_span){
		    ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)};
	ret->constraints =
	    X509_get_ext_d2i(ret->x509, NID_name_constraints, &found, NULL);
	/* Not there is -1; unreadable, or twice, is no CA of ours. */
	if (ret->constraints == NULL && found != -1)
		return ca_openssl_err(
		    err, ERR_STORAGE, "the CA's name constraints are damaged");
	str_hex(ret->key_id, (sizeof(ret->name) - 1) / 2, ret->name);
	return 0;
}

int
ca_issuer_copy(
    const struct ca_issuer *from, struct ca_issuer *to, struct err *err)
{
	return ca_issuer_load(to, from->der.data, from->der.len, err);
}

void
ca_issuer_clear(struct ca_issuer *i)
{
	X509_free(i->x509);
	NAME_CONSTRAINTS_free(i->constraints);
	buf_free(&i->der);
	memset(i, 0, sizeof(*i));
}

bool
ca_issuer_serial(const struct ca_issuer *i, char ret[CA_ISSUER_SERIAL])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(i->x509);
	int len = ASN1_STRING_length(serial);

	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || len < 1 ||
	    len > (CA_ISSUER_SERIAL - 1) / 2)
		return false;
	str_hex(ASN1_STRING_get0_data(serial), (size_t)len, ret);
	return true;
}

bool
ca_issuer_limits_dns(const struct ca_issuer *i)
{
	const STACK_OF(GENERAL_SUBTREE) *permitted =
	    i->constraints != NULL ? i->constraints->permittedSubtrees : NULL;
	int k;

	for (k = 0; k < sk_GENERAL_SUBTREE_num(permitted); k++)
		if (sk_GENERAL_SUBTREE_value(permitted, k)->base->type ==
		    GEN_DNS)
			return true;
	return false;
}
