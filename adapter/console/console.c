#include "console.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "cert_internal.h"
#include "clock.h"
#include "conf.h"
#include "console_session_internal.h"
#include "daemon.h"
#include "err.h"
#include "http.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metric.h"
#include "str.h"

/*
 * A request is matched by the server; here its route says who may, access says
 * who it is, and the handler gets both.  Browsers send what a user once typed
 * along with requests of strangers' pages, and say so: those are refused
 * whatever they carry (https://www.w3.org/TR/fetch-metadata/).
 */
#define IDLE_S 60 /* between two requests */
#define CLIENT_NAMES 20
#define REASON_MAX 256

struct entry {
	struct console *c;
	struct console_route route;
};

struct console {
	struct daemon *d;
	struct access *access;
	struct http *http;
	struct console_cert *cert;
	struct entry *entries;
	struct http_route *routes; /* of http, once started */
	size_t count;
	console_health_fn *health;
	void *health_cookie;
	bool http_quiet, cert_quiet;
	void (*stopped)(void *cookie);
	void *stopped_cookie;
};

/* Who asked, while it is found out who that is. */
struct call {
	struct entry *entry;
	struct http_request *request;
};

/* --- refusing --- */

static const char *
reason_of(int status)
{
	switch (status) {
	case 401:
		return "log in with a user and password, or a token";
	case 403:
		return "this user may not do that";
	case 413:
		return "the body is too long";
	case 429:
		return "too often; try again later";
	default:
		return "not able to at the moment; try again later";
	}
}

void
console_refuse(void *cookie, struct http_request *request,
    const struct console_refusal *why)
{
	struct http_answer answer = {.status = why->status,
	    .type = "text/plain; charset=utf-8",
	    .cache = "no-store",
	    .retry_after = why->retry_after,
	    .headers = why->headers,
	    .header_count = why->header_count};
	struct buf text;

	(void)cookie;
	buf_init(&text, REASON_MAX);
	buf_printf(&text, "%s\n", reason_of(why->status));
	answer.body = http_body_new(&text);
	http_answer(request, &answer);
	http_body_drop(answer.body);
}

static void
refuse(const struct entry *e, struct http_request *request, int status,
    unsigned retry_after)
{
	/* Only one: some clients look at the first and no further. */
	static const struct http_header challenge = {
	    "WWW-Authenticate", "Basic realm=\"amtkeeper\", charset=\"UTF-8\""};
	const struct console_refusal why = {.status = status,
	    .retry_after = retry_after,
	    .headers = &challenge,
	    .header_count = status == 401 ? 1 : 0};
	console_refuse_fn *fn =
	    e->route.refuse == NULL ? console_refuse : e->route.refuse;

	fn(e->route.cookie, request, &why);
}

/* --- who it is --- */

static bool
may(const struct console_route *r, const struct access_identity *who)
{
	return r->need == CONSOLE_KNOWN || access_may(who, r->right);
}

/* A browser sends a cookie by itself. */
static bool
is_meant(const struct entry *e, const struct http_request *request,
    const struct access_identity *who)
{
	const char *method = http_request_method(request);
	const char *token;

	if (who->means != ACCESS_SESSION || e->route.proves_itself ||
	    str_eq(method, "GET") || str_eq(method, "HEAD"))
		return true;
	token = http_request_header(request, CONSOLE_SECURITY);
	return token != NULL && access_security_good(e->c->access, who, token);
}

static struct metric logins_total = {.name = "amtkeeper_console_logins_total",
    .help = "Requests that showed who they are from, by what came of it",
    .kind = METRIC_COUNTER,
    .labels = {"result"}};

static void
count(enum access_verdict verdict)
{
	static const char *const words[] = {[ACCESS_GRANTED] = "granted",
	    [ACCESS_ABSENT] = "absent",
	    [ACCESS_REFUSED] = "refused",
	    [ACCESS_TOO_OFTEN] = "too-often",
	    [ACCESS_UNAVAILABLE] = "unavailable"};

	metric_add(metric_cell(&logins_total, words[verdict], NULL), 1);
}

