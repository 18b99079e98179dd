#include <fcntl.h>
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

/* RSA keys: made for real, or handed out from a pool, which is what makes a
 * fleet of thousands possible on one machine. */

#define POOL_MAX 256
#define POOL_DEFAULT SIM_MAX_KEYS
#define POOL_BITS 2048

static struct {
	uint8_t *der;
	size_t len;
} pool[POOL_MAX];
static size_t pool_count;

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

static int
pool_load(FILE *f)
{
	EVP_PKEY *key;

	while (pool_count < POOL_MAX) {
		key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
		if (key == NULL)
			break;
		if (to_der(key, &pool[pool_count].der, &pool[pool_count].len) ==
		    0)
			pool_count++;
		EVP_PKEY_free(key);
	}
	ERR_clear_error(); /* the end of the file is one for OpenSSL */
	return pool_count > 0 ? 0 : -1;
}

static int
pool_write(FILE *f)
{
	const unsigned char *p;
	EVP_PKEY *key;
	size_t i;
	int ok = 1;

	for (i = 0; ok == 1 && i < pool_count; i++) {
		p = pool[i].der;
		key = d2i_AutoPrivateKey(NULL, &p, (long)pool[i].len);
		ok = key != NULL
		    ? PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL)
		    : 0;
		EVP_PKEY_free(key);
	}
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

int
sim_key_pool(const char *path, size_t n)
{
	FILE *f = NULL;
	int rc = -1;

	if (pool_count > 0)
		return 0;
	if (strcmp(path, "memory") != 0)
		f = fopen(path, "r");
	if (f != NULL) {
		rc = pool_load(f);
		fclose(f);
		return rc;
	}
	for (; pool_count < n && pool_count < POOL_MAX; pool_count++) {
		if (generate(POOL_BITS, &pool[pool_count].der,
			&pool[pool_count].len) != 0)
			return -1;
	}
	return strcmp(path, "memory") == 0 ? 0 : pool_save(path);
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

/* Neighbours start at different places; a device never gets a key twice while
 * it has it. */
static int
from_pool(struct sim_device *d, uint8_t **ret, size_t *ret_len)
{
	size_t at = ((size_t)d->index * 7 + d->vol->keys_made) % pool_count;
	size_t i;

	for (i = 0; i < pool_count; i++, at = (at + 1) % pool_count) {
		if (stored(d, pool[at].der, pool[at].len))
			continue;
		*ret = fw_alloc(pool[at].len);
		memcpy(*ret, pool[at].der, pool[at].len);
		*ret_len = pool[at].len;
		d->vol->keys_made++;
		return 0;
	}
	return -1;
}

int
fw_key_make(struct sim_device *d, int bits, uint8_t **ret, size_t *ret_len)
{
	const char *path = getenv("SIM_KEY_POOL");

	if (pool_count == 0 && path != NULL && path[0] != '\0' &&
	    sim_key_pool(path, POOL_DEFAULT) != 0)
		return -1;
	if (pool_count > 0 && bits == POOL_BITS &&
	    from_pool(d, ret, ret_len) == 0)
		return 0;
	return generate(bits, ret, ret_len);
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
