#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "engine.h"
#include "fake_fleet.h"
#include "loop.h"
#include "mem.h"
#include "order.h"
#include "runner.h"
#include "store.h"
#include "str.h"
#include "task_run.h"
#include "task_work.h"

/* Runs over devices that answer when told to: who begins when, what becomes of
 * each, and what is left after a restart. */

#define MOST_MS 8000 /* nothing here takes longer, on any machine */

static struct fake_fleet f;
static struct runner *runner;
static struct err failed, err;
static bool quiet;

static void
on_failed(void *cookie, const struct err *why)
{
	(void)cookie;
	failed = *why;
}

static void
on_quiet(void *cookie)
{
	(void)cookie;
	quiet = true;
}

static void
begin(void)
{
	runner = runner_new(&(const struct runner_deps){.loop = f.loop,
	    .store = f.store,
	    .vault = f.vault,
	    .engine = f.engine,
	    .conf = &f.conf,
	    .actor = "test",
	    .failed = on_failed,
	    .quiet = on_quiet});
	runner_go(runner);
}

static void
end(void)
{
	int i;

	for (i = 0; i < 1000 && !runner_drain(runner) && !quiet; i++)
		fake_fleet_turn(&f, 5);
	runner_free(runner);
}

static int
set_up(void **state)
{
	(void)state;
	fake_fleet_make(&f);
	quiet = false;
	err_clear(&failed);
	begin();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	end();
	fake_fleet_free(&f);
	assert_int_equal(failed.kind, ERR_NONE);
	return 0;
}

static void
add(int count)
{
	char name[32];
	int i;

	for (i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "pc%d", i);
		(void)fake_fleet_add(&f, name, NULL);
	}
}

static void
is_offline(int64_t device)
{
	(void)err_set(&f.says[device], ERR_UNREACHABLE, "no route");
}

static void
is_broken(int64_t device)
{
	(void)err_set(&f.says[device], ERR_PROTOCOL, "nonsense");
}

/* At once, in place of at the next poll. */
static void
look_again(void)
{
	runner_hold(runner);
	runner_go(runner);
}

static struct order
by_test(void)
{
	return (struct order){f.store, "test", clock_now()};
}

static int64_t
order(const char *task, const struct order_run *how)
{
	const struct order o = by_test();
	struct task t = {0};
	int64_t id = 0;

	assert_int_equal(task_find(f.store, task, &t, &err), 0);
	if (order_run(&o, &t, how, NULL, 0, &id, &err) != 0)
		fail_msg("%s", err.text);
	task_clear(&t);
	assert_int_equal(store_commit(f.store, &err), 0);
	look_again();
	return id;
}

static int64_t
run(const char *task, struct task_policy policy)
{
	const struct order_run how = {.target = TASK_ALL, .policy = policy};

	return order(task, &how);
}

static struct task_run
row_of(int64_t id)
{
	struct task_run row = {0};

	assert_int_equal(task_run_get(f.store, id, &row, &err), 0);
	return row;
}

static enum task_state
state_of(int64_t id)
{
	struct task_run row = row_of(id);
	enum task_state state = row.state;

	task_run_clear(&row);
	return state;
}

/* Turn until it is so. */
static void
until_state(int64_t id, enum task_state wanted)
{
	int ms;

	for (ms = 0; ms < MOST_MS && state_of(id) != wanted; ms += 10)
		fake_fleet_turn(&f, 10);
	assert_int_equal(state_of(id), wanted);
}

static void
until_open(size_t wanted)
{
	int ms;

	for (ms = 0; ms < MOST_MS && f.open != wanted; ms += 10)
		fake_fleet_turn(&f, 10);
	assert_int_equal(f.open, wanted);
}

/* "DONE/BEGUN/TOTAL OUTCOME COUNT...", with the outcomes that there are. */
static void
assert_counts(int64_t id, const char *wanted)
{
	struct task_run row = row_of(id);
	struct buf text;
	int i;

	buf_init(&text, 300);
	buf_printf(&text, "%lld/%lld/%lld", (long long)row.done,
	    (long long)row.begun, (long long)row.total);
	for (i = 0; i < TASK_OUTCOMES; i++)
		if (row.count[i] > 0)
			buf_printf(&text, " %s %lld",
			    task_outcome_name((enum task_outcome)i),
			    (long long)row.count[i]);
	assert_string_equal(buf_text(&text), wanted);
	buf_free(&text);
	task_run_clear(&row);
}

static void
assert_why(int64_t id, const char *wanted)
{
	struct task_run row = row_of(id);

	assert_string_equal(row.why, wanted);
	task_run_clear(&row);
}

