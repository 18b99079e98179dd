/* JSON, as far as CAs speak it. */
#include "json_internal.h"

#include <inttypes.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki_text.h"

#define CSR_PEM_MAX 16384

struct json_object *
ca_json_read(struct ca_span body)
{
	struct json_tokener *tokener = json_tokener_new_ex(CA_JSON_DEPTH);
	struct json_object *object = NULL;
	bool whole;

	if (tokener == NULL)
		abort();
	while (body.len > 0 && body.p[body.len - 1] == '\n')
		body.len--; /* a line's end is all that may be behind it */
	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (body.len <= INT32_MAX)
		object = json_tokener_parse_ex(
		    tokener, (const char *)body.p, (int)body.len);
	whole = json_tokener_get_error(tokener) == json_tokener_success &&
	    json_tokener_get_parse_end(tokener) == body.len;
	json_tokener_free(tokener);
	if (whole && json_object_is_type(object, json_type_object))
		return object;
	(void)json_object_put(object);
	return NULL;
}

static struct json_object *
member(const struct json_object *in, const char *name, enum json_type type)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(in, json_type_object) ||
	    !json_object_object_get_ex(in, name, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

struct json_object *
ca_json_object(const struct json_object *in, const char *name)
{
	return member(in, name, json_type_object);
}

struct json_object *
ca_json_array(const struct json_object *in, const char *name)
{
	return member(in, name, json_type_array);
}

static const char *
text_of(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	if (*text == '\0' ||
	    strlen(text) != (size_t)json_object_get_string_len(value))
		return NULL;
	return text;
}

const char *
ca_json_text(const struct json_object *in, const char *name)
{
	return text_of(member(in, name, json_type_string));
}

const char *
ca_json_text_at(const struct json_object *array, size_t i)
{
	return text_of(json_object_array_get_idx(array, i));
}

int64_t
ca_json_int(const struct json_object *in, const char *name)
{
	return json_object_get_int64(member(in, name, json_type_int));
}

bool
ca_json_bool(const struct json_object *in, const char *name)
{
	return json_object_get_boolean(member(in, name, json_type_boolean));
}

void
ca_json_add(struct json_object *in, const char *name, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (value == NULL || json_object_object_add(in, name, value) != 0)
		abort();
}

int
ca_json_add_csr(struct json_object *in, struct ca_span csr, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, CSR_PEM_MAX);
	rc = ca_pem_write(PEM_STRING_X509_REQ, csr, &text, err);
	ca_json_add(in, "csr", buf_text(&text));
	buf_free(&text);
	return rc;
}

void
ca_json_add_seconds(struct json_object *in, const char *name, int64_t seconds)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64 "s", seconds);
	ca_json_add(in, name, text);
}

void
ca_json_quote(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20)
			buf_printf(out, "\\u%04x", (unsigned)*text);
		else if (*text == '"' || *text == '\\')
			buf_printf(out, "\\%c", *text);
		else
			buf_char(out, *text);
	}
	buf_char(out, '"');
}

void
ca_json_write(struct json_object *object, struct buf *out)
{
	const char *text = json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text == NULL)
		abort();
	buf_str(out, text);
}
