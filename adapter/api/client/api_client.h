#ifndef API_CLIENT_H_
#define API_CLIENT_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct api_client;
struct err;
struct json_object;
struct secret;

/*
 * The other end of api.h: what a server's REST API /api/v1 answers, asked over
 * HTTPS by who may block (a command, a worker).  The server is always proven;
 * token and certificate go to it alone, since no redirect is followed.  All
 * exchanges of a client go over one connection.
 */
#define API_CLIENT_MS                                                          \
	60000 /* of one exchange; api.h: API_WORK_MS, and more                 \
	       */
#define API_CLIENT_ANSWER_MAX ((size_t)17 << 20) /* api.h: API_ANSWER_MAX */
#define API_CLIENT_PAGE 500			 /* rows asked for at once */
#define API_CLIENT_PAGES_MAX 100000		 /* of a list */
#define API_CLIENT_LIST_MAX (INT64_C(16) << 30)	 /* bytes of a list */
#define API_CLIENT_CURSOR_MAX 1024		 /* bytes */
#define API_CLIENT_PATH_MAX 65536		 /* bytes, escaped */
#define API_CLIENT_TOKEN_MAX 1024		 /* bytes */
#define API_CLIENT_BUSY_S 10 /* a Retry-After up to this is waited for, */
#define API_CLIENT_BUSY 5    /* so often */

struct api_client_conf { /* copied */
	const char *url; /* "https://HOST", ":PORT" and "/PREFIX" may follow */
	const char *ca_pem;	    /* the anchors it must chain to */
	const struct secret *token; /* NULL: a certificate logs in */
	const char *cert_pem; /* with its chain, as net_fetch(); or NULL */
	const struct secret *key_pem;
};
/* Nothing is sent yet. ERR_INVALID: the URL or the token is none. */
int api_client_new(const struct api_client_conf *conf,
    struct api_client **ret_client, struct err *err);
void api_client_free(struct api_client *c); /* NULL is allowed */

/* --- what is asked --- */

/* "runs/7/items?outcome=failed", escaped (RFC 3986), below /api/v1/. */
struct api_client_path {
	struct buf text;
	bool asked;   /* it has parameters */
	bool slashed; /* a segment has "/" */
};
void api_client_path_init(struct api_client_path *p, const char *first);
/* Whatever the text is, it stays one segment. The API's paths cannot tell "/"
 * in it from one between two (api_route_find()): asking ends in ERR_INVALID. */
void api_client_path_add(struct api_client_path *p, const char *segment);
void api_client_path_add_id(struct api_client_path *p, int64_t id);
/* Left out when value is NULL. */
void api_client_path_param(
    struct api_client_path *p, const char *name, const char *value);
void api_client_path_free(struct api_client_path *p);

/* --- asking --- */

/*
 * Errors: ERR_UNREACHABLE, ERR_UNTRUSTED: nothing was sent.  ERR_UNKNOWN: it
 * may have been acted on.  ERR_PROTOCOL: an answer that is none of the API, of
 * another version, too long, a redirect.  Any other kind is the server's own,
 * with its words (problem+json, RFC 9457): ERR_DENIED for who is not let in or
 * lacks a right, ERR_NOTFOUND, ERR_CONFLICT, ERR_REFUSED, ERR_INVALID,
 * ERR_LIMIT, ERR_STORAGE.
 *
 * The first exchange is preceded by one that asks whether this is the API.
 * What only reads is asked once more when its answer is lost, and so is what is
 * keyed: it is done once.
 */
struct api_client_request {
	const char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE" */
	const struct api_client_path *path;
	struct json_object *body; /* borrowed; NULL: none */
	/* A member of the body, beside the others: put into what is sent alone,
	 * which is wiped; or NULL. */
	const char *secret_name;
	const struct secret *secret;
	/* In place of it, a file of this media type; borrowed; or NULL. */
	const char *type;
	const struct buf *file;
	bool keyed; /* it takes an Idempotency-Key (api_internal.h) */
	bool fresh; /* ERR_CONFLICT when there is one already (If-None-Match) */
};
/* *ret_answer: an object to be put; NULL when there is none to say (204). */
int api_client_ask(struct api_client *c,
    const struct api_client_request *request, struct json_object **ret_answer,
    struct err *err);

/* What is no JSON, as it is: GET of a file of this media type, appended (to a
 * buffer for API_CLIENT_ANSWER_MAX). ERR_PROTOCOL: it is of another. Nothing is
 * appended on failure. */
int api_client_file(struct api_client *c, const struct api_client_path *path,
    const char *type, struct buf *ret, struct err *err);

/* A row of a list, borrowed for the call: an object. -1 ends it. */
typedef int api_client_row_fn(
    void *cookie, struct json_object *row, struct err *err);
struct api_client_list {
	const struct api_client_path *path;
	bool paged;	   /* it takes limit and cursor */
	bool sparse;	   /* a page may be empty, and others follow */
	const char *after; /* begin behind this cursor; NULL: at the first */
	size_t limit;	   /* of rows; 0: all of them */
};
/* Page by page. A cursor that comes again is ERR_PROTOCOL; ERR_LIMIT: more than
 * API_CLIENT_PAGES_MAX, API_CLIENT_LIST_MAX. Rows may have been given before
 * an error. */
int api_client_list(struct api_client *c, const struct api_client_list *list,
    api_client_row_fn *row, void *cookie, struct err *err);

/* --- following --- */

#define API_CLIENT_IDLE_S 60 /* of silence; api.h: a beat each 15 s */
#define API_CLIENT_EVENT_MAX ((size_t)1 << 20) /* bytes of an event */
/* Server-sent events (HTML, 9.2) as they come; data is borrowed, an object. */
struct api_client_follow {
	const struct api_client_path *path;
	/* 1: enough; -1 ends it, too. */
	int (*event)(void *cookie, const char *name, struct json_object *data,
	    struct err *err);
	/* Asked about once a second, and when a signal came; false: the call
	 * ends in ERR_CANCELLED. */
	bool (*wanted)(void *cookie);
	void *cookie;
};
/* 0: enough was said.  ERR_UNKNOWN: the server ended it, or went silent; who
 * wants more comes again. */
int api_client_follow(struct api_client *c,
    const struct api_client_follow *follow, struct err *err);

/* --- of an answer --- */

/* The member, NULL when it is none or null. */
struct json_object *api_client_member(struct json_object *in, const char *name);
/* The text of a value, borrowed; NULL when it is none, or has a NUL in it. */
const char *api_client_text(struct json_object *value);
#endif
