#include <string.h>

#include "device.h"
#include "harness.h"
#include "str.h"

/*
 * test_strikes [--every N]
 *
 * Wrong credentials, counted over processes that die: whatever point they are
 * killed at, and however often, a device is told a wrong password three times
 * at most before a person has to look at it, ten times one that it took before
 * (invariant 9).  Where it may have one of two passwords a run tries one.  And
 * what is no wrong password is not taken for one.
 */
#define MOST_WRONG 3
#define MOST_WRONG_PROVEN 10
#define TRIES 6
#define WRONG "An0ther-Passw0rd!"
#define PLAY "auto"

static void
begin(const char *what)
{
	harness.what = what;
	harness_reset();
}

/* The device has another password than the store. */
static void
begin_wrong(const char *what)
{
	begin(what);
	(void)strcpy(harness.world->admin_password, WRONG);
}

/* One process; true when it was killed. */
static bool
visit(unsigned long crash_at)
{
	unsigned before = harness.world->wrong_in_row;
	bool killed = harness_run(harness.play, crash_at);

	harness_check(harness.world->wrong_in_row - before <= 1,
	    "one wrong credential in a run");
	return killed;
}

static void
check_stopped(void)
{
	struct harness_store s;

	harness_open(&s);
	harness_check(harness.world->wrong_in_row <= MOST_WRONG,
	    "three wrong credentials at most");
	harness_check(s.device->strikes <= MOST_WRONG, "strikes");
	harness_check(str_eq(s.device->error_code, "credentials-rejected"),
	    "the reason is known");
	harness_check(s.device->next_due == 0, "only a person tries again");
	harness_check(s.device->lease_owner == NULL, "the device is free");
	harness_close(&s);
}

/* Killed at the n-th fault point again and again; for every n. */
static void
killed_each_time(void)
{
	int i;

	for (harness.n = 1;; harness.n += harness.every) {
		begin_wrong("killed each time");
		if (!visit(harness.n))
			break;
		for (i = 1; i < TRIES; i++)
			(void)visit(harness.n);
		for (i = 0; i < TRIES; i++)
			(void)visit(0);
		check_stopped();
	}
	harness.n = 0;
}

/* Refused in peace, then killed. */
static void
killed_after_a_refusal(void)
{
	int i;

	for (harness.n = 1;; harness.n += harness.every) {
		begin_wrong("killed after a refusal");
		(void)visit(0);
		check_stopped();
		if (!visit(harness.n))
			break;
		for (i = 0; i < TRIES; i++)
			(void)visit(0);
		check_stopped();
		harness_check(
		    harness.world->wrong_in_row == MOST_WRONG || harness.n > 1,
		    "a refusal is counted once");
	}
	harness.n = 0;
}

/* A good password under suspicion, since two processes died with it. */
static void
cleared_by_success(void)
{
	for (harness.n = 1;; harness.n += harness.every) {
		begin("cleared by success");
		if (!visit(harness.n))
			break;
		(void)visit(harness.n);
		harness.world->offline = true;
		(void)visit(0);
		harness.world->offline = false;
		(void)visit(0);
		verify_run(PLAY);
	}
	harness.n = 0;
}

/* A password that the device is known to take: processes that die with it are
 * no reason to give the device up. */
static void
known_to_be_good(void)
{
	int i;

	for (harness.n = 1;; harness.n += harness.every) {
		begin("known to be good");
		(void)visit(0);
		if (!visit(harness.n))
			break;
		for (i = 1; i < TRIES; i++)
			(void)visit(harness.n);
		(void)visit(0);
		verify_run(PLAY);
	}
	harness.n = 0;
}

