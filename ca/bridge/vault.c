/*
 * The PKI engine of HashiCorp Vault and OpenBao, by their HTTP API: we speak
 * for the devices with a token that somebody else renews in its file, or with
 * one that an AppRole gives us.
 *
 * What is asked is answered at once, and there is no request to ask after.  An
 * answer that was lost may have made a certificate; before it is asked for once
 * more, the engine's own records are looked through for one with the device's
 * key, which is in no other.  They can be listed, though not searched: where
 * there are more than CA_VAULT_SEARCH_MAX, or than can be read within the
 * bridge's timeout, or our policy does not let us, or the role keeps none, a
 * second certificate is made, and the first, which nobody else can use either,
 * stays valid until its end.  It is said then.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fetch.h"
#include "json_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"
#include "vault_internal.h"

#define SEGMENT_MAX 128
#define BODY_MAX 32768
#define DEFAULT_MOUNT "pki"
#define TOKEN_SPARE 30 /* seconds before its end in which it is not used */

/* b->state: the token that an AppRole gave. */
struct vault {
	struct secret *token;
	int64_t until; /* monotonic seconds */
};

/* --- configuration --- */

static bool
is_path(const char *text, bool segments)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";
	size_t len = strlen(text), i;

	if (len == 0 || len > SEGMENT_MAX || text[0] == '/' ||
	    text[len - 1] == '/' || strstr(text, "//") != NULL ||
	    strstr(text, "..") != NULL)
		return false;
	for (i = 0; i < len; i++)
		if (strchr(letters, text[i]) == NULL &&
		    !(segments && text[i] == '/'))
			return false;
	return true;
}

static int
vault_open(struct ca_bridge *b, struct err *err)
{
	const char *why = ca_bridge_url_server(b->url);

	if (b->mount == NULL)
		b->mount = mem_dup(DEFAULT_MOUNT);
	if (why == NULL && b->label == NULL)
		why = "label is not set: the role that certificates follow";
	else if (why == NULL && !is_path(b->label, false))
		why = "label is no name of a role";
	else if (why == NULL && !is_path(b->mount, true))
		why = "mount is no path";
	else if (why == NULL && b->space != NULL && !is_path(b->space, true))
		why = "namespace is no path";
	else if (why == NULL && b->signer_pem != NULL)
		why = "signer is not for Vault";
	else if (why == NULL && (b->token_file == NULL) == (b->user == NULL))
		why = "set either token_file, or user and password_file (role "
		      "id and secret id of an AppRole)";
	if (why != NULL)
		return err_set(err, ERR_INVALID, "%s", why);
	b->state = mem_alloc(sizeof(struct vault));
	return 0;
}

static void
forget_token(struct ca_bridge *b)
{
	struct vault *v = b->state;

	secret_free(v->token);
	v->token = NULL;
}

static void
vault_close(struct ca_bridge *b)
{
	if (b->state == NULL)
		return;
	forget_token(b);
	free(b->state);
}

/* --- one exchange --- */

struct call {
	const char *path; /* behind /v1/ */
	const struct buf *body;
	const struct secret *token; /* NULL: without, as everybody may */
	bool no_space;		    /* it has none, wherever the engine is */
	size_t answer_max;
};

static int
fetch(struct ca_bridge *b, const struct call *c, struct net_fetched *ret,
    struct ca_bridge_answer *a)
{
	char *url = mem_printf("%s/v1/%s", b->url, c->path);
	char *space = mem_printf(
	    "X-Vault-Namespace: %s", b->space == NULL ? "" : b->space);
	const char *const headers[] = {"X-Vault-Request: true",
	    "Content-Type: application/json",
	    b->space != NULL && !c->no_space ? space : NULL, NULL};
	struct net_fetch f = {
	    .method = c->body != NULL ? "POST" : "GET",
	    .url = url,
	    .headers = headers,
	    .body = c->body != NULL ? c->body->data : NULL,
	    .body_len = c->body != NULL ? c->body->len : 0,
	    .token_header = "X-Vault-Token",
	    .token = c->token,
	    .answer_max = c->answer_max,
	};
	int rc = ca_bridge_fetch(b, &f, c->path, ret, a);

