/*
 * Answers without an end.  libmicrohttpd asks for bytes; when there are none
 * the connection is suspended until some come, so an idle stream costs nothing.
 * The stream lives until both its owner and its request are done with it.
 */
#include "http_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http_internal.h"
#include "loop.h"
#include "mem.h"

#define BLOCK 4096 /* asked for at a time */

struct http_stream {
	struct http *h;
	struct http_request *request; /* NULL: it is over */
	struct buf waiting;
	size_t taken; /* of those, by libmicrohttpd */
	http_gone_fn *gone;
	void *cookie;
	bool suspended;
	bool lost;    /* the client, or the server stops */
	bool telling; /* that to the owner, in the next turn */
	bool ended;   /* by the owner */
};

static struct http_link *
link_of(const struct http_stream *s)
{
	return http_link_of(s->request->connection);
}

static void
free_if_done(struct http_stream *s)
{
	if (s->request != NULL || !s->ended || s->telling)
		return;
	buf_free(&s->waiting);
	free(s);
}

static void
tell_gone(void *cookie)
{
	struct http_stream *s = cookie;

	s->telling = false;
	if (!s->ended)
		s->gone(s->cookie);
	else
		free_if_done(s);
}

void
http_stream_lost(struct http_stream *s)
{
	if (s->lost || s->ended)
		return;
	s->lost = true;
	s->telling = true;
	loop_defer(s->h->loop, tell_gone, s);
}

static void
wake(struct http_stream *s)
{
	if (s->request == NULL || !s->suspended)
		return;
	s->suspended = false;
	MHD_resume_connection(s->request->connection);
	http_kick(s->h);
}

/* --- towards libmicrohttpd --- */

static ssize_t
give(void *cookie, uint64_t at, char *out, size_t max)
{
	struct http_stream *s = cookie;
	size_t len = s->waiting.len - s->taken;

	(void)at;
	if (len == 0 && s->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (len == 0) {
		s->suspended = true;
		http_link_streams(s->h, link_of(s), false);
		MHD_suspend_connection(s->request->connection);
		return 0;
	}
	if (len > max)
		len = max;
	memcpy(out, s->waiting.data + s->taken, len);
	s->taken += len;
	if (s->taken == s->waiting.len) {
		buf_reset(&s->waiting);
		s->taken = 0;
	}
	/* It has taken what was before: its time begins anew. */
	http_link_sends(s->h, link_of(s));
	return (ssize_t)len;
}

struct MHD_Response *
http_stream_response(struct http_stream *s)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, BLOCK, give, s, NULL);

	assert(response != NULL); /* memory only, which cannot fail here */
	return response;
}

void
http_stream_detach(struct http_stream *s)
{
	link_of(s)->stream = NULL;
	s->request = NULL;
	http_stream_lost(s);
	free_if_done(s);
}

/* --- towards the owner --- */

struct http_stream *
http_stream_begin(struct http_request *request,
    const struct http_answer *answer, http_gone_fn *gone, void *cookie)
{
	struct http_stream *s = mem_alloc(sizeof(*s));

	s->h = request->h;
	s->request = request;
	buf_init(&s->waiting, HTTP_STREAM_MAX);
	s->gone = gone;
	s->cookie = cookie;
	link_of(s)->stream = s;
	http_answer_with(request, answer, s);
	if (s->h->stopping)
		http_stream_lost(s);
	return s;
}

int
http_stream_send(struct http_stream *s, const void *bytes, size_t len)
{
	assert(!s->ended);
	if (s->lost || len > HTTP_STREAM_MAX - s->waiting.len)
		return -1;
	buf_add(&s->waiting, bytes, len);
	http_link_streams(s->h, link_of(s), true);
	wake(s);
	return 0;
}

void
http_stream_end(struct http_stream *s)
{
	if (s == NULL)
		return;
	assert(!s->ended);
	s->ended = true;
	if (s->request != NULL) {
		http_link_streams(s->h, link_of(s), true);
		wake(s);
	}
	free_if_done(s);
}