static void
assert_ends(int64_t id, const char *counts)
{
	until_state(id, TASK_ENDED);
	assert_counts(id, counts);
}

/* Who waits for an answer, and who asks because of it. */
static void
answer_all(void)
{
	while (fake_fleet_answer(&f, 0))
		;
}

static void
answer_from_now_on(void)
{
	f.holds = false;
	answer_all();
}

static const struct task_policy plain = {.retry_wait = 1};

static int64_t
collect(struct task_policy policy)
{
	return run("collect properties", policy);
}

static int64_t
take_tag(void)
{
	int64_t tag = 0;

	assert_int_equal(store_tag_take(f.store, "vip", &tag, &err), 0);
	return tag;
}

static void
give_tag(int64_t device, int64_t tag)
{
	bool changed;

	assert_int_equal(
	    store_tag_apply(f.store, device, tag, &changed, &err), 0);
}

static void
test_all_well(void **state)
{
	int64_t id;

	(void)state;
	add(20);
	id = collect(plain);
	assert_ends(id, "20/20/20 ok 20");
	assert_true(f.looks[1] == 1 && f.looks[20] == 1);
}

/* Several tasks are one visit; the one that is switched off does nothing. */
static void
test_maintenance(void **state)
{
	const struct order o = by_test();
	struct task t = {.name = mem_dup("both"),
	    .type = mem_dup("amt-maintenance"),
	    .settings =
		mem_dup("{\"tasks\":[\"sync-clock\",\"reissue-certificates\"],"
			"\"when\":\"needed\"}")};
	int64_t id = 0;

	(void)state;
	add(2);
	f.clock_ms[2] = 60000;
	assert_int_equal(order_task_add(&o, &t, &id, &err), 0);
	task_clear(&t);
	id = run("both", plain);
	assert_ends(id, "2/2/2 ok 1 changed 1");
	assert_int_equal(f.sets[1], 0);
	assert_int_equal(f.sets[2], 1);
}

static void
test_canary_stops(void **state)
{
	struct task_run row;
	int64_t id;

	(void)state;
	add(20);
	is_broken(2);
	id = collect((struct task_policy){.retry_wait = 1, .canary = 3});
	until_state(id, TASK_ABORTED);
	fake_fleet_turn(&f, 50);
	row = row_of(id);
	assert_true(row.begun <= 3);
	task_run_clear(&row);
	assert_why(id, "canary: 1 of the first 3 devices failed");
	assert_int_equal(f.looks[4], 0);
}

static void
test_canary_goes_on(void **state)
{
	int64_t id;

	(void)state;
	add(20);
	f.holds = true;
	f.conf.parallel = 50;
	is_offline(1); /* another one takes its place */
	id = collect((struct task_policy){.retry_wait = 1, .canary = 2});
	until_open(2);
	assert_true(fake_fleet_answer(&f, 1));
	until_open(2);
	assert_int_equal(f.looks[3], 1);
	assert_true(fake_fleet_answer(&f, 2));
	fake_fleet_turn(&f, 60);
	assert_int_equal(f.open, 1);
	assert_true(fake_fleet_answer(&f, 3));
	until_open(17);
	answer_from_now_on();
	assert_ends(id, "20/20/20 ok 19 offline 1");
}

static void
test_waves(void **state)
{
	int64_t id;

	(void)state;
	add(10);
	f.holds = true;
	f.conf.parallel = 50;
	id = collect((struct task_policy){.retry_wait = 1, .wave = 4});
	until_open(4);
	fake_fleet_turn(&f, 60);
	assert_int_equal(f.open, 4);
	assert_true(fake_fleet_answer(&f, 0));
	assert_true(fake_fleet_answer(&f, 0));
	assert_true(fake_fleet_answer(&f, 0));
	fake_fleet_turn(&f, 60);
	assert_int_equal(f.open, 1);
	assert_true(fake_fleet_answer(&f, 0));
	until_open(4);
	answer_from_now_on();
	until_state(id, TASK_ENDED);
	assert_int_equal(f.most_open, 4);
}

static void
test_parallel(void **state)
{
	int64_t id;

	(void)state;
	add(10);
	f.holds = true;
	f.conf.parallel = 50;
	id = collect((struct task_policy){.retry_wait = 1, .parallel = 3});
	until_open(3);
	assert_true(fake_fleet_answer(&f, 0));
	until_open(3);
	answer_from_now_on();
	until_state(id, TASK_ENDED);
	assert_int_equal(f.most_open, 3);
}

