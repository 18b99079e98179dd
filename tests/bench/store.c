/*
 * What a visit costs in the store, beside bare SQLite doing the same in the
 * same run: ratios hold where times do not.  No assertion: `bench_store
 * [DEVICES]` prints, people decide.  Everything runs in a folder of its own.
 *
 *   due         512 of all devices, by the index, ids only
 *   load        read whole records
 *   save        every STATE field of one device, 100 devices per commit
 *   visit       lease, intent, record, settlement, event, drop; 100 per commit
 */
#include <assert.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "db.h"
#include "device.h"
#include "err.h"
#include "fleet.h"
#include "journal.h"
#include "mem.h"
#include "store.h"
#include "store_internal.h"

#define DEVICES 100000
#define DUE 512
#define BATCH 100
#define ROUNDS 50 /* batches measured */
#define NOW INT64_C(1700000000)

struct bench {
	struct bench_fleet fleet;
	sqlite3 *raw;
	int64_t *tokens;
	int64_t devices;
};

static void
must_raw(struct bench *b, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return;
	fprintf(stderr, "bench_store: %s\n", sqlite3_errmsg(b->raw));
	exit(1);
}

/* CPU of this process and wall time, in microseconds. */
struct watch {
	double cpu, wall;
};

static struct watch
watch_read(void)
{
	struct rusage u;
	struct timespec t;
	struct watch w;

	getrusage(RUSAGE_SELF, &u);
	clock_gettime(CLOCK_MONOTONIC, &t);
	w.cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	w.wall = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	return w;
}

static struct watch
watch_since(struct watch start, double count)
{
	struct watch w = watch_read();

	w.cpu = (w.cpu - start.cpu) / count;
	w.wall = (w.wall - start.wall) / count;
	return w;
}

static void
report(const char *what, struct watch ours, struct watch bare)
{
	printf(
	    "%-8s ours %9.2f us cpu %9.2f us wall", what, ours.cpu, ours.wall);
	if (bare.cpu > 0)
		printf("   bare %9.2f %9.2f   ratio %5.2f cpu %5.2f wall",
		    bare.cpu, bare.wall, ours.cpu / bare.cpu,
		    ours.wall / bare.wall);
	printf("\n");
}

/* --- the fleet --- */

static void
record(struct device *d, int64_t i)
{
	bench_record(d, i, NOW);
	mem_replace(&d->reasons, i % 20 == 0 ? "offline" : NULL);
	d->next_due = NOW + i;
}

static void
take_leases(struct bench *b)
{
	struct err err;
	int64_t i;

	b->tokens = mem_array((size_t)b->devices + 1, sizeof(*b->tokens));
	for (i = 1; i <= b->devices; i++) {
		bench_must(store_lease_take(b->fleet.store, i, "bench", NOW,
			       NOW + 60, &b->tokens[i], &err),
		    &err);
		if (i % 1000 == 0)
			bench_must(store_commit(b->fleet.store, &err), &err);
	}
	bench_must(store_commit(b->fleet.store, &err), &err);
}

static void
bench_open(struct bench *b)
{
	bench_fleet_open(&b->fleet, "store");
	bench_fleet_add(&b->fleet, b->devices, record);
	take_leases(b);
	must_raw(b, sqlite3_open(b->fleet.path, &b->raw));
	must_raw(b,
	    sqlite3_exec(b->raw,
		"PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
		"PRAGMA foreign_keys = ON",
		NULL, NULL, NULL));
}

static void
bench_close(struct bench *b)
{
	sqlite3_close(b->raw);
	bench_fleet_close(&b->fleet);
	free(b->tokens);
}

/* --- due: the query the schedule asks each turn --- */

