#include "http_peer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "identity.h"

#define LINKS_MAX 1024

struct http_link {
	struct http_peer *peer;
	pthread_t thread;
	bool joined;
	unsigned number;
	int fd;
	SSL *ssl;
	char kept[HTTP_HEAD_MAX]; /* read, not yet used */
	size_t kept_len;
};

struct http_peer {
	struct http_peer_conf conf;
	SSL_CTX *ctx;
	int fd;
	uint16_t port;
	pthread_t thread;
	struct http_link *links[LINKS_MAX];
	atomic_bool accepts;
	atomic_uint count, closed, resumed, requests;
};

/* At *port, or somewhere when it is 0. */
static int
listen_at(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons(*port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	*port = ntohs(at.sin_port);
	return fd;
}

uint16_t
http_peer_closed_port(void)
{
	uint16_t port = 0;

	(void)close(listen_at(&port));
	return port;
}

/* --- bytes --- */

static long
receive(struct http_link *link, void *bytes, size_t size)
{
	if (link->ssl != NULL)
		return SSL_read(link->ssl, bytes, (int)size);
	return recv(link->fd, bytes, size, 0);
}

bool
http_link_write(struct http_link *link, const void *bytes, size_t len)
{
	const char *at = bytes;
	long n;

	while (len > 0) {
		n = link->ssl != NULL ? SSL_write(link->ssl, at, (int)len)
				      : send(link->fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
http_link_say(struct http_link *link, const char *text)
{
	return http_link_write(link, text, strlen(text));
}

void
http_link_answer(
    struct http_link *link, const char *head, const void *body, size_t len)
{
	char line[512];

	(void)snprintf(line, sizeof(line),
	    "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, len);
	(void)http_link_say(link, line);
	(void)http_link_write(link, body, len);
}

bool
http_link_client(const struct http_link *link, char *out, size_t size)
{
	const X509 *cert =
	    link->ssl != NULL ? SSL_get0_peer_certificate(link->ssl) : NULL;

	return cert != NULL &&
	    X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		NID_commonName, out, (int)size) > 0;
}

unsigned
http_link_number(const struct http_link *link)
{
	return link->number;
}

void
http_link_reset(struct http_link *link)
{
	struct linger linger = {.l_onoff = 1};

	(void)setsockopt(
	    link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (link->ssl != NULL)
		SSL_set_quiet_shutdown(link->ssl, 1);
}

/* --- requests --- */

bool
http_request_header(const struct http_request *request, const char *name,
    char *out, size_t size)
{
	const char *line = request->head;
	size_t len = strlen(name), n;

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, " ");
		n = strcspn(line, "\r");
		assert(n < size);
		memcpy(out, line, n);
		out[n] = '\0';
		return true;
	}
	return false;
}

/* Until the empty line; what came behind it is kept. */
static bool
read_head(struct http_link *link, struct http_request *request)
{
	char *end;
	size_t len;
	long n;

	for (;;) {
		link->kept[link->kept_len] = '\0';
		end = strstr(link->kept, "\r\n\r\n");
		if (end != NULL)
			break;
		n = receive(link, link->kept + link->kept_len,
		    sizeof(link->kept) - 1 - link->kept_len);
		if (n <= 0)
			return false;
		link->kept_len += (size_t)n;
	}
	len = (size_t)(end - link->kept) + 4;
	memcpy(request->head, link->kept, len);
	request->head[len] = '\0';
	link->kept_len -= len;
	memmove(link->kept, link->kept + len, link->kept_len);
	return true;
}

bool
http_link_read(struct http_link *link, struct http_request *request)
{
	char length[32] = "0";
	size_t want;
	long n;

	if (!read_head(link, request))
		return false;
	(void)http_request_header(
	    request, "Content-Length", length, sizeof(length));
	want = strtoul(length, NULL, 10);
	assert(want < HTTP_BODY_MAX && link->kept_len <= want);
	memcpy(request->body, link->kept, link->kept_len);
	request->body_len = link->kept_len;
	link->kept_len = 0;
	while (request->body_len < want) {
		n = receive(link, request->body + request->body_len,
		    want - request->body_len);
		if (n <= 0)
			return false;
		request->body_len += (size_t)n;
	}
	request->body[want] = '\0';
	atomic_fetch_add(&link->peer->requests, 1);
	return true;
}

/* --- threads --- */

static bool
handshake(struct http_link *link)
{
	struct http_peer *peer = link->peer;

	if (peer->ctx == NULL)
		return true;
	link->ssl = SSL_new(peer->ctx);
	if (link->ssl == NULL || SSL_set_fd(link->ssl, link->fd) != 1 ||
	    SSL_accept(link->ssl) != 1)
		return false;
	if (SSL_session_reused(link->ssl) == 1)
		atomic_fetch_add(&peer->resumed, 1);
	return true;
}

static void *
run_link(void *cookie)
{
	struct http_link *link = cookie;

	if (handshake(link)) {
		link->peer->conf.serve(link, link->peer->conf.cookie);
		if (link->ssl != NULL)
			(void)SSL_shutdown(link->ssl);
	}
	SSL_free(link->ssl);
	link->ssl = NULL;
	(void)shutdown(link->fd, SHUT_WR);
	(void)close(link->fd);
	link->fd = -1;
	atomic_fetch_add(&link->peer->closed, 1);
	return NULL;
}

static void *
run_accept(void *cookie)
{
	struct http_peer *peer = cookie;
	struct http_link *link;
	unsigned count = 0;
	int fd;

	atomic_store(&peer->accepts, true);
	for (;;) {
		fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return NULL;
		if (count == LINKS_MAX)
			abort();
		link = calloc(1, sizeof(*link));
		if (link == NULL)
			abort();
		link->peer = peer;
		link->fd = fd;
		link->number = count + 1;
		peer->links[count++] = link;
		atomic_store(&peer->count, count);
		if (pthread_create(&link->thread, NULL, run_link, link) != 0)
			abort();
	}
}

static void
ask_clients(SSL_CTX *ctx, const struct identity *ca)
{
	if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca->cert) != 1 ||
	    SSL_CTX_add_client_CA(ctx, ca->cert) != 1)
		abort();
	SSL_CTX_set_verify(
	    ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static SSL_CTX *
server_context(const struct http_peer_conf *conf)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	static const unsigned char id[] = "test";

	if (ctx == NULL ||
	    SSL_CTX_use_certificate(ctx, conf->identity->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, conf->identity->key) != 1 ||
	    SSL_CTX_set_session_id_context(ctx, id, sizeof(id)) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, conf->max_version) != 1)
		abort();
	if (conf->max_version != 0 && conf->max_version < TLS1_2_VERSION) {
		SSL_CTX_set_security_level(ctx, 0);
		if (SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) != 1 ||
		    SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0") != 1)
			abort();
	}
	if (conf->clients != NULL)
		ask_clients(ctx, conf->clients);
	if (conf->tickets_only)
		(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	else
		(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	return ctx;
}

struct http_peer *
http_peer_start(const struct http_peer_conf *conf)
{
	struct http_peer *peer = calloc(1, sizeof(*peer));
	sigset_t pipe, old;

	if (peer == NULL)
		abort();
	peer->conf = *conf;
	if (conf->identity != NULL)
		peer->ctx = server_context(conf);
	peer->port = conf->port;
	peer->fd = listen_at(&peer->port);
	/* Our threads inherit this; the client under test does not. */
	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe, &old);
	if (pthread_create(&peer->thread, NULL, run_accept, peer) != 0)
		abort();
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return peer;
}

static void
join_link(struct http_link *link)
{
	if (!link->joined)
		(void)pthread_join(link->thread, NULL);
	link->joined = true;
}

void
http_peer_settle(struct http_peer *peer)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	unsigned i, count;

	while (!atomic_load(&peer->accepts) ||
	    atomic_load(&peer->closed) != atomic_load(&peer->count))
		(void)nanosleep(&pause, NULL);
	count = atomic_load(&peer->count);
	for (i = 0; i < count; i++)
		join_link(peer->links[i]);
}

void
http_peer_stop(struct http_peer *peer)
{
	unsigned i, count;

	(void)shutdown(peer->fd, SHUT_RDWR);
	(void)pthread_join(peer->thread, NULL);
	(void)close(peer->fd);
	count = atomic_load(&peer->count);
	for (i = 0; i < count; i++) {
		join_link(peer->links[i]);
		free(peer->links[i]);
	}
	SSL_CTX_free(peer->ctx);
	free(peer);
}

uint16_t
http_peer_port(const struct http_peer *peer)
{
	return peer->port;
}

unsigned
http_peer_links(struct http_peer *peer)
{
	return atomic_load(&peer->count);
}

unsigned
http_peer_closed(struct http_peer *peer)
{
	return atomic_load(&peer->closed);
}

unsigned
http_peer_resumed(struct http_peer *peer)
{
	return atomic_load(&peer->resumed);
}

unsigned
http_peer_requests(struct http_peer *peer)
{
	return atomic_load(&peer->requests);
}
