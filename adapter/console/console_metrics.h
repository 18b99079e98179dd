#ifndef CONSOLE_METRICS_H_
#define CONSOLE_METRICS_H_
#include <stdbool.h>

struct console_route;
struct daemon;
struct err;

/*
 * GET /metrics for Prometheus: what the process has counted, and the fleet as
 * it stands in the store, read on a worker at most every few seconds however
 * often somebody asks.
 */

struct metrics;
int metrics_new(struct daemon *d, struct metrics **ret, struct err *err);
/* Its route, for console_add(). */
struct console_route metrics_route(struct metrics *m);
/* All that ask get their answer; false: done() is called from the loop when
 * nothing is under way. */
bool metrics_stop(struct metrics *m, void (*done)(void *cookie), void *cookie);
void metrics_free(struct metrics *m); /* NULL is allowed */
#endif
