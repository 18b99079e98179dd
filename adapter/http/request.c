/* From headers to handler to answer. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front_internal.h"
#include "http_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define WHY_MAX 128
#define RETRY_S 5 /* with too many bodies at once */

/* --- routes --- */

/* What is behind the route's path; NULL when it is another one. */
static const char *
rest_of(const struct http_route *route, const char *path)
{
	size_t len = strlen(route->path);

	if (strncmp(path, route->path, len) != 0)
		return NULL;
	if (path[len] != '\0' && route->path[len - 1] != '/')
		return NULL;
	return path + len;
}

static bool
takes(const struct http_route *route, const char *method)
{
	return str_eq(route->method, method) ||
	    (str_eq(route->method, MHD_HTTP_METHOD_GET) &&
		str_eq(method, MHD_HTTP_METHOD_HEAD));
}

static void
allow(struct http_request *r, const char *method)
{
	size_t len = strlen(r->allow);

	(void)snprintf(r->allow + len, sizeof(r->allow) - len, "%s%s%s",
	    len == 0 ? "" : ", ", method,
	    str_eq(method, MHD_HTTP_METHOD_GET) ? ", HEAD" : "");
}

/* 0, or the status to refuse with. */
static int
find_route(struct http_request *r, const char *path, const char *method)
{
	const struct http *h = r->h;
	const char *rest;
	size_t i;

	for (i = 0; i < h->route_count; i++) {
		rest = rest_of(&h->routes[i], path);
		if (rest == NULL)
			continue;
		if (takes(&h->routes[i], method)) {
			r->route = &h->routes[i];
			r->rest = mem_dup(rest);
			r->allow[0] = '\0';
			return 0;
		}
		allow(r, h->routes[i].method);
	}
	return r->allow[0] == '\0' ? MHD_HTTP_NOT_FOUND
				   : MHD_HTTP_METHOD_NOT_ALLOWED;
}

/* With no room for a body of this length? Short ones are always taken. */
static bool
is_full(const struct http_request *r, uint64_t len)
{
	return len > HTTP_BODY_SMALL && r->h->bodies >= HTTP_BODIES_MAX;
}

/* A length that is too long is refused before it is read. */
static int
check_length(struct http_request *r)
{
	const char *text = MHD_lookup_connection_value(
	    r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int64_t len;

	if (text == NULL)
		return 0;
	/* libmicrohttpd has refused what is no number. */
	if (str_int(text, 0, INT64_MAX, &len) != 0 ||
	    (uint64_t)len > r->route->body_max)
		return MHD_HTTP_CONTENT_TOO_LARGE;
	return is_full(r, (uint64_t)len) ? MHD_HTTP_SERVICE_UNAVAILABLE : 0;
}

/* --- one request --- */

static struct http_request *
request_new(
    struct http *h, struct MHD_Connection *connection, const char *target)
{
	struct http_request *r = mem_alloc(sizeof(*r));

	r->h = h;
	r->connection = connection;
	r->target = mem_dup(target);
	buf_init(&r->body, 0);
	return r;
}

static void
request_free(struct http_request *r)
{
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	if (r->stream != NULL)
		http_stream_detach(r->stream);
	http_arg_list_free(r->args);
	/* What a client sent may be a password. */
	secret_wipe(r->target, strlen(r->target));
	free(r->target);
	r->h->bodies -= r->counted;
	buf_free(&r->body);
	free(r->rest);
	free(r);
}

/* why: NULL when the status says it all. */
static enum MHD_Result
refuse(struct http_request *r, int status, const char *why)
{
	struct http_answer answer = {.status = status};
	struct buf text;

	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		answer.retry_after = RETRY_S;
	if (why != NULL) {
		buf_init(&text, WHY_MAX);
		buf_printf(&text, "%s\n", why);
		answer.type = "text/plain; charset=utf-8";
		answer.body = http_body_new(&text);
	}
	r->handled = true;
	r->h->owed++;
	http_answer(r, &answer);
	http_body_drop(answer.body);
	return MHD_queue_response(
	    r->connection, (unsigned)r->status, r->response);
}

/* By the words of its route. */
static enum MHD_Result
refuse_length(struct http_request *r)
{
	if (r->route->too_large == NULL)
		return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, NULL);
	r->handled = true;
	r->h->owed++;
	r->route->too_large(r->route->cookie, r);
	assert(r->response != NULL);
	return MHD_queue_response(
	    r->connection, (unsigned)r->status, r->response);
}

