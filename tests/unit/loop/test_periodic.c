/* A job time and again: never twice at once, and an end that waits for it.
 *
 * The worker and the loop meet at two semaphores, so that what happens while a
 * run is at work does so however slow the machine is. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "err.h"
#include "loop.h"
#include "periodic.h"

#define NEVER_MS 3600000
#define PAUSE_MS 30

static struct loop *loop;
static struct periodic *p;
static struct periodic_job job;

/* The run's: */
static atomic_int inside;
static sem_t entered, leave;
static bool waits; /* until it may leave */
static bool until_stopped, more;
static const char *outcome; /* "": well */
static int64_t ended_ms, least_ms;

/* What the loop saw: */
static int runs, ends, quiets;
static int last; /* with this end the loop is left */
static bool stop_in_done;
static enum err_kind seen;

static int
run(void *arg, bool *ret_more, struct err *err)
{
	int64_t since = clock_mono_ms() - ended_ms;

	if (arg != &job || atomic_fetch_add(&inside, 1) != 0)
		abort(); /* cmocka's asserts belong to its own thread */
	if (ended_ms != 0 && since < least_ms)
		least_ms = since;
	if (waits) {
		(void)sem_post(&entered);
		(void)sem_wait(&leave);
	}
	while (until_stopped && !periodic_stopping(p))
		(void)usleep(1000);
	(void)atomic_fetch_sub(&inside, 1);
	ended_ms = clock_mono_ms();
	if (more)
		*ret_more = true;
	return outcome[0] == '\0' ? 0
				  : err_set(err, ERR_STORAGE, "%s", outcome);
}

static void
quiet(void *cookie)
{
	assert_ptr_equal(cookie, &quiets);
	quiets++;
	loop_stop(loop);
}

static void
begin(void *arg)
{
	assert_ptr_equal(arg, &job);
	assert_int_equal(runs, ends);
	runs++;
	if (waits)
		loop_stop(loop);
}

static void
done(void *arg, struct err *err)
{
	assert_ptr_equal(arg, &job);
	assert_int_equal(++ends, runs);
	seen = err->kind;
	if (stop_in_done)
		assert_false(periodic_stop(p, quiet, &quiets));
	if (ends == last)
		loop_stop(loop);
}

static int
set_up(void **state)
{
	(void)state;
	loop = loop_new(NULL);
	(void)sem_init(&entered, 0, 0);
	(void)sem_init(&leave, 0, 0);
	waits = until_stopped = more = stop_in_done = false;
	outcome = "";
	runs = ends = quiets = last = 0;
	ended_ms = 0;
	least_ms = INT64_MAX;
	job = (struct periodic_job){.begin = begin,
	    .run = run,
	    .done = done,
	    .arg = &job,
	    .every_ms = NEVER_MS,
	    .again_ms = NEVER_MS};
	return loop == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	periodic_free(p);
	p = NULL;
	loop_free(loop);
	(void)sem_destroy(&entered);
	(void)sem_destroy(&leave);
	return 0;
}

static void
run_until(int end)
{
	last = end;
	loop_run(loop);
	assert_int_equal(ends, end);
}

static void
leave_loop(void *cookie)
{
	(void)cookie;
	loop_stop(loop);
}

/* Long enough for what must not come. */
static void
run_a_while(void)
{
	struct loop_timer *t = loop_timer_new(loop, leave_loop, NULL);

	loop_timer_set(t, PAUSE_MS);
	loop_run(loop);
	loop_timer_del(t);
}

/* To the middle of a run: begin() leaves the loop. */
static void
run_into(void)
{
	int before = runs;

	loop_run(loop);
	assert_int_equal(runs, before + 1);
	(void)sem_wait(&entered);
}

/* --- time and again --- */

