#include <stdio.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_GeneralSettings: names, dynamic DNS, pings. */

static const char id[] = "Intel(r) AMT: General Settings";

static void
emit_ddns(struct fw_emit *e, const struct sim_state *s)
{
	fw_emit_uint(e, "DDNSPeriodicUpdateInterval", s->ddns_interval);
	fw_emit_uint(e, "DDNSTTL", s->ddns_ttl);
	fw_emit_bool(e, "DDNSUpdateByDHCPServerEnabled", s->ddns_dhcp);
	fw_emit_bool(e, "DDNSUpdateEnabled", s->ddns_client);
}

static void
emit_names(struct fw_emit *e, const struct sim_state *s)
{
	fw_emit_string(e, "DigestRealm", s->realm);
	if (s->domain[0] != '\0')
		fw_emit_string(e, "DomainName", s->domain);
	fw_emit_string(e, "ElementName", id);
	fw_emit_string(e, "HostName", s->host);
	if (s->os_fqdn[0] != '\0')
		fw_emit_string(e, "HostOSFQDN", s->os_fqdn);
}

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	const struct sim_state *s = &d->state;
	const struct sim_volatile *v = d->vol;
	unsigned version = fw_version(d);

	if (i > 0)
		return false;
	fw_emit_uint(e, "AMTNetworkEnabled", v->network_off ? 0 : 1);
	emit_ddns(e, s);
	if (version >= 1500)
		fw_emit_uint(
		    e, "DHCPSyncRequiresHostname", v->dhcp_sync_hostname);
	fw_emit_uint(e, "DHCPv6ConfigurationTimeout", v->dhcp6_timeout);
	emit_names(e, s);
	fw_emit_uint(e, "IdleWakeTimeout", s->idle_wake);
	fw_emit_string(e, "InstanceID", id);
	fw_emit_bool(e, "NetworkInterfaceEnabled", !v->network_off);
	fw_emit_bool(e, "PingResponseEnabled", s->ping);
	fw_emit_uint(e, "PowerSource", 0);
	fw_emit_uint(e, "PreferredAddressFamily", v->address_family);
	fw_emit_uint(e, "PresenceNotificationInterval", v->presence_interval);
	fw_emit_uint(e, "PrivacyLevel", 0);
	fw_emit_bool(e, "RmcpPingResponseEnabled", s->rmcp_ping);
	fw_emit_bool(e, "SharedFQDN", s->shared_fqdn);
	if (version >= 1500)
		fw_emit_uint(e, "ThunderboltDockEnabled", v->thunderbolt);
	fw_emit_bool(e, "WsmanOnlyMode", s->wsman_only);
	return true;
}

/* --- Put ------------------------------------------------------------------ */

static bool
ranges_ok(const struct fw_node *in)
{
	uint32_t ddns = fw_uint(in, "DDNSPeriodicUpdateInterval", 0);
	uint32_t presence = fw_uint(in, "PresenceNotificationInterval", 0);
	uint32_t idle = fw_uint(in, "IdleWakeTimeout", 1);

	return (ddns == 0 || ddns >= 20) && (presence == 0 || presence >= 15) &&
	    idle >= 1 && idle <= UINT16_MAX &&
	    fw_uint(in, "DDNSTTL", 0) <= INT32_MAX &&
	    fw_uint(in, "PreferredAddressFamily", 0) <= 1 &&
	    fw_uint(in, "AMTNetworkEnabled", 0) <= 1 &&
	    fw_uint(in, "ThunderboltDockEnabled", 0) <= 1 &&
	    fw_uint(in, "DHCPSyncRequiresHostname", 0) <= 1;
}

/* Labels of letters, digits, hyphens; other bytes only from CSME 18 on. */
static bool
name_ok(const char *s, bool dots, unsigned version)
{
	const char *label = s;

	for (; *s != '\0'; s++) {
		if (*s == '.' && dots && s != label) {
			label = s + 1;
			continue;
		}
		if ((*s & 0x80) != 0 && version >= 1800)
			continue;
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "abcdefghijklmnopqrstuvwxyz0123456789-_",
			*s) == NULL)
			return false;
	}
	return s != label;
}

/* A dedicated name must not be the host's. */
static bool
names_ok(const struct fw_call *c, const struct fw_node *in)
{
	const struct sim_state *s = &c->d->state;
	const char *host = fw_text(in, "HostName");
	const char *domain = fw_text(in, "DomainName");
	char fqdn[512];

	if (host != NULL && !name_ok(host, false, c->version))
		return false;
	if (domain != NULL && !name_ok(domain, true, c->version))
		return false;
	if (fw_bool(in, "SharedFQDN", s->shared_fqdn))
		return true;
	snprintf(fqdn, sizeof(fqdn), "%s.%s", host != NULL ? host : s->host,
	    domain != NULL ? domain : s->domain);
	return strcasecmp(fqdn, s->os_fqdn) != 0;
}

