#include "fetch.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "mem.h"
#include "net_internal.h"
#include "secret.h"
#include "str.h"

#define CREDENTIAL_MAX 4096  /* "user:password", or a token */
#define LINE_MAX_BYTES 98304 /* of an Authorization header */
#define BINDING_MAX 128
#define PEER_TEXT 120 /* of a foreign message in an error */

/* libcurl keeps both in its handle. */
struct net_line {
	CURL *easy;
};

/* One exchange under way. */
struct exchange {
	const struct net_fetch *f;
	CURL *easy;
	struct curl_slist *headers;
	struct net_fetched got;
	size_t header_bytes;
	bool released;		 /* the request may have begun to leave */
	bool flooded;		 /* headers past their limit */
	bool enough;		 /* the flow is not wanted any more */
	struct err unauthorized; /* why there is no credential */
	char text[CURL_ERROR_SIZE];
};

/* Does the body go to the flow? */
static bool
flows(const struct exchange *x)
{
	long status = 0;

	if (x->f->flow == NULL)
		return false;
	(void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status <= 299;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *cookie)
{
	struct exchange *x = cookie;

	if (flows(x)) {
		x->enough = x->f->flow->take(
				x->f->flow->cookie, bytes, size * count) != 0;
		return x->enough ? 0 : size * count;
	}
	buf_add(&x->got.body, bytes, size * count);
	return x->got.body.over ? 0 : size * count;
}

static void
keep_header(char **slot, const char *value, size_t len)
{
	free(*slot);
	*slot = mem_dup_len(value, len);
}

static size_t
take_header(char *line, size_t size, size_t count, void *cookie)
{
	struct exchange *x = cookie;
	size_t len = size * count, n;
	const char *value;

	x->header_bytes += len;
	if (x->header_bytes > NET_HEADERS_MAX) {
		x->flooded = true;
		return 0;
	}
	if (net_header_is(line, len, "Content-Type", &value, &n))
		keep_header(&x->got.content_type, value, n);
	else if (net_header_is(line, len, "Retry-After", &value, &n))
		keep_header(&x->got.retry_after, value, n);
	return len;
}

/* --- what is asked --- */

static void
add_header(struct exchange *x, const char *line)
{
	struct curl_slist *more = curl_slist_append(x->headers, line);

	if (more == NULL)
		abort();
	x->headers = more;
}

static void
add_basic(struct exchange *x)
{
	const struct net_fetch *f = x->f;
	struct buf plain, line;
	size_t len;
	const uint8_t *password = secret_bytes(f->password, &len);

	buf_init(&plain, CREDENTIAL_MAX);
	buf_init(&line, CREDENTIAL_MAX * 2);
	buf_printf(&plain, "%s:", f->user);
	buf_add(&plain, password, len);
	buf_str(&line, "Authorization: Basic ");
	str_base64(&line, plain.data, plain.len);
	add_header(x, buf_text(&line));
	buf_free(&plain);
	buf_free(&line);
}

static void
add_token(struct exchange *x)
{
	struct buf line;

	buf_init(&line, CREDENTIAL_MAX);
	buf_printf(
	    &line, "%s: %s", x->f->token_header, secret_text(x->f->token));
	add_header(x, buf_text(&line));
	buf_free(&line);
}

/* RFC 5929, 4.1: by the hash of the certificate's own signature, and none
 * weaker than SHA-256. */
static void
write_binding(struct exchange *x, struct buf *out)
{
	const struct curl_tlssessioninfo *tls = NULL;
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	const EVP_MD *md;
	X509 *leaf;
	int nid;

	if (curl_easy_getinfo(x->easy, CURLINFO_TLS_SSL_PTR, &tls) !=
		CURLE_OK ||
	    tls == NULL || tls->internals == NULL)
		return;
	leaf = SSL_get0_peer_certificate(tls->internals);
	if (leaf == NULL ||
	    X509_get_signature_info(leaf, &nid, NULL, NULL, NULL) != 1 ||
	    nid == NID_undef)
		return;
	if (nid == NID_md5 || nid == NID_sha1)
		nid = NID_sha256;
	md = EVP_get_digestbynid(nid);
	if (md == NULL || X509_digest(leaf, md, hash, &len) != 1)
		return;
	buf_str(out, "tls-server-end-point:");
	buf_add(out, hash, len);
}

/* libcurl reads the list after this: there is one already, with more behind
 * it. */
static int
add_authorization(struct exchange *x)
{
	struct buf binding, line;
	int rc;

	buf_init(&binding, BINDING_MAX);
	buf_init(&line, LINE_MAX_BYTES);
	write_binding(x, &binding);
	buf_str(&line, "Authorization: ");
	rc = x->f->authorize(x->f->cookie, &binding, &line, &x->unauthorized);
	if (rc == 0 && line.over)
		rc = err_set(&x->unauthorized, ERR_LIMIT,
		    "the credential is longer than %d bytes", LINE_MAX_BYTES);
	if (rc == 0)
		add_header(x, buf_text(&line));
	buf_free(&binding);
	buf_free(&line);
	return rc;
}

/* CURLOPT_PREREQFUNCTION: see peer.c, before_request(). */
/* NOLINTBEGIN(readability-non-const-parameter): libcurl's type */
static int
before_request(
    void *cookie, char *remote, char *local, int remote_port, int local_port)
/* NOLINTEND(readability-non-const-parameter) */
{
	struct exchange *x = cookie;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (x->released ||
	    (x->f->authorize != NULL && add_authorization(x) != 0))
		return CURL_PREREQFUNC_ABORT;
	x->released = true;
	return CURL_PREREQFUNC_OK;
}

static void
fill_headers(struct exchange *x)
{
	size_t i;

	for (i = 0; x->f->headers != NULL && x->f->headers[i] != NULL; i++)
		add_header(x, x->f->headers[i]);
	add_header(x, "Expect:");
	if (x->f->user != NULL)
		add_basic(x);
	if (x->f->token != NULL)
		add_token(x);
}

static void
set_blob(CURL *easy, CURLoption option, const void *bytes, size_t len)
{
	union {
		const void *given;
		void *ours; /* libcurl only reads it */
	} data = {.given = bytes};
	struct curl_blob blob = {
	    .data = data.ours, .len = len, .flags = CURL_BLOB_NOCOPY};

	(void)curl_easy_setopt(easy, option, &blob);
}

/* The chain is checked against the given anchors only, never the system's. */
static void
set_tls(struct exchange *x)
{
	const struct net_fetch *f = x->f;
	const uint8_t *key;
	size_t len;

	(void)curl_easy_setopt(
	    x->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(x->easy, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(x->easy, CURLOPT_CAINFO, NULL);
	if (f->ca_pem != NULL)
		set_blob(
		    x->easy, CURLOPT_CAINFO_BLOB, f->ca_pem, strlen(f->ca_pem));
	if (f->cert_pem == NULL || f->key_pem == NULL)
		return;
	set_blob(
	    x->easy, CURLOPT_SSLCERT_BLOB, f->cert_pem, strlen(f->cert_pem));
	key = secret_bytes(f->key_pem, &len);
	set_blob(x->easy, CURLOPT_SSLKEY_BLOB, key, len);
	/* Without it OpenSSL would ask on the terminal. */
	(void)curl_easy_setopt(x->easy, CURLOPT_KEYPASSWD, "");
}

/* What POST is to libcurl, under whatever name; without a body a DELETE says
 * nothing of its length. */
static void
set_body(CURL *easy, const struct net_fetch *f)
{
	if (!str_eq(f->method, "POST"))
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, f->method);
	if (str_eq(f->method, "DELETE") && f->body_len == 0)
		return;
	(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(
	    easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body_len);
	(void)curl_easy_setopt(
	    easy, CURLOPT_POSTFIELDS, f->body_len > 0 ? f->body : "");
}

/* CURLOPT_XFERINFOFUNCTION */
static int
still_wanted(void *cookie, curl_off_t to_come, curl_off_t came,
    curl_off_t to_go, curl_off_t went)
{
	struct exchange *x = cookie;

	(void)to_come;
	(void)came;
	(void)to_go;
	(void)went;
	if (!x->f->flow->wanted(x->f->flow->cookie))
		x->enough = true;
	return x->enough ? 1 : 0;
}

/* Its whole time is anybody's guess: that of silence is not. */
static void
set_flow(struct exchange *x)
{
	if (x->f->flow == NULL)
		return;
	(void)curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, 0L);
	(void)curl_easy_setopt(x->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(
	    x->easy, CURLOPT_LOW_SPEED_TIME, (long)x->f->flow->idle_s);
	(void)curl_easy_setopt(x->easy, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(x->easy, CURLOPT_XFERINFOFUNCTION, still_wanted);
	(void)curl_easy_setopt(x->easy, CURLOPT_XFERINFODATA, x);
}

static void
set_request(struct exchange *x)
{
	const struct net_fetch *f = x->f;
	CURL *easy = x->easy;

	(void)curl_easy_setopt(easy, CURLOPT_URL, f->url);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
	if (!str_eq(f->method, "GET"))
		set_body(easy, f);
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	(void)curl_easy_setopt(
	    easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)f->timeout_ms);
	(void)curl_easy_setopt(
	    easy, CURLOPT_CONNECTTIMEOUT_MS, (long)f->timeout_ms);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->text);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	set_flow(x);
}

/* --- how it ended --- */

static enum err_kind
failure_kind(const struct exchange *x, CURLcode code)
{
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return ERR_UNTRUSTED;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		/* An answer that is no HTTP has the second of these. */
		return x->released ? ERR_PROTOCOL : ERR_INVALID;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR:
		return x->released ? ERR_PROTOCOL : ERR_UNREACHABLE;
	default:
		return x->released ? ERR_UNKNOWN : ERR_UNREACHABLE;
	}
}

static void
say_timeout(const struct exchange *x, struct buf *what)
{
	if (x->released && x->f->flow != NULL)
		buf_printf(what, "silent for %u s", x->f->flow->idle_s);
	else
		buf_printf(what, "no %s within %u ms",
		    x->released ? "whole answer" : "connection",
		    x->f->timeout_ms);
}

static int
fail(const struct exchange *x, CURLcode code, struct err *err)
{
	const char *text =
	    x->text[0] != '\0' ? x->text : curl_easy_strerror(code);
	struct buf what;
	int rc;

	if (x->unauthorized.kind != ERR_NONE) {
		if (err != NULL)
			*err = x->unauthorized;
		return -1;
	}
	if (x->enough)
		return err_set(err, ERR_CANCELLED, "it was enough");
	buf_init(&what, sizeof(err->text));
	if (x->got.body.over)
		buf_printf(
		    &what, "the answer exceeds %zu bytes", x->f->answer_max);
	else if (x->flooded)
		buf_printf(&what, "the answer's headers exceed %d bytes",
		    NET_HEADERS_MAX);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		say_timeout(x, &what);
	else
		str_printable(&what, text, strlen(text), PEER_TEXT);
	rc = err_native(err, failure_kind(x, code), ERR_CURL, (long)code, "%s",
	    buf_text(&what));
	buf_free(&what);
	return rc;
}

static bool
is_plain(const char *url)
{
	return strncmp(url, "http://", 7) == 0;
}

static void
exchange_clear(struct exchange *x)
{
	struct curl_slist *line;

	/* Credentials are among them. */
	for (line = x->headers; line != NULL; line = line->next)
		secret_wipe(line->data, strlen(line->data));
	curl_slist_free_all(x->headers);
	if (x->easy != NULL && x->f->line != NULL)
		curl_easy_reset(x->easy); /* keeps what the line is for */
	else if (x->easy != NULL)
		curl_easy_cleanup(x->easy);
	net_fetched_clear(&x->got);
}

int
net_fetch(const struct net_fetch *f, struct net_fetched *ret, struct err *err)
{
	struct exchange x = {.f = f};
	CURLcode code;
	long status = 0;
	int rc = -1;

	if (is_plain(f->url) &&
	    (f->user != NULL || f->token != NULL || f->authorize != NULL))
		return err_set(err, ERR_INVALID,
		    "a credential is not sent over http; the URL must be "
		    "https");
	if (f->token != NULL && strpbrk(secret_text(f->token), "\r\n") != NULL)
		return err_set(
		    err, ERR_INVALID, "the token has more than one line");
	/* Counted, and safe in threads: a command has no net. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_LIMIT, "libcurl cannot start");
	buf_init(&x.got.body, f->answer_max);
	x.easy = f->line != NULL ? f->line->easy : curl_easy_init();
	if (x.easy == NULL) {
		(void)err_set(
		    err, ERR_LIMIT, "libcurl cannot make another handle");
		goto out;
	}
	fill_headers(&x);
	set_request(&x);
	set_tls(&x);
	code = curl_easy_perform(x.easy);
	if (code != CURLE_OK) {
		(void)fail(&x, code, err);
		goto out;
	}
	(void)curl_easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &status);
	x.got.status = (int)status;
	*ret = x.got;
	memset(&x.got, 0, sizeof(x.got));
	rc = 0;
out:
	exchange_clear(&x);
	curl_global_cleanup();
	return rc;
}

void
net_fetched_clear(struct net_fetched *ret)
{
	buf_free(&ret->body);
	free(ret->content_type);
	free(ret->retry_after);
	memset(ret, 0, sizeof(*ret));
}

struct net_line *
net_line_new(struct err *err)
{
	struct net_line *line;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)err_set(err, ERR_LIMIT, "libcurl cannot start");
		return NULL;
	}
	line = mem_alloc(sizeof(*line));
	line->easy = curl_easy_init();
	/* A cookie that is none: from now on it keeps those that come. (The
	 * name of a file that is none would do, and leak at each reset.) */
	if (line->easy != NULL &&
	    curl_easy_setopt(line->easy, CURLOPT_COOKIELIST, "Set-Cookie:") ==
		CURLE_OK)
		return line;
	(void)err_set(err, ERR_LIMIT, "libcurl cannot make another handle");
	net_line_free(line);
	return NULL;
}

void
net_line_free(struct net_line *line)
{
	if (line == NULL)
		return;
	if (line->easy != NULL)
		curl_easy_cleanup(line->easy);
	free(line);
	curl_global_cleanup();
}

int64_t
net_retry_after(const char *value, int64_t now, int64_t most)
{
	struct tm tm = {0};
	int64_t seconds = 0;
	const char *end;

	if (str_empty(value))
		return 0;
	if (str_int(value, 0, INT64_MAX, &seconds) != 0) {
		end = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm);
		if (end == NULL || *end != '\0')
			return 0;
		seconds = (int64_t)timegm(&tm) - now;
	}
	if (seconds < 0)
		return 0;
	return seconds < most ? seconds : most;
}
