/*
 * Commands on their way: from the queue to a worker with a store of its own, to
 * the loop for what is not the store's, into the audit chain, and answered.
 *
 * A command that changes something commits its event with the change.  Those of
 * all others that ended while the last were being written are one transaction:
 * however many are asked at once, there is one fdatasync per round.
 */
#include "remote.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call_internal.h"
#include "clock.h"
#include "loop.h"
#include "mem.h"
#include "remote_event_internal.h"
#include "store.h"
#include "str.h"
#include "work.h"

#define EVENTS_MAX 64 /* in one transaction */

struct slot {
	struct store *store;
	bool used;
};

struct job {
	struct job *next;
	struct remote *remote;
	struct call call;
	struct buf body;
	struct err err;
	enum remote_code code; /* of err */
	struct slot *slot;     /* while on a worker */
	remote_done_fn *done;
	void *cookie;
};

struct line { /* first in, first out */
	struct job *first, *last;
	size_t count;
};

struct remote {
	struct remote_conf conf;
	struct slot slots[REMOTE_PARALLEL];
	struct store *log; /* for events alone */
	struct line waiting;
	struct line ended; /* whose event is not written yet */
	struct line being; /* whose event is being written */
	struct err log_err;
	size_t pending;
	bool writing, stopping;
};

static void
line_add(struct line *l, struct job *job)
{
	job->next = NULL;
	if (l->last == NULL)
		l->first = job;
	else
		l->last->next = job;
	l->last = job;
	l->count++;
}

static struct job *
line_take(struct line *l)
{
	struct job *job = l->first;

	if (job == NULL)
		return NULL;
	l->first = job->next;
	if (l->first == NULL)
		l->last = NULL;
	l->count--;
	return job;
}

/* --- answers --- */

static void
job_free(struct job *job)
{
	free(job->call.devices);
	buf_free(&job->body);
	free(job);
}

static void
answer(struct job *job, bool busy)
{
	struct remote_answer a = {.body = &job->body,
	    .busy = busy,
	    .failed = busy || job->err.kind != ERR_NONE,
	    .code = job->code};

	job->remote->pending--;
	job->done(job->cookie, &a);
	job_free(job);
}

static void
fail(struct job *job, enum remote_code code)
{
	job->code = code;
	out_failure(&job->body, code, job->err.text);
}

static enum remote_code
code_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_INVALID:
		return REMOTE_BAD_ARGUMENT;
	case ERR_DENIED:
		return REMOTE_NO_RIGHT;
	case ERR_NOTFOUND:
	case ERR_CONFLICT:
	case ERR_REFUSED:
	case ERR_LIMIT:
		return REMOTE_REFUSED;
	case ERR_NONE:
	case ERR_UNREACHABLE:
	case ERR_UNKNOWN:
	case ERR_PROTOCOL:
	case ERR_UNTRUSTED:
	case ERR_STORAGE:
	case ERR_CANCELLED:
	case ERR_BUG:
		break;
	}
	return REMOTE_FAILED;
}

/* --- the audit chain --- */

static void
write_events(void *arg)
{
	struct remote *r = arg;
	struct job *job;

	err_clear(&r->log_err);
	for (job = r->being.first; job != NULL; job = job->next)
		if (remote_audit(r->log, &job->call, &job->err, &r->log_err) ==
		    -1)
			break;
	if (job != NULL || store_commit(r->log, &r->log_err) == -1)
		store_rollback(r->log);
	else
		err_clear(&r->log_err);
}

static void begin_events(struct remote *r);

/* What cannot be written down is not told either. */
static void
events_written(void *arg)
{
	struct remote *r = arg;
	struct line told = r->being;
	struct job *job;

	memset(&r->being, 0, sizeof(r->being));
	r->writing = false;
	while ((job = line_take(&told)) != NULL) {
		if (r->log_err.kind != ERR_NONE) {
			job->err = r->log_err;
			(void)err_context(&job->err, "audit");
			fail(job, REMOTE_FAILED);
		}
		answer(job, false);
	}
	begin_events(r);
}

static void
begin_events(struct remote *r)
{
	const struct work_job work = {write_events, events_written, r};
	struct job *job;

	if (r->writing || r->ended.count == 0)
		return;
	while (
	    r->being.count < EVENTS_MAX && (job = line_take(&r->ended)) != NULL)
		line_add(&r->being, job);
	r->writing = true;
	work_submit(r->conf.loop, &work);
}

static void
end(struct job *job)
{
	struct remote *r = job->remote;

	if (job->call.wake && r->conf.hands.wake != NULL)
		r->conf.hands.wake(r->conf.hands.self);
	if (job->call.told) {
		answer(job, false);
		return;
	}
	line_add(&r->ended, job);
	begin_events(r);
}

/* --- a command on its worker --- */

static int
find(struct job *job)
{
	struct call *c = &job->call;

	c->command = remote_command_find(c->request->command);
	if (c->command == NULL) {
		(void)err_set(&job->err, ERR_NOTFOUND, "No such command: %.64s",
		    c->request->command);
		job->code = REMOTE_NO_COMMAND;
		return -1;
	}
	if (!remote_command_allowed(c->command, c->request->who))
		return err_set(&job->err, ERR_DENIED,
		    "%s: your permission sets lack the right \"%s\"",
		    c->command->name, access_right_name(c->command->right));
	return args_read(c->command->args, c->request, &c->args, &job->err);
}