static void
bench_due(struct bench *b)
{
	static const char sql[] =
	    "SELECT id FROM device WHERE next_due > 0 AND next_due <= ?"
	    " ORDER BY next_due, id LIMIT ?";
	struct db_rows *rows;
	struct watch start, ours, bare;
	struct err err;
	sqlite3_stmt *stmt;
	int64_t sum = 0;
	int k, r;

	start = watch_read();
	for (k = 0; k < 200; k++) {
		bench_must(db_query(b->fleet.store->db, &rows, &err, sql, "ii",
			       NOW + b->devices, (int64_t)DUE),
		    &err);
		while ((r = db_next(rows, &err)) == 1)
			sum += db_int(rows, 0);
		db_done(rows);
		bench_must(r, &err);
	}
	ours = watch_since(start, 200);
	must_raw(b, sqlite3_prepare_v2(b->raw, sql, -1, &stmt, NULL));
	start = watch_read();
	for (k = 0; k < 200; k++) {
		sqlite3_bind_int64(stmt, 1, NOW + b->devices);
		sqlite3_bind_int64(stmt, 2, DUE);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			sum -= sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	bare = watch_since(start, 200);
	sqlite3_finalize(stmt);
	assert(sum == 0);
	report("due", ours, bare);
}

/* --- load: whole records, as a due scan gives them --- */

static int
look(void *cookie, const struct device *d, struct err *err)
{
	int64_t *sum = cookie;

	(void)err;
	*sum += d->next_due;
	return 0;
}

static void
bench_load(struct bench *b)
{
	static const char sql[] = "SELECT * FROM device WHERE id = ?";
	struct store_filter due = {
	    .due_before = NOW + b->devices, .limit = DUE};
	struct watch start, ours, bare;
	struct err err;
	sqlite3_stmt *stmt;
	int64_t sum = 0;
	size_t bytes = 0;
	int k, i, c;

	start = watch_read();
	for (k = 0; k < 20; k++)
		bench_must(
		    store_device_scan(b->fleet.store, &due, look, &sum, &err),
		    &err);
	ours = watch_since(start, 20.0 * DUE);
	must_raw(b, sqlite3_prepare_v2(b->raw, sql, -1, &stmt, NULL));
	start = watch_read();
	for (k = 0; k < 20; k++)
		for (i = 1; i <= DUE; i++) {
			sqlite3_bind_int64(stmt, 1, i);
			must_raw(b, sqlite3_step(stmt));
			for (c = 0; c < sqlite3_column_count(stmt); c++) {
				sqlite3_column_text(stmt, c);
				bytes += (size_t)sqlite3_column_bytes(stmt, c);
			}
			sqlite3_reset(stmt);
		}
	bare = watch_since(start, 20.0 * DUE);
	sqlite3_finalize(stmt);
	assert(bytes > 0 && sum > 0);
	report("load", ours, bare);
}

/* --- save: the record of a visit --- */

static int64_t
pick(const struct bench *b, int64_t i)
{
	return i * 7919 % b->devices + 1;
}

static struct watch
save_ours(struct bench *b, struct device **records)
{
	struct watch start;
	struct err err;
	int64_t i;

	start = watch_read();
	for (i = 0; i < (int64_t)ROUNDS * BATCH; i++) {
		bench_must(store_device_save_state(b->fleet.store, records[i],
			       b->tokens[records[i]->id], &err),
		    &err);
		if (i % BATCH == BATCH - 1)
			bench_must(store_commit(b->fleet.store, &err), &err);
	}
	return watch_since(start, (double)ROUNDS * BATCH);
}

/* The same statement and values, bound by hand. */
static struct watch
save_bare(struct bench *b, struct device **records)
{
	const struct device_field *f;
	struct watch start;
	sqlite3_stmt *stmt;
	const char *text;
	size_t count, k;
	int64_t i;
	int n;

	f = device_fields(&count);
	must_raw(b,
	    sqlite3_prepare_v2(
		b->raw, b->fleet.store->sql_save_state, -1, &stmt, NULL));
	start = watch_read();
	for (i = 0; i < (int64_t)ROUNDS * BATCH; i++) {
		if (i % BATCH == 0)
			must_raw(b,
			    sqlite3_exec(
				b->raw, "BEGIN IMMEDIATE", NULL, NULL, NULL));
		n = 0;
		for (k = 0; k < count; k++) {
			if (f[k].group != DEVICE_STATE ||
			    strcmp(f[k].name, "ad_account") == 0)
				continue;
			if (f[k].type != DEVICE_TEXT) {
				sqlite3_bind_int64(stmt, ++n,
				    device_get_int(records[i], &f[k]));
				continue;
			}
			text = device_get_text(records[i], &f[k]);
			sqlite3_bind_text(stmt, ++n, text, -1, SQLITE_STATIC);
		}
		sqlite3_bind_int64(stmt, ++n, records[i]->id);
		sqlite3_bind_int64(stmt, ++n, b->tokens[records[i]->id]);
		must_raw(b, sqlite3_step(stmt));
		must_raw(
		    b, sqlite3_changes(b->raw) == 1 ? SQLITE_OK : SQLITE_ERROR);
		sqlite3_reset(stmt);
		if (i % BATCH == BATCH - 1)
			must_raw(b,
			    sqlite3_exec(b->raw, "COMMIT", NULL, NULL, NULL));
	}
	sqlite3_finalize(stmt);
	return watch_since(start, (double)ROUNDS * BATCH);
}

static void
bench_save(struct bench *b)
{
	struct watch ours, bare, again;
	struct device **records;
	struct err err;
	int64_t i;

	records = mem_array((size_t)ROUNDS * BATCH, sizeof(struct device *));
	for (i = 0; i < (int64_t)ROUNDS * BATCH; i++) {
		bench_must(store_device_get(
			       b->fleet.store, pick(b, i), &records[i], &err),
		    &err);
		records[i]->next_due += 86400;
		records[i]->clock_offset_ms = i;
		mem_replace(&records[i]->run_result, "changed");
	}
	/* Once to warm the caches; then bare before and after, since the
	 * machine drifts. */
	save_bare(b, records);
	bare = save_bare(b, records);
	ours = save_ours(b, records);
	again = save_bare(b, records);
	bare.cpu = (bare.cpu + again.cpu) / 2;
	bare.wall = (bare.wall + again.wall) / 2;
	report("save", ours, bare);
	for (i = 0; i < (int64_t)ROUNDS * BATCH; i++)
		device_free(records[i]);
	free(records);
}

/* --- visit: everything the store does for one device and one step --- */

static void
visit_open(struct bench *b, int64_t id, int64_t *ret_intent)
{
	struct journal_intent intent = {.device = id,
	    .play = "sync-clock",
	    .step = "clock.set",
	    .args = "{}"};
	struct err err;

	bench_must(store_lease_take(b->fleet.store, id, "bench", NOW, NOW + 60,
		       &b->tokens[id], &err),
	    &err);
	bench_must(journal_intend(b->fleet.store, &intent, b->tokens[id], NOW,
		       ret_intent, &err),
	    &err);
}

static void
visit_end(struct bench *b, int64_t id, int64_t intent)
{
	struct store_event e = {.at = NOW,
	    .device = id,
	    .name = "pc.corp.example",
	    .kind = "step.done",
	    .actor = "bench",
	    .detail = "{\"step\":\"clock.set\"}"};
	struct device *d;
	struct err err;

	bench_must(store_device_get(b->fleet.store, id, &d, &err), &err);
	d->next_due += 86400;
	bench_must(
	    store_device_save_state(b->fleet.store, d, b->tokens[id], &err),
	    &err);
	bench_must(journal_settle(
		       b->fleet.store, intent, JOURNAL_DONE, NULL, NOW, &err),
	    &err);
	bench_must(store_event_add(b->fleet.store, &e, &err), &err);
	bench_must(
	    store_lease_drop(b->fleet.store, id, b->tokens[id], &err), &err);
	device_free(d);
}

static void
bench_visit(struct bench *b)
{
	static const struct watch none = {0, 0};
	struct watch start;
	struct err err;
	int64_t intents[BATCH], i, k;

	start = watch_read();
	for (k = 0; k < ROUNDS; k++) {
		for (i = 0; i < BATCH; i++)
			visit_open(b, pick(b, k * BATCH + i), &intents[i]);
		bench_must(store_commit(b->fleet.store, &err), &err);
		for (i = 0; i < BATCH; i++)
			visit_end(b, pick(b, k * BATCH + i), intents[i]);
		bench_must(store_commit(b->fleet.store, &err), &err);
	}
	report("visit", watch_since(start, (double)ROUNDS * BATCH), none);
}

int
main(int argc, char **argv)
{
	struct bench b = {.devices = DEVICES};
	struct watch start;

	if (argc > 1)
		b.devices = strtoll(argv[1], NULL, 10);
	if (b.devices < DUE) {
		fprintf(stderr, "usage: bench_store [DEVICES >= %d]\n", DUE);
		return 2;
	}
	start = watch_read();
	bench_open(&b);
	printf("%" PRId64 " devices made in %.1f s\n", b.devices,
	    watch_since(start, 1).wall / 1e6);
	bench_due(&b);
	bench_load(&b);
	bench_save(&b);
	bench_visit(&b);
	bench_close(&b);
	return 0;
}
