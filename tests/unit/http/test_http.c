/*
 * The server against raw bytes.  The client is a thread that connects, sends
 * what it was given and reads until the server closes; the loop runs meanwhile.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "http_args.h"
#include "http_internal.h"
#include "loop.h"
#include "mem.h"
#include "str.h"

#define ANSWER_MAX 65536
#define BODY_LIMIT 16

static struct loop *loop;
static struct http *http;
static struct http_request *waiting; /* what /late was asked */
static size_t handled;
static char seen[256]; /* rest or body of the last request */

/* --- handlers --- */

static void
say(struct http_request *request, const char *text)
{
	struct http_answer answer = {.status = 200,
	    .type = "text/plain",
	    .etag = "\"7\"",
	    .cache = "max-age=60",
	    .modified = 1000000000,
	    .expires = 2000000000};
	struct buf bytes;

	buf_init(&bytes, 1024);
	buf_str(&bytes, text);
	answer.body = http_body_new(&bytes);
	http_answer(request, &answer);
	http_body_drop(answer.body);
}

static void
handle_get(void *cookie, struct http_request *request)
{
	handled++;
	(void)snprintf(seen, sizeof(seen), "%s", http_request_rest(request));
	say(request, cookie);
}

static void
handle_post(void *cookie, struct http_request *request)
{
	const uint8_t *body;
	size_t len;

	handled++;
	body = http_request_body(request, &len);
	assert_true(len < sizeof(seen));
	memcpy(seen, body, len);
	seen[len] = '\0';
	say(request, cookie);
}

static void
handle_late(void *cookie, struct http_request *request)
{
	handled++;
	waiting = request;
	loop_stop(cookie);
}

static char hello[] = "hello";
static const char *const many = "HTTP/1.1 200 OK\r\n";

static void
tell_too_large(void *cookie, struct http_request *request)
{
	const struct http_answer a = {.status = 413, .type = "test/told"};

	assert_ptr_equal(cookie, hello);
	http_answer(request, &a);
}

static struct http_route routes[] = {
    {"GET", "/plain", 0, handle_get, hello, NULL},
    {"GET", "/tree/", 0, handle_get, hello, NULL},
    {"POST", "/tree/", BODY_LIMIT, handle_post, hello, NULL},
    {"POST", "/post", BODY_LIMIT, handle_post, hello, NULL},
    {"GET", "/late", 0, handle_late, NULL, NULL},
    {"POST", "/told", BODY_LIMIT, handle_post, hello, tell_too_large},
    {"POST", "/large", 2 * HTTP_BODY_SMALL, handle_get, hello, NULL},
};

static int
setup(void **state)
{
	struct http_conf conf = {.listen = "127.0.0.1:0",
	    .routes = routes,
	    .route_count = sizeof(routes) / sizeof(routes[0])};
	struct err err;

	(void)state;
	loop = loop_new(&err);
	assert_non_null(loop);
	routes[4].cookie = loop;
	if (http_new(loop, &conf, &http, &err) != 0)
		fail_msg("%s", err.text);
	waiting = NULL;
	handled = 0;
	seen[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_free(http);
	loop_free(loop);
	return 0;
}

/* --- the client --- */

struct client {
	pthread_t thread;
	const char *bytes;
	size_t len;
	char *answer; /* all of it */
	size_t answer_len;
	int fd;
	int done[2];
	struct loop_io *io;
};

static int
connected(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(http_port(http)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (void *)&to, sizeof(to)), 0);
	return fd;
}

static void *
client_run(void *arg)
{
	struct client *c = arg;
	ssize_t got;

	/* The server may close before it has all. */
	(void)!send(c->fd, c->bytes, c->len, MSG_NOSIGNAL);
	while (c->answer_len < ANSWER_MAX) {
		got = recv(c->fd, c->answer + c->answer_len,
		    ANSWER_MAX - c->answer_len, 0);
		if (got <= 0)
			break;
		c->answer_len += (size_t)got;
	}
	c->answer[c->answer_len] = '\0';
	(void)close(c->fd);
	(void)!write(c->done[1], "", 1);
	return NULL;
}

