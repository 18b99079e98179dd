/*
 * The blocking exchange against a server on loopback: whom it trusts, what it
 * sends, what it takes, and what is known to have left when it fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "err.h"
#include "fetch.h"
#include "http_peer.h"
#include "identity.h"
#include "secret.h"

#define ANSWER_MAX 1000
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define SOON 300       /* milliseconds, where nothing comes */
#define PATIENT 120000 /* and where something does */

static struct identity *root, *server, *client, *stranger;
static struct http_peer *peer;
static _Atomic(const char *) answer; /* NULL: read, and say nothing */
static _Atomic bool keeps;	     /* one request after another */
static struct err err;

/* What the server has seen last, on threads of its own. */
static struct {
	pthread_mutex_t mutex;
	struct http_request request;
	char client[64];
} seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static int
make_identities(void **state)
{
	(void)state;
	root = identity_new("Test CA", NULL);
	server = identity_new("localhost", root);
	client = identity_new("client", root);
	stranger = identity_new("Other CA", NULL);
	return 0;
}

static int
free_identities(void **state)
{
	(void)state;
	identity_free(root);
	identity_free(server);
	identity_free(client);
	identity_free(stranger);
	return 0;
}

static void
serve(struct http_link *link, void *cookie)
{
	const char *say;
	struct http_request request;

	(void)cookie;
again:
	if (!http_link_read(link, &request))
		return;
	say = answer;
	(void)pthread_mutex_lock(&seen.mutex);
	seen.request = request;
	(void)http_link_client(link, seen.client, sizeof(seen.client));
	(void)pthread_mutex_unlock(&seen.mutex);
	if (say != NULL && *say == '\0') {
		http_link_reset(link);
		return;
	}
	if (say != NULL)
		(void)http_link_say(link, say);
	else
		(void)http_link_read(link, &request);
	if (keeps)
		goto again;
}

static void
start(const struct identity *identity, const struct identity *clients)
{
	const struct http_peer_conf conf = {
	    .identity = identity, .clients = clients, .serve = serve};

	memset(&seen.request, 0, sizeof(seen.request));
	memset(seen.client, 0, sizeof(seen.client));
	answer = OK;
	peer = http_peer_start(&conf);
}

static int
start_tls(void **state)
{
	(void)state;
	start(server, NULL);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	http_peer_stop(peer);
	return 0;
}

static const char *
url_of(const char *scheme, const char *host)
{
	static char url[100];

	(void)snprintf(url, sizeof(url), "%s://%s:%u/path", scheme, host,
	    (unsigned)http_peer_port(peer));
	return url;
}

/* A GET of our server by its name. */
static struct net_fetch
plainly(void)
{
	return (struct net_fetch){
	    .method = "GET",
	    .url = url_of("https", "localhost"),
	    .ca_pem = root->pem,
	    .timeout_ms = PATIENT,
	    .answer_max = ANSWER_MAX,
	};
}

