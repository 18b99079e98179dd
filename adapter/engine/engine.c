#include "engine.h"

#include <assert.h>
#include <stdlib.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "fault.h"
#include "idset_internal.h"
#include "journal.h"
#include "loop.h"
#include "mem.h"
#include "run_internal.h"
#include "store.h"

/* No clock is slewed by this in the time of a run. */
#define CLOCK_JUMP_MS 2000

/*
 * The queue, the places in flight, and the one commit per turn of the loop.
 * What a run does with its place is in run*.c.
 */

static const char *const outcome_names[] = {
    [ENGINE_OK] = "ok",
    [ENGINE_CHANGED] = "changed",
    [ENGINE_FAILED] = "failed",
    [ENGINE_WAITING] = "waiting",
    [ENGINE_PARKED] = "parked",
    [ENGINE_SKIPPED] = "skipped",
};

const char *
engine_outcome_name(enum engine_outcome o)
{
	return outcome_names[o];
}

const char *
engine_owner(const struct engine *e)
{
	return e->owner;
}

/* --- one commit per turn --- */

static void
nothing(void *cookie) /* NOLINT(readability-non-const-parameter) */
{
	(void)cookie; /* only to make the loop turn */
}

static void
link_run(struct run **list, struct run *run)
{
	run->next = *list;
	run->prev = NULL;
	if (run->next != NULL)
		run->next->prev = run;
	*list = run;
}

/* Out of the flight: another may take its place. */
static void
unlink_run(struct engine *e, struct run *run)
{
	struct waiting *w = pace_site_leave(run->site);

	run->site = NULL;
	if (w != NULL) { /* whose turn it would have been long ago */
		w->next = e->queue;
		e->queue = w;
		if (e->queue_last == NULL)
			e->queue_last = w;
	}
	if (run->prev != NULL)
		run->prev->next = run->next;
	else
		e->runs = run->next;
	if (run->next != NULL)
		run->next->prev = run->prev;
	e->in_flight--;
	idset_del(&e->known, run->id);
}

static void
drop_queue(struct engine *e)
{
	struct waiting *w;

	while ((w = e->queue) != NULL) {
		e->queue = w->next;
		idset_del(&e->known, w->id);
		free(w);
	}
	while ((w = pace_site_drop(e)) != NULL) {
		idset_del(&e->known, w->id);
		free(w);
	}
	e->queue_last = NULL;
	e->queued = 0;
}

static void
break_down(void *cookie)
{
	struct engine *e = cookie;

	drop_queue(e);
	while (e->runs != NULL)
		run_abandon(e->runs);
	if (e->idle != NULL)
		e->idle(e->idle_cookie);
}

/* The store does not answer: nothing since the last commit is believed. */
static void
engine_break(struct engine *e, const struct err *err)
{
	if (e->broken)
		return;
	e->broken = true;
	e->draining = true;
	e->broken_why = *err;
	store_rollback(e->deps.store);
	e->commits = NULL;
	e->commits_last = NULL;
	loop_timer_set(e->break_timer, 0);
}

void
run_store_failed(struct run *run, const struct err *err)
{
	engine_break(run->engine, err);
}

static void
before_wait(void *cookie)
{
	struct engine *e = cookie;
	struct run *run, *next;
	struct err err;

	if (e->broken) {
		/* Whatever was written after the failure is not kept. */
		store_rollback(e->deps.store);
		return;
	}
	if (e->commits == NULL && !store_dirty(e->deps.store))
		return;
	fault_point("engine.commit.before");
	if (store_commit(e->deps.store, &err) != 0) {
		engine_break(e, &err);
		return;
	}
	fault_point("engine.commit.after");
	run = e->commits;
	e->commits = NULL;
	e->commits_last = NULL;
	for (; run != NULL; run = next) {
		next = run->commit_next;
		run->commit_next = NULL;
		run->commit_then(run);
	}
	if (e->commits != NULL || store_dirty(e->deps.store))
		loop_defer(e->deps.loop, nothing, NULL);
}

