#include <stdlib.h>
#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "sid_internal.h"
#include "str.h"

#define SERVICE "AMT_AuthorizationService"
#define INVALID_INDEX 35 /* PT_STATUS: nothing from this index on */

struct amt_acl *
amt_acls_add(struct amt_acls *acls)
{
	struct amt_acl *e;

	acls->entry = mem_grow(acls->entry, acls->count + 1, sizeof(*e));
	e = &acls->entry[acls->count++];
	memset(e, 0, sizeof(*e));
	return e;
}

void
amt_acls_clear(struct amt_acls *acls)
{
	free(acls->entry);
	memset(acls, 0, sizeof(*acls));
}

/* --- reading --- */

struct reading {
	struct amt_acls *ret, got;
	int64_t handles[AMT_MAX_STORE];
	size_t handle_count;
};

/* Indices start at 1; each answer holds as many handles as firmware likes. */
static int
ask_handles(void *state, struct op_message *m, struct err *err)
{
	struct reading *r = state;

	(void)err;
	wsman_open(&m->body, SERVICE, "EnumerateUserAclEntries_INPUT");
	wsman_int(&m->body, "StartIndex", (int64_t)r->handle_count + 1);
	wsman_close(&m->body, "EnumerateUserAclEntries_INPUT");
	return 0;
}

static enum op_turn
take_handles(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *body = wsman_body(reply), *n;
	struct reading *r = state;
	size_t before = r->handle_count;
	const char *text = xml_child_text(body, "TotalCount");
	int64_t total;

	if (text == NULL || str_int(text, 0, AMT_MAX_STORE, &total) != 0) {
		err_set(err, ERR_PROTOCOL,
		    "device tells no number of ACL entries up to %d",
		    AMT_MAX_STORE);
		return OP_FAIL;
	}
	for (n = xml_child(body, NULL, "Handles"); n != NULL;
	     n = xml_again(n)) {
		if (r->handle_count == AMT_MAX_STORE ||
		    str_int(n->text, 0, UINT32_MAX,
			&r->handles[r->handle_count]) != 0) {
			err_set(err, ERR_PROTOCOL,
			    "handles of ACL entries "
			    "are no numbers, or too many");
			return OP_FAIL;
		}
		r->handle_count++;
	}
	if (r->handle_count < (size_t)total && r->handle_count > before)
		return OP_AGAIN;
	return OP_NEXT;
}

static enum op_turn
no_handles(void *state, const struct err *err)
{
	(void)state;
	return err->domain == ERR_PT && err->native == INVALID_INDEX ? OP_NEXT
								     : OP_FAIL;
}

static int
ask_entry(void *state, struct op_message *m, struct err *err)
{
	struct reading *r = state;

	(void)err;
	m->skip = r->got.count == r->handle_count;
	if (m->skip)
		return 0;
	wsman_open(&m->body, SERVICE, "GetUserAclEntryEx_INPUT");
	wsman_int(&m->body, "Handle", r->handles[r->got.count]);
	wsman_close(&m->body, "GetUserAclEntryEx_INPUT");
	return 0;
}

static int
read_sid(const char *base64, char *out, size_t size)
{
	struct buf b;
	int rc;

	buf_init(&b, SID_MAX_BYTES);
	rc = str_unbase64(&b, base64);
	if (rc == 0 && !b.over)
		rc = sid_to_text(b.data, b.len, out, size);
	else
		rc = -1;
	buf_free(&b);
	return rc;
}

static int
read_realms(const struct xml_node *body, char *out, size_t size)
{
	const struct xml_node *n;
	uint64_t mask = 0;
	int64_t realm;

	for (n = xml_child(body, NULL, "Realms"); n != NULL; n = xml_again(n)) {
		if (str_int(n->text, 0, 63, &realm) != 0)
			return -1;
		mask |= UINT64_C(1) << realm;
	}
	return realms_text(mask, out, size);
}

static enum op_turn
take_entry(void *state, const struct wsman_reply *reply, struct err *err)
{
	static const struct field fields[] = {
	    FIELD(FIELD_TEXT, struct amt_acl, user, "DigestUsername"),
	    FIELD(FIELD_INT, struct amt_acl, access, "AccessPermission"),
	};
	const struct xml_node *body = wsman_body(reply);
	const char *sid = xml_child_text(body, "KerberosUserSid");
	struct reading *r = state;
	int64_t handle = r->handles[r->got.count];
	struct amt_acl *e = amt_acls_add(&r->got);

	e->handle = handle;
	if (field_read(fields, COUNT(fields), body, e, err) != 0)
		return OP_FAIL;
	if ((!str_empty(sid) && read_sid(sid, e->sid, sizeof(e->sid)) != 0) ||
	    read_realms(body, e->realms, sizeof(e->realms)) != 0) {
		err_set(err, ERR_PROTOCOL,
		    "ACL entry has no proper SID or "
		    "realms");
		return OP_FAIL;
	}
	return OP_AGAIN;
}

