/*
 * What belongs to the worker on a device, when a person knows better: its
 * pinned certificate, its password, its transport.  Written under a lease like
 * a worker's.
 */
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "err.h"
#include "intake.h"
#include "mem.h"
#include "store.h"

#define LEASE_SECONDS 30 /* it ends by itself */

static void
forget_errors(struct device *d, int64_t now)
{
	mem_replace(&d->error_kind, NULL);
	mem_replace(&d->error_code, NULL);
	mem_replace(&d->error_text, NULL);
	d->error_at = 0;
	d->strikes = 0;
	d->failures = 0;
	d->next_due = now;
	mem_replace(&d->due_play, "auto");
}

static int
save(struct store *store, struct device *d, int64_t token,
    const struct intake_trust *t, struct err *err)
{
	int64_t now = clock_now();

	if (t->password != NULL &&
	    store_secret_put(
		store, d->id, STORE_SECRET_ADMIN, t->password, now, err) != 0)
		return -1;
	if (t->forget_identity) {
		mem_replace(&d->leaf_sha256, NULL);
		mem_replace(&d->digest_realm, NULL);
	}
	if (t->tls)
		d->use_tls = true;
	forget_errors(d, now);
	if (store_device_save_state(store, d, token, err) != 0)
		return -1;
	return store_lease_drop(store, d->id, token, err);
}

int
intake_trust(const struct intake_to *to, int64_t id,
    const struct intake_trust *t, struct err *err)
{
	char *owner = mem_printf("%s/%ld", to->actor, (long)getpid());
	int64_t now = clock_now(), token = 0;
	struct device *d = NULL;
	int rc = 0;

	if (t->password != NULL)
		rc = intake_check_password(t->password, err);
	if (rc == 0)
		rc = store_lease_take(to->store, id, owner, now,
		    now + LEASE_SECONDS, &token, err);
	if (rc == 0)
		rc = store_device_get(to->store, id, &d, err);
	if (rc == 0)
		rc = save(to->store, d, token, t, err);
	device_free(d);
	free(owner);
	return rc;
}
