#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "digest_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "str.h"
#include "wsman.h"

#define MD5_LEN 16
#define CNONCE_LEN 16
#define CHALLENGE_MAX 2048 /* characters of a whole challenge */
#define VALUE_MAX 256	   /* of one parameter of it */

struct wsman_digest {
	char *realm;
	char *nonce;
	char *opaque;  /* NULL: none given */
	bool auth_int; /* the device wants the body protected as well */
	uint32_t count;
	char cnonce[2 * CNONCE_LEN + 1]; /* "": none yet */
};

/* --- reading a challenge --- */

/* One word, or one name with its value, of a WWW-Authenticate header. */
struct item {
	struct buf name;
	struct buf value;
	bool has_value;
};

static bool
is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static const char *
read_quoted(const char *at, struct buf *value)
{
	for (at++; *at != '\0' && *at != '"'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		buf_char(value, *at);
	}
	return *at == '"' ? at + 1 : at;
}

static const char *
read_bare(const char *at, struct buf *value, const char *stops)
{
	for (; *at != '\0' && !is_separator(*at) && strchr(stops, *at) == NULL;
	     at++)
		buf_char(value, *at);
	return at;
}

/* The next item, or NULL at the end.  Real devices separate parameters by
 * commas, by blanks, or by both (RFC 2617 wants commas). */
static const char *
read_item(const char *at, struct item *item)
{
	buf_reset(&item->name);
	buf_reset(&item->value);
	item->has_value = false;
	while (is_separator(*at))
		at++;
	if (*at == '\0')
		return NULL;
	at = read_bare(at, &item->name, "=");
	if (*at != '=')
		return at;
	item->has_value = true;
	at++;
	return *at == '"' ? read_quoted(at, &item->value)
			  : read_bare(at, &item->value, "");
}

/* "auth", "auth-int, auth", "auth auth-int  auth": is this word in it? */
static bool
offers(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	while (*list != '\0') {
		while (is_separator(*list))
			list++;
		n = strcspn(list, " \t,");
		if (n == len && strncasecmp(list, word, n) == 0)
			return true;
		list += n;
	}
	return false;
}

static int
take_item(
    struct wsman_digest *d, bool *qop, const struct item *item, struct err *err)
{
	const char *name = buf_text(&item->name);
	const char *value = buf_text(&item->value);

	if (item->value.over || item->name.over)
		return err_set(
		    err, ERR_PROTOCOL, "Digest challenge: value too long");
	if (str_ieq(name, "realm")) {
		mem_replace(&d->realm, value);
	} else if (str_ieq(name, "nonce")) {
		mem_replace(&d->nonce, value);
	} else if (str_ieq(name, "opaque")) {
		mem_replace(&d->opaque, value);
	} else if (str_ieq(name, "qop")) {
		*qop = offers(value, "auth") || offers(value, "auth-int");
		d->auth_int = !offers(value, "auth");
	} else if (str_ieq(name, "algorithm") && !str_ieq(value, "MD5")) {
		return err_set(err, ERR_PROTOCOL,
		    "Digest challenge: algorithm other than MD5");
	}
	return 0;
}

/* What is sent back in a header must be printable ASCII. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return false;
	return true;
}

static int
check_challenge(const struct wsman_digest *d, bool qop, struct err *err)
{
	if (str_empty(d->realm) || str_empty(d->nonce))
		return err_set(err, ERR_PROTOCOL,
		    "Digest challenge: without realm or nonce");
	if (!qop)
		return err_set(err, ERR_PROTOCOL,
		    "Digest challenge: neither qop auth nor auth-int");
	if (!is_plain(d->realm) || !is_plain(d->nonce) ||
	    (d->opaque != NULL && !is_plain(d->opaque)))
		return err_set(err, ERR_PROTOCOL,
		    "Digest challenge: unprintable characters");
	return 0;
}

/* Items up to the scheme that follows Digest; further challenges may stand in
 * the same header (RFC 9110, 11.6.1). */
