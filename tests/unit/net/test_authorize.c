/* A credential that is made for one connection: what net_fetch() gives to who
 * makes it, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "fetch.h"
#include "http_peer.h"
#include "identity.h"
#include "mem.h"

#define ENDPOINT "tls-server-end-point:"
#define DIGEST 32

static struct identity *root, *server;
static struct http_peer *peer;
static struct err err;
static struct net_fetched got;

/* Of the server, and of the one who authorizes. */
static struct {
	char authorization[65536];
	unsigned calls;
	bool refuse;
	size_t length; /* of the value; 0: short */
	uint8_t binding[128];
	size_t binding_len;
} seen;

static void
serve(struct http_link *link, void *cookie)
{
	static struct http_request request;

	(void)cookie;
	if (!http_link_read(link, &request))
		return;
	(void)http_request_header(&request, "Authorization", seen.authorization,
	    sizeof(seen.authorization));
	(void)http_link_say(
	    link, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static int
authorize(
    void *cookie, const struct buf *binding, struct buf *value, struct err *e)
{
	size_t i;

	assert_ptr_equal(cookie, &seen);
	assert_int_equal(http_peer_requests(peer), 0);
	seen.calls++;
	assert_true(binding->len <= sizeof(seen.binding));
	memcpy(seen.binding, binding->data, binding->len);
	seen.binding_len = binding->len;
	if (seen.refuse)
		return err_set(e, ERR_DENIED, "no ticket today");
	buf_str(value, "Negotiate ");
	for (i = 0; i < seen.length; i++)
		buf_char(value, 'A');
	buf_str(value, "token");
	return 0;
}

static int
setup(void **state)
{
	struct http_peer_conf conf = {.serve = serve};

	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&got, 0, sizeof(got));
	root = identity_new("TLS root", NULL);
	server = identity_new("localhost", root);
	conf.identity = server;
	peer = http_peer_start(&conf);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	net_fetched_clear(&got);
	http_peer_stop(peer);
	identity_free(server);
	identity_free(root);
	return 0;
}

static int
fetch(const char *scheme, const char *host, const struct identity *anchor)
{
	char *url = mem_printf(
	    "%s://%s:%u/x", scheme, host, (unsigned)http_peer_port(peer));
	const struct net_fetch f = {
	    .method = "POST",
	    .url = url,
	    .body = "body",
	    .body_len = 4,
	    .ca_pem = anchor->pem,
	    .authorize = authorize,
	    .cookie = &seen,
	    .timeout_ms = 120000,
	    .answer_max = 100,
	};
	int rc = net_fetch(&f, &got, &err);

	free(url);
	return rc;
}

static void
bound_to_the_server(void **state)
{
	unsigned char digest[DIGEST];
	unsigned len = 0;

	(void)state;
	if (fetch("https", "localhost", root) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.status, 200);
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.authorization, "Negotiate token");
	/* RFC 5929, 4.1; its signature is ecdsa-with-SHA256. */
	assert_int_equal(
	    X509_digest(server->cert, EVP_sha256(), digest, &len), 1);
	assert_int_equal(seen.binding_len, strlen(ENDPOINT) + DIGEST);
	assert_memory_equal(seen.binding, ENDPOINT, strlen(ENDPOINT));
	assert_memory_equal(seen.binding + strlen(ENDPOINT), digest, DIGEST);
}

static void
expect_error(int rc, enum err_kind kind, const char *text)
{
	assert_int_equal(rc, -1);
	if (err.kind != kind || strstr(err.text, text) == NULL)
		fail_msg("%s: %s", err_kind_name(err.kind), err.text);
	assert_int_equal(http_peer_requests(peer), 0);
}

/* Nobody makes a credential for a server that is not the right one. */
static void
not_for_strangers(void **state)
{
	struct identity *stranger = identity_new("Another root", NULL);

	(void)state;
	expect_error(fetch("https", "localhost", stranger), ERR_UNTRUSTED, "");
	expect_error(fetch("https", "127.0.0.1", root), ERR_UNTRUSTED, "");
	expect_error(fetch("http", "localhost", root), ERR_INVALID,
	    "not sent over http");
	assert_int_equal(seen.calls, 0);
	identity_free(stranger);
}

static void
none_to_be_had(void **state)
{
	(void)state;
	seen.refuse = true;
	expect_error(
	    fetch("https", "localhost", root), ERR_DENIED, "no ticket today");
	assert_int_equal(seen.calls, 1);
	seen.refuse = false;
	seen.length = 100000;
	expect_error(fetch("https", "localhost", root), ERR_LIMIT, "longer");
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(bound_to_the_server),
	    ROW(not_for_strangers),
	    ROW(none_to_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
