#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "mem.h"
#include "net_internal.h"
#include "str.h"

#define TIMEOUT_MS 30000
#define PEER_TEXT 120 /* of a foreign message in an error */
#define WANTS_CERTIFICATE "it wants a certificate of us (mutual TLS)"
#define URL_MAX 512

/* --- the answer's headers --- */

bool
net_header_is(const char *line, size_t len, const char *name,
    const char **ret_value, size_t *ret_len)
{
	size_t n = strlen(name);
	const char *end = line + len;

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	line += n + 1;
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	while (end > line && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	*ret_value = line;
	*ret_len = (size_t)(end - line);
	return true;
}

static void
forget_headers(struct net_call *call)
{
	size_t i;

	for (i = 0; i < call->challenges; i++)
		free(call->challenge[i]);
	memset(call->challenge, 0, sizeof(call->challenge));
	call->challenges = 0;
	call->closes = false;
	call->headed = false;
}

bool
net_call_header(struct net_call *call, const char *line, size_t len)
{
	const char *value;
	size_t n;

	call->header_bytes += len;
	if (call->header_bytes > NET_HEADERS_MAX) {
		call->flooded = true;
		return false;
	}
	/* An interim answer (1xx) comes before the one that counts. */
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		forget_headers(call);
	} else if (len <= 2) {
		call->headed = true;
	} else if (net_header_is(line, len, "WWW-Authenticate", &value, &n)) {
		if (call->challenges < NET_CHALLENGES_MAX)
			call->challenge[call->challenges++] =
			    mem_dup_len(value, n);
	} else if (net_header_is(line, len, "Connection", &value, &n)) {
		call->closes = n == 5 && strncasecmp(value, "close", 5) == 0;
	}
	return true;
}

/* --- how it ended --- */

/* Something answered, but no HTTP, or none that we want, or not to its end. */
static bool
is_nonsense(const struct net_call *call, CURLcode code)
{
	return call->header_bytes > 0 || call->body.over || call->flooded ||
	    code == CURLE_UNSUPPORTED_PROTOCOL || /* HTTP/0.9: no header */
	    code == CURLE_WEIRD_SERVER_REPLY ||
	    code == CURLE_BAD_CONTENT_ENCODING ||
	    code == CURLE_FILESIZE_EXCEEDED || code == CURLE_WRITE_ERROR;
}

static enum err_kind
failure_kind(const struct net_call *call, CURLcode code)
{
	if (!call->released)
		return call->peer->reason[0] != '\0' ? ERR_UNTRUSTED
						     : ERR_UNREACHABLE;
	return is_nonsense(call, code) ? ERR_PROTOCOL : ERR_UNKNOWN;
}

/* The server asked for a certificate of ours, and the connection ended before a
 * byte of an answer. */
static bool
wants_certificate(const struct net_call *call, CURLcode code)
{
	return call->peer->link->asked && call->fresh &&
	    call->header_bytes == 0 && code != CURLE_OPERATION_TIMEDOUT;
}

/* libcurl's own words, where it met something we have none for. */
static void
explain_as_libcurl(struct buf *out, const struct net_call *call, CURLcode code)
{
	const char *text =
	    call->text[0] != '\0' ? call->text : curl_easy_strerror(code);

	str_printable(out, text, strlen(text), PEER_TEXT);
}

/* Why the request could not be sent. */
static void
explain_unsent(struct buf *out, const struct net_call *call, CURLcode code)
{
	const struct net_peer *peer = call->peer;
	char why[64] = "";

	if (peer->reason[0] != '\0')
		buf_printf(out, "certificate refused: %s", peer->reason);
	else if (peer->link->no_tls)
		buf_str(out, "what answers speaks no TLS");
	else if (wants_certificate(call, code))
		buf_str(out, WANTS_CERTIFICATE);
	else if (code == CURLE_COULDNT_CONNECT && call->error > 0)
		buf_printf(out, "cannot connect: %s",
		    strerror_r((int)call->error, why, sizeof(why)));
	else if (code == CURLE_OPERATION_TIMEDOUT)
		buf_printf(out, "no connection within %u ms",
		    peer->connect_ms < call->timeout_ms ? peer->connect_ms
							: call->timeout_ms);
	else
		explain_as_libcurl(out, call, code);
}

