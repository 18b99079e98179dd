/*
 * multipart/form-data (RFC 7578, RFC 2046): the whole body at once, which its
 * route has bounded.
 *
 *   --BOUNDARY CRLF headers CRLF CRLF value CRLF --BOUNDARY ... --BOUNDARY--
 *
 * A file is a part with a "filename".  What is in doubt is refused: a part
 * without a name, a transfer encoding, an end that is not there.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "http_args_internal.h"
#include "mem.h"
#include "str.h"

#define PARAMETER_MAX 1024 /* a quoted text in a header */
#define DELIMITER_MAX (HTTP_BOUNDARY_MAX + 8)

struct reader {
	const uint8_t *at, *end;
	char delimiter[DELIMITER_MAX]; /* CRLF, "--", boundary */
	size_t delimiter_len;
	size_t part; /* from 1 */
};

/* Of one part. */
struct head {
	struct buf name, file;
	bool named, is_file;
	char *type;
};

static int
complain(const struct reader *r, struct err *err, const char *what)
{
	return err_set(
	    err, ERR_INVALID, "multipart form, part %zu: %s", r->part, what);
}

/* --- parameters: ; name=token; name="quoted \" text" --- */

static const char *
skip_blank(const char *at)
{
	return at + strspn(at, " \t");
}

/* At an opening quote. Browsers write a quote within as %22 (WHATWG), others as
 * \". NULL when it does not end. */
static const char *
read_quoted(const char *at, struct buf *out)
{
	for (at++; *at != '"'; at++) {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		else if (strncmp(at, "%22", 3) == 0) {
			buf_char(out, '"');
			at += 2;
			continue;
		}
		if (*at == '\0')
			return NULL;
		buf_char(out, *at);
	}
	return at + 1;
}

static const char *
read_token(const char *at, struct buf *out)
{
	size_t len = strcspn(at, "; \t\"");

	buf_add(out, at, len);
	return at + len;
}

/* One parameter, at its semicolon; NULL when it is none. */
static const char *
read_parameter(const char *at, struct buf *name, struct buf *value)
{
	size_t len;

	buf_reset(name);
	buf_reset(value);
	at = skip_blank(at);
	if (*at != ';')
		return NULL;
	at = skip_blank(at + 1);
	len = strcspn(at, "=; \t\"");
	buf_add(name, at, len);
	at += len;
	if (len == 0 || *at != '=')
		return NULL;
	at++;
	at = *at == '"' ? read_quoted(at, value) : read_token(at, value);
	if (at == NULL || name->over || value->over)
		return NULL;
	return skip_blank(at);
}

/* --- the boundary --- */

static bool
is_boundary(const struct buf *value)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ";
	const char *text = buf_text(value);

	return value->len > 0 && value->len <= HTTP_BOUNDARY_MAX &&
	    strspn(text, allowed) == value->len && text[value->len - 1] != ' ';
}

static int
find_boundary(struct reader *r, const char *type, struct err *err)
{
	const char *at = strchr(type, ';');
	struct buf name, value;
	bool found = false;

	buf_init(&name, PARAMETER_MAX);
	buf_init(&value, PARAMETER_MAX);
	while (at != NULL && *at != '\0' && !found) {
		at = read_parameter(at, &name, &value);
		found = at != NULL && str_ieq(buf_text(&name), "boundary");
	}
	found = found && is_boundary(&value);
	if (found)
		r->delimiter_len = (size_t)snprintf(r->delimiter,
		    sizeof(r->delimiter), "\r\n--%s", buf_text(&value));
	buf_free(&name);
	buf_free(&value);
	if (found)
		return 0;
	return err_set(err, ERR_INVALID,
	    "multipart form: its Content-Type has no boundary of 1 to %d "
	    "characters",
	    HTTP_BOUNDARY_MAX);
}

/* --- the headers of a part --- */

static int
read_disposition(
    const struct reader *r, struct head *h, const char *value, struct err *err)
{
	struct buf name, text, *into;
	const char *at;
	bool again = false;

	if (strncasecmp(value, "form-data", 9) != 0)
		return complain(r, err, "its disposition is not form-data");
	buf_init(&name, PARAMETER_MAX);
	buf_init(&text, PARAMETER_MAX);
	for (at = skip_blank(value + 9); at != NULL && *at != '\0';) {
		at = read_parameter(at, &name, &text);
		into = NULL;
		if (at != NULL && str_ieq(buf_text(&name), "name")) {
			again = again || h->named;
			h->named = true;
			into = &h->name;
		} else if (at != NULL && str_ieq(buf_text(&name), "filename")) {
			again = again || h->is_file;
			h->is_file = true;
			into = &h->file;
		}
		if (into != NULL)
			buf_add(into, text.data, text.len);
	}
	buf_free(&name);
	buf_free(&text);
	if (at == NULL || again)
		return complain(r, err, "its disposition cannot be read");
	return 0;
}

