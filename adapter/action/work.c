/* Executions of server tasks: one piece of work after the other. */
#include "server_work.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "clock.h"
#include "engine.h"
#include "fault.h"
#include "log.h"
#include "mem.h"
#include "schedule.h"
#include "server_order.h"
#include "store.h"
#include "str.h"
#include "task_work.h"
#include "work_internal.h"

#define OPEN_MAX 100
#define WHY_MAX 400

struct server_work *
server_work_new(const struct server_work_conf *conf)
{
	struct server_work *w = mem_alloc(sizeof(*w));

	w->conf = *conf;
	return w;
}

void
server_work_free(struct server_work *w)
{
	free(w);
}

/* --- telling --- */

int
work_tell(const struct server_work_conf *c, const char *kind,
    const struct task_run *run, const char *why, struct err *err)
{
	struct json_object *o = json_object_new_object();
	struct store_event event = {
	    .at = clock_now(), .kind = kind, .actor = c->actor};
	int rc;

	(void)json_object_object_add(
	    o, "server_task", json_object_new_string(run->name));
	(void)json_object_object_add(o, "run", json_object_new_int64(run->id));
	if (why != NULL)
		(void)json_object_object_add(
		    o, "why", json_object_new_string(why));
	event.detail =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	rc = store_event_add(c->store, &event, err);
	(void)json_object_put(o);
	return rc;
}

static int
stop_run(const struct server_work_conf *c, const struct task_run *run,
    const char *why, struct err *err)
{
	log_line(
	    LOG_WARN, "server_task.aborted", "run=%lld", (long long)run->id);
	if (task_run_set_state(c->store, run->id, TASK_ABORTED, NULL, why,
		clock_now(), err) != 0)
		return -1;
	return work_tell(c, "server_task.aborted", run, why, err);
}

/* --- an action --- */

static action_fn do_nothing, do_foreign;

static int
do_nothing(struct action_job *j, enum action_next *ret, struct err *err)
{
	(void)err;
	j->a->state = SERVER_OK;
	*ret = ACTION_OVER;
	return 0;
}

static int
do_foreign(struct action_job *j, enum action_next *ret, struct err *err)
{
	char *command = action_text(j->a, "command");

	(void)ret;
	(void)err_set(
	    err, ERR_REFUSED, "ePO's %.100s has no counterpart here", command);
	free(command);
	return -1;
}

static action_fn *const doers[ACTION_KINDS] = {[ACTION_QUERY] = do_query,
    [ACTION_APPLY_TAG] = do_tag,
    [ACTION_CLEAR_TAG] = do_tag,
    [ACTION_TASK] = do_task,
    [ACTION_PROFILE] = do_profile,
    [ACTION_EXPORT] = do_export,
    [ACTION_MAIL] = do_mail,
    [ACTION_WEBHOOK] = do_webhook,
    [ACTION_PURGE] = do_purge,
    [ACTION_NOTHING] = do_nothing,
    [ACTION_FOREIGN] = do_foreign};

int64_t
job_rows_at(const struct action_job *j)
{
	int64_t at = j->a->parent;

	while (at >= 0 && j->actions[at].rows < 0)
		at = j->actions[at].parent;
	return at;
}

int64_t
job_rows(const struct action_job *j)
{
	int64_t at = job_rows_at(j);

	return at < 0 ? 0 : j->actions[at].rows;
}

int
job_devices(const struct action_job *j, int64_t **ret_devices,
    size_t *ret_count, struct err *err)
{
	size_t room = (size_t)job_rows(j), count = 0;
	int64_t *devices = mem_array(room + 1, sizeof(*devices));

	if (room > 0 &&
	    server_rows(j->store, j->run->id, job_rows_at(j), 0, devices, room,
		&count, err) != 0) {
		free(devices);
		return -1;
	}
	*ret_devices = devices;
	*ret_count = count;
	return 0;
}

