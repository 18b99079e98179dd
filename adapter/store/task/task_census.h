#ifndef TASK_CENSUS_H_
#define TASK_CENSUS_H_
#include <stdint.h>

struct err;
struct store;

/* Runs that are not at their end in numbers, for gauges (census.h has the
 * fleet's). */
struct task_census {
	int64_t runs[3];       /* of tasks: queued, running, paused */
	int64_t items_waiting; /* of those, devices yet to be done */
};
int task_census_take(struct store *s, struct task_census *ret, struct err *err);
#endif
