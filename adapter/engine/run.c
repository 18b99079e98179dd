/*
 * The invariants.  Everything in this module serves them; a change that breaks
 * one is wrong however well it works.
 *
 *  1. No byte of a change leaves before its intent is committed.
 *  2. The intent alone suffices to find out what happened.
 *  3. At most one open intent per device, over all processes: a lease in the
 *     store, so `run`, `serve` and further nodes are equal workers.
 *  4. A new secret is in the journal, sealed, before any peer learns it; the
 *     old one is kept until the new one was observed to work.
 *  5. act() may run twice; observe() changes nothing.
 *  6. Settlement, device record, event and audit link are one transaction.
 *  7. "Cannot tell" never becomes "done".
 *  8. A certificate is replaced, seen in a TLS handshake, and only then is the
 *     old one removed and revoked.
 *  9. Every retry counts against a budget that survives restarts; wrong
 *     credentials: one.
 * 10. A store or vault that does not answer is not an empty one: nothing is
 *     created in its place.
 *
 * One restart rule: open intent -> observe -> applied: settle; not applied: act
 * again; cannot tell: wait, then hand to a person.
 *
 * A run is one device in flight:
 *
 *   run_start -> lease (committed) -> run_contact -> [run_recover] -> look
 *      -> run_plan -> { prepare -> intend (committed) -> act -> observe
 *      -> settle }* -> last look -> run_finish (committed) -> report
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "diagnose.h"
#include "fault.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "profile.h"
#include "run_internal.h"
#include "store.h"
#include "str.h"

/* After this many strikes only a person may try again: credentials that were
 * refused, or that the device was never seen to take; and credentials it took
 * before, when nobody saw it refuse them.  Processes do die for other reasons
 * than a password, and a fleet must not be lost to three of those. */
#define MAX_STRIKES 3
#define MAX_STRIKES_PROVEN 10

void
run_policy(const struct run *run, struct policy *ret_policy)
{
	const struct engine_deps *deps = &run->engine->deps;

	*ret_policy = (struct policy){
	    .profile = deps->profile,
	    .directory =
		deps->ports->directory.self != NULL && !run->no_directory,
	    .by_ticket = run->by_ticket,
	    .realm = deps->conf->realm,
	    .now = clock_now(),
	    .roots = run_roots(run),
	};
}

const struct port_roots *
run_roots(const struct run *run)
{
	const struct port_ca *port = &run->engine->deps.ports->ca;

	return port->roots == NULL ? NULL : port->roots(port->self);
}

void
run_diagnose(struct run *run)
{
	struct policy policy;

	if (run->device == NULL) /* gone before it was read */
		return;
	run_policy(run, &policy);
	run->reasons = diagnose(run->device, &policy);
}

/* --- waiting --- */

static void
timer_ready(void *cookie)
{
	struct run *run = cookie;
	void (*then)(struct run *) = run->timer_then;
	void (*pause_then)(struct step *) = run->pause_then;

	run->timer_then = NULL;
	run->pause_then = NULL;
	if (pause_then != NULL)
		pause_then(&run->step);
	else
		then(run);
}

static void
set_timer(struct run *run, int64_t ms)
{
	if (run->timer == NULL)
		run->timer =
		    loop_timer_new(run->engine->deps.loop, timer_ready, run);
	loop_timer_set(run->timer, (uint64_t)ms);
}

void
run_wait(struct run *run, int64_t ms, void (*then)(struct run *run))
{
	run->timer_then = then;
	set_timer(run, ms);
}

void
step_pause(struct step *step, int64_t ms, void (*then)(struct step *step))
{
	step->run->pause_then = then;
	set_timer(step->run, ms);
}

/* --- start --- */

/*
 * Refused credentials (invariant 9): the firmware locks the account after a
 * few, so a wrong password is not tried again and again, not even by a process
 * that dies each time before it can write down what happened.  A strike is a
 * visit since the last success that was refused, or of which nobody knows
 * whether it was.  What is counted if the process dies:
 *
 *   before the lease's commit    nothing: no byte leaves before it
 *   from then to the end's       nothing yet, but the lease stays behind; who
 *   commit                       takes it over counts the visit, in the same
 *                                transaction, before anything can leave again
 *   after the end's commit       the refusal, in the transaction that gave the
 *                                lease back
 *
 * So each visit is counted once, and one that ends well costs no write: its
 * lease is what was written down beforehand, and giving it back takes the
 * count back.
 */
static bool
credentials_spent(const struct run *run)
{
	const struct device *d = run->device;
	bool proven = d->seen_at != 0 &&
	    !str_eq(d->error_kind, err_kind_name(ERR_DENIED));

	return d->strikes >= (proven ? MAX_STRIKES_PROVEN : MAX_STRIKES);
}

