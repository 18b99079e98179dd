#ifndef ERRAND_H_
#define ERRAND_H_
#include <stdbool.h>
#include <stddef.h>

#include "desk.h"
#include "err.h"
#include "ports.h"

struct conf;
struct loop;

/*
 * An errand is one call of the engine into the domain.  libldap and libkrb5
 * block, so it is run on a worker; a few desks (connections) take errands from
 * one queue, which leaves the other workers to those who wait for something
 * else.  An errand that needs no connection waits for none.
 *
 *   on the loop                 on a worker         on the loop
 *   errand_send() -> queue -->  desk_work(call) --> give() -> done() -> free()
 *                                                   (after success)
 *
 * The worker sees the errand and nothing else: arguments are copied into it, as
 * what they were taken from may change meanwhile, and results are handed over
 * on the loop.
 */
struct errand {
	/* Filled by the port: it embeds this as its first member. */
	enum desk_need need;
	char *dc; /* freed with it; see struct desk_job */
	bool or_another;
	desk_fn *call; /* cookie is the errand */
	/* What does over Kerberos alone where no LDAP answers
	 * (ERR_UNREACHABLE: nothing happened); NULL: nothing does. */
	desk_fn *instead;
	void (*give)(struct errand *e);
	void (*free)(struct errand *e); /* everything else, and itself */

	bool by_kerberos; /* filled before give(): that was done */

	/* errand.c's own */
	struct errand *next;
	struct errands *queue;
	size_t desk;
	struct err err;
	port_done_fn *done;
	void *cookie;
};
struct errands; /* the queue and its desks */

/* conf is borrowed. No I/O. */
struct errands *errands_new(struct loop *loop, const struct conf *conf);
/* Begin nothing more: errands that wait for a desk, or come later, are dropped
 * without an answer.  Those at work are waited for (the calls bound their own
 * time) and answered. */
void errands_stop(struct errands *q);
void errands_free(struct errands *q); /* when none is under way */
/* Takes e. */
void errand_send(
    struct errands *q, struct errand *e, port_done_fn *done, void *cookie);

/* Where its desks belong to; borrowed. */
struct office *errands_office(struct errands *q);

/* others.c: a call of port_directory. */
void port_look_others(void *self, const struct port_password *password,
    char **ret_behind, port_done_fn *done, void *cookie);
/* port_kdc.c: the KDC's calls, over a queue of both ports. */
void port_kdc_fill(struct port_kdc *port, struct errands *q);
#endif
