#include <stdlib.h>

#include "clock.h"
#include "device.h"
#include "play_internal.h"
#include "profile.h"
#include "run_internal.h"
#include "secret.h"
#include "step_internal.h"
#include "store.h"
#include "str.h"
#include "wish_internal.h"

/*
 * The AD object and its password.  The candidate password is in the journal
 * before AD learns it; AD is asked whether it took it by a ticket request with
 * it.  Whether the device has the key is another step's business
 * (step_kerberos.c): ad_key_pending says that it has not.
 *
 * Where no LDAP answers, the port sets the password over Kerberos (RFC 3244),
 * at the same controller and after LDAP certainly sent nothing.  The invariants
 * (run.c) hold for that, because nothing but Kerberos is needed to find out
 * what happened (2).  If the process dies, or an answer is lost:
 *
 *   before act()           as ever: AD refuses the candidate, it is not so
 *   LDAP tried, nothing    nothing left: the same
 *   sent over Kerberos
 *   sent, answer lost      ERR_UNKNOWN; AD takes the candidate, or does not:
 *                          its KDC, which is the controller that was written
 *                          to, says which
 *   LDAP answers again     act() sets the same candidate by the other way (5):
 *   before act() repeats   the version grows twice, the password is the same
 *   set, version not read  the version of a fresh ticket's key is that of the
 *                          object (msDS-KeyVersionNumber), read at the same
 *                          controller; without an answer it cannot be told (7),
 *                          and the intent stays open with the candidate in it
 *   before the settlement  the same: both passwords are kept (4)
 *   settled                the date is not known: it counts from when the
 *                          intent was written, which is no later, and is read
 *                          when LDAP answers; until the next change of ours no
 *                          date tells another's, but the version does, and
 *                          whether AD takes the stored password
 */

/* Characters both AD and XML take without escaping; no quotes, no colon. */
static const char password_alphabet[] =
    "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#%*+-./=?@_~";

static void
make_candidate(struct step *step)
{
	step->secret = secret_random_text(
	    password_alphabet, (size_t)step_profile(step)->ad_password_length);
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
	if (run->by_ticket) {
		run->device->ad_password_at = step->opened_at;
		run->device->ad_own_at = 0;
	} else {
		run->device->ad_own_at = run->device->ad_password_at;
	}
	step_changed_object(step);
	run->password_seen = true;
	run->device->ad_key_pending = true;
}

/* --- ad.object --- */

static void
object_prepare(struct step *step)
{
	const struct profile *p = step_profile(step);
	struct wish_object wish;

	wish_object(step->run->device, p, &wish);
	step_arg_set(step, "account", wish.account);
	step_arg_set(step, "ou", p->ou);
	step_arg_set(step, "fqdn", wish.fqdn);
	step_arg_set(step, "spns", wish.spns);
	step_arg_set_int(step, "enctypes", wish.enctypes);
	step_arg_set(step, "mark", wish.mark);
	if (wish.former_mark[0] != '\0')
		step_arg_set(step, "former_mark", wish.former_mark);
	if (str_empty(step->run->device->ad_dn))
		make_candidate(step);
	step_pick_controller(step, step_prepared_port);
}

static void
object_act(struct step *step)
{
	const struct port_directory *port = &step_ports(step)->directory;
	const struct port_object object = {
	    .account = step_arg(step, "account"),
	    .ou = step_arg(step, "ou"),
	    .fqdn = step_arg(step, "fqdn"),
	    .spns = step_arg(step, "spns"),
	    .enctypes = step_arg_int(step, "enctypes"),
	    .mark = step_arg(step, "mark"),
	    .former_mark = step_arg(step, "former_mark"),
	    .dc = step_arg(step, "dc"),
	    .password_if_new = step->secret,
	};

	port->ensure(port->self, &object, step_acted_port, step);
}

/* Is what was read now what this step was to make of it? The profile may have
 * been changed since, for a later plan. */
static bool
object_is_so(const struct step *step)
{
	const struct device *d = step->run->device;

	return str_ieq(d->ad_dns_host, step_arg(step, "fqdn")) &&
	    str_ieq(d->ad_spns, step_arg(step, "spns")) &&
	    d->ad_enctypes == step_arg_int(step, "enctypes");
}

