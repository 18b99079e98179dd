#ifndef VAULT_H_
#define VAULT_H_
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct secret;
struct vault;

/*
 * Seals secrets at rest: AES-256-GCM, a fresh 96-bit nonce each, the purpose as
 * additional data so that a blob cannot be used elsewhere.  Keys live in a key
 * file: one line per key, "KEYID:64 hex digits", the first seals, all open.
 * A file that does not answer is not an empty one: nothing is made in its
 * place.
 */
/* A new key file (mode 0600); ERR_CONFLICT when path exists. */
int vault_create(const char *path, struct err *err);
/* ERR_NOTFOUND, ERR_DENIED (readable by others), ERR_STORAGE (damaged). */
int vault_open(const char *path, struct vault **ret_vault, struct err *err);
void vault_close(struct vault *v); /* NULL is allowed */
/* Append the sealed form of s; purpose e.g. "device:12:admin". */
int vault_seal(struct vault *v, const char *purpose, const struct secret *s,
    struct buf *out, struct err *err);
/* The reverse; ERR_STORAGE when key, purpose or bytes do not fit. */
int vault_unseal(struct vault *v, const char *purpose, const uint8_t *blob,
    size_t len, struct secret **ret_secret, struct err *err);
#endif
