/*
 * The server behind TLS, and answers without an end.  The client is a thread
 * with OpenSSL of its own; the loop runs meanwhile.
 */
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
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
#include "front_internal.h"
#include "http_internal.h"
#include "http_stream.h"
#include "identity.h"
#include "loop.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define ANSWER_MAX (4u << 20)
#define BIG (3u << 20)
#define BODY_LIMIT (1u << 20)
#define CONNECTIONS 12
#define PER_ADDRESS 8

static struct loop *loop;
static struct http *http;
static struct identity *ca, *server, *client_id, *stranger, *strange_ca;
static struct http_stream *stream;
static size_t gone, answered;
static char seen[512];

/* --- handlers --- */

static void
say(struct http_request *request, const char *text, size_t len)
{
	static const struct http_header more[] = {
	    {"WWW-Authenticate", "Basic realm=\"test\""}, {"Location", "/x"}};
	struct http_answer answer = {
	    .status = 200, .headers = more, .header_count = 2};
	struct buf bytes;

	buf_init(&bytes, ANSWER_MAX);
	buf_add(&bytes, text, len);
	answer.body = http_body_new(&bytes);
	http_answer(request, &answer);
	http_body_drop(answer.body);
}

/* Who asks, and with what. */
static void
handle_who(void *cookie, struct http_request *request)
{
	const struct http_client *c = http_request_client(request);
	const char *header = http_request_header(request, "x-word");
	const struct http_arg *args;
	size_t i, count, len;
	struct buf text;
	struct err err;

	(void)cookie;
	buf_init(&text, 4096);
	(void)http_request_body(request, &len);
	buf_printf(&text, "%s %s peer=%s word=%s body=%zu",
	    http_request_method(request), http_request_rest(request),
	    http_request_peer(request), header == NULL ? "-" : header, len);
	if (c != NULL)
		buf_printf(&text, " client=%s name=%s", c->subject,
		    c->name_count == 0 ? "-" : c->names[0]);
	if (http_request_args(request, &args, &count, &err) != 0)
		buf_printf(&text, " error=%s", err.text);
	else
		for (i = 0; i < count; i++)
			buf_printf(
			    &text, " %s=%s", args[i].name, args[i].value);
	say(request, buf_text(&text), text.len);
	buf_free(&text);
	answered++;
}

static void
handle_big(void *cookie, struct http_request *request)
{
	char *text = mem_alloc(BIG);

	(void)cookie;
	memset(text, 'x', BIG);
	say(request, text, BIG);
	free(text);
}

static void
on_gone(void *cookie)
{
	(void)cookie;
	gone++;
	http_stream_end(stream);
	stream = NULL;
	loop_stop(loop);
}

static void
handle_stream(void *cookie, struct http_request *request)
{
	struct http_answer answer = {
	    .status = 200, .type = "text/event-stream", .cache = "no-store"};

	(void)cookie;
	stream = http_stream_begin(request, &answer, on_gone, NULL);
	loop_stop(loop);
}

static const struct http_route routes[] = {
    {"GET", "/who/", 0, handle_who, NULL, NULL},
    {"POST", "/who/", BODY_LIMIT, handle_who, NULL, NULL},
    {"PUT", "/who/", BODY_LIMIT, handle_who, NULL, NULL},
    {"PATCH", "/who/", BODY_LIMIT, handle_who, NULL, NULL},
    {"DELETE", "/who/", 0, handle_who, NULL, NULL},
    {"GET", "/big", 0, handle_big, NULL, NULL},
    {"GET", "/stream", 0, handle_stream, NULL, NULL},
};

/* --- the server --- */

struct credentials {
	struct buf chain, clients;
	struct secret *key;
	struct http_tls tls;
};

static void
credentials_make(
    struct credentials *c, const struct identity *id, const char *clients)
{
	char *key = identity_key_pem(id, NULL);

	buf_init(&c->chain, 65536);
	buf_str(&c->chain, id->pem);
	buf_init(&c->clients, 65536);
	if (clients != NULL)
		buf_str(&c->clients, clients);
	c->key = secret_new(key, strlen(key));
	c->tls = (struct http_tls){.chain = &c->chain,
	    .key = c->key,
	    .clients = clients == NULL ? NULL : &c->clients};
	free(key);
}

static void
credentials_clear(struct credentials *c)
{
	buf_free(&c->chain);
	buf_free(&c->clients);
	secret_free(c->key);
}

