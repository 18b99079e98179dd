#include "intake.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"

#define UUID_LEN 36
#define SHA256_HEX 64
#define SITE_MAX 64
#define WAKE_SECONDS 30 /* a lease that ends by itself */
#define DETAIL_MAX 512
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- what each field may be; NULL and "" say nothing --- */

static bool
is_literal(const char *text)
{
	unsigned char out[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, out) == 1 ||
	    inet_pton(AF_INET6, text, out) == 1;
}

/* A name that ends in a number is an address that was mistyped: no domain of
 * the top is one (RFC 3696, 2). */
static bool
ends_in_number(const char *text)
{
	const char *dot = strrchr(text, '.');

	return dot != NULL && strspn(dot + 1, "0123456789") == strlen(dot + 1);
}

static bool
is_address(const char *text)
{
	return is_literal(text) || (str_is_fqdn(text) && !ends_in_number(text));
}

bool
intake_is_uuid(const char *text)
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
	return text[UUID_LEN] == '\0' && text[strspn(text, "0-")] != '\0' &&
	    text[strspn(text, "fF-")] != '\0';
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

/* A name as people write it, where there is another as DNS has it. */
static bool
is_beyond_ascii(const char *text)
{
	while (*text != '\0' && (*text & 0x80) == 0)
		text++;
	return *text != '\0';
}

static int
check(const char *field, const char *text, bool (*is)(const char *),
    const char *wanted, struct err *err)
{
	bool name = is == str_is_fqdn || is == is_host || is == is_address;

	if (str_empty(text) || is(text))
		return 0;
	return err_set(err, ERR_INVALID, "%s: must be %s%s", field, wanted,
	    name && is_beyond_ascii(text)
		? ": write letters beyond ASCII in their xn-- form"
		: "");
}

