/* Arguments: the list of them, and the form that URLs have. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "http_args_internal.h"
#include "mem.h"
#include "str.h"
#include "utf8.h"

#define TYPE_URLENCODED "application/x-www-form-urlencoded"
#define TYPE_MULTIPART "multipart/form-data"

struct http_arg_list *
http_arg_list_new(void)
{
	return mem_alloc(sizeof(struct http_arg_list));
}

static void
give_back(const void *text)
{
	union {
		const void *held;
		void *owned;
	} u = {.held = text};

	free(u.owned);
}

void
http_arg_list_free(struct http_arg_list *list)
{
	size_t i;

	if (list == NULL)
		return;
	for (i = 0; i < list->count; i++) {
		give_back(list->args[i].name);
		give_back(list->args[i].value);
		give_back(list->args[i].file);
		give_back(list->args[i].type);
	}
	free(list->args);
	free(list);
}

/* UTF-8 without NUL. */
static bool
is_text(const char *text, size_t len)
{
	uint32_t point;
	size_t n;

	for (; len > 0; text += n, len -= n) {
		n = utf8_next(text, len, &point);
		if (n == 0 || point == 0)
			return false;
	}
	return true;
}

static int
check_arg(const struct http_arg_list *list, const struct http_arg *arg,
    size_t name_len, struct err *err)
{
	if (list->count >= HTTP_ARGS_MAX)
		return err_set(
		    err, ERR_LIMIT, "more than %d arguments", HTTP_ARGS_MAX);
	if (name_len == 0)
		return err_set(err, ERR_INVALID, "argument %zu has no name",
		    list->count + 1);
	if (name_len > HTTP_ARG_NAME_MAX)
		return err_set(err, ERR_LIMIT,
		    "the name of argument %zu is longer than %d bytes",
		    list->count + 1, HTTP_ARG_NAME_MAX);
	if (!is_text(arg->name, name_len) ||
	    (arg->file == NULL && !is_text(arg->value, arg->len)))
		return err_set(err, ERR_INVALID,
		    "argument %zu is not UTF-8 text", list->count + 1);
	return 0;
}

int
http_arg_add(struct http_arg_list *list, const struct http_arg *arg,
    size_t name_len, struct err *err)
{
	struct http_arg *own;

	if (check_arg(list, arg, name_len, err) != 0)
		return -1;
	/* Room is made a power of two at a time. */
	if ((list->count & (list->count - 1)) == 0)
		list->args =
		    mem_grow(list->args, list->count == 0 ? 1 : 2 * list->count,
			sizeof(*list->args));
	own = &list->args[list->count++];
	own->name = mem_dup_len(arg->name, name_len);
	own->value = mem_dup_len(arg->value, arg->len);
	own->len = arg->len;
	own->file = mem_dup(arg->file);
	own->type = mem_dup(arg->type);
	return 0;
}

/* --- urlencoded --- */

/* In place of the bytes before; the place of the first bad one, or len. */
static size_t
unescape(const char *text, size_t len, struct buf *out)
{
	char hex[3] = "";
	uint8_t byte;
	size_t i;

	buf_reset(out);
	for (i = 0; i < len; i++) {
		if (text[i] == '+') {
			buf_char(out, ' ');
			continue;
		}
		if (text[i] != '%') {
			buf_char(out, text[i]);
			continue;
		}
		if (len - i < 3)
			return i;
		memcpy(hex, text + i + 1, 2);
		if (str_unhex(hex, &byte, 1) != 0)
			return i;
		buf_add(out, &byte, 1);
		i += 2;
	}
	return len;
}

struct piece {
	const char *text;
	size_t len;
};

static int
add_pair(struct http_arg_list *list, struct piece name, struct piece value,
    struct buf *scratch, struct err *err)
{
	struct http_arg arg = {0};
	const char *bad = NULL;
	char *text;
	size_t len, at;
	int rc;

	at = unescape(name.text, name.len, scratch);
	if (at < name.len)
		bad = name.text + at;
	len = scratch->len;
	text = mem_dup_len(buf_text(scratch), len);
	at = unescape(value.text, value.len, scratch);
	if (bad == NULL && at < value.len)
		bad = value.text + at;
	arg.name = text;
	arg.value = buf_text(scratch);
	arg.len = scratch->len;
	if (bad != NULL)
		rc = err_set(err, ERR_INVALID,
		    "argument %zu: \"%%\" must be followed by two "
		    "hexadecimal digits (a \"%%\" itself is written %%25)",
		    list->count + 1);
	else
		rc = http_arg_add(list, &arg, len, err);
	free(text);
	return rc;
}

/* The bytes up to the first c, which is skipped. */
static struct piece
take_until(struct piece *from, char c)
{
	const char *end = memchr(from->text, c, from->len);
	struct piece got = *from;

	if (end == NULL) {
		from->text += from->len;
		from->len = 0;
		return got;
	}
	got.len = (size_t)(end - from->text);
	from->text = end + 1;
	from->len -= got.len + 1;
	return got;
}

int
http_args_urlencoded(struct http_arg_list *list, const char *text, size_t len,
    const char *what, struct err *err)
{
	struct piece rest = {text, len}, pair, name;
	struct buf scratch;
	int rc = 0;

	buf_init(&scratch, len);
	while (rc == 0 && rest.len > 0) {
		pair = take_until(&rest, '&');
		if (pair.len == 0)
			continue;
		name = take_until(&pair, '=');
		rc = add_pair(list, name, pair, &scratch, err);
	}
	buf_free(&scratch);
	return rc == 0 ? 0 : err_context(err, "%s", what);
}

/* --- by type --- */

/* "Text/Plain; charset=x" is of type "text/plain". */
static bool
is_type(const char *type, const char *want)
{
	size_t len = strlen(want);

	return strncasecmp(type, want, len) == 0 &&
	    (type[len] == '\0' || strchr("; \t", type[len]) != NULL);
}

int
http_args_body(struct http_arg_list *list, const char *type,
    const uint8_t *body, size_t len, struct err *err)
{
	if (type == NULL || len == 0)
		return 0;
	if (is_type(type, TYPE_URLENCODED))
		return http_args_urlencoded(
		    list, (const char *)body, len, "form", err);
	if (is_type(type, TYPE_MULTIPART))
		return http_args_multipart(list, type, body, len, err);
	return 0;
}
