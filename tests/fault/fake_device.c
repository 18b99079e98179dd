#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "err.h"
#include "fault.h"
#include "mem.h"
#include "ports.h"
#include "profile.h"
#include "secret.h"
#include "str.h"
#include "world.h"

/* The fake device: firmware's rules that matter for crashes, and no others. */

struct visit {
	struct world *w;
	char password[64];
	char pins[2][65];
	bool tls;
};

#define REALM "Digest:0123456789ABCDEF0123456789ABCDEF"

static int
fake_open(void *self, const struct device *d, const struct secret *password,
    struct visit **ret_visit, struct err *err)
{
	struct visit *v = mem_alloc(sizeof(*v));

	(void)err;
	v->w = self;
	v->tls = d->use_tls;
	if (password != NULL)
		(void)snprintf(v->password, sizeof(v->password), "%s",
		    secret_text(password));
	(void)snprintf(v->pins[0], sizeof(v->pins[0]), "%s",
	    d->leaf_sha256 == NULL ? "" : d->leaf_sha256);
	(void)str_base64_sha256(d->next_cert, WORLD_TEXT, v->pins[1]);
	*ret_visit = v;
	return 0;
}

static void
fake_close(void *self, struct visit *v)
{
	(void)self;
	free(v);
}

/* The plain port is open while TLS is off, the other one while it is on. */
static bool
is_there(const struct world *w, bool tls, struct err *err)
{
	err_clear(err);
	if (w->offline)
		(void)err_set(err, ERR_UNREACHABLE, "no route");
	else if (tls != w->tls)
		(void)err_set(err, ERR_UNREACHABLE, "connection refused");
	return err->kind == ERR_NONE;
}

/* Is it who the visit expects, and does this password open it? */
static bool
let_in(struct visit *v, const char *password, struct err *err)
{
	struct world *w = v->w;
	char leaf[65];

	if (!is_there(w, v->tls, err))
		return false;
	if (v->tls) {
		world_leaf(w, leaf);
		if (strcmp(leaf, v->pins[0]) != 0 &&
		    strcmp(leaf, v->pins[1]) != 0) {
			(void)err_set(
			    err, ERR_UNTRUSTED, "another certificate");
			return false;
		}
	}
	if (!w->locked && strcmp(password, w->admin_password) == 0) {
		w->wrong_in_row = 0;
		return true;
	}
	if (++w->wrong_in_row > w->worst_wrong_in_row)
		w->worst_wrong_in_row = w->wrong_in_row;
	fault_point("world.refused");
	(void)err_native(err, ERR_DENIED, ERR_HTTP, 401, "wrong password");
	return false;
}

/* --- looking --- */

static int
slot_of_key(const struct world *w, const char *spki)
{
	int i;

	for (i = 0; i < WORLD_SLOTS; i++)
		if (w->keys[i][0] != '\0' && strcmp(w->keys[i], spki) == 0)
			return i;
	return -1;
}

static void
look_roots(const struct world *w, struct device *d)
{
	char list[WORLD_SLOTS * 65 + 1] = "", hash[65];
	int i;

	for (i = 0; i < WORLD_SLOTS; i++) {
		if (!w->certs[i].root)
			continue;
		(void)str_base64_sha256(w->certs[i].der, WORLD_TEXT, hash);
		(void)strcat(strcat(list, list[0] == '\0' ? "" : " "), hash);
	}
	mem_replace(&d->trusted_roots, list);
}

static void
look_certificate(const struct world *w, struct device *d)
{
	static const struct world_cert none;
	const struct world_cert *c =
	    w->tls_slot < 0 ? &none : &w->certs[w->tls_slot];
	char handle[32], hash[65];

	look_roots(w, d);
	d->cert_not_after = c->not_after;
	d->cert_ours = c->ours;
	d->cert_read_only = c->read_only;
	if (w->tls_slot < 0)
		return;
	(void)snprintf(handle, sizeof(handle), "cert %d", w->tls_slot);
	mem_replace(&d->cert_handle, handle);
	(void)snprintf(
	    handle, sizeof(handle), "key %d", slot_of_key(w, c->spki));
	mem_replace(&d->cert_key_handle, handle);
	(void)str_base64_sha256(c->der, WORLD_TEXT, hash);
	mem_replace(&d->cert_sha256, hash);
	mem_replace(&d->cert_serial, c->serial);
	mem_replace(&d->cert_names, c->names);
}

