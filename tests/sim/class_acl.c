#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_AuthorizationService: the administrator's name and hash, and the list of
 * other users, Digest and Kerberos. */

#define MAX_DIGEST_USERS 7 /* as many as Intel SCS allows, and no more */
#define MAX_KERBEROS_USERS 32
#define MAX_DOMAINS 5
#define DOMAIN_LEN 24 /* of a SID: what its users have in common */
#define MAX_NAME 16
#define HASH_LEN 16
#define MAX_SID 28
#define BATCH 16 /* handles in one answer */
#define ACCESS_MAX 2

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const char name[] = "Intel(r) AMT Authorization Service";

	(void)d;
	if (i > 0)
		return false;
	fw_emit_uint(e, "AllowHttpQopAuthOnly", 1);
	fw_emit_string(e, "CreationClassName", fw_class_acl.name);
	fw_emit_string(e, "ElementName", name);
	fw_emit_uint(e, "EnabledState", 5);
	fw_emit_string(e, "Name", name);
	fw_emit_uint(e, "RequestedState", 12);
	fw_emit_string(e, "SystemCreationClassName", "CIM_ComputerSystem");
	fw_emit_string(e, "SystemName", "Intel(r) AMT");
	return true;
}

/* --- the table ------------------------------------------------------------ */

static struct sim_acl *
by_handle(struct fw_call *c, const struct fw_node *in)
{
	int handle = (int)fw_uint(in, "Handle", 0);
	struct sim_acl *a;
	size_t i;

	for (i = 0; i < SIM_MAX_ACL; i++) {
		a = &c->d->state.acl[i];
		if (a->used && a->handle == handle)
			return a;
	}
	return NULL;
}

static bool
is_system(const struct sim_acl *a)
{
	return strncmp(a->user, "$$", 2) == 0;
}

static void
acl_changed(struct fw_call *c)
{
	c->ret->effects |= SIM_ACL_CHANGED;
	fw_changed(c);
}

static bool
name_ok(const char *name)
{
	size_t len = strlen(name), i;

	if (len < 1 || len > MAX_NAME || strncmp(name, "$$", 2) == 0)
		return false;
	for (i = 0; i < len; i++) {
		if (name[i] < 33 || name[i] > 126 ||
		    strchr(":,<>&\"", name[i]) != NULL)
			return false;
	}
	return true;
}

/* MD5(name:realm:password), the 16 bytes and not their 32 digits. */
static int
take_hash(const char *text, uint8_t ret[HASH_LEN])
{
	uint8_t *hash;
	size_t len;

	if (fw_unbase64(text, HASH_LEN, &hash, &len) != 0)
		return PT_INVALID_PASSWORD;
	if (len == HASH_LEN)
		memcpy(ret, hash, HASH_LEN);
	OPENSSL_cleanse(hash, len);
	free(hash);
	return len == HASH_LEN ? PT_SUCCESS : PT_INVALID_PASSWORD;
}

static bool
name_taken(
    const struct sim_state *s, const char *name, const struct sim_acl *except)
{
	size_t i;

	for (i = 0; i < SIM_MAX_ACL; i++) {
		if (s->acl[i].used && &s->acl[i] != except &&
		    strcmp(s->acl[i].user, name) == 0)
			return true;
	}
	return false;
}

/* --- the administrator ---------------------------------------------------- */

static int
set_admin(struct fw_call *c, const struct fw_node *in)
{
	struct sim_state *s = &c->d->state;
	const char *name = fw_text(in, "Username");
	uint8_t hash[HASH_LEN];
	int status;

	if (!name_ok(name))
		return PT_INVALID_NAME;
	if (name_taken(s, name, NULL))
		return PT_DUPLICATE;
	status = take_hash(fw_text(in, "DigestPassword"), hash);
	if (status != PT_SUCCESS)
		return status;
	fw_copy(s->admin_user, sizeof(s->admin_user), name);
	memcpy(s->admin_ha1, hash, HASH_LEN);
	s->admin_default = false;
	acl_changed(c);
	return PT_SUCCESS;
}

static int
get_admin(struct fw_call *c, const struct fw_node *in)
{
	struct fw_emit e = fw_output(c);

	(void)in;
	fw_emit_string(&e, "Username", c->d->state.admin_user);
	return PT_SUCCESS;
}

