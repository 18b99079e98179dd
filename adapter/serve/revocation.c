#include "revocation_internal.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "err.h"
#include "http.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metric.h"
#include "revocation_answer_internal.h"
#include "revocation_batch_internal.h"
#include "str.h"
#include "work.h"

#define QUEUE_MAX 128 /* requests that wait; more get 503 */
#define BATCH_MAX 32  /* answered by a worker in one go: some milliseconds */
#define CRL_MAX (64u << 20)
#define UPKEEP_MS 600000     /* look at what must not lapse this often ... */
#define UPKEEP_SOON_MS 60000 /* ... and so soon after a failure */
#define LOG_EVERY_MS 60000   /* failures of strangers' requests */
#define ROUTES 4

/* The CRL of one issuing CA, as it is given out. */
struct list {
	struct ca *ca;
	const char *name; /* in URLs; borrowed from ca */
	bool root;	  /* that of the root above it */
	struct ca_crl_info info;
	struct http_body *body; /* NULL: not read yet */
};

static struct metric next_update = {
    .name = "amtkeeper_crl_next_update_timestamp_seconds",
    .help = "Until when the CRL that is given out is good",
    .kind = METRIC_GAUGE,
    .labels = {"ca", "level"}};

struct revocation {
	struct loop *loop;
	struct ca *ca;
	struct http *http; /* NULL: we do not listen */
	struct http_route routes[ROUTES];
	char *paths[ROUTES];
	struct loop_timer *timer;
	struct revocation_ask *first, *last;
	size_t waiting;
	bool busy, upkeep;
	struct list *lists; /* the CA that issues, then those before it */
	size_t list_count;
	struct ca *next;      /* held; to be used when nothing is under way */
	int64_t log_again;    /* clock_mono_ms() */
	bool stopping, quiet; /* quiet: nobody asks any more */
	revocation_stopped_fn *stopped;
	void *stopped_cookie;
};

/* --- answers, on the loop --- */

/* A stranger's request that the records did not answer: said once a minute. */
static void
complain(struct revocation *r, const struct err *err)
{
	if (clock_mono_ms() < r->log_again)
		return;
	r->log_again = clock_mono_ms() + LOG_EVERY_MS;
	log_line(LOG_WARN, "revocation.failed", "kind=%s error=\"%s\"",
	    err_kind_name(err->kind), err->text);
}

/* The list of this name; NULL. */
static struct list *
list_named(struct revocation *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->list_count; i++)
		if (str_eq(name, r->lists[i].name))
			return &r->lists[i];
	return NULL;
}

/* A CA that is gone since it was asked for has no list any more. */
static void
give_crl(struct revocation *r, const struct revocation_batch *b,
    struct revocation_ask *ask)
{
	const struct list *list = list_named(r, ask->crl);
	const struct err *err;

	if (list == NULL) {
		revocation_refuse(ask->request, 404);
		return;
	}
	err = &b->renewals[list - r->lists].err;
	if (err->kind == ERR_NONE) {
		revocation_give_crl(ask->request, &list->info, list->body);
		return;
	}
	/* Another's root has its list elsewhere. */
	if (err->kind == ERR_NOTFOUND && list->root) {
		revocation_refuse(ask->request, 404);
		return;
	}
	complain(r, err);
	revocation_refuse(ask->request, 503);
}

static void
give_ocsp(struct revocation *r, struct revocation_ask *ask)
{
	if (ask->err.kind == ERR_NONE) {
		revocation_give_ocsp(
		    ask->request, &ask->ocsp, ask->get, &ask->der);
		return;
	}
	complain(r, &ask->err);
	revocation_refuse(ask->request, 503);
}

/* --- batches --- */

static void start_batch(struct revocation *r);

static void
tell_stopped(void *cookie)
{
	struct revocation *r = cookie;
	revocation_stopped_fn *stopped = r->stopped;

	r->stopped = NULL;
	stopped(r->stopped_cookie);
}

static void
check_end(struct revocation *r)
{
	if (r->stopping && r->quiet && !r->busy && r->stopped != NULL)
		loop_defer(r->loop, tell_stopped, r);
}

static void
take_list(struct list *list, struct revocation_renewal *n)
{
	if (n->err.kind != ERR_NONE || n->der.len == 0)
		return;
	http_body_drop(list->body);
	list->body = http_body_new(&n->der);
	list->info = n->info;
	metric_set(metric_cell(&next_update, list->name,
		       list->root ? "root" : "issuing"),
	    list->info.next_update);
	log_line(LOG_INFO, "revocation.crl", "name=%s number=%lld", list->name,
	    (long long)list->info.number);
}

