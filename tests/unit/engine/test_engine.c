#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "diagnose.h"
#include "engine.h"
#include "err.h"
#include "journal.h"
#include "loop.h"
#include "ports.h"
#include "profile.h"
#include "store.h"
#include "vault.h"

/*
 * The queue, the engine's end, and devices held by somebody who is no run. What
 * a run does is shown by tests/fault.
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
	unsigned reasons; /* of the last report */
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

	f->reports++;
	f->reasons = report->reasons;
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
	f->conf.lease = 600;
	f->conf.retry_first = 300;
	f->conf.retry_most = 86400;
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

/* --- held by somebody who is no run --- */

static const struct err let_in = {.kind = ERR_NONE};
static const struct err refused = {
    .kind = ERR_DENIED, .domain = ERR_HTTP, .native = 401, .text = "wrong"};
static const struct err silent = {.kind = ERR_UNREACHABLE, .text = "no route"};

/* A device that took its credentials before. */
static int64_t
add_device(struct fixture *f)
{
	struct device *d = device_new("pc1.corp.example");
	struct err err = {0};
	int64_t id;

	d->seen_at = 1;
	d->next_due = 1;
	assert_int_equal(store_device_add(f->store, d, &err), 0);
	assert_int_equal(store_commit(f->store, &err), 0);
	id = d->id;
	device_free(d);
	return id;
}

static struct device *
record(struct fixture *f, int64_t id)
{
	struct device *d = NULL;
	struct err err = {0};

	assert_int_equal(store_device_get(f->store, id, &d, &err), 0);
	return d;
}

static void
hold_and_release(struct fixture *f, int64_t id, const struct err *how)
{
	struct engine_hold *h = NULL;
	struct err err = {0};

	assert_int_equal(engine_hold(f->engine, id, &h, &err), 0);
	assert_int_equal(engine_release(h, how, &err), 0);
	assert_false(store_dirty(f->store));
}

static void
assert_not_held(struct fixture *f, int64_t id, enum err_kind kind)
{
	struct engine_hold *h = NULL;
	struct err err = {0};

	assert_int_equal(engine_hold(f->engine, id, &h, &err), -1);
	assert_int_equal(err.kind, kind);
	assert_null(h);
	assert_false(store_dirty(f->store));
}

static void
assert_strikes(struct fixture *f, int64_t id, int64_t strikes)
{
	struct device *d = record(f, id);

	assert_int_equal(d->strikes, strikes);
	assert_null(d->lease_owner);
	device_free(d);
}

static void
test_held_by_one(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_device(f), token = 0, now = clock_now();
	struct engine_hold *h = NULL;
	struct device *d;
	struct err err = {0};

	assert_int_equal(engine_hold(f->engine, id, &h, &err), 0);
	assert_int_equal(engine_held(h)->id, id);
	d = record(f, id);
	assert_non_null(d->lease_owner);
	assert_true(d->lease_until > now);
	device_free(d);
	assert_not_held(f, id, ERR_CONFLICT);
	assert_int_equal(engine_release(h, &let_in, &err), 0);
	assert_strikes(f, id, 0);

	assert_int_equal(store_lease_take(f->store, id, "another", now,
			     now + 60, &token, &err),
	    0);
	assert_int_equal(store_commit(f->store, &err), 0);
	assert_not_held(f, id, ERR_CONFLICT);
	assert_not_held(f, id + 1, ERR_NOTFOUND);
}

static void
test_refusals_are_counted(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_device(f), i;
	struct device *d;

	for (i = 1; i <= 3; i++) {
		hold_and_release(f, id, &refused);
		assert_strikes(f, id, i);
	}
	assert_not_held(f, id, ERR_DENIED);
	d = record(f, id);
	assert_string_equal(d->error_code, "credentials-rejected");
	assert_string_equal(d->reasons, "credentials-rejected");
	assert_int_equal(d->next_due, 0);
	device_free(d);
}

static void
test_success_takes_the_count_back(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_device(f);
	struct device *d;

	hold_and_release(f, id, &refused);
	hold_and_release(f, id, &refused);
	hold_and_release(f, id, &silent); /* says nothing of them */
	assert_strikes(f, id, 2);
	hold_and_release(f, id, &let_in);
	assert_strikes(f, id, 0);
	d = record(f, id);
	assert_null(d->error_code);
	assert_string_equal(d->reasons, "");
	assert_true(d->next_due != 0);
	device_free(d);
}

