#include <arpa/inet.h>
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"
#include "net_internal.h"
#include "str.h"

#define IDLE_MS 15000 /* firmware closes idle connections after 20 to 60 s */
#define CONNECT_MS 10000
#define RECEIVE_BUFFER 4096L /* answers are 1 to 2 KB; thousands are open */

/* --- the link: what libcurl's connections may call --- */

static struct net_link *
link_new(struct net_peer *peer)
{
	struct net_link *link = mem_alloc(sizeof(*link));

	link->net = peer->net;
	link->peer = peer;
	link->fd = -1;
	LIST_INIT(&link->watches);
	return link;
}

static void
link_settle(struct net_link *link)
{
	if (link->peer == NULL && link->sockets == 0)
		free(link);
}

void
net_link_closed(struct net_link *link, curl_socket_t fd)
{
	if (link->fd == fd)
		link->fd = -1;
	assert(link->sockets > 0);
	link->sockets--;
	link_settle(link);
}

/* CURLOPT_OPENSOCKETFUNCTION */
static curl_socket_t
open_socket(void *cookie, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct net_link *link = cookie;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);

	(void)purpose;
	if (fd < 0)
		return CURL_SOCKET_BAD;
	link->sockets++;
	link->fd = fd;
	link->shaken = false;
	link->no_tls = false;
	link->asked = false;
	link->trusted = false;
	link->net->stats.connections++;
	if (link->peer != NULL && link->peer->call != NULL)
		link->peer->call->fresh = true;
	return fd;
}

/* CURLOPT_CLOSESOCKETFUNCTION: also called for connections of freed peers. */
static int
close_socket(void *cookie, curl_socket_t fd)
{
	struct net_link *link = cookie;

	net_watch_drop(link, fd);
	(void)close(fd);
	net_link_closed(link, fd);
	return 0;
}

/* --- the exchange's data --- */

/*
 * CURLOPT_PREREQFUNCTION: the connection stands, TLS included, and the request
 * would leave next.  Two promises are kept here.
 *
 * Truth about what left.  Before this moment not one byte of the request was
 * written; after it some may have been.  libcurl's own figures say less: its
 * pre-transfer time is taken after the first write, and its request size stays
 * 0 when that write fails half-way.
 *
 * No second execution.  When a kept-alive connection dies before a byte of the
 * answer came, libcurl silently sends the request again on a new one (it cannot
 * know that the device has not executed a POST: RFC 9110, 9.2.2 forbids this
 * for methods that are not idempotent).  There is no option against it, but it
 * has to pass here again, and one exchange passes once.  The call then ends in
 * ERR_UNKNOWN and who asked decides.  What was dead before the request is not
 * affected: libcurl looks at the connection first and opens another one.
 */
/* NOLINTBEGIN(readability-non-const-parameter): libcurl's type */
static int
before_request(
    void *cookie, char *remote, char *local, int remote_port, int local_port)
/* NOLINTEND(readability-non-const-parameter) */
{
	struct net_peer *peer = cookie;
	struct net_call *call = peer->call;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	assert(call != NULL);
	if (call->released) {
		call->resent = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (peer->tls && !peer->link->trusted) {
		if (peer->reason[0] == '\0')
			(void)snprintf(
			    peer->reason, NET_REASON, "it was never checked");
		return CURL_PREREQFUNC_ABORT;
	}
	call->released = true;
	net_watch_stands(peer->link, peer->link->fd);
	return CURL_PREREQFUNC_OK;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *cookie)
{
	struct net_peer *peer = cookie;

	buf_add(&peer->call->body, bytes, size * count);
	return peer->call->body.over ? 0 : size * count;
}

static size_t
take_header(char *line, size_t size, size_t count, void *cookie)
{
	struct net_peer *peer = cookie;

	return net_call_header(peer->call, line, size * count) ? size * count
							       : 0;
}

/* --- the peer --- */

static void
set_fixed(struct net_peer *peer)
{
	CURL *easy = peer->easy;

	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, peer);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(
	    easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
	/* Address literals need no cache, and keeping one costs time for each
	 * device seen in the last minute. */
	(void)curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	(void)curl_easy_setopt(
	    easy, CURLOPT_CONNECTTIMEOUT_MS, (long)peer->connect_ms);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, peer);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, peer);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, peer);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, peer->link);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, peer->link);
}

/* libcurl's checks are off because tls.c does them; its CA bundle is never
 * loaded (17 ms per connection) and its session cache not used. */
