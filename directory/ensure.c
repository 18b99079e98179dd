/*
 * The object that stands for a device.  Ours is one of the wished account, in
 * the wished OU, that carries the device's mark in its description (or none
 * yet).  Anything else belongs to someone, and is left alone.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define UF_ACCOUNTDISABLE 0x2
#define UF_WORKSTATION_TRUST "4096"
#define ACCOUNT_MAX 64 /* with the dollar */
#define FILTER_MAX 4096
#define DN_MAX 2048
#define QUOTED_MAX 1024
#define MODS_MAX 8
#define VALUES_MAX 8
#define NUMBER_MAX 24

/* A list of modifications with room for all we ever write. */
struct changes {
	LDAPMod mods[MODS_MAX];
	LDAPMod *list[MODS_MAX + 1];
	struct berval values[MODS_MAX][VALUES_MAX];
	struct berval *pointers[MODS_MAX][VALUES_MAX + 1];
	size_t count;
};

/* libldap's structs have no const; it reads them only. */
static char *
writable(const char *text)
{
	union {
		const char *in;
		char *out;
	} pointer = {.in = text};

	return pointer.out;
}

/* A value of len bytes of the newest attribute; borrowed. */
static void
change_value(struct changes *c, const char *bytes, size_t len)
{
	size_t i, at = c->count - 1;

	for (i = 0; c->pointers[at][i] != NULL; i++)
		continue;
	assert(i < VALUES_MAX);
	c->values[at][i].bv_val = writable(bytes);
	c->values[at][i].bv_len = len;
	c->pointers[at][i] = &c->values[at][i];
}

static void
change_attribute(struct changes *c, int op, const char *attribute)
{
	LDAPMod *mod = &c->mods[c->count];

	assert(c->count < MODS_MAX);
	mod->mod_op = op | LDAP_MOD_BVALUES;
	mod->mod_type = writable(attribute);
	mod->mod_bvalues = c->pointers[c->count];
	c->list[c->count] = mod;
	c->count++;
}

static void
change_text(struct changes *c, int op, const char *attribute, const char *text)
{
	change_attribute(c, op, attribute);
	change_value(c, text, strlen(text));
}

/* The words of a blank-separated list; borrowed. */
static void
change_words(struct changes *c, int op, const char *attribute, const char *list)
{
	size_t len;

	change_attribute(c, op, attribute);
	while (*list != '\0') {
		len = strcspn(list, " ");
		change_value(c, list, len);
		list += len + strspn(list + len, " ");
	}
}

/* --- whose is it? ------------------------------------------------------------
 */

/* In the wished OU, marked as this device's or not at all, and enabled. */
static int
check_ours(const struct directory_found *f, const struct directory_wish *wish,
    struct err *err)
{
	if (!str_empty(f->description) &&
	    !directory_is_mark(f->description, wish))
		return directory_conflict(err,
		    "the account stands for something else, described as",
		    f->description,
		    "choose another account pattern, or clear the description");
	if ((f->object.uac & UF_ACCOUNTDISABLE) != 0)
		return err_set(err, ERR_REFUSED,
		    "account %s is disabled; enable or delete it",
		    wish->account);
	return 0;
}

/* *ret is the device's object, or has no dn. */
static int
find_ours(struct directory *d, const struct directory_wish *wish,
    struct directory_found *ret, struct err *err)
{
	struct directory_found elsewhere;
	int result;

	if (directory_find_account(
		d, wish->ou, LDAP_SCOPE_ONELEVEL, wish->account, ret, err) != 0)
		return err_context(err, "OU %s", wish->ou);
	if (ret->object.dn != NULL)
		return check_ours(ret, wish, err);
	memset(&elsewhere, 0, sizeof(elsewhere));
	result = directory_find_account(
	    d, d->base, LDAP_SCOPE_SUBTREE, wish->account, &elsewhere, err);
	if (result == 0 && elsewhere.object.dn != NULL)
		result = directory_conflict(err, "the account is in use by",
		    elsewhere.object.dn, "move it into the profile's OU");
	directory_found_clear(&elsewhere);
	return result;
}

