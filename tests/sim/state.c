#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport_internal.h"

/*
 * A device's state as lines "name value" in a file of its own, replaced by
 * rename(): whoever kills the simulator finds the old or the new state.  It
 * is not synced to the disk, for it need not outlive the machine.
 */
#define HEADER "amtkeeper-sim-state 1\n"
#define MAX_FILE 1048576
#define MAX_DER 65536

enum kind { BOOL, INT, U32, U64, I64, REAL, STRING, BYTES, DER };

struct field {
	const char *name;
	enum kind kind;
	size_t offset, size;
};

#define AT(type, member, kind)                                                 \
	{                                                                      \
#member, kind, offsetof(type, member),                         \
		    sizeof(((type *)NULL)->member)                             \
	}

#define DEV(member, kind) AT(struct sim_state, member, kind)
static const struct field device_fields[] = {
    DEV(major, INT),
    DEV(minor, INT),
    DEV(build, INT),
    DEV(uuid, STRING),
    DEV(realm, STRING),
    DEV(clock_offset_ms, I64),
    DEV(clock_set, BOOL),
    DEV(clock_drift_ppm, REAL),
    DEV(admin_user, STRING),
    DEV(admin_ha1, BYTES),
    DEV(admin_default, BOOL),
    DEV(host, STRING),
    DEV(domain, STRING),
    DEV(os_fqdn, STRING),
    DEV(shared_fqdn, BOOL),
    DEV(ddns_client, BOOL),
    DEV(ddns_dhcp, BOOL),
    DEV(ping, BOOL),
    DEV(wsman_only, BOOL),
    DEV(rmcp_ping, BOOL),
    DEV(ddns_interval, U32),
    DEV(ddns_ttl, U32),
    DEV(idle_wake, U32),
    DEV(mac, STRING),
    DEV(ip, STRING),
    DEV(mask, STRING),
    DEV(gateway, STRING),
    DEV(dns1, STRING),
    DEV(dns2, STRING),
    DEV(dhcp, BOOL),
    DEV(ip_sync, BOOL),
    DEV(shared_static, BOOL),
    DEV(krb_enabled, BOOL),
    DEV(krb_realm, STRING),
    DEV(krb_kvno, U32),
    DEV(krb_tolerance, U32),
    DEV(krb_rc4, BYTES),
    DEV(krb_aes128, BYTES),
    DEV(krb_aes256, BYTES),
    DEV(krb_has_rc4, BOOL),
    DEV(krb_has_aes, BOOL),
    DEV(flash_writes, U64),
    DEV(wrong_credentials, U64),
};

#define KEY(member, kind) AT(struct sim_key, member, kind)
static const struct field key_fields[] = {
    KEY(used, BOOL),
    KEY(handle, INT),
    KEY(der, DER),
};

#define CERT(member, kind) AT(struct sim_cert, member, kind)
static const struct field cert_fields[] = {
    CERT(used, BOOL),
    CERT(handle, INT),
    CERT(trusted_root, BOOL),
    CERT(read_only, BOOL),
    CERT(der, DER),
};

#define ACL(member, kind) AT(struct sim_acl, member, kind)
static const struct field acl_fields[] = {
    ACL(used, BOOL),
    ACL(handle, INT),
    ACL(user, STRING),
    ACL(ha1, BYTES),
    ACL(sid, BYTES),
    ACL(sid_len, U64),
    ACL(access, INT),
    ACL(realms, U32),
    ACL(enabled, BOOL),
};

#define TLS(member, kind) AT(struct sim_tls, member, kind)
static const struct field tls_fields[] = {
    TLS(enabled, BOOL),
    TLS(mutual, BOOL),
    TLS(plain, BOOL),
    TLS(local_enabled, BOOL),
    TLS(local_mutual, BOOL),
    TLS(cert_handle, INT),
};

static_assert(sizeof(size_t) == sizeof(uint64_t), "size_t is stored as U64");

