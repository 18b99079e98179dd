/* answer.h: the same request again. */
#include "fixture.h"

#include "answer.h"

#define NOW INT64_C(1700000000)

static struct store_answer
asked(int64_t user, const char *key, uint8_t what)
{
	struct store_answer a = {.user = user, .key = key};

	memset(a.request, what, sizeof(a.request));
	return a;
}

static void
put(struct fixture *f, int64_t user, const char *key, int64_t now)
{
	struct store_answer a = asked(user, key, 1);

	a.status = 201;
	a.location = mem_dup("/api/v1/tags/x");
	buf_init(&a.body, STORE_ANSWER_MAX);
	buf_str(&a.body, "{}\n");
	assert_int_equal(store_answer_put(f->store, &a, now, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	store_answer_clear(&a);
}

static int
find(struct fixture *f, struct store_answer *a, int64_t now)
{
	int r = store_answer_find(f->store, a, now, &f->err);

	store_rollback(f->store);
	return r;
}

static void
is_given_again(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = asked(1, "k", 1);

	assert_int_equal(find(f, &a, NOW), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	put(f, 1, "k", NOW);
	assert_int_equal(find(f, &a, NOW + 1), 0);
	assert_int_equal(a.status, 201);
	assert_string_equal(a.location, "/api/v1/tags/x");
	assert_null(a.etag);
	assert_string_equal(buf_text(&a.body), "{}\n");
	store_answer_clear(&a);
}

static void
is_one_users_and_one_requests(void **state)
{
	struct fixture *f = *state;
	struct store_answer other = asked(2, "k", 1), new = asked(1, "k", 2);

	put(f, 1, "k", NOW);
	assert_int_equal(find(f, &other, NOW), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_int_equal(find(f, &new, NOW), -1);
	assert_int_equal(f->err.kind, ERR_CONFLICT);
}

/* Whose hash is stored can be found by trying. */
static void
does_not_show_its_request(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = asked(1, "k", 1);
	sqlite3_stmt *found;
	sqlite3 *db;

	put(f, 1, "k", NOW);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT length(request), instr(request, ?) FROM api_answer", -1,
		&found, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    sqlite3_bind_blob(found, 1, a.request, 8, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(found), SQLITE_ROW);
	assert_true(sqlite3_column_int(found, 0) > 32);
	assert_int_equal(sqlite3_column_int(found, 1), 0);
	sqlite3_finalize(found);
	sqlite3_close(db);
}

static void
ends_after_a_day(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = asked(1, "k", 1);

	put(f, 1, "k", NOW);
	assert_int_equal(find(f, &a, NOW + STORE_ANSWER_S - 1), 0);
	store_answer_clear(&a);
	a = asked(1, "k", 1);
	assert_int_equal(find(f, &a, NOW + STORE_ANSWER_S), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	put(f, 1, "k", NOW + STORE_ANSWER_S); /* its place is free */
}

static void
locks_out_the_others(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = asked(1, "k", 1);

	assert_int_equal(store_answer_find(f->store, &a, NOW, &f->err), -1);
	assert_true(store_dirty(f->store));
	store_rollback(f->store);
}

static void
has_a_limit(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = asked(1, "k", 1);
	size_t i;

	a.status = 200;
	buf_init(&a.body, (size_t)2 * STORE_ANSWER_MAX);
	for (i = 0; i <= STORE_ANSWER_MAX; i++)
		buf_char(&a.body, 'x');
	assert_int_equal(store_answer_put(f->store, &a, NOW, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_LIMIT);
	store_answer_clear(&a);
}

static int
count(void *cookie, const struct device *d, struct err *err)
{
	(void)d;
	(void)err;
	++*(int *)cookie;
	return 0;
}

/* Of a scan: behind a name that need not be there. */
static void
scans_go_on_behind_a_name(void **state)
{
	static const char *const names[] = {
	    "a.example", "B.example", "c.example"};
	struct fixture *f = *state;
	struct store_filter filter = {.after = "b"};
	struct device *d;
	size_t i;
	int n = 0;

	for (i = 0; i < 3; i++) {
		d = device_new(names[i]);
		d->group_id = STORE_GROUP_ROOT;
		assert_int_equal(store_device_add(f->store, d, &f->err), 0);
		device_free(d);
	}
	assert_int_equal(
	    store_device_scan(f->store, &filter, count, &n, &f->err), 0);
	assert_int_equal(n, 2);
	filter.after = "b.EXAMPLE";
	n = 0;
	assert_int_equal(
	    store_device_scan(f->store, &filter, count, &n, &f->err), 0);
	assert_int_equal(n, 1);
	store_rollback(f->store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(is_given_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		is_one_users_and_one_requests, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		does_not_show_its_request, setup, teardown),
	    cmocka_unit_test_setup_teardown(ends_after_a_day, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		locks_out_the_others, setup, teardown),
	    cmocka_unit_test_setup_teardown(has_a_limit, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		scans_go_on_behind_a_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