/* Only what was asked for: a step that needs more must fail here. */
static void
look_settings(const struct world *w, unsigned parts, struct device *d)
{
	if ((parts & PORT_IDENTITY) != 0)
		mem_replace(&d->amt_version, w->version);
	if ((parts & PORT_GENERAL) != 0) {
		mem_replace(&d->amt_host, w->host);
		mem_replace(&d->amt_domain, w->domain);
		mem_replace(&d->amt_os_fqdn, w->os_fqdn);
		mem_replace(&d->ddns_mode, w->ddns);
		d->shared_fqdn = w->shared;
		d->ping_response = w->ping;
	}
	if ((parts & PORT_ETHERNET) != 0)
		d->dhcp_enabled = w->dhcp;
	if ((parts & PORT_TLS) != 0) {
		d->tls_enabled = w->tls;
		d->tls_plain_supported = true;
	}
	if ((parts & PORT_KERBEROS) != 0) {
		d->krb_enabled = w->krb;
		mem_replace(&d->krb_realm, w->krb_realm);
		d->krb_kvno = w->krb_kvno;
	}
	if ((parts & PORT_ACL) != 0)
		mem_replace(&d->acl_sids, w->acl);
}

static void
fake_look(void *self, struct visit *v, unsigned parts, struct device *d,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	if (let_in(v, v->password, &err)) {
		mem_replace(&d->digest_realm, REALM);
		look_settings(w, parts, d);
		if ((parts & PORT_CERTIFICATE) != 0)
			look_certificate(w, d);
		if ((parts & PORT_CLOCK) != 0) {
			d->clock_offset_ms = w->clock_offset_ms;
			d->clock_read_at = clock_now();
		}
		if (parts == PORT_ALL)
			d->read_at = clock_now();
	}
	world_answer(w, done, cookie, &err);
}

static bool
key_has_cert(const struct world *w, const char *spki)
{
	int i;

	for (i = 0; i < WORLD_SLOTS; i++)
		if (w->certs[i].der[0] != '\0' &&
		    strcmp(w->certs[i].spki, spki) == 0)
			return true;
	return false;
}

static void
copy_keys(const struct world *w, bool with_certs, struct port_pki *ret)
{
	struct port_key *k;
	int i;

	ret->keys = mem_array(WORLD_SLOTS, sizeof(*ret->keys));
	for (i = 0; i < WORLD_SLOTS; i++) {
		if (w->keys[i][0] == '\0')
			continue;
		k = &ret->keys[ret->key_count++];
		(void)snprintf(k->handle, sizeof(k->handle), "key %d", i);
		k->spki = mem_dup(w->keys[i]);
		k->in_use = with_certs && key_has_cert(w, w->keys[i]);
	}
}

static void
copy_certs(const struct world *w, struct port_pki *ret)
{
	struct port_cert *c;
	char hash[65];
	int i;

	ret->certs = mem_array(WORLD_SLOTS, sizeof(*ret->certs));
	for (i = 0; i < WORLD_SLOTS; i++) {
		if (w->certs[i].der[0] == '\0')
			continue;
		c = &ret->certs[ret->cert_count++];
		(void)snprintf(c->handle, sizeof(c->handle), "cert %d", i);
		c->der = mem_dup(w->certs[i].der);
		(void)str_base64_sha256(c->der, WORLD_TEXT, hash);
		c->sha256 = mem_dup(hash);
		c->serial = mem_dup(w->certs[i].serial);
		c->ours = w->certs[i].ours;
		c->read_only = w->certs[i].read_only;
		c->trusted_root = w->certs[i].root;
	}
}

static void
fake_look_pki(void *self, struct visit *v, unsigned parts, struct port_pki *ret,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	if (let_in(v, v->password, &err)) {
		if ((parts & PORT_KEYS) != 0)
			copy_keys(w, (parts & PORT_CERTS) != 0, ret);
		if ((parts & PORT_CERTS) != 0)
			copy_certs(w, ret);
		if ((parts & PORT_TLS_CERT) != 0)
			(void)snprintf(ret->tls_cert, sizeof(ret->tls_cert),
			    "cert %d", w->tls_slot);
	}
	world_answer(w, done, cookie, &err);
}

static void
fake_look_clock(
    void *self, struct visit *v, int64_t *ret, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	if (let_in(v, v->password, &err))
		*ret = w->clock_offset_ms;
	world_answer(w, done, cookie, &err);
}

static void
fake_look_leaf(
    void *self, struct visit *v, char ret[65], port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	(void)v;
	if (is_there(w, true, &err))
		world_leaf(w, ret);
	world_answer(w, done, cookie, &err);
}

