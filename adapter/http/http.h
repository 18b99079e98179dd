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

/*
 * An HTTP/1.1 server on the loop, over libmicrohttpd, which is not shown.  In
 * plain text: what it is used for (CRLs, OCSP) is signed in itself and must be
 * reachable without TLS (RFC 5280, 8).  Everything is called, and calls back,
 * on the loop's thread.
 *
 * TLS is to come (web console, REST) as one more member of struct http_conf:
 * connections are then accepted and deciphered in front and handed on through a
 * socket pair; routes, requests and answers stay as they are here.
 */

/* What a stranger may use. Beyond these a connection is closed or not accepted;
 * HTTP_HEAD_MAX gives 431 or 414, a body beyond its route's limit 413. */
#define HTTP_CONNECTIONS_MAX 256
#define HTTP_PER_ADDRESS_MAX 32
#define HTTP_HEAD_MAX 8192 /* request line and headers */
#define HTTP_IDLE_S 10	   /* without a byte in either direction */
#define HTTP_REQUEST_S                                                         \
	20		  /* from connection, or last answer, to the end of    \
			     the request */
#define HTTP_ANSWER_S 120 /* to take an answer */
#define HTTP_STOP_S 5	  /* the same, once http_stop() was called */

/*
 * Called when the whole request is there.  Owes exactly one http_answer(), now
 * or later, whether or not the client is still there; the time until then has
 * no limit here.
 */
typedef void http_handler_fn(void *cookie, struct http_request *request);

struct http_route {
	const char *method; /* "GET", which answers HEAD too; "POST" */
	const char *path;   /* "/ocsp"; with a slash at its end, all below */
	size_t body_max;
	http_handler_fn *handle;
	void *cookie;
};

struct http_conf {
	const char *listen;		 /* "192.0.2.1:80", "[::]:80"; port 0:
					    any that is free */
	const struct http_route *routes; /* borrowed until http_free() */
	size_t route_count;
};
/* ERR_INVALID for an address that is none, ERR_CONFLICT when the port is taken,
 * ERR_DENIED when we may not have it. */
int http_new(struct loop *loop, const struct http_conf *conf,
    struct http **ret_http, struct err *err);
/* The port it listens on. */
uint16_t http_port(const struct http *h);
/* Accept no more, let requests under way end and their answers be taken, then
 * call done() once, from the loop. */
typedef void http_stopped_fn(void *cookie);
void http_stop(struct http *h, http_stopped_fn *done, void *cookie);
/* No answer may be owed; connections are cut. NULL is allowed. */
void http_free(struct http *h);

/* What the path has behind the route's, unescaped; borrowed until answered. */
const char *http_request_rest(const struct http_request *request);
const uint8_t *http_request_body(
    const struct http_request *request, size_t *ret_len);

/* Bytes of an answer, counted, so that one CRL of megabytes is in memory once
 * for all who take it at the same time. */
struct http_body *http_body_new(struct buf *bytes); /* contents are taken */
struct http_body *http_body_hold(struct http_body *body);
void http_body_drop(struct http_body *body); /* NULL is allowed */

/* All borrowed for the call; zero means: without. With an etag or a date, a
 * status of 200 becomes 304 when the client has that already. */
struct http_answer {
	int status;
	const char *type;	/* Content-Type */
	struct http_body *body; /* held as long as it takes */
	const char *etag;	/* with its quotes */
	const char *cache;	/* Cache-Control */
	int64_t modified;	/* Last-Modified, unix time */
	int64_t expires;
	unsigned retry_after; /* seconds */
};
void http_answer(
    struct http_request *request, const struct http_answer *answer);
#endif
