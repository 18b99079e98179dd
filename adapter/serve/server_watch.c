#include "server_watch_internal.h"

#include <stdlib.h>

#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "engine.h"
#include "err.h"
#include "mem.h"
#include "periodic.h"
#include "server_work.h"
#include "store.h"
#include "vault.h"

#define LOOK_MS 1000  /* the command line may have ordered something */
#define SLICE_MS 2000 /* then other work gets the worker */
#define TROUBLE_MS 5000

struct server_watch {
	struct daemon *d;
	struct periodic *periodic;
	/* The worker's, one at a time: */
	struct vault *vault;
	struct store *store;
	struct server_work *work;
};

static int
open_work(struct server_watch *w, struct err *err)
{
	struct server_work_conf c = {.conf = w->d->conf,
	    .owner = engine_owner(w->d->engine),
	    .actor = "serve"};

	if (w->work != NULL)
		return 0;
	if (w->vault == NULL &&
	    vault_open(w->d->conf->vault_key, &w->vault, err) != 0)
		return -1;
	if (w->store == NULL &&
	    store_open(w->d->conf->database, w->vault, &w->store, err) != 0)
		return -1;
	store_patience(w->store);
	c.store = w->store;
	w->work = server_work_new(&c);
	if (server_work_start(w->work, err) == 0)
		return 0;
	server_work_free(w->work);
	w->work = NULL;
	return -1;
}

static int
run(void *arg, bool *ret_more, struct err *err)
{
	struct server_watch *w = arg;
	int64_t end = clock_mono_ms() + SLICE_MS;

	if (open_work(w, err) != 0)
		return -1;
	do {
		if (server_work_step(w->work, ret_more, err) != 0)
			return -1;
	} while (*ret_more && clock_mono_ms() < end);
	return 0;
}

/* --- life --- */

struct server_watch *
server_watch_new(struct daemon *d)
{
	struct server_watch *w = mem_alloc(sizeof(*w));
	const struct periodic_job job = {.log = "server_task.trouble",
	    .run = run,
	    .arg = w,
	    .every_ms = LOOK_MS,
	    .again_ms = TROUBLE_MS};

	w->d = d;
	w->periodic = periodic_new(d->loop, &job);
	return w;
}

void
server_watch_go(struct server_watch *w)
{
	periodic_start(w->periodic, 0);
}

void
server_watch_hold(struct server_watch *w)
{
	periodic_hold(w->periodic);
}

bool
server_watch_stop(
    struct server_watch *w, void (*quiet)(void *cookie), void *cookie)
{
	return w == NULL || periodic_stop(w->periodic, quiet, cookie);
}

void
server_watch_free(struct server_watch *w)
{
	if (w == NULL)
		return;
	server_work_free(w->work);
	store_close(w->store);
	vault_close(w->vault);
	periodic_free(w->periodic);
	free(w);
}
