#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "buf.h"
#include "ca_internal.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "secret.h"
#include "signer_internal.h"
#include "token_internal.h"
#include "vault.h"

#define KEY_FILE_MAX 16384
#define SIGNATURE_MAX 1024

static const struct {
	const char *purpose; /* binds the sealed key to its use */
	const char *type;
} kinds[] = {
    [CA_KEY_ROOT] = {"ca:key:root", "EC"},
    [CA_KEY_ISSUING] = {"ca:key:issuing", "RSA"},
};

int
ca_key_sign(const struct ca_key_use *use, const uint8_t *digest, size_t len,
    struct buf *out, struct err *err)
{
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_pkey(use->library, use->key, use->properties);
	uint8_t signature[SIGNATURE_MAX];
	size_t got = sizeof(signature);
	int rc = 0;

	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha384()) != 1 ||
	    EVP_PKEY_sign(ctx, signature, &got, digest, len) != 1)
		rc = ca_openssl_err(err, ERR_STORAGE, "sign with the CA's key");
	else
		buf_add(out, signature, got);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
file_sign(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	const struct ca_key_use use = {.key = self};

	return ca_key_sign(&use, digest, len, out, err);
}

static void
file_free(void *self)
{
	EVP_PKEY_free(self);
}

static const struct ca_signer_ops file_ops = {file_sign, file_free};

/* The private key is taken; the signer also keeps it as its public key. */
static int
wrap(EVP_PKEY *key, struct ca_signer **ret, struct err *err)
{
	struct ca_signer *s;
	int ok = EVP_PKEY_up_ref(key);

	assert(ok);
	(void)ok;
	s = ca_signer_new(&file_ops, key, key, err);
	if (s == NULL)
		return -1;
	*ret = s;
	return 0;
}

int
ca_signer_file_new(
    enum ca_key_kind kind, struct ca_signer **ret, struct err *err)
{
	EVP_PKEY *key = kind == CA_KEY_ROOT
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384")
	    : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);

	if (key == NULL)
		return ca_openssl_err(err, ERR_STORAGE, "generate a CA key");
	return wrap(key, ret, err);
}

struct secret *
ca_key_encode(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	struct secret *s = NULL;
	int len;

	len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	if (len > 0) {
		s = secret_new(der, (size_t)len);
		secret_wipe(der, (size_t)len);
	}
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
	return s;
}

int
ca_signer_make(
    const struct ca_key_file *f, struct ca_signer **ret, struct err *err)
{
	return f->place->uri != NULL ? ca_token_open(f->place, ret, err)
				     : ca_signer_file_new(f->kind, ret, err);
}

int
ca_signer_file_save(const struct ca_signer *s, const struct ca_key_file *f,
    struct vault *vault, struct err *err)
{
	struct secret *plain;
	struct buf sealed;
	int rc = -1;

	plain = f->place->uri != NULL ? ca_token_encode(f->place)
				      : ca_key_encode(ca_signer_self(s));
	buf_init(&sealed, KEY_FILE_MAX);
	if (plain == NULL)
		ca_openssl_err(err, ERR_STORAGE, "encode a CA key");
	else if (vault_seal(
		     vault, kinds[f->kind].purpose, plain, &sealed, err) == 0)
		rc = file_write(
		    f->path, sealed.data, sealed.len, 0600, true, err);
	buf_free(&sealed);
	secret_free(plain);
	return rc;
}

EVP_PKEY *
ca_key_decode(const struct secret *plain, const char *type)
{
	size_t len;
	const unsigned char *p = secret_bytes(plain, &len);
	PKCS8_PRIV_KEY_INFO *info =
	    d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)len);
	EVP_PKEY *key = info != NULL ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (key != NULL && !EVP_PKEY_is_a(key, type)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

/* 1 and opened, 0 = the text is no place, -1. */
static int
open_token(const struct secret *plain, struct ca_signer **ret, struct err *err)
{
	struct secret *pin = NULL;
	char *uri = NULL;
	struct ca_key_place place;
	int rc;

	if (ca_token_decode(plain, &uri, &pin) != 0)
		return 0;
	place = (struct ca_key_place){.uri = uri, .pin = pin};
	rc = ca_token_open(&place, ret, err);
	if (rc != 0)
		err_context(err, "%s", uri);
	free(uri);
	secret_free(pin);
	return rc == 0 ? 1 : -1;
}

static int
open_key(const struct secret *plain, enum ca_key_kind kind,
    struct ca_signer **ret, struct err *err)
{
	EVP_PKEY *key;
	int got = open_token(plain, ret, err);

	if (got != 0)
		return got == 1 ? 0 : -1;
	key = ca_key_decode(plain, kinds[kind].type);
	if (key == NULL)
		return ca_openssl_err(err, ERR_STORAGE, "decode the CA key");
	return wrap(key, ret, err);
}

int
ca_signer_file_open(enum ca_key_kind kind, struct vault *vault,
    const char *path, struct ca_signer **ret, struct err *err)
{
	struct secret *plain = NULL;
	struct buf sealed;
	int rc;

	buf_init(&sealed, KEY_FILE_MAX);
	rc = file_read(path, KEY_FILE_MAX, &sealed, err);
	if (rc == 0)
		rc = vault_unseal(vault, kinds[kind].purpose, sealed.data,
		    sealed.len, &plain, err);
	if (rc == 0)
		rc = open_key(plain, kind, ret, err);
	if (rc != 0)
		err_context(err, "CA key %s", path);
	secret_free(plain);
	buf_free(&sealed);
	return rc;
}
