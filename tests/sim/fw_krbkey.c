#include <krb5.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#include "fw_internal.h"

/* Keys from a passphrase.  AES is done with the count and salt the caller says,
 * which need not be the directory's; libkrb5 would refuse a count below 4096,
 * firmware is not known to. */

/* RFC 4757 2: MD4 of the UTF-16 text, the NT hash. */
static int
derive_rc4(const char *passphrase, uint8_t ret[16])
{
	krb5_data phrase, salt;
	krb5_keyblock key;
	int rc = -1;

	memset(&key, 0, sizeof(key));
	memset(&salt, 0, sizeof(salt));
	memset(&phrase, 0, sizeof(phrase));
	phrase.length = (unsigned)strlen(passphrase);
	phrase.data = fw_strndup(passphrase, phrase.length);
	if (krb5_c_string_to_key(
		NULL, ENCTYPE_ARCFOUR_HMAC, &phrase, &salt, &key) == 0) {
		if (key.length == 16) {
			memcpy(ret, key.contents, 16);
			rc = 0;
		}
		krb5_free_keyblock_contents(NULL, &key);
	}
	OPENSSL_cleanse(phrase.data, phrase.length);
	krb5_free_data_contents(NULL, &phrase);
	return rc;
}

/* RFC 3961 5.1: DK(key, "kerberos"). */
static int
fold(const char *cipher, uint8_t *key, size_t len, uint8_t *ret)
{
	char name[16], constant[] = "kerberos";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KRB5KDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[4];
	int rc = -1;

	fw_copy(name, sizeof(name), cipher);
	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_CIPHER, name, 0);
	params[1] =
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, len);
	params[2] = OSSL_PARAM_construct_octet_string(
	    OSSL_KDF_PARAM_CONSTANT, constant, strlen(constant));
	params[3] = OSSL_PARAM_construct_end();
	if (ctx != NULL && EVP_KDF_derive(ctx, ret, len, params) == 1)
		rc = 0;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return rc;
}

/* RFC 3962 4. */
static int
derive_aes(
    const struct fw_passphrase *p, const char *cipher, uint8_t *ret, size_t len)
{
	uint8_t first[32];
	int rc = -1;

	if (PKCS5_PBKDF2_HMAC_SHA1(p->passphrase, -1,
		(const unsigned char *)p->salt, (int)strlen(p->salt),
		(int)p->iterations, (int)len, first) == 1)
		rc = fold(cipher, first, len, ret);
	OPENSSL_cleanse(first, sizeof(first));
	return rc;
}

int
fw_krb_derive(struct sim_state *s, const struct fw_passphrase *p)
{
	if (derive_rc4(p->passphrase, s->krb_rc4) != 0 ||
	    derive_aes(p, "AES-128-CBC", s->krb_aes128, 16) != 0 ||
	    derive_aes(p, "AES-256-CBC", s->krb_aes256, 32) != 0)
		return -1;
	s->krb_has_rc4 = s->krb_has_aes = true;
	return 0;
}
