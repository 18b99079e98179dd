/*
 * An object in another OU than the profile's goes there; one whose device left
 * is disabled or deleted.  Only what carries the device's mark is touched, and
 * never a tree: an object with others below it (recovery keys, say) stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define UF_ACCOUNTDISABLE 0x2
#define NUMBER_MAX 24

/* --- to another OU --- */

static int
rename_into(
    struct directory *d, const char *dn, const char *ou, struct err *err)
{
	size_t len = (size_t)(directory_parent(dn) - dn);
	char *name = mem_dup_len(dn, len > 0 ? len - 1 : 0); /* no comma */
	int code, msgid = -1, result;

	directory_begin(d);
	code = ldap_rename(d->ld, dn, name, ou, 1, NULL, NULL, &msgid);
	result = directory_end(d, DIRECTORY_WRITE, code, msgid, NULL, err);
	free(name);
	if (result != 0)
		err_context(err, "move %s to %s", dn, ou);
	return result;
}

int
directory_move(
    struct directory *d, const struct directory_wish *wish, struct err *err)
{
	struct directory_found there, f;
	int result;

	memset(&there, 0, sizeof(there));
	memset(&f, 0, sizeof(f));
	result = directory_find_account(
	    d, wish->ou, LDAP_SCOPE_ONELEVEL, wish->account, &there, err);
	if (result != 0)
		err_context(err, "OU %s", wish->ou);
	if (result == 0 && there.object.dn == NULL) {
		result = directory_find_ours(d, wish, &f, err);
		if (result == 0)
			result = rename_into(d, f.object.dn, wish->ou, err);
	}
	directory_found_clear(&there);
	directory_found_clear(&f);
	return result;
}

/* --- to its end --- */

/* The old value out, the new one in: if somebody was faster, neither. */
static int
disable(struct directory *d, const struct directory_object *o, struct err *err)
{
	char attribute[] = "userAccountControl";
	char old[NUMBER_MAX], new[NUMBER_MAX];
	char *olds[] = {old, NULL}, *news[] = {new, NULL};
	LDAPMod out = {.mod_op = LDAP_MOD_DELETE,
	    .mod_type = attribute,
	    .mod_vals.modv_strvals = olds};
	LDAPMod in = {.mod_op = LDAP_MOD_ADD,
	    .mod_type = attribute,
	    .mod_vals.modv_strvals = news};
	LDAPMod *mods[] = {&out, &in, NULL};
	int code, msgid = -1;

	if ((o->uac & UF_ACCOUNTDISABLE) != 0)
		return 0;
	(void)snprintf(old, sizeof(old), "%lld", (long long)o->uac);
	(void)snprintf(
	    new, sizeof(new), "%lld", (long long)(o->uac | UF_ACCOUNTDISABLE));
	directory_begin(d);
	code = ldap_modify_ext(d->ld, o->dn, mods, NULL, NULL, &msgid);
	return directory_end(d, DIRECTORY_WRITE, code, msgid, NULL, err);
}

/* Without the control for trees: the server refuses one with others below. */
static int
delete_leaf(struct directory *d, const char *dn, struct err *err)
{
	int code, msgid = -1;

	directory_begin(d);
	code = ldap_delete_ext(d->ld, dn, NULL, NULL, &msgid);
	return directory_end(d, DIRECTORY_WRITE, code, msgid, NULL, err);
}

int
directory_retire(struct directory *d, const struct directory_wish *wish,
    enum directory_end_of end, char **ret_dn, struct err *err)
{
	struct directory_found f;
	int result;

	memset(&f, 0, sizeof(f));
	result = directory_find_ours(d, wish, &f, err);
	if (result == 0 && end == DIRECTORY_DELETED)
		result = delete_leaf(d, f.object.dn, err);
	else if (result == 0)
		result = disable(d, &f.object, err);
	if (result != 0 && f.object.dn != NULL)
		err_context(err, "%s %s",
		    end == DIRECTORY_DELETED ? "delete" : "disable",
		    f.object.dn);
	if (result == 0)
		mem_replace(ret_dn, f.object.dn);
	directory_found_clear(&f);
	return result;
}
