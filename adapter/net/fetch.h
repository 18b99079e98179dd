#ifndef NET_FETCH_H_
#define NET_FETCH_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct err;
struct net_line;
struct secret;

/*
 * The value of the Authorization header, appended to *value.  Called once, when
 * the server is proven and before a byte of the request leaves.  binding is the
 * connection's channel binding "tls-server-end-point:..." (RFC 5929), which
 * ties a credential to this server; empty when its certificate has none.  -1:
 * nothing is sent, and *err is what net_fetch() fails with.
 */
typedef int net_authorize_fn(void *cookie, const struct buf *binding,
    struct buf *value, struct err *err);

/*
 * One blocking HTTP exchange for workers: a connection of its own, no
 * redirects, no cookies, no proxy, HTTP/1.1.  Not for devices, whose exchanges
 * are many and run on the loop (net.h).  May be called from several threads.
 */
struct net_fetch {
	const char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE" */
	const char *url;    /* http is refused when a credential goes with it */
	const char *const *headers; /* "Name: value", ..., NULL; or NULL */
	const void *body;	    /* not of GET */
	size_t body_len;
	/* https: the anchors the server must chain to, PEM; its certificate
	 * must be for the URL's host. */
	const char *ca_pem;
	/* TLS client certificate with its chain, and its key, PEM; or NULL. An
	 * encrypted key is refused. */
	const char *cert_pem;
	const struct secret *key_pem;
	/* Basic (RFC 7617), sent with the first request; or NULL. */
	const char *user;
	const struct secret *password;
	/* The name of a header, and the secret that is its value; or NULL. */
	const char *token_header;
	const struct secret *token;
	/* Or a credential for this connection alone; or NULL. */
	net_authorize_fn *authorize;
	void *cookie;
	/* Over this one, which keeps the connection and the server's cookies
	 * for the next; NULL: a connection of its own, no cookies. */
	struct net_line *line;
	unsigned timeout_ms; /* name, connection, TLS and exchange in all */
	size_t answer_max;   /* longer answers end in ERR_PROTOCOL */
	/* A body of status 200 to 299 goes there, piece by piece, and is not
	 * kept; NULL: it is kept whole. */
	const struct net_flow *flow;
};

/* A body that comes over any time: timeout_ms then bounds what is before it. */
struct net_flow {
	/* -1: enough; net_fetch() ends in ERR_CANCELLED. */
	int (*take)(void *cookie, const void *bytes, size_t len);
	/* Asked about once a second, and when a signal came; false: the same.
	 */
	bool (*wanted)(void *cookie);
	void *cookie;
	unsigned idle_s; /* without a byte: ERR_UNKNOWN */
};

struct net_fetched {
	int status;
	struct buf body;
	char *content_type; /* values as sent, or NULL; owned by the struct */
	char *retry_after;
};

/*
 * *ret is filled on success, whatever the status is (clear it).
 * ERR_UNREACHABLE: certainly not one byte of the request left.  ERR_UNTRUSTED:
 * likewise, because the server's certificate was refused.  ERR_INVALID: the
 * URL, our own certificate or key are no good.  ERR_UNKNOWN: the request may
 * have been acted on.  ERR_PROTOCOL: it was sent, and the answer is no HTTP or
 * too long.
 */
int net_fetch(
    const struct net_fetch *f, struct net_fetched *ret, struct err *err);
void net_fetched_clear(struct net_fetched *ret); /* a zeroed one is allowed */

/* Seconds from now of a Retry-After value (RFC 9110, 10.2.3), at most so many;
 * 0 when it is none, or NULL. */
int64_t net_retry_after(const char *value, int64_t now, int64_t most);

/* To one server with one trust, by one thread at a time. A kept connection that
 * died makes the next exchange fail with ERR_UNKNOWN: nothing is sent twice. */
struct net_line *net_line_new(struct err *err); /* ERR_LIMIT */
void net_line_free(struct net_line *line);	/* NULL is allowed */
#endif
