#ifndef EPO_WATCH_INTERNAL_H_
#define EPO_WATCH_INTERNAL_H_
#include <stdbool.h>

struct daemon;
struct epo_watch;

/*
 * Syncs the consoles above us when they are due, one after another, a few
 * exchanges at a time on a worker with a store handle of its own.  One whose
 * configuration cannot be used is told of, and tried again.
 */
/* d is borrowed; NULL when none is configured. */
struct epo_watch *epo_watch_new(struct daemon *d);
/* As periodic_stop(); a sync in the middle is gone on with by the next start.
 */
bool epo_watch_stop(
    struct epo_watch *w, void (*quiet)(void *cookie), void *cookie);
/* When nothing is under way; NULL is allowed. */
void epo_watch_free(struct epo_watch *w);
#endif
