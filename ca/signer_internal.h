#ifndef CA_SIGNER_INTERNAL_H_
#define CA_SIGNER_INTERNAL_H_
#include <openssl/types.h>

#include "der.h"

struct buf;
struct ca_key_place;
struct err;
struct secret;
struct vault;

/*
 * A key that signs, wherever it lives: in a PKCS#8 file of ours, sealed by the
 * vault, or in a token (token_internal.h), whose URI and PIN are then what the
 * sealed file holds.  Only a digest crosses.
 */
struct ca_signer_ops {
	/* Append the signature of a SHA-384 digest. */
	int (*sign)(void *self, const uint8_t *digest, size_t len,
	    struct buf *out, struct err *err);
	void (*free)(void *self);
};

struct ca_signer;

/* A private key and how to use it: a library context and properties that fetch
 * the code for it (NULLs: OpenSSL's default). */
struct ca_key_use {
	EVP_PKEY *key;
	OSSL_LIB_CTX *library;
	const char *properties;
};
/* Append its signature of a SHA-384 digest. */
int ca_key_sign(const struct ca_key_use *use, const uint8_t *digest, size_t len,
    struct buf *out, struct err *err);

enum ca_key_kind { CA_KEY_ROOT /* P-384 */, CA_KEY_ISSUING /* RSA-3072 */ };

/* A new key, in memory only. */
int ca_signer_file_new(
    enum ca_key_kind kind, struct ca_signer **ret, struct err *err);
/* What the sealed file of a key holds. */
struct ca_key_file {
	enum ca_key_kind kind;
	const struct ca_key_place *place; /* a URI in it: the key is there */
	const char *path;
};
/* The key in f's place: a new one, in memory, when it has no URI. */
int ca_signer_make(
    const struct ca_key_file *f, struct ca_signer **ret, struct err *err);
/* Seal it, or the place where it is, into a new file; ERR_CONFLICT when path
 * exists. */
int ca_signer_file_save(const struct ca_signer *s, const struct ca_key_file *f,
    struct vault *vault, struct err *err);
int ca_signer_file_open(enum ca_key_kind kind, struct vault *vault,
    const char *path, struct ca_signer **ret, struct err *err);

/* A private key as PKCS#8 in a secret, and back ("RSA", "EC"); NULL when
 * OpenSSL fails or it is of another type. Given. */
struct secret *ca_key_encode(EVP_PKEY *key);
EVP_PKEY *ca_key_decode(const struct secret *plain, const char *type);

/* For implementations: pub is taken, self goes to ops. */
struct ca_signer *ca_signer_new(const struct ca_signer_ops *ops, void *self,
    EVP_PKEY *pub, struct err *err);
void *ca_signer_self(const struct ca_signer *s);
void ca_signer_free(struct ca_signer *s); /* NULL is allowed */

/* AlgorithmIdentifier of its signatures. */
struct ca_span ca_signer_algorithm(const struct ca_signer *s);
/* SubjectPublicKeyInfo. */
struct ca_span ca_signer_spki(const struct ca_signer *s);
/* Bytes of what ca_signer_sign() makes of a tbs of this length, at most. */
size_t ca_signer_size(const struct ca_signer *s, size_t tbs_len);
/* Append SEQUENCE { tbs, algorithm, signature }: a certificate or a CRL. The
 * signature is checked with the public key before it leaves: a fault while
 * signing could give the key away. */
int ca_signer_sign(const struct ca_signer *s, struct ca_span tbs,
    struct buf *out, struct err *err);
#endif