static int
setup_with(const char *clients)
{
	struct credentials c;
	struct http_conf conf = {.listen = "127.0.0.1:0",
	    .routes = routes,
	    .route_count = sizeof(routes) / sizeof(routes[0]),
	    .tls = &c.tls,
	    .connections = CONNECTIONS,
	    .per_address = PER_ADDRESS};
	struct err err;

	loop = loop_new(&err);
	assert_non_null(loop);
	credentials_make(&c, server, clients);
	if (http_new(loop, &conf, &http, &err) != 0)
		fail_msg("%s", err.text);
	credentials_clear(&c);
	stream = NULL;
	gone = answered = 0;
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	return setup_with(NULL);
}

static int
setup_clients(void **state)
{
	(void)state;
	return setup_with(ca->pem);
}

static int
teardown(void **state)
{
	(void)state;
	http_stream_end(stream);
	http_free(http);
	loop_free(loop);
	return 0;
}

static int
group_setup(void **state)
{
	(void)state;
	ca = identity_new("ca.example", NULL);
	server = identity_new("console.example", ca);
	client_id = identity_new("pc1.example", ca);
	strange_ca = identity_new("other.example", NULL);
	stranger = identity_new("pc2.example", strange_ca);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	identity_free(stranger);
	identity_free(strange_ca);
	identity_free(client_id);
	identity_free(server);
	identity_free(ca);
	return 0;
}

/* --- the client --- */

