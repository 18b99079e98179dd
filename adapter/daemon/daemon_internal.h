#ifndef DAEMON_INTERNAL_H_
#define DAEMON_INTERNAL_H_
#include <stdint.h>

#include "err.h"

struct conf;
struct loop;

/* Is the KDC's clock, this far from ours, near enough? ERR_REFUSED. */
int daemon_judge_clock(
    const struct conf *conf, int64_t offset_ms, struct err *err);

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