	free(url);
	free(space);
	return rc;
}

/* --- the token --- */

/* With an AppRole; kept for as long as it is good. */
static int
login(struct ca_bridge *b, struct ca_bridge_answer *a)
{
	struct vault *v = b->state;
	struct net_fetched got = {0};
	const char *why = NULL;
	struct buf body;
	struct call c = {.path = "auth/approle/login", .body = &body};
	int64_t life = 0;

	buf_init(&body, BODY_MAX);
	buf_str(&body, "{\"role_id\":");
	ca_json_quote(&body, b->user);
	buf_str(&body, ",\"secret_id\":");
	ca_json_quote(&body, secret_text(b->password));
	buf_char(&body, '}');
	if (fetch(b, &c, &got, a) == 0 && got.status != 200) {
		ca_vault_judge(&got, a);
		if (a->outcome == CA_BRIDGE_REJECTED)
			a->outcome = CA_BRIDGE_MISCONFIGURED;
	} else if (got.status == 200) {
		why = ca_vault_read_login(
		    (struct ca_span){got.body.data, got.body.len}, &v->token,
		    &life);
		if (why != NULL)
			ca_bridge_answer_set(a, CA_BRIDGE_MISCONFIGURED,
			    "the answer to our login cannot be read: %s", why);
		v->until = life == 0
		    ? INT64_MAX
		    : clock_mono_ms() / 1000 + life - TOKEN_SPARE;
	}
	net_fetched_clear(&got);
	buf_free(&body);
	return v->token != NULL ? 0 : -1;
}

/* One exchange that wants a token.  One that was kept may have been taken back:
 * then, as nothing was done, another is asked for. */
static int
call(struct ca_bridge *b, struct call *c, struct net_fetched *ret,
    struct ca_bridge_answer *a)
{
	struct vault *v = b->state;
	struct err err = {.kind = ERR_NONE};
	struct secret *read = NULL;
	bool kept;
	int rc = -1;

	if (b->token_file != NULL) {
		read = secret_from_file(b->token_file, &err);
		c->token = read;
		if (read == NULL)
			ca_bridge_answer_set(
			    a, CA_BRIDGE_MISCONFIGURED, "%s", err.text);
		else
			rc = fetch(b, c, ret, a);
		secret_free(read);
		return rc;
	}
	if (v->token != NULL && clock_mono_ms() / 1000 >= v->until)
		forget_token(b);
	do {
		kept = v->token != NULL;
		if (!kept && login(b, a) != 0)
			return -1;
		c->token = v->token;
		net_fetched_clear(ret);
		rc = fetch(b, c, ret, a);
		if (rc == 0 && ret->status == 403)
			forget_token(b);
	} while (rc == 0 && ret->status == 403 && kept);
	return rc;
}

/* --- a certificate --- */

/* One of the engine's records, into ret->leaf when it is for our key. */
static bool
look_at(struct ca_bridge *b, const char *serial, struct ca_span spki,
    struct ca_bridge_answer *ret)
{
	char *path = mem_printf("%s/cert/%s", b->mount, serial);
	const struct call c = {.path = path};
	struct net_fetched got = {0};
	bool seen;

	/* Everybody may read them. */
	seen = fetch(b, &c, &got, ret) == 0 && got.status == 200;
	if (seen)
		ca_vault_read_kept(
		    (struct ca_span){got.body.data, got.body.len}, spki,
		    &ret->leaf);
	net_fetched_clear(&got);
	free(path);
	return seen;
}

/* Did the answer that was lost hold a certificate? NULL: it is found, or there
 * is certainly none; else why that is not known. */
