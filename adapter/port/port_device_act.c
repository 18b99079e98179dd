#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "device.h"
#include "err.h"
#include "krb.h"
#include "mem.h"
#include "port_device_internal.h"
#include "profile.h"
#include "str.h"
#include "wsman.h"

/* Calls of the device port that change the device. */

#define PT_DUPLICATE 2058
#define PASSPHRASE_MAJOR 8 /* firmware before derives no keys itself */

/* --- clock --- */

static int
run_clock_set(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);

	return a == NULL ? -1 : amt_clock_set(a, visit_end, v, err);
}

static void
clock_set(void *self, struct visit *v, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_clock_set, NULL, done, cookie);
}

/* --- names and addresses --- */

static int
copy_text(char *out, size_t size, const char *text, struct err *err)
{
	if (strlen(text) >= size)
		return err_set(err, ERR_INVALID, "a name is too long");
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

static int
run_names_set(struct visit *v, struct err *err)
{
	const struct port_names *names = &v->job.args.names;
	const struct profile *p = names->profile;
	struct amt *a = visit_session(v, err);
	struct amt_general wish = {.shared_fqdn = p->shared_fqdn,
	    .ping = p->ping,
	    .ddns_client = str_eq(p->ddns, "client"),
	    .ddns_dhcp = str_eq(p->ddns, "dhcp"),
	    .ddns_interval = p->ddns_interval,
	    .ddns_ttl = p->ddns_ttl};

	if (a == NULL ||
	    copy_text(wish.host, sizeof(wish.host), names->host, err) != 0 ||
	    copy_text(wish.domain, sizeof(wish.domain), names->domain, err) !=
		0)
		return -1;
	return amt_general_write(a, &wish, visit_end, v, err);
}

static void
names_set(void *self, struct visit *v, const struct port_names *names,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_names_set, &(struct job_args){.names = *names}, done,
	    cookie);
}

/* The link goes down for a moment, and the address may be another one. */
static void
on_ip_set(void *cookie, const struct err *err)
{
	struct visit *v = cookie;

	if (err->kind == ERR_NONE || err->kind == ERR_UNKNOWN) {
		visit_expect_absence(v);
		free(v->address);
		v->address = NULL;
	}
	visit_end(v, err);
}

static int
run_ip_set(struct visit *v, struct err *err)
{
	bool host = str_eq(v->job.args.mode, "host");
	const struct amt_ethernet wish = {
	    .dhcp = !host, .ip_sync = true, .shared_static = host};
	struct amt *a = visit_session(v, err);

	return a == NULL ? -1 : amt_ethernet_write(a, &wish, on_ip_set, v, err);
}

static void
ip_set(void *self, struct visit *v, const char *mode, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(
	    v, run_ip_set, &(struct job_args){.mode = mode}, done, cookie);
}

/* --- ACL: what differs between the list and the profile, entry by entry --- */

struct acl_set {
	struct amt_acls have;
	struct amt_acls todo; /* realms "": to be removed */
	size_t at;
};

static void
acl_set_free(void *state)
{
	struct acl_set *s = state;

	amt_acls_clear(&s->have);
	amt_acls_clear(&s->todo);
}

static const struct profile_acl *
wanted(const struct profile *p, const char *sid)
{
	size_t i;

	for (i = 0; i < p->acl_count; i++)
		if (str_eq(p->acl[i].sid, sid))
			return &p->acl[i];
	return NULL;
}

static const struct amt_acl *
present(const struct amt_acls *list, const char *sid)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (str_eq(list->entry[i].sid, sid))
			return &list->entry[i];
	return NULL;
}

static int
add_todo(struct amt_acls *todo, const struct profile_acl *wish, int64_t handle,
    struct err *err)
{
	struct amt_acl *e;

	if (todo->count == AMT_MAX_STORE)
		return err_set(err, ERR_INVALID, "too many ACL entries");
	e = amt_acls_add(todo);
	e->handle = handle;
	if (wish == NULL)
		return 0;
	e->access = wish->access;
	if (copy_text(e->sid, sizeof(e->sid), wish->sid, err) != 0)
		return -1;
	return copy_text(e->realms, sizeof(e->realms), wish->realms, err);
}

/* Removals first, because the table is small. Digest entries are not ours. */
static int
compare_acl(struct acl_set *s, const struct profile *p, struct err *err)
{
	const struct amt_acl *e;
	size_t i;

	for (i = 0; i < s->have.count; i++) {
		e = &s->have.entry[i];
		if (e->sid[0] != '\0' && wanted(p, e->sid) == NULL &&
		    add_todo(&s->todo, NULL, e->handle, err) != 0)
			return -1;
	}
	for (i = 0; i < p->acl_count; i++) {
		e = present(&s->have, p->acl[i].sid);
		if (e != NULL && str_eq(e->realms, p->acl[i].realms) &&
		    e->access == p->acl[i].access)
			continue;
		if (add_todo(&s->todo, &p->acl[i], e == NULL ? -1 : e->handle,
			err) != 0)
			return -1;
	}
	return 0;
}

static void on_acl(void *cookie, const struct err *err);

