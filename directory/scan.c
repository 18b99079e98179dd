/*
 * What the hygiene run reads: objects page by page, never more than a page of
 * them in memory; service names of the whole domain; whose rights reach where.
 */
#include <lber.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define FILTER_MAX 8192
#define GROUPS_MAX 1024 /* of our own account */
/* sAMAccountType (MS-SAMR 2.2.1.9), which is indexed: users and computers. */
#define PRINCIPALS "(|(sAMAccountType=805306369)(sAMAccountType=805306368))"
#define ANY "(objectClass=*)"

/* --- objects --- */

static const char *const object_attributes[] = {"sAMAccountName", "dNSHostName",
    "msDS-AdditionalDnsHostName", "servicePrincipalName", "description",
    "msDS-ResultantPSO", "userAccountControl", "msDS-SupportedEncryptionTypes",
    "msDS-KeyVersionNumber", "pwdLastSet", "lastLogonTimestamp", "whenCreated",
    "msDS-UserPasswordExpiryTimeComputed", "objectSid", NULL};

struct scan {
	directory_scan_fn *fn;
	void *cookie;
	size_t seen;
};

static int64_t
read_filetime(struct directory *d, LDAPMessage *entry, const char *attribute)
{
	int64_t value = directory_number(d, entry, attribute, 0);

	/* The last moment there is: never. */
	return value == INT64_MAX ? 0 : directory_filetime(value);
}

static int64_t
read_created(struct directory *d, LDAPMessage *entry)
{
	char *text = directory_text(d, entry, "whenCreated");
	int64_t at = 0;

	if (text != NULL)
		(void)directory_parse_time(text, &at);
	free(text);
	return at;
}

static int
take_principal(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct scan *s = cookie;
	struct directory_object o = {.dn = NULL};
	char *description = directory_text(d, entry, "description");
	char *settings = directory_text(d, entry, "msDS-ResultantPSO");
	char *hosts = directory_list(d, entry, "msDS-AdditionalDnsHostName");
	struct directory_audit_object to;
	int rc;

	directory_object_fill(d, entry, &o);
	to = (struct directory_audit_object){.dn = o.dn,
	    .account = o.account,
	    .dns_host = o.dns_host,
	    .more_hosts = hosts,
	    .spns = o.spns,
	    .description = description,
	    .settings = settings,
	    .sid = o.sid,
	    .uac = o.uac,
	    .enctypes = o.enctypes,
	    .kvno = o.kvno,
	    .password_at = o.password_at,
	    .logon_at = read_filetime(d, entry, "lastLogonTimestamp"),
	    .created_at = read_created(d, entry),
	    .expires_at =
		read_filetime(d, entry, "msDS-UserPasswordExpiryTimeComputed")};
	s->seen++;
	rc = s->fn(s->cookie, &to, err);
	directory_object_clear(&o);
	free(description);
	free(settings);
	free(hosts);
	return rc;
}

int
directory_scan(struct directory *d, const char *ou, directory_scan_fn *fn,
    void *cookie, struct err *err)
{
	struct directory_query q = {.base = ou,
	    .scope = LDAP_SCOPE_SUBTREE,
	    .filter = PRINCIPALS,
	    .attributes = object_attributes};
	struct scan s = {.fn = fn, .cookie = cookie};

	return directory_search(d, &q, take_principal, &s, err);
}

int
directory_find(struct directory *d, const char *account, directory_scan_fn *fn,
    void *cookie, struct err *err)
{
	struct directory_query q = {.base = d->base,
	    .scope = LDAP_SCOPE_SUBTREE,
	    .attributes = object_attributes};
	struct scan s = {.fn = fn, .cookie = cookie};
	struct buf filter;
	int rc;

	buf_init(&filter, FILTER_MAX);
	buf_str(&filter, "(sAMAccountName=");
	directory_escape_filter(&filter, account);
	buf_str(&filter, ")");
	q.filter = buf_text(&filter);
	rc = directory_search(d, &q, take_principal, &s, err);
	buf_free(&filter);
	if (rc == 0 && s.seen == 0)
		return err_set(err, ERR_NOTFOUND,
		    "there is no account %s in the domain", account);
	return rc;
}

/* --- single values --- */

static int
take_dn(void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	char **slot = cookie, *dn = ldap_get_dn(d->ld, entry);

	(void)err;
	if (*slot == NULL)
		*slot = mem_dup(dn);
	ldap_memfree(dn);
	return 0;
}

int
directory_dn(
    struct directory *d, const char *dn, char **ret_dn, struct err *err)
{
	static const char *const attributes[] = {"1.1", NULL};
	struct directory_query q = {.base = dn == NULL ? d->base : dn,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = ANY,
	    .attributes = attributes};
	char *found = NULL;

