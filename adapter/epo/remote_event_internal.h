#ifndef REMOTE_EVENT_INTERNAL_H_
#define REMOTE_EVENT_INTERNAL_H_

struct call;
struct err;
struct store;

/* "remote.command": which one, and how it went (how->kind); never what its
 * arguments were, which may be secrets. */
int remote_audit(struct store *s, const struct call *c, const struct err *how,
    struct err *err);
#endif