static const char *
look_for_lost(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	struct ca_vault_list *list = mem_alloc(sizeof(*list));
	char *path = mem_printf("%s/certs?list=true", b->mount);
	struct call c = {.path = path, .answer_max = CA_VAULT_LIST_MAX};
	struct net_fetched got = {0};
	int64_t end = clock_mono_ms() + b->timeout * 1000;
	const char *why = NULL;
	size_t i;

	if (call(b, &c, &got, ret) != 0)
		why = "its certificates cannot be listed";
	else if (got.status == 404)
		list->count = 0; /* so it says that there is none */
	else if (got.status != 200)
		why = "it does not let us list its certificates";
	else if (ca_vault_read_list(
		     (struct ca_span){got.body.data, got.body.len}, list) != 0)
		why = "it has too many certificates to look through";
	for (i = 0; why == NULL && i < list->count; i++)
		if (clock_mono_ms() >= end)
			why = "its certificates take too long to look through";
		else if (!look_at(b, list->serials[i], ask->spki, ret))
			why = "not all of its certificates can be read";
	if (ret->leaf.len > 0)
		ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED,
		    "found among the CA's, its answer was lost");
	net_fetched_clear(&got);
	free(path);
	free(list);
	return why;
}

static void
read_answer(const struct ca_bridge_ask *ask, const struct net_fetched *got,
    struct ca_bridge_answer *ret)
{
	const char *why;

	if (got->status != 200) {
		ca_vault_judge(got, ret);
		return;
	}
	why = ca_vault_read_sign(
	    (struct ca_span){got->body.data, got->body.len}, ask->spki, ret);
	if (why != NULL)
		ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
		    "the CA's answer cannot be read: %s", why);
}

static void
submit_anew(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	char *path = mem_printf("%s/sign/%s", b->mount, b->label);
	struct net_fetched got = {0};
	struct err err = {.kind = ERR_NONE};
	struct buf body;
	struct call c = {.path = path, .body = &body};

	buf_init(&body, BODY_MAX);
	if (ca_vault_write_sign(ask, &body, &err) != 0)
		ca_bridge_answer_set(
		    ret, CA_BRIDGE_MISCONFIGURED, "%s", err.text);
	else if (call(b, &c, &got, ret) == 0)
		read_answer(ask, &got, ret);
	net_fetched_clear(&got);
	buf_free(&body);
	free(path);
}

static void
vault_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	const char *unsure = ask->again ? look_for_lost(b, ask, ret) : NULL;

	/* Found; or it cannot be asked anything now. */
	if (ret->leaf.len > 0 || ret->outcome == CA_BRIDGE_UNREACHABLE ||
	    ret->outcome == CA_BRIDGE_MISCONFIGURED)
		return;
	submit_anew(b, ask, ret);
	if (unsure != NULL && ret->outcome == CA_BRIDGE_ISSUED)
		buf_printf(&ret->text,
		    "%san earlier try, whose answer was lost, may have made "
		    "one more certificate for this key: %s",
		    ret->text.len > 0 ? "; " : "", unsure);
}

/* --- revocation --- */

static void
vault_revoke(struct ca_bridge *b, const uint8_t *leaf, size_t len, int reason,
    struct ca_bridge_answer *ret)
{
	char *path = mem_printf("%s/revoke", b->mount);
	char serial[CA_VAULT_SERIAL_MAX] = "";
	struct net_fetched got = {0};
	struct buf body;
	struct call c = {.path = path, .body = &body};

	(void)reason; /* it knows none */
	buf_init(&body, BODY_MAX);
	(void)ca_vault_serial(leaf, len, serial);
	buf_printf(&body, "{\"serial_number\":\"%s\"}", serial);
	if (call(b, &c, &got, ret) == 0) {
		if (got.status != 200)
			ca_vault_judge(&got, ret);
		else if (ca_vault_is_revoked(
			     (struct ca_span){got.body.data, got.body.len}))
			ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED, "%s", "");
		else
			ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
			    "the CA does not say that %s is revoked", serial);
	}
	net_fetched_clear(&got);
	buf_free(&body);
	free(path);
}

/* --- test --- */

static int
test_health(struct ca_bridge *b, struct ca_bridge_answer *a, struct buf *out,
    struct err *err)
{
	const struct call c = {.path = "sys/health", .no_space = true};
	struct net_fetched got = {0};
	int rc;

	if (fetch(b, &c, &got, a) != 0)
		rc = ca_bridge_test_failed(a, err);
	else
		rc = ca_vault_show_health(&got, out, err);
	net_fetched_clear(&got);
	return rc;
}

