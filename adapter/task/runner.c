#include "runner.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "clock.h"
#include "conf.h"
#include "engine.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "runner_internal.h"
#include "schedule.h"
#include "store.h"

#define POLL_MS 1000 /* another process may order something at any time */
#define SOON_MS 10   /* ends that come together are looked at together */
#define RUNS_MAX 1000
#define MESSAGE_MAX 512

/* --- telling --- */

void
runner_fail(struct runner *r, const struct err *err)
{
	if (r->failed)
		return;
	r->failed = true;
	loop_timer_stop(r->timer);
	r->deps.failed(r->deps.cookie, err);
}

int
runner_overtaken(int rc, struct err *err)
{
	if (rc == 0 ||
	    (err->kind != ERR_NOTFOUND && err->kind != ERR_CONFLICT &&
		err->kind != ERR_REFUSED))
		return rc;
	log_line(LOG_INFO, "task.overtaken", "error=\"%s\"", err->text);
	err_clear(err);
	return 0;
}

void
runner_wake(struct runner *r)
{
	if (r->soon || !r->going || r->draining || r->failed)
		return;
	r->soon = true;
	loop_timer_set(r->timer, SOON_MS);
}

int
runner_event(struct runner *r, const char *kind, const struct task_run *run,
    const char *why, struct err *err)
{
	struct json_object *o = json_object_new_object();
	struct store_event event = {
	    .at = clock_now(), .kind = kind, .actor = r->deps.actor};
	int rc, i;

	(void)json_object_object_add(o, "run", json_object_new_int64(run->id));
	(void)json_object_object_add(
	    o, "task", json_object_new_string(run->name));
	if (why != NULL)
		(void)json_object_object_add(
		    o, "why", json_object_new_string(why));
	for (i = 0; i < TASK_OUTCOMES; i++)
		if (run->count[i] != 0)
			(void)json_object_object_add(o,
			    task_outcome_name((enum task_outcome)i),
			    json_object_new_int64(run->count[i]));
	event.detail =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	rc = store_event_add(r->deps.store, &event, err);
	(void)json_object_put(o);
	return rc;
}

int
runner_message(
    struct runner *r, int64_t run, struct err *err, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return task_message_add(r->deps.store, run, clock_now(), text, err);
}

int
runner_abort(struct runner *r, const struct task_run *run, const char *why,
    struct err *err)
{
	log_line(LOG_WARN, "task.aborted", "run=%lld why=\"%s\"",
	    (long long)run->id, why);
	if (task_run_set_state(r->deps.store, run->id, TASK_ABORTED, NULL, why,
		clock_now(), err) != 0)
		return -1;
	return runner_event(r, "task.aborted", run, why, err);
}

/* --- what is kept of a run --- */

static struct runner_run *
known(struct runner *r, int64_t id)
{
	struct runner_run *run;

	for (run = r->runs; run != NULL; run = run->next)
		if (run->id == id)
			return run;
	run = mem_alloc(sizeof(*run));
	run->runner = r;
	run->id = id;
	run->next = r->runs;
	r->runs = run;
	return run;
}

/* What the worker has is freed when it comes back. */
static void
forget(struct runner_run *run)
{
	struct runner_work *work;

	while ((work = run->works) != NULL) {
		run->works = work->next;
		free(work);
	}
	schedule_free(run->schedule);
	runner_expansion_forget(run->expansion);
	free(run);
}

/* Runs that are over, and have nothing under way. */
static void
sweep(struct runner *r)
{
	struct runner_run **at = &r->runs, *run;

	while ((run = *at) != NULL) {
		if (run->listed || run->running > 0) {
			at = &run->next;
			continue;
		}
		*at = run->next;
		forget(run);
	}
}

static int
read_run(struct runner_run *run, const struct task_run *row, struct err *err)
{
	if (run->read)
		return 0;
	if (catalog_parse(row->type, row->settings, &run->settings, err) != 0 ||
	    (row->schedule != NULL &&
		schedule_parse(row->schedule, &run->schedule, err) != 0))
		return -1;
	run->policy = row->policy;
	run->read = true;
	return 0;
}

/* --- a run --- */

/* false: another process works on it. */
static int
claim(struct runner_run *run, const struct task_run *row, int64_t now,
    bool *ret_ours, struct err *err)
{
	const struct runner *r = run->runner;
	int64_t lease = r->deps.conf->lease;
	bool dead = row->owner != NULL && engine_owner_dead(row->owner);
	bool taken = false;

	*ret_ours = true;
	if (run->claimed_until - now > lease / 2)
		return 0;
	if (task_run_claim(r->deps.store, run->id, engine_owner(r->deps.engine),
		dead, now, now + lease, &taken, err) == 0) {
		if (taken && row->begun > 0)
			log_line(LOG_NOTE, "task.taken", "run=%lld",
			    (long long)run->id);
		run->claimed_until = now + lease;
		return 0;
	}
	*ret_ours = false;
	return err->kind == ERR_CONFLICT ? 0 : -1;
}

static int
start(
    struct runner_run *run, struct task_run *row, int64_t now, struct err *err)
{
	int64_t by_policy, by_schedule;

	if (row->state == TASK_QUEUED) {
		if (task_run_start(
			run->runner->deps.store, run->id, now, err) != 0)
			return -1;
		if (row->started_at == 0)
			row->started_at = now;
	}
	by_policy = row->policy.stop_after == 0
	    ? 0
	    : row->started_at + row->policy.stop_after;
	by_schedule = run->schedule == NULL
	    ? 0
	    : schedule_stop(run->schedule, row->started_at);
	run->stop_at =
	    by_policy == 0 || (by_schedule != 0 && by_schedule < by_policy)
	    ? by_schedule
	    : by_policy;
	return 0;
}

