#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "fake_fleet.h"
#include "mem.h"
#include "order.h"
#include "schedule.h"
#include "store.h"
#include "task_run.h"

/* What is ordered is checked, canonical, and in the audit chain. */

#define NOW INT64_C(1700000000) /* 2023-11-14T22:13:20Z */

static struct fake_fleet f;
static struct order o;
static struct err err;

static int
set_up(void **state)
{
	(void)state;
	fake_fleet_make(&f);
	o = (struct order){f.store, "cli:test", NOW};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fake_fleet_free(&f);
	return 0;
}

struct last {
	char kind[64], detail[512], actor[64];
	size_t count;
};

static int
keep_event(void *cookie, const struct store_event *e, struct err *ignored)
{
	struct last *last = cookie;

	(void)ignored;
	(void)snprintf(last->kind, sizeof(last->kind), "%s", e->kind);
	(void)snprintf(last->detail, sizeof(last->detail), "%s", e->detail);
	(void)snprintf(last->actor, sizeof(last->actor), "%s", e->actor);
	last->count++;
	return 0;
}

static struct last
events(void)
{
	struct last last = {.count = 0};

	assert_int_equal(
	    store_event_scan(f.store, 0, 0, 0, keep_event, &last, &err), 0);
	return last;
}

static int64_t
add_task(const char *settings)
{
	struct task t = {.name = mem_dup("mine"),
	    .type = mem_dup("AMT Maintenance"),
	    .settings = mem_dup(settings)};
	int64_t id = 0;
	int rc = order_task_add(&o, &t, &id, &err);

	task_clear(&t);
	return rc == 0 ? id : 0;
}

static void
test_task(void **state)
{
	struct task t = {0};
	struct last last;
	int64_t id;

	(void)state;
	assert_int_equal(add_task("{\"tasks\":[\"what\"]}"), 0);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(events().count, 0);
	id = add_task("{\"tasks\":[\"SyncAMTTime\"]}");
	assert_true(id != 0);
	assert_int_equal(task_get(f.store, id, &t, &err), 0);
	assert_string_equal(t.type, "amt-maintenance");
	assert_string_equal(
	    t.settings, "{\"tasks\":[\"sync-clock\"],\"when\":\"needed\"}");
	last = events();
	assert_string_equal(last.kind, "task.added");
	assert_string_equal(last.actor, "cli:test");
	mem_replace(&t.settings, "{\"when\":\"automatic\"}");
	assert_int_equal(order_task_save(&o, &t, &err), 0);
	assert_string_equal(events().kind, "task.changed");
	assert_int_equal(order_task_remove(&o, &t, &err), 0);
	assert_string_equal(events().kind, "task.removed");
	assert_int_equal(events().count, 3);
	task_clear(&t);
}