static void
client_done(void *cookie, unsigned ready)
{
	(void)ready;
	loop_stop(cookie);
}

static void
client_start(struct client *c, const char *bytes, size_t len)
{
	memset(c, 0, sizeof(*c));
	c->bytes = bytes;
	c->len = len;
	c->answer = mem_alloc(ANSWER_MAX + 1);
	c->fd = connected();
	assert_int_equal(pipe(c->done), 0);
	c->io = loop_io_add(loop, c->done[0], LOOP_READ, client_done, loop);
	assert_int_equal(pthread_create(&c->thread, NULL, client_run, c), 0);
}

/* The answer, to be freed. */
static char *
client_end(struct client *c)
{
	loop_run(loop);
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	loop_io_del(c->io);
	(void)close(c->done[0]);
	(void)close(c->done[1]);
	return c->answer;
}

static char *
exchange_bytes(const char *bytes, size_t len)
{
	struct client c;

	client_start(&c, bytes, len);
	return client_end(&c);
}

static char *
exchange(const char *text)
{
	return exchange_bytes(text, strlen(text));
}

/* METHOD TARGET with these headers, closing; does the answer begin so? */
static char *
ask(const char *line, const char *headers, const char *body)
{
	char *text = mem_printf("%s HTTP/1.1\r\nHost: x\r\n"
				"Connection: close\r\n%s\r\n%s",
	    line, headers, body);
	char *answer = exchange(text);

	free(text);
	return answer;
}

static void
expect_status(char *answer, int status)
{
	char want[32];

	(void)snprintf(want, sizeof(want), "HTTP/1.1 %d ", status);
	if (strncmp(answer, want, strlen(want)) != 0)
		fail_msg("wanted %d, got: %s", status, answer);
	free(answer);
}