/* The issuer alone where the engine knows none above it. */
static int
test_chain(struct ca_bridge *b, struct ca_bridge_answer *a, struct buf *out,
    struct err *err)
{
	static const char *const names[] = {"ca_chain", "ca/pem"};
	struct ca_bridge_shown s = {.b = b, .out = out};
	struct net_fetched got = {0};
	struct call c = {.body = NULL};
	size_t i, before = out->len;
	bool silent = true;
	char *path;
	int rc = 0;

	for (i = 0; rc == 0 && out->len == before && i < 2; i++) {
		path = mem_printf("%s/%s", b->mount, names[i]);
		c.path = path;
		net_fetched_clear(&got);
		rc = fetch(b, &c, &got, a);
		if (rc == 0 && got.status != 200 && got.status != 204) {
			ca_vault_judge(&got, a);
			rc = -1;
		} else if (rc == 0) {
			silent = silent && got.body.len == 0;
			ca_bridge_each_pem(buf_text(&got.body), got.body.len,
			    ca_bridge_show, &s);
		}
		free(path);
	}
	net_fetched_clear(&got);
	if (rc != 0)
		return ca_bridge_test_failed(a, err);
	if (out->len == before)
		return silent
		    ? err_set(err, ERR_REFUSED, "the engine has no issuer yet")
		    : err_set(err, ERR_PROTOCOL,
			  "%s/ca/pem holds no certificate in PEM form: is "
			  "mount a PKI engine's?",
			  b->mount);
	return ca_bridge_shown_end(&s, err);
}

static int
test_policy(struct ca_bridge *b, struct ca_bridge_answer *a, struct buf *out,
    struct err *err)
{
	char *sign = mem_printf("%s/sign/%s", b->mount, b->label);
	char *revoke = mem_printf("%s/revoke", b->mount);
	char *certs = mem_printf("%s/certs", b->mount);
	const struct ca_vault_paths paths = {sign, revoke, certs};
	struct net_fetched got = {0};
	struct buf body;
	struct call c = {.path = "sys/capabilities-self", .body = &body};
	int rc = 0;

	buf_init(&body, BODY_MAX);
	ca_vault_write_paths(&paths, &body);
	if (call(b, &c, &got, a) != 0) {
		rc = ca_bridge_test_failed(a, err);
	} else if (got.status == 200) {
		rc = ca_vault_show_paths(
		    (struct ca_span){got.body.data, got.body.len}, &paths, out,
		    err);
	} else {
		ca_vault_judge(&got, a);
		rc = ca_bridge_test_failed(a, err);
	}
	net_fetched_clear(&got);
	buf_free(&body);
	free(sign);
	free(revoke);
	free(certs);
	return rc;
}

/* A policy that lets us use the role need not let us read it. */
static int
test_role(struct ca_bridge *b, struct ca_bridge_answer *a, struct buf *out,
    struct err *err)
{
	char *path = mem_printf("%s/roles/%s", b->mount, b->label);
	struct net_fetched got = {0};
	struct call c = {.path = path};
	int rc = 0;

	if (call(b, &c, &got, a) != 0) {
		rc = ca_bridge_test_failed(a, err);
	} else if (got.status == 200) {
		rc = ca_vault_show_role(
		    (struct ca_span){got.body.data, got.body.len}, out, err);
	} else if (got.status == 403) {
		buf_printf(out,
		    "policy: %s may not be read: what it allows "
		    "is not known\n",
		    path);
	} else {
		ca_vault_judge(&got, a);
		rc = ca_bridge_test_failed(a, err);
	}
	net_fetched_clear(&got);
	free(path);
	return rc;
}

static int
vault_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	static int (*const tests[])(struct ca_bridge *,
	    struct ca_bridge_answer *, struct buf *,
	    struct err *) = {test_health, test_chain, test_policy, test_role};
	struct ca_bridge_answer a;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < sizeof(tests) / sizeof(tests[0]); i++) {
		ca_bridge_answer_init(&a);
		rc = tests[i](b, &a, out, err);
		ca_bridge_answer_clear(&a);
	}
	return rc;
}

const struct ca_bridge_kind ca_bridge_vault = {
    .name = "vault",
    .mounts = true,
    .open = vault_open,
    .submit = vault_submit,
    .poll = vault_submit,
    .revoke = vault_revoke,
    .test = vault_test,
    .close = vault_close,
};
