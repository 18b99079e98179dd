#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "http_internal.h"
#include "sim.h"

#define MAX_CHUNK 800 /* of an answer: always fewer than four digits */
#define LOGIN_PAGE_LEN 690

static void
trim(char **start, char *end)
{
	while (end > *start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	*start += strspn(*start, " \t");
}

/* A field's line is cut in two where it stands. */
static int
split_field(char *line, char **ret_name, char **ret_value)
{
	char *colon = strchr(line, ':');

	if (colon == NULL || colon == line ||
	    strcspn(line, " \t") < (size_t)(colon - line))
		return -1;
	*colon = '\0';
	*ret_name = line;
	*ret_value = colon + 1;
	trim(ret_value, *ret_value + strlen(*ret_value));
	return 0;
}

struct framing {
	int64_t length; /* -1: not given */
	bool chunked, host;
};

static const char *
take_field(struct http_request *r, struct framing *f, char *name, char *value)
{
	if (strcasecmp(name, "Content-Length") == 0) {
		if (f->length >= 0 ||
		    number(value, 0, INT64_MAX, &f->length) < 0)
			return "bad Content-Length";
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		if (f->chunked || strcasecmp(value, "chunked") != 0)
			return "bad Transfer-Encoding";
		f->chunked = true;
	} else if (strcasecmp(name, "Host") == 0) {
		f->host = true;
	} else if (strcasecmp(name, "Connection") == 0) {
		r->close = strcasestr(value, "close") != NULL;
	} else if (strcasecmp(name, "Authorization") == 0) {
		if (r->authorization != NULL)
			return "more than one Authorization";
		r->authorization = must_strdup(value);
	} else if (strcasecmp(name, "Content-Type") == 0) {
		if (r->content_type != NULL)
			return "more than one Content-Type";
		r->content_type = must_strdup(value);
	}
	return NULL;
}

static const char *
parse_request_line(struct http_request *r, char *line)
{
	char *path = strchr(line, ' '), *version;

	if (path == NULL)
		return "bad request line";
	*path++ = '\0';
	version = strchr(path, ' ');
	if (version == NULL)
		return "bad request line";
	*version++ = '\0';
	if (strcmp(version, "HTTP/1.1") != 0)
		return "not HTTP/1.1";
	if (*line == '\0' || strlen(line) >= sizeof(r->method) ||
	    *path != '/' || strlen(path) >= sizeof(r->path))
		return "bad request line";
	strcpy(r->method, line);
	strcpy(r->path, path);
	return NULL;
}

static const char *
parse_head(struct http_request *r, struct framing *f, char *head)
{
	char *line = head, *next, *name, *value;
	const char *problem;
	int fields = 0;

	for (; line != NULL; line = next) {
		next = strstr(line, "\r\n");
		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		if (strpbrk(line, "\r\n") != NULL)
			return "bare line end in the header";
		if (line == head)
			problem = parse_request_line(r, line);
		else if (++fields > HTTP_MAX_FIELDS)
			problem = "too many header fields";
		else if (split_field(line, &name, &value) < 0)
			problem = "bad header field";
		else
			problem = take_field(r, f, name, value);
		if (problem != NULL)
			return problem;
	}
	if (!f->host)
		return "no Host";
	if (f->chunked && f->length >= 0)
		return "Content-Length and Transfer-Encoding";
	return NULL;
}

/* RFC 9112 section 7.1; extensions and trailers are refused. */
static enum http_progress
parse_chunks(const char *data, size_t len, struct text *body, size_t *ret_used,
    const char **ret_problem)
{
	size_t used = 0, size;
	const char *end;

	*ret_problem = "bad chunk";
	for (;;) {
		end = memmem(data + used, len - used, "\r\n", 2);
		if (end == NULL)
			return len - used > 18 ? HTTP_BAD : HTTP_MORE;
		size = strspn(data + used, "0123456789abcdefABCDEF");
		if (size == 0 || size > 8 || data + used + size != end)
			return HTTP_BAD;
		size = strtoul(data + used, NULL, 16);
		if (size > HTTP_MAX_BODY - body->len) {
			*ret_problem = "body too large";
			return HTTP_BAD;
		}
		used = (size_t)(end - data) + 2;
		if (len - used < size + 2)
			return HTTP_MORE;
		if (memcmp(data + used + size, "\r\n", 2) != 0)
			return HTTP_BAD;
		text_add(body, data + used, size);
		used += size + 2;
		if (size == 0)
			break;
	}
	*ret_used = used;
	return HTTP_WHOLE;
}

static enum http_progress
parse_body(const char *data, size_t len, const struct framing *f,
    struct http_request *r, const char **ret_problem)
{
	size_t used = 0;
	enum http_progress progress;

	if (f->chunked) {
		progress =
		    parse_chunks(data, len, &r->body, &used, ret_problem);
		if (progress != HTTP_WHOLE)
			return progress;
	} else if (f->length > HTTP_MAX_BODY) {
		*ret_problem = "body too large";
		return HTTP_BAD;
	} else if (f->length > 0) {
		used = (size_t)f->length;
		if (len < used)
			return HTTP_MORE;
		text_add(&r->body, data, used);
	}
	r->size += used;
	return HTTP_WHOLE;
}

enum http_progress
http_parse(const char *data, size_t len, struct http_request *ret,
    const char **ret_problem)
{
	size_t look = len < HTTP_MAX_HEAD ? len : HTTP_MAX_HEAD;
	const char *end = len == 0 ? NULL : memmem(data, look, "\r\n\r\n", 4);
	struct http_request r = {.size = 0};
	struct framing f = {.length = -1};
	enum http_progress progress = HTTP_BAD;
	char *head = NULL;

	if (end == NULL) {
		*ret_problem = "header too large";
		return len >= HTTP_MAX_HEAD ? HTTP_BAD : HTTP_MORE;
	}
	r.size = (size_t)(end - data) + 4;
	if (memchr(data, '\0', r.size) != NULL) {
		*ret_problem = "NUL in the header";
		return HTTP_BAD;
	}
	head = must_calloc(r.size, 1);
	memcpy(head, data, (size_t)(end - data));
	*ret_problem = parse_head(&r, &f, head);
	if (*ret_problem == NULL)
		progress = parse_body(
		    data + r.size, len - r.size, &f, &r, ret_problem);
	if (progress == HTTP_WHOLE)
		*ret = r;
	else
		http_request_free(&r);
	free(head);
	return progress;
}

void
http_request_free(struct http_request *r)
{
	free(r->authorization);
	free(r->content_type);
	text_free(&r->body);
	memset(r, 0, sizeof(*r));
}

static const char *
reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 303:
		return "See Other";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 503:
		return "Service Unavailable";
	default:
		return "Error";
	}
}

