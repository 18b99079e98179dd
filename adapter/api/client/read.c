#include "read_internal.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "str.h"

#define NAME "amtkeeper"
#define VERSION "v1" /* api.h: API_PATH */
#define SHOWN_MAX 40 /* of a foreign word in an error */

/* --- values --- */

struct json_object *
api_client_member(struct json_object *in, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(in, json_type_object))
		(void)json_object_object_get_ex(in, name, &value);
	return value;
}

const char *
api_client_text(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text
									 : NULL;
}

static const char *
text_in(struct json_object *in, const char *name)
{
	return api_client_text(api_client_member(in, name));
}

struct json_object *
api_client_object(const uint8_t *bytes, size_t len, struct err *err)
{
	struct json_tokener *t = json_tokener_new_ex(API_CLIENT_DEPTH_MAX);
	const char *text = (const char *)bytes;
	struct json_object *value;
	bool whole;

	if (t == NULL)
		abort();
	while (len > 0 && text[len - 1] != '\0' &&
	    strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	json_tokener_set_flags(
	    t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(t, text, (int)len);
	whole = json_tokener_get_error(t) == json_tokener_success &&
	    json_tokener_get_parse_end(t) == len;
	json_tokener_free(t);
	if (whole && json_object_is_type(value, json_type_object))
		return value;
	(void)json_object_put(value);
	(void)err_set(err, ERR_PROTOCOL,
	    "the answer is no JSON object: is this amtkeeper's API?");
	return NULL;
}

/* --- who answers --- */

int
api_client_meet(struct json_object *answer, struct err *err)
{
	const char *version = text_in(answer, "api");
	struct buf shown;
	int r;

	if (!str_eq(text_in(answer, "name"), NAME) || version == NULL)
		return err_set(
		    err, ERR_PROTOCOL, "what answers is not amtkeeper's API");
	if (str_eq(version, VERSION))
		return 0;
	buf_init(&shown, sizeof(err->text));
	str_printable(&shown, version, strlen(version), SHOWN_MAX);
	r = err_set(err, ERR_PROTOCOL,
	    "the server's API has version %s, ours is " VERSION,
	    buf_text(&shown));
	buf_free(&shown);
	return r;
}

/* --- pages --- */

int
api_client_page(struct json_object *page, bool sparse,
    struct json_object **ret_items, const char **ret_next, struct err *err)
{
	struct json_object *items = api_client_member(page, "items");
	struct json_object *next = api_client_member(page, "next");
	const char *cursor = api_client_text(next);
	size_t i, n;

	if (!json_object_is_type(items, json_type_array) ||
	    (next != NULL && str_empty(cursor)) ||
	    (cursor != NULL && strlen(cursor) > API_CLIENT_CURSOR_MAX))
		return err_set(
		    err, ERR_PROTOCOL, "the answer is no page of a list");
	n = json_object_array_length(items);
	for (i = 0; i < n; i++)
		if (!json_object_is_type(
			json_object_array_get_idx(items, i), json_type_object))
			return err_set(
			    err, ERR_PROTOCOL, "a row of the list is no row");
	if (cursor != NULL && n == 0 && !sparse)
		return err_set(err, ERR_PROTOCOL,
		    "a page of the list is empty, and not the last");
	*ret_items = items;
	*ret_next = cursor;
	return 0;
}

int
api_client_cursor(
    struct api_client_cursors *c, const char *cursor, struct err *err)
{
	if (c->kept != NULL && str_eq(c->kept, cursor))
		return err_set(err, ERR_PROTOCOL,
		    "the list goes round: a cursor came again");
	if (c->since == c->until) {
		mem_replace(&c->kept, cursor);
		c->until = 2 * c->until + 1;
		c->since = 0;
	}
	c->since++;
	return 0;
}

void
api_client_cursors_clear(struct api_client_cursors *c)
{
	free(c->kept);
	c->kept = NULL;
}

/* --- failures --- */

static enum err_kind
kind_of_status(int status)
{
	switch (status) {
	case 400:
	case 422:
		return ERR_INVALID;
	case 401:
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOTFOUND;
	case 409:
	case 412:
		return ERR_CONFLICT;
	case 413:
		return ERR_LIMIT;
	case 429:
	case 503:
		return ERR_REFUSED;
	default:
		return ERR_PROTOCOL;
	}
}

/* The server's word when it speaks of itself; what lies behind it ("the CA is
 * unreachable") is not what became of our request. */
static enum err_kind
kind_of_word(const char *word, int status)
{
	enum err_kind kind = word == NULL ? ERR_BUG : err_kind_parse(word);

	switch (kind) {
	case ERR_INVALID:
	case ERR_NOTFOUND:
	case ERR_CONFLICT:
	case ERR_DENIED:
	case ERR_REFUSED:
	case ERR_LIMIT:
	case ERR_STORAGE:
		return kind;
	case ERR_NONE:
	case ERR_UNREACHABLE:
	case ERR_UNKNOWN:
	case ERR_PROTOCOL:
	case ERR_UNTRUSTED:
	case ERR_CANCELLED:
	case ERR_BUG:
		break;
	}
	return kind_of_status(status);
}

int
api_client_problem(
    int status, const uint8_t *bytes, size_t len, struct err *err)
{
	struct json_object *problem = NULL;
	const char *detail;
	enum err_kind kind;

	if (status >= 300 && status < 400)
		return err_native(err, ERR_PROTOCOL, ERR_HTTP, status,
		    "the server sends us elsewhere (HTTP %d), where we do not "
		    "go: give its own URL",
		    status);
	problem = api_client_object(bytes, len, NULL);
	detail = text_in(problem, "detail");
	kind = kind_of_word(text_in(problem, "kind"), status);
	/* What knows no such path, and says so in its own way. */
	if (problem == NULL && status == 404)
		kind = ERR_PROTOCOL;
	if (status == 401)
		(void)err_native(err, kind, ERR_HTTP, status,
		    "the server refuses our token or certificate");
	else if (str_empty(detail))
		(void)err_native(err, kind, ERR_HTTP, status,
		    "the server answered with HTTP %d", status);
	else
		(void)err_native(err, kind, ERR_HTTP, status, "%s", detail);
	(void)json_object_put(problem);
	return -1;
}