static void
on_login(void *cookie, const struct access_result *result)
{
	struct call *call = cookie;
	struct entry *e = call->entry;
	struct http_request *request = call->request;

	free(call);
	count(result->verdict);
	switch (result->verdict) {
	case ACCESS_GRANTED:
		if (may(&e->route, &result->who) &&
		    is_meant(e, request, &result->who))
			e->route.handle(e->route.cookie, request, &result->who);
		else
			refuse(e, request, 403, 0);
		break;
	case ACCESS_ABSENT:
	case ACCESS_REFUSED:
		refuse(e, request, 401, 0);
		break;
	case ACCESS_TOO_OFTEN:
		refuse(e, request, 429, result->retry_after);
		break;
	case ACCESS_UNAVAILABLE:
		refuse(e, request, 503, result->retry_after);
		break;
	}
}

static void
find_out(struct entry *e, struct http_request *request)
{
	const struct http_client *client = http_request_client(request);
	const char *names[CLIENT_NAMES];
	struct access_proof proof = {.peer = http_request_peer(request),
	    .authorization = http_request_header(request, "Authorization"),
	    .cookie = http_request_header(request, "Cookie"),
	    .names = names};
	struct call *call = mem_alloc(sizeof(*call));
	char *subject = NULL;
	size_t i;

	call->entry = e;
	call->request = request;
	if (client != NULL) {
		subject = mem_printf("subject:%s", client->subject);
		names[proof.name_count++] = subject;
		for (i = 0;
		     i < client->name_count && proof.name_count < CLIENT_NAMES;
		     i++)
			names[proof.name_count++] = client->names[i];
	}
	access_login(e->c->access, &proof, on_login, call);
	free(subject);
}

/* --- whose page it is --- */

static bool
is_own_origin(const char *origin, const char *host)
{
	return host != NULL && strncasecmp(origin, "https://", 8) == 0 &&
	    str_ieq(origin + 8, host);
}

/* Only browsers say it. */
static bool
is_foreign(const struct http_request *request)
{
	const char *site = http_request_header(request, "Sec-Fetch-Site");
	const char *origin = http_request_header(request, "Origin");

	if (site != NULL && !str_eq(site, "same-origin") &&
	    !str_eq(site, "none"))
		return true;
	return origin != NULL &&
	    !is_own_origin(origin, http_request_header(request, "Host"));
}

static void
handle(void *cookie, struct http_request *request)
{
	struct entry *e = cookie;

	if (e->route.need == CONSOLE_ANYBODY)
		e->route.handle(e->route.cookie, request, NULL);
	else if (is_foreign(request))
		refuse(e, request, 403, 0);
	else
		find_out(e, request);
}

static void
too_large(void *cookie, struct http_request *request)
{
	refuse(cookie, request, 413, 0);
}

/* --- health --- */

static void
handle_health(void *cookie, struct http_request *request,
    const struct access_identity *who)
{
	struct console *c = cookie;
	const char *word = c->health(c->health_cookie);
	struct http_answer answer = {.status = str_eq(word, "ok") ? 200 : 503,
	    .type = "text/plain; charset=utf-8",
	    .cache = "no-store"};
	struct buf text;

	(void)who;
	buf_init(&text, REASON_MAX);
	buf_printf(&text, "%s\n", word);
	answer.body = http_body_new(&text);
	http_answer(request, &answer);
	http_body_drop(answer.body);
}

/* --- start --- */

struct access *
console_access(struct console *c)
{
	return c->access;
}

void
console_add(struct console *c, const struct console_route *routes, size_t count)
{
	size_t i;

	if (c == NULL)
		return;
	assert(c->http == NULL);
	c->entries =
	    mem_grow(c->entries, c->count + count, sizeof(*c->entries));
	for (i = 0; i < count; i++)
		c->entries[c->count++] =
		    (struct entry){.c = c, .route = routes[i]};
}

