#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "diagnose.h"
#include "fault.h"
#include "journal.h"
#include "log.h"
#include "mem.h"
#include "profile.h"
#include "run_internal.h"
#include "secret.h"
#include "store.h"
#include "str.h"

/*
 * From the first byte to a fresh record: who answers there, what it says of
 * itself, what Active Directory says of it.  Nothing here changes the world.
 */

static const struct port_device *
device_port(const struct run *run)
{
	return &run->engine->deps.ports->device;
}

int
run_password(struct run *run, struct secret **ret_password, struct err *err)
{
	if (store_secret_get(run->engine->deps.store, run->id,
		STORE_SECRET_ADMIN, ret_password, err) == 0)
		return 0;
	if (err->kind != ERR_NOTFOUND)
		return -1;
	run->no_password = true;
	return err_set(err, ERR_INVALID,
	    "no admin password is stored for it: `amtkeeper device set` gives "
	    "it one");
}

int
run_open_visit(struct run *run, struct err *err)
{
	const struct port_device *port = device_port(run);
	struct secret *password = NULL;
	int rc = -1;

	if (run->visit != NULL)
		port->close(port->self, run->visit);
	run->visit = NULL;
	if (run_password(run, &password, err) == 0)
		rc = port->open(
		    port->self, run->device, password, &run->visit, err);
	secret_free(password);
	return rc;
}

bool
run_refused(const struct err *err)
{
	return err->kind == ERR_DENIED && err->domain == ERR_HTTP;
}

void
run_count_refusal(struct run *run, const struct err *err)
{
	if (run_refused(err))
		run->device->strikes++;
}

void
run_note_failure(struct run *run, const struct err *err)
{
	struct device *d = run->device;
	enum reason reason =
	    run->no_password ? REASON_NO_PASSWORD : diagnose_error(err);

	mem_replace(&d->error_kind, err_kind_name(err->kind));
	mem_replace(&d->error_code, reason_code(reason));
	mem_replace(&d->error_text, err->text);
	d->error_at = clock_now();
	run_count_refusal(run, err);
}

void
run_contact_failed(struct run *run, const struct err *err)
{
	run_note_failure(run, err);
	run_finish(run, ENGINE_FAILED, err);
}

void
run_contact_succeeded(struct run *run)
{
	struct device *d = run->device;

	if (str_eq(d->error_kind, err_kind_name(ERR_UNREACHABLE)))
		run->came_back = true;
	mem_replace(&d->error_kind, NULL);
	mem_replace(&d->error_code, NULL);
	mem_replace(&d->error_text, NULL);
	d->error_at = 0;
	d->strikes = 0;
	d->seen_at = clock_now();
	if (d->next_due ==
	    0) /* the refusal for which it was left to a person */
		d->next_due = d->seen_at;
}

/* --- what is under way: is it still there? --- */

static bool
has_key(const struct run *run, const char *handle, const char *spki)
{
	size_t i;

	for (i = 0; i < run->pki.key_count; i++)
		if (str_eq(run->pki.keys[i].handle, handle) &&
		    str_eq(run->pki.keys[i].spki, spki))
			return true;
	return false;
}

static bool
has_cert(const struct run *run, const char *handle, const char *der)
{
	size_t i;

	for (i = 0; i < run->pki.cert_count; i++)
		if (str_eq(run->pki.certs[i].handle, handle) &&
		    str_eq(run->pki.certs[i].der, der))
			return true;
	return false;
}

/* A device that was reset or served elsewhere has lost what we had begun. */
static void
pki_looked(void *cookie, const struct err *err)
{
	struct run *run = cookie;
	struct device *d = run->device;

	if (run->abandoned)
		return;
	if (err->kind != ERR_NONE) {
		run_contact_failed(run, err);
		return;
	}
	if (d->next_key_handle != NULL &&
	    !has_key(run, d->next_key_handle, d->next_key_spki)) {
		mem_replace(&d->next_key_handle, NULL);
		mem_replace(&d->next_key_spki, NULL);
		mem_replace(&d->next_cert, NULL);
		mem_replace(&d->next_cert_serial, NULL);
		mem_replace(&d->cert_wait_why, NULL);
		d->cert_wait_until = 0;
	}
	if (d->next_cert_handle != NULL &&
	    !has_cert(run, d->next_cert_handle, d->next_cert))
		mem_replace(&d->next_cert_handle, NULL);
	run_plan(run);
}

