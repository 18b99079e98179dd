#include "ca_watch_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "ca.h"
#include "daemon.h"
#include "err.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "port.h"
#include "revocation_internal.h"
#include "work.h"

/*
 *   every few seconds:  a worker reads the records' mark
 *     another one  ->   it opens the CA anew
 *                  ->   on the loop, between two calls: all who use it change
 *                       over; the one before is gone when the last call that
 *                       began with it is done
 *
 * A CA that cannot be opened is left until the records change once more: it may
 * be a token that counts wrong PINs.  The one before goes on meanwhile.
 */
#define LOOK_MS 3000

struct ca_watch {
	struct daemon *d;
	struct revocation *revocation;
	struct loop_timer *timer;
	bool busy, stopping;
	void (*quiet)(void *cookie);
	void *cookie;
	int64_t mark; /* of the CA in use, or of one that could not be opened */
	/* The worker's: */
	struct ca_conf conf;
	struct ca *ca;	 /* to ask */
	struct ca *next; /* what it opened; NULL */
	int64_t found;
	struct err err;
};

/* --- on a worker --- */

static void
look(void *arg)
{
	struct ca_watch *w = arg;

	err_clear(&w->err);
	w->found = w->mark;
	if (ca_mark(w->ca, &w->found, &w->err) != 0 || w->found == w->mark)
		return;
	(void)ca_open(&w->conf, &w->next, &w->err);
}

/* --- on the loop --- */

static void
use(struct ca_watch *w)
{
	struct daemon *d = w->d;

	if (port_device_use(d->ports, w->next, &w->err) != 0)
		return;
	port_ca_use(d->ports, w->next);
	revocation_use(w->revocation, w->next);
	ca_close(d->ca);
	d->ca = w->next;
	w->next = NULL;
	w->mark = ca_opened_mark(d->ca);
	log_line(LOG_NOTE, "serve.ca", "name=%s", ca_name(d->ca));
}

static void
looked(void *arg)
{
	struct ca_watch *w = arg;

	w->busy = false;
	ca_close(w->ca);
	w->ca = NULL;
	if (w->next != NULL && !w->stopping)
		use(w);
	ca_close(w->next);
	w->next = NULL;
	if (w->err.kind != ERR_NONE) {
		log_line(LOG_WARN, "serve.ca", "kind=%s error=\"%s\"",
		    err_kind_name(w->err.kind), w->err.text);
		if (!err_is_transient(&w->err))
			w->mark = w->found;
	}
	if (!w->stopping)
		loop_timer_set(w->timer, LOOK_MS);
	else
		w->quiet(w->cookie);
}

static void
on_timer(void *cookie)
{
	struct ca_watch *w = cookie;
	const struct work_job job = {.run = look, .done = looked, .arg = w};

	w->busy = true;
	w->ca = ca_hold(w->d->ca);
	w->conf = daemon_ca_conf(w->d);
	work_submit(w->d->loop, &job);
}

struct ca_watch *
ca_watch_new(struct daemon *d, struct revocation *revocation)
{
	struct ca_watch *w = mem_alloc(sizeof(*w));

	w->d = d;
	w->revocation = revocation;
	w->mark = ca_opened_mark(d->ca);
	w->timer = loop_timer_new(d->loop, on_timer, w);
	loop_timer_set(w->timer, LOOK_MS);
	return w;
}

bool
ca_watch_stop(struct ca_watch *w, void (*quiet)(void *cookie), void *cookie)
{
	loop_timer_stop(w->timer);
	w->stopping = true;
	w->quiet = quiet;
	w->cookie = cookie;
	return !w->busy;
}

void
ca_watch_free(struct ca_watch *w)
{
	if (w == NULL)
		return;
	assert(!w->busy);
	loop_timer_del(w->timer);
	free(w);
}