static int
end(struct runner_run *run, const struct task_run *row, int64_t now,
    struct err *err)
{
	struct runner *r = run->runner;

	log_line(LOG_NOTE, "task.ended", "run=%lld devices=%lld failed=%lld",
	    (long long)run->id, (long long)row->total,
	    (long long)task_run_failures(row));
	if (task_run_set_state(
		r->deps.store, run->id, TASK_ENDED, NULL, NULL, now, err) != 0)
		return -1;
	return runner_event(r, "task.ended", row, NULL, err);
}

static int
pace(struct runner_run *run, const struct task_run *row,
    struct pacing *ret_pacing, struct err *err)
{
	struct runner *r = run->runner;

	runner_pacing(row, run->running, ret_pacing);
	if (ret_pacing->stop || ret_pacing->begin_to == row->begin_to)
		return 0;
	if (ret_pacing->news[0] != '\0' &&
	    runner_message(r, run->id, err, "%s", ret_pacing->news) != 0)
		return -1;
	return task_run_allow(
	    r->deps.store, run->id, ret_pacing->begin_to, err);
}

static int
go_on(struct runner_run *run, const struct task_run *row, int64_t now,
    struct err *err)
{
	struct runner *r = run->runner;
	struct pacing pacing;
	bool waiting = true;

	if (run->stop_at != 0 && now >= run->stop_at)
		return runner_abort(r, row, "its time was over", err);
	if (pace(run, row, &pacing, err) != 0)
		return -1;
	if (pacing.stop)
		return runner_abort(r, row, pacing.why, err);
	/* Outside its windows nothing is begun. */
	if (run->schedule != NULL && schedule_opens(run->schedule, now) != now)
		return 0;
	if (runner_begin_items(run, pacing.fresh, now, &waiting, err) != 0)
		return -1;
	return waiting || run->running > 0 ? 0 : end(run, row, now, err);
}

static int
step_row(
    struct runner_run *run, struct task_run *row, int64_t now, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	bool ours = false;

	if (claim(run, row, now, &ours, err) != 0)
		return -1;
	if (!ours || row->state == TASK_PAUSED)
		return 0;
	if (read_run(run, row, &why) != 0)
		return runner_abort(run->runner, row, why.text, err);
	if (!row->expanded)
		return runner_expand(run, row, err);
	if (start(run, row, now, err) != 0)
		return -1;
	return go_on(run, row, now, err);
}

static int
step_run(struct runner *r, int64_t id, int64_t now, struct err *err)
{
	struct runner_run *run = known(r, id);
	struct task_run row = {.id = 0};
	int rc;

	run->listed = true;
	rc = task_run_get(r->deps.store, id, &row, err);
	if (rc == 0)
		rc = step_row(run, &row, now, err);
	task_run_clear(&row);
	return runner_overtaken(rc, err);
}

/* --- time --- */

static int
look(struct runner *r, int64_t now, struct err *err)
{
	int64_t *ids = mem_array(RUNS_MAX, sizeof(*ids));
	struct runner_run *run;
	size_t count = 0, i;
	int rc;

	for (run = r->runs; run != NULL; run = run->next)
		run->listed = false;
	rc = runner_due(r, now, err);
	if (rc == 0)
		rc = runner_reach(r, now, err);
	if (rc == 0)
		rc = task_run_open(r->deps.store, ids, RUNS_MAX, &count, err);
	/* Each time another one is first, so that a long run does not keep all
	 * places to itself. */
	r->turn++;
	for (i = 0; rc == 0 && i < count; i++)
		rc = step_run(r, ids[(r->turn + i) % count], now, err);
	free(ids);
	if (rc == 0)
		sweep(r);
	return rc;
}

static void
tick(void *cookie)
{
	struct runner *r = cookie;
	struct err err = {.kind = ERR_NONE};
	int64_t now = clock_now();

	if (!r->going || r->draining || r->failed)
		return;
	r->soon = false;
	r->more = false;
	if (!r->started && runner_starts(r, now, &err) != 0) {
		runner_fail(r, &err);
		return;
	}
	r->started = true;
	if (look(r, now, &err) != 0) {
		runner_fail(r, &err);
		return;
	}
	if (r->soon) /* something happened meanwhile */
		return;
	/* Not 0, with which timers would go before all else of a turn. */
	loop_timer_set(r->timer, r->more ? 1 : POLL_MS);
}

/* --- life --- */

struct runner *
runner_new(const struct runner_deps *deps)
{
	struct runner *r = mem_alloc(sizeof(*r));

	r->deps = *deps;
	r->timer = loop_timer_new(deps->loop, tick, r);
	engine_on_end(deps->engine, runner_item_ended, r);
	return r;
}

void
runner_go(struct runner *r)
{
	if (r->going || r->draining || r->failed)
		return;
	r->going = true;
	loop_timer_set(r->timer, 0);
}

void
runner_hold(struct runner *r)
{
	r->going = false;
	r->soon = false;
	loop_timer_stop(r->timer);
}

bool
runner_drain(struct runner *r)
{
	r->draining = true;
	loop_timer_stop(r->timer);
	return !r->at_work;
}

void
runner_free(struct runner *r)
{
	struct runner_run *run;

	if (r == NULL)
		return;
	engine_on_end(r->deps.engine, NULL, NULL);
	while ((run = r->runs) != NULL) {
		r->runs = run->next;
		forget(run);
	}
	loop_timer_del(r->timer);
	store_close(r->aside);
	free(r);
}
