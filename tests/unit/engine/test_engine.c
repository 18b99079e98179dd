#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "engine.h"
#include "err.h"
#include "loop.h"
#include "ports.h"
#include "profile.h"
#include "store.h"
#include "vault.h"

/*
 * The queue and the engine's end.  What a run does is shown by tests/fault.
 */

struct fixture {
	char folder[64], db[96], key[96];
	struct loop *loop;
	struct vault *vault;
	struct store *store;
	struct engine *engine;
	struct conf conf;
	struct profile profile;
	struct ports ports;
	int idle, reports;
};

static void
count_idle(void *cookie)
{
	struct fixture *f = cookie;

	f->idle++;
	loop_stop(f->loop);
}

static void
count_report(void *cookie, const struct engine_report *report)
{
	struct fixture *f = cookie;

	(void)report;
	f->reports++;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct engine_deps deps;
	struct err err = {0};

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/engine.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->db, sizeof(f->db), "%s/store.db", f->folder);
	(void)snprintf(f->key, sizeof(f->key), "%s/vault.key", f->folder);
	f->loop = loop_new(&err);
	assert_non_null(f->loop);
	assert_int_equal(vault_create(f->key, &err), 0);
	assert_int_equal(vault_open(f->key, &f->vault, &err), 0);
	assert_int_equal(store_create(f->db, f->vault, &err), 0);
	assert_int_equal(store_open(f->db, f->vault, &f->store, &err), 0);
	f->conf.parallel = 4;
	deps = (struct engine_deps){.loop = f->loop,
	    .store = f->store,
	    .ports = &f->ports,
	    .conf = &f->conf,
	    .profile = &f->profile,
	    .actor = "test"};
	f->engine = engine_new(&deps, &err);
	assert_non_null(f->engine);
	engine_on_idle(f->engine, count_idle, f);
	engine_on_report(f->engine, count_report, f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char path[128];

	engine_free(f->engine);
	store_close(f->store);
	vault_close(f->vault);
	loop_free(f->loop);
	(void)unlink(f->key);
	(void)unlink(f->db);
	(void)snprintf(path, sizeof(path), "%s-wal", f->db);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s-shm", f->db);
	(void)unlink(path);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void
stop(void *cookie)
{
	loop_stop(cookie);
}

/* Long enough for whatever was put off to the next turn. */
static void
turn_a_few_times(struct fixture *f)
{
	struct loop_timer *timer = loop_timer_new(f->loop, stop, f->loop);

	loop_timer_set(timer, 20);
	loop_run(f->loop);
	loop_timer_del(timer);
}

static void
test_one_place_in_the_queue(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	for (id = 1; id <= 10; id++)
		engine_submit(f->engine, id, ENGINE_LOOK, NULL);
	for (id = 1; id <= 10; id++)
		engine_submit(f->engine, id, ENGINE_LOOK, NULL);
	assert_int_equal(engine_pending(f->engine), 10);
}

/* No such devices: each ends at once, nothing of them is reported, and all ten
 * get a place though only four fit. */
static void
test_devices_that_are_gone(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	for (id = 1; id <= 10; id++)
		engine_submit(f->engine, id, ENGINE_LOOK, NULL);
	loop_run(f->loop);
	assert_int_equal(f->idle, 1);
	assert_int_equal(f->reports, 0);
	assert_int_equal(engine_pending(f->engine), 0);
	/* And may come again. */
	engine_submit(f->engine, 1, ENGINE_LOOK, NULL);
	assert_int_equal(engine_pending(f->engine), 1);
}

static void
test_drain_empties_the_queue(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	for (id = 1; id <= 10; id++)
		engine_submit(f->engine, id, ENGINE_LOOK, NULL);
	engine_drain(f->engine);
	assert_int_equal(engine_pending(f->engine), 0);
	engine_submit(f->engine, 11, ENGINE_LOOK, NULL);
	assert_int_equal(engine_pending(f->engine), 0);
	loop_run(f->loop);
	assert_int_equal(f->idle, 1);
}

/* Freed with its next turn still to come: that turn must not find it. */
static void
test_freed_before_its_turn(void **state)
{
	struct fixture *f = *state;

	engine_submit(f->engine, 1, ENGINE_LOOK, NULL);
	engine_free(f->engine);
	f->engine = NULL;
	turn_a_few_times(f);
	assert_int_equal(f->idle, 0);
}

static void
test_freed_after_draining(void **state)
{
	struct fixture *f = *state;

	engine_submit(f->engine, 1, ENGINE_LOOK, NULL);
	engine_drain(f->engine);
	engine_free(f->engine);
	f->engine = NULL;
	turn_a_few_times(f);
	assert_int_equal(f->idle, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_one_place_in_the_queue, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_devices_that_are_gone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_drain_empties_the_queue, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_freed_before_its_turn, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_freed_after_draining, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
