#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "device.h"
#include "err.h"
#include "harness.h"
#include "journal.h"
#include "secret.h"
#include "store.h"
#include "str.h"

/* What must hold after every run, whatever was killed or lost before. */

static bool
stored_is(struct store *store, enum store_secret kind, const char *want)
{
	struct secret *s = NULL;
	struct err err;
	bool same;

	if (store_secret_get(store, 1, kind, &s, &err) != 0)
		return want[0] == '\0';
	same = strcmp(secret_text(s), want) == 0;
	secret_free(s);
	return same;
}

static int
count_open(void *cookie, const struct journal_intent *intent, struct err *err)
{
	(void)intent;
	(void)err;
	++*(int *)cookie;
	return 0;
}

static int
journal_open_count(struct store *store)
{
	struct err err;
	int open = 0;

	if (journal_scan_open(store, 0, count_open, &open, &err) != 0)
		return -1;
	return open;
}

/* Each certificate that is valid is one the record knows. */
static bool
certificates_known(const struct device *d)
{
	const struct world *w = harness.world;
	int i;

	for (i = 0; i < w->issued_count; i++) {
		const char *serial = w->issued[i].cert.serial;

		if (!w->issued[i].revoked && !str_eq(serial, d->cert_serial) &&
		    !str_eq(serial, d->next_cert_serial) &&
		    !str_eq(serial, d->old_cert_serial))
			return false;
	}
	return true;
}

static int
used_slots(const struct world *w, int *ret_keys)
{
	int i, certs = 0;

	*ret_keys = 0;
	for (i = 0; i < WORLD_SLOTS; i++) {
		certs += w->certs[i].der[0] != '\0' && !w->certs[i].root;
		*ret_keys += w->keys[i][0] != '\0';
	}
	return certs;
}

/* One certificate, ours, for the host's name; the one before is gone, unless it
 * cannot go. */
static void
check_certificate(const struct world *w)
{
	int keys, certs = used_slots(w, &keys);
	int stays = harness.kind == WORLD_FACTORY ? 1 : 0;

	harness_check(w->tls, "TLS is on");
	harness_check(
	    w->tls_slot >= 0 && w->certs[w->tls_slot].ours, "it is ours");
	harness_check(w->tls_slot >= 0 &&
		str_eq(w->certs[w->tls_slot].names, "dns:new-pc1.corp.example"),
	    "certificate names");
	harness_check(
	    certs == 1 + stays && keys == 1 + stays, "nothing is left behind");
}

static void
check_goal(const char *play)
{
	const struct world *w = harness.world;
	bool all = str_eq(play, "auto") || str_eq(play, "enforce-profile");

	harness_check(llabs(w->clock_offset_ms) < 2000, "the clock is set");
	if (all || str_eq(play, "sync-network"))
		harness_check(str_eq(w->host, "new-pc1"), "the name followed");
	if (all)
		harness_check(world_has_root(w, WORLD_ROOT_NEW) &&
			world_has_root(w, WORLD_ROOT_CROSS) &&
			!world_has_root(w, WORLD_ROOT_OLD),
		    "the CA's roots are there, the old one is gone");
	/* Names do not switch TLS on where it is off. */
	if (all || str_eq(play, "reissue-certificates") ||
	    (str_eq(play, "sync-network") && harness.kind != WORLD_PLAIN))
		check_certificate(w);
	if (all || str_eq(play, "renew-ad-password"))
		harness_check(
		    str_eq(w->ad.ou, "OU=AMT"), "the object is in the OU");
	if (all || str_eq(play, "renew-ad-password"))
		harness_check(w->ad.object && w->krb &&
			str_eq(w->krb_password, w->ad.password),
		    "device and AD have the same key");
	if (all || str_eq(play, "renew-admin-password"))
		harness_check(!str_eq(w->admin_password, HARNESS_PASSWORD),
		    "the admin password changed");
}

/* Whom the record takes for the device is who is there. */
static bool
pinned(const struct device *d)
{
	char leaf[65];

	if (!harness.world->tls)
		return !d->use_tls && d->leaf_sha256 == NULL;
	world_leaf(harness.world, leaf);
	return d->use_tls && str_eq(d->leaf_sha256, leaf);
}

static bool
ours(const struct device *d, const char *der)
{
	char hash[65];

	(void)str_base64_sha256(der, WORLD_TEXT, hash);
	return d->our_roots != NULL && strstr(d->our_roots, hash) != NULL;
}

/* Whatever happened: one that is not ours is neither removed nor taken for
 * ours, the old one goes only when the new ones are there, and the record knows
 * whose they are. */
static void
check_roots(const struct device *d)
{
	const struct world *w = harness.world;
	bool new = world_has_root(w, WORLD_ROOT_NEW);
	bool cross = world_has_root(w, WORLD_ROOT_CROSS);
	bool old = world_has_root(w, WORLD_ROOT_OLD);

	harness_check(world_has_root(w, WORLD_ROOT_FOREIGN) &&
		!ours(d, WORLD_ROOT_FOREIGN),
	    "a root of somebody else stays");
	harness_check(old || (new &&cross), "no root goes before its time");
	harness_check(ours(d, WORLD_ROOT_NEW) ==
		new &&ours(d, WORLD_ROOT_CROSS) ==
		cross &&ours(d, WORLD_ROOT_OLD) == old,
	    "the record knows which roots are ours");
}

static void
check_record(const struct device *d)
{
	check_roots(d);
	harness_check(pinned(d), "the certificate is the pinned one");
	harness_check(
	    certificates_known(d), "no valid certificate without a record");
	harness_check(d->lease_owner == NULL, "the device is free");
	harness_check(d->strikes == 0, "no credential is under suspicion");
}

void
verify_kept(const struct harness_store *s)
{
	const struct world *w = harness.world;
	int64_t events = 0;
	struct err err;

	harness_check(
	    stored_is(s->store, STORE_SECRET_ADMIN, w->admin_password),
	    "the admin password is the stored one");
	harness_check(stored_is(s->store, STORE_SECRET_AD, w->ad.password),
	    "the AD password is the stored one");
	harness_check(
	    journal_open_count(s->store) == 0, "the journal is empty");
	harness_check(
	    w->worst_wrong_in_row <= 1, "one wrong credential at most");
	harness_check(
	    store_event_verify(s->store, &events, &err) == 0, "audit chain");
}

void
verify_without_key(const struct harness_store *s)
{
	verify_kept(s);
	check_record(s->device);
	check_goal("reissue-certificates");
	check_goal("sync-network");
	check_goal("renew-admin-password");
}

void
verify_run(const char *play)
{
	struct harness_store s;

	harness_open(&s);
	harness_check(harness.told->outcome == ENGINE_OK ||
		harness.told->outcome == ENGINE_CHANGED,
	    "the last run ends well");
	verify_kept(&s);
	check_record(s.device);
	check_goal(play);
	harness_close(&s);
}
