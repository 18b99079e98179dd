#include "fw_internal.h"

/* Classes that are read for the inventory only. */

static bool
show_redirection(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const char name[] = "Intel(r) AMT Redirection Service";

	(void)d;
	if (i > 0)
		return false;
	fw_emit_string(e, "CreationClassName", fw_class_redirection.name);
	fw_emit_string(e, "ElementName", name);
	fw_emit_uint(e, "EnabledState", 32771);
	fw_emit_bool(e, "ListenerEnabled", true);
	fw_emit_string(e, "Name", name);
	fw_emit_string(e, "SystemCreationClassName", "CIM_ComputerSystem");
	fw_emit_string(e, "SystemName", "Intel(r) AMT");
	return true;
}

const struct fw_class fw_class_redirection = {
    .name = "AMT_RedirectionService",
    .prefix = URI_AMT,
    .read = REALM_REDIRECTION,
    .common = true,
    .show = show_redirection,
};

static bool
show_environment(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const char id[] = "Intel(r) AMT Environment Detection Settings";

	(void)d;
	if (i > 0)
		return false;
	fw_emit_uint(e, "DetectionAlgorithm", 0);
	fw_emit_string(e, "ElementName", id);
	fw_emit_string(e, "InstanceID", id);
	return true;
}

const struct fw_class fw_class_environment = {
    .name = "AMT_EnvironmentDetectionSettingData",
    .prefix = URI_AMT,
    .show = show_environment,
};

static bool
show_8021x(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const char id[] = "Intel(r) AMT: 8021X Settings";

	(void)d;
	if (i > 0)
		return false;
	fw_emit_bool(e, "AvailableInS0", false);
	fw_emit_string(e, "ElementName", id);
	fw_emit_uint(e, "Enabled", 3);
	fw_emit_string(e, "InstanceID", id);
	fw_emit_uint(e, "PxeTimeout", 120);
	return true;
}

const struct fw_class fw_class_8021x = {
    .name = "IPS_IEEE8021xSettings",
    .prefix = URI_IPS,
    .since = 1400,
    .show = show_8021x,
};
