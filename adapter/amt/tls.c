#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "pki_internal.h"
#include "str.h"

#define SETTINGS "AMT_TLSSettingData"
#define CONTEXT "AMT_TLSCredentialContext"
/* The two instances come in no fixed order. */
#define REMOTE "Intel(r) AMT 802.3 TLS Settings"
#define LOCAL "Intel(r) AMT LMS TLS Settings"
#define ENDPOINTS "TLSProtocolEndpointInstances Collection"

static const struct field fields[] = {
    FIELD(FIELD_BOOL, struct amt_tls, enabled, "Enabled"),
    FIELD(FIELD_BOOL, struct amt_tls, mutual, "MutualAuthentication"),
    FIELD(FIELD_BOOL, struct amt_tls, plain, "AcceptNonSecureConnections"),
    FIELD(FIELD_BOOL, struct amt_tls, plain_supported,
	"NonSecureConnectionsSupported"),
};

static const struct xml_node *
remote_settings(
    const struct wsman_reply *reply, struct amt_tls *ret, struct err *err)
{
	const struct xml_node *item = field_item(reply, REMOTE);

	if (item == NULL) {
		err_set(err, ERR_NOTFOUND, "device has no remote TLS settings");
		return NULL;
	}
	memset(ret, 0, sizeof(*ret));
	/* Before 16.1 firmware does not say, because it always could. */
	ret->plain_supported = true;
	if (field_read(fields, COUNT(fields), item, ret, err) != 0)
		return NULL;
	return item;
}

/* --- reading --- */

struct reading {
	struct amt_tls *ret, got;
};

static enum op_turn
take_settings(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct reading *r = state;

	return remote_settings(reply, &r->got, err) == NULL ? OP_FAIL : OP_NEXT;
}

static void
finish(void *state)
{
	struct reading *r = state;

	*r->ret = r->got;
}

int
amt_tls_read(struct amt *a, struct amt_tls *ret, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_ENUMERATE, SETTINGS, NULL, NULL, take_settings, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, NULL);
	struct reading *r = mem_alloc(sizeof(*r));

	r->ret = ret;
	return op_start(a, &kind, r, done, cookie, err);
}

/* --- switching --- */

struct switching {
	char handle[AMT_HANDLE];
	struct amt_tls_wish wish;
	bool have_context;
	struct buf remote, local; /* bodies; empty: nothing to write */
};

static enum op_turn
take_context(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct switching *s = state;

	(void)err;
	s->have_context = wsman_items(reply) != NULL;
	return OP_NEXT;
}

static void
put_context(struct switching *s, struct op_message *m)
{
	wsman_open(&m->body, CONTEXT, CONTEXT);
	wsman_ref(&m->body, "ElementInContext", "AMT_PublicKeyCertificate",
	    "InstanceID", s->handle);
	wsman_ref(&m->body, "ElementProvidingContext",
	    "AMT_TLSProtocolEndpointCollection", "ElementName", ENDPOINTS);
	wsman_close(&m->body, CONTEXT);
}

static int
create_context(void *state, struct op_message *m, struct err *err)
{
	struct switching *s = state;

	(void)err;
	m->skip = s->have_context;
	if (!m->skip)
		put_context(s, m);
	return 0;
}

/* There is one after all (firmware 16.1 and later makes its own): taking this
 * for success would leave the old certificate in use, so it is Put next. */
static enum op_turn
context_exists(void *state, const struct err *err)
{
	struct switching *s = state;

	if (err->kind != ERR_CONFLICT)
		return OP_FAIL;
	s->have_context = true;
	return OP_NEXT;
}

static int
update_context(void *state, struct op_message *m, struct err *err)
{
	struct switching *s = state;

	(void)err;
	m->skip = !s->have_context;
	if (!m->skip)
		put_context(s, m);
	return 0;
}

/* For both instances. NonSecureConnectionsSupported is read-only; trusted names
 * are refused without mutual authentication and kept with it. */
#define PATCHES 5

