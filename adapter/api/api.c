/*
 * Requests on their way: from HTTP into a queue, to a worker with a store of
 * its own, and back as an answer.  Streams are stream.c's.
 */
#include "api.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "conf.h"
#include "http.h"
#include "http_args.h"
#include "jobs_internal.h"
#include "loop.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "streams_internal.h"
#include "work.h"

#define JSON_TYPE "application/json"
#define PROBLEM_TYPE "application/problem+json"
#define DETAIL_MAX 4096
#define RETRY_S 2
#define HEADERS_MAX 4
#define DOCUMENT_MAX ((size_t)1 << 20)

struct slot {
	struct store *store;
	bool used;
};

struct job {
	struct job *next;
	struct api *api;
	struct http_request *request;
	struct api_call call;
	struct slot *slot;
};

struct api {
	struct api_conf conf;
	struct slot slots[API_PARALLEL];
	struct job *first, **last;
	size_t waiting;
	struct streams *streams;
	struct jobs *jobs;
	struct http_body *document;
	char document_tag[72];
	bool stopping;
	unsigned stops; /* of streams and jobs, to come */
	void (*stopped)(void *cookie);
	void *cookie;
};

/* --- answers --- */

static const struct http_header sniff = {"X-Content-Type-Options", "nosniff"};

/* Takes the text's contents. */
static void
refuse_with(struct http_request *request, const struct api_refusal *why,
    enum err_kind kind, const char *detail)
{
	struct http_header headers[HEADERS_MAX] = {sniff};
	struct http_answer a = {.status = why->status,
	    .type = PROBLEM_TYPE,
	    .cache = "no-store",
	    .retry_after = why->retry_after,
	    .headers = headers,
	    .header_count = 1};
	struct buf text;
	size_t i;

	for (i = 0; i < why->header_count && a.header_count < HEADERS_MAX; i++)
		headers[a.header_count++] = why->headers[i];
	buf_init(&text, DETAIL_MAX);
	api_problem(why->status, kind, detail, &text);
	a.body = http_body_new(&text);
	http_answer(request, &a);
	http_body_drop(a.body);
}

void
api_refuse(struct http_request *request, const struct api_refusal *why)
{
	const char *detail = "not able to at the moment; try again later";

	if (why->status == 401)
		detail = "log in with a token, a user and password, or a "
			 "client certificate";
	else if (why->status == 403)
		detail = "not allowed: the user may not, or a session's "
			 "request lacks X-Security-Token, or comes from a page "
			 "elsewhere";
	else if (why->status == 413)
		detail = "the body is longer than 1 MiB";
	else if (why->status == 429)
		detail = "too often; try again later";
	refuse_with(request, why, ERR_NONE, detail);
}

static void
refuse(struct http_request *request, int status, const char *detail)
{
	const struct api_refusal why = {.status = status};

	refuse_with(request, &why, ERR_NONE, detail);
}

static void
busy(struct http_request *request)
{
	const struct api_refusal why = {.status = 503, .retry_after = RETRY_S};

	api_refuse(request, &why);
}

static void
answer(struct job *job)
{
	struct api_call *c = &job->call;
	struct http_header headers[HEADERS_MAX] = {sniff};
	struct http_answer a = {.status = c->status,
	    .type = c->type != NULL ? c->type : JSON_TYPE,
	    .etag = c->etag[0] == '\0' ? NULL : c->etag,
	    .cache = c->etag[0] == '\0' ? "no-store" : "private, no-cache",
	    .headers = headers,
	    .header_count = 1};

	if (c->location != NULL)
		headers[a.header_count++] =
		    (struct http_header){"Location", c->location};
	if (c->kept)
		headers[a.header_count++] =
		    (struct http_header){"Idempotency-Replayed", "true"};
	if (c->status == 204)
		a.type = NULL;
	else
		a.body = http_body_new(&c->text);
	http_answer(job->request, &a);
	http_body_drop(a.body);
}

static void
job_free(struct job *job)
{
	api_call_close(&job->call);
	free(job);
}

/* --- on a worker --- */

static void
run(void *arg)
{
	struct job *job = arg;

	job->call.store = job->slot->store;
	api_perform(&job->call);
}

static void begin(struct api *a);

