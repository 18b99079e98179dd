/* Is at revocation.url what certificates promise is there? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "err.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "str.h"

#define CRL_MAX (64u << 20)
#define SPARE 1024 /* an answer may be longer than what is wanted by this */
#define CALL_MS 10000
#define HTTP_PORT 80

struct look {
	struct daemon *d;
	struct loop *loop;
	struct net *net;
	struct net_peer *peer;
	char *authority, *host, *path; /* of the URL */
	uint16_t port;
	char *address;
	const struct buf *wanted;
	struct err err; /* of the place that is looked at */
	daemon_place_fn *fn;
	void *cookie;
};

/* --- the URL, whose form conf has checked --- */

static void
take_url(struct look *l, const char *url)
{
	const char *host = url + strlen("http://");
	size_t len = strcspn(host, "/");
	const char *end = host + len, *colon;
	int64_t port = HTTP_PORT;
	char *text;

	l->path = mem_dup(end);
	l->authority = mem_dup_len(host, len);
	text = mem_dup_len(host, len);
	colon = strrchr(text, ':');
	if (colon != NULL && strchr(colon, ']') == NULL &&
	    str_int(colon + 1, 1, UINT16_MAX, &port) == 0)
		text[colon - text] = '\0';
	l->port = (uint16_t)port;
	len = strlen(text);
	if (text[0] == '[' && len > 2) {
		text[len - 1] = '\0';
		memmove(text, text + 1, len - 1);
	}
	l->host = text;
}

static void
resolved(void *cookie, const char *address)
{
	struct look *l = cookie;

	l->address = mem_dup(address);
	loop_stop(l->loop);
}

static int
connect_to(struct look *l, struct err *err)
{
	struct net_peer_conf to = {.port = l->port, .connect_ms = CALL_MS};

	loop_resolve(l->loop, l->host, resolved, l);
	loop_run(l->loop);
	if (l->address == NULL)
		return err_set(err, ERR_UNREACHABLE,
		    "revocation.url: the name %s does not resolve", l->host);
	to.address = l->address;
	l->peer = net_peer_new(l->net, &to, err);
	return l->peer == NULL ? -1 : 0;
}

/* --- one place --- */

static void
answered(void *cookie, const struct net_answer *answer, const struct err *err)
{
	struct look *l = cookie;

	l->err = *err;
	if (answer != NULL && answer->status != 200)
		err_native(&l->err, ERR_PROTOCOL, ERR_HTTP, answer->status,
		    "HTTP status %d", answer->status);
	else if (answer != NULL &&
	    (answer->body->len != l->wanted->len ||
		memcmp(answer->body->data, l->wanted->data, l->wanted->len) !=
		    0))
		err_set(&l->err, ERR_UNTRUSTED,
		    "something else than this CA's is there");
	loop_stop(l->loop);
}

static void
look_at(struct look *l, const char *what, const char *rest,
    const struct buf *wanted)
{
	bool post = str_eq(what, "ocsp");
	char *path = mem_printf("%s%s", l->path, rest);
	char *host = mem_printf("Host: %s", l->authority);
	char *url = mem_printf("%s%s", l->d->conf->revocation_url, rest);
	const char *const headers[] = {
	    host, post ? "Content-Type: application/ocsp-request" : NULL, NULL};
	struct net_request request = {.method = post ? "POST" : "GET",
	    .path = path,
	    .headers = headers,
	    .body = "",
	    .timeout_ms = CALL_MS,
	    .answer_max = wanted->len + SPARE};
	struct daemon_place place = {.what = what, .url = url};

	l->wanted = wanted;
	if (net_exchange(l->peer, &request, answered, l, &l->err) == 0)
		loop_run(l->loop);
	if (l->err.kind != ERR_NONE)
		place.problem = l->err.text;
	l->fn(l->cookie, &place);
	free(url);
	free(host);
	free(path);
}

/* --- all of them --- */

/* The list of the root, which the issuing CA's certificate names; where there
 * is none here it is another's, and elsewhere. */
static int
look_at_root(struct look *l, struct err *err)
{
	struct ca *ca = l->d->ca;
	char *crl = mem_printf("/crl/%s.crl", ca_root_name(ca));
	struct ca_crl_info info = {.number = 0};
	struct err why = {.kind = ERR_NONE};
	struct buf wanted;
	int rc = 0;

	buf_init(&wanted, CRL_MAX);
	if (ca_root_crl_since(ca, clock_now(), &info, &wanted, &why) == 0)
		look_at(l, "root-crl", crl, &wanted);
	else if (why.kind != ERR_NOTFOUND) {
		*err = why;
		rc = -1;
	}
	buf_free(&wanted);
	free(crl);
	return rc;
}

static int
look_at_files(struct look *l, struct err *err)
{
	struct ca *ca = l->d->ca;
	char *crl = mem_printf("/crl/%s.crl", ca_name(ca));
	char *cert = mem_printf("/ca/%s.cer", ca_name(ca));
	struct buf wanted;
	int rc = -1;

	buf_init(&wanted, CRL_MAX);
	if (ca_crl(ca, clock_now(), &wanted, err) != 0)
		goto out;
	look_at(l, "crl", crl, &wanted);
	buf_reset(&wanted);
	if (ca_certificate(ca, ca_name(ca), &wanted, err) != 0)
		goto out;
	look_at(l, "ca", cert, &wanted);
	rc = look_at_root(l, err);
out:
	buf_free(&wanted);
	free(crl);
	free(cert);
	return rc;
}

/* To no request at all every responder answers malformedRequest (RFC 6960,
 * 4.2.1), which costs it no signature. */
static void
look_at_ocsp(struct look *l)
{
	static const uint8_t malformed[] = {0x30, 3, 0x0a, 1, 1};
	struct buf wanted;

	buf_init(&wanted, sizeof(malformed));
	buf_add(&wanted, malformed, sizeof(malformed));
	look_at(l, "ocsp", "/ocsp", &wanted);
	buf_free(&wanted);
}

int
daemon_check_revocation(
    struct daemon *d, daemon_place_fn *fn, void *cookie, struct err *err)
{
	struct look l = {.d = d, .fn = fn, .cookie = cookie};
	int rc = -1;

	if (d->conf->revocation_url == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "revocation.url is not set: certificates name no place to "
		    "ask");
	take_url(&l, d->conf->revocation_url);
	l.loop = loop_new(err);
	if (l.loop != NULL)
		l.net = net_new(l.loop, err);
	if (l.net != NULL && connect_to(&l, err) == 0 &&
	    look_at_files(&l, err) == 0) {
		look_at_ocsp(&l);
		rc = 0;
	}
	if (l.peer != NULL)
		net_peer_free(l.peer);
	if (l.net != NULL)
		net_free(l.net);
	if (l.loop != NULL)
		loop_free(l.loop);
	free(l.address);
	free(l.authority);
	free(l.host);
	free(l.path);
	return rc;
}
