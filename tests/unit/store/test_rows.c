#include "fixture.h"

#include "store_forward.h"
#include "task.h"

/* Scans that a visitor ends, and rows that are not there. */

struct visits {
	int count, fail_at;
};

static int
visit(struct visits *v, struct err *err)
{
	if (++v->count == v->fail_at)
		return err_set(err, ERR_CANCELLED, "enough");
	return 0;
}

static int
see_tag(void *cookie, const struct store_tag *tag, struct err *err)
{
	(void)tag;
	return visit(cookie, err);
}

static int
see_task(void *cookie, const struct task *task, struct err *err)
{
	(void)task;
	return visit(cookie, err);
}

static void
make_tags(struct fixture *f)
{
	int64_t id;

	assert_int_equal(store_tag_take(f->store, "one", &id, &f->err), 0);
	assert_int_equal(store_tag_take(f->store, "two", &id, &f->err), 0);
	assert_int_equal(store_tag_take(f->store, "three", &id, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
}

/* Its word is the last one, and the same statement works again. */
static void
test_visitor_fails(void **state)
{
	struct fixture *f = *state;
	struct visits v = {.fail_at = 2}, all = {0};

	make_tags(f);
	assert_int_equal(store_tag_scan(f->store, see_tag, &v, &f->err), -1);
	assert_int_equal(v.count, 2);
	assert_int_equal(f->err.kind, ERR_CANCELLED);
	assert_string_equal(f->err.text, "enough");
	assert_int_equal(store_tag_scan(f->store, see_tag, &all, &f->err), 0);
	assert_int_equal(all.count, 3);
}

/* The last row's failure is one, too. */
static void
test_last_visit_fails(void **state)
{
	struct fixture *f = *state;
	struct visits v = {.fail_at = 3};

	make_tags(f);
	assert_int_equal(store_tag_scan(f->store, see_tag, &v, &f->err), -1);
	assert_int_equal(v.count, 3);
}

/* Rows that own what they hold are given back; a leak shows with asan. */
static void
test_owned_rows(void **state)
{
	struct fixture *f = *state;
	struct visits v = {.fail_at = 2}, all = {0};

	assert_int_equal(task_scan(f->store, see_task, &v, &f->err), -1);
	assert_int_equal(v.count, 2);
	assert_int_equal(task_scan(f->store, see_task, &all, &f->err), 0);
	assert_true(all.count > 2);
}

static void
test_not_there(void **state)
{
	struct fixture *f = *state;
	struct store_forward at = {.cursor = 7};
	struct task t = {.id = 7};

	assert_int_equal(
	    store_forward_find(f->store, "100%s", &at, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_string_equal(f->err.text, "nothing was sent to 100%s yet");
	assert_int_equal(at.cursor, 7);
	assert_int_equal(task_get(f->store, 999999, &t, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_int_equal(t.id, 7);
	assert_int_equal(task_get(f->store, 999999, &t, NULL), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_visitor_fails),
	    TEST(test_last_visit_fails), TEST(test_owned_rows),
	    TEST(test_not_there)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
