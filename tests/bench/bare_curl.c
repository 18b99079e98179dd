/*
 * The reference for the benches: device visits on libcurl's multi interface and
 * nothing else.  As good as libcurl gets when used with care: socket_action on
 * epoll, at most 250 transfers a multi handle, no DNS cache, no CA bundle.
 * What a visit is, script.h says.
 *
 * Without --keep libcurl's own Digest, with its empty first POST.  With --keep
 * a second round over the same devices is measured that goes on with the nonces
 * of the first, which libcurl cannot: our own header then.
 *
 * No XML is parsed, no certificate is checked: what it leaves out counts
 * against the program that is compared.
 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <time.h>

#include "bare_issue.h"
#include "options.h"
#include "requests.h"
#include "script.h"

#define PER_MULTI 250
#define MULTIS_MAX 100
#define EVENTS 256
#define ANSWER_MAX 16384
#define PAUSE 250.0 /* ms, before a device that is away is tried again */
#define TRIES_MAX 40

/* What is kept of a device. */
struct known {
	char realm[64], nonce[64];
	unsigned count;
};

struct bundle {
	struct world *world;
	CURLM *multi;
	double due; /* < 0: no timer */
	unsigned transfers;
};

struct visit {
	struct world *world;
	struct bundle *bundle;
	CURL *easy;
	struct curl_slist *headers;
	const struct bench_steps *steps;
	unsigned device, done, tries;
	bool refused; /* we turned its certificate down */
	double again; /* when it is tried again */
	TAILQ_ENTRY(visit) entry;
	char request[BENCH_REQUEST_MAX];
	size_t answer_len;
	char answer[ANSWER_MAX];
};

struct world {
	struct bench_options options;
	struct bench_requests requests;
	struct bench_script script;
	struct bench_issuer *issuer;	   /* NULL: none */
	TAILQ_HEAD(visits, visit) pausing; /* the first due first */
	struct known *known;		   /* NULL: libcurl's own Digest */
	int epoll;
	struct bundle bundles[MULTIS_MAX];
	unsigned bundle_count;
	unsigned next, ended, failed;
};

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* --- Digest with a kept nonce --- */

