#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

/* AMT_AuthorizationService, and the accounts as the transport sees them. */

#define ACL "AMT_AuthorizationService"
#define HASH "ABEiM0RVZneImaq7zN3u/w==" /* 00 11 22 .. ff */
#define HEX_HASH "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY="
#define ADMIN(name, hash)                                                      \
	"<r:Username>" name "</r:Username>"                                    \
	"<r:DigestPassword>" hash "</r:DigestPassword>"
#define USER(name)                                                             \
	"<r:DigestUsername>" name "</r:DigestUsername>"                        \
	"<r:DigestPassword>" HASH "</r:DigestPassword>"                        \
	"<r:AccessPermission>2</r:AccessPermission>"                           \
	"<r:Realms>13</r:Realms><r:Realms>12</r:Realms>"

static int
setup(void **state)
{
	struct fx *f = fw_alloc(sizeof(*f));

	fx_new_plain(f, 12, 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fx_free(*state);
	free(*state);
	return 0;
}

static int
add(struct fx *f, const char *params)
{
	return fx_call(f, ACL, "AddUserAclEntryEx", params);
}

/* A domain account: S-1-5-21-x-0-0-rid. */
static int
add_sid(struct fx *f, uint8_t domain, uint8_t rid)
{
	uint8_t sid[28];
	char params[300], *text;

	memset(sid, 0, sizeof(sid));
	sid[0] = 1;
	sid[1] = 5;
	sid[7] = 5;
	sid[8] = 21;
	sid[12] = domain;
	sid[24] = rid;
	text = fw_base64(sid, sizeof(sid));
	snprintf(params, sizeof(params),
	    "<r:KerberosUserSid>%s</r:KerberosUserSid>"
	    "<r:AccessPermission>2</r:AccessPermission><r:Realms>3</r:Realms>",
	    text);
	free(text);
	return add(f, params);
}

/* --- admin ---------------------------------------------------------------- */

static void
test_admin_password(void **state)
{
	struct fx *f = *state;
	struct sim_login login;
	uint8_t ha1[16], expect[16];

	fw_ha1("admin", f->d.state.realm, FX_PASSWORD, expect);
	assert_int_equal(sim_account(&f->d, "admin", ha1, &login), 0);
	assert_memory_equal(ha1, expect, 16);
	assert_true(login.admin);
	assert_int_equal(
	    fx_call(f, ACL, "SetAdminAclEntryEx", ADMIN("boss", HASH)),
	    PT_SUCCESS);
	assert_int_equal(f->a.effects, SIM_ACL_CHANGED);
	assert_string_equal(f->a.method, ACL ".SetAdminAclEntryEx");
	assert_true(f->a.mutating);
	assert_int_equal(sim_account(&f->d, "admin", ha1, &login), -1);
	assert_int_equal(sim_account(&f->d, "boss", ha1, &login), 0);
	assert_int_equal(ha1[1], 0x11);
	assert_int_equal(fx_call(f, ACL, "GetAdminAclEntry", NULL), PT_SUCCESS);
	fx_assert_text(f, "Username", "boss");
	assert_int_equal(
	    fx_call(f, ACL, "GetAdminAclEntryStatus", NULL), PT_SUCCESS);
	fx_assert_text(f, "IsDefault", "false");
}

static void
test_admin_refusals(void **state)
{
	static const char method[] = "SetAdminAclEntryEx";
	struct fx *f = *state;
	uint8_t before[16];

	memcpy(before, f->d.state.admin_ha1, 16);
	assert_int_equal(fx_call(f, ACL, method, ADMIN("admin", HEX_HASH)),
	    PT_INVALID_PASSWORD);
	assert_int_equal(
	    fx_call(f, ACL, method, ADMIN("a:b", HASH)), PT_INVALID_NAME);
	assert_int_equal(
	    fx_call(f, ACL, method, ADMIN("$$x", HASH)), PT_INVALID_NAME);
	assert_int_equal(
	    fx_call(f, ACL, method, ADMIN("seventeenletters1", HASH)),
	    PT_INVALID_NAME);
	assert_int_equal(
	    fx_call(f, ACL, method, "<r:Username>admin</r:Username>"),
	    FX_FAULT);
	fx_assert_fault(f, "SchemaValidationError");
	assert_int_equal(fx_call(f, ACL, method,
			     "<r:DigestPassword>" HASH "</r:DigestPassword>"
			     "<r:Username>admin</r:Username>"),
	    FX_FAULT);
	fx_assert_fault(f, "SchemaValidationError");
	f->who.admin = false;
	f->who.realms = REALM_ACL;
	assert_int_equal(
	    fx_call(f, ACL, method, ADMIN("admin", HASH)), FX_FAULT);
	fx_assert_fault(f, "AccessDenied");
	assert_memory_equal(f->d.state.admin_ha1, before, 16);
}

/* --- users ---------------------------------------------------------------- */

static void
test_digest_user(void **state)
{
	struct fx *f = *state;
	struct sim_login login;
	uint8_t ha1[16];

	assert_int_equal(add(f, USER("operator")), PT_SUCCESS);
	assert_int_equal(f->a.effects, SIM_ACL_CHANGED);
	fx_assert_text(f, "Handle", "3");
	assert_int_equal(sim_account(&f->d, "operator", ha1, &login), 0);
	assert_false(login.admin);
	assert_int_equal(login.realms, R(12) | R(13));
	assert_int_equal(
	    fx_call(f, ACL, "GetUserAclEntryEx", "<r:Handle>3</r:Handle>"),
	    PT_SUCCESS);
	fx_assert_text(f, "DigestUsername", "operator");
	fx_assert_text(f, "DigestPassword", "(absent)");
	assert_int_equal(fx_count(f, "Realms"), 2);
	assert_int_equal(fx_call(f, ACL, "SetAclEnabledState",
			     "<r:Handle>3</r:Handle>"
			     "<r:Enabled>false</r:Enabled>"),
	    PT_SUCCESS);
	assert_int_equal(sim_account(&f->d, "operator", ha1, &login), -1);
	assert_int_equal(
	    fx_call(f, ACL, "GetAclEnabledState", "<r:Handle>3</r:Handle>"),
	    PT_SUCCESS);
	fx_assert_text(f, "Enabled", "false");
	assert_int_equal(
	    fx_call(f, ACL, "RemoveUserAclEntry", "<r:Handle>3</r:Handle>"),
	    PT_SUCCESS);
	assert_int_equal(
	    fx_call(f, ACL, "RemoveUserAclEntry", "<r:Handle>3</r:Handle>"),
	    PT_INVALID_HANDLE);
}

static const struct {
	const char *params;
	int status;
} user_bad[] = {
    {USER("Admin"), PT_INVALID_NAME},
    {USER("Administrator"), PT_INVALID_NAME},
    {USER("$$uns"), PT_INVALID_NAME},
    {USER("with space"), PT_INVALID_NAME},
    {USER("taken"), PT_DUPLICATE},
    {"<r:DigestUsername>u</r:DigestUsername>"
     "<r:AccessPermission>2</r:AccessPermission><r:Realms>3</r:Realms>",
	PT_INVALID_PASSWORD},
    {"<r:DigestUsername>u</r:DigestUsername><r:DigestPassword>" HEX_HASH
     "</r:DigestPassword>"
     "<r:AccessPermission>2</r:AccessPermission><r:Realms>3</r:Realms>",
	PT_INVALID_PASSWORD},
    {"<r:DigestUsername>u</r:DigestUsername><r:DigestPassword>" HASH
     "</r:DigestPassword><r:AccessPermission>3</r:AccessPermission>"
     "<r:Realms>3</r:Realms>",
	PT_INVALID_PARAMETER},
    {"<r:DigestUsername>u</r:DigestUsername><r:DigestPassword>" HASH
     "</r:DigestPassword><r:AccessPermission>2</r:AccessPermission>",
	PT_INVALID_REALM},
    {"<r:DigestUsername>u</r:DigestUsername><r:DigestPassword>" HASH
     "</r:DigestPassword><r:AccessPermission>2</r:AccessPermission>"
     "<r:Realms>22</r:Realms>",
	PT_INVALID_REALM},
    {"<r:AccessPermission>2</r:AccessPermission><r:Realms>3</r:Realms>",
	PT_INVALID_PARAMETER},
    {"<r:KerberosUserSid>AQUAAAAAAAUVAAAAAQAAAAAAAAAAAAAABwAAAA=="
     "</r:KerberosUserSid>"
     "<r:AccessPermission>2</r:AccessPermission><r:Realms>3</r:Realms>",
	PT_NOT_PERMITTED},
    {"<r:DigestUsername>u</r:DigestUsername><r:AccessPermission>2"
     "</r:AccessPermission><r:Realms><r:RealmValue>3</r:RealmValue>"
     "</r:Realms>",
	FX_FAULT},
    {"<r:Realms>3</r:Realms>", FX_FAULT},
};

static void
test_user_refusals(void **state)
{
	struct fx *f = *state;
	size_t i;

	assert_int_equal(add(f, USER("taken")), PT_SUCCESS);
	for (i = 0; i < sizeof(user_bad) / sizeof(user_bad[0]); i++) {
		if (add(f, user_bad[i].params) != user_bad[i].status)
			fail_msg("%s: %s", user_bad[i].params,
			    fx_text(f, "ReturnValue"));
		assert_int_equal(f->a.effects, SIM_NONE);
	}
}

static void
test_system_accounts(void **state)
{
	struct fx *f = *state;
	struct sim_login login;
	uint8_t ha1[16];

	assert_int_equal(fx_call(f, ACL, "EnumerateUserAclEntries",
			     "<r:StartIndex>1</r:StartIndex>"),
	    PT_SUCCESS);
	fx_assert_text(f, "TotalCount", "2");
	assert_int_equal(fx_count(f, "Handles"), 2);
	assert_int_equal(
	    fx_call(f, ACL, "GetUserAclEntryEx", "<r:Handle>1</r:Handle>"),
	    PT_SUCCESS);
	fx_assert_text(f, "DigestUsername", "$$uns");
	fx_assert_text(f, "AccessPermission", "0");
	fx_assert_text(f, "Realms", "16");
	assert_int_equal(
	    fx_call(f, ACL, "RemoveUserAclEntry", "<r:Handle>1</r:Handle>"),
	    PT_NOT_PERMITTED);
	assert_int_equal(sim_account(&f->d, "$$uns", ha1, &login), -1);
	assert_int_equal(sim_account(&f->d, "", ha1, &login), -1);
	assert_int_equal(
	    fx_call(f, ACL, "GetUserAclEntryEx", "<r:Handle>9</r:Handle>"),
	    PT_INVALID_HANDLE);
	assert_int_equal(fx_call(f, ACL, "EnumerateUserAclEntries",
			     "<r:StartIndex>3</r:StartIndex>"),
	    PT_INVALID_INDEX);
}

static void
test_update(void **state)
{
	struct fx *f = *state;
	struct sim_login login;
	uint8_t ha1[16];

	assert_int_equal(add(f, USER("one")), PT_SUCCESS);
	assert_int_equal(add(f, USER("two")), PT_SUCCESS);
	assert_int_equal(fx_call(f, ACL, "UpdateUserAclEntryEx",
			     "<r:Handle>3</r:Handle>" USER("two")),
	    PT_DUPLICATE);
	assert_int_equal(fx_call(f, ACL, "UpdateUserAclEntryEx",
			     "<r:Handle>1</r:Handle>" USER("three")),
	    PT_NOT_PERMITTED);
	assert_int_equal(fx_call(f, ACL, "UpdateUserAclEntryEx",
			     "<r:Handle>3</r:Handle>" USER("three")),
	    PT_SUCCESS);
	assert_int_equal(sim_account(&f->d, "one", ha1, &login), -1);
	assert_int_equal(sim_account(&f->d, "three", ha1, &login), 0);
}

static void
test_digest_limit(void **state)
{
	struct fx *f = *state;

	assert_int_equal(add(f, USER("u1")), PT_SUCCESS);
	assert_int_equal(add(f, USER("u2")), PT_SUCCESS);
	assert_int_equal(add(f, USER("u3")), PT_SUCCESS);
	assert_int_equal(add(f, USER("u4")), PT_SUCCESS);
	assert_int_equal(add(f, USER("u5")), PT_SUCCESS);
	assert_int_equal(add(f, USER("u6")), PT_SUCCESS);
	assert_int_equal(add(f, USER("u7")), PT_SUCCESS);
	assert_int_equal(add(f, USER("u8")), PT_MAX_LIMIT_REACHED);
}

static void
test_kerberos_users(void **state)
{
	struct fx *f = *state;
	struct sim_login login;
	const uint8_t *sids[1];
	size_t len = 28;
	uint8_t i;

	f->d.state.krb_enabled = true;
	assert_int_equal(add_sid(f, 1, 7), PT_SUCCESS);
	assert_int_equal(add_sid(f, 1, 7), PT_DUPLICATE);
	sids[0] = f->d.state.acl[2].sid;
	assert_int_equal(sim_account_sids(&f->d, sids, &len, 1, &login), 0);
	assert_int_equal(login.realms, REALM_PT);
	assert_false(login.admin);
	f->d.state.krb_enabled = false;
	assert_int_equal(sim_account_sids(&f->d, sids, &len, 1, &login), -1);
	f->d.state.krb_enabled = true;
	for (i = 2; i <= 5; i++)
		assert_int_equal(add_sid(f, i, 7), PT_SUCCESS);
	assert_int_equal(add_sid(f, 6, 7), PT_MAX_KERB_DOMAIN);
	for (i = 0; i < 27; i++)
		assert_int_equal(add_sid(f, 1, (uint8_t)(i + 100)), PT_SUCCESS);
	assert_int_equal(add_sid(f, 1, 200), PT_MAX_LIMIT_REACHED);
	/* more than one answer holds */
	assert_int_equal(fx_call(f, ACL, "EnumerateUserAclEntries",
			     "<r:StartIndex>1</r:StartIndex>"),
	    PT_SUCCESS);
	fx_assert_text(f, "TotalCount", "34");
	fx_assert_text(f, "HandlesCount", "16");
	assert_int_equal(fx_call(f, ACL, "EnumerateUserAclEntries",
			     "<r:StartIndex>33</r:StartIndex>"),
	    PT_SUCCESS);
	assert_int_equal(fx_count(f, "Handles"), 2);
	fx_assert_text(f, "Handles", "33");
}

static void
test_bad_sids(void **state)
{
	static const char *const bad[] = {"AQ==", "AQUAAAAAAAUVAAAA",
	    "AgUAAAAAAAUVAAAAAQAAAAAAAAAAAAAABwAAAA=="};
	struct fx *f = *state;
	char params[300];
	size_t i;

	f->d.state.krb_enabled = true;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(params, sizeof(params),
		    "<r:KerberosUserSid>%s</r:KerberosUserSid>"
		    "<r:AccessPermission>2</r:AccessPermission>"
		    "<r:Realms>3</r:Realms>",
		    bad[i]);
		assert_int_equal(add(f, params), PT_INVALID_PARAMETER);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_admin_password),
	    T(test_admin_refusals),
	    T(test_digest_user),
	    T(test_user_refusals),
	    T(test_system_accounts),
	    T(test_update),
	    T(test_digest_limit),
	    T(test_kerberos_users),
	    T(test_bad_sids),
	};

	return cmocka_run_group_tests_name("acl", tests, NULL, NULL);
}