static void
take_names(struct sim_state *s, const struct fw_node *in)
{
	const char *text;

	text = fw_text(in, "HostName");
	if (text != NULL)
		fw_copy(s->host, sizeof(s->host), text);
	text = fw_text(in, "DomainName");
	if (text != NULL)
		fw_copy(s->domain, sizeof(s->domain), text);
	s->shared_fqdn = fw_bool(in, "SharedFQDN", s->shared_fqdn);
}

static void
take_volatile(struct sim_volatile *v, const struct fw_node *in)
{
	v->dhcp_sync_hostname =
	    fw_uint(in, "DHCPSyncRequiresHostname", v->dhcp_sync_hostname);
	v->dhcp6_timeout =
	    fw_uint(in, "DHCPv6ConfigurationTimeout", v->dhcp6_timeout);
	v->address_family =
	    fw_uint(in, "PreferredAddressFamily", v->address_family);
	v->presence_interval =
	    fw_uint(in, "PresenceNotificationInterval", v->presence_interval);
	v->thunderbolt = fw_uint(in, "ThunderboltDockEnabled", v->thunderbolt);
}

/* Absent properties keep their values. */
static enum fw_fault
put(struct fw_call *c, size_t i, const struct fw_node *in)
{
	struct sim_state *s = &c->d->state;

	(void)i;
	if (!ranges_ok(in) || !names_ok(c, in))
		return FW_INVALID_REPRESENTATION;
	take_names(s, in);
	take_volatile(c->d->vol, in);
	s->ddns_client = fw_bool(in, "DDNSUpdateEnabled", s->ddns_client);
	s->ddns_dhcp =
	    fw_bool(in, "DDNSUpdateByDHCPServerEnabled", s->ddns_dhcp);
	s->ddns_interval =
	    fw_uint(in, "DDNSPeriodicUpdateInterval", s->ddns_interval);
	s->ddns_ttl = fw_uint(in, "DDNSTTL", s->ddns_ttl);
	s->ping = fw_bool(in, "PingResponseEnabled", s->ping);
	s->rmcp_ping = fw_bool(in, "RmcpPingResponseEnabled", s->rmcp_ping);
	s->wsman_only = fw_bool(in, "WsmanOnlyMode", s->wsman_only);
	s->idle_wake = fw_uint(in, "IdleWakeTimeout", s->idle_wake);
	/* Out-of-band networking cannot be switched on again from outside: a
	 * client that writes 0 has lost the device, and is to notice. */
	if (fw_uint(in, "AMTNetworkEnabled", 1) == 0) {
		c->d->vol->network_off = true;
		c->ret->effects |= SIM_NETWORK;
	}
	fw_changed(c);
	return FW_OK;
}

static const struct fw_prop props[] = {
    {"AMTNetworkEnabled", T_U32, 0, 0, 0},
    {"DDNSPeriodicUpdateInterval", T_U32, 0, 600, 0},
    {"DDNSTTL", T_U32, 0, 600, 0},
    {"DDNSUpdateByDHCPServerEnabled", T_BOOL, 0, 600, 0},
    {"DDNSUpdateEnabled", T_BOOL, 0, 600, 0},
    {"DHCPSyncRequiresHostname", T_U32, 0, 1500, 0},
    {"DHCPv6ConfigurationTimeout", T_U16, 0, 600, 0},
    {"DigestRealm", T_STRING, P_RO, 0, 0},
    {"DomainName", T_STRING, 0, 0, 191},
    {"ElementName", T_STRING, 0, 0, 0},
    {"HostName", T_STRING, 0, 0, 63},
    {"HostOSFQDN", T_STRING, P_RO, 0, 0},
    {"IdleWakeTimeout", T_U32, 0, 0, 0},
    {"InstanceID", T_STRING, P_KEY, 0, 0},
    {"NetworkInterfaceEnabled", T_BOOL, P_RO, 0, 0},
    {"OemID", T_U32, P_RO, 1601, 0},
    {"PingResponseEnabled", T_BOOL, P_REQUIRED, 0, 0},
    {"PowerSource", T_U32, P_RO, 0, 0},
    {"PreferredAddressFamily", T_U32, 0, 600, 0},
    {"PresenceNotificationInterval", T_U32, 0, 0, 0},
    {"PrivacyLevel", T_U32, P_RO, 0, 0},
    {"RmcpPingResponseEnabled", T_BOOL, 0, 0, 0},
    {"SharedFQDN", T_BOOL, 0, 600, 0},
    {"ThunderboltDockEnabled", T_U32, 0, 1500, 0},
    {"WsmanOnlyMode", T_BOOL, P_REQUIRED, 0, 0},
};

const struct fw_class fw_class_general = {
    .name = "AMT_GeneralSettings",
    .prefix = URI_AMT,
    .props = props,
    .prop_count = sizeof(props) / sizeof(props[0]),
    .read = REALM_GENERAL,
    .show = show,
    .put = put,
};
