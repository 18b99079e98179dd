#ifndef SERVER_WORK_H_
#define SERVER_WORK_H_
#include <stdbool.h>
#include <stdint.h>

struct conf;
struct err;
struct server_work;
struct store;

/*
 * Works on executions of server tasks: makes them when a schedule says so, and
 * does their actions one after the other, each as action.h says.  All it knows
 * is in the store: a process that is killed is followed by one that goes on.
 * Blocks (queries, mail servers, webhooks) up to their time-outs: for a worker
 * with a store handle of its own.
 */
#define SERVER_LEASE                                                           \
	120 /* seconds an execution is ours; renewed while at it               \
	     */

/* Borrowed for its life. owner: of this process, as engine_owner(). */
struct server_work_conf {
	const struct conf *conf;
	struct store *store;
	const char *owner;
	const char *actor; /* in events */
};
struct server_work *server_work_new(const struct server_work_conf *conf);
void server_work_free(struct server_work *w); /* NULL is allowed */
/* What waits for the start of the adapter is due. Commits. */
int server_work_start(struct server_work *w, struct err *err);
/* One piece of work of each execution, and what has become due. *ret_more:
 * there is more that need not wait. -1: the store failed; the next call goes on
 * from what it holds. Commits. */
int server_work_step(struct server_work *w, bool *ret_more, struct err *err);
#endif
