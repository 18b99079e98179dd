#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw_internal.h"

/*
 * RSA keys: made for real, or handed out from a pool, which is what makes a
 * fleet of thousands possible on one machine.  A pool's keys are given out each
 * to one device until all are given: first those at a device's own places, so
 * that it gets the same ones whatever others do.  They stay parsed, as OpenSSL
 * takes longer to read a key than to sign with it.
 */
#define POOL_DEFAULT SIM_MAX_KEYS

struct pooled {
	uint8_t *der; /* PKCS#8 */
	size_t len;
	EVP_PKEY *key;
	bool given;
};

static struct pool {
	int bits;
	struct pooled *keys; /* in the order of their bytes */
	size_t count, size;
	size_t next; /* those before are given or were passed over */
} pools[] = {{.bits = 2048}, {.bits = 3072}};
static size_t stride = 1; /* of a device's own places */
#define POOLS (sizeof(pools) / sizeof(pools[0]))

static int
to_der(EVP_PKEY *key, uint8_t **ret, size_t *ret_len)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (len <= 0)
		return -1;
	*ret = fw_alloc((size_t)len);
	memcpy(*ret, der, (size_t)len);
	*ret_len = (size_t)len;
	OPENSSL_clear_free(der, (size_t)len);
	return 0;
}

static int
generate(int bits, uint8_t **ret, size_t *ret_len)
{
	EVP_PKEY *key = EVP_RSA_gen((unsigned)bits);
	int rc = key != NULL ? to_der(key, ret, ret_len) : -1;

	EVP_PKEY_free(key);
	return rc;
}

/* --- the pool ------------------------------------------------------------- */

static struct pool *
pool_of(int bits)
{
	size_t i;

	for (i = 0; i < POOLS; i++)
		if (pools[i].bits == bits)
			return &pools[i];
	return NULL;
}

static bool
pool_empty(void)
{
	size_t i, n = 0;

	for (i = 0; i < POOLS; i++)
		n += pools[i].count;
	return n == 0;
}

static int
compare(const void *left, const void *right)
{
	const struct pooled *a = left, *b = right;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->der, b->der, a->len);
}

static struct pooled *
pool_find(const struct pool *p, const struct sim_key *k)
{
	const struct pooled wanted = {
	    .der = (uint8_t *)k->der, .len = k->der_len};

	if (p->count == 0)
		return NULL;
	return bsearch(&wanted, p->keys, p->count, sizeof(wanted), compare);
}

/* The key is given. */
static int
pool_add(EVP_PKEY *key)
{
	struct pool *p = key != NULL ? pool_of(EVP_PKEY_get_bits(key)) : NULL;
	struct pooled *entry, *grown;

	if (p != NULL && p->count == p->size) {
		p->size = p->size == 0 ? 64 : 2 * p->size;
		grown = realloc(p->keys, p->size * sizeof(*grown));
		if (grown == NULL)
			abort();
		p->keys = grown;
	}
	if (p == NULL)
		goto fail;
	entry = &p->keys[p->count];
	if (to_der(key, &entry->der, &entry->len) != 0)
		goto fail;
	entry->key = key;
	entry->given = false;
	p->count++;
	return 0;
fail:
	EVP_PKEY_free(key);
	return -1;
}

static int
pool_load(FILE *f)
{
	EVP_PKEY *key;
	int rc = 0;

	while (
	    rc == 0 && (key = PEM_read_PrivateKey(f, NULL, NULL, NULL)) != NULL)
		rc = pool_add(key);
	ERR_clear_error(); /* the end of the file is one for OpenSSL */
	return pool_empty() ? -1 : rc;
}

static int
pool_write(FILE *f)
{
	size_t i, k;
	int ok = 1;

	for (i = 0; i < POOLS; i++)
		for (k = 0; ok == 1 && k < pools[i].count; k++)
			ok = PEM_write_PrivateKey(
			    f, pools[i].keys[k].key, NULL, NULL, 0, NULL, NULL);
	return ok == 1 && fflush(f) == 0 ? 0 : -1;
}

/* Under another name first: two programs may start at the same time. */
static int
pool_save(const char *path)
{
	struct fw_text temporary = {NULL, 0, 0};
	FILE *f = NULL;
	int fd, rc = -1;

	fw_add(&temporary, path);
	fw_add(&temporary, ".XXXXXX");
	fd = mkstemp(temporary.p);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (f != NULL)
		rc = pool_write(f);
	if (f != NULL && fclose(f) != 0)
		rc = -1;
	if (rc == 0)
		rc = rename(temporary.p, path);
	if (rc != 0 && fd >= 0)
		unlink(temporary.p);
	fw_text_free(&temporary);
	return rc;
}

