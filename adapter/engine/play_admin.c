#include "clock.h"
#include "device.h"
#include "play_internal.h"
#include "profile.h"

int64_t
play_admin_due(const struct device *d, const struct policy *p)
{
	if (!p->profile->admin || p->profile->admin_max_age == 0)
		return 0;
	if (d->admin_password_at == 0)
		return p->now;
	return d->admin_password_at + p->profile->admin_max_age;
}

void
play_admin_plan(const struct device *d, const struct policy *p, bool forced,
    struct plan *plan)
{
	int64_t due = play_admin_due(d, p);
	char at[CLOCK_TEXT];

	play_clock_plan(d, p, forced, plan);
	if (forced || (due != 0 && due <= p->now))
		plan_add(plan, "admin.password",
		    due != 0 && due <= p->now ? "admin-password-due"
					      : "requested",
		    "Digest admin password",
		    clock_text(d->admin_password_at, at), "a new one");
}