static void
md5_hex(const char *text, char out[33])
{
	unsigned char bytes[16];
	unsigned len = 0, i;

	if (EVP_Digest(text, strlen(text), bytes, &len, EVP_md5(), NULL) != 1)
		abort();
	for (i = 0; i < len; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void
quoted(const char *header, const char *name, char *out, size_t size)
{
	const char *at = strstr(header, name);
	size_t len;

	if (at == NULL)
		return;
	at += strlen(name);
	len = strcspn(at, "\"");
	if (len >= size)
		len = size - 1;
	memcpy(out, at, len);
	out[len] = '\0';
}

static size_t
take_header(char *line, size_t size, size_t count, void *cookie)
{
	struct visit *visit = cookie;
	struct known *known = visit->world->known;
	char text[512];

	if (known == NULL || size * count >= sizeof(text))
		return size * count;
	memcpy(text, line, size * count);
	text[size * count] = '\0';
	if (strncasecmp(text, "WWW-Authenticate: Digest", 24) == 0) {
		known += visit->device;
		quoted(text, "realm=\"", known->realm, sizeof(known->realm));
		quoted(text, "nonce=\"", known->nonce, sizeof(known->nonce));
		known->count = 0;
	}
	return size * count;
}

static void
authorise(struct visit *visit)
{
	const struct bench_options *options = &visit->world->options;
	struct known *known = &visit->world->known[visit->device];
	char key[33], request[33], response[33], text[1024];

	known->count++;
	(void)snprintf(text, sizeof(text), "%s:%s:%s", options->user,
	    known->realm, options->password);
	md5_hex(text, key);
	md5_hex("POST:/wsman", request);
	(void)snprintf(text, sizeof(text),
	    "%s:%s:%08x:0123456789abcdef:auth:%s", key, known->nonce,
	    known->count, request);
	md5_hex(text, response);
	(void)snprintf(text, sizeof(text),
	    "Authorization: Digest username=\"%s\", realm=\"%s\", "
	    "nonce=\"%s\", uri=\"/wsman\", qop=auth, nc=%08x, "
	    "cnonce=\"0123456789abcdef\", response=\"%s\"",
	    options->user, known->realm, known->nonce, known->count, response);
	visit->headers = curl_slist_append(visit->headers, text);
}

/* --- a visit --- */

static const struct bench_transfer *
transfer(const struct visit *visit)
{
	return &visit->steps->transfer[visit->done];
}

static int
refuse(X509_STORE_CTX *ctx, void *cookie)
{
	struct visit *visit = cookie;

	(void)ctx;
	visit->refused = true;
	return 0;
}

/* libcurl declines session tickets; with them the connection after the
 * challenge resumes the session of the one before, as ours does. */
static CURLcode
prepare_tls(CURL *easy, void *context, void *cookie)
{
	(void)easy;
	(void)SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
	if (transfer(cookie)->refuse) {
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_cert_verify_callback(context, refuse, cookie);
	}
	return CURLE_OK;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *cookie)
{
	struct visit *visit = cookie;

	if (visit->answer_len + size * count > sizeof(visit->answer))
		return 0;
	memcpy(visit->answer + visit->answer_len, bytes, size * count);
	visit->answer_len += size * count;
	return size * count;
}

static void set_up(struct visit *visit);

/* The handle that the transfer asks for. */
static void
take_handle(struct visit *visit)
{
	const struct bench_transfer *t = transfer(visit);

	if (visit->easy != NULL && (t->fresh || t->refuse)) {
		curl_easy_cleanup(visit->easy);
		visit->easy = NULL;
	}
	if (visit->easy == NULL)
		visit->easy = curl_easy_init();
	else if (t->login)
		curl_easy_reset(visit->easy); /* keeps TLS sessions */
	else
		return;
	if (visit->easy == NULL)
		abort();
	set_up(visit);
}

static void
send_request(struct visit *visit)
{
	const struct bench_transfer *t = transfer(visit);
	struct known *known = visit->world->known;
	bool probe = known != NULL && known[visit->device].nonce[0] == '\0';

	take_handle(visit);
	curl_slist_free_all(visit->headers);
	visit->headers = curl_slist_append(NULL, "Expect:");
	visit->headers = curl_slist_append(visit->headers,
	    "Content-Type: application/soap+xml; charset=utf-8");
	if (known != NULL && !probe)
		authorise(visit);
	(void)curl_easy_setopt(visit->easy, CURLOPT_HTTPHEADER, visit->headers);
	bench_request(&visit->world->requests, t->request, visit->answer,
	    visit->answer_len, visit->request);
	(void)curl_easy_setopt(
	    visit->easy, CURLOPT_POSTFIELDS, probe ? "" : visit->request);
	(void)curl_easy_setopt(visit->easy, CURLOPT_POSTFIELDSIZE,
	    probe ? 0L : (long)strlen(visit->request));
	(void)curl_easy_setopt(
	    visit->easy, CURLOPT_FORBID_REUSE, t->last ? 1L : 0L);
	(void)curl_easy_setopt(
	    visit->easy, CURLOPT_SSL_SESSIONID_CACHE, t->full ? 0L : 1L);
	visit->answer_len = 0;
	if (curl_multi_add_handle(visit->bundle->multi, visit->easy) !=
	    CURLM_OK)
		abort();
}

static void
set_up(struct visit *visit)
{
	const struct bench_options *options = &visit->world->options;
	CURL *easy = visit->easy;
	char url[64], address[16];

	bench_address(options, visit->device, address);
	(void)snprintf(url, sizeof(url), "%s://%s:%u/wsman",
	    options->tls ? "https" : "http", address, (unsigned)options->port);
	(void)curl_easy_setopt(easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, visit);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(
	    easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 60000L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, visit);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, visit);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, visit);
	if (visit->world->known == NULL) {
		(void)curl_easy_setopt(
		    easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
		(void)curl_easy_setopt(easy, CURLOPT_USERNAME, options->user);
		(void)curl_easy_setopt(
		    easy, CURLOPT_PASSWORD, options->password);
	}
}

static void
begin_visit(struct world *world)
{
	struct visit *visit = calloc(1, sizeof(*visit));
	unsigned i;

	if (visit == NULL)
		abort();
	visit->world = world;
	visit->device = world->next++;
	visit->steps =
	    &world->script.device[visit->device % world->script.count];
	for (i = 0; world->bundles[i].transfers >= PER_MULTI; i++)
		continue;
	visit->bundle = &world->bundles[i];
	visit->bundle->transfers++;
	send_request(visit);
}

static void
end_visit(struct visit *visit, bool good)
{
	struct world *world = visit->world;

	visit->bundle->transfers--;
	curl_easy_cleanup(visit->easy);
	curl_slist_free_all(visit->headers);
	free(visit);
	if (good && world->issuer != NULL)
		bench_issue(world->issuer);
	world->ended++;
	if (!good)
		world->failed++;
	if (world->next < world->options.devices)
		begin_visit(world);
}

/* Nobody was there: once more in a moment? Devices are away when they were told
 * to use another certificate. */
static bool
pause_for(struct visit *visit, CURLcode code, long status)
{
	struct visits *pausing = &visit->world->pausing;

	if (code == CURLE_OK || status != 0 || visit->refused ||
	    ++visit->tries > TRIES_MAX)
		return false;
	visit->again = now() + PAUSE;
	TAILQ_INSERT_TAIL(pausing, visit, entry);
	return true;
}

/* A refused certificate, or an answer of any kind, ends a transfer. */
static bool
is_done(const struct visit *visit, CURLcode code, long status)
{
	if (transfer(visit)->refuse)
		return visit->refused;
	return code == CURLE_OK && status != 401;
}

static void
step(struct visit *visit, CURLcode code)
{
	struct world *world = visit->world;
	bool probed = false;
	long status = 0;

	(void)curl_easy_getinfo(visit->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_multi_remove_handle(visit->bundle->multi, visit->easy);
	if (code == CURLE_OK && status == 401 && world->known != NULL)
		probed = world->known[visit->device].count == 0;
	if (pause_for(visit, code, status))
		return;
	if (is_done(visit, code, status)) {
		visit->done++;
		visit->tries = 0;
		visit->refused = false;
	} else if (!probed) {
		end_visit(visit, false);
		return;
	}
	if (visit->done == visit->steps->count)
		end_visit(visit, true);
	else
		send_request(visit);
}

/* --- the loop --- */

static void
collect(struct bundle *bundle)
{
	struct CURLMsg *message;
	char *private = NULL;
	int left;

	while ((message = curl_multi_info_read(bundle->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &private);
		step((void *)private, message->data.result);
	}
}

static int
want_timer(CURLM *multi, long ms, void *cookie)
{
	struct bundle *bundle = cookie;

	(void)multi;
	bundle->due = ms < 0 ? -1 : now() + (double)ms;
	return 0;
}

static int
want_socket(
    CURL *easy, curl_socket_t fd, int what, void *cookie, void *socket_cookie)
{
	struct bundle *bundle = cookie;
	struct epoll_event event = {0};
	unsigned index = (unsigned)(bundle - bundle->world->bundles);
	int op = socket_cookie == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	(void)easy;
	event.data.u64 = (uint64_t)index << 32 | (uint32_t)fd;
	if (what != CURL_POLL_OUT)
		event.events |= EPOLLIN;
	if (what != CURL_POLL_IN)
		event.events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE)
		op = EPOLL_CTL_DEL;
	(void)epoll_ctl(bundle->world->epoll, op, fd, &event);
	(void)curl_multi_assign(
	    bundle->multi, fd, what == CURL_POLL_REMOVE ? NULL : bundle);
	return 0;
}

static void
act(struct bundle *bundle, curl_socket_t fd, int mask)
{
	int running;

	(void)curl_multi_socket_action(bundle->multi, fd, mask, &running);
	collect(bundle);
}

/* Milliseconds until a timer is due. */
static int
time_left(const struct world *world)
{
	const struct visit *first = TAILQ_FIRST(&world->pausing);
	double at = now(), left = 1000;
	unsigned i;

	if (first != NULL && first->again - at < left)
		left = first->again - at;
	for (i = 0; i < world->bundle_count; i++)
		if (world->bundles[i].due >= 0 &&
		    world->bundles[i].due - at < left)
			left = world->bundles[i].due - at;
	return left < 0 ? 0 : (int)left + (left > (double)(int)left);
}

static void
turn(struct world *world)
{
	struct epoll_event events[EVENTS];
	struct visit *visit;
	int i, n, mask;
	double at;
	unsigned b;

	n = epoll_wait(world->epoll, events, EVENTS, time_left(world));
	for (i = 0; i < n; i++) {
		mask = (events[i].events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
		if ((events[i].events & EPOLLOUT) != 0)
			mask |= CURL_CSELECT_OUT;
		if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0)
			mask |= CURL_CSELECT_IN;
		act(&world->bundles[events[i].data.u64 >> 32],
		    (curl_socket_t)(events[i].data.u64 & 0xffffffff), mask);
	}
	at = now();
	for (b = 0; b < world->bundle_count; b++)
		if (world->bundles[b].due >= 0 && world->bundles[b].due <= at) {
			world->bundles[b].due = -1;
			act(&world->bundles[b], CURL_SOCKET_TIMEOUT, 0);
		}
	while ((visit = TAILQ_FIRST(&world->pausing)) != NULL &&
	    visit->again <= at) {
		TAILQ_REMOVE(&world->pausing, visit, entry);
		send_request(visit);
	}
}

static void
visit_all(struct world *world)
{
	unsigned i;

	world->next = world->ended = 0;
	for (i = 0; i < world->options.at_once; i++)
		begin_visit(world);
	while (world->ended < world->options.devices)
		turn(world);
}

static void
open_bundles(struct world *world)
{
	struct bundle *bundle;
	unsigned i;

	world->bundle_count =
	    (world->options.at_once + PER_MULTI - 1) / PER_MULTI;
	for (i = 0; i < world->bundle_count; i++) {
		bundle = &world->bundles[i];
		bundle->world = world;
		bundle->due = -1;
		bundle->multi = curl_multi_init();
		if (bundle->multi == NULL)
			abort();
		(void)curl_multi_setopt(
		    bundle->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
		(void)curl_multi_setopt(
		    bundle->multi, CURLMOPT_SOCKETDATA, bundle);
		(void)curl_multi_setopt(
		    bundle->multi, CURLMOPT_TIMERFUNCTION, want_timer);
		(void)curl_multi_setopt(
		    bundle->multi, CURLMOPT_TIMERDATA, bundle);
	}
}

int
main(int argc, char *argv[])
{
	static struct world world;
	struct bench_span span;
	unsigned i;

	bench_options_read(&world.options, argc, argv);
	TAILQ_INIT(&world.pausing);
	bench_requests_read(&world.requests, world.options.requests);
	if (world.options.script != NULL)
		bench_script_read(
		    &world.script, world.options.script, world.requests.count);
	else
		bench_script_make(&world.script, world.options.exchanges,
		    world.options.connections, world.requests.count);
	if (world.options.issuer != NULL)
		world.issuer = bench_issuer_open(world.options.issuer);
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	world.epoll = epoll_create1(EPOLL_CLOEXEC);
	open_bundles(&world);
	if (world.options.keep) {
		world.known =
		    calloc(world.options.devices, sizeof(*world.known));
		if (world.known == NULL)
			abort();
		visit_all(&world);
	}
	bench_start(&span);
	for (i = 0; i < world.options.rounds; i++)
		visit_all(&world);
	bench_print(&span, "bare_curl", &world.options, world.failed);
	for (i = 0; i < world.bundle_count; i++)
		(void)curl_multi_cleanup(world.bundles[i].multi);
	free(world.known);
	bench_requests_free(&world.requests);
	bench_script_free(&world.script);
	bench_issuer_free(world.issuer);
	curl_global_cleanup();
	return world.failed > 0;
}
