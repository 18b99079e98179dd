#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "forward_internal.h"
#include "log.h"
#include "metric.h"
#include "str.h"
#include "vault.h"

/* --- numbers --- */

static struct metric events_total = {.name = "amtkeeper_forward_events_total",
    .help = "Events sent to a place, by what became of the attempt",
    .kind = METRIC_COUNTER,
    .labels = {"sink", "result"}};
static struct metric behind_events = {.name = "amtkeeper_forward_behind_events",
    .help = "Events that have not arrived at a place",
    .kind = METRIC_GAUGE,
    .labels = {"sink"}};
static struct metric oldest_seconds = {.name = "amtkeeper_forward_lag_seconds",
    .help = "Age of the oldest event that has not arrived at a place",
    .kind = METRIC_GAUGE,
    .labels = {"sink"}};

void
forward_sink_count(const struct forward_sink *s, const char *result, int64_t n)
{
	metric_add(metric_cell(&events_total, s->conf->name, result),
	    n > 0 ? (uint64_t)n : 0);
}

static void
measure(struct forward_sink *s)
{
	const char *name = s->conf->name;
	int64_t behind = 0, oldest = 0, now = clock_now();

	if (store_forward_behind(
		s->store, s->state.cursor, &behind, &oldest, NULL) != 0)
		return;
	metric_set(metric_cell(&behind_events, name, NULL), behind);
	metric_set(metric_cell(&oldest_seconds, name, NULL),
	    oldest == 0 || oldest > now ? 0 : now - oldest);
	forward_sink_count(s, "delivered", 0); /* so that the series is there */
	forward_sink_count(s, "failed", 0);
	forward_sink_count(s, "dead", 0);
}

/* --- open and close --- */

int
forward_check(const struct conf_forward *f, struct err *err)
{
	struct forward_target t;
	bool webhook = str_eq(f->kind, "webhook"), tls;

	if (forward_target(f->to, &t, err) != 0)
		return err_context(err, "forward %s", f->name);
	tls = t.transport == FORWARD_TLS || str_starts(f->to, "https:");
	if (webhook != (t.transport == FORWARD_HTTP))
		return err_set(err, ERR_INVALID,
		    "forward %s: a webhook goes to https://, syslog and cef to "
		    "tls://, tcp:// or udp://",
		    f->name);
	if (tls && f->tls_ca == NULL)
		return err_set(err, ERR_INVALID,
		    "forward %s: tls_ca is not set: the anchors its "
		    "certificate must chain to, for those of the system "
		    "/etc/ssl/certs/ca-certificates.crt",
		    f->name);
	return 0;
}

int
forward_sink_open(const struct conf *conf, const struct conf_forward *f,
    struct forward_sink *ret, struct err *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->conf = f;
	ret->least = forward_severity(f->severity);
	if (forward_check(f, err) != 0 ||
	    forward_target(f->to, &ret->target, err) != 0)
		return -1;
	forward_origin(&ret->origin);
	if (vault_open(conf->vault_key, &ret->vault, err) != 0)
		return err_context(err, "vault key");
	if (store_open(conf->database, ret->vault, &ret->store, err) != 0) {
		vault_close(ret->vault);
		ret->vault = NULL;
		return err_context(err, "store");
	}
	return 0;
}

void
forward_sink_close(struct forward_sink *s)
{
	forward_link_close(s->link);
	s->link = NULL;
	store_close(s->store);
	vault_close(s->vault);
	s->store = NULL;
	s->vault = NULL;
}

/* --- what became of it --- */

int
forward_sink_arrived(
    struct forward_sink *s, int64_t event, int64_t arrived, struct err *err)
{
	struct store_forward next = s->state;

	next.cursor = event;
	next.delivered += arrived;
	next.attempts = 0;
	next.refusals = 0;
	next.failing_since = 0;
	next.next_at = 0;
	next.error[0] = '\0';
	if (arrived > 0)
		next.delivered_at = clock_now();
	if (store_forward_put(s->store, &next, err) != 0 ||
	    store_commit(s->store, err) != 0) {
		store_rollback(s->store);
		return -1;
	}
	if (s->state.failing_since != 0 && arrived > 0)
		log_line(LOG_NOTE, "forward.well", "name=%s", s->conf->name);
	s->state = next;
	forward_sink_count(s, "delivered", arrived);
	return 0;
}