/* A short run does not wait for a long one. */
static void
test_runs_share(void **state)
{
	int64_t first, second;
	struct task_run row;

	(void)state;
	add(40);
	f.conf.parallel = 1;
	first = collect(plain);
	until_state(first, TASK_RUNNING);
	second = collect(plain);
	until_state(first, TASK_ENDED);
	row = row_of(second);
	assert_true(row.done > 5);
	task_run_clear(&row);
	until_state(second, TASK_ENDED);
}

static void
test_failures_stop(void **state)
{
	int64_t id, i;

	(void)state;
	add(40);
	for (i = 1; i <= 40; i++)
		is_broken(i);
	f.conf.parallel = 2;
	id = collect((struct task_policy){.retry_wait = 1, .max_failures = 3});
	until_state(id, TASK_ABORTED);
	fake_fleet_turn(&f, 50);
	assert_int_equal(f.looks[10], 0);
}

static void
test_offline_is_tried_again(void **state)
{
	int64_t id;

	(void)state;
	add(3);
	is_offline(1);
	is_offline(2);
	f.holds = true;
	id = collect((struct task_policy){.retry_wait = 1, .retries = 1});
	until_open(3);
	answer_all();
	err_clear(&f.says[1]); /* it comes back in time */
	until_open(2);
	answer_all();
	assert_ends(id, "3/3/3 ok 2 offline 1");
	assert_int_equal(f.looks[1], 2);
	assert_int_equal(f.looks[2], 2);
	assert_int_equal(f.looks[3], 1);
}

static void
test_held_elsewhere(void **state)
{
	int64_t id, token = 0;

	(void)state;
	add(2);
	assert_int_equal(store_lease_take(f.store, 1, "another", clock_now(),
			     clock_now() + 600, &token, &err),
	    0);
	assert_int_equal(store_commit(f.store, &err), 0);
	id = collect(plain);
	assert_ends(id, "2/2/2 ok 1 busy 1");
}

static int
is_said_to_be_gone(void *cookie, const struct task_item *i, struct err *ret_err)
{
	(void)cookie;
	(void)ret_err;
	assert_int_equal(i->outcome, TASK_SKIPPED);
	assert_null(i->reason); /* nobody looked at it */
	assert_string_equal(i->message, "it was removed from the fleet");
	return 0;
}

static void
test_gone(void **state)
{
	struct task_item_filter gone = {
	    .device = 2, .state = -1, .outcome = -1};
	int64_t id;

	(void)state;
	add(3);
	f.holds = true;
	id = collect((struct task_policy){.retry_wait = 1, .parallel = 1});
	until_open(1);
	assert_int_equal(store_device_remove(f.store, 2, &err), 0);
	assert_int_equal(store_commit(f.store, &err), 0);
	f.holds = false;
	assert_true(fake_fleet_answer(&f, 0));
	assert_ends(id, "3/3/3 ok 2 skipped 1");
	gone.run = id;
	assert_int_equal(
	    task_item_scan(f.store, &gone, is_said_to_be_gone, NULL, &err), 0);
}

