#ifndef HTTP_STREAM_H_
#define HTTP_STREAM_H_
#include <stddef.h>

struct http_answer;
struct http_request;
struct http_stream;

/*
 * An answer whose body comes piece by piece, over hours if need be (server-sent
 * events).  It takes the place of http_answer(); the answer's body is NULL.
 */
#define HTTP_STREAM_MAX 65536 /* bytes that wait for the client */

/* Called at most once, from the loop: the client left, did not take what waited
 * within HTTP_ANSWER_S, or the server is told to stop. */
typedef void http_gone_fn(void *cookie);

/* The caller owes exactly one http_stream_end(), gone() or not. */
struct http_stream *http_stream_begin(struct http_request *request,
    const struct http_answer *answer, http_gone_fn *gone, void *cookie);
/* 0, or -1 and nothing of it is sent: more than HTTP_STREAM_MAX would wait, or
 * the client is gone. */
int http_stream_send(struct http_stream *s, const void *bytes, size_t len);
/* No more, and gone() is not called any more; what waits is still sent. NULL is
 * allowed. */
void http_stream_end(struct http_stream *s);
#endif
