/*
 * Certificates from our CA, 64 at a time, beside what no CA can do without: its
 * signature and the check of an RSA-2048 request's.  In turns in one run:
 *
 *   in memory   with all checks and records, in a database that is on no disk
 *   durable     the same, on a disk
 *   2 threads   with half of them in flight each, beside two that only sign
 *
 * for an issuing key on P-256, of RSA-3072, and on P-384.  CPU time of the
 * thread where there is one, time that passed elsewhere.
 */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "askers.h"
#include "ca_bench.h"
#include "err.h"

#define ROUNDS 11
#define ASKERS 2000
#define FLIGHT CA_ISSUE_MANY
#define TBS_BYTES 900 /* of a certificate for a device */

static struct bench_askers askers;
static uint8_t tbs[TBS_BYTES];

/* --- the bound --- */

static void
sign(EVP_PKEY *with, const char *hash, uint8_t *signature, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	bench_need(EVP_DigestSignInit_ex(
		       ctx, NULL, hash, NULL, NULL, with, NULL) == 1 &&
		EVP_DigestSign(ctx, signature, len, tbs, sizeof(tbs)) == 1,
	    "sign", NULL);
	EVP_MD_CTX_free(ctx);
}

static void
verify(EVP_PKEY *with, const char *hash, const uint8_t *signature, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	bench_need(EVP_DigestVerifyInit_ex(
		       ctx, NULL, hash, NULL, NULL, with, NULL) == 1 &&
		EVP_DigestVerify(ctx, signature, len, tbs, sizeof(tbs)) == 1,
	    "verify", NULL);
	EVP_MD_CTX_free(ctx);
}

static double
time_signing(EVP_PKEY *with, size_t count)
{
	double start = bench_cpu_us();
	uint8_t signature[512];
	size_t i, len;

	for (i = 0; i < count; i++) {
		len = sizeof(signature);
		sign(with, "SHA384", signature, &len);
	}
	return (bench_cpu_us() - start) / (double)count;
}

static double
time_verifying(EVP_PKEY *with, const char *hash, size_t count)
{
	uint8_t signature[512];
	size_t i, len = sizeof(signature);
	double start;

	sign(with, hash, signature, &len);
	start = bench_cpu_us();
	for (i = 0; i < count; i++)
		verify(with, hash, signature, len);
	return (bench_cpu_us() - start) / (double)count;
}

/* --- ours --- */

/* count certificates, so many at once. */
static void
issue(struct ca *ca, struct bench_askers *a, size_t count, size_t flight)
{
	struct ca_issuance *list = calloc(FLIGHT, sizeof(*list));
	char keys[FLIGHT][BENCH_KEY];
	size_t at, i;

	bench_need(list != NULL, "memory", NULL);
	for (at = 0; at < count; at += flight) {
		bench_ask(a, list, keys, flight);
		ca_issue_many(ca, list, flight);
		for (i = 0; i < flight; i++) {
			bench_need(list[i].err.kind == ERR_NONE, "issue",
			    &list[i].err);
			ca_cert_clear(&list[i].cert);
		}
	}
	free(list);
}

struct cost {
	double cpu, wall;
};

static struct cost
time_issuing(struct ca *ca, size_t count)
{
	double cpu = bench_cpu_us(), wall = bench_wall_us();

	issue(ca, &askers, count, FLIGHT);
	return (struct cost){(bench_cpu_us() - cpu) / (double)count,
	    (bench_wall_us() - wall) / (double)count};
}

/* --- two threads --- */

struct half {
	struct ca *ca; /* NULL: only sign */
	EVP_PKEY *key;
	size_t count;
	struct bench_askers askers; /* shares the list */
};

static void *
run_half(void *arg)
{
	struct half *h = arg;

	if (h->ca != NULL)
		issue(h->ca, &h->askers, h->count, FLIGHT / 2);
	else
		(void)time_signing(h->key, h->count);
	return NULL;
}

