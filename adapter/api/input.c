/* What a request says, checked against its route before anything is done. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "http_args.h"
#include "mem.h"
#include "str.h"
#include "utf8.h"

#define DEPTH_MAX 8
#define SHOWN_MAX 64

/* --- one value --- */

static int
complain(const struct api_field *f, struct err *err, const char *wanted)
{
	return err_set(err, ERR_INVALID, "%s: wanted %s", f->name, wanted);
}

static int
check_number(const struct api_field *f, int64_t n, struct err *err)
{
	if (n >= f->min && n <= f->max)
		return 0;
	return err_set(err, ERR_INVALID,
	    "%s: wanted a number from %" PRId64 " to %" PRId64, f->name, f->min,
	    f->max);
}

static int
check_words(const struct api_field *f, const char *text, struct err *err)
{
	struct buf list;
	size_t i;
	int r;

	for (i = 0; f->words[i] != NULL; i++)
		if (str_eq(f->words[i], text))
			return 0;
	buf_init(&list, sizeof(err->text));
	for (i = 0; f->words[i] != NULL; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : ", ", f->words[i]);
	r = err_set(
	    err, ERR_INVALID, "%s: wanted one of %s", f->name, buf_text(&list));
	buf_free(&list);
	return r;
}

/* Bytes, without NUL, UTF-8. */
static int
check_text(
    const struct api_field *f, const char *text, size_t len, struct err *err)
{
	uint32_t point;
	size_t at, step;

	if ((int64_t)len < f->min || (int64_t)len > f->max)
		return err_set(err, ERR_INVALID,
		    "%s: wanted %" PRId64 " to %" PRId64 " bytes", f->name,
		    f->min, f->max);
	if (strlen(text) != len)
		return complain(f, err, "a text without NUL");
	for (at = 0; at < len; at += step) {
		step = utf8_next(text + at, len - at, &point);
		if (step == 0)
			return complain(f, err, "UTF-8");
	}
	return f->words == NULL ? 0 : check_words(f, text, err);
}

/* --- the query string --- */

/* A field of that name in the route's list. */
static const struct api_field *
param_of(const struct api_route *route, const char *name)
{
	const char *at = route->params;
	size_t len;

	while (!str_empty(at)) {
		len = strcspn(at, " ");
		if (strlen(name) == len && strncmp(at, name, len) == 0)
			return api_param(name);
		at += len;
		at += strspn(at, " ");
	}
	return NULL;
}

static int
take_param(struct api_call *c, const struct http_arg *arg, struct err *err)
{
	const struct api_field *f = param_of(c->route, arg->name);
	struct api_given given = {.field = f};
	size_t i;

	if (f == NULL)
		return err_set(err, ERR_INVALID,
		    "there is no parameter %.64s; there are: %s", arg->name,
		    c->route->params == NULL ? "none" : c->route->params);
	for (i = 0; i < c->param_count; i++)
		if (c->params[i].field == f)
			return err_set(
			    err, ERR_INVALID, "%s: given twice", f->name);
	if (f->type == API_INT) {
		if (str_int(arg->value, INT64_MIN, INT64_MAX, &given.number) !=
		    0)
			return complain(f, err, "a number");
		if (check_number(f, given.number, err) != 0)
			return -1;
	} else if (check_text(f, arg->value, arg->len, err) != 0) {
		return -1;
	}
	given.text = mem_dup(arg->value);
	c->params[c->param_count++] = given;
	return 0;
}

int
api_params_read(struct api_call *c, const struct http_arg *args, size_t count,
    struct err *err)
{
	const struct api_field *f;
	const char *at;
	size_t i, len;
	char *name;

	for (i = 0; i < count; i++)
		if (take_param(c, &args[i], err) != 0)
			return -1;
	for (at = c->route->params; !str_empty(at);
	     at += len, at += strspn(at, " ")) {
		len = strcspn(at, " ");
		name = mem_dup_len(at, len);
		f = api_param(name);
		free(name);
		if (f->required && api_text(c, f->name) == NULL)
			return err_set(
			    err, ERR_INVALID, "%s: is missing", f->name);
	}
	return 0;
}

/* --- the body --- */

