/* Keys that stand for a user: 256 random bits. */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "access_internal.h"
#include "err.h"
#include "secret.h"
#include "str.h"

#define KEY 32

struct secret *
access_random_key(const char *prefix, struct err *err)
{
	char hex[2 * KEY + 1], text[2 * KEY + 16];
	struct secret *key = NULL;
	uint8_t bytes[KEY];

	if (RAND_bytes(bytes, sizeof(bytes)) == 1) {
		str_hex(bytes, sizeof(bytes), hex);
		(void)snprintf(text, sizeof(text), "%s%s", prefix, hex);
		key = secret_new(text, strlen(text));
	} else {
		(void)err_set(err, ERR_LIMIT, "no random numbers");
	}
	secret_wipe(bytes, sizeof(bytes));
	secret_wipe(hex, sizeof(hex));
	secret_wipe(text, sizeof(text));
	return key;
}

void
access_key_hash(const char *text, uint8_t out[ACCESS_SHA256])
{
	str_sha256(text, strlen(text), out);
}