int
intake_check(const struct intake *in, struct err *err)
{
	if (str_empty(in->name))
		return err_set(err, ERR_INVALID, "name: is missing");
	if (check("name", in->name, str_is_fqdn, "a DNS name", err) != 0 ||
	    check("address", in->address, is_address,
		"an IP address or DNS name", err) != 0 ||
	    check("uuid", in->uuid, intake_is_uuid,
		"a UUID (8-4-4-4-12 hex digits, not all 0 or f)", err) != 0 ||
	    check("os_host", in->os_host, is_host, "a host name without a dot",
		err) != 0 ||
	    check("os_domain", in->os_domain, str_is_fqdn, "a DNS name", err) !=
		0 ||
	    check("os_address", in->os_address, is_literal, "an IP address",
		err) != 0 ||
	    check("site", in->site, is_site,
		"at most 64 bytes, none of a control character", err) != 0 ||
	    check("leaf_sha256", in->leaf_sha256, is_sha256, "64 hex digits",
		err) != 0)
		return -1;
	if (!str_empty(in->group) && store_group_check(in->group, err) != 0)
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

	if (len < INTAKE_PASSWORD_MIN || len > INTAKE_PASSWORD_MAX)
		return err_set(err, ERR_INVALID,
		    "password: firmware takes %d to %d characters",
		    INTAKE_PASSWORD_MIN, INTAKE_PASSWORD_MAX);
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

static void
add_name(struct buf *names, const char *name)
{
	buf_printf(names, "%s%s", names->len == 0 ? "" : ",", name);
}

int
intake_change(const struct intake *in, struct device *d, struct buf *changed,
    struct err *err)
{
	const struct {
		const char *name, *text;
		char **slot;
	} facts[] = {{"address", in->address, &d->address},
	    {"uuid", in->uuid, &d->uuid}, {"os_host", in->os_host, &d->os_host},
	    {"os_domain", in->os_domain, &d->os_domain},
	    {"os_address", in->os_address, &d->os_address},
	    {"site", in->site, &d->site}};
	size_t i;
	bool same;

	if (intake_check(in, err) != 0)
		return -1;
	for (i = 0; i < COUNT(facts); i++) {
		if (str_empty(facts[i].text))
			continue;
		same = str_eq(facts[i].name, "site")
		    ? str_eq(facts[i].text, *facts[i].slot)
		    : str_ieq(facts[i].text, *facts[i].slot);
		if (same)
			continue;
		mem_replace(facts[i].slot, facts[i].text);
		add_name(changed, facts[i].name);
	}
	if (d->uuid != NULL)
		(void)str_lower(d->uuid);
	return 0;
}

int
intake_group(struct store *s, const struct intake *in, struct device *d,
    struct buf *changed, struct err *err)
{
	int64_t id = d->group_id;

	if (str_empty(in->group))
		return 0;
	if (store_group_take(s, in->group, &id, err) != 0)
		return -1;
	if (id != d->group_id && changed != NULL)
		add_name(changed, "group");
	d->group_id = id;
	return 0;
}

struct device *
intake_device(const struct intake *in, struct err *err)
{
	struct device *d;
	struct buf facts;
	char *name;

	if (intake_check(in, err) != 0)
		return NULL;
	name = str_lower(mem_dup(in->name)); /* names have no case */
	d = device_new(name);
	mem_replace(&name, NULL);
	buf_init(&facts, INTAKE_FIELDS_MAX);
	(void)intake_change(in, d, &facts, err); /* checked just now */
	buf_free(&facts);
	set_text(&d->leaf_sha256, in->leaf_sha256);
	if (d->leaf_sha256 != NULL)
		(void)str_lower(d->leaf_sha256);
	d->use_tls = !in->plain;
	d->next_due = clock_now();
	mem_replace(&d->due_play, "auto");
	return d;
}

static int
tell(const struct intake_to *to, const struct device *d, const char *kind,
    const char *detail, struct err *err)
{
	const struct store_event event = {.at = clock_now(),
	    .device = d->id,
	    .name = d->name,
	    .kind = kind,
	    .actor = to->actor,
	    .detail = detail};

	return store_event_add(to->store, &event, err);
}

int
intake_add(const struct intake_to *to, struct device *device,
    const struct secret *password, struct err *err)
{
	if (store_device_add(to->store, device, err) != 0)
		return -1;
	if (password != NULL &&
	    store_secret_put(to->store, device->id, STORE_SECRET_ADMIN,
		password, clock_now(), err) != 0)
		return -1;
	return tell(to, device, "device.added", "{}", err);
}

/* --- a device that is known --- */

int
intake_event(const struct intake_to *to, const struct device *d,
    const char *fields, struct err *err)
{
	struct buf detail;
	size_t len;
	int rc;

	buf_init(&detail, DETAIL_MAX);
	buf_str(&detail, "{\"fields\":[");
	for (; *fields != '\0'; fields += len) {
		if (*fields == ',')
			fields++;
		len = strcspn(fields, ",");
		buf_printf(&detail, "%s\"%.*s\"",
		    detail.data[detail.len - 1] == '[' ? "" : ",", (int)len,
		    fields);
	}
	buf_str(&detail, "]}");
	rc = tell(to, d, "device.changed", buf_text(&detail), err);
	buf_free(&detail);
	return rc;
}

int
intake_wake(const struct intake_to *to, int64_t id, struct err *err)
{
	char *owner = mem_printf("%s/%ld", to->actor, (long)getpid());
	struct store *store = to->store;
	int64_t now = clock_now(), token = 0;
	struct device *d = NULL;
	int rc;

	rc = store_lease_take(
	    store, id, owner, now, now + WAKE_SECONDS, &token, err);
	free(owner);
	if (rc != 0 && err->kind == ERR_CONFLICT) {
		err_clear(err);
		return 0;
	}
	if (rc == 0)
		rc = store_device_get(store, id, &d, err);
	if (rc == 0 && d->strikes == 0) {
		d->next_due = now;
		mem_replace(&d->due_play, "auto");
		rc = store_device_save_state(store, d, token, err);
	}
	if (rc == 0)
		rc = store_lease_drop(store, id, token, err);
	device_free(d);
	return rc;
}

/* 1 when one is stored, 0 when none is, -1. */
static int
has_password(
    const struct intake_to *to, const struct device *d, struct err *err)
{
	struct secret *stored = NULL;

	if (store_secret_get(
		to->store, d->id, STORE_SECRET_ADMIN, &stored, err) == 0) {
		secret_free(stored);
		return 1;
	}
	if (err->kind != ERR_NOTFOUND)
		return -1;
	err_clear(err);
	return 0;
}

int
intake_update(const struct intake_to *to, const struct intake *in,
    const struct device *known, const struct secret *password,
    struct buf *changed, struct err *err)
{
	struct store *store = to->store;
	struct device *d = device_copy(known);
	int rc = intake_change(in, d, changed, err), has;

	if (rc == 0)
		rc = intake_group(to->store, in, d, changed, err);
	if (rc == 0 && changed->len > 0)
		rc = store_device_save_host(store, d, err);
	if (rc == 0 && password != NULL) {
		has = has_password(to, d, err);
		rc = has < 0 ? -1 : 0;
		if (has == 0) {
			rc = store_secret_put(store, d->id, STORE_SECRET_ADMIN,
			    password, clock_now(), err);
			add_name(changed, "password");
		}
	}
	if (rc == 0 && changed->len > 0)
		rc = intake_event(to, d, buf_text(changed), err);
	if (rc == 0 && changed->len > 0)
		rc = intake_wake(to, d->id, err);
	device_free(d);
	return rc;
}
