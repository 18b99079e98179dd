#include <stdlib.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "mem.h"
#include "profile.h"
#include "run_internal.h"
#include "secret.h"
#include "step_internal.h"
#include "store.h"
#include "str.h"
#include "wish_internal.h"

/*
 * The AD object, its password, the key in the device, and who may log in with a
 * ticket.  The candidate password is in the journal before AD learns it; AD is
 * asked whether it took it by a ticket request with it; the device gets the key
 * from the same stored password, so a crash between the two only means that
 * kerberos.set runs once more.
 */

/* Characters both AD and XML take without escaping; no quotes, no colon. */
static const char password_alphabet[] =
    "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#%*+-./=?@_~";

static const struct ports *
ports_of(const struct step *step)
{
	return step->run->engine->deps.ports;
}

static const struct profile *
profile_of(const struct step *step)
{
	return step->run->engine->deps.profile;
}

static void
make_candidate(struct step *step)
{
	step->secret = secret_random_text(
	    password_alphabet, (size_t)profile_of(step)->ad_password_length);
}

static void
look_object_then(struct step *step, port_done_fn *then)
{
	const struct port_directory *port = &ports_of(step)->directory;

	port->look(port->self, step_arg(step, "account"), step->run->device,
	    then, step);
}

static void
arg_account(struct step *step)
{
	char account[256];

	wish_account(step->run->device, profile_of(step), account);
	step_arg_set(step, "account", account);
}

/* Make the candidate the stored password, in the settlement's transaction. */
static void
promote(struct step *step)
{
	struct run *run = step->run;
	struct err err;

	if (store_secret_put(run->engine->deps.store, run->id, STORE_SECRET_AD,
		step->secret, clock_now(), &err) != 0) {
		run_store_failed(run, &err);
		return;
	}
	run->device->ad_secret_at = clock_now();
	run->device->ad_key_pending = true;
}

/* --- ad.object --- */

static void
object_prepare(struct step *step)
{
	char fqdn[256];

	wish_fqdn(step->run->device, profile_of(step), fqdn);
	step_arg_set(step, "fqdn", fqdn);
	arg_account(step);
	if (str_empty(step->run->device->ad_dn))
		make_candidate(step);
	step_prepared(step, NULL);
}

static void
object_act(struct step *step)
{
	const struct port_directory *port = &ports_of(step)->directory;

	port->ensure(port->self, step->run->device, profile_of(step),
	    step_arg(step, "fqdn"), step->secret, step_acted_port, step);
}

/* Created by us: the candidate is its password. Created by someone else in the
 * meantime: it is not, and ad.password will be planned. */
static void
object_password(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		step->flag = true;
	if (err->kind == ERR_NONE || err->kind == ERR_DENIED)
		step_seen(step, SEEN_APPLIED, NULL);
	else
		step_seen(step, SEEN_CANNOT_TELL, err);
}

static void
object_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_kdc *kdc = &ports_of(step)->kdc;

	if (err->kind == ERR_NOTFOUND) {
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	} else if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
	} else if (!wish_object_met(step->run->device, profile_of(step))) {
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	} else if (step->secret != NULL) {
		step->flag = false;
		kdc->check_password(kdc->self, step_arg(step, "account"),
		    step->secret, object_password, step);
	} else {
		step_seen(step, SEEN_APPLIED, NULL);
	}
}

static void
object_observe(struct step *step)
{
	look_object_then(step, object_looked);
}

static void
object_settled(struct step *step)
{
	if (step->secret != NULL && step->flag)
		promote(step);
}

const struct step_kind step_ad_object = {
    .name = "ad.object",
    .patience_ms = 30000,
    .prepare = object_prepare,
    .act = object_act,
    .observe = object_observe,
    .settled = object_settled,
};

/* --- ad.password --- */

static void
password_found(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE) {
		step_arg_set(step, "dn", step->run->device->ad_dn);
		step_arg_set_int(step, "kvno", step->run->device->ad_kvno);
		make_candidate(step);
	}
	step_prepared(step, err);
}

static void
password_prepare(struct step *step)
{
	arg_account(step);
	look_object_then(step, password_found);
}

static void
password_act(struct step *step)
{
	const struct port_directory *port = &ports_of(step)->directory;

	port->password_set(port->self, step_arg(step, "dn"), step->secret,
	    step_acted_port, step);
}

static void
password_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	step_seen(
	    step, err->kind == ERR_NONE ? SEEN_APPLIED : SEEN_CANNOT_TELL, err);
}

