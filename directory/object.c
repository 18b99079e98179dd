#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"

#define FILETIME_SECOND INT64_C(10000000)   /* in units of 100 ns */
#define FILETIME_EPOCH INT64_C(11644473600) /* 1601 to 1970, seconds */
#define UF_NORMAL_ACCOUNT 0x200
#define FILTER_MAX 512
/* What directory_number() gives when the attribute is not there. */
#define ABSENT INT64_MIN

const char *const directory_object_attributes[] = {"sAMAccountName",
    "dNSHostName", "servicePrincipalName", "msDS-SupportedEncryptionTypes",
    "userAccountControl", "msDS-KeyVersionNumber", "pwdLastSet", "description",
    "userPrincipalName", "objectSid", NULL};

void
directory_object_clear(struct directory_object *o)
{
	free(o->dn);
	free(o->account);
	free(o->dns_host);
	free(o->spns);
	free(o->settings);
	free(o->upn);
	free(o->sid);
	memset(o, 0, sizeof(*o));
}

int64_t
directory_filetime(int64_t filetime)
{
	if (filetime <= 0)
		return 0;
	return filetime / FILETIME_SECOND - FILETIME_EPOCH;
}

/* Durations are negative numbers of 100 ns; the most negative one is "never".
 */
int64_t
directory_age(int64_t interval)
{
	if (interval == INT64_MIN || interval >= 0)
		return 0;
	return -(interval / FILETIME_SECOND);
}

static char *
sid_of(struct directory *d, LDAPMessage *entry)
{
	struct berval **values = ldap_get_values_len(d->ld, entry, "objectSid");
	char text[DIRECTORY_SID_TEXT] = "";
	struct directory_sid sid;

	if (values != NULL && values[0] != NULL &&
	    directory_sid_parse((const uint8_t *)values[0]->bv_val,
		(size_t)values[0]->bv_len, &sid) == 0)
		(void)directory_sid_text(&sid, text);
	ldap_value_free_len(values);
	return text[0] == '\0' ? NULL : mem_dup(text);
}

/* "account@ad.example.test", from "CN=...,DC=ad,DC=example,DC=test". */
static char *
implied_upn(const char *account, const char *dn)
{
	const char *part;
	struct buf out;
	char *text;
	size_t len;

	buf_init(&out, FILTER_MAX);
	buf_printf(&out, "%s", account);
	for (part = strstr(dn, ",DC="); part != NULL;
	     part = strstr(part + len, ",DC=")) {
		buf_char(&out, strchr(buf_text(&out), '@') == NULL ? '@' : '.');
		part += strlen(",DC=");
		len = strcspn(part, ",");
		buf_add(&out, part, len);
	}
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

void
directory_object_fill(
    struct directory *d, LDAPMessage *entry, struct directory_object *ret)
{
	char *dn = ldap_get_dn(d->ld, entry);

	ret->dn = mem_dup(dn != NULL ? dn : "");
	ldap_memfree(dn);
	ret->account = directory_text(d, entry, "sAMAccountName");
	ret->dns_host = directory_text(d, entry, "dNSHostName");
	ret->spns = directory_list(d, entry, "servicePrincipalName");
	ret->upn = directory_text(d, entry, "userPrincipalName");
	if (ret->upn == NULL && ret->account != NULL)
		ret->upn = implied_upn(ret->account, ret->dn);
	ret->sid = sid_of(d, entry);
	ret->enctypes =
	    directory_number(d, entry, "msDS-SupportedEncryptionTypes", 0);
	ret->uac = directory_number(d, entry, "userAccountControl", 0);
	ret->kvno = directory_number(d, entry, "msDS-KeyVersionNumber", 0);
	ret->password_at =
	    directory_filetime(directory_number(d, entry, "pwdLastSet", 0));
}

/* Reads one number of one object. */
struct number {
	const char *attribute;
	int64_t value; /* ABSENT until found */
};

static int
take_number(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct number *n = cookie;

	(void)err;
	n->value = directory_number(d, entry, n->attribute, ABSENT);
	return 0;
}

static int
read_number(
    struct directory *d, const char *dn, struct number *n, struct err *err)
{
	const char *attributes[] = {n->attribute, NULL};
	struct directory_query q = {.base = dn,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = "(objectClass=*)",
	    .attributes = attributes};

	n->value = ABSENT;
	return directory_search(d, &q, take_number, n, err);
}

static int
take_expiry(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct directory_object *o = cookie;
	int64_t end = directory_number(
	    d, entry, "msDS-UserPasswordExpiryTimeComputed", INT64_MAX);

	(void)err;
	if (o->settings == NULL)
		o->settings = directory_text(d, entry, "msDS-ResultantPSO");
	/* 0: it must be changed before anything else. */
	if (end == 0)
		o->expires_at = 1;
	else
		o->expires_at = end == INT64_MAX ? 0 : directory_filetime(end);
	return 0;
}

/*
 * A password settings object applies to user objects only (MS-ADTS
 * 3.1.1.4.5.36), and only theirs expire; settings stay NULL when the domain's
 * own policy applies.
 */
static int
find_settings(struct directory *d, struct directory_object *o, struct err *err)
{
	static const char *const attributes[] = {
	    "msDS-ResultantPSO", "msDS-UserPasswordExpiryTimeComputed", NULL};
	struct directory_query q = {.base = o->dn,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = "(objectClass=*)",
	    .attributes = attributes};

	if ((o->uac & UF_NORMAL_ACCOUNT) == 0)
		return 0;
	return directory_search(d, &q, take_expiry, o, err);
}

/* An object that we may see but whose age limit we may not is no object to
 * guess about. */
static int
read_max_age(struct directory *d, struct directory_object *o, struct err *err)
{
	struct number n = {.attribute = "maxPwdAge"};
	const char *settings;
	int result;

	if (find_settings(d, o, err) != 0)
		return -1;
	settings = o->settings;
	if (settings != NULL)
		n.attribute = "msDS-MaximumPasswordAge";
	result = read_number(d, settings != NULL ? settings : d->base, &n, err);
	if (result != 0 && settings != NULL)
		err_context(err, "password settings object %s", settings);
	else if (result == 0 && n.value == ABSENT)
		result = err_set(err, ERR_DENIED,
		    "the service account may not read %s of %s", n.attribute,
		    settings != NULL ? settings : d->base);
	if (result == 0)
		o->max_age = directory_age(n.value);
	return result;
}

static int
take_object(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct directory_object *o = cookie;

	(void)err;
	/* sAMAccountName is unique in a domain. */
	if (o->dn == NULL)
		directory_object_fill(d, entry, o);
	return 0;
}

int
directory_read(struct directory *d, const char *account,
    struct directory_object *ret, struct err *err)
{
	struct directory_query q = {.base = d->base,
	    .scope = LDAP_SCOPE_SUBTREE,
	    .attributes = directory_object_attributes};
	struct directory_object o;
	struct buf filter;
	int result;

	memset(&o, 0, sizeof(o));
	buf_init(&filter, FILTER_MAX);
	buf_str(&filter, "(sAMAccountName=");
	directory_escape_filter(&filter, account);
	buf_str(&filter, ")");
	q.filter = buf_text(&filter);
	result = directory_search(d, &q, take_object, &o, err);
	buf_free(&filter);
	if (result == 0 && o.dn == NULL)
		result = err_set(err, ERR_NOTFOUND,
		    "there is no account %s in the domain", account);
	if (result == 0)
		result = read_max_age(d, &o, err);
	if (result != 0) {
		directory_object_clear(&o);
		return -1;
	}
	*ret = o;
	return 0;
}
