/* One event is one POST; the next waits for its answer. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "fault.h"
#include "fetch.h"
#include "file.h"
#include "forward_internal.h"
#include "log.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define ANSWER_MAX 65536 /* it is thrown away */
#define PEM_MAX 4194304

#define PREFIX "whsec_"

/*
 * Signed as "Standard Webhooks" does: HMAC-SHA256 over "id.timestamp.body", in
 * base64 after "v1,".  A secret with the prefix is base64 behind it, any other
 * is the key itself.
 */
static void
key_of(const struct secret *secret, struct buf *key)
{
	const char *text = secret_text(secret);
	size_t len;

	(void)secret_bytes(secret, &len);
	buf_init(key, len + 4);
	if (str_starts(text, PREFIX) &&
	    str_unbase64(key, text + strlen(PREFIX)) == 0)
		return;
	buf_wipe(key);
	buf_add(key, text, len);
}

void
forward_webhook_sign(struct buf *out, const struct secret *secret,
    const char *id, int64_t at, const struct buf *body)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len = 0;
	struct buf text, key;

	key_of(secret, &key);
	buf_init(&text, body->len + 128);
	buf_printf(&text, "%s.%" PRId64 ".", id, at);
	buf_add(&text, body->data, body->len);
	if (HMAC(EVP_sha256(), key.data, (int)key.len, text.data, text.len, mac,
		&mac_len) == NULL)
		abort(); /* for want of memory only, as in mem.h */
	buf_str(out, "v1,");
	str_base64(out, mac, mac_len);
	buf_free(&key);
	buf_free(&text);
}

/* --- one POST --- */

struct post {
	struct buf ca, cert, body, sign, id, at;
	struct secret *key, *secret;
};

static void
post_clear(struct post *p)
{
	buf_free(&p->ca);
	buf_free(&p->cert);
	buf_free(&p->body);
	buf_free(&p->sign);
	buf_free(&p->id);
	buf_free(&p->at);
	secret_free(p->key);
	secret_free(p->secret);
}

static int
read_key(const char *file, struct secret **ret_key, struct err *err)
{
	struct buf pem;
	int rc;

	buf_init(&pem, PEM_MAX);
	rc = file_read_private(file, PEM_MAX, &pem, err);
	if (rc == 0)
		*ret_key = secret_new(pem.data, pem.len);
	buf_free(&pem);
	return rc;
}

static int
read_files(const struct conf_forward *f, struct post *p, struct err *err)
{
	buf_init(&p->ca, PEM_MAX);
	buf_init(&p->cert, PEM_MAX);
	if (f->tls_ca != NULL &&
	    file_read(f->tls_ca, PEM_MAX, &p->ca, err) != 0)
		return -1;
	if (f->certificate == NULL)
		return 0;
	if (file_read(f->certificate, PEM_MAX, &p->cert, err) != 0)
		return -1;
	return read_key(f->key, &p->key, err);
}

static void
write_body(const struct forward_sink *s, const struct store_event *event,
    const char *id, struct post *p)
{
	struct forward_event e;
	int64_t at = clock_now();

	buf_init(&p->body, FORWARD_BODY_MAX * 8);
	buf_init(&p->sign, 256);
	buf_init(&p->id, 256);
	buf_init(&p->at, 64);
	forward_event_read(event, &e);
	e.id = id;
	forward_cloud(&p->body, &s->origin, &e);
	forward_event_clear(&e);
	if (id != NULL)
		buf_str(&p->id, id);
	else
		buf_printf(&p->id, "%" PRId64, event->id);
	forward_webhook_sign(
	    &p->sign, p->secret, buf_text(&p->id), at, &p->body);
	buf_printf(&p->at, "webhook-timestamp: %" PRId64, at);
}

/* Answers that may be meant for this event, so that the next could do better.
 * Any other is about the place, now (429, 503) or until a person does something
 * (401, 404, 410, a redirect): events wait for it. */
bool
forward_about_event(const struct err *why)
{
	static const int codes[] = {
	    400, 406, 409, 411, 413, 414, 415, 422, 431, 500, 501};
	size_t i;

	if (why->kind != ERR_REFUSED || why->domain != ERR_HTTP)
		return false;
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (why->native == codes[i])
			return true;
	return false;
}

static const char *
advice(int status)
{
	if (status >= 300 && status < 400)
		return ", a redirect: \"to\" has to be where it leads";
	if (status == 401 || status == 403)
		return ": are secret, certificate and address as it wants "
		       "them?";
	if (status == 404 || status == 405)
		return ": is \"to\" its address?";
	if (status == 410)
		return ", gone for good: take it out of \"forward\", or say "
		       "where it is now";
	return "";
}

