/* The maintenance guide's schedules, and those that do not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capacity.h"
#include "err.h"
#include "schedule.h"

#define HOUR INT64_C(3600)
#define DAYS CLOCK_DAY
#define MOST 10000

static uint64_t hashes[MOST];
static struct schedule_deadline deadlines[MOST];
static struct schedule_margin margins[MOST];
static struct schedule_capacity result;

static int64_t
at(const char *text)
{
	int64_t t = 0;

	assert_int_equal(clock_parse(text, &t), 0);
	return t;
}

/* A fleet whose passwords or certificates are all from `from`. */
static void
check(const char *rule, const char *now, size_t devices, const char *from,
    int64_t life, int64_t lead, int64_t busy_ms, int64_t parallel)
{
	struct schedule_fleet fleet = {.hashes = hashes,
	    .devices = devices,
	    .deadlines = deadlines,
	    .deadline_count = devices,
	    .busy_ms = busy_ms,
	    .parallel = parallel};
	struct err err = {.kind = ERR_NONE};
	struct schedule *s = NULL;
	size_t i;

	if (schedule_parse(rule, &s, &err) != 0)
		fail_msg("%s: %s", rule, err.text);
	for (i = 0; i < devices; i++) {
		hashes[i] = i * 7919; /* so that delays are known here */
		deadlines[i] =
		    (struct schedule_deadline){i, at(from) + life, life, lead};
	}
	schedule_capacity(s, &fleet, at(now), &result, margins);
	schedule_free(s);
}

static int64_t
least_margin(size_t devices)
{
	int64_t least = INT64_MAX;
	size_t i;

	for (i = 0; i < devices; i++)
		if (margins[i].seconds < least)
			least = margins[i].seconds;
	return least;
}

#define EVERY_30_DAYS "every 30 days at 22:00 UTC from 2026-11-01"
#define FROM "2026-11-01T22:00:00Z"
#define NOW "2026-11-02T00:00:00Z"

/* 42 days, renewed every 30: 12 of grace. */
static void
test_passwords(void **state)
{
	(void)state;
	check(
	    EVERY_30_DAYS, NOW, 1, FROM, 42 * DAYS, SCHEDULE_ALWAYS, 10000, 60);
	assert_int_equal(result.late, 0);
	assert_int_equal(margins[0].seconds, 12 * DAYS - 10);
	assert_int_equal(margins[0].end, at("2026-12-13T22:00:00Z"));
	assert_int_equal(margins[0].renewed, at("2026-12-01T22:00:10Z"));
	assert_int_equal(result.runs, 12);
	assert_int_equal(result.longest, 10);
	/* 1000 devices of 30 s, 60 at once: 17 turns. */
	check(EVERY_30_DAYS, NOW, 1000, FROM, 42 * DAYS, SCHEDULE_ALWAYS, 30000,
	    60);
	assert_int_equal(result.longest, 17 * 30);
	assert_int_equal(least_margin(1000), 12 * DAYS - 17 * 30);
	assert_int_equal(result.late, 0);
	/* Spread over four hours: the last of 10000 starts at 3:59:59. */
	check(EVERY_30_DAYS " random 4h", NOW, MOST, FROM, 42 * DAYS,
	    SCHEDULE_ALWAYS, 1000, 60);
	assert_in_range(result.longest, 4 * HOUR - 10, 4 * HOUR + 1);
	assert_int_equal(least_margin(MOST), 12 * DAYS - result.longest);
	/* 45 days are three too many. */
	check("every 45 days at 22:00 UTC from 2026-11-01", NOW, 10, FROM,
	    42 * DAYS, SCHEDULE_ALWAYS, 10000, 60);
	assert_int_equal(result.late, 10);
	assert_int_equal(least_margin(10), -3 * DAYS - 10);
	/* Only when needed, ten days before: after 30 days they have 12 left,
	 * after 60 they are 18 late. */
	check(EVERY_30_DAYS, NOW, 10, FROM, 42 * DAYS, 10 * DAYS, 10000, 60);
	assert_int_equal(result.late, 10);
	assert_int_equal(margins[3].seconds, -18 * DAYS - 10);
	/* Every ten days would do: two or twelve left. */
	check("every 10 days at 22:00 UTC from 2026-11-01", NOW, 10, FROM,
	    42 * DAYS, 10 * DAYS, 10000, 60);
	assert_int_equal(result.late, 0);
	assert_int_equal(margins[3].seconds, 2 * DAYS - 10);
}

