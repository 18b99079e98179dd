/* A signer whose key is in a token; token_*.c get at it. */
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "signer_internal.h"
#include "str.h"
#include "token_internal.h"

#define URI_MAX 512
#define RSA_MIN 3072
#define HEAD                                                                   \
	"amtkeeper key in a token\n" /* then the URI, a newline, the PIN       \
				      */
/* A wrong PIN may show with the first signature only, and each one counts. */
#define FAILURES_MAX 3

struct token_signer {
	struct ca_token token;
	pthread_mutex_t mutex; /* a token does one thing at a time */
	int failures;	       /* since the last signature */
};

/* --- the URI --- */

static const struct {
	const char *start;
	int (*open)(const struct ca_key_place *place, struct ca_token *ret,
	    struct err *err);
} kinds[] = {
    {"pkcs11:", ca_token_pkcs11},
    {"handle:0x", ca_token_tpm},
    {"file:/", ca_token_tpm},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static size_t
kind_of(const char *uri)
{
	size_t i;

	for (i = 0; i < KIND_COUNT; i++)
		if (str_starts(uri, kinds[i].start))
			break;
	return i;
}

/* NULL, or what is wrong with it. */
static const char *
check_pkcs11(const char *uri)
{
	static const char module[] = "?module-path=/";
	const char *query = strchr(uri, '?');

	if (strstr(uri, "pin-value=") != NULL ||
	    strstr(uri, "pin-source=") != NULL)
		return "the PIN does not belong in it, but in a file of its "
		       "own";
	if (strstr(uri, "object=") == NULL && strstr(uri, "id=") == NULL)
		return "it must say which key, by object= or id=";
	if (query != NULL &&
	    (!str_starts(query, module) || strpbrk(query, "%&") != NULL))
		return "behind the question mark there may be module-path=, "
		       "with a plain absolute path, and nothing else";
	return NULL;
}

int
ca_token_check(const char *uri, struct err *err)
{
	size_t i, kind = kind_of(uri);
	const char *why = NULL;

	if (strlen(uri) > URI_MAX)
		why = "it is too long";
	for (i = 0; why == NULL && uri[i] != '\0'; i++)
		if (uri[i] <= ' ' || uri[i] > '~')
			why = "it holds a space or another character that "
			      "must be written as %XX";
	if (why == NULL && kind == KIND_COUNT)
		why = "a key's URI begins with pkcs11:, handle:0x or file:/";
	if (why == NULL && kinds[kind].open == ca_token_pkcs11)
		why = check_pkcs11(uri);
	return why == NULL ? 0 : err_set(err, ERR_INVALID, "key URI: %s", why);
}

/* --- as text --- */

struct secret *
ca_token_encode(const struct ca_key_place *place)
{
	const char *pin = place->pin != NULL ? secret_text(place->pin) : "";
	char *text = mem_printf(HEAD "%s\n%s", place->uri, pin);
	size_t len = strlen(text);
	struct secret *result = secret_new(text, len);

	secret_wipe(text, len);
	free(text);
	return result;
}

int
ca_token_decode(
    const struct secret *text, char **ret_uri, struct secret **ret_pin)
{
	const char *uri, *end;
	size_t len;

	if (!str_starts(secret_text(text), HEAD))
		return -1;
	uri = secret_text(text) + strlen(HEAD);
	len = strcspn(uri, "\n");
	end = uri + len;
	*ret_uri = mem_dup_len(uri, len);
	*ret_pin = *end == '\0' || end[1] == '\0'
	    ? NULL
	    : secret_new(end + 1, strlen(end + 1));
	return 0;
}

/* --- the signer --- */

static int
sign_alone(struct token_signer *s, const uint8_t *digest, size_t len,
    struct buf *out, struct err *err)
{
	if (s->failures >= FAILURES_MAX)
		return err_set(err, ERR_STORAGE,
		    "the token refused %d signatures and is left alone until "
		    "this program starts again; was its PIN changed?",
		    FAILURES_MAX);
	if (ca_key_sign(&s->token.use, digest, len, out, err) != 0) {
		s->failures++;
		return -1;
	}
	s->failures = 0;
	return 0;
}

static int
token_sign(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	struct token_signer *s = self;
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = sign_alone(s, digest, len, out, err);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

static void
token_free(void *self)
{
	struct token_signer *s = self;

	EVP_PKEY_free(s->token.use.key);
	if (s->token.close != NULL)
		s->token.close(s->token.self);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

static const struct ca_signer_ops token_ops = {token_sign, token_free};

/* The public half, for OpenSSL's own code. */
static EVP_PKEY *
public_half(const EVP_PKEY *key, struct err *err)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	EVP_PKEY *result = NULL;
	int len = i2d_PUBKEY(key, &der);

	p = der;
	if (len > 0)
		result = d2i_PUBKEY(NULL, &p, len);
	OPENSSL_free(der);
	if (result == NULL)
		ca_openssl_err(err, ERR_INVALID,
		    "the token does not give the public key; is it stored "
		    "beside the private one?");
	return result;
}

static int
check_strength(const EVP_PKEY *pub, struct err *err)
{
	char group[32] = "";

	if (EVP_PKEY_is_a(pub, "RSA"))
		return EVP_PKEY_get_bits(pub) >= RSA_MIN
		    ? 0
		    : err_set(err, ERR_INVALID,
			  "the key in the token has %d bits; an RSA key of a "
			  "CA has %d at least",
			  EVP_PKEY_get_bits(pub), RSA_MIN);
	if (EVP_PKEY_is_a(pub, "EC"))
		(void)EVP_PKEY_get_group_name(pub, group, sizeof(group), NULL);
	if (str_eq(group, SN_X9_62_prime256v1) || str_eq(group, SN_secp384r1) ||
	    str_eq(group, SN_secp521r1))
		return 0;
	return err_set(err, ERR_INVALID,
	    "the key in the token is neither RSA nor EC on P-256, P-384 or "
	    "P-521");
}

int
ca_token_open(
    const struct ca_key_place *place, struct ca_signer **ret, struct err *err)
{
	struct token_signer *s;
	struct ca_signer *signer;
	EVP_PKEY *pub = NULL;

	if (ca_token_check(place->uri, err) != 0)
		return -1;
	s = mem_alloc(sizeof(*s));
	pthread_mutex_init(&s->mutex, NULL);
	if (kinds[kind_of(place->uri)].open(place, &s->token, err) != 0)
		goto fail;
	pub = public_half(s->token.use.key, err);
	if (pub == NULL || check_strength(pub, err) != 0)
		goto fail;
	signer = ca_signer_new(&token_ops, s, pub, err); /* takes both */
	if (signer == NULL)
		return -1;
	*ret = signer;
	return 0;
fail:
	EVP_PKEY_free(pub);
	token_free(s);
	return -1;
}
