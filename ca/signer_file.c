#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "buf.h"
#include "ca_internal.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "secret.h"
#include "signer_internal.h"
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

static int
file_sign(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, self, NULL);
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
ca_signer_file_save(const struct ca_signer *s, struct vault *vault,
    const char *path, struct err *err)
{
	EVP_PKEY *key = ca_signer_self(s);
	enum ca_key_kind kind =
	    EVP_PKEY_is_a(key, "RSA") ? CA_KEY_ISSUING : CA_KEY_ROOT;
	struct secret *plain = ca_key_encode(key);
	struct buf sealed;
	int rc = -1;

	buf_init(&sealed, KEY_FILE_MAX);
	if (plain == NULL)
		ca_openssl_err(err, ERR_STORAGE, "encode a CA key");
	else if (vault_seal(vault, kinds[kind].purpose, plain, &sealed, err) ==
	    0)
		rc = file_write(path, sealed.data, sealed.len, 0600, true, err);
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

int
ca_signer_file_open(enum ca_key_kind kind, struct vault *vault,
    const char *path, struct ca_signer **ret, struct err *err)
{
	struct secret *plain = NULL;
	EVP_PKEY *key = NULL;
	struct buf sealed;
	int rc = -1;

	buf_init(&sealed, KEY_FILE_MAX);
	if (file_read(path, KEY_FILE_MAX, &sealed, err) != 0)
		goto out;
	if (vault_unseal(vault, kinds[kind].purpose, sealed.data, sealed.len,
		&plain, err) != 0) {
		err_context(err, "CA key %s", path);
		goto out;
	}
	key = ca_key_decode(plain, kinds[kind].type);
	if (key == NULL)
		ca_openssl_err(err, ERR_STORAGE, "decode the CA key");
	else
		rc = wrap(key, ret, err);
out:
	secret_free(plain);
	buf_free(&sealed);
	return rc;
}
