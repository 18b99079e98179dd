#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* A device from the cradle to the grave: configured, started, freed. */

unsigned
fw_version(const struct sim_device *d)
{
	return (unsigned)(d->state.major * 100 + d->state.minor);
}

bool
fw_hardened(unsigned version)
{
	return version >= 2200;
}

int
sim_firmware_bits(int major)
{
	return fw_hardened((unsigned)major * 100) ? 3072 : 2048;
}

/* Not for secrets: spreads latencies and prefixes, the same way every run. */
uint32_t
fw_random(struct sim_device *d)
{
	d->vol->random = d->vol->random * 1664525 + 1013904223;
	return d->vol->random >> 8;
}

void
sim_firmware_boot(struct sim_device *d)
{
	struct sim_volatile *v;
	size_t i;

	free(d->vol);
	v = fw_alloc(sizeof(*v));
	d->vol = v;
	fw_options_init(&v->options);
	v->random = (uint32_t)d->index * 2654435761u + 1;
	v->message_id = fw_random(d) & 0xfff;
	v->enum_id = 1 + (fw_random(d) & 0xfff);
	v->drift_from_ms = fw_real_ms();
	v->dhcp_sync_hostname = 1;
	v->wlan_retransmissions = 5;
	v->wlan_preference = 2;
	if (RAND_bytes(v->nonce, sizeof(v->nonce)) != 1)
		abort();
	/* what was not committed is gone with the power */
	d->state.staged = d->state.committed;
	for (i = 0; i < SIM_MAX_KEYS; i++)
		if (d->state.keys[i].used)
			fw_key_given(&d->state.keys[i]);
}

void
sim_firmware_free(struct sim_device *d)
{
	size_t i;

	for (i = 0; i < SIM_MAX_KEYS; i++) {
		if (d->state.keys[i].der != NULL)
			OPENSSL_cleanse(
			    d->state.keys[i].der, d->state.keys[i].der_len);
		free(d->state.keys[i].der);
		d->state.keys[i].der = NULL;
		d->state.keys[i].used = false;
	}
	for (i = 0; i < SIM_MAX_CERTS; i++) {
		free(d->state.certs[i].der);
		d->state.certs[i].der = NULL;
		d->state.certs[i].used = false;
	}
	free(d->vol);
	d->vol = NULL;
}

/* --- a new device --------------------------------------------------------- */

static int
set_names(struct sim_state *s, const struct sim_setup *setup)
{
	const char *os = setup->os_fqdn != NULL ? setup->os_fqdn : setup->fqdn;
	const char *domain = strchr(setup->fqdn, '.');
	size_t len = strcspn(setup->fqdn, ".");

	if (len == 0 || len > 63 || strlen(setup->fqdn) >= sizeof(s->domain) ||
	    strlen(os) >= sizeof(s->os_fqdn))
		return -1;
	memcpy(s->host, setup->fqdn, len);
	fw_copy(s->domain, sizeof(s->domain), domain != NULL ? domain + 1 : "");
	fw_copy(s->os_fqdn, sizeof(s->os_fqdn), os);
	s->shared_fqdn = true;
	return 0;
}

static void
set_network(struct sim_device *d, const struct sim_setup *setup)
{
	struct sim_state *s = &d->state;
	unsigned n = (unsigned)d->index;

	s->ddns_dhcp = s->ping = s->rmcp_ping = true;
	s->ddns_interval = 1440;
	s->ddns_ttl = 900;
	s->idle_wake = 65535;
	snprintf(s->mac, sizeof(s->mac), "02-a0-%02x-%02x-%02x-%02x",
	    n >> 24 & 255, n >> 16 & 255, n >> 8 & 255, n & 255);
	snprintf(s->ip, sizeof(s->ip), "%s", setup->ip);
	fw_copy(s->mask, sizeof(s->mask), "255.192.0.0");
	fw_copy(s->gateway, sizeof(s->gateway), "127.64.0.1");
	fw_copy(s->dns1, sizeof(s->dns1), "127.64.0.2");
	s->dhcp = s->ip_sync = true;
}

