/*
 * What a moment costs serve at which nothing is due, in the store: with 100
 * assignments over 1,000 devices, and with 10,000 over 100,000.  And one at
 * which ten are due, each with its next occurrence worked out and stored.
 * `bench_assignments` prints microseconds, and fails when the larger fleet
 * costs more than 1.5 times the smaller.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "err.h"
#include "mem.h"
#include "schedule.h"
#include "store.h"
#include "task.h"
#include "vault.h"

#define NOW INT64_C(1795867200)
#define ROUNDS 2000
#define DUE 10
#define RATIO 1.5

struct bench {
	char folder[40], key[64], path[64];
	struct vault *vault;
	struct store *store;
	double idle, busy;
};

static void
must(int r, const struct err *err)
{
	if (r == 0)
		return;
	fprintf(stderr, "bench_assignments: %s\n", err->text);
	exit(1);
}

static double
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
add_devices(struct bench *b, int64_t count)
{
	struct device *d;
	struct err err;
	int64_t i;

	for (i = 1; i <= count; i++) {
		d = device_new(NULL);
		d->name = mem_printf("pc%07" PRId64 ".corp.example", i);
		d->uuid = mem_printf("4c4c4544-0042-3510-8052-%012" PRId64, i);
		must(store_device_add(b->store, d, &err), &err);
		device_free(d);
		if (i % 1000 == 0)
			must(store_commit(b->store, &err), &err);
	}
}

static int64_t
next_of(const char *text, int64_t after)
{
	struct schedule *s = NULL;
	struct err err;
	int64_t next;

	must(schedule_parse(text, &s, &err), &err);
	next = schedule_next(s, after);
	schedule_free(s);
	return next;
}

/* Their times of day are spread over the day, none in the next minutes. */
static void
add_assignments(struct bench *b, int64_t count)
{
	struct task_assignment a = {.target = TASK_ALL,
	    .enabled = true,
	    .policy = task_policy_default()};
	struct task task = {.id = 0};
	struct err err;
	int64_t i, id;

	must(task_find(b->store, "renew-ad-password", &task, &err), &err);
	a.task = task.id;
	for (i = 0; i < count; i++) {
		a.schedule = mem_printf("every %" PRId64 " days at %02" PRId64
					":%02" PRId64 " UTC random 4h",
		    i % 30 + 1, i % 22 + 1, i % 60);
		a.next_due = next_of(a.schedule, NOW);
		must(task_assign(b->store, &a, NULL, 0, NOW, &id, &err), &err);
		free(a.schedule);
	}
	task_clear(&task);
	must(store_commit(b->store, &err), &err);
}

/* What a wake-up asks. */
static void
measure_idle(struct bench *b)
{
	int64_t ids[DUE], at;
	size_t found = 0, i;
	double start = now_us();
	struct err err;

	for (i = 0; i < ROUNDS; i++) {
		must(task_assignment_due(b->store, NOW, ids, DUE, &found, &err),
		    &err);
		must(task_assignment_next(b->store, &at, &err), &err);
		if (found != 0 || at <= NOW)
			exit(1);
	}
	b->idle = (now_us() - start) / ROUNDS;
}

/* The ten that are next, at their time; rolled back, so that each round is the
 * same. */
static void
measure_busy(struct bench *b)
{
	int64_t ids[DUE], later = NOW + 40 * CLOCK_DAY;
	struct task_assignment a;
	size_t found = 0, i, k;
	double start = now_us();
	struct err err;

	for (i = 0; i < ROUNDS / 20; i++) {
		must(task_assignment_due(
			 b->store, later, ids, DUE, &found, &err),
		    &err);
		if (found != DUE)
			exit(1);
		for (k = 0; k < found; k++) {
			memset(&a, 0, sizeof(a));
			must(task_assignment_get(b->store, ids[k], &a, &err),
			    &err);
			a.next_due = next_of(a.schedule, later);
			must(task_assignment_save(b->store, &a, &err), &err);
			task_assignment_clear(&a);
		}
		store_rollback(b->store);
	}
	b->busy = (now_us() - start) / (ROUNDS / 20);
}

static void
run(struct bench *b, int64_t devices, int64_t assignments)
{
	struct store_filter all = {.limit = 0};
	struct err err;
	int64_t there;

	memset(b, 0, sizeof(*b));
	strcpy(b->folder, "/tmp/bench-assignments-XXXXXX");
	if (mkdtemp(b->folder) == NULL)
		exit(1);
	snprintf(b->key, sizeof(b->key), "%s/key", b->folder);
	snprintf(b->path, sizeof(b->path), "%s/store.db", b->folder);
	must(vault_create(b->key, &err), &err);
	must(vault_open(b->key, &b->vault, &err), &err);
	must(store_create(b->path, b->vault, &err), &err);
	must(store_open(b->path, b->vault, &b->store, &err), &err);
	add_devices(b, devices);
	add_assignments(b, assignments);
	must(store_device_count(b->store, &all, &there, &err), &err);
	if (there != devices)
		exit(1);
	measure_idle(b);
	measure_busy(b);
	store_close(b->store);
	vault_close(b->vault);
	unlink(b->key);
	unlink(b->path);
	rmdir(b->folder);
	printf("%" PRId64 " assignments over %" PRId64
	       " devices: %.1f us with nothing due, %.0f us with %d due\n",
	    assignments, devices, b->idle, b->busy, DUE);
}

int
main(void)
{
	struct bench small, large;

	run(&small, 1000, 100);
	run(&large, 100000, 10000);
	printf("larger beside smaller: %.2f\n", large.idle / small.idle);
	return large.idle > RATIO * small.idle;
}
