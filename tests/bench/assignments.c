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

#include "err.h"
#include "fleet.h"
#include "mem.h"
#include "schedule.h"
#include "store.h"
#include "task.h"

#define NOW INT64_C(1795867200)
#define ROUNDS 2000
#define DUE 10
#define RATIO 1.5

struct bench {
	struct bench_fleet fleet;
	double idle, busy;
};

static int64_t
next_of(const char *text, int64_t after)
{
	struct schedule *s = NULL;
	struct err err;
	int64_t next;

	bench_must(schedule_parse(text, &s, &err), &err);
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

	bench_must(
	    task_find(b->fleet.store, "renew-ad-password", &task, &err), &err);
	a.task = task.id;
	for (i = 0; i < count; i++) {
		a.schedule = mem_printf("every %" PRId64 " days at %02" PRId64
					":%02" PRId64 " UTC random 4h",
		    i % 30 + 1, i % 22 + 1, i % 60);
		a.next_due = next_of(a.schedule, NOW);
		bench_must(
		    task_assign(b->fleet.store, &a, NULL, 0, NOW, &id, &err),
		    &err);
		free(a.schedule);
	}
	task_clear(&task);
	bench_must(store_commit(b->fleet.store, &err), &err);
}

/* What a wake-up asks. */
static void
measure_idle(struct bench *b)
{
	int64_t ids[DUE];
	size_t found = 0, i;
	double start = bench_us(CLOCK_PROCESS_CPUTIME_ID);
	struct err err;

	for (i = 0; i < ROUNDS; i++) {
		bench_must(task_assignment_due(
			       b->fleet.store, NOW, ids, DUE, &found, &err),
		    &err);
		if (found != 0)
			exit(1);
	}
	b->idle = (bench_us(CLOCK_PROCESS_CPUTIME_ID) - start) / ROUNDS;
}

/* The ten that are next, at their time; rolled back, so that each round is the
 * same. */
static void
measure_busy(struct bench *b)
{
	int64_t ids[DUE], later = NOW + 40 * CLOCK_DAY;
	struct task_assignment a;
	size_t found = 0, i, k;
	double start = bench_us(CLOCK_PROCESS_CPUTIME_ID);
	struct err err;

	for (i = 0; i < ROUNDS / 20; i++) {
		bench_must(task_assignment_due(
			       b->fleet.store, later, ids, DUE, &found, &err),
		    &err);
		if (found != DUE)
			exit(1);
		for (k = 0; k < found; k++) {
			memset(&a, 0, sizeof(a));
			bench_must(task_assignment_get(
				       b->fleet.store, ids[k], &a, &err),
			    &err);
			a.next_due = next_of(a.schedule, later);
			bench_must(
			    task_assignment_save(b->fleet.store, &a, &err),
			    &err);
			task_assignment_clear(&a);
		}
		store_rollback(b->fleet.store);
	}
	b->busy = (bench_us(CLOCK_PROCESS_CPUTIME_ID) - start) / (ROUNDS / 20);
}

static void
run(struct bench *b, int64_t devices, int64_t assignments)
{
	struct store_filter all = {.limit = 0};
	struct err err;
	int64_t there;

	memset(b, 0, sizeof(*b));
	bench_fleet_open(&b->fleet, "assignments");
	bench_fleet_add(&b->fleet, devices, NULL);
	add_assignments(b, assignments);
	bench_must(
	    store_device_count(b->fleet.store, &all, &there, &err), &err);
	if (there != devices)
		exit(1);
	measure_idle(b);
	measure_busy(b);
	bench_fleet_close(&b->fleet);
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
