#include "ca_watch_internal.h"

#include <stdlib.h>

#include "ca.h"
#include "daemon.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "periodic.h"
#include "port.h"
#include "revocation_internal.h"

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
	struct periodic *periodic;
	int64_t mark; /* of the CA in use, or of one that could not be opened */
	struct err broken; /* why that could not */
	/* The worker's: */
	struct ca_conf conf;
	struct ca *ca;	 /* to ask */
	struct ca *next; /* what it opened; NULL */
	int64_t found;
};

/* --- on a worker --- */

static int
look(void *arg, bool *ret_more, struct err *err)
{
	struct ca_watch *w = arg;

	(void)ret_more;
	w->found = w->mark;
	if (ca_mark(w->ca, &w->found, err) != 0)
		return -1;
	if (w->found != w->mark)
		return ca_open(&w->conf, &w->next, err);
	*err = w->broken;
	return err->kind == ERR_NONE ? 0 : -1;
}

/* --- on the loop --- */

static void
use(struct ca_watch *w, struct err *err)
{
	struct daemon *d = w->d;

	if (port_device_use(d->ports, w->next, err) != 0)
		return;
	port_ca_use(d->ports, w->next);
	revocation_use(w->revocation, w->next);
	ca_close(d->ca);
	d->ca = w->next;
	w->next = NULL;
	w->mark = ca_opened_mark(d->ca);
	err_clear(&w->broken);
	log_line(LOG_NOTE, "serve.ca", "name=%s", ca_name(d->ca));
}

static void
begin(void *arg)
{
	struct ca_watch *w = arg;

	w->ca = ca_hold(w->d->ca);
	w->conf = daemon_ca_conf(w->d);
}

static void
looked(void *arg, struct err *err)
{
	struct ca_watch *w = arg;

	ca_close(w->ca);
	w->ca = NULL;
	if (w->next != NULL && !periodic_stopping(w->periodic))
		use(w, err);
	ca_close(w->next);
	w->next = NULL;
	if (w->found != w->mark && err->kind != ERR_NONE &&
	    !err_is_transient(err)) {
		w->mark = w->found;
		w->broken = *err;
	}
}

struct ca_watch *
ca_watch_new(struct daemon *d, struct revocation *revocation)
{
	struct ca_watch *w = mem_alloc(sizeof(*w));
	const struct periodic_job job = {.log = "serve.ca",
	    .begin = begin,
	    .run = look,
	    .done = looked,
	    .arg = w,
	    .every_ms = LOOK_MS,
	    .again_ms = LOOK_MS};

	w->d = d;
	w->revocation = revocation;
	w->mark = ca_opened_mark(d->ca);
	w->periodic = periodic_new(d->loop, &job);
	periodic_start(w->periodic, LOOK_MS);
	return w;
}

bool
ca_watch_stop(struct ca_watch *w, void (*quiet)(void *cookie), void *cookie)
{
	return periodic_stop(w->periodic, quiet, cookie);
}

void
ca_watch_free(struct ca_watch *w)
{
	if (w == NULL)
		return;
	periodic_free(w->periodic);
	free(w);
}
