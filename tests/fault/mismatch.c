#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "harness.h"
#include "secret.h"
#include "store.h"
#include "str.h"

/*
 * test_mismatch [--every N]
 *
 * Active Directory and the device come apart after a rotation that ended well:
 * AD is restored from a backup, somebody sets another password there, the
 * device loses its key, or the object is in another OU than the profile's.  The
 * next run makes them one again by itself, killed at each fault point of that
 * and with each answer lost; with Kerberos alone, too, as long as it is about
 * passwords.
 */
#define PLAY "auto" /* what is not due is left alone */

struct apart {
	const char *what;
	void (*part)(struct world *w);
	bool ad_stays; /* what AD has is right: it is not to be touched */
	bool no_ldap;  /* until they are together again */
};

/* --- how they come apart --- */

static void
ad_restored(struct world *w)
{
	(void)strcpy(w->ad.password, "Of-The-Backup-1");
	w->ad.kvno -= 1;
	w->ad.password_at -= 100;
}

static void
ad_set_by_others(struct world *w)
{
	(void)strcpy(w->ad.password, "By-Somebody-Else-1");
	w->ad.kvno += 1;
	w->ad.password_at += 100;
}

/* A backup of the very second, or a date that was set by hand. */
static void
ad_has_another_silently(struct world *w)
{
	(void)strcpy(w->ad.password, "Of-The-Backup-1");
	w->ad.kvno += 1;
}

static void
device_has_older_key(struct world *w)
{
	(void)strcpy(w->krb_password, "Of-Long-Ago-1");
	w->krb_kvno -= 1;
}

static void
device_was_reset(struct world *w)
{
	w->krb = false;
	w->krb_password[0] = '\0';
	w->krb_kvno = 0;
	w->acl[0] = '\0';
}

static void
object_elsewhere(struct world *w)
{
	(void)strcpy(w->ad.ou, "OU=Other");
}

static const struct apart ways[] = {
    {"AD restored from a backup", ad_restored, false, false},
    {"AD's password set by others", ad_set_by_others, false, false},
    {"AD's password is another and nothing shows it", ad_has_another_silently,
	false, false},
    {"the device has an older key", device_has_older_key, true, false},
    {"the device was reset", device_was_reset, true, false},
    {"the object is in another OU", object_elsewhere, true, false},
    {"AD's password set by others, no LDAP", ad_set_by_others, false, true},
    {"AD's password is another, no LDAP", ad_has_another_silently, false, true},
    {"the device has an older key, no LDAP", device_has_older_key, true, true},
    {"the device was reset, no LDAP", device_was_reset, true, true},
};

/* --- and together again --- */

static void
come_apart(const struct apart *way)
{
	harness_reset();
	(void)harness_run(harness.play, 0);
	way->part(harness.world);
	harness.world->no_ldap = way->no_ldap;
	harness.world->mutations = 0;
}

static void
check_together(const struct apart *way, int64_t kvno)
{
	verify_run(harness.play);
	if (way->ad_stays)
		harness_check(
		    harness.world->ad.kvno == kvno, "AD's password stays");
	else
		harness_check(
		    harness.world->ad.kvno > kvno, "AD has a new password");
	harness_check(harness.world->krb_kvno == harness.world->ad.kvno,
	    "the device knows its version");
}

/* What was done without LDAP is not done again with it. */
static void
check_ldap_back(const struct apart *way)
{
	int64_t kvno = harness.world->ad.kvno;

	if (!way->no_ldap)
		return;
	harness.world->no_ldap = false;
	(void)harness_run(harness.play, 0);
	verify_run(harness.play);
	harness_check(
	    harness.world->ad.kvno == kvno && harness.world->krb_kvno == kvno,
	    "LDAP answers again, and the password stays");
}

static void
killed(const struct apart *way)
{
	int64_t kvno;

	for (harness.n = 1;; harness.n += harness.every) {
		come_apart(way);
		kvno = harness.world->ad.kvno;
		if (!harness_run(harness.play, harness.n))
			break;
		/* Every other recovery finds LDAP there again. */
		harness.world->no_ldap = way->no_ldap && harness.n % 2 == 1;
		(void)harness_run(harness.play, 0);
		check_together(way, kvno);
		check_ldap_back(way);
	}
	check_together(way, kvno); /* nobody was killed, and one run did it */
	harness.n = 0;
}

static void
lost(const struct apart *way, enum world_loss loss)
{
	int64_t kvno;

	for (harness.n = 1;; harness.n++) {
		come_apart(way);
		kvno = harness.world->ad.kvno;
		harness.world->loss = loss;
		harness.world->loss_at = harness.n;
		(void)harness_run(harness.play, 0);
		if (harness.world->mutations < harness.n)
			break;
		check_together(way, kvno);
		check_ldap_back(way);
	}
	harness.n = 0;
}

/* What needs LDAP waits for it; nothing is taken for done meanwhile. */
static void
ldap_goes(const struct apart *way)
{
	int64_t kvno;

	for (harness.n = 1; !way->no_ldap; harness.n++) {
		come_apart(way);
		kvno = harness.world->ad.kvno;
		harness.world->loss = WORLD_LDAP_GOES;
		harness.world->loss_at = harness.n;
		(void)harness_run(harness.play, 0);
		if (harness.world->mutations < harness.n)
			break;
		if (way->part == object_elsewhere)
			harness_check(harness.told->outcome == ENGINE_PARKED,
			    "whether it was moved cannot be told");
		harness.world->no_ldap = false;
		(void)harness_run(harness.play, 0);
		check_together(way, kvno);
	}
	harness.n = 0;
}

int
main(int argc, char **argv)
{
	size_t i;

	harness.play = PLAY;
	harness_start(argc, argv);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		harness.what = ways[i].what;
		killed(&ways[i]);
		lost(&ways[i], WORLD_LOSE_AFTER);
		lost(&ways[i], WORLD_LOSE_BEFORE);
		lost(&ways[i], WORLD_REFUSE_LINK);
		ldap_goes(&ways[i]);
	}
	return harness_end();
}
