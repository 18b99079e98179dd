#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "client.h"
#include "http_peer.h"
#include "loop.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define STOP "stop" /* a request body after which a server closes */

/* Each request is answered with the text given as cookie. */
static void
serve_text(struct http_link *link, void *cookie)
{
	struct http_request request;

	while (http_link_read(link, &request))
		(void)http_link_say(link, cookie);
}

static void
serve_once(struct http_link *link, void *cookie)
{
	struct http_request request;

	if (http_link_read(link, &request))
		(void)http_link_say(link, cookie);
}

static struct http_peer *
start(http_serve_fn *serve, const char *text)
{
	struct http_peer_conf conf = {.serve = serve};
	union {
		const char *in;
		void *out;
	} cookie = {.in = text};

	conf.cookie = cookie.out;
	return http_peer_start(&conf);
}

static void
join(struct client *client, const struct http_peer *peer)
{
	struct net_peer_conf conf = {
	    .address = "127.0.0.1", .port = http_peer_port(peer)};

	client_open(client, &conf);
}

static void
leave(struct client *client, struct http_peer *peer)
{
	client_close(client);
	http_peer_stop(peer);
}

static void
delivers_an_answer(void **state)
{
	struct http_peer *peer = start(serve_text,
	    "HTTP/1.1 401 Unauthorized\r\nServer: x\r\n"
	    "www-authenticate:  Negotiate \r\n"
	    "WWW-Authenticate: Digest realm=\"Digest:00\", nonce=\"x\"\r\n"
	    "Connection: close\r\nContent-Length: 4\r\n\r\nno\n!");
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "hello"), ERR_NONE);
	assert_int_equal(client.status, 401);
	assert_string_equal(client.body, "no\n!");
	assert_string_equal(client.challenge[0], "Negotiate");
	assert_string_equal(
	    client.challenge[1], "Digest realm=\"Digest:00\", nonce=\"x\"");
	assert_true(client.fresh);
	assert_true(client.closes);
	leave(&client, peer);
}

/* What the server saw is what was asked for, and nothing libcurl adds. */
static void
serve_request(struct http_link *link, void *cookie)
{
	struct http_request *request = cookie;

	if (http_link_read(link, request))
		(void)http_link_say(link, OK);
}

static void
sends_what_it_was_given(void **state)
{
	static struct http_request seen;
	struct http_peer_conf conf = {.serve = serve_request, .cookie = &seen};
	struct http_peer *peer = http_peer_start(&conf);
	struct client client;
	char value[200];

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "<a>\xc3\xa4</a>"), ERR_NONE);
	assert_int_equal(strncmp(seen.head, "POST /wsman HTTP/1.1\r\n", 22), 0);
	assert_string_equal(seen.body, "<a>\xc3\xa4</a>");
	assert_true(
	    http_request_header(&seen, "Content-Type", value, sizeof(value)));
	assert_string_equal(value, "application/soap+xml; charset=utf-8");
	assert_false(
	    http_request_header(&seen, "Expect", value, sizeof(value)));
	assert_false(
	    http_request_header(&seen, "Authorization", value, sizeof(value)));
	leave(&client, peer);
}

static void
sends_an_empty_body(void **state)
{
	static struct http_request seen;
	struct http_peer_conf conf = {.serve = serve_request, .cookie = &seen};
	struct http_peer *peer = http_peer_start(&conf);
	struct client client;
	char value[20];

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, ""), ERR_NONE);
	assert_true(
	    http_request_header(&seen, "Content-Length", value, sizeof(value)));
	assert_string_equal(value, "0");
	leave(&client, peer);
}

