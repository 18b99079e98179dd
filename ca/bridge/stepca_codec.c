/* step-ca's formats; see stepca_internal.h. */
#include "stepca_internal.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fetch.h"
#include "json_internal.h"
#include "jwt_internal.h"
#include "str.h"

#define PEM_MAX 16384
#define AUDIENCE_MAX 1024
#define SERIAL_BYTES 20 /* RFC 5280, 4.1.2.2 */
#define TOKEN_LIFE 300
#define CLOCK_BEHIND 60 /* the CA's clock may be behind ours by this */

static struct json_object *
new_object(void)
{
	struct json_object *object = json_object_new_object();

	if (object == NULL)
		abort();
	return object;
}

static void
add_value(struct json_object *in, const char *name, struct json_object *value)
{
	if (value == NULL || json_object_object_add(in, name, value) != 0)
		abort();
}

static void
append_text(struct json_object *list, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (list == NULL || value == NULL ||
	    json_object_array_add(list, value) != 0)
		abort();
}

/* --- the token --- */

/* A name as it stands behind # in a URL that the CA writes: it compares them as
 * text. */
static void
add_fragment(struct buf *out, const char *name)
{
	buf_url(out, name, "$&+,/:;=?@!()*");
}

/* The certificates beside the signature (RFC 7515, 4.1.6). */
static void
add_chain(struct json_object *header, STACK_OF(X509) *chain)
{
	struct json_object *list = json_object_new_array();
	unsigned char *der;
	struct buf text;
	int i, len;

	buf_init(&text, PEM_MAX);
	for (i = 0; i < sk_X509_num(chain); i++) {
		der = NULL;
		len = i2d_X509(sk_X509_value(chain, i), &der);
		buf_reset(&text);
		if (len > 0)
			str_base64(&text, der, (size_t)len);
		append_text(list, buf_text(&text));
		OPENSSL_free(der);
	}
	add_value(header, "x5c", list);
	buf_free(&text);
}

/* Whose names it is good for, and which CSR: a token that is seen on its way
 * gets nobody else a certificate. */
static void
add_ask(struct json_object *claims, const struct ca_bridge_ask *ask)
{
	struct json_object *list = json_object_new_array();
	struct json_object *bound = new_object();
	uint8_t hash[32];
	struct buf text;
	size_t i;

	for (i = 0; i < ask->dns_count; i++)
		append_text(list, ask->dns[i]);
	if (ask->address != NULL)
		append_text(list, ask->address);
	add_value(claims, "sans", list);
	buf_init(&text, 64);
	str_sha256(ask->csr, ask->csr_len, hash);
	ca_base64url(&text, hash, sizeof(hash));
	ca_json_add(bound, "x5rt#S256", buf_text(&text));
	add_value(claims, "cnf", bound);
	buf_free(&text);
}

static void
add_claims(struct json_object *claims, const struct ca_step_signer *signer,
    const struct ca_step_token *token)
{
	struct buf audience;

	buf_init(&audience, AUDIENCE_MAX);
	buf_printf(&audience, "%s%s", signer->server, token->path);
	if (signer->chain != NULL) {
		buf_str(&audience, "#x5c/");
		add_fragment(&audience, signer->provisioner);
	}
	ca_json_add(claims, "aud", buf_text(&audience));
	ca_json_add(claims, "iss", signer->provisioner);
	ca_json_add(claims, "sub", token->subject);
	ca_json_add(claims, "jti", token->id);
	add_value(claims, "iat", json_object_new_int64(token->now));
	add_value(
	    claims, "nbf", json_object_new_int64(token->now - CLOCK_BEHIND));
	add_value(
	    claims, "exp", json_object_new_int64(token->now + TOKEN_LIFE));
	if (token->ask != NULL)
		add_ask(claims, token->ask);
	buf_free(&audience);
}

int
ca_step_write_token(const struct ca_step_signer *signer,
    const struct ca_step_token *token, struct buf *out, struct err *err)
{
	struct json_object *header = new_object(), *claims = new_object();
	char thumbprint[CA_JWT_THUMBPRINT] = "";
	int rc = 0;

	ca_json_add(header, "typ", "JWT");
	if (signer->chain != NULL)
		add_chain(header, signer->chain);
	else
		rc = ca_jwt_thumbprint(signer->key, thumbprint, err);
	if (signer->chain == NULL)
		ca_json_add(header, "kid", thumbprint);
	add_claims(claims, signer, token);
	if (rc == 0)
		rc = ca_jwt_sign(signer->key, header, claims, out, err);
	(void)json_object_put(header);
	(void)json_object_put(claims);
	return rc;
}

/* --- what is asked --- */