static const char *
body_of(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static void
expect_has(const char *answer, const char *part)
{
	if (strstr(answer, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, answer);
}

/* --- routes --- */

static void
test_get(void **state)
{
	char *answer = ask("GET /plain", "", "");

	(void)state;
	expect_has(answer, many);
	expect_has(answer, "Content-Type: text/plain\r\n");
	expect_has(answer, "ETag: \"7\"\r\n");
	expect_has(answer, "Cache-Control: max-age=60\r\n");
	expect_has(answer, "Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n");
	expect_has(answer, "Expires: Wed, 18 May 2033 03:33:20 GMT\r\n");
	assert_string_equal(body_of(answer), "hello");
	free(answer);
}

static void
test_head(void **state)
{
	char *answer = ask("HEAD /plain", "", "");

	(void)state;
	expect_has(answer, "Content-Length: 5\r\n");
	assert_string_equal(body_of(answer), "");
	free(answer);
}

static void
test_routes(void **state)
{
	char *answer;

	(void)state;
	expect_status(ask("GET /", "", ""), 404);
	expect_status(ask("GET /plainer", "", ""), 404);
	expect_status(ask("GET /plain/", "", ""), 404);
	expect_status(ask("GET /tree", "", ""), 404);
	assert_int_equal(handled, 0);
	expect_status(ask("GET /tree/", "", ""), 200);
	assert_string_equal(seen, "");
	expect_status(ask("GET /tree/a%2Fb%2B/c?d=e", "", ""), 200);
	assert_string_equal(seen, "a/b+/c");
	answer = ask("DELETE /tree/", "", "");
	expect_has(answer, "Allow: GET, HEAD, POST\r\n");
	expect_status(answer, 405);
	answer = ask("GET /post", "", "");
	expect_has(answer, "Allow: POST\r\n");
	expect_status(answer, 405);
}

static void
test_post(void **state)
{
	(void)state;
	expect_status(ask("POST /post", "Content-Length: 4\r\n", "body"), 200);
	assert_string_equal(seen, "body");
	expect_status(ask("POST /post", "Transfer-Encoding: chunked\r\n",
			  "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
	    200);
	assert_string_equal(seen, "abc");
}

static void
test_keep_alive(void **state)
{
	char *answer = exchange("GET /tree/1 HTTP/1.1\r\nHost: x\r\n\r\n"
				"POST /post HTTP/1.1\r\nHost: x\r\n"
				"Content-Length: 3\r\n\r\nabc"
				"GET /tree/3 HTTP/1.1\r\nHost: x\r\n"
				"Connection: close\r\n\r\n");
	const char *second;

	(void)state;
	assert_int_equal(handled, 3);
	second = strstr(answer + 1, many);
	assert_non_null(second);
	assert_non_null(strstr(second + 1, many));
	free(answer);
}

/* --- what the client has already --- */

static void
test_conditional(void **state)
{
	static const struct {
		const char *headers;
		int status;
	} cases[] = {
	    {"If-None-Match: \"7\"\r\n", 304},
	    {"If-None-Match: W/\"7\"\r\n", 304},
	    {"If-None-Match: \"6\", \"7\"\r\n", 304},
	    {"If-None-Match: *\r\n", 304},
	    {"If-None-Match: \"77\"\r\n", 200},
	    {"If-None-Match: \"7\r\n", 200},
	    {"If-None-Match: \r\n", 200},
	    {"If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n", 304},
	    {"If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT\r\n", 200},
	    {"If-Modified-Since: yesterday\r\n", 200},
	    /* The tag decides where there is one (RFC 9110, 13.1.3). */
	    {"If-None-Match: \"6\"\r\n"
	     "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n",
		200},
	};
	char *answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer = ask("GET /plain", cases[i].headers, "");
		if (cases[i].status == 304)
			assert_string_equal(body_of(answer), "");
		expect_status(answer, cases[i].status);
	}
	/* Only who reads has it. */
	expect_status(ask("POST /post",
			  "If-None-Match: \"7\"\r\nContent-Length: 0\r\n", ""),
	    200);
}

/* --- limits --- */

static void
test_body_limit(void **state)
{
	char *answer;

	(void)state;
	expect_status(
	    ask("POST /post", "Content-Length: 16\r\n", "0123456789abcdef"),
	    200);
	handled = 0;
	expect_status(ask("POST /post", "Content-Length: 17\r\n", ""), 413);
	expect_status(
	    ask("POST /post", "Content-Length: 99999999999999\r\n", ""), 413);
	expect_status(ask("GET /plain", "Content-Length: 1\r\n", "x"), 413);
	answer = ask("POST /told", "Content-Length: 17\r\n", "");
	assert_non_null(strstr(answer, "Content-Type: test/told"));
	expect_status(answer, 413);
	/* In pieces nobody can know before: cut. */
	answer = ask("POST /post", "Transfer-Encoding: chunked\r\n",
	    "a\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n");
	assert_string_equal(answer, "");
	free(answer);
	assert_int_equal(handled, 0);
}

static void
stop_loop(void *cookie)
{
	loop_stop(cookie);
}

/* Let the loop go on for some turns, until so many connections are open. */
static void
settle(size_t want)
{
	struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);
	struct http_link *link;
	size_t count;

	do {
		loop_timer_set(timer, 1);
		loop_run(loop);
		count = 0;
		for (link = http->links; link != NULL; link = link->next)
			count++;
	} while (count != want);
	loop_timer_del(timer);
}

/* What never becomes a request: cut when its time is over. */
static void
give_up(const char *bytes, size_t len)
{
	struct client c;

	client_start(&c, bytes, len);
	settle(1);
	http->links->deadline = 1;
	http_link_sweep(http);
	free(client_end(&c));
	settle(0);
}

static void
test_nonsense(void **state)
{
	char *big = mem_alloc(3 * HTTP_HEAD_MAX);
	char *text;

	(void)state;
	give_up("\r\n\r\n\r\n", 6);
	free(exchange("GET /plain\r\n\r\n"));
	give_up("\0\x16\x03\x01\x02", 5);
	expect_status(exchange("GET /plain HTTP/1.1\r\n\r\n"), 400);
	expect_status(ask("POST /post", "Content-Length: -1\r\n", ""), 400);
	memset(big, 'a', 3 * HTTP_HEAD_MAX - 1);
	text = mem_printf("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", big);
	free(exchange(text));
	free(text);
	text =
	    mem_printf("GET /plain HTTP/1.1\r\nHost: x\r\nA: %s\r\n\r\n", big);
	expect_status(exchange(text), 431);
	free(text);
	assert_int_equal(handled, 0);
	free(big);
	/* and still there */
	expect_status(ask("GET /plain", "", ""), 200);
}

/* --- what could be read in two ways --- */

static void
test_heads(void **state)
{
	static const struct {
		const char *line, *headers;
		int status;
	} cases[] = {
	    {"GET /plain", "Host: y\r\n", 400},
	    {"GET /plain", "A : b\r\n", 400},
	    {"GET /plain", "Authorization: a\r\nAuthorization: b\r\n", 400},
	    {"POST /post", "Content-Type: a/b\r\ncontent-type: a/c\r\n", 400},
	    {"GET /plain", "A\tb: c\r\n", 400},
	    {"GET /plain", "Content-Length: 0\r\nContent-Length: 0\r\n", 400},
	    {"POST /post",
		"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400},
	    {"POST /post",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: "
		"chunked\r\n",
		501},
	    {"POST /post", "Transfer-Encoding: gzip, chunked\r\n", 501},
	    {"POST /post", "Content-Encoding: gzip\r\nContent-Length: 0\r\n",
		415},
	    {"POST /post", "Expect: miracles\r\nContent-Length: 0\r\n", 417},
	    {"GET /pl ain", "", 400},
	    {"GET /plain?a b", "", 400},
	    {"GET /plain%00er", "", 400},
	    {"GET /nothing", "Host: y\r\n", 400},
	};
	char *answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer = ask(cases[i].line, cases[i].headers, "");
		assert_true(strlen(body_of(answer)) > 5); /* says why */
		expect_status(answer, cases[i].status);
	}
	expect_status(exchange("POST /post HTTP/1.0\r\n"
			       "Transfer-Encoding: chunked\r\n\r\n"),
	    400);
	assert_int_equal(handled, 0);
	expect_status(
	    ask("GET /plain", "Content-Encoding: identity\r\n", ""), 200);
	answer = ask("GET /plain", "EXPECT: 100-Continue\r\n", "");
	expect_has(answer, many);
	expect_status(answer, 100);
	expect_status(ask("GET /plain?a=%00", "", ""), 200);
	expect_status(exchange("GET /plain HTTP/1.0\r\n\r\n"), 200);
}

/* A head of this size with so many headers and cookies more, filled up by its
 * address. */
static void
fill_head(struct buf *out, size_t size, unsigned headers, unsigned cookies)
{
	static const char end[] = "Host: x\r\nConnection: close\r\n\r\n";
	struct buf more;
	unsigned i;

	buf_init(&more, HTTP_HEAD_MAX);
	for (i = 0; i < headers; i++)
		buf_printf(&more, "A%u:\r\n", i);
	for (i = 0; i < cookies; i++)
		buf_printf(&more, "%sc%u=d", i == 0 ? "Cookie: " : "; ", i);
	buf_str(&more, cookies > 0 ? "\r\n" : "");
	buf_str(&more, end);
	buf_str(out, "GET /plain?");
	while (out->len + strlen(" HTTP/1.1\r\n") + more.len < size)
		buf_char(out, 'a');
	buf_printf(out, " HTTP/1.1\r\n%s", buf_text(&more));
	buf_free(&more);
}

/* Up to the limits each is answered: once there was no room for it. */
static void
test_large_heads(void **state)
{
	static const struct {
		size_t size;
		unsigned headers, cookies;
		int status;
	} cases[] = {
	    {HTTP_HEAD_MAX - 600, 0, 0, 200},
	    {HTTP_HEAD_MAX - 300, 0, 0, 200},
	    {HTTP_HEAD_MAX, 0, 0, 200},
	    {HTTP_HEAD_MAX + 1, 0, 0, 431},
	    {0, HTTP_HEADERS_MAX - 2, 0, 200},
	    {0, HTTP_HEADERS_MAX - 1, 0, 431},
	    {0, 0, HTTP_HEADERS_MAX - 3, 200},
	    {0, 0, HTTP_HEADERS_MAX - 2, 431},
	    {HTTP_HEAD_MAX, HTTP_HEADERS_MAX - 2, 0, 200},
	    {HTTP_HEAD_MAX - 600, 0, HTTP_HEADERS_MAX - 3, 200},
	    {HTTP_HEAD_MAX - 100, 0, HTTP_HEADERS_MAX - 3, 431},
	};
	struct buf head;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&head, (size_t)2 * HTTP_HEAD_MAX);
		fill_head(
		    &head, cases[i].size, cases[i].headers, cases[i].cookies);
		expect_status(exchange(buf_text(&head)), cases[i].status);
		buf_free(&head);
	}
}