static void
set_state(int64_t id, enum task_state to)
{
	const struct order o = by_test();

	if (order_run_state(&o, id, to, "a test", &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(store_commit(f.store, &err), 0);
	look_again();
}

static void
test_pause_resume_abort(void **state)
{
	int64_t id;

	(void)state;
	add(5);
	f.holds = true;
	id = collect((struct task_policy){.retry_wait = 1, .parallel = 1});
	until_open(1);
	set_state(id, TASK_PAUSED);
	assert_true(fake_fleet_answer(&f, 0)); /* is recorded all the same */
	fake_fleet_turn(&f, 100);
	assert_int_equal(f.open, 0);
	assert_counts(id, "1/1/5 ok 1");
	set_state(id, TASK_QUEUED);
	until_open(1);
	set_state(id, TASK_ABORTED);
	assert_true(fake_fleet_answer(&f, 0));
	fake_fleet_turn(&f, 100);
	assert_int_equal(f.open, 0);
	assert_counts(id, "2/2/5 ok 2");
	assert_int_equal(state_of(id), TASK_ABORTED);
}

static void
test_stop_after(void **state)
{
	struct task_policy policy = plain;
	int64_t id;

	(void)state;
	add(2);
	is_offline(1);
	policy.stop_after = 1;
	policy.retries = 50;
	policy.retry_wait = 1000; /* its life is shorter than that */
	id = collect(policy);
	assert_ends(id, "2/2/2 ok 1 offline 1");
	f.holds = true;
	id = collect(policy);
	until_state(id, TASK_ABORTED);
	assert_why(id, "its time was over");
}

/* --- schedules --- */

static int64_t
assign(const char *schedule, enum task_target target, int64_t target_id)
{
	const struct order o = by_test();
	struct task_assignment a = {.target = target,
	    .target_id = target_id,
	    .enabled = true,
	    .policy = plain,
	    .schedule = mem_dup(schedule)};
	struct task t = {0};
	int64_t id = 0;

	assert_int_equal(task_find(f.store, "collect properties", &t, &err), 0);
	a.task = t.id;
	task_clear(&t);
	if (order_assign(&o, &a, NULL, 0, &id, &err) != 0)
		fail_msg("%s", err.text);
	free(a.schedule);
	assert_int_equal(store_commit(f.store, &err), 0);
	look_again();
	return id;
}

static int64_t
run_of(int64_t assignment)
{
	struct task_assignment a = {0};
	int64_t run = 0;
	int ms;

	for (ms = 0; ms < MOST_MS && run == 0; ms += 10) {
		fake_fleet_turn(&f, 10);
		assert_int_equal(
		    task_assignment_get(f.store, assignment, &a, &err), 0);
		run = a.last_run;
		task_assignment_clear(&a);
	}
	assert_true(run != 0);
	return run;
}

static void
test_immediately(void **state)
{
	struct task_assignment a = {0};
	int64_t id, assignment, tag;

	(void)state;
	add(3);
	tag = take_tag();
	give_tag(2, tag);
	assignment = assign("immediately", TASK_TAG, tag);
	id = run_of(assignment);
	assert_ends(id, "1/1/1 ok 1");
	assert_int_equal(f.looks[2], 1);
	assert_int_equal(task_assignment_get(f.store, assignment, &a, &err), 0);
	assert_int_equal(a.next_due, 0); /* once */
	task_assignment_clear(&a);
}

static void
test_at_start(void **state)
{
	int64_t id, assignment;

	(void)state;
	add(1);
	fake_fleet_turn(&f, 50);
	assignment = assign("at start", TASK_ALL, 0);
	fake_fleet_turn(&f, 100);
	assert_int_equal(f.looks[1], 0); /* that was before it */
	end();
	begin();
	id = run_of(assignment);
	until_state(id, TASK_ENDED);
	assert_int_equal(f.looks[1], 1);
}

static int
keep_start(void *cookie, const struct task_item *i, struct err *ignored)
{
	int64_t *starts = cookie;

	(void)ignored;
	starts[i->device] = i->not_before;
	return 0;
}

/* Devices of a run are spread, each by its own delay. */
static void
test_random_delay(void **state)
{
	struct task_item_filter all = {.state = -1, .outcome = -1};
	int64_t starts[FAKE_FLEET_MAX] = {0}, id, least, most, i;

	(void)state;
	add(30);
	id = run_of(assign("immediately random 1h", TASK_ALL, 0));
	until_state(id, TASK_RUNNING);
	all.run = id;
	assert_int_equal(
	    task_item_scan(f.store, &all, keep_start, starts, &err), 0);
	least = most = starts[1];
	for (i = 1; i <= 30; i++) {
		least = starts[i] < least ? starts[i] : least;
		most = starts[i] > most ? starts[i] : most;
	}
	assert_true(most - least > 600);
	assert_true(most - clock_now() <= 3600);
}

/* Outside its windows a run begins nothing, and is not over either. */
static void
test_windows(void **state)
{
	static const char *const days[] = {
	    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	time_t now = time(NULL);
	struct task_run row = {.name = mem_dup("look"),
	    .type = mem_dup("collect-properties"),
	    .settings = mem_dup("{}"),
	    .target = TASK_ALL,
	    .source = TASK_BY_SCHEDULE};
	struct tm day;
	int64_t id = 0;

	(void)state;
	add(2);
	assert_non_null(gmtime_r(&now, &day));
	row.schedule = mem_printf(
	    "daily at 03:00 UTC only %s", days[(day.tm_wday + 3) % 7]);
	assert_int_equal(
	    task_run_make(f.store, &row, NULL, 0, clock_now(), &id, &err), 0);
	assert_int_equal(store_commit(f.store, &err), 0);
	task_run_clear(&row);
	look_again();
	until_state(id, TASK_RUNNING);
	fake_fleet_turn(&f, 100);
	assert_int_equal(state_of(id), TASK_RUNNING);
	assert_int_equal(f.looks[1] + f.looks[2], 0);
}

/* A run that is still going has its devices: the next one is left out. */
static void
test_no_second_run(void **state)
{
	struct task_assignment a = {0};
	int64_t first, assignment;

	(void)state;
	add(1);
	f.holds = true;
	assignment = assign("immediately", TASK_ALL, 0);
	first = run_of(assignment);
	until_open(1);
	assert_int_equal(task_assignment_ran(f.store, assignment, 0,
			     clock_now(), clock_now(), &err),
	    0);
	assert_int_equal(store_commit(f.store, &err), 0);
	look_again();
	do {
		task_assignment_clear(&a);
		fake_fleet_turn(&f, 10);
		assert_int_equal(
		    task_assignment_get(f.store, assignment, &a, &err), 0);
	} while (a.next_due != 0);
	assert_int_equal(a.last_run, first);
	task_assignment_clear(&a);
	assert_true(fake_fleet_answer(&f, 0));
	until_state(first, TASK_ENDED);
}

static void
visit_all(void)
{
	until_state(collect(plain), TASK_ENDED);
}

/* Devices that come back are served, once in a while, where they are meant. */
static void
test_when_reachable(void **state)
{
	int64_t tag, assignment, id;
	size_t looks;

	(void)state;
	add(3);
	is_offline(1);
	is_offline(2);
	tag = take_tag();
	give_tag(1, tag);
	give_tag(3, tag);
	assignment = assign("when reachable not within 24h", TASK_TAG, tag);
	visit_all();
	err_clear(&f.says[1]);
	err_clear(&f.says[2]);
	visit_all(); /* 1 and 2 come back, 3 was there */
	id = run_of(assignment);
	assert_ends(id, "1/1/1 ok 1");
	assert_int_equal(f.looks[2] + 1, f.looks[1]);
	/* And again, too soon. */
	is_offline(1);
	visit_all();
	err_clear(&f.says[1]);
	visit_all();
	looks = f.looks[1];
	look_again();
	fake_fleet_turn(&f, 200);
	assert_int_equal(run_of(assignment), id);
	assert_int_equal(f.looks[1], looks);
}

static void
test_target_gone(void **state)
{
	struct order_run how = {.target = TASK_TAG, .policy = plain};
	int64_t id;

	(void)state;
	add(1);
	how.target_id = take_tag();
	runner_hold(runner);
	id = order("collect properties", &how);
	assert_int_equal(store_tag_remove(f.store, how.target_id, &err), 0);
	assert_int_equal(store_commit(f.store, &err), 0);
	runner_go(runner);
	until_state(id, TASK_ABORTED);
	assert_why(id, "its tag is gone");
}

/* --- the end of a process --- */

static void
test_goes_on_after_a_restart(void **state)
{
	bool taken = false;
	int64_t id;

	(void)state;
	add(6);
	f.holds = true;
	id = collect((struct task_policy){.retry_wait = 1, .parallel = 2});
	until_open(2);
	assert_true(fake_fleet_answer(&f, 0));
	until_open(2);
	/* As if it was killed: nothing of the two under way is recorded. */
	runner_free(runner);
	fake_fleet_stop(&f);
	fake_fleet_start(&f);
	assert_int_equal(task_run_claim(f.store, id, "another", true,
			     clock_now(), clock_now(), &taken, &err),
	    0);
	assert_int_equal(store_commit(f.store, &err), 0);
	f.holds = false;
	f.conf.lease = 0; /* of the devices it had */
	begin();
	until_state(id, TASK_ENDED);
	assert_int_equal(f.looks[1], 1);
	assert_int_equal(f.looks[2], 2);
	assert_int_equal(f.looks[3], 2);
	assert_int_equal(f.looks[4], 1);
}

/* Stopped in order, devices that it does not get to wait for the next one. */
static void
test_drained(void **state)
{
	int64_t id;

	(void)state;
	add(6);
	f.holds = true;
	f.conf.parallel = 2;
	id = collect(plain);
	until_open(2);
	assert_true(runner_drain(runner));
	engine_drain(f.engine);
	while (fake_fleet_answer(&f, 0))
		fake_fleet_turn(&f, 10);
	assert_int_equal(engine_pending(f.engine), 0);
	assert_int_equal(state_of(id), TASK_RUNNING);
	assert_counts(id, "2/2/6 ok 2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_all_well),
	    TEST(test_maintenance), TEST(test_canary_stops),
	    TEST(test_canary_goes_on), TEST(test_waves), TEST(test_parallel),
	    TEST(test_runs_share), TEST(test_failures_stop),
	    TEST(test_offline_is_tried_again), TEST(test_held_elsewhere),
	    TEST(test_gone), TEST(test_pause_resume_abort),
	    TEST(test_stop_after), TEST(test_immediately), TEST(test_at_start),
	    TEST(test_random_delay), TEST(test_no_second_run),
	    TEST(test_windows), TEST(test_target_gone),
	    TEST(test_when_reachable), TEST(test_goes_on_after_a_restart),
	    TEST(test_drained)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
