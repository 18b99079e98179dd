#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "metric.h"
#include "net.h"
#include "secret.h"
#include "str.h"
#include "wsman.h"
#include "wsman_internal.h"

/*
 * One device: calls become HTTP exchanges.  What an exchange carries:
 *
 *   PROBE   no credentials and no body, to be challenged.  Firmware answers 401
 *           and closes; nothing was asked of it, so losing this exchange has no
 *           effect.
 *   DIGEST  the envelope with an answer to the latest challenge.  The nonce is
 *           used on, with a growing count, over all connections until the
 *           device refuses it.
 *   TICKET  the envelope with the Negotiate token, once per session; the
 *           connection is authenticated afterwards, and
 *   BARE    the envelope alone goes over it.
 *
 * Credentials leave only after the realm was compared, and stop leaving for the
 * rest of the session as soon as they were refused once: firmware locks
 * accounts.
 */
enum carries { PROBE, DIGEST, TICKET, BARE };

#define PATH "/wsman"
#define CALL_MS 30000
#define PULLS_MAX 100
#define ENVELOPE_MAX 65536
#define ANSWER_MAX ((size_t)XML_MAX_BYTES)
#define HEADER_MAX 49152 /* a Kerberos token with a large PAC */
#define TEXT_MAX 80	 /* of a device's text in an error */
#define REALM_PREFIX "Digest:"

struct call {
	bool busy;
	bool renewed;	      /* a stale nonce was replaced in this call */
	enum carries carries; /* the exchange under way */
	char *class_name;
	uint64_t id;
	int64_t deadline, sent_ms;
	struct buf envelope;
	struct wsman_reply *reply; /* ENUMERATE: what was pulled so far */
	bool enumerates;
	unsigned pulls;
	wsman_done_fn *done;
	void *cookie;
};

struct wsman {
	struct net_peer *peer;
	char *expected; /* realm; NULL: first contact */
	char *user;
	struct secret *password;
	char *token;
	unsigned call_ms;
	/* learnt from the device */
	char *realm, *answer_token;
	struct wsman_digest *digest; /* the latest challenge, or NULL */
	bool ticket_used;
	bool proven; /* it has accepted our credentials */
	bool denied; /* it has refused them */
	uint64_t last_id;
	struct call call;
};

/* --- numbers --- */

static struct metric request_seconds = {
    .name = "amtkeeper_wsman_request_duration_seconds",
    .help = "Time from a request's sending to its answer, by HTTP status or "
	    "failure",
    .kind = METRIC_HISTOGRAM,
    .labels = {"result"},
    .bounds = metric_seconds,
    .bound_count = METRIC_SECONDS_COUNT};

static void
measure(const struct call *call, const struct net_answer *answer,
    const struct err *err)
{
	double seconds = (double)(clock_mono_ms() - call->sent_ms) / 1000;
	char status[16];

	if (answer == NULL)
		metric_observe(metric_cell(&request_seconds,
				   err_kind_name(err->kind), NULL),
		    seconds);
	else {
		(void)snprintf(status, sizeof(status), "%d", answer->status);
		metric_observe(
		    metric_cell(&request_seconds, status, NULL), seconds);
	}
}

static void on_answer(
    void *cookie, const struct net_answer *answer, const struct err *err);

/* --- ending a call --- */

static void
call_clear(struct call *call)
{
	free(call->class_name);
	buf_free(&call->envelope);
	wsman_reply_free(call->reply);
	*call = (struct call){0};
}

/* Takes reply. The session may be gone afterwards. */
static void
finish(struct wsman *session, struct wsman_reply *reply, const struct err *err)
{
	wsman_done_fn *done = session->call.done;
	void *cookie = session->call.cookie;
	struct err own = {0};

	if (err != NULL)
		own = *err;
	call_clear(&session->call);
	done(cookie, reply, &own);
	wsman_reply_free(reply);
}

/* --- sending --- */

static int
add_digest(struct wsman *session, struct buf *header, struct err *err)
{
	struct wsman_digest_request request = {.user = session->user,
	    .password = session->password,
	    .method = "POST",
	    .uri = PATH,
	    .body = session->call.envelope.data,
	    .body_len = session->call.envelope.len};

	buf_str(header, "Authorization: ");
	return wsman_digest_answer(session->digest, &request, header, err);
}