int
ca_step_write_sign(const struct ca_bridge_ask *ask, const char *token,
    struct buf *out, struct err *err)
{
	struct json_object *body = new_object();
	int rc = ca_json_add_csr(
	    body, (struct ca_span){ask->csr, ask->csr_len}, err);

	ca_json_add(body, "ott", token);
	if (ask->validity > 0)
		ca_json_add_seconds(body, "notAfter", ask->validity);
	if (rc == 0)
		ca_json_write(body, out);
	(void)json_object_put(body);
	return rc;
}

void
ca_step_write_revoke(
    const char *serial, int reason, const char *token, struct buf *out)
{
	struct json_object *body = new_object();

	ca_json_add(body, "serial", serial);
	ca_json_add(body, "ott", token);
	add_value(body, "reasonCode", json_object_new_int(reason));
	ca_json_add(body, "reason", "told by amtkeeper");
	add_value(body, "passive", json_object_new_boolean(true));
	ca_json_write(body, out);
	(void)json_object_put(body);
}

bool
ca_step_serial(const uint8_t *leaf, size_t len, char ret[CA_STEP_SERIAL_MAX])
{
	const unsigned char *p = leaf;
	X509 *x = d2i_X509(NULL, &p, (long)len);
	const ASN1_INTEGER *serial =
	    x == NULL ? NULL : X509_get0_serialNumber(x);
	BIGNUM *n = NULL;
	char *text = NULL;
	bool good;

	if (serial != NULL && ASN1_STRING_length(serial) <= SERIAL_BYTES)
		n = ASN1_INTEGER_to_BN(serial, NULL);
	if (n != NULL)
		text = BN_bn2dec(n);
	good = text != NULL && strlen(text) < CA_STEP_SERIAL_MAX;
	if (good)
		memcpy(ret, text, strlen(text) + 1);
	OPENSSL_free(text);
	BN_free(n);
	X509_free(x);
	ERR_clear_error();
	return good;
}

/* --- what is answered --- */

const char *
ca_step_read_sign(struct ca_span body, struct ca_span spki, struct buf *leaf)
{
	struct json_object *whole = ca_json_read(body);
	const char *pem = ca_json_text(whole, "crt"), *why = NULL;
	struct ca_bridge_pick w = {.spki = spki, .leaf = leaf};

	if (whole == NULL)
		why = "it is no JSON object";
	else if (pem == NULL)
		why = "it holds no certificate";
	else
		ca_bridge_each_pem(pem, strlen(pem), ca_bridge_pick, &w);
	if (why == NULL && (w.found == 0 || leaf->over))
		why = "the certificate in it is not for the key of the request";
	(void)json_object_put(whole);
	return why;
}

/* Without the sentence that all of a status begin with. */
static const char *
message_of(const struct json_object *whole)
{
	const char *text = ca_json_text(whole, "message");
	const char *rest = text == NULL ? NULL : strstr(text, ": ");

	if (rest != NULL && str_starts(text, "The request "))
		return rest + 2;
	return text == NULL ? "" : text;
}

void
ca_step_judge(const struct net_fetched *got, struct ca_bridge_answer *a)
{
	struct json_object *whole =
	    ca_json_read((struct ca_span){got->body.data, got->body.len});
	const char *words = message_of(whole);

	ca_bridge_judge_status(got, "step-ca at this url", a);
	/* A token that is good, and what is asked for is against its rules:
	 * names, life, key. */
	if (got->status == 403 || got->status == 501)
		ca_bridge_answer_set(a, CA_BRIDGE_REJECTED,
		    "the CA refuses (HTTP %d)", got->status);
	else if (got->status == 401)
		ca_bridge_answer_set(a, CA_BRIDGE_MISCONFIGURED,
		    "the CA refuses our token: compare the provisioner's name "
		    "and key, the host in url and the clocks (HTTP 401)");
	ca_bridge_add_words(a, words, strlen(words));
	(void)json_object_put(whole);
}

const char *
ca_step_read_ok(struct ca_span body)
{
	struct json_object *whole = ca_json_read(body);
	bool good = str_eq(ca_json_text(whole, "status"), "ok");

	(void)json_object_put(whole);
	return good ? NULL : "it does not say that all is well";
}

bool
ca_step_is_revoked(const struct net_fetched *got)
{
	struct json_object *whole =
	    ca_json_read((struct ca_span){got->body.data, got->body.len});
	bool revoked = got->status == 400 &&
	    strstr(message_of(whole), "is already revoked") != NULL;

	(void)json_object_put(whole);
	return revoked;
}

/* --- for the test --- */