/* The same, but the device has another by then: still a bound. */
static void
good_no_longer(void)
{
	struct harness_store s;
	int i;

	for (harness.n = 1;; harness.n += harness.every) {
		begin("good no longer");
		(void)visit(0);
		(void)strcpy(harness.world->admin_password, WRONG);
		if (!visit(harness.n))
			break;
		for (i = 1; i < 2 * MOST_WRONG_PROVEN; i++)
			(void)visit(harness.n);
		harness_check(harness.world->wrong_in_row <= MOST_WRONG_PROVEN,
		    "a bound for what was good");
		for (i = 0; i < TRIES; i++)
			(void)visit(0);
		harness_check(
		    harness.world->wrong_in_row <= MOST_WRONG_PROVEN + 1,
		    "one seen refusal is enough after that");
		harness_open(&s);
		harness_check(
		    str_eq(s.device->error_code, "credentials-rejected"),
		    "the reason is known");
		harness_check(
		    s.device->next_due == 0, "only a person tries again");
		harness_close(&s);
	}
	harness.n = 0;
}

/* A death and then no answer: serve must come back to it by itself. */
static void
still_scheduled(void)
{
	struct harness_store s;

	for (harness.n = 1;; harness.n += harness.every) {
		begin("still scheduled");
		if (!visit(harness.n))
			break;
		harness.world->offline = true;
		(void)visit(0);
		harness_open(&s);
		harness_check(s.device->next_due != 0, "it is still due");
		harness_check(
		    str_eq(s.device->error_code, "offline"), "offline");
		harness_close(&s);
	}
	harness.n = 0;
}

/* Refused by Active Directory: that is no word of the device. */
static void
refused_by_directory(void)
{
	struct harness_store s;

	begin("refused by AD");
	harness.world->denied = true;
	(void)visit(0);
	harness_open(&s);
	harness_check(harness.told->outcome == ENGINE_FAILED, "it fails");
	harness_check(s.device->strikes == 0, "no strike for it");
	harness_check(s.device->error_code == NULL, "the device is not blamed");
	harness_check(s.device->next_due != 0, "it is tried again");
	harness_close(&s);
}

/* TLS was switched off elsewhere: no password is sent without it, and it is not
 * said to be away. */
static void
tls_switched_off(void)
{
	struct harness_store s;
	unsigned long mutations;

	for (harness.n = 1;; harness.n += harness.every) {
		begin("TLS switched off");
		(void)visit(0);
		harness.world->tls = false;
		mutations = harness.world->mutations;
		if (!visit(harness.n))
			break;
		(void)visit(0);
		harness_open(&s);
		harness_check(str_eq(s.device->error_code, "tls-disabled"),
		    "the reason is known");
		harness_check(s.device->use_tls, "it is to have TLS");
		harness_check(harness.world->mutations == mutations,
		    "nothing is done without");
		harness_check(s.device->next_due != 0, "it is tried again");
		harness_close(&s);
		harness.world->tls = true;
		(void)visit(0);
		verify_run(PLAY);
	}
	harness.n = 0;
}

/* --- two passwords, of which neither is right --- */

static void
check_half(unsigned wrong)
{
	struct harness_store s;

	harness_open(&s);
	harness_check(harness.told->outcome == ENGINE_PARKED, "it is parked");
	harness_check(harness.world->wrong_in_row == wrong, "one in each run");
	harness_check(str_eq(s.device->error_code, "credentials-rejected"),
	    "a refusal is the reason");
	harness_check(harness_is_open(&s, "admin.password"),
	    "what it took is still open");
	harness_check(s.device->next_due != 0, "the other one's turn comes");
	harness_close(&s);
}

static void
check_neither(unsigned wrong)
{
	struct harness_store s;

	harness_open(&s);
	harness_check(harness.world->wrong_in_row == wrong, "one in each run");
	harness_check(str_eq(s.device->error_code, "needs-person"),
	    "a person has to look at it");
	harness_check(
	    strstr(s.device->error_text, "neither") != NULL, "and is told why");
	harness_check(s.device->next_due == 0, "only a person tries again");
	harness_close(&s);
}

static bool
is_open(void)
{
	struct harness_store s;
	bool open;

	harness_open(&s);
	open = harness_is_open(&s, "admin.password");
	harness_close(&s);
	return open;
}