static void object_observe(struct step *step);

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
	else if (step_turns_elsewhere(step, err))
		object_observe(step);
	else
		step_seen(step, SEEN_CANNOT_TELL, err);
}

static void
object_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_kdc *kdc = &step_ports(step)->kdc;
	struct err why;

	if (step_turns_elsewhere(step, err)) {
		object_observe(step);
	} else if (err->kind == ERR_NOTFOUND) {
		step_seen_missing(step, NULL);
	} else if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
	} else if (!step_object_read(step, &why)) {
		step_seen(step, SEEN_CANNOT_TELL, &why);
	} else if (!object_is_so(step)) {
		step_seen_missing(step, NULL);
	} else if (step->secret != NULL) {
		step->flag = false;
		kdc->check_password(kdc->self, step_arg(step, "account"),
		    step_controller(step), step->secret, object_password, step);
	} else {
		step_seen(step, SEEN_APPLIED, NULL);
	}
}

static void
object_observe(struct step *step)
{
	step_look_object(step, object_looked);
}

static void
object_settled(struct step *step)
{
	if (step->secret != NULL && step->flag)
		promote(step);
	else
		step_changed_object(step);
}

const struct step_kind step_ad_object = {
    .name = "ad.object",
    .patience_ms = 30000,
    .soft = true,
    .directory = true,
    .prepare = object_prepare,
    .act = object_act,
    .observe = object_observe,
    .settled = object_settled,
};

/* --- ad.password --- */

static void password_observe(struct step *step);

static void
password_found(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	const struct device *d = step->run->device;
	struct err why;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	/* Whether AD took the new one could not be found out (KDCs refuse all
	 * of a disabled account), and the device would keep the old key. */
	if (!step->run->by_ticket && play_object_disabled(d)) {
		(void)err_set(&why, ERR_REFUSED,
		    "account %s is disabled, its password was left as it is; "
		    "enable it, or find out who disabled it",
		    d->ad_account);
		step_prepared(step, &why);
		return;
	}
	step_arg_set(step, "dn", d->ad_dn);
	step_arg_set_int(step, "kvno", d->ad_kvno);
	make_candidate(step);
	step_prepared(step, NULL);
}

static void
password_picked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		step_look_object(step, password_found);
	else
		step_prepared(step, err);
}

static void
password_prepare(struct step *step)
{
	step_arg_account(step);
	step_pick_controller(step, password_picked);
}

static void
password_act(struct step *step)
{
	const struct port_directory *port = &step_ports(step)->directory;
	const struct port_password where = {
	    .account = step_arg(step, "account"),
	    .dn = step_arg(step, "dn"),
	    .dc = step_arg(step, "dc")};

	port->password_set(
	    port->self, &where, step->secret, step_acted_port, step);
}

static void
password_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (step_turns_elsewhere(step, err))
		password_observe(step);
	else
		step_seen(step,
		    err->kind == ERR_NONE ? SEEN_APPLIED : SEEN_CANNOT_TELL,
		    err);
}

static void
password_checked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (step_turns_elsewhere(step, err))
		password_observe(step);
	else if (err->kind == ERR_NONE)
		step_look_object(step, password_looked); /* kvno, pwdLastSet */
	else if (err->kind == ERR_DENIED)
		step_seen_missing(step, NULL);
	else if (err->kind == ERR_NOTFOUND) /* nor has any other account it */
		step_seen_missing(step, err);
	else
		step_seen(step, SEEN_CANNOT_TELL, err);
}

static void
password_observe(struct step *step)
{
	const struct port_kdc *kdc = &step_ports(step)->kdc;

	kdc->check_password(kdc->self, step_arg(step, "account"),
	    step_controller(step), step->secret, password_checked, step);
}

const struct step_kind step_ad_password = {
    .name = "ad.password",
    .patience_ms = 30000,
    .soft = true,
    .directory = true,
    .prepare = password_prepare,
    .act = password_act,
    .observe = password_observe,
    .settled = promote,
};
