#include "fleet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "store.h"
#include "vault.h"

void
bench_must(int r, const struct err *err)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, err->text);
	exit(1);
}

void
bench_fleet_open(struct bench_fleet *ret, const char *what)
{
	struct err err;

	(void)snprintf(
	    ret->folder, sizeof(ret->folder), "/tmp/bench-%s-XXXXXX", what);
	if (mkdtemp(ret->folder) == NULL) {
		perror(ret->folder);
		exit(1);
	}
	(void)snprintf(ret->key, sizeof(ret->key), "%s/key", ret->folder);
	(void)snprintf(
	    ret->path, sizeof(ret->path), "%s/store.db", ret->folder);
	bench_must(vault_create(ret->key, &err), &err);
	bench_must(vault_open(ret->key, &ret->vault, &err), &err);
	bench_must(store_create(ret->path, ret->vault, &err), &err);
	bench_must(store_open(ret->path, ret->vault, &ret->store, &err), &err);
}

void
bench_fleet_close(struct bench_fleet *fleet)
{
	store_close(fleet->store);
	vault_close(fleet->vault);
	unlink(fleet->key);
	unlink(fleet->path);
	rmdir(fleet->folder);
}

void
bench_fleet_add(
    struct bench_fleet *fleet, int64_t count, bench_record_fn *record)
{
	struct device *d;
	struct err err;
	int64_t i;

	for (i = 1; i <= count; i++) {
		d = device_new(NULL);
		d->name = mem_printf("pc%07" PRId64 ".corp.example", i);
		d->uuid = mem_printf("4c4c4544-0042-3510-8052-%012" PRId64, i);
		if (record != NULL)
			record(d, i);
		bench_must(store_device_add(fleet->store, d, &err), &err);
		device_free(d);
		if (i % 1000 == 0)
			bench_must(store_commit(fleet->store, &err), &err);
	}
	bench_must(store_commit(fleet->store, &err), &err);
}

void
bench_record(struct device *d, int64_t i, int64_t now)
{
	const struct device_field *f;
	size_t count, k;
	char text[64];

	f = device_fields(&count);
	for (k = 0; k < count; k++) {
		if (f[k].group != DEVICE_STATE)
			continue;
		(void)snprintf(
		    text, sizeof(text), "%s of %" PRId64, f[k].name, i);
		if (f[k].type == DEVICE_TEXT)
			device_set_text(d, &f[k], text);
		else
			device_set_int(d, &f[k], now + i);
	}
}

double
bench_us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double
bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}
