#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "port_device_internal.h"
#include "str.h"
#include "wsman.h"

/* Calls of the device port that change nothing in the device. */

#define MAX_SIDS ((size_t)AMT_MAX_STORE * 320)
#define MAX_BASE64 ((size_t)32 * 1024)

/* --- look: every fact, one operation after the other --- */

struct look {
	size_t at; /* operation under way */
	struct amt_identity identity;
	struct amt_general general;
	struct amt_ethernet ethernet;
	struct amt_tls tls;
	struct amt_pki pki;
	struct amt_kerberos kerberos;
	struct amt_acls acls;
	int64_t clock_offset;
};

static void
look_free(void *state)
{
	struct look *look = state;

	amt_pki_clear(&look->pki);
	amt_acls_clear(&look->acls);
}

static void look_next(void *cookie, const struct err *err);

static int
read_identity(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_identity_read(a, &l->identity, look_next, v, err);
}

static int
read_general(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_general_read(a, &l->general, look_next, v, err);
}

static int
read_ethernet(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_ethernet_read(a, &l->ethernet, look_next, v, err);
}

static int
read_tls(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_tls_read(a, &l->tls, look_next, v, err);
}

static int
read_pki(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_pki_read(a, &l->pki, look_next, v, err);
}

static int
read_kerberos(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_kerberos_read(a, &l->kerberos, look_next, v, err);
}

static int
read_acl(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_acl_read(a, &l->acls, look_next, v, err);
}

/* Last: by then the connection is warm, and the round trip short. */
static int
read_clock(struct amt *a, struct look *l, struct visit *v, struct err *err)
{
	return amt_clock_read(a, &l->clock_offset, look_next, v, err);
}

static const struct {
	int (*read)(
	    struct amt *a, struct look *l, struct visit *v, struct err *err);
	bool may_lack; /* some firmware has no such class: not set up */
} reads[] = {
    {read_identity, false},
    {read_general, false},
    {read_ethernet, true},
    {read_tls, true},
    {read_pki, true},
    {read_kerberos, true},
    {read_acl, true},
    {read_clock, false},
};

/* --- from the firmware's words to the record's --- */

static const char *
ddns_mode(const struct amt_general *g)
{
	if (g->ddns_client)
		return "client";
	return g->ddns_dhcp ? "dhcp" : "off";
}

static void
fill_names(struct device *d, const struct look *l)
{
	const struct amt_general *g = &l->general;

	mem_replace(&d->amt_version, l->identity.version);
	mem_replace(&d->control_mode, l->identity.control_mode);
	mem_replace(&d->amt_host, g->host);
	mem_replace(&d->amt_domain, g->domain);
	mem_replace(&d->amt_os_fqdn, g->os_fqdn);
	d->shared_fqdn = g->shared_fqdn;
	d->ping_response = g->ping;
	mem_replace(&d->ddns_mode, ddns_mode(g));
	d->ddns_interval = g->ddns_interval;
	d->ddns_ttl = g->ddns_ttl;
	if (d->digest_realm == NULL && g->realm[0] != '\0')
		mem_replace(&d->digest_realm, g->realm);
}

static void
fill_port(struct device *d, const struct amt_ethernet *e)
{
	d->dhcp_enabled = e->dhcp;
	d->ip_sync = e->ip_sync;
	d->link_up = e->link_up;
	mem_replace(&d->ip_address, e->ip[0] == '\0' ? NULL : e->ip);
	mem_replace(&d->mac, e->mac[0] == '\0' ? NULL : e->mac);
}

/* "S-1-5-...:2,3,5 S-1-..." */
static void
fill_acl(struct device *d, const struct amt_acls *acls)
{
	const struct amt_acl *e;
	struct buf text;
	size_t i;

	buf_init(&text, MAX_SIDS);
	for (i = 0; i < acls->count; i++) {
		e = &acls->entry[i];
		if (e->sid[0] == '\0')
			continue;
		buf_printf(&text, "%s%s:%s", text.len > 0 ? " " : "", e->sid,
		    e->realms);
	}
	mem_replace(&d->acl_sids, buf_text(&text));
	buf_free(&text);
}

