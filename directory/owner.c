/*
 * Whose an object is.  Ours carries the device's mark in its description;
 * anything else belongs to someone.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "str.h"

#define FILTER_MAX 512
#define DN_SHOWN 160
#define DN_ROOM 700 /* for that, escaped */

void
directory_found_clear(struct directory_found *f)
{
	directory_object_clear(&f->object);
	free(f->description);
	f->description = NULL;
}

static int
take_found(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct directory_found *f = cookie;

	(void)err;
	if (f->object.dn != NULL)
		return 0;
	directory_object_fill(d, entry, &f->object);
	f->description = directory_text(d, entry, "description");
	return 0;
}

int
directory_find_account(struct directory *d, const char *base, int scope,
    const char *account, struct directory_found *ret, struct err *err)
{
	struct directory_query q = {.base = base,
	    .scope = scope,
	    .attributes = directory_object_attributes};
	struct buf filter;
	int result;

	buf_init(&filter, FILTER_MAX);
	buf_str(&filter, "(sAMAccountName=");
	directory_escape_filter(&filter, account);
	buf_str(&filter, ")");
	q.filter = buf_text(&filter);
	result = directory_search(d, &q, take_found, ret, err);
	buf_free(&filter);
	return result;
}

int
directory_conflict(
    struct err *err, const char *what, const char *dn, const char *advice)
{
	struct buf shown;

	buf_init(&shown, DN_ROOM);
	str_printable(&shown, dn, strlen(dn), DN_SHOWN);
	err_set(err, ERR_CONFLICT, "%s %s; %s", what, buf_text(&shown), advice);
	buf_free(&shown);
	return -1;
}

bool
directory_is_mark(const char *description, const struct directory_wish *wish)
{
	return str_eq(description, wish->description) ||
	    (wish->former_description != NULL &&
		str_eq(description, wish->former_description));
}

int
directory_find_ours(struct directory *d, const struct directory_wish *wish,
    struct directory_found *ret, struct err *err)
{
	if (directory_find_account(
		d, d->base, LDAP_SCOPE_SUBTREE, wish->account, ret, err) != 0)
		return -1;
	if (ret->object.dn == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "there is no account %s in the domain", wish->account);
	if (!directory_is_mark(ret->description, wish))
		return directory_conflict(err, "the account is in use by",
		    ret->object.dn,
		    "it does not carry the device's mark, and is left alone");
	return 0;
}
