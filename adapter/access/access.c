/* From what a request shows to who it is. */
#include "access.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "login_internal.h"
#include "mem.h"
#include "secret.h"

#define USED_EVERY_S 60 /* that a key was used is noted this often */
#define MAC_MAX 4096
#define BURST_S 2 /* of requests */

/* --- answers --- */

static void
tell(void *cookie)
{
	struct access_ask *ask = cookie;
	struct access *a = ask->a;

	a->owed--;
	ask->done(ask->cookie, &ask->result);
	free(ask);
	access_check_end(a);
}

void
access_tell(
    struct access_ask *ask, enum access_verdict verdict, int64_t retry_after_ms)
{
	ask->result.verdict = verdict;
	ask->result.retry_after = (unsigned)((retry_after_ms + 999) / 1000);
	loop_defer(ask->a->loop, tell, ask);
}

static bool
too_often(struct access_ask *ask, const char *kind, const char *whose)
{
	char key[ACCESS_GATE_KEY];
	int64_t wait;

	if (ask->a->requests == NULL)
		return false;
	(void)snprintf(key, sizeof(key), "%s:%s", kind, whose);
	wait = gate_take(ask->a->requests, key, clock_mono_ms());
	if (wait > 0)
		access_tell(ask, ACCESS_TOO_OFTEN, wait);
	return wait > 0;
}

void
access_grant(struct access_ask *ask, const struct store_user *u,
    enum access_means means, int64_t key)
{
	struct access_identity *who = &ask->result.who;

	who->user = u->id;
	who->means = means;
	who->key = key;
	if (!u->enabled || strlen(u->name) >= sizeof(who->name) ||
	    access_set_rights(u->sets, &who->rights, NULL) != 0) {
		access_tell(ask, ACCESS_REFUSED, 0);
		return;
	}
	memcpy(who->name, u->name, strlen(u->name) + 1);
	if (!too_often(ask, "user", who->name))
		access_tell(ask, ACCESS_GRANTED, 0);
}

void
access_mac(const struct access *a, const char *what, int64_t number,
    const char *text, const struct secret *secret, uint8_t out[ACCESS_SHA256])
{
	struct buf all;
	const uint8_t *bytes;
	size_t len;

	buf_init(&all, MAC_MAX);
	buf_printf(&all, "%s:%lld:%s:", what, (long long)number,
	    text == NULL ? "" : text);
	if (secret != NULL) {
		bytes = secret_bytes(secret, &len);
		buf_add(&all, bytes, len);
	}
	assert(!all.over);
	if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, a->secret,
		sizeof(a->secret), all.data, all.len, out, ACCESS_SHA256,
		NULL) == NULL)
		abort(); /* a zeroed one would be known to all */
	buf_free(&all);
}

/* --- by what --- */

/* -1 with nothing told when there is no such user. */
static void
not_found(struct access_ask *ask, const struct err *err)
{
	access_tell(ask,
	    err->kind == ERR_NOTFOUND ? ACCESS_REFUSED : ACCESS_UNAVAILABLE, 0);
}

static bool
is_alive(const struct store_key *key, int64_t now)
{
	if (key->expires_at != 0 && now >= key->expires_at)
		return false;
	return key->kind != STORE_KEY_SESSION ||
	    now - key->used_at < ACCESS_SESSION_IDLE_S;
}

static void
by_key(struct access *a, struct access_ask *ask, const struct secret *shown,
    enum store_key_kind kind)
{
	struct store_user u = {.id = 0};
	struct store_key key = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	uint8_t sha256[ACCESS_SHA256];
	int64_t now = clock_now();

	access_key_hash(secret_text(shown), sha256);
	if (store_key_find(a->store, sha256, &key, &err) != 0 ||
	    store_user_get(a->store, key.user, &u, &err) != 0) {
		not_found(ask, &err);
	} else if (key.kind != kind || !is_alive(&key, now)) {
		access_tell(ask, ACCESS_REFUSED, 0);
	} else {
		if (now - key.used_at >= USED_EVERY_S)
			access_key_used(a, key.id);
		access_grant(ask, &u,
		    kind == STORE_KEY_TOKEN ? ACCESS_TOKEN : ACCESS_SESSION,
		    key.id);
	}
	store_key_clear(&key);
	store_user_clear(&u);
}

static void
by_certificate(struct access *a, struct access_ask *ask,
    const char *const *names, size_t count)
{
	struct store_user u = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	size_t i;

	for (i = 0; i < count; i++) {
		if (store_user_by_certificate(a->store, names[i], &u, &err) ==
		    0) {
			access_grant(ask, &u, ACCESS_CERTIFICATE, 0);
			store_user_clear(&u);
			return;
		}
		if (err.kind != ERR_NOTFOUND)
			break;
	}
	not_found(ask, &err);
}

static void
by_proof(struct access *a, struct access_ask *ask, const struct access_proof *p)
{
	enum store_key_kind kind = STORE_KEY_TOKEN;
	struct access_shown_as as;
	enum access_shown shown;

	/* What is named in a header was meant; a certificate comes by itself.
	 */
	shown = access_read_authorization(p->authorization, &as);
	if (shown == ACCESS_SHOWN_NOTHING) {
		kind = STORE_KEY_SESSION;
		shown = access_read_cookie(p->cookie, &as);
	}
	switch (shown) {
	case ACCESS_SHOWN_PASSWORD:
		access_by_password(a, ask, &as);
		return; /* it has taken the secret */
	case ACCESS_SHOWN_KEY:
		by_key(a, ask, as.secret, kind);
		break;
	case ACCESS_SHOWN_NONSENSE:
		access_tell(ask, ACCESS_REFUSED, 0);
		break;
	case ACCESS_SHOWN_NOTHING:
		if (p->name_count > 0)
			by_certificate(a, ask, p->names, p->name_count);
		else
			access_tell(ask, ACCESS_ABSENT, 0);
		break;
	}
	secret_free(as.secret);
}

void
access_login(struct access *a, const struct access_proof *proof,
    access_done_fn *done, void *cookie)
{
	struct access_ask *ask = mem_alloc(sizeof(*ask));

	a->owed++;
	ask->a = a;
	ask->done = done;
	ask->cookie = cookie;
	(void)snprintf(ask->peer, sizeof(ask->peer), "%s", proof->peer);
	if (a->stopping)
		access_tell(ask, ACCESS_UNAVAILABLE, 0);
	else if (!too_often(ask, "peer", ask->peer))
		by_proof(a, ask, proof);
}

/* --- start and end --- */

int
access_new(const struct access_conf *conf, struct access **ret, struct err *err)
{
	struct access *a = mem_alloc(sizeof(*a));

	a->loop = conf->loop;
	a->store = conf->store;
	a->tries = gate_new(ACCESS_TRIES, ACCESS_TRY_EVERY_S * INT64_C(1000));
	if (conf->rate > 0)
		a->requests = gate_new(BURST_S * conf->rate, 1000 / conf->rate);
	if (RAND_bytes(a->secret, sizeof(a->secret)) != 1 ||
	    store_open(conf->database, conf->vault, &a->worker, err) != 0) {
		access_free(a);
		return -1;
	}
	*ret = a;
	return 0;
}

void
access_free(struct access *a)
{
	if (a == NULL)
		return;
	assert(!a->busy && a->first == NULL && a->owed == 0);
	store_close(a->worker);
	gate_free(a->requests);
	gate_free(a->tries);
	secret_wipe(a->secret, sizeof(a->secret));
	free(a);
}