void
job_note(struct action_job *j, const char *fmt, ...)
{
	char text[WHY_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	mem_replace(&j->a->message, text);
}

int
job_retry(struct action_job *j, const struct err *why, enum action_next *ret,
    struct err *err)
{
	bool later = err_is_transient(why) || why->kind == ERR_UNKNOWN ||
	    why->kind == ERR_REFUSED;
	int64_t wait = ACTION_RETRY;
	int64_t i;

	if (!later || j->a->attempts >= ACTION_ATTEMPTS) {
		if (err != NULL)
			*err = *why;
		return -1;
	}
	for (i = 1; i < j->a->attempts; i++)
		wait *= 2;
	j->a->not_before = j->now + wait;
	job_note(j, "attempt %" PRId64 ": %s", j->a->attempts, why->text);
	*ret = ACTION_LATER;
	return server_action_save(j->store, j->a, err);
}

/* It is over, in the store: its message is also the execution's. */
static int
end_action(struct action_job *j, struct err *err)
{
	const struct server_action *a = j->a;
	char *words = action_words(a);
	char *text = mem_printf("%s: %s%s%s", words,
	    server_state_name(a->state), a->message == NULL ? "" : ", ",
	    a->message == NULL ? "" : a->message);
	int rc = server_action_end(j->store, a, clock_now(), err);

	if (rc == 0)
		rc = task_message_add(
		    j->store, j->run->id, clock_now(), text, err);
	log_line(a->state == SERVER_FAILED ? LOG_WARN : LOG_NOTE,
	    "server_task.action", "run=%lld action=%lld kind=%s state=%s",
	    (long long)a->run, (long long)a->at + 1, a->kind,
	    server_state_name(a->state));
	free(words);
	free(text);
	return rc;
}

static int
fail_action(struct action_job *j, const struct err *why, struct err *err)
{
	char *text;
	int rc;

	j->a->state = SERVER_FAILED;
	job_note(j, "%s", why->text);
	if (end_action(j, err) != 0)
		return -1;
	if (action_goes_on(j->a))
		return 0;
	text = mem_printf(
	    "action %" PRId64 " (%s): %s", j->a->at + 1, j->a->kind, why->text);
	rc = stop_run(j->conf, j->run, text, err);
	free(text);
	return rc;
}

/* A copy of it as the store has it, for what a failure rolls back. */
static struct server_action
kept(const struct server_action *a)
{
	struct server_action copy = *a;

	copy.kind = NULL;
	copy.settings = NULL;
	copy.message = NULL;
	return copy;
}

static void
back_to(struct server_action *a, const struct server_action *before)
{
	char *kind = a->kind, *settings = a->settings, *message = a->message;

	*a = *before;
	a->kind = kind;
	a->settings = settings;
	a->message = message;
}

static int
begin(struct action_job *j, struct err *err)
{
	int64_t rows = job_rows(j);
	int kind = action_kind_find(j->a->kind);
	char *words;
	int rc;

	/* Those of a client task are that one's run. */
	if (j->a->state != SERVER_WAITING || kind == ACTION_TASK ||
	    kind == ACTION_PROFILE)
		return 0;
	words = action_words(j->a);
	rc = server_action_begin(
	    j->store, j->a, words, rows > 0 ? rows : 1, j->now, err);
	if (rc == 0)
		rc = store_commit(j->store, err);
	free(words);
	fault_point("action.begun");
	return rc;
}

static int
do_action(struct action_job *j, bool *ret_more, struct err *err)
{
	int kind = action_kind_find(j->a->kind);
	struct err why = {.kind = ERR_NONE};
	enum action_next next = ACTION_OVER;
	struct server_action before;
	int rc;

	*ret_more = true;
	if (begin(j, err) != 0)
		return -1;
	before = kept(j->a);
	rc = doers[kind < 0 ? ACTION_FOREIGN : kind](j, &next, &why);
	fault_point("action.done");
	if (rc != 0) {
		store_rollback(j->store);
		if (why.kind == ERR_STORAGE) {
			*err = why;
			return -1;
		}
		back_to(j->a, &before);
		return fail_action(j, &why, err);
	}
	*ret_more = next != ACTION_LATER;
	return next == ACTION_OVER ? end_action(j, err) : 0;
}

/* --- an execution --- */

static int
skip(struct action_job *j, struct err *err)
{
	j->a->state = SERVER_SKIPPED;
	return server_action_end(j->store, j->a, j->now, err);
}

static bool
is_over(const struct server_action *a)
{
	return a->state != SERVER_WAITING && a->state != SERVER_BEGUN;
}

static bool
is_cut_off(const struct action_job *j)
{
	int64_t parent = j->a->parent;

	return parent >= 0 &&
	    (j->actions[parent].state == SERVER_FAILED ||
		j->actions[parent].state == SERVER_SKIPPED);
}

static int
end_run(struct action_job *j, struct err *err)
{
	log_line(
	    LOG_NOTE, "server_task.ended", "run=%lld", (long long)j->run->id);
	if (task_run_set_state(j->store, j->run->id, TASK_ENDED, NULL, NULL,
		clock_now(), err) != 0)
		return -1;
	return work_tell(j->conf, "server_task.ended", j->run, NULL, err);
}

static int
do_next(struct action_job *j, bool *ret_more, struct err *err)
{
	size_t i;

	for (i = 0; i < j->count; i++) {
		j->a = &j->actions[i];
		if (is_over(j->a))
			continue;
		if (is_cut_off(j)) {
			if (skip(j, err) != 0)
				return -1;
			continue;
		}
		if (j->a->not_before > j->now)
			return 0;
		return do_action(j, ret_more, err);
	}
	return end_run(j, err);
}

/* "stop after" of its schedule. */
static int
is_too_long(const struct server_work_conf *c, const struct task_run *run,
    int64_t now, bool *ret, struct err *err)
{
	struct server_task t = {.id = 0};
	struct schedule *s = NULL;
	int64_t task = 0, at = 0;

	*ret = false;
	if (server_run_task(c->store, run->id, &task, err) != 0)
		return -1;
	if (task == 0 || run->started_at == 0)
		return 0;
	if (server_task_get(c->store, task, &t, err) != 0)
		return -1;
	if (t.schedule != NULL && schedule_parse(t.schedule, &s, NULL) == 0)
		at = schedule_stop(s, run->started_at);
	*ret = at != 0 && at <= now;
	schedule_free(s);
	server_task_clear(&t);
	return 0;
}

/* *ret_ours false: another process is at it. */
static int
claim(const struct server_work_conf *c, const struct task_run *run, int64_t now,
    bool *ret_ours, struct err *err)
{
	bool dead = run->owner != NULL && engine_owner_dead(run->owner);
	struct err why = {.kind = ERR_NONE};
	bool taken = false;

	*ret_ours = true;
	if (str_eq(run->owner, c->owner) &&
	    run->owner_until - now > SERVER_LEASE / 2)
		return 0;
	if (task_run_claim(c->store, run->id, c->owner, dead, now,
		now + SERVER_LEASE, &taken, &why) == 0)
		return store_commit(c->store, err);
	*ret_ours = false;
	if (why.kind == ERR_CONFLICT)
		return 0;
	*err = why;
	return -1;
}

static int
step_row(const struct server_work_conf *c, const struct task_run *run,
    bool *ret_more, struct err *err)
{
	struct action_job j = {
	    .conf = c, .store = c->store, .now = clock_now(), .run = run};
	bool ours = false, late = false;
	int rc;

	if (run->state == TASK_PAUSED)
		return 0;
	if (claim(c, run, j.now, &ours, err) != 0)
		return -1;
	if (!ours)
		return 0;
	if (run->state == TASK_QUEUED &&
	    task_run_start(c->store, run->id, j.now, err) != 0)
		return -1;
	if (is_too_long(c, run, j.now, &late, err) != 0)
		return -1;
	if (late)
		return stop_run(c, run,
		    "it took longer than its schedule's "
		    "\"stop after\"",
		    err);
	if (server_actions(c->store, run->id, &j.actions, &j.count, err) != 0)
		return -1;
	rc = do_next(&j, ret_more, err);
	server_actions_free(j.actions, j.count);
	return rc;
}

static int
step_run(const struct server_work_conf *c, int64_t id, bool *ret_more,
    struct err *err)
{
	struct task_run run = {.id = 0};
	bool more = false;
	int rc;

	if (task_run_get(c->store, id, &run, err) != 0)
		return -1;
	rc = step_row(c, &run, &more, err);
	task_run_clear(&run);
	if (rc == 0)
		rc = store_commit(c->store, err);
	fault_point("action.ended");
	*ret_more = *ret_more || more;
	return rc;
}

/* What a server task began that was stopped. */
static int
stop_orphans(const struct server_work_conf *c, struct err *err)
{
	int64_t ids[OPEN_MAX];
	size_t count = 0, i;

	if (server_run_orphans(c->store, ids, OPEN_MAX, &count, err) != 0)
		return -1;
	for (i = 0; i < count; i++)
		if (task_run_set_state(c->store, ids[i], TASK_ABORTED, NULL,
			"its server task was stopped", clock_now(), err) != 0)
			return -1;
	return count == 0 ? 0 : store_commit(c->store, err);
}

/* --- all of them --- */

int
server_work_step(struct server_work *w, bool *ret_more, struct err *err)
{
	const struct server_work_conf *c = &w->conf;
	int64_t ids[OPEN_MAX];
	size_t count = 0, i;
	int rc;

	*ret_more = false;
	rc = work_make_due(c, ret_more, err);
	if (rc == 0)
		rc = stop_orphans(c, err);
	if (rc == 0)
		rc = server_run_open(c->store, ids, OPEN_MAX, &count, err);
	for (i = 0; rc == 0 && i < count; i++)
		rc = step_run(c, ids[i], ret_more, err);
	if (rc != 0)
		store_rollback(c->store);
	return rc;
}
