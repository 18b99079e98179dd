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

#include "clock.h"
#include "fleet.h"
#include "mem.h"
#include "query.h"
#include "store.h"

#define DEVICES 100000
#define ROUNDS 41
#define FAILING 50 /* one in so many */
#define NOW INT64_C(1700000000)
#define BUDGET_US 50000.0
#define RATIO 1.3

struct bench {
	struct bench_fleet fleet;
	sqlite3 *raw;
	int64_t rows;
};

static void
record(struct device *d, int64_t i)
{
	bench_record(d, i, NOW);
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
setup(struct bench *b, int64_t devices)
{
	memset(b, 0, sizeof(*b));
	bench_fleet_open(&b->fleet, "query");
	bench_fleet_add(&b->fleet, devices, record);
	if (sqlite3_open_v2(b->fleet.path, &b->raw, SQLITE_OPEN_READWRITE,
		NULL) != SQLITE_OK)
		exit(1);
}

static void
teardown(struct bench *b)
{
	sqlite3_close(b->raw);
	bench_fleet_close(&b->fleet);
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

	bench_must(
	    query_compile(store_graph(), &text, clock_now_ms(), &q, err), err);
	bench_must(store_query(b->fleet.store, q, take_row, b, &cut, err), err);
	query_free(q);
	return 0;
}

static int64_t
ours(struct bench *b)
{
	struct err err;

	b->rows = 0;
	bench_must(store_saved_find(b->fleet.store, "amt-communication-errors",
		       ask, b, &err),
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
    " 'identity-mismatch', 'client-certificate-wanted', 'protocol-error')"
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

int
main(int argc, char **argv)
{
	int64_t devices = argc > 1 ? strtoll(argv[1], NULL, 10) : DEVICES;
	double a[ROUNDS], b[ROUNDS], start, we, they;
	int64_t rows = 0, same = 0;
	struct bench bench;
	size_t i;

	setup(&bench, devices);
	for (i = 0; i < ROUNDS; i++) {
		start = bench_us(CLOCK_MONOTONIC);
		rows = ours(&bench);
		a[i] = bench_us(CLOCK_MONOTONIC) - start;
		start = bench_us(CLOCK_MONOTONIC);
		same = bare(&bench);
		b[i] = bench_us(CLOCK_MONOTONIC) - start;
	}
	teardown(&bench);
	we = bench_median(a, ROUNDS);
	they = bench_median(b, ROUNDS);
	printf("communication errors over %" PRId64 " devices, %" PRId64
	       " rows: ours %.0f us, by hand %.0f us, ratio %.2f\n",
	    devices, rows, we, they, we / they);
	if (rows != same || rows == 0) {
		fprintf(
		    stderr, "bench_query: %" PRId64 " rows by hand\n", same);
		return 1;
	}
	return we > BUDGET_US || we > RATIO * they;
}