struct client {
	pthread_t thread;
	const char *bytes;
	size_t len;
	int max_version, min_version; /* 0: any */
	const struct identity *id;    /* own; NULL */
	bool half;		      /* says that it sends no more */
	const char *second;	      /* sent once let_go is said; NULL */
	sem_t let_go;
	size_t enough; /* reads this much, then leaves; 0: all */
	/* What came of it: */
	bool shook, clean;
	char version[16];
	char leaf[65];
	char *answer;
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

static void
note_peer(struct client *c, SSL *ssl)
{
	uint8_t sha[32];
	X509 *leaf = SSL_get0_peer_certificate(ssl);

	(void)snprintf(
	    c->version, sizeof(c->version), "%s", SSL_get_version(ssl));
	if (leaf != NULL && X509_digest(leaf, EVP_sha256(), sha, NULL) == 1)
		str_hex(sha, sizeof(sha), c->leaf);
}

static void
converse(struct client *c, SSL *ssl)
{
	size_t sent = 0, want, n;
	int got = 0;

	c->shook = SSL_connect(ssl) == 1;
	if (!c->shook)
		return;
	note_peer(c, ssl);
	(void)SSL_write_ex(ssl, c->bytes, c->len, &sent);
	if (c->half)
		(void)SSL_shutdown(ssl);
	if (c->second != NULL) {
		while (sem_wait(&c->let_go) != 0)
			;
		(void)SSL_write_ex(ssl, c->second, strlen(c->second), &sent);
	}
	while (c->answer_len < ANSWER_MAX) {
		want = ANSWER_MAX - c->answer_len;
		got = SSL_read_ex(ssl, c->answer + c->answer_len, want, &n);
		if (got != 1)
			break;
		c->answer_len += n;
		if (c->enough != 0 && c->answer_len >= c->enough)
			return;
	}
	c->clean = SSL_get_error(ssl, got) == SSL_ERROR_ZERO_RETURN;
	(void)SSL_shutdown(ssl);
}

static void *
client_run(void *arg)
{
	struct client *c = arg;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	/* So that the client, at least, would speak the old versions. */
	SSL_CTX_set_security_level(ctx, 0);
	(void)SSL_CTX_set_min_proto_version(ctx, c->min_version);
	(void)SSL_CTX_set_max_proto_version(ctx, c->max_version);
	if (c->id != NULL) {
		(void)SSL_CTX_use_certificate(ctx, c->id->cert);
		(void)SSL_CTX_use_PrivateKey(ctx, c->id->key);
	}
	ssl = SSL_new(ctx);
	(void)SSL_set_fd(ssl, c->fd);
	converse(c, ssl);
	c->answer[c->answer_len] = '\0';
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
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
client_start(struct client *c, const char *bytes)
{
	c->bytes = bytes;
	c->len = strlen(bytes);
	c->answer = mem_alloc(ANSWER_MAX + 1);
	c->fd = connected();
	assert_int_equal(pipe(c->done), 0);
	c->io = loop_io_add(loop, c->done[0], LOOP_READ, client_done, loop);
	assert_int_equal(pthread_create(&c->thread, NULL, client_run, c), 0);
}

static void
client_join(struct client *c)
{
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	loop_io_del(c->io);
	(void)close(c->done[0]);
	(void)close(c->done[1]);
}

static void
exchange(struct client *c, const char *bytes)
{
	client_start(c, bytes);
	loop_run(loop);
	client_join(c);
}

#define CLOSE " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
#define WHO "GET /who/a%20b?x=1&%3Ay=2" CLOSE "X-Word: hello\r\n\r\n"

static void
expect_has(const struct client *c, const char *part)
{
	if (strstr(c->answer, part) == NULL)
		fail_msg("no \"%s\" in: %.400s", part, c->answer);
}

/* --- the handshake --- */

static void
test_versions(void **state)
{
	static const struct {
		int version;
		const char *name; /* NULL: refused */
	} cases[] = {
	    {0, "TLSv1.3"},
	    {TLS1_3_VERSION, "TLSv1.3"},
	    {TLS1_2_VERSION, "TLSv1.2"},
	    {TLS1_1_VERSION, NULL},
	    {TLS1_VERSION, NULL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client c = {.min_version = cases[i].version,
		    .max_version = cases[i].version};

		exchange(&c, WHO);
		assert_int_equal(c.shook, cases[i].name != NULL);
		if (cases[i].name != NULL) {
			assert_string_equal(c.version, cases[i].name);
			assert_string_equal(c.leaf, server->sha256);
			assert_true(c.clean);
		}
		free(c.answer);
	}
}

static void
test_request(void **state)
{
	struct client c = {.id = NULL};

	(void)state;
	exchange(&c, WHO);
	expect_has(&c, "HTTP/1.1 200 OK\r\n");
	expect_has(&c, "WWW-Authenticate: Basic realm=\"test\"\r\n");
	expect_has(&c, "Location: /x\r\n");
	expect_has(&c, "GET a b peer=127.0.0.1 word=hello body=0 x=1 :y=2");
	free(c.answer);
}

static void
test_methods(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "PATCH"};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct client c = {.id = NULL};

		text = mem_printf("%s /who/?a=%%31" CLOSE
				  "Content-Type: application/"
				  "x-www-form-urlencoded\r\n"
				  "Content-Length: 3\r\n\r\nb=2",
		    methods[i]);
		exchange(&c, text);
		(void)snprintf(
		    seen, sizeof(seen), "\r\n\r\n%s  peer=", methods[i]);
		expect_has(&c, seen);
		expect_has(&c, "body=3 a=1 b=2");
		free(c.answer);
		free(text);
	}
	{
		struct client c = {.id = NULL};

		exchange(&c, "DELETE /who/7" CLOSE "\r\n");
		expect_has(&c, "DELETE 7 peer=");
		free(c.answer);
	}
	{
		struct client c = {.id = NULL};

		exchange(&c, "GET /who/?a=%" CLOSE "\r\n");
		expect_has(&c, "error=query string: argument 1: ");
		free(c.answer);
	}
}

/* More than any buffer on the way. */
static void
test_big(void **state)
{
	struct client c = {.id = NULL};
	char *text, *body;

	(void)state;
	exchange(&c, "GET /big" CLOSE "\r\n");
	assert_true(c.answer_len > BIG && c.answer_len < BIG + 1024);
	assert_true(c.clean);
	free(c.answer);
	body = mem_alloc(BODY_LIMIT + 1);
	memset(body, 'y', BODY_LIMIT);
	text = mem_printf("POST /who/" CLOSE "Content-Length: %u\r\n\r\n%s",
	    BODY_LIMIT, body);
	c = (struct client){.id = NULL};
	exchange(&c, text);
	expect_has(&c, "body=1048576");
	free(c.answer);
	free(text);
	/* One that is refused while it is sent: the answer is read. */
	text = mem_printf("POST /who/" CLOSE "Content-Length: %u\r\n\r\n%s",
	    2 * BODY_LIMIT, body);
	c = (struct client){.id = NULL};
	exchange(&c, text);
	expect_has(&c, "HTTP/1.1 413 ");
	free(c.answer);
	free(text);
	free(body);
}

static void
test_half_closed(void **state)
{
	struct client c = {.half = true};

	(void)state;
	exchange(&c, WHO);
	expect_has(&c, "HTTP/1.1 200 OK\r\n");
	free(c.answer);
}

/* --- certificates --- */

static void
test_client_certificate(void **state)
{
	struct client c = {.id = client_id};

	(void)state;
	exchange(&c, WHO);
	expect_has(&c, "client=CN=pc1.example name=dns:pc1.example");
	free(c.answer);
	c = (struct client){.id = NULL}; /* none is fine as well */
	exchange(&c, WHO);
	expect_has(&c, "HTTP/1.1 200 OK\r\n");
	assert_null(strstr(c.answer, "client="));
	free(c.answer);
	c = (struct client){.id = stranger};
	exchange(&c, WHO);
	assert_int_equal(c.answer_len, 0);
	free(c.answer);
}

/* A revocation list of the CA, with this certificate on it; PEM, given. */
static char *
revocation_list(const struct identity *revoked)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60);
	ASN1_TIME *then = X509_gmtime_adj(NULL, 3600);
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *text;
	long len;

	(void)X509_REVOKED_set_serialNumber(
	    entry, X509_get_serialNumber(revoked->cert));
	(void)X509_REVOKED_set_revocationDate(entry, now);
	(void)X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	(void)X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert));
	(void)X509_CRL_set1_lastUpdate(crl, now);
	(void)X509_CRL_set1_nextUpdate(crl, then);
	(void)X509_CRL_add0_revoked(crl, entry);
	assert_true(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509_CRL(bio, crl), 1);
	len = BIO_get_mem_data(bio, &bytes);
	text = mem_printf("%s%.*s", ca->pem, (int)len, bytes);
	BIO_free(bio);
	ASN1_TIME_free(now);
	ASN1_TIME_free(then);
	X509_CRL_free(crl);
	return text;
}

