/*
 * What is to be done at a device, and in which order: the plan, and from one
 * step of it to the next.  How a step goes is run_step.c.
 */
#include <stdio.h>

#include "clock.h"
#include "conf.h"
#include "profile.h"
#include "run_internal.h"

/* A step may reveal that another is needed (an adopted object whose password is
 * not known): plan again, but not for ever. */
#define MOST_ROUNDS 3

/* The first plan is what was asked for, further ones what is still due. */
static void
make_plan(struct run *run)
{
	struct plan more = {.steps = NULL};
	struct policy policy;

	run_policy(run, &policy);
	if (run->no_key)
		policy.directory = false;
	run->password_wrong = false;
	play_plan(run->play, run->device, &policy, run->rounds == 0,
	    run->recovered, &more);
	plan_append(&run->plan, &more);
	run->rounds++;
	run->done_before = run->done;
}

void
run_plan(struct run *run)
{
	if (run->mode == ENGINE_LOOK || run->play == NULL) {
		run_end(run);
		return;
	}
	make_plan(run);
	if (run->mode == ENGINE_PLAN)
		run_end(run);
	else
		run_next_step(run);
}

void
run_drop_step(struct run *run)
{
	pace_leave(run);
	if (run->stepping)
		step_clear(&run->step);
	run->stepping = false;
}

static void
skip_directory(struct run *run)
{
	while ((run->no_key || run->password_wrong) &&
	    run->at < run->plan.count &&
	    run->plan.steps[run->at].kind->directory)
		run->at++;
}

/* One that was set since we looked is nobody's to set a device or to issue a
 * certificate by before it was judged; and the plan is of another time. */
int
run_check_clock(const struct run *run, struct err *err)
{
	char span[CLOCK_TEXT];
	int64_t moved;

	if (!engine_clock_moved(run->lead_ms, &moved))
		return 0;
	return err_set(err, ERR_CANCELLED,
	    "the clock here moved by %s while the device was served (was it "
	    "set, or did the machine sleep?): the next run looks again",
	    clock_span(moved / 1000, span));
}

static void
begin_step(struct run *run)
{
	const struct step_kind *kind = run->plan.steps[run->at].kind;
	struct err err;

	if (run->engine->draining) {
		(void)err_set(
		    &err, ERR_CANCELLED, "stopped before %s", kind->name);
		run_finish(run, ENGINE_PARKED, &err);
		return;
	}
	if (run_check_clock(run, &err) != 0) {
		run_finish(run, ENGINE_FAILED, &err);
		return;
	}
	step_init(&run->step, run, kind);
	run->stepping = true;
	if (kind->prepare != NULL)
		kind->prepare(&run->step);
	else
		step_prepared(&run->step, NULL);
}

/* Some steps need a place at who makes them, for as long as they last. */
static void
enter_step(struct run *run)
{
	const struct conf *conf = run->engine->deps.conf;
	const struct step_kind *kind = run->plan.steps[run->at].kind;
	char name[256];

	if (kind->authority) {
		(void)snprintf(name, sizeof(name), "ca:%s",
		    profile_tls_template(run->engine->deps.profile)->issuer);
		pace_enter(run, name, conf->per_ca, begin_step);
	} else if (kind->directory) {
		pace_enter(run, "directory", conf->per_directory, begin_step);
	} else {
		begin_step(run);
	}
}

void
run_next_step(struct run *run)
{
	run_drop_step(run);
	skip_directory(run);
	if (run->at == run->plan.count &&
	    (run->done > run->done_before || run->password_wrong) &&
	    run->rounds < MOST_ROUNDS && !run->engine->draining)
		make_plan(run);
	if (run->at == run->plan.count) {
		if (run->touched != 0)
			run_last_look(run);
		else
			run_end(run);
		return;
	}
	enter_step(run);
}
