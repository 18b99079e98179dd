#ifndef JOURNAL_H_
#define JOURNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct secret;
struct store;

/*
 * "We are about to": an intent is written and committed before the first byte
 * of a change leaves, and holds all that a fresh process needs to find out what
 * happened.  At most one is open per device: the table's unique index says so.
 * Writes join the store's transaction; store_commit() makes them durable.
 */
struct journal_intent {
	int64_t id;
	int64_t device;
	const char *play; /* "reissue-certificates" */
	const char *step; /* row of the step table: "certificate.add" */
	const char *args; /* JSON object without secrets, never NULL */
	const struct secret *secret; /* candidate; sealed at rest; or NULL */
	int64_t attempts;	     /* of act(), this one included */
	int64_t opened_at;
	/* Of ended ones: */
	int64_t ended_at;
	const char *end;    /* "done", "failed", "parked" */
	const char *result; /* JSON or text, no secrets */
};

enum journal_end {
	JOURNAL_DONE,	/* observed: it is so */
	JOURNAL_FAILED, /* observed: it is not so, and we gave up */
};

/* Open an intent (id, attempts, opened_at, end are set here; attempts is 1) if
 * the lease token is still ours: else ERR_CONFLICT, nothing written. */
int journal_intend(struct store *s, const struct journal_intent *intent,
    int64_t lease_token, int64_t now, int64_t *ret_id, struct err *err);
/* Count one more act() before it is made; takes back a park. This and the next
 * three: ERR_CONFLICT when it has ended already, ERR_NOTFOUND. */
int journal_again(struct store *s, int64_t id, struct err *err);
/* Replace the args of an open intent: what was tried to find out is in them. */
int journal_note(
    struct store *s, int64_t id, const char *args, struct err *err);
/* Mark an open intent as waiting for a person; it stays open. */
int journal_park(struct store *s, int64_t id, const char *why, struct err *err);
/* Close it; joins the transaction that also stores record and event. Ended
 * ones keep no secret. */
int journal_settle(struct store *s, int64_t id, enum journal_end end,
    const char *result, int64_t now, struct err *err);

/* The number of a device's last intent, ended or not; 0: it has none. */
int journal_last(
    struct store *s, int64_t device, int64_t *ret_id, struct err *err);

typedef int journal_fn(
    void *cookie, const struct journal_intent *intent, struct err *err);
/* Open ones, oldest first; device 0 = all. Everything is borrowed for the call;
 * fn may write and commit; its -1 stops and returns. */
int journal_scan_open(struct store *s, int64_t device, journal_fn *fn,
    void *cookie, struct err *err);
/* Ended ones, newest first, of numbers below `before` (0 = all); secret is
 * NULL, limit 0 = no limit. */
int journal_scan_ended(struct store *s, int64_t device, int64_t before,
    size_t limit, journal_fn *fn, void *cookie, struct err *err);
#endif
