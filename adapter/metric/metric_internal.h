#ifndef METRIC_INTERNAL_H_
#define METRIC_INTERNAL_H_
#include "metric.h"

#define METRIC_FRACTION 1e6 /* sums are kept in millionths */
#define METRIC_OBSERVED_MAX 1e9

struct metric_cell {
	struct metric_cell *next;
	const struct metric *of;
	char *values[METRIC_LABELS];
	_Atomic int64_t value;	  /* of a histogram: observations */
	_Atomic uint64_t sum;	  /* in millionths */
	_Atomic uint64_t below[]; /* by bound: those not in one before */
};

/* The first of all that were ever used, in no order. */
struct metric *metric_first(void);
#endif