/* Why there is no answer to the request. */
static void
explain_unanswered(struct buf *out, const struct net_call *call, CURLcode code)
{
	if (code == CURLE_OPERATION_TIMEDOUT)
		buf_printf(
		    out, "no whole answer within %u ms", call->timeout_ms);
	else if (wants_certificate(call, code))
		buf_str(out, WANTS_CERTIFICATE);
	else if (call->resent)
		buf_str(out, "kept connection broke before the answer");
	else if (call->flooded)
		buf_printf(
		    out, "answer's headers exceed %d bytes", NET_HEADERS_MAX);
	else if (call->body.over || code == CURLE_FILESIZE_EXCEEDED)
		buf_printf(out, "answer exceeds %zu bytes", call->body.max);
	else if (code == CURLE_GOT_NOTHING)
		buf_str(out, "connection closed without an answer");
	else if (code == CURLE_PARTIAL_FILE)
		buf_str(out, "connection closed in the middle of the answer");
	else
		explain_as_libcurl(out, call, code);
}

static void
set_failure(struct err *err, const struct net_call *call, CURLcode code)
{
	const struct net_peer *peer = call->peer;
	struct buf what;

	buf_init(&what, sizeof(err->text));
	if (call->released)
		explain_unanswered(&what, call, code);
	else
		explain_unsent(&what, call, code);
	(void)err_native(err, failure_kind(call, code), ERR_CURL, (long)code,
	    "%s port %u: %s", peer->address, (unsigned)peer->port,
	    buf_text(&what));
	if (!call->released && peer->link->no_tls) {
		err->domain = ERR_OPENSSL;
		err->native = SSL_R_WRONG_VERSION_NUMBER;
	}
	if (wants_certificate(call, code)) {
		err->domain = ERR_OPENSSL;
		err->native = SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
	}
	buf_free(&what);
}

bool
net_refused(const struct err *err)
{
	return err->domain == ERR_CURL && err->native == CURLE_COULDNT_CONNECT;
}

bool
net_no_tls(const struct err *err)
{
	return err->domain == ERR_OPENSSL &&
	    err->native == SSL_R_WRONG_VERSION_NUMBER;
}

bool
net_wants_certificate(const struct err *err)
{
	return err->domain == ERR_OPENSSL &&
	    err->native == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
}

void
net_call_free(struct net_call *call)
{
	if (call == NULL)
		return;
	forget_headers(call);
	buf_free(&call->body);
	curl_slist_free_all(call->headers);
	free(call);
}