static int
read_challenge(
    const char *at, struct wsman_digest *d, struct item *item, struct err *err)
{
	bool ours = false, qop = false;

	while ((at = read_item(at, item)) != NULL) {
		if (!item->has_value && ours)
			break;
		if (!item->has_value)
			ours = str_ieq(buf_text(&item->name), "Digest");
		else if (ours && take_item(d, &qop, item, err) != 0)
			return -1;
	}
	if (!ours)
		return err_set(err, ERR_NOTFOUND, "no Digest challenge");
	return check_challenge(d, qop, err);
}

int
wsman_digest_parse(
    const char *challenge, struct wsman_digest **ret_digest, struct err *err)
{
	struct wsman_digest *d = NULL;
	struct item item;
	int rc = -1;

	if (strlen(challenge) > CHALLENGE_MAX)
		return err_set(
		    err, ERR_PROTOCOL, "authentication challenge too long");
	buf_init(&item.name, VALUE_MAX);
	buf_init(&item.value, VALUE_MAX);
	d = mem_alloc(sizeof(*d));
	if (read_challenge(challenge, d, &item, err) != 0)
		goto out;
	*ret_digest = d;
	d = NULL;
	rc = 0;
out:
	wsman_digest_free(d);
	buf_free(&item.name);
	buf_free(&item.value);
	return rc;
}

void
wsman_digest_free(struct wsman_digest *d)
{
	if (d == NULL)
		return;
	free(d->realm);
	free(d->nonce);
	free(d->opaque);
	free(d);
}

const char *
wsman_digest_realm(const struct wsman_digest *d)
{
	return d->realm;
}

/* --- answering it --- */

struct part {
	const void *bytes;
	size_t len;
};

static struct part
text_part(const char *text)
{
	return (struct part){text, strlen(text)};
}

static EVP_MD *md5; /* for ever */

/* Also where the default is FIPS: the protocol has nothing else. */
static void
fetch_md5(void)
{
	md5 = EVP_MD_fetch(NULL, "MD5", "-fips");
}

/* MD5 of the parts with colons between them. */
static int
md5_joined(const struct part *parts, size_t count, uint8_t out[MD5_LEN],
    struct err *err)
{
	static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx != NULL &&
	    CRYPTO_THREAD_run_once(&once, fetch_md5) == 1 && md5 != NULL &&
	    EVP_DigestInit_ex(ctx, md5, NULL) == 1;
	unsigned len = 0;
	size_t i;

	for (i = 0; good && i < count; i++)
		good = (i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1) &&
		    EVP_DigestUpdate(ctx, parts[i].bytes, parts[i].len) == 1;
	good = good && EVP_DigestFinal_ex(ctx, out, &len) == 1;
	EVP_MD_CTX_free(ctx);
	if (!good)
		return err_set(err, ERR_LIMIT, "OpenSSL offers no MD5");
	return 0;
}

static int
md5_hex(const struct part *parts, size_t count, char out[DIGEST_HEX],
    struct err *err)
{
	uint8_t bytes[MD5_LEN];

	if (md5_joined(parts, count, bytes, err) != 0)
		return -1;
	str_hex(bytes, sizeof(bytes), out);
	secret_wipe(bytes, sizeof(bytes));
	return 0;
}

static int
ha1(const char *user, const char *realm, const struct secret *password,
    uint8_t out[MD5_LEN], struct err *err)
{
	struct part parts[3];

	parts[0] = text_part(user);
	parts[1] = text_part(realm);
	parts[2].bytes = secret_bytes(password, &parts[2].len);
	return md5_joined(parts, 3, out, err);
}

