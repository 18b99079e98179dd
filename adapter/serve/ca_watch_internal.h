#ifndef CA_WATCH_INTERNAL_H_
#define CA_WATCH_INTERNAL_H_
#include <stdbool.h>

struct ca_watch;
struct daemon;
struct revocation;

/*
 * `serve` has the CA open while others make, take or cross issuing CAs: it is
 * noticed, and all who use the CA change over to the one that issues now, in
 * d->ca as well.
 */
/* Everything is borrowed. */
struct ca_watch *ca_watch_new(struct daemon *d, struct revocation *revocation);
/* As periodic_stop(): nothing changes from now on. */
bool ca_watch_stop(
    struct ca_watch *w, void (*quiet)(void *cookie), void *cookie);
/* When nothing is under way; NULL is allowed. */
void ca_watch_free(struct ca_watch *w);
#endif