/* They corrected it: the change is found not to be made, and made. */
static void
corrected(void)
{
	harness_correct(harness.world->admin_password);
	harness.recover_only = false;
	harness.world->garbles = false;
	harness.world->worst_wrong_in_row = 0;
	(void)harness_run(harness.play, 0);
	verify_run(harness.play);
}

/* A change left open, and meanwhile it got another password elsewhere. */
static void
neither_is_right(void)
{
	unsigned cases = 0;

	for (harness.n = 1;; harness.n += harness.every) {
		begin("neither is right");
		harness.recover_only = false;
		if (!harness_run(harness.play, harness.n))
			break;
		if (!is_open())
			continue;
		cases++;
		(void)strcpy(harness.world->admin_password, WRONG);
		harness.recover_only = true;
		(void)visit(0);
		check_half(1);
		(void)visit(0);
		check_neither(2);
		(void)visit(0);
		(void)visit(0);
		(void)visit(0);
		harness_check(harness.world->wrong_in_row <= MOST_WRONG,
		    "three wrong credentials at most");
		corrected();
	}
	harness_enough(cases);
	harness.n = 0;
	harness.recover_only = false;
}

static void
others_lock_it(void)
{
	harness.world->locked = true;
	harness.recover_only = true;
	(void)visit(0);
	(void)visit(0);
	check_neither(2);
	harness.recover_only = false;
	harness.world->locked = false;
	harness.world->wrong_in_row = harness.world->worst_wrong_in_row = 0;
}

/* Others' attempts locked it while nobody knew which one it has: both are
 * refused, and neither is given up, also when all that a person can tell is the
 * old one. */
static void
locked(bool told)
{
	unsigned cases = 0;

	for (harness.n = 1;; harness.n += harness.every) {
		begin("locked meanwhile");
		if (!harness_run(harness.play, harness.n))
			break;
		if (!is_open())
			continue;
		cases++;
		others_lock_it();
		if (!told) /* unless there were three strikes */
			(void)harness_run(harness.play, 0);
		if (is_open())
			harness_correct(HARNESS_PASSWORD);
		(void)harness_run(harness.play, 0);
		(void)harness_run(harness.play, 0);
		verify_run(harness.play);
	}
	harness_enough(cases);
	harness.n = 0;
}

/* The recovery dies as well: the next tries the other one, so that however
 * often this happens no password is sent twice in a row. */
static void
neither_and_killed(void)
{
	unsigned wrong;

	for (harness.m = 1;; harness.m++) {
		begin("neither is right, and killed");
		harness.world->garbles = true;
		harness.recover_only = false;
		(void)harness_run(harness.play, 0);
		check_half(1);
		harness.recover_only = true;
		if (!visit(harness.m))
			break;
		wrong = harness.world->wrong_in_row;
		(void)visit(0);
		(void)visit(0);
		harness_check(harness.world->wrong_in_row <= wrong + 2,
		    "one in each run");
		harness_check(harness.world->wrong_in_row <= MOST_WRONG + 1,
		    "a bound for it");
		corrected();
	}
	harness.m = 0;
	harness.recover_only = false;
}

/* The device says that it took the new one and takes neither. */
static void
garbled(void)
{
	begin("a garbled password");
	harness.world->garbles = true;
	(void)visit(0);
	check_half(1);
	harness.recover_only = true;
	(void)visit(0);
	check_neither(2);
	corrected();
}

int
main(int argc, char **argv)
{
	harness.play = PLAY;
	harness_start(argc, argv);
	killed_each_time();
	killed_after_a_refusal();
	known_to_be_good();
	good_no_longer();
	still_scheduled();
	refused_by_directory();
	tls_switched_off();
	cleared_by_success();
	harness.play = "renew-admin-password";
	garbled();
	neither_is_right();
	locked(false);
	locked(true);
	neither_and_killed();
	return harness_end();
}