static void
fill_settings(struct device *d, const struct look *l)
{
	d->tls_enabled = l->tls.enabled;
	d->tls_mutual = l->tls.mutual;
	d->tls_plain = l->tls.plain;
	d->tls_plain_supported = l->tls.plain_supported;
	d->krb_enabled = l->kerberos.enabled;
	mem_replace(&d->krb_realm, l->kerberos.realm);
	d->krb_kvno = l->kerberos.kvno;
	mem_replace(&d->krb_enctypes, l->kerberos.enctypes);
	d->key_bits = l->pki.key_bits;
	d->clock_offset_ms = l->clock_offset;
	d->clock_read_at = clock_now();
	fill_acl(d, &l->acls);
}

/* --- the certificate in use --- */

static const struct amt_cert *
cert_with_bytes(const struct amt_pki *pki, const uint8_t *der, size_t len)
{
	size_t i;

	for (i = 0; i < pki->cert_count; i++)
		if (pki->certs[i].der_len == len &&
		    memcmp(pki->certs[i].der, der, len) == 0)
			return &pki->certs[i];
	return NULL;
}

static const struct amt_cert *
cert_with_handle(const struct amt_pki *pki, const char *handle)
{
	size_t i;

	for (i = 0; i < pki->cert_count; i++)
		if (str_eq(pki->certs[i].handle, handle))
			return &pki->certs[i];
	return NULL;
}

/* facts are taken. */
static void
take_cert(struct device *d, struct cert_facts *facts)
{
	mem_replace(&d->cert_sha256, facts->sha256);
	mem_replace(&d->cert_serial, facts->serial);
	mem_replace(&d->cert_subject, facts->subject);
	mem_replace(&d->cert_issuer, facts->issuer);
	mem_replace(&d->cert_names, facts->names);
	d->cert_not_before = facts->not_before;
	d->cert_not_after = facts->not_after;
	d->cert_ours = facts->ours;
	cert_facts_clear(facts);
}

/* Over TLS it is the one that was presented: what the settings name may be
 * staged only. Over the plain port there are but the settings. */
static int
fill_cert(
    struct visit *v, struct device *d, const struct look *l, struct err *err)
{
	const struct amt_cert *cert = NULL;
	struct cert_facts facts = {0};
	const uint8_t *der = NULL;
	size_t len = 0;

	if (v->device->use_tls) {
		der = wsman_leaf_der(amt_session(v->amt), &len);
		if (der != NULL)
			cert = cert_with_bytes(&l->pki, der, len);
	} else {
		cert = cert_with_handle(&l->pki, l->pki.tls_cert);
		if (cert != NULL) {
			der = cert->der;
			len = cert->der_len;
		}
	}
	if (der != NULL && cert_describe(v, der, len, &facts, err) != 0)
		return -1;
	take_cert(d, &facts);
	mem_replace(&d->cert_handle, cert == NULL ? NULL : cert->handle);
	mem_replace(&d->cert_key_handle,
	    cert == NULL ? NULL : amt_pki_key_of(&l->pki, cert));
	return 0;
}

static int
fill(struct visit *v, struct device *d, const struct look *l, struct err *err)
{
	const struct wsman *w = amt_session(v->amt);

	if (fill_cert(v, d, l, err) != 0)
		return -1;
	fill_names(d, l);
	fill_port(d, &l->ethernet);
	fill_settings(d, l);
	if (d->digest_realm == NULL)
		mem_replace(&d->digest_realm, wsman_realm(w));
	if (d->leaf_sha256 == NULL)
		mem_replace(&d->leaf_sha256, wsman_leaf(w));
	if (d->uuid == NULL && l->identity.uuid[0] != '\0')
		mem_replace(&d->uuid, l->identity.uuid);
	d->read_at = clock_now();
	/* Later sessions of this visit are as strict as the record now is. */
	mem_replace(&v->device->digest_realm, d->digest_realm);
	mem_replace(&v->device->leaf_sha256, d->leaf_sha256);
	mem_replace(&v->device->amt_version, d->amt_version);
	return 0;
}

