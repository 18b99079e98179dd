#ifndef DAEMON_INTERNAL_H_
#define DAEMON_INTERNAL_H_
#include <stdint.h>

#include "err.h"

struct conf;
struct loop;

/* Is the KDC's clock, this far from ours, near enough? ERR_REFUSED. */
int daemon_judge_clock(
    const struct conf *conf, int64_t offset_ms, struct err *err);

/* With what all controllers say, *err tells who is wrong, where that can be
 * told.
 */
struct survey;
void daemon_blame_clock(const struct conf *conf, const struct survey *s,
    int64_t offset_ms, struct err *err);
/* What a clock that is off by this is not good for, words by commas, appended.
 */
struct buf;
struct daemon;
void daemon_clock_spoils(
    const struct daemon *d, int64_t offset_ms, struct buf *ret_uses);

/* For a command that asks once and waits: run the loop until a port_done_fn is
 * called, with the wait as its cookie or as the cookie's first member. */
struct daemon_wait {
	struct loop *loop;
	struct err err; /* of the answer */
};
void daemon_waited(void *wait, const struct err *err);
/* The answer's error, given on. */
int daemon_await(struct daemon_wait *w, struct err *err);

/* Tell the service manager, when there is one (sd_notify(3)): "READY=1". */
void daemon_notify(const char *state);
#endif
