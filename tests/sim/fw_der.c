#include <openssl/asn1.h>
#include <string.h>

#include "fw_internal.h"

/* Pieces cut out of keys and certificates that were judged when they came in.
 * OpenSSL's decoders would cost a hundred times as much, and devices show what
 * they store all the time. */

/* Step over the value at *p (into it when it is a constructed one that is
 * asked for): the tag found, or -1. */
static int
step(const unsigned char **p, const unsigned char *end, bool into)
{
	long len;
	int tag, class;

	if ((ASN1_get_object(p, &len, &tag, &class, end - *p) & 0x80) != 0)
		return -1;
	if (!into)
		*p += len;
	return tag;
}

/* PKCS#8 holds an RSAPrivateKey {version, n, e, ...} (RFC 5958, RFC 8017
 * A.1.2), and {n, e} is the public key. */
int
fw_key_public(const struct sim_key *k, uint8_t **ret, size_t *ret_len)
{
	const unsigned char *p = (const unsigned char *)k->der, *from;
	const unsigned char *end = p + k->der_len;
	uint8_t *out;
	size_t len;

	if (step(&p, end, true) != V_ASN1_SEQUENCE ||
	    step(&p, end, false) != V_ASN1_INTEGER ||
	    step(&p, end, false) != V_ASN1_SEQUENCE ||
	    step(&p, end, true) != V_ASN1_OCTET_STRING ||
	    step(&p, end, true) != V_ASN1_SEQUENCE ||
	    step(&p, end, false) != V_ASN1_INTEGER)
		return -1;
	from = p;
	if (step(&p, end, false) != V_ASN1_INTEGER ||
	    step(&p, end, false) != V_ASN1_INTEGER)
		return -1;
	len = (size_t)(p - from);
	out = fw_alloc(len + 4);
	out[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
	out[1] = 0x82; /* RSA-1024 and up: two bytes of length */
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
	memcpy(out + 4, from, len);
	*ret = out;
	*ret_len = len + 4;
	return 0;
}

/* RFC 5280 4.1: {[0] version, serial, algorithm, issuer, validity, subject,
 * {algorithm, key}}. */
int
fw_cert_parts(const struct sim_cert *cert, struct fw_cert_parts *ret)
{
	const unsigned char *p = cert->der, *end = p + cert->der_len, *from;

	if (step(&p, end, true) != V_ASN1_SEQUENCE ||
	    step(&p, end, true) != V_ASN1_SEQUENCE)
		return -1;
	if (p < end && *p == (V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED) &&
	    step(&p, end, false) < 0)
		return -1;
	if (step(&p, end, false) != V_ASN1_INTEGER ||
	    step(&p, end, false) != V_ASN1_SEQUENCE)
		return -1;
	from = ret->issuer = p;
	if (step(&p, end, false) != V_ASN1_SEQUENCE)
		return -1;
	ret->issuer_len = (size_t)(p - from);
	if (step(&p, end, false) != V_ASN1_SEQUENCE)
		return -1;
	from = ret->subject = p;
	if (step(&p, end, false) != V_ASN1_SEQUENCE)
		return -1;
	ret->subject_len = (size_t)(p - from);
	if (step(&p, end, true) != V_ASN1_SEQUENCE ||
	    step(&p, end, false) != V_ASN1_SEQUENCE)
		return -1;
	from = p;
	if (step(&from, end, true) != V_ASN1_BIT_STRING)
		return -1;
	if (step(&p, end, false) != V_ASN1_BIT_STRING || p - from < 2)
		return -1;
	ret->key = from + 1; /* after the count of unused bits */
	ret->key_len = (size_t)(p - from) - 1;
	return 0;
}