/* As a proxy is asked (RFC 9112, 3.2.2). */
static void
test_absolute_target(void **state)
{
	(void)state;
	expect_status(ask("GET http://x/tree/a?b", "", ""), 200);
	assert_string_equal(seen, "a");
	expect_status(ask("GET HTTPS://x:8443/plain", "", ""), 200);
	expect_status(ask("GET https://x", "", ""), 404);
	expect_status(ask("GET ftp://x/plain", "", ""), 404);
}

/* One for each argument would be too many for libmicrohttpd. */
static void
test_many_arguments(void **state)
{
	const struct http_arg *args;
	struct client c;
	struct buf line;
	struct err err;
	size_t count, i;

	(void)state;
	buf_init(&line, HTTP_HEAD_MAX);
	buf_str(&line, "GET /late?a=");
	for (i = 1; i < HTTP_ARGS_MAX; i++)
		buf_printf(&line, "&a%zu=", i);
	buf_str(&line, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client_start(&c, buf_text(&line), line.len);
	loop_run(loop);
	assert_non_null(waiting);
	assert_int_equal(http_request_args(waiting, &args, &count, &err), 0);
	assert_int_equal(count, HTTP_ARGS_MAX);
	assert_string_equal(args[1].name, "a1");
	say(waiting, "many");
	expect_status(client_end(&c), 200);
	buf_free(&line);
}

/* Bodies share their room; short ones are taken nevertheless. */
static void
test_room_of_bodies(void **state)
{
	static char body[2 * HTTP_BODY_SMALL];
	char length[64];
	char *answer;

	(void)state;
	(void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
	    sizeof(body) - 1);
	memset(body, 'a', sizeof(body) - 1);
	expect_status(ask("POST /large", length, body), 200);
	assert_int_equal(http->bodies, 0);
	http->bodies = HTTP_BODIES_MAX;
	answer = ask("POST /large", length, body);
	expect_has(answer, "Retry-After: ");
	expect_status(answer, 503);
	expect_status(ask("POST /post", "Content-Length: 1\r\n", "a"), 200);
	/* Room that others have taken meanwhile. */
	http->bodies = HTTP_BODIES_MAX - HTTP_BODY_SMALL;
	handled = 0;
	answer = ask("POST /large", length, body);
	assert_string_equal(answer, "");
	free(answer);
	assert_int_equal(handled, 0);
	assert_int_equal(http->bodies, HTTP_BODIES_MAX - HTTP_BODY_SMALL);
}

static void
test_connections_per_address(void **state)
{
	int fds[HTTP_PER_ADDRESS_MAX];
	char *answer;
	size_t i;

	(void)state;
	for (i = 0; i < HTTP_PER_ADDRESS_MAX; i++)
		fds[i] = connected();
	answer = ask("GET /plain", "", "");
	assert_string_equal(answer, "");
	free(answer);
	for (i = 0; i < HTTP_PER_ADDRESS_MAX; i++)
		(void)close(fds[i]);
	settle(0);
	expect_status(ask("GET /plain", "", ""), 200);
}

/* A request that never ends: the sweep cuts it when its time is over. */
static void
test_slow_request(void **state)
{
	struct client c;
	char *answer;

	(void)state;
	client_start(&c, "GET /plain HTTP/1.1\r\nHos", 24);
	settle(1);
	http_link_sweep(http); /* not yet */
	settle(1);
	http->links->deadline = 1;
	http_link_sweep(http);
	answer = client_end(&c);
	assert_string_equal(answer, "");
	free(answer);
	settle(0);
}

/* Bytes and end in one: libmicrohttpd does not see the end. */
static void
test_request_that_was_left(void **state)
{
	static const char part[] = "POST /post HTTP/1.1\r\nHost: x\r\n";
	int i, fd;

	(void)state;
	for (i = 0; i < 2 * HTTP_PER_ADDRESS_MAX; i++) {
		fd = connected();
		assert_true(send(fd, part, sizeof(part) - 1, 0) > 0);
		(void)close(fd);
		if (i % HTTP_PER_ADDRESS_MAX == HTTP_PER_ADDRESS_MAX - 1)
			settle(0);
	}
	expect_status(ask("GET /plain", "", ""), 200);
}

/* --- answers that come later --- */

#define LATE "GET /late HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void
test_late(void **state)
{
	struct client c;
	char *answer;

	(void)state;
	client_start(&c, LATE, strlen(LATE));
	loop_run(loop);
	assert_non_null(waiting);
	/* No deadline while it is our turn. */
	assert_int_equal(http->links->deadline, 0);
	say(waiting, "late");
	answer = client_end(&c);
	assert_string_equal(body_of(answer), "late");
	free(answer);
}

static void
test_client_that_left(void **state)
{
	int fd = connected();

	(void)state;
	assert_int_equal(
	    send(fd, LATE, strlen(LATE), 0), (ssize_t)strlen(LATE));
	loop_run(loop);
	assert_non_null(waiting);
	(void)close(fd);
	say(waiting, "late");
	settle(0);
}

/* --- the end --- */

static size_t stopped;

static void
on_stopped(void *cookie)
{
	stopped++;
	loop_stop(cookie);
}

static void
test_stop_when_idle(void **state)
{
	(void)state;
	stopped = 0;
	http_stop(http, on_stopped, loop);
	assert_int_equal(stopped, 0);
	loop_run(loop);
	assert_int_equal(stopped, 1);
}

/* What is under way is answered; who is between two requests is cut. */
static void
test_stop_when_busy(void **state)
{
	static const char keep[] = "GET /late HTTP/1.1\r\nHost: x\r\n\r\n";
	int idle = connected();
	struct client c;
	char *answer, byte;

	(void)state;
	stopped = 0;
	client_start(&c, keep, strlen(keep));
	loop_run(loop);
	settle(2);
	http_stop(http, on_stopped, loop);
	settle(1);
	assert_int_equal(recv(idle, &byte, 1, 0), 0);
	assert_int_equal(stopped, 0);
	say(waiting, "late");
	answer = client_end(&c);
	expect_has(answer, "Connection: close\r\n");
	assert_string_equal(body_of(answer), "late");
	free(answer);
	(void)close(idle);
	if (stopped == 0)
		loop_run(loop);
	assert_int_equal(stopped, 1);
}

static void
test_addresses(void **state)
{
	struct http_conf conf = {.routes = routes, .route_count = 0};
	static const char *const bad[] = {"", "80", "localhost:80", "127.0.0.1",
	    "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8o",
	    "[::1]", "::1:80", "[127.0.0.1]:80", "[]:80"};
	char taken[32];
	struct http *other;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		conf.listen = bad[i];
		assert_int_equal(http_new(loop, &conf, &other, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", http_port(http));
	conf.listen = taken;
	assert_int_equal(http_new(loop, &conf, &other, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	conf.listen = "192.0.2.1:80";
	assert_int_equal(http_new(loop, &conf, &other, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_get),
	    ROW(test_head),
	    ROW(test_routes),
	    ROW(test_post),
	    ROW(test_keep_alive),
	    ROW(test_conditional),
	    ROW(test_body_limit),
	    ROW(test_nonsense),
	    ROW(test_heads),
	    ROW(test_large_heads),
	    ROW(test_absolute_target),
	    ROW(test_many_arguments),
	    ROW(test_room_of_bodies),
	    ROW(test_connections_per_address),
	    ROW(test_slow_request),
	    ROW(test_request_that_was_left),
	    ROW(test_late),
	    ROW(test_client_that_left),
	    ROW(test_stop_when_idle),
	    ROW(test_stop_when_busy),
	    ROW(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