static void
set_realm(struct sim_state *s)
{
	uint8_t id[16];
	size_t i;

	if (RAND_bytes(id, sizeof(id)) != 1)
		abort();
	fw_copy(s->realm, sizeof(s->realm), "Digest:");
	for (i = 0; i < sizeof(id); i++)
		snprintf(s->realm + 7 + 2 * i, 3, "%02X", id[i]);
}

/* Two accounts of the firmware's own software, for the host only. */
static void
set_accounts(struct sim_state *s, const char *password)
{
	static const struct {
		const char *user;
		uint32_t realms;
	} system[] = {{"$$uns", R(16)}, {"$$OsAdmin", R(9) | R(13) | R(24)}};
	size_t i;

	fw_copy(s->admin_user, sizeof(s->admin_user), "admin");
	fw_ha1(s->admin_user, s->realm, password, s->admin_ha1);
	for (i = 0; i < 2; i++) {
		s->acl[i].used = s->acl[i].enabled = true;
		s->acl[i].handle = (int)i + 1;
		fw_copy(s->acl[i].user, sizeof(s->acl[i].user), system[i].user);
		s->acl[i].realms = system[i].realms;
	}
}

/* A key of its own and a certificate for it: the handle, or -1. */
static int
add_certificate(struct sim_device *d, const struct fw_self_signed *what)
{
	uint8_t *key = NULL, *der = NULL;
	size_t key_len, len;
	int handle = -1, h;

	if (fw_key_make(d, sim_firmware_bits(d->state.major), &key, &key_len) !=
	    0)
		goto out;
	h = fw_key_store(d, key, key_len);
	if (h < 0 ||
	    fw_cert_self_sign(fw_key_by_handle(d, h), what, &der, &len) != 0)
		goto out;
	handle = fw_cert_store(d, der, len, false);
out:
	free(key);
	free(der);
	return handle;
}

/* From 16.1 on firmware always serves TLS, with a certificate of its own until
 * it is given another, and no plain port; before, TLS is what was set up. */
static int
set_tls(struct sim_device *d, const struct sim_setup *setup)
{
	struct fw_self_signed own = {
	    "Intel(r) AMT default", 1577836800, 2524607999};
	struct fw_self_signed given = {
	    setup->cert_name, setup->not_before, setup->not_after};
	struct sim_tls *t = &d->state.committed;
	bool always = fw_version(d) >= 1601;
	int handle = -1;

	if (always) {
		handle = add_certificate(d, &own);
		if (handle < 0)
			return -1;
		fw_cert_by_handle(d, handle)->read_only = true;
	}
	if (setup->cert_name != NULL) {
		handle = add_certificate(d, &given);
		if (handle < 0)
			return -1;
	}
	t->enabled = t->local_enabled = handle >= 0;
	t->plain = !always && (setup->plain || handle < 0);
	t->cert_handle = handle;
	return 0;
}

int
sim_firmware_new(struct sim_device *d, const struct sim_setup *setup)
{
	struct sim_state *s = &d->state;

	memset(s, 0, sizeof(*s));
	s->major = setup->major;
	s->minor = setup->minor;
	s->build = setup->build;
	snprintf(s->uuid, sizeof(s->uuid), "%s", setup->uuid);
	s->clock_offset_ms = setup->skew_ms;
	s->clock_set = true;
	s->krb_tolerance = 5;
	if (set_names(s, setup) != 0)
		return -1;
	set_network(d, setup);
	set_realm(s);
	set_accounts(s, setup->password);
	sim_firmware_boot(d);
	if (set_tls(d, setup) != 0) {
		sim_firmware_free(d);
		return -1;
	}
	s->staged = s->committed;
	s->dirty = true;
	return 0;
}
