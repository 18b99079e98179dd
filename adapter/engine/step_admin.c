#include <json-c/json.h>

#include "clock.h"
#include "device.h"
#include "journal.h"
#include "profile.h"
#include "run_internal.h"
#include "secret.h"
#include "step_internal.h"
#include "store.h"
#include "str.h"

/*
 * The Digest admin password.  The candidate is in the journal before the device
 * learns it.  Which of the two is valid is found out by logging in, with one of
 * them: a run in which it is refused ends there, as the other may be wrong as
 * well, and the next run tries that one.  Whose turn it is stands in the
 * intent:
 *
 *   tried     what a recovery was about to log in with; written before it does,
 *             so the next takes the other one even if this one died
 *   refused   what was seen to be refused
 *
 * A locked account refuses the right one as well, in the same words: so both
 * keep their turns, and a password that a person gives comes first.
 */

/* Firmware counts failures; leave it air between two of them. */
#define SECOND_LOGIN_MS 2000
#define ARG_TRIED "tried"
#define ARG_REFUSED "refused"
#define OLD "old"
#define NEW "new"
#define BOTH "both"

/*
 * AMT's rule: 8 to 32 of ASCII 32..126 without : , " with a digit, a lower and
 * an upper case letter and one that is no letter or digit ("_" does not count).
 * These survive XML and every shell quoting.
 */
static struct secret *
make_password(size_t len)
{
	static const char alphabet[] =
	    "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
	    "!@#$%^*";
	bool lower, upper, digit, other;
	struct secret *s;
	const char *c;

	for (;;) {
		s = secret_random_text(alphabet, len);
		lower = upper = digit = other = false;
		for (c = secret_text(s); *c != '\0'; c++) {
			if (*c >= 'a' && *c <= 'z')
				lower = true;
			else if (*c >= 'A' && *c <= 'Z')
				upper = true;
			else if (*c >= '0' && *c <= '9')
				digit = true;
			else
				other = true;
		}
		if (lower && upper && digit && other)
			return s;
		secret_free(s);
	}
}

static void
admin_prepare(struct step *step)
{
	step->secret = make_password(
	    (size_t)step->run->engine->deps.profile->admin_password_length);
	step_arg_set(step, "user", step->run->device->admin_user);
	step_prepared(step, NULL);
}

static void
admin_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	/* The old one was good just now: what was found out before is no
	 * more. */
	step->flag = true;
	json_object_object_del(step->args, ARG_TRIED);
	json_object_object_del(step->args, ARG_REFUSED);
	port->password_set(
	    port->self, step->run->visit, step->secret, step_acted_port, step);
}

/* Into the journal, with the turn's commit. */
static int
note(struct step *step)
{
	struct run *run = step->run;
	struct err err;

	if (journal_note(run->engine->deps.store, step->intent,
		json_object_to_json_string_ext(
		    step->args, JSON_C_TO_STRING_PLAIN),
		&err) == 0)
		return 0;
	run_write_failed(run, &err);
	return -1;
}

static void
refused(struct step *step, const char *which, const struct err *why)
{
	const char *before = step_arg(step, ARG_REFUSED);
	bool both = before != NULL && !str_eq(before, which);
	struct err err = *why;

	step_arg_set(step, ARG_TRIED, which);
	step_arg_set(step, ARG_REFUSED, both ? BOTH : which);
	if (note(step) != 0)
		return;
	if (both)
		(void)err_context(&err,
		    "the device accepts neither the old nor the new admin "
		    "password; if it was locked, the next run tries them "
		    "again");
	else
		(void)err_context(&err,
		    "the device does not accept the %s admin password, the "
		    "next run tries the other",
		    which);
	step_seen(step, both ? SEEN_CANNOT_TELL : SEEN_REFUSED_ONE, &err);
}

static void
new_tried(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		step_seen(step, SEEN_APPLIED, NULL);
	else if (err->kind != ERR_DENIED)
		step_seen(step, SEEN_CANNOT_TELL, err);
	else
		refused(step, NEW, err);
}

static void
old_tried(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	secret_free(step->borrowed);
	step->borrowed = NULL;
	if (err->kind == ERR_NONE)
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	else if (err->kind != ERR_DENIED)
		step_seen(step, SEEN_CANNOT_TELL, err);
	else
		refused(step, OLD, err);
}

static void
try_new(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->check_login(
	    port->self, step->run->visit, step->secret, new_tried, step);
}

static void
try_old(struct step *step)
{
	const struct port_device *port = step_device(step);
	struct run *run = step->run;
	struct err err;

	if (store_secret_get(run->engine->deps.store, run->id,
		STORE_SECRET_ADMIN, &step->borrowed, &err) != 0) {
		step_seen(step, SEEN_CANNOT_TELL, &err);
		return;
	}
	port->check_login(
	    port->self, run->visit, step->borrowed, old_tried, step);
}

/* --- whose turn it is --- */

static void
try_in_turn(struct step *step)
{
	if (str_eq(step_arg(step, ARG_TRIED), OLD))
		try_old(step);
	else
		try_new(step);
}

static void
turn_noted(struct run *run)
{
	struct step *step = &run->step;

	if (run->abandoned)
		return;
	if (step_arg(step, ARG_REFUSED) != NULL)
		step_pause(step, SECOND_LOGIN_MS, try_in_turn);
	else
		try_in_turn(step);
}

/* Did a person give us another old one? That takes the strikes back. */
static bool
old_is_another(const struct run *run)
{
	struct store *store = run->engine->deps.store;
	struct secret *now = NULL, *before = NULL;
	struct err err;
	bool another;

	another = run->device->strikes == 0 &&
	    store_secret_get(store, run->id, STORE_SECRET_ADMIN, &now, &err) ==
		0 &&
	    store_secret_previous(
		store, run->id, STORE_SECRET_ADMIN, 1, &before, &err) == 0 &&
	    !secret_equal(now, before);
	secret_free(now);
	secret_free(before);
	return another;
}

/* The journal knows the intent and not how the device took it: most likely it
 * was told the new one before the process ended. */
static const char *
whose_turn(const struct step *step)
{
	const char *tried = step_arg(step, ARG_TRIED);

	if (str_eq(step_arg(step, ARG_REFUSED), BOTH) &&
	    old_is_another(step->run))
		return OLD;
	return tried == NULL || str_eq(tried, OLD) ? NEW : OLD;
}

static void
take_turn(struct step *step)
{
	step_arg_set(step, ARG_TRIED, whose_turn(step));
	step->number = 1;
	if (note(step) == 0)
		engine_after_commit(step->run, turn_noted);
}

static void
admin_observe(struct step *step)
{
	if (step->flag) {
		/* What this process did: the device said that it did not take
		 * the new one, or may have. */
		if (step->act_err.kind == ERR_REFUSED)
			try_old(step);
		else
			try_new(step);
	} else if (step->number != 0) {
		try_in_turn(step); /* nobody answered: once more */
	} else {
		take_turn(step);
	}
}

static void
admin_settled(struct step *step)
{
	const struct port_device *port = step_device(step);
	struct run *run = step->run;
	struct err err;

	if (store_secret_put(run->engine->deps.store, run->id,
		STORE_SECRET_ADMIN, step->secret, clock_now(), &err) != 0) {
		run_store_failed(run, &err);
		return;
	}
	run->device->admin_password_at = clock_now();
	port->password_use(port->self, run->visit, step->secret);
}

const struct step_kind step_admin_password = {
    .name = "admin.password",
    .patience_ms = 60000,
    .prepare = admin_prepare,
    .act = admin_act,
    .observe = admin_observe,
    .settled = admin_settled,
};
