#ifndef METRICS_INTERNAL_H_
#define METRICS_INTERNAL_H_
#include "console_metrics.h"

struct buf;
struct ca_conf;
struct store;

#define METRICS_KEPT_MS 10000

/* Append what the store and the CA's records say; on a worker
 * (metrics_fleet.c).
 */
int metrics_fleet(struct store *s, const struct ca_conf *ca, struct buf *out,
    struct err *err);
/* Append what the process and its parts say; on the loop (metrics_process.c).
 */
void metrics_process(const struct daemon *d, struct buf *out);
#endif
