#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "client.h"
#include "http_peer.h"
#include "identity.h"

#define NAME "pc1.corp.example"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define LAST                                                                   \
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

static struct identity *ca, *device, *other_ca, *other;

static int
make_identities(void **state)
{
	(void)state;
	ca = identity_new("Test CA", NULL);
	device = identity_new(NAME, ca);
	other_ca = identity_new("Other CA", NULL);
	other = identity_new("pc2.corp.example", other_ca);
	return 0;
}

static int
free_identities(void **state)
{
	(void)state;
	identity_free(ca);
	identity_free(device);
	identity_free(other_ca);
	identity_free(other);
	return 0;
}

static void
serve(struct http_link *link, void *cookie)
{
	struct http_request request;

	(void)cookie;
	while (http_link_read(link, &request))
		(void)http_link_say(link, OK);
}

/* As firmware after a 401: one answer per connection. */
static void
serve_last(struct http_link *link, void *cookie)
{
	struct http_request request;

	(void)cookie;
	if (http_link_read(link, &request))
		(void)http_link_say(link, LAST);
}

static struct http_peer *
start(const struct identity *identity, http_serve_fn *fn, int max_version)
{
	struct http_peer_conf conf = {
	    .identity = identity, .serve = fn, .max_version = max_version};

	return http_peer_start(&conf);
}

static void
join(struct client *client, const struct http_peer *peer,
    const struct net_trust *trust)
{
	struct net_peer_conf conf = {.address = "127.0.0.1",
	    .port = http_peer_port(peer),
	    .tls = true,
	    .trust = *trust};

	client_open(client, &conf);
}

static void
leave(struct client *client, struct http_peer *peer)
{
	client_close(client);
	http_peer_stop(peer);
}

/* One exchange with device under this trust. */
static void
expect(const struct net_trust *trust, enum err_kind kind, const char *text)
{
	struct http_peer *peer = start(device, serve, 0);
	struct client client;
	struct net_stats stats;

	join(&client, peer, trust);
	assert_int_equal(client_post(&client, "secret"), kind);
	if (kind == ERR_NONE)
		assert_string_equal(client.body, "ok");
	else if (strstr(client.err.text, text) == NULL)
		fail_msg("%s", client.err.text);
	/* Refused before a byte of HTTP was sent. */
	assert_int_equal(http_peer_requests(peer), kind == ERR_NONE ? 1 : 0);
	/* The leaf is known either way. */
	assert_string_equal(net_peer_leaf(client.peer), device->sha256);
	net_stats(client.net, &stats);
	assert_int_equal(stats.handshakes, kind == ERR_NONE ? 1 : 0);
	leave(&client, peer);
}

static void
trusts_a_pin(void **state)
{
	struct net_trust trust = {.leaf_sha256 = device->sha256};

	(void)state;
	expect(&trust, ERR_NONE, NULL);
	trust.leaf_sha256 = other->sha256;
	expect(&trust, ERR_UNTRUSTED, "not the pinned one");
	trust.leaf2_sha256 = device->sha256;
	expect(&trust, ERR_NONE, NULL);
}

static void
trusts_a_ca_and_a_name(void **state)
{
	struct net_trust trust = {.ca_pem = ca->pem, .name = NAME};

	(void)state;
	expect(&trust, ERR_NONE, NULL);
	trust.name = "pc2.corp.example";
	expect(&trust, ERR_UNTRUSTED, "not for the name pc2.corp.example");
	trust.name = NAME;
	trust.ca_pem = other_ca->pem;
	expect(&trust, ERR_UNTRUSTED, "certificate refused");
	/* Either way is enough. */
	trust.leaf_sha256 = device->sha256;
	expect(&trust, ERR_NONE, NULL);
}

static void
trusts_each_of_several_roots(void **state)
{
	char both[8192];
	struct net_trust trust = {.ca_pem = both, .name = NAME};

	(void)state;
	(void)snprintf(both, sizeof(both), "%s%s", other_ca->pem, ca->pem);
	expect(&trust, ERR_NONE, NULL);
}

