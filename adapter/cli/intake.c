#include "intake_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "cli_internal.h"
#include "clock.h"
#include "device.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"

#define UUID_LEN 36
#define SHA256_HEX 64
#define SITE_MAX 64
#define PASSWORD_MIN 8
#define PASSWORD_MAX 32

/* --- what each field may be; NULL and "" say nothing --- */

static bool
is_address(const char *text)
{
	unsigned char out[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, out) == 1 ||
	    inet_pton(AF_INET6, text, out) == 1 || str_is_fqdn(text);
}

static bool
is_uuid(const char *text)
{
	size_t i;

	for (i = 0; i < UUID_LEN; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return false;
		} else if (!isxdigit((unsigned char)text[i])) {
			return false;
		}
	}
	return text[UUID_LEN] == '\0';
}

static bool
is_sha256(const char *text)
{
	return strlen(text) == SHA256_HEX &&
	    strspn(text, "0123456789abcdefABCDEF") == SHA256_HEX;
}

static bool
is_host(const char *text)
{
	return str_is_fqdn(text) && strchr(text, '.') == NULL;
}

static bool
is_site(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return i <= SITE_MAX;
}

static int
check(const char *field, const char *text, bool (*is)(const char *),
    const char *wanted, struct err *err)
{
	if (str_empty(text) || is(text))
		return 0;
	return err_set(err, ERR_INVALID, "%s: must be %s", field, wanted);
}

static int
check_fields(const struct intake *in, struct err *err)
{
	if (str_empty(in->name))
		return err_set(err, ERR_INVALID, "name: is missing");
	if (check("name", in->name, str_is_fqdn, "a DNS name", err) != 0 ||
	    check("address", in->address, is_address,
		"an IP address or DNS name", err) != 0 ||
	    check("uuid", in->uuid, is_uuid, "a UUID (8-4-4-4-12 hex digits)",
		err) != 0 ||
	    check("os_host", in->os_host, is_host, "a host name without a dot",
		err) != 0 ||
	    check("os_domain", in->os_domain, str_is_fqdn, "a DNS name", err) !=
		0 ||
	    check("site", in->site, is_site, "at most 64 characters", err) !=
		0 ||
	    check("leaf_sha256", in->leaf_sha256, is_sha256, "64 hex digits",
		err) != 0)
		return -1;
	if (in->plain && !str_empty(in->leaf_sha256))
		return err_set(err, ERR_INVALID,
		    "leaf_sha256: a device without TLS has no certificate");
	return 0;
}

int
intake_check_password(const struct secret *password, struct err *err)
{
	size_t i, len;
	const uint8_t *bytes = secret_bytes(password, &len);

	if (len < PASSWORD_MIN || len > PASSWORD_MAX)
		return err_set(err, ERR_INVALID,
		    "password: firmware takes %d to %d characters",
		    PASSWORD_MIN, PASSWORD_MAX);
	for (i = 0; i < len; i++)
		if (bytes[i] < 0x20 || bytes[i] > 0x7e ||
		    strchr(":,\"", bytes[i]) != NULL)
			return err_set(err, ERR_INVALID,
			    "password: has a character firmware refuses");
	return 0;
}

/* --- the record --- */

static void
set_text(char **slot, const char *text)
{
	if (!str_empty(text))
		mem_replace(slot, text);
}

int
intake_change(const struct intake *in, struct device *d, struct err *err)
{
	if (check_fields(in, err) != 0)
		return -1;
	set_text(&d->address, in->address);
	set_text(&d->uuid, in->uuid);
	set_text(&d->os_host, in->os_host);
	set_text(&d->os_domain, in->os_domain);
	set_text(&d->site, in->site);
	if (d->uuid != NULL)
		(void)str_lower(d->uuid);
	return 0;
}

struct device *
intake_device(const struct intake *in, struct err *err)
{
	struct device *d;
	char *name;

	if (check_fields(in, err) != 0)
		return NULL;
	name = str_lower(mem_dup(in->name)); /* names have no case */
	d = device_new(name);
	mem_replace(&name, NULL);
	(void)intake_change(in, d, err); /* checked just now */
	set_text(&d->leaf_sha256, in->leaf_sha256);
	if (d->leaf_sha256 != NULL)
		(void)str_lower(d->leaf_sha256);
	d->use_tls = !in->plain;
	d->next_due = clock_now();
	mem_replace(&d->due_play, "auto");
	return d;
}

int
intake_add(struct cli *c, struct device *device, const struct secret *password,
    struct err *err)
{
	if (store_device_add(c->daemon.store, device, err) != 0)
		return -1;
	if (password != NULL &&
	    store_secret_put(c->daemon.store, device->id, STORE_SECRET_ADMIN,
		password, clock_now(), err) != 0)
		return -1;
	return cli_event(c, device, "device.added", "{}", err);
}
