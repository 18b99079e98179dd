/*
 * step-ca of smallstep, by its HTTP API: we speak for the devices as a
 * provisioner, X5C (a certificate that it trusts, and its key) or JWK (its key
 * alone), which signs a one-time token for each request.
 *
 * What is asked is answered at once, there is no request to ask after, and its
 * certificates can be neither listed nor searched.  But it takes a token once,
 * by its id, and ours has the id of the request, which is on record before it
 * is sent: asked again after a lost answer under the same id, it makes the one
 * certificate if it never heard of the first, and else refuses the token.  Then
 * the first may have made a certificate that nobody has: its id is said, by
 * which the CA's log knows it, and the request is asked anew under another.
 *
 * Revocation is passive: the CA renews no such certificate and puts it on its
 * list, if it has one.
 */
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fetch.h"
#include "jwt_internal.h"
#include "mem.h"
#include "pem.h"
#include "secret.h"
#include "stepca_internal.h"
#include "str.h"

#define NAME_MAX_LEN 128
#define ID_LEN 16
#define BODY_MAX 65536
#define TOKEN_MAX 49152
#define CHAIN_MAX 8
#define PAGES_MAX 100 /* of provisioners */

/* b->state */
struct step {
	struct ca_step_signer signer;
};

/* --- configuration --- */

static void
step_close(struct ca_bridge *b)
{
	struct step *s = b->state;

	if (s == NULL)
		return;
	EVP_PKEY_free(s->signer.key);
	sk_X509_pop_free(s->signer.chain, X509_free);
	free(s);
}

static int
load_key(struct ca_bridge *b, struct ca_step_signer *s, struct err *err)
{
	size_t len;
	const uint8_t *pem = secret_bytes(b->key_pem, &len);
	BIO *bio = BIO_new_mem_buf(pem, (int)len);

	assert(bio != NULL);
	s->key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (s->key == NULL)
		return err_set(err, ERR_INVALID,
		    "key is no private key in PEM form, or encrypted");
	if (ca_jwt_algorithm(s->key) == NULL)
		return err_set(err, ERR_INVALID,
		    "key is neither RSA from 2048 bits nor P-256, P-384 or "
		    "P-521: it cannot sign tokens");
	return 0;
}

static void
keep_cert(void *chain, X509 *cert)
{
	if (X509_up_ref(cert) != 1 || sk_X509_push(chain, cert) <= 0)
		abort();
}

static int
load_chain(struct ca_bridge *b, struct ca_step_signer *s, struct err *err)
{
	int count;

	s->chain = sk_X509_new_null();
	assert(s->chain != NULL);
	ca_bridge_each_pem(
	    b->cert_pem, strlen(b->cert_pem), keep_cert, s->chain);
	count = sk_X509_num(s->chain);
	if (count < 1 || count > CHAIN_MAX)
		return err_set(err, ERR_INVALID,
		    "certificate holds not 1 to %d certificates", CHAIN_MAX);
	if (X509_check_private_key(sk_X509_value(s->chain, 0), s->key) != 1) {
		ERR_clear_error();
		return err_set(err, ERR_INVALID,
		    "key is not the one of the first certificate");
	}
	return 0;
}

static bool
is_name(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (name[i] < 0x20 || name[i] > 0x7e)
			return false;
	return len > 0 && len <= NAME_MAX_LEN;
}

static int
step_open(struct ca_bridge *b, struct err *err)
{
	const char *why = ca_bridge_url_server(b->url);
	struct step *s;

	if (why == NULL && (b->label == NULL || !is_name(b->label)))
		why = "label is not set to the name of a provisioner";
	else if (why == NULL && b->key_pem == NULL)
		why = "key is not set: with certificate, that of an X5C "
		      "provisioner's client, alone, a JWK provisioner's";
	else if (why == NULL && b->user != NULL)
		why = "user and password_file are not for step-ca: it takes "
		      "tokens that key signs";
	else if (why == NULL && b->signer_pem != NULL)
		why = "signer is not for step-ca";
	if (why != NULL)
		return err_set(err, ERR_INVALID, "%s", why);
	s = mem_alloc(sizeof(*s));
	b->state = s;
	s->signer.server = b->url;
	s->signer.provisioner = b->label;
	if (load_key(b, &s->signer, err) != 0)
		return -1;
	return b->cert_pem == NULL ? 0 : load_chain(b, &s->signer, err);
}

