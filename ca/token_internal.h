#ifndef CA_TOKEN_INTERNAL_H_
#define CA_TOKEN_INTERNAL_H_
#include "signer_internal.h"

struct ca_key_place;
struct err;
struct secret;

/*
 * A key that never leaves where it is: a PKCS#11 token (RFC 7512 URI), or a TPM
 * (a persistent handle, or a file in TSS2 PEM form that only that TPM opens).
 */

/* What a kind of token hands over, in a zeroed struct; on failure it holds what
 * is to be closed all the same. */
struct ca_token {
	struct ca_key_use use;
	void *self;
	void (*close)(void *self); /* after the key is freed; NULL: nothing */
};
/* One kind of URI. Neither asks anybody for a PIN, and neither tries one
 * twice: tokens lock themselves after a few wrong ones. */
int ca_token_pkcs11(
    const struct ca_key_place *place, struct ca_token *ret, struct err *err);
int ca_token_tpm(
    const struct ca_key_place *place, struct ca_token *ret, struct err *err);

/* Is this a URI we can use? ERR_INVALID. No token is touched. */
int ca_token_check(const char *uri, struct err *err);
/* The key there as a signer; RSA of 3072 bits and more, P-256, P-384 or P-521.
 * ERR_NOTFOUND when it is not there or the PIN is not right, ERR_INVALID. */
int ca_token_open(
    const struct ca_key_place *place, struct ca_signer **ret, struct err *err);

/* The place as text to be sealed, and back; *ret_uri and *ret_pin (NULL: none)
 * are given. -1: the text is not of a place. */
struct secret *ca_token_encode(const struct ca_key_place *place);
int ca_token_decode(
    const struct secret *text, char **ret_uri, struct secret **ret_pin);
#endif
