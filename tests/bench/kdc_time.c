/*
 * The KDC's clock as we read it, beside the clock it really has: both are this
 * machine's, so what we find is the error.  Beside tests/lab/labrun.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "err.h"
#include "krb.h"
#include "krb_internal.h"

#define PROBES 500
#define BEST_OF 8
#define US 1e6
#define DEADLINE_MS 5000

/* In microseconds. */
struct sample {
	double took, off, bound;
};

static double
now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * US + (double)t.tv_nsec / 1e3;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print(const char *what, double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	(void)printf(
	    "  %-22s median %8.0f us   99%% %8.0f us   most %8.0f us\n", what,
	    values[count / 2], values[count * 99 / 100], values[count - 1]);
}

static void
print_all(const char *name, const struct sample *samples, size_t count)
{
	double values[PROBES];
	size_t i, late = 0;

	(void)printf("%s: %zu times\n", name, count);
	for (i = 0; i < count; i++)
		values[i] = samples[i].took;
	print("takes", values, count);
	for (i = 0; i < count; i++)
		values[i] =
		    samples[i].off < 0 ? -samples[i].off : samples[i].off;
	print("is off by", values, count);
	for (i = 0; i < count; i++) {
		late +=
		    (samples[i].off < 0 ? -samples[i].off : samples[i].off) >
		    samples[i].bound;
		values[i] = samples[i].bound;
	}
	print("claims at most", values, count);
	(void)printf(
	    "  %zu of %zu were further off than claimed\n", late, count);
}

static void
fail(const struct err *err)
{
	(void)fprintf(stderr, "%s\n", err->text);
	exit(1);
}

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	if (value != NULL)
		return value;
	(void)fprintf(stderr, "%s is not set: run this with labrun\n", name);
	exit(2);
}

/* One exchange: what krb_time() has before it rounds to milliseconds. */
static void
probe(struct krb *k, struct sample *ret)
{
	int64_t offset = 0, error = 0;
	struct err err;
	double began = now_us(CLOCK_MONOTONIC);

	if (krb_time(k, 1, &offset, &error, &err) != 0)
		fail(&err);
	ret->took = now_us(CLOCK_MONOTONIC) - began;
	ret->off = (double)k->exchange.offset_us;
	ret->bound = (double)k->exchange.trip_us / 2;
}

/* As the program asks. */
static void
probe_best(struct krb *k, struct sample *ret)
{
	int64_t offset = 0, error = 0;
	struct err err;
	double began = now_us(CLOCK_MONOTONIC);

	if (krb_time(k, BEST_OF, &offset, &error, &err) != 0)
		fail(&err);
	ret->took = now_us(CLOCK_MONOTONIC) - began;
	ret->off = (double)offset * 1e3;
	ret->bound = (double)error * 1e3;
}

int
main(void)
{
	static struct sample samples[PROBES];
	const struct krb_conf conf = {.realm = env("LAB_REALM"),
	    .kdc = env("LAB_DC"),
	    .principal = env("LAB_PRINCIPAL"),
	    .deadline_ms = DEADLINE_MS};
	struct krb *k = NULL;
	struct err err;
	double began, spent;
	size_t i;

	if (krb_open(&conf, &k, &err) != 0)
		fail(&err);
	probe(k, &samples[0]); /* resolves the name */
	began = now_us(CLOCK_PROCESS_CPUTIME_ID);
	for (i = 0; i < PROBES; i++)
		probe(k, &samples[i]);
	spent = now_us(CLOCK_PROCESS_CPUTIME_ID) - began;
	print_all("one probe", samples, PROBES);
	(void)printf("  our CPU %.0f us each\n", spent / PROBES);
	for (i = 0; i < PROBES / BEST_OF; i++)
		probe_best(k, &samples[i]);
	print_all("best of 8", samples, PROBES / BEST_OF);
	krb_close(k);
	return 0;
}