/* How many there are. */
static size_t
make_patches(const struct switching *s, bool remote, bool plain,
    struct patch out[PATCHES])
{
	const struct amt_tls_wish *w = &s->wish;
	/* The local instance keeps its own idea of plain connections. */
	const struct patch patches[PATCHES] = {
	    {"AcceptNonSecureConnections", PATCH_IF_THERE, patch_bool(plain)},
	    {"Enabled", PATCH_SET, patch_bool(w->enabled)},
	    {"MutualAuthentication", PATCH_SET,
		patch_bool(remote && w->enabled && w->mutual)},
	    {"NonSecureConnectionsSupported", PATCH_DROP, NULL},
	    {"TrustedCN", PATCH_DROP, NULL},
	};

	memcpy(out, patches, sizeof(patches));
	return w->mutual ? PATCHES - 1 : PATCHES;
}

static enum op_turn
take_both(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct switching *s = state;
	const struct xml_node *item;
	struct patch patches[PATCHES];
	struct amt_tls now;
	size_t count;

	item = remote_settings(reply, &now, err);
	if (item == NULL)
		return OP_FAIL;
	count = make_patches(
	    s, true, s->wish.plain && now.plain_supported, patches);
	if (!patch_holds(patches, count, item))
		patch_write(patches, count, item, &s->remote);
	item = field_item(reply, LOCAL);
	if (item == NULL)
		return OP_NEXT;
	count = make_patches(s, false,
	    str_eq(xml_child_text(item, "AcceptNonSecureConnections"), "true"),
	    patches);
	if (!patch_holds(patches, count, item))
		patch_write(patches, count, item, &s->local);
	return OP_NEXT;
}

static void
put_settings(struct op_message *m, const char *instance, const struct buf *body)
{
	m->skip = body->len == 0;
	m->selectors[0] = "InstanceID";
	m->selectors[1] = instance;
	buf_add(&m->body, body->data, body->len);
}

static int
put_remote(void *state, struct op_message *m, struct err *err)
{
	struct switching *s = state;

	(void)err;
	put_settings(m, REMOTE, &s->remote);
	return 0;
}

static int
put_local(void *state, struct op_message *m, struct err *err)
{
	struct switching *s = state;

	(void)err;
	put_settings(m, LOCAL, &s->local);
	return 0;
}

/* The host's own interface is not what we are after, and some versions let
 * nobody change it remotely. */
static enum op_turn
local_refused(void *state, const struct err *err)
{
	(void)state;
	return err->kind == ERR_REFUSED ? OP_NEXT : OP_FAIL;
}

static int
commit(void *state, struct op_message *m, struct err *err)
{
	struct switching *s = state;

	(void)err;
	m->timeout_ms = s->wish.timeout_ms;
	return 0;
}

static void
clear(void *state)
{
	struct switching *s = state;

	buf_free(&s->remote);
	buf_free(&s->local);
}

int
amt_tls_switch(struct amt *a, const struct amt_tls_wish *wish,
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_ENUMERATE, CONTEXT, NULL, NULL, take_context, op_may_lack},
	    {WSMAN_CREATE, CONTEXT, NULL, create_context, NULL, context_exists},
	    {WSMAN_PUT, CONTEXT, NULL, update_context, NULL, NULL},
	    {WSMAN_ENUMERATE, SETTINGS, NULL, NULL, take_both, NULL},
	    {WSMAN_PUT, SETTINGS, NULL, put_remote, NULL, NULL},
	    {WSMAN_PUT, SETTINGS, NULL, put_local, NULL, local_refused},
	    {WSMAN_INVOKE, "AMT_SetupAndConfigurationService", "CommitChanges",
		commit, NULL, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);
	struct switching *s;

	if (str_empty(wish->cert_handle) ||
	    strlen(wish->cert_handle) >= AMT_HANDLE)
		return err_set(err, ERR_INVALID, "no such certificate handle");
	s = mem_alloc(sizeof(*s));
	s->wish = *wish;
	s->wish.cert_handle = NULL; /* borrowed by the caller's */
	memcpy(s->handle, wish->cert_handle, strlen(wish->cert_handle) + 1);
	buf_init(&s->remote, OP_MAX_BODY);
	buf_init(&s->local, OP_MAX_BODY);
	return op_start(a, &kind, s, done, cookie, err);
}
