#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "err.h"
#include "harness.h"
#include "secret.h"
#include "store.h"

/*
 * test_failover [--every N]
 *
 * Killed in the middle of a change, the process comes back to another domain
 * controller: the one it wrote to is away, and the other knows nothing of what
 * was written.  Nothing it says against the change is believed, no second
 * object is made, and no password is lost; when the first one is back, or when
 * replication had its time, all ends well by itself.
 */
#define PLAY "renew-ad-password"

static struct world_ad first; /* what the controller that is away has */

/* The other one has what there was before. */
static void
controller_leaves(const struct world_ad *before)
{
	first = harness.world->ad;
	harness.world->ad = *before;
	(void)strcpy(harness.world->away, "dc1");
}

/* It is back, and each has taken from the other what is newer. */
static void
controller_returns(void)
{
	struct world_ad *ad = &harness.world->ad;

	if (!ad->object ||
	    (first.object && first.password_at > ad->password_at))
		*ad = first;
	harness.world->away[0] = '\0';
}

/* Can what was opened still be ended? The candidate is in the journal or
 * stored, whatever the other controller said. */
static bool
written_is_kept(void)
{
	struct secret *stored = NULL;
	struct harness_store s;
	struct err err;
	bool kept;

	harness_open(&s);
	kept =
	    store_secret_get(s.store, 1, STORE_SECRET_AD, &stored, &err) == 0 &&
	    strcmp(secret_text(stored), first.password) == 0;
	kept = kept || harness_is_open(&s, "ad.password") ||
	    harness_is_open(&s, "ad.object");
	secret_free(stored);
	harness_close(&s);
	return kept;
}

static bool
killed_at(unsigned long n, bool rotation, struct world_ad *ret_before)
{
	harness_reset();
	if (rotation)
		(void)harness_run(PLAY, 0);
	*ret_before = harness.world->ad;
	harness.world->created = 0;
	return harness_run(PLAY, n);
}

/* The first run of a device, or the change of a password that it has. */
static void
comes_back(bool rotation)
{
	struct world_ad before;
	unsigned cases = 0;

	for (harness.n = 1; killed_at(harness.n, rotation, &before);
	     harness.n += harness.every) {
		controller_leaves(&before);
		(void)harness_run(PLAY, 0);
		if (first.password_at > before.password_at) {
			cases++;
			harness_check(written_is_kept(),
			    "what was written is not given up");
			harness_check(harness.world->created <= !rotation,
			    "there is one object");
		}
		controller_returns();
		(void)harness_run(PLAY, 0);
		verify_run(PLAY);
	}
	harness_enough(cases);
	harness.n = 0;
}

/* It does not come back, and the other is the truth from then on. */
static void
stays_away(bool rotation)
{
	struct world_ad before;

	harness.replicated = true;
	for (harness.n = 1; killed_at(harness.n, rotation, &before);
	     harness.n += harness.every) {
		controller_leaves(&before);
		(void)harness_run(PLAY, 0);
		verify_run(PLAY);
	}
	harness.replicated = false;
	harness.n = 0;
}

/* Replication takes its time: it is waited for, and not for ever. */
static void
slow_replication(void)
{
	const int many = 1000;

	for (harness.n = 1;; harness.n += harness.every) {
		harness_reset();
		harness.world->behind = 3;
		if (!harness_run(PLAY, harness.n))
			break;
		(void)harness_run(PLAY, 0);
		verify_run(PLAY);
	}
	harness.n = 0;
	harness_check(harness.world->behind == 0, "the others were waited for");
	harness_reset();
	harness.world->behind = many;
	(void)harness_run(PLAY, 0);
	verify_run(PLAY);
	harness_check(harness.world->behind < many - 3 &&
		harness.world->behind > many / 2,
	    "but not for ever");
}

int
main(int argc, char **argv)
{
	harness.play = PLAY;
	harness_start(argc, argv);
	harness.what = "replication is slow";
	slow_replication();
	harness.what = "the controller of a new object comes back";
	comes_back(false);
	harness.what = "the controller of a new password comes back";
	comes_back(true);
	harness.what = "the controller of a new object stays away";
	stays_away(false);
	harness.what = "the controller of a new password stays away";
	stays_away(true);
	return harness_end();
}
