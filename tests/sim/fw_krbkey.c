#include <krb5.h>
#include <string.h>

#include "fw_internal.h"

/* Keys from a passphrase: RC4 (RFC 4757, no salt) and AES (RFC 3962, the salt
 * and count the caller says, which need not be those of the directory). */

static int
derive(const struct fw_passphrase *p, krb5_enctype type,
    const krb5_data *params, uint8_t *ret, size_t len)
{
	krb5_data phrase, salt;
	krb5_keyblock key;
	int rc = -1;

	memset(&key, 0, sizeof(key));
	memset(&phrase, 0, sizeof(phrase));
	memset(&salt, 0, sizeof(salt));
	phrase.length = (unsigned)strlen(p->passphrase);
	phrase.data = fw_strndup(p->passphrase, phrase.length);
	salt.length = (unsigned)strlen(p->salt);
	salt.data = fw_strndup(p->salt, salt.length);
	if (krb5_c_string_to_key_with_params(
		NULL, type, &phrase, &salt, params, &key) == 0) {
		if (key.length == len) {
			memcpy(ret, key.contents, len);
			rc = 0;
		}
		krb5_free_keyblock_contents(NULL, &key);
	}
	memset(phrase.data, 0, phrase.length);
	krb5_free_data_contents(NULL, &phrase);
	krb5_free_data_contents(NULL, &salt);
	return rc;
}

int
fw_krb_derive(struct sim_state *s, const struct fw_passphrase *p)
{
	char count[4];
	krb5_data params;

	memset(&params, 0, sizeof(params));
	count[0] = (char)(p->iterations >> 24);
	count[1] = (char)(p->iterations >> 16 & 255);
	count[2] = (char)(p->iterations >> 8 & 255);
	count[3] = (char)(p->iterations & 255);
	params.data = count;
	params.length = sizeof(count);
	if (derive(p, ENCTYPE_ARCFOUR_HMAC, NULL, s->krb_rc4, 16) != 0 ||
	    derive(p, ENCTYPE_AES128_CTS_HMAC_SHA1_96, &params, s->krb_aes128,
		16) != 0 ||
	    derive(p, ENCTYPE_AES256_CTS_HMAC_SHA1_96, &params, s->krb_aes256,
		32) != 0)
		return -1;
	s->krb_has_rc4 = s->krb_has_aes = true;
	return 0;
}
