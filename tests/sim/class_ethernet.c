#include <arpa/inet.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_EthernetPortSettings (0 wired, 1 wireless) and IPS_HostIPSettings. */

#define WIRED "Intel(r) AMT Ethernet Port Settings 0"
#define WIRELESS "Intel(r) AMT Ethernet Port Settings 1"
#define ELEMENT "Intel(r) AMT Ethernet Port Settings"
#define LAN_MISSING 1 /* values of the option "lan" */
#define LAN_EMPTY 2

static void
emit_if(struct fw_emit *e, const char *name, const char *value)
{
	if (value[0] != '\0')
		fw_emit_string(e, name, value);
}

static void
show_wired(struct fw_emit *e, const struct sim_device *d)
{
	const struct sim_state *s = &d->state;
	bool empty = d->vol->options.lan == LAN_EMPTY;
	bool all =
	    fw_emit_who(e)->admin || (fw_emit_who(e)->realms & REALM_PT) != 0;

	fw_emit_bool(e, "DHCPEnabled", s->dhcp);
	emit_if(e, "DefaultGateway", empty ? "" : s->gateway);
	fw_emit_string(e, "ElementName", ELEMENT);
	emit_if(e, "IPAddress", empty ? "" : s->ip);
	fw_emit_string(e, "InstanceID", WIRED);
	if (fw_version(d) >= 700)
		fw_emit_bool(e, "IpSyncEnabled", s->ip_sync);
	fw_emit_bool(e, "LinkIsUp", !empty);
	if (all) {
		fw_emit_uint(e, "LinkPolicy", 1);
		fw_emit_uint(e, "LinkPolicy", 14);
		fw_emit_string(
		    e, "MACAddress", empty ? "00-00-00-00-00-00" : s->mac);
	}
	if (fw_version(d) >= 1500)
		fw_emit_uint(e, "PhysicalConnectionType", 0);
	emit_if(e, "PrimaryDNS", empty ? "" : s->dns1);
	emit_if(e, "SecondaryDNS", empty ? "" : s->dns2);
	fw_emit_bool(e, "SharedDynamicIP", s->dhcp);
	fw_emit_bool(e, "SharedMAC", true);
	fw_emit_bool(e, "SharedStaticIp", s->shared_static);
	emit_if(e, "SubnetMask", empty ? "" : s->mask);
}

static void
show_wireless(struct fw_emit *e, const struct sim_device *d)
{
	fw_emit_uint(
	    e, "ConsoleTcpMaxRetransmissions", d->vol->wlan_retransmissions);
	fw_emit_bool(e, "DHCPEnabled", true);
	fw_emit_string(e, "ElementName", ELEMENT);
	fw_emit_string(e, "InstanceID", WIRELESS);
	fw_emit_uint(e, "LinkControl", 2);
	fw_emit_bool(e, "LinkIsUp", false);
	fw_emit_uint(e, "LinkPreference", d->vol->wlan_preference);
	fw_emit_string(e, "MACAddress", "00-00-00-00-00-00");
	if (fw_version(d) >= 1500)
		fw_emit_uint(e, "PhysicalConnectionType", 3);
	fw_emit_bool(e, "SharedMAC", true);
	fw_emit_uint(e, "WLANLinkProtectionLevel", 1);
}

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	bool wired = d->vol->options.lan != LAN_MISSING;

	if (wired && i == 0)
		show_wired(e, d);
	else if (i == (wired ? 1 : 0))
		show_wireless(e, d);
	else
		return false;
	return true;
}

/* --- Put ------------------------------------------------------------------ */

static bool
address(const char *text, uint32_t *ret)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*ret = ntohl(in.s_addr);
	return true;
}

static bool
unicast(const char *text)
{
	uint32_t a;

	return address(text, &a) && a >> 24 != 0 && a >> 28 < 0xe;
}

static bool
netmask(const char *text)
{
	uint32_t m;

	return address(text, &m) && m != 0 && m != UINT32_MAX &&
	    (~m & (~m + 1)) == 0;
}

static const char *const fields[] = {
    "IPAddress", "SubnetMask", "DefaultGateway", "PrimaryDNS", "SecondaryDNS"};

static bool
no_addresses(const struct fw_node *in)
{
	size_t i;

	for (i = 0; i < 5; i++) {
		if (fw_text(in, fields[i]) != NULL)
			return false;
	}
	return true;
}

static bool
addresses_ok(const struct fw_node *in)
{
	const char *text;
	size_t i;

	if (fw_text(in, "IPAddress") == NULL ||
	    fw_text(in, "SubnetMask") == NULL)
		return false;
	for (i = 0; i < 5; i++) {
		text = fw_text(in, fields[i]);
		if (text == NULL)
			continue;
		if (i == 1 ? !netmask(text) : !unicast(text))
			return false;
	}
	return true;
}

static void
take(char to[16], const char *text)
{
	fw_copy(to, 16, text != NULL ? text : "");
}

/* A host with a static address whose LMS does not run never tells it: the
 * device has none from now on. */
static void
lose_address(struct sim_state *s)
{
	s->ip[0] = s->mask[0] = s->gateway[0] = s->dns1[0] = s->dns2[0] = '\0';
}