static void
test_assignment(void **state)
{
	struct task_assignment a = {.target = TASK_ALL, .enabled = true},
			       got = {0};
	int64_t id = 0, task = add_task("{\"when\":\"automatic\"}");

	(void)state;
	a.task = task;
	a.schedule = mem_dup("sometimes");
	assert_int_equal(order_assign(&o, &a, NULL, 0, &id, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	mem_replace(&a.schedule, "once on 2020-01-01 at 03:00 UTC");
	assert_int_equal(order_assign(&o, &a, NULL, 0, &id, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	mem_replace(&a.schedule, "DAILY  at 3:00 utc");
	assert_int_equal(order_assign(&o, &a, NULL, 0, &id, &err), 0);
	assert_string_equal(events().kind, "task.assigned");
	assert_int_equal(task_assignment_get(f.store, id, &got, &err), 0);
	assert_true(strncmp(got.schedule, "daily at 03:00 UTC", 18) == 0);
	assert_int_equal(got.next_due, 1700017200); /* 03:00 the next day */
	assert_int_equal(got.trigger, SCHEDULE_CLOCK);
	mem_replace(&got.schedule, "once on 2020-01-01 at 03:00 UTC");
	assert_int_equal(order_assignment_save(&o, &got, &err), -1);
	mem_replace(&got.schedule, "when reachable");
	assert_int_equal(order_assignment_save(&o, &got, &err), 0);
	task_assignment_clear(&got);
	assert_int_equal(task_assignment_get(f.store, id, &got, &err), 0);
	assert_int_equal(got.next_due, 0);
	assert_int_equal(got.trigger, SCHEDULE_REACHABLE);
	task_assignment_clear(&got);
	assert_int_equal(order_unassign(&o, id, &err), 0);
	assert_string_equal(events().kind, "task.unassigned");
	assert_int_equal(order_unassign(&o, id, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	task_assignment_clear(&a);
}

/* What was in its time and is over may be changed otherwise; turned off and on
 * again it must run. */
static void
test_over(void **state)
{
	struct task_assignment got = {0};
	struct order later = o;
	int64_t id = 0;
	struct task_assignment a = {.target = TASK_ALL,
	    .enabled = true,
	    .task = add_task("{\"when\":\"automatic\"}"),
	    .schedule = mem_dup("once on 2023-12-01 at 03:00 UTC")};

	(void)state;
	assert_int_equal(order_assign(&o, &a, NULL, 0, &id, &err), 0);
	assert_int_equal(task_assignment_get(f.store, id, &got, &err), 0);
	later.now += INT64_C(60) * 86400;
	got.policy.canary = 3;
	assert_int_equal(order_assignment_save(&later, &got, &err), 0);
	got.enabled = false;
	assert_int_equal(order_assignment_save(&later, &got, &err), 0);
	got.enabled = true;
	assert_int_equal(order_assignment_save(&later, &got, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	task_assignment_clear(&got);
	task_assignment_clear(&a);
}

static void
test_runs(void **state)
{
	struct task_assignment a = {
	    .target = TASK_ALL, .policy = {.canary = 4}};
	struct order_run how = {.target = TASK_DEVICES};
	int64_t device = fake_fleet_add(&f, "pc1", NULL), id = 0, run = 0;
	struct task t = {0};
	struct task_run r = {0};

	(void)state;
	a.task = add_task("{\"when\":\"automatic\"}");
	assert_int_equal(task_get(f.store, a.task, &t, &err), 0);
	assert_int_equal(order_run(&o, &t, &how, NULL, 0, &run, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(order_run(&o, &t, &how, &device, 1, &run, &err), 0);
	assert_string_equal(events().kind, "task.run");
	assert_int_equal(task_run_get(f.store, run, &r, &err), 0);
	assert_string_equal(r.actor, "cli:test");
	assert_int_equal(r.total, 1);
	task_run_clear(&r);

	assert_int_equal(order_assign(&o, &a, NULL, 0, &id, &err), 0);
	assert_int_equal(order_run_assignment(&o, id, &run, &err), 0);
	assert_int_equal(task_run_get(f.store, run, &r, &err), 0);
	assert_int_equal(r.assignment, id);
	assert_int_equal(r.policy.canary, 4);
	assert_int_equal(r.source, TASK_BY_USER);
	task_run_clear(&r);
	assert_int_equal(
	    order_run_state(&o, run, TASK_PAUSED, "lunch", &err), 0);
	assert_string_equal(events().kind, "task.paused");
	assert_non_null(strstr(events().detail, "lunch"));
	assert_int_equal(order_run_state(&o, run, TASK_PAUSED, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(order_run_state(&o, run, TASK_QUEUED, NULL, &err), 0);
	assert_string_equal(events().kind, "task.resumed");
	assert_int_equal(order_run_state(&o, run, TASK_ABORTED, NULL, &err), 0);
	assert_string_equal(events().kind, "task.aborted");
	task_clear(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_task),
	    TEST(test_assignment), TEST(test_over), TEST(test_runs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
