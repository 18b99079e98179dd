/* store_forward.h: cursors, secrets and dead letters. */
#include "fixture.h"

#include "store_forward.h"
#include "str.h"

static void
add_events(struct fixture *f, int count)
{
	struct store_event e = {.at = 1000, .kind = "test", .actor = "test"};
	int i;

	for (i = 0; i < count; i++) {
		e.at++;
		assert_int_equal(store_event_add(f->store, &e, &f->err), 0);
	}
	assert_int_equal(store_commit(f->store, &f->err), 0);
}

static void
begins_now_or_first(void **state)
{
	struct fixture *f = *state;
	struct store_forward now, first;
	int64_t count = -1, oldest = -1;

	add_events(f, 5);
	assert_int_equal(
	    store_forward_find(f->store, "siem", &now, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_int_equal(
	    store_forward_take(f->store, "siem", false, &now, &f->err), 0);
	assert_int_equal(
	    store_forward_take(f->store, "hook", true, &first, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(now.cursor, 5);
	assert_int_equal(first.cursor, 0);
	assert_string_equal(first.name, "hook");
	add_events(f, 2);
	/* It goes on where it was, whatever it would begin with. */
	assert_int_equal(
	    store_forward_take(f->store, "siem", true, &now, &f->err), 0);
	assert_int_equal(now.cursor, 5);
	assert_int_equal(
	    store_forward_behind(f->store, 5, &count, &oldest, &f->err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(oldest, 1001);
	assert_int_equal(
	    store_forward_behind(f->store, 7, &count, &oldest, &f->err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(oldest, 0);
}

static void
keeps_all_of_it(void **state)
{
	struct fixture *f = *state;
	struct store_forward a, b;

	assert_int_equal(
	    store_forward_take(f->store, "siem", false, &a, &f->err), 0);
	a.cursor = 7;
	a.delivered = 8;
	a.delivered_at = 9;
	a.attempts = 10;
	a.refusals = 11;
	a.failing_since = 12;
	a.next_at = 13;
	strcpy(a.error, "no route");
	assert_int_equal(store_forward_put(f->store, &a, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	reopen(f);
	memset(&b, 0, sizeof(b));
	assert_int_equal(store_forward_find(f->store, "siem", &b, &f->err), 0);
	assert_string_equal(b.error, "no route");
	assert_int_equal(b.cursor, 7);
	assert_int_equal(b.delivered, 8);
	assert_int_equal(b.delivered_at, 9);
	assert_int_equal(b.attempts, 10);
	assert_int_equal(b.refusals, 11);
	assert_int_equal(b.failing_since, 12);
	assert_int_equal(b.next_at, 13);
}

static void
seals_secrets(void **state)
{
	struct fixture *f = *state;
	struct secret *one = secret_new("one", 3), *two = secret_new("two", 3),
		      *got = NULL;

	assert_int_equal(
	    store_forward_secret_get(f->store, "hook", &got, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_non_null(strstr(f->err.text, "amtkeeper forward secret hook"));
	assert_int_equal(
	    store_forward_secret_put(f->store, "hook", one, 5, &f->err), 0);
	assert_int_equal(
	    store_forward_secret_put(f->store, "hook", two, 6, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(
	    store_forward_secret_get(f->store, "hook", &got, &f->err), 0);
	assert_true(secret_equal(got, two));
	secret_free(got);
	/* The seal is that of one place. */
	tamper(f, "UPDATE forward_secret SET name = 'other'");
	reopen(f);
	assert_int_equal(
	    store_forward_secret_get(f->store, "other", &got, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	secret_free(one);
	secret_free(two);
}

static int
see(void *cookie, const struct store_dead *dead, struct err *err)
{
	int64_t *sum = cookie;

	(void)err;
	assert_string_equal(dead->error, "HTTP 400");
	*sum += dead->event;
	return 0;
}

static void
keeps_the_newest_dead(void **state)
{
	struct fixture *f = *state;
	struct store_dead dead = {
	    .name = "hook", .at = 1, .attempts = 3, .error = "HTTP 400"};
	int64_t count = 0, sum = 0;
	int i;

	for (i = 1; i <= STORE_FORWARD_DEAD_MAX + 10; i++) {
		dead.event = i;
		assert_int_equal(store_dead_add(f->store, &dead, &f->err), 0);
	}
	dead.name = "other";
	assert_int_equal(store_dead_add(f->store, &dead, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(
	    store_dead_count(f->store, "hook", &count, &f->err), 0);
	assert_int_equal(count, STORE_FORWARD_DEAD_MAX);
	assert_int_equal(
	    store_dead_scan(f->store, "other", see, &sum, &f->err), 0);
	assert_int_equal(sum, STORE_FORWARD_DEAD_MAX + 10);
	sum = 0;
	assert_int_equal(
	    store_dead_scan(f->store, NULL, see, &sum, &f->err), 0);
	assert_int_equal(sum, INT64_C(10010) * 10011 / 2 - 55 + 10010);
}

/* --- again, or never --- */

static void
add_dead(struct fixture *f, const char *name, int64_t event)
{
	const struct store_dead dead = {.name = name,
	    .event = event,
	    .at = 1,
	    .attempts = 3,
	    .error = "HTTP 400"};

	assert_int_equal(store_dead_add(f->store, &dead, &f->err), 0);
}

static int64_t
next(struct fixture *f, const char *name, struct store_dead *ret)
{
	assert_int_equal(store_dead_next(f->store, name, ret, &f->err), 0);
	return ret->id == 0 ? 0 : ret->event;
}

static void
sends_letters_again(void **state)
{
	struct fixture *f = *state;
	struct store_dead dead;
	int64_t count = 0;
	int i;

	for (i = 1; i <= 3; i++)
		add_dead(f, "hook", i);
	add_dead(f, "other", 7);
	assert_int_equal(next(f, "hook", &dead), 0);
	assert_int_equal(
	    store_dead_again(f->store, "hook", 9, 50, &count, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_int_equal(
	    store_dead_again(f->store, "hook", 2, 50, &count, &f->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(next(f, "hook", &dead), 2);
	assert_int_equal(dead.again_at, 50);
	assert_int_equal(dead.attempts, 3);
	assert_int_equal(
	    store_dead_again(f->store, "hook", 0, 60, &count, &f->err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(next(f, "hook", &dead), 1); /* the oldest first */
	dead.error = "HTTP 400";
	dead.attempts = 4;
	dead.at = 70;
	assert_int_equal(store_dead_refused(f->store, &dead, &f->err), 0);
	assert_int_equal(next(f, "hook", &dead), 2);
	assert_int_equal(store_dead_remove(f->store, dead.id, &f->err), 0);
	assert_int_equal(next(f, "hook", &dead), 3);
	assert_int_equal(next(f, "other", &dead), 0); /* it was not asked for */
	assert_int_equal(
	    store_dead_count(f->store, "hook", &count, &f->err), 0);
	assert_int_equal(count, 2);
}

static void
drops_letters(void **state)
{
	struct fixture *f = *state;
	int64_t count = 0, sum = 0;
	int i;

	for (i = 1; i <= 3; i++)
		add_dead(f, "hook", i);
	add_dead(f, "other", 7);
	assert_int_equal(
	    store_dead_drop(f->store, "hook", 7, &count, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_int_equal(
	    store_dead_drop(f->store, "hook", 2, &count, &f->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(
	    store_dead_scan(f->store, NULL, see, &sum, &f->err), 0);
	assert_int_equal(sum, 1 + 3 + 7);
	assert_int_equal(
	    store_dead_drop(f->store, "hook", 0, &count, &f->err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(
	    store_dead_drop(f->store, "hook", 0, &count, &f->err), 0);
	assert_int_equal(count, 0);
	sum = 0;
	assert_int_equal(
	    store_dead_scan(f->store, NULL, see, &sum, &f->err), 0);
	assert_int_equal(sum, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		begins_now_or_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(keeps_all_of_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(seals_secrets, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		keeps_the_newest_dead, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		sends_letters_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(drops_letters, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