static int
get_admin_status(struct fw_call *c, const struct fw_node *in)
{
	struct fw_emit e = fw_output(c);

	(void)in;
	fw_emit_bool(&e, "IsDefault", c->d->state.admin_default);
	return PT_SUCCESS;
}

/* --- reading -------------------------------------------------------------- */

static int
enumerate(struct fw_call *c, const struct fw_node *in)
{
	uint32_t start = fw_uint(in, "StartIndex", 0), total = 0, n = 0;
	struct fw_emit e = fw_output(c);
	const struct sim_acl *acl = c->d->state.acl;
	size_t i;

	for (i = 0; i < SIM_MAX_ACL; i++)
		total += acl[i].used ? 1 : 0;
	if (start < 1 || start > total)
		return PT_INVALID_INDEX;
	fw_emit_uint(&e, "TotalCount", total);
	n = total - start + 1 < BATCH ? total - start + 1 : BATCH;
	fw_emit_uint(&e, "HandlesCount", n);
	for (i = 0; i < SIM_MAX_ACL && n > 0; i++) {
		if (!acl[i].used)
			continue;
		if (start > 1) {
			start--;
			continue;
		}
		fw_emit_uint(&e, "Handles", (uint32_t)acl[i].handle);
		n--;
	}
	return PT_SUCCESS;
}

static int
get_user(struct fw_call *c, const struct fw_node *in)
{
	const struct sim_acl *a = by_handle(c, in);
	struct fw_emit e = fw_output(c);
	uint32_t realm;

	if (a == NULL)
		return PT_INVALID_HANDLE;
	if (a->sid_len > 0)
		fw_emit_base64(&e, "KerberosUserSid", a->sid, a->sid_len);
	else
		fw_emit_string(&e, "DigestUsername", a->user);
	fw_emit_uint(&e, "AccessPermission", (uint32_t)a->access);
	for (realm = 0; realm < 32; realm++) {
		if ((a->realms & R(realm)) != 0)
			fw_emit_uint(&e, "Realms", realm);
	}
	return PT_SUCCESS;
}

static int
get_enabled(struct fw_call *c, const struct fw_node *in)
{
	const struct sim_acl *a = by_handle(c, in);
	struct fw_emit e = fw_output(c);

	if (a == NULL)
		return PT_INVALID_HANDLE;
	fw_emit_bool(&e, "Enabled", a->enabled);
	return PT_SUCCESS;
}

/* --- writing -------------------------------------------------------------- */

/* MS-DTYP 2.4.2.2: revision 1, count of sub-authorities, authority, them. */
static int
take_sid(const char *text, struct sim_acl *a)
{
	uint8_t *sid;
	size_t len;
	bool ok;

	if (fw_unbase64(text, MAX_SID, &sid, &len) != 0)
		return PT_INVALID_PARAMETER;
	ok = len >= 12 && len % 4 == 0 && sid[0] == 1 &&
	    len == 8 + (size_t)sid[1] * 4;
	if (ok) {
		memcpy(a->sid, sid, len);
		a->sid_len = len;
	}
	free(sid);
	return ok ? PT_SUCCESS : PT_INVALID_PARAMETER;
}

static int
take_realms(const struct fw_call *c, const struct fw_node *in, uint32_t *ret)
{
	const struct fw_node *k;
	uint64_t realm;

	*ret = 0;
	for (k = in->first; k != NULL; k = k->next) {
		if (strcmp(k->name, "Realms") != 0)
			continue;
		if (fw_number(k->text, 24, &realm) != 0 || realm < 2 ||
		    realm == 22 ||
		    (c->version >= 1800 && (realm == 17 || realm == 18)))
			return PT_INVALID_REALM;
		*ret |= R(realm);
	}
	return *ret != 0 ? PT_SUCCESS : PT_INVALID_REALM;
}

static int
take_digest_user(struct fw_call *c, const struct fw_node *in,
    const struct sim_acl *except, struct sim_acl *a)
{
	const char *name = fw_text(in, "DigestUsername");
	const char *hash = fw_text(in, "DigestPassword");

	if (hash == NULL)
		return PT_INVALID_PASSWORD;
	if (!name_ok(name) || strcasecmp(name, "admin") == 0 ||
	    strcasecmp(name, "administrator") == 0)
		return PT_INVALID_NAME;
	if (name_taken(&c->d->state, name, except) ||
	    strcmp(name, c->d->state.admin_user) == 0)
		return PT_DUPLICATE;
	fw_copy(a->user, sizeof(a->user), name);
	return take_hash(hash, a->ha1);
}