static void
password_checked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		look_object_then(step, password_looked); /* kvno, pwdLastSet */
	else if (err->kind == ERR_DENIED)
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	else
		step_seen(step, SEEN_CANNOT_TELL, err);
}

static void
password_observe(struct step *step)
{
	const struct port_kdc *kdc = &ports_of(step)->kdc;

	kdc->check_password(kdc->self, step_arg(step, "account"), step->secret,
	    password_checked, step);
}

const struct step_kind step_ad_password = {
    .name = "ad.password",
    .patience_ms = 30000,
    .prepare = password_prepare,
    .act = password_act,
    .observe = password_observe,
    .settled = promote,
};

/* --- a ticket of our own, accepted by the device: the final proof --- */

static void
ticket_checked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		step_seen(step, SEEN_APPLIED, NULL);
	else if (err->kind == ERR_DENIED)
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	else
		step_seen(step, SEEN_CANNOT_TELL, err);
}

static void
ticket_made(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_device *port = step_device(step);
	struct buf *token = &step->bytes;

	if (step->run->abandoned)
		return; /* its visit is closed */
	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	free(step->text);
	step->text = mem_dup(buf_text(token));
	buf_wipe(token);
	port->check_ticket(port->self, step->run->visit, step->text,
	    &step->bytes, ticket_checked, step);
}

static void
prove_by_ticket(struct step *step)
{
	const struct port_kdc *kdc = &ports_of(step)->kdc;
	const struct device *d = step->run->device;
	char *spn;

	/* Firmware does not look at the name in the ticket, only at its key;
	 * the KDC knows the names of the object. */
	spn = mem_printf("HTTP/%s:%lld", d->ad_dns_host,
	    (long long)(d->use_tls ? d->tls_port : d->plain_port));
	buf_wipe(&step->bytes);
	mem_replace(&step->text, spn);
	free(spn);
	kdc->token(kdc->self, step->text, &step->bytes, ticket_made, step);
}

/* Only a device whose ACL lets our account in can be asked. */
static bool
can_prove(const struct step *step)
{
	return profile_of(step)->ad_prove && profile_of(step)->acl_count > 0 &&
	    wish_acl_met(step->run->device, profile_of(step));
}

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

static void
key_found(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_kdc *kdc = &ports_of(step)->kdc;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	step_arg_set_int(step, "kvno", step->run->device->ad_kvno);
	/* The salt is asked of the KDC: it is fixed when the password is set
	 * and does not follow a later rename. */
	kdc->look_salt(kdc->self, step_arg(step, "account"), &step->text,
	    &step->number, key_salted, step);
}

static void
key_prepare(struct step *step)
{
	arg_account(step);
	step_arg_set(step, "realm", step->run->engine->deps.conf->realm);
	look_object_then(step, key_found);
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
	struct run *run = step->run;
	struct err err;

	if (store_secret_get(run->engine->deps.store, run->id, STORE_SECRET_AD,
		&step->borrowed, &err) != 0) {
		(void)err_context(&err, "password of the AD object");
		step_acted(step, &err);
		return;
	}
	port->kerberos_set(port->self, run->visit, step_arg(step, "realm"),
	    step_arg_int(step, "kvno"), step->borrowed, step_arg(step, "salt"),
	    step_arg_int(step, "iterations"), key_done, step);
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
	else if (can_prove(step))
		prove_by_ticket(step);
	else
		step_seen(step, SEEN_APPLIED, NULL);
}

static void
key_observe(struct step *step)
{
	step_look(step, key_looked);
}

static void
key_settled(struct step *step)
{
	step->run->device->ad_key_pending = false;
}

const struct step_kind step_kerberos_set = {
    .name = "kerberos.set",
    .patience_ms = 60000,
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

	port->acl_set(port->self, step->run->visit, profile_of(step),
	    step_acted_port, step);
}

static void
acl_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind != ERR_NONE)
		step_seen(step, SEEN_CANNOT_TELL, err);
	else if (!wish_acl_met(step->run->device, profile_of(step)))
		step_seen(step, SEEN_NOT_APPLIED, NULL);
	else if (can_prove(step) && step->run->device->krb_enabled)
		prove_by_ticket(step);
	else
		step_seen(step, SEEN_APPLIED, NULL);
}

static void
acl_observe(struct step *step)
{
	step_look(step, acl_looked);
}

const struct step_kind step_acl_set = {
    .name = "acl.set",
    .patience_ms = 60000,
    .act = acl_act,
    .observe = acl_observe,
};
