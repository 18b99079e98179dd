#include "ca_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ca.h"
#include "err.h"
#include "mem.h"
#include "vault.h"

void
bench_need(int ok, const char *what, const struct err *err)
{
	if (ok)
		return;
	(void)fprintf(
	    stderr, "bench: %s: %s\n", what, err != NULL ? err->text : "");
	exit(1);
}

static double
us_of(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double
bench_cpu_us(void)
{
	return us_of(CLOCK_THREAD_CPUTIME_ID);
}

double
bench_wall_us(void)
{
	return us_of(CLOCK_MONOTONIC);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

/* --- a CA in a folder --- */

static const char *const files[] = {"vault.key", "ca.key", "ca.key.root",
    "ca.db", "ca.db-wal", "ca.db-shm", "ca.db.lock"};

void
bench_ca_make(struct bench_ca *b)
{
	const char *place = getenv("TMPDIR");
	struct ca_conf conf = {.url = NULL};
	char *key, *vault_key;
	struct err err;

	b->folder = mem_printf(
	    "%s/amtkeeper-bench-XXXXXX", place != NULL ? place : "/tmp");
	bench_need(mkdtemp(b->folder) != NULL, b->folder, NULL);
	vault_key = mem_printf("%s/vault.key", b->folder);
	b->database = mem_printf("%s/ca.db", b->folder);
	key = mem_printf("%s/ca.key", b->folder);
	bench_need(vault_create(vault_key, &err) == 0 &&
		vault_open(vault_key, &b->vault, &err) == 0,
	    "vault", &err);
	conf.vault = b->vault;
	conf.database = b->database;
	conf.key_file = key;
	bench_need(ca_create(&conf, &(struct ca_new){.organisation = "Bench"},
		       &err) == 0 &&
		ca_open(&conf, &b->ca, &err) == 0,
	    "CA", &err);
	free(vault_key);
	free(key);
}

void
bench_ca_close(struct bench_ca *b)
{
	size_t i;

	ca_close(b->ca);
	vault_close(b->vault);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = mem_printf("%s/%s", b->folder, files[i]);

		(void)unlink(path);
		free(path);
	}
	(void)rmdir(b->folder);
	free(b->folder);
	free(b->database);
}