static void
finish(void *state)
{
	struct reading *r = state;

	*r->ret = r->got;
	memset(&r->got, 0, sizeof(r->got));
}

static void
clear_reading(void *state)
{
	struct reading *r = state;

	amt_acls_clear(&r->got);
}

int
amt_acl_read(struct amt *a, struct amt_acls *ret, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, SERVICE, "EnumerateUserAclEntries", ask_handles,
		take_handles, no_handles},
	    {WSMAN_INVOKE, SERVICE, "GetUserAclEntryEx", ask_entry, take_entry,
		NULL},
	};
	static const struct op_kind kind =
	    OP_KIND(exchanges, finish, clear_reading);
	struct reading *r = mem_alloc(sizeof(*r));

	r->ret = ret;
	return op_start(a, &kind, r, done, cookie, err);
}

/* --- writing --- */

struct writing {
	struct amt_acl entry;
	uint64_t realms;
	struct buf sid; /* base64 */
};

/* Handle only for an update; then the same elements in the same order. */
static void
put_entry(struct writing *w, struct op_message *m, const char *element)
{
	int realm;

	wsman_open(&m->body, SERVICE, element);
	if (w->entry.handle >= 0)
		wsman_int(&m->body, "Handle", w->entry.handle);
	wsman_text(&m->body, "KerberosUserSid", buf_text(&w->sid));
	wsman_int(&m->body, "AccessPermission", w->entry.access);
	for (realm = 0; realm < 64; realm++)
		if ((w->realms >> realm & 1) != 0)
			wsman_int(&m->body, "Realms", realm);
	wsman_close(&m->body, element);
}

static int
put_new(void *state, struct op_message *m, struct err *err)
{
	(void)err;
	put_entry(state, m, "AddUserAclEntryEx_INPUT");
	return 0;
}

static int
put_update(void *state, struct op_message *m, struct err *err)
{
	(void)err;
	put_entry(state, m, "UpdateUserAclEntryEx_INPUT");
	return 0;
}

static void
clear(void *state)
{
	struct writing *w = state;

	buf_free(&w->sid);
}

int
amt_acl_write(struct amt *a, const struct amt_acl *entry, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange add[] = {
	    {WSMAN_INVOKE, SERVICE, "AddUserAclEntryEx", put_new, NULL, NULL},
	};
	static const struct op_exchange update[] = {
	    {WSMAN_INVOKE, SERVICE, "UpdateUserAclEntryEx", put_update, NULL,
		NULL},
	};
	static const struct op_kind add_kind = OP_KIND(add, NULL, clear);
	static const struct op_kind update_kind = OP_KIND(update, NULL, clear);
	uint8_t sid[SID_MAX_BYTES];
	struct writing *w;
	uint64_t realms;
	size_t len;

	if (sid_from_text(entry->sid, sid, &len) != 0 ||
	    realms_mask(entry->realms, &realms) != 0 || realms == 0 ||
	    entry->access < 0 || entry->access > 2)
		return err_set(err, ERR_INVALID,
		    "an ACL entry needs a SID of at most %d bytes, realms and "
		    "an access of 0 to 2",
		    SID_MAX_BYTES);
	w = mem_alloc(sizeof(*w));
	w->entry = *entry;
	w->realms = realms;
	buf_init(&w->sid, 64);
	str_base64(&w->sid, sid, len);
	return op_start(a, entry->handle < 0 ? &add_kind : &update_kind, w,
	    done, cookie, err);
}

static int
put_handle(void *state, struct op_message *m, struct err *err)
{
	struct writing *w = state;

	(void)err;
	wsman_open(&m->body, SERVICE, "RemoveUserAclEntry_INPUT");
	wsman_int(&m->body, "Handle", w->entry.handle);
	wsman_close(&m->body, "RemoveUserAclEntry_INPUT");
	return 0;
}

int
amt_acl_remove(struct amt *a, int64_t handle, amt_done_fn *done, void *cookie,
    struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, SERVICE, "RemoveUserAclEntry", put_handle, NULL,
		NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);
	struct writing *w = mem_alloc(sizeof(*w));

	w->entry.handle = handle;
	buf_init(&w->sid, 64);
	return op_start(a, &kind, w, done, cookie, err);
}