static int
pool_fill(struct pool *p, const char *path, size_t n)
{
	int rc = 0;

	while (rc == 0 && p->count < n)
		rc = pool_add(EVP_RSA_gen((unsigned)p->bits));
	if (rc == 0 && strcmp(path, "memory") != 0)
		rc = pool_save(path);
	return rc;
}

int
sim_key_pool(const char *path, int bits, size_t n)
{
	struct pool *p = pool_of(bits);
	FILE *f = NULL;
	size_t i;
	int rc = 0;

	if (p == NULL)
		return -1;
	if (p->count > 0)
		return 0;
	if (strcmp(path, "memory") != 0 && pool_empty())
		f = fopen(path, "r");
	if (f != NULL) {
		rc = pool_load(f);
		fclose(f);
	}
	if (rc == 0 && p->count == 0)
		rc = pool_fill(p, path, n);
	for (i = 0; i < POOLS; i++)
		if (pools[i].count > 0)
			qsort(pools[i].keys, pools[i].count,
			    sizeof(*pools[i].keys), compare);
	return rc;
}

void
sim_key_pool_places(size_t devices)
{
	stride = devices;
}

size_t
sim_key_pool_left(int bits)
{
	const struct pool *p = pool_of(bits);
	size_t i, left = 0;

	for (i = 0; p != NULL && i < p->count; i++)
		left += !p->keys[i].given;
	return left;
}

void
fw_key_given(const struct sim_key *k)
{
	struct pooled *found;
	size_t i;

	for (i = 0; i < POOLS; i++) {
		found = pool_find(&pools[i], k);
		if (found != NULL)
			found->given = true;
	}
}

static bool
stored(const struct sim_device *d, const uint8_t *der, size_t len)
{
	const struct sim_key *k;
	size_t i;

	for (i = 0; i < SIM_MAX_KEYS; i++) {
		k = &d->state.keys[i];
		if (k->used && k->der_len == len &&
		    memcmp(k->der, der, len) == 0)
			return true;
	}
	return false;
}

/* One of the device's own places, or any; NULL: all are given. */
static struct pooled *
pool_unused(const struct sim_device *d, struct pool *p)
{
	size_t at;

	for (at = (size_t)d->index; at < p->count; at += stride)
		if (!p->keys[at].given)
			return &p->keys[at];
	for (; p->next < p->count; p->next++)
		if (!p->keys[p->next].given)
			return &p->keys[p->next];
	return NULL;
}

/* When all were given out, devices share; but none gets a key twice while it
 * has it. */
static struct pooled *
pool_shared(const struct sim_device *d, struct pool *p)
{
	struct pooled *entry;
	size_t i;

	for (i = 0; i < p->count; i++) {
		entry = &p->keys[p->next++ % p->count];
		if (!stored(d, entry->der, entry->len))
			return entry;
	}
	return NULL;
}

static int
from_pool(
    const struct sim_device *d, struct pool *p, uint8_t **ret, size_t *ret_len)
{
	struct pooled *entry = pool_unused(d, p);

	if (entry == NULL)
		entry = pool_shared(d, p);
	if (entry == NULL)
		return -1;
	entry->given = true;
	*ret = fw_alloc(entry->len);
	memcpy(*ret, entry->der, entry->len);
	*ret_len = entry->len;
	return 0;
}

int
fw_key_make(struct sim_device *d, int bits, uint8_t **ret, size_t *ret_len)
{
	const char *path = getenv("SIM_KEY_POOL");
	struct pool *p = pool_of(bits);

	if (p != NULL && p->count == 0 && path != NULL && path[0] != '\0' &&
	    sim_key_pool(path, bits, POOL_DEFAULT) != 0)
		return -1;
	if (p != NULL && from_pool(d, p, ret, ret_len) == 0)
		return 0;
	return generate(bits, ret, ret_len);
}

EVP_PKEY *
sim_key_load(const struct sim_key *k)
{
	const unsigned char *der = (const unsigned char *)k->der;
	const struct pooled *found;
	size_t i;

	for (i = 0; i < POOLS; i++) {
		found = pool_find(&pools[i], k);
		if (found != NULL)
			return EVP_PKEY_up_ref(found->key) == 1 ? found->key
								: NULL;
	}
	return d2i_AutoPrivateKey(NULL, &der, (long)k->der_len);
}

int
fw_key_import(const uint8_t *der, size_t len, uint8_t **ret, size_t *ret_len,
    int *ret_bits)
{
	const unsigned char *p = der;
	EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &p, (long)len);
	int rc = -1;

	if (key != NULL && p == der + len && to_der(key, ret, ret_len) == 0) {
		*ret_bits = EVP_PKEY_get_bits(key);
		rc = 0;
	}
	EVP_PKEY_free(key);
	return rc;
}