static enum carries
choose(const struct wsman *session)
{
	if (session->password != NULL)
		return session->digest != NULL ? DIGEST : PROBE;
	if (session->token != NULL)
		return session->ticket_used ? BARE : TICKET;
	return PROBE;
}

/* Send the call's envelope in the way that is due now. */
static int
send_call(struct wsman *session, struct err *err)
{
	struct call *call = &session->call;
	const char *headers[3] = {
	    "Content-Type: application/soap+xml; charset=utf-8"};
	struct net_request request = {
	    .method = "POST", .path = PATH, .headers = headers};
	int64_t left = call->deadline - clock_mono_ms();
	struct buf header;
	int rc = -1;

	buf_init(&header, HEADER_MAX);
	if (left <= 0) {
		(void)err_set(
		    err, ERR_UNREACHABLE, "no time left to send the request");
		goto out;
	}
	call->carries = choose(session);
	if (call->carries == DIGEST && add_digest(session, &header, err) != 0)
		goto out;
	if (call->carries == TICKET)
		buf_printf(
		    &header, "Authorization: Negotiate %s", session->token);
	if (header.over) {
		(void)err_set(err, ERR_LIMIT, "authorization exceeds %d bytes",
		    HEADER_MAX);
		goto out;
	}
	if (header.len > 0)
		headers[1] = buf_text(&header);
	if (call->carries != PROBE) {
		request.body = call->envelope.data;
		request.body_len = call->envelope.len;
	}
	request.timeout_ms = (unsigned)left;
	request.answer_max = ANSWER_MAX;
	call->sent_ms = clock_mono_ms();
	rc = net_exchange(session->peer, &request, on_answer, session, err);
	if (rc == 0 && call->carries == TICKET)
		session->ticket_used = true;
out:
	buf_free(&header);
	return rc;
}

/* As send_call() for later exchanges of a call, whose errors go to done(). */
static void
send_next(struct wsman *session)
{
	struct err err = {0};

	if (send_call(session, &err) != 0)
		finish(session, NULL, &err);
}

/* --- challenges --- */

/* The first challenge we can answer; NULL with the reason in *err. */
static struct wsman_digest *
find_digest(const struct net_answer *answer, struct err *err)
{
	struct wsman_digest *digest = NULL;
	size_t i;

	(void)err_native(err, ERR_PROTOCOL, ERR_HTTP, 401,
	    "device asks for authentication but offers no Digest");
	for (i = 0; answer->challenges[i] != NULL; i++) {
		struct err own = {0};

		if (wsman_digest_parse(answer->challenges[i], &digest, &own) ==
		    0)
			return digest;
		if (own.kind != ERR_NOTFOUND)
			*err = own;
	}
	return NULL;
}

static int
check_realm(const struct wsman *session, const char *realm, struct err *err)
{
	struct buf text;
	bool good = session->expected != NULL ? str_eq(realm, session->expected)
					      : str_starts(realm, REALM_PREFIX);

	if (good)
		return 0;
	buf_init(&text, 4 * (size_t)TEXT_MAX);
	str_printable(&text, realm, strlen(realm), TEXT_MAX);
	(void)err_set(err, ERR_UNTRUSTED,
	    session->expected != NULL
		? "another device answers here: its realm is %s"
		: "this is no Intel AMT device: its realm is %s",
	    buf_text(&text));
	buf_free(&text);
	return -1;
}

/* Take the new challenge for what follows. */
static int
take_challenge(
    struct wsman *session, const struct net_answer *answer, struct err *err)
{
	struct wsman_digest *digest = find_digest(answer, err);

	wsman_digest_free(session->digest);
	session->digest = NULL;
	if (digest == NULL)
		return -1;
	mem_replace(&session->realm, wsman_digest_realm(digest));
	if (check_realm(session, session->realm, err) != 0) {
		wsman_digest_free(digest);
		return -1;
	}
	session->digest = digest;
	err_clear(err);
	return 0;
}

static int
deny(struct wsman *session, struct err *err)
{
	session->denied = true;
	return err_native(err, ERR_DENIED, ERR_HTTP, 401,
	    "device refused the %s (wrong, or the account is locked)",
	    session->password != NULL ? "user name or password"
				      : "Kerberos ticket");
}

/* A 401: 0 to send the call again, -1 to end it with *err. */
static int
answer_challenge(
    struct wsman *session, const struct net_answer *answer, struct err *err)
{
	struct call *call = &session->call;
	struct err own = {0};
	int rc = take_challenge(session, answer, &own);

