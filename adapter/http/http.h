#ifndef HTTP_H_
#define HTTP_H_
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct http;
struct http_body;
struct http_request;
struct loop;
struct secret;

/*
 * An HTTP/1.1 server on the loop, over libmicrohttpd, which is not shown.  In
 * plain text for what is signed in itself and must be reachable without TLS
 * (RFC 5280, 8: CRLs, OCSP); else behind TLS 1.2 or 1.3, which OpenSSL ends in
 * front of it.  Everything is called, and calls back, on the loop's thread.
 * Arguments of a request are in http_args.h, answers without end in
 * http_stream.h.
 */

/* What a stranger may use. Beyond these a connection is closed or not accepted;
 * a head gives 431 or 414, a body beyond its route's limit 413. */
#define HTTP_CONNECTIONS_MAX 256 /* unless struct http_conf has others */
#define HTTP_PER_ADDRESS_MAX 32
#define HTTP_HEAD_MAX 8192  /* request line, headers, cookies once more */
#define HTTP_HEADERS_MAX 80 /* with each cookie as one */
/* Of all bodies that are here at once; beyond that, those that are longer than
 * the latter are refused with 503, or cut. */
#define HTTP_BODIES_MAX ((size_t)64 << 20)
#define HTTP_BODY_SMALL ((size_t)64 << 10)
#define HTTP_IDLE_S 10 /* without a byte in either direction */
#define HTTP_REQUEST_S                                                         \
	20		  /* from connection, or last answer, to the end of    \
			     the request; idle_s when that is longer */
#define HTTP_ANSWER_S 120 /* to take an answer */
#define HTTP_STOP_S 5	  /* the same, once http_stop() was called */
#define HTTP_HANDSHAKES_MAX 128 /* of TLS at once; then the oldest is cut */
#define HTTP_HANDSHAKE_S 10

/*
 * Called when the whole request is there.  Owes exactly one http_answer(), now
 * or later, whether or not the client is still there; the time until then has
 * no limit here.
 */
typedef void http_handler_fn(void *cookie, struct http_request *request);

struct http_route {
	const char *method; /* "GET", which answers HEAD too; "POST", "PUT",
			       "PATCH", "DELETE" */
	const char *path;   /* "/ocsp"; with a slash at its end, all below */
	size_t body_max;
	http_handler_fn *handle;
	void *cookie;
	/* Answers at once who says that his body is longer; NULL: 413 without
	 * words. */
	http_handler_fn *too_large;
};

/* What a server proves itself with, PEM, and whom it believes; borrowed. */
struct http_tls {
	const struct buf *chain;  /* its certificate, then those above it */
	const struct secret *key; /* PKCS#8 or SEC 1, not encrypted */
	/* CAs of clients' certificates, which are asked for and may be left
	 * out; NULL: none is asked for. CRLs among them are obeyed. */
	const struct buf *clients;
};

struct http_conf {
	const char *listen;		 /* "192.0.2.1:80", "[::]:80"; port 0:
					    any that is free */
	const struct http_route *routes; /* borrowed until http_free() */
	size_t route_count;
	const struct http_tls *tls; /* for the call; NULL: plain text */
	/* 0: those above. */
	unsigned connections, per_address, idle_s;
};
/* ERR_INVALID for an address that is none, ERR_CONFLICT when the port is taken,
 * ERR_DENIED when we may not have it; ERR_INVALID for certificate or key that
 * are none or do not fit. */
int http_new(struct loop *loop, const struct http_conf *conf,
    struct http **ret_http, struct err *err);
/* Use these for connections from now on; on failure nothing is changed. */
int http_use_tls(struct http *h, const struct http_tls *tls, struct err *err);
/* The port it listens on. */
uint16_t http_port(const struct http *h);
/* Accept no more, let requests under way end and their answers be taken, then
 * call done() once, from the loop. */
typedef void http_stopped_fn(void *cookie);
void http_stop(struct http *h, http_stopped_fn *done, void *cookie);
/* No answer may be owed; connections are cut. NULL is allowed. */
void http_free(struct http *h);

/* What was asked, all borrowed until answered. Rest is what the path,
 * unescaped, has behind the route's. */
const char *http_request_method(const struct http_request *request);
const char *http_request_rest(const struct http_request *request);
const uint8_t *http_request_body(
    const struct http_request *request, size_t *ret_len);
/* The first header of this name; NULL. */
const char *http_request_header(
    const struct http_request *request, const char *name);
/* The client's address without its port. */
const char *http_request_peer(const struct http_request *request);

/* The client's certificate, verified against struct http_tls's clients. */
struct http_client {
	const char *subject; /* "CN=pc1,O=Example" (RFC 2253) */
	/* Its alternative names: "email:...", "dns:...", "upn:...", "uri:..."
	 */
	const char *const *names;
	size_t name_count;
	const uint8_t *der;
	size_t der_len;
};
/* NULL: it has shown none. */
const struct http_client *http_request_client(
    const struct http_request *request);

/* Bytes of an answer, counted, so that one CRL of megabytes is in memory once
 * for all who take it at the same time. */
struct http_body *http_body_new(struct buf *bytes); /* contents are taken */
struct http_body *http_body_hold(struct http_body *body);
void http_body_drop(struct http_body *body); /* NULL is allowed */

struct http_header {
	const char *name, *value; /* without control characters */
};
/* All borrowed for the call; zero means: without. With an etag or a date, a
 * status of 200 becomes 304 for who reads and has that already. */
struct http_answer {
	int status;
	const char *type;	/* Content-Type */
	struct http_body *body; /* held as long as it takes */
	const char *etag;	/* with its quotes */
	const char *cache;	/* Cache-Control */
	int64_t modified;	/* Last-Modified, unix time */
	int64_t expires;
	unsigned retry_after;		   /* seconds */
	const struct http_header *headers; /* further ones */
	size_t header_count;
};
void http_answer(
    struct http_request *request, const struct http_answer *answer);
#endif