int64_t
forward_pause(const struct conf_forward *f, int64_t attempts, int64_t asked)
{
	int64_t seconds = f->retry_first;

	while (--attempts > 0 && seconds < f->retry_most)
		seconds *= 2;
	if (seconds < asked)
		seconds = asked;
	return seconds < f->retry_most ? seconds : f->retry_most;
}

static void
failed(struct forward_sink *s, const struct err *why)
{
	struct store_forward *f = &s->state;
	struct err err;

	forward_sink_count(s, "failed", 1);
	s->more = false;
	forward_stream_reset(s);
	f->attempts++;
	f->refusals += forward_about_event(why) ? 1 : 0;
	if (f->failing_since == 0)
		f->failing_since = clock_now();
	f->next_at =
	    clock_now() + forward_pause(s->conf, f->attempts, s->asked);
	(void)snprintf(f->error, sizeof(f->error), "%s", why->text);
	log_line(f->attempts == 1 ? LOG_WARN : LOG_INFO, "forward.failed",
	    "name=%s kind=%s attempts=%lld error=\"%s\"", s->conf->name,
	    err_kind_name(why->kind), (long long)f->attempts, f->error);
	if (store_forward_put(s->store, f, &err) != 0 ||
	    store_commit(s->store, &err) != 0) {
		store_rollback(s->store);
		log_line(LOG_WARN, "forward.store", "name=%s error=\"%s\"",
		    s->conf->name, err.text);
	}
}

/* --- a turn --- */

static int
load(struct forward_sink *s, struct err *err)
{
	if (s->loaded)
		return 0;
	if (store_forward_take(s->store, s->conf->name,
		str_eq(s->conf->from, "first"), &s->state, err) != 0 ||
	    store_commit(s->store, err) != 0) {
		store_rollback(s->store);
		return -1;
	}
	s->sent = s->state.cursor;
	s->loaded = true;
	return 0;
}

void
forward_sink_turn(struct forward_sink *s, bool last)
{
	struct err err = {.kind = ERR_NONE};
	bool waits;
	int rc;

	s->more = false;
	s->asked = 0;
	if (load(s, &err) != 0) {
		log_line(LOG_WARN, "forward.store", "name=%s error=\"%s\"",
		    s->conf->name, err.text);
		return;
	}
	waits = s->state.next_at > clock_now() &&
	    s->state.next_at <= clock_now() + s->conf->retry_most;
	rc = 0;
	if (s->target.transport != FORWARD_HTTP) {
		if (!waits)
			rc = forward_stream_turn(s, last, &err);
	} else if (!waits && !last)
		rc = forward_webhook_turn(s, &err);
	if (rc != 0)
		failed(s, &err);
	measure(s);
}

int
forward_test(const struct conf_forward *f, struct store *store, struct err *err)
{
	const struct store_event event = {.at = clock_now(),
	    .kind = "forward.test",
	    .actor = "test",
	    .detail = "{\"test\":true}"};
	struct forward_sink s = {.conf = f, .store = store, .least = 7};
	int rc;

	if (forward_check(f, err) != 0 ||
	    forward_target(f->to, &s.target, err) != 0)
		return -1;
	forward_origin(&s.origin);
	if (s.target.transport == FORWARD_HTTP)
		return forward_webhook_post(&s, &event, NULL, err);
	rc = forward_stream_test(&s, &event, err);
	forward_link_close(s.link);
	return rc;
}

int
forward_post(const struct conf_forward *f, struct store *store,
    const struct store_event *event, const char *id, struct err *err)
{
	struct forward_sink s = {.conf = f, .store = store, .least = 7};

	if (forward_check(f, err) != 0 ||
	    forward_target(f->to, &s.target, err) != 0)
		return -1;
	if (s.target.transport != FORWARD_HTTP)
		return err_set(err, ERR_INVALID, "%s is no webhook", f->name);
	forward_origin(&s.origin);
	return forward_webhook_post(&s, event, id, err);
}
