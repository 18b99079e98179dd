/* adapter/store/event: the log and its chain. */
#include "fixture.h"

static void
add(struct fixture *f, struct store *s, int64_t device, const char *kind,
    const char *detail)
{
	struct store_event e = {.at = 1000,
	    .device = device,
	    .name = device != 0 ? "pc" : NULL,
	    .kind = kind,
	    .actor = "test",
	    .detail = detail};

	assert_works(store_event_add(s, &e, &f->err));
}

struct seen {
	struct fixture *f;
	char kinds[200];
	int64_t last;
	bool write;
};

static int
see(void *cookie, const struct store_event *e, struct err *err)
{
	struct seen *seen = cookie;

	strcat(seen->kinds, e->kind);
	strcat(seen->kinds, " ");
	seen->last = e->id;
	if (strcmp(e->kind, "stop") == 0)
		return err_set(err, ERR_CANCELLED, "stop");
	if (seen->write && e->id < 4) {
		add(seen->f, seen->f->store, 0, "more", NULL);
		return store_commit(seen->f->store, err);
	}
	return 0;
}

static void
assert_scan(struct fixture *f, int64_t device, int64_t after, size_t limit,
    const char *want)
{
	struct seen seen = {.f = f};

	assert_works(store_event_scan(
	    f->store, device, after, limit, see, &seen, &f->err));
	assert_string_equal(seen.kinds, want);
}

static int
see_one(void *cookie, const struct store_event *e, struct err *err)
{
	(void)cookie;
	(void)err;
	assert_int_equal(e->id, 1);
	assert_int_equal(e->at, 1000);
	assert_int_equal(e->device, 7);
	assert_string_equal(e->name, "pc");
	assert_string_equal(e->kind, "kind");
	assert_string_equal(e->actor, "test");
	assert_string_equal(e->detail, "{\"a\":1}");
	return 0;
}

static void
test_scan(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.f = f};

	assert_scan(f, 0, 0, 0, "");
	add(f, f->store, 7, "kind", "{\"a\":1}");
	assert_works(
	    store_event_scan(f->store, 7, 0, 0, see_one, NULL, &f->err));
	add(f, f->store, 0, "b", NULL);
	add(f, f->store, 7, "c", NULL);
	add(f, f->store, 8, "stop", NULL);
	add(f, f->store, 7, "d", NULL);
	assert_works(store_commit(f->store, &f->err));
	assert_scan(f, 7, 0, 0, "kind c d ");
	assert_scan(f, 7, 1, 0, "c d ");
	assert_scan(f, 0, 1, 2, "b c ");
	assert_scan(f, 9, 0, 0, "");
	assert_scan(f, 0, 5, 0, "");
	assert_fails(store_event_scan(f->store, 0, 0, 0, see, &seen, &f->err),
	    ERR_CANCELLED);
	assert_string_equal(seen.kinds, "kind b c stop ");
}

static void
test_scan_and_write(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.f = f, .write = true};

	add(f, f->store, 0, "a", NULL);
	assert_works(store_event_scan(f->store, 0, 0, 0, see, &seen, &f->err));
	assert_string_equal(seen.kinds, "a more more more ");
}

static void
test_where_to_begin(void **state)
{
	static const struct {
		int64_t at;
		int64_t after;
	} cases[] = {{0, 0}, {1000, 0}, {1001, 5}};
	struct fixture *f = *state;
	int64_t after = -1;
	size_t i;

	assert_works(store_event_since(f->store, 0, &after, &f->err));
	assert_int_equal(after, 0);
	assert_works(store_event_last(f->store, 0, 3, &after, &f->err));
	assert_int_equal(after, 0);
	for (i = 0; i < 5; i++)
		add(f, f->store, i % 2 == 0 ? 7 : 8, "kind", NULL);
	assert_works(store_commit(f->store, &f->err));
	for (i = 0; i < 3; i++) {
		assert_works(
		    store_event_since(f->store, cases[i].at, &after, &f->err));
		assert_int_equal(after, cases[i].after);
	}
	assert_works(store_event_last(f->store, 0, 2, &after, &f->err));
	assert_int_equal(after, 3);
	assert_works(store_event_last(f->store, 0, 9, &after, &f->err));
	assert_int_equal(after, 0);
	assert_works(store_event_last(f->store, 7, 2, &after, &f->err));
	assert_int_equal(after, 1);
	assert_works(store_event_last(f->store, 9, 2, &after, &f->err));
	assert_int_equal(after, 0);
}

