#ifndef LOGIN_INTERNAL_H_
#define LOGIN_INTERNAL_H_
#include "access_internal.h"
#include "err.h"
#include "loop.h"
#include "store.h"
#include "users.h"

/*
 * Two stores: what is only read is read on the loop; what is slow or written is
 * a job, one at a time, on a worker with a store of its own.
 */
struct access_job {
	struct access *a;
	struct access_job *next;
	/* On the loop, right before: false, and it is done with. NULL: true. */
	bool (*begin)(struct access_job *job);
	void (*run)(struct access_job *job);  /* on a worker */
	void (*done)(struct access_job *job); /* on the loop; frees it */
	void (*drop)(struct access_job *job); /* in place of all: we stop */
	struct err err;			      /* of run() */
};

/* A password that was right a short while ago need not be judged again. */
#define ACCESS_SEEN 256
#define ACCESS_SEEN_MS INT64_C(300000)
struct access_seen {
	uint8_t mac[ACCESS_SHA256];
	int64_t until; /* clock_mono_ms() */
};

struct access {
	struct loop *loop;
	struct store *store;  /* borrowed; read on the loop */
	struct store *worker; /* ours; of the job at work */
	struct gate *requests, *tries;
	uint8_t secret[ACCESS_SHA256]; /* of this process */
	struct access_seen seen[ACCESS_SEEN];
	size_t seen_next;
	struct access_job *first, *last;
	size_t waiting, owed; /* owed: answers that are deferred */
	bool busy, stopping;
	void (*stopped)(void *cookie);
	void *stopped_cookie;
};

/* --- worker.c --- */

void access_job_add(struct access *a, struct access_job *job);
/* Is that all, once stopping? */
void access_check_end(struct access *a);
/* An event of the audit chain, in the transaction; pairs of texts, NULL ends
 * them. */
int access_event(
    struct store *s, const char *kind, const char *actor, struct err *err, ...);

/* --- password.c --- */

struct access_ask; /* who waits to be told */
/* Takes shown's secret. */
void access_by_password(
    struct access *a, struct access_ask *ask, struct access_shown_as *shown);

/* --- session.c --- */

/* Note that it was used just now. */
void access_key_used(struct access *a, int64_t key);

/* --- access.c --- */

struct access_ask {
	struct access *a;
	access_done_fn *done;
	void *cookie;
	char peer[64];
	struct access_result result;
};
/* done() in the next turn. */
void access_tell(struct access_ask *ask, enum access_verdict verdict,
    int64_t retry_after_ms);
/* Granted, if the user may come at all. */
void access_grant(struct access_ask *ask, const struct store_user *u,
    enum access_means means, int64_t key);
/* HMAC of these texts under the process's secret. */
void access_mac(const struct access *a, const char *what, int64_t number,
    const char *text, const struct secret *secret, uint8_t out[ACCESS_SHA256]);
#endif
