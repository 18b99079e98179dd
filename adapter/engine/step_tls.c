#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "mem.h"
#include "run_internal.h"
#include "step_internal.h"
#include "str.h"

/*
 * Switching TLS to the new certificate, or on.  Nobody hears an answer to the
 * last call for certain, since the firmware drops its connections: what is seen
 * in a handshake decides.
 */

#define SHA256_HEX 65

static void
switch_prepare(struct step *step)
{
	const struct device *d = step->run->device;
	char hash[SHA256_HEX];

	if (d->next_cert_handle == NULL) { /* its certificate waits */
		step->skip = true;
		step_prepared(step, NULL);
		return;
	}
	(void)str_base64_sha256(d->next_cert, STEP_DER_MAX, hash);
	step_arg_set(step, "new_leaf", hash);
	step_arg_set(step, "old_leaf", d->leaf_sha256);
	if (!d->cert_read_only) { /* it and its key stay */
		step_arg_set(step, "old_cert", d->cert_handle);
		step_arg_set(step, "old_key", d->cert_key_handle);
	}
	if (d->cert_ours)
		step_arg_set(step, "old_serial", d->cert_serial);
	step_prepared(step, NULL);
}

static void
switch_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->tls_switch(port->self, step->run->visit,
	    step->run->device->next_cert_handle,
	    step->run->engine->deps.profile, step_acted_port, step);
}

static void
switch_logged_in(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	step_seen(
	    step, err->kind == ERR_NONE ? SEEN_APPLIED : SEEN_CANNOT_TELL, err);
}

/* The port without TLS answers, and TLS is off still: nothing was committed. */
static void
switch_looked_plain(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct err on;

	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	if (!step->run->device->tls_enabled) {
		step_seen(step, SEEN_NOT_APPLIED, NULL);
		return;
	}
	(void)err_set(&on, ERR_UNKNOWN, "TLS is on but does not answer");
	step_seen(step, SEEN_CANNOT_TELL, &on);
}

static void
switch_try_plain(struct step *step)
{
	struct err err;

	/* Anew: the visit speaks TLS since the attempt, the record does not. */
	if (run_open_visit(step->run, &err) != 0) {
		step_seen(step, SEEN_CANNOT_TELL, &err);
		return;
	}
	step_look(step, PORT_TLS, switch_looked_plain);
}

/*
 * The new leaf in a handshake and a login behind it: applied.  The old leaf:
 * the firmware may still be restarting its listener, so it counts as "not
 * applied" only when the change was refused, or when it is still there after a
 * while.  No TLS at all after that while, where it was off before and was never
 * seen: then what was begun was perhaps never committed, which the plain port
 * can tell.  Once TLS was seen (use_tls) nothing is sent in plain again.
 */
static void
switch_leaf(void *cookie, const struct err *err)
{
	const int64_t settle_ms = 20000;
	struct step *step = cookie;
	bool settled = clock_mono_ms() - step->first_seen_ms > settle_ms;
	struct err old;

	if (err->kind == ERR_NONE &&
	    str_eq(step->leaf, step_arg(step, "new_leaf"))) {
		/* Over TLS from here on, also when it was plain before. */
		step->run->device->use_tls = true;
		if (run_open_visit(step->run, &old) != 0) {
			step_seen(step, SEEN_CANNOT_TELL, &old);
			return;
		}
		step_look(step, PORT_IDENTITY | PORT_TLS | PORT_CERTIFICATE,
		    switch_logged_in);
		return;
	}
	if (step->act_err.kind == ERR_REFUSED ||
	    step->act_err.kind == ERR_INVALID ||
	    step->act_err.kind == ERR_CONFLICT) {
		step_seen(step, SEEN_NOT_APPLIED, NULL);
		return;
	}
	if (err->kind == ERR_UNREACHABLE && settled &&
	    !step->run->device->use_tls && !step->run->device->tls_enabled) {
		switch_try_plain(step);
		return;
	}
	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	if (settled) {
		step_seen(step, SEEN_NOT_APPLIED, NULL);
		return;
	}
	(void)err_set(
	    &old, ERR_UNKNOWN, "the device still presents another certificate");
	step_seen(step, SEEN_CANNOT_TELL, &old);
}

static void
switch_observe(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->look_leaf(
	    port->self, step->run->visit, step->leaf, switch_leaf, step);
}

/* An earlier one may still wait for it: a list, separated by blanks. */
static void
to_be_revoked(struct device *d, const char *serial)
{
	char *list;

	if (d->old_cert_serial == NULL) {
		mem_replace(&d->old_cert_serial, serial);
		return;
	}
	list = mem_printf("%s %s", d->old_cert_serial, serial);
	free(d->old_cert_serial);
	d->old_cert_serial = list;
}

static void
switch_settled(struct step *step)
{
	struct device *d = step->run->device;

	mem_replace(&d->leaf_sha256, step_arg(step, "new_leaf"));
	mem_replace(&d->old_cert_handle, step_arg(step, "old_cert"));
	mem_replace(&d->old_key_handle, step_arg(step, "old_key"));
	if (step_arg(step, "old_serial") != NULL)
		to_be_revoked(d, step_arg(step, "old_serial"));
	mem_replace(&d->old_cert_sha256, step_arg(step, "old_leaf"));
	mem_replace(&d->next_key_handle, NULL);
	mem_replace(&d->next_key_spki, NULL);
	mem_replace(&d->next_cert, NULL);
	mem_replace(&d->next_cert_serial, NULL);
	mem_replace(&d->next_cert_handle, NULL);
}

const struct step_kind step_tls_switch = {
    .name = "tls.switch",
    .patience_ms = 120000,
    .touches = PORT_TLS | PORT_CERTIFICATE,
    .prepare = switch_prepare,
    .act = switch_act,
    .observe = switch_observe,
    .settled = switch_settled,
};
