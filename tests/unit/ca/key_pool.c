#include "key_pool.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

#define POOL_BITS 3072
#define POOL_KEYS 32

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static EVP_PKEY *keys[POOL_KEYS];
static size_t given, kept, fixtures;

/* Named by ld(1), --wrap. */
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(
    OSSL_LIB_CTX *context, const char *properties, const char *type, ...);
EVP_PKEY *__real_EVP_PKEY_Q_keygen(
    OSSL_LIB_CTX *context, const char *properties, const char *type, ...);

static EVP_PKEY *
take(void)
{
	EVP_PKEY *key = NULL;

	(void)pthread_mutex_lock(&lock);
	if (given < POOL_KEYS) {
		if (keys[given] == NULL)
			keys[given] = __real_EVP_PKEY_Q_keygen(
			    NULL, NULL, "RSA", (size_t)POOL_BITS);
		key = keys[given++];
		if (key != NULL)
			(void)EVP_PKEY_up_ref(key);
	}
	(void)pthread_mutex_unlock(&lock);
	return key;
}

EVP_PKEY *
__wrap_EVP_PKEY_Q_keygen(
    OSSL_LIB_CTX *context, const char *properties, const char *type, ...)
{
	const char *curve;
	EVP_PKEY *key = NULL;
	size_t bits;
	va_list args;

	va_start(args, type);
	if (strcmp(type, "EC") == 0) {
		curve = va_arg(args, const char *);
		key =
		    __real_EVP_PKEY_Q_keygen(context, properties, type, curve);
	} else if (strcmp(type, "RSA") == 0) {
		bits = va_arg(args, size_t);
		if (bits == POOL_BITS && properties == NULL)
			key = take();
		if (key == NULL)
			key = __real_EVP_PKEY_Q_keygen(
			    context, properties, type, bits);
	} else {
		key = __real_EVP_PKEY_Q_keygen(context, properties, type);
	}
	va_end(args);
	return key;
}

void
key_pool_open(void)
{
	fixtures++;
}

void
key_pool_close(void)
{
	if (--fixtures == 0)
		given = kept;
}

void
key_pool_keep(void)
{
	kept = given;
}

void
key_pool_off(void)
{
	given = POOL_KEYS;
}
