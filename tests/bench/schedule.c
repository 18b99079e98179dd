/*
 * 10,000 schedules over 100,000 devices, in memory: what a moment costs at
 * which nearly nothing is due.  As a worker does it: schedules by what is due,
 * the earliest first, and for each run the devices' own starts by their hash.
 * Prints nanoseconds per device that is passed over, per next run, and memory;
 * fails over the budget of 1 us.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capacity.h"
#include "err.h"
#include "mem.h"
#include "schedule.h"

#define SCHEDULES 10000
#define DEVICES 100000
#define NOW INT64_C(1795867200)
#define BUDGET_NS 1000.0
#define STEPS 100

struct entry {
	struct schedule *s;
	int64_t due;
};

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
by_due(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->due < y->due ? -1 : x->due > y->due;
}

/* Of every kind, in several zones, some with windows. */
static struct schedule *
make(size_t i)
{
	static const char *const days[] = {"daily", "weekly on mon,thu",
	    "monthly on first thu of nov", "every 30 days", "monthly on 1,15",
	    "yearly on 5 of nov", "every 2 weeks on sat"};
	static const char *const zones[] = {
	    "Europe/Berlin", "UTC", "America/New_York", "Australia/Lord_Howe"};
	struct err err = {.kind = ERR_NONE};
	struct schedule *s = NULL;
	char *text = mem_printf("%s at %02zu:%02zu:%02zu %s random 4h%s",
	    days[i % 7], i % 24, i % 60, i / 24 % 60, zones[i % 4],
	    i % 5 == 0 ? " only mon-fri 20:00-06:00, sat,sun" : "");

	if (schedule_parse(text, &s, &err) != 0) {
		fprintf(stderr, "%s: %s\n", text, err.text);
		exit(1);
	}
	free(text);
	return s;
}

static void
make_all(struct entry *all)
{
	size_t i;

	for (i = 0; i < SCHEDULES; i++) {
		all[i].s = make(i);
		all[i].due = schedule_next(all[i].s, NOW);
	}
	qsort(all, SCHEDULES, sizeof(*all), by_due);
}

/* A minute at a time: what is due gets its next, which is put in its place. */
static size_t
step_all(struct entry *all, int64_t now)
{
	struct entry first;
	size_t n = 0, i;

	while (all[0].due <= now) {
		first = all[0];
		first.due = schedule_next(first.s, now);
		for (i = 1; i < SCHEDULES && all[i].due < first.due; i++)
			all[i - 1] = all[i];
		all[i - 1] = first;
		n++;
	}
	return n;
}

/* Each device of a run that is not its turn yet. */
static size_t
pass_over(
    const struct schedule *s, const uint64_t *hashes, int64_t run, int64_t now)
{
	int64_t spread = schedule_spread(s, run);
	size_t i, due = 0;

	for (i = 0; i < DEVICES; i++)
		due += schedule_start(run, spread, hashes[i]) <= now ? 1 : 0;
	return due;
}

/* "schedule check" of certificates of two years, seen every night. */
static void
check(const uint64_t *hashes)
{
	struct schedule_deadline *ends = mem_array(DEVICES, sizeof(*ends));
	struct schedule_margin *margins = mem_array(DEVICES, sizeof(*margins));
	struct schedule_fleet fleet = {.hashes = hashes,
	    .devices = DEVICES,
	    .deadlines = ends,
	    .deadline_count = DEVICES,
	    .busy_ms = 5000,
	    .parallel = 250};
	struct schedule_capacity found;
	struct schedule *s = NULL;
	struct err err;
	double start;
	size_t i;

	if (schedule_parse(
		"daily at 22:00 UTC random 4h only 22:00-05:00", &s, &err) != 0)
		exit(1);
	for (i = 0; i < DEVICES; i++)
		ends[i] = (struct schedule_deadline){
		    i, NOW + 365 * CLOCK_DAY, 730 * CLOCK_DAY, CLOCK_DAY * 30};
	start = now_ns();
	schedule_capacity(s, &fleet, NOW, &found, margins);
	start = now_ns() - start;
	printf("check of %d devices over %zu runs: %.2f s, %zu late\n", DEVICES,
	    found.runs, start / 1e9, found.late);
	schedule_free(s);
	free(ends);
	free(margins);
}

int
main(void)
{
	struct entry *all = mem_array(SCHEDULES, sizeof(*all));
	uint64_t *hashes = mem_array(DEVICES, sizeof(*hashes));
	double start, made, hashed, passed, stepped;
	size_t i, due = 0, runs = 0, before, after;
	char name[32];

	start = now_ns();
	make_all(all);
	made = (now_ns() - start) / SCHEDULES;
	start = now_ns();
	for (i = 0; i < DEVICES; i++) {
		(void)snprintf(name, sizeof(name), "pc%07zu.corp.example", i);
		hashes[i] = schedule_hash("1", name);
	}
	hashed = (now_ns() - start) / DEVICES;
	before = mallinfo2().uordblks;
	start = now_ns();
	for (i = 0; i < STEPS; i++)
		due += pass_over(all[i].s, hashes, all[i].due, all[i].due + 60);
	passed = (now_ns() - start) / ((double)STEPS * DEVICES);
	start = now_ns();
	for (i = 1; i <= 1440; i++)
		runs += step_all(all, NOW + (int64_t)i * 60);
	stepped = (now_ns() - start) / (double)runs;
	after = mallinfo2().uordblks;
	printf("%d schedules: %.0f ns to read one with its first run, %.0f ns "
	       "for a next run (%zu in a day), %zu bytes each\n",
	    SCHEDULES, made, stepped, runs, before / SCHEDULES);
	printf("%d devices: %.1f ns to pass one over (%zu of %d due), %.1f ns "
	       "for its hash; memory after a day %+" PRId64 " bytes\n",
	    DEVICES, passed, due, STEPS * DEVICES, hashed,
	    (int64_t)after - (int64_t)before);
	check(hashes);
	for (i = 0; i < SCHEDULES; i++)
		schedule_free(all[i].s);
	free(all);
	free(hashes);
	return passed > BUDGET_NS || after > before;
}
