#ifndef HTTP_INTERNAL_H_
#define HTTP_INTERNAL_H_
#include <microhttpd.h>
#include <stdbool.h>

#include "buf.h"
#include "http.h"
#include "http_args_internal.h"

struct http_front;
struct http_stream;
struct http_tls_end;
struct loop_io;
struct loop_timer;

/*
 * libmicrohttpd without threads: its epoll descriptor hangs in our loop, and
 * MHD_run() is called when it is ready, when a time of its own has come, and
 * after a connection was resumed.
 *
 * A connection waits for a handler's answer suspended.  libmicrohttpd then does
 * not look at it at all, so a request lives until it was answered, whatever the
 * client does.
 */
struct http {
	struct loop *loop;
	struct MHD_Daemon *mhd;
	const struct http_route *routes;
	size_t route_count;
	struct loop_io *io;
	struct loop_timer *timer;	   /* libmicrohttpd's next time-out */
	struct loop_timer *sweep;	   /* ours, see link.c */
	struct http_link *links;	   /* open connections */
	size_t owed;			   /* answers */
	size_t bodies;			   /* bytes of them, of requests that
					      are here */
	unsigned connections, per_address; /* at most */
	unsigned request_s; /* from connection or last answer to its end */
	struct http_tls_end *tls; /* see tls_internal.h; NULL: none */
	uint16_t port;
	bool stopping;
	bool sweeping; /* the timer is set */
	http_stopped_fn *stopped;
	void *stopped_cookie;
};

/* --- link.c: connections --- */

#define HTTP_PEER 46 /* an address as text */

/* libmicrohttpd's own time-out starts anew with each byte, so that one byte in
 * a while would hold a connection for ever.  Each has a deadline of ours too.
 */
struct http_link {
	struct http_link *prev, *next;
	int fd;
	int64_t deadline; /* clock_mono_ms(); 0: the handler's turn */
	bool reading;	  /* there is no whole request yet */
	char peer[HTTP_PEER];
	struct http_front *front;   /* TLS in front of it; NULL: plain */
	struct http_stream *stream; /* under way on it; NULL */
};
void http_link_notify(void *cookie, struct MHD_Connection *connection,
    void **slot, enum MHD_ConnectionNotificationCode code);
struct http_link *http_link_of(struct MHD_Connection *connection);
/* What comes next on it. */
void http_link_waits(struct http_link *link); /* for the handler */
void http_link_sends(struct http *h, struct http_link *link);
void http_link_reads(struct http *h, struct http_link *link);
/* Pieces of a stream; do any wait for the client? */
void http_link_streams(struct http *h, struct http_link *link, bool waits);
void http_link_sweep(void *cookie);
/* Cut those without a whole request, hurry the others. */
void http_link_stop(struct http *h);

/* --- request.c --- */

#define HTTP_ALLOW 64
struct http_request {
	struct http *h;
	struct MHD_Connection *connection;
	const struct http_route *route;
	char *target; /* as it came, query and all */
	char *rest;   /* of the path, behind the route's */
	const char *method;
	struct http_arg_list *args; /* once asked for */
	char allow[HTTP_ALLOW]; /* methods of the path, when it has another */
	struct buf body;
	size_t counted;		       /* of it, in h->bodies */
	struct MHD_Response *response; /* once answered */
	struct http_stream *stream;    /* with a body to come */
	int status;
	bool begun;   /* its route is known */
	bool handled; /* the handler was called */
	bool suspended;
};
/* MHD_OPTION_URI_LOG_CALLBACK: the only place that sees the target whole. */
void *http_target(
    void *cookie, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_access(void *cookie, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_len, void **slot);
void http_completed(void *cookie, struct MHD_Connection *connection,
    void **slot, enum MHD_RequestTerminationCode code);

/* --- head.c --- */

/* 0, or the status to refuse it with and why, which is static. */
int http_head_check(
    const struct http_request *r, const char *version, const char **ret_why);
/* Bytes of request line and headers, as they came. */
size_t http_head_size(const struct http_request *r);
/* The path within what stood in its place. */
const char *http_head_path(const char *path);

/* --- answer.c --- */

/* Make r->response ready from this; with a stream, its body is to come. */
void http_answer_with(struct http_request *r, const struct http_answer *a,
    struct http_stream *stream);

/* --- stream.c --- */

struct MHD_Response *http_stream_response(struct http_stream *s);
/* Its request is over. */
void http_stream_detach(struct http_stream *s);
/* Tell who sends that it is of no use. */
void http_stream_lost(struct http_stream *s);

/* --- listen.c --- */

/* A listening socket; *ret_port is the one it got. */
int http_listen(
    const char *address, int *ret_fd, uint16_t *ret_port, struct err *err);

/* An address of the internet as text; "" for none. */
void http_peer_text(const struct sockaddr *address, char out[HTTP_PEER]);

/* --- http.c --- */

/* See to deadlines from now on, until there is nothing with one. */
#define HTTP_SWEEP_MS 500
void http_sweep_soon(struct http *h);
/* Let libmicrohttpd go on in this turn. */
void http_kick(struct http *h);
/* Is that all, once stopping? */
void http_check_end(struct http *h);
#endif
