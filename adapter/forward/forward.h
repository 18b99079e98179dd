#ifndef FORWARD_H_
#define FORWARD_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct conf_forward;
struct err;
struct forward;
struct loop;
struct store;

/*
 * Events out: syslog (RFC 5424 over TLS by RFC 5425, TCP by RFC 6587 with octet
 * counting, UDP by RFC 5426), CEF over the same, CloudEvents 1.0 by signed
 * webhook.  Each place follows the event table with a cursor in the store, in
 * order and at least once; it is moved when the events have arrived:
 *
 *   webhook   the answer was 2xx
 *   TCP, TLS  the peer's system has acknowledged the bytes, and the connection
 *             lived on for a second (a peer that ends with bytes unread resets
 *             it); or the peer has closed it after we said that this was all
 *   UDP       they were sent: nobody tells
 *
 * After a failure it waits, twice as long each time.  A place works on a worker
 * with a store handle of its own, one batch at a time: what does not answer
 * holds up nobody else, and memory does not depend on how far behind it is.
 */
#define FORWARD_BATCH 200
#define FORWARD_EVENT_MAX 8192	  /* bytes of a message by syslog */
#define FORWARD_DATAGRAM_MAX 2048 /* and by UDP; longer ones are cut */
#define FORWARD_BODY_MAX 262144	  /* of a webhook's body */
#define FORWARD_JOB_MS 5000	  /* a worker's time, but for one time-out */

/* Is this a place we can send to? ERR_INVALID. Reads the files it names. */
int forward_check(const struct conf_forward *f, struct err *err);

/* Start following for each of conf->forwards; conf is borrowed. Opens the store
 * anew for each. */
int forward_new(struct loop *loop, const struct conf *conf,
    struct forward **ret_forward, struct err *err);
/* Begin nothing more, and let who is under way end; false: done() is called
 * from the loop when all did. */
bool forward_stop(struct forward *f, void (*done)(void *cookie), void *cookie);
void forward_free(struct forward *f); /* stopped; NULL is allowed */

/* Send one message of the kind "forward.test" there, now; blocking. It is no
 * event, and moves no cursor. */
int forward_test(
    const struct conf_forward *f, struct store *store, struct err *err);

struct store_event;
/* Post a message that is no event of the store to a webhook, signed and framed
 * as events are, under an id that stays the same for each attempt; blocking. At
 * least once: ERR_REFUSED when it was answered, and not by 2xx. */
int forward_post(const struct conf_forward *f, struct store *store,
    const struct store_event *event, const char *id, struct err *err);

const char *forward_severity_name(int severity);
#endif