void
net_call_finish(struct net_peer *peer, CURLcode code)
{
	struct net_call *call = peer->call;
	struct net_answer answer = {0};
	struct err err = {0};
	long status = 0;

	peer->call = NULL;
	peer->idle_since = clock_mono_ms();
	(void)curl_easy_getinfo(peer->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(peer->easy, CURLINFO_OS_ERRNO, &call->error);
	/* libcurl is content with an answer that ends in its headers. */
	if (code == CURLE_OK && !call->headed)
		code = CURLE_PARTIAL_FILE;
	(void)curl_easy_setopt(peer->easy, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(peer->easy, CURLOPT_ERRORBUFFER, NULL);
	(void)curl_easy_setopt(peer->easy, CURLOPT_FORBID_REUSE, 0L);
	if (code != CURLE_OK) {
		peer->net->stats.failures++;
		set_failure(&err, call, code);
	}
	answer.status = (int)status;
	answer.body = &call->body;
	answer.challenges = (const char *const *)call->challenge;
	answer.fresh = call->fresh;
	answer.closes = call->closes || peer->link->fd < 0;
	/* The peer may be freed, or begin its next exchange, in here. */
	call->done(call->cookie, code == CURLE_OK ? &answer : NULL, &err);
	net_call_free(call);
}

/* --- starting one --- */

static int
check_header(const struct net_peer *peer, const char *header, struct err *err)
{
	const char *at;
	size_t len;

	for (at = header; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return err_set(err, ERR_INVALID,
			    "control character in a request header");
	/* An unchecked peer is only for looking at its certificate. */
	if (peer->tls && net_policy_open(&peer->policy) &&
	    net_header_is(header, strlen(header), "Authorization", &at, &len))
		return err_set(err, ERR_UNTRUSTED,
		    "%s port %u: no trust is configured, credentials are "
		    "not sent",
		    peer->address, (unsigned)peer->port);
	return 0;
}

static int
check_request(const struct net_peer *peer, const struct net_request *request,
    struct err *err)
{
	size_t i;

	if (peer->call != NULL)
		return err_set(err, ERR_BUG, "an exchange with %s is under way",
		    peer->address);
	if (!str_eq(request->method, "POST") && !str_eq(request->method, "GET"))
		return err_set(err, ERR_INVALID, "HTTP method not supported");
	if (request->path == NULL || request->path[0] != '/' ||
	    strlen(request->path) > URL_MAX / 2)
		return err_set(err, ERR_INVALID, "bad path in a request");
	for (i = 0; request->headers != NULL && request->headers[i] != NULL;
	     i++)
		if (check_header(peer, request->headers[i], err) != 0)
			return -1;
	return 0;
}

static int
add_headers(struct net_call *call, const struct net_request *request)
{
	struct curl_slist *list;
	size_t i;

	/* Firmware does not answer "100 Continue". */
	call->headers = curl_slist_append(NULL, "Expect:");
	if (call->headers == NULL)
		return -1;
	for (i = 0; request->headers != NULL && request->headers[i] != NULL;
	     i++) {
		list = curl_slist_append(call->headers, request->headers[i]);
		if (list == NULL)
			return -1;
	}
	return 0;
}

static int
set_request(struct net_peer *peer, const struct net_request *request)
{
	struct net_call *call = peer->call;
	CURL *easy = peer->easy;
	char url[URL_MAX];
	bool v6 = strchr(peer->address, ':') != NULL;

	(void)snprintf(url, sizeof(url), "%s://%s%s%s:%u%s",
	    peer->tls ? "https" : "http", v6 ? "[" : "", peer->address,
	    v6 ? "]" : "", (unsigned)peer->port, request->path);
	if (curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK ||
	    add_headers(call, request) != 0)
		return -1;
	if (str_eq(request->method, "POST")) {
		(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
		    request->body_len > 0 ? request->body : "");
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)request->body_len);
	} else {
		(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->text);
	(void)curl_easy_setopt(
	    easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	(void)curl_easy_setopt(
	    easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->answer_max);
	(void)curl_easy_setopt(
	    easy, CURLOPT_FRESH_CONNECT, peer->link->fd < 0 ? 1L : 0L);
	return 0;
}

int
net_exchange(struct net_peer *peer, const struct net_request *request,
    net_done_fn *done, void *cookie, struct err *err)
{
	struct net_call *call;
	int64_t idle = clock_mono_ms() - peer->idle_since;

	if (check_request(peer, request, err) != 0)
		return -1;
	/* A write to a connection the device is about to close would leave us
	 * not knowing; a new one costs a handshake. */
	net_peer_detach(peer, idle > (int64_t)peer->idle_ms);
	call = mem_alloc(sizeof(*call));
	call->peer = peer;
	call->done = done;
	call->cookie = cookie;
	call->timeout_ms =
	    request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS;
	buf_init(&call->body, request->answer_max);
	peer->call = call;
	peer->reason[0] = '\0';
	if (set_request(peer, request) == 0 &&
	    curl_multi_add_handle(peer->hub->multi, peer->easy) == CURLM_OK) {
		peer->added = true;
		peer->net->stats.exchanges++;
		return 0;
	}
	peer->call = NULL;
	net_call_free(call);
	return err_set(err, ERR_LIMIT, "libcurl cannot start an exchange");
}
