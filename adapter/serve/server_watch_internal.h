#ifndef SERVE_SERVER_WATCH_INTERNAL_H_
#define SERVE_SERVER_WATCH_INTERNAL_H_
#include <stdbool.h>

struct daemon;
struct server_watch;

/* Server tasks: looks each second what is due and what is under way, and works
 * on it on a worker with a store handle of its own.  Only while our clock is
 * good. */
struct server_watch *server_watch_new(struct daemon *d);
void server_watch_go(struct server_watch *w);
void server_watch_hold(struct server_watch *w);
/* As periodic_stop(); NULL has stopped. */
bool server_watch_stop(
    struct server_watch *w, void (*quiet)(void *cookie), void *cookie);
void server_watch_free(struct server_watch *w); /* NULL is allowed */
#endif
