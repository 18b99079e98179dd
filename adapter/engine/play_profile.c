#include "device.h"
#include "play_internal.h"
#include "profile.h"
#include "wish_internal.h"

/*
 * Everything that differs from the profile, without what merely ages: passwords
 * and certificates that are still good stay.
 */
int64_t
play_profile_due(const struct device *d, const struct policy *p)
{
	const struct profile *profile = p->profile;

	if (d->read_at == 0)
		return p->now;
	if (!wish_general_met(d, profile) || !wish_ip_met(d, profile) ||
	    !wish_tls_met(d, profile) || play_roots_due(d, p))
		return p->now;
	if (profile->tls && !wish_cert_key_met(d))
		return p->now;
	if (play_uses_directory(p) && !wish_acl_met(d, profile))
		return p->now;
	return 0;
}

void
play_profile_plan(const struct device *d, const struct policy *p, bool forced,
    struct plan *plan)
{
	(void)forced;
	play_network_plan(d, p, false, plan);
	play_roots_plan(d, p, plan);
	play_certificate_plan(d, p, false, plan);
	play_directory_plan(d, p, false, plan);
	if (p->profile->admin && d->admin_password_at == 0)
		play_admin_plan(d, p, false, plan);
}
