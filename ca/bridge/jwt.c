/* Tokens that one signs and many can check. */
#include "jwt_internal.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json_internal.h"
#include "pki_text.h"
#include "str.h"

#define RSA_BITS_MIN 2048
#define NUMBER_MAX 1024	   /* bytes of a modulus */
#define SIGNATURE_MAX 1024 /* bytes */
#define TEXT_MAX 65536
#define NUMBER_TEXT 2048 /* of one in base64url */

/* RFC 7518, 3.1 and 6.2.1.1 */
struct algorithm {
	const char *group; /* OpenSSL's name; NULL: RSA */
	const char *name, *curve, *digest;
	size_t size; /* of a coordinate, and of half a signature */
};

static const struct algorithm algorithms[] = {
    {NULL, "RS256", NULL, "SHA256", 0},
    {"prime256v1", "ES256", "P-256", "SHA256", 32},
    {"secp384r1", "ES384", "P-384", "SHA384", 48},
    {"secp521r1", "ES512", "P-521", "SHA512", 66},
};

static const struct algorithm *
find_algorithm(const EVP_PKEY *key)
{
	char group[64];
	size_t i, len;

	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
			EVP_PKEY_get_bits(key) <= 8 * NUMBER_MAX
		    ? &algorithms[0]
		    : NULL;
	if (!EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &len) != 1)
		return NULL;
	for (i = 1; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (str_eq(algorithms[i].group, group))
			return &algorithms[i];
	return NULL;
}

const char *
ca_jwt_algorithm(const EVP_PKEY *key)
{
	const struct algorithm *a = find_algorithm(key);

	return a == NULL ? NULL : a->name;
}

static const struct algorithm *
need_algorithm(const EVP_PKEY *key, struct err *err)
{
	const struct algorithm *a = find_algorithm(key);

	if (a == NULL)
		(void)err_set(err, ERR_INVALID,
		    "the key is neither RSA from %d bits nor P-256, P-384 or "
		    "P-521",
		    RSA_BITS_MIN);
	return a;
}

void
ca_base64url(struct buf *out, const uint8_t *bytes, size_t len)
{
	struct buf text;
	size_t i;

	buf_init(&text, TEXT_MAX);
	str_base64(&text, bytes, len);
	for (i = 0; i < text.len && text.data[i] != '='; i++) {
		if (text.data[i] == '+')
			buf_char(out, '-');
		else if (text.data[i] == '/')
			buf_char(out, '_');
		else
			buf_char(out, (char)text.data[i]);
	}
	buf_free(&text);
}

/* --- signing --- */

static bool
sign(EVP_PKEY *key, const struct algorithm *a, const struct buf *text,
    uint8_t *out, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	good = ctx != NULL &&
	    EVP_DigestSignInit_ex(
		ctx, NULL, a->digest, NULL, NULL, key, NULL) == 1 &&
	    EVP_DigestSign(ctx, out, len, text->data, text->len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

/* OpenSSL's two numbers in DER as JWS wants them: side by side, of full length
 * (RFC 7518, 3.4). */
static bool
flatten(uint8_t *signature, size_t *len, size_t size)
{
	const unsigned char *p = signature;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)*len);
	bool good;

	good = pair != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, (int)size) > 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + size, (int)size) >
		0;
	*len = 2 * size;
	ECDSA_SIG_free(pair);
	return good;
}

static void
add_part(struct json_object *part, struct buf *out)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	ca_json_write(part, &text);
	ca_base64url(out, text.data, text.len);
	if (text.over)
		out->over = true;
	buf_free(&text);
}

int
ca_jwt_sign(EVP_PKEY *key, struct json_object *header,
    struct json_object *claims, struct buf *out, struct err *err)
{
	const struct algorithm *a = need_algorithm(key, err);
	uint8_t signature[SIGNATURE_MAX];
	size_t len = sizeof(signature);
	struct buf text;
	int rc = -1;

	if (a == NULL)
		return -1;
	ca_json_add(header, "alg", a->name);
	buf_init(&text, TEXT_MAX);
	add_part(header, &text);
	buf_char(&text, '.');
	add_part(claims, &text);
	if (text.over) {
		(void)err_set(err, ERR_INVALID,
		    "the token is too long: our certificate has a long chain");
	} else if (!sign(key, a, &text, signature, &len) ||
	    (a->size != 0 && !flatten(signature, &len, a->size))) {
		(void)ca_openssl_err(
		    err, ERR_INVALID, "a token cannot be signed");
	} else {
		buf_add(out, text.data, text.len);
		buf_char(out, '.');
		ca_base64url(out, signature, len);
		rc = 0;
	}
	buf_free(&text);
	return rc;
}

/* --- thumbprint --- */

/* A number of the public key, as so many bytes; 0: as it is. */
static bool
add_number(
    const EVP_PKEY *key, const char *name, size_t size, char out[NUMBER_TEXT])
{
	uint8_t bytes[NUMBER_MAX];
	BIGNUM *n = NULL;
	struct buf text;
	int len = -1;

	if (EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
	    BN_num_bytes(n) <= NUMBER_MAX)
		len = size == 0 ? BN_bn2bin(n, bytes)
				: BN_bn2binpad(n, bytes, (int)size);
	BN_free(n);
	if (len < 0)
		return false;
	buf_init(&text, NUMBER_TEXT - 1);
	ca_base64url(&text, bytes, (size_t)len);
	memcpy(out, buf_text(&text), text.len + 1);
	buf_free(&text);
	return true;
}

int
ca_jwt_thumbprint(
    const EVP_PKEY *key, char ret[CA_JWT_THUMBPRINT], struct err *err)
{
	const struct algorithm *a = need_algorithm(key, err);
	char first[NUMBER_TEXT], second[NUMBER_TEXT];
	uint8_t hash[32];
	struct buf text;
	bool good;

	if (a == NULL)
		return -1;
	good = a->size == 0
	    ? add_number(key, OSSL_PKEY_PARAM_RSA_E, 0, first) &&
		add_number(key, OSSL_PKEY_PARAM_RSA_N, 0, second)
	    : add_number(key, OSSL_PKEY_PARAM_EC_PUB_X, a->size, first) &&
		add_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, a->size, second);
	if (!good)
		return ca_openssl_err(
		    err, ERR_INVALID, "the key's numbers cannot be read");
	/* The members in the order of their names, no white space. */
	buf_init(&text, TEXT_MAX);
	if (a->size == 0)
		buf_printf(&text, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}",
		    first, second);
	else
		buf_printf(&text,
		    "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
		    a->curve, first, second);
	str_sha256(text.data, text.len, hash);
	buf_reset(&text);
	ca_base64url(&text, hash, sizeof(hash));
	memcpy(ret, buf_text(&text), text.len + 1);
	buf_free(&text);
	return 0;
}
