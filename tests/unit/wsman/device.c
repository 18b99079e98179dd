#include "device.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE_HEAD                                                          \
	"<a:Envelope xmlns:a=\"http://www.w3.org/2003/05/soap-envelope\" "     \
	"xmlns:b=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "        \
	"xmlns:c=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\" "       \
	"xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" "          \
	"xmlns:g=\"http://intel.com/wbem/wscim/1/amt-schema/1/X\">"
#define ENVELOPE_TAIL "</a:Body></a:Envelope>"

/* --- Digest, independent of the code under test --- */

static void __attribute__((format(printf, 2, 3)))
md5(char out[33], const char *fmt, ...)
{
	unsigned char bytes[16];
	char text[HTTP_BODY_MAX + 1000];
	unsigned len = 0, i;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (EVP_Digest(text, strlen(text), bytes, &len, EVP_md5(), NULL) != 1)
		abort();
	for (i = 0; i < 16; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* Value of a parameter of the Authorization header. */
static void
parameter(const char *header, const char *name, char *out, size_t size)
{
	char start[32];
	const char *at;
	size_t len;

	(void)snprintf(start, sizeof(start), " %s=", name);
	at = strstr(header, start);
	out[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(start);
	len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, ",");
	if (len < size) {
		memcpy(out, at, len);
		out[len] = '\0';
	}
}

static void
nonce_text(const struct device *device, char out[33])
{
	(void)snprintf(out, 33, "NONCE%027u", device->nonce_number);
}

static bool
digest_good(struct device *device, const char *header,
    const struct http_request *request)
{
	char value[8][128], key[33], ha2[33], body[33], want[33], nonce[33];
	static const char *const names[] = {"username", "realm", "nonce", "uri",
	    "qop", "nc", "cnonce", "response"};
	unsigned count;
	size_t i;

	for (i = 0; i < 8; i++)
		parameter(header, names[i], value[i], sizeof(value[i]));
	nonce_text(device, nonce);
	(void)snprintf(
	    device->last_nc, sizeof(device->last_nc), "%.15s", value[5]);
	(void)snprintf(
	    device->last_qop, sizeof(device->last_qop), "%.15s", value[4]);
	count = (unsigned)strtoul(value[5], NULL, 16);
	if (strcmp(value[0], device->user) != 0 ||
	    strcmp(value[1], device->realm) != 0 ||
	    strcmp(value[2], nonce) != 0 || strcmp(value[3], "/wsman") != 0 ||
	    strlen(value[5]) != 8 || count <= device->last_count ||
	    strlen(value[6]) < 8)
		return false;
	md5(key, "%s:%s:%s", device->user, device->realm, device->password);
	md5(body, "%s", request->body);
	if (strcmp(value[4], "auth-int") == 0)
		md5(ha2, "POST:/wsman:%s", body);
	else
		md5(ha2, "POST:/wsman");
	md5(want, "%s:%s:%s:%s:%s:%s", key, value[2], value[5], value[6],
	    value[4], ha2);
	if (strcmp(want, value[7]) != 0)
		return false;
	device->last_count = count;
	return true;
}

/* --- answers --- */

static void __attribute__((format(printf, 2, 3)))
say(struct http_link *link, const char *fmt, ...)
{
	char text[HTTP_BODY_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)http_link_say(link, text);
}

static void
challenge(struct device *device, struct http_link *link)
{
	char nonce[33];

	device->nonce_number++;
	device->last_count = 0;
	nonce_text(device, nonce);
	say(link,
	    "HTTP/1.1 401 Unauthorized\r\n%s%s%s"
	    "WWW-Authenticate: Digest realm=\"%s\", nonce=\"%s\","
	    "stale=\"false\",qop=\"%s\"\r\n"
	    "Content-Type: text/html\r\nConnection: close\r\n"
	    "Content-Length: 10\r\n\r\nLog on fai",
	    device->other != NULL ? "WWW-Authenticate: " : "",
	    device->other != NULL ? device->other : "",
	    device->other != NULL ? "\r\n" : "", device->realm, nonce,
	    device->qop);
}

static void
envelope(struct http_link *link, const struct http_request *request,
    const char *status, const char *body)
{
	const char *at = strstr(request->body, "MessageID>");
	char id[32] = "", text[8192];

	if (at != NULL)
		(void)sscanf(at + 10, "%31[0-9]", id);
	(void)snprintf(text, sizeof(text),
	    ENVELOPE_HEAD "<a:Header><b:RelatesTo>%s</b:RelatesTo></a:Header>"
			  "<a:Body>%s" ENVELOPE_TAIL,
	    id, body);
	say(link,
	    "HTTP/1.1 %s\r\nServer: Intel(R) Active Management Technology "
	    "15.0.23.1706\r\nContent-Type: application/soap+xml\r\n"
	    "%sContent-Length: %zu\r\n\r\n%s",
	    status, status[0] == '4' ? "Connection: close\r\n" : "",
	    strlen(text), text);
}

static void
answer_pull(struct device *device, struct http_link *link,
    const struct http_request *request, unsigned number)
{
	char body[1024], more[100] = "";
	bool last = number >= device->pulls;

	if (!last)
		(void)snprintf(more, sizeof(more),
		    "<c:EnumerationContext>%u</c:EnumerationContext>",
		    number + 1);
	(void)snprintf(body, sizeof(body),
	    "<c:PullResponse>%s<c:Items><g:X><g:N>%u</g:N></g:X>"
	    "<g:X><g:N>%u</g:N></g:X></c:Items>%s</c:PullResponse>",
	    more, 2 * number, 2 * number + 1, last ? "<c:EndOfSequence/>" : "");
	envelope(link, request, "200 OK", body);
}

static void
execute(struct device *device, struct http_link *link,
    const struct http_request *request)
{
	const char *context = strstr(request->body, "EnumerationContext>");

	if (strstr(request->body, "enumeration/Pull<") != NULL &&
	    context != NULL)
		answer_pull(device, link, request,
		    (unsigned)strtoul(context + 19, NULL, 10));
	else if (strstr(request->body, "enumeration/Enumerate<") != NULL)
		envelope(link, request, "200 OK",
		    "<c:EnumerateResponse><c:EnumerationContext>1"
		    "</c:EnumerationContext></c:EnumerateResponse>");
	else
		envelope(link, request, "200 OK",
		    "<g:X><g:Answer>42</g:Answer></g:X>");
}

/* An authenticated request; false to close. */
static bool
serve_accepted(struct device *device, struct http_link *link,
    const struct http_request *request)
{
	static const char fault[] =
	    "<a:Fault><a:Code><a:Value>a:Sender</a:Value><a:Subcode>"
	    "<a:Value>w:QuotaLimit</a:Value></a:Subcode></a:Code>"
	    "<a:Reason><a:Text>busy</a:Text></a:Reason></a:Fault>";

	device->applied++;
	switch (atomic_load(&device->act)) {
	case DEVICE_LOSES_ANSWER:
		return false;
	case DEVICE_FAULTS:
		envelope(link, request, "400 Bad Request", fault);
		return false;
	case DEVICE_SENDS_HTML:
		say(link,
		    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
		    "Content-Length: 6\r\n\r\n<html>");
		return false;
	case DEVICE_SENDS_403:
		say(link,
		    "HTTP/1.1 403 Forbidden\r\n"
		    "Content-Length: 0\r\n\r\n");
		return true;
	case DEVICE_SENDS_500:
		say(link,
		    "HTTP/1.1 500 Internal Server Error\r\n"
		    "Content-Length: 0\r\n\r\n");
		return true;
	case DEVICE_SENDS_HALF:
		say(link, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nju");
		return false;
	case DEVICE_SENDS_JUNK:
		say(link, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\njunk");
		return true;
	case DEVICE_ANSWERS:
	case DEVICE_LOSES_PROBE:
	case DEVICE_WANTS_NOTHING:
	default:
		execute(device, link, request);
		return !device->close_each;
	}
}

static bool
serve_probe(struct device *device, struct http_link *link,
    const struct http_request *request)
{
	device->probes++;
	if (request->body_len > 0)
		device->probe_had_body = true;
	if (device->act == DEVICE_LOSES_PROBE)
		return false;
	if (device->act == DEVICE_WANTS_NOTHING) {
		say(link, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		return true;
	}
	challenge(device, link);
	return false;
}

static bool
authenticate(struct device *device, const char *header,
    const struct http_request *request, bool *connection)
{
	if (device->refuse_all)
		return false;
	if (device->expire) {
		device->expire = false;
		*connection = false;
		return false;
	}
	if (header[0] == '\0')
		return *connection;
	if (strncmp(header, "Negotiate ", 10) == 0)
		*connection = device->token != NULL &&
		    strcmp(header + 10, device->token) == 0;
	else
		return digest_good(device, header, request);
	return *connection;
}

static bool
serve_one(struct device *device, struct http_link *link,
    const struct http_request *request, bool *connection)
{
	static char header[HTTP_HEAD_MAX];

	header[0] = '\0';
	(void)http_request_header(
	    request, "Authorization", header, sizeof(header));
	if (header[0] == '\0' && !*connection)
		return serve_probe(device, link, request);
	if (!authenticate(device, header, request, connection)) {
		device->refused++;
		challenge(device, link);
		return false;
	}
	device->accepted++;
	return serve_accepted(device, link, request);
}

static void
serve(struct http_link *link, void *cookie)
{
	struct device *device = cookie;
	struct http_request *request = calloc(1, sizeof(*request));
	bool more = true, connection = false;

	if (request == NULL)
		abort();
	while (more && http_link_read(link, request)) {
		(void)pthread_mutex_lock(&device->lock);
		more = serve_one(device, link, request, &connection);
		(void)pthread_mutex_unlock(&device->lock);
	}
	free(request);
}

void
device_init(struct device *device)
{
	*device = (struct device){.user = "admin",
	    .password = "P@ssw0rd",
	    .realm = "Digest:727734D63A1FC0423736E48DA554E462",
	    .qop = "auth",
	    .pulls = 1};
	(void)pthread_mutex_init(&device->lock, NULL);
}

void
device_start(struct device *device, const struct identity *identity)
{
	struct http_peer_conf conf = {
	    .identity = identity, .serve = serve, .cookie = device};

	device->peer = http_peer_start(&conf);
}

void
device_stop(struct device *device)
{
	http_peer_stop(device->peer);
	(void)pthread_mutex_destroy(&device->lock);
}
