#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT "CONTEXT"
#define ELEMENT "EnumerationContext>"

static const char settings[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
    "<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\" "
    "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
    "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\"><Header>"
    "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
    "</a:Action><a:To>/wsman</a:To>"
    "<w:ResourceURI>http://intel.com/wbem/wscim/1/amt-schema/1/"
    "AMT_GeneralSettings</w:ResourceURI><a:MessageID>1</a:MessageID>"
    "<a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/"
    "addressing/role/anonymous</a:Address></a:ReplyTo>"
    "<w:OperationTimeout>PT60S</w:OperationTimeout></Header><Body/>"
    "</Envelope>";

static void
fail(const char *path, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", path, why);
	exit(2);
}

static void
add(struct bench_requests *requests, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	requests->line = realloc(
	    requests->line, (requests->count + 1) * sizeof(*requests->line));
	if (requests->line == NULL)
		abort();
	requests->line[requests->count++] = copy;
}

void
bench_requests_read(struct bench_requests *requests, const char *path)
{
	char line[BENCH_REQUEST_MAX - 64]; /* room for what is put in */
	FILE *f;

	*requests = (struct bench_requests){0};
	if (path == NULL) {
		add(requests, settings);
		return;
	}
	f = fopen(path, "re");
	if (f == NULL) {
		fail(path, "cannot be read");
		return;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		if (requests->count == BENCH_REQUESTS_MAX)
			fail(path, "too many requests");
		if (line[strcspn(line, "\n")] == '\0')
			fail(path, "a line is too long or has no end");
		line[strcspn(line, "\n")] = '\0';
		add(requests, line);
	}
	(void)fclose(f);
	if (requests->count == 0)
		fail(path, "no request");
}

void
bench_requests_free(struct bench_requests *requests)
{
	while (requests->count > 0)
		free(requests->line[--requests->count]);
	free(requests->line);
	requests->line = NULL;
}

static void
find_context(const char *answer, size_t len, char *out, size_t size)
{
	const char *at = memmem(answer, len, ELEMENT, strlen(ELEMENT));
	const char *end = answer + len;
	size_t n = 0;

	out[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(ELEMENT);
	while (at < end && *at != '<' && n + 1 < size)
		out[n++] = *at++;
	out[n] = '\0';
}

/* Append, as far as it fits. */
static size_t
put(char out[BENCH_REQUEST_MAX], size_t at, const char *text, size_t len)
{
	if (len >= BENCH_REQUEST_MAX - at)
		len = BENCH_REQUEST_MAX - at - 1;
	memcpy(out + at, text, len);
	out[at + len] = '\0';
	return at + len;
}

void
bench_request(const struct bench_requests *requests, unsigned n,
    const char *answer, size_t len, char out[BENCH_REQUEST_MAX])
{
	const char *line = requests->line[n % requests->count];
	const char *at = strstr(line, CONTEXT);
	char value[64];
	size_t used;

	if (at == NULL) {
		(void)put(out, 0, line, strlen(line));
		return;
	}
	find_context(answer, len, value, sizeof(value));
	used = put(out, 0, line, (size_t)(at - line));
	used = put(out, used, value, strlen(value));
	(void)put(
	    out, used, at + strlen(CONTEXT), strlen(at + strlen(CONTEXT)));
}