/* Firmware's chunks end inside tags and characters; here after every byte. */
static void
serve_chunks(struct http_link *link, void *cookie)
{
	struct http_request request;
	const char *text = cookie;
	char chunk[16];

	if (!http_link_read(link, &request))
		return;
	(void)http_link_say(
	    link, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (; *text != '\0'; text++) {
		(void)snprintf(chunk, sizeof(chunk), "0001\r\n%c\r\n", *text);
		(void)http_link_say(link, chunk);
	}
	(void)http_link_say(link, "0\r\n\r\n");
}

static void
joins_chunks(void **state)
{
	struct http_peer *peer = start(serve_chunks, "<a>\xc3\xa4&amp;</a>");
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_string_equal(client.body, "<a>\xc3\xa4&amp;</a>");
	leave(&client, peer);
}

static void
skips_interim_answers(void **state)
{
	struct http_peer *peer = start(serve_text,
	    "HTTP/1.1 100 Continue\r\nWWW-Authenticate: wrong\r\n\r\n" OK);
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_int_equal(client.status, 200);
	assert_string_equal(client.body, "ok");
	assert_string_equal(client.challenge[0], "");
	leave(&client, peer);
}

static void
keeps_the_connection(void **state)
{
	struct http_peer *peer = start(serve_text, OK);
	struct client client;
	struct net_stats stats;
	int i;

	(void)state;
	join(&client, peer);
	for (i = 0; i < 5; i++) {
		assert_int_equal(client_post(&client, "x"), ERR_NONE);
		assert_int_equal(client.fresh, i == 0);
		assert_false(client.closes);
	}
	assert_int_equal(http_peer_links(peer), 1);
	net_stats(client.net, &stats);
	assert_int_equal(stats.exchanges, 5);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.failures, 0);
	leave(&client, peer);
}

static void
disconnects_when_told(void **state)
{
	struct http_peer *peer = start(serve_text, OK);
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	net_peer_disconnect(client.peer);
	net_peer_disconnect(client.peer);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_true(client.fresh);
	assert_int_equal(http_peer_links(peer), 2);
	leave(&client, peer);
}

