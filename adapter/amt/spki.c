#include <openssl/asn1.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "pki_internal.h"

/*
 * Public keys as bytes.  Finding one and comparing it needs no key object:
 * making one takes OpenSSL 3 a hundred microseconds, for each certificate and
 * key of each device that is looked at.
 */
#define MAX_SPKI 8192

struct der {
	const uint8_t *at, *end;
};

/* Step over the next element, which has to be of this class and tag. */
static bool
next(struct der *der, int class, int tag, struct der *ret_inside)
{
	const uint8_t *at = der->at;
	int got_class, got_tag, flags;
	long len;

	flags = ASN1_get_object(
	    &at, &len, &got_tag, &got_class, (long)(der->end - der->at));
	/* 0x80: malformed; 1: of indefinite length, which is no DER. */
	if ((flags & 0x81) != 0 || got_class != class || got_tag != tag)
		return false;
	ret_inside->at = at;
	ret_inside->end = at + len;
	der->at = ret_inside->end;
	return true;
}

static bool
next_sequence(struct der *der, struct der *ret_inside)
{
	return next(der, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, ret_inside);
}

static bool
next_integer(struct der *der)
{
	struct der inside;

	return next(der, V_ASN1_UNIVERSAL, V_ASN1_INTEGER, &inside) &&
	    inside.at < inside.end && (inside.at[0] & 0x80) == 0;
}

/* RFC 5280, 4.1: the key is the sixth field, after the version, which may be
 * left out, serial number, signature, issuer, validity and subject. */
const uint8_t *
pki_spki_in_cert(const uint8_t *der, size_t len, size_t *ret_len)
{
	struct der outer = {der, der + len}, cert, tbs, skipped;
	const uint8_t *key;
	int i;

	if (!next_sequence(&outer, &cert) || !next_sequence(&cert, &tbs))
		return NULL;
	(void)next(&tbs, V_ASN1_CONTEXT_SPECIFIC, 0, &skipped);
	if (!next(&tbs, V_ASN1_UNIVERSAL, V_ASN1_INTEGER, &skipped))
		return NULL;
	for (i = 0; i < 4; i++)
		if (!next_sequence(&tbs, &skipped))
			return NULL;
	key = tbs.at;
	if (!next_sequence(&tbs, &skipped))
		return NULL;
	*ret_len = (size_t)(tbs.at - key);
	return key;
}

/* Is this an RSAPublicKey, two positive numbers and nothing else? RFC 8017,
 * A.1.1. */
static bool
is_rsa_key(const uint8_t *der, size_t len)
{
	struct der outer = {der, der + len}, inside;

	return next_sequence(&outer, &inside) && outer.at == outer.end &&
	    next_integer(&inside) && next_integer(&inside) &&
	    inside.at == inside.end;
}

/* AlgorithmIdentifier of rsaEncryption: RFC 3279, 2.3.1. */
static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

int
amt_spki_bits(const uint8_t *der, size_t len)
{
	struct der outer = {der, der + len}, spki, bits, key, n;
	int count;

	if (!next_sequence(&outer, &spki) || outer.at != outer.end ||
	    (size_t)(spki.end - spki.at) < sizeof(algorithm) ||
	    memcmp(spki.at, algorithm, sizeof(algorithm)) != 0)
		return 0;
	spki.at += sizeof(algorithm);
	if (!next(&spki, V_ASN1_UNIVERSAL, V_ASN1_BIT_STRING, &bits) ||
	    bits.at == bits.end || *bits.at++ != 0 ||
	    !is_rsa_key(bits.at, (size_t)(bits.end - bits.at)) ||
	    !next_sequence(&bits, &key) ||
	    !next(&key, V_ASN1_UNIVERSAL, V_ASN1_INTEGER, &n))
		return 0;
	while (n.at < n.end && *n.at == 0)
		n.at++;
	if (n.at == n.end)
		return 0;
	for (count = 8; *n.at >> (count - 1) == 0; count--)
		continue;
	return (int)(n.end - n.at - 1) * 8 + count;
}

int
pki_spki_of_rsa(const uint8_t *der, size_t len, uint8_t **ret, size_t *ret_len)
{
	int bits = (int)len + 1, inside;
	uint8_t *spki, *at;
	size_t size;

	if (len > MAX_SPKI || !is_rsa_key(der, len))
		return -1;
	inside = (int)sizeof(algorithm) +
	    ASN1_object_size(0, bits, V_ASN1_BIT_STRING);
	size = (size_t)ASN1_object_size(1, inside, V_ASN1_SEQUENCE);
	spki = mem_alloc(size);
	at = spki;
	ASN1_put_object(&at, 1, inside, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memcpy(at, algorithm, sizeof(algorithm));
	at += sizeof(algorithm);
	ASN1_put_object(&at, 0, bits, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL);
	*at++ = 0; /* no unused bits */
	memcpy(at, der, len);
	*ret = spki;
	*ret_len = size;
	return 0;
}
