#include "ad_repair.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "desk.h"
#include "device.h"
#include "directory.h"
#include "engine.h"
#include "err.h"
#include "fault.h"
#include "loop.h"
#include "mem.h"
#include "our_clock.h"
#include "plan.h"
#include "store.h"
#include "str.h"

struct repairs {
	struct daemon *d;
	const struct repair_job *job;
	struct desk *desk;
	struct err *results; /* of those that the task makes, by place */
};

/* --- the audit chain --- */

static void
add_text(struct json_object *to, const char *key, const char *text)
{
	if (text != NULL)
		json_object_object_add(to, key, json_object_new_string(text));
}

/* {"code":...,"object":...,"way":...}, given. */
static char *
detail_of(const struct repair *r, const struct err *how)
{
	struct json_object *detail = json_object_new_object();
	char *words = repair_words(r), *text;

	add_text(detail, "code", r->code);
	add_text(detail, "object", r->object);
	add_text(detail, "account", r->account);
	add_text(detail, "change", words);
	if (how != NULL && how->kind != ERR_NONE)
		add_text(detail, "error", how->text);
	text = mem_dup(
	    json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN));
	json_object_put(detail);
	free(words);
	return text;
}

/* An event that is durable when this returns 0. */
static int
tell(struct repairs *all, const struct repair *r, const char *kind,
    const struct err *how, struct err *err)
{
	char *detail = detail_of(r, how);
	struct device *device = NULL;
	struct store_event event = {.at = clock_now(),
	    .name = r->device,
	    .kind = kind,
	    .actor = all->job->actor,
	    .detail = detail};
	int rc;

	if (r->device != NULL &&
	    store_device_find(all->d->store, r->device, &device, NULL) == 0)
		event.device = device->id;
	rc = store_event_add(all->d->store, &event, err);
	if (rc == 0)
		rc = store_commit(all->d->store, err);
	device_free(device);
	free(detail);
	return rc;
}

/* --- one write --- */

struct write {
	const struct repair *r;
	bool so; /* what was read */
};

static struct directory_amendment
amendment_of(const struct repair *r)
{
	return (struct directory_amendment){.dn = r->object,
	    .attribute = r->attribute,
	    .drop = r->drop,
	    .add = r->add,
	    .mark = r->mark};
}

static int
do_look(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct write *w = cookie;
	const struct directory_amendment a = amendment_of(w->r);
	struct err why = {.kind = ERR_NONE};
	char *dn = NULL;
	int rc;

	(void)krb;
	if (w->r->way != REPAIR_DELETE)
		return directory_amended(directory, &a, &w->so, err);
	rc = directory_dn(directory, w->r->object, &dn, &why);
	free(dn);
	w->so = rc != 0 && why.kind == ERR_NOTFOUND;
	if (rc == 0 || w->so)
		return 0;
	*err = why;
	return -1;
}

static int
do_write(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	const struct write *w = cookie;
	const struct directory_amendment a = amendment_of(w->r);
	const struct directory_wish whose = {
	    .account = w->r->account, .description = w->r->mark};
	char *dn = NULL;
	int rc;

	(void)krb;
	if (w->r->way == REPAIR_VALUES)
		return directory_amend(directory, &a, err);
	rc = directory_retire(directory, &whose,
	    w->r->way == REPAIR_DELETE ? DIRECTORY_DELETED : DIRECTORY_DISABLED,
	    &dn, err);
	free(dn);
	return rc;
}

static int
at_desk(struct repairs *all, desk_fn *fn, struct write *w, struct err *err)
{
	const struct desk_job job = {
	    .need = DESK_DIRECTORY, .fn = fn, .cookie = w};

	return desk_work(all->desk, &job, err);
}

/* What the object shows counts, not what was answered. */
static void
observe(struct repairs *all, struct write *w, struct err *how)
{
	struct err why = {.kind = ERR_NONE};

	w->so = false;
	if (at_desk(all, do_look, w, &why) != 0 && how->kind == ERR_NONE)
		(void)err_set(how, ERR_UNKNOWN,
		    "written, but it could not be read again: %.150s",
		    why.text);
	else if (w->so)
		err_clear(how);
	else if (how->kind == ERR_NONE)
		(void)err_set(how, ERR_CONFLICT,
		    "written, but the object shows other values");
}

