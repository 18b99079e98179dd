#include "clock.h"
#include "device.h"
#include "profile.h"
#include "run_internal.h"
#include "secret.h"
#include "step_internal.h"
#include "store.h"

/*
 * The Digest admin password.  The candidate is in the journal before the device
 * learns it.  Which of the two is valid is found out by logging in: with the
 * one that is more likely first, so that at most one wrong credential leaves
 * before a right one.
 */

/* Firmware counts failures; leave it air between two attempts. */
#define SECOND_LOGIN_MS 2000

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

	port->password_set(
	    port->self, step->run->visit, step->secret, step_acted_port, step);
}

static void try_old(struct step *step);
static void try_new(struct step *step);

/* step->flag: one of the two was refused already.  A strike for it; the other
 * is counted with the end of the run. */
static void
both_refused(struct step *step, const struct err *second)
{
	struct err err = *second;

	run_count_refusal(step->run, second);
	(void)err_context(&err,
	    "the device accepts neither the old nor the new admin password");
	step_seen(step, SEEN_CANNOT_TELL, &err);
}

static void
new_tried(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE) {
		step_seen(step, SEEN_APPLIED, NULL);
	} else if (err->kind != ERR_DENIED) {
		step_seen(step, SEEN_CANNOT_TELL, err);
	} else if (step->flag) {
		both_refused(step, err);
	} else {
		step->flag = true;
		step_pause(step, SECOND_LOGIN_MS, try_old);
	}
}

static void
try_new(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->check_login(
	    port->self, step->run->visit, step->secret, new_tried, step);
}

static void
old_tried(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	secret_free(step->borrowed);
	step->borrowed = NULL;
	if (err->kind == ERR_NONE) {
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	} else if (err->kind != ERR_DENIED) {
		step_seen(step, SEEN_CANNOT_TELL, err);
	} else if (step->flag) {
		both_refused(step, err);
	} else {
		step->flag = true;
		step_pause(step, SECOND_LOGIN_MS, try_new);
	}
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

/* The device said it did not take the new one; or a recovery before this one
 * ended in the middle, and may have been refused the new one: each left a
 * strike, so they take turns, and no password is sent twice in a row. */
static bool
old_first(const struct step *step)
{
	int64_t strikes = step->run->device->strikes;

	return step->act_err.kind == ERR_REFUSED ||
	    (step->run->recovering && strikes > 0 && strikes % 2 == 0);
}

static void
admin_observe(struct step *step)
{
	step->flag = false;
	if (old_first(step))
		try_old(step);
	else
		try_new(step);
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
