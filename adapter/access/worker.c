/* Jobs, one after the other, on a worker. */
#include <assert.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <string.h>

#include "clock.h"
#include "login_internal.h"
#include "work.h"

static void start_next(struct access *a);

static void
run(void *arg)
{
	struct access_job *job = arg;

	job->run(job);
	/* What broke off in the middle must not be found by the next. */
	store_rollback(job->a->worker);
}

static void
ended(void *arg)
{
	struct access_job *job = arg;
	struct access *a = job->a;

	a->busy = false;
	job->done(job);
	start_next(a);
	access_check_end(a);
}

static void
start_next(struct access *a)
{
	struct work_job work = {.run = run, .done = ended};
	struct access_job *job;

	while (!a->busy && (job = a->first) != NULL) {
		a->first = job->next;
		if (a->first == NULL)
			a->last = NULL;
		a->waiting--;
		if (a->stopping) {
			job->drop(job);
			continue;
		}
		if (job->begin != NULL && !job->begin(job))
			continue;
		a->busy = true;
		work.arg = job;
		work_submit(a->loop, &work);
	}
}

void
access_job_add(struct access *a, struct access_job *job)
{
	job->a = a;
	job->next = NULL;
	if (a->last != NULL)
		a->last->next = job;
	else
		a->first = job;
	a->last = job;
	a->waiting++;
	start_next(a);
}

static void
tell_stopped(void *cookie)
{
	struct access *a = cookie;
	void (*stopped)(void *) = a->stopped;

	a->stopped = NULL;
	if (stopped != NULL)
		stopped(a->stopped_cookie);
}

void
access_check_end(struct access *a)
{
	if (a->stopping && !a->busy && a->owed == 0 && a->stopped != NULL)
		loop_defer(a->loop, tell_stopped, a);
}

void
access_stop(struct access *a, void (*done)(void *cookie), void *cookie)
{
	assert(!a->stopping);
	a->stopping = true;
	a->stopped = done;
	a->stopped_cookie = cookie;
	start_next(a);
	access_check_end(a);
}

int
access_event(
    struct store *s, const char *kind, const char *actor, struct err *err, ...)
{
	struct json_object *detail = json_object_new_object();
	struct store_event e = {
	    .at = clock_now(), .kind = kind, .actor = actor};
	const char *key, *value;
	va_list args;
	int rc;

	va_start(args, err);
	while ((key = va_arg(args, const char *)) != NULL) {
		value = va_arg(args, const char *);
		if (value != NULL)
			(void)json_object_object_add(
			    detail, key, json_object_new_string(value));
	}
	va_end(args);
	e.detail =
	    json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN);
	rc = store_event_add(s, &e, err);
	(void)json_object_put(detail);
	return rc;
}
