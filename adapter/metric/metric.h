#ifndef METRIC_H_
#define METRIC_H_
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Numbers for Prometheus, counted where things happen and written as its text
 * format 0.0.4.  A metric is a static object of the module that counts; the
 * first use of it puts it on the list that metric_write() goes through.  Any
 * thread may count at any time: there are no locks, a count is one atomic
 * addition.  What was made stays until the process ends.
 *
 * Names and units follow Prometheus: "amtkeeper_...", seconds and bytes,
 * "_total" for counters.  Labels have few values, all from our own tables:
 * never the name of a device.
 */
#define METRIC_LABELS 2
/* Per metric; what is beyond counts as "other". */
#define METRIC_SERIES_MAX 256
#define METRIC_BOUNDS_MAX 24
#define METRIC_PAGE_MAX 4194304
#define METRIC_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_cell; /* one series of a metric */

struct metric {
	const char *name, *help;
	enum metric_kind kind;
	const char *labels[METRIC_LABELS]; /* their names; NULL: none */
	/* METRIC_HISTOGRAM: upper bounds, ascending; +Inf is added. */
	const double *bounds;
	size_t bound_count;
	/* Of this module, zeroed: */
	_Atomic(struct metric_cell *) cells;
	_Atomic(struct metric *) next;
	atomic_uint count;
	atomic_bool listed;
};

/* The series with these values, made with 0 when it is new. The values are
 * copied; NULL for a label that the metric does not have. Never NULL; kept by
 * who counts often. */
struct metric_cell *metric_cell(
    struct metric *m, const char *first, const char *second);
void metric_add(struct metric_cell *cell, uint64_t n);	  /* a counter */
void metric_set(struct metric_cell *cell, int64_t value); /* a gauge */
/* Of a histogram; below 0 counts as 0. */
void metric_observe(struct metric_cell *cell, double value);
/* What a counter or gauge shows; of a histogram: how many observations. */
int64_t metric_value(const struct metric_cell *cell);

/* Bounds for exchanges over a network: 5 ms to 60 s. */
extern const double metric_seconds[];
#define METRIC_SECONDS_COUNT 13

/* --- a page --- */

/* Append all of them, in order of names. */
void metric_write(struct buf *out);
/* For what is computed when somebody looks: the head of a metric, then each of
 * its series. A label is a name and a value; values may hold anything. */
struct metric_label {
	const char *name, *value;
};
void metric_head(
    struct buf *out, const char *name, enum metric_kind kind, const char *help);
void metric_sample(struct buf *out, const char *name,
    const struct metric_label *labels, size_t count, int64_t value);
#endif