static void
test_revoked_certificate(void **state)
{
	char *clients = revocation_list(client_id);
	struct client c = {.id = client_id}, other = {.id = server};
	struct credentials credentials;
	struct err err;

	(void)state;
	credentials_make(&credentials, server, clients);
	assert_int_equal(http_use_tls(http, &credentials.tls, &err), 0);
	credentials_clear(&credentials);
	exchange(&c, WHO);
	assert_int_equal(c.answer_len, 0);
	exchange(&other, WHO);
	expect_has(&other, "client=CN=console.example");
	free(c.answer);
	free(other.answer);
	free(clients);
}

/* A certificate that nobody asked for is not believed. */
static void
test_uninvited_certificate(void **state)
{
	struct client c = {.id = client_id};

	(void)state;
	exchange(&c, WHO);
	expect_has(&c, "HTTP/1.1 200 OK\r\n");
	assert_null(strstr(c.answer, "client="));
	free(c.answer);
}

static void
test_reload(void **state)
{
	struct identity *other = identity_new("console.example", ca);
	struct credentials c, bad;
	struct client first = {.id = NULL}, second = {.id = NULL};
	struct err err;

	(void)state;
	exchange(&first, WHO);
	assert_string_equal(first.leaf, server->sha256);
	/* A key of another certificate changes nothing. */
	credentials_make(&bad, other, NULL);
	bad.tls.chain = NULL;
	credentials_make(&c, server, NULL);
	bad.tls.chain = &c.chain;
	assert_int_equal(http_use_tls(http, &bad.tls, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "not that of its certificate"));
	credentials_clear(&bad);
	credentials_clear(&c);
	credentials_make(&c, other, NULL);
	assert_int_equal(http_use_tls(http, &c.tls, &err), 0);
	credentials_clear(&c);
	exchange(&second, WHO);
	assert_string_equal(second.leaf, other->sha256);
	free(first.answer);
	free(second.answer);
	identity_free(other);
}

static void
test_credentials_refused(void **state)
{
	struct credentials c;
	struct err err;
	char *key;

	(void)state;
	credentials_make(&c, server, "nothing");
	assert_int_equal(http_use_tls(http, &c.tls, &err), -1);
	assert_non_null(strstr(err.text, "CAs of clients"));
	buf_reset(&c.chain);
	assert_int_equal(http_use_tls(http, &c.tls, &err), -1);
	assert_non_null(strstr(err.text, "certificate cannot be used"));
	credentials_clear(&c);
	credentials_make(&c, server, NULL);
	secret_free(c.key);
	key = identity_key_pem(server, "password");
	c.key = secret_new(key, strlen(key));
	c.tls.key = c.key;
	assert_int_equal(http_use_tls(http, &c.tls, &err), -1);
	assert_non_null(strstr(err.text, "key cannot be read"));
	free(key);
	credentials_clear(&c);
}

