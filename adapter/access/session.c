/* Sessions, and what is noted of keys when they are used. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "login_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

struct change {
	struct access_job job; /* first */
	struct access_identity who;
	char peer[64];
	struct secret *token;
	access_session_fn *done;
	void *cookie;
};

static void
change_free(struct change *c)
{
	secret_free(c->token);
	free(c);
}

static void
forget(struct access_job *job)
{
	change_free((struct change *)job);
}

static void
actor_of(const struct access_identity *who, char out[ACCESS_NAME + 8])
{
	(void)snprintf(out, ACCESS_NAME + 8, "user:%s", who->name);
}

/* --- begin --- */

static int
begin(struct change *c, struct err *err)
{
	struct store *s = c->job.a->worker;
	struct store_key key = {
	    .user = c->who.user, .kind = STORE_KEY_SESSION, .name = c->peer};
	int64_t now = clock_now(), id;
	uint8_t sha256[ACCESS_SHA256];
	char actor[ACCESS_NAME + 8];

	c->token = access_random_key(ACCESS_SESSION_PREFIX, err);
	if (c->token == NULL)
		return -1;
	access_key_hash(secret_text(c->token), sha256);
	key.expires_at = now + ACCESS_SESSION_S;
	actor_of(&c->who, actor);
	if (store_key_purge(s, now, now - ACCESS_SESSION_IDLE_S, err) != 0 ||
	    store_key_add(s, &key, sha256, now, &id, err) != 0 ||
	    access_event(s, "access.session", actor, err, "peer", c->peer,
		(char *)NULL) != 0)
		return -1;
	return store_commit(s, err);
}

static void
begin_run(struct access_job *job)
{
	if (begin((struct change *)job, &job->err) == 0)
		err_clear(&job->err);
}

static void
begin_done(struct access_job *job)
{
	struct change *c = (struct change *)job;
	bool good = job->err.kind == ERR_NONE;

	c->done(c->cookie, good ? secret_text(c->token) : NULL, &job->err);
	change_free(c);
}

static void
begin_drop(struct access_job *job)
{
	struct change *c = (struct change *)job;

	(void)err_set(&job->err, ERR_CANCELLED, "the server stops");
	c->done(c->cookie, NULL, &job->err);
	change_free(c);
}

/* Behind as many others it is of no use any more. */
static bool
begin_may(struct access_job *job)
{
	struct change *c = (struct change *)job;

	if (job->a->waiting < ACCESS_WAITING_MAX)
		return true;
	(void)err_set(&job->err, ERR_LIMIT, "too many log in at once");
	c->done(c->cookie, NULL, &job->err);
	change_free(c);
	return false;
}

static struct change *
change_new(const struct access_identity *who)
{
	struct change *c = mem_alloc(sizeof(*c));

	c->who = *who;
	c->job.done = forget;
	c->job.drop = forget;
	return c;
}

void
access_session_begin(struct access *a, const struct access_identity *who,
    const char *peer, access_session_fn *done, void *cookie)
{
	struct change *c = change_new(who);

	c->job.begin = begin_may;
	c->job.run = begin_run;
	c->job.done = begin_done;
	c->job.drop = begin_drop;
	(void)snprintf(c->peer, sizeof(c->peer), "%s", peer);
	c->done = done;
	c->cookie = cookie;
	access_job_add(a, &c->job);
}

/* --- end --- */

static void
end_run(struct access_job *job)
{
	struct change *c = (struct change *)job;
	char actor[ACCESS_NAME + 8];

	actor_of(&c->who, actor);
	if (store_key_remove(
		job->a->worker, c->who.user, c->who.key, &job->err) == 0 &&
	    access_event(job->a->worker, "access.session-ended", actor,
		&job->err, (char *)NULL) == 0)
		(void)store_commit(job->a->worker, &job->err);
}

void
access_session_end(struct access *a, const struct access_identity *who)
{
	struct change *c;

	if (who->means != ACCESS_SESSION)
		return;
	c = change_new(who);
	c->job.run = end_run;
	access_job_add(a, &c->job);
}

/* --- used --- */

static void
used_run(struct access_job *job)
{
	struct change *c = (struct change *)job;

	/* If not, it ends a little sooner. */
	if (store_key_used(
		job->a->worker, c->who.key, clock_now(), &job->err) == 0)
		(void)store_commit(job->a->worker, &job->err);
}

void
access_key_used(struct access *a, int64_t key)
{
	const struct access_identity who = {.key = key};
	struct change *c;

	if (a->waiting >= ACCESS_WAITING_MAX)
		return;
	c = change_new(&who);
	c->job.run = used_run;
	access_job_add(a, &c->job);
}

/* --- what proves that a request was meant --- */

void
access_security(const struct access *a, const struct access_identity *who,
    char out[ACCESS_SECURITY])
{
	uint8_t mac[ACCESS_SHA256];

	if (who->means == ACCESS_SESSION)
		access_mac(a, "session", who->key, NULL, NULL, mac);
	else
		access_mac(a, "user", who->user, NULL, NULL, mac);
	str_hex(mac, sizeof(mac), out);
}

bool
access_security_good(const struct access *a, const struct access_identity *who,
    const char *token)
{
	char want[ACCESS_SECURITY];

	access_security(a, who, want);
	return strlen(token) == sizeof(want) - 1 &&
	    CRYPTO_memcmp(token, want, sizeof(want) - 1) == 0;
}
