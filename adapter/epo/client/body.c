#include "body_internal.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "epo_client.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define BLANKS " \t\r\n"
#define SHOWN 60 /* bytes of what is no answer, for people */

struct span {
	const char *p;
	size_t len;
};

static bool
is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_blank(*s.p)) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

static bool
skip(struct span *s, const char *word)
{
	size_t len = strlen(word);

	if (s->len < len || strncasecmp(s->p, word, len) != 0)
		return false;
	s->p += len;
	s->len -= len;
	return true;
}

/* --- the payload --- */

static struct json_object *
parse(struct span s)
{
	struct json_tokener *tokener = json_tokener_new_ex(EPO_DEPTH_MAX);
	struct json_object *value;
	bool whole;

	if (tokener == NULL)
		abort();
	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, s.p, (int)s.len);
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		/* A number ends with what is behind it. */
		value = json_tokener_parse_ex(tokener, "\n", 1);
	whole = json_tokener_get_error(tokener) == json_tokener_success &&
	    json_tokener_get_parse_end(tokener) <= s.len;
	json_tokener_free(tokener);
	if (whole)
		return value;
	(void)json_object_put(value);
	return NULL;
}

static bool
starts_json(struct span s)
{
	return s.len > 0 && strchr("[{\"", *s.p) != NULL;
}

static int
read_payload(struct span s, struct epo_body *ret, struct err *err)
{
	struct json_object *value;
	struct buf text;

	if (s.len == 0)
		return 0;
	value = parse(s);
	if (value == NULL && starts_json(s))
		return err_set(err, ERR_PROTOCOL,
		    "the answer's JSON is broken off, or not JSON");
	if (value != NULL && json_object_is_type(value, json_type_array) &&
	    json_object_array_length(value) > EPO_ROWS_MAX) {
		(void)json_object_put(value);
		return err_set(err, ERR_PROTOCOL,
		    "the answer has more than %d rows", EPO_ROWS_MAX);
	}
	if (value == NULL && !(s.len == 4 && memcmp(s.p, "null", 4) == 0)) {
		/* A text as it is, and printable: nobody said what it is in. */
		buf_init(&text, EPO_VALUE_MAX);
		str_printable(&text, s.p, s.len, EPO_VALUE_MAX - 8);
		value = json_object_new_string(buf_text(&text));
		buf_free(&text);
	}
	ret->value = value;
	return 0;
}

/* --- the frame --- */

static void
read_error(struct span s, struct epo_body *ret)
{
	const char *colon = memchr(s.p, ':', s.len);
	struct span code = s, text = {s.p, 0};
	struct buf shown;
	char number[16];

	ret->code = -1;
	if (colon != NULL) {
		code.len = (size_t)(colon - s.p);
		text.p = colon + 1;
		text.len = s.len - code.len - 1;
	}
	code = trim(code);
	if (code.len < sizeof(number)) {
		memcpy(number, code.p, code.len);
		number[code.len] = '\0';
		(void)str_int(number, 0, INT32_MAX, &ret->code);
	}
	text = trim(text);
	buf_init(&shown, EPO_ERROR_TEXT - 1);
	str_printable(&shown, text.p, text.len, EPO_ERROR_TEXT - 8);
	memcpy(ret->error, buf_text(&shown), shown.len + 1);
	buf_free(&shown);
}

static int
no_answer(struct span s, struct err *err)
{
	struct buf shown;

	buf_init(&shown, sizeof(err->text));
	str_printable(&shown, s.p, s.len, SHOWN);
	(void)err_set(err, ERR_PROTOCOL,
	    "begins neither with OK: nor with Error, as an ePO's answer "
	    "does: \"%s\"",
	    buf_text(&shown));
	buf_free(&shown);
	return -1;
}

int
epo_body_read(
    const void *bytes, size_t len, struct epo_body *ret, struct err *err)
{
	struct epo_body b = {.ok = false};
	struct span s = {bytes, len};

	if (len > EPO_ANSWER_MAX)
		return err_set(err, ERR_PROTOCOL,
		    "the answer exceeds %zu bytes", EPO_ANSWER_MAX);
	(void)skip(&s, "\xef\xbb\xbf");
	s = trim(s);
	if (skip(&s, "OK:")) {
		b.ok = true;
		if (read_payload(trim(s), &b, err) != 0)
			return -1;
	} else if (skip(&s, "Error")) {
		read_error(s, &b);
	} else {
		return no_answer(s, err);
	}
	*ret = b;
	return 0;
}

void
epo_body_clear(struct epo_body *b)
{
	(void)json_object_put(b->value);
	memset(b, 0, sizeof(*b));
}

bool
epo_body_no_command(const struct epo_body *b)
{
	return !b->ok &&
	    (b->code == 1 || strstr(b->error, "No such command") != NULL ||
		strstr(b->error, "Command was not found") != NULL);
}

/* --- values --- */

const char *
epo_text_of(struct json_object *value)
{
	enum json_type type = json_object_get_type(value);
	const char *text;

	if (type != json_type_string && type != json_type_int &&
	    type != json_type_boolean)
		return NULL;
	text = json_object_get_string(value);
	if (type == json_type_string &&
	    strlen(text) != (size_t)json_object_get_string_len(value))
		return NULL; /* a NUL within */
	if (strlen(text) > EPO_VALUE_MAX || text[strspn(text, BLANKS)] == '\0')
		return NULL;
	return text;
}

static struct json_object *
member(struct json_object *row, const char *name)
{
	struct json_object_iterator at, end;
	struct json_object *value = NULL;

	if (!json_object_is_type(row, json_type_object))
		return NULL;
	if (json_object_object_get_ex(row, name, &value))
		return value;
	/* As "EPOLeafNode.ParentID", which is "parentId" elsewhere. */
	at = json_object_iter_begin(row);
	end = json_object_iter_end(row);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		if (str_ieq(json_object_iter_peek_name(&at), name))
			return json_object_iter_peek_value(&at);
	return NULL;
}

const char *
epo_value(struct json_object *row, const char *name)
{
	return epo_text_of(member(row, name));
}

int
epo_number_of(struct json_object *value, int64_t *ret)
{
	const char *text = epo_text_of(value);
	struct span s;
	char number[32];

	if (text == NULL)
		return -1;
	s = trim((struct span){text, strlen(text)});
	if (s.len >= sizeof(number))
		return -1;
	memcpy(number, s.p, s.len);
	number[s.len] = '\0';
	return str_int(number, INT64_MIN, INT64_MAX, ret);
}

int
epo_number(struct json_object *row, const char *name, int64_t *ret)
{
	return epo_number_of(member(row, name), ret);
}