/* --- who does nothing --- */

static void
stop_loop(void *cookie)
{
	loop_stop(cookie);
}

/* Let the loop go on until so many connections are there. */
static void
settle(size_t want)
{
	struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);

	do {
		loop_timer_set(timer, 1);
		loop_run(loop);
	} while (http->tls->count != want);
	loop_timer_del(timer);
}

/* From another address of the loopback's. */
static int
connected_from(unsigned host)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(http_port(http)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in from = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK + host)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (void *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (void *)&to, sizeof(to)), 0);
	return fd;
}

/* Silent ones from one address stop nobody else. */
static void
test_per_address(void **state)
{
	int fds[PER_ADDRESS + 1];
	struct client c = {.id = NULL};
	char byte;
	size_t i;

	(void)state;
	for (i = 0; i < PER_ADDRESS + 1; i++)
		fds[i] = connected_from(1);
	settle(PER_ADDRESS);
	assert_int_equal(recv(fds[PER_ADDRESS], &byte, 1, 0), 0);
	exchange(&c, WHO);
	expect_has(&c, "HTTP/1.1 200 OK\r\n");
	free(c.answer);
	for (i = 0; i < PER_ADDRESS + 1; i++)
		(void)close(fds[i]);
	settle(0);
}

/* When all places are taken, who has shaken hands for longest makes room. */
static void
test_make_room(void **state)
{
	int fds[CONNECTIONS];
	struct client c = {.id = NULL};
	char byte;
	size_t i;

	(void)state;
	for (i = 0; i < CONNECTIONS; i++)
		fds[i] = connected_from(1 + (unsigned)i / 4);
	settle(CONNECTIONS);
	exchange(&c, WHO);
	expect_has(&c, "HTTP/1.1 200 OK\r\n");
	free(c.answer);
	assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
	for (i = 0; i < CONNECTIONS; i++)
		(void)close(fds[i]);
	settle(0);
}

/* A handshake that never ends is cut when its time is over. */
static void
test_slow_handshake(void **state)
{
	int fd = connected();
	char byte;

	(void)state;
	assert_int_equal(send(fd, "\x16\x03\x01", 3, 0), 3);
	settle(1);
	http_link_sweep(http); /* not yet */
	settle(1);
	assert_true(http->tls->fronts->deadline != 0);
	http_front_cut(http->tls->fronts);
	http_link_sweep(http);
	settle(0);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	(void)close(fd);
}

static void
test_nonsense(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	struct client c = {.id = NULL};
	int fd = connected();

	(void)state;
	assert_true(send(fd, text, sizeof(text) - 1, 0) > 0);
	exchange(&c, WHO);
	settle(0);
	(void)close(fd);
	expect_has(&c, "HTTP/1.1 200 OK\r\n");
	free(c.answer);
}

/* --- between two requests --- */

#define FIRST "GET /who/1 HTTP/1.1\r\nHost: x\r\n\r\n"
#define LAST_A "GET /who/2 HTTP"
#define LAST_B "/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

/* The second request of a connection, after it had time to rest. */
static void
pause_between(
    struct client *c, const char *first, const char *second, bool rests)
{
	struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);
	struct http_front *f;

	c->second = second;
	assert_int_equal(sem_init(&c->let_go, 0, 0), 0);
	client_start(c, first);
	do { /* until the first is answered */
		loop_timer_set(timer, 1);
		loop_run(loop);
		f = http->tls->fronts;
	} while (
	    f == NULL || f->link == NULL || !f->link->reading || answered == 0);
	/* The sweep comes every half second. */
	f->link->deadline -= HTTP_REST_MS;
	loop_timer_set(timer, 2 * HTTP_SWEEP_MS + 200);
	loop_run(loop);
	assert_int_equal(http->tls->count, 1);
	assert_int_equal(f->state, rests ? HTTP_FRONT_RESTS : HTTP_FRONT_OPEN);
	assert_true((http->links == NULL) == rests);
	(void)sem_post(&c->let_go);
	loop_run(loop);
	client_join(c);
	(void)sem_destroy(&c->let_go);
	loop_timer_del(timer);
	expect_has(c, "GET 1 peer=");
	expect_has(c, "GET 2 peer=");
	free(c->answer);
}

