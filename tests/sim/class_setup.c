#include <stdio.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_SetupAndConfigurationService, IPS_HostBasedSetupService. */

#define MODE_CLIENT 1
#define MODE_ADMIN 2

static const char name[] = "Intel(r) AMT Setup and Configuration Service";

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	if (i > 0)
		return false;
	fw_emit_string(e, "CreationClassName", fw_class_setup.name);
	fw_emit_string(e, "ElementName", name);
	fw_emit_uint(e, "EnabledState", 5);
	fw_emit_string(e, "Name", name);
	fw_emit_uint(e, "PasswordModel", 1);
	fw_emit_uint(
	    e, "ProvisioningMode", d->vol->options.client_mode ? 4 : 1);
	fw_emit_string(e, "ProvisioningServerOTP",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	fw_emit_uint(e, "ProvisioningState", 2);
	fw_emit_uint(e, "RequestedState", 12);
	fw_emit_string(e, "SystemCreationClassName", "CIM_ComputerSystem");
	fw_emit_string(e, "SystemName", "Intel(r) AMT");
	fw_emit_bool(e, "ZeroTouchConfigurationEnabled", true);
	return true;
}

/* --- methods -------------------------------------------------------------- */

static bool
has_root(const struct sim_state *s)
{
	size_t i;

	for (i = 0; i < SIM_MAX_CERTS; i++) {
		if (s->certs[i].used && s->certs[i].trusted_root)
			return true;
	}
	return false;
}

/* TLS needs a certificate and a clock that was set; checking the peers' needs
 * a root to check them with. */
static int
commit(struct fw_call *c, const struct fw_node *in)
{
	struct sim_state *s = &c->d->state;
	const struct sim_tls *t = &s->staged;

	(void)in;
	if ((t->enabled || t->local_enabled) &&
	    (t->cert_handle < 0 || !s->clock_set))
		return PT_DATA_MISSING;
	if ((t->mutual || t->local_mutual) && !has_root(s))
		return PT_DATA_MISSING;
	s->committed = s->staged;
	c->ret->effects |= SIM_COMMIT;
	fw_changed(c);
	return PT_SUCCESS;
}

static int
get_uuid(struct fw_call *c, const struct fw_node *in)
{
	struct fw_emit e = fw_output(c);
	uint8_t guid[16];

	(void)in;
	fw_guid(c->d, guid);
	fw_emit_base64(&e, "UUID", guid, sizeof(guid));
	return PT_SUCCESS;
}

/* Intel's "valid user names and passwords": 8 to 32 characters of four kinds,
 * where the underscore counts as a letter. */
static bool
strong(const char *s)
{
	bool digit = false, upper = false, lower = false, other = false;
	size_t len = strlen(s);

	if (len < 8 || len > 32)
		return false;
	for (; *s != '\0'; s++) {
		if (*s < 32 || *s > 126 || strchr(":,\"", *s) != NULL)
			return false;
		digit |= *s >= '0' && *s <= '9';
		upper |= *s >= 'A' && *s <= 'Z';
		lower |= *s >= 'a' && *s <= 'z';
		other |= strchr("!#$%&'()*+-./;<=>?@[\\]^`{|}~", *s) != NULL;
	}
	return digit && upper && lower && other;
}

static int
set_mebx(struct fw_call *c, const struct fw_node *in)
{
	if (c->d->vol->options.client_mode)
		return PT_NOT_PERMITTED;
	return strong(fw_text(in, "Password")) ? PT_SUCCESS
					       : PT_INVALID_PASSWORD;
}

static const struct fw_prop mebx_in[] = {
    {"Password", T_STRING, P_REQUIRED, 0, 0},
};
static const struct fw_method methods[] = {
    {.name = "CommitChanges",
	.run = commit,
	.mutating = true,
	.plain_action = true,
	.ms_min = 500,
	.ms_max = 3000},
    {.name = "GetUuid", .run = get_uuid, .realms = REALM_GENERAL},
    {.name = "SetMEBxPassword",
	.in = mebx_in,
	.in_count = 1,
	.run = set_mebx,
	.mutating = true},
};

const struct fw_class fw_class_setup = {
    .name = "AMT_SetupAndConfigurationService",
    .prefix = URI_AMT,
    .methods = methods,
    .method_count = 3,
    .read = REALM_GENERAL,
    .common = true,
    .show = show,
};

/* --- how it was set up ---------------------------------------------------- */

static bool
show_host(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const char service[] = "Intel(r) AMT Host Based Setup Service";
	bool client = d->vol->options.client_mode;

	if (i > 0)
		return false;
	fw_emit_uint(e, "AllowedControlModes", MODE_ADMIN);
	fw_emit_uint(e, "AllowedControlModes", MODE_CLIENT);
	fw_emit_uint(e, "CertChainStatus", 0);
	fw_emit_base64(
	    e, "ConfigurationNonce", d->vol->nonce, sizeof(d->vol->nonce));
	fw_emit_string(e, "CreationClassName", fw_class_host_setup.name);
	fw_emit_uint(
	    e, "CurrentControlMode", client ? MODE_CLIENT : MODE_ADMIN);
	fw_emit_string(e, "ElementName", service);
	fw_emit_string(e, "Name", service);
	fw_emit_string(e, "SystemCreationClassName", "CIM_ComputerSystem");
	fw_emit_string(e, "SystemName", "Intel(r) AMT");
	return true;
}

const struct fw_class fw_class_host_setup = {
    .name = "IPS_HostBasedSetupService",
    .prefix = URI_IPS,
    .since = 700,
    .read = REALM_GENERAL,
    .common = true,
    .show = show_host,
};
