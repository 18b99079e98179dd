/* Events to a syslog server. */
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "fault.h"
#include "forward_internal.h"
#include "str.h"

#define SETTLE_MS 1000 /* a connection lives on for so long after a message */

static unsigned
facility(const char *name)
{
	static const struct {
		const char *name;
		unsigned number;
	} known[] = {
	    {"daemon", 3}, {"auth", 4}, {"authpriv", 10}, {"audit", 13}};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(known[i].name, name))
			return known[i].number;
	return 16 + (unsigned)(name[strlen("local")] - '0');
}

void
forward_stream_reset(struct forward_sink *s)
{
	forward_link_close(s->link);
	s->link = NULL;
	s->sent = s->state.cursor;
	s->messages = 0;
	s->passed = 0;
	s->mark_count = 0;
}

static int
open_link(struct forward_sink *s, struct err *err)
{
	const struct forward_link_conf conf = {
	    .tls_ca = s->conf->tls_ca,
	    .certificate = s->conf->certificate,
	    .key = s->conf->key,
	    .timeout_ms = (unsigned)s->conf->timeout * 1000,
	};

	return forward_link_open(&s->target, &conf, &s->link, err);
}

/* --- what has arrived --- */

static void
add_mark(struct forward_sink *s)
{
	struct forward_mark *last;

	/* When there is no room the last one waits a little longer. */
	if (s->mark_count < FORWARD_MARKS)
		s->marks[s->mark_count++].messages = 0;
	last = &s->marks[s->mark_count - 1];
	last->event = s->sent;
	last->at_ms = clock_mono_ms();
	last->messages += s->messages;
	s->messages = 0;
	s->passed = 0;
}

/* The marks up to this time are done with. */
static int
confirm(struct forward_sink *s, int64_t until_ms, struct err *err)
{
	int64_t event = 0, messages = 0;
	size_t done = 0;

	for (; done < s->mark_count && s->marks[done].at_ms <= until_ms;
	     done++) {
		event = s->marks[done].event;
		messages += s->marks[done].messages;
	}
	s->mark_count -= done;
	memmove(s->marks, s->marks + done, s->mark_count * sizeof(s->marks[0]));
	return done == 0 ? 0 : forward_sink_arrived(s, event, messages, err);
}

/* Bytes the peer's system has acknowledged, on a connection that lives. */
static int
settle(struct forward_sink *s, struct err *err)
{
	if (s->target.transport == FORWARD_UDP || s->link == NULL)
		return confirm(s, INT64_MAX, err);
	if (!forward_link_taken(s->link))
		return 0;
	return confirm(s, clock_mono_ms() - SETTLE_MS, err);
}

/* --- sending --- */

static int
send_event(
    struct forward_sink *s, const struct store_event *event, struct err *err)
{
	const struct forward_syslog how = {
	    .facility = facility(s->conf->facility),
	    .cef = str_eq(s->conf->kind, "cef"),
	    .max = s->target.transport == FORWARD_UDP ? FORWARD_DATAGRAM_MAX
						      : FORWARD_EVENT_MAX,
	};
	struct forward_event e;
	struct buf message;
	int rc = 0;

	forward_event_read(event, &e);
	buf_init(&message, 4 * FORWARD_EVENT_MAX);
	if (e.severity <= s->least) {
		forward_syslog(&message, &s->origin, &how, &e);
		if (s->link == NULL)
			rc = open_link(s, err);
		if (rc == 0)
			rc = forward_link_send(
			    s->link, message.data, message.len, err);
		s->messages += rc == 0 ? 1 : 0;
	}
	buf_free(&message);
	forward_event_clear(&e);
	return rc;
}

static int
take(void *cookie, const struct store_event *event, struct err *err)
{
	struct forward_sink *s = cookie;

	if (send_event(s, event, err) != 0)
		return -1;
	s->sent = event->id;
	s->passed++;
	return 0;
}

static int
send_batch(struct forward_sink *s, struct err *err)
{
	if (store_event_scan(
		s->store, 0, s->sent, FORWARD_BATCH, take, s, err) != 0)
		return -1;
	fault_point("forward.sent");
	s->more = s->passed == FORWARD_BATCH;
	if (s->passed > 0)
		add_mark(s);
	return 0;
}

/* It has closed after all was said: then it has read all of it. */
static int
finish(struct forward_sink *s, struct err *err)
{
	struct forward_link *l = s->link;

	s->link = NULL;
	if (l == NULL || !forward_link_finish(l))
		return 0;
	return confirm(s, INT64_MAX, err);
}

/* A server may close what is idle; but not what it may not have read. */
static int
look_after(struct forward_sink *s, struct err *err)
{
	bool open = s->mark_count > 0;

	if (s->link == NULL || forward_link_alive(s->link))
		return 0;
	forward_stream_reset(s);
	if (!open)
		return 0;
	return err_set(err, ERR_UNKNOWN,
	    "it ended the connection within %d ms of a message", SETTLE_MS);
}

int
forward_stream_turn(struct forward_sink *s, bool last, struct err *err)
{
	if (look_after(s, err) != 0)
		return -1;
	if (settle(s, err) != 0 || send_batch(s, err) != 0)
		return -1;
	if (last)
		return finish(s, err);
	return s->link == NULL || s->target.transport == FORWARD_UDP
	    ? settle(s, err)
	    : 0;
}

int
forward_stream_test(
    struct forward_sink *s, const struct store_event *event, struct err *err)
{
	struct forward_link *l;

	if (take(s, event, err) != 0)
		return -1;
	l = s->link;
	s->link = NULL;
	if (!forward_link_finish(l))
		return err_set(err, ERR_UNKNOWN,
		    "it was sent, and not seen to be read: the connection was "
		    "not closed in order");
	return 0;
}