int
console_new(struct daemon *d, console_health_fn *health, void *cookie,
    struct console **ret, struct err *err)
{
	const struct access_conf conf = {.loop = d->loop,
	    .store = d->store,
	    .database = d->conf->database,
	    .vault = d->vault,
	    .rate = d->conf->console_rate};
	struct console *c;
	const struct console_route own = {.method = "GET",
	    .path = "/health",
	    .need = CONSOLE_ANYBODY,
	    .handle = handle_health};
	struct console_route first = own;

	if (d->conf->console_listen == NULL) {
		*ret = NULL;
		return 0;
	}
	c = mem_alloc(sizeof(*c));
	c->d = d;
	c->health = health;
	c->health_cookie = cookie;
	if (access_new(&conf, &c->access, err) != 0) {
		console_free(c);
		return -1;
	}
	first.cookie = c;
	console_add(c, &first, 1);
	console_session_add(c);
	*ret = c;
	return 0;
}

static void
fill_routes(struct console *c)
{
	const struct console_route *r;
	size_t i;

	c->routes = mem_array(c->count, sizeof(*c->routes));
	for (i = 0; i < c->count; i++) {
		r = &c->entries[i].route;
		c->routes[i] = (struct http_route){.method = r->method,
		    .path = r->path,
		    .body_max = r->body_max,
		    .handle = handle,
		    .too_large = r->refuse == NULL ? NULL : too_large,
		    .cookie = &c->entries[i]};
	}
}

static int
listen_with(struct console *c, const struct console_credentials *credentials,
    struct err *err)
{
	const struct conf *conf = c->d->conf;
	const struct http_tls tls = console_credentials_tls(credentials);
	const struct http_conf http = {.listen = conf->console_listen,
	    .routes = c->routes,
	    .route_count = c->count,
	    .tls = &tls,
	    .connections = (unsigned)conf->console_connections,
	    .per_address = (unsigned)conf->console_per_address,
	    .idle_s = IDLE_S};
	char until[CLOCK_TEXT];

	if (http_new(c->d->loop, &http, &c->http, err) != 0)
		return err_context(err, "console");
	log_line(LOG_NOTE, "console.listen", "address=%s port=%u until=%s",
	    conf->console_listen, http_port(c->http),
	    clock_text(credentials->not_after, until));
	return 0;
}

int
console_start(struct console *c, struct err *err)
{
	struct console_credentials credentials;
	struct console_source source;
	int rc;

	if (c == NULL)
		return 0;
	memset(&source, 0, sizeof(source));
	source.conf = c->d->conf;
	source.vault = c->d->vault;
	source.ca = c->d->ca;
	if (console_source_names(&source, err) != 0 ||
	    console_credentials_get(&source, clock_now(), &credentials, err) !=
		0)
		return -1;
	fill_routes(c);
	rc = listen_with(c, &credentials, err);
	if (rc == 0)
		c->cert = console_cert_watch(c->d, &source, c->http);
	console_credentials_clear(&credentials);
	return rc;
}

/* --- end --- */

static void
access_stopped(void *cookie)
{
	struct console *c = cookie;

	c->stopped(c->stopped_cookie);
}

static void
stop_access(struct console *c)
{
	if (c->http_quiet && c->cert_quiet)
		access_stop(c->access, access_stopped, c);
}

static void
http_stopped(void *cookie)
{
	struct console *c = cookie;

	c->http_quiet = true;
	stop_access(c);
}

static void
cert_stopped(void *cookie)
{
	struct console *c = cookie;

	c->cert_quiet = true;
	stop_access(c);
}

void
console_stop(struct console *c, void (*done)(void *cookie), void *cookie)
{
	c->stopped = done;
	c->stopped_cookie = cookie;
	c->cert_quiet = console_cert_stop(c->cert, cert_stopped, c);
	http_stop(c->http, http_stopped, c);
}

void
console_free(struct console *c)
{
	if (c == NULL)
		return;
	http_free(c->http);
	console_cert_free(c->cert);
	access_free(c->access);
	free(c->routes);
	free(c->entries);
	free(c);
}
