#ifndef JWT_INTERNAL_H_
#define JWT_INTERNAL_H_
#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct json_object;

/* JSON Web Tokens (RFC 7519) in compact form, signed (RFC 7515), with a key of
 * RSA from 2048 bits (RS256) or P-256, P-384, P-521 (ES256, ES384, ES512). */

/* "RS256" ...; NULL: not with this key. */
const char *ca_jwt_algorithm(const EVP_PKEY *key);
/* Append the token of a header, which alg is added to, and these claims.
 * ERR_INVALID: not with this key. */
int ca_jwt_sign(EVP_PKEY *key, struct json_object *header,
    struct json_object *claims, struct buf *out, struct err *err);
/* The thumbprint of the public key (RFC 7638), SHA-256, base64url. */
#define CA_JWT_THUMBPRINT 44
int ca_jwt_thumbprint(
    const EVP_PKEY *key, char ret[CA_JWT_THUMBPRINT], struct err *err);
/* Append in base64url, unpadded (RFC 7515, 2). */
void ca_base64url(struct buf *out, const uint8_t *bytes, size_t len);
#endif