/* The one at whose address another device answers now has another UUID. */
static int
check_uuid(const struct device *d, const struct look *l, struct err *err)
{
	if (str_empty(d->uuid) || l->identity.uuid[0] == '\0' ||
	    str_ieq(d->uuid, l->identity.uuid))
		return 0;
	return err_set(err, ERR_UNTRUSTED,
	    "another device answers here: its UUID is %s", l->identity.uuid);
}

static void
look_next(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct look *l = v->job.state;
	struct err own = *err;
	int rc = 0;

	if (own.kind == ERR_NOTFOUND && reads[l->at].may_lack)
		err_clear(&own);
	if (own.kind != ERR_NONE) {
		visit_end(v, &own);
		return;
	}
	l->at++;
	if (l->at < sizeof(reads) / sizeof(reads[0])) {
		rc = reads[l->at].read(v->amt, l, v, &own);
		if (rc != 0)
			visit_end(v, &own);
		return;
	}
	rc = check_uuid(v->device, l, &own);
	if (rc == 0)
		(void)fill(v, v->job.args.into, l, &own);
	visit_end(v, &own);
}

static int
run_look(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);
	struct look *l;

	if (a == NULL)
		return -1;
	l = visit_state(v, sizeof(*l), look_free);
	l->tls.plain_supported = true;
	return reads[0].read(a, l, v, err);
}

static void
look(void *self, struct visit *v, struct device *into, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(
	    v, run_look, &(struct job_args){.into = into}, done, cookie);
}

/* --- look_pki --- */

static char *
base64(const uint8_t *bytes, size_t len)
{
	struct buf b;
	char *text;

	buf_init(&b, MAX_BASE64);
	str_base64(&b, bytes, len);
	text = mem_dup(buf_text(&b));
	buf_free(&b);
	return text;
}

static int
copy_certs(struct visit *v, const struct amt_pki *from, struct port_pki *to,
    struct err *err)
{
	struct cert_facts facts;
	struct port_cert *c;
	size_t i;

	to->certs = mem_array(from->cert_count + 1, sizeof(*to->certs));
	for (i = 0; i < from->cert_count; i++) {
		memset(&facts, 0, sizeof(facts));
		if (cert_describe(v, from->certs[i].der, from->certs[i].der_len,
			&facts, err) != 0)
			return -1;
		c = &to->certs[to->cert_count++];
		memcpy(c->handle, from->certs[i].handle, sizeof(c->handle));
		c->der = base64(from->certs[i].der, from->certs[i].der_len);
		c->sha256 = mem_dup(facts.sha256);
		c->serial = mem_dup(facts.serial);
		c->ours = facts.ours;
		c->read_only = from->certs[i].read_only;
		c->trusted_root = from->certs[i].trusted_root;
		cert_facts_clear(&facts);
	}
	return 0;
}

static bool
has_cert(const struct amt_pki *pki, const char *key_handle)
{
	size_t i;

	for (i = 0; i < pki->cert_count; i++)
		if (str_eq(amt_pki_key_of(pki, &pki->certs[i]), key_handle))
			return true;
	return false;
}

/* Keys of other kinds than RSA are not ours to look after. */
static int
copy_keys(const struct amt_pki *from, struct port_pki *to, struct err *err)
{
	const struct amt_key *key;
	struct port_key *k;
	size_t i;

	to->keys = mem_array(from->key_count + 1, sizeof(*to->keys));
	for (i = 0; i < from->key_count; i++) {
		key = &from->keys[i];
		if (key->pending)
			return err_set(
			    err, ERR_LIMIT, "device is still generating a key");
		if (key->spki == NULL)
			continue;
		k = &to->keys[to->key_count++];
		memcpy(k->handle, key->handle, sizeof(k->handle));
		k->spki = base64(key->spki, key->spki_len);
		k->in_use = has_cert(from, key->handle);
	}
	return 0;
}