static void
check_pending(struct run *run)
{
	const struct port_device *port = device_port(run);
	const struct device *d = run->device;
	unsigned parts = PORT_KEYS;

	if (d->next_key_handle == NULL) {
		run_plan(run);
		return;
	}
	if (d->next_cert_handle != NULL)
		parts |= PORT_CERTS;
	port_pki_clear(&run->pki);
	port->look_pki(
	    port->self, run->visit, parts, &run->pki, pki_looked, run);
}

/* --- Active Directory --- */

const char *
run_controller(const struct run *run)
{
	const struct device *d = run->device;
	int64_t wait = run->engine->deps.conf->replication;

	return clock_now() - d->ad_changed_at < wait ? d->ad_dc : NULL;
}

void
run_forget_object(struct device *d)
{
	mem_replace(&d->ad_dn, NULL);
	mem_replace(&d->ad_dns_host, NULL);
	mem_replace(&d->ad_spns, NULL);
	mem_replace(&d->ad_settings, NULL);
	d->ad_expires_at = 0;
	d->ad_kvno = 0;
	d->ad_password_at = 0;
	d->ad_secret_at = 0;
	d->ad_own_at = 0;
	d->ad_key_pending = false;
	d->ad_read_at = clock_now();
}

/* The password can be kept; what the profile says of the object cannot. */
static void
object_not_read(struct run *run)
{
	const struct profile *p = run->engine->deps.profile;
	struct device *d = run->device;
	struct err why;

	log_line(LOG_WARN, "ad.by_ticket",
	    "device=%s account=%s error=\"no LDAP answers: the object is taken "
	    "as it was read last, and its password is kept over Kerberos\"",
	    d->name, d->ad_account);
	if (wish_object_met(d, p) && wish_ou_met(d, p))
		return;
	(void)err_set(&why, ERR_LIMIT,
	    "Active Directory: no LDAP answers, and the object of %s is not "
	    "yet as the profile says: over Kerberos its password alone is kept",
	    d->ad_account);
	run_soft_failure(run, &why);
}

static void
object_looked(void *cookie, const struct err *err)
{
	struct run *run = cookie;
	struct err why;

	if (run->abandoned)
		return;
	if (err->kind == ERR_NONE && run->by_ticket) {
		object_not_read(run);
	} else if (err->kind == ERR_NOTFOUND) {
		run_forget_object(run->device);
	} else if (err->kind != ERR_NONE) {
		/* The device itself can be served; what needs AD cannot. */
		run->no_directory = true;
		(void)err_set(
		    &why, ERR_LIMIT, "Active Directory: %s", err->text);
		run_soft_failure(run, &why);
	}
	check_pending(run);
}

static bool
needs_directory(const struct run *run)
{
	const struct engine_deps *deps = &run->engine->deps;

	return deps->ports->directory.self != NULL && deps->profile->ad &&
	    (run->play == NULL || run->play->uses_directory);
}

/* --- the device --- */

static void
plain_looked(void *cookie, const struct err *err)
{
	struct run *run = cookie;
	const struct device *d = run->device;
	struct err why = run->unreached;

	if (run->abandoned)
		return;
	if (err->kind == ERR_NONE)
		(void)err_set(&why, ERR_UNREACHABLE,
		    PORT_NO_TLS " on port %lld, and not at all on port %lld: "
				"who switched TLS off? then `device remove` "
				"and `device add` it",
		    (long long)d->plain_port, (long long)d->tls_port);
	run_contact_failed(run, &why);
}

/* Is it away, or is it TLS that is gone? It is not spoken to without, but where
 * it answers says which. */
static void
unreached(struct run *run, const struct err *err)
{
	const struct port_device *port = device_port(run);

	if (err->kind != ERR_UNREACHABLE || !run->device->use_tls ||
	    str_starts(err->text, PORT_NO_NAME) ||
	    str_starts(err->text, PORT_NO_TLS) ||
	    str_starts(err->text, PORT_WANTS_CERT)) {
		run_contact_failed(run, err);
		return;
	}
	run->unreached = *err;
	port->look_plain(port->self, run->visit, plain_looked, run);
}

static void
looked(void *cookie, const struct err *err)
{
	struct run *run = cookie;
	const struct port_directory *port = &run->engine->deps.ports->directory;

	if (run->abandoned)
		return;
	if (err->kind != ERR_NONE) {
		unreached(run, err);
		return;
	}
	run_contact_succeeded(run);
	fault_point("run.looked");
	if (!needs_directory(run)) {
		check_pending(run);
		return;
	}
	wish_account(run->device, run->engine->deps.profile, run->account);
	port->look(port->self, run->account, run_controller(run), run->device,
	    &run->by_ticket, object_looked, run);
}

