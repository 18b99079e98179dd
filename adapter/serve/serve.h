#ifndef SERVE_H_
#define SERVE_H_

struct daemon;
struct err;

/*
 * `serve`: recover, then work on what is due until SIGTERM or SIGINT; parks or
 * finishes every device before it returns.  After a second signal it returns at
 * once with ERR_CANCELLED: the process must then end without daemon_close(),
 * and the next start recovers what was under way.
 */
int serve(struct daemon *d, struct err *err);
#endif
