#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "harness.h"

/*
 * test_unproved [--every N]
 *
 * Devices that say they have the Kerberos key and have not, or do not show that
 * they have: killed at every other fault point, none is believed, nothing else
 * is lost, and each is served once it mends its ways.  A device that sends no
 * answer token at all, as firmware may, is served at once.
 */
#define PLAY "renew-ad-password"

/* Not the key is believed, everything else is kept. */
static void
check_unproved(void)
{
	struct harness_store s;

	harness_open(&s);
	harness_check(harness.told->outcome == ENGINE_FAILED, "the run fails");
	harness_check(strstr(harness.told->error, "has not proved") != NULL,
	    "and says why");
	harness_check(s.device->ad_key_pending, "the key is still to be set");
	harness_check(
	    s.device->strikes == 0, "no credential of ours was refused");
	verify_kept(&s);
	harness_close(&s);
}

static void
begin(enum world_manners manners, bool with_acl)
{
	harness_reset();
	harness.world->manners = manners;
	if (with_acl)
		(void)snprintf(harness.world->acl, sizeof(harness.world->acl),
		    "%s:3", HARNESS_SID);
}

/* Found out, and served once it is honest. */
static void
found_out(void)
{
	check_unproved();
	harness.world->manners = WORLD_HONEST;
	(void)harness_run(PLAY, 0);
	verify_run(PLAY);
}

/* Without an ACL the step that sets it asks for the proof, with one the step
 * that sets the key. */
static void
impostor(enum world_manners manners)
{
	begin(manners, true);
	(void)harness_run(PLAY, 0);
	found_out();
	for (harness.n = 1;; harness.n += 2 * harness.every) {
		begin(manners, false);
		if (!harness_run(PLAY, harness.n))
			break;
		(void)harness_run(PLAY, 0);
		found_out();
	}
	harness.n = 0;
}

static void
silent(void)
{
	for (harness.n = 1;; harness.n += 2 * harness.every) {
		begin(WORLD_SILENT, false);
		if (!harness_run(PLAY, harness.n))
			break;
		(void)harness_run(PLAY, 0);
		verify_run(PLAY);
	}
	harness.n = 0;
}

/* --- the rest of the run --- */

/* Failed for what AD or the key is to blame for; all else is done. */
static void
check_rest(const char *why)
{
	struct harness_store s;

	harness_open(&s);
	harness_check(harness.told->outcome == ENGINE_FAILED, "the run fails");
	harness_check(strstr(harness.told->error, why) != NULL, why);
	harness_check(s.device->error_code == NULL, "the device is not blamed");
	harness_check(s.device->next_due != 0, "it is tried again");
	verify_without_key(&s);
	harness_close(&s);
}

/* Once it is put right. */
static void
all_of_it(void)
{
	harness.world->manners = WORLD_HONEST;
	harness.world->denied = false;
	harness.world->no_tickets = false;
	(void)harness_run(harness.play, 0);
	verify_run(harness.play);
}

static void
rest_is_done(
    enum world_manners manners, bool denied, bool no_tickets, const char *why)
{
	for (harness.n = 1;; harness.n += 2 * harness.every) {
		begin(manners, false);
		harness.world->denied = denied;
		harness.world->no_tickets = no_tickets;
		if (!harness_run(harness.play, harness.n)) {
			check_rest(why);
			break;
		}
		(void)harness_run(harness.play, 0);
		check_rest(why);
		all_of_it();
	}
	harness.n = 0;
}

/* It is made anew, with a password of its own. */
static void
object_gone(void)
{
	struct harness_store s;
	unsigned cases = 0;
	bool open;

	for (harness.n = 1;; harness.n += harness.every) {
		begin(WORLD_HONEST, false);
		(void)harness_run(harness.play, 0);
		if (!harness_run(harness.play, harness.n))
			break;
		harness_open(&s);
		open = harness_is_open(&s, "ad.password");
		harness_close(&s);
		if (!open)
			continue;
		cases++;
		harness.world->ad.object = false;
		(void)harness_run(harness.play, 0);
		verify_run(harness.play);
	}
	harness_enough(cases);
	harness.n = 0;
}

int
main(int argc, char **argv)
{
	enum world_manners m;

	harness.play = PLAY;
	harness_start(argc, argv);
	harness.what = "key not proved";
	for (m = WORLD_FORGETS_KEY; m < WORLD_MANNERS; m++)
		impostor(m);
	harness.what = "no answer token";
	silent();
	harness.what = "object removed";
	object_gone();
	harness.play = "auto";
	harness.what = "the rest is done";
	rest_is_done(WORLD_FORGETS_KEY, false, false, "has not proved");
	rest_is_done(WORLD_HONEST, false, true, "no such SPN");
	rest_is_done(WORLD_HONEST, true, false, "our account lacks the right");
	return harness_end();
}
