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

/* Calls of the device port that change the device; access lists, keys and
 * certificates have files of their own. */

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

int
visit_copy_text(char *out, size_t size, const char *text, struct err *err)
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
	    visit_copy_text(wish.host, sizeof(wish.host), names->host, err) !=
		0 ||
	    visit_copy_text(
		wish.domain, sizeof(wish.domain), names->domain, err) != 0)
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
	port_device_acls(port);
	port_device_keys(port);
	port->clock_set = clock_set;
	port->names_set = names_set;
	port->ip_set = ip_set;
	port->kerberos_set = kerberos_set;
	port->tls_switch = tls_switch;
	port->password_set = password_set;
}