/* Two threads with half of it each; what passed per piece. */
static double
time_two(struct ca *ca, EVP_PKEY *key, size_t count)
{
	struct half half[2];
	double start = bench_wall_us();
	pthread_t thread;
	size_t i;

	for (i = 0; i < 2; i++) {
		half[i] = (struct half){
		    .ca = ca, .key = key, .count = count, .askers = askers};
		half[i].askers.next += i * count;
		half[i].askers.number += i * count;
	}
	askers.next += 2 * count;
	askers.number += 2 * count;
	bench_need(pthread_create(&thread, NULL, run_half, &half[0]) == 0,
	    "thread", NULL);
	(void)run_half(&half[1]);
	(void)pthread_join(thread, NULL);
	return (bench_wall_us() - start) / (double)(2 * count);
}

/* --- one key --- */

enum figure {
	SIGN,
	CHECK,
	OWN,
	MEMORY,
	OF_BOUND,
	OF_BOUND_OWN,
	OF_SIGN,
	DURABLE,
	OF_MEMORY,
	TWO,
	TWO_OF_MEMORY,
	FIGURES
};

static void
one_round(struct bench_ca *memory, struct bench_ca *disk, EVP_PKEY *key,
    size_t count, double figures[FIGURES])
{
	double sign_us = time_signing(key, count), two, two_memory;
	double check = time_verifying(askers.key, "SHA256", 256);
	double own = time_verifying(key, "SHA384", count);
	struct cost in_memory = time_issuing(memory->ca, count);
	struct cost durable = time_issuing(disk->ca, count);

	two = time_two(NULL, key, count);
	two_memory = time_two(memory->ca, key, count);
	figures[TWO] = two / two_memory;
	figures[TWO_OF_MEMORY] = two_memory / time_two(disk->ca, key, count);
	figures[SIGN] = sign_us;
	figures[CHECK] = check;
	figures[OWN] = own;
	figures[MEMORY] = in_memory.cpu;
	figures[OF_BOUND] = (sign_us + check) / in_memory.cpu;
	figures[OF_BOUND_OWN] = (sign_us + check + own) / in_memory.cpu;
	figures[OF_SIGN] = sign_us / in_memory.cpu;
	figures[DURABLE] = 1e6 / durable.wall;
	figures[OF_MEMORY] = in_memory.wall / durable.wall;
}

static void
print(const char *name, double rounds[FIGURES][ROUNDS])
{
	double m[FIGURES];
	size_t i;

	for (i = 0; i < FIGURES; i++)
		m[i] = bench_median(rounds[i], ROUNDS);
	printf("%s: signature %.0f us, request's check %.0f us, check of the "
	       "own signature %.0f us\n",
	    name, m[SIGN], m[CHECK], m[OWN]);
	printf("  in memory %.0f us of CPU: %.2f of 1/(signature + request's "
	       "check), %.2f with the own check, %.2f of signing alone\n",
	    m[MEMORY], m[OF_BOUND], m[OF_BOUND_OWN], m[OF_SIGN]);
	printf("  durable, %d in flight: %.0f/s, %.2f of in memory\n", FLIGHT,
	    m[DURABLE], m[OF_MEMORY]);
	printf("  two threads with half of them each: %.2f of two that only "
	       "sign; durable %.2f of in memory\n",
	    m[TWO], m[TWO_OF_MEMORY]);
}

static void
measure(const char *name, EVP_PKEY *key, size_t count)
{
	double figures[FIGURES], rounds[FIGURES][ROUNDS];
	struct bench_ca memory = {.ca = NULL}, disk = {.ca = NULL};
	size_t i, k;

	bench_need(key != NULL, name, NULL);
	bench_ca_make(&memory, BENCH_MEMORY);
	bench_ca_make(&disk, BENCH_DISK);
	bench_ca_use(&memory, key);
	bench_ca_use(&disk, key);
	issue(memory.ca, &askers, FLIGHT, FLIGHT); /* to get warm */
	issue(disk.ca, &askers, FLIGHT, FLIGHT);
	for (i = 0; i < ROUNDS; i++) {
		one_round(&memory, &disk, key, count, figures);
		for (k = 0; k < FIGURES; k++)
			rounds[k][i] = figures[k];
	}
	print(name, rounds);
	bench_ca_close(&memory);
	bench_ca_close(&disk);
	EVP_PKEY_free(key);
}

int
main(void)
{
	bench_askers_make(&askers, ASKERS);
	measure("P-256", EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), 256);
	measure("RSA-3072", EVP_RSA_gen(3072), 64);
	measure("P-384", EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), 64);
	bench_askers_free(&askers);
	return 0;
}