static int
read_header(const struct reader *r, struct head *h, char *line, struct err *err)
{
	char *value = strchr(line, ':');

	if (value == NULL || value == line)
		return complain(r, err, "a header without a name");
	*value++ = '\0';
	value += strspn(value, " \t");
	if (str_ieq(line, "Content-Disposition"))
		return read_disposition(r, h, value, err);
	if (str_ieq(line, "Content-Type")) {
		mem_replace(&h->type, value);
		return 0;
	}
	if (str_ieq(line, "Content-Transfer-Encoding") &&
	    !str_ieq(value, "7bit") && !str_ieq(value, "8bit") &&
	    !str_ieq(value, "binary"))
		return complain(r, err,
		    "its transfer encoding is not binary (RFC 7578, 4.7)");
	return 0;
}

/* All of them, up to the empty line, which is skipped. */
static int
read_headers(struct reader *r, struct head *h, struct err *err)
{
	const uint8_t *end;
	char *line;
	size_t left = HTTP_PART_HEAD_MAX, len;
	int rc = 0;

	while (rc == 0) {
		end = memmem(r->at, (size_t)(r->end - r->at), "\r\n", 2);
		len = end == NULL ? 0 : (size_t)(end - r->at);
		if (end == NULL || len > left)
			return complain(r, err, "its headers do not end");
		left -= len;
		line = mem_dup_len((const char *)r->at, len);
		r->at = end + 2;
		if (strlen(line) != len)
			rc = complain(r, err, "a NUL in its headers");
		else if (len > 0)
			rc = read_header(r, h, line, err);
		free(line);
		if (len == 0)
			break;
	}
	if (rc == 0 && !h->named)
		rc = complain(r, err, "it has no name");
	return rc;
}

/* --- parts --- */

/* After a boundary: 1 = another part, 0 = the end, -1 = neither. */
static int
after_boundary(struct reader *r, struct err *err)
{
	size_t left = (size_t)(r->end - r->at);

	if (left >= 2 && memcmp(r->at, "--", 2) == 0)
		return 0; /* and no matter what follows (RFC 2046, 5.1.1) */
	while (left > 0 && (*r->at == ' ' || *r->at == '\t')) {
		r->at++;
		left--;
	}
	if (left < 2 || memcmp(r->at, "\r\n", 2) != 0)
		return complain(r, err, "no line ends after the boundary");
	r->at += 2;
	return 1;
}

static int
add_part(struct reader *r, struct http_arg_list *list, const struct head *h,
    struct err *err)
{
	struct http_arg arg = {.name = buf_text(&h->name),
	    .value = (const char *)r->at,
	    .file = h->is_file ? buf_text(&h->file) : NULL,
	    .type = h->type};
	const uint8_t *end = memmem(
	    r->at, (size_t)(r->end - r->at), r->delimiter, r->delimiter_len);

	if (end == NULL)
		return complain(r, err, "it does not end");
	arg.len = (size_t)(end - r->at);
	r->at = end + r->delimiter_len;
	return http_arg_add(list, &arg, h->name.len, err);
}

static int
read_part(struct reader *r, struct http_arg_list *list, struct err *err)
{
	struct head h = {.named = false};
	int rc;

	r->part++;
	buf_init(&h.name, PARAMETER_MAX);
	buf_init(&h.file, PARAMETER_MAX);
	rc = read_headers(r, &h, err);
	if (rc == 0)
		rc = add_part(r, list, &h, err);
	buf_free(&h.name);
	buf_free(&h.file);
	free(h.type);
	return rc;
}

/* Behind the first boundary, which need not have a line before it; if there is
 * one, it says nothing (RFC 2046, 5.1.1). */
static bool
find_first(struct reader *r)
{
	size_t len = (size_t)(r->end - r->at), dashed = r->delimiter_len - 2;
	const uint8_t *found;

	if (len >= dashed && memcmp(r->at, r->delimiter + 2, dashed) == 0) {
		r->at += dashed;
		return true;
	}
	found = memmem(r->at, len, r->delimiter, r->delimiter_len);
	if (found != NULL)
		r->at = found + r->delimiter_len;
	return found != NULL;
}

int
http_args_multipart(struct http_arg_list *list, const char *type,
    const uint8_t *body, size_t len, struct err *err)
{
	struct reader r = {.at = body, .end = body + len};
	int rc;

	if (find_boundary(&r, type, err) != 0)
		return -1;
	if (!find_first(&r))
		return err_set(err, ERR_INVALID,
		    "multipart form: its boundary is not in it");
	while ((rc = after_boundary(&r, err)) == 1)
		if (read_part(&r, list, err) != 0)
			return -1;
	return rc;
}
