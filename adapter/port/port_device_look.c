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

/*
 * Reading a device into its record: a part is one operation of amt, and the
 * fields that it fills.  The record is written when all parts are there.
 */

#define MAX_SIDS ((size_t)AMT_MAX_STORE * 320)

/* --- what is read --- */

struct look {
	unsigned parts;
	size_t at; /* row under way */
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
	unsigned parts = 0;

	if ((l->parts & PORT_CERTIFICATE) != 0)
		parts |= AMT_PKI_CERTS | AMT_PKI_KEYS;
	/* Over TLS the one in use is the one that was presented. */
	if ((l->parts & PORT_CERTIFICATE) != 0 && !v->device->use_tls)
		parts |= AMT_PKI_TLS_CERT;
	if ((l->parts & PORT_KEY_BITS) != 0)
		parts |= AMT_PKI_KEY_BITS;
	return amt_pki_read(a, parts, &l->pki, look_next, v, err);
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

/* --- from the firmware's words to the record's --- */

static const char *
ddns_mode(const struct amt_general *g)
{
	if (g->ddns_client)
		return "client";
	return g->ddns_dhcp ? "dhcp" : "off";
}

static void
fill_identity(struct device *d, const struct look *l)
{
	mem_replace(&d->amt_version, l->identity.version);
	mem_replace(&d->control_mode, l->identity.control_mode);
	if (d->uuid == NULL && l->identity.uuid[0] != '\0')
		mem_replace(&d->uuid, l->identity.uuid);
}

static void
fill_general(struct device *d, const struct look *l)
{
	const struct amt_general *g = &l->general;

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
fill_ethernet(struct device *d, const struct look *l)
{
	const struct amt_ethernet *e = &l->ethernet;

	d->dhcp_enabled = e->dhcp;
	d->ip_sync = e->ip_sync;
	d->link_up = e->link_up;
	mem_replace(&d->ip_address, e->ip[0] == '\0' ? NULL : e->ip);
	mem_replace(&d->mac, e->mac[0] == '\0' ? NULL : e->mac);
}

static void
fill_tls(struct device *d, const struct look *l)
{
	d->tls_enabled = l->tls.enabled;
	d->tls_mutual = l->tls.mutual;
	d->tls_plain = l->tls.plain;
	d->tls_plain_supported = l->tls.plain_supported;
}

static void
fill_kerberos(struct device *d, const struct look *l)
{
	d->krb_enabled = l->kerberos.enabled;
	mem_replace(&d->krb_realm, l->kerberos.realm);
	d->krb_kvno = l->kerberos.kvno;
	mem_replace(&d->krb_enctypes, l->kerberos.enctypes);
}

/* "S-1-5-...:2,3,5 S-1-..." */
static void
fill_acl(struct device *d, const struct look *l)
{
	const struct amt_acl *e;
	struct buf text;
	size_t i;

	buf_init(&text, MAX_SIDS);
	for (i = 0; i < l->acls.count; i++) {
		e = &l->acls.entry[i];
		if (e->sid[0] == '\0')
			continue;
		buf_printf(&text, "%s%s:%s", text.len > 0 ? " " : "", e->sid,
		    e->realms);
	}
	mem_replace(&d->acl_sids, buf_text(&text));
	buf_free(&text);
}

static void
fill_clock(struct device *d, const struct look *l)
{
	d->clock_offset_ms = l->clock_offset;
	d->clock_read_at = clock_now();
}

static void
fill_key_bits(struct device *d, const struct look *l)
{
	if ((l->parts & PORT_KEY_BITS) != 0)
		d->key_bits = l->pki.key_bits;
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
	d->cert_key_bits = facts->key_bits;
	cert_facts_clear(facts);
}

static void
fill_roots(struct device *d, const struct amt_pki *pki)
{
	struct buf list;
	char hash[65];
	size_t i;

	buf_init(&list, (size_t)AMT_MAX_STORE * sizeof(hash));
	for (i = 0; i < pki->cert_count; i++) {
		if (!pki->certs[i].trusted_root)
			continue;
		str_sha256_hex(pki->certs[i].der, pki->certs[i].der_len, hash);
		buf_printf(&list, "%s%s", list.len > 0 ? " " : "", hash);
	}
	mem_replace(&d->trusted_roots, buf_text(&list));
	buf_free(&list);
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
	X509 *parsed = NULL;
	size_t len = 0;

	if (v->device->use_tls) {
		der = wsman_leaf_der(amt_session(v->amt), &len);
		parsed = wsman_leaf_parsed(amt_session(v->amt));
		if (der != NULL)
			cert = cert_with_bytes(&l->pki, der, len);
	} else {
		cert = cert_with_handle(&l->pki, l->pki.tls_cert);
		if (cert != NULL) {
			der = cert->der;
			len = cert->der_len;
		}
	}
	if (der != NULL &&
	    cert_describe(v->port, der, len, parsed, &facts, err) != 0)
		return -1;
	take_cert(d, &facts);
	fill_roots(d, &l->pki);
	d->cert_read_only = cert != NULL && cert->read_only;
	mem_replace(&d->cert_handle, cert == NULL ? NULL : cert->handle);
	mem_replace(&d->cert_key_handle,
	    cert == NULL ? NULL : amt_pki_key_of(&l->pki, cert));
	return 0;
}

/* --- look --- */

static const struct {
	unsigned parts; /* one of them suffices */
	int (*read)(
	    struct amt *a, struct look *l, struct visit *v, struct err *err);
	void (*fill)(struct device *d, const struct look *l);
	bool may_lack; /* some firmware has no such class: not set up */
} rows[] = {
    {PORT_IDENTITY, read_identity, fill_identity, false},
    {PORT_GENERAL, read_general, fill_general, false},
    {PORT_ETHERNET, read_ethernet, fill_ethernet, true},
    {PORT_TLS, read_tls, fill_tls, true},
    {PORT_CERTIFICATE | PORT_KEY_BITS, read_pki, fill_key_bits, true},
    {PORT_KERBEROS, read_kerberos, fill_kerberos, true},
    {PORT_ACL, read_acl, fill_acl, true},
    {PORT_CLOCK, read_clock, fill_clock, false},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool
is_asked(const struct look *l, size_t row)
{
	return (l->parts & rows[row].parts) != 0;
}

/* The certificate comes first: it alone may turn out to be none, and then
 * nothing is written. */
static int
fill(struct visit *v, struct device *d, const struct look *l, struct err *err)
{
	const struct wsman *w = amt_session(v->amt);
	size_t i;

	if ((l->parts & PORT_CERTIFICATE) != 0 && fill_cert(v, d, l, err) != 0)
		return -1;
	for (i = 0; i < ROWS; i++)
		if (is_asked(l, i))
			rows[i].fill(d, l);
	if (d->digest_realm == NULL)
		mem_replace(&d->digest_realm, wsman_realm(w));
	if (d->leaf_sha256 == NULL)
		mem_replace(&d->leaf_sha256, wsman_leaf(w));
	if (l->parts == PORT_ALL)
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

/* Begin the first read from l->at on that is asked for; the last one ends it
 * all. */
static void
look_on(struct visit *v, struct look *l)
{
	struct err err = {0};

	while (l->at < ROWS && !is_asked(l, l->at))
		l->at++;
	if (l->at < ROWS) {
		if (rows[l->at].read(v->amt, l, v, &err) != 0)
			visit_end(v, &err);
		return;
	}
	if (check_uuid(v->device, l, &err) == 0)
		(void)fill(v, v->job.args.into, l, &err);
	visit_end(v, &err);
}

static void
look_next(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct look *l = v->job.state;

	if (err->kind != ERR_NONE &&
	    (err->kind != ERR_NOTFOUND || !rows[l->at].may_lack)) {
		visit_end(v, err);
		return;
	}
	l->at++;
	look_on(v, l);
}

static int
run_look(struct visit *v, struct err *err)
{
	struct look *l;

	if (visit_session(v, err) == NULL)
		return -1;
	l = visit_state(v, sizeof(*l), look_free);
	l->parts = v->job.args.parts;
	l->tls.plain_supported = true;
	look_on(v, l);
	return 0;
}

static void
look(void *self, struct visit *v, unsigned parts, struct device *into,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_look,
	    &(struct job_args){.parts = parts, .into = into}, done, cookie);
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

void
port_device_looks(struct port_device *port)
{
	port->look = look;
	port->look_clock = look_clock;
}