/* What a file is made of: groups of equal structs. */
struct group {
	const char *name;
	const struct field *fields;
	size_t field_count, offset, count, stride;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ONE(name, fields, member)                                              \
	{                                                                      \
		name, fields, COUNT(fields),                                   \
		    offsetof(struct sim_state, member), 1, 0                   \
	}
#define MANY(name, fields, member, type)                                       \
	{                                                                      \
		name, fields, COUNT(fields),                                   \
		    offsetof(struct sim_state, member),                        \
		    COUNT(((struct sim_state *)NULL)->member), sizeof(type)    \
	}
static const struct group groups[] = {
    {"device", device_fields, COUNT(device_fields), 0, 1, 0},
    ONE("committed", tls_fields, committed),
    ONE("staged", tls_fields, staged),
    MANY("key", key_fields, keys, struct sim_key),
    MANY("cert", cert_fields, certs, struct sim_cert),
    MANY("acl", acl_fields, acl, struct sim_acl),
};

/* DER is a pointer with its length behind it, in keys and certificates. */
struct der {
	uint8_t *data;
	size_t len;
};
static_assert(
    offsetof(struct sim_key, der_len) - offsetof(struct sim_key, der) ==
	offsetof(struct der, len),
    "a key's length follows its bytes");
static_assert(
    offsetof(struct sim_cert, der_len) - offsetof(struct sim_cert, der) ==
	offsetof(struct der, len),
    "a certificate's length follows its bytes");

static void
put_value(struct text *out, const struct field *f, const void *at)
{
	struct der der;

	switch (f->kind) {
	case BOOL:
		text_adds(out, *(const bool *)at ? "1" : "0");
		break;
	case INT:
		text_addf(out, "%d", *(const int *)at);
		break;
	case U32:
		text_addf(out, "%u", *(const uint32_t *)at);
		break;
	case U64:
	case I64:
		text_addf(out, "%lld", (long long)*(const int64_t *)at);
		break;
	case REAL:
		text_addf(out, "%.17g", *(const double *)at);
		break;
	case STRING:
		text_hex(out, at, strlen(at));
		break;
	case BYTES:
		text_hex(out, at, f->size);
		break;
	case DER:
		memcpy(&der, at, sizeof(der));
		text_hex(out, der.data, der.len);
		break;
	}
}

static int
get_der(const char *value, void *at)
{
	struct der der = {.len = strlen(value) / 2};

	if (der.len > MAX_DER)
		return -1;
	der.data = must_calloc(1, der.len + 1);
	if (unhex(value, der.data, der.len) < 0) {
		free(der.data);
		return -1;
	}
	memcpy(at, &der, sizeof(der));
	return 0;
}

static int
get_real(const char *value, void *at)
{
	char *end;
	double real = strtod(value, &end);

	if (end == value || *end != '\0')
		return -1;
	memcpy(at, &real, sizeof(real));
	return 0;
}

static int
get_number(const struct field *f, const char *value, void *at)
{
	int64_t n, min = 0, max = INT64_MAX;

	if (f->kind == BOOL)
		max = 1;
	else if (f->kind == U32)
		max = UINT32_MAX;
	else if (f->kind == INT)
		max = INT32_MAX;
	if (f->kind == INT)
		min = INT32_MIN;
	else if (f->kind == I64)
		min = INT64_MIN;
	if (number(value, min, max, &n) < 0)
		return -1;
	if (f->kind == BOOL)
		*(bool *)at = n == 1;
	else if (f->kind == INT)
		*(int *)at = (int)n;
	else if (f->kind == U32)
		*(uint32_t *)at = (uint32_t)n;
	else
		memcpy(at, &n, sizeof(n));
	return 0;
}

static int
get_value(const struct field *f, const char *value, void *at)
{
	size_t len = strlen(value) / 2;

	if (f->kind == DER)
		return get_der(value, at);
	if (f->kind == REAL)
		return get_real(value, at);
	if (f->kind == BYTES)
		return unhex(value, at, f->size);
	if (f->kind == STRING) {
		memset(at, 0, f->size);
		return len < f->size ? unhex(value, at, len) : -1;
	}
	return get_number(f, value, at);
}

static void
put_group(struct text *out, const struct group *g, const struct sim_state *s)
{
	size_t i, k;

	for (i = 0; i < g->count; i++) {
		const char *base = (const char *)s + g->offset + i * g->stride;

		/* The first field of a group of many is "used". */
		if (g->stride != 0 && !*(const bool *)base)
			continue;
		for (k = 0; k < g->field_count; k++) {
			const struct field *f = &g->fields[k];

			text_addf(out, "%s.%zu.%s ", g->name, i, f->name);
			put_value(out, f, base + f->offset);
			text_adds(out, "\n");
		}
	}
}

/* "group.index.field value" into the state. */
static int
get_line(char *line, struct sim_state *s)
{
	char *group = strsep(&line, "."), *index = strsep(&line, ".");
	char *field = strsep(&line, " ");
	size_t i, k;
	int64_t n;

	if (line == NULL || number(index, 0, INT32_MAX, &n) < 0)
		return -1;
	for (i = 0; i < COUNT(groups); i++) {
		const struct group *g = &groups[i];

		if (strcmp(g->name, group) != 0 || (size_t)n >= g->count)
			continue;
		for (k = 0; k < g->field_count; k++)
			if (strcmp(g->fields[k].name, field) == 0)
				return get_value(&g->fields[k], line,
				    (char *)s + g->offset +
					(size_t)n * g->stride +
					g->fields[k].offset);
	}
	return -1;
}

static void
state_file(const struct sim *s, const struct sim_device *d, const char *suffix,
    struct text *out)
{
	text_addf(out, "%s/pc%05d.state%s", s->opt.state_dir, d->index, suffix);
}

static int
write_file(const char *file, const struct text *t)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (done < t->len && n >= 0) {
		n = write(fd, t->data + done, t->len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	return close(fd) < 0 || n < 0 ? -1 : 0;
}

int
state_save(const struct sim *s, struct sim_device *d)
{
	struct text file = {.data = NULL}, new = {.data = NULL},
		    out = {.data = NULL};
	size_t i;
	int rc = -1;

	state_file(s, d, "", &file);
	state_file(s, d, ".new", &new);
	text_adds(&out, HEADER);
	for (i = 0; i < COUNT(groups); i++)
		put_group(&out, &groups[i], &d->state);
	if (write_file(new.data, &out) < 0 || rename(new.data, file.data) < 0)
		goto out;
	d->state.dirty = false;
	rc = 0;
out:
	if (rc < 0)
		sim_say("cannot save %s: %s", file.data, strerror(errno));
	text_free(&file);
	text_free(&new);
	text_free(&out);
	return rc;
}

/* The whole file; 1 when there is none. */
static int
read_file(const char *file, struct text *ret)
{
	char part[8192];
	ssize_t n = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 1 : -1;
	while (ret->len <= MAX_FILE && (n = read(fd, part, sizeof(part))) > 0)
		text_add(ret, part, (size_t)n);
	close(fd);
	return n < 0 || ret->len > MAX_FILE || ret->len == 0 ? -1 : 0;
}

static int
parse_file(char *data, struct sim_state *s)
{
	char *rest = data + strlen(HEADER), *line;

	if (strncmp(data, HEADER, strlen(HEADER)) != 0)
		return -1;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0' && get_line(line, s) < 0)
			return -1;
	return s->uuid[0] == '\0' ? -1 : 0;
}

int
state_load(const struct sim *s, struct sim_device *d)
{
	struct text file = {.data = NULL}, in = {.data = NULL};
	int rc;

	state_file(s, d, "", &file);
	rc = read_file(file.data, &in);
	if (rc == 0)
		rc = parse_file(in.data, &d->state);
	if (rc < 0)
		sim_say("%s cannot be read; remove it to start that device "
			"anew",
		    file.data);
	text_free(&file);
	text_free(&in);
	return rc;
}
