/*
 * The chain from a device's object to a login on the device, link by link, for
 * a person who wants to know which one is broken.  Tickets that the device
 * refuses are no wrong password of ours and are not counted, as in a run
 * (proof.c); credentials it refuses at the Digest login are.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_device_internal.h"
#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "device.h"
#include "engine.h"
#include "hygiene.h"
#include "mem.h"
#include "our_clock.h"
#include "ports.h"
#include "secret.h"
#include "store.h"
#include "str.h"

#define TEXT_MAX 400
#define TOKEN_MAX 65536
#define SECOND_MS 1000
#define UF_DISABLED 2

struct check {
	struct daemon *d;
	struct engine_hold *hold;
	const struct device *record;
	struct secret *key_password; /* of the AD object; NULL: unknown */
	struct ad_device domain;
	struct device *seen; /* the device as it is now */
	struct visit *visit;
	hygiene_krb_line_fn *fn;
	void *cookie;
};

/* --- saying --- */

__attribute__((format(printf, 5, 6))) static void
say(const struct check *c, enum hygiene_link link, const char *what,
    const char *subject, const char *fmt, ...)
{
	char text[TEXT_MAX];
	struct hygiene_krb_line line = {
	    .link = link, .what = what, .subject = subject, .text = text};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->fn(c->cookie, &line);
}

/* --- the domain's side --- */

static void
say_object(const struct check *c, const char *account)
{
	const struct directory_object *o = &c->domain.object;

	if ((o->uac & UF_DISABLED) != 0)
		say(c, HYGIENE_LINK_BROKEN, "object", account,
		    "%s is disabled: enable it, or find out who did that",
		    o->dn);
	else
		say(c, HYGIENE_LINK_GOOD, "object", account,
		    "%s, key version %lld", o->dn, (long long)o->kvno);
}

static void
say_ticket(const struct check *c, const struct ad_device_ticket *t)
{
	const struct krb_ticket_facts *f = &t->facts;

	if (t->err.kind == ERR_NOTFOUND)
		say(c, HYGIENE_LINK_BROKEN, "ticket", t->spn,
		    "the KDC knows no such service, or more than one account "
		    "has it: `directory audit` says whose it is");
	else if (t->err.kind != ERR_NONE)
		say(c, HYGIENE_LINK_BROKEN, "ticket", t->spn, "%s",
		    t->err.text);
	else if (c->key_password == NULL)
		say(c, HYGIENE_LINK_SKIPPED, "ticket", t->spn,
		    "%s, key version %lld; it cannot be told whether our key "
		    "opens it",
		    f->type, (long long)f->kvno);
	else if (!f->opened)
		say(c, HYGIENE_LINK_BROKEN, "ticket", t->spn,
		    "no key of ours opens it (%s, version %lld): its password "
		    "was set by somebody else, or not yet at this controller; "
		    "run renew-ad-password",
		    f->type, (long long)f->kvno);
	else
		say(c, HYGIENE_LINK_GOOD, "ticket", t->spn,
		    "%s, key version %lld: our key opens it", f->type,
		    (long long)f->kvno);
}

static void
say_password(const struct check *c, const char *account)
{
	if (c->key_password == NULL)
		say(c, HYGIENE_LINK_BROKEN, "password", account,
		    "none of this object's is stored: run renew-ad-password, "
		    "which sets one");
}

/* -1: the domain cannot be asked, so the rest makes no sense. */
static int
check_domain(struct check *c)
{
	char *account = mem_dup(c->record->ad_account);
	struct err err = {.kind = ERR_NONE};
	int rc = -1;
	size_t i;

	if (str_empty(account)) {
		say(c, HYGIENE_LINK_BROKEN, "object", c->record->name,
		    "it has no object in Active Directory that we know: run "
		    "renew-ad-password, which makes one");
	} else if (ad_device_read(
		       c->d, account, c->key_password, &c->domain, &err) != 0) {
		say(c, HYGIENE_LINK_BROKEN, "object", account, "%s%s", err.text,
		    err.kind == ERR_NOTFOUND ? ": run renew-ad-password" : "");
	} else {
		say_object(c, account);
		say_password(c, account);
		for (i = 0; i < c->domain.count; i++)
			say_ticket(c, &c->domain.tickets[i]);
		rc = 0;
	}
	free(account);
	return rc;
}

/* --- the device's side --- */