/* Of a stream the first look has shown that there is such a run. */
static void
ran(void *arg)
{
	struct job *job = arg;
	struct api *a = job->api;
	struct api_call *c = &job->call;
	int64_t id = 0, after = 0;

	job->slot->used = false;
	if (c->wake && a->conf.wake != NULL)
		a->conf.wake(a->conf.cookie);
	if (c->job != 0)
		api_jobs_go(a->jobs, c->job);
	if (c->route->answer == API_EVENTS && c->status == 200) {
		(void)str_int(c->match.segments[0], 1, INT64_MAX, &id);
		if (c->last_event != NULL)
			(void)str_int(c->last_event, 0, INT64_MAX, &after);
		api_streams_begin(a->streams, job->request, &c->who, id, after);
	} else {
		answer(job);
	}
	job_free(job);
	begin(a);
}

static struct slot *
free_slot(struct api *a)
{
	size_t i;

	for (i = 0; i < API_PARALLEL; i++)
		if (!a->slots[i].used)
			return &a->slots[i];
	return NULL;
}

static void
begin(struct api *a)
{
	struct slot *slot;
	struct job *job;

	while ((job = a->first) != NULL && (slot = free_slot(a)) != NULL) {
		const struct work_job work = {run, ran, job};

		a->first = job->next;
		if (a->first == NULL)
			a->last = &a->first;
		a->waiting--;
		slot->used = true;
		job->slot = slot;
		work_submit(a->conf.loop, &work);
	}
}

/* --- what was asked --- */

static bool
is_type(const char *sent, const char *type)
{
	size_t len = strlen(type);

	return sent != NULL && strncasecmp(sent, type, len) == 0 &&
	    (sent[len] == '\0' || strchr("; ", sent[len]) != NULL);
}

static bool
is_key(const char *key)
{
	size_t len = strlen(key), i;

	for (i = 0; i < len; i++)
		if (key[i] < '!' || key[i] > '~')
			return false;
	return len > 0 && len <= API_KEY_MAX;
}

/* The status to refuse it with; 0: it may go on. */
static int
read_body(struct job *job, struct err *err)
{
	struct api_call *c = &job->call;
	bool keyed = (c->route->flags & API_KEYED) != 0;
	const char *takes = api_takes(c->route);
	const char *type = takes == NULL ? JSON_TYPE : takes;

	c->bytes = http_request_body(job->request, &c->len);
	if (c->len > 0 && c->route->form == NULL && takes == NULL) {
		(void)err_set(err, ERR_INVALID, "this takes no body");
		return 400;
	}
	if (c->len > 0 &&
	    !is_type(http_request_header(job->request, "Content-Type"), type)) {
		(void)err_set(err, ERR_INVALID,
		    "the body has to be of the type %s", type);
		return 415;
	}
	c->key =
	    keyed ? http_request_header(job->request, "Idempotency-Key") : NULL;
	if (c->key != NULL && !is_key(c->key)) {
		(void)err_set(err, ERR_INVALID,
		    "Idempotency-Key: wanted 1 to %d visible ASCII characters",
		    API_KEY_MAX);
		return 400;
	}
	return 0;
}

static int
read_request(struct job *job, struct err *err)
{
	struct api_call *c = &job->call;
	const struct http_arg *args;
	size_t count;
	int status = read_body(job, err);

	if (status != 0)
		return status;
	if (http_request_args(job->request, &args, &count, err) != 0 ||
	    api_params_read(c, args, count, err) != 0)
		return 400;
	c->if_match = http_request_header(job->request, "If-Match");
	c->if_none_match = http_request_header(job->request, "If-None-Match");
	c->accept = http_request_header(job->request, "Accept");
	c->last_event = http_request_header(job->request, "Last-Event-ID");
	return 0;
}

static void
submit(struct api *a, struct job *job)
{
	if (a->stopping || a->waiting == API_WAITING_MAX) {
		busy(job->request);
		job_free(job);
		return;
	}
	if ((job->call.route->flags & API_CA) != 0)
		job->call.ca = a->conf.ca(a->conf.cookie);
	*a->last = job;
	a->last = &job->next;
	a->waiting++;
	begin(a);
}