/* The three legal combinations of DHCPEnabled, IpSyncEnabled and
 * SharedStaticIp. */
static enum fw_fault
put_wired(struct fw_call *c, const struct fw_node *in)
{
	struct sim_state *s = &c->d->state;
	bool dhcp = fw_bool(in, "DHCPEnabled", true);
	bool sync = fw_bool(in, "IpSyncEnabled", s->ip_sync);
	bool shared = fw_bool(in, "SharedStaticIp", !dhcp && sync);

	if (shared != (!dhcp && sync))
		return FW_INVALID_REPRESENTATION;
	if (dhcp || sync ? !no_addresses(in) : !addresses_ok(in))
		return FW_INVALID_REPRESENTATION;
	if (!dhcp && !sync) {
		take(s->ip, fw_text(in, "IPAddress"));
		take(s->mask, fw_text(in, "SubnetMask"));
		take(s->gateway, fw_text(in, "DefaultGateway"));
		take(s->dns1, fw_text(in, "PrimaryDNS"));
		take(s->dns2, fw_text(in, "SecondaryDNS"));
	} else if (!dhcp && c->d->vol->options.no_lms) {
		lose_address(s);
	}
	s->dhcp = dhcp;
	s->ip_sync = sync;
	s->shared_static = shared;
	c->ret->effects |= SIM_NETWORK;
	fw_changed(c);
	return FW_OK;
}

static enum fw_fault
put_wireless(struct fw_call *c, const struct fw_node *in)
{
	struct sim_volatile *v = c->d->vol;
	uint32_t tries = fw_uint(
	    in, "ConsoleTcpMaxRetransmissions", v->wlan_retransmissions);
	uint32_t preference = fw_uint(in, "LinkPreference", v->wlan_preference);

	if (!fw_bool(in, "DHCPEnabled", true) || !no_addresses(in) ||
	    tries < 5 || tries > 7 || preference < 1 || preference > 2)
		return FW_INVALID_REPRESENTATION;
	v->wlan_retransmissions = tries;
	v->wlan_preference = preference;
	return FW_OK;
}

static enum fw_fault
put(struct fw_call *c, size_t i, const struct fw_node *in)
{
	int lan = c->d->vol->options.lan;

	if (i == 1 || lan == LAN_MISSING)
		return put_wireless(c, in);
	if (lan == LAN_EMPTY)
		return FW_INVALID_REPRESENTATION;
	return put_wired(c, in);
}

static const struct fw_prop props[] = {
    {"ConsoleTcpMaxRetransmissions", T_U32, 0, 0, 0},
    {"DHCPEnabled", T_BOOL, P_REQUIRED, 0, 0},
    {"DefaultGateway", T_STRING, 0, 0, 15},
    {"ElementName", T_STRING, 0, 0, 0},
    {"IPAddress", T_STRING, 0, 0, 15},
    {"InstanceID", T_STRING, P_KEY, 0, 0},
    {"IpSyncEnabled", T_BOOL, 0, 700, 0},
    {"LinkControl", T_U32, P_RO, 0, 0},
    {"LinkIsUp", T_BOOL, P_RO, 0, 0},
    {"LinkPolicy", T_U8, P_ARRAY, 0, 0},
    {"LinkPreference", T_U32, 0, 0, 0},
    {"MACAddress", T_STRING, P_RO, 0, 0},
    {"PhysicalConnectionType", T_U32, P_RO, 1500, 0},
    {"PhysicalNicMedium", T_U32, P_RO, 1500, 0},
    {"PrimaryDNS", T_STRING, 0, 0, 15},
    {"SecondaryDNS", T_STRING, 0, 0, 15},
    {"SharedDynamicIP", T_BOOL, P_RO, 0, 0},
    {"SharedMAC", T_BOOL, P_RO, 0, 0},
    {"SharedStaticIp", T_BOOL, 0, 0, 0},
    {"SubnetMask", T_STRING, 0, 0, 15},
    {"VLANTag", T_U16, 0, 0, 0},
    {"WLANLinkProtectionLevel", T_U32, P_RO, 0, 0},
};

const struct fw_class fw_class_ethernet = {
    .name = "AMT_EthernetPortSettings",
    .prefix = URI_AMT,
    .props = props,
    .prop_count = sizeof(props) / sizeof(props[0]),
    .read = REALM_GENERAL,
    .show = show,
    .put = put,
};

static bool
show_host(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const char id[] = "Intel(r) AMT: Host IP Settings";
	const struct sim_state *s = &d->state;

	if (i > 0)
		return false;
	fw_emit_bool(e, "DHCPEnabled", s->dhcp);
	if (!d->vol->options.no_lms)
		emit_if(e, "DefaultGateway", s->gateway);
	fw_emit_string(e, "ElementName", id);
	fw_emit_string(e, "InstanceID", id);
	if (d->vol->options.no_lms)
		return true;
	emit_if(e, "IpAddress", s->ip);
	emit_if(e, "PrimaryDNS", s->dns1);
	emit_if(e, "SubnetMask", s->mask);
	return true;
}

const struct fw_class fw_class_host_ip = {
    .name = "IPS_HostIPSettings",
    .prefix = URI_IPS,
    .since = 700,
    .read = REALM_GENERAL,
    .show = show_host,
};