static int
judge(struct forward_sink *s, const struct net_fetched *got, struct err *err)
{
	s->asked = 0;
	if (got->status >= 200 && got->status < 300)
		return 0;
	s->asked =
	    net_retry_after(got->retry_after, clock_now(), s->conf->retry_most);
	return err_native(err, ERR_REFUSED, ERR_HTTP, got->status,
	    "it answered HTTP %d%s", got->status, advice(got->status));
}

static int
exchange(struct forward_sink *s, const struct post *p, struct err *err)
{
	char *id = mem_printf("webhook-id: %s", buf_text(&p->id));
	char *sign = mem_printf("webhook-signature: %s", buf_text(&p->sign));
	const char *const headers[] = {"Content-Type: "
				       "application/cloudevents+json",
	    id, buf_text(&p->at), sign, "User-Agent: amtkeeper", NULL};
	const struct net_fetch f = {
	    .method = "POST",
	    .url = s->conf->to,
	    .headers = headers,
	    .body = p->body.data,
	    .body_len = p->body.len,
	    .ca_pem = s->conf->tls_ca == NULL ? NULL : buf_text(&p->ca),
	    .cert_pem =
		s->conf->certificate == NULL ? NULL : buf_text(&p->cert),
	    .key_pem = p->key,
	    .timeout_ms = (unsigned)s->conf->timeout * 1000,
	    .answer_max = ANSWER_MAX,
	};
	struct net_fetched got = {.status = 0};
	int rc = net_fetch(&f, &got, err);

	if (rc == 0) {
		rc = judge(s, &got, err);
		net_fetched_clear(&got);
	}
	free(id);
	free(sign);
	return rc;
}

int
forward_webhook_post(struct forward_sink *s, const struct store_event *event,
    const char *id, struct err *err)
{
	struct post p;
	int rc;

	memset(&p, 0, sizeof(p));
	rc = store_forward_secret_get(s->store, s->conf->name, &p.secret, err);
	if (rc == 0)
		rc = read_files(s->conf, &p, err);
	if (rc == 0) {
		write_body(s, event, id, &p);
		rc = exchange(s, &p, err);
	}
	post_clear(&p);
	return rc;
}

/* --- a turn --- */

struct batch {
	struct forward_sink *sink;
	int64_t deadline; /* for the worker */
	int64_t last, count, posted, tried;
	bool more;
};

static bool
wanted(const struct forward_sink *s, const struct store_event *event)
{
	struct forward_event e;
	bool yes;

	forward_event_read(event, &e);
	yes = e.severity <= s->least;
	forward_event_clear(&e);
	return yes;
}

static int
take(void *cookie, const struct store_event *event, struct err *err)
{
	struct batch *b = cookie;

	b->tried = event->id;
	if (wanted(b->sink, event)) {
		if (forward_webhook_post(b->sink, event, NULL, err) != 0)
			return -1;
		b->posted++;
	}
	fault_point("forward.posted");
	b->last = event->id;
	b->count++;
	if (clock_mono_ms() < b->deadline)
		return 0;
	b->more = true;
	return 1; /* the rest in the next turn */
}

/* Answered and refused that often: it goes aside, and the next may do better.
 */
static int
give_up(struct forward_sink *s, int64_t event, const struct err *why,
    struct err *err)
{
	const struct store_dead dead = {.name = s->conf->name,
	    .event = event,
	    .at = clock_now(),
	    .attempts = s->state.attempts + 1,
	    .error = why->text};

	if (store_dead_add(s->store, &dead, err) != 0)
		return -1;
	s->more = true;
	forward_sink_count(s, "dead", 1);
	log_line(LOG_WARN, "forward.dead", "name=%s event=%lld error=\"%s\"",
	    s->conf->name, (long long)dead.event, why->text);
	return forward_sink_arrived(s, dead.event, 0, err);
}

int
forward_webhook_turn(struct forward_sink *s, struct err *err)
{
	struct batch b = {.sink = s,
	    .last = s->state.cursor,
	    .deadline = clock_mono_ms() + FORWARD_JOB_MS};
	struct err why = {.kind = ERR_NONE};
	int rc;

	if (forward_letters_turn(s, b.deadline, err) != 0)
		return -1;
	rc = store_event_scan(
	    s->store, 0, s->state.cursor, FORWARD_BATCH, take, &b, &why);

	if (b.count > 0 && forward_sink_arrived(s, b.last, b.posted, err) != 0)
		return -1;
	s->more = s->more || b.more || b.count == FORWARD_BATCH;
	if (rc != -1)
		return 0;
	if (forward_about_event(&why) &&
	    s->state.refusals + 1 >= s->conf->refusals)
		return give_up(s, b.tried, &why, err);
	*err = why;
	return -1;
}
