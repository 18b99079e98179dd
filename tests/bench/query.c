/*
 * The maintenance guide's first query, "AMT communication errors", end to end
 * (find it, compile it, run it, take every row), beside bare SQLite that is
 * given the same question in SQL written by hand, in the same run and in turn.
 * `bench_query [DEVICES]` prints the medians; over a fiftieth of a second, or
 * 1.3 times the bare one, it fails.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "query.h"
#include "store.h"
#include "vault.h"

#define DEVICES 100000
#define ROUNDS 41
#define FAILING 50 /* one in so many */
#define NOW INT64_C(1700000000)
#define BUDGET_US 50000.0
#define RATIO 1.3

struct bench {
	char folder[32], key[64], path[64];
	struct vault *vault;
	struct store *store;
	sqlite3 *raw;
	int64_t rows;
};

static void
must(int r, const struct err *err)
{
	if (r == 0)
		return;
	fprintf(stderr, "bench_query: %s\n", err->text);
	exit(1);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- the fleet: a record as it looks after some years --- */

static void
fill(struct device *d, int64_t i)
{
	const struct device_field *f;
	size_t count, k;
	char text[64];

	f = device_fields(&count);
	for (k = 0; k < count; k++) {
		if (f[k].group != DEVICE_STATE)
			continue;
		snprintf(text, sizeof(text), "%s of %" PRId64, f[k].name, i);
		if (f[k].type == DEVICE_TEXT)
			device_set_text(d, &f[k], text);
		else
			device_set_int(d, &f[k], NOW + i);
	}
	mem_replace(&d->control_mode, i % 3 == 0 ? "ccm" : "acm");
	mem_replace(&d->error_text, NULL);
	mem_replace(&d->error_code, NULL);
	mem_replace(&d->reasons, NULL);
	if (i % FAILING == 0) {
		mem_replace(&d->error_code, i % 4 == 0 ? "offline" : NULL);
		mem_replace(&d->error_text, "16993: cannot connect");
		mem_replace(&d->reasons, "offline");
	}
}

static void
fleet_make(struct bench *b, int64_t devices)
{
	struct device *d;
	struct err err;
	int64_t i;

	for (i = 1; i <= devices; i++) {
		d = device_new(NULL);
		d->name = mem_printf("pc%07" PRId64 ".corp.example", i);
		d->uuid = mem_printf("4c4c4544-0042-3510-8052-%012" PRId64, i);
		fill(d, i);
		must(store_device_add(b->store, d, &err), &err);
		device_free(d);
		if (i % 1000 == 0)
			must(store_commit(b->store, &err), &err);
	}
	must(store_commit(b->store, &err), &err);
}

static void
setup(struct bench *b, int64_t devices)
{
	struct err err;

	memset(b, 0, sizeof(*b));
	strcpy(b->folder, "/tmp/bench-query-XXXXXX");
	if (mkdtemp(b->folder) == NULL)
		exit(1);
	snprintf(b->key, sizeof(b->key), "%s/key", b->folder);
	snprintf(b->path, sizeof(b->path), "%s/store.db", b->folder);
	must(vault_create(b->key, &err), &err);
	must(vault_open(b->key, &b->vault, &err), &err);
	must(store_create(b->path, b->vault, &err), &err);
	must(store_open(b->path, b->vault, &b->store, &err), &err);
	fleet_make(b, devices);
	if (sqlite3_open_v2(b->path, &b->raw, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK)
		exit(1);
}

static void
teardown(struct bench *b)
{
	sqlite3_close(b->raw);
	store_close(b->store);
	vault_close(b->vault);
	unlink(b->key);
	unlink(b->path);
	rmdir(b->folder);
}

/* --- the two --- */

static int
take_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct bench *b = cookie;

	(void)n;
	(void)err;
	b->rows += cells[0].text != NULL;
	return 0;
}

static int
ask(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct bench *b = cookie;
	struct query_text text = {.target = saved->target,
	    .select = saved->select,
	    .where = saved->where,
	    .order = saved->order,
	    .group = saved->group};
	struct query *q;
	bool cut;

	must(query_compile(store_graph(), &text, clock_now_ms(), &q, err), err);
	must(store_query(b->store, q, take_row, b, &cut, err), err);
	query_free(q);
	return 0;
}

static int64_t
ours(struct bench *b)
{
	struct err err;

	b->rows = 0;
	must(store_saved_find(
		 b->store, "amt-communication-errors", ask, b, &err),
	    &err);
	return b->rows;
}

static const char by_hand[] =
    "SELECT name, amt_host || coalesce(nullif('.' || amt_domain, '.'), ''),"
    " seen_at, 'Failed to enforce policy: ' || error_text,"
    " CASE tls_enabled WHEN 0 THEN 'Supported and Disabled'"
    " ELSE 'Supported and Enabled' END"
    " FROM device WHERE read_at > 0 AND control_mode IN ('acm', 'ccm')"
    " AND error_text <> '' AND (error_code IN ('offline',"
    " 'name-resolution', 'credentials-rejected', 'credentials-missing',"
    " 'identity-mismatch', 'protocol-error')"
    " OR lower(error_text) LIKE '%failed to enforce policy%')"
    " ORDER BY name COLLATE NOCASE LIMIT 100001";

static int64_t
bare(struct bench *b)
{
	sqlite3_stmt *stmt;
	int64_t rows = 0;
	int i;

	if (sqlite3_prepare_v2(b->raw, by_hand, -1, &stmt, NULL) != SQLITE_OK)
		exit(1);
	for (; sqlite3_step(stmt) == SQLITE_ROW; rows++)
		for (i = 0; i < 5; i++)
			(void)sqlite3_column_text(stmt, i);
	sqlite3_finalize(stmt);
	return rows;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	int64_t devices = argc > 1 ? strtoll(argv[1], NULL, 10) : DEVICES;
	double a[ROUNDS], b[ROUNDS], start;
	int64_t rows = 0, same = 0;
	struct bench bench;
	size_t i;

	setup(&bench, devices);
	for (i = 0; i < ROUNDS; i++) {
		start = now_us();
		rows = ours(&bench);
		a[i] = now_us() - start;
		start = now_us();
		same = bare(&bench);
		b[i] = now_us() - start;
	}
	teardown(&bench);
	qsort(a, ROUNDS, sizeof(*a), compare);
	qsort(b, ROUNDS, sizeof(*b), compare);
	printf("communication errors over %" PRId64 " devices, %" PRId64
	       " rows: ours %.0f us, by hand %.0f us, ratio %.2f\n",
	    devices, rows, a[ROUNDS / 2], b[ROUNDS / 2],
	    a[ROUNDS / 2] / b[ROUNDS / 2]);
	if (rows != same || rows == 0) {
		fprintf(
		    stderr, "bench_query: %" PRId64 " rows by hand\n", same);
		return 1;
	}
	return a[ROUNDS / 2] > BUDGET_US ||
	    a[ROUNDS / 2] > RATIO * b[ROUNDS / 2];
}