static int
write_one(struct repairs *all, const struct repair *r, struct err *err)
{
	struct err how = {.kind = ERR_NONE};
	struct write w = {.r = r};
	int rc;

	/* It may be so already, and must still be ours. */
	if (at_desk(all, do_look, &w, &how) != 0 || w.so)
		return all->job->done(all->job->cookie, r, &how, err);
	if (tell(all, r, "directory.repairing", NULL, err) != 0)
		return -1;
	fault_point("repair.told");
	(void)at_desk(all, do_write, &w, &how);
	fault_point("repair.written");
	observe(all, &w, &how);
	rc = tell(all, r,
	    how.kind == ERR_NONE ? "directory.repaired"
				 : "directory.repair-failed",
	    &how, err);
	return rc != 0 ? rc : all->job->done(all->job->cookie, r, &how, err);
}

/* --- by the engine --- */

static void
reported(void *cookie, const struct engine_report *report)
{
	struct repairs *all = cookie;
	const struct repair *r;
	size_t i;

	for (i = 0; i < all->job->count; i++) {
		r = &all->job->list[i];
		if (r->way != REPAIR_BY_TASK ||
		    !str_eq(r->device, report->device->name))
			continue;
		all->results[i] = *report->err;
		if (report->err->kind == ERR_NONE &&
		    report->outcome >= ENGINE_FAILED)
			(void)err_set(&all->results[i], ERR_REFUSED, "%s",
			    engine_outcome_name(report->outcome));
	}
}

static void
idle(void *cookie)
{
	struct repairs *all = cookie;

	loop_stop(all->d->loop);
}

static int
drive(struct repairs *all, struct err *err)
{
	struct err broken = {.kind = ERR_NONE};

	if (engine_pending(all->d->engine) > 0)
		loop_run(all->d->loop);
	if (!engine_broken(all->d->engine, &broken))
		return 0;
	*err = broken;
	return -1;
}

/* What an earlier process left open comes first, as in a run. */
static int
run_tasks(struct repairs *all, struct err *err)
{
	const struct play *play = play_find(REPAIR_TASK);
	struct device *device;
	int64_t offset_ms;
	size_t i, left;

	if (our_clock_check(all->d, &offset_ms, err) != 0)
		return -1;
	engine_on_report(all->d->engine, reported, all);
	engine_on_idle(all->d->engine, idle, all);
	if (engine_recover(all->d->engine, &left, err) != 0 ||
	    drive(all, err) != 0)
		return -1;
	for (i = 0; i < all->job->count; i++) {
		const struct repair *r = &all->job->list[i];

		if (r->way != REPAIR_BY_TASK)
			continue;
		(void)err_set(&all->results[i], ERR_CONFLICT,
		    "the device was not worked on");
		if (store_device_find(all->d->store, r->device, &device, err) !=
		    0)
			return -1;
		engine_submit(all->d->engine, device->id, ENGINE_RUN, play);
		device_free(device);
	}
	return drive(all, err);
}

static int
tell_tasks(struct repairs *all, struct err *err)
{
	const struct repair *r;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < all->job->count; i++) {
		r = &all->job->list[i];
		if (r->way == REPAIR_BY_TASK)
			rc = all->job->done(
			    all->job->cookie, r, &all->results[i], err);
	}
	return rc;
}

static bool
has_tasks(const struct repair_job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->list[i].way == REPAIR_BY_TASK)
			return true;
	return false;
}

int
repair_run(struct daemon *d, const struct repair_job *job, struct err *err)
{
	struct repairs all = {.d = d, .job = job};
	struct office *office = office_new(d->conf);
	size_t i;
	int rc = 0;

	all.desk = desk_new(office);
	for (i = 0; rc == 0 && i < job->count; i++)
		if (job->list[i].way != REPAIR_BY_TASK)
			rc = write_one(&all, &job->list[i], err);
	if (rc == 0 && has_tasks(job)) {
		all.results = mem_array(job->count, sizeof(*all.results));
		rc = run_tasks(&all, err);
		if (rc == 0)
			rc = tell_tasks(&all, err);
		free(all.results);
	}
	desk_free(all.desk);
	office_free(office);
	return rc;
}
