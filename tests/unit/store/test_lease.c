/* adapter/store/lease: one worker per device, and nobody late does harm. */
#include "fixture.h"

#define NOW 1000

static int
take(struct fixture *f, int64_t id, const char *owner, int64_t now,
    int64_t *ret_token)
{
	return store_lease_take(
	    f->store, id, owner, now, now + 60, ret_token, &f->err);
}

static void
test_take(void **state)
{
	struct fixture *f = *state;
	int64_t id, a = 0, b = 0, again = 0;

	id = add_device(f, "pc1");
	assert_works(take(f, id, "a", NOW, &a));
	assert_fails(take(f, id, "b", NOW + 59, &b), ERR_CONFLICT);
	assert_int_equal(b, 0);
	/* The owner itself may take it anew: its old token ends. */
	assert_works(take(f, id, "a", NOW + 1, &again));
	assert_true(again > a);
	assert_fails(store_lease_renew(f->store, id, a, NOW + 99, &f->err),
	    ERR_CONFLICT);
	/* Owner died: after the time anyone may. */
	assert_works(take(f, id, "b", NOW + 61, &b));
	assert_true(b > again);
	assert_fails(take(f, 999, "a", NOW, &a), ERR_NOTFOUND);
}

static void
test_renew_drop(void **state)
{
	struct fixture *f = *state;
	int64_t id, a, b;

	id = add_device(f, "pc1");
	assert_works(take(f, id, "a", NOW, &a));
	assert_works(store_lease_renew(f->store, id, a, NOW + 500, &f->err));
	assert_fails(take(f, id, "b", NOW + 499, &b), ERR_CONFLICT);
	assert_fails(
	    store_lease_drop(f->store, id, a + 1, &f->err), ERR_CONFLICT);
	assert_works(store_lease_drop(f->store, id, a, &f->err));
	assert_fails(store_lease_drop(f->store, id, a, &f->err), ERR_CONFLICT);
	assert_fails(store_lease_renew(f->store, id, a, NOW + 600, &f->err),
	    ERR_CONFLICT);
	assert_works(take(f, id, "b", NOW, &b));
	assert_true(b > a);
	/* Expired, but nobody took it: still ours to prolong. */
	assert_works(store_lease_renew(f->store, id, b, NOW + 900, &f->err));
	assert_fails(store_lease_drop(f->store, 999, 1, &f->err), ERR_NOTFOUND);
}

/* With a stale token nothing is saved and nothing intended. */
static void
test_fence(void **state)
{
	struct fixture *f = *state;
	struct journal_intent intent = {.play = "p", .step = "s", .args = "{}"};
	struct device *d;
	int64_t id, stale, fresh, intent_id = 0;

	id = add_device(f, "pc1");
	assert_works(take(f, id, "a", NOW, &stale));
	assert_works(store_device_get(f->store, id, &d, &f->err));
	mem_replace(&d->error_text, "written late");
	assert_works(take(f, id, "b", NOW + 61, &fresh));
	assert_fails(
	    store_device_save_state(f->store, d, stale, &f->err), ERR_CONFLICT);
	intent.device = id;
	assert_fails(
	    journal_intend(f->store, &intent, stale, NOW, &intent_id, &f->err),
	    ERR_CONFLICT);
	assert_int_equal(intent_id, 0);
	device_free(d);
	assert_works(store_device_get(f->store, id, &d, &f->err));
	assert_null(d->error_text);
	assert_works(store_device_save_state(f->store, d, fresh, &f->err));
	assert_works(store_lease_drop(f->store, id, fresh, &f->err));
	/* A dropped lease is no lease, though the number is the same. */
	assert_fails(
	    store_device_save_state(f->store, d, fresh, &f->err), ERR_CONFLICT);
	device_free(d);
}

#define WORKERS 4
#define DEVICES 60

struct work {
	struct store *s;
	const char *owner;
	int done;
};

/* Take, count in the record, settle the count, drop: as the engine does. */
static int
work_on(void *cookie, const struct device *seen, struct err *err)
{
	struct work *w = cookie;
	struct device *d;
	int64_t token;

	if (store_lease_take(
		w->s, seen->id, w->owner, NOW, NOW + 60, &token, err) == -1) {
		store_rollback(w->s);
		return 0; /* another has it */
	}
	if (store_commit(w->s, err) == -1 ||
	    store_device_get(w->s, seen->id, &d, err) == -1)
		return -1;
	if (d->next_due > 0) {
		d->next_due = 0;
		d->strikes++;
		w->done++;
		if (store_device_save_state(w->s, d, token, err) == -1)
			return -1;
	}
	device_free(d);
	if (store_lease_drop(w->s, seen->id, token, err) == -1)
		return -1;
	return store_commit(w->s, err);
}

static int
worker(struct fixture *f, const char *owner)
{
	struct work w = {.owner = owner};
	struct err err;

	if (store_open(f->path, f->vault, &w.s, &err) == -1 ||
	    store_device_scan(w.s, &(struct store_filter){.due_before = NOW},
		work_on, &w, &err) == -1) {
		fprintf(stderr, "%s: %s\n", owner, err.text);
		return 255;
	}
	store_close(w.s);
	return w.done;
}

static int
count_strikes(void *cookie, const struct device *d, struct err *err)
{
	int64_t *wrong = cookie;

	(void)err;
	if (d->strikes != 1 || d->next_due != 0)
		++*wrong;
	return 0;
}

/* Four processes over one fleet: every device is done, none twice. */
static void
test_processes(void **state)
{
	struct fixture *f = *state;
	struct device *d;
	pid_t pids[WORKERS];
	char owner[8];
	int64_t wrong = 0;
	int i, status, done = 0;

	for (i = 0; i < DEVICES; i++) {
		d = device_new(NULL);
		d->name = mem_printf("pc%d", i);
		d->next_due = NOW;
		assert_works(store_device_add(f->store, d, &f->err));
		device_free(d);
	}
	assert_works(store_commit(f->store, &f->err));
	store_close(f->store); /* no connection crosses a fork */
	f->store = NULL;
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] != -1);
		if (pids[i] == 0) {
			snprintf(owner, sizeof(owner), "w%d", i);
			_exit(worker(f, owner));
		}
	}
	for (i = 0; i < WORKERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_not_equal(WEXITSTATUS(status), 255);
		done += WEXITSTATUS(status);
	}
	assert_int_equal(done, DEVICES);
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	assert_works(store_device_scan(f->store, &(struct store_filter){0},
	    count_strikes, &wrong, &f->err));
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_take),
	    TEST(test_renew_drop),
	    TEST(test_fence),
	    TEST(test_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