static void
fake_look_plain(void *self, struct visit *v, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	(void)v;
	(void)is_there(w, false, &err);
	world_answer(w, done, cookie, &err);
}

static void
fake_check_login(void *self, struct visit *v, const struct secret *password,
    port_done_fn *done, void *cookie)
{
	struct err err;

	(void)let_in(v, secret_text(password), &err);
	world_answer(self, done, cookie, &err);
}

static void
fake_check_ticket(void *self, struct visit *v, const char *token,
    struct buf *ret_answer, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	bool opens = strcmp(token, w->krb_password) == 0;
	bool liar = w->manners == WORLD_TAKES_ANY ||
	    w->manners == WORLD_ANSWERS_WRONGLY;
	struct err err;

	(void)v;
	err_clear(&err);
	if (!w->krb || w->acl[0] == '\0' || (!opens && !liar))
		(void)err_set(&err, ERR_DENIED, "the ticket was refused");
	else if (w->manners == WORLD_ANSWERS_WRONGLY)
		buf_str(ret_answer, "made with another key");
	else if (w->manners == WORLD_HONEST)
		buf_str(ret_answer, token);
	world_answer(w, done, cookie, &err);
}

/* --- changing --- */

/* The frame of every change: let in, lost or not, done, told or not. */
#define CHANGE(world, visit, err, done, cookie, body)                          \
	do {                                                                   \
		if (let_in(visit, (visit)->password, &(err)) &&                \
		    world_change(world, &(err))) {                             \
			body;                                                  \
			if ((err).kind == ERR_NONE)                            \
				world_changed(world, &(err));                  \
		}                                                              \
		world_answer(world, done, cookie, &(err));                     \
	} while (0)

static void
fake_clock_set(void *self, struct visit *v, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	CHANGE(w, v, err, done, cookie, w->clock_offset_ms = 0);
}

static void
fake_names_set(void *self, struct visit *v, const struct port_names *names,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	CHANGE(w, v, err, done, cookie, {
		(void)snprintf(w->host, sizeof(w->host), "%s", names->host);
		(void)snprintf(
		    w->domain, sizeof(w->domain), "%s", names->domain);
		(void)snprintf(
		    w->ddns, sizeof(w->ddns), "%s", names->profile->ddns);
		w->shared = names->profile->shared_fqdn;
		w->ping = names->profile->ping;
	});
}

static void
fake_ip_set(void *self, struct visit *v, const char *mode, port_done_fn *done,
    void *cookie)
{
	struct world *w = self;
	struct err err;

	CHANGE(w, v, err, done, cookie, w->dhcp = strcmp(mode, "dhcp") == 0);
}

static void
fake_acl_set(void *self, struct visit *v, const struct profile *profile,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	CHANGE(w, v, err, done, cookie, {
		if (!w->krb)
			(void)err_set(
			    &err, ERR_REFUSED, "Kerberos is not enabled");
		else
			(void)snprintf(w->acl, sizeof(w->acl), "%s:%s",
			    profile->acl[0].sid, profile->acl[0].realms);
	});
}

static void
fake_kerberos_set(void *self, struct visit *v, const struct port_kerberos *key,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	CHANGE(w, v, err, done, cookie, {
		w->krb = true;
		w->krb_kvno = key->kvno;
		(void)snprintf(
		    w->krb_realm, sizeof(w->krb_realm), "%s", key->realm);
		/* One that forgets the key still says that it was set. */
		(void)snprintf(w->krb_password, sizeof(w->krb_password), "%s",
		    w->manners == WORLD_HONEST || w->manners == WORLD_SILENT
			? secret_text(key->password)
			: "another key");
	});
}

static int
free_slot(const char *slots, size_t stride)
{
	int i;

	for (i = 0; i < WORLD_SLOTS; i++)
		if (slots[(size_t)i * stride] == '\0')
			return i;
	return -1;
}

static void
fake_key_generate(
    void *self, struct visit *v, int64_t bits, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;
	int slot = free_slot(w->keys[0], sizeof(w->keys[0]));

	CHANGE(w, v, err, done, cookie, {
		if (bits < w->least_bits)
			(void)err_set(&err, ERR_REFUSED, "key is too short");
		else if (slot < 0)
			(void)err_set(&err, ERR_REFUSED, "key store is full");
		else
			(void)world_next_text(w, "key", w->keys[slot]);
	});
}

static void
fake_csr_make(void *self, struct visit *v, const struct port_csr *csr,
    struct buf *ret_der, port_done_fn *done, void *cookie)
{
	struct err err;

