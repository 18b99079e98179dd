#ifndef CA_BENCH_H_
#define CA_BENCH_H_
#include <stddef.h>

struct ca;
struct err;

/* What the benches of the CA share. */

/* Ends the program with what and err (may be NULL) unless ok. */
void bench_need(int ok, const char *what, const struct err *err);
/* CPU time of the thread, and time that passed; microseconds. */
double bench_cpu_us(void);
double bench_wall_us(void);
/* Sorts the values. */
double bench_median(double *values, size_t count);

/* A CA in a folder of its own, below $TMPDIR or /tmp. */
struct bench_ca {
	char *folder, *database;
	struct vault *vault;
	struct ca *ca;
};
void bench_ca_make(struct bench_ca *b);
void bench_ca_close(struct bench_ca *b); /* and remove the folder */
#endif