void
engine_after_commit(struct run *run, void (*then)(struct run *run))
{
	struct engine *e = run->engine;

	if (e->broken)
		return; /* break_down() is on its way */
	run->commit_then = then;
	run->commit_next = NULL;
	if (e->commits_last != NULL)
		e->commits_last->commit_next = run;
	else
		e->commits = run;
	e->commits_last = run;
	loop_defer(e->deps.loop, nothing, NULL);
}

/* --- our clock --- */

/* A timer and not a deferred call: it dies with the engine. */
static void
pump_soon(struct engine *e)
{
	loop_timer_set(e->pump_timer, 0);
}

static int64_t
lead_now(void)
{
	return clock_now_ms() - clock_mono_ms();
}

int64_t
engine_lead_ms(const struct engine *e)
{
	return e->doubt == NULL || e->deps.ports->kdc.self == NULL ? lead_now()
								   : e->lead_ms;
}

bool
engine_clock_moved(int64_t lead_ms, int64_t *ret_ms)
{
	*ret_ms = lead_now() - lead_ms;
	return llabs(*ret_ms) >= CLOCK_JUMP_MS;
}

void
engine_on_doubt(struct engine *e, void (*fn)(void *), void *cookie)
{
	e->doubt = fn;
	e->doubt_cookie = cookie;
}

void
engine_trust_clock(struct engine *e)
{
	e->lead_ms = lead_now();
	pump_soon(e);
}

/* May a device be begun by the clock as it is? */
static bool
clock_trusted(struct engine *e)
{
	int64_t moved;

	if (!engine_clock_moved(engine_lead_ms(e), &moved))
		return true;
	e->doubt(e->doubt_cookie);
	return false;
}

/* --- queue and places --- */

static void
pump(void *cookie)
{
	struct engine *e = cookie;
	struct waiting *w;
	struct run *run;

	while (!e->draining && e->queue != NULL && clock_trusted(e) &&
	    e->in_flight < (size_t)e->deps.conf->parallel) {
		w = e->queue;
		e->queue = w->next;
		if (e->queue == NULL)
			e->queue_last = NULL;
		if (!pace_site_enter(e, w))
			continue;
		e->queued--;
		run = mem_alloc(sizeof(*run));
		run->engine = e;
		run->id = w->id;
		run->mode = w->mode;
		run->play = w->play;
		run->cookie = w->cookie;
		run->site = w->site;
		link_run(&e->runs, run);
		e->in_flight++;
		free(w);
		run_start(run);
	}
	if (e->in_flight == 0 && e->queued == 0 && e->idle != NULL)
		e->idle(e->idle_cookie);
}

/* false when its site has enough in line, or the store does not answer, which
 * is found out by who has to write. */
static bool
admitted(struct engine *e, struct waiting *w)
{
	struct err err;

	if (pace_site_of(e, w, &err) != 0)
		return err.kind == ERR_NOTFOUND; /* its run will say so */
	return w->cookie == NULL || !pace_site_full(e, w->site);
}

bool
engine_take(struct engine *e, const struct engine_order *order)
{
	struct waiting *w;

	if (e->draining || idset_has(&e->known, order->device))
		return false;
	w = mem_alloc(sizeof(*w));
	w->id = order->device;
	w->mode = order->mode;
	w->play = order->play;
	w->cookie = order->cookie;
	if (!admitted(e, w)) {
		free(w);
		return false;
	}
	(void)idset_add(&e->known, w->id);
	if (e->queue_last != NULL)
		e->queue_last->next = w;
	else
		e->queue = w;
	e->queue_last = w;
	e->queued++;
	pump_soon(e);
	return true;
}

void
engine_submit(struct engine *e, int64_t device, enum engine_mode mode,
    const struct play *play)
{
	const struct engine_order order = {
	    .device = device, .mode = mode, .play = play};

	(void)engine_take(e, &order);
}

static struct engine_report
report_of(const struct run *run)
{
	return (struct engine_report){
	    .id = run->id,
	    .cookie = run->cookie,
	    .device = run->device,
	    .play = run->play,
	    .plan = &run->plan,
	    .outcome = run->outcome,
	    .lost = run->lost,
	    .came_back = run->came_back,
	    .reasons = run->reasons,
	    .steps_done = run->done,
	    .ms = clock_mono_ms() - run->began_ms,
	    .err = &run->err,
	};
}