	if (directory_search(d, &q, take_dn, &found, err) != 0) {
		free(found); /* it was, before the search failed */
		return err_context(err, "%s", q.base);
	}
	if (found == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "there is no %s, or it may not be read", q.base);
	*ret_dn = found;
	return 0;
}

struct age {
	bool there;
	int64_t seconds;
};

static int
take_age(void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct age *age = cookie;
	char *text = directory_text(d, entry, "maxPwdAge");

	(void)err;
	age->there = text != NULL;
	age->seconds =
	    directory_age(directory_number(d, entry, "maxPwdAge", 0));
	free(text);
	return 0;
}

int
directory_max_age(struct directory *d, int64_t *ret_seconds, struct err *err)
{
	static const char *const attributes[] = {"maxPwdAge", NULL};
	struct directory_query q = {.base = d->base,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = ANY,
	    .attributes = attributes};
	struct age age = {.there = false};

	if (directory_search(d, &q, take_age, &age, err) != 0)
		return -1;
	if (!age.there)
		return err_set(err, ERR_DENIED,
		    "the service account may not read maxPwdAge of %s",
		    d->base);
	*ret_seconds = age.seconds;
	return 0;
}

/* --- service names --- */

struct names {
	directory_spn_fn *fn;
	void *cookie;
};

static int
take_names(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct names *n = cookie;
	struct berval **values =
	    ldap_get_values_len(d->ld, entry, "servicePrincipalName");
	char *dn = ldap_get_dn(d->ld, entry);
	size_t i;
	int rc = 0;

	for (i = 0; values != NULL && values[i] != NULL && rc == 0; i++)
		rc = n->fn(
		    n->cookie, dn == NULL ? "" : dn, values[i]->bv_val, err);
	ldap_value_free_len(values);
	ldap_memfree(dn);
	return rc;
}

/* The whole forest, where this controller has its catalogue. */
static struct directory *
widest(struct directory *d)
{
	struct directory *forest = directory_catalog(d);

	return forest != NULL ? forest : d;
}

bool
directory_sees_forest(struct directory *d)
{
	return widest(d) != d;
}

int
directory_spns(struct directory *d, const char *spn, directory_spn_fn *fn,
    void *cookie, struct err *err)
{
	static const char *const attributes[] = {"servicePrincipalName", NULL};
	struct directory *where = widest(d);
	struct directory_query q = {.base = where->base,
	    .scope = LDAP_SCOPE_SUBTREE,
	    .attributes = attributes};
	struct names n = {.fn = fn, .cookie = cookie};
	struct buf filter;
	int rc;

	buf_init(&filter, FILTER_MAX);
	buf_str(&filter, "(servicePrincipalName=");
	if (spn == NULL)
		buf_char(&filter, '*');
	else
		directory_escape_filter(&filter, spn);
	buf_char(&filter, ')');
	q.filter = buf_text(&filter);
	rc = directory_search(where, &q, take_names, &n, err);
	buf_free(&filter);
	return rc;
}

/* --- rights --- */

struct self {
	char *dn;
	struct directory_sid sids[GROUPS_MAX + 1]; /* our own first */
	size_t count;
	bool more; /* than there is room for */
};

static void
add_sids(struct self *self, struct directory *d, LDAPMessage *entry,
    const char *attribute)
{
	struct berval **values = ldap_get_values_len(d->ld, entry, attribute);
	size_t i;

	for (i = 0; values != NULL && values[i] != NULL; i++) {
		if (self->count > GROUPS_MAX)
			self->more = true;
		else if (directory_sid_parse((const uint8_t *)values[i]->bv_val,
			     values[i]->bv_len, &self->sids[self->count]) == 0)
			self->count++;
	}
	ldap_value_free_len(values);
}

static int
take_self(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct self *self = cookie;

	if (self->dn == NULL)
		(void)take_dn(&self->dn, d, entry, err);
	add_sids(self, d, entry, "objectSid");
	add_sids(self, d, entry, "tokenGroups");
	return 0;
}

/* tokenGroups is told of one object at a time, groups in groups included. */
static int
find_self(
    struct directory *d, const char *who, struct self *ret, struct err *err)
{
	static const char *const by_account[] = {"1.1", NULL};
	static const char *const by_dn[] = {"objectSid", "tokenGroups", NULL};
	struct directory_query q = {.base = d->base,
	    .scope = LDAP_SCOPE_SUBTREE,
	    .attributes = by_account};
	struct buf filter;
	int rc;

