/* Passwords: remembered for a while, else judged on a worker; lock-out. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "login_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

struct attempt {
	struct access_job job; /* first */
	struct access_ask *ask;
	struct access_shown_as shown;
	/* Of run(): */
	bool good;
	struct store_user user; /* when good */
};

static void
attempt_free(struct attempt *t)
{
	secret_free(t->shown.secret);
	store_user_clear(&t->user);
	free(t);
}

/* --- remembered --- */

static void
seen_mac(const struct access *a, const struct store_user *u,
    const struct secret *password, uint8_t out[ACCESS_SHA256])
{
	/* With the hash: another password ends it. */
	access_mac(a, "password", u->id, u->hash, password, out);
}

static bool
was_seen(const struct access *a, const struct store_user *u,
    const struct secret *password)
{
	int64_t now = clock_mono_ms();
	uint8_t mac[ACCESS_SHA256];
	bool found = false;
	size_t i;

	if (u->hash == NULL)
		return false;
	seen_mac(a, u, password, mac);
	for (i = 0; i < ACCESS_SEEN; i++)
		if (a->seen[i].until > now &&
		    CRYPTO_memcmp(a->seen[i].mac, mac, sizeof(mac)) == 0)
			found = true;
	return found;
}

static void
remember(
    struct access *a, const struct store_user *u, const struct secret *password)
{
	struct access_seen *seen = &a->seen[a->seen_next++ % ACCESS_SEEN];

	seen_mac(a, u, password, seen->mac);
	seen->until = clock_mono_ms() + ACCESS_SEEN_MS;
}

/* --- on a worker --- */

static int64_t
lock_seconds(int64_t failures)
{
	int64_t seconds = ACCESS_LOCK_S, n;

	for (n = ACCESS_FAILURES; n < failures; n++) {
		seconds *= 2;
		if (seconds >= ACCESS_LOCK_MAX_S)
			return ACCESS_LOCK_MAX_S;
	}
	return seconds;
}

static int
note_failure(struct attempt *t, bool known, struct err *err)
{
	struct store *s = t->job.a->worker;
	struct store_failure f;
	int64_t now = clock_now(), seconds = 0;
	const char *name = known ? t->shown.name : NULL;
	char count[24], lock[24];

	if (store_failure_get(s, t->shown.name, &f, err) != 0)
		return -1;
	f.count++;
	f.last_at = now;
	if (f.count >= ACCESS_FAILURES) {
		seconds = lock_seconds(f.count);
		f.locked_until = now + seconds;
	}
	(void)snprintf(count, sizeof(count), "%lld", (long long)f.count);
	(void)snprintf(lock, sizeof(lock), "%lld", (long long)seconds);
	/* A name that nobody has may be a password typed in its place. */
	if (store_failure_put(s, t->shown.name, &f, err) != 0)
		return -1;
	return access_event(s, seconds > 0 ? "access.locked" : "access.refused",
	    "console", err, "user", name, "peer", t->ask->peer, "failures",
	    count, "lock_seconds", seconds > 0 ? lock : NULL, (char *)NULL);
}

static int
note_login(struct attempt *t, struct err *err)
{
	struct store *s = t->job.a->worker;
	char actor[ACCESS_NAME + 8];

	(void)snprintf(actor, sizeof(actor), "user:%s", t->user.name);
	if (store_failure_clear(s, t->shown.name, err) != 0 ||
	    store_user_login(s, t->user.id, clock_now(), err) != 0)
		return -1;
	return access_event(s, "access.login", actor, err, "means", "password",
	    "peer", t->ask->peer, (char *)NULL);
}

static int
judge(struct attempt *t, struct err *err)
{
	struct store *s = t->job.a->worker;
	bool known;

	known = store_user_find(s, t->shown.name, &t->user, err) == 0;
	if (!known && err->kind != ERR_NOTFOUND)
		return -1;
	t->good =
	    access_hash_is(known ? t->user.hash : NULL, t->shown.secret) &&
	    t->user.enabled;
	if ((t->good ? note_login(t, err) : note_failure(t, known, err)) != 0)
		return -1;
	return store_commit(s, err);
}

static void
attempt_run(struct access_job *job)
{
	struct attempt *t = (struct attempt *)job;

	if (judge(t, &job->err) == 0)
		err_clear(&job->err);
}

/* --- on the loop --- */

/* Told without judging: it is locked, or was right a short while ago. */
static bool
settle(struct access *a, struct access_ask *ask,
    const struct access_shown_as *shown)
{
	int64_t now = clock_now();
	struct store_failure f;
	struct store_user u = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	bool seen;

	if (store_failure_get(a->store, shown->name, &f, &err) != 0) {
		access_tell(ask, ACCESS_UNAVAILABLE, 0);
		return true;
	}
	/* Locked also for the right one: else the answer would tell it. */
	if (f.locked_until > now) {
		access_tell(
		    ask, ACCESS_TOO_OFTEN, (f.locked_until - now) * 1000);
		return true;
	}
	seen = store_user_find(a->store, shown->name, &u, &err) == 0 &&
	    was_seen(a, &u, shown->secret);
	if (seen)
		access_grant(ask, &u, ACCESS_PASSWORD, 0);
	store_user_clear(&u);
	return seen;
}

/* Again: much may have come of those before it. */
static bool
attempt_begin(struct access_job *job)
{
	struct attempt *t = (struct attempt *)job;
	int64_t wait = 0;
	bool settled = settle(job->a, t->ask, &t->shown);

	if (!settled) {
		wait = gate_take(job->a->tries, t->ask->peer, clock_mono_ms());
		if (wait > 0)
			access_tell(t->ask, ACCESS_TOO_OFTEN, wait);
	}
	if (!settled && wait == 0)
		return true;
	attempt_free(t);
	return false;
}

static void
attempt_done(struct access_job *job)
{
	struct attempt *t = (struct attempt *)job;
	struct access *a = job->a;

	if (t->good && job->err.kind == ERR_NONE) {
		gate_give(a->tries, t->ask->peer);
		remember(a, &t->user, t->shown.secret);
		access_grant(t->ask, &t->user, ACCESS_PASSWORD, 0);
	} else {
		access_tell(t->ask,
		    job->err.kind == ERR_NONE ? ACCESS_REFUSED
					      : ACCESS_UNAVAILABLE,
		    0);
	}
	attempt_free(t);
}

static void
attempt_drop(struct access_job *job)
{
	struct attempt *t = (struct attempt *)job;

	access_tell(t->ask, ACCESS_UNAVAILABLE, 0);
	attempt_free(t);
}

void
access_by_password(
    struct access *a, struct access_ask *ask, struct access_shown_as *shown)
{
	struct attempt *t;
	bool settled = settle(a, ask, shown);

	if (!settled && a->waiting >= ACCESS_WAITING_MAX) {
		access_tell(ask, ACCESS_UNAVAILABLE, 1000);
		settled = true;
	}
	if (settled) {
		secret_free(shown->secret);
		return;
	}
	t = mem_alloc(sizeof(*t));
	t->job.begin = attempt_begin;
	t->job.run = attempt_run;
	t->job.done = attempt_done;
	t->job.drop = attempt_drop;
	t->ask = ask;
	t->shown = *shown;
	access_job_add(a, &t->job);
}
