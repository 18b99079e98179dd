/*
 * Keys that only one TPM can use, by OpenSSL's provider tpm2.  It also offers
 * random numbers and digests; in a library context of their own these keys are
 * the only ones to get them.
 */
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdlib.h>
#include <string.h>

#include "ca_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "token_internal.h"

#define PROVIDER_NAME "tpm2"
#define THAT_PROVIDER "?provider=tpm2"

struct tpm {
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *providers[2];
};

static void
close_tpm(void *self)
{
	struct tpm *t = self;
	size_t i;

	for (i = 0; i < 2; i++)
		if (t->providers[i] != NULL)
			(void)OSSL_PROVIDER_unload(t->providers[i]);
	OSSL_LIB_CTX_free(t->library);
	free(t);
}

static int
load_providers(struct tpm *t, struct err *err)
{
	t->library = OSSL_LIB_CTX_new();
	if (t->library != NULL)
		t->providers[0] = OSSL_PROVIDER_load(t->library, "default");
	if (t->providers[0] != NULL)
		t->providers[1] = OSSL_PROVIDER_load(t->library, PROVIDER_NAME);
	if (t->providers[1] == NULL)
		return ca_openssl_err(err, ERR_NOTFOUND,
		    "OpenSSL has no provider tpm2, or it finds no TPM; install "
		    "tpm2-openssl");
	return 0;
}

/* pem_password_cb: the PIN, once. */
static int
give_pin(char *out, int room, int writing, void *cookie)
{
	const struct secret **pin = cookie;
	const uint8_t *bytes;
	size_t len;

	(void)writing;
	if (*pin == NULL)
		return -1;
	bytes = secret_bytes(*pin, &len);
	*pin = NULL;
	if (room < 0 || len > (size_t)room)
		return -1;
	memcpy(out, bytes, len);
	return (int)len;
}

/* The first private key there; NULL: none. */
static EVP_PKEY *
read_key(OSSL_STORE_CTX *store)
{
	OSSL_STORE_INFO *info;
	EVP_PKEY *key = NULL;

	while (key == NULL && OSSL_STORE_eof(store) != 1) {
		info = OSSL_STORE_load(store);
		if (info == NULL)
			break;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	return key;
}

static EVP_PKEY *
load_key(const struct tpm *t, const struct ca_key_place *place)
{
	const struct secret *pin = place->pin;
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_pin, 0);
	OSSL_STORE_CTX *store;
	EVP_PKEY *key = NULL;

	store = OSSL_STORE_open_ex(
	    place->uri, t->library, THAT_PROVIDER, ui, &pin, NULL, NULL, NULL);
	if (store != NULL)
		key = read_key(store);
	OSSL_STORE_close(store);
	UI_destroy_method(ui);
	return key;
}

/* A key that OpenSSL itself can read from a file is no TPM's. */
static bool
is_of_tpm(const EVP_PKEY *key)
{
	const OSSL_PROVIDER *p = EVP_PKEY_get0_provider(key);

	return p != NULL &&
	    strcmp(OSSL_PROVIDER_get0_name(p), PROVIDER_NAME) == 0;
}

int
ca_token_tpm(
    const struct ca_key_place *place, struct ca_token *ret, struct err *err)
{
	struct tpm *t = mem_alloc(sizeof(*t));

	ret->self = t;
	ret->close = close_tpm;
	if (load_providers(t, err) != 0)
		return -1;
	ret->use.library = t->library;
	ret->use.properties = THAT_PROVIDER;
	ret->use.key = load_key(t, place);
	if (ret->use.key == NULL)
		return ca_openssl_err(err, ERR_NOTFOUND,
		    "the TPM gives no private key for this URI; is it there, "
		    "and the PIN right?");
	if (!is_of_tpm(ret->use.key))
		return err_set(err, ERR_INVALID,
		    "this is an ordinary key in the clear, not one of a TPM; "
		    "without a URI the CA's key is kept sealed");
	return 0;
}