#define FIRST_THURSDAY                                                         \
	"monthly on first thu of nov at 03:00 Europe/Berlin random 4h missed " \
	"run"

static void
test_certificates(void **state)
{
	(void)state;
	/* Two years, from the run of 2026: replaced on 4 November 2027, 366
	 * days before 4 November 2028; closest is 371 days later once. */
	check(FIRST_THURSDAY, "2026-11-06T00:00:00Z", 100,
	    "2026-11-05T02:00:00Z", 730 * DAYS, SCHEDULE_ALWAYS, 30000, 60);
	assert_int_equal(result.late, 0);
	assert_int_equal(least_margin(100) / DAYS, 730 - 371);
	/* Of one year: 1 November 2029 to 7 November 2030 is 371 days. */
	check(FIRST_THURSDAY, "2026-11-06T00:00:00Z", 1, "2026-11-05T02:00:00Z",
	    365 * DAYS, SCHEDULE_ALWAYS, 30000, 60);
	assert_int_equal(result.late, 1);
	assert_int_equal(margins[0].seconds, -6 * DAYS);
	assert_int_equal(margins[0].renewed, at("2030-11-07T02:00:30Z"));
	/* One that ends before the first run. */
	check(FIRST_THURSDAY, "2026-11-06T00:00:00Z", 1, "2025-10-01T00:00:00Z",
	    730 * DAYS, SCHEDULE_ALWAYS, 30000, 60);
	assert_int_equal(result.late, 1);
	assert_int_equal(margins[0].seconds,
	    at("2027-10-01T00:00:00Z") - at("2027-11-04T02:00:30Z"));
}

static void
test_windows(void **state)
{
	(void)state;
	/* 10000 of 30 s, 10 at once, are 8:20 hours: they take three nights of
	 * four hours. */
	check("weekly on mon at 22:00 UTC only 22:00-02:00", NOW, MOST, FROM,
	    42 * DAYS, SCHEDULE_ALWAYS, 30000, 10);
	assert_int_equal(result.longest, 48 * HOUR + 20 * 60);
	assert_int_equal(result.unserved, 0);
	assert_int_equal(result.late, 0);
	/* Stopped after one night, the same half is never served. */
	check("weekly on mon at 22:00 UTC stop after 4h", NOW, MOST, FROM,
	    42 * DAYS, SCHEDULE_ALWAYS, 30000, 10);
	assert_int_equal(result.unserved, MOST - 4800);
	assert_int_equal(result.late, MOST - 4800);
	assert_int_equal(margins[MOST - 1].renewed, 0);
	assert_true(margins[MOST - 1].seconds < 0);
	/* A run every hour that takes more than one. */
	check("hourly UTC", NOW, MOST, FROM, 2 * DAYS, SCHEDULE_ALWAYS, 30000,
	    60);
	assert_int_equal(result.longest, 167 * 30); /* 1:23:30 */
	assert_true(result.overlaps > 10);
	assert_int_equal(result.late, 0);
}

static void
test_ends(void **state)
{
	(void)state;
	check("once on 2026-12-24 at 18:00 UTC", NOW, 10, FROM, 42 * DAYS,
	    SCHEDULE_ALWAYS, 30000, 60);
	assert_true(result.ends);
	assert_int_equal(result.runs, 1);
	assert_int_equal(result.late, 10);
	assert_int_equal(margins[0].seconds,
	    at("2026-12-13T22:00:00Z") - at("2026-12-24T18:00:30Z"));
	check("immediately", NOW, 10, FROM, 42 * DAYS, SCHEDULE_ALWAYS, 30000,
	    60);
	assert_int_equal(result.runs, 0);
	check("daily at 03:00 UTC", NOW, 0, FROM, 42 * DAYS, SCHEDULE_ALWAYS,
	    30000, 60);
	assert_int_equal(result.late, 0);
	assert_int_equal(result.runs, 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_passwords),
	    cmocka_unit_test(test_certificates), cmocka_unit_test(test_windows),
	    cmocka_unit_test(test_ends)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