static void
step_name(char ret[CA_BRIDGE_ID_MAX + 1])
{
	uint8_t bytes[ID_LEN];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort();
	str_hex(bytes, sizeof(bytes), ret);
}

/* --- one exchange --- */

static int
call(struct ca_bridge *b, const char *path, const struct buf *body,
    struct net_fetched *ret, struct ca_bridge_answer *a)
{
	static const char *const headers[] = {
	    "Content-Type: application/json", NULL};
	char *url = mem_printf("%s%s", b->url, path);
	struct net_fetch f = {
	    .method = body != NULL ? "POST" : "GET",
	    .url = url,
	    .headers = body != NULL ? headers : NULL,
	    .body = body != NULL ? body->data : NULL,
	    .body_len = body != NULL ? body->len : 0,
	};
	int rc = ca_bridge_fetch(b, &f, path, ret, a);

	free(url);
	return rc;
}

static int
write_token(struct ca_bridge *b, struct ca_step_token *token, struct buf *out,
    struct ca_bridge_answer *a)
{
	const struct step *s = b->state;
	const X509 *ours =
	    s->signer.chain != NULL ? sk_X509_value(s->signer.chain, 0) : NULL;
	struct err err = {.kind = ERR_NONE};

	if (ours != NULL &&
	    X509_cmp_current_time(X509_get0_notAfter(ours)) <= 0) {
		ca_bridge_answer_set(a, CA_BRIDGE_MISCONFIGURED,
		    "our own certificate, which signs the tokens, has ended");
		return -1;
	}
	token->now = clock_now();
	if (ca_step_write_token(&s->signer, token, out, &err) == 0)
		return 0;
	ca_bridge_answer_set(a, CA_BRIDGE_MISCONFIGURED, "%s", err.text);
	return -1;
}

/* --- a certificate --- */

static void
read_answer(const struct ca_bridge_ask *ask, const struct net_fetched *got,
    struct ca_bridge_answer *ret)
{
	const char *why;

	if (got->status != 201 && got->status != 200) {
		ca_step_judge(got, ret);
		ret->ended = got->status == 401;
		/* It has taken this one before, or takes none. */
		if (got->status == 401 && ask->again)
			ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
			    "the CA refuses the token of request %s, which may "
			    "have reached it before: what it made then is on "
			    "no record here, but in its log; asked anew",
			    ask->request_id);
		return;
	}
	why = ca_step_read_sign((struct ca_span){got->body.data, got->body.len},
	    ask->spki, &ret->leaf);
	if (why == NULL)
		ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED, "%s", "");
	else
		ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
		    "the CA's answer cannot be read: %s", why);
}

static void
step_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	struct ca_step_token token = {
	    .path = "/1.0/sign",
	    .subject = ask->dns_count > 0 ? ask->dns[0] : "",
	    .id = ask->request_id,
	    .ask = ask,
	};
	struct err err = {.kind = ERR_NONE};
	struct net_fetched got = {0};
	struct buf text, body;

	buf_init(&text, TOKEN_MAX);
	buf_init(&body, BODY_MAX);
	if (write_token(b, &token, &text, ret) == 0) {
		if (ca_step_write_sign(ask, buf_text(&text), &body, &err) != 0)
			ca_bridge_answer_set(
			    ret, CA_BRIDGE_MISCONFIGURED, "%s", err.text);
		else if (call(b, token.path, &body, &got, ret) == 0)
			read_answer(ask, &got, ret);
	}
	net_fetched_clear(&got);
	buf_free(&text);
	buf_free(&body);
}

/* --- revocation --- */