static void
fetches(const struct net_fetch *f, int status, const char *body)
{
	struct net_fetched got = {0};

	if (net_fetch(f, &got, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.status, status);
	assert_string_equal(buf_text(&got.body), body);
	net_fetched_clear(&got);
}

static void
fails(const struct net_fetch *f, enum err_kind kind, const char *text)
{
	struct net_fetched got = {.status = 7};

	memset(&err, 0, sizeof(err));
	assert_int_equal(net_fetch(f, &got, &err), -1);
	if (err.kind != kind || strstr(err.text, text) == NULL)
		fail_msg("%s: %s", err_kind_name(err.kind), err.text);
	assert_int_equal(got.status, 7);
}

static void
expect_header(const char *name, const char *value)
{
	char found[256] = "(none)";

	(void)pthread_mutex_lock(&seen.mutex);
	(void)http_request_header(&seen.request, name, found, sizeof(found));
	(void)pthread_mutex_unlock(&seen.mutex);
	assert_string_equal(found, value);
}

static void
expect_request(const char *line, const void *body, size_t len)
{
	(void)pthread_mutex_lock(&seen.mutex);
	assert_int_equal(strncmp(seen.request.head, line, strlen(line)), 0);
	assert_int_equal(seen.request.body_len, len);
	assert_memory_equal(seen.request.body, body, len);
	(void)pthread_mutex_unlock(&seen.mutex);
}

static void
expect_client(const char *name)
{
	(void)pthread_mutex_lock(&seen.mutex);
	assert_string_equal(seen.client, name);
	(void)pthread_mutex_unlock(&seen.mutex);
}

/* --- what is sent --- */

static void
test_get(void **state)
{
	struct net_fetch f = plainly();
	const char *const headers[] = {"X-One: 1", "Accept: text/plain", NULL};

	(void)state;
	f.headers = headers;
	fetches(&f, 200, "ok");
	expect_request("GET /path HTTP/1.1\r\n", "", 0);
	expect_header("X-One", "1");
	expect_header("Accept", "text/plain");
	expect_header("Authorization", "(none)");
	expect_header("Cookie", "(none)");
}

static void
test_post(void **state)
{
	static char body[5000];
	struct net_fetch f = plainly();

	(void)state;
	memset(body, 'b', sizeof(body));
	f.method = "POST";
	f.body = body;
	f.body_len = sizeof(body);
	fetches(&f, 200, "ok");
	expect_request("POST /path HTTP/1.1\r\n", body, sizeof(body));
	f.body_len = 0;
	f.body = NULL;
	fetches(&f, 200, "ok");
	expect_header("Content-Length", "0");
}

/* Methods that come with a body, and one that comes without. */
static void
test_other_methods(void **state)
{
	static const char body[] = "{}";
	struct net_fetch f = plainly();

	(void)state;
	f.method = "PATCH";
	f.body = body;
	f.body_len = 2;
	fetches(&f, 200, "ok");
	expect_request("PATCH /path HTTP/1.1\r\n", body, 2);
	f.method = "PUT";
	fetches(&f, 200, "ok");
	expect_request("PUT /path HTTP/1.1\r\n", body, 2);
	f.method = "DELETE";
	f.body = NULL;
	f.body_len = 0;
	fetches(&f, 200, "ok");
	expect_request("DELETE /path HTTP/1.1\r\n", "", 0);
	expect_header("Content-Length", "(none)");
}

static void
test_credentials(void **state)
{
	struct net_fetch f = plainly();
	struct secret *password = secret_new("geheim", 6);
	struct secret *split = secret_new("a\r\nX-Other: b", 13);

	(void)state;
	f.user = "ra";
	f.password = password;
	fetches(&f, 200, "ok");
	expect_header("Authorization", "Basic cmE6Z2VoZWlt");
	f.user = NULL;
	f.token_header = "X-Token";
	f.token = password;
	fetches(&f, 200, "ok");
	expect_header("Authorization", "(none)");
	expect_header("X-Token", "geheim");
	f.token = split;
	fails(&f, ERR_INVALID, "more than one line");
	assert_int_equal(http_peer_requests(peer), 2);
	secret_free(password);
	secret_free(split);
}

static void
test_no_credential_in_plain(void **state)
{
	struct net_fetch f = plainly();
	struct secret *password = secret_new("geheim", 6);

	(void)state;
	f.url = "http://localhost:1/";
	f.user = "ra";
	f.password = password;
	fails(&f, ERR_INVALID, "not sent over http");
	f.user = NULL;
	f.token_header = "X-Token";
	f.token = password;
	fails(&f, ERR_INVALID, "not sent over http");
	secret_free(password);
}

static void
test_plain(void **state)
{
	struct net_fetch f;

	(void)state;
	start(NULL, NULL);
	f = plainly();
	f.url = url_of("http", "127.0.0.1");
	fetches(&f, 200, "ok");
	http_peer_stop(peer);
}

/* --- what is taken --- */

static void
test_answer(void **state)
{
	struct net_fetch f = plainly();
	struct net_fetched got = {0};

	(void)state;
	answer =
	    "HTTP/1.1 503 Busy\r\nContent-Type: text/plain\r\n"
	    "Retry-After: 1\r\nRetry-After: 7\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n2\r\nt!\r\n0\r\n\r\n";
	assert_int_equal(net_fetch(&f, &got, &err), 0);
	assert_int_equal(got.status, 503);
	assert_string_equal(buf_text(&got.body), "not!");
	assert_string_equal(got.content_type, "text/plain");
	assert_string_equal(got.retry_after, "7");
	net_fetched_clear(&got);
	assert_null(got.content_type);
	/* What was one is none of the next. */
	answer = OK;
	assert_int_equal(net_fetch(&f, &got, &err), 0);
	assert_null(got.content_type);
	assert_null(got.retry_after);
	net_fetched_clear(&got);
}

static void
test_redirect(void **state)
{
	static char moved[200];
	struct net_fetch f = plainly();

	(void)state;
	(void)snprintf(moved, sizeof(moved),
	    "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
	    url_of("https", "localhost"));
	answer = moved;
	fetches(&f, 302, "");
	assert_int_equal(http_peer_links(peer), 1);
	assert_int_equal(http_peer_requests(peer), 1);
}

static void
test_sizes(void **state)
{
	static char most[ANSWER_MAX + 200], flood[70000];
	struct net_fetch f = plainly();
	struct net_fetched got = {0};
	int head;

	(void)state;
	head = snprintf(
	    most, sizeof(most), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	memset(most + head, 'a', ANSWER_MAX);
	answer = most;
	assert_int_equal(net_fetch(&f, &got, &err), 0);
	assert_int_equal(got.body.len, ANSWER_MAX);
	net_fetched_clear(&got);
	most[head + ANSWER_MAX] = 'a';
	fails(&f, ERR_PROTOCOL, "exceeds 1000 bytes");
	head = snprintf(flood, sizeof(flood), "HTTP/1.1 200 OK\r\n");
	while ((size_t)head + 20 < sizeof(flood))
		head += snprintf(
		    flood + head, sizeof(flood) - (size_t)head, "X: y\r\n");
	answer = flood;
	fails(&f, ERR_PROTOCOL, "headers exceed");
}

/* --- how it fails --- */

static void
test_broken_answers(void **state)
{
	struct net_fetch f = plainly();

	(void)state;
	answer = "SSH-2.0-OpenSSH\r\n";
	fails(&f, ERR_PROTOCOL, "");
	answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok";
	fails(&f, ERR_UNKNOWN, "");
	answer = "";
	fails(&f, ERR_UNKNOWN, "");
	assert_int_equal(http_peer_requests(peer), 3);
}

static void
test_silence(void **state)
{
	struct net_fetch f = plainly();

	(void)state;
	answer = NULL;
	f.timeout_ms = SOON;
	/* It may be so slow here that it was not even asked. */
	memset(&err, 0, sizeof(err));
	assert_int_equal(net_fetch(&f, &(struct net_fetched){0}, &err), -1);
	if (http_peer_requests(peer) > 0) {
		assert_int_equal(err.kind, ERR_UNKNOWN);
		assert_non_null(strstr(err.text, "no whole answer within"));
	}
}

/* Accepts, and never greets: nothing has left. */
static void
test_no_handshake(void **state)
{
	struct net_fetch f;

	(void)state;
	start(NULL, NULL);
	f = plainly();
	f.url = url_of("https", "localhost");
	f.timeout_ms = SOON;
	fails(&f, ERR_UNREACHABLE, "no connection within 300 ms");
	assert_int_equal(http_peer_requests(peer), 0);
	http_peer_stop(peer);
}

static void
test_nobody(void **state)
{
	struct net_fetch f = plainly();
	char url[64];

	(void)state;
	(void)snprintf(url, sizeof(url), "https://localhost:%u/",
	    (unsigned)http_peer_closed_port());
	f.url = url;
	fails(&f, ERR_UNREACHABLE, "");
	f.url = "gopher://localhost/";
	fails(&f, ERR_INVALID, "");
	f.url = "https://local host/";
	fails(&f, ERR_INVALID, "");
}

/* --- trust --- */

static void
test_whom_it_trusts(void **state)
{
	struct net_fetch f = plainly();

	(void)state;
	f.ca_pem = stranger->pem;
	fails(&f, ERR_UNTRUSTED, "");
	f.ca_pem = root->pem;
	f.url = url_of("https", "127.0.0.1");
	fails(&f, ERR_UNTRUSTED, "");
	/* Nobody named: not the system's either. */
	f.url = url_of("https", "localhost");
	f.ca_pem = NULL;
	memset(&err, 0, sizeof(err));
	assert_int_equal(net_fetch(&f, &(struct net_fetched){0}, &err), -1);
	f.ca_pem = "nonsense";
	fails(&f, ERR_INVALID, "");
	assert_int_equal(http_peer_requests(peer), 0);
}

static void
with_certificate(const char *key_password, int wants)
{
	struct net_fetch f = plainly();
	char *pem = identity_key_pem(client, key_password);
	struct secret *key = secret_new(pem, strlen(pem));

	f.cert_pem = client->pem;
	f.key_pem = key;
	if (wants != 0)
		fetches(&f, wants, "ok");
	else
		fails(&f, ERR_INVALID, "");
	secret_free(key);
	free(pem);
}

static void
test_client_certificate(void **state)
{
	struct net_fetch f;

	(void)state;
	start(server, root);
	with_certificate(NULL, 200);
	expect_client("client");
	/* An encrypted key is not asked about on the terminal. */
	with_certificate("sesame", 0);
	f = plainly();
	memset(&err, 0, sizeof(err));
	assert_int_equal(net_fetch(&f, &(struct net_fetched){0}, &err), -1);
	assert_int_equal(http_peer_requests(peer), 1);
	http_peer_stop(peer);
	/* One that nobody asks for is not shown. */
	start(server, NULL);
	with_certificate(NULL, 200);
	expect_client("");
	http_peer_stop(peer);
}

/* --- a line --- */

static void
test_line_keeps(void **state)
{
	struct net_fetch f = plainly();
	struct secret *password = secret_new("pw", 2);

	(void)state;
	keeps = true;
	f.line = net_line_new(&err);
	assert_non_null(f.line);
	f.user = "me";
	f.password = password;
	answer =
	    "HTTP/1.1 200 OK\r\nSet-Cookie: SESSION=one; Path=/; Secure\r\n"
	    "Content-Length: 2\r\n\r\nok";
	fetches(&f, 200, "ok");
	expect_header("Cookie", "(none)");
	expect_header("Authorization", "Basic bWU6cHc=");
	answer = OK;
	f.user = NULL;
	fetches(&f, 200, "ok");
	expect_header("Cookie", "SESSION=one");
	expect_header("Authorization", "(none)");
	assert_int_equal(http_peer_links(peer), 1);
	/* Whom it trusts is asked anew. */
	f.ca_pem = stranger->pem;
	fails(&f, ERR_UNTRUSTED, "");
	assert_int_equal(http_peer_requests(peer), 2);
	net_line_free(f.line);
	secret_free(password);
	keeps = false;
}

/* The server is gone between two requests: no second sending behind our back,
 * and after that the line is as good as new. */
static void
test_line_breaks(void **state)
{
	struct net_fetch f = plainly();
	struct net_fetched got = {0};
	unsigned before;

	(void)state;
	keeps = true;
	f.line = net_line_new(&err);
	fetches(&f, 200, "ok");
	before = http_peer_requests(peer);
	answer = ""; /* reads it, and resets */
	assert_int_equal(net_fetch(&f, &got, &err), -1);
	assert_int_equal(err.kind, ERR_UNKNOWN);
	assert_int_equal(http_peer_requests(peer), before + 1);
	answer = OK;
	fetches(&f, 200, "ok");
	net_line_free(f.line);
	keeps = false;
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start_tls, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_get),
	    ROW(test_post),
	    ROW(test_other_methods),
	    ROW(test_credentials),
	    ROW(test_no_credential_in_plain),
	    cmocka_unit_test(test_plain),
	    ROW(test_answer),
	    ROW(test_redirect),
	    ROW(test_sizes),
	    ROW(test_broken_answers),
	    ROW(test_silence),
	    cmocka_unit_test(test_no_handshake),
	    ROW(test_nobody),
	    ROW(test_whom_it_trusts),
	    cmocka_unit_test(test_client_certificate),
	    ROW(test_line_keeps),
	    ROW(test_line_breaks),
	};

	return cmocka_run_group_tests(tests, make_identities, free_identities);
}