static void
after_upkeep(struct revocation *r, const struct revocation_batch *b)
{
	bool failed = b->responder_err.kind != ERR_NONE;
	const struct err *err;
	size_t i;

	for (i = 0; i < b->count; i++) {
		err = &b->renewals[i].err;
		if (err->kind == ERR_NONE ||
		    (err->kind == ERR_NOTFOUND && b->renewals[i].root))
			continue;
		failed = true;
		log_line(LOG_WARN, "revocation.upkeep",
		    "what=crl name=%s kind=%s error=\"%s\"",
		    b->renewals[i].name, err_kind_name(err->kind), err->text);
	}
	if (b->responder_err.kind != ERR_NONE)
		log_line(LOG_WARN, "revocation.upkeep",
		    "what=responder kind=%s error=\"%s\"",
		    err_kind_name(b->responder_err.kind),
		    b->responder_err.text);
	if (!r->stopping)
		loop_timer_set(r->timer, failed ? UPKEEP_SOON_MS : UPKEEP_MS);
}

static void
batch_free(struct revocation_batch *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		buf_free(&b->renewals[i].der);
	free(b->renewals);
	free(b);
}

/* --- another CA --- */

static void
add_list(struct revocation *r, struct ca *ca, const char *name, bool root)
{
	if (list_named(r, name) == NULL)
		r->lists[r->list_count++] =
		    (struct list){.ca = ca, .name = name, .root = root};
}

/* One for each issuing CA that is not at its end, and one for each root. */
static void
fill_lists(struct revocation *r)
{
	struct ca *ca;
	size_t count = 0;

	for (ca = r->ca; ca != NULL; ca = ca_older(ca))
		count += 2;
	r->list_count = 0;
	r->lists = mem_array(count, sizeof(*r->lists));
	for (ca = r->ca; ca != NULL; ca = ca_older(ca))
		add_list(r, ca, ca_name(ca), false);
	for (ca = r->ca; ca != NULL; ca = ca_older(ca))
		add_list(r, ca, ca_root_name(ca), true);
}

static void
drop_lists(struct list *lists, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		http_body_drop(lists[i].body);
	free(lists);
}

/* What must not lapse is looked at right away: the new one has no responder. */
static void
change_ca(struct revocation *r)
{
	assert(!r->busy);
	drop_lists(r->lists, r->list_count);
	ca_close(r->ca);
	r->ca = r->next;
	r->next = NULL;
	fill_lists(r);
	r->upkeep = !r->stopping;
}

void
revocation_use(struct revocation *r, struct ca *ca)
{
	ca_close(r->next);
	r->next = ca_hold(ca);
	if (r->busy)
		return;
	change_ca(r);
	start_batch(r);
}

static void
done(void *arg)
{
	struct revocation_batch *b = arg;
	struct revocation *r = b->r;
	struct revocation_ask *ask;
	size_t i;

	r->busy = false;
	for (i = 0; i < b->count; i++)
		take_list(&r->lists[i], &b->renewals[i]);
	while ((ask = b->first) != NULL) {
		b->first = ask->next;
		if (ask->crl[0] != '\0')
			give_crl(r, b, ask);
		else
			give_ocsp(r, ask);
		buf_free(&ask->der);
		free(ask);
	}
	if (b->upkeep)
		after_upkeep(r, b);
	batch_free(b);
	if (r->next != NULL)
		change_ca(r);
	start_batch(r);
	check_end(r);
}

static struct revocation_ask *
take_some(struct revocation *r)
{
	struct revocation_ask *first = r->first, *last = first;
	size_t count;

	if (first == NULL)
		return NULL;
	for (count = 1; count < BATCH_MAX && last->next != NULL; count++)
		last = last->next;
	r->first = last->next;
	if (r->first == NULL)
		r->last = NULL;
	r->waiting -= count;
	last->next = NULL;
	return first;
}

static void
start_batch(struct revocation *r)
{
	struct work_job job = {.run = revocation_work, .done = done};
	struct revocation_batch *b;
	size_t i;

	if (r->busy || (r->first == NULL && !r->upkeep))
		return;
	b = mem_alloc(sizeof(*b));
	b->r = r;
	b->ca = r->ca;
	b->first = take_some(r);
	b->upkeep = r->upkeep;
	b->listens = r->http != NULL;
	b->count = r->list_count;
	b->renewals = mem_array(b->count, sizeof(*b->renewals));
	for (i = 0; i < b->count; i++) {
		b->renewals[i].ca = r->lists[i].ca;
		b->renewals[i].name = r->lists[i].name;
		b->renewals[i].root = r->lists[i].root;
		b->renewals[i].info = r->lists[i].info;
		buf_init(&b->renewals[i].der, CRL_MAX);
	}
	r->upkeep = false;
	r->busy = true;
	job.arg = b;
	work_submit(r->loop, &job);
}