static void
test_rest(void **state)
{
	struct client c = {.id = client_id};

	(void)state;
	pause_between(&c, FIRST, LAST_A LAST_B, true);
}

/* Part of the next request came with the first: it is not lost. */
static void
test_no_rest(void **state)
{
	struct client c = {.id = NULL};

	(void)state;
	pause_between(&c, FIRST LAST_A, LAST_B, false);
}

/* --- streams --- */

#define STREAM "GET /stream" CLOSE "\r\n"

static void
test_stream(void **state)
{
	struct client c = {.id = NULL};

	(void)state;
	client_start(&c, STREAM);
	loop_run(loop);
	assert_non_null(stream);
	settle(1);
	/* It waits without a deadline. */
	assert_int_equal(http->links->deadline, 0);
	assert_int_equal(http_stream_send(stream, "data: 1\n\n", 9), 0);
	settle(1);
	assert_int_equal(http->links->deadline, 0);
	assert_int_equal(http_stream_send(stream, "data: 2\n\n", 9), 0);
	http_stream_end(stream);
	stream = NULL;
	loop_run(loop);
	client_join(&c);
	expect_has(&c, "Content-Type: text/event-stream\r\n");
	expect_has(&c, "data: 1\n\n");
	expect_has(&c, "data: 2\n\n");
	expect_has(&c, "\r\n0\r\n\r\n");
	assert_int_equal(gone, 0);
	free(c.answer);
}

/* The client reads a bit and leaves: the sender is told without sending. */
static void
test_stream_left(void **state)
{
	struct client c = {.enough = 1};

	(void)state;
	client_start(&c, STREAM);
	loop_run(loop);
	loop_run(loop); /* the client is done */
	client_join(&c);
	if (gone == 0)
		loop_run(loop);
	assert_int_equal(gone, 1);
	assert_null(stream);
	settle(0);
	free(c.answer);
}

/* A client that takes nothing: what waits is bounded. */
static void
test_stream_bounded(void **state)
{
	struct client c = {.id = NULL};
	char *text = mem_alloc(HTTP_STREAM_MAX);

	(void)state;
	client_start(&c, STREAM);
	loop_run(loop);
	assert_int_equal(http_stream_send(stream, text, HTTP_STREAM_MAX), 0);
	assert_int_equal(http_stream_send(stream, "x", 1), -1);
	assert_true(http->links->deadline != 0);
	settle(1);
	while (http_stream_send(stream, "x", 1) != 0)
		settle(1);
	http_stream_end(stream);
	stream = NULL;
	loop_run(loop);
	client_join(&c);
	assert_true(c.answer_len > HTTP_STREAM_MAX);
	free(c.answer);
	free(text);
}

static size_t stopped;

static void
on_stopped(void *cookie)
{
	stopped++;
	loop_stop(cookie);
}

/* Who sends is told that the server stops, and may say a last word. */
static void
test_stop(void **state)
{
	struct client c = {.id = NULL};
	int silent = connected();

	(void)state;
	stopped = 0;
	client_start(&c, STREAM);
	loop_run(loop);
	settle(2);
	http_stop(http, on_stopped, loop);
	while (gone == 0)
		loop_run(loop);
	loop_run(loop);
	if (stopped == 0)
		loop_run(loop);
	client_join(&c);
	assert_int_equal(stopped, 1);
	expect_has(&c, "\r\n0\r\n\r\n");
	free(c.answer);
	(void)close(silent);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_versions),
	    ROW(test_request),
	    ROW(test_methods),
	    ROW(test_big),
	    ROW(test_half_closed),
	    cmocka_unit_test_setup_teardown(
		test_client_certificate, setup_clients, teardown),
	    ROW(test_revoked_certificate),
	    ROW(test_uninvited_certificate),
	    ROW(test_reload),
	    ROW(test_credentials_refused),
	    ROW(test_per_address),
	    ROW(test_make_room),
	    ROW(test_slow_handshake),
	    ROW(test_nonsense),
	    cmocka_unit_test_setup_teardown(test_rest, setup_clients, teardown),
	    ROW(test_no_rest),
	    ROW(test_stream),
	    ROW(test_stream_left),
	    ROW(test_stream_bounded),
	    ROW(test_stop),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