/* Nobody knows how the visit before this one ended. */
static int
count_left_visit(struct run *run, struct err *err)
{
	run->device->strikes++;
	return store_device_save_state(
	    run->engine->deps.store, run->device, run->lease_token, err);
}

/* Between our read and the lease another worker had the device: what we read is
 * old.  With the lease comes the store's write lock, so now it is not. */
static int
load_again(struct run *run, struct err *err)
{
	device_free(run->device);
	run->device = NULL;
	return store_device_get(
	    run->engine->deps.store, run->id, &run->device, err);
}

static int
take_lease(struct run *run, struct err *err)
{
	struct store *store = run->engine->deps.store;
	const struct device *d = run->device;
	bool left = d->lease_owner != NULL;
	int64_t now = clock_now(), before = d->lease_token;

	if (d->lease_until > now && engine_owner_dead(d->lease_owner) &&
	    store_lease_drop(store, run->id, before, err) != 0)
		return -1;
	run->lease_until = now + run->engine->deps.conf->lease;
	if (store_lease_take(store, run->id, run->engine->owner, now,
		run->lease_until, &run->lease_token, err) != 0)
		return -1;
	if ((left || run->lease_token != before + 1) &&
	    load_again(run, err) != 0)
		return -1;
	return left ? count_left_visit(run, err) : 0;
}

static int
check_credentials(const struct run *run, struct err *err)
{
	if (!credentials_spent(run))
		return 0;
	return err_set(err, ERR_DENIED,
	    "its credentials were refused %lld times, or the process ended "
	    "before it saw the answer: `amtkeeper device set` with the right "
	    "password, before the device locks the account",
	    (long long)run->device->strikes);
}

int
run_take(struct run *run, struct err *err)
{
	if (store_device_get(
		run->engine->deps.store, run->id, &run->device, err) != 0 ||
	    check_credentials(run, err) != 0 || take_lease(run, err) != 0)
		return -1;
	run->leased = true;
	fault_point("run.leased");
	return check_credentials(run, err);
}

static void
finish_unleased(
    struct run *run, enum engine_outcome outcome, const struct err *err)
{
	struct err problem;

	run->outcome = outcome;
	run->err = *err;
	run->over = true;
	run_diagnose(run);
	if (engine_end(run, &problem) != 0)
		run_store_failed(run, &problem);
	else
		engine_after_commit(run, engine_done);
}

void
run_start(struct run *run)
{
	struct err err;

	run->began_ms = clock_mono_ms();
	run->lead_ms = engine_lead_ms(run->engine);
	if (run_take(run, &err) == 0)
		engine_after_commit(run, run_contact);
	else if (run->leased)
		run_contact_failed(run, &err);
	else if (err.kind == ERR_NOTFOUND || err.kind == ERR_CONFLICT ||
	    err.kind == ERR_DENIED)
		finish_unleased(run, ENGINE_SKIPPED, &err);
	else
		run_store_failed(run, &err);
}

/* --- finish --- */

int
run_event(
    struct run *run, const char *kind, const char *detail, struct err *err)
{
	const struct store_event event = {
	    .at = clock_now(),
	    .device = run->id,
	    .name = run->device->name,
	    .kind = kind,
	    .actor = run->engine->deps.actor,
	    .detail = detail,
	};

	return store_event_add(run->engine->deps.store, &event, err);
}

/* Spread over a tenth of the span, the same for the same device each time. */
static int64_t
jitter(int64_t device, int64_t span)
{
	uint8_t digest[32];
	uint32_t n;

	str_sha256(&device, sizeof(device), digest);
	memcpy(&n, digest, sizeof(n));
	return span >= 10 ? (int64_t)(n % (uint32_t)(span / 10 + 1)) : 0;
}

static int64_t
back_off(const struct run *run)
{
	const struct conf *conf = run->engine->deps.conf;
	int64_t span = conf->retry_first, i;

	for (i = 1; i < run->device->failures && span < conf->retry_most; i++)
		span *= 2;
	if (span > conf->retry_most)
		span = conf->retry_most;
	return span + jitter(run->id, span);
}

/* When serve should look at it again, and why. */
static void
schedule(struct run *run, bool went_well)
{
	struct device *d = run->device;
	const struct play *play = NULL;
	struct policy policy;
	int64_t due;

	run_policy(run, &policy);
	/* By the clock that is trusted: one set ahead, or for a moment, would
	 * have it wait for as long. */
	policy.now = (clock_mono_ms() + engine_lead_ms(run->engine)) / 1000;
	due = play_next_due(d, &policy, &play);
	if (!went_well ||
	    (run->mode == ENGINE_RUN && due != 0 && due <= policy.now)) {
		/* It failed, or is still due after all was done. */
		d->failures++;
		due = policy.now + back_off(run);
	} else {
		d->failures = 0;
	}
	/* A refused credential is not tried again by itself, not by a later
	 * failure of another kind either: a person may, until the strikes are
	 * spent. */
	if (d->strikes > 0 &&
	    (d->next_due == 0 ||
		str_eq(d->error_kind, err_kind_name(ERR_DENIED))))
		due = 0;
	d->next_due = due;
	mem_replace(&d->due_play, play == NULL ? "auto" : play->name);
}