/* 1: nothing is left to do. */
static int
next_acl(struct visit *v, struct acl_set *s, struct err *err)
{
	const struct amt_acl *e;

	if (s->at == s->todo.count)
		return 1;
	e = &s->todo.entry[s->at];
	if (e->realms[0] == '\0')
		return amt_acl_remove(v->amt, e->handle, on_acl, v, err);
	return amt_acl_write(v->amt, e, on_acl, v, err);
}

static void
on_acl(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct acl_set *s = v->job.state;
	struct err own = *err;

	if (own.kind == ERR_NONE) {
		v->job.changed = true;
		s->at++;
	}
	if (own.kind != ERR_NONE || next_acl(v, s, &own) != 0)
		visit_end(v, &own);
}

static void
on_acl_read(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct acl_set *s = v->job.state;
	struct err own = *err;

	if (own.kind != ERR_NONE ||
	    compare_acl(s, v->job.args.profile, &own) != 0 ||
	    next_acl(v, s, &own) != 0)
		visit_end(v, &own);
}

static int
run_acl_set(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);
	struct acl_set *s;

	if (a == NULL)
		return -1;
	s = visit_state(v, sizeof(*s), acl_set_free);
	return amt_acl_read(a, &s->have, on_acl_read, v, err);
}

static void
acl_set(void *self, struct visit *v, const struct profile *profile,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_acl_set, &(struct job_args){.profile = profile},
	    done, cookie);
}

/* --- Kerberos --- */

static int
run_kerberos_set(struct visit *v, struct err *err)
{
	const struct port_kerberos *wish = &v->job.args.key;
	struct amt_kerberos_key key = {
	    .realm = wish->realm, .kvno = wish->kvno};
	int major = device_amt_major(v->device), rc = -1;
	struct amt *a = visit_session(v, err);
	struct secret *rc4 = NULL;

	if (a == NULL)
		return -1;
	if (major == 0 || major >= PASSPHRASE_MAJOR) {
		key.passphrase = wish->password;
		key.salt = wish->salt;
		key.iterations = wish->iterations;
	} else {
		if (krb_key_rc4(wish->password, &rc4, err) != 0)
			return -1;
		key.rc4 = rc4;
	}
	rc = amt_kerberos_write(a, &key, visit_end, v, err);
	secret_free(rc4);
	return rc;
}

static void
kerberos_set(void *self, struct visit *v, const struct port_kerberos *key,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(
	    v, run_kerberos_set, &(struct job_args){.key = *key}, done, cookie);
}

/* --- keys and certificates --- */

struct handle_state {
	char handle[AMT_HANDLE];
};

static int
run_key_generate(struct visit *v, struct err *err)
{
	const struct amt_keygen how = {.bits = v->job.args.bits,
	    .timeout_ms = (unsigned)(v->port->conf->keygen_timeout * 1000)};
	struct amt *a = visit_session(v, err);
	struct handle_state *s;

	if (a == NULL)
		return -1;
	s = visit_state(v, sizeof(*s), NULL);
	return amt_key_generate(a, &how, s->handle, visit_end, v, err);
}

static void
key_generate(
    void *self, struct visit *v, int64_t bits, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_key_generate, &(struct job_args){.bits = bits}, done,
	    cookie);
}

/* SHA-384 goes with the keys of firmware that demands both. */
#define SHA384_KEY_BITS 3072

static int
run_csr_make(struct visit *v, struct err *err)
{
	const struct port_csr *wish = &v->job.args.csr;
	const char *names[] = {
	    wish->subject.fqdn, wish->subject.short_name, NULL};
	struct amt *a = visit_session(v, err);
	struct amt_csr csr = {.key_handle = wish->key_handle,
	    .common_name = wish->subject.fqdn,
	    .dns_names = names,
	    .address = wish->subject.address};
	struct buf spki;
	int rc = -1;

	buf_init(&spki, MAX_DER);
	if (a == NULL)
		goto out;
	if (str_unbase64(&spki, wish->spki) != 0 || spki.over) {
		err_set(err, ERR_INVALID, "the key on record is no base64");
		goto out;
	}
	csr.spki = spki.data;
	csr.spki_len = spki.len;
	csr.hash_bits =
	    amt_spki_bits(spki.data, spki.len) < SHA384_KEY_BITS ? 256 : 384;
	rc = amt_csr_make(a, &csr, v->job.args.ret_bytes, visit_end, v, err);
out:
	buf_free(&spki);
	return rc;
}

static void
csr_make(void *self, struct visit *v, const struct port_csr *csr,
    struct buf *ret_der, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_csr_make,
	    &(struct job_args){.csr = *csr, .ret_bytes = ret_der}, done,
	    cookie);
}

/* The same bytes are there already: what was wanted. */
static void
on_cert_add(void *cookie, const struct err *err)
{
	struct err own = *err;

	if (own.domain == ERR_PT && own.native == PT_DUPLICATE)
		err_clear(&own);
	visit_end(cookie, &own);
}

typedef int add_fn(struct amt *a, const struct buf *der,
    char ret_handle[AMT_HANDLE], amt_done_fn *done, void *cookie,
    struct err *err);

