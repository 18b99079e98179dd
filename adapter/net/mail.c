#include "mail.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "secret.h"
#include "str.h"

#define PEER_TEXT 120 /* of a foreign message in an error */

struct sending {
	const struct net_mail *m;
	CURL *easy;
	struct curl_slist *to;
	size_t sent;
	bool left; /* a byte of the message was asked for */
	char text[CURL_ERROR_SIZE];
};

static size_t
give(char *out, size_t size, size_t count, void *cookie)
{
	struct sending *s = cookie;
	size_t room = size * count, rest = s->m->len - s->sent;

	s->left = true;
	if (rest > room)
		rest = room;
	memcpy(out, (const char *)s->m->message + s->sent, rest);
	s->sent += rest;
	return rest;
}

static void
set_trust(const struct sending *s)
{
	union {
		const void *given;
		void *ours; /* libcurl only reads it */
	} data = {.given = s->m->ca_pem};
	struct curl_blob blob = {.data = data.ours,
	    .len = strlen(s->m->ca_pem),
	    .flags = CURL_BLOB_NOCOPY};

	(void)curl_easy_setopt(
	    s->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(s->easy, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(s->easy, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(s->easy, CURLOPT_CAINFO_BLOB, &blob);
	(void)curl_easy_setopt(s->easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
}

static void
set_login(const struct sending *s)
{
	if (s->m->user == NULL || s->m->password == NULL)
		return;
	(void)curl_easy_setopt(s->easy, CURLOPT_USERNAME, s->m->user);
	(void)curl_easy_setopt(
	    s->easy, CURLOPT_PASSWORD, secret_text(s->m->password));
}

static void
set_message(struct sending *s)
{
	size_t i;

	for (i = 0; s->m->to[i] != NULL; i++) {
		struct curl_slist *more = curl_slist_append(s->to, s->m->to[i]);

		if (more == NULL)
			abort();
		s->to = more;
	}
	(void)curl_easy_setopt(s->easy, CURLOPT_URL, s->m->url);
	(void)curl_easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(s->easy, CURLOPT_MAIL_FROM, s->m->from);
	(void)curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, s->to);
	(void)curl_easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(
	    s->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->m->len);
	(void)curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, give);
	(void)curl_easy_setopt(s->easy, CURLOPT_READDATA, s);
	(void)curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(
	    s->easy, CURLOPT_TIMEOUT_MS, (long)s->m->timeout_ms);
	(void)curl_easy_setopt(
	    s->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)s->m->timeout_ms);
	(void)curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->text);
}

/* What the server last said decides, once it had the whole message. */
static enum err_kind
failure_kind(const struct sending *s, CURLcode code, long answer)
{
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_USE_SSL_FAILED:
		return ERR_UNTRUSTED;
	case CURLE_LOGIN_DENIED:
		return ERR_DENIED;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_SSL_CACERT_BADFILE:
		return ERR_INVALID;
	default:
		break;
	}
	if (answer >= 400 && answer < 600)
		return ERR_REFUSED;
	return s->left ? ERR_UNKNOWN : ERR_UNREACHABLE;
}

static int
fail(const struct sending *s, CURLcode code, struct err *err)
{
	const char *text =
	    s->text[0] != '\0' ? s->text : curl_easy_strerror(code);
	struct buf what;
	long answer = 0;
	int rc;

	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &answer);
	buf_init(&what, sizeof(err->text));
	str_printable(&what, text, strlen(text), PEER_TEXT);
	rc = err_native(err, failure_kind(s, code, answer), ERR_CURL,
	    (long)code, "mail: %s (SMTP %ld)", buf_text(&what), answer);
	buf_free(&what);
	return rc;
}

int
net_mail(const struct net_mail *m, struct err *err)
{
	struct sending s = {.m = m};
	CURLcode code;
	int rc = 0;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_LIMIT, "libcurl cannot start");
	s.easy = curl_easy_init();
	if (s.easy == NULL) {
		curl_global_cleanup();
		return err_set(
		    err, ERR_LIMIT, "libcurl cannot make another handle");
	}
	set_message(&s);
	set_trust(&s);
	set_login(&s);
	code = curl_easy_perform(s.easy);
	if (code != CURLE_OK)
		rc = fail(&s, code, err);
	curl_slist_free_all(s.to);
	curl_easy_cleanup(s.easy);
	curl_global_cleanup();
	return rc;
}
