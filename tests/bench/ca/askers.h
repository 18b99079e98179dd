#ifndef ASKERS_H_
#define ASKERS_H_
#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "ca.h"

/* Devices that ask for certificates, each with a name and a key of its own. */

struct bench_asker {
	char name[40];
	struct ca_subject subject;
	struct buf csr;
};

struct bench_askers {
	struct bench_asker *list;
	size_t count;
	size_t next;	 /* whose turn it is */
	uint64_t number; /* of the next idempotency key */
	EVP_PKEY *key;	 /* of one of them */
};

#define BENCH_KEY 24

/* RSA-2048, made from few primes: quickly, and good for nothing but this. */
void bench_askers_make(struct bench_askers *a, size_t count);
void bench_askers_free(struct bench_askers *a);
/* The next ones' requests; keys has room for a text each. */
void bench_ask(struct bench_askers *a, struct ca_issuance *list,
    char (*keys)[BENCH_KEY], size_t count);
#endif
