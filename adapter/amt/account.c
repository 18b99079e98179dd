#include <stdlib.h>
#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "secret.h"
#include "str.h"

#define SERVICE "AMT_AuthorizationService"
#define MAX_USER 16
#define MAX_REALM 64

/* --- reading the name --- */

struct reading {
	char *ret_user;
	char user[AMT_TEXT];
};

static enum op_turn
take_user(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct reading *r = state;

	if (field_text(wsman_body(reply), "Username", r->user, sizeof(r->user),
		err) != 0)
		return OP_FAIL;
	return OP_NEXT;
}

static void
finish(void *state)
{
	struct reading *r = state;

	memcpy(r->ret_user, r->user, sizeof(r->user));
}

int
amt_admin_read(struct amt *a, char ret_user[AMT_TEXT], amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, SERVICE, "GetAdminAclEntry", NULL, take_user, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, NULL);
	struct reading *r = mem_alloc(sizeof(*r));

	r->ret_user = ret_user;
	return op_start(a, &kind, r, done, cookie, err);
}

/* --- setting the password --- */

struct writing {
	char *user;
	char *realm; /* that we expect; NULL: none */
	struct secret *password;
	struct buf hash; /* base64 HA1; wiped when freed */
};

static enum op_turn
take_realm(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *i;
	struct writing *w = state;
	const char *realm;

	i = field_instance(reply, "AMT_GeneralSettings", err);
	if (i == NULL)
		return OP_FAIL;
	realm = xml_child_text(i, "DigestRealm");
	if (realm == NULL || !str_starts(realm, "Digest:") ||
	    strlen(realm) > MAX_REALM) {
		err_set(err, ERR_PROTOCOL, "device tells no Digest realm");
		return OP_FAIL;
	}
	if (w->realm != NULL && !str_eq(w->realm, realm)) {
		err_set(err, ERR_UNTRUSTED,
		    "device has another Digest realm than the one on record");
		return OP_FAIL;
	}
	if (wsman_digest_ha1(&w->hash, w->user, realm, w->password, err) != 0)
		return OP_FAIL;
	return OP_NEXT;
}

static int
put_password(void *state, struct op_message *m, struct err *err)
{
	struct writing *w = state;

	(void)err;
	wsman_open(&m->body, SERVICE, "SetAdminAclEntryEx_INPUT");
	wsman_text(&m->body, "Username", w->user);
	wsman_text(&m->body, "DigestPassword", buf_text(&w->hash));
	wsman_close(&m->body, "SetAdminAclEntryEx_INPUT");
	return 0;
}

static void
clear(void *state)
{
	struct writing *w = state;

	free(w->user);
	free(w->realm);
	secret_free(w->password);
	buf_free(&w->hash);
}

int
amt_admin_write(struct amt *a, const struct amt_login *login, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_GET, "AMT_GeneralSettings", NULL, NULL, take_realm, NULL},
	    {WSMAN_INVOKE, SERVICE, "SetAdminAclEntryEx", put_password, NULL,
		NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);
	struct writing *w;

	if (str_empty(login->user) || strlen(login->user) > MAX_USER)
		return err_set(err, ERR_INVALID,
		    "the admin's name has 1 to %d characters", MAX_USER);
	w = mem_alloc(sizeof(*w));
	w->user = mem_dup(login->user);
	w->realm = mem_dup(login->realm);
	w->password = secret_copy(login->password);
	buf_init(&w->hash, 64);
	return op_start(a, &kind, w, done, cookie, err);
}
