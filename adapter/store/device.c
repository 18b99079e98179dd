#include "device.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "store.h"
#include "str.h"

/* clang-format off */
#define FIELD(n, type, group) {#n, type, group, offsetof(struct device, n)}
#define HOST_TEXT(name) FIELD(name, DEVICE_TEXT, DEVICE_HOST)
#define HOST_INT(name) FIELD(name, DEVICE_INT, DEVICE_HOST)
#define TEXT(name) FIELD(name, DEVICE_TEXT, DEVICE_STATE)
#define INT(name) FIELD(name, DEVICE_INT, DEVICE_STATE)
#define TIME(name) FIELD(name, DEVICE_TIME, DEVICE_STATE)
#define BOOL(name) FIELD(name, DEVICE_BOOL, DEVICE_STATE)

static const struct device_field fields[] = {
	HOST_TEXT(name), HOST_TEXT(uuid), HOST_TEXT(address),
	HOST_TEXT(site), HOST_TEXT(profile), HOST_INT(group_id),
	HOST_TEXT(os_host), HOST_TEXT(os_domain), HOST_TEXT(os_ip_mode),
	HOST_TEXT(os_address), HOST_TEXT(description),
	HOST_TEXT(custom1), HOST_TEXT(custom2), HOST_TEXT(custom3),
	HOST_TEXT(custom4),
	HOST_INT(tls_port), HOST_INT(plain_port),

	BOOL(use_tls), TEXT(leaf_sha256), TEXT(digest_realm),
	TEXT(admin_user),

	TIME(read_at), TEXT(amt_version), TEXT(control_mode),
	TEXT(amt_host), TEXT(amt_domain), TEXT(amt_os_fqdn),
	BOOL(shared_fqdn), BOOL(ping_response),
	TEXT(ddns_mode), INT(ddns_interval), INT(ddns_ttl),
	BOOL(dhcp_enabled), BOOL(ip_sync), TEXT(ip_address), TEXT(mac),
	BOOL(link_up),
	BOOL(tls_enabled), BOOL(tls_mutual), BOOL(tls_plain),
	BOOL(tls_plain_supported),
	INT(clock_offset_ms), TIME(clock_read_at),
	BOOL(krb_enabled), TEXT(krb_realm), INT(krb_kvno),
	TEXT(krb_enctypes), TEXT(acl_sids), INT(key_bits),

	TEXT(cert_handle), TEXT(cert_key_handle), TEXT(cert_sha256),
	TEXT(cert_serial), TEXT(cert_subject), TEXT(cert_issuer),
	TEXT(cert_names), TIME(cert_not_before), TIME(cert_not_after),
	BOOL(cert_ours), INT(cert_key_bits), BOOL(cert_read_only),
	TEXT(trusted_roots), TEXT(our_roots),

	TEXT(next_key_handle), TEXT(next_key_spki), TEXT(next_cert),
	TEXT(next_cert_serial), TEXT(next_cert_handle),
	TIME(cert_wait_until), TEXT(cert_wait_why),
	TEXT(old_cert_handle), TEXT(old_key_handle), TEXT(old_cert_sha256),
	TEXT(old_cert_serial),

	TEXT(ad_dn), TEXT(ad_account), TEXT(ad_dns_host), TEXT(ad_spns),
	TEXT(ad_upn), TEXT(ad_sid),
	INT(ad_enctypes), INT(ad_uac), INT(ad_kvno), TIME(ad_password_at),
	INT(ad_max_age), TEXT(ad_settings), TIME(ad_expires_at),
	TIME(ad_read_at), TIME(ad_secret_at),
	TIME(ad_own_at), TEXT(ad_dc), TIME(ad_changed_at),
	BOOL(ad_key_pending),

	TIME(clock_set_at), TIME(admin_password_at), TIME(seen_at),
	TEXT(error_kind), TEXT(error_code), TEXT(error_text),
	TIME(error_at), INT(strikes), INT(failures), TEXT(reasons),
	TIME(run_at), TEXT(run_play), TEXT(run_result),
	TIME(next_due), TEXT(due_play),

	FIELD(lease_owner, DEVICE_TEXT, DEVICE_LEASE),
	FIELD(lease_until, DEVICE_TIME, DEVICE_LEASE),
	FIELD(lease_token, DEVICE_INT, DEVICE_LEASE),
};
/* clang-format on */

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

const struct device_field *
device_fields(size_t *ret_count)
{
	*ret_count = FIELD_COUNT;
	return fields;
}

const struct device_field *
device_field(const char *name)
{
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++)
		if (str_eq(fields[i].name, name))
			return &fields[i];
	return NULL;
}

/* --- members by field; memcpy, since an offset knows no type --- */

const char *
device_get_text(const struct device *d, const struct device_field *f)
{
	char *text;

	assert(f->type == DEVICE_TEXT);
	memcpy(&text, (const char *)d + f->offset, sizeof(text));
	return text;
}

int64_t
device_get_int(const struct device *d, const struct device_field *f)
{
	int64_t value;
	bool set;

	assert(f->type != DEVICE_TEXT);
	if (f->type == DEVICE_BOOL) {
		memcpy(&set, (const char *)d + f->offset, sizeof(set));
		return set;
	}
	memcpy(&value, (const char *)d + f->offset, sizeof(value));
	return value;
}

