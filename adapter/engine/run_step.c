#include <string.h>

#include <json-c/json.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "fault.h"
#include "journal.h"
#include "log.h"
#include "mem.h"
#include "run_internal.h"
#include "secret.h"
#include "store.h"

/*
 * intend -> commit -> act -> observe -> settle, for one step after the other.
 * What is true if the process dies:
 *
 *   before the intent's commit   nothing happened, nothing is recorded
 *   after it, before act()       the intent is open, and the record says who
 *                                the device is and what was read of it;
 *                                observe() finds "not applied", the recovery
 *                                closes it
 *   in or after act()            the intent is open; observe() finds either
 *   after observe()              the same: observing changed nothing
 *   before settle's commit       the same: record and settlement are one
 *   after it                     record, event and journal agree
 */

#define FIRST_WAIT_MS 250
#define LONGEST_WAIT_MS 5000
#define AGAIN_WAIT_MS 1000

static void observe(struct run *run);

/* --- events --- */

static int
step_event(struct run *run, const char *what, const char *why, struct err *err)
{
	struct step *step = &run->step;
	const struct plan_step *planned =
	    run->recovering || run->at >= run->plan.count
	    ? NULL
	    : &run->plan.steps[run->at];
	struct json_object *o = json_object_new_object();
	int rc;

	(void)json_object_object_add(
	    o, "step", json_object_new_string(step->kind->name));
	(void)json_object_object_add(
	    o, "attempts", json_object_new_int64(step->attempts));
	if (run->recovering)
		(void)json_object_object_add(
		    o, "recovered", json_object_new_boolean(1));
	if (planned != NULL) {
		(void)json_object_object_add(
		    o, "reason", json_object_new_string(planned->reason));
		(void)json_object_object_add(
		    o, "from", json_object_new_string(planned->from));
		(void)json_object_object_add(
		    o, "to", json_object_new_string(planned->to));
	}
	if (why != NULL)
		(void)json_object_object_add(
		    o, "error", json_object_new_string(why));
	run_count_step(step->kind->name, what + strlen("step."));
	rc = run_event(run, what,
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), err);
	(void)json_object_put(o);
	return rc;
}

/* Long plans outlive a lease: it is prolonged with each step. */
static int
renew_lease(struct run *run, struct err *err)
{
	run->lease_until = clock_now() + run->engine->deps.conf->lease;
	return store_lease_renew(run->engine->deps.store, run->id,
	    run->lease_token, run->lease_until, err);
}

/* --- fail and park --- */

/* The step is known not to be so, and is given up. */
static void
step_failed(struct run *run, const struct err *why)
{
	struct err err = *why;

	(void)err_context(&err, "%s", run->step.kind->name);
	log_line(LOG_INFO, "step.failed", "device=%s step=%s error=\"%s\"",
	    run->device->name, run->step.kind->name, why->text);
	if (run_refused(why)) {
		run_contact_failed(run, &err);
	} else if (run->step.kind->soft) {
		run_soft_failure(run, &err);
		run->no_key = run->no_key || run->step.kind->directory;
		run->at++;
		run_next_step(run);
	} else {
		run_finish(run, ENGINE_FAILED, &err);
	}
}

/* A recovery is at its end, nothing is open any more: go on as usual. */
static void
recovered(struct run *run)
{
	run_drop_step(run);
	run->recovering = false;
	run_contact(run);
}

static void
settle_failed(struct run *run, const struct err *why)
{
	struct store *store = run->engine->deps.store;
	struct err reason = *why, err;

	if (run_save(run, &err) != 0 ||
	    journal_settle(store, run->step.intent, JOURNAL_FAILED, reason.text,
		clock_now(), &err) != 0 ||
	    step_event(run, "step.failed", reason.text, &err) != 0) {
		run_write_failed(run, &err);
		return;
	}
	fault_point("step.settled.failed");
	if (run->recovering)
		recovered(run);
	else
		step_failed(run, &reason);
}

/* The outcome cannot be found out now: the intent stays open. */
static void
park(struct run *run, const struct err *why, enum reason code)
{
	struct store *store = run->engine->deps.store;
	struct device *d = run->device;
	struct err reason = *why, err;

	if (renew_lease(run, &err) != 0 ||
	    journal_park(store, run->step.intent, reason.text, &err) != 0 ||
	    step_event(run, "step.parked", reason.text, &err) != 0) {
		run_write_failed(run, &err);
		return;
	}
	mem_replace(&d->error_kind, err_kind_name(reason.kind));
	mem_replace(&d->error_code, reason_code(code));
	mem_replace(&d->error_text, reason.text);
	d->error_at = clock_now();
	run_count_refusal(run, &reason);
	(void)err_context(&reason, "%s", run->step.kind->name);
	log_line(LOG_WARN, "step.parked", "device=%s step=%s error=\"%s\"",
	    d->name, run->step.kind->name, reason.text);
	run_finish(run, ENGINE_PARKED, &reason);
}

