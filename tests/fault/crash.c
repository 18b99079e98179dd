#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "engine.h"
#include "err.h"
#include "harness.h"
#include "plan.h"
#include "store.h"
#include "str.h"

/*
 * test_crash [--world tls|plain|amt22|factory] [--every N] [--sample N]
 *     [--play NAME]
 *
 * For every play: a plan, and a run without faults that does what the plan
 * says; a run with the answer to each change
 * lost, with each change not made, and with each link refused; a run killed at
 * each fault point, followed by one that must put everything right; and one
 * killed, recovered and killed again (every N-th point of both).  After each
 * the store and the world must agree.  With --every, only every N-th change or
 * fault point is taken.
 */

/* Leftovers are removed "if there are any": the one step of which a plan does
 * not know, as it does not read the device's stores. */
static void
drop_clean(char *steps)
{
	static const char clean[] = "certificate.clean ";
	char *at = strstr(steps, clean);

	if (at != NULL)
		memmove(at, at + strlen(clean), strlen(at + strlen(clean)) + 1);
}

static int
note_done(void *cookie, const struct store_event *event, struct err *err)
{
	static const char name[] = "\"step\":\"";
	const char *at = strstr(event->detail, name);
	struct buf *out = cookie;

	(void)err;
	if (!str_eq(event->kind, "step.done") || at == NULL)
		return 0;
	at += strlen(name);
	buf_add(out, at, strcspn(at, "\""));
	buf_char(out, ' ');
	return 0;
}

/* What `plan` promises is what `run` does, step by step. */
static void
check_plan(const char *planned)
{
	struct harness_store s;
	struct buf done;
	struct err err;

	buf_init(&done, sizeof(harness.told->plan));
	harness_open(&s);
	harness_check(
	    store_event_scan(s.store, 1, 0, 0, note_done, &done, &err) == 0 &&
		str_eq(planned, buf_text(&done)),
	    planned);
	harness_close(&s);
	buf_free(&done);
}

static void
whole_run(const char *play)
{
	char planned[sizeof(harness.told->plan)];

	harness.what = "no fault";
	harness_reset();
	harness.plan_only = true;
	(void)harness_run(play, 0);
	harness.plan_only = false;
	harness_check(harness.world->mutations == 0, "a plan changes nothing");
	harness_check(harness.told->diagnoses == 1, "diagnosed once");
	memcpy(planned, harness.told->plan, sizeof(planned));
	drop_clean(planned);
	(void)harness_run(play, 0);
	harness_check(harness.told->diagnoses == 1, "diagnosed once");
	verify_run(play);
	check_plan(planned);
}

/* Which password it has may take two runs to find out: each tries one. */
static void
run_to_the_end(const char *play)
{
	(void)harness_run(play, 0);
	if (harness.told->outcome != ENGINE_PARKED)
		return;
	harness_check(strstr(harness.told->error, "admin.password") != NULL,
	    "all else is found out at once");
	(void)harness_run(play, 0);
}

static void
lost_answers(const char *play)
{
	static const struct {
		enum world_loss loss;
		const char *name;
	} losses[] = {{WORLD_LOSE_AFTER, "answer lost"},
	    {WORLD_LOSE_BEFORE, "request lost"},
	    {WORLD_REFUSE_LINK, "link refused"}};
	size_t i;

	for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		harness.what = losses[i].name;
		for (harness.n = 1;; harness.n += harness.every) {
			harness_reset();
			harness.world->loss = losses[i].loss;
			harness.world->loss_at = harness.n;
			run_to_the_end(play);
			if (harness.world->mutations < harness.n)
				break;
			verify_run(play);
		}
	}
	harness.n = 0;
}

static void
crashes(const char *play)
{
	unsigned long cases = 0;

	harness.what = "crash";
	for (harness.n = 1;; harness.n += harness.every) {
		harness_reset();
		if (!harness_run(play, harness.n))
			break;
		(void)harness_run(play, 0);
		verify_run(play);
		cases++;
	}
	(void)printf("%s: killed at %lu points\n", play, cases);
	harness.n = 0;
}

