#ifndef DAEMON_INTERNAL_H_
#define DAEMON_INTERNAL_H_
#include <stdint.h>

struct conf;
struct err;

/* Is the KDC's clock, this far from ours, near enough? ERR_REFUSED. */
int daemon_judge_clock(
    const struct conf *conf, int64_t offset_ms, struct err *err);

/* Tell the service manager, when there is one (sd_notify(3)): "READY=1". */
void daemon_notify(const char *state);
#endif
