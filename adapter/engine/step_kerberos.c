#include "conf.h"
#include "device.h"
#include "log.h"
#include "profile.h"
#include "run_internal.h"
#include "secret.h"
#include "step_internal.h"
#include "store.h"
#include "str.h"
#include "wish_internal.h"

/*
 * The key in the device, and who may log in with a ticket.  The key is made
 * from the stored password of the AD object, so a crash after the password was
 * changed only means that kerberos.set runs once more.  The device's settings
 * do not tell the key: a ticket does (step_prove()).
 */

/* --- kerberos.set --- */

static void
key_salted(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE) {
		step_arg_set(step, "salt", step->text);
		step_arg_set_int(step, "iterations", step->number);
	}
	step_prepared(step, err);
}

/* The salt is asked of the KDC: it is fixed when the password is set and does
 * not follow a later rename. */
static void
look_salt(struct step *step)
{
	const struct port_kdc *kdc = &step_ports(step)->kdc;

	kdc->look_salt(kdc->self, step_arg(step, "account"),
	    step_controller(step), &step->text, &step->number, key_salted,
	    step);
}

/* A key made from it would open no ticket: AD gets another password first. */
static void
stored_is_wrong(struct step *step)
{
	struct run *run = step->run;

	log_line(LOG_WARN, "ad.mismatch",
	    "device=%s account=%s error=\"AD has another password than the "
	    "stored one: both get a new one\"",
	    run->device->name, step_arg(step, "account"));
	run->device->ad_secret_at = 0;
	run->password_wrong = true;
	step->skip = true;
	step_prepared(step, NULL);
}

static void
stored_checked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	secret_free(step->borrowed);
	step->borrowed = NULL;
	if (err->kind == ERR_DENIED)
		stored_is_wrong(step);
	else if (err->kind != ERR_NONE)
		step_prepared(step, err);
	else
		look_salt(step);
}

/* Does AD take the stored password still? Somebody may have set another, or
 * restored AD from a backup. */
static void
check_stored(struct step *step)
{
	const struct port_kdc *kdc = &step_ports(step)->kdc;
	struct run *run = step->run;
	struct err err;

	if (store_secret_get(run->engine->deps.store, run->id, STORE_SECRET_AD,
		&step->borrowed, &err) == 0)
		kdc->check_password(kdc->self, step_arg(step, "account"),
		    step_controller(step), step->borrowed, stored_checked,
		    step);
	else if (err.kind == ERR_NOTFOUND)
		stored_is_wrong(step);
	else
		step_prepared(step, &err);
}

static void
key_found(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	step_arg_set_int(step, "kvno", step->run->device->ad_kvno);
	if (step->run->password_seen)
		look_salt(step);
	else
		check_stored(step);
}

static void
key_picked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		step_look_object(step, key_found);
	else
		step_prepared(step, err);
}

static void
key_prepare(struct step *step)
{
	step_arg_account(step);
	step_arg_set(step, "realm", step->run->engine->deps.conf->realm);
	step_pick_controller(step, key_picked);
}

static void
key_done(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	secret_free(step->borrowed);
	step->borrowed = NULL;
	step_acted(step, err);
}

static void
key_act(struct step *step)
{
	const struct port_device *port = step_device(step);
	struct port_kerberos key = {
	    .realm = step_arg(step, "realm"),
	    .kvno = step_arg_int(step, "kvno"),
	    .salt = step_arg(step, "salt"),
	    .iterations = step_arg_int(step, "iterations"),
	};
	struct run *run = step->run;
	struct err err;

	if (store_secret_get(run->engine->deps.store, run->id, STORE_SECRET_AD,
		&step->borrowed, &err) != 0) {
		(void)err_context(&err, "password of the AD object");
		step_acted(step, &err);
		return;
	}
	key.password = step->borrowed;
	port->kerberos_set(port->self, run->visit, &key, key_done, step);
}

static void
key_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct device *d = step->run->device;

	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	if (!d->krb_enabled ||
	    !str_ieq(d->krb_realm, step_arg(step, "realm")) ||
	    d->krb_kvno != step_arg_int(step, "kvno"))
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	else if (step_can_prove(step))
		step_prove(step);
	else
		step_seen(step, SEEN_APPLIED, NULL);
}

static void
key_observe(struct step *step)
{
	step_look(step, PORT_KERBEROS | PORT_ACL, key_looked);
}

static void
key_settled(struct step *step)
{
	step->run->device->ad_key_pending = false;
}

const struct step_kind step_kerberos_set = {
    .name = "kerberos.set",
    .patience_ms = 60000,
    .soft = true,
    .directory = true,
    .touches = PORT_KERBEROS | PORT_ACL,
    .prepare = key_prepare,
    .act = key_act,
    .observe = key_observe,
    .settled = key_settled,
};

/* --- acl.set --- */

static void
acl_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->acl_set(port->self, step->run->visit, step_profile(step),
	    step_acted_port, step);
}

static void
acl_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind != ERR_NONE)
		step_seen(step, SEEN_CANNOT_TELL, err);
	else if (!wish_acl_met(step->run->device, step_profile(step)))
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	else if (step_can_prove(step) && step->run->device->krb_enabled)
		step_prove(step);
	else
		step_seen(step, SEEN_APPLIED, NULL);
}

static void
acl_observe(struct step *step)
{
	step_look(step, PORT_KERBEROS | PORT_ACL, acl_looked);
}

const struct step_kind step_acl_set = {
    .name = "acl.set",
    .patience_ms = 60000,
    .soft = true,
    .directory = true,
    .touches = PORT_ACL,
    .act = acl_act,
    .observe = acl_observe,
};