void
device_set_text(
    struct device *d, const struct device_field *f, const char *text)
{
	char *slot;

	assert(f->type == DEVICE_TEXT);
	memcpy(&slot, (char *)d + f->offset, sizeof(slot));
	mem_replace(&slot, text);
	memcpy((char *)d + f->offset, &slot, sizeof(slot));
}

void
device_set_int(struct device *d, const struct device_field *f, int64_t value)
{
	bool set;

	assert(f->type != DEVICE_TEXT);
	if (f->type == DEVICE_BOOL) {
		set = value != 0;
		memcpy((char *)d + f->offset, &set, sizeof(set));
		return;
	}
	memcpy((char *)d + f->offset, &value, sizeof(value));
}

/* --- life --- */

struct device *
device_new(const char *name)
{
	struct device *d;

	d = mem_alloc(sizeof(*d));
	d->name = mem_dup(name);
	d->admin_user = mem_dup("admin");
	d->group_id = STORE_GROUP_ROOT;
	d->tls_port = 16993;
	d->plain_port = 16992;
	d->key_bits = 2048;
	d->tls_plain_supported = true;
	return d;
}

struct device *
device_copy(const struct device *d)
{
	struct device *copy;
	size_t i;

	copy = mem_alloc(sizeof(*copy));
	copy->id = d->id;
	for (i = 0; i < FIELD_COUNT; i++)
		if (fields[i].type == DEVICE_TEXT)
			device_set_text(
			    copy, &fields[i], device_get_text(d, &fields[i]));
		else
			device_set_int(
			    copy, &fields[i], device_get_int(d, &fields[i]));
	return copy;
}

void
device_free(struct device *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < FIELD_COUNT; i++)
		if (fields[i].type == DEVICE_TEXT)
			device_set_text(d, &fields[i], NULL);
	free(d);
}

/* --- what follows from the fields --- */

#define FQDN_ROOM 256
#define PLACES 4

static const char *
join(char out[256], const char *host, const char *domain)
{
	snprintf(out, 256, "%s%s%s", host, str_empty(domain) ? "" : ".",
	    str_empty(domain) ? "" : domain);
	return out;
}

const char *
device_host_fqdn(const struct device *d, char out[256])
{
	if (!str_empty(d->os_host))
		return join(out, d->os_host, d->os_domain);
	if (!str_empty(d->amt_os_fqdn))
		return join(out, d->amt_os_fqdn, NULL);
	return join(out, d->name != NULL ? d->name : "", NULL);
}

const char *
device_amt_fqdn(const struct device *d, char out[256])
{
	if (str_empty(d->amt_host))
		return join(out, "", NULL);
	return join(out, d->amt_host, d->amt_domain);
}

const char *
device_wished_fqdn(const struct device *d, bool follow_host, char out[256])
{
	size_t len;

	(void)device_amt_fqdn(d, out);
	if (follow_host || out[0] == '\0')
		(void)device_host_fqdn(d, out);
	len = strlen(out);
	if (strchr(out, '.') == NULL && !str_empty(d->amt_domain) &&
	    len + 1 + strlen(d->amt_domain) < FQDN_ROOM) {
		out[len] = '.';
		memcpy(out + len + 1, d->amt_domain, strlen(d->amt_domain) + 1);
	}
	return str_lower(out);
}

const char *
device_static_address(const struct device *d)
{
	const char *address = d->ip_address;
	bool fixed = !d->dhcp_enabled;

	if (d->read_at == 0) {
		address = d->os_address;
		fixed = str_eq(d->os_ip_mode, "static");
	}
	return fixed && !str_empty(address) && !str_eq(address, "0.0.0.0")
	    ? address
	    : NULL;
}

static const char *
place(const struct device *d, size_t i, char out[256])
{
	if (!str_empty(d->address))
		return i == 0 ? d->address : NULL;
	switch (i) {
	case 0:
		return device_host_fqdn(d, out);
	case 1:
		return d->name;
	case 2:
		return device_amt_fqdn(d, out);
	case 3:
		return d->ip_address;
	default:
		return NULL;
	}
}

static bool
placed_before(const struct device *d, size_t i, const char *name)
{
	char text[FQDN_ROOM];
	size_t j;

	for (j = 0; j < i; j++)
		if (str_ieq(place(d, j, text), name))
			return true;
	return false;
}

const char *
device_next_place(const struct device *d, size_t *at, char out[256])
{
	const char *name;

	while (*at < PLACES) {
		name = place(d, (*at)++, out);
		if (!str_empty(name) && !placed_before(d, *at - 1, name))
			return name;
	}
	return NULL;
}

int
device_amt_major(const struct device *d)
{
	const char *at;
	int major;

	major = 0;
	if (d->amt_version == NULL)
		return 0;
	/* Three digits at most: no firmware is near, and int cannot overflow.
	 */
	for (at = d->amt_version; *at >= '0' && *at <= '9'; at++) {
		if (at - d->amt_version == 3)
			return 0;
		major = 10 * major + (*at - '0');
	}
	return *at == '.' || *at == '\0' ? major : 0;
}
