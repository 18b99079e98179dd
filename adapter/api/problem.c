/* Failures, as RFC 9457 has them. */
#include <json-c/json.h>
#include <string.h>

#include "api_internal.h"
#include "shown.h"

#define PROBLEM_MAX 4096

static const struct {
	int status;
	const char *phrase;
} phrases[] = {{400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
    {404, "Not Found"}, {405, "Method Not Allowed"}, {406, "Not Acceptable"},
    {409, "Conflict"}, {412, "Precondition Failed"}, {413, "Content Too Large"},
    {415, "Unsupported Media Type"}, {422, "Unprocessable Content"},
    {429, "Too Many Requests"}, {500, "Internal Server Error"},
    {503, "Service Unavailable"}};

const char *
api_phrase(int status)
{
	size_t i;

	for (i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Error";
}

int
api_status_of(const struct api_call *c, const struct err *err)
{
	if (c->status >= 400)
		return c->status;
	switch (err->kind) {
	case ERR_INVALID:
	case ERR_LIMIT:
		return 422;
	case ERR_DENIED:
		return 403;
	case ERR_NOTFOUND:
		return 404;
	case ERR_CONFLICT:
	case ERR_REFUSED:
		return 409;
	case ERR_STORAGE:
	case ERR_CANCELLED:
	case ERR_UNREACHABLE:
		return 503;
	case ERR_NONE:
	case ERR_UNKNOWN:
	case ERR_PROTOCOL:
	case ERR_UNTRUSTED:
	case ERR_BUG:
		break;
	}
	return 500;
}

/* "about:blank" is what has no more to say than its status and the detail;
 * kind is ours: a word for programs. */
void
api_problem(int status, enum err_kind kind, const char *detail, struct buf *out)
{
	struct json_object *o = json_object_new_object();

	(void)json_object_object_add(
	    o, "type", json_object_new_string("about:blank"));
	(void)json_object_object_add(
	    o, "title", json_object_new_string(api_phrase(status)));
	(void)json_object_object_add(o, "status", json_object_new_int(status));
	(void)json_object_object_add(
	    o, "detail", json_object_new_string(detail));
	if (kind != ERR_NONE)
		(void)json_object_object_add(
		    o, "kind", json_object_new_string(err_kind_name(kind)));
	shown_add(out,
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    PROBLEM_MAX, SHOWN_JSON, true);
	buf_char(out, '\n');
	(void)json_object_put(o);
}
