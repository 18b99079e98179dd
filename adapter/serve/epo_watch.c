#include "epo_watch_internal.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "conf_epo.h"
#include "daemon.h"
#include "err.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "upstream.h"
#include "upstreams.h"
#include "vault.h"
#include "work.h"

#define LOOK_MS 5000  /* is one due? The command line may have made it so */
#define SLICE_MS 2000 /* then other work gets the worker */
#define TROUBLE_MS 60000
#define LOG_TEXT 256

struct epo_watch {
	struct daemon *d;
	struct loop_timer *timer;
	bool busy, stopping;
	void (*quiet)(void *cookie);
	void *cookie;
	char *owner;
	_Atomic bool hurry; /* stop between two exchanges */
	/* The worker's, one at a time: */
	struct vault *vault;
	struct store *store;
	size_t at; /* the console that is next */
	struct upstream_conf conf;
	struct epo_sync *sync; /* under way with that */
	/* What it did, for the log: */
	bool ended, more;
	const char *name;
	struct epo_report report;
	struct err err;
};

/* --- on a worker --- */

static int
open_store(struct epo_watch *w)
{
	const struct conf *conf = w->d->conf;

	if (w->store != NULL)
		return 0;
	if (w->vault == NULL &&
	    vault_open(conf->vault_key, &w->vault, &w->err) != 0)
		return -1;
	return store_open(conf->database, w->vault, &w->store, &w->err);
}

/* Has it a login, and is it time? */
static bool
is_due(struct epo_watch *w, const char *name)
{
	struct upstream u = {0};
	struct err err = {.kind = ERR_NONE};
	struct secret *password = NULL;
	char *user = NULL;
	bool due = false;

	if (upstream_find(w->store, name, &u, &err) == 0 &&
	    u.state != UPSTREAM_DENIED && u.state != UPSTREAM_CHANGED &&
	    u.next_at <= clock_now())
		due = upstream_get_login(
			  w->store, u.id, &user, &password, &err) == 0;
	secret_free(password);
	free(user);
	upstream_clear(&u);
	return due;
}

static void
end_sync(struct epo_watch *w)
{
	epo_sync_free(w->sync);
	w->sync = NULL;
	upstream_conf_clear(&w->conf);
}

/* The next console that is due, into w->sync; false: none. */
static bool
begin_next(struct epo_watch *w)
{
	const struct conf *conf = w->d->conf;
	size_t i;

	for (i = 0; i < conf->epo_count; i++) {
		w->at = (w->at + 1) % conf->epo_count;
		w->name = conf->epos[w->at].name;
		if (!is_due(w, w->name))
			continue;
		if (upstream_conf_open(conf, w->name, &w->conf, &w->err) != 0)
			return false;
		if (epo_sync_new(&w->conf.epo, w->store, w->owner, &w->sync,
			&w->err) == 0)
			return true;
		upstream_conf_clear(&w->conf);
		if (w->err.kind != ERR_CONFLICT)
			return false;
		err_clear(&w->err); /* a command is at it */
	}
	return false;
}

static void
run(void *arg)
{
	struct epo_watch *w = arg;
	int64_t end = clock_mono_ms() + SLICE_MS;

	err_clear(&w->err);
	w->ended = w->more = false;
	if (open_store(w) != 0 || (w->sync == NULL && !begin_next(w)))
		return;
	do {
		if (epo_sync_step(w->sync, &w->more, &w->err) != 0) {
			end_sync(w);
			w->more = false;
			return;
		}
	} while (w->more && clock_mono_ms() < end && !w->hurry);
	if (w->more)
		return;
	w->report = *epo_sync_report(w->sync);
	w->ended = true;
	end_sync(w);
}

/* --- on the loop --- */

static void
log_end(const struct epo_watch *w)
{
	const struct epo_report *r = &w->report;
	struct buf text;

	if (w->ended)
		log_line(LOG_NOTE, "epo.sync",
		    "name=%s full=%d read=%zu added=%zu changed=%zu gone=%zu "
		    "problems=%zu tagged=%zu untagged=%zu texts=%zu opened=%zu "
		    "closed=%zu",
		    w->name, r->full, r->read, r->added, r->changed, r->gone,
		    r->problems, r->tagged, r->untagged, r->texts, r->opened,
		    r->closed);
	if (w->err.kind == ERR_NONE)
		return;
	buf_init(&text, LOG_TEXT);
	str_printable(&text, w->err.text, strlen(w->err.text), LOG_TEXT / 4);
	log_line(LOG_WARN, "epo.failed", "name=%s kind=%s error=\"%s\"",
	    w->name == NULL ? "-" : w->name, err_kind_name(w->err.kind),
	    buf_text(&text));
	buf_free(&text);
}

static void on_timer(void *cookie);

static void
done(void *arg)
{
	struct epo_watch *w = arg;

	w->busy = false;
	log_end(w);
	if (w->stopping) {
		w->quiet(w->cookie);
	} else if (w->more || w->ended) {
		on_timer(w); /* it goes on, or perhaps the next is due */
	} else {
		/* What cannot be configured or stored has no time of its own.
		 */
		loop_timer_set(
		    w->timer, w->err.kind == ERR_NONE ? LOOK_MS : TROUBLE_MS);
	}
}

static void
on_timer(void *cookie)
{
	struct epo_watch *w = cookie;
	const struct work_job job = {.run = run, .done = done, .arg = w};

	w->busy = true;
	work_submit(w->d->loop, &job);
}

struct epo_watch *
epo_watch_new(struct daemon *d)
{
	struct epo_watch *w;

	if (d->conf->epo_count == 0)
		return NULL;
	w = mem_alloc(sizeof(*w));
	w->d = d;
	w->owner = mem_printf("serve/%ld", (long)getpid());
	w->at = d->conf->epo_count - 1;
	w->timer = loop_timer_new(d->loop, on_timer, w);
	loop_timer_set(w->timer, 0);
	return w;
}

bool
epo_watch_stop(struct epo_watch *w, void (*quiet)(void *cookie), void *cookie)
{
	if (w == NULL)
		return true;
	loop_timer_stop(w->timer);
	w->stopping = true;
	w->hurry = true;
	w->quiet = quiet;
	w->cookie = cookie;
	return !w->busy;
}

void
epo_watch_free(struct epo_watch *w)
{
	if (w == NULL)
		return;
	assert(!w->busy);
	end_sync(w);
	store_close(w->store);
	vault_close(w->vault);
	loop_timer_del(w->timer);
	free(w->owner);
	free(w);
}