static void
test_limits(void **state)
{
	struct fixture *f = *state;
	struct store_event e = {.kind = "k", .actor = "a"};
	int64_t count = -1;
	char *big;

	big = mem_alloc(70001);
	memset(big, 'x', 70000);
	e.detail = big;
	assert_fails(store_event_add(f->store, &e, &f->err), ERR_LIMIT);
	big[65536] = '\0';
	e.name = e.kind = e.actor = big;
	assert_works(store_event_add(f->store, &e, &f->err));
	assert_works(store_event_verify(f->store, &count, &f->err));
	assert_int_equal(count, 1);
	free(big);
}

static void
assert_verifies(struct fixture *f, int64_t want)
{
	int64_t count = -1;

	assert_works(store_event_verify(f->store, &count, &f->err));
	assert_int_equal(count, want);
}

static void
test_chain(void **state)
{
	struct fixture *f = *state;
	struct store *other;
	int i;

	assert_verifies(f, 0);
	for (i = 0; i < 5; i++)
		add(f, f->store, i, "k", NULL);
	assert_verifies(f, 5); /* before the commit too */
	assert_works(store_commit(f->store, &f->err));
	/* Two processes add in turn; what one rolls back leaves no gap. */
	assert_works(store_open(f->path, f->vault, &other, &f->err));
	add(f, other, 0, "other", NULL);
	assert_works(store_commit(other, &f->err));
	add(f, f->store, 0, "lost", NULL);
	add(f, f->store, 0, "lost", NULL);
	store_rollback(f->store);
	add(f, f->store, 0, "ours", NULL);
	assert_works(store_commit(f->store, &f->err));
	add(f, other, 0, "other", NULL);
	assert_works(store_commit(other, &f->err));
	store_close(other);
	assert_verifies(f, 8);
	reopen(f);
	assert_verifies(f, 8);
}

/* Each way of falsifying the log, and the event that gives it away. */
static void
test_tampering(void **state)
{
	static const struct {
		const char *sql, *names;
	} cases[] = {
	    {"UPDATE event SET detail = '{\"x\":1}' WHERE id = 3", "event 3"},
	    {"UPDATE event SET at = at + 1 WHERE id = 2", "event 2"},
	    {"UPDATE event SET name = NULL WHERE id = 2", "event 2"},
	    {"UPDATE event SET device = 9 WHERE id = 4", "event 4"},
	    {"UPDATE event SET actor = kind, kind = actor WHERE id = 2",
		"event 2"},
	    {"UPDATE event SET kind = kind || actor, actor = '' WHERE id = 2",
		"event 2"},
	    {"UPDATE event SET name = '' WHERE id = 1", "event 1"},
	    {"UPDATE event SET name = name || char(1) || 'a', kind = 'b'"
	     " WHERE id = 6",
		"event 6"},
	    {"DELETE FROM event WHERE id = 3", "event 4"},
	    {"DELETE FROM event WHERE id = 1", "event 2"},
	    {"DELETE FROM event WHERE id >= 5", "event 5 is missing"},
	    {"DELETE FROM event", "event 1 is missing"},
	    {"UPDATE event SET hash = zeroblob(32) WHERE id = 2", "event 2"},
	    {"UPDATE event SET hash = x'00' WHERE id = 2", "event 2"},
	    {"UPDATE event SET id = 9 WHERE id = 2", "event 3"},
	    {"UPDATE meta SET value = zeroblob(32) WHERE key = 'seed'",
		"event 1"},
	    {"DELETE FROM meta WHERE key = 'seed'", "seed"},
	};
	int64_t count;
	size_t i;
	int k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f;
		void *own = NULL;

		assert_works(setup(&own));
		f = own;
		for (k = 1; k <= 6; k++)
			add(f, f->store, k - 1, k == 6 ? "a\001b" : "kind",
			    "{}");
		assert_works(store_commit(f->store, &f->err));
		tamper(f, cases[i].sql);
		reopen(f);
		assert_fails(
		    store_event_verify(f->store, &count, &f->err), ERR_STORAGE);
		if (strstr(f->err.text, cases[i].names) == NULL)
			fail_msg("%s: %s", cases[i].sql, f->err.text);
		assert_works(teardown(&own));
	}
	(void)state;
}

/* The history of a device that was removed stays. */
static void
test_outlives_device(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	id = add_device(f, "pc1");
	add(f, f->store, id, "kept", NULL);
	assert_works(store_device_remove(f->store, id, &f->err));
	assert_scan(f, id, 0, 0, "kept ");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_scan),
	    TEST(test_scan_and_write),
	    TEST(test_where_to_begin),
	    TEST(test_limits),
	    TEST(test_chain),
	    cmocka_unit_test(test_tampering),
	    TEST(test_outlives_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
