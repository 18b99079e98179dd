#ifndef FORWARD_INTERNAL_H_
#define FORWARD_INTERNAL_H_
#include "buf.h"
#include "err.h"
#include "forward.h"
#include "store.h"
#include "store_forward.h"

/* --- kind.c, event.c --- */

/* A kind of event as others are told of it. */
struct forward_kind {
	const char *name; /* "certificate.issued"; 32 bytes at most: MSGID */
	unsigned class;	  /* stable; 0 ends the table */
	int severity;	  /* of syslog: 2 critical to 6 informational */
	const char *title;
};
/* Never NULL: the first row stands for what is in none. */
const struct forward_kind *forward_kind(const char *name);
/* -1 when it is none. */
int forward_severity(const char *name);

/* An event, and what stands in its details. */
struct forward_event {
	const struct store_event *event;
	const char *id; /* of what is no event in the store; NULL: its number */
	const struct forward_kind *kind;
	int severity; /* a run that failed is worse than one that did not */
	struct json_object *detail; /* an object; NULL: it was none */
	const char *outcome, *step, *play, *error; /* of that; or NULL */
};
void forward_event_read(
    const struct store_event *event, struct forward_event *ret);
void forward_event_clear(struct forward_event *e);

/* Who sends. */
struct forward_origin {
	char host[256];
	long pid;
};
void forward_origin(struct forward_origin *ret);

/* --- text.c: visible UTF-8, others as \xNN --- */

/* Bytes of the characters in `escaped` get a backslash in front. At most max
 * bytes are added. */
void forward_text(
    struct buf *out, const char *text, size_t max, const char *escaped);
/* Printable ASCII without blanks, "-" when nothing is left (RFC 5424, 6). */
void forward_word(struct buf *out, const char *text, size_t max);

/* --- syslog.c, cef.c, cloud.c: one event as bytes --- */

struct forward_syslog {
	unsigned facility;
	bool cef;
	size_t max; /* bytes; the text is cut to fit */
};
void forward_syslog(struct buf *out, const struct forward_origin *o,
    const struct forward_syslog *how, const struct forward_event *e);
void forward_cef(struct buf *out, const struct forward_event *e);
void forward_cloud(struct buf *out, const struct forward_origin *o,
    const struct forward_event *e);

/* --- target.c: where to --- */

enum forward_transport { FORWARD_UDP, FORWARD_TCP, FORWARD_TLS, FORWARD_HTTP };

struct forward_target {
	enum forward_transport transport;
	char host[256];
	char port[8];
};
/* "tls://siem.example:6514", "udp://[2001:db8::1]:514"; ERR_INVALID. */
int forward_target(const char *to, struct forward_target *ret, struct err *err);

/* --- link.c: a connection to a syslog server, blocking up to deadlines --- */

struct forward_link;
struct forward_link_conf {
	const char *tls_ca, *certificate, *key; /* files; NULL */
	unsigned timeout_ms; /* to connect, and for each message */
};
int forward_link_open(const struct forward_target *to,
    const struct forward_link_conf *conf, struct forward_link **ret_link,
    struct err *err);
/* One message; framed by octet counting but for UDP. */
int forward_link_send(
    struct forward_link *l, const void *bytes, size_t len, struct err *err);
/* Has the peer neither closed nor reset it? What it says is thrown away. */
bool forward_link_alive(struct forward_link *l);
/* Is everything acknowledged by the peer's system? */
bool forward_link_taken(const struct forward_link *l);
/* Say that this was all, and wait until the peer has closed: then it has read
 * everything. Frees. */
bool forward_link_finish(struct forward_link *l);
void forward_link_close(struct forward_link *l); /* NULL is allowed */

/* --- link_tls.c --- */

struct ssl_st;
struct ssl_ctx_st;
int forward_tls_context(const struct forward_link_conf *conf,
    struct ssl_ctx_st **ret_context, struct err *err);
/* Nothing but this name (or address) is accepted. */
int forward_tls_name(struct ssl_st *ssl, const char *host, struct err *err);
int forward_tls_error(
    const struct ssl_st *ssl, const char *what, struct err *err);

/* --- sink.c: one place --- */

/* A mark: all up to this event had left at this time, so many messages. */
#define FORWARD_MARKS 16
struct forward_mark {
	int64_t event, at_ms, messages;
};

struct vault;
struct forward_sink {
	const struct conf_forward *conf;
	struct forward_target target;
	struct forward_origin origin;
	int least; /* severity */
	struct vault *vault;
	struct store *store;	    /* its own */
	struct store_forward state; /* as stored */
	bool loaded;
	bool more;     /* there was more than a batch */
	int64_t asked; /* seconds that the last answer wants us to wait */

	/* stream.c: */
	struct forward_link *link;
	int64_t sent;		  /* the last event that left */
	int64_t passed, messages; /* since the last mark: events; that left */
	struct forward_mark marks[FORWARD_MARKS];
	size_t mark_count;
};
int forward_sink_open(const struct conf *conf, const struct conf_forward *f,
    struct forward_sink *ret, struct err *err);
void forward_sink_close(struct forward_sink *s);
/* On a worker: one turn. last: it is the last one. */
void forward_sink_turn(struct forward_sink *s, bool last);
/* All up to this event is done with, `arrived` of them there, the others left
 * out or put aside; kept in the store. */
int forward_sink_arrived(
    struct forward_sink *s, int64_t event, int64_t arrived, struct err *err);
void forward_sink_count(
    const struct forward_sink *s, const char *result, int64_t n);

/* Seconds until the next attempt after so many that failed: retry_first,
 * doubled each time, or what the receiver asked for (0: nothing) when that is
 * longer; retry_most at most. */
int64_t forward_pause(
    const struct conf_forward *f, int64_t attempts, int64_t asked);

int forward_stream_turn(struct forward_sink *s, bool last, struct err *err);
/* One message, and that it was read. */
int forward_stream_test(
    struct forward_sink *s, const struct store_event *event, struct err *err);
/* After a failure: what was not confirmed is sent again. */
void forward_stream_reset(struct forward_sink *s);

/* --- webhook.c --- */

int forward_webhook_turn(struct forward_sink *s, struct err *err);
/* letter.c: those that are to be sent again, until then (clock_mono_ms()). */
int forward_letters_turn(
    struct forward_sink *s, int64_t deadline, struct err *err);
/* Post one event, under this id (NULL: its number); ERR_REFUSED when it was
 * answered, and not by 2xx; s->asked says how long to wait then. */
int forward_webhook_post(struct forward_sink *s,
    const struct store_event *event, const char *id, struct err *err);
/* Was it this event that was refused, and not whatever came? */
bool forward_about_event(const struct err *why);
/* The value of webhook-signature, appended. */
struct secret;
void forward_webhook_sign(struct buf *out, const struct secret *secret,
    const char *id, int64_t at, const struct buf *body);
#endif
