#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runner_internal.h"

/* How many may begin, for rows as they come about one after the other. */

static struct task_run row;
static struct pacing p;

static void
decide(size_t running)
{
	runner_pacing(&row, running, &p);
	row.begin_to = p.begin_to;
}

static void
test_all_at_once(void **state)
{
	(void)state;
	row = (struct task_run){.total = 10};
	decide(0);
	assert_int_equal(p.fresh, 10);
	row.begun = 4;
	decide(4);
	assert_int_equal(p.fresh, 6);
	assert_string_equal(p.news, "");
}

static void
test_canary(void **state)
{
	(void)state;
	row = (struct task_run){.total = 10, .policy.canary = 3};
	decide(0);
	assert_int_equal(p.fresh, 3);
	row.begun = 3;
	decide(3);
	assert_int_equal(p.fresh, 0);
	row.count[TASK_OK] = 1;
	row.count[TASK_CHANGED] = 1;
	decide(1);
	assert_int_equal(p.fresh, 0);
	row.count[TASK_PENDING] = 1;
	decide(0);
	assert_int_equal(p.fresh, 7);
	assert_string_equal(p.news, "canary: 3 devices went well");
	row.begun = 10;
	row.count[TASK_FAILED] = 5; /* no limit after the canaries */
	decide(0);
	assert_false(p.stop);
	assert_string_equal(p.news, "");
}

static void
test_canary_fails(void **state)
{
	(void)state;
	row = (struct task_run){.total = 10, .policy.canary = 3};
	row.begun = 3;
	row.count[TASK_PARKED] = 1;
	decide(2);
	assert_true(p.stop);
	assert_string_equal(p.why, "canary: 1 of the first 3 devices failed");
}

/* One that was not reached says nothing of the task. */
static void
test_canary_not_reached(void **state)
{
	(void)state;
	row = (struct task_run){.total = 10, .policy.canary = 2};
	row.begun = 2;
	row.count[TASK_OK] = 1;
	row.count[TASK_OFFLINE] = 1;
	decide(0);
	assert_int_equal(p.fresh, 1);
	row.begun = 3;
	decide(1);
	assert_int_equal(p.fresh, 0);
	row.count[TASK_OK] = 2;
	decide(0);
	assert_int_equal(p.fresh, 7);
}

static void
test_waves(void **state)
{
	(void)state;
	row = (struct task_run){.total = 10, .policy.wave = 4};
	decide(0);
	assert_int_equal(p.fresh, 4);
	assert_string_equal(p.news, "wave: up to device 4 of 10");
	row.begun = 4;
	decide(1);
	assert_int_equal(p.fresh, 0);
	decide(0);
	assert_int_equal(p.fresh, 4);
	row.begun = 8;
	decide(0);
	assert_int_equal(p.fresh, 2);
	row.begun = 10;
	decide(0);
	assert_int_equal(p.fresh, 0);
	assert_string_equal(p.news, "");
	row = (struct task_run){.total = 1000, .policy.wave = 1};
	decide(0);
	assert_int_equal(p.fresh, 1);
	assert_string_equal(p.news, ""); /* there would be a thousand */
}

static void
test_waves_after_canary(void **state)
{
	(void)state;
	row = (struct task_run){
	    .total = 100, .policy = {.canary = 2, .wave_percent = 20}};
	decide(0);
	assert_int_equal(p.fresh, 2);
	row.begun = 2;
	row.count[TASK_OK] = 2;
	decide(0);
	assert_int_equal(p.fresh, 20);
	row = (struct task_run){.total = 3, .policy.wave_percent = 20};
	decide(0);
	assert_int_equal(p.fresh, 1); /* at least */
}

static void
test_failures(void **state)
{
	(void)state;
	row = (struct task_run){.total = 200, .policy.max_failures = 3};
	row.count[TASK_FAILED] = 1;
	row.count[TASK_PARKED] = 1;
	row.count[TASK_OFFLINE] = 50;
	decide(0);
	assert_false(p.stop);
	row.count[TASK_FAILED] = 2;
	decide(0);
	assert_true(p.stop);
	assert_string_equal(p.why, "3 devices failed, the limit is 3");
	row.policy = (struct task_policy){.max_failure_percent = 2};
	decide(0);
	assert_false(p.stop);
	row.count[TASK_FAILED] = 3;
	decide(0);
	assert_true(p.stop);
	assert_string_equal(p.why, "4 of 200 devices failed, the limit is 2%");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_at_once),
	    cmocka_unit_test(test_canary), cmocka_unit_test(test_canary_fails),
	    cmocka_unit_test(test_canary_not_reached),
	    cmocka_unit_test(test_waves),
	    cmocka_unit_test(test_waves_after_canary),
	    cmocka_unit_test(test_failures)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
