#include "fw_internal.h"

/* AMT_TimeSynchronizationService. */

#define YEAR_2004 1072915200u

static const char name[] = "Intel(r) AMT Time Synchronization Service";

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	if (i > 0)
		return false;
	fw_emit_string(e, "CreationClassName", fw_class_time.name);
	fw_emit_string(e, "ElementName", name);
	fw_emit_uint(e, "EnabledState", 5);
	fw_emit_uint(e, "LocalTimeSyncEnabled", d->vol->local_time_sync);
	fw_emit_string(e, "Name", name);
	fw_emit_uint(e, "RequestedState", 12);
	fw_emit_string(e, "SystemCreationClassName", "CIM_ComputerSystem");
	fw_emit_string(e, "SystemName", "Intel(r) AMT");
	fw_emit_uint(e, "TimeSource", d->state.clock_set ? 1 : 0);
	return true;
}

static int
get_low(struct fw_call *c, const struct fw_node *in)
{
	struct fw_emit e = fw_output(c);

	(void)in;
	fw_emit_uint(&e, "Ta0", (uint32_t)(sim_now_ms(c->d) / 1000));
	return PT_SUCCESS;
}

/* Intel's guide, "set the network time": Ta3 is the device's time now, the new
 * time is Ta3 + ((Tm1 + Tm2) - (Ta0 + Ta3)) / 2.  A Ta0 of another run moves
 * the clock by half of the mistake. */
static int
set_high(struct fw_call *c, const struct fw_node *in)
{
	uint32_t ta0 = fw_uint(in, "Ta0", 0);
	uint32_t tm1 = fw_uint(in, "Tm1", 0);
	uint32_t tm2 = fw_uint(in, "Tm2", 0);
	int64_t now = sim_now_ms(c->d), ta3 = now / 1000, twice;

	if (tm1 < YEAR_2004 || tm2 < YEAR_2004 || tm2 < tm1)
		return PT_INVALID_PARAMETER;
	twice = (int64_t)tm1 + tm2 - ((int64_t)ta0 + ta3);
	fw_clock_set(c->d, now + twice * 500);
	c->d->state.clock_set = true;
	fw_changed(c);
	return PT_SUCCESS;
}

static int
enable_local(struct fw_call *c, const struct fw_node *in)
{
	c->d->vol->local_time_sync = fw_bool(in, "Enable", true) ? 1 : 2;
	return PT_SUCCESS;
}

static const struct fw_prop set_in[] = {
    {"Ta0", T_U32, P_REQUIRED, 0, 0},
    {"Tm1", T_U32, P_REQUIRED, 0, 0},
    {"Tm2", T_U32, P_REQUIRED, 0, 0},
};
static const struct fw_prop enable_in[] = {
    {"Enable", T_BOOL, P_REQUIRED, 0, 0},
};
static const struct fw_method methods[] = {
    {.name = "GetLowAccuracyTimeSynch",
	.run = get_low,
	.realms = REALM_TIME | REALM_GENERAL},
    {.name = "SetHighAccuracyTimeSynch",
	.in = set_in,
	.in_count = 3,
	.run = set_high,
	.realms = REALM_TIME,
	.mutating = true},
    {.name = "EnableLocalTimeSync",
	.in = enable_in,
	.in_count = 1,
	.run = enable_local,
	.mutating = true},
};

const struct fw_class fw_class_time = {
    .name = "AMT_TimeSynchronizationService",
    .prefix = URI_AMT,
    .methods = methods,
    .method_count = 3,
    .read = REALM_TIME | REALM_GENERAL,
    .common = true,
    .show = show,
};
