#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "device.h"
#include "err.h"
#include "harness.h"
#include "journal.h"
#include "loop.h"
#include "mem.h"
#include "order.h"
#include "runner.h"
#include "store.h"
#include "str.h"
#include "task_run.h"

/*
 * test_runs [--every N]
 *
 * A process that works on a run of a client task is killed at each fault point,
 * and the next one at each of its own: the run is ended all the same by a third
 * one, its item is told once, and what the task does where nothing is due
 * (other passwords, another certificate) is done once, not once per process.
 */
#define TURNS_MAX 20000 /* a run that does not end is a failure too */

struct watch {
	const struct harness_process *p;
	struct runner *runner;
	struct loop_timer *timer;
	int64_t run;
	unsigned long turns;
	bool failed;
};

static int64_t the_run;

/* --- one process, as serve is --- */

static void
look(void *cookie)
{
	struct watch *w = cookie;
	struct task_run r = {.id = 0};
	struct err err;

	if (task_run_get(w->p->store, the_run, &r, &err) != 0 ||
	    r.state == TASK_ENDED || r.state == TASK_ABORTED || w->failed ||
	    ++w->turns > TURNS_MAX)
		loop_stop(w->p->loop);
	else
		loop_timer_set(w->timer, 1);
	task_run_clear(&r);
}

static void
runner_failed(void *cookie, const struct err *err)
{
	struct watch *w = cookie;

	(void)fprintf(stderr, "runner: %s\n", err->text);
	w->failed = true;
}

static void
runner_quiet(void *cookie)
{
	struct watch *w = cookie;

	loop_stop(w->p->loop);
}

static void
body(const struct harness_process *p)
{
	struct watch w = {.p = p};
	const struct runner_deps deps = {.loop = p->loop,
	    .store = p->store,
	    .vault = p->vault,
	    .engine = p->engine,
	    .conf = p->conf,
	    .actor = "serve",
	    .failed = runner_failed,
	    .quiet = runner_quiet,
	    .cookie = &w};
	struct err err;
	size_t open = 0;

	if (engine_recover(p->engine, &open, &err) != 0)
		return;
	w.runner = runner_new(&deps);
	w.timer = loop_timer_new(p->loop, look, &w);
	loop_timer_set(w.timer, 1);
	runner_go(w.runner);
	loop_run(p->loop);
	if (!runner_drain(w.runner))
		loop_run(p->loop);
	loop_timer_del(w.timer);
	engine_stop(p->engine);
	runner_free(w.runner);
}

/* --- a run to be worked on --- */

static void
fail(const struct err *err)
{
	(void)fprintf(stderr, "set-up: %s\n", err->text);
	exit(1);
}

static void
order(struct harness_store *s)
{
	const struct order o = {s->store, "cli:test", clock_now()};
	const struct order_run how = {
	    .target = TASK_ALL, .policy = {.retries = 2, .retry_wait = 1}};
	struct task t = {.name = mem_dup("all three"),
	    .type = mem_dup("amt-maintenance"),
	    .settings = mem_dup(
		"{\"tasks\":[\"renew-admin-password\",\"renew-ad-password\","
		"\"reissue-certificates\"],\"when\":\"always\"}")};
	struct err err;

	if (order_task_add(&o, &t, &t.id, &err) != 0 ||
	    order_run(&o, &t, &how, NULL, 0, &the_run, &err) != 0 ||
	    store_commit(s->store, &err) != 0)
		fail(&err);
	task_clear(&t);
}

/* A device where nothing is due, and a run that does it all anew. */
static int64_t
set_up(void)
{
	struct harness_store s;
	int64_t last = 0;
	struct err err;

	harness_reset();
	harness.body = NULL;
	(void)harness_run("enforce-profile", 0);
	harness.body = body;
	harness_open(&s);
	order(&s);
	if (journal_last(s.store, 1, &last, &err) != 0)
		fail(&err);
	harness_close(&s);
	return last;
}

/* --- what must hold --- */

struct done {
	int64_t after;
	const char *step;
	unsigned count;
};

static int
count_done(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct done *d = cookie;

	(void)err;
	if (intent->id > d->after && str_eq(intent->step, d->step) &&
	    str_eq(intent->end, "done"))
		d->count++;
	return 0;
}

static void
check_once(struct harness_store *s, int64_t after, const char *step)
{
	struct done d = {.after = after, .step = step};
	struct err err;

	harness_check(
	    journal_scan_ended(s->store, 1, 0, 0, count_done, &d, &err) == 0 &&
		d.count == 1,
	    step);
}

static int
check_item(void *cookie, const struct task_item *i, struct err *err)
{
	unsigned *count = cookie;

	(void)err;
	++*count;
	harness_check(i->state == TASK_ITEM_DONE, "the item is done");
	harness_check(i->outcome == TASK_CHANGED || i->outcome == TASK_OK,
	    "the item went well");
	return 0;
}

static void
check_run(int64_t after)
{
	const struct task_item_filter all = {
	    .run = the_run, .state = -1, .outcome = -1};
	struct task_run r = {.id = 0};
	struct harness_store s;
	unsigned count = 0;
	struct err err;

	harness_open(&s);
	harness_check(task_run_get(s.store, the_run, &r, &err) == 0 &&
		r.state == TASK_ENDED,
	    "the run is ended");
	harness_check(
	    r.done == 1 && r.total == 1 && r.begun == 1, "its counts agree");
	harness_check(
	    task_item_scan(s.store, &all, check_item, &count, &err) == 0 &&
		count == 1,
	    "it has one item");
	check_once(&s, after, "admin.password");
	check_once(&s, after, "ad.password");
	check_once(&s, after, "tls.switch");
	verify_kept(&s);
	task_run_clear(&r);
	harness_close(&s);
}

int
main(int argc, char **argv)
{
	unsigned long second, every;
	int64_t after;

	harness.play = "a run";
	harness_start(argc, argv);
	every = harness.every > 1 ? harness.every : 2; /* a second waits */
	harness.what = "no fault";
	after = set_up();
	(void)harness_run("-", 0);
	check_run(after);
	harness.what = "killed";
	for (harness.n = 1;; harness.n += every) {
		after = set_up();
		if (!harness_run("-", harness.n))
			break;
		(void)harness_run("-", 0);
		check_run(after);
	}
	harness.what = "killed twice";
	second = harness.n / 3 + 1;
	for (harness.n = 1;; harness.n += 5 * every) {
		after = set_up();
		if (!harness_run("-", harness.n))
			break;
		harness.m = second;
		(void)harness_run("-", harness.m);
		(void)harness_run("-", 0);
		check_run(after);
		harness.m = 0;
	}
	return harness_end();
}
