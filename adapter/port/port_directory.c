/* The engine's words for Active Directory. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "directory.h"
#include "errand.h"
#include "krb.h"
#include "mem.h"
#include "port.h"
#include "secret.h"
#include "str.h"

/* May a call do with Kerberos where no LDAP answers? */
static bool
may_do_without(struct errands *q)
{
	return !str_eq(office_conf(errands_office(q))->password_by, "ldap");
}

/* --- pick --- */

struct pick_errand {
	struct errand base;
	char *dc;
	char **ret_dc;
};

static void
pick_free(struct errand *base)
{
	struct pick_errand *e = (void *)base;

	free(e->dc);
	free(e);
}

static int
call_pick(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct pick_errand *e = cookie;
	int64_t offset_ms;

	(void)krb;
	/* What it says does not matter: it answers. */
	if (directory_time(directory, &offset_ms, err) != 0)
		return -1;
	e->dc = mem_dup(directory_controller(directory));
	return 0;
}

/* One that takes passwords, as far as can be seen: LDAP alone says which are
 * read-only ones. */
static int
call_pick_instead(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct pick_errand *e = cookie;
	int64_t offset_ms, error_ms;

	(void)directory;
	if (krb_time(krb, 1, &offset_ms, &error_ms, err) != 0 ||
	    krb_password_reach(krb, err) != 0)
		return -1;
	e->dc = mem_dup(krb_kdc(krb));
	return 0;
}

static void
give_controller(struct errand *base)
{
	struct pick_errand *e = (void *)base;

	mem_replace(e->ret_dc, e->dc);
}

static void
pick(void *self, const char *wish, char **ret_dc, port_done_fn *done,
    void *cookie)
{
	struct pick_errand *e = mem_alloc(sizeof(*e));

	e->base.need = DESK_DIRECTORY;
	e->base.dc = mem_dup(wish);
	e->base.or_another = true;
	e->base.call = call_pick;
	if (may_do_without(self))
		e->base.instead = call_pick_instead;
	e->base.give = give_controller;
	e->base.free = pick_free;
	e->ret_dc = ret_dc;
	errand_send(self, &e->base, done, cookie);
}

/* --- look --- */

struct look_errand {
	struct errand base;
	char *account;
	char *spn;    /* one of an object that is known; NULL: not known */
	int64_t kvno; /* by a ticket for it */
	struct directory_object object;
	struct device *into;
	bool *ret_by_ticket;
};

static void
look_free(struct errand *base)
{
	struct look_errand *e = (void *)base;

	free(e->account);
	free(e->spn);
	directory_object_clear(&e->object);
	free(e);
}

static int
call_look(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct look_errand *e = cookie;

	(void)krb;
	return directory_read(directory, e->account, &e->object, err);
}

/* What a ticket is sealed with has a version, too. */
static int
call_look_instead(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	static const struct krb_keys none;
	struct look_errand *e = cookie;
	struct krb_ticket_facts facts;

	(void)directory;
	if (krb_ticket_try(krb, e->spn, &none, &facts, err) != 0) {
		/* That is no word that there is no object. */
		if (err->kind == ERR_NOTFOUND)
			err->kind = ERR_REFUSED;
		return -1;
	}
	e->kvno = facts.kvno;
	return 0;
}

static void
give_object(struct errand *base)
{
	struct look_errand *e = (void *)base;
	const struct directory_object *o = &e->object;
	struct device *d = e->into;

	*e->ret_by_ticket = base->by_kerberos;
	if (base->by_kerberos) {
		d->ad_kvno = e->kvno;
		return;
	}
	mem_replace(&d->ad_dn, o->dn);
	mem_replace(&d->ad_account, o->account);
	mem_replace(&d->ad_dns_host, o->dns_host);
	mem_replace(&d->ad_spns, o->spns);
	mem_replace(&d->ad_upn, o->upn);
	mem_replace(&d->ad_sid, o->sid);
	d->ad_enctypes = o->enctypes;
	d->ad_uac = o->uac;
	d->ad_kvno = o->kvno;
	d->ad_password_at = o->password_at;
	d->ad_max_age = o->max_age;
	mem_replace(&d->ad_settings, o->settings);
	d->ad_expires_at = o->expires_at;
	d->ad_read_at = clock_now();
}

static void
look(void *self, const char *account, const char *dc, struct device *into,
    bool *ret_by_ticket, port_done_fn *done, void *cookie)
{
	struct look_errand *e = mem_alloc(sizeof(*e));

	e->base.need = DESK_DIRECTORY;
	e->base.dc = mem_dup(dc);
	e->base.call = call_look;
	e->base.give = give_object;
	e->base.free = look_free;
	e->account = mem_dup(account);
	if (may_do_without(self) && !str_empty(into->ad_dn) &&
	    str_ieq(into->ad_account, account) && !str_empty(into->ad_spns)) {
		e->spn =
		    mem_dup_len(into->ad_spns, strcspn(into->ad_spns, " "));
		e->base.instead = call_look_instead;
	}
	e->into = into;
	e->ret_by_ticket = ret_by_ticket;
	errand_send(self, &e->base, done, cookie);
}

