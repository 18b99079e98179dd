#ifndef HTTP_PEER_H_
#define HTTP_PEER_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity;

/*
 * A server on 127.0.0.1 for tests, misbehaving as told: each connection is
 * given to serve() on a thread of its own, which reads requests and writes
 * whatever bytes it likes; returning closes.  Shares nothing with the client.
 */
struct http_peer;
struct http_link;
typedef void http_serve_fn(struct http_link *link, void *cookie);

struct http_peer_conf {
	const struct identity *identity; /* NULL: plain HTTP */
	int max_version;		 /* e.g. TLS1_2_VERSION; 0: any */
	bool tickets_only;		 /* remembers no TLS sessions itself */
	const struct identity *clients; /* asks for a certificate, which this CA
					 * must have signed; NULL: asks none */
	uint16_t port;			/* 0: any */
	http_serve_fn *serve;
	void *cookie;
};
struct http_peer *http_peer_start(const struct http_peer_conf *conf);
void http_peer_stop(struct http_peer *peer);
/* Waits until it accepts and all its clients have gone.  Call it before fork():
 * a thread that works may hold a lock (a sanitizer's allocator has one), which
 * nobody opens in the child. */
void http_peer_settle(struct http_peer *peer);
uint16_t http_peer_port(const struct http_peer *peer);
/* Accepted, closed by it, resumed, and requests read whole, so far. */
unsigned http_peer_links(struct http_peer *peer);
unsigned http_peer_closed(struct http_peer *peer);
unsigned http_peer_resumed(struct http_peer *peer);
unsigned http_peer_requests(struct http_peer *peer);

/* A port on 127.0.0.1 where nobody listens. */
uint16_t http_peer_closed_port(void);

#define HTTP_HEAD_MAX 16384
#define HTTP_BODY_MAX 65536
struct http_request {
	char head[HTTP_HEAD_MAX];
	char body[HTTP_BODY_MAX];
	size_t body_len;
};
/* The next request; false at the end of the connection. */
bool http_link_read(struct http_link *link, struct http_request *request);
/* Value of a header of the request, trimmed, into out; false without it. */
bool http_request_header(const struct http_request *request, const char *name,
    char *out, size_t size);
bool http_link_write(struct http_link *link, const void *bytes, size_t len);
bool http_link_say(struct http_link *link, const char *text);
/* A whole answer: status line without its version, headers if any, body. */
void http_link_answer(
    struct http_link *link, const char *head, const void *body, size_t len);
/* The CN of the client's certificate; false without one. */
bool http_link_client(const struct http_link *link, char *out, size_t size);
/* 1 for the first connection accepted, and so on. */
unsigned http_link_number(const struct http_link *link);
/* Close with a reset instead of a FIN. */
void http_link_reset(struct http_link *link);
#endif
