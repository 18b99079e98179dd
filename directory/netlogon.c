/*
 * What a controller says of itself and of where we are: the rootDSE's attribute
 * "netlogon" (MS-ADTS 6.3.3, 6.3.1.9), asked over the connection that is there
 * anyway, as it answers there what it does to a ping by UDP.
 */
#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"

#define ANSWER_MAX 8192
#define FILTER_MAX 1024
#define FIXED 24 /* opcode, nothing, flags, the domain's GUID */
#define FLAGS_AT 4
#define OPCODE 23	    /* LOGON_SAM_LOGON_RESPONSE_EX */
#define OPCODE_NOBODY 25    /* the same without the user, of whom we ask none */
#define FLAG_CATALOG 0x4    /* global catalogue */
#define FLAG_CLOSEST 0x80   /* in our site, or the nearest there is */
#define FLAG_WRITABLE 0x100 /* not a read-only controller */
/* Names: forest, domain, host, NetBIOS domain, NetBIOS host, user, its site,
 * ours. */
enum { NAME_ITS_SITE = 6, NAME_OUR_SITE, NAMES };

static uint32_t
number_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
	    (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* It becomes a label of a name that is looked up. */
static bool
usable_site(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";
	size_t len = strlen(name);

	return len > 0 && len < DIRECTORY_SITE_SIZE &&
	    strspn(name, letters) == len;
}

static void
keep_site(char out[DIRECTORY_SITE_SIZE], const char *name)
{
	if (usable_site(name))
		memcpy(out, name, strlen(name) + 1);
}

int
directory_parse_netlogon(
    const uint8_t *bytes, size_t len, struct directory_netlogon *ret)
{
	struct directory_netlogon found = {.site = "", .of = ""};
	char name[NS_MAXDNAME];
	size_t at = FIXED;
	int i, n;

	if (len < FIXED || len > ANSWER_MAX || bytes[1] != 0 ||
	    (bytes[0] != OPCODE && bytes[0] != OPCODE_NOBODY))
		return -1;
	for (i = 0; i < NAMES; i++) {
		n = ns_name_uncompress(
		    bytes, bytes + len, bytes + at, name, sizeof(name));
		if (n <= 0)
			return -1;
		at += (size_t)n;
		if (i == NAME_ITS_SITE)
			keep_site(found.of, name);
		else if (i == NAME_OUR_SITE)
			keep_site(found.site, name);
	}
	*ret = found;
	ret->writable = (number_at(bytes + FLAGS_AT) & FLAG_WRITABLE) != 0;
	ret->catalog = (number_at(bytes + FLAGS_AT) & FLAG_CATALOG) != 0;
	ret->near = (number_at(bytes + FLAGS_AT) & FLAG_CLOSEST) != 0;
	return 0;
}

static int
take_netlogon(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct directory_netlogon *n = cookie;
	struct berval **values;

	(void)err;
	values = ldap_get_values_len(d->ld, entry, "netlogon");
	if (values != NULL && values[0] != NULL)
		(void)directory_parse_netlogon(
		    (const uint8_t *)values[0]->bv_val, values[0]->bv_len, n);
	ldap_value_free_len(values);
	return 0;
}

int
directory_ask_netlogon(struct directory *d, struct err *err)
{
	static const char *const attributes[] = {"netlogon", NULL};
	struct directory_query q = {
	    .base = "", .scope = LDAP_SCOPE_BASE, .attributes = attributes};
	char *domain = NULL;
	struct buf filter;
	int result = 0;

	/* One that does not tell is taken for what most are. */
	d->netlogon =
	    (struct directory_netlogon){.writable = true, .near = true};
	if (ldap_dn2domain(d->base, &domain) != 0 || domain == NULL)
		return 0;
	buf_init(&filter, FILTER_MAX);
	buf_str(&filter, "(&(DnsDomain=");
	directory_escape_filter(&filter, domain);
	/* NETLOGON_NT_VERSION_5 and 5EX, little endian. */
	buf_str(&filter, ")(NtVer=\\06\\00\\00\\00))");
	q.filter = buf_text(&filter);
	result = directory_search(d, &q, take_netlogon, &d->netlogon, err);
	buf_free(&filter);
	ldap_memfree(domain);
	return result;
}

bool
directory_writable(const struct directory *d)
{
	return d->netlogon.writable;
}

bool
directory_near(const struct directory *d)
{
	return d->netlogon.near;
}

const char *
directory_site(const struct directory *d)
{
	return d->netlogon.site[0] != '\0' ? d->netlogon.site : NULL;
}

const char *
directory_controller_site(const struct directory *d)
{
	return d->netlogon.of[0] != '\0' ? d->netlogon.of : NULL;
}