static void
say_settings(const struct check *c)
{
	const struct device *seen = c->seen;
	const char *realm = c->d->conf->realm;

	if (!seen->krb_enabled)
		say(c, HYGIENE_LINK_BROKEN, "settings", seen->name,
		    "Kerberos is off in it: run renew-ad-password");
	else if (!str_ieq(seen->krb_realm, realm))
		say(c, HYGIENE_LINK_BROKEN, "settings", seen->name,
		    "it is set to another realm than %s: run renew-ad-password",
		    realm);
	else if (seen->krb_kvno != c->domain.object.kvno)
		say(c, HYGIENE_LINK_BROKEN, "settings", seen->name,
		    "it has key version %lld, Active Directory %lld: run "
		    "renew-ad-password",
		    (long long)seen->krb_kvno,
		    (long long)c->domain.object.kvno);
	else
		say(c, HYGIENE_LINK_GOOD, "settings", seen->name,
		    "Kerberos is on, key version %lld",
		    (long long)seen->krb_kvno);
}

static void
say_clock(const struct check *c)
{
	int64_t ours = c->seen->clock_offset_ms;
	int64_t kdc = ours - c->domain.offset_ms;
	char from_ours[CLOCK_TEXT], from_kdc[CLOCK_TEXT];
	struct buf uses;

	buf_init(&uses, TEXT_MAX);
	our_clock_spoils(c->d, kdc, &uses);
	clock_span(ours / SECOND_MS, from_ours);
	clock_span(kdc / SECOND_MS, from_kdc);
	say(c, uses.len > 0 ? HYGIENE_LINK_BROKEN : HYGIENE_LINK_GOOD, "clock",
	    c->seen->name, "off by %s from the KDC's, by %s from ours%s%s%s",
	    from_kdc, from_ours, uses.len > 0 ? ": too far for " : "",
	    buf_text(&uses), uses.len > 0 ? "; run sync-clock" : "");
	buf_free(&uses);
}

/* *how: what the device made of our credentials. */
static int
look_at_device(struct check *c, struct err *how)
{
	const struct port_device *port = &c->d->ports->device;
	struct daemon_wait wait = {.loop = c->d->loop};
	struct secret *password = NULL;
	int rc = -1;

	c->seen = device_copy(c->record);
	if (engine_held_password(c->hold, &password, how) == 0 &&
	    port->open(port->self, c->record, password, &c->visit, how) == 0) {
		port->look(port->self, c->visit, PORT_KERBEROS | PORT_CLOCK,
		    c->seen, daemon_waited, &wait);
		rc = daemon_await(&wait, how);
	}
	secret_free(password);
	if (rc != 0)
		say(c, HYGIENE_LINK_BROKEN, "device", c->record->name, "%s",
		    how->text);
	return rc;
}

/* --- the login --- */

struct login {
	struct check *check;
	char *spn;
	struct buf token, answer;
	struct port_proof *proof;
};

static int
show_ticket(struct login *l, struct err *err)
{
	const struct port_device *port = &l->check->d->ports->device;
	struct daemon_wait wait = {.loop = l->check->d->loop};

	buf_reset(&l->answer);
	port->check_ticket(port->self, l->check->visit, buf_text(&l->token),
	    &l->answer, daemon_waited, &wait);
	return daemon_await(&wait, err);
}

static int
get_ticket(struct login *l, struct err *err)
{
	const struct port_kdc *kdc = &l->check->d->ports->kdc;
	struct daemon_wait wait = {.loop = l->check->d->loop};

	kdc->token(kdc->self, l->spn, NULL, &l->token, &l->proof, daemon_waited,
	    &wait);
	return daemon_await(&wait, err);
}

static void
verify_answer(struct login *l)
{
	const struct port_kdc *kdc = &l->check->d->ports->kdc;
	struct daemon_wait wait = {.loop = l->check->d->loop};
	struct err err = {.kind = ERR_NONE};

	kdc->verify(
	    kdc->self, l->proof, buf_text(&l->answer), daemon_waited, &wait);
	if (daemon_await(&wait, &err) == 0)
		say(l->check, HYGIENE_LINK_GOOD, "answer", l->spn,
		    "made with the ticket's key");
	else
		say(l->check, HYGIENE_LINK_BROKEN, "answer", l->spn,
		    "%s: it lets in whom it should not; find out what answers "
		    "there",
		    err.text);
}