/* --- settle --- */

/* The step's intent is at its end: its plan, or after a recovery the usual way
 * from the start. */
static void
go_on(struct run *run)
{
	if (run->recovering) {
		recovered(run);
		return;
	}
	run->at++;
	run_next_step(run);
}

/* Record, settlement, event and audit link: one transaction, fenced by the
 * lease before anything else is written. */
static int
write_settled(struct run *run, const char *event, const char *result,
    const char *why, struct err *err)
{
	struct store *store = run->engine->deps.store;

	if (run_save(run, err) != 0 ||
	    journal_settle(store, run->step.intent, JOURNAL_DONE, result,
		clock_now(), err) != 0)
		return -1;
	return step_event(run, event, why, err);
}

static void
settle_done(struct run *run)
{
	struct step *step = &run->step;
	struct err err;

	if (renew_lease(run, &err) != 0) {
		run_write_failed(run, &err);
		return;
	}
	if (step->kind->settled != NULL)
		step->kind->settled(step);
	if (run->engine->broken)
		return;
	if (write_settled(run, "step.done", "seen", NULL, &err) != 0) {
		run_store_failed(run, &err);
		return;
	}
	fault_point("step.settled");
	run->done++;
	run->touched |= step->kind->touches;
	if (run->recovering)
		run->recovered |= play_part_of_step(step->kind->name);
	go_on(run);
}

/*
 * What the intent was for is with another party, who keeps it under our key and
 * will be asked again with a new intent: this one is at its end, and the plan
 * goes on with what does not depend on it.  The device is not touched by it.
 */
static void
settle_waiting(struct run *run, const struct err *why)
{
	struct err reason = *why, err;

	if (renew_lease(run, &err) != 0) {
		run_write_failed(run, &err);
		return;
	}
	if (write_settled(run, "step.waiting", "waiting", reason.text, &err) !=
	    0) {
		run_store_failed(run, &err);
		return;
	}
	fault_point("step.settled.waiting");
	run->waiting = true;
	go_on(run);
}

/* --- act --- */

/* Not by a lease that ran out while this machine slept, or its disk: whoever
 * took the device then may have closed our intent, and its candidate is gone.
 */
static void
act(struct run *run)
{
	struct err err;

	if (run->abandoned)
		return;
	fault_point("step.intended");
	if (clock_now() >= run->lease_until) {
		if (renew_lease(run, &err) != 0)
			run_write_failed(run, &err);
		else
			engine_after_commit(run, act);
		return;
	}
	err_clear(&run->step.act_err);
	run->step.kind->act(&run->step);
}

static void
act_again(struct run *run)
{
	struct err err;

	if (renew_lease(run, &err) != 0 ||
	    journal_again(run->engine->deps.store, run->step.intent, &err) !=
		0) {
		run_write_failed(run, &err);
		return;
	}
	run->step.attempts++;
	engine_after_commit(run, act);
}

static void
intend(struct run *run)
{
	struct step *step = &run->step;
	const struct journal_intent intent = {
	    .device = run->id,
	    .play = run->play->name,
	    .step = step->kind->name,
	    .args = json_object_to_json_string_ext(
		step->args, JSON_C_TO_STRING_PLAIN),
	    .secret = step->secret,
	};
	struct err err;

	/* Whoever recovers has to find the device again, by its certificate and
	 * realm: at first contact they are known to this process alone. */
	if (!run->recorded && run_save(run, &err) != 0) {
		run_write_failed(run, &err);
		return;
	}
	run->recorded = true;
	step->attempts = 1;
	step->opened_at = clock_now();
	if (journal_intend(run->engine->deps.store, &intent, run->lease_token,
		step->opened_at, &step->intent, &err) != 0) {
		if (err.kind == ERR_CONFLICT)
			run_finish(run, ENGINE_FAILED, &err);
		else
			run_store_failed(run, &err);
		return;
	}
	engine_after_commit(run, act);
}

void
step_prepared(struct step *step, const struct err *err)
{
	struct run *run = step->run;
	struct err why;

	if (run->abandoned)
		return;
	if (err != NULL && err->kind != ERR_NONE) {
		step_failed(run, err);
		return;
	}
	if (step->skip) {
		run->at++;
		run_next_step(run);
		return;
	}
	if (run_check_clock(run, &why) != 0) {
		run_finish(run, ENGINE_FAILED, &why);
		return;
	}
	fault_point("step.prepared");
	intend(run);
}

