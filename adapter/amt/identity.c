#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "str.h"

struct identity {
	struct amt_identity *ret, got;
};

static enum op_turn
take_version(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct identity *id = state;
	const struct xml_node *item = field_item(reply, "AMT");

	if (item != NULL &&
	    field_text(item, "VersionString", id->got.version,
		sizeof(id->got.version), err) != 0)
		return OP_FAIL;
	return OP_NEXT;
}

static void
set_mode(struct identity *id, const char *mode)
{
	(void)snprintf(
	    id->got.control_mode, sizeof(id->got.control_mode), "%s", mode);
}

/* IPS_HostBasedSetupService, AMT 7 and later: 0 none, 1 client, 2 admin. */
static enum op_turn
take_mode(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *i;
	const char *mode;

	i = field_instance(reply, "IPS_HostBasedSetupService", err);
	if (i == NULL)
		return OP_FAIL;
	mode = xml_child_text(i, "CurrentControlMode");
	if (str_eq(mode, "0"))
		set_mode(state, "none");
	else if (str_eq(mode, "1"))
		set_mode(state, "ccm");
	else if (str_eq(mode, "2"))
		set_mode(state, "acm");
	return OP_NEXT;
}

/* Before AMT 7 there was no client mode; what is provisioned is so by an
 * administrator. */
static int
ask_provisioning(void *state, struct op_message *m, struct err *err)
{
	struct identity *id = state;

	(void)err;
	m->skip = id->got.control_mode[0] != '\0';
	return 0;
}

static enum op_turn
take_provisioning(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *i;
	const char *mode;

	i = field_instance(reply, "AMT_SetupAndConfigurationService", err);
	if (i == NULL)
		return OP_FAIL;
	mode = xml_child_text(i, "ProvisioningMode");
	if (str_eq(mode, "1"))
		set_mode(state, "acm");
	else if (str_eq(mode, "4"))
		set_mode(state, "ccm");
	return OP_NEXT;
}

/* PlatformGUID is the UUID as SMBIOS stores it: the first three groups little
 * endian (SMBIOS 2.6, 7.2.1). */
static enum op_turn
take_uuid(void *state, const struct wsman_reply *reply, struct err *err)
{
	static const int order[] = {
	    3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	struct identity *id = state;
	const struct xml_node *i;
	uint8_t raw[16], uuid[16];
	const char *guid;
	char hex[33];
	size_t n;

	i = field_instance(reply, "CIM_ComputerSystemPackage", err);
	if (i == NULL)
		return OP_FAIL;
	guid = xml_child_text(i, "PlatformGUID");
	if (guid == NULL || str_unhex(guid, raw, sizeof(raw)) != 0) {
		err_set(err, ERR_PROTOCOL, "PlatformGUID is no UUID");
		return OP_FAIL;
	}
	for (n = 0; n < sizeof(raw); n++)
		uuid[n] = raw[order[n]];
	str_hex(uuid, sizeof(uuid), hex);
	(void)snprintf(id->got.uuid, sizeof(id->got.uuid),
	    "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	    hex + 20);
	return OP_NEXT;
}

static void
finish(void *state)
{
	struct identity *id = state;

	*id->ret = id->got;
}

int
amt_identity_read(struct amt *a, struct amt_identity *ret, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_ENUMERATE, "CIM_SoftwareIdentity", NULL, NULL, take_version,
		op_may_lack},
	    {WSMAN_GET, "IPS_HostBasedSetupService", NULL, NULL, take_mode,
		op_may_lack},
	    {WSMAN_GET, "AMT_SetupAndConfigurationService", NULL,
		ask_provisioning, take_provisioning, op_may_lack},
	    {WSMAN_GET, "CIM_ComputerSystemPackage", NULL, NULL, take_uuid,
		op_may_lack},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, NULL);
	struct identity *id = mem_alloc(sizeof(*id));

	id->ret = ret;
	return op_start(a, &kind, id, done, cookie, err);
}
