/* Is a schedule in time for what the fleet has? */
#include <stdlib.h>

#include "api_internal.h"
#include "capacity.h"
#include "mem.h"
#include "schedule.h"
#include "wear.h"

struct check {
	struct api_call *c;
	struct schedule *s;
	struct policy policy;
	struct wear_fleet wear;
	int64_t busy_ms;
	struct schedule_capacity found;
	struct schedule_margin *margins;
};

static int
take_duration(struct check *k, struct err *err)
{
	size_t measured = 0;

	k->busy_ms = api_body_int(k->c, "duration", 0) * 1000;
	if (k->busy_ms != 0)
		return 0;
	if (wear_measure(k->c->store, &k->busy_ms, &measured, err) != 0)
		return -1;
	return measured != 0
	    ? 0
	    : err_set(err, ERR_INVALID,
		  "duration: no run was measured yet: how many seconds does a "
		  "device take?");
}

/* Of a task, of "for", or all that the profile keeps. */
static int
take_kinds(struct check *k, struct err *err)
{
	const char *name = api_body_text(k->c, "task");
	size_t i, n = api_body_count(k->c, "for");
	struct task t = {.id = 0};
	int kind, rc;

	if (name != NULL) {
		if (n > 0 || api_body_has(k->c, "when_needed"))
			return err_set(err, ERR_INVALID,
			    "task: goes without for and when_needed");
		rc = task_find(k->c->store, name, &t, err);
		if (rc == 0)
			rc = wear_of_task(&k->wear, &t, err);
		task_clear(&t);
		return rc;
	}
	for (kind = 0; kind < WEARS; kind++) {
		k->wear.when_needed[kind] =
		    api_body_bool(k->c, "when_needed", false);
		k->wear.wanted[kind] =
		    n == 0 && wear_kept(&k->policy, (enum wear)kind);
	}
	for (i = 0; i < n; i++) {
		kind = wear_find(api_body_at(k->c, "for", i));
		if (kind < 0 || !wear_kept(&k->policy, (enum wear)kind))
			return err_set(err, ERR_INVALID,
			    "for: the profile keeps no %.40s that runs out",
			    api_body_at(k->c, "for", i));
		k->wear.wanted[kind] = true;
	}
	return 0;
}

/* The whole fleet, unless the body says for whom. */
static int
take_devices(struct check *k, struct err *err)
{
	static const char *const members[] = {
	    "devices", "group", "tag", "query", "all"};
	struct api_aim aim = {.target = TASK_ALL};
	struct task_run run = {.id = 0};
	bool aimed = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		aimed = aimed || api_body_has(k->c, members[i]);
	if (aimed)
		rc = api_aim(k->c, &aim, err);
	run.target = (enum task_target)aim.target;
	run.target_id = aim.id;
	run.query = mem_dup(aim.query);
	if (rc == 0)
		rc = wear_take_aim(&k->wear, k->c->store, &run, aim.devices.ids,
		    aim.devices.count, err);
	free(aim.devices.ids);
	task_run_clear(&run);
	if (rc == 0 && k->wear.deadline_count == 0)
		return err_set(err, ERR_NOTFOUND,
		    "of none of these %zu devices is known when a certificate "
		    "or password ends",
		    k->wear.devices);
	return rc;
}

static int
write_kind(struct check *k, enum wear kind, struct err *err)
{
	struct api_call *c = k->c;
	const struct schedule_margin *m;
	struct wear_sum sum;
	bool ends;

	if (!wear_sum(&k->wear, k->margins, kind, &sum))
		return 0;
	m = &k->margins[sum.closest];
	ends = m->seconds != INT64_MAX; /* in the time looked at */
	api_put_text(c, wear_name(kind));
	api_put_int(c, sum.count);
	api_put_int(c, sum.late);
	api_put_int(c, ends ? m->seconds : 0);
	api_put_text(c,
	    ends ? k->wear.names[k->wear.deadlines[sum.closest].device] : NULL);
	api_put_int(c, ends ? m->end : 0);
	api_put_int(c, ends ? m->renewed : 0);
	api_put_int(c, (int64_t)k->found.runs);
	api_put_int(c, k->found.longest);
	api_put_int(c, k->found.to);
	api_put_int(c, (int64_t)k->found.unserved);
	api_put_int(c, (int64_t)k->found.overlaps);
	api_put_int(c, (k->busy_ms + 999) / 1000);
	return api_row_end(c, err);
}

static int
answer(struct check *k, struct err *err)
{
	int kind;

	k->margins = wear_go_through(&k->wear, k->s, k->busy_ms,
	    api_body_int(k->c, "parallel", k->c->parallel), &k->found);
	api_page_begin(k->c, &api_check_row);
	for (kind = 0; kind < WEARS; kind++)
		if (write_kind(k, (enum wear)kind, err) != 0)
			return -1;
	api_page_end(k->c, NULL);
	return 0;
}

/* What costs little comes first, so that a mistake walks over no fleet. */
int
api_schedules_check(struct api_call *c, struct err *err)
{
	struct check k = {.c = c, .policy = *c->policy};
	int rc;

	k.policy.now = c->now;
	k.wear.policy = &k.policy;
	if (schedule_parse(api_body_text(c, "schedule"), &k.s, err) != 0)
		return -1;
	rc = schedule_trigger(k.s) == SCHEDULE_CLOCK
	    ? take_kinds(&k, err)
	    : err_set(err, ERR_INVALID,
		  "schedule: does not go by the clock: nobody knows when it "
		  "runs");
	if (rc == 0)
		rc = schedule_runs(k.s, c->now, err);
	if (rc == 0)
		rc = take_duration(&k, err);
	if (rc == 0)
		rc = take_devices(&k, err);
	if (rc == 0)
		rc = answer(&k, err);
	free(k.margins);
	wear_free(&k.wear);
	schedule_free(k.s);
	return rc;
}