	buf_init(&filter, FILTER_MAX);
	buf_str(&filter, "(|(sAMAccountName=");
	directory_escape_filter(&filter, who);
	buf_str(&filter, ")(distinguishedName=");
	directory_escape_filter(&filter, who);
	buf_str(&filter, "))");
	q.filter = buf_text(&filter);
	rc = directory_search(d, &q, take_dn, &ret->dn, err);
	buf_free(&filter);
	if (rc == 0 && ret->dn == NULL)
		return err_set(
		    err, ERR_NOTFOUND, "there is no account %s", who);
	if (rc != 0)
		return -1;
	q = (struct directory_query){.base = ret->dn,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = ANY,
	    .attributes = by_dn};
	return directory_search(d, &q, take_self, ret, err);
}

static int
take_account(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	char **slot = cookie;

	(void)err;
	if (*slot == NULL)
		*slot = directory_text(d, entry, "sAMAccountName");
	return 0;
}

/* Its name, or its text where it has none; given. */
static char *
name_of(struct directory *d, const struct directory_sid *sid)
{
	static const char *const attributes[] = {"sAMAccountName", NULL};
	struct directory_query q = {
	    .scope = LDAP_SCOPE_BASE, .filter = ANY, .attributes = attributes};
	char text[DIRECTORY_SID_TEXT], *base, *name = NULL;

	base = mem_printf("<SID=%s>", directory_sid_text(sid, text));
	q.base = base;
	(void)directory_search(d, &q, take_account, &name, NULL);
	free(base);
	return name != NULL ? name : mem_dup(text);
}

struct judge {
	struct directory *d;
	const struct self *self;
	struct directory_right right;
	directory_right_fn *fn;
	void *cookie;
};

static int
take_right(void *cookie, const struct directory_ace *ace, struct err *err)
{
	struct judge *j = cookie;
	char *name;
	size_t i;
	int rc;

	for (i = 0; i < j->self->count; i++)
		if (directory_sid_eq(&ace->sid, &j->self->sids[i]))
			break;
	if (i == j->self->count)
		return 0;
	name = name_of(j->d, &ace->sid);
	j->right.account = name;
	j->right.ace = ace;
	j->right.own = i == 0;
	rc = j->fn(j->cookie, &j->right, err);
	j->right.account = NULL;
	free(name);
	return rc;
}

static int
take_descriptor(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct judge *j = cookie;
	struct berval **values =
	    ldap_get_values_len(d->ld, entry, "nTSecurityDescriptor");
	int rc;

	if (values == NULL || values[0] == NULL) {
		j->right.ace = NULL;
		rc = j->fn(j->cookie, &j->right, err);
	} else {
		rc = directory_aces((const uint8_t *)values[0]->bv_val,
		    values[0]->bv_len, take_right, j, err);
	}
	ldap_value_free_len(values);
	return rc;
}

/* The DACL alone: whoever asks for the rest as well gets nothing. */
static int
read_rights(
    struct directory *d, const char *dn, struct judge *j, struct err *err)
{
	static const char *const attributes[] = {"nTSecurityDescriptor", NULL};
	struct directory_query q = {.base = dn,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = ANY,
	    .attributes = attributes,
	    .dacl = true};

	j->right.object = dn;
	return directory_search(d, &q, take_descriptor, j, err);
}

static int
tell_groups(struct judge *j, struct err *err)
{
	size_t i;
	int rc = 0;

	for (i = 1; i < j->self->count && rc == 0; i++) {
		j->right = (struct directory_right){.object = j->self->dn,
		    .master = directory_sid_master(&j->self->sids[i])};
		if (j->right.master != NULL)
			rc = j->fn(j->cookie, &j->right, err);
	}
	j->right.master = NULL;
	return rc;
}

int
directory_rights(struct directory *d, const char *who, const char *ou,
    directory_right_fn *fn, void *cookie, struct err *err)
{
	struct self *self = mem_alloc(sizeof(*self));
	struct judge j = {.d = d, .self = self, .fn = fn, .cookie = cookie};
	const char *at;
	int rc;

	rc = find_self(d, who, self, err);
	if (rc == 0 && self->more)
		rc = err_set(err, ERR_LIMIT, "%s is in more than %d groups",
		    who, GROUPS_MAX);
	if (rc == 0)
		rc = tell_groups(&j, err);
	/* The OU and what it inherits from, up to the domain. */
	for (at = ou; rc == 0 && *at != '\0'; at = directory_parent(at)) {
		rc = read_rights(d, at, &j, err);
		if (str_ieq(at, d->base))
			break;
	}
	free(self->dn);
	free(self);
	return rc;
}
