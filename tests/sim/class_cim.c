#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* What the machine is: CIM_SoftwareIdentity, CIM_ComputerSystem,
 * CIM_ComputerSystemPackage. */

#define SKU "16392"
#define VERSION_SIZE 40

/* The first three fields of a GUID are little-endian in SMBIOS (DSP0134
 * 7.2.1), and that is what firmware shows. */
void
fw_guid(const struct sim_device *d, uint8_t ret[16])
{
	static const size_t order[16] = {
	    3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	uint8_t plain[16];
	const char *s = d->state.uuid;
	char pair[3] = "";
	size_t n = 0;

	memset(plain, 0, sizeof(plain));
	while (n < 16 && s[0] != '\0' && s[1] != '\0') {
		if (*s == '-') {
			s++;
			continue;
		}
		pair[0] = s[0];
		pair[1] = s[1];
		plain[n++] = (uint8_t)strtoul(pair, NULL, 16);
		s += 2;
	}
	for (n = 0; n < 16; n++)
		ret[n] = plain[order[n]];
}

/* --- versions ------------------------------------------------------------- */

static const char *const identities[] = {"Flash", "Netstack", "AMTApps", "AMT",
    "Sku", "VendorID", "Build Number", "Recovery Version", "Recovery Build Num",
    "Legacy Mode", "AMT FW Core Version"};

static void
version_of(const struct sim_device *d, const char *id, char text[VERSION_SIZE])
{
	const struct sim_state *s = &d->state;

	if (strcmp(id, "Sku") == 0)
		snprintf(text, VERSION_SIZE, SKU);
	else if (strcmp(id, "VendorID") == 0)
		snprintf(text, VERSION_SIZE, "8086");
	else if (strcmp(id, "Legacy Mode") == 0)
		snprintf(text, VERSION_SIZE, "False");
	else if (strcmp(id, "Build Number") == 0 ||
	    strcmp(id, "Recovery Build Num") == 0)
		snprintf(text, VERSION_SIZE, "%d", 1000 + s->build);
	else
		snprintf(text, VERSION_SIZE, "%d.%d.%d", s->major, s->minor,
		    s->build);
}

static bool
show_software(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	char text[VERSION_SIZE];

	if (i >= sizeof(identities) / sizeof(identities[0]))
		return false;
	version_of(d, identities[i], text);
	fw_emit_string(e, "InstanceID", identities[i]);
	fw_emit_bool(e, "IsEntity", true);
	fw_emit_string(e, "VersionString", text);
	return true;
}

const struct fw_class fw_class_software = {
    .name = "CIM_SoftwareIdentity",
    .prefix = URI_CIM,
    .read = REALM_GENERAL | REALM_HARDWARE,
    .common = true,
    .show = show_software,
};

/* --- the system and its box ----------------------------------------------- */

static bool
show_system(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	(void)d;
	if (i > 1)
		return false;
	fw_emit_string(e, "CreationClassName", "CIM_ComputerSystem");
	fw_emit_uint(e, "Dedicated", i == 0 ? 14 : 0);
	fw_emit_string(e, "ElementName",
	    i == 0 ? "Intel(r) AMT Subsystem" : "Managed System");
	fw_emit_uint(e, "EnabledState", 5);
	fw_emit_string(e, "Name", i == 0 ? "Intel(r) AMT" : "ManagedSystem");
	fw_emit_uint(e, "RequestedState", 12);
	return true;
}

const struct fw_class fw_class_system = {
    .name = "CIM_ComputerSystem",
    .prefix = URI_CIM,
    .read = REALM_GENERAL | REALM_HARDWARE,
    .common = true,
    .show = show_system,
};

static const struct fw_class chassis = {
    .name = "CIM_Chassis", .prefix = URI_CIM};

static bool
show_package(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const struct fw_epr box = {&chassis,
	    {{"CreationClassName", "CIM_Chassis"}, {"Tag", "CIM_Chassis"}}};
	static const struct fw_epr host = {&fw_class_system,
	    {{"CreationClassName", "CIM_ComputerSystem"},
		{"Name", "ManagedSystem"}}};
	uint8_t guid[16];
	char text[33];
	size_t n;

	if (i > 0)
		return false;
	fw_guid(d, guid);
	for (n = 0; n < 16; n++)
		snprintf(text + 2 * n, 3, "%02X", guid[n]);
	fw_emit_epr(e, "Antecedent", &box);
	fw_emit_epr(e, "Dependent", &host);
	fw_emit_string(e, "PlatformGUID", text);
	return true;
}

const struct fw_class fw_class_package = {
    .name = "CIM_ComputerSystemPackage",
    .prefix = URI_CIM,
    .read = REALM_GENERAL | REALM_HARDWARE,
    .show = show_package,
};