const char *
ca_step_each_root(struct ca_span body, ca_bridge_cert_fn *fn, void *cookie)
{
	struct json_object *whole = ca_json_read(body);
	struct json_object *list = ca_json_array(whole, "crts");
	size_t i, count = list == NULL ? 0 : json_object_array_length(list);
	const char *pem, *why = NULL;

	if (count == 0 || count > CA_BRIDGE_CERTS_MAX)
		why = "it is no list of certificates";
	for (i = 0; why == NULL && i < count; i++) {
		pem = ca_json_text_at(list, i);
		if (pem == NULL)
			why = "it is no list of certificates";
		else
			ca_bridge_each_pem(pem, strlen(pem), fn, cookie);
	}
	(void)json_object_put(whole);
	return why;
}

static void
add_root(void *store, X509 *cert)
{
	(void)X509_STORE_add_cert(store, cert);
}

/* Does our own certificate chain to what the provisioner trusts? NULL, or why
 * not. */
static const char *
check_chain(struct json_object *provisioner, STACK_OF(X509) *chain)
{
	const char *roots = ca_json_text(provisioner, "roots"), *why;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	struct buf pem;

	if (store == NULL || ctx == NULL)
		abort();
	buf_init(&pem, CA_BRIDGE_ANSWER_MAX);
	if (roots != NULL && str_unbase64(&pem, roots) == 0)
		ca_bridge_each_pem(buf_text(&pem), pem.len, add_root, store);
	why = "verification cannot start";
	if (X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) ==
	    1) {
		(void)X509_VERIFY_PARAM_set_purpose(
		    X509_STORE_CTX_get0_param(ctx), X509_PURPOSE_SSL_CLIENT);
		why = X509_verify_cert(ctx) == 1
		    ? NULL
		    : X509_verify_cert_error_string(
			  X509_STORE_CTX_get_error(ctx));
	}
	buf_free(&pem);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return why;
}

static bool
is_ours(struct json_object *provisioner, const struct ca_step_signer *signer)
{
	return str_eq(ca_json_text(provisioner, "name"), signer->provisioner) &&
	    str_ieq(ca_json_text(provisioner, "type"),
		signer->chain != NULL ? "X5C" : "JWK");
}

static int
check_ours(struct json_object *provisioner, const struct ca_step_signer *signer,
    struct err *err)
{
	char thumbprint[CA_JWT_THUMBPRINT];
	const char *why;

	if (signer->chain != NULL) {
		why = check_chain(provisioner, signer->chain);
		return why == NULL
		    ? 0
		    : err_set(err, ERR_REFUSED,
			  "the provisioner does not trust our certificate: "
			  "%s",
			  why);
	}
	if (ca_jwt_thumbprint(signer->key, thumbprint, err) != 0)
		return -1;
	if (!str_eq(ca_json_text(ca_json_object(provisioner, "key"), "kid"),
		thumbprint))
		return err_set(err, ERR_REFUSED,
		    "the provisioner has another key than ours (%s)",
		    thumbprint);
	return 0;
}

static void
show_life(struct json_object *provisioner, struct buf *out)
{
	const char *most = ca_json_text(
	    ca_json_object(provisioner, "claims"), "maxTLSCertDuration");

	buf_str(out, "provisioner, life at most: ");
	if (most != NULL)
		str_printable(out, most, strlen(most), CA_BRIDGE_WORDS);
	else
		buf_str(out, "the CA's own claims, 24h where it has none");
	buf_char(out, '\n');
}

static int
judge_page(struct json_object *list, const struct ca_step_signer *signer,
    struct buf *out, struct err *err)
{
	size_t i, count = json_object_array_length(list);
	struct json_object *one;

	for (i = 0; i < count; i++) {
		one = json_object_array_get_idx(list, i);
		if (!is_ours(one, signer))
			continue;
		show_life(one, out);
		return check_ours(one, signer, err) == 0 ? 1 : -1;
	}
	return 0;
}

int
ca_step_find_provisioner(struct ca_span body,
    const struct ca_step_signer *signer, char ret_cursor[CA_STEP_CURSOR_MAX],
    struct buf *out, struct err *err)
{
	struct json_object *whole = ca_json_read(body);
	struct json_object *list = ca_json_array(whole, "provisioners");
	const char *next = ca_json_text(whole, "nextCursor");
	int rc;

	*ret_cursor = '\0';
	if (list == NULL) {
		rc = err_set(err, ERR_PROTOCOL,
		    "provisioners: it is no list of provisioners");
	} else {
		rc = judge_page(list, signer, out, err);
		/* It goes into a URL. */
		if (next != NULL && strlen(next) < CA_STEP_CURSOR_MAX &&
		    strspn(next, "0123456789abcdefABCDEF") == strlen(next))
			memcpy(ret_cursor, next, strlen(next) + 1);
	}
	(void)json_object_put(whole);
	return rc;
}
