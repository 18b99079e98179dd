#include "server_watch_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "engine.h"
#include "err.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "server_work.h"
#include "store.h"
#include "str.h"
#include "vault.h"
#include "work.h"

#define LOOK_MS 1000  /* the command line may have ordered something */
#define SLICE_MS 2000 /* then other work gets the worker */
#define TROUBLE_MS 5000
#define LOG_TEXT 256

struct server_watch {
	struct daemon *d;
	struct loop_timer *timer;
	bool going, busy, stopping;
	void (*quiet)(void *cookie);
	void *cookie;
	/* The worker's, one at a time: */
	struct vault *vault;
	struct store *store;
	struct server_work *work;
	bool more;
	struct err err;
};

/* --- on a worker --- */

static int
open_work(struct server_watch *w)
{
	struct server_work_conf c = {.conf = w->d->conf,
	    .owner = engine_owner(w->d->engine),
	    .actor = "serve"};

	if (w->work != NULL)
		return 0;
	if (w->vault == NULL &&
	    vault_open(w->d->conf->vault_key, &w->vault, &w->err) != 0)
		return -1;
	if (w->store == NULL &&
	    store_open(w->d->conf->database, w->vault, &w->store, &w->err) != 0)
		return -1;
	store_patience(w->store);
	c.store = w->store;
	w->work = server_work_new(&c);
	if (server_work_start(w->work, &w->err) == 0)
		return 0;
	server_work_free(w->work);
	w->work = NULL;
	return -1;
}

static void
run(void *arg)
{
	struct server_watch *w = arg;
	int64_t end = clock_mono_ms() + SLICE_MS;

	err_clear(&w->err);
	w->more = false;
	if (open_work(w) != 0)
		return;
	do {
		if (server_work_step(w->work, &w->more, &w->err) != 0) {
			w->more = false;
			return;
		}
	} while (w->more && clock_mono_ms() < end);
}

/* --- on the loop --- */

static void
log_trouble(const struct server_watch *w)
{
	struct buf text;

	buf_init(&text, LOG_TEXT);
	str_printable(&text, w->err.text, strlen(w->err.text), LOG_TEXT / 4);
	log_line(LOG_WARN, "server_task.trouble", "kind=%s error=\"%s\"",
	    err_kind_name(w->err.kind), buf_text(&text));
	buf_free(&text);
}

static void
done(void *arg)
{
	struct server_watch *w = arg;

	w->busy = false;
	if (w->err.kind != ERR_NONE)
		log_trouble(w);
	if (w->stopping)
		w->quiet(w->cookie);
	else if (w->going)
		loop_timer_set(w->timer,
		    w->err.kind != ERR_NONE ? TROUBLE_MS
			: w->more	    ? 1
					    : LOOK_MS);
}

static void
on_timer(void *cookie)
{
	struct server_watch *w = cookie;
	const struct work_job job = {.run = run, .done = done, .arg = w};

	w->busy = true;
	work_submit(w->d->loop, &job);
}

/* --- life --- */

struct server_watch *
server_watch_new(struct daemon *d)
{
	struct server_watch *w = mem_alloc(sizeof(*w));

	w->d = d;
	w->timer = loop_timer_new(d->loop, on_timer, w);
	return w;
}

void
server_watch_go(struct server_watch *w)
{
	if (w->going || w->stopping)
		return;
	w->going = true;
	if (!w->busy)
		loop_timer_set(w->timer, 0);
}

void
server_watch_hold(struct server_watch *w)
{
	w->going = false;
	loop_timer_stop(w->timer);
}

bool
server_watch_stop(
    struct server_watch *w, void (*quiet)(void *cookie), void *cookie)
{
	if (w == NULL)
		return true;
	loop_timer_stop(w->timer);
	w->stopping = true;
	w->quiet = quiet;
	w->cookie = cookie;
	return !w->busy;
}

void
server_watch_free(struct server_watch *w)
{
	if (w == NULL)
		return;
	assert(!w->busy);
	server_work_free(w->work);
	store_close(w->store);
	vault_close(w->vault);
	loop_timer_del(w->timer);
	free(w);
}