/* Its process died with it: who comes next counts that, once. */
static void
test_left_behind(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_device(f), token = 0;
	struct err err = {0};

	assert_int_equal(
	    store_lease_take(f->store, id, "dead", 1, 2, &token, &err), 0);
	assert_int_equal(store_commit(f->store, &err), 0);
	hold_and_release(f, id, &silent);
	assert_strikes(f, id, 1);
	hold_and_release(f, id, &silent);
	assert_strikes(f, id, 1);
}

static void
intend(struct fixture *f, int64_t id, const char *step)
{
	const struct journal_intent intent = {
	    .device = id, .play = "auto", .step = step, .args = "{}"};
	int64_t token = 0, ignored = 0;
	struct err err = {0};

	assert_int_equal(
	    store_lease_take(f->store, id, "dead", 1, 2, &token, &err), 0);
	assert_int_equal(
	    journal_intend(f->store, &intent, token, 1, &ignored, &err), 0);
	assert_int_equal(store_lease_drop(f->store, id, token, &err), 0);
	assert_int_equal(store_commit(f->store, &err), 0);
}

/* Which password it takes is not known: the stored one is not tried. */
static void
test_password_change_left_open(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_device(f);

	intend(f, id, "admin.password");
	assert_not_held(f, id, ERR_CONFLICT);
	assert_strikes(f, id, 0);
}

/* Another change is no hindrance, and why it is open stays known. */
static void
test_other_change_left_open(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_device(f);
	struct device *d = record(f, id);
	struct err err = {0};
	int64_t token = 0;

	intend(f, id, "clock.set");
	device_set_text(d, device_field("error_code"), "needs-person");
	d->strikes = 1;
	assert_int_equal(
	    store_lease_take(f->store, id, "dead", 1, 2, &token, &err), 0);
	assert_int_equal(store_device_save_state(f->store, d, token, &err), 0);
	assert_int_equal(store_lease_drop(f->store, id, token, &err), 0);
	device_free(d);
	hold_and_release(f, id, &let_in);
	assert_strikes(f, id, 0);
	d = record(f, id);
	assert_string_equal(d->error_code, "needs-person");
	device_free(d);
}

/* Nothing is wrong with the device, and nobody is asked. */
static void
test_no_password_is_stored(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_device(f);
	struct engine_hold *h = NULL;
	struct secret *password = NULL;
	struct device *d;
	struct err err = {0};

	engine_submit(f->engine, id, ENGINE_LOOK, NULL);
	loop_run(f->loop);
	assert_int_equal(f->reasons, 1U << REASON_NO_PASSWORD);
	d = record(f, id);
	assert_string_equal(d->reasons, "credentials-missing");
	assert_int_equal(d->strikes, 0);
	device_free(d);
	assert_non_null(strstr(reason_help(REASON_NO_PASSWORD), "device set"));

	assert_int_equal(engine_hold(f->engine, id, &h, &err), 0);
	assert_int_equal(engine_held_password(h, &password, &err), -1);
	assert_non_null(strstr(err.text, "device set"));
	assert_int_equal(engine_release(h, &err, &err), 0);
}

/* What the caller wrote before is durable with the lease, or not at all. */
static void
test_event_goes_with_the_lease(void **state)
{
	const struct store_event event = {
	    .kind = "wsman.invoked", .actor = "test", .detail = "{}"};
	struct fixture *f = *state;
	struct engine_hold *h = NULL;
	int64_t id = add_device(f), events = 0;
	struct err err = {0};

	assert_int_equal(engine_hold(f->engine, id, &h, &err), 0);
	assert_int_equal(store_event_add(f->store, &event, &err), 0);
	assert_not_held(f, id, ERR_CONFLICT);
	assert_int_equal(store_event_verify(f->store, &events, &err), 0);
	assert_int_equal(events, 0);
	assert_int_equal(engine_release(h, &silent, &err), 0);

	assert_int_equal(store_event_add(f->store, &event, &err), 0);
	hold_and_release(f, id, &silent);
	assert_int_equal(store_event_verify(f->store, &events, &err), 0);
	assert_int_equal(events, 1);
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
	    cmocka_unit_test_setup_teardown(
		test_held_by_one, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_refusals_are_counted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_success_takes_the_count_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_left_behind, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_password_change_left_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_other_change_left_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_event_goes_with_the_lease, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_no_password_is_stored, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
