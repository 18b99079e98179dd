#include "metrics_internal.h"

#include <stdlib.h>

#include "access.h"
#include "buf.h"
#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "console.h"
#include "daemon.h"
#include "err.h"
#include "http.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metric.h"
#include "store.h"
#include "vault.h"
#include "work.h"

/* Who asks while the fleet is being counted; no more than connections. */
struct waiting {
	struct waiting *next;
	struct http_request *request;
};

struct metrics {
	struct daemon *d;
	struct vault *vault; /* the worker's, as the store */
	struct store *store;
	struct waiting *waiting;
	struct buf fleet; /* as last counted */
	int64_t counted_ms;
	bool known, busy, stopping;
	void (*done)(void *cookie);
	void *cookie;
	/* The worker's: */
	struct ca_conf ca;
	struct buf fresh;
	struct err err;
};

static struct metric failures_total = {
    .name = "amtkeeper_metrics_failures_total",
    .help = "Times that the fleet could not be counted",
    .kind = METRIC_COUNTER};

/* --- answers --- */

static void
answer(struct metrics *m, struct http_request *request)
{
	struct http_answer a = {
	    .status = 200, .type = METRIC_TYPE, .cache = "no-store"};
	struct buf page;

	buf_init(&page, METRIC_PAGE_MAX);
	buf_add(&page, m->fleet.data, m->fleet.len);
	metrics_process(m->d, &page);
	metric_write(&page);
	a.body = http_body_new(&page);
	http_answer(request, &a);
	http_body_drop(a.body);
}

/* Numbers of long ago would look like those of now. */
static void
answer_none(struct http_request *request)
{
	struct http_answer a = {.status = 503,
	    .type = "text/plain; charset=utf-8",
	    .cache = "no-store",
	    .retry_after = METRICS_KEPT_MS / 1000};
	struct buf text;

	buf_init(&text, 64);
	buf_str(&text, "the store does not answer\n");
	a.body = http_body_new(&text);
	http_answer(request, &a);
	http_body_drop(a.body);
}

/* --- counting --- */

static void
count(void *arg)
{
	struct metrics *m = arg;

	err_clear(&m->err);
	buf_reset(&m->fresh);
	(void)metrics_fleet(m->store, &m->ca, &m->fresh, &m->err);
}

static void
counted(void *arg)
{
	struct metrics *m = arg;
	struct waiting *w;
	struct buf before = m->fleet;

	m->busy = false;
	m->known = m->err.kind == ERR_NONE;
	m->counted_ms = clock_mono_ms();
	if (m->known) {
		m->fleet = m->fresh;
		m->fresh = before;
	} else {
		metric_add(metric_cell(&failures_total, NULL, NULL), 1);
		log_line(LOG_WARN, "metrics.failed", "kind=%s error=\"%s\"",
		    err_kind_name(m->err.kind), m->err.text);
	}
	while ((w = m->waiting) != NULL) {
		m->waiting = w->next;
		if (m->known)
			answer(m, w->request);
		else
			answer_none(w->request);
		free(w);
	}
	if (m->stopping)
		m->done(m->cookie);
}

static void
begin(struct metrics *m)
{
	const struct work_job job = {.run = count, .done = counted, .arg = m};

	m->busy = true;
	m->ca = daemon_ca_conf(m->d);
	m->ca.vault = m->vault;
	work_submit(m->d->loop, &job);
}

static void
handle(void *cookie, struct http_request *request,
    const struct access_identity *who)
{
	struct metrics *m = cookie;
	struct waiting *w;

	(void)who;
	if (m->known && clock_mono_ms() - m->counted_ms < METRICS_KEPT_MS) {
		answer(m, request);
		return;
	}
	if (m->stopping) {
		answer_none(request);
		return;
	}
	w = mem_alloc(sizeof(*w));
	w->request = request;
	w->next = m->waiting;
	m->waiting = w;
	if (!m->busy)
		begin(m);
}

/* --- start and end --- */

int
metrics_new(struct daemon *d, struct metrics **ret, struct err *err)
{
	struct metrics *m = mem_alloc(sizeof(*m));

	m->d = d;
	buf_init(&m->fleet, METRIC_PAGE_MAX);
	buf_init(&m->fresh, METRIC_PAGE_MAX);
	metric_add(metric_cell(&failures_total, NULL, NULL), 0);
	if (vault_open(d->conf->vault_key, &m->vault, err) != 0 ||
	    store_open(d->conf->database, m->vault, &m->store, err) != 0) {
		metrics_free(m);
		return err_context(err, "metrics");
	}
	*ret = m;
	return 0;
}

struct console_route
metrics_route(struct metrics *m)
{
	const struct console_route route = {.method = "GET",
	    .path = "/metrics",
	    .need = CONSOLE_RIGHT,
	    .right = ACCESS_METRICS_READ,
	    .handle = handle,
	    .cookie = m};

	return route;
}

bool
metrics_stop(struct metrics *m, void (*done)(void *cookie), void *cookie)
{
	m->stopping = true;
	m->done = done;
	m->cookie = cookie;
	return !m->busy;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	store_close(m->store);
	vault_close(m->vault);
	buf_free(&m->fleet);
	buf_free(&m->fresh);
	free(m);
}