/* The command and, with what it changed, its event. */
static int
run_command(struct job *job)
{
	struct call *c = &job->call;

	out_begin(&c->out, &job->body, c->args.output);
	if (c->command->run(c, &job->err) == -1)
		return -1;
	err_clear(&job->err);
	if (c->command->looked == NULL)
		out_end(&c->out);
	if (job->body.over)
		return err_set(&job->err, ERR_LIMIT,
		    "the answer is larger than %zu bytes: select less, or say "
		    "(top N)",
		    REMOTE_BODY_MAX);
	if (!store_dirty(c->store))
		return 0;
	if (remote_audit(c->store, c, &job->err, &job->err) == -1)
		return -1;
	store_deadline(c->store, 0);
	if (store_commit(c->store, &job->err) == -1)
		return -1;
	c->told = true;
	return 0;
}

/* What an argument is too long for is an argument's fault as well. */
static int
ready(struct job *job)
{
	if (find(job) == 0)
		return 0;
	if (job->code != REMOTE_NO_COMMAND)
		job->code = job->err.kind == ERR_LIMIT ? REMOTE_BAD_ARGUMENT
						       : code_of(job->err.kind);
	return -1;
}

static void
run(void *arg)
{
	struct job *job = arg;
	struct call *c = &job->call;
	bool begun;

	c->store = job->slot->store;
	c->now = clock_now();
	store_deadline(c->store, clock_mono_ms() + REMOTE_WORK_MS);
	begun = ready(job) == 0;
	if (!begun || run_command(job) == -1) {
		store_rollback(c->store);
		if (begun)
			job->code =
			    c->generic ? REMOTE_FAILED : code_of(job->err.kind);
		fail(job, job->code);
	}
	store_deadline(c->store, 0);
	c->store = NULL;
}

static void
looked(void *cookie, const struct remote_looked *seen)
{
	struct job *job = cookie;
	struct call *c = &job->call;

	c->command->looked(c, seen);
	out_end(&c->out);
	end(job);
}

static void begin(struct remote *r);

static void
ran(void *arg)
{
	struct job *job = arg;
	struct call *c = &job->call;
	struct remote *r = job->remote;

	job->slot->used = false;
	job->slot = NULL;
	if (job->err.kind == ERR_NONE && c->command->looked != NULL)
		r->conf.hands.look(r->conf.hands.self, c->devices,
		    c->device_count, c->look_ms, looked, job);
	else
		end(job);
	begin(r);
}

static struct slot *
free_slot(struct remote *r)
{
	size_t i;

	for (i = 0; i < REMOTE_PARALLEL; i++)
		if (!r->slots[i].used)
			return &r->slots[i];
	return NULL;
}

static void
begin(struct remote *r)
{
	struct work_job work = {run, ran, NULL};
	struct job *job;
	struct slot *slot;

	while ((slot = free_slot(r)) != NULL &&
	    (job = line_take(&r->waiting)) != NULL) {
		job->slot = slot;
		slot->used = true;
		work.arg = job;
		work_submit(r->conf.loop, &work);
	}
}

/* --- from outside --- */

/* One that gets no further. */
static void
refuse(void *arg)
{
	struct job *job = arg;

	(void)err_set(&job->err, ERR_LIMIT,
	    job->remote->stopping
		? "this server is about to stop: ask again"
		: "%d commands are waiting already: ask again later",
	    REMOTE_WAITING_MAX);
	fail(job, REMOTE_FAILED);
	answer(job, true);
}

void
remote_submit(struct remote *r, const struct remote_request *request,
    remote_done_fn *done, void *cookie)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->remote = r;
	job->call.request = request;
	job->done = done;
	job->cookie = cookie;
	(void)snprintf(job->call.actor, sizeof(job->call.actor), "remote:%s",
	    request->who->name);
	buf_init(&job->body, REMOTE_BODY_MAX);
	r->pending++;
	if (r->stopping || r->waiting.count >= REMOTE_WAITING_MAX) {
		loop_defer(r->conf.loop, refuse, job);
		return;
	}
	line_add(&r->waiting, job);
	begin(r);
}

void
remote_stop(struct remote *r)
{
	struct job *job;

	r->stopping = true;
	while ((job = line_take(&r->waiting)) != NULL)
		loop_defer(r->conf.loop, refuse, job);
}

int
remote_new(
    const struct remote_conf *conf, struct remote **ret_remote, struct err *err)
{
	struct remote *r = mem_alloc(sizeof(*r));
	size_t i;

	r->conf = *conf;
	for (i = 0; i < REMOTE_PARALLEL; i++)
		if (store_open(conf->database, conf->vault, &r->slots[i].store,
			err) == -1)
			goto fail;
	if (store_open(conf->database, conf->vault, &r->log, err) == -1)
		goto fail;
	*ret_remote = r;
	return 0;
fail:
	remote_free(r);
	return -1;
}

void
remote_free(struct remote *r)
{
	size_t i;

	if (r == NULL)
		return;
	assert(r->pending == 0);
	for (i = 0; i < REMOTE_PARALLEL; i++)
		if (r->slots[i].store != NULL)
			store_close(r->slots[i].store);
	if (r->log != NULL)
		store_close(r->log);
	free(r);
}
