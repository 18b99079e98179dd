#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

/* AMT_KerberosSettingData. */

#define KRB "AMT_KerberosSettingData"
#define ON "<r:KrbEnabled>true</r:KrbEnabled>"
#define REALM "<r:RealmName>ATHENA.MIT.EDU</r:RealmName>"
#define MASTER "<r:MasterKey>ABEiM0RVZneImaq7zN3u/w==</r:MasterKey>"
#define PHRASE                                                                 \
	"<r:Passphrase>password</r:Passphrase>"                                \
	"<r:Salt>ATHENA.MIT.EDUraeburn</r:Salt>"

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

static void
test_disabled(void **state)
{
	struct fx *f = *state;

	fx_get(f, KRB, "InstanceID=Intel (r) AMT: Kerberos Settings");
	fx_assert_text(f, "KrbEnabled", "false");
	assert_int_equal(fx_count(f, "SupportedEncryptionAlgorithms"), 3);
	assert_int_equal(fx_count(f, "ConfiguredEncryptionAlgorithms"), 0);
	fx_assert_text(f, "RealmName", "(absent)");
}

/* The AES keys of RFC 3962, appendix B, 1200 iterations; RC4's is the
 * well-known NT hash of "password". */
static void
test_passphrase(void **state)
{
	static const uint8_t aes128[16] = {0x4c, 0x01, 0xcd, 0x46, 0xd6, 0x32,
	    0xd0, 0x1e, 0x6d, 0xbe, 0x23, 0x0a, 0x01, 0xed, 0x64, 0x2a};
	static const uint8_t aes256[8] = {
	    0x55, 0xa6, 0xac, 0x74, 0x0a, 0xd1, 0x7b, 0x48};
	static const uint8_t rc4[16] = {0x88, 0x46, 0xf7, 0xea, 0xee, 0x8f,
	    0xb1, 0x17, 0xad, 0x06, 0xbd, 0xd8, 0x30, 0xb7, 0x58, 0x6c};
	struct fx *f = *state;

	f->d.state.dirty = false;
	assert_true(fx_put(f, KRB, NULL,
	    "<r:IterationCount>1200</r:IterationCount>"
	    "<r:KeyVersion>7</r:KeyVersion>" ON
	    "<r:MaximumClockTolerance>3</r:MaximumClockTolerance>" PHRASE
		REALM));
	assert_int_equal(f->a.effects, SIM_KRB_CHANGED);
	assert_true(f->d.state.dirty);
	assert_memory_equal(f->d.state.krb_aes128, aes128, 16);
	assert_memory_equal(f->d.state.krb_aes256, aes256, 8);
	assert_memory_equal(f->d.state.krb_rc4, rc4, 16);
	assert_true(f->d.state.krb_has_aes && f->d.state.krb_has_rc4);
	fx_assert_text(f, "KeyVersion", "7");
	fx_assert_text(f, "MaximumClockTolerance", "3");
	fx_assert_text(f, "RealmName", "ATHENA.MIT.EDU");
	assert_int_equal(fx_count(f, "ConfiguredEncryptionAlgorithms"), 3);
	assert_null(strstr(f->a.body, "Passphrase"));
	assert_null(strstr(f->a.body, "Salt"));
	assert_null(strstr(f->a.body, "Iteration"));
}

static void
test_master_key(void **state)
{
	struct fx *f = *state;

	assert_true(fx_put(f, KRB, NULL, ON PHRASE REALM));
	assert_true(fx_put(f, KRB, NULL, ON MASTER));
	assert_true(f->d.state.krb_has_rc4);
	assert_false(f->d.state.krb_has_aes);
	assert_int_equal(f->d.state.krb_rc4[1], 0x11);
	assert_int_equal(fx_count(f, "ConfiguredEncryptionAlgorithms"), 1);
	assert_string_equal(f->d.state.krb_realm, "ATHENA.MIT.EDU");
	assert_true(fx_put(f, KRB, NULL, "<r:KrbEnabled>false</r:KrbEnabled>"));
	assert_false(f->d.state.krb_enabled);
}

static const char *const bad[] = {
    ON MASTER PHRASE REALM,
    ON "<r:Passphrase>password</r:Passphrase>" REALM,
    ON MASTER "<r:Salt>x</r:Salt>" REALM,
    ON "<r:MasterKey>ABEiM0RVZneImaq7zN3u</r:MasterKey>" REALM,
    ON PHRASE REALM "<r:MaximumClockTolerance>6</r:MaximumClockTolerance>",
    ON PHRASE REALM "<r:MaximumClockTolerance>0</r:MaximumClockTolerance>",
    ON PHRASE REALM "<r:IterationCount>0</r:IterationCount>",
    ON MASTER REALM "<r:EncryptionAlgorithm>1</r:EncryptionAlgorithm>",
    ON PHRASE,
    ON REALM,
    PHRASE REALM,
};

static void
test_refusals(void **state)
{
	struct fx *f = *state;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (fx_put(f, KRB, NULL, bad[i]))
			fail_msg("accepted: %s", bad[i]);
		fx_assert_fault(f, "InvalidRepresentation");
		assert_int_equal(f->a.effects, SIM_NONE);
	}
	assert_false(fx_put(f, KRB, NULL,
	    ON PHRASE REALM "<r:SupportedEncryptionAlgorithms/>"));
	fx_assert_fault(f, "SchemaValidationError");
	assert_false(f->d.state.krb_enabled);
	assert_false(f->d.state.krb_has_rc4);
}

static void
test_old_versions(void **state)
{
	struct fx f;

	(void)state;
	fx_new_plain(&f, 7, 0);
	assert_false(fx_put(&f, KRB, NULL, ON PHRASE REALM));
	fx_assert_fault(&f, "SchemaValidationError");
	assert_true(fx_put(&f, KRB, NULL, ON MASTER REALM));
	fx_free(&f);
	fx_new_plain(&f, 6, 1);
	f.d.state.clock_set = false;
	assert_false(fx_put(&f, KRB, NULL, ON MASTER REALM));
	f.d.state.clock_set = true;
	assert_true(fx_put(&f, KRB, NULL, ON MASTER REALM));
	fx_free(&f);
}

static void
test_cache(void **state)
{
	struct fx *f = *state;

	assert_int_equal(fx_call(f, KRB, "SetCredentialCacheState",
			     "<r:Enable>true</r:Enable>"),
	    PT_SUCCESS);
	assert_int_equal(
	    fx_call(f, KRB, "GetCredentialCacheState", NULL), PT_SUCCESS);
	fx_assert_text(f, "Enabled", "true");
	assert_int_equal(fx_call(f, KRB, "SetCredentialCacheState",
			     "<r:Enabled>true</r:Enabled>"),
	    FX_FAULT);
	fx_assert_fault(f, "SchemaValidationError");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_disabled),
	    T(test_passphrase),
	    T(test_master_key),
	    T(test_refusals),
	    cmocka_unit_test(test_old_versions),
	    T(test_cache),
	};

	return cmocka_run_group_tests_name("kerberos", tests, NULL, NULL);
}
