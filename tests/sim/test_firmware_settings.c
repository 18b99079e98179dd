#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

/* Clock, general settings, Ethernet ports, identity. */

#define TIME "AMT_TimeSynchronizationService"
#define GENERAL "AMT_GeneralSettings"
#define PORT "AMT_EthernetPortSettings"
#define PORT0 "InstanceID=Intel(r) AMT Ethernet Port Settings 0"
#define PORT1 "InstanceID=Intel(r) AMT Ethernet Port Settings 1"
#define FIXED                                                                  \
	"<r:PingResponseEnabled>true</r:PingResponseEnabled>"                  \
	"<r:WsmanOnlyMode>false</r:WsmanOnlyMode>"

static int
setup(void **state)
{
	struct fx *f = fw_alloc(sizeof(*f));

	fx_new(f, 16, 1);
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

/* --- clock ---------------------------------------------------------------- */

static int
set_time(struct fx *f, int64_t ta0, int64_t tm1, int64_t tm2)
{
	char params[200];

	snprintf(params, sizeof(params),
	    "<r:Ta0>%lld</r:Ta0><r:Tm1>%lld</r:Tm1><r:Tm2>%lld</r:Tm2>",
	    (long long)ta0, (long long)tm1, (long long)tm2);
	return fx_call(f, TIME, "SetHighAccuracyTimeSynch", params);
}

static int64_t
device_seconds(struct fx *f)
{
	uint64_t ta0;

	assert_int_equal(
	    fx_call(f, TIME, "GetLowAccuracyTimeSynch", NULL), PT_SUCCESS);
	assert_int_equal(fw_number(fx_text(f, "Ta0"), UINT32_MAX, &ta0), 0);
	return (int64_t)ta0;
}

static void
test_clock_is_set(void **state)
{
	struct fx *f = *state;
	int64_t now = fw_real_ms() / 1000, ta0;

	f->d.state.clock_offset_ms = -3 * 3600 * 1000;
	f->d.state.clock_set = false;
	f->d.state.dirty = false;
	fx_get(f, TIME, NULL);
	fx_assert_text(f, "TimeSource", "0");
	ta0 = device_seconds(f);
	assert_in_range(now - ta0, 3 * 3600 - 2, 3 * 3600 + 2);
	assert_false(f->d.state.dirty);
	assert_int_equal(set_time(f, ta0, now, now), PT_SUCCESS);
	assert_true(f->a.mutating);
	assert_true(f->d.state.dirty);
	assert_in_range(device_seconds(f) - now + 10, 8, 12);
	fx_get(f, TIME, NULL);
	fx_assert_text(f, "TimeSource", "1");
	assert_string_equal(f->a.method, TIME ".Get");
}

/* Half of the mistake of a Ta0 from an hour ago is what the clock gets. */
static void
test_stale_ta0_moves_the_clock(void **state)
{
	struct fx *f = *state;
	int64_t now = fw_real_ms() / 1000;

	assert_int_equal(set_time(f, now - 3600, now, now), PT_SUCCESS);
	assert_in_range(device_seconds(f) - now, 1798, 1802);
}

static void
test_clock_refusals(void **state)
{
	struct fx *f = *state;
	int64_t now = fw_real_ms() / 1000;

	assert_int_equal(
	    set_time(f, now, 1072915199, now), PT_INVALID_PARAMETER);
	assert_int_equal(
	    set_time(f, now, now, 1072915199), PT_INVALID_PARAMETER);
	assert_int_equal(set_time(f, now, now, 99999999999), FX_FAULT);
	assert_int_equal(fx_call(f, TIME, "SetHighAccuracyTimeSynch",
			     "<r:Tm1>1700000000</r:Tm1><r:Ta0>1700000000"
			     "</r:Ta0><r:Tm2>1700000000</r:Tm2>"),
	    FX_FAULT);
	fx_assert_fault(f, "SchemaValidationError");
	assert_int_equal(fx_call(f, TIME, "SetHighAccuracyTimeSynch",
			     "<r:Ta0>1700000000</r:Ta0>"),
	    FX_FAULT);
	assert_int_equal(f->d.state.clock_offset_ms, 0);
}

static void
test_clock_drifts(void **state)
{
	struct fx *f = *state;

	f->d.state.clock_drift_ppm = 500000; /* half a second per second */
	f->d.vol->drift_from_ms = fw_real_ms() - 10000;
	assert_in_range(sim_now_ms(&f->d) - fw_real_ms(), 4900, 5500);
	assert_int_equal(fx_call(f, TIME, "EnableLocalTimeSync",
			     "<r:Enable>false</r:Enable>"),
	    PT_SUCCESS);
	fx_get(f, TIME, NULL);
	fx_assert_text(f, "LocalTimeSyncEnabled", "2");
}

/* --- general settings ----------------------------------------------------- */

static void
test_general_put(void **state)
{
	struct fx *f = *state;

	f->d.state.dirty = false;
	assert_true(fx_put(f, GENERAL, NULL,
	    "<r:DDNSUpdateEnabled>true</r:DDNSUpdateEnabled>"
	    "<r:DigestRealm>Digest:0</r:DigestRealm>"
	    "<r:DomainName>new.example.test</r:DomainName>"
	    "<r:HostName>renamed</r:HostName>"
	    "<r:HostOSFQDN>ignored.example.test</r:HostOSFQDN>"
	    "<r:IdleWakeTimeout>1</r:IdleWakeTimeout>"
	    "<r:InstanceID>Intel(r) AMT: General Settings</r:InstanceID>"
	    "<r:PingResponseEnabled>false</r:PingResponseEnabled>"
	    "<r:WsmanOnlyMode>true</r:WsmanOnlyMode>"));
	assert_string_equal(f->a.method, GENERAL ".Put");
	fx_assert_text(f, "HostName", "renamed");
	assert_true(f->d.state.dirty);
	assert_string_equal(f->d.state.host, "renamed");
	assert_string_equal(f->d.state.domain, "new.example.test");
	assert_string_equal(f->d.state.os_fqdn, FX_FQDN);
	assert_int_equal(strlen(f->d.state.realm), 7 + 32);
	assert_true(f->d.state.ddns_client);
	assert_false(f->d.state.ping);
	assert_true(f->d.state.wsman_only);
	assert_true(f->d.state.rmcp_ping); /* absent: kept */
	assert_int_equal(f->d.state.idle_wake, 1);
}

/* Everything a Get says can be sent back as it is. */
static void
test_general_echo(void **state)
{
	struct fx *f = *state;
	const struct fw_node *k;
	struct fw_text t = {NULL, 0, 0};

	fx_get(f, GENERAL, NULL);
	for (k = fx_node(f, GENERAL)->first; k != NULL; k = k->next)
		fw_addf(&t, "<r:%s>%s</r:%s>", k->name, k->text, k->name);
	assert_true(fx_put(f, GENERAL, NULL, t.p));
	fw_text_free(&t);
}

static const struct {
	const char *props, *fault;
} general_bad[] = {
    {"<r:WsmanOnlyMode>false</r:WsmanOnlyMode>", "InvalidRepresentation"},
    {"<r:PingResponseEnabled>true</r:PingResponseEnabled>",
	"InvalidRepresentation"},
    {FIXED "<r:IdleWakeTimeout>0</r:IdleWakeTimeout>", "InvalidRepresentation"},
    {FIXED "<r:IdleWakeTimeout>65536</r:IdleWakeTimeout>",
	"InvalidRepresentation"},
    {FIXED "<r:DDNSPeriodicUpdateInterval>19</r:DDNSPeriodicUpdateInterval>",
	"InvalidRepresentation"},
    {FIXED "<r:PresenceNotificationInterval>14"
	   "</r:PresenceNotificationInterval>",
	"InvalidRepresentation"},
    {FIXED "<r:DDNSTTL>2147483648</r:DDNSTTL>", "InvalidRepresentation"},
    {FIXED "<r:PreferredAddressFamily>2</r:PreferredAddressFamily>",
	"InvalidRepresentation"},
    {FIXED "<r:HostName>a.b</r:HostName>", "InvalidRepresentation"},
    {FIXED "<r:DomainName>a..b</r:DomainName>", "InvalidRepresentation"},
    {FIXED "<r:HostName>"
	   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	   "</r:HostName>",
	"SchemaValidationError"},
    {FIXED "<r:SharedFQDN>false</r:SharedFQDN>", "InvalidRepresentation"},
    {FIXED "<r:InstanceID>other</r:InstanceID>", "InvalidRepresentation"},
    {FIXED "<r:HostName></r:HostName>", "SchemaValidationError"},
    {FIXED "<r:HostName>undefined</r:HostName>", "SchemaValidationError"},
    {FIXED "<r:HostName>a</r:HostName><r:HostName>b</r:HostName>",
	"SchemaValidationError"},
    {FIXED "<r:SharedFQDN>True</r:SharedFQDN>", "SchemaValidationError"},
    {FIXED "<r:DDNSTTL>-1</r:DDNSTTL>", "SchemaValidationError"},
    {FIXED "<r:DDNSTTL>1.5</r:DDNSTTL>", "SchemaValidationError"},
    {FIXED "<r:Hostname>a</r:Hostname>", "SchemaValidationError"},
    {FIXED "<w:HostName>a</w:HostName>", "SchemaValidationError"},
    {FIXED "<r:HostName><r:x>a</r:x></r:HostName>", "SchemaValidationError"},
};

static void
test_general_refusals(void **state)
{
	struct fx *f = *state;
	size_t i;

	for (i = 0; i < sizeof(general_bad) / sizeof(general_bad[0]); i++) {
		assert_false(fx_put(f, GENERAL, NULL, general_bad[i].props));
		if (strcmp(fx_fault(f), general_bad[i].fault) != 0)
			fail_msg("%s: %s", general_bad[i].props, fx_fault(f));
	}
	assert_string_equal(f->d.state.host, "pc00001");
	assert_true(f->d.state.shared_fqdn);
	fx_op(f, "Put", GENERAL, NULL, "<r:AMT_Other/>");
	fx_assert_fault(f, "SchemaValidationError");
}

/* Whoever switches the network off has lost the device. */
static void
test_network_off_is_for_good(void **state)
{
	struct fx *f = *state;

	assert_true(fx_put(f, GENERAL, NULL,
	    FIXED "<r:AMTNetworkEnabled>0</r:AMTNetworkEnabled>"));
	assert_int_equal(f->a.effects, SIM_NETWORK);
	fx_op(f, "Get", GENERAL, NULL, NULL);
	fx_assert_fault(f, "InternalError");
}

/* --- Ethernet ------------------------------------------------------------- */

#define STATIC(ip, mask)                                                       \
	"<r:DHCPEnabled>false</r:DHCPEnabled>"                                 \
	"<r:IPAddress>" ip "</r:IPAddress>"                                    \
	"<r:IpSyncEnabled>false</r:IpSyncEnabled>"                             \
	"<r:SharedStaticIp>false</r:SharedStaticIp>"                           \
	"<r:SubnetMask>" mask "</r:SubnetMask>"

static void
test_port_static(void **state)
{
	struct fx *f = *state;

	assert_true(fx_put(f, PORT, PORT0,
	    STATIC("127.100.9.9",
		"255.255.255.0") "<r:PrimaryDNS>127.0.0.53</r:PrimaryDNS>"));
	assert_int_equal(f->a.effects, SIM_NETWORK);
	assert_string_equal(f->d.state.ip, "127.100.9.9");
	assert_string_equal(f->d.state.dns1, "127.0.0.53");
	assert_string_equal(f->d.state.gateway, "");
	assert_false(f->d.state.dhcp);
	fx_get(f, PORT, PORT0);
	fx_assert_text(f, "DHCPEnabled", "false");
	fx_assert_text(f, "DefaultGateway", "(absent)");
	assert_int_equal(fx_count(f, "LinkPolicy"), 2);
	/* and back */
	assert_true(fx_put(f, PORT, PORT0,
	    "<r:DHCPEnabled>true</r:DHCPEnabled>"
	    "<r:IpSyncEnabled>true</r:IpSyncEnabled>"
	    "<r:SharedStaticIp>false</r:SharedStaticIp>"));
	assert_true(f->d.state.dhcp);
}

static const char *const port_bad[] = {
    STATIC("127.100.9.9", "255.0.255.0"),
    STATIC("127.100.9.9", "0.0.0.0"),
    STATIC("224.0.0.1", "255.255.255.0"),
    STATIC("1.2.3", "255.255.255.0"),
    STATIC("127.100.9.9",
	"255.255.255.0") "<r:DefaultGateway>255.255.255.255</r:DefaultGateway>",
    "<r:DHCPEnabled>false</r:DHCPEnabled>"
    "<r:IpSyncEnabled>false</r:IpSyncEnabled>",
    "<r:DHCPEnabled>true</r:DHCPEnabled><r:IPAddress>127.1.1.1</r:IPAddress>",
    "<r:DHCPEnabled>true</r:DHCPEnabled><r:SharedStaticIp>true"
    "</r:SharedStaticIp>",
    "<r:DHCPEnabled>false</r:DHCPEnabled><r:IpSyncEnabled>true"
    "</r:IpSyncEnabled><r:SharedStaticIp>false</r:SharedStaticIp>",
    "<r:DHCPEnabled>false</r:DHCPEnabled><r:IpSyncEnabled>true"
    "</r:IpSyncEnabled><r:IPAddress>127.1.1.1</r:IPAddress>",
    "<r:IpSyncEnabled>true</r:IpSyncEnabled>",
};

static void
test_port_refusals(void **state)
{
	struct fx *f = *state;
	size_t i;

	for (i = 0; i < sizeof(port_bad) / sizeof(port_bad[0]); i++) {
		assert_false(fx_put(f, PORT, PORT0, port_bad[i]));
		if (strcmp(fx_fault(f), "InvalidRepresentation") != 0)
			fail_msg("%s: %s", port_bad[i], fx_fault(f));
		assert_int_equal(f->a.effects, SIM_NONE);
	}
	assert_string_equal(f->d.state.ip, "127.100.0.1");
	assert_false(
	    fx_put(f, PORT, NULL, "<r:DHCPEnabled>true</r:DHCPEnabled>"));
	fx_assert_fault(f, "InvalidSelectors");
	assert_false(fx_put(f, PORT, PORT1, port_bad[0]));
	assert_true(
	    fx_put(f, PORT, PORT1, "<r:DHCPEnabled>true</r:DHCPEnabled>"));
}

static void
test_static_sync_without_lms(void **state)
{
	static const char sync[] = "<r:DHCPEnabled>false</r:DHCPEnabled>"
				   "<r:IpSyncEnabled>true</r:IpSyncEnabled>"
				   "<r:SharedStaticIp>true</r:SharedStaticIp>";
	struct fx *f = *state;

	assert_true(fx_put(f, PORT, PORT0, sync));
	assert_string_equal(f->d.state.ip, "127.100.0.1");
	sim_firmware_options(&f->d)->no_lms = true;
	assert_true(fx_put(f, PORT, PORT0, sync));
	fx_assert_text(f, "IPAddress", "(absent)");
	assert_string_equal(f->d.state.ip, "");
}

static void
test_lan_less(void **state)
{
	struct fx *f = *state;

	assert_int_equal(fx_list(f, PORT), 2);
	sim_firmware_options(&f->d)->lan = 1;
	assert_int_equal(fx_list(f, PORT), 1);
	fx_assert_text(
	    f, "InstanceID", "Intel(r) AMT Ethernet Port Settings 1");
	sim_firmware_options(&f->d)->lan = 2;
	fx_get(f, PORT, PORT0);
	fx_assert_text(f, "MACAddress", "00-00-00-00-00-00");
	fx_assert_text(f, "IPAddress", "(absent)");
}

/* --- who may -------------------------------------------------------------- */

static void
test_realms(void **state)
{
	struct fx *f = *state;

	f->who.admin = false;
	f->who.realms = REALM_GENERAL;
	fx_get(f, GENERAL, NULL);
	fx_get(f, PORT, PORT0);
	fx_assert_text(f, "MACAddress", "(absent)");
	assert_false(fx_put(f, GENERAL, NULL, FIXED));
	fx_assert_fault(f, "AccessDenied");
	assert_int_equal(
	    set_time(f, 1700000000, 1700000000, 1700000000), FX_FAULT);
	fx_assert_fault(f, "AccessDenied");
	fx_op(f, "Get", "AMT_KerberosSettingData", NULL, NULL);
	fx_assert_fault(f, "AccessDenied");
	f->who.realms = REALM_TIME;
	assert_int_equal(
	    set_time(f, 1700000000, 1700000000, 1700000000), PT_SUCCESS);
	f->who.realms = REALM_PT;
	assert_true(fx_put(f, GENERAL, NULL, FIXED));
	fx_get(f, PORT, PORT0);
	assert_string_not_equal(fx_text(f, "MACAddress"), "(absent)");
}

/* --- identity ------------------------------------------------------------- */

static void
test_identity(void **state)
{
	struct fx *f = *state;

	fx_get(f, "CIM_ComputerSystemPackage", NULL);
	fx_assert_text(f, "PlatformGUID", "13AEE355D2BFBB6117A088AEDD7037EA");
	assert_int_equal(
	    fx_call(f, "AMT_SetupAndConfigurationService", "GetUuid", NULL),
	    PT_SUCCESS);
	fx_assert_text(f, "UUID", "E67jVdK/u2EXoIiu3XA36g==");
	assert_int_equal(fx_list(f, "CIM_ComputerSystem"), 2);
	fx_get(f, "CIM_ComputerSystem", "Name=ManagedSystem");
	fx_get(f, "IPS_HostBasedSetupService", NULL);
	fx_assert_text(f, "CurrentControlMode", "2");
	assert_int_equal(fx_count(f, "AllowedControlModes"), 2);
	fx_get(f, "IPS_IEEE8021xSettings", NULL);
	fx_assert_text(f, "Enabled", "3");
	fx_get(f, "AMT_RedirectionService", NULL);
	fx_get(f, "AMT_EnvironmentDetectionSettingData", NULL);
	fx_get(f, "IPS_HostIPSettings", NULL);
	fx_assert_text(f, "IpAddress", "127.100.0.1");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_clock_is_set),
	    T(test_stale_ta0_moves_the_clock),
	    T(test_clock_refusals),
	    T(test_clock_drifts),
	    T(test_general_put),
	    T(test_general_echo),
	    T(test_general_refusals),
	    T(test_network_off_is_for_good),
	    T(test_port_static),
	    T(test_port_refusals),
	    T(test_static_sync_without_lms),
	    T(test_lan_less),
	    T(test_realms),
	    T(test_identity),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
