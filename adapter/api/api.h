#ifndef API_H_
#define API_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access_identity;
struct api;
struct buf;
struct ca;
struct conf;
struct err;
struct http_header;
struct http_request;
struct loop;
struct policy;
struct vault;

/*
 * The REST API: /api/v1/...  One table of routes (route.c) dispatches requests,
 * asks for rights and makes the OpenAPI document that is served as
 * /api/v1/openapi.json; nothing is reachable that is not in it.  JSON in and
 * out; every failure is application/problem+json (RFC 9457).  Requests read and
 * write the store through handles of their own on workers, never on the loop.
 *
 * Who asks, whether a cookie's request was meant, and for which page, is found
 * out before (console/console.c).  What changes something is committed together
 * with its event "api.request" of the actor "api:NAME"; what was refused is
 * such an event too.
 */
#define API_PATH "/api/v1/"
#define API_BODY_MAX ((size_t)1 << 20)	  /* of a request */
#define API_ANSWER_MAX ((size_t)16 << 20) /* of an answer */
#define API_PAGE_MAX 500		  /* rows of a page */
#define API_PAGE 100			  /* unless it says how many */
#define API_PARALLEL 2			  /* requests at work at once */
#define API_WAITING_MAX 256		  /* beyond these: 503 */
#define API_WORK_MS 30000		  /* of one request on its worker */
#define API_KEY_MAX 255			  /* bytes of an Idempotency-Key */
#define API_STREAMS_MAX 64		  /* beyond these: 503 */
#define API_STREAMS_USER 32		  /* of them a user's */
#define API_STREAM_S 3600 /* then a client comes again, and logs in anew */

struct api_conf { /* everything is borrowed for its life */
	struct loop *loop;
	const char *database; /* the store's file */
	struct vault *vault;
	/* There is a run in the store that nobody has begun. */
	void (*wake)(void *cookie);
	/* The CA as it is now, held for the caller; NULL: there is none. */
	struct ca *(*ca)(void *cookie);
	void *cookie;
	const struct policy *policy; /* plan.h; its time is of no matter */
	int64_t parallel;	     /* devices of a run at once */
	const char *version;	     /* of the program */
	const struct conf *conf;     /* places that events go to, bridges */
};
int api_new(const struct api_conf *conf, struct api **ret_api, struct err *err);
/* Owes the answer; who is borrowed for the call. cookie: struct api. */
void api_handle(void *cookie, struct http_request *request,
    const struct access_identity *who);
/* Answers who is not let in, or sends too much; headers are passed on. */
struct api_refusal {
	int status;
	unsigned retry_after; /* seconds; 0: no matter */
	const struct http_header *headers;
	size_t header_count;
};
void api_refuse(struct http_request *request, const struct api_refusal *why);
/* Append the OpenAPI document. */
void api_document(const char *version, struct buf *out);
/* Streams end, what waits is refused, nothing more is begun, jobs are killed.
 * True when nothing is at a worker for a stream or job, else done() is called
 * from the loop. */
bool api_stop(struct api *a, void (*done)(void *cookie), void *cookie);
/* After that, and no answer is owed; NULL is allowed. */
void api_free(struct api *a);
#endif
