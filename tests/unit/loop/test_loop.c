#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "loop.h"
#include "work.h"

static struct loop *loop;
static char trace[64];

static int
set_up(void **state)
{
	struct err err;

	(void)state;
	trace[0] = '\0';
	loop = loop_new(&err);
	return loop == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
mark(void *cookie)
{
	(void)strncat(trace, cookie, sizeof(trace) - strlen(trace) - 1);
}

static char mark_a[] = "a", mark_b[] = "b", mark_c[] = "c", mark_t[] = "t";

static void
defer_another(void *cookie)
{
	mark(mark_a);
	loop_defer(loop, mark, cookie);
}

/* What is deferred while the deferred run comes a turn later, in order. */
static void
test_deferred_run_in_order(void **state)
{
	(void)state;
	loop_defer(loop, defer_another, mark_c);
	loop_defer(loop, mark, mark_b);
	assert_string_equal(trace, "");
	loop_run(loop);
	assert_string_equal(trace, "abc");
}

static void
stop(void *cookie)
{
	mark(mark_t);
	loop_stop(cookie);
}

static void
test_timer_fires_once_and_can_be_stopped(void **state)
{
	struct loop_timer *a, *b;

	(void)state;
	a = loop_timer_new(loop, mark, mark_a);
	b = loop_timer_new(loop, stop, loop);
	loop_timer_set(a, 1);
	loop_timer_stop(a);
	loop_timer_set(b, 20);
	loop_run(loop);
	assert_string_equal(trace, "t");
	loop_timer_del(a);
	loop_timer_del(b);
}

static void
on_readable(void *cookie, unsigned ready)
{
	char c = 0;

	assert_int_equal(ready, LOOP_READ);
	assert_int_equal(read(*(int *)cookie, &c, 1), 1);
	mark((char[]){c, '\0'});
	loop_stop(loop);
}

static void
test_descriptor(void **state)
{
	struct loop_io *io;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	io = loop_io_add(loop, ends[0], LOOP_READ, on_readable, &ends[0]);
	assert_int_equal(write(ends[1], "z", 1), 1);
	loop_run(loop);
	assert_string_equal(trace, "z");
	loop_io_del(io);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
work_run(void *arg)
{
	*(pid_t *)arg = gettid();
}

static void
work_done(void *arg)
{
	assert_int_not_equal(*(pid_t *)arg, gettid());
	mark(mark_a);
}

static void
test_work_runs_elsewhere_and_comes_back(void **state)
{
	pid_t worker = gettid();
	const struct work_job job = {work_run, work_done, &worker};

	(void)state;
	work_submit(loop, &job);
	loop_run(loop);
	assert_string_equal(trace, "a");
}

static void
resolved(void *cookie, const char *address)
{
	(void)snprintf(cookie, 64, "%s", address == NULL ? "none" : address);
}

static void
test_names(void **state)
{
	char literal[64] = "", bad[64] = "";

	(void)state;
	loop_resolve(loop, "127.0.0.9", resolved, literal);
	loop_resolve(loop, "no such name", resolved, bad);
	assert_string_equal(literal, "");
	loop_run(loop);
	assert_string_equal(literal, "127.0.0.9");
	assert_string_equal(bad, "none");
}

static unsigned turns;

static void
count_turn(void *cookie)
{
	(void)cookie;
	turns++;
}

static void
test_before_wait_once_a_turn(void **state)
{
	(void)state;
	turns = 0;
	loop_before_wait(loop, count_turn, NULL);
	loop_defer(loop, mark, mark_a);
	loop_defer(loop, mark, mark_b);
	loop_run(loop);
	assert_string_equal(trace, "ab");
	assert_true(turns >= 1 && turns <= 2);
}

static void
raise_then(void *cookie)
{
	(void)cookie;
	(void)raise(SIGUSR1);
}

static void
test_signal(void **state)
{
	struct loop_signal *s = loop_signal_add(loop, SIGUSR1, stop, loop);
	struct loop_timer *t = loop_timer_new(loop, stop, loop);

	(void)state;
	loop_defer(loop, raise_then, NULL);
	loop_timer_set(t, 5000);
	loop_run(loop);
	assert_string_equal(trace, "t");
	loop_timer_del(t);
	loop_signal_del(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_deferred_run_in_order),
	    TEST(test_timer_fires_once_and_can_be_stopped),
	    TEST(test_descriptor),
	    TEST(test_work_runs_elsewhere_and_comes_back),
	    TEST(test_names),
	    TEST(test_before_wait_once_a_turn),
	    TEST(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