static const char *
run_detail(const struct run *run, struct json_object **ret_object)
{
	struct json_object *o = json_object_new_object();

	(void)json_object_object_add(o, "play",
	    json_object_new_string(
		run->play == NULL ? "look" : run->play->name));
	(void)json_object_object_add(o, "outcome",
	    json_object_new_string(engine_outcome_name(run->outcome)));
	(void)json_object_object_add(
	    o, "steps", json_object_new_int64((int64_t)run->done));
	(void)json_object_object_add(o, "reasons",
	    json_object_new_string(
		run->device->reasons == NULL ? "" : run->device->reasons));
	if (run->err.kind != ERR_NONE)
		(void)json_object_object_add(
		    o, "error", json_object_new_string(run->err.text));
	*ret_object = o;
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
}

static int
finish_event(struct run *run, bool reasons_changed, struct err *err)
{
	struct json_object *o = NULL;
	int rc = 0;

	/* Looking that finds nothing new is no event. */
	if (run->mode == ENGINE_RUN && run->play != NULL)
		rc = run_event(run, "run.finished", run_detail(run, &o), err);
	else if (reasons_changed)
		rc = run_event(
		    run, "device.diagnosed", run_detail(run, &o), err);
	(void)json_object_put(o);
	return rc;
}

static void
update_record(struct run *run)
{
	struct device *d = run->device;
	bool well = run->outcome == ENGINE_OK ||
	    run->outcome == ENGINE_CHANGED || run->outcome == ENGINE_WAITING;

	if (run->mode == ENGINE_RUN) {
		d->run_at = clock_now();
		mem_replace(
		    &d->run_play, run->play == NULL ? NULL : run->play->name);
		mem_replace(&d->run_result, engine_outcome_name(run->outcome));
	}
	schedule(run, well);
}

/* Two hosts of one name in two domains claim the same AD account; the record
 * then goes without it. */
int
run_save(struct run *run, struct err *err)
{
	struct store *store = run->engine->deps.store;
	struct device *d = run->device;

	if (store_device_save_state(store, d, run->lease_token, err) == 0)
		return 0;
	if (err->kind != ERR_CONFLICT || d->ad_account == NULL)
		return -1;
	run_forget_object(d);
	mem_replace(&d->ad_account, NULL);
	return store_device_save_state(store, d, run->lease_token, err);
}

void
run_write_failed(struct run *run, const struct err *err)
{
	if (err->kind != ERR_CONFLICT) {
		run_store_failed(run, err);
		return;
	}
	/* The lease went to another worker: its word counts, nothing of ours
	 * is written. */
	run->lost = true;
	run_stop(run);
	finish_unleased(run, ENGINE_FAILED, err);
}

int
run_write_end(struct run *run, struct err *err)
{
	bool changed;
	char *reasons;

	run_diagnose(run);
	reasons = reason_list(run->reasons);
	changed = !str_eq(
	    reasons, run->device->reasons == NULL ? "" : run->device->reasons);
	mem_replace(&run->device->reasons, reasons);
	free(reasons);
	update_record(run);
	if (run_save(run, err) != 0 || finish_event(run, changed, err) != 0)
		return -1;
	return store_lease_drop(
	    run->engine->deps.store, run->id, run->lease_token, err);
}

void
run_finish(struct run *run, enum engine_outcome outcome, const struct err *err)
{
	struct err problem;

	run->outcome = outcome;
	if (err != NULL)
		run->err = *err;
	run->over = true;
	run_stop(run);
	if (run_write_end(run, &problem) != 0) {
		run_write_failed(run, &problem);
		return;
	}
	if (engine_end(run, &problem) != 0) {
		run_store_failed(run, &problem);
		return;
	}
	fault_point("run.finished");
	engine_after_commit(run, engine_done);
}

/* --- end --- */

void
run_stop(struct run *run)
{
	const struct port_device *port = &run->engine->deps.ports->device;

	if (run->visit != NULL)
		port->close(port->self, run->visit);
	run->visit = NULL;
	loop_timer_del(run->timer);
	run->timer = NULL;
	pace_leave(run);
}

void
run_free(struct run *run)
{
	run_stop(run);
	if (run->stepping)
		step_clear(&run->step);
	plan_clear(&run->plan);
	port_pki_clear(&run->pki);
	device_free(run->device);
	free(run);
}
