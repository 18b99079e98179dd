#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop_internal.h"

/* The event loop: a signal does not wait for the events before it. */

#define EVENTS 100

struct busy {
	struct loop loop;
	struct loop_watch watches[EVENTS];
	struct loop_timer timer;
	int handled, fired, signal;
};

static void
handle(void *arg, uint32_t events)
{
	struct busy *b = arg;

	(void)events;
	if (++b->handled == 3)
		assert_int_equal(raise(b->signal), 0);
}

static void
fire(void *arg)
{
	struct busy *b = arg;

	b->fired++;
}

static void
turn_end(void *arg)
{
	struct busy *b = arg;

	assert_true(b->handled <= EVENTS); /* or it would go on for ever */
}

static void
run_busy(struct busy *b)
{
	size_t i;

	assert_int_equal(loop_init(&b->loop), 0);
	assert_int_equal(loop_signals(&b->loop), 0);
	for (i = 0; i < EVENTS; i++) {
		b->watches[i] = (struct loop_watch){
		    .fd = eventfd(1, EFD_CLOEXEC), .ready = handle, .arg = b};
		assert_int_equal(
		    loop_watch(&b->loop, &b->watches[i], EPOLLIN), 0);
	}
	b->timer = (struct loop_timer){.fire = fire, .arg = b};
	loop_after(&b->loop, &b->timer, 0);
	assert_int_equal(loop_run(&b->loop, turn_end, b), 0);
	for (i = 0; i < EVENTS; i++)
		close(b->watches[i].fd);
	loop_free(&b->loop);
}

static void
take(int number)
{
	sigset_t set;
	int got = 0;

	sigemptyset(&set);
	sigaddset(&set, number);
	assert_int_equal(sigwait(&set, &got), 0);
	assert_int_equal(got, number);
}

static void
signals_go_first(void **state)
{
	static const int numbers[] = {SIGTERM, SIGINT};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct busy b = {.signal = numbers[i]};

		run_busy(&b);
		take(numbers[i]);
		assert_int_equal(b.handled, 3);
		assert_int_equal(b.fired, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signals_go_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