static void
clock_looked(void *cookie, const struct err *err)
{
	struct run *run = cookie;

	if (run->abandoned)
		return;
	if (err->kind != ERR_NONE) {
		unreached(run, err);
		return;
	}
	run->device->clock_read_at = clock_now();
	run_contact_succeeded(run);
	fault_point("run.looked");
	run_plan(run);
}

/*
 * One exchange in place of twenty for a play that needs no more.  The device
 * must have been read once: then its realm, which binds the password to it, and
 * with TLS its certificate are known, and nobody else is taken for it.
 */
static bool
clock_suffices(const struct run *run)
{
	const struct device *d = run->device;

	return run->play != NULL && run->play->clock_only && d->read_at != 0 &&
	    d->digest_realm != NULL && (!d->use_tls || d->leaf_sha256 != NULL);
}

static void
look(struct run *run)
{
	const struct port_device *port = device_port(run);

	if (clock_suffices(run))
		port->look_clock(port->self, run->visit,
		    &run->device->clock_offset_ms, clock_looked, run);
	else
		port->look(
		    port->self, run->visit, PORT_ALL, run->device, looked, run);
}

static void
open_and_look(struct run *run)
{
	struct err err;

	if (run_open_visit(run, &err) != 0)
		run_contact_failed(run, &err);
	else
		look(run);
}

/* --- first contact --- */

static bool
identity_known(const struct device *d)
{
	return d->leaf_sha256 != NULL || d->next_cert != NULL;
}

/*
 * A device never seen before shows its certificate, which is pinned from then
 * on; an event says so.  One that has none (TLS off in the firmware) is spoken
 * to in plain, but only if it was never seen with TLS.
 */
static void
first_leaf(void *cookie, const struct err *err)
{
	struct run *run = cookie;
	struct device *d = run->device;
	struct err problem;

	if (run->abandoned)
		return;
	if (err->kind == ERR_NONE) {
		d->use_tls = true;
		mem_replace(&d->leaf_sha256, run->leaf);
		if (run_save(run, &problem) != 0 ||
		    run_event(run, "device.pinned", "{}", &problem) != 0) {
			run_write_failed(run, &problem);
			return;
		}
		open_and_look(run);
		return;
	}
	if (err->kind == ERR_UNREACHABLE && !d->use_tls && d->seen_at == 0 &&
	    !str_starts(err->text, PORT_NO_NAME)) {
		open_and_look(run);
		return;
	}
	unreached(run, err);
}

void
run_contact(struct run *run)
{
	const struct port_device *port = device_port(run);
	const struct device *d = run->device;
	struct err err;

	fault_point("run.contact");
	if (run_open_visit(run, &err) != 0) {
		run_contact_failed(run, &err);
		return;
	}
	if (run_recover(run))
		return;
	if (!identity_known(d) && (d->use_tls || d->seen_at == 0))
		port->look_leaf(
		    port->self, run->visit, run->leaf, first_leaf, run);
	else
		look(run);
}

/* --- the last look --- */

static void
looked_last(void *cookie, const struct err *err)
{
	struct run *run = cookie;

	if (run->abandoned)
		return;
	/* Each change was seen already: a device that is gone now is changed
	 * all the same, and its record is as of the last read. */
	if (err->kind == ERR_NONE)
		run->device->seen_at = clock_now();
	run_end(run);
}

void
run_last_look(struct run *run)
{
	const struct port_device *port = device_port(run);

	port->look(port->self, run->visit, run->touched, run->device,
	    looked_last, run);
}

void
run_soft_failure(struct run *run, const struct err *err)
{
	if (run->soft_failure.kind == ERR_NONE)
		run->soft_failure = *err;
}

void
run_end(struct run *run)
{
	struct err err;

	if (run->mode == ENGINE_RUN && run_check_clock(run, &err) != 0) {
		/* What was read is dated by it. */
		run_finish(run, ENGINE_FAILED, &err);
	} else if (run->soft_failure.kind != ERR_NONE) {
		run_finish(run, ENGINE_FAILED, &run->soft_failure);
	} else if (run->plan.obstacle != NULL) {
		(void)err_set(&err, ERR_INVALID, "%s", run->plan.obstacle);
		run_finish(run, ENGINE_FAILED, &err);
	} else if (run->waiting) {
		run_finish(run, ENGINE_WAITING, NULL);
	} else {
		run_finish(
		    run, run->done > 0 ? ENGINE_CHANGED : ENGINE_OK, NULL);
	}
}
