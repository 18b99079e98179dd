#include "device.h"
#include "play_internal.h"
#include "profile.h"
#include "str.h"
#include "wish_internal.h"

int64_t
play_network_due(const struct device *d, const struct policy *p)
{
	if (d->read_at == 0)
		return p->now;
	if (!wish_names_met(d, p->profile) ||
	    !wish_general_met(d, p->profile) || !wish_ip_met(d, p->profile))
		return p->now;
	return 0;
}

/*
 * A renamed host takes the whole chain in one plan: the names in the firmware,
 * SPNs and dNSHostName of its AD object, its certificate.
 */
static void
plan_rename(const struct device *d, const struct policy *p, struct plan *plan)
{
	char from[256], to[256];

	(void)device_amt_fqdn(d, from);
	wish_fqdn(d, p->profile, to);
	plan_add(plan, "names.set", "name-mismatch", "AMT host and domain name",
	    from, to);
}

void
play_network_plan(const struct device *d, const struct policy *p, bool forced,
    struct plan *plan)
{
	const struct profile *profile = p->profile;

	play_clock_plan(d, p, forced, plan);
	if (!wish_names_met(d, profile))
		plan_rename(d, p, plan);
	else if (!wish_general_met(d, profile))
		plan_add(plan, "names.set", "profile-drift",
		    "DDNS, shared name and ping settings", d->ddns_mode,
		    profile->ddns);
	if (play_uses_directory(p) && d->ad_read_at != 0 &&
	    !str_empty(d->ad_dn) && !wish_object_met(d, profile))
		play_object_plan(d, p, "name-mismatch", plan);
	if (profile->tls && d->tls_enabled && !wish_cert_names_met(d, profile))
		play_replace_plan(d, p, "certificate-name-mismatch", plan);
	else
		play_leftovers_plan(d, plan);
	if (!wish_ip_met(d, profile))
		plan_add(plan, "ip.set", "profile-drift", "IP mode",
		    d->dhcp_enabled ? "dhcp" : "static", profile->ip);
}
