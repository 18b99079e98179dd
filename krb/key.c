#include <string.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "secret.h"

#define ROUNDS_MAX 1000000 /* more is an attack on our CPU, not a policy */
#define ROUNDS_SIZE 4
#define SALT_MAX 1024

static const struct {
	const char *word;
	krb5_enctype type;
} types[] = {
    [KRB_AES256] = {"aes256", ENCTYPE_AES256_CTS_HMAC_SHA1_96},
    [KRB_AES128] = {"aes128", ENCTYPE_AES128_CTS_HMAC_SHA1_96},
    [KRB_RC4] = {"rc4", ENCTYPE_ARCFOUR_HMAC},
    /* What others may have, and no device. */
    {"aes256-sha384", ENCTYPE_AES256_CTS_HMAC_SHA384_192},
    {"aes128-sha256", ENCTYPE_AES128_CTS_HMAC_SHA256_128},
    {"des-md5", ENCTYPE_DES_CBC_MD5},
    {"des-crc", ENCTYPE_DES_CBC_CRC},
    {"des3", ENCTYPE_DES3_CBC_SHA1},
};

const char *
krb_type_name(enum krb_type type)
{
	return types[type].word;
}

krb5_enctype
krb_enctype_of(enum krb_type type)
{
	return types[type].type;
}

const char *
krb_enctype_name(krb5_enctype type)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].word;
	return "other";
}

/* libkrb5 reads what it is given; its struct has no const. */
static krb5_data
borrow(const void *bytes, size_t len)
{
	union {
		const void *in;
		void *out;
	} pointer = {.in = bytes};

	return (krb5_data){.length = (unsigned)len, .data = pointer.out};
}

static int
derive(krb5_enctype type, const struct secret *password, const char *salt,
    const krb5_data *parameters, struct secret **ret_key, struct err *err)
{
	krb5_data pass, salted = borrow(salt, strlen(salt));
	const uint8_t *bytes;
	krb5_keyblock key;
	krb5_error_code code;
	size_t len;

	memset(&key, 0, sizeof(key));
	bytes = secret_bytes(password, &len);
	pass = borrow(bytes, len);
	/* The crypto library needs no context, and knows no state. */
	code = krb5_c_string_to_key_with_params(
	    NULL, type, &pass, &salted, parameters, &key);
	if (code != 0)
		return err_native(err, ERR_INVALID, ERR_KRB5, code,
		    "no key of encryption type %d can be made of the password",
		    (int)type);
	*ret_key = secret_new(key.contents, key.length);
	secret_wipe(key.contents, key.length);
	krb5_free_keyblock_contents(NULL, &key);
	return 0;
}

int
krb_key_rc4(
    const struct secret *password, struct secret **ret_key, struct err *err)
{
	/* RFC 4757 2: MD4 of the password in UTF-16LE; no salt. */
	return derive(ENCTYPE_ARCFOUR_HMAC, password, "", NULL, ret_key, err);
}

int
krb_key_aes(struct krb *k, int bits, const struct secret *password,
    const char *salt, int64_t iterations, struct secret **ret_key,
    struct err *err)
{
	uint8_t rounds[ROUNDS_SIZE];
	krb5_data parameters;

	(void)k;
	if (bits != 128 && bits != 256)
		return err_set(
		    err, ERR_INVALID, "AES has no keys of %d bits", bits);
	if (iterations < 1 || iterations > ROUNDS_MAX)
		return err_set(err, ERR_LIMIT,
		    "%lld rounds of PBKDF2 are not between 1 and %d",
		    (long long)iterations, ROUNDS_MAX);
	rounds[0] = (uint8_t)(iterations >> 24 & 0xff);
	rounds[1] = (uint8_t)(iterations >> 16 & 0xff);
	rounds[2] = (uint8_t)(iterations >> 8 & 0xff);
	rounds[3] = (uint8_t)(iterations & 0xff);
	parameters = borrow(rounds, sizeof(rounds));
	return derive(bits == 256 ? ENCTYPE_AES256_CTS_HMAC_SHA1_96
				  : ENCTYPE_AES128_CTS_HMAC_SHA1_96,
	    password, salt, &parameters, ret_key, err);
}

int
krb_keys_make(struct krb *k, const char *account, const struct secret *password,
    struct krb_keys *ret, struct err *err)
{
	struct krb_keys keys = {{NULL}};
	int64_t rounds = 0;
	struct buf salt;
	int result;

	buf_init(&salt, SALT_MAX);
	result = krb_salt(k, account, &salt, &rounds, err);
	if (result == 0)
		result = krb_key_rc4(password, &keys.of[KRB_RC4], err);
	if (result == 0 && rounds > 0)
		result = krb_key_aes(k, 256, password, buf_text(&salt), rounds,
		    &keys.of[KRB_AES256], err);
	if (result == 0 && rounds > 0)
		result = krb_key_aes(k, 128, password, buf_text(&salt), rounds,
		    &keys.of[KRB_AES128], err);
	buf_free(&salt);
	if (result == 0)
		*ret = keys;
	else
		krb_keys_clear(&keys);
	return result;
}

void
krb_keys_clear(struct krb_keys *keys)
{
	size_t i;

	for (i = 0; i < KRB_TYPES; i++)
		secret_free(keys->of[i]);
	memset(keys, 0, sizeof(*keys));
}