/* --- service names
 * ------------------------------------------------------------- */

struct holder {
	const char *self; /* DN that may hold them; NULL: nobody may */
	char *other;
};

static int
take_holder(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct holder *h = cookie;
	char *dn = ldap_get_dn(d->ld, entry);

	(void)err;
	if (dn != NULL && h->other == NULL && !str_ieq(dn, h->self))
		h->other = mem_dup(dn);
	ldap_memfree(dn);
	return 0;
}

static void
any_of_spns(const char *spns, struct buf *filter)
{
	size_t len;

	buf_str(filter, "(|");
	for (; *spns != '\0'; spns += len + strspn(spns + len, " ")) {
		len = strcspn(spns, " ");
		/* A host name and a port: nothing in it needs escaping. */
		buf_printf(
		    filter, "(servicePrincipalName=%.*s)", (int)len, spns);
	}
	buf_str(filter, ")");
}

/* Is one of them another's there? */
static int
check_holders(struct directory *d, const char *filter, const char *self,
    const char *what, struct err *err)
{
	static const char *const attributes[] = {"sAMAccountName", NULL};
	struct directory_query q = {.base = d->base,
	    .scope = LDAP_SCOPE_SUBTREE,
	    .filter = filter,
	    .attributes = attributes};
	struct holder h = {.self = self};
	int result;

	result = directory_search(d, &q, take_holder, &h, err);
	if (result == 0 && h.other != NULL)
		result =
		    directory_conflict(err, what, h.other, "remove it there");
	free(h.other);
	return result;
}

/* Two accounts with one service name break both: the KDC gives no ticket. The
 * server refuses as well, but does not say whose the name is.  The domain
 * first, which is newer, then the forest, where this controller has its
 * catalogue and that answers. */
static int
check_spns(
    struct directory *d, const char *spns, const char *self, struct err *err)
{
	struct directory *forest;
	struct buf filter;
	int result;

	buf_init(&filter, FILTER_MAX);
	any_of_spns(spns, &filter);
	result = check_holders(d, buf_text(&filter), self,
	    "a service name of the device is held, in the domain, by", err);
	forest = result == 0 ? directory_catalog(d) : NULL;
	if (forest != NULL &&
	    check_holders(forest, buf_text(&filter), self,
		"a service name of the device is held, elsewhere in the "
		"forest, by",
		err) != 0)
		/* A catalogue that fails now is none. */
		result = err->kind == ERR_CONFLICT ? -1 : 0;
	buf_free(&filter);
	return result;
}

/* --- create, change
 * -------------------------------------------------------------- */

static void
new_dn(const struct directory_wish *wish, struct buf *out)
{
	char *name = mem_dup_len(wish->account, strlen(wish->account) - 1);

	buf_str(out, "CN=");
	directory_escape_rdn(out, name);
	buf_printf(out, ",%s", wish->ou);
	free(name);
}

static int
send_changes(struct directory *d, bool add, const char *dn, struct changes *c,
    struct err *err)
{
	int code, msgid = -1, result;

	directory_begin(d);
	if (add)
		code = ldap_add_ext(d->ld, dn, c->list, NULL, NULL, &msgid);
	else
		code = ldap_modify_ext(d->ld, dn, c->list, NULL, NULL, &msgid);
	result = directory_end(d, DIRECTORY_WRITE, code, msgid, NULL, err);
	if (result != 0)
		err_context(err, "%s %s", add ? "create" : "change", dn);
	return result;
}