static void
on_timer(void *cookie)
{
	struct revocation *r = cookie;

	r->upkeep = true;
	start_batch(r);
}

/* --- routes --- */

static void
queue(struct revocation *r, struct http_request *request, const char *crl,
    bool get)
{
	struct revocation_ask *ask;

	if (r->waiting >= QUEUE_MAX) {
		revocation_refuse(request, 503);
		return;
	}
	ask = mem_alloc(sizeof(*ask));
	ask->request = request;
	(void)snprintf(ask->crl, sizeof(ask->crl), "%s", crl);
	ask->get = get;
	buf_init(&ask->der, CA_OCSP_ANSWER_MAX);
	if (r->last != NULL)
		r->last->next = ask;
	else
		r->first = ask;
	r->last = ask;
	r->waiting++;
	start_batch(r);
}

static void
handle_crl(void *cookie, struct http_request *request)
{
	struct revocation *r = cookie;
	char name[CA_NAME];

	if (revocation_name(request, ".crl", name) &&
	    list_named(r, name) != NULL)
		queue(r, request, name, true);
	else
		revocation_refuse(request, 404);
}

static void
handle_cert(void *cookie, struct http_request *request)
{
	struct revocation *r = cookie;

	revocation_give_cert(request, r->ca);
}

static void
handle_post(void *cookie, struct http_request *request)
{
	queue(cookie, request, "", false);
}

static void
handle_get(void *cookie, struct http_request *request)
{
	queue(cookie, request, "", true);
}

/* --- start and end --- */

/* "http://pki.corp.example/amt" -> "/amt" */
static const char *
path_of(const char *url)
{
	const char *slash = url == NULL ? NULL : strchr(url + 7, '/');

	return slash == NULL ? "" : slash;
}

static void
fill_routes(struct revocation *r, const char *url)
{
	static const struct http_route routes[ROUTES] = {
	    {.method = "GET", .path = "/crl/", .handle = handle_crl},
	    {.method = "GET", .path = "/ca/", .handle = handle_cert},
	    {.method = "GET", .path = "/ocsp/", .handle = handle_get},
	    {.method = "POST",
		.path = "/ocsp",
		.body_max = CA_OCSP_REQUEST_MAX,
		.handle = handle_post},
	};
	size_t i;

	for (i = 0; i < ROUTES; i++) {
		r->paths[i] = mem_printf("%s%s", path_of(url), routes[i].path);
		r->routes[i] = routes[i];
		r->routes[i].path = r->paths[i];
		r->routes[i].cookie = r;
	}
}

static int
open_http(struct revocation *r, const struct conf *conf, struct err *err)
{
	struct http_conf http = {.listen = conf->revocation_listen,
	    .routes = r->routes,
	    .route_count = ROUTES};

	if (conf->revocation_listen == NULL)
		return 0;
	fill_routes(r, conf->revocation_url);
	if (http_new(r->loop, &http, &r->http, err) != 0)
		return err_context(err, "revocation.listen");
	log_line(LOG_NOTE, "revocation.listen", "address=%s port=%u name=%s",
	    conf->revocation_listen, http_port(r->http), ca_name(r->ca));
	return 0;
}

int
revocation_new(struct loop *loop, struct ca *ca, const struct conf *conf,
    struct revocation **ret, struct err *err)
{
	struct revocation *r = mem_alloc(sizeof(*r));

	r->loop = loop;
	r->ca = ca_hold(ca);
	fill_lists(r);
	r->timer = loop_timer_new(loop, on_timer, r);
	if (open_http(r, conf, err) != 0) {
		revocation_free(r);
		return -1;
	}
	loop_timer_set(r->timer, 0);
	*ret = r;
	return 0;
}

static void
http_quiet(void *cookie)
{
	struct revocation *r = cookie;

	r->quiet = true;
	check_end(r);
}

void
revocation_stop(struct revocation *r, revocation_stopped_fn *fn, void *cookie)
{
	assert(!r->stopping);
	r->stopping = true;
	r->stopped = fn;
	r->stopped_cookie = cookie;
	loop_timer_stop(r->timer);
	if (r->http != NULL)
		http_stop(r->http, http_quiet, r);
	else
		http_quiet(r);
}

void
revocation_free(struct revocation *r)
{
	size_t i;

	if (r == NULL)
		return;
	assert(!r->busy && r->first == NULL);
	http_free(r->http);
	drop_lists(r->lists, r->list_count);
	ca_close(r->next);
	ca_close(r->ca);
	loop_timer_del(r->timer);
	for (i = 0; i < ROUTES; i++)
		free(r->paths[i]);
	free(r);
}