static int
take_kerberos_user(struct fw_call *c, const struct fw_node *in,
    const struct sim_acl *except, struct sim_acl *a)
{
	const struct sim_acl *o;
	size_t i;
	int status;

	if (!c->d->state.krb_enabled)
		return PT_NOT_PERMITTED;
	status = take_sid(fw_text(in, "KerberosUserSid"), a);
	for (i = 0; status == PT_SUCCESS && i < SIM_MAX_ACL; i++) {
		o = &c->d->state.acl[i];
		if (o->used && o != except && o->sid_len == a->sid_len &&
		    memcmp(o->sid, a->sid, a->sid_len) == 0)
			status = PT_DUPLICATE;
	}
	return status;
}

/* An entry as the parameters describe it; except: the one it will replace. */
static int
take_user(struct fw_call *c, const struct fw_node *in,
    const struct sim_acl *except, struct sim_acl *a)
{
	bool digest = fw_text(in, "DigestUsername") != NULL;
	bool kerberos = fw_text(in, "KerberosUserSid") != NULL;
	int status;

	memset(a, 0, sizeof(*a));
	if (digest == kerberos ||
	    (kerberos && fw_text(in, "DigestPassword") != NULL))
		return PT_INVALID_PARAMETER;
	status = digest ? take_digest_user(c, in, except, a)
			: take_kerberos_user(c, in, except, a);
	if (status != PT_SUCCESS)
		return status;
	a->access = (int)fw_uint(in, "AccessPermission", ACCESS_MAX + 1);
	if (a->access > ACCESS_MAX)
		return PT_INVALID_PARAMETER;
	a->used = a->enabled = true;
	return take_realms(c, in, &a->realms);
}

static size_t
kerberos_domains(const struct sim_state *s, const struct sim_acl *more)
{
	const struct sim_acl *a, *o;
	size_t i, j, count = 1;

	for (i = 0; i < SIM_MAX_ACL; i++) {
		a = &s->acl[i];
		if (!a->used || a->sid_len == 0 ||
		    memcmp(a->sid, more->sid, DOMAIN_LEN) == 0)
			continue;
		for (j = 0; j < i; j++) {
			o = &s->acl[j];
			if (o->used && o->sid_len != 0 &&
			    memcmp(o->sid, a->sid, DOMAIN_LEN) == 0)
				break;
		}
		count += j == i ? 1 : 0;
	}
	return count;
}

static int
room_for(const struct sim_state *s, const struct sim_acl *a)
{
	size_t i, alike = 0;

	for (i = 0; i < SIM_MAX_ACL; i++) {
		if (s->acl[i].used && !is_system(&s->acl[i]) &&
		    (s->acl[i].sid_len > 0) == (a->sid_len > 0))
			alike++;
	}
	if (alike >= (a->sid_len > 0 ? MAX_KERBEROS_USERS : MAX_DIGEST_USERS))
		return PT_MAX_LIMIT_REACHED;
	if (a->sid_len > 0 && kerberos_domains(s, a) > MAX_DOMAINS)
		return PT_MAX_KERB_DOMAIN;
	return PT_SUCCESS;
}

static int
add_user(struct fw_call *c, const struct fw_node *in)
{
	struct fw_emit e = fw_output(c);
	struct sim_state *s = &c->d->state;
	struct sim_acl a;
	size_t i = 0;
	int status = take_user(c, in, NULL, &a);

	if (status == PT_SUCCESS)
		status = room_for(s, &a);
	if (status != PT_SUCCESS)
		return status;
	while (i < SIM_MAX_ACL && s->acl[i].used)
		i++;
	if (i == SIM_MAX_ACL)
		return PT_MAX_LIMIT_REACHED;
	a.handle = (int)i + 1;
	s->acl[i] = a;
	fw_emit_uint(&e, "Handle", (uint32_t)a.handle);
	acl_changed(c);
	return PT_SUCCESS;
}

static int
update_user(struct fw_call *c, const struct fw_node *in)
{
	struct sim_acl *old = by_handle(c, in), a;
	int status;

	if (old == NULL)
		return PT_INVALID_HANDLE;
	if (is_system(old))
		return PT_NOT_PERMITTED;
	status = take_user(c, in, old, &a);
	if (status != PT_SUCCESS)
		return status;
	a.handle = old->handle;
	a.enabled = old->enabled;
	*old = a;
	acl_changed(c);
	return PT_SUCCESS;
}

