#include "buf.h"
#include "device.h"
#include "play_internal.h"
#include "ports.h"
#include "profile.h"
#include "wish_internal.h"

/* The CA's roots as trusted roots of the device: part of enforce-profile. */

bool
play_roots_due(const struct device *d, const struct policy *p)
{
	if (!wish_roots_met(d, p->profile, p->roots))
		return !d->tls_mutual;
	return wish_roots_spare(d, p->profile, p->roots);
}

static void
names_of(const struct port_roots *roots, struct buf *out)
{
	size_t i;

	for (i = 0; i < roots->count; i++)
		buf_printf(out, "%s%s", i > 0 ? "; " : "", roots->root[i].name);
}

/* Firmware takes none while it checks its peers with those it has. */
void
play_roots_plan(
    const struct device *d, const struct policy *p, struct plan *plan)
{
	bool met = wish_roots_met(d, p->profile, p->roots);
	struct buf names;

	if (!met && !d->tls_mutual) {
		buf_init(&names, WISH_TEXT);
		names_of(p->roots, &names);
		plan_add(plan, "root.add", "trusted-root-missing",
		    "trusted roots in the device", NULL, buf_text(&names));
		buf_free(&names);
	}
	if ((met || !d->tls_mutual) &&
	    wish_roots_spare(d, p->profile, p->roots))
		plan_add(plan, "root.remove", "profile-drift",
		    "a root of ours that nothing needs any more", d->our_roots,
		    NULL);
}