static void
set_tls(struct net_peer *peer)
{
	CURL *easy = peer->easy;

	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, net_tls_prepare);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, peer->link);
}

static bool
is_literal(const char *address)
{
	uint8_t bytes[16];

	return address != NULL &&
	    (inet_pton(AF_INET, address, bytes) == 1 ||
		inet_pton(AF_INET6, address, bytes) == 1);
}

static unsigned
or_default(unsigned ms, unsigned fallback)
{
	if (ms == 0)
		return fallback;
	return ms < INT_MAX ? ms : INT_MAX;
}

struct net_peer *
net_peer_new(struct net *net, const struct net_peer_conf *conf, struct err *err)
{
	struct net_peer *peer;

	if (!is_literal(conf->address) || conf->port == 0) {
		(void)err_set(
		    err, ERR_INVALID, "a peer needs an IP address and a port");
		return NULL;
	}
	peer = mem_alloc(sizeof(*peer));
	peer->net = net;
	peer->link = link_new(peer);
	peer->address = mem_dup(conf->address);
	peer->port = conf->port;
	peer->tls = conf->tls;
	peer->legacy_tls = conf->legacy_tls;
	peer->connect_ms = or_default(conf->connect_ms, CONNECT_MS);
	peer->idle_ms = or_default(conf->idle_ms, IDLE_MS);
	if (net_policy_set(net, &peer->policy, &conf->trust, err) != 0 ||
	    net_hub_join(net, peer, err) != 0) {
		net_peer_free(peer);
		return NULL;
	}
	peer->easy = curl_easy_init();
	if (peer->easy == NULL) {
		(void)err_set(
		    err, ERR_LIMIT, "libcurl cannot make another handle");
		net_peer_free(peer);
		return NULL;
	}
	set_fixed(peer);
	if (peer->tls) {
		set_tls(peer);
		net_tls_inherit(peer);
	}
	return peer;
}

/*
 * A finished easy handle stays in its multi handle until the next exchange or
 * until here, because only then can its connection be closed at will: libcurl
 * does so when a connect-only handle is taken out.  Should another version of
 * libcurl not, the shutdown ends the connection for the device, and libcurl
 * drops it at its next look.
 */
void
net_peer_detach(struct net_peer *peer, bool close)
{
	if (peer->added) {
		(void)curl_easy_setopt(
		    peer->easy, CURLOPT_CONNECT_ONLY, close ? 1L : 0L);
		(void)curl_multi_remove_handle(peer->hub->multi, peer->easy);
		(void)curl_easy_setopt(peer->easy, CURLOPT_CONNECT_ONLY, 0L);
		peer->added = false;
	}
	if (close && peer->link->fd >= 0) {
		(void)shutdown(peer->link->fd, SHUT_RDWR);
		peer->link->fd = -1;
	}
}

void
net_peer_disconnect(struct net_peer *peer)
{
	if (peer->call != NULL)
		(void)curl_easy_setopt(peer->easy, CURLOPT_FORBID_REUSE, 1L);
	else
		net_peer_detach(peer, true);
}

void
net_peer_forget(struct net_peer *peer)
{
	net_kept_drop(peer);
	SSL_SESSION_free(peer->session);
	peer->session = NULL;
	peer->forgets = true;
}

void
net_peer_free(struct net_peer *peer)
{
	if (peer == NULL)
		return;
	if (peer->hub != NULL) {
		net_peer_detach(peer, true);
		net_hub_leave(peer);
	}
	if (peer->easy != NULL)
		curl_easy_cleanup(peer->easy);
	net_call_free(peer->call);
	peer->link->peer = NULL;
	link_settle(peer->link);
	SSL_SESSION_free(peer->session);
	net_policy_clear(&peer->policy);
	X509_free(peer->leaf_parsed);
	free(peer->leaf_der);
	free(peer->address);
	free(peer);
}

const char *
net_peer_leaf(const struct net_peer *peer)
{
	return peer->leaf[0] != '\0' ? peer->leaf : NULL;
}

const uint8_t *
net_peer_leaf_der(const struct net_peer *peer, size_t *ret_len)
{
	if (peer->leaf_der != NULL)
		*ret_len = peer->leaf_len;
	return peer->leaf_der;
}

struct x509_st *
net_peer_leaf_parsed(const struct net_peer *peer)
{
	return peer->leaf_parsed;
}