/* --- observe --- */

void
step_acted(struct step *step, const struct err *err)
{
	struct run *run = step->run;

	if (run->abandoned)
		return;
	fault_point("step.acted");
	step->act_err = *err;
	step->first_seen_ms = clock_mono_ms();
	if (err->kind == ERR_UNREACHABLE || err->kind == ERR_DENIED)
		step_seen(step, SEEN_NOT_APPLIED, NULL); /* certainly */
	else
		observe(run);
}

static void
observe(struct run *run)
{
	if (run->abandoned)
		return;
	run->step.elsewhere = false;
	run->step.kind->observe(&run->step);
}

/* Not so.  Another try, if the peer did not plainly refuse and the budget
 * allows; the count is in the journal, so a restart does not refill it. */
static void
not_applied(struct run *run, const struct err *err)
{
	const struct step *step = &run->step;
	bool refused =
	    step->act_err.kind != ERR_NONE && !err_is_transient(&step->act_err);
	struct err why = step->act_err;

	if (run->mode == ENGINE_RUN && !refused && !run->engine->draining &&
	    run_check_clock(run, NULL) == 0 &&
	    step->attempts < run->engine->deps.conf->attempts) {
		run_wait(run, AGAIN_WAIT_MS * step->attempts, act_again);
		return;
	}
	if (err != NULL && !refused)
		why = *err;
	else if (why.kind == ERR_NONE)
		(void)err_set(&why, ERR_REFUSED,
		    "the change was answered as done but is not there");
	settle_failed(run, &why);
}

static void
cannot_tell(struct run *run, const struct err *err)
{
	const struct step *step = &run->step;
	int64_t waited = clock_mono_ms() - step->first_seen_ms;
	int64_t wait = waited < FIRST_WAIT_MS ? FIRST_WAIT_MS : waited;

	if (!err_is_transient(err) || waited >= step->kind->patience_ms ||
	    run->engine->draining) {
		park(run, err,
		    err_is_transient(err) && !step->elsewhere
			? diagnose_error(err)
			: REASON_PARKED);
		return;
	}
	if (wait > LONGEST_WAIT_MS)
		wait = LONGEST_WAIT_MS;
	run_wait(run, wait, observe);
}

/* A strike, but no reason to wait for a person: there is another credential,
 * and the next run comes by itself to try it. */
static void
refused_one(struct run *run, const struct err *err)
{
	struct err why = *err;

	run_count_refusal(run, err);
	why.kind = ERR_UNKNOWN;
	park(run, &why, REASON_CREDENTIALS);
}

void
step_seen(struct step *step, enum seen seen, const struct err *err)
{
	struct run *run = step->run;

	if (run->abandoned)
		return;
	fault_point("step.observed");
	switch (seen) {
	case SEEN_APPLIED:
		settle_done(run);
		break;
	case SEEN_NOT_APPLIED:
		not_applied(run, err);
		break;
	case SEEN_CANNOT_TELL:
		cannot_tell(run, err);
		break;
	case SEEN_REFUSED_ONE:
		refused_one(run, err);
		break;
	case SEEN_WAITING:
		settle_waiting(run, err);
		break;
	}
}

/* --- recover --- */

static int
load_open(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct run *run = cookie;
	const struct step_kind *kind = step_kind_find(intent->step);
	struct json_object *args;

	if (kind == NULL)
		return err_set(err, ERR_INVALID,
		    "journal: step \"%s\" is not known to this version",
		    intent->step);
	step_init(&run->step, run, kind);
	run->stepping = true;
	run->recovering = true;
	args = json_tokener_parse(intent->args);
	if (args != NULL) {
		(void)json_object_put(run->step.args);
		run->step.args = args;
	}
	if (intent->secret != NULL)
		run->step.secret = secret_copy(intent->secret);
	run->step.intent = intent->id;
	run->step.attempts = intent->attempts;
	run->step.opened_at = intent->opened_at;
	(void)err_set(&run->step.act_err, ERR_UNKNOWN,
	    "the process that made this change ended before it saw the "
	    "outcome");
	run->step.first_seen_ms = clock_mono_ms();
	return 0;
}

bool
run_recover(struct run *run)
{
	struct err err;

	if (journal_scan_open(
		run->engine->deps.store, run->id, load_open, run, &err) != 0) {
		if (err.kind == ERR_INVALID)
			run_finish(run, ENGINE_PARKED, &err);
		else
			run_store_failed(run, &err);
		return true;
	}
	if (!run->recovering)
		return false;
	log_line(LOG_NOTE, "step.recovering", "device=%s step=%s",
	    run->device->name, run->step.kind->name);
	observe(run);
	return true;
}