/* The connection of a freed peer is not lent to the next one. */
static void
does_not_inherit_connections(void **state)
{
	struct http_peer *peer = start(serve_text, OK);
	struct net_peer_conf conf = {
	    .address = "127.0.0.1", .port = http_peer_port(peer)};
	struct net_peer *first;
	struct client client;

	(void)state;
	client_open(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	client_again(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_true(client.fresh);
	/* Nor is that of one that still lives. */
	first = client.peer;
	client.peer = NULL;
	client_again(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_true(client.fresh);
	assert_int_equal(http_peer_links(peer), 3);
	net_peer_free(first);
	leave(&client, peer);
}

/* Each answer says over which connection it came. */
static void
serve_number(struct http_link *link, void *cookie)
{
	struct http_request request;
	char text[100];

	(void)cookie;
	(void)snprintf(text, sizeof(text),
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02u",
	    http_link_number(link));
	while (http_link_read(link, &request))
		(void)http_link_say(link, text);
}

/* Two sessions with one device, with a trust each. */
static void
does_not_share_connections(void **state)
{
	struct http_peer *peer = start(serve_number, NULL);
	struct net_peer_conf conf = {
	    .address = "127.0.0.1", .port = http_peer_port(peer)};
	struct net_peer *peers[2];
	struct client client;
	unsigned i;

	(void)state;
	client_open(&client, &conf);
	peers[0] = client.peer;
	client.peer = NULL;
	client_again(&client, &conf);
	peers[1] = client.peer;
	for (i = 0; i < 8; i++) {
		client.peer = peers[(i + 1) / 2 % 2];
		assert_int_equal(client_post(&client, "x"), ERR_NONE);
		assert_string_equal(
		    client.body, client.peer == peers[0] ? "01" : "02");
	}
	net_peer_free(peers[0]);
	client.peer = peers[1];
	leave(&client, peer);
}

static void
renews_an_idle_connection(void **state)
{
	struct http_peer *peer = start(serve_text, OK);
	struct net_peer_conf conf = {
	    .address = "127.0.0.1", .port = http_peer_port(peer), .idle_ms = 1};
	struct timespec pause = {.tv_nsec = 5000000};
	struct client client;

	(void)state;
	client_open(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	(void)nanosleep(&pause, NULL);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_true(client.fresh);
	assert_int_equal(http_peer_links(peer), 2);
	leave(&client, peer);
}

/* Closed by the server between requests: seen before anything is written. */
static void
replaces_a_closed_connection(void **state)
{
	struct http_peer *peer = start(serve_once, OK);
	struct timespec pause = {.tv_nsec = 1000000};
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	while (http_peer_closed(peer) == 0)
		(void)nanosleep(&pause, NULL);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_true(client.fresh);
	assert_int_equal(http_peer_requests(peer), 2);
	leave(&client, peer);
}

static void
reports_a_refused_connect(void **state)
{
	struct net_peer_conf conf = {
	    .address = "127.0.0.1", .port = http_peer_closed_port()};
	struct client client;
	struct net_stats stats;

	(void)state;
	client_open(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_UNREACHABLE);
	assert_int_equal(client.err.domain, ERR_CURL);
	assert_non_null(strstr(client.err.text, "127.0.0.1 port "));
	assert_non_null(strstr(client.err.text, "refused"));
	net_stats(client.net, &stats);
	assert_int_equal(stats.failures, 1);
	client_close(&client);
}

/* A port whose queue is full: who connects gets no answer. */
static uint16_t
mute_port(int fds[3])
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	size_t i;

	for (i = 0; i < 3; i++)
		fds[i] = socket(
		    AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fds[0], (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	assert_int_equal(getsockname(fds[0], (void *)&at, &len), 0);
	for (i = 1; i < 3; i++)
		(void)connect(fds[i], (void *)&at, sizeof(at));
	return ntohs(at.sin_port);
}

/* libcurl closes such a descriptor without a word; the next one has its number.
 */
static void
gives_up_connecting(void **state)
{
	struct http_peer *peer = start(serve_text, OK);
	struct net_peer_conf conf = {.address = "127.0.0.1", .connect_ms = 50};
	struct net_peer_conf good = {
	    .address = "127.0.0.1", .port = http_peer_port(peer)};
	struct net_peer *mute;
	struct client client;
	int fds[3], i;

	(void)state;
	conf.port = mute_port(fds);
	client_open(&client, &conf);
	mute = client.peer;
	for (i = 0; i < 3; i++) {
		client.peer = mute;
		assert_int_equal(client_post(&client, "x"), ERR_UNREACHABLE);
		client.peer = net_peer_new(client.net, &good, &client.err);
		assert_non_null(client.peer);
		assert_int_equal(client_post(&client, "x"), ERR_NONE);
		net_peer_free(client.peer);
	}
	client.peer = mute;
	for (i = 0; i < 3; i++)
		(void)close(fds[i]);
	leave(&client, peer);
}

/* That of a time-out; longer ones as long as this machine does not get so far
 * within it as the peer lets it. */
static void
expect_timeout(struct client *client, enum err_kind kind)
{
	enum err_kind got;
	char text[32];

	client->timeout_ms = 50;
	while ((got = client_post(client, "x")) != kind &&
	    client->timeout_ms < 60000)
		client->timeout_ms *= 4;
	assert_int_equal(got, kind);
	(void)snprintf(text, sizeof(text), "%u ms", client->timeout_ms);
	assert_non_null(strstr(client->err.text, text));
}

/* An answer that begins and stalls: somebody is there. */
static void
times_out_in_the_middle(void **state)
{
	struct http_peer *peer = start(
	    serve_text, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf");
	struct client client;

	(void)state;
	join(&client, peer);
	expect_timeout(&client, ERR_PROTOCOL);
	leave(&client, peer);
}

static void
times_out(void **state)
{
	struct http_peer *peer = start(serve_text, "");
	struct client client;

	(void)state;
	join(&client, peer);
	expect_timeout(&client, ERR_UNKNOWN);
	leave(&client, peer);
}

static void
reports_a_lost_answer(void **state)
{
	struct http_peer *peer = start(serve_once, "");
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_UNKNOWN);
	assert_int_equal(http_peer_requests(peer), 1);
	leave(&client, peer);
}

static void
reports_half_a_body(void **state)
{
	static const char *const answers[] = {
	    "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf",
	    CHUNKED "0010\r\nhalf", "HTTP/1.1 200 OK\r\nContent-Le"};
	struct http_peer *peer;
	struct client client;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		peer = start(serve_once, answers[i]);
		join(&client, peer);
		assert_int_equal(client_post(&client, "x"), ERR_PROTOCOL);
		assert_int_equal(http_peer_requests(peer), 1);
		leave(&client, peer);
	}
}

/*
 * The worst case for a change: the kept connection takes the request and dies
 * without a byte.  libcurl alone would send it again.
 */
static void
serve_then_die(struct http_link *link, void *cookie)
{
	struct http_request request;

	(void)cookie;
	while (http_link_read(link, &request)) {
		if (strcmp(request.body, STOP) == 0)
			return;
		(void)http_link_say(link, OK);
	}
}

static void
serve_then_reset(struct http_link *link, void *cookie)
{
	serve_then_die(link, cookie);
	http_link_reset(link);
}

static void
never_sends_twice(void **state)
{
	http_serve_fn *const ways[] = {serve_then_die, serve_then_reset};
	struct http_peer *peer;
	struct client client;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		peer = start(ways[i], NULL);
		join(&client, peer);
		assert_int_equal(client_post(&client, "x"), ERR_NONE);
		assert_int_equal(client_post(&client, STOP), ERR_UNKNOWN);
		assert_int_equal(http_peer_requests(peer), 2);
		/* And the peer is not spoilt. */
		assert_int_equal(client_post(&client, "x"), ERR_NONE);
		assert_true(client.fresh);
		assert_int_equal(http_peer_requests(peer), 3);
		leave(&client, peer);
	}
}

static void
refuses_long_answers(void **state)
{
	static const char *const answers[] = {
	    "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890",
	    CHUNKED "b\r\n01234567890\r\n0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n\r\n01234567890",
	    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"};
	struct http_peer *peer;
	struct client client;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		peer = start(serve_once, answers[i]);
		join(&client, peer);
		client.answer_max = 10;
		assert_int_equal(client_post(&client, "x"), ERR_PROTOCOL);
		assert_non_null(strstr(client.err.text, "10 bytes"));
		client.answer_max = 11;
		if (i < 3)
			assert_int_equal(client_post(&client, "x"), ERR_NONE);
		leave(&client, peer);
	}
}

static void
serve_endlessly(struct http_link *link, void *cookie)
{
	struct http_request request;
	const char *text = cookie;

	if (!http_link_read(link, &request))
		return;
	(void)http_link_say(link, "HTTP/1.1 200 OK\r\n");
	while (http_link_say(link, text))
		continue;
}

static void
ends_endless_answers(void **state)
{
	struct http_peer *peer = start(serve_endlessly, "\r\n0123456789");
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_PROTOCOL);
	leave(&client, peer);
	peer = start(serve_endlessly, "X-Header: more and more\r\n");
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_PROTOCOL);
	assert_non_null(strstr(client.err.text, "headers"));
	leave(&client, peer);
}

static void
refuses_what_is_no_http(void **state)
{
	struct http_peer *peer =
	    start(serve_once, "220 mail.example ESMTP\r\n");
	struct client client;

	(void)state;
	join(&client, peer);
	assert_int_equal(client_post(&client, "x"), ERR_PROTOCOL);
	leave(&client, peer);
}

static void
checks_what_it_is_asked(void **state)
{
	static const char *const split[] = {"X: a\r\nY: b", NULL};
	struct net_request request = {
	    .method = "PUT", .path = "/wsman", .answer_max = 10};
	struct net_peer_conf conf = {.address = "localhost", .port = 1};
	struct client client;
	struct err err = {0};

	(void)state;
	conf.address = "127.0.0.1";
	client_open(&client, &conf);
	assert_int_equal(client_send(&client, &request), ERR_INVALID);
	request.method = "POST";
	request.path = "wsman";
	assert_int_equal(client_send(&client, &request), ERR_INVALID);
	request.path = "/wsman";
	request.headers = split;
	assert_int_equal(client_send(&client, &request), ERR_INVALID);
	assert_int_equal(client.calls, 0);
	conf.address = "localhost";
	assert_null(net_peer_new(client.net, &conf, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	conf.address = "127.0.0.1";
	conf.port = 0;
	assert_null(net_peer_new(client.net, &conf, &err));
	client_close(&client);
}

/* --- what may be done inside done() --- */

struct nest {
	struct client *client;
	unsigned left;
	bool frees;
	char body[10];
};

static void
in_done(void *cookie, const struct net_answer *answer, const struct err *err)
{
	struct nest *nest = cookie;
	struct net_request request = {
	    .method = "POST", .path = "/wsman", .answer_max = 100};
	struct err own = {0};

	assert_non_null(answer);
	assert_int_equal(err->kind, ERR_NONE);
	if (nest->left > 0) {
		nest->left--;
		assert_int_equal(net_exchange(nest->client->peer, &request,
				     in_done, nest, &own),
		    0);
		/* One at a time. */
		assert_int_equal(net_exchange(nest->client->peer, &request,
				     in_done, nest, &own),
		    -1);
		assert_int_equal(own.kind, ERR_BUG);
		return;
	}
	if (nest->frees) {
		net_peer_free(nest->client->peer);
		nest->client->peer = NULL;
		net_free(nest->client->net);
		nest->client->net = NULL;
	}
	/* Borrowed until we return, whatever we did. */
	(void)snprintf(
	    nest->body, sizeof(nest->body), "%s", buf_text(answer->body));
	loop_stop(nest->client->loop);
}

static void
may_go_on_or_end_in_done(void **state)
{
	struct http_peer *peer = start(serve_text, OK);
	struct net_request request = {
	    .method = "GET", .path = "/", .answer_max = 100};
	struct client client;
	struct nest nest = {.client = &client, .left = 3, .frees = true};
	struct err err = {0};

	(void)state;
	join(&client, peer);
	assert_int_equal(
	    net_exchange(client.peer, &request, in_done, &nest, &err), 0);
	loop_run(client.loop);
	assert_string_equal(nest.body, "ok");
	assert_int_equal(http_peer_requests(peer), 4);
	leave(&client, peer);
}

static void
never_done(void *cookie, const struct net_answer *answer, const struct err *err)
{
	(void)cookie;
	(void)answer;
	(void)err;
	fail();
}

static void
stop(void *cookie)
{
	loop_stop(cookie);
}

static void
cancels(void **state)
{
	struct http_peer *peer = start(serve_text, "");
	struct net_request request = {
	    .method = "POST", .path = "/wsman", .answer_max = 100};
	struct loop_timer *timer;
	struct client client;
	struct err err = {0};

	(void)state;
	join(&client, peer);
	assert_int_equal(
	    net_exchange(client.peer, &request, never_done, NULL, &err), 0);
	timer = loop_timer_new(client.loop, stop, client.loop);
	loop_timer_set(timer, 50);
	loop_run(client.loop);
	net_peer_free(client.peer);
	client.peer = NULL;
	loop_timer_set(timer, 50);
	loop_run(client.loop);
	loop_timer_del(timer);
	leave(&client, peer);
}

/* More peers than one hub takes, all under way at once. */
#define CROWD 600

static unsigned crowd_left;

static void
crowd_done(void *cookie, const struct net_answer *answer, const struct err *err)
{
	(void)err;
	assert_null(answer);
	crowd_left--;
	if (crowd_left == 0)
		loop_stop(cookie);
}

static void
takes_a_crowd(void **state)
{
	struct net_request request = {
	    .method = "POST", .path = "/wsman", .answer_max = 100};
	struct net_peer_conf conf = {.port = http_peer_closed_port()};
	struct net_peer *peers[CROWD];
	struct loop *loop = loop_new(NULL);
	struct net *net = net_new(loop, NULL);
	char address[32];
	struct err err = {0};
	unsigned i;

	(void)state;
	crowd_left = CROWD;
	for (i = 0; i < CROWD; i++) {
		(void)snprintf(address, sizeof(address), "127.9.%u.%u", i / 200,
		    i % 200 + 1);
		conf.address = address;
		peers[i] = net_peer_new(net, &conf, &err);
		assert_non_null(peers[i]);
		assert_int_equal(
		    net_exchange(peers[i], &request, crowd_done, loop, &err),
		    0);
	}
	loop_run(loop);
	assert_int_equal(crowd_left, 0);
	for (i = 0; i < CROWD; i++)
		net_peer_free(peers[i]);
	net_free(net);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delivers_an_answer),
	    cmocka_unit_test(sends_what_it_was_given),
	    cmocka_unit_test(sends_an_empty_body),
	    cmocka_unit_test(joins_chunks),
	    cmocka_unit_test(skips_interim_answers),
	    cmocka_unit_test(keeps_the_connection),
	    cmocka_unit_test(disconnects_when_told),
	    cmocka_unit_test(does_not_inherit_connections),
	    cmocka_unit_test(does_not_share_connections),
	    cmocka_unit_test(renews_an_idle_connection),
	    cmocka_unit_test(replaces_a_closed_connection),
	    cmocka_unit_test(reports_a_refused_connect),
	    cmocka_unit_test(gives_up_connecting),
	    cmocka_unit_test(times_out),
	    cmocka_unit_test(times_out_in_the_middle),
	    cmocka_unit_test(reports_a_lost_answer),
	    cmocka_unit_test(reports_half_a_body),
	    cmocka_unit_test(never_sends_twice),
	    cmocka_unit_test(refuses_long_answers),
	    cmocka_unit_test(ends_endless_answers),
	    cmocka_unit_test(refuses_what_is_no_http),
	    cmocka_unit_test(checks_what_it_is_asked),
	    cmocka_unit_test(may_go_on_or_end_in_done),
	    cmocka_unit_test(cancels),
	    cmocka_unit_test(takes_a_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
