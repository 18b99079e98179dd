#include "ca_bench.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "ca_internal.h"
#include "mem.h"
#include "signer_internal.h"
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

static void
open_ca(struct bench_ca *b)
{
	const struct ca_conf conf = {.vault = b->vault,
	    .database = b->database,
	    .key_file = b->key_file};
	struct err err;

	bench_need(ca_open(&conf, &b->ca, &err) == 0, "CA", &err);
}

static const char *
root_of(enum bench_place place)
{
	const char *tmp = getenv("TMPDIR");

	if (place == BENCH_MEMORY)
		return "/dev/shm";
	return tmp != NULL ? tmp : "/tmp";
}

void
bench_ca_make(struct bench_ca *b, enum bench_place place)
{
	const struct ca_new how = {.organisation = "Bench"};
	struct ca_conf conf = {.url = NULL};
	char *vault_key;
	struct err err;

	b->folder = mem_printf("%s/amtkeeper-bench-XXXXXX", root_of(place));
	bench_need(mkdtemp(b->folder) != NULL, b->folder, NULL);
	vault_key = mem_printf("%s/vault.key", b->folder);
	b->database = mem_printf("%s/ca.db", b->folder);
	b->key_file = mem_printf("%s/ca.key", b->folder);
	bench_need(vault_create(vault_key, &err) == 0 &&
		vault_open(vault_key, &b->vault, &err) == 0,
	    "vault", &err);
	conf.vault = b->vault;
	conf.database = b->database;
	conf.key_file = b->key_file;
	bench_need(ca_create(&conf, &how, &err) == 0, "CA", &err);
	open_ca(b);
	free(vault_key);
}

void
bench_ca_reopen(struct bench_ca *b)
{
	ca_close(b->ca);
	open_ca(b);
}

static int
sign(void *self, const uint8_t *digest, size_t len, struct buf *out,
    struct err *err)
{
	const struct ca_key_use use = {.key = self};

	return ca_key_sign(&use, digest, len, out, err);
}

static void
let_go(void *self)
{
	EVP_PKEY_free(self);
}

void
bench_ca_use(struct bench_ca *b, EVP_PKEY *key)
{
	static const struct ca_signer_ops ops = {sign, let_go};
	struct err err;

	bench_need(EVP_PKEY_up_ref(key) && EVP_PKEY_up_ref(key), "key", NULL);
	ca_signer_free(b->ca->signer);
	b->ca->signer = ca_signer_new(&ops, key, key, &err);
	bench_need(b->ca->signer != NULL, "signer", &err);
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
	free(b->key_file);
}
