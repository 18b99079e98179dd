#ifndef STORE_FORWARD_H_
#define STORE_FORWARD_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct secret;
struct store;

/*
 * How far the events have come at each place they are sent to, so that a
 * restart goes on where it was.  Places are named in the configuration; a row
 * is made when one is first used.  Writes join the store's transaction.
 */
#define STORE_FORWARD_NAME 64
#define STORE_FORWARD_ERROR 256
#define STORE_FORWARD_DEAD_MAX 10000 /* letters kept of a place, newest */

struct store_forward {
	char name[STORE_FORWARD_NAME];
	int64_t cursor;	   /* the last event that arrived, or was given up */
	int64_t delivered; /* how many arrived, in all */
	int64_t delivered_at;
	/* Of those behind the cursor, the first: */
	int64_t attempts; /* that failed in a row */
	int64_t refusals; /* of those: this event was not taken */
	int64_t failing_since;
	int64_t next_at;		 /* not before then */
	char error[STORE_FORWARD_ERROR]; /* of the last attempt; "": none */
};

/* What there is of this name; when there is nothing it is made, and begins with
 * the events yet to come, or with the first that there is. */
int store_forward_take(struct store *s, const char *name, bool first,
    struct store_forward *ret, struct err *err);
/* ERR_NOTFOUND when it was never used. */
int store_forward_find(struct store *s, const char *name,
    struct store_forward *ret, struct err *err);
int store_forward_put(
    struct store *s, const struct store_forward *f, struct err *err);
/* How many events are behind that one, and when the first of them was; 0 and 0:
 * none. */
int store_forward_behind(struct store *s, int64_t cursor, int64_t *ret_count,
    int64_t *ret_oldest, struct err *err);

/* The secret that messages to it are signed with, sealed. ERR_NOTFOUND. */
int store_forward_secret_put(struct store *s, const char *name,
    const struct secret *secret, int64_t now, struct err *err);
int store_forward_secret_get(struct store *s, const char *name,
    struct secret **ret_secret, struct err *err);

/* Events that a place would not take. */
struct store_dead {
	int64_t id;
	const char *name; /* of the place */
	int64_t event;
	int64_t at;
	int64_t attempts;
	int64_t again_at; /* since then it is to be sent again; 0: it is not */
	const char *error;
};
typedef int store_dead_fn(
    void *cookie, const struct store_dead *dead, struct err *err);
int store_dead_add(
    struct store *s, const struct store_dead *dead, struct err *err);
/* Oldest first; name NULL: of all places. fn may not write. */
int store_dead_scan(struct store *s, const char *name, store_dead_fn *fn,
    void *cookie, struct err *err);
int store_dead_count(
    struct store *s, const char *name, int64_t *ret_count, struct err *err);
/* Those of a place, or the one of this event (not 0; else ERR_NOTFOUND), are to
 * be sent again, or are forgotten; how many. */
int store_dead_again(struct store *s, const char *name, int64_t event,
    int64_t now, int64_t *ret_count, struct err *err);
int store_dead_drop(struct store *s, const char *name, int64_t event,
    int64_t *ret_count, struct err *err);
/* The first that is to be sent again, without its error; id 0: there is none.
 */
int store_dead_next(
    struct store *s, const char *name, struct store_dead *ret, struct err *err);
/* It was refused again: at, attempts and error are those of this time. */
int store_dead_refused(
    struct store *s, const struct store_dead *dead, struct err *err);
/* It has arrived. */
int store_dead_remove(struct store *s, int64_t id, struct err *err);
#endif