	switch (call->carries) {
	case PROBE:
		if (rc != 0)
			*err = own;
		else if (session->password == NULL)
			rc = err_native(err, ERR_DENIED, ERR_HTTP, 401,
			    "device asks for credentials and none are given");
		return rc;
	case DIGEST:
		if (!session->proven || call->renewed)
			return deny(session, err);
		call->renewed = true;
		if (rc != 0)
			*err = own;
		return rc;
	case TICKET:
		return deny(session, err);
	case BARE:
	default:
		/* Firmware has not executed it, and a ticket is good once. */
		return err_native(err, ERR_UNREACHABLE, ERR_HTTP, 401,
		    "authenticated connection ended; a new ticket is needed");
	}
}

/* --- answers --- */

static void
learn(struct wsman *session, const struct net_answer *answer)
{
	static const char scheme[] = "Negotiate ";
	size_t i;

	for (i = 0; answer->challenges[i] != NULL; i++)
		if (strncasecmp(
			answer->challenges[i], scheme, sizeof(scheme) - 1) == 0)
			mem_replace(&session->answer_token,
			    answer->challenges[i] + sizeof(scheme) - 1);
}

/* An HTTP status that carries no envelope. */
static int
bad_status(const struct net_answer *answer, struct err *err)
{
	enum err_kind kind = ERR_PROTOCOL;

	if (answer->status == 403)
		kind = ERR_DENIED;
	else if (answer->status == 503)
		kind = ERR_LIMIT;
	return err_native(err, kind, ERR_HTTP, answer->status,
	    "device answered HTTP %d", answer->status);
}

/* The envelope in an answer; faults come with 400 or 500. */
static int
read_reply(struct wsman *session, const struct net_answer *answer,
    struct wsman_reply **ret_reply, struct err *err)
{
	struct err own = {0};

	if (answer->status != 200 && answer->status != 400 &&
	    answer->status != 500)
		return bad_status(answer, err);
	if (wsman_decode(answer->body->data, answer->body->len,
		session->call.id, ret_reply, &own) == 0) {
		session->proven = true;
		return 0;
	}
	if (own.domain == ERR_SOAP)
		session->proven = true;
	else if (answer->status != 200)
		return bad_status(answer, err);
	*err = own;
	return -1;
}

/* Ask for the next items: 1 when a Pull was sent. */
static int
pull(struct wsman *session, struct err *err)
{
	struct call *call = &session->call;
	struct wsman_request request = {.verb = WSMAN_PULL,
	    .class_name = call->class_name,
	    .context = wsman_context(call->reply)};

	if (call->pulls >= PULLS_MAX)
		return err_set(err, ERR_LIMIT,
		    "enumeration does not end within %d pulls", PULLS_MAX);
	call->pulls++;
	call->id = ++session->last_id;
	buf_reset(&call->envelope);
	if (wsman_encode(&call->envelope, &request, call->id, err) != 0)
		return -1;
	return send_call(session, err);
}

/* Takes reply, one of an enumeration: end the call or go on. */
static void
gather(struct wsman *session, struct wsman_reply *reply)
{
	struct call *call = &session->call;
	struct err err = {0};
	int rc = 0;

	if (call->reply == NULL)
		call->reply = reply;
	else
		rc = wsman_reply_append(call->reply, reply, &err);
	if (rc == 0 && wsman_context(call->reply) == NULL) {
		reply = call->reply;
		call->reply = NULL;
		finish(session, reply, NULL);
		return;
	}
	if (rc == 0)
		rc = pull(session, &err);
	if (rc != 0)
		finish(session, NULL, &err);
}

static void
fail(struct wsman *session, const struct err *err)
{
	enum carries carried = session->call.carries;
	struct err own = *err;

	/* The probe asked for nothing: losing it leaves nothing unknown. */
	if (carried == PROBE && own.kind == ERR_UNKNOWN)
		own.kind = ERR_UNREACHABLE;
	if (carried == TICKET &&
	    (own.kind == ERR_UNREACHABLE || own.kind == ERR_UNTRUSTED))
		session->ticket_used = false; /* it has not left */
	finish(session, NULL, &own);
}

