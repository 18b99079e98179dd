#ifndef CA_BENCH_H_
#define CA_BENCH_H_
#include <openssl/types.h>
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

/* A CA in a folder of its own: below $TMPDIR or /tmp, where a commit costs what
 * the disk takes, or below /dev/shm, where it costs nothing. */
enum bench_place { BENCH_DISK, BENCH_MEMORY };
struct bench_ca {
	char *folder, *database, *key_file;
	struct vault *vault;
	struct ca *ca;
};
void bench_ca_make(struct bench_ca *b, enum bench_place place);
/* Closed and opened again. */
void bench_ca_reopen(struct bench_ca *b);
/* Sign with this key from now on, whatever is in the CA's certificate. */
void bench_ca_use(struct bench_ca *b, EVP_PKEY *key);
void bench_ca_close(struct bench_ca *b); /* and remove the folder */
#endif