static enum MHD_Result
begin(struct http_request *r, const char *path, const char *method,
    const char *version)
{
	const char *why = NULL;
	int status;

	r->begun = true;
	path = http_head_path(path);
	status = http_head_check(r, version, &why);
	if (status == 0)
		status = find_route(r, path, method);
	if (status == 0)
		status = check_length(r);
	if (status != 0) {
		http_link_sends(r->h, http_link_of(r->connection));
		return status == MHD_HTTP_CONTENT_TOO_LARGE
		    ? refuse_length(r)
		    : refuse(r, status, why);
	}
	r->body.max = r->route->body_max;
	r->method = method; /* libmicrohttpd's, as long as the request */
	return MHD_YES;
}

/* More than the route allows, in pieces: there is no room in the protocol to
 * say so before the end of it. */
static enum MHD_Result
take_body(struct http_request *r, const char *bytes, size_t *len)
{
	buf_add(&r->body, bytes, *len);
	r->h->bodies += *len;
	r->counted += *len;
	*len = 0;
	return r->body.over || is_full(r, r->counted) ? MHD_NO : MHD_YES;
}

static enum MHD_Result
whole(struct http_request *r)
{
	struct http_link *link = http_link_of(r->connection);

	if (!r->handled) {
		if (link->front != NULL)
			http_front_request(
			    link->front, http_head_size(r) + r->body.len);
		r->handled = true;
		r->h->owed++;
		http_link_waits(link);
		r->route->handle(r->route->cookie, r);
	}
	if (r->response == NULL) {
		r->suspended = true;
		MHD_suspend_connection(r->connection);
		return MHD_YES;
	}
	http_link_sends(r->h, link);
	return MHD_queue_response(
	    r->connection, (unsigned)r->status, r->response);
}

void *
http_target(void *cookie, const char *target, struct MHD_Connection *connection)
{
	struct http_request *r = request_new(cookie, connection, target);
	char *query = strchr(target, '?');

	/* It would make headers of the arguments, in the little memory that a
	 * connection has; and hang when there is no room for one more. */
	if (query != NULL)
		query[1] = '\0';
	return r;
}

enum MHD_Result
http_access(void *cookie, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **slot)
{
	struct http_request *r = *slot;

	(void)cookie;
	(void)connection;
	if (!r->begun)
		return begin(r, url, method, version);
	if (*upload_len > 0)
		return take_body(r, upload, upload_len);
	return whole(r);
}

void
http_completed(void *cookie, struct MHD_Connection *connection, void **slot,
    enum MHD_RequestTerminationCode code)
{
	struct http_request *r = *slot;

	(void)code;
	if (r == NULL)
		return;
	/* One that waits for its answer is suspended and cannot end. */
	assert(!r->handled || r->response != NULL);
	http_link_reads(cookie, http_link_of(connection));
	request_free(r);
	*slot = NULL;
}

/* --- what was asked --- */

const char *
http_request_method(const struct http_request *request)
{
	return request->method;
}

const char *
http_request_rest(const struct http_request *request)
{
	return request->rest;
}

const uint8_t *
http_request_body(const struct http_request *request, size_t *ret_len)
{
	*ret_len = request->body.len;
	return request->body.data;
}

const char *
http_request_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(
	    request->connection, MHD_HEADER_KIND, name);
}

const char *
http_request_peer(const struct http_request *request)
{
	return http_link_of(request->connection)->peer;
}

const struct http_client *
http_request_client(const struct http_request *request)
{
	const struct http_link *link = http_link_of(request->connection);

	return link->front == NULL ? NULL : http_front_client(link->front);
}

static int
read_args(struct http_request *r, struct http_arg_list *list, struct err *err)
{
	const char *query = strchr(r->target, '?');

	if (query != NULL &&
	    http_args_urlencoded(
		list, query + 1, strlen(query + 1), "query string", err) != 0)
		return -1;
	return http_args_body(list,
	    http_request_header(r, MHD_HTTP_HEADER_CONTENT_TYPE), r->body.data,
	    r->body.len, err);
}

int
http_request_args(struct http_request *request,
    const struct http_arg **ret_args, size_t *ret_count, struct err *err)
{
	struct http_arg_list *list;

	if (request->args == NULL) {
		list = http_arg_list_new();
		if (read_args(request, list, err) != 0) {
			http_arg_list_free(list);
			return -1;
		}
		request->args = list;
	}
	*ret_args = request->args->args;
	*ret_count = request->args->count;
	return 0;
}
