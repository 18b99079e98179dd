#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* The store of keys and certificates: places, handles, and who holds whom.
 * A handle is the lowest free number, so it is used again after a deletion. */

int
fw_key_free(const struct sim_device *d)
{
	int i;

	for (i = 0; i < SIM_MAX_KEYS && i < d->vol->options.max_keys; i++) {
		if (!d->state.keys[i].used)
			return i;
	}
	return -1;
}

int
fw_cert_free(const struct sim_device *d)
{
	int i;

	for (i = 0; i < SIM_MAX_CERTS && i < d->vol->options.max_certs; i++) {
		if (!d->state.certs[i].used)
			return i;
	}
	return -1;
}

struct sim_key *
fw_key_by_handle(struct sim_device *d, int handle)
{
	int i;

	for (i = 0; i < SIM_MAX_KEYS; i++) {
		if (d->state.keys[i].used && d->state.keys[i].handle == handle)
			return &d->state.keys[i];
	}
	return NULL;
}

struct sim_cert *
fw_cert_by_handle(struct sim_device *d, int handle)
{
	int i;

	for (i = 0; i < SIM_MAX_CERTS; i++) {
		if (d->state.certs[i].used &&
		    d->state.certs[i].handle == handle)
			return &d->state.certs[i];
	}
	return NULL;
}

int
fw_handle(const char *text, const char *before)
{
	size_t len = strlen(before);
	uint64_t n;

	if (text == NULL || strncmp(text, before, len) != 0 ||
	    fw_number(text + len, INT32_MAX, &n) != 0)
		return -1;
	return (int)n;
}

int
fw_key_store(struct sim_device *d, const uint8_t *der, size_t len)
{
	int at = fw_key_free(d);
	struct sim_key *k;

	if (at < 0)
		return -1;
	k = &d->state.keys[at];
	k->used = true;
	k->handle = at;
	k->der = fw_strndup((const char *)der, len);
	k->der_len = len;
	d->state.dirty = true;
	return k->handle;
}

int
fw_cert_store(struct sim_device *d, const uint8_t *der, size_t len, bool root)
{
	int at = fw_cert_free(d);
	struct sim_cert *cert;

	if (at < 0)
		return -1;
	cert = &d->state.certs[at];
	memset(cert, 0, sizeof(*cert));
	cert->used = true;
	cert->handle = at;
	cert->der = fw_alloc(len);
	memcpy(cert->der, der, len);
	cert->der_len = len;
	cert->trusted_root = root;
	d->state.dirty = true;
	return cert->handle;
}

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

/* PKCS#8 holds an RSAPrivateKey {version, n, e, ...} (RFC 5958, RFC 8017 A.1.2)
 * and {n, e} is the public key: cut it out, a decoder would cost a hundred
 * times as much and devices show their keys all the time. */
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

bool
fw_cert_has_key(const struct sim_cert *cert, const struct sim_key *key)
{
	const unsigned char *p = cert->der;
	X509 *x = d2i_X509(NULL, &p, (long)cert->der_len);
	const ASN1_BIT_STRING *bits;
	uint8_t *pub = NULL;
	size_t len;
	bool same = false;

	if (x != NULL && fw_key_public(key, &pub, &len) == 0) {
		bits = X509_get0_pubkey_bitstr(x);
		same = (size_t)bits->length == len &&
		    memcmp(bits->data, pub, len) == 0;
	}
	free(pub);
	X509_free(x);
	return same;
}

int
fw_cert_key(const struct sim_device *d, const struct sim_cert *cert)
{
	size_t i;

	for (i = 0; i < SIM_MAX_KEYS; i++) {
		if (d->state.keys[i].used &&
		    fw_cert_has_key(cert, &d->state.keys[i]))
			return d->state.keys[i].handle;
	}
	return -1;
}
