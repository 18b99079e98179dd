#include "epo_watch_internal.h"

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
#include "mem.h"
#include "periodic.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "upstream.h"
#include "upstreams.h"
#include "vault.h"

#define LOOK_MS 5000  /* is one due? The command line may have made it so */
#define SLICE_MS 2000 /* then other work gets the worker */
#define TROUBLE_MS 60000
#define LOG_TEXT 256

struct epo_watch {
	struct daemon *d;
	struct periodic *periodic;
	char *owner;
	/* The worker's, one at a time: */
	struct vault *vault;
	struct store *store;
	size_t at; /* the console that is next */
	struct upstream_conf conf;
	struct epo_sync *sync; /* under way with that */
	/* What it did, for the log: */
	bool ended;
	const char *name;
	struct epo_report report;
};

/* --- on a worker --- */

static int
open_store(struct epo_watch *w, struct err *err)
{
	const struct conf *conf = w->d->conf;

	if (w->store != NULL)
		return 0;
	if (w->vault == NULL &&
	    vault_open(conf->vault_key, &w->vault, err) != 0)
		return -1;
	return store_open(conf->database, w->vault, &w->store, err);
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

/* The next console that is due, into w->sync, which stays NULL when there is
 * none. */
static int
begin_next(struct epo_watch *w, struct err *err)
{
	const struct conf *conf = w->d->conf;
	size_t i;

	for (i = 0; i < conf->epo_count; i++) {
		w->at = (w->at + 1) % conf->epo_count;
		w->name = conf->epos[w->at].name;
		if (!is_due(w, w->name))
			continue;
		if (upstream_conf_open(conf, w->name, &w->conf, err) != 0)
			return -1;
		if (epo_sync_new(
			&w->conf.epo, w->store, w->owner, &w->sync, err) == 0)
			return 0;
		upstream_conf_clear(&w->conf);
		if (err->kind != ERR_CONFLICT) /* else a command is at it */
			return -1;
	}
	return 0;
}

static int
go_on(struct epo_watch *w, bool *ret_more, struct err *err)
{
	int64_t end = clock_mono_ms() + SLICE_MS;

	do {
		if (epo_sync_step(w->sync, ret_more, err) != 0) {
			end_sync(w);
			return -1;
		}
	} while (*ret_more && clock_mono_ms() < end &&
	    !periodic_stopping(w->periodic)); /* between two exchanges */
	if (*ret_more)
		return 0;
	w->report = *epo_sync_report(w->sync);
	w->ended = true;
	end_sync(w);
	*ret_more = true; /* perhaps the next is due */
	return 0;
}

static int
run(void *arg, bool *ret_more, struct err *err)
{
	struct epo_watch *w = arg;

	w->ended = false;
	if (open_store(w, err) != 0 ||
	    (w->sync == NULL && begin_next(w, err) != 0))
		return -1;
	return w->sync == NULL ? 0 : go_on(w, ret_more, err);
}

/* --- on the loop --- */

static void
done(void *arg, struct err *err)
{
	const struct epo_watch *w = arg;
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
	if (err->kind == ERR_NONE)
		return;
	buf_init(&text, LOG_TEXT);
	str_printable(&text, err->text, strlen(err->text), LOG_TEXT / 4);
	log_line(LOG_WARN, "epo.failed", "name=%s kind=%s error=\"%s\"",
	    w->name == NULL ? "-" : w->name, err_kind_name(err->kind),
	    buf_text(&text));
	buf_free(&text);
}

struct epo_watch *
epo_watch_new(struct daemon *d)
{
	struct periodic_job job = {.run = run,
	    .done = done,
	    .every_ms = LOOK_MS,
	    .again_ms = TROUBLE_MS};
	struct epo_watch *w;

	if (d->conf->epo_count == 0)
		return NULL;
	w = mem_alloc(sizeof(*w));
	w->d = d;
	w->owner = mem_printf("serve/%ld", (long)getpid());
	w->at = d->conf->epo_count - 1;
	job.arg = w;
	w->periodic = periodic_new(d->loop, &job);
	periodic_start(w->periodic, 0);
	return w;
}

bool
epo_watch_stop(struct epo_watch *w, void (*quiet)(void *cookie), void *cookie)
{
	return w == NULL || periodic_stop(w->periodic, quiet, cookie);
}

void
epo_watch_free(struct epo_watch *w)
{
	if (w == NULL)
		return;
	end_sync(w);
	store_close(w->store);
	vault_close(w->vault);
	periodic_free(w->periodic);
	free(w->owner);
	free(w);
}
