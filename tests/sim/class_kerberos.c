#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_KerberosSettingData: the acceptor's realm, keys and tolerance. */

/* recorded so: a blank in one of the two */
#define ID "Intel (r) AMT: Kerberos Settings"
#define ELEMENT "Intel(r) AMT: Kerberos Settings"
#define MAX_TOLERANCE 5
#define KEY_LEN 16
#define DEFAULT_ITERATIONS 4096
#define MAX_ITERATIONS 65536

static void
show_enabled(struct fw_emit *e, const struct sim_state *s)
{
	if (s->krb_kvno != 0)
		fw_emit_uint(e, "KeyVersion", s->krb_kvno);
	fw_emit_bool(e, "KrbEnabled", s->krb_enabled);
	if (!s->krb_enabled)
		return;
	fw_emit_uint(e, "MaximumClockTolerance", s->krb_tolerance);
	fw_emit_string(e, "RealmName", s->krb_realm);
}

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	const struct sim_state *s = &d->state;
	bool aes = fw_version(d) >= 800;

	if (i > 0)
		return false;
	if (aes && s->krb_has_rc4)
		fw_emit_uint(e, "ConfiguredEncryptionAlgorithms", 0);
	if (aes && s->krb_has_aes) {
		fw_emit_uint(e, "ConfiguredEncryptionAlgorithms", 1);
		fw_emit_uint(e, "ConfiguredEncryptionAlgorithms", 2);
	}
	fw_emit_string(e, "ElementName", ELEMENT);
	if (s->krb_enabled)
		fw_emit_uint(e, "EncryptionAlgorithm", 0);
	fw_emit_string(e, "InstanceID", ID);
	show_enabled(e, s);
	if (aes) {
		fw_emit_uint(e, "SupportedEncryptionAlgorithms", 0);
		fw_emit_uint(e, "SupportedEncryptionAlgorithms", 1);
		fw_emit_uint(e, "SupportedEncryptionAlgorithms", 2);
	}
	return true;
}

/* --- Put ------------------------------------------------------------------ */

/* MasterKey or Passphrase, never both; a passphrase has a salt. */
static enum fw_fault
judge(const struct fw_call *c, const struct fw_node *in)
{
	const struct sim_state *s = &c->d->state;
	bool phrase = fw_text(in, "Passphrase") != NULL;
	bool master = fw_text(in, "MasterKey") != NULL;
	uint32_t tolerance = fw_uint(in, "MaximumClockTolerance", 1);
	uint32_t rounds = fw_uint(in, "IterationCount", DEFAULT_ITERATIONS);

	if (phrase && (master || fw_text(in, "Salt") == NULL))
		return FW_INVALID_REPRESENTATION;
	if (!phrase &&
	    (fw_text(in, "Salt") != NULL ||
		fw_text(in, "IterationCount") != NULL))
		return FW_INVALID_REPRESENTATION;
	if (tolerance < 1 || tolerance > MAX_TOLERANCE || rounds < 1 ||
	    rounds > MAX_ITERATIONS ||
	    fw_uint(in, "EncryptionAlgorithm", 0) != 0)
		return FW_INVALID_REPRESENTATION;
	if (!fw_bool(in, "KrbEnabled", false))
		return FW_OK;
	if (fw_text(in, "RealmName") == NULL && s->krb_realm[0] == '\0')
		return FW_MISSING_VALUES;
	if (!phrase && !master && !s->krb_has_rc4)
		return FW_MISSING_VALUES;
	if (c->version < 700 && !s->clock_set)
		return FW_INVALID_REPRESENTATION;
	return FW_OK;
}

static enum fw_fault
take_master(struct sim_state *s, const char *text)
{
	uint8_t *key = NULL;
	size_t len = 0;
	enum fw_fault fault = FW_INVALID_REPRESENTATION;

	if (fw_unbase64(text, KEY_LEN, &key, &len) == 0 && len == KEY_LEN) {
		memcpy(s->krb_rc4, key, KEY_LEN);
		memset(s->krb_aes128, 0, sizeof(s->krb_aes128));
		memset(s->krb_aes256, 0, sizeof(s->krb_aes256));
		s->krb_has_rc4 = true;
		s->krb_has_aes = false;
		fault = FW_OK;
	}
	OPENSSL_cleanse(key, len);
	free(key);
	return fault;
}