static void
report(struct run *run)
{
	struct engine *e = run->engine;
	struct engine_report r = report_of(run);

	if (e->report != NULL && run->device != NULL)
		e->report(e->report_cookie, &r);
}

int
engine_end(struct run *run, struct err *err)
{
	struct engine *e = run->engine;
	struct engine_report r = report_of(run);

	return e->end == NULL || (run->cookie == NULL && !run->came_back)
	    ? 0
	    : e->end(e->end_cookie, &r, err);
}

void
engine_done(struct run *run)
{
	struct engine *e = run->engine;

	unlink_run(e, run);
	run_count_end(run, clock_mono_ms() - run->began_ms);
	report(run);
	run_free(run);
	pump_soon(e);
}

void
run_abandon(struct run *run)
{
	struct engine *e = run->engine;

	unlink_run(e, run);
	run->outcome = ENGINE_FAILED;
	run->err = e->broken_why;
	if (run->err.kind == ERR_NONE)
		(void)err_set(&run->err, ERR_CANCELLED, "stopped");
	run_diagnose(run);
	report(run);
	run_stop(run);
	/* A worker may still come back to it: freed with the engine. */
	run->abandoned = true;
	link_run(&e->abandoned, run);
}

/* --- life --- */

struct engine *
engine_new(const struct engine_deps *deps, struct err *err)
{
	struct engine *e;

	(void)err;
	e = mem_alloc(sizeof(*e));
	e->deps = *deps;
	e->owner = engine_owner_self();
	e->lead_ms = lead_now();
	e->pump_timer = loop_timer_new(deps->loop, pump, e);
	e->break_timer = loop_timer_new(deps->loop, break_down, e);
	e->pace_timer = loop_timer_new(deps->loop, pace_turn, e);
	loop_before_wait(deps->loop, before_wait, e);
	return e;
}

void
engine_on_report(struct engine *e, engine_report_fn *fn, void *cookie)
{
	e->report = fn;
	e->report_cookie = cookie;
}

void
engine_on_end(struct engine *e, engine_end_fn *fn, void *cookie)
{
	e->end = fn;
	e->end_cookie = cookie;
}

void
engine_on_idle(struct engine *e, void (*fn)(void *), void *cookie)
{
	e->idle = fn;
	e->idle_cookie = cookie;
}

size_t
engine_in_flight(const struct engine *e)
{
	return e->in_flight;
}

size_t
engine_pending(const struct engine *e)
{
	return e->queued + e->in_flight;
}

struct recover {
	struct engine *engine;
	size_t count;
};

static int
recover_one(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct recover *r = cookie;

	(void)err;
	/* Looking settles what was done and closes what was not; doing it again
	 * is the next run's business. */
	engine_submit(r->engine, intent->device, ENGINE_LOOK, NULL);
	r->count++;
	return 0;
}

int
engine_recover(struct engine *e, size_t *ret_count, struct err *err)
{
	struct recover r = {e, 0};

	if (journal_scan_open(e->deps.store, 0, recover_one, &r, err) != 0)
		return -1;
	*ret_count = r.count;
	return 0;
}

void
engine_drain(struct engine *e)
{
	e->draining = true;
	drop_queue(e);
	pump_soon(e);
	loop_timer_set(e->pace_timer, 0);
}

bool
engine_broken(const struct engine *e, struct err *ret_err)
{
	if (e->broken && ret_err != NULL)
		*ret_err = e->broken_why;
	return e->broken;
}

void
engine_stop(struct engine *e)
{
	e->draining = true;
	e->idle = NULL;
	e->report = NULL;
	e->end = NULL;
	loop_before_wait(e->deps.loop, NULL, NULL);
	store_rollback(e->deps.store);
	while (e->runs != NULL)
		run_abandon(e->runs);
	drop_queue(e);
}

void
engine_free(struct engine *e)
{
	struct run *run;

	if (e == NULL)
		return;
	engine_stop(e);
	while ((run = e->abandoned) != NULL) {
		e->abandoned = run->next;
		run_free(run);
	}
	idset_free(&e->known);
	loop_timer_del(e->pump_timer);
	loop_timer_del(e->break_timer);
	loop_timer_del(e->pace_timer);
	pace_free(e);
	free(e->owner);
	free(e);
}