static int
run_add(struct visit *v, add_fn *add, struct err *err)
{
	struct amt *a = visit_session(v, err);
	struct handle_state *s;
	struct buf der;
	int rc = -1;

	buf_init(&der, MAX_DER);
	if (a == NULL)
		goto out;
	if (str_unbase64(&der, v->job.args.der) != 0 || der.over) {
		err_set(
		    err, ERR_INVALID, "the certificate on record is no base64");
		goto out;
	}
	s = visit_state(v, sizeof(*s), NULL);
	rc = add(a, &der, s->handle, on_cert_add, v, err);
out:
	buf_free(&der);
	return rc;
}

static int
run_cert_add(struct visit *v, struct err *err)
{
	return run_add(v, amt_cert_add, err);
}

static int
run_root_add(struct visit *v, struct err *err)
{
	return run_add(v, amt_root_add, err);
}

static void
cert_add(void *self, struct visit *v, const char *der, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(
	    v, run_cert_add, &(struct job_args){.der = der}, done, cookie);
}

static void
root_add(void *self, struct visit *v, const char *der, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(
	    v, run_root_add, &(struct job_args){.der = der}, done, cookie);
}

/* Gone already: what was wanted. */
static void
on_delete(void *cookie, const struct err *err)
{
	struct err own = *err;

	if (own.kind == ERR_NOTFOUND)
		err_clear(&own);
	visit_end(cookie, &own);
}

static int
run_cert_delete(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);

	return a == NULL
	    ? -1
	    : amt_cert_delete(a, v->job.args.handle, on_delete, v, err);
}

static void
cert_delete(void *self, struct visit *v, const char *handle, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(v, run_cert_delete, &(struct job_args){.handle = handle},
	    done, cookie);
}

static int
run_key_delete(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);

	return a == NULL
	    ? -1
	    : amt_key_delete(a, v->job.args.handle, on_delete, v, err);
}

static void
key_delete(void *self, struct visit *v, const char *handle, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(v, run_key_delete, &(struct job_args){.handle = handle},
	    done, cookie);
}

/* --- TLS --- */

/* Committed, or perhaps: the device drops its connections and comes back with
 * the new certificate. From now on over TLS, if that was the wish. */
static void
on_tls_switch(void *cookie, const struct err *err)
{
	struct visit *v = cookie;

	if (err->kind == ERR_NONE || err->kind == ERR_UNKNOWN) {
		visit_expect_absence(v);
		if (v->job.args.profile->tls)
			v->device->use_tls = true;
	}
	visit_end(v, err);
}

static int
run_tls_switch(struct visit *v, struct err *err)
{
	const struct profile *p = v->job.args.profile;
	const struct amt_tls_wish wish = {.cert_handle = v->job.args.handle,
	    .enabled = p->tls,
	    .plain = p->tls_plain,
	    .timeout_ms = (unsigned)(v->port->conf->call_timeout * 1000)};
	struct amt *a = visit_session(v, err);

	return a == NULL ? -1 : amt_tls_switch(a, &wish, on_tls_switch, v, err);
}

static void
tls_switch(void *self, struct visit *v, const char *cert_handle,
    const struct profile *profile, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_tls_switch,
	    &(struct job_args){.handle = cert_handle, .profile = profile}, done,
	    cookie);
}

/* --- the admin's password --- */

struct password_set {
	char user[AMT_TEXT];
};

/* SetAdminAclEntryEx sets name and password: logged in as somebody else, it
 * would rename the admin. */
static void
on_admin(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct password_set *s = v->job.state;
	const struct amt_login login = {.user = v->device->admin_user,
	    .realm = v->device->digest_realm,
	    .password = v->job.args.password};
	struct err own = *err;
	struct buf name;

	if (own.kind == ERR_NONE && !str_eq(s->user, login.user)) {
		buf_init(&name, 256);
		str_printable(&name, s->user, strlen(s->user), 32);
		err_set(&own, ERR_INVALID,
		    "the device's admin is \"%s\", not the one on record",
		    buf_text(&name));
		buf_free(&name);
	}
	if (own.kind != ERR_NONE ||
	    amt_admin_write(v->amt, &login, visit_end, v, &own) != 0)
		visit_end(v, &own);
}

static int
run_password_set(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);
	struct password_set *s;

	visit_proven_drop(v); /* what it proved is over */
	if (a == NULL)
		return -1;
	s = visit_state(v, sizeof(*s), NULL);
	return amt_admin_read(a, s->user, on_admin, v, err);
}

static void
password_set(void *self, struct visit *v, const struct secret *password,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_password_set,
	    &(struct job_args){.password = password}, done, cookie);
}

void
port_device_acts(struct port_device *port)
{
	port->clock_set = clock_set;
	port->names_set = names_set;
	port->ip_set = ip_set;
	port->acl_set = acl_set;
	port->kerberos_set = kerberos_set;
	port->key_generate = key_generate;
	port->csr_make = csr_make;
	port->cert_add = cert_add;
	port->root_add = root_add;
	port->cert_delete = cert_delete;
	port->key_delete = key_delete;
	port->tls_switch = tls_switch;
	port->password_set = password_set;
}
