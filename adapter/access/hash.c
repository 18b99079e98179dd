/* Passwords at rest: scrypt (RFC 7914). */
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "access_internal.h"
#include "err.h"
#include "secret.h"
#include "str.h"

#define SALT 16
#define SALT_HEX 32
#define KEY 32
#define KEY_HEX 64
#define MEMORY_MAX (UINT64_C(256) << 20)

struct access_scrypt access_scrypt = {.ln = 15, .r = 8, .p = 3};

/* What a hash says of itself. */
struct parsed {
	struct access_scrypt cost;
	uint8_t salt[SALT], key[KEY];
};

static bool
derive(const struct access_scrypt *cost, const uint8_t salt[SALT],
    const struct secret *password, uint8_t out[KEY])
{
	size_t len;
	const uint8_t *bytes = secret_bytes(password, &len);

	return EVP_PBE_scrypt((const char *)bytes, len, salt, SALT,
		   UINT64_C(1) << cost->ln, (uint64_t)cost->r,
		   (uint64_t)cost->p, MEMORY_MAX, out, KEY) == 1;
}

int
access_hash(
    const struct secret *password, char out[ACCESS_HASH], struct err *err)
{
	char salt_hex[SALT_HEX + 1], key_hex[KEY_HEX + 1];
	uint8_t salt[SALT], key[KEY];

	if (RAND_bytes(salt, sizeof(salt)) != 1 ||
	    !derive(&access_scrypt, salt, password, key))
		return err_set(err, ERR_LIMIT, "the password cannot be hashed");
	str_hex(salt, sizeof(salt), salt_hex);
	str_hex(key, sizeof(key), key_hex);
	(void)snprintf(out, ACCESS_HASH,
	    "scrypt$ln=%" PRId64 ",r=%" PRId64 ",p=%" PRId64 "$%s$%s",
	    access_scrypt.ln, access_scrypt.r, access_scrypt.p, salt_hex,
	    key_hex);
	secret_wipe(key, sizeof(key));
	return 0;
}

/* A number behind this text, and where it ends; NULL. */
static const char *
read_cost(const char *at, const char *before, int64_t max, int64_t *ret)
{
	size_t len = strlen(before), digits;
	char text[8];

	if (at == NULL || strncmp(at, before, len) != 0)
		return NULL;
	at += len;
	digits = strspn(at, "0123456789");
	if (digits == 0 || digits >= sizeof(text))
		return NULL;
	memcpy(text, at, digits);
	text[digits] = '\0';
	return str_int(text, 1, max, ret) == 0 ? at + digits : NULL;
}

static bool
parse(const char *hash, struct parsed *ret)
{
	char hex[SALT_HEX + 1];
	const char *at = hash;

	at = read_cost(at, "scrypt$ln=", 20, &ret->cost.ln);
	at = read_cost(at, ",r=", 32, &ret->cost.r);
	at = read_cost(at, ",p=", 16, &ret->cost.p);
	if (at == NULL || *at++ != '$' || strlen(at) != SALT_HEX + 1 + KEY_HEX)
		return false;
	memcpy(hex, at, SALT_HEX);
	hex[SALT_HEX] = '\0';
	return at[SALT_HEX] == '$' && str_unhex(hex, ret->salt, SALT) == 0 &&
	    str_unhex(at + SALT_HEX + 1, ret->key, KEY) == 0;
}

bool
access_hash_is(const char *hash, const struct secret *password)
{
	struct parsed want = {.cost = access_scrypt};
	bool known = hash != NULL && parse(hash, &want), same;
	uint8_t key[KEY];

	if (!known)
		want = (struct parsed){.cost = access_scrypt};
	same = derive(&want.cost, want.salt, password, key) &&
	    CRYPTO_memcmp(key, want.key, KEY) == 0;
	secret_wipe(key, sizeof(key));
	return known && same;
}