/* A crash whose last answer was lost as well, then a crash of the recovery. */
static void
double_crashes(const char *play, unsigned long sample)
{
	unsigned long cases = 0;

	harness.what = "crash in the recovery";
	for (harness.n = 1;; harness.n += sample) {
		for (harness.m = 1;; harness.m += sample) {
			harness_reset();
			if (!harness_run(play, harness.n))
				goto out;
			if (!harness_run(play, harness.m))
				break;
			(void)harness_run(play, 0);
			verify_run(play);
			cases++;
		}
	}
out:
	(void)printf("%s: killed and killed again in %lu ways\n", play, cases);
	harness.n = 0;
	harness.m = 0;
}

/* A CA that takes its time: the device keeps its certificate meanwhile, however
 * often we are killed, and has the new one in the end. */
static void
slow_authority(const char *play)
{
	const int runs = 8;
	unsigned long cases = 0;
	bool killed = true;
	int i;

	harness.what = "crash while another CA decides";
	for (harness.n = 1; killed; harness.n += harness.every) {
		harness_reset();
		harness.world->ca_delay = 5;
		killed = harness_run(play, harness.n);
		cases += killed;
		for (i = 0; i < runs; i++) {
			(void)harness_run(play, 0);
			if (harness.told->outcome != ENGINE_WAITING)
				break;
		}
		harness_check(
		    i > 0 || harness.world->ca_delay == 0, "it was waited for");
		verify_run(play);
	}
	(void)printf("%s: killed at %lu points while it waits\n", play, cases);
	harness.n = 0;
}

static void
all_ways(const char *play, unsigned long sample)
{
	harness.play = play;
	whole_run(play);
	lost_answers(play);
	crashes(play);
	double_crashes(play, sample * harness.every);
	if (str_eq(play, "reissue-certificates") || str_eq(play, "auto"))
		slow_authority(play);
}

/* A key that the firmware refuses is said, not tried; the rest is done. */
static void
refused_key(void)
{
	const struct world *w = harness.world;

	harness.play = "auto";
	harness.what = "refused key";
	harness.short_keys = true;
	harness_reset();
	(void)harness_run(harness.play, 0);
	harness_check(harness.told->outcome == ENGINE_FAILED &&
		strstr(
		    harness.told->error, "key rsa-2048 is refused by AMT 22"),
	    "the reason is given");
	/* The CA's root comes all the same. */
	harness_check(w->keys[1][0] == '\0' &&
		(w->certs[1].der[0] == '\0' || w->certs[1].root) &&
		w->issued_count == 0 && w->tls_slot == 0,
	    "nothing was generated");
	harness_check(str_eq(w->host, "new-pc1") && w->krb &&
		!str_eq(w->admin_password, HARNESS_PASSWORD),
	    "the other steps are done");
	harness.short_keys = false;
}

/* Where the new roots do not fit the old one stays: something trusts us yet. */
static void
refused_root(void)
{
	const struct world *w = harness.world;

	harness.play = "enforce-profile";
	harness.what = "refused root";
	harness_reset();
	harness.world->roots_full = true;
	(void)harness_run(harness.play, 0);
	harness_check(harness.told->outcome == ENGINE_FAILED &&
		strstr(harness.told->error, "root.add") != NULL,
	    "the reason is given");
	harness_check(world_has_root(w, WORLD_ROOT_OLD) &&
		!world_has_root(w, WORLD_ROOT_NEW),
	    "the old root stays");
	harness_check(w->tls_slot >= 0 && w->certs[w->tls_slot].ours,
	    "the other steps are done");
}

static enum world_kind
world_called(const char *name)
{
	if (str_eq(name, "plain"))
		return WORLD_PLAIN;
	if (str_eq(name, "factory"))
		return WORLD_FACTORY;
	return str_eq(name, "amt22") ? WORLD_AMT22 : WORLD_TLS;
}

int
main(int argc, char **argv)
{
	const char *only = harness_option(argc, argv, "--play");
	const char *text = harness_option(argc, argv, "--sample");
	unsigned long sample = text != NULL ? strtoul(text, NULL, 10) : 1;
	const struct play *play;

	harness.kind = world_called(harness_option(argc, argv, "--world"));
	harness_start(argc, argv);
	if (harness.kind == WORLD_AMT22)
		refused_key();
	if (harness.kind == WORLD_TLS)
		refused_root();
	for (play = plays(); play->name != NULL; play++)
		if (only == NULL || str_eq(only, play->name))
			all_ways(play->name, sample);
	return harness_end();
}