	if (let_in(v, v->password, &err))
		buf_printf(ret_der, "%s %s", csr->spki, csr->subject.fqdn);
	world_answer(self, done, cookie, &err);
}

static void
fake_cert_add(void *self, struct visit *v, const char *der, port_done_fn *done,
    void *cookie)
{
	struct world *w = self;
	struct err err;
	int slot, i;

	slot = free_slot(w->certs[0].der, sizeof(w->certs[0]));
	CHANGE(w, v, err, done, cookie, {
		for (i = 0; i < WORLD_SLOTS; i++)
			if (strcmp(w->certs[i].der, der) == 0)
				(void)err_set(&err, ERR_REFUSED, "DUPLICATE");
		if (err.kind == ERR_NONE && slot < 0)
			(void)err_set(&err, ERR_REFUSED, "store is full");
		for (i = 0; err.kind == ERR_NONE && i < w->issued_count; i++)
			if (strcmp(w->issued[i].cert.der, der) == 0)
				w->certs[slot] = w->issued[i].cert;
	});
}

static void
fake_root_add(void *self, struct visit *v, const char *der, port_done_fn *done,
    void *cookie)
{
	struct world *w = self;
	struct err err;
	int slot;

	slot = free_slot(w->certs[0].der, sizeof(w->certs[0]));
	CHANGE(w, v, err, done, cookie, {
		if (world_has_root(w, der)) {
			(void)err_set(&err, ERR_REFUSED, "DUPLICATE");
		} else if (slot < 0 || w->roots_full) {
			(void)err_set(&err, ERR_REFUSED, "store is full");
		} else {
			(void)snprintf(
			    w->certs[slot].der, WORLD_TEXT, "%s", der);
			w->certs[slot].root = true;
		}
	});
}

static void
fake_cert_delete(void *self, struct visit *v, const char *handle,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;
	int slot = atoi(handle + strlen("cert "));

	CHANGE(w, v, err, done, cookie, {
		if (slot == w->tls_slot || w->certs[slot].read_only)
			(void)err_set(&err, ERR_REFUSED, "in use");
		else
			memset(&w->certs[slot], 0, sizeof(w->certs[slot]));
	});
}

static void
fake_key_delete(void *self, struct visit *v, const char *handle,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;
	int slot = atoi(handle + strlen("key "));

	CHANGE(w, v, err, done, cookie, {
		if (key_has_cert(w, w->keys[slot]))
			(void)err_set(&err, ERR_REFUSED, "in use");
		else
			w->keys[slot][0] = '\0';
	});
}

static void
fake_tls_switch(void *self, struct visit *v, const char *handle,
    const struct profile *profile, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;
	int slot = atoi(handle + strlen("cert "));

	(void)profile;
	CHANGE(w, v, err, done, cookie, {
		if (w->certs[slot].der[0] == '\0' ||
		    slot_of_key(w, w->certs[slot].spki) < 0) {
			(void)err_set(&err, ERR_REFUSED, "no such certificate");
		} else {
			w->tls_slot = slot;
			w->tls = true;
		}
	});
}

static void
fake_password_set(void *self, struct visit *v, const struct secret *password,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	CHANGE(w, v, err, done, cookie,
	    (void)snprintf(w->admin_password, sizeof(w->admin_password), "%s%s",
		secret_text(password), w->garbles ? "~" : ""));
}

static void
fake_password_use(void *self, struct visit *v, const struct secret *password)
{
	(void)self;
	(void)snprintf(
	    v->password, sizeof(v->password), "%s", secret_text(password));
}

void
world_device_port(struct world *w, struct ports *ports)
{
	ports->device = (struct port_device){
	    .self = w,
	    .open = fake_open,
	    .close = fake_close,
	    .look = fake_look,
	    .look_pki = fake_look_pki,
	    .look_clock = fake_look_clock,
	    .look_leaf = fake_look_leaf,
	    .look_plain = fake_look_plain,
	    .check_login = fake_check_login,
	    .check_ticket = fake_check_ticket,
	    .clock_set = fake_clock_set,
	    .names_set = fake_names_set,
	    .ip_set = fake_ip_set,
	    .acl_set = fake_acl_set,
	    .kerberos_set = fake_kerberos_set,
	    .key_generate = fake_key_generate,
	    .csr_make = fake_csr_make,
	    .cert_add = fake_cert_add,
	    .root_add = fake_root_add,
	    .cert_delete = fake_cert_delete,
	    .key_delete = fake_key_delete,
	    .tls_switch = fake_tls_switch,
	    .password_set = fake_password_set,
	    .password_use = fake_password_use,
	};
}