static void
refuses_bad_trust(void **state)
{
	const struct net_trust bad[] = {
	    {.leaf_sha256 = "abcd"},
	    {.leaf_sha256 = device->sha256, .leaf2_sha256 = ""},
	    {.ca_pem = ca->pem},
	    {.ca_pem = ca->pem, .name = ""},
	    {.ca_pem = "", .name = NAME},
	    {.ca_pem = "-----BEGIN CERTIFICATE-----\nAA==\n", .name = NAME},
	};
	struct net_peer_conf conf = {
	    .address = "127.0.0.1", .port = 1, .tls = true};
	struct client client;
	struct err err;
	size_t i;

	(void)state;
	client_open(&client, &conf);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		conf.trust = bad[i];
		err_clear(&err);
		assert_null(net_peer_new(client.net, &conf, &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
	client_close(&client);
}

/* Without trust one may look, but not show credentials. */
static void
looks_without_trust(void **state)
{
	static const char *const headers[] = {
	    "authorization: Digest username=\"admin\"", NULL};
	struct net_request request = {.method = "POST",
	    .path = "/wsman",
	    .headers = headers,
	    .answer_max = 100};
	struct http_peer *peer = start(device, serve, 0);
	struct client client;
	const uint8_t *der;
	size_t len = 0;

	(void)state;
	join(&client, peer, &(struct net_trust){0});
	assert_null(net_peer_leaf(client.peer));
	assert_null(net_peer_leaf_der(client.peer, &len));
	assert_int_equal(client_send(&client, &request), ERR_UNTRUSTED);
	assert_int_equal(http_peer_links(peer), 0);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	assert_string_equal(net_peer_leaf(client.peer), device->sha256);
	der = net_peer_leaf_der(client.peer, &len);
	assert_non_null(der);
	assert_int_equal(len, i2d_X509(device->cert, NULL));
	leave(&client, peer);
}

static void
resumes_at(int version, bool tickets)
{
	struct net_trust trust = {.ca_pem = ca->pem, .name = NAME};
	struct http_peer_conf conf = {.identity = device,
	    .serve = serve_last,
	    .max_version = version,
	    .tickets_only = tickets};
	struct http_peer *peer = http_peer_start(&conf);
	struct client client;
	struct net_stats stats;
	int i;

	join(&client, peer, &trust);
	for (i = 0; i < 4; i++) {
		assert_int_equal(client_post(&client, "x"), ERR_NONE);
		assert_true(client.fresh);
		assert_string_equal(net_peer_leaf(client.peer), device->sha256);
	}
	net_stats(client.net, &stats);
	assert_int_equal(stats.connections, 4);
	assert_int_equal(stats.handshakes, 1);
	assert_int_equal(stats.resumed, 3);
	assert_int_equal(http_peer_resumed(peer), 3);
	leave(&client, peer);
}

static void
resumes_its_session(void **state)
{
	(void)state;
	resumes_at(TLS1_2_VERSION, false);
	resumes_at(TLS1_2_VERSION, true);
	resumes_at(TLS1_3_VERSION, false);
	resumes_at(TLS1_3_VERSION, true);
}

/* Two peers, one after the other, of one device. */
struct pair {
	struct http_peer *device;
	struct net_peer_conf conf;
	struct client client;
};

static void
pair_open(struct pair *pair)
{
	pair->device = start(device, serve_last, 0);
	pair->conf = (struct net_peer_conf){.address = "127.0.0.1",
	    .port = http_peer_port(pair->device),
	    .tls = true,
	    .trust = {.leaf_sha256 = device->sha256}};
	client_open(&pair->client, &pair->conf);
	assert_int_equal(client_post(&pair->client, "x"), ERR_NONE);
}

static void
pair_expect(struct pair *pair, unsigned handshakes, unsigned resumed)
{
	struct net_stats stats;

	net_stats(pair->client.net, &stats);
	assert_int_equal(stats.handshakes, handshakes);
	assert_int_equal(stats.resumed, resumed);
	leave(&pair->client, pair->device);
}

/* With a pin, and with a CA; the leaf is known as after a handshake. */
static void
resumes_what_another_peer_began(void **state)
{
	struct net_trust trust = {.ca_pem = ca->pem, .name = NAME};
	struct pair pair;

	(void)state;
	pair_open(&pair);
	client_again(&pair.client, &pair.conf);
	assert_int_equal(client_post(&pair.client, "x"), ERR_NONE);
	assert_string_equal(net_peer_leaf(pair.client.peer), device->sha256);
	pair.conf.trust = trust;
	client_again(&pair.client, &pair.conf);
	assert_int_equal(client_post(&pair.client, "x"), ERR_NONE);
	pair_expect(&pair, 1, 2);
}

/* The session says who it was made with: trust is asked anew. */
static void
resumes_only_whom_it_trusts(void **state)
{
	struct net_trust trust = {.leaf_sha256 = other->sha256};
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair.conf.trust = trust;
	client_again(&pair.client, &pair.conf);
	assert_int_equal(client_post(&pair.client, "x"), ERR_UNTRUSTED);
	assert_int_equal(http_peer_requests(pair.device), 1);
	/* Who came to look is shown the certificate. */
	pair.conf.trust = (struct net_trust){.name = NULL};
	client_again(&pair.client, &pair.conf);
	assert_int_equal(client_post(&pair.client, "x"), ERR_NONE);
	pair_expect(&pair, 2, 0);
}

static void
forgets_when_told(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	net_peer_forget(pair.client.peer);
	assert_int_equal(client_post(&pair.client, "x"), ERR_NONE);
	client_again(&pair.client, &pair.conf);
	assert_int_equal(client_post(&pair.client, "x"), ERR_NONE);
	pair_expect(&pair, 3, 0);
}

/* A device that has forgotten, or is another one by now: a full handshake,
 * checked as the first. */
static void
survives_a_forgotten_session(void **state)
{
	struct http_peer_conf conf = {.identity = device, .serve = serve_last};
	struct pair pair;

	(void)state;
	pair_open(&pair);
	conf.port = http_peer_port(pair.device);
	http_peer_stop(pair.device);
	pair.device = http_peer_start(&conf);
	client_again(&pair.client, &pair.conf);
	assert_int_equal(client_post(&pair.client, "x"), ERR_NONE);
	http_peer_stop(pair.device);
	conf.identity = other;
	pair.device = http_peer_start(&conf);
	client_again(&pair.client, &pair.conf);
	assert_int_equal(client_post(&pair.client, "x"), ERR_UNTRUSTED);
	assert_int_equal(http_peer_requests(pair.device), 0);
	assert_string_equal(net_peer_leaf(pair.client.peer), other->sha256);
	pair_expect(&pair, 2, 0);
}

static void
speaks_old_tls_only_when_told(void **state)
{
	struct net_trust trust = {.leaf_sha256 = device->sha256};
	struct http_peer *peer = start(device, serve_last, TLS1_1_VERSION);
	struct net_peer_conf conf = {.address = "127.0.0.1",
	    .port = http_peer_port(peer),
	    .tls = true,
	    .trust = trust};
	struct client client;

	(void)state;
	client_open(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_UNREACHABLE);
	conf.legacy_tls = true;
	client_again(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_NONE);
	leave(&client, peer);
}

/* Plain HTTP where TLS was asked for, and the other way round. */
static void
never_falls_back(void **state)
{
	struct http_peer_conf plain = {.serve = serve};
	struct net_trust trust = {.leaf_sha256 = device->sha256};
	struct http_peer *peer = http_peer_start(&plain);
	struct net_peer_conf conf = {.address = "127.0.0.1"};
	struct client client;

	(void)state;
	join(&client, peer, &trust);
	client.timeout_ms = 500;
	assert_int_equal(client_post(&client, "x"), ERR_UNREACHABLE);
	assert_int_equal(http_peer_requests(peer), 0);
	leave(&client, peer);
	peer = start(device, serve, 0);
	conf.port = http_peer_port(peer);
	client_open(&client, &conf);
	assert_int_not_equal(client_post(&client, "x"), ERR_NONE);
	assert_int_equal(http_peer_requests(peer), 0);
	leave(&client, peer);
}

static void
say_no(struct http_link *link, void *cookie)
{
	(void)cookie;
	(void)http_link_say(link, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void
hang_up(struct http_link *link, void *cookie)
{
	(void)link;
	(void)cookie;
}

/* Three ways not to be reached. */
static void
tells_who_speaks_no_tls(void **state)
{
	struct http_peer_conf talks = {.serve = say_no},
			      silent = {.serve = hang_up};
	struct net_trust trust = {.leaf_sha256 = device->sha256};
	struct net_peer_conf conf = {.address = "127.0.0.1",
	    .tls = true,
	    .trust = trust,
	    .port = http_peer_closed_port()};
	struct http_peer *peer;
	struct client client;

	(void)state;
	peer = http_peer_start(&talks);
	join(&client, peer, &trust);
	assert_int_equal(client_post(&client, "x"), ERR_UNREACHABLE);
	assert_true(net_no_tls(&client.err));
	assert_false(net_refused(&client.err));
	assert_non_null(strstr(client.err.text, "speaks no TLS"));
	leave(&client, peer);
	peer = http_peer_start(&silent);
	join(&client, peer, &trust);
	assert_int_equal(client_post(&client, "x"), ERR_UNREACHABLE);
	assert_false(net_no_tls(&client.err));
	assert_false(net_refused(&client.err));
	client_again(&client, &conf);
	assert_int_equal(client_post(&client, "x"), ERR_UNREACHABLE);
	assert_true(net_refused(&client.err));
	leave(&client, peer);
}

/* What asks for a certificate of ours is told from what is away, by either
 * version of TLS, and nothing of the request is answered. */
static void
tells_who_wants_a_certificate(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct net_trust trust = {.leaf_sha256 = device->sha256};
	struct http_peer_conf conf = {
	    .identity = device, .clients = device, .serve = say_no};
	struct http_peer *peer;
	struct client client;
	enum err_kind kind;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		conf.max_version = versions[i];
		peer = http_peer_start(&conf);
		join(&client, peer, &trust);
		kind = (enum err_kind)client_post(&client, "x");
		assert_true(kind == ERR_UNREACHABLE || kind == ERR_UNKNOWN);
		if (!net_wants_certificate(&client.err))
			fail_msg("%s", client.err.text);
		assert_false(net_no_tls(&client.err));
		assert_non_null(
		    strstr(client.err.text, "wants a certificate of us"));
		assert_int_equal(http_peer_requests(peer), 0);
		leave(&client, peer);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trusts_a_pin),
	    cmocka_unit_test(trusts_a_ca_and_a_name),
	    cmocka_unit_test(trusts_each_of_several_roots),
	    cmocka_unit_test(refuses_bad_trust),
	    cmocka_unit_test(looks_without_trust),
	    cmocka_unit_test(resumes_its_session),
	    cmocka_unit_test(resumes_what_another_peer_began),
	    cmocka_unit_test(resumes_only_whom_it_trusts),
	    cmocka_unit_test(forgets_when_told),
	    cmocka_unit_test(survives_a_forgotten_session),
	    cmocka_unit_test(speaks_old_tls_only_when_told),
	    cmocka_unit_test(never_falls_back),
	    cmocka_unit_test(tells_who_speaks_no_tls),
	    cmocka_unit_test(tells_who_wants_a_certificate),
	};

	return cmocka_run_group_tests(tests, make_identities, free_identities);
}
