#ifndef LOOK_INTERNAL_H_
#define LOOK_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

#include "remote.h"

struct engine;
struct engine_report;
struct loop;
struct looks;

/*
 * Looks at many devices that somebody waits for: they are queued, and counted
 * as the engine reports them.  One that is under way anyway, for whatever
 * reason, counts by how that ends.  All on the loop.
 */
struct looks *looks_new(struct loop *loop, struct engine *engine);
/* As struct remote_hands' look(); self: struct looks. */
void looks_begin(void *self, const int64_t *devices, size_t count, int64_t ms,
    remote_looked_fn *done, void *cookie);
/* Of every end that the engine reports. */
void looks_report(struct looks *l, const struct engine_report *report);
/* Wait no longer, now nor later: what has not ended is expired. */
void looks_stop(struct looks *l);
void looks_free(struct looks *l); /* nobody waits; NULL is allowed */
#endif