static void
test_counted_from_the_end(void **state)
{
	(void)state;
	job.every_ms = PAUSE_MS;
	p = periodic_new(loop, &job);
	run_a_while();
	assert_int_equal(runs, 0);
	periodic_start(p, 0);
	periodic_start(p, NEVER_MS); /* it has been */
	run_until(3);
	/* Clocks are cut to milliseconds at both ends. */
	assert_true(least_ms >= PAUSE_MS - 1 && least_ms < INT64_MAX);
}

static void
test_more_follows_at_once(void **state)
{
	(void)state;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	more = true;
	run_until(3);
	more = false;
	run_until(4);
	last = 0;
	run_a_while();
	assert_int_equal(runs, 4);
}

static void
test_after_a_failure(void **state)
{
	(void)state;
	job.again_ms = 1;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	outcome = "no";
	run_until(2);
	assert_int_equal(seen, ERR_STORAGE);
	outcome = "";
	run_until(3);
	assert_int_equal(seen, ERR_NONE);
	last = 0;
	run_a_while();
	assert_int_equal(runs, 3);
}

/* One that cannot go on does not go on at once, whatever it says. */
static void
test_failure_goes_before_more(void **state)
{
	(void)state;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	outcome = "no";
	more = true;
	run_until(1);
	last = 0;
	run_a_while();
	assert_int_equal(runs, 1);
}

/* --- asked for --- */

static void
test_poke_while_idle(void **state)
{
	(void)state;
	p = periodic_new(loop, &job);
	periodic_poke(p);
	run_a_while();
	assert_int_equal(runs, 0);
	periodic_start(p, NEVER_MS);
	run_a_while();
	assert_int_equal(runs, 0);
	periodic_poke(p);
	periodic_poke(p);
	run_until(1);
	last = 0;
	run_a_while();
	assert_int_equal(runs, 1);
}

static void
test_poke_while_at_work(void **state)
{
	(void)state;
	waits = true;
	outcome = "no"; /* then too */
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	run_into();
	periodic_poke(p);
	periodic_poke(p);
	periodic_poke(p);
	assert_int_equal(runs, 1);
	(void)sem_post(&leave);
	run_into();
	(void)sem_post(&leave);
	run_until(2);
	last = 0;
	run_a_while();
	assert_int_equal(runs, 2);
}

/* --- on hold --- */

static void
test_hold_while_idle(void **state)
{
	(void)state;
	job.every_ms = 1;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	run_until(1);
	last = 0;
	periodic_hold(p);
	periodic_poke(p);
	run_a_while();
	assert_int_equal(runs, 1);
	periodic_start(p, 0);
	run_until(2);
}

static void
test_hold_while_at_work(void **state)
{
	(void)state;
	waits = true;
	job.every_ms = 1;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	run_into();
	periodic_poke(p);
	periodic_hold(p);
	(void)sem_post(&leave);
	run_until(1);
	last = 0;
	run_a_while();
	assert_int_equal(runs, 1);
}

/* The one at work is not overtaken; the next comes when its end has it. */
static void
test_start_while_at_work(void **state)
{
	(void)state;
	waits = true;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	run_into();
	periodic_poke(p);
	periodic_hold(p);
	periodic_start(p, 0);
	run_a_while();
	assert_int_equal(runs, 1);
	(void)sem_post(&leave);
	run_until(1);
	last = 0;
	run_a_while();
	assert_int_equal(runs, 1);
}

/* --- the end --- */

static void
test_stop_while_idle(void **state)
{
	(void)state;
	job.every_ms = 1;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	run_until(1);
	last = 0;
	assert_false(periodic_stopping(p));
	assert_true(periodic_stop(p, quiet, &quiets));
	assert_true(periodic_stopping(p));
	run_a_while();
	assert_int_equal(runs, 1);
	periodic_poke(p);
	run_a_while();
	assert_int_equal(runs, 1);
	periodic_hold(p);
	periodic_start(p, 0);
	run_a_while();
	assert_int_equal(runs, 1);
	assert_int_equal(quiets, 0);
}

static void
free_when_quiet(void *cookie)
{
	assert_int_equal(ends, 1);
	periodic_free(p);
	p = NULL;
	quiet(cookie);
}