/* What the Server header says is not the whole truth on every release: 8 has
 * three numbers, some of 11 say little more than AMT. */
static void
add_server(const struct sim_state *s, struct text *out)
{
	if (s->major == 11)
		text_adds(out, "Server: AMT\r\n");
	else if (s->major < 9)
		text_addf(out,
		    "Server: Intel(R) Active Management Technology "
		    "%d.%d.%d\r\n",
		    s->major, s->minor, s->build);
	else
		text_addf(out,
		    "Server: Intel(R) Active Management Technology "
		    "%d.%d.%d.%d\r\n",
		    s->major, s->minor, s->build, 1000 + s->major * 37);
}

static void
add_date(const struct sim_device *d, struct text *out)
{
	time_t now = (time_t)(sim_now_ms(d) / 1000);
	char date[64];
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
		return;
	text_addf(out, "Date: %s\r\n", date);
}

/* Sizes of four upper-case digits; the borders fall anywhere, in the middle
 * of tags and of UTF-8 sequences too, because no client may mind. */
static void
add_chunks(const char *body, size_t len, struct dice *dice, struct text *out)
{
	size_t done = 0, size;

	while (done < len) {
		size = 1 +
		    dice_below(dice, dice_below(dice, 4) == 0 ? 16 : MAX_CHUNK);
		if (size > len - done)
			size = len - done;
		text_addf(out, "%04zX\r\n", size);
		text_add(out, body + done, size);
		text_adds(out, "\r\n");
		done += size;
	}
	text_adds(out, "0\r\n\r\n");
}

void
http_format(const struct sim_device *d, const struct http_answer *a,
    struct dice *dice, struct text *out)
{
	text_addf(out, "HTTP/1.1 %d %s\r\n", a->status, reason(a->status));
	add_date(d, out);
	add_server(&d->state, out);
	text_adds(out, "X-Frame-Options: DENY\r\n");
	if (a->fields != NULL)
		text_adds(out, a->fields);
	if (a->type != NULL)
		text_addf(out, "Content-Type: %s\r\n", a->type);
	if (a->chunked)
		text_adds(out, "Transfer-Encoding: chunked\r\n");
	else
		text_addf(out, "Content-Length: %zu\r\n", a->len);
	if (a->close)
		text_adds(out, "Connection: close\r\n");
	text_adds(out, "\r\n");
	if (a->chunked)
		add_chunks(a->body, a->len, dice, out);
	else
		text_add(out, a->body, a->len);
}

void
http_login_page(const struct sim_device *d, struct text *out)
{
	static const char head[] =
	    "<!DOCTYPE html>\n<html><head><title>Intel&reg; Active Management "
	    "Technology</title>\n<meta http-equiv=\"Content-Type\" "
	    "content=\"text/html; charset=utf-8\"></head>\n<body>\n"
	    "<table><tr><td><h1>Active Management Technology</h1></td></tr>\n"
	    "<tr><td><h2>Log On</h2></td></tr>\n<tr><td><p>Log on failed. "
	    "Incorrect user name or password, or user account temporarily "
	    "locked.</p>\n<form method=\"GET\" action=\"/index.htm\">"
	    "<input type=\"submit\" value=\"Try again\"></form></td></tr>"
	    "</table>\n";
	static const char tail[] = "</body></html>\n";
	size_t whole = LOGIN_PAGE_LEN + (size_t)(d->index & 3);

	static_assert(
	    sizeof(head) + sizeof(tail) < LOGIN_PAGE_LEN, "room to pad");
	text_addf(out, "%s%*s%s", head,
	    (int)(whole - (sizeof(head) - 1) - (sizeof(tail) - 1)), "\n", tail);
}
