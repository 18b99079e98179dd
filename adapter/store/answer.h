#ifndef ANSWER_H_
#define ANSWER_H_
#include <stdint.h>

#include "buf.h"

struct err;
struct store;

/*
 * What was answered to requests that carry a key of their client's: the same
 * request again gets the same answer and does nothing.  An answer is written in
 * the transaction of what it tells of, and kept for a day.
 */
#define STORE_ANSWER_S INT64_C(86400)
#define STORE_ANSWERS_MAX 10000 /* of a user; the oldest make room */
#define STORE_ANSWER_MAX 65536	/* bytes of a body */

struct store_answer {
	int64_t user;
	const char *key;     /* borrowed */
	uint8_t request[32]; /* SHA-256 of what was asked; kept sealed */
	int64_t status;
	char *location, *etag; /* or NULL */
	struct buf body;
};
/* Frees what it owns. */
void store_answer_clear(struct store_answer *a);

/* The answer to user and key, opening the transaction: nobody else can begin
 * the same meanwhile. ERR_NOTFOUND: it is a new one; ERR_CONFLICT: the key was
 * used for another request. */
int store_answer_find(
    struct store *s, struct store_answer *a, int64_t now, struct err *err);
/* Keep it. ERR_LIMIT when the body is too long. */
int store_answer_put(struct store *s, const struct store_answer *a, int64_t now,
    struct err *err);
#endif