static int
create(struct directory *d, const struct directory_wish *wish,
    const struct secret *password, struct err *err)
{
	char enctypes[NUMBER_MAX];
	struct buf dn, quoted;
	struct changes c;
	int result;

	if (password == NULL)
		return err_set(
		    err, ERR_NOTFOUND, "there is no account %s", wish->account);
	if (check_spns(d, wish->spns, NULL, err) != 0)
		return -1;
	memset(&c, 0, sizeof(c));
	buf_init(&dn, DN_MAX);
	buf_init(&quoted, QUOTED_MAX);
	(void)snprintf(
	    enctypes, sizeof(enctypes), "%lld", (long long)wish->enctypes);
	result = directory_quote_password(&quoted, password, err);
	if (result == 0) {
		new_dn(wish, &dn);
		change_text(&c, LDAP_MOD_ADD, "objectClass", "computer");
		change_text(&c, LDAP_MOD_ADD, "sAMAccountName", wish->account);
		change_text(&c, LDAP_MOD_ADD, "userAccountControl",
		    UF_WORKSTATION_TRUST);
		change_text(&c, LDAP_MOD_ADD, "dNSHostName", wish->fqdn);
		change_words(
		    &c, LDAP_MOD_ADD, "servicePrincipalName", wish->spns);
		change_text(&c, LDAP_MOD_ADD, "msDS-SupportedEncryptionTypes",
		    enctypes);
		change_text(&c, LDAP_MOD_ADD, "description", wish->description);
		change_attribute(&c, LDAP_MOD_ADD, "unicodePwd");
		change_value(&c, buf_text(&quoted), quoted.len);
		result = send_changes(d, true, buf_text(&dn), &c, err);
	}
	buf_free(&quoted);
	buf_free(&dn);
	return result;
}

static int
change(struct directory *d, const struct directory_wish *wish,
    const struct directory_found *f, struct err *err)
{
	const struct directory_object *o = &f->object;
	char enctypes[NUMBER_MAX];
	struct changes c;

	memset(&c, 0, sizeof(c));
	(void)snprintf(
	    enctypes, sizeof(enctypes), "%lld", (long long)wish->enctypes);
	if (!str_ieq(o->dns_host, wish->fqdn))
		change_text(&c, LDAP_MOD_REPLACE, "dNSHostName", wish->fqdn);
	if (!str_ieq(o->spns, wish->spns)) {
		if (check_spns(d, wish->spns, o->dn, err) != 0)
			return -1;
		change_words(
		    &c, LDAP_MOD_REPLACE, "servicePrincipalName", wish->spns);
	}
	if (o->enctypes != wish->enctypes)
		change_text(&c, LDAP_MOD_REPLACE,
		    "msDS-SupportedEncryptionTypes", enctypes);
	if (!str_eq(f->description, wish->description))
		change_text(
		    &c, LDAP_MOD_REPLACE, "description", wish->description);
	if (c.count == 0)
		return 0;
	return send_changes(d, false, o->dn, &c, err);
}

static int
check_wish(const struct directory_wish *wish, struct err *err)
{
	size_t len = wish->account == NULL ? 0 : strlen(wish->account);

	if (len < 2 || len > ACCOUNT_MAX || wish->account[len - 1] != '$')
		return err_set(err, ERR_INVALID,
		    "account '%s' is not a name of at most %d characters that "
		    "ends in '$'",
		    len == 0 ? "" : wish->account, ACCOUNT_MAX);
	if (str_empty(wish->fqdn) || !str_is_fqdn(wish->fqdn))
		return err_set(err, ERR_INVALID,
		    "a device's name must be a host name with domain");
	if (str_empty(wish->ou) || str_empty(wish->spns))
		return err_set(err, ERR_INVALID,
		    "account %s is to have no OU or no service names",
		    wish->account);
	if (str_empty(wish->description))
		return err_set(err, ERR_INVALID,
		    "an object without a mark could not be told from others");
	return 0;
}

int
directory_ensure(struct directory *d, const struct directory_wish *wish,
    const struct secret *password_if_new, struct err *err)
{
	struct directory_found f;
	int result;

	if (check_wish(wish, err) != 0)
		return -1;
	memset(&f, 0, sizeof(f));
	result = find_ours(d, wish, &f, err);
	if (result == 0 && f.object.dn == NULL)
		result = create(d, wish, password_if_new, err);
	else if (result == 0)
		result = change(d, wish, &f, err);
	directory_found_clear(&f);
	return result;
}