static enum fw_fault
take_keys(struct sim_state *s, const struct fw_node *in)
{
	struct fw_passphrase p = {fw_text(in, "Passphrase"),
	    fw_text(in, "Salt"),
	    fw_uint(in, "IterationCount", DEFAULT_ITERATIONS)};
	const char *master = fw_text(in, "MasterKey");

	if (p.passphrase != NULL)
		return fw_krb_derive(s, &p) == 0 ? FW_OK : FW_INTERNAL;
	return master != NULL ? take_master(s, master) : FW_OK;
}

static enum fw_fault
put(struct fw_call *c, size_t i, const struct fw_node *in)
{
	struct sim_state *s = &c->d->state;
	const char *realm = fw_text(in, "RealmName");
	enum fw_fault fault = judge(c, in);

	(void)i;
	if (fault == FW_OK)
		fault = take_keys(s, in);
	if (fault != FW_OK)
		return fault;
	if (realm != NULL)
		fw_copy(s->krb_realm, sizeof(s->krb_realm), realm);
	s->krb_kvno = fw_uint(in, "KeyVersion", s->krb_kvno);
	s->krb_tolerance =
	    fw_uint(in, "MaximumClockTolerance", s->krb_tolerance);
	s->krb_enabled = fw_bool(in, "KrbEnabled", false);
	c->ret->effects |= SIM_KRB_CHANGED;
	fw_changed(c);
	return FW_OK;
}

static const struct fw_prop props[] = {
    {"ConfiguredEncryptionAlgorithms", T_U16, P_RO | P_ARRAY, 800, 0},
    {"ElementName", T_STRING, 0, 0, 0},
    {"EncryptionAlgorithm", T_U16, 0, 0, 0},
    {"InstanceID", T_STRING, P_KEY, 0, 0},
    {"IterationCount", T_U32, P_WO, 800, 0},
    {"KeyVersion", T_U32, 0, 0, 0},
    {"KrbEnabled", T_BOOL, P_REQUIRED, 0, 0},
    {"MasterKey", T_BASE64, P_WO, 0, 0},
    {"MaximumClockTolerance", T_U32, 0, 0, 0},
    {"Passphrase", T_STRING, P_WO, 800, 0},
    {"RealmName", T_STRING, 0, 0, 0},
    {"Salt", T_STRING, P_WO, 800, 0},
    {"ServicePrincipalName", T_STRING, P_ARRAY, 0, 0},
    {"ServicePrincipalProtocol", T_U16, P_ARRAY, 0, 0},
    {"SupportedEncryptionAlgorithms", T_U16, P_RO | P_ARRAY, 800, 0},
};

/* --- the ticket cache ----------------------------------------------------- */

static int
get_cache(struct fw_call *c, const struct fw_node *in)
{
	struct fw_emit e = fw_output(c);

	(void)in;
	fw_emit_bool(&e, "Enabled", c->d->vol->credential_cache);
	return PT_SUCCESS;
}

static int
set_cache(struct fw_call *c, const struct fw_node *in)
{
	c->d->vol->credential_cache = fw_bool(in, "Enable", false);
	c->ret->effects |= SIM_KRB_CHANGED;
	return PT_SUCCESS;
}

static const struct fw_prop cache_in[] = {
    {"Enable", T_BOOL, P_REQUIRED, 0, 0},
};
static const struct fw_method methods[] = {
    {.name = "GetCredentialCacheState", .run = get_cache},
    {.name = "SetCredentialCacheState",
	.in = cache_in,
	.in_count = 1,
	.run = set_cache,
	.mutating = true},
};

const struct fw_class fw_class_kerberos = {
    .name = "AMT_KerberosSettingData",
    .prefix = URI_AMT,
    .props = props,
    .prop_count = sizeof(props) / sizeof(props[0]),
    .methods = methods,
    .method_count = 2,
    .show = show,
    .put = put,
};
