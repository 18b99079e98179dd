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

bool
fw_cert_has_key(const struct sim_cert *cert, const struct sim_key *key)
{
	struct fw_cert_parts parts;
	uint8_t *pub = NULL;
	size_t len;
	bool same = false;

	if (fw_cert_parts(cert, &parts) == 0 &&
	    fw_key_public(key, &pub, &len) == 0)
		same = parts.key_len == len && memcmp(parts.key, pub, len) == 0;
	free(pub);
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
