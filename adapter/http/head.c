/*
 * Heads that can be read in two ways are refused (RFC 9112, 11.2):
 * libmicrohttpd takes the first of what is there twice and passes over what it
 * does not know, so one who stands in front of us might see another request
 * than we do.
 */
#include <string.h>
#include <strings.h>

#include "http_internal.h"
#include "str.h"

#define HTTP_1_0 "HTTP/1.0"

/* Of which there is one at most (RFC 9110, 5.3). */
enum single { HOST, LENGTH, TYPE, AUTHORIZATION, IDEMPOTENCY, SINGLES };
static const char *const singles[SINGLES] = {
    [HOST] = MHD_HTTP_HEADER_HOST,
    [LENGTH] = MHD_HTTP_HEADER_CONTENT_LENGTH,
    [TYPE] = MHD_HTTP_HEADER_CONTENT_TYPE,
    [AUTHORIZATION] = MHD_HTTP_HEADER_AUTHORIZATION,
    [IDEMPOTENCY] = "Idempotency-Key",
};

struct head {
	unsigned headers, codings, count[SINGLES];
	bool twice;
	size_t cookies; /* bytes */
	bool bad_name, not_chunked, encoded, expects;
};

/* RFC 9110, 5.6.2; libmicrohttpd leaves a blank before the colon in it. */
static bool
is_token(const char *text)
{
	static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
				      "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

static void
count_single(struct head *h, const char *name)
{
	size_t i;

	for (i = 0; i < SINGLES; i++)
		if (str_ieq(name, singles[i]) && ++h->count[i] > 1)
			h->twice = true;
}

static enum MHD_Result
look(void *cookie, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct head *h = cookie;

	h->headers++;
	if (value == NULL)
		value = "";
	if (kind == MHD_COOKIE_KIND)
		return MHD_YES;
	count_single(h, name);
	if (!is_token(name))
		h->bad_name = true;
	else if (str_ieq(name, MHD_HTTP_HEADER_COOKIE))
		h->cookies += strlen(value);
	else if (str_ieq(name, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
		h->codings++;
		if (!str_ieq(value, "chunked"))
			h->not_chunked = true;
	} else if (str_ieq(name, MHD_HTTP_HEADER_CONTENT_ENCODING)) {
		if (!str_ieq(value, "identity"))
			h->encoded = true;
	} else if (str_ieq(name, MHD_HTTP_HEADER_EXPECT)) {
		if (!str_ieq(value, "100-continue"))
			h->expects = true;
	}
	return MHD_YES;
}

/* A blank ends it, and a NUL would end it for us alone. */
static const char *
judge_target(const char *target)
{
	const char *query = strchr(target, '?'), *nul = strstr(target, "%00");

	if (strchr(target, ' ') != NULL)
		return "a blank in the address: it is written %20";
	if (nul != NULL && (query == NULL || nul < query))
		return "a NUL (%00) in the address";
	return NULL;
}

static const char *
judge_framing(const struct head *h, bool old)
{
	if (h->bad_name)
		return "a header without a proper name";
	if (h->twice)
		return "Host, Content-Length, Content-Type, Authorization or "
		       "Idempotency-Key is there twice";
	if (h->count[HOST] == 0 && !old)
		return "no Host header";
	if (h->codings > 0 && h->count[LENGTH] > 0)
		return "both Content-Length and Transfer-Encoding";
	if (h->codings > 0 && old)
		return "Transfer-Encoding in " HTTP_1_0;
	return NULL;
}

size_t
http_head_size(const struct http_request *r)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    r->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info == NULL ? 0 : info->header_size;
}

static int
judge_size(
    const struct http_request *r, const struct head *h, const char **ret_why)
{
	if (strlen(r->target) > HTTP_HEAD_MAX) {
		*ret_why = "an address of more than 8 KB: send it as a form";
		return MHD_HTTP_URI_TOO_LONG;
	}
	if (http_head_size(r) + h->cookies > HTTP_HEAD_MAX ||
	    h->headers > HTTP_HEADERS_MAX) {
		*ret_why = "more than 8 KB of address and headers, or more "
			   "than 80 headers";
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	}
	return 0;
}

/* What can be read in one way alone, and is nothing that we know. */
static int
judge_unknown(const struct head *h, const char **ret_why)
{
	if (h->not_chunked || h->codings > 1) {
		*ret_why = "no Transfer-Encoding is known but chunked";
		return MHD_HTTP_NOT_IMPLEMENTED;
	}
	if (h->encoded) {
		*ret_why = "no Content-Encoding is known: send it as it is";
		return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	}
	if (h->expects) {
		*ret_why = "nothing can be expected but 100-continue";
		return MHD_HTTP_EXPECTATION_FAILED;
	}
	return 0;
}

int
http_head_check(
    const struct http_request *r, const char *version, const char **ret_why)
{
	struct head h = {0};
	int status;

	(void)MHD_get_connection_values(
	    r->connection, MHD_HEADER_KIND, look, &h);
	(void)MHD_get_connection_values(
	    r->connection, MHD_COOKIE_KIND, look, &h);
	status = judge_size(r, &h, ret_why);
	if (status != 0)
		return status;
	*ret_why = judge_target(r->target);
	if (*ret_why == NULL)
		*ret_why = judge_framing(&h, str_eq(version, HTTP_1_0));
	if (*ret_why != NULL)
		return MHD_HTTP_BAD_REQUEST;
	return judge_unknown(&h, ret_why);
}

/* "https://host:8443/path", as a proxy is asked, means our path too (RFC 9112,
 * 3.2.2). */
const char *
http_head_path(const char *path)
{
	static const char *const schemes[] = {"https://", "http://"};
	const char *slash;
	size_t i, len;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		len = strlen(schemes[i]);
		if (strncasecmp(path, schemes[i], len) != 0)
			continue;
		slash = strchr(path + len, '/');
		return slash == NULL ? "/" : slash;
	}
	return path;
}
