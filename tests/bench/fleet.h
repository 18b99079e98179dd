#ifndef FLEET_H_
#define FLEET_H_
#include <stdint.h>
#include <time.h>

#include "device.h"
#include "err.h"

/* What benches of the store share: a store in a folder of its own, and devices
 * in it.  A failed call makes the numbers worthless, and ends the program. */

struct bench_fleet {
	char folder[40], key[64], path[64]; /* path: of the database */
	struct vault *vault;
	struct store *store;
};

/* r of a call that filled *err when it was not 0. */
void bench_must(int r, const struct err *err);

/* A new, empty store; what: a word for the name of the folder. */
void bench_fleet_open(struct bench_fleet *ret, const char *what);
/* And all of it is gone. */
void bench_fleet_close(struct bench_fleet *fleet);

/* The record of the i-th, before it is added. */
typedef void bench_record_fn(struct device *d, int64_t i);
/* Devices 1 to count, committed; record NULL: with a name and a UUID alone. */
void bench_fleet_add(
    struct bench_fleet *fleet, int64_t count, bench_record_fn *record);
/* A record as it looks after some years: every field of the state is known;
 * times are at and soon after now. */
void bench_record(struct device *d, int64_t i, int64_t now);

double bench_us(clockid_t clock);
/* Sorts them. */
double bench_median(double *values, size_t count);
#endif
