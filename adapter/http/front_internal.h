#ifndef FRONT_INTERNAL_H_
#define FRONT_INTERNAL_H_
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "buf.h"
#include "http_internal.h"

struct loop_io;

/*
 * TLS in front of libmicrohttpd.  A connection is accepted here, shakes hands,
 * and becomes one of libmicrohttpd's when a request comes: by one end of a
 * socket pair, with the client's own address.  Bytes are carried both ways
 * then; each way holds at most one record while its taker is slow, and none
 * else.
 *
 *   shakes -> rests <-> open -> lingers
 *
 * Between two requests it rests after a while: libmicrohttpd, which needs as
 * much memory for an idle connection as for a busy one, forgets it.  Not so
 * when bytes came in that are not of a request it has answered.
 */
#define HTTP_REST_MS 1000
/* When so many have come to rest, their memory goes back to the system. */
#define HTTP_REST_RELEASE 128
struct http_tls_end {
	SSL_CTX *ctx;
	struct loop_io *io; /* of the listening socket; NULL: closed */
	int listening;
	int64_t again;		   /* accept no sooner; 0: any time */
	struct http_front *fronts; /* newest first */
	struct http_front *joining;
	size_t count, handshakes;
	size_t rested; /* since memory was given back */
};

enum http_front_state {
	HTTP_FRONT_SHAKES,
	HTTP_FRONT_RESTS,
	HTTP_FRONT_OPEN,
	HTTP_FRONT_LINGERS
};

/* Bytes on their way that could not be handed on. */
struct http_held {
	uint8_t *bytes; /* NULL: none */
	size_t len, done;
};

struct http_front {
	struct http_front *prev, *next;
	struct http *h;
	enum http_front_state state;
	int fd, pair; /* pair -1: none */
	SSL *ssl;
	struct loop_io *io, *pair_io;
	struct http_held up, down; /* towards the server, the client */
	bool up_ended, down_ended;
	bool wants_write; /* to be able to read */
	bool exact;	  /* the last request had all bytes before it */
	size_t carried;	  /* up, after it */
	int64_t deadline; /* clock_mono_ms(); 0: libmicrohttpd has one */
	struct sockaddr_storage address;
	socklen_t address_len;
	struct http_link *link; /* NULL: none yet, or no more */
	struct http_certificate *certificate;
};

/* --- tls.c --- */

int http_tls_ctx(
    const struct http_tls *tls, SSL_CTX **ret_ctx, struct err *err);

/* --- certificate.c --- */

/* The certificate that the client has shown and that was verified; NULL. */
struct http_certificate *http_certificate_new(SSL *ssl);
const struct http_client *http_certificate_client(
    const struct http_certificate *c);
void http_certificate_free(struct http_certificate *c); /* NULL is allowed */

/* --- front.c --- */

void http_front_accept(void *cookie, unsigned ready);
/* Its link is gone: what is on its way may still be taken. */
void http_front_left(struct http_front *f);
/* Close it at the next sweep, whatever it does. */
void http_front_cut(struct http_front *f);
/* At once; f is gone. */
void http_front_end(struct http_front *f);
void http_front_sweep(struct http *h, int64_t now);
void http_front_stop(struct http *h);
/* --- rest.c --- */

/* The one that is just handed to libmicrohttpd, of which this is; NULL. */
struct http_front *http_front_joining(struct http *h, struct http_link *link);
const struct http_client *http_front_client(const struct http_front *f);

/* Its handshake is done. */
void http_front_ready(struct http_front *f);
/* Make it one of libmicrohttpd's; false: it cannot be. */
bool http_front_join(struct http_front *f);
/* A whole request of so many bytes is there. */
void http_front_request(struct http_front *f, size_t len);
/* Let it rest, if it may. */
void http_front_rest(struct http_front *f, int64_t now);

/* --- pump.c --- */

/* Do what can be done now, and wait for the rest; cookie, the front, may be
 * gone afterwards. */
void http_front_go_on(void *cookie, unsigned ready);
#endif