static int
remove_user(struct fw_call *c, const struct fw_node *in)
{
	struct sim_acl *a = by_handle(c, in);

	if (a == NULL)
		return PT_INVALID_HANDLE;
	if (is_system(a))
		return PT_NOT_PERMITTED;
	memset(a, 0, sizeof(*a));
	acl_changed(c);
	return PT_SUCCESS;
}

static int
set_enabled(struct fw_call *c, const struct fw_node *in)
{
	struct sim_acl *a = by_handle(c, in);

	if (a == NULL)
		return PT_INVALID_HANDLE;
	a->enabled = fw_bool(in, "Enabled", true);
	acl_changed(c);
	return PT_SUCCESS;
}

/* --- tables --------------------------------------------------------------- */

static const struct fw_prop admin_in[] = {
    {"Username", T_STRING, P_REQUIRED, 0, 0},
    {"DigestPassword", T_BASE64, P_REQUIRED, 0, 0},
};
static const struct fw_prop start_in[] = {
    {"StartIndex", T_U32, P_REQUIRED, 0, 0},
};
static const struct fw_prop handle_in[] = {
    {"Handle", T_U32, P_REQUIRED, 0, 0},
};
static const struct fw_prop add_in[] = {
    {"DigestUsername", T_STRING, 0, 0, 0},
    {"DigestPassword", T_BASE64, 0, 0, 0},
    {"KerberosUserSid", T_BASE64, 0, 0, 0},
    {"AccessPermission", T_U32, P_REQUIRED, 0, 0},
    {"Realms", T_U32, P_ARRAY, 0, 0},
};
static const struct fw_prop update_in[] = {
    {"Handle", T_U32, P_REQUIRED, 0, 0},
    {"DigestUsername", T_STRING, 0, 0, 0},
    {"DigestPassword", T_BASE64, 0, 0, 0},
    {"KerberosUserSid", T_BASE64, 0, 0, 0},
    {"AccessPermission", T_U32, P_REQUIRED, 0, 0},
    {"Realms", T_U32, P_ARRAY, 0, 0},
};
static const struct fw_prop enabled_in[] = {
    {"Handle", T_U32, P_REQUIRED, 0, 0},
    {"Enabled", T_BOOL, P_REQUIRED, 0, 0},
};

#define IN(table) .in = (table), .in_count = sizeof(table) / sizeof((table)[0])
static const struct fw_method methods[] = {
    {.name = "SetAdminAclEntryEx",
	IN(admin_in),
	.run = set_admin,
	.mutating = true},
    {.name = "GetAdminAclEntry", .run = get_admin, .realms = REALM_ACL},
    {.name = "GetAdminAclEntryStatus",
	.run = get_admin_status,
	.realms = REALM_ACL},
    {.name = "GetAdminNetAclEntryStatus",
	.run = get_admin_status,
	.realms = REALM_ACL},
    {.name = "EnumerateUserAclEntries",
	IN(start_in),
	.run = enumerate,
	.realms = REALM_ACL},
    {.name = "GetUserAclEntryEx",
	IN(handle_in),
	.run = get_user,
	.realms = REALM_ACL},
    {.name = "GetAclEnabledState",
	IN(handle_in),
	.run = get_enabled,
	.realms = REALM_ACL},
    {.name = "AddUserAclEntryEx",
	IN(add_in),
	.run = add_user,
	.realms = REALM_ACL,
	.mutating = true},
    {.name = "UpdateUserAclEntryEx",
	IN(update_in),
	.run = update_user,
	.realms = REALM_ACL,
	.mutating = true},
    {.name = "RemoveUserAclEntry",
	IN(handle_in),
	.run = remove_user,
	.realms = REALM_ACL,
	.mutating = true},
    {.name = "SetAclEnabledState",
	IN(enabled_in),
	.run = set_enabled,
	.realms = REALM_ACL,
	.mutating = true},
};

const struct fw_class fw_class_acl = {
    .name = "AMT_AuthorizationService",
    .prefix = URI_AMT,
    .methods = methods,
    .method_count = sizeof(methods) / sizeof(methods[0]),
    .read = REALM_ACL | REALM_GENERAL,
    .common = true,
    .show = show,
};
