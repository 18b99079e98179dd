/* metric.h: counting from several threads, and the page as Prometheus reads it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "buf.h"
#include "metric.h"

static struct metric runs = {.name = "test_runs_total",
    .help = "Runs that ended",
    .kind = METRIC_COUNTER,
    .labels = {"play", "result"}};
static struct metric depth = {
    .name = "test_depth", .help = "Waiting", .kind = METRIC_GAUGE};
static const double bounds[] = {0.1, 1, 10};
static struct metric took = {.name = "test_took_seconds",
    .help = "How long it took",
    .kind = METRIC_HISTOGRAM,
    .labels = {"kind"},
    .bounds = bounds,
    .bound_count = 3};

static void
expect_page(const char *wanted)
{
	struct buf page;

	buf_init(&page, METRIC_PAGE_MAX);
	metric_write(&page);
	assert_false(page.over);
	if (strstr(buf_text(&page), wanted) == NULL)
		fail_msg("%s\nlacks\n%s", buf_text(&page), wanted);
	buf_free(&page);
}

static void
counters_by_label(void **state)
{
	struct metric_cell *ok = metric_cell(&runs, "sync-clock", "ok");

	(void)state;
	metric_add(ok, 2);
	metric_add(metric_cell(&runs, "auto", "failed"), 1);
	assert_ptr_equal(metric_cell(&runs, "sync-clock", "ok"), ok);
	metric_add(metric_cell(&runs, "sync-clock", "ok"), 3);
	assert_int_equal(metric_value(ok), 5);
	expect_page("# HELP test_runs_total Runs that ended\n"
		    "# TYPE test_runs_total counter\n"
		    "test_runs_total{play=\"auto\",result=\"failed\"} 1\n"
		    "test_runs_total{play=\"sync-clock\",result=\"ok\"} 5\n");
}

static void
a_gauge_without_labels(void **state)
{
	(void)state;
	metric_set(metric_cell(&depth, NULL, NULL), -7);
	expect_page("# TYPE test_depth gauge\ntest_depth -7\n");
}

/* An observation on a bound is within it; the buckets are cumulative. */
static void
a_histogram(void **state)
{
	struct metric_cell *cell = metric_cell(&took, "get", NULL);

	(void)state;
	metric_observe(cell, 0.1);
	metric_observe(cell, 0.5);
	metric_observe(cell, 99);
	metric_observe(cell, -3);
	expect_page("# TYPE test_took_seconds histogram\n"
		    "test_took_seconds_bucket{kind=\"get\",le=\"0.1\"} 2\n"
		    "test_took_seconds_bucket{kind=\"get\",le=\"1\"} 3\n"
		    "test_took_seconds_bucket{kind=\"get\",le=\"10\"} 3\n"
		    "test_took_seconds_bucket{kind=\"get\",le=\"+Inf\"} 4\n"
		    "test_took_seconds_sum{kind=\"get\"} 99.600000\n"
		    "test_took_seconds_count{kind=\"get\"} 4\n");
}

static void
values_are_escaped(void **state)
{
	static struct metric odd = {.name = "test_odd_total",
	    .help = "Odd",
	    .kind = METRIC_COUNTER,
	    .labels = {"name"}};

	(void)state;
	metric_add(metric_cell(&odd, "a\"b\\c\nd\xff\xc3\xa4", NULL), 1);
	expect_page(
	    "test_odd_total{name=\"a\\\"b\\\\c\\nd\\\\xff\xc3\xa4\"} 1\n");
}

/* However many values somebody comes up with. */
static void
series_are_bounded(void **state)
{
	static struct metric many = {.name = "test_many_total",
	    .help = "Many",
	    .kind = METRIC_COUNTER,
	    .labels = {"name"}};
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < 3 * METRIC_SERIES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		metric_add(metric_cell(&many, name, NULL), 1);
	}
	assert_int_equal(metric_value(metric_cell(&many, "other", NULL)),
	    2 * METRIC_SERIES_MAX);
}

/* --- threads --- */

#define THREADS 8
#define ROUNDS 20000
static struct metric shared = {.name = "test_shared_total",
    .help = "Shared",
    .kind = METRIC_COUNTER,
    .labels = {"name"}};

static void *
count(void *cookie)
{
	char name[16];
	int i;

	(void)cookie;
	for (i = 0; i < ROUNDS; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i % 50);
		metric_add(metric_cell(&shared, name, NULL), 1);
		metric_observe(metric_cell(&took, "shared", NULL), 0.25);
	}
	return NULL;
}

static void
threads_lose_nothing(void **state)
{
	pthread_t threads[THREADS];
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, count, NULL), 0);
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	for (i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(metric_value(metric_cell(&shared, name, NULL)),
		    THREADS * ROUNDS / 50);
	}
	expect_page("test_took_seconds_sum{kind=\"shared\"} 40000.000000\n");
}

static void
computed_samples(void **state)
{
	const struct metric_label labels[] = {
	    {"reason", "offline"}, {"site", "x"}};
	struct buf page;

	(void)state;
	buf_init(&page, METRIC_PAGE_MAX);
	metric_head(&page, "test_devices", METRIC_GAUGE, "Devices");
	metric_sample(&page, "test_devices", labels, 2, 12);
	metric_sample(&page, "test_devices", NULL, 0, 0);
	assert_string_equal(buf_text(&page),
	    "# HELP test_devices Devices\n# TYPE test_devices gauge\n"
	    "test_devices{reason=\"offline\",site=\"x\"} 12\ntest_devices 0\n");
	buf_free(&page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counters_by_label),
	    cmocka_unit_test(a_gauge_without_labels),
	    cmocka_unit_test(a_histogram),
	    cmocka_unit_test(values_are_escaped),
	    cmocka_unit_test(series_are_bounded),
	    cmocka_unit_test(threads_lose_nothing),
	    cmocka_unit_test(computed_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
