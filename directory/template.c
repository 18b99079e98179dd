/*
 * Certificate templates of the forest (MS-CRTD), in the configuration partition
 * under Public Key Services; whoever is authenticated may read them.
 */
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"

#define PLACE "CN=Certificate Templates,CN=Public Key Services,CN=Services"
#define PERIOD_BYTES 8
#define FLAG_IS_CA 0x80	    /* MS-CRTD 2.4 */
#define NAME_SUPPLIED 0x1   /* MS-CRTD 2.28 */
#define ENROLL_PEND_ALL 0x2 /* MS-CRTD 2.26 */

struct listing {
	directory_template_fn *fn;
	void *cookie;
};

int
directory_period(const uint8_t *bytes, size_t len, int64_t *ret)
{
	uint64_t value = 0;
	int64_t seconds;
	size_t i;

	if (len != PERIOD_BYTES)
		return -1;
	for (i = PERIOD_BYTES; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	seconds = directory_age((int64_t)value);
	if (seconds <= 0)
		return -1;
	*ret = seconds;
	return 0;
}

/* 0 when there is none, or nonsense. */
static int64_t
read_period(struct directory *d, LDAPMessage *entry, const char *attribute)
{
	struct berval **values = ldap_get_values_len(d->ld, entry, attribute);
	int64_t seconds = 0;

	if (values != NULL && values[0] != NULL)
		(void)directory_period((const uint8_t *)values[0]->bv_val,
		    values[0]->bv_len, &seconds);
	ldap_value_free_len(values);
	return seconds;
}

/* Flags are 32 bits, and written as a signed number. */
static bool
has_flag(struct directory *d, LDAPMessage *entry, const char *attribute,
    uint32_t flag)
{
	return ((uint32_t)directory_number(d, entry, attribute, 0) & flag) != 0;
}

static int
take_template(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	const struct listing *l = cookie;
	struct directory_template t = {.name = NULL};
	int rc = 0;

	if (has_flag(d, entry, "flags", FLAG_IS_CA))
		return 0;
	t.name = directory_text(d, entry, "cn");
	t.usages = directory_list(d, entry, "pKIExtendedKeyUsage");
	t.validity = read_period(d, entry, "pKIExpirationPeriod");
	t.renew_before = read_period(d, entry, "pKIOverlapPeriod");
	t.key_bits = directory_number(d, entry, "msPKI-Minimal-Key-Size", 0);
	t.signatures = directory_number(d, entry, "msPKI-RA-Signature", 0);
	t.supplied =
	    has_flag(d, entry, "msPKI-Certificate-Name-Flag", NAME_SUPPLIED);
	t.approval =
	    has_flag(d, entry, "msPKI-Enrollment-Flag", ENROLL_PEND_ALL);
	if (t.name != NULL)
		rc = l->fn(l->cookie, &t, err);
	directory_template_clear(&t);
	return rc;
}

void
directory_template_clear(struct directory_template *t)
{
	free(t->name);
	free(t->usages);
	memset(t, 0, sizeof(*t));
}

static int
find_place(struct directory *d, char **ret_dn, struct err *err)
{
	char *configuration = NULL;

	if (directory_root_text(
		d, "configurationNamingContext", &configuration, err) != 0)
		return -1;
	if (configuration == NULL)
		return err_set(err, ERR_PROTOCOL,
		    "%s does not say where its forest's configuration is",
		    d->dc);
	*ret_dn = mem_printf(PLACE ",%s", configuration);
	free(configuration);
	return 0;
}

int
directory_templates(struct directory *d, directory_template_fn *fn,
    void *cookie, struct err *err)
{
	static const char *const attributes[] = {"cn", "flags",
	    "pKIExtendedKeyUsage", "pKIExpirationPeriod", "pKIOverlapPeriod",
	    "msPKI-Minimal-Key-Size", "msPKI-RA-Signature",
	    "msPKI-Certificate-Name-Flag", "msPKI-Enrollment-Flag", NULL};
	struct directory_query q = {.scope = LDAP_SCOPE_ONELEVEL,
	    .filter = "(objectClass=pKICertificateTemplate)",
	    .attributes = attributes};
	struct listing l = {.fn = fn, .cookie = cookie};
	char *place = NULL;
	int rc;

	if (find_place(d, &place, err) != 0)
		return -1;
	q.base = place;
	rc = directory_search(d, &q, take_template, &l, err);
	free(place);
	return rc;
}