/* Not the store's: answered at once. True when it was. */
static bool
answer_here(struct api *a, struct job *job)
{
	const struct api_call *c = &job->call;
	struct http_answer document = {.status = 200,
	    .type = JSON_TYPE,
	    .body = a->document,
	    .etag = a->document_tag,
	    .cache = "private, no-cache",
	    .headers = &sniff,
	    .header_count = 1};
	int64_t after = -1;

	if (c->route->run != NULL)
		return false;
	if (!api_may(c->route, &c->who)) {
		refuse(job->request, 403,
		    "your permission sets lack the right for this");
	} else if (c->route->answer == API_DOCUMENT) {
		http_answer(job->request, &document);
	} else {
		if (c->last_event != NULL)
			(void)str_int(c->last_event, 0, INT64_MAX, &after);
		api_streams_begin(a->streams, job->request, &c->who, 0, after);
	}
	job_free(job);
	return true;
}

static void
handle(struct api *a, struct job *job)
{
	const struct api_refusal why = {.status = 400};
	struct api_refusal how = why;
	struct err err = {.kind = ERR_NONE};

	how.status = read_request(job, &err);
	if (how.status != 0) {
		refuse_with(job->request, &how, err.kind, err.text);
		job_free(job);
	} else if (!answer_here(a, job)) {
		submit(a, job);
	}
}

void
api_handle(void *cookie, struct http_request *request,
    const struct access_identity *who)
{
	struct api *a = cookie;
	struct job *job = mem_alloc(sizeof(*job));
	struct api_call *c = &job->call;
	int status = api_route_find(http_request_method(request),
	    http_request_rest(request), &c->match);
	const struct http_header allow = {"Allow", c->match.allow};
	const struct api_refusal why = {.status = status,
	    .headers = &allow,
	    .header_count = status == 405 ? 1 : 0};

	job->api = a;
	job->request = request;
	api_call_open(c);
	c->route = c->match.route;
	c->who = *who;
	c->version = a->conf.version;
	c->policy = a->conf.policy;
	c->parallel = a->conf.parallel;
	c->conf = a->conf.conf;
	c->vault = a->conf.vault;
	c->jobs = a->jobs;
	(void)snprintf(c->actor, sizeof(c->actor), "api:%s", who->name);
	if (status == 0) {
		handle(a, job);
		return;
	}
	refuse_with(request, &why, ERR_NONE,
	    status == 404 ? "there is nothing here; " API_PATH
			    "openapi.json says what there is"
			  : "this takes other methods");
	job_free(job);
}

/* --- begin and end --- */

static void
make_document(struct api *a)
{
	char hex[65];
	struct buf text;

	buf_init(&text, DOCUMENT_MAX);
	api_document(a->conf.version, &text);
	assert(!text.over);
	str_sha256_hex(text.data, text.len, hex);
	hex[32] = '\0';
	(void)snprintf(a->document_tag, sizeof(a->document_tag), "\"%s\"", hex);
	a->document = http_body_new(&text);
}

int
api_new(const struct api_conf *conf, struct api **ret_api, struct err *err)
{
	const struct jobs_conf jobs = {conf->loop, conf->conf->file};
	struct api *a = mem_alloc(sizeof(*a));
	size_t i;

	a->conf = *conf;
	a->last = &a->first;
	make_document(a);
	for (i = 0; i < API_PARALLEL; i++)
		if (store_open(conf->database, conf->vault, &a->slots[i].store,
			err) != 0) {
			api_free(a);
			return -1;
		}
	if (api_streams_new(&a->conf, &a->streams, err) != 0 ||
	    api_jobs_new(&jobs, &a->jobs, err) != 0) {
		api_free(a);
		return -1;
	}
	*ret_api = a;
	return 0;
}

static void
part_stopped(void *cookie)
{
	struct api *a = cookie;

	if (--a->stops == 0)
		a->stopped(a->cookie);
}

bool
api_stop(struct api *a, void (*done)(void *cookie), void *cookie)
{
	struct job *job;

	a->stopping = true;
	while ((job = a->first) != NULL) {
		a->first = job->next;
		busy(job->request);
		job_free(job);
	}
	a->last = &a->first;
	a->waiting = 0;
	a->stopped = done;
	a->cookie = cookie;
	a->stops = 2;
	if (api_streams_stop(a->streams, part_stopped, a))
		a->stops--;
	if (api_jobs_stop(a->jobs, part_stopped, a))
		a->stops--;
	return a->stops == 0;
}

void
api_free(struct api *a)
{
	size_t i;

	if (a == NULL)
		return;
	assert(a->first == NULL);
	api_streams_free(a->streams);
	api_jobs_free(a->jobs);
	for (i = 0; i < API_PARALLEL; i++)
		store_close(a->slots[i].store);
	http_body_drop(a->document);
	free(a);
}