static void
on_pki(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct look *l = v->job.state;
	struct port_pki pki = {0};
	struct err own = *err;

	if (own.kind == ERR_NONE && copy_certs(v, &l->pki, &pki, &own) == 0 &&
	    copy_keys(&l->pki, &pki, &own) == 0) {
		memcpy(pki.tls_cert, l->pki.tls_cert, sizeof(pki.tls_cert));
		*v->job.args.ret_pki = pki;
	} else {
		port_pki_clear(&pki);
	}
	visit_end(v, &own);
}

static int
run_look_pki(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);
	struct look *l;

	if (a == NULL)
		return -1;
	l = visit_state(v, sizeof(*l), look_free);
	return amt_pki_read(a, &l->pki, on_pki, v, err);
}

static void
look_pki(void *self, struct visit *v, struct port_pki *ret, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(
	    v, run_look_pki, &(struct job_args){.ret_pki = ret}, done, cookie);
}

/* --- look_clock --- */

static int
run_look_clock(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);

	if (a == NULL)
		return -1;
	return amt_clock_read(a, v->job.args.ret_offset, visit_end, v, err);
}

static void
look_clock(void *self, struct visit *v, int64_t *ret_offset_ms,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_look_clock,
	    &(struct job_args){.ret_offset = ret_offset_ms}, done, cookie);
}

/* --- look_leaf: a handshake that ends before HTTP begins --- */

static void
on_leaf(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	const char *leaf = wsman_leaf(amt_session(v->fresh));
	struct err own = *err;

	if (own.kind == ERR_UNTRUSTED && leaf != NULL) {
		(void)snprintf(v->job.args.ret_sha256, 65, "%s", leaf);
		err_clear(&own);
	}
	visit_end(v, &own);
}

static int
run_look_leaf(struct visit *v, struct err *err)
{
	const struct fresh how = {.leaf_only = true};
	struct amt *a = visit_fresh(v, &how, err);
	struct look *l;

	if (a == NULL)
		return -1;
	l = visit_state(v, sizeof(*l), look_free);
	return amt_general_read(a, &l->general, on_leaf, v, err);
}

static void
look_leaf(void *self, struct visit *v, char ret_sha256[65], port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(v, run_look_leaf,
	    &(struct job_args){.ret_sha256 = ret_sha256}, done, cookie);
}

/* --- check_login, check_ticket --- */

/* Any answer from behind the authentication proves the credential, be it a
 * fault for want of a realm. */
static void
on_login(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct buf *answer = v->job.args.ret_bytes;
	struct err own = *err;
	const char *token;

	if (own.domain == ERR_SOAP || own.domain == ERR_PT)
		err_clear(&own);
	token = wsman_token(amt_session(v->fresh));
	if (own.kind == ERR_NONE && answer != NULL && token != NULL)
		buf_str(answer, token);
	visit_end(v, &own);
}

static int
run_check(struct visit *v, struct err *err)
{
	const struct fresh how = {
	    .password = v->job.args.password, .token = v->job.args.token};
	struct amt *a = visit_fresh(v, &how, err);
	struct look *l;

	if (a == NULL)
		return -1;
	l = visit_state(v, sizeof(*l), look_free);
	return amt_general_read(a, &l->general, on_login, v, err);
}

static void
check_login(void *self, struct visit *v, const struct secret *password,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_check, &(struct job_args){.password = password},
	    done, cookie);
}

static void
check_ticket(void *self, struct visit *v, const char *token,
    struct buf *ret_answer, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_check,
	    &(struct job_args){.token = token, .ret_bytes = ret_answer}, done,
	    cookie);
}

void
port_device_looks(struct port_device *port)
{
	port->look = look;
	port->look_pki = look_pki;
	port->look_clock = look_clock;
	port->look_leaf = look_leaf;
	port->check_login = check_login;
	port->check_ticket = check_ticket;
}