static void
step_revoke(struct ca_bridge *b, const uint8_t *leaf, size_t len, int reason,
    struct ca_bridge_answer *ret)
{
	char serial[CA_STEP_SERIAL_MAX] = "", id[CA_BRIDGE_ID_MAX + 1];
	struct ca_step_token token = {
	    .path = "/1.0/revoke", .subject = serial, .id = id};
	struct net_fetched got = {0};
	struct buf text, body;
	const char *why;

	step_name(id);
	(void)ca_step_serial(leaf, len, serial);
	buf_init(&text, TOKEN_MAX);
	buf_init(&body, BODY_MAX);
	if (write_token(b, &token, &text, ret) != 0)
		goto out;
	ca_step_write_revoke(serial, reason, buf_text(&text), &body);
	if (call(b, token.path, &body, &got, ret) != 0)
		goto out;
	why = got.status == 200
	    ? ca_step_read_ok((struct ca_span){got.body.data, got.body.len})
	    : NULL;
	if (why != NULL)
		ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
		    "the CA's answer cannot be read: %s", why);
	else if (got.status == 200 || ca_step_is_revoked(&got))
		ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED, "%s", "");
	else
		ca_step_judge(&got, ret);
out:
	net_fetched_clear(&got);
	buf_free(&text);
	buf_free(&body);
}

/* --- test --- */

/* 0 when it answers, and well. */
static int
get(struct ca_bridge *b, const char *path, struct net_fetched *ret,
    struct err *err)
{
	struct ca_bridge_answer a;
	int rc = 0;

	ca_bridge_answer_init(&a);
	net_fetched_clear(ret);
	if (call(b, path, NULL, ret, &a) != 0) {
		rc = ca_bridge_test_failed(&a, err);
	} else if (ret->status != 200 && ret->status != 201) {
		ca_step_judge(ret, &a);
		rc = ca_bridge_test_failed(&a, err);
	}
	ca_bridge_answer_clear(&a);
	return rc;
}

static int
test_provisioner(struct ca_bridge *b, struct buf *out, struct err *err)
{
	const struct step *s = b->state;
	char cursor[CA_STEP_CURSOR_MAX] = "", *path;
	struct net_fetched got = {0};
	unsigned pages = 0;
	int found = 0;

	do {
		path = mem_printf("/provisioners?limit=20%s%s",
		    *cursor != '\0' ? "&cursor=" : "", cursor);
		found = get(b, path, &got, err);
		if (found == 0)
			found = ca_step_find_provisioner(
			    (struct ca_span){got.body.data, got.body.len},
			    &s->signer, cursor, out, err);
		free(path);
	} while (found == 0 && *cursor != '\0' && ++pages < PAGES_MAX);
	net_fetched_clear(&got);
	if (found == 0)
		return err_set(err, ERR_REFUSED,
		    "the CA has no %s provisioner %s",
		    s->signer.chain != NULL ? "X5C" : "JWK", b->label);
	return found == 1 ? 0 : -1;
}

static int
step_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	struct ca_bridge_shown shown = {.b = b, .out = out};
	struct net_fetched got = {0};
	const char *why;
	int rc = get(b, "/health", &got, err);

	if (rc == 0) {
		why = ca_step_read_ok(
		    (struct ca_span){got.body.data, got.body.len});
		if (why != NULL)
			rc = err_set(err, ERR_PROTOCOL, "health: %s", why);
	}
	if (rc == 0)
		rc = get(b, "/roots", &got, err);
	if (rc == 0) {
		why = ca_step_each_root(
		    (struct ca_span){got.body.data, got.body.len},
		    ca_bridge_show, &shown);
		rc = why != NULL ? err_set(err, ERR_PROTOCOL, "roots: %s", why)
				 : ca_bridge_shown_end(&shown, err);
	}
	net_fetched_clear(&got);
	return rc == 0 ? test_provisioner(b, out, err) : -1;
}

const struct ca_bridge_kind ca_bridge_step = {
    .name = "step",
    .signs = true,
    .open = step_open,
    .name_request = step_name,
    .submit = step_submit,
    .poll = step_submit,
    .revoke = step_revoke,
    .test = step_test,
    .close = step_close,
};