/* Firmware that sends no answer is shown a ticket that no key opens. */
static void
try_decoy(struct login *l)
{
	const struct port_kdc *kdc = &l->check->d->ports->kdc;
	struct daemon_wait wait = {.loop = l->check->d->loop};
	struct err err = {.kind = ERR_NONE};

	buf_wipe(&l->token);
	kdc->decoy(kdc->self, l->spn, &l->token, daemon_waited, &wait);
	if (daemon_await(&wait, &err) != 0)
		say(l->check, HYGIENE_LINK_SKIPPED, "answer", l->spn, "%s",
		    err.text);
	else if (show_ticket(l, &err) == 0)
		say(l->check, HYGIENE_LINK_BROKEN, "answer", l->spn,
		    "it sends none, and takes a ticket that no key opens: it "
		    "lets in anybody");
	else if (err.kind == ERR_DENIED)
		say(l->check, HYGIENE_LINK_GOOD, "answer", l->spn,
		    "it sends none, and refuses a ticket that no key opens");
	else
		say(l->check, HYGIENE_LINK_SKIPPED, "answer", l->spn, "%s",
		    err.text);
}

static void
log_in(struct login *l)
{
	struct err err = {.kind = ERR_NONE};

	if (get_ticket(l, &err) != 0) {
		say(l->check, HYGIENE_LINK_BROKEN, "login", l->spn, "%s",
		    err.text);
	} else if (show_ticket(l, &err) != 0) {
		say(l->check, HYGIENE_LINK_BROKEN, "login", l->spn, "%s%s",
		    err.text,
		    err.kind == ERR_DENIED
			? ": another key (run renew-ad-password), its clock, "
			  "or none of our account's groups in its access list "
			  "(profile: acl)"
			: "");
	} else {
		say(l->check, HYGIENE_LINK_GOOD, "login", l->spn,
		    "it takes a ticket of ours");
		if (l->answer.len > 0)
			verify_answer(l);
		else
			try_decoy(l);
	}
}

static void
check_login(struct check *c)
{
	const struct port_kdc *kdc = &c->d->ports->kdc;
	struct login l = {.check = c};

	l.spn = mem_printf("HTTP/%s:%lld", c->domain.object.dns_host,
	    (long long)(c->record->use_tls ? c->record->tls_port
					   : c->record->plain_port));
	buf_init(&l.token, TOKEN_MAX);
	buf_init(&l.answer, TOKEN_MAX);
	if (str_empty(c->domain.object.dns_host))
		say(c, HYGIENE_LINK_BROKEN, "login", c->record->name,
		    "its object has no dNSHostName: run enforce-profile");
	else
		log_in(&l);
	kdc->proof_free(kdc->self, l.proof);
	buf_free(&l.token);
	buf_free(&l.answer);
	free(l.spn);
}

/* --- all of it --- */

static void
check_chain(struct check *c, struct err *how)
{
	const struct port_device *port = &c->d->ports->device;

	if (check_domain(c) != 0) {
		say(c, HYGIENE_LINK_SKIPPED, "device", c->record->name,
		    "not asked: first the domain");
		/* It was left alone, so nothing new is known of it. */
		(void)err_set(how, ERR_CANCELLED, "not asked");
		return;
	}
	if (look_at_device(c, how) == 0) {
		say(c, HYGIENE_LINK_GOOD, "device", c->record->name,
		    "it takes the admin password");
		say_settings(c);
		say_clock(c);
		check_login(c);
	}
	if (c->visit != NULL)
		port->close(port->self, c->visit);
}

int
hygiene_krb_check(struct daemon *d, int64_t device, hygiene_krb_line_fn *fn,
    void *cookie, struct err *err)
{
	struct check c = {.d = d, .fn = fn, .cookie = cookie};
	struct err how = {.kind = ERR_NONE};
	int rc;

	if (!d->conf->directory)
		return err_set(err, ERR_NOTFOUND,
		    "Active Directory is not configured (directory:)");
	if (engine_hold(d->engine, device, &c.hold, err) != 0)
		return -1;
	c.record = engine_held(c.hold);
	if (store_secret_get(d->store, device, STORE_SECRET_AD, &c.key_password,
		&how) != 0 &&
	    how.kind != ERR_NOTFOUND) {
		rc = -1;
		*err = how;
	} else {
		err_clear(&how);
		check_chain(&c, &how);
		rc = 0;
	}
	secret_free(c.key_password);
	ad_device_clear(&c.domain);
	device_free(c.seen);
	if (engine_release(c.hold, &how, rc == 0 ? err : NULL) != 0)
		rc = -1;
	return rc;
}