static int
check_texts(
    const struct api_field *f, struct json_object *value, struct err *err)
{
	const struct api_field each = {.name = f->name, .min = 1, .max = 1024};
	struct json_object *item;
	size_t i, n;

	if (!json_object_is_type(value, json_type_array))
		return complain(f, err, "an array of texts");
	n = json_object_array_length(value);
	if ((int64_t)n < f->min || (int64_t)n > f->max)
		return err_set(err, ERR_INVALID,
		    "%s: wanted %" PRId64 " to %" PRId64 " texts", f->name,
		    f->min, f->max);
	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(value, i);
		if (!json_object_is_type(item, json_type_string))
			return complain(f, err, "an array of texts");
		if (check_text(&each, json_object_get_string(item),
			(size_t)json_object_get_string_len(item), err) != 0)
			return -1;
	}
	return 0;
}

static int
check_member(
    const struct api_field *f, struct json_object *value, struct err *err)
{
	switch (f->type) {
	case API_INT:
		if (!json_object_is_type(value, json_type_int))
			return complain(f, err, "a whole number");
		return check_number(f, json_object_get_int64(value), err);
	case API_BOOL:
		return json_object_is_type(value, json_type_boolean)
		    ? 0
		    : complain(f, err, "true or false");
	case API_TEXTS:
		return check_texts(f, value, err);
	case API_TEXT:
	case API_SECRET:
		break;
	}
	if (!json_object_is_type(value, json_type_string))
		return complain(f, err, "a text");
	return check_text(f, json_object_get_string(value),
	    (size_t)json_object_get_string_len(value), err);
}

static const struct api_field *
member_of(const struct api_form *form, const char *name)
{
	size_t i;

	for (i = 0; i < form->count; i++)
		if (str_eq(form->fields[i].name, name))
			return &form->fields[i];
	return NULL;
}

static int
refuse_member(const struct api_form *form, const char *name, struct err *err)
{
	struct buf shown;
	int r;

	buf_init(&shown, (size_t)4 * SHOWN_MAX + 4);
	str_printable(&shown, name, strlen(name), SHOWN_MAX);
	r = err_set(err, ERR_INVALID, "%s has no member %s", form->name,
	    buf_text(&shown));
	buf_free(&shown);
	return r;
}

static int
check_members(
    const struct api_form *form, struct json_object *body, struct err *err)
{
	const struct api_field *f;
	struct json_object *value;
	size_t i;

	json_object_object_foreach (body, name, member) {
		f = member_of(form, name);
		if (f == NULL)
			return refuse_member(form, name, err);
		if (check_member(f, member, err) != 0)
			return -1;
	}
	for (i = 0; i < form->count; i++)
		if (form->fields[i].required &&
		    !json_object_object_get_ex(
			body, form->fields[i].name, &value))
			return err_set(err, ERR_INVALID, "%s: is missing",
			    form->fields[i].name);
	return 0;
}

/* One object and nothing behind it; NULL. */
static struct json_object *
parse(const uint8_t *bytes, size_t len)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *o;

	json_tokener_set_flags(
	    t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, (const char *)bytes, (int)len);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    json_tokener_get_parse_end(t) != len) {
		(void)json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

/* White space around the object is none of the parser's. */
static void
trim(const uint8_t **bytes, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n", (*bytes)[0]) != NULL &&
	    (*bytes)[0] != '\0') {
		(*bytes)++;
		(*len)--;
	}
	while (*len > 0 && (*bytes)[*len - 1] != '\0' &&
	    strchr(" \t\r\n", (*bytes)[*len - 1]) != NULL)
		(*len)--;
}

int
api_body_read(
    struct api_call *c, const uint8_t *bytes, size_t len, struct err *err)
{
	const struct api_form *form = c->route->form;
	static const uint8_t nothing[] = "{}";

	trim(&bytes, &len);
	if (len == 0) {
		bytes = nothing;
		len = sizeof(nothing) - 1;
	}
	c->body = parse(bytes, len);
	if (c->body == NULL ||
	    !json_object_is_type(c->body, json_type_object)) {
		c->status = 400;
		return err_set(err, ERR_INVALID,
		    "the body is no JSON object, or nested deeper than %d",
		    DEPTH_MAX);
	}
	return check_members(form, c->body, err);
}
