#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "engine.h"
#include "fake_fleet.h"
#include "loop.h"
#include "run_internal.h"
#include "store.h"

/* Places beside the global ones, and the word about the end of an order. */

static struct fake_fleet f;
static int64_t ends[FAKE_FLEET_MAX];
static size_t end_count;
static bool refuse_end;

static int
on_end(void *cookie, const struct engine_report *r, struct err *err)
{
	(void)cookie;
	if (refuse_end)
		return err_set(err, ERR_STORAGE, "full");
	assert_non_null(r->cookie);
	assert_true(store_dirty(f.store) || r->device == NULL);
	ends[end_count++] = r->id;
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	fake_fleet_make(&f);
	engine_on_end(f.engine, on_end, &f);
	f.holds = true;
	f.conf.parallel = 10;
	end_count = 0;
	refuse_end = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fake_fleet_free(&f);
	return 0;
}

static bool
take(int64_t device)
{
	const struct engine_order order = {
	    .device = device, .mode = ENGINE_LOOK, .cookie = &f};

	return engine_take(f.engine, &order);
}

static int64_t
add(int n, const char *site)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "pc%d.corp.example", n);
	return fake_fleet_add(&f, name, site);
}

static void
test_site(void **state)
{
	int i;

	(void)state;
	f.conf.per_site = 2;
	for (i = 0; i < 4; i++)
		assert_true(take(add(i, "berlin")));
	for (i = 4; i < 6; i++)
		assert_true(take(add(i, "paris")));
	assert_true(take(add(6, NULL)));
	fake_fleet_turn(&f, 10);
	assert_int_equal(f.open, 2 + 2 + 1);
	assert_int_equal(engine_pending(f.engine), 7);
	assert_true(fake_fleet_answer(&f, 1));
	fake_fleet_turn(&f, 10);
	assert_int_equal(f.looks[3], 1); /* the first in line */
	assert_int_equal(f.looks[4], 0);
	while (fake_fleet_answer(&f, 0))
		fake_fleet_turn(&f, 5);
	assert_int_equal(end_count, 7);
	assert_int_equal(engine_pending(f.engine), 0);
	assert_int_equal(f.most_open, 5);
}

/* Places are taken by those who can use them, not by a line. */
static void
test_full_site_blocks_nobody(void **state)
{
	int i;

	(void)state;
	f.conf.parallel = 3;
	f.conf.per_site = 1;
	for (i = 0; i < 2; i++)
		assert_true(take(add(i, "berlin")));
	fake_fleet_turn(&f, 10);
	assert_false(take(add(2, "berlin"))); /* enough are in line */
	assert_true(take(add(3, "paris")));
	assert_true(take(add(4, "rome")));
	fake_fleet_turn(&f, 10);
	assert_int_equal(f.open, 3);
	engine_drain(f.engine);
	while (fake_fleet_answer(&f, 0))
		fake_fleet_turn(&f, 5);
	assert_int_equal(engine_pending(f.engine), 0);
	assert_int_equal(end_count, 3);
	assert_int_equal(f.looks[2], 0); /* dropped from its line */
}

static void
test_no_limit(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_true(take(add(i, "berlin")));
	assert_false(take(1)); /* it is there already */
	fake_fleet_turn(&f, 10);
	assert_int_equal(f.open, 5);
}

static void
test_gone_is_told(void **state)
{
	(void)state;
	assert_true(take(42));
	fake_fleet_turn(&f, 10);
	assert_int_equal(end_count, 1);
	assert_int_equal(ends[0], 42);
}

/* Without a cookie nobody asked to be told. */
static void
test_others_are_not_told(void **state)
{
	int64_t id = add(1, NULL);

	(void)state;
	engine_submit(f.engine, id, ENGINE_LOOK, NULL);
	fake_fleet_turn(&f, 10);
	assert_true(fake_fleet_answer(&f, 0));
	fake_fleet_turn(&f, 10);
	assert_int_equal(f.looks[id], 1);
	assert_int_equal(end_count, 0);
}

/* What cannot be recorded has not happened. */
static void
test_end_not_recorded(void **state)
{
	int64_t id = add(1, NULL);
	struct device *d = NULL;
	struct err err;

	(void)state;
	refuse_end = true;
	assert_true(take(id));
	fake_fleet_turn(&f, 10);
	assert_true(fake_fleet_answer(&f, 0));
	fake_fleet_turn(&f, 10);
	assert_true(engine_broken(f.engine, &err));
	assert_int_equal(err.kind, ERR_STORAGE);
	assert_int_equal(store_device_get(f.store, id, &d, &err), 0);
	assert_non_null(d->lease_owner); /* as it was before the end */
	device_free(d);
}

/* --- doors --- */

static size_t inside[4];

static void
enter(struct run *run)
{
	inside[run->id]++;
}

static void
test_door(void **state)
{
	struct engine e = {.deps = {.loop = f.loop}};
	struct run runs[4] = {{.id = 0}};
	int i;

	(void)state;
	memset(inside, 0, sizeof(inside));
	e.pace_timer = loop_timer_new(f.loop, pace_turn, &e);
	for (i = 0; i < 4; i++) {
		runs[i].engine = &e;
		runs[i].id = i;
		pace_enter(&runs[i], "ca:corp", 2, enter);
	}
	assert_int_equal(inside[0] + inside[1], 2);
	assert_int_equal(inside[2] + inside[3], 0);
	pace_leave(&runs[2]); /* out of the line */
	pace_leave(&runs[1]);
	fake_fleet_turn(&f, 5);
	assert_int_equal(inside[2], 0);
	assert_int_equal(inside[3], 1);
	pace_leave(&runs[1]); /* is not there any more */
	pace_leave(&runs[0]);
	pace_leave(&runs[3]);
	/* All places are free again, and another peer has its own. */
	for (i = 0; i < 2; i++)
		pace_enter(&runs[i], "ca:corp", 2, enter);
	pace_enter(&runs[2], "directory", 2, enter);
	pace_enter(&runs[3], "directory", 0, enter);
	assert_int_equal(inside[0], 2);
	assert_int_equal(inside[1], 2);
	assert_int_equal(inside[2], 1);
	assert_int_equal(inside[3], 2);
	loop_timer_del(e.pace_timer);
	pace_free(&e);
}

/* Who drains lets everybody in, to be told so. */
static void
test_door_of_a_draining_engine(void **state)
{
	struct engine e = {.deps = {.loop = f.loop}};
	struct run runs[3] = {{.id = 0}};
	int i;

	(void)state;
	memset(inside, 0, sizeof(inside));
	e.pace_timer = loop_timer_new(f.loop, pace_turn, &e);
	for (i = 0; i < 3; i++) {
		runs[i].engine = &e;
		runs[i].id = i;
		pace_enter(&runs[i], "directory", 1, enter);
	}
	e.draining = true;
	pace_turn(&e);
	assert_int_equal(inside[1], 1);
	assert_int_equal(inside[2], 1);
	loop_timer_del(e.pace_timer);
	pace_free(&e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_site),
	    TEST(test_full_site_blocks_nobody), TEST(test_no_limit),
	    TEST(test_gone_is_told), TEST(test_others_are_not_told),
	    TEST(test_end_not_recorded), TEST(test_door),
	    TEST(test_door_of_a_draining_engine)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
