#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http_internal.h"
#include "mem.h"
#include "str.h"

#define DATE_TEXT 40
/* IMF-fixdate (RFC 9110, 5.6.7), the only form that is made today. */
#define DATE_FORMAT "%a, %d %b %Y %H:%M:%S GMT"

struct http_body {
	size_t holders;
	struct buf bytes;
};

struct http_body *
http_body_new(struct buf *bytes)
{
	struct http_body *body = mem_alloc(sizeof(*body));

	body->holders = 1;
	body->bytes = *bytes;
	buf_init(bytes, bytes->max);
	return body;
}

struct http_body *
http_body_hold(struct http_body *body)
{
	body->holders++;
	return body;
}

void
http_body_drop(struct http_body *body)
{
	if (body == NULL || --body->holders > 0)
		return;
	buf_free(&body->bytes);
	free(body);
}

static void
drop(void *body)
{
	http_body_drop(body);
}

/* --- does the client have it? --- */

/* One of a list, or any; "W/" does not matter here (RFC 9110, 13.1.2). */
static bool
lists_tag(const char *list, const char *etag)
{
	size_t len = strlen(etag);
	const char *at;

	if (str_eq(list, "*"))
		return true;
	for (at = list; (at = strstr(at, etag)) != NULL; at += len)
		if ((at == list || strchr(" ,/", at[-1]) != NULL) &&
		    (at[len] == '\0' || strchr(" ,", at[len]) != NULL))
			return true;
	return false;
}

static bool
not_modified(const struct http_request *r, const struct http_answer *a)
{
	const char *tags =
	    http_request_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH);
	const char *since =
	    http_request_header(r, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
	struct tm tm = {0};
	const char *end;

	/* What was changed was changed (RFC 9110, 13.2.2). */
	if (a->status != MHD_HTTP_OK ||
	    (!str_eq(r->method, MHD_HTTP_METHOD_GET) &&
		!str_eq(r->method, MHD_HTTP_METHOD_HEAD)))
		return false;
	if (tags != NULL)
		return a->etag != NULL && lists_tag(tags, a->etag);
	if (since == NULL || a->modified == 0)
		return false;
	end = strptime(since, DATE_FORMAT, &tm);
	return end != NULL && *end == '\0' &&
	    (int64_t)timegm(&tm) >= a->modified;
}

/* --- the answer --- */

static void
add(struct MHD_Response *response, const char *name, const char *value)
{
	enum MHD_Result added;

	if (value == NULL)
		return;
	added = MHD_add_response_header(response, name, value);
	assert(added == MHD_YES);
	(void)added;
}

static void
add_date(struct MHD_Response *response, const char *name, int64_t at)
{
	char text[DATE_TEXT];
	time_t when = (time_t)at;
	struct tm tm;

	if (at == 0 || gmtime_r(&when, &tm) == NULL)
		return;
	/* No locale is ever set here, so the names are English. */
	(void)strftime(text, sizeof(text), DATE_FORMAT, &tm);
	add(response, name, text);
}

static struct MHD_Response *
response_new(struct http_body *body)
{
	static char nothing[1];
	struct MHD_Response *response;

	if (body == NULL)
		response = MHD_create_response_from_buffer(
		    0, nothing, MHD_RESPMEM_PERSISTENT);
	else
		response =
		    MHD_create_response_from_buffer_with_free_callback_cls(
			body->bytes.len, body->bytes.data, drop,
			http_body_hold(body));
	assert(response != NULL); /* memory only, which cannot fail here */
	return response;
}

static void
add_headers(struct http_request *r, const struct http_answer *a, bool same)
{
	char seconds[16];
	size_t i;

	if (!same)
		add(r->response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	add(r->response, MHD_HTTP_HEADER_ETAG, a->etag);
	add(r->response, MHD_HTTP_HEADER_CACHE_CONTROL, a->cache);
	add_date(r->response, MHD_HTTP_HEADER_LAST_MODIFIED, a->modified);
	add_date(r->response, MHD_HTTP_HEADER_EXPIRES, a->expires);
	if (r->allow[0] != '\0')
		add(r->response, MHD_HTTP_HEADER_ALLOW, r->allow);
	if (a->retry_after != 0) {
		(void)snprintf(seconds, sizeof(seconds), "%u", a->retry_after);
		add(r->response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	for (i = 0; i < a->header_count; i++)
		add(r->response, a->headers[i].name, a->headers[i].value);
	if (r->h->stopping)
		add(r->response, MHD_HTTP_HEADER_CONNECTION, "close");
}

void
http_answer_with(struct http_request *r, const struct http_answer *a,
    struct http_stream *stream)
{
	bool same = stream == NULL && not_modified(r, a);

	assert(r->handled && r->response == NULL);
	r->h->owed--;
	r->status = same ? MHD_HTTP_NOT_MODIFIED : a->status;
	r->stream = stream;
	r->response = stream != NULL ? http_stream_response(stream)
				     : response_new(same ? NULL : a->body);
	add_headers(r, a, same);
	if (!r->suspended)
		return;
	r->suspended = false;
	MHD_resume_connection(r->connection);
	http_kick(r->h);
}

void
http_answer(struct http_request *r, const struct http_answer *a)
{
	http_answer_with(r, a, NULL);
}