static void
test_stop_while_at_work(void **state)
{
	(void)state;
	waits = true;
	more = true;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	run_into();
	periodic_poke(p);
	assert_false(periodic_stop(p, free_when_quiet, &quiets));
	assert_int_equal(quiets, 0);
	(void)sem_post(&leave);
	loop_run(loop);
	assert_int_equal(quiets, 1);
	run_a_while();
	assert_int_equal(quiets, 1);
	assert_int_equal(runs, 1);
}

static void
test_stop_in_done(void **state)
{
	(void)state;
	stop_in_done = more = true;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	loop_run(loop);
	assert_int_equal(ends, 1);
	assert_int_equal(quiets, 1);
	run_a_while();
	assert_int_equal(runs, 1);
}

/* A long one learns of it. */
static void
test_stop_seen_at_work(void **state)
{
	(void)state;
	waits = until_stopped = true;
	p = periodic_new(loop, &job);
	periodic_start(p, 0);
	run_into();
	(void)sem_post(&leave);
	assert_false(periodic_stop(p, quiet, &quiets));
	loop_run(loop);
	assert_int_equal(quiets, 1);
}

/* --- the log --- */

static void
make_worse(void *arg, struct err *err)
{
	done(arg, err);
	(void)err_set(err, ERR_PROTOCOL, "not after all");
}

/* What the lines say, behind time and level. */
static void
logged(int file, char *out, size_t size)
{
	char text[4096];
	ssize_t len = pread(file, text, sizeof(text) - 1, 0);
	char *line, *rest = text;

	assert_true(len >= 0);
	text[len] = '\0';
	out[0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		assert_non_null(strstr(line, "event=a.job "));
		(void)strncat(
		    out, strstr(line, "kind="), size - strlen(out) - 1);
		(void)strncat(out, ";", size - strlen(out) - 1);
	}
}

/* Runs once for each outcome; what stderr got meanwhile. */
static void
log_of(const char *const *outcomes, char *out, size_t size)
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO), i;

	assert_non_null(file);
	job.log = "a.job";
	p = periodic_new(loop, &job);
	periodic_start(p, NEVER_MS);
	(void)dup2(fileno(file), STDERR_FILENO);
	for (i = 0; outcomes[i] != NULL; i++) {
		outcome = outcomes[i];
		periodic_poke(p);
		last = i + 1;
		loop_run(loop);
	}
	(void)dup2(before, STDERR_FILENO);
	assert_int_equal(ends, i);
	logged(fileno(file), out, size);
	(void)close(before);
	(void)fclose(file);
}

static void
test_tells_changes_only(void **state)
{
	static const char *const outcomes[] = {
	    "", "no", "no", "no", "no way", "no way", "", "", "no\r\n", NULL};
	char log[1024];

	(void)state;
	log_of(outcomes, log, sizeof(log));
	assert_string_equal(log,
	    "kind=storage error=\"no\";kind=storage error=\"no way\";"
	    "kind=none;kind=storage error=\"no\\x0D\\x0A\";");
}

static void
test_tells_what_done_made_of_it(void **state)
{
	static const char *const outcomes[] = {"", "no", "", NULL};
	char log[1024];

	(void)state;
	job.done = make_worse;
	log_of(outcomes, log, sizeof(log));
	assert_string_equal(log, "kind=protocol error=\"not after all\";");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_counted_from_the_end),
	    TEST(test_more_follows_at_once),
	    TEST(test_after_a_failure),
	    TEST(test_failure_goes_before_more),
	    TEST(test_poke_while_idle),
	    TEST(test_poke_while_at_work),
	    TEST(test_hold_while_idle),
	    TEST(test_hold_while_at_work),
	    TEST(test_start_while_at_work),
	    TEST(test_stop_while_idle),
	    TEST(test_stop_while_at_work),
	    TEST(test_stop_in_done),
	    TEST(test_stop_seen_at_work),
	    TEST(test_tells_changes_only),
	    TEST(test_tells_what_done_made_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