static int
ha2_hex(const struct digest_input *in, char out[DIGEST_HEX], struct err *err)
{
	const struct wsman_digest_request *request = in->request;
	struct part body = {request->body, request->body_len};
	struct part parts[3];
	char body_hex[DIGEST_HEX];

	parts[0] = text_part(request->method);
	parts[1] = text_part(request->uri);
	if (!in->auth_int)
		return md5_hex(parts, 2, out, err);
	if (md5_hex(&body, 1, body_hex, err) != 0)
		return -1;
	parts[2] = text_part(body_hex);
	return md5_hex(parts, 3, out, err);
}

int
wsman_digest_response(
    const struct digest_input *in, char out[DIGEST_HEX], struct err *err)
{
	const struct wsman_digest_request *request = in->request;
	uint8_t key[MD5_LEN];
	char key_hex[DIGEST_HEX] = "", request_hex[DIGEST_HEX];
	struct part parts[6];
	int rc = -1;

	if (ha1(request->user, in->realm, request->password, key, err) != 0 ||
	    ha2_hex(in, request_hex, err) != 0)
		goto out;
	str_hex(key, sizeof(key), key_hex);
	parts[0] = text_part(key_hex);
	parts[1] = text_part(in->nonce);
	parts[2] = text_part(in->nc);
	parts[3] = text_part(in->cnonce);
	parts[4] = text_part(in->auth_int ? "auth-int" : "auth");
	parts[5] = text_part(request_hex);
	rc = md5_hex(parts, 6, out, err);
out:
	secret_wipe(key, sizeof(key));
	secret_wipe(key_hex, sizeof(key_hex));
	return rc;
}

static void
add_quoted(struct buf *out, const char *name, const char *text)
{
	size_t plain;

	buf_printf(out, "%s=\"", name);
	for (;;) {
		plain = strcspn(text, "\"\\");
		buf_add(out, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		buf_char(out, '\\');
		buf_char(out, *text++);
	}
	buf_char(out, '"');
}

/* One for all answers to a challenge: the device had to choose its nonce before
 * it saw this, and the count makes each answer another. */
static int
make_cnonce(struct wsman_digest *d, struct err *err)
{
	uint8_t random[CNONCE_LEN];

	if (d->cnonce[0] != '\0')
		return 0;
	if (RAND_bytes(random, sizeof(random)) != 1)
		return err_set(err, ERR_LIMIT, "no random bytes");
	str_hex(random, sizeof(random), d->cnonce);
	return 0;
}

int
wsman_digest_answer(struct wsman_digest *d,
    const struct wsman_digest_request *request, struct buf *out,
    struct err *err)
{
	struct digest_input in = {.request = request,
	    .realm = d->realm,
	    .nonce = d->nonce,
	    .auth_int = d->auth_int};
	char nc[9], response[DIGEST_HEX];

	if (d->count == UINT32_MAX)
		return err_set(err, ERR_LIMIT, "Digest nonce is used up");
	if (make_cnonce(d, err) != 0)
		return -1;
	/* Firmware refuses a count of fewer digits. */
	(void)snprintf(nc, sizeof(nc), "%08x", d->count + 1);
	in.nc = nc;
	in.cnonce = d->cnonce;
	if (wsman_digest_response(&in, response, err) != 0)
		return -1;
	d->count++;
	buf_str(out, "Digest ");
	add_quoted(out, "username", request->user);
	add_quoted(out, ", realm", d->realm);
	add_quoted(out, ", nonce", d->nonce);
	add_quoted(out, ", uri", request->uri);
	buf_printf(out, ", qop=%s, nc=%s, cnonce=\"%s\", response=\"%s\"",
	    d->auth_int ? "auth-int" : "auth", nc, d->cnonce, response);
	if (d->opaque != NULL)
		add_quoted(out, ", opaque", d->opaque);
	return 0;
}

int
wsman_digest_ha1(struct buf *out, const char *user, const char *realm,
    const struct secret *password, struct err *err)
{
	uint8_t key[MD5_LEN];

	if (ha1(user, realm, password, key, err) != 0)
		return -1;
	str_base64(out, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	return 0;
}
