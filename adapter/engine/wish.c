#include "wish_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "device.h"
#include "mem.h"
#include "ports.h"
#include "profile.h"
#include "str.h"

#define NAME_ROOM 256
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MARK "Intel AMT device "
#define AES_MAJOR 8 /* the first release that holds AES keys */
#define STRONG_BITS 3072

void
wish_fqdn(const struct device *d, const struct profile *p, char out[256])
{
	(void)device_wished_fqdn(d, p->names_sync, out);
}

void
wish_host(const struct device *d, const struct profile *p, char out[256])
{
	wish_fqdn(d, p, out);
	out[strcspn(out, ".")] = '\0';
}

void
wish_domain(const struct device *d, const struct profile *p, char out[256])
{
	char fqdn[NAME_ROOM];
	const char *dot;

	wish_fqdn(d, p, fqdn);
	dot = strchr(fqdn, '.');
	(void)snprintf(out, NAME_ROOM, "%s", dot == NULL ? "" : dot + 1);
}

/* NULL for what is not wanted, or not there. */
static const char *
if_wanted(bool wanted, const char *text)
{
	return wanted && !str_empty(text) ? text : NULL;
}

struct port_subject
port_subject_of(const struct device *d, const struct profile *p,
    const struct profile_template *t, char names[2][256])
{
	wish_fqdn(d, p, names[0]);
	wish_host(d, p, names[1]);
	return (struct port_subject){
	    .fqdn = names[0],
	    .short_name = if_wanted(
		t->short_name && !str_eq(names[0], names[1]), names[1]),
	    .address = if_wanted(t->address, device_static_address(d)),
	    .upn = if_wanted(t->upn, d->ad_upn),
	    .sid = if_wanted(t->sid, d->ad_sid),
	};
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The items sorted, separated by blanks; frees them. */
static void
join_sorted(char **items, size_t count, struct buf *out)
{
	size_t i;

	qsort(items, count, sizeof(*items), compare_text);
	for (i = 0; i < count; i++) {
		if (i > 0)
			buf_char(out, ' ');
		buf_str(out, items[i]);
		free(items[i]);
	}
}

void
wish_cert_names(
    const struct device *d, const struct profile *p, struct buf *out)
{
	char names[2][NAME_ROOM];
	const struct port_subject s =
	    port_subject_of(d, p, profile_tls_template(p), names);
	const struct {
		const char *kind, *name;
	} all[] = {{"dns", s.fqdn}, {"dns", s.short_name}, {"ip", s.address},
	    {"sid", s.sid}, {"upn", s.upn}};
	char *items[COUNT(all)];
	size_t count = 0, i;

	for (i = 0; i < COUNT(all); i++)
		if (all[i].name != NULL)
			items[count++] =
			    mem_printf("%s:%s", all[i].kind, all[i].name);
	join_sorted(items, count, out);
}

void
wish_acl(const struct profile *p, struct buf *out)
{
	char **items = mem_array(p->acl_count, sizeof(*items));
	size_t i;

	for (i = 0; i < p->acl_count; i++)
		items[i] = mem_printf("%s:%s", p->acl[i].sid, p->acl[i].realms);
	join_sorted(items, p->acl_count, out);
	free(items);
}

int
wish_key_bits(const struct device *d, const struct profile *p)
{
	const char *key = profile_tls_template(p)->key;

	if (str_eq(key, "rsa-3072"))
		return STRONG_BITS;
	if (str_eq(key, "rsa-2048"))
		return 2048;
	return device_amt_major(d) >= WISH_STRONG_MAJOR ? STRONG_BITS : 2048;
}

void
wish_account(const struct device *d, const struct profile *p, char out[256])
{
	char host[NAME_ROOM];
	struct buf name;
	const char *at;

	if (!str_empty(d->ad_account)) {
		(void)snprintf(out, NAME_ROOM, "%s", d->ad_account);
		return;
	}
	wish_host(d, p, host);
	(void)str_lower(host);
	buf_init(&name, NAME_ROOM - 1);
	for (at = p->account; *at != '\0'; at++) {
		if (at[0] == '%' && at[1] == 'h') {
			buf_str(&name, host);
			at++;
		} else {
			buf_char(&name, *at);
		}
	}
	(void)snprintf(out, NAME_ROOM, "%s", buf_text(&name));
	buf_free(&name);
}

/* Sorted, and separated by blanks. */
static void
object_spns(const char *fqdn, char out[WISH_TEXT])
{
	/* The six of Intel's guide: HTTP and redirection, plain and TLS, and
	 * the two DASH ports. In the order of their text. */
	static const char *const ports[] = {
	    "16992", "16993", "16994", "16995", "623", "664"};
	struct buf list;
	size_t i;

	buf_init(&list, WISH_TEXT - 1);
	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		buf_printf(
		    &list, "%sHTTP/%s:%s", i > 0 ? " " : "", fqdn, ports[i]);
	(void)snprintf(out, WISH_TEXT, "%s", buf_text(&list));
	buf_free(&list);
}

/* The key the KDC uses must be one the firmware can hold. */
static int64_t
object_enctypes(const struct device *d)
{
	const int64_t rc4 = 4, aes128 = 8, aes256 = 16; /* MS-KILE 2.2.7 */
	int major = device_amt_major(d);

	return major > 0 && major < AES_MAJOR ? rc4 : aes128 | aes256;
}

/* What makes the object this device's: its SMBIOS UUID, and until that is
 * known, its name in the fleet. */
static void
object_marks(const struct device *d, struct wish_object *out)
{
	bool known = !str_empty(d->uuid);

	(void)snprintf(
	    out->mark, sizeof(out->mark), MARK "%s", known ? d->uuid : d->name);
	(void)snprintf(out->former_mark, sizeof(out->former_mark), "%s%s",
	    known ? MARK : "", known ? d->name : "");
}

const char *
wish_marked(const char *description)
{
	const char *who;

	if (description == NULL || !str_starts(description, MARK))
		return NULL;
	who = description + strlen(MARK);
	return *who == '\0' ? NULL : who;
}

void
wish_object(
    const struct device *d, const struct profile *p, struct wish_object *out)
{
	wish_account(d, p, out->account);
	wish_fqdn(d, p, out->fqdn);
	(void)str_lower(out->fqdn);
	object_spns(out->fqdn, out->spns);
	out->enctypes = object_enctypes(d);
	object_marks(d, out);
}

bool
wish_names_met(const struct device *d, const struct profile *p)
{
	char want[NAME_ROOM], have[NAME_ROOM];

	wish_fqdn(d, p, want);
	(void)device_amt_fqdn(d, have);
	return str_ieq(want, have);
}

bool
wish_general_met(const struct device *d, const struct profile *p)
{
	if (d->shared_fqdn != p->shared_fqdn || d->ping_response != p->ping ||
	    !str_eq(d->ddns_mode, p->ddns))
		return false;
	return !str_eq(p->ddns, "client") ||
	    (d->ddns_interval == p->ddns_interval &&
		d->ddns_ttl == p->ddns_ttl);
}

bool
wish_ip_met(const struct device *d, const struct profile *p)
{
	if (str_eq(p->ip, "dhcp"))
		return d->dhcp_enabled;
	if (str_eq(p->ip, "host"))
		return !d->dhcp_enabled && d->ip_sync;
	return true;
}

bool
wish_tls_met(const struct device *d, const struct profile *p)
{
	if (!p->tls)
		return true;
	return d->tls_enabled &&
	    (d->tls_plain == p->tls_plain || !d->tls_plain_supported);
}

bool
wish_list_has(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list;

	while (at != NULL && (at = strstr(at, word)) != NULL) {
		if ((at == list || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

void
wish_list_add(char **list, const char *word)
{
	char *more = mem_printf("%s%s%s", *list == NULL ? "" : *list,
	    str_empty(*list) ? "" : " ", word);

	free(*list);
	*list = more;
}

bool
wish_roots_met(const struct device *d, const struct profile *p,
    const struct port_roots *roots)
{
	size_t i;

	if (!p->tls || !p->tls_roots || roots == NULL)
		return true;
	for (i = 0; i < roots->count; i++)
		if (!wish_list_has(d->trusted_roots, roots->root[i].sha256))
			return false;
	return true;
}

bool
wish_root_spare(
    const struct device *d, const struct port_roots *roots, const char *sha256)
{
	size_t i;

	/* None at all would be a CA that does not answer. */
	if (roots == NULL || roots->count == 0 ||
	    !wish_list_has(d->our_roots, sha256))
		return false;
	for (i = 0; i < roots->count; i++)
		if (str_eq(roots->root[i].sha256, sha256))
			return false;
	return true;
}

bool
wish_roots_spare(const struct device *d, const struct profile *p,
    const struct port_roots *roots)
{
	char *list, *rest, *word;
	bool spare = false;

	if (!p->tls || !p->tls_roots || d->our_roots == NULL)
		return false;
	rest = list = mem_dup(d->our_roots);
	while (!spare && (word = strsep(&rest, " ")) != NULL)
		spare = wish_list_has(d->trusted_roots, word) &&
		    wish_root_spare(d, roots, word);
	free(list);
	return spare;
}

bool
wish_cert_key_met(const struct device *d)
{
	return d->cert_key_bits == 0 || d->cert_key_bits >= STRONG_BITS ||
	    device_amt_major(d) < WISH_STRONG_MAJOR;
}

bool
wish_cert_names_met(const struct device *d, const struct profile *p)
{
	struct buf want;
	bool met;

	buf_init(&want, WISH_TEXT);
	wish_cert_names(d, p, &want);
	met = str_ieq(buf_text(&want), d->cert_names);
	buf_free(&want);
	return met;
}

bool
wish_object_met(const struct device *d, const struct profile *p)
{
	struct wish_object want;

	wish_object(d, p, &want);
	return !str_empty(d->ad_dn) && str_ieq(d->ad_dns_host, want.fqdn) &&
	    str_ieq(d->ad_spns, want.spns) && d->ad_enctypes == want.enctypes;
}

bool
wish_acl_met(const struct device *d, const struct profile *p)
{
	struct buf want;
	bool met;

	buf_init(&want, WISH_TEXT * 8);
	wish_acl(p, &want);
	met = str_eq(buf_text(&want), d->acl_sids == NULL ? "" : d->acl_sids);
	buf_free(&want);
	return met;
}
