#ifndef METRICS_INTERNAL_H_
#define METRICS_INTERNAL_H_
#include <stdbool.h>

struct buf;
struct console_route;
struct daemon;
struct err;

/*
 * GET /metrics for Prometheus: what the process has counted, and the fleet as
 * it stands in the store, read on a worker at most every few seconds however
 * often somebody asks.
 */
#define METRICS_KEPT_MS 10000

struct metrics;
int metrics_new(struct daemon *d, struct metrics **ret, struct err *err);
/* Its route, for console_add(). */
struct console_route metrics_route(struct metrics *m);
/* All that ask get their answer; false: done() is called from the loop when
 * nothing is under way. */
bool metrics_stop(struct metrics *m, void (*done)(void *cookie), void *cookie);
void metrics_free(struct metrics *m); /* NULL is allowed */

/* metrics_fleet.c: append what the store and the CA's records say; on a worker.
 */
struct ca_conf;
struct store;
int metrics_fleet(struct store *s, const struct ca_conf *ca, struct buf *out,
    struct err *err);
/* metrics_process.c: append what the process and its parts say; on the loop. */
void metrics_process(const struct daemon *d, struct buf *out);
#endif