/* --- ensure --- */

struct ensure_errand {
	struct errand base;
	char *account, *ou, *fqdn, *spns, *mark, *former_mark;
	int64_t enctypes;
	struct secret *password;
};

static void
ensure_free(struct errand *base)
{
	struct ensure_errand *e = (void *)base;

	free(e->account);
	free(e->ou);
	free(e->fqdn);
	free(e->spns);
	free(e->mark);
	free(e->former_mark);
	secret_free(e->password);
	free(e);
}

static struct directory_wish
wish_of(const struct ensure_errand *e)
{
	return (struct directory_wish){.ou = e->ou,
	    .account = e->account,
	    .fqdn = e->fqdn,
	    .spns = e->spns,
	    .enctypes = e->enctypes,
	    .description = e->mark,
	    .former_description = e->former_mark};
}

static int
call_ensure(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct ensure_errand *e = cookie;
	const struct directory_wish wish = wish_of(e);

	(void)krb;
	return directory_ensure(directory, &wish, e->password, err);
}

static int
call_move(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	const struct directory_wish wish = wish_of(cookie);

	(void)krb;
	return directory_move(directory, &wish, err);
}

static void
send_object(struct errands *q, const struct port_object *object, desk_fn *call,
    port_done_fn *done, void *cookie)
{
	struct ensure_errand *e = mem_alloc(sizeof(*e));

	e->base.need = DESK_DIRECTORY;
	e->base.dc = mem_dup(object->dc);
	e->base.call = call;
	e->base.free = ensure_free;
	e->account = mem_dup(object->account);
	e->ou = mem_dup(object->ou);
	e->fqdn = mem_dup(object->fqdn);
	e->spns = mem_dup(object->spns);
	e->mark = mem_dup(object->mark);
	e->former_mark = mem_dup(object->former_mark);
	e->enctypes = object->enctypes;
	if (object->password_if_new != NULL)
		e->password = secret_copy(object->password_if_new);
	errand_send(q, &e->base, done, cookie);
}

static void
ensure(void *self, const struct port_object *object, port_done_fn *done,
    void *cookie)
{
	send_object(self, object, call_ensure, done, cookie);
}

static void
move(void *self, const struct port_object *object, port_done_fn *done,
    void *cookie)
{
	send_object(self, object, call_move, done, cookie);
}

/* --- password_set --- */

struct password_errand {
	struct errand base;
	char *account, *dn;
	struct secret *password;
};

static void
password_free(struct errand *base)
{
	struct password_errand *e = (void *)base;

	free(e->account);
	free(e->dn);
	secret_free(e->password);
	free(e);
}

static int
call_password_set(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct password_errand *e = cookie;

	if (directory == NULL)
		return krb_password_set(krb, e->account, e->password, err);
	return directory_password_set(directory, e->dn, e->password, err);
}

static void
password_set(void *self, const struct port_password *where,
    const struct secret *password, port_done_fn *done, void *cookie)
{
	const struct conf *conf = office_conf(errands_office(self));
	struct password_errand *e = mem_alloc(sizeof(*e));

	e->base.need =
	    str_eq(conf->password_by, "kerberos") ? DESK_KDC : DESK_DIRECTORY;
	e->base.dc = mem_dup(where->dc);
	e->base.call = call_password_set;
	if (e->base.need == DESK_DIRECTORY && may_do_without(self))
		e->base.instead = call_password_set;
	e->base.free = password_free;
	e->account = mem_dup(where->account);
	e->dn = mem_dup(where->dn);
	e->password = secret_copy(password);
	errand_send(self, &e->base, done, cookie);
}

/* --- set-up --- */

int
port_directory_new(struct loop *loop, const struct conf *conf,
    struct ports *ports, struct err *err)
{
	struct errands *q;

	(void)err;
	if (!conf->directory)
		return 0;
	q = errands_new(loop, conf);
	ports->directory = (struct port_directory){
	    .self = q,
	    .pick = pick,
	    .look = look,
	    .look_others = port_look_others,
	    .ensure = ensure,
	    .move = move,
	    .password_set = password_set,
	};
	port_kdc_fill(&ports->kdc, q);
	return 0;
}

void
port_directory_stop(struct ports *ports)
{
	if (ports->directory.self != NULL)
		errands_stop(ports->directory.self);
}

void
port_directory_free(struct ports *ports)
{
	if (ports->directory.self == NULL)
		return;
	errands_free(ports->directory.self);
	memset(&ports->directory, 0, sizeof(ports->directory));
	memset(&ports->kdc, 0, sizeof(ports->kdc));
}