static void
on_answer(void *cookie, const struct net_answer *answer, const struct err *err)
{
	struct wsman *session = cookie;
	struct wsman_reply *reply = NULL;
	struct err own = {0};

	measure(&session->call, answer, err);
	if (answer == NULL) {
		fail(session, err);
		return;
	}
	learn(session, answer);
	if (answer->status == 401) {
		if (answer_challenge(session, answer, &own) == 0)
			send_next(session);
		else
			finish(session, NULL, &own);
	} else if (session->call.carries == PROBE) {
		(void)err_native(&own, ERR_PROTOCOL, ERR_HTTP, answer->status,
		    "device answered HTTP %d instead of a challenge",
		    answer->status);
		finish(session, NULL, &own);
	} else if (read_reply(session, answer, &reply, &own) != 0) {
		finish(session, NULL, &own);
	} else if (session->call.enumerates) {
		gather(session, reply);
	} else {
		finish(session, reply, NULL);
	}
}

/* --- the session --- */

int
wsman_new(struct net *net, const struct wsman_conf *conf,
    struct wsman **ret_session, struct err *err)
{
	struct net_peer_conf peer_conf = {.address = conf->address,
	    .port = conf->port,
	    .tls = conf->tls,
	    .legacy_tls = conf->legacy_tls,
	    .connect_ms = conf->connect_ms};
	struct net_peer *peer;
	struct wsman *session;

	if (conf->password != NULL && str_empty(conf->user))
		return err_set(err, ERR_INVALID, "password without a user");
	if (conf->tls && conf->trust != NULL)
		peer_conf.trust = *conf->trust;
	peer = net_peer_new(net, &peer_conf, err);
	if (peer == NULL)
		return -1;
	session = mem_alloc(sizeof(*session));
	session->peer = peer;
	session->expected = mem_dup(conf->realm);
	session->user = mem_dup(conf->user);
	if (conf->password != NULL)
		session->password = secret_copy(conf->password);
	session->token = mem_dup(conf->token);
	session->call_ms = conf->call_ms > 0 ? conf->call_ms : CALL_MS;
	*ret_session = session;
	return 0;
}

void
wsman_free(struct wsman *session)
{
	if (session == NULL)
		return;
	net_peer_free(session->peer);
	call_clear(&session->call);
	wsman_digest_free(session->digest);
	free(session->expected);
	free(session->user);
	secret_free(session->password);
	if (session->token != NULL)
		secret_wipe(session->token, strlen(session->token));
	free(session->token);
	free(session->realm);
	free(session->answer_token);
	free(session);
}

void
wsman_disconnect(struct wsman *session)
{
	net_peer_disconnect(session->peer);
}

void
wsman_forget(struct wsman *session)
{
	net_peer_forget(session->peer);
}

const char *
wsman_realm(const struct wsman *session)
{
	return session->realm;
}

const char *
wsman_leaf(const struct wsman *session)
{
	return net_peer_leaf(session->peer);
}

const uint8_t *
wsman_leaf_der(const struct wsman *session, size_t *ret_len)
{
	return net_peer_leaf_der(session->peer, ret_len);
}

struct x509_st *
wsman_leaf_parsed(const struct wsman *session)
{
	return net_peer_leaf_parsed(session->peer);
}

const char *
wsman_token(const struct wsman *session)
{
	return session->answer_token;
}

int
wsman_call(struct wsman *session, const struct wsman_request *request,
    unsigned timeout_ms, wsman_done_fn *done, void *cookie, struct err *err)
{
	struct call *call = &session->call;

	if (call->busy)
		return err_set(err, ERR_BUG, "a call to this device runs");
	if (session->denied)
		return err_native(err, ERR_DENIED, ERR_HTTP, 401,
		    "credentials were refused before and are not sent again");
	call->busy = true;
	call->class_name = mem_dup(request->class_name);
	call->enumerates = request->verb == WSMAN_ENUMERATE;
	call->id = ++session->last_id;
	call->deadline =
	    clock_mono_ms() + (timeout_ms > 0 ? timeout_ms : session->call_ms);
	call->done = done;
	call->cookie = cookie;
	buf_init(&call->envelope, ENVELOPE_MAX);
	if (wsman_encode(&call->envelope, request, call->id, err) == 0 &&
	    send_call(session, err) == 0)
		return 0;
	call_clear(call);
	return -1;
}

bool
wsman_let_in(const struct err *err)
{
	return err->kind == ERR_NONE || err->domain == ERR_SOAP ||
	    err->domain == ERR_PT;
}
