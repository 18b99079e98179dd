#ifndef CENSUS_H_
#define CENSUS_H_
#include <stddef.h>
#include <stdint.h>

struct err;
struct store;

/*
 * The fleet in numbers, for gauges: each from an index, so that a count costs
 * what it counts and never reads the wide rows of devices.  Takes some 50 ms
 * per 100,000 devices: for a worker with a store handle of its own.
 */
#define CENSUS_SPANS 5 /* of time to an end: past, 7, 14, 30, 90 days */
extern const int64_t census_days[CENSUS_SPANS]; /* 0, 7, 14, 30, 90 */

/* How many end within each span, those of shorter ones included. */
struct census_ends {
	int64_t within[CENSUS_SPANS];
	int64_t earliest; /* 0: none has an end */
};

struct census {
	int64_t devices;
	int64_t unread;				    /* of those, never read */
	int64_t findings;			    /* of those, with any */
	int64_t due;				    /* whose time has come */
	int64_t next_due;			    /* the earliest; 0: none */
	struct census_ends certificates, passwords; /* TLS; Active Directory */
	int64_t open, parked; /* intents; of those, for a person */
	int64_t opened_at;    /* the oldest; 0: none */
	int64_t events;	      /* written, in all */
};
/* fn is told how many devices have each set of findings, "a,b". */
typedef void census_fn(void *cookie, const char *reasons, int64_t count);
int census_take(struct store *s, int64_t now, struct census *ret, census_fn *fn,
    void *cookie, struct err *err);
#endif
