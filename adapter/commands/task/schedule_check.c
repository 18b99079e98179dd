#include <stdlib.h>

#include "capacity.h"
#include "choice.h"
#include "cli.h"
#include "clock.h"
#include "commands_task_internal.h"
#include "conf.h"
#include "mem.h"
#include "schedule.h"
#include "schedule_check_internal.h"
#include "str.h"
#include "wear.h"

/* "schedule check", and what "task assign --check" asks of it. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct check {
	struct cli *c;
	struct schedule *s;
	struct policy policy;
	struct wear_fleet wear;
	int64_t busy_ms, parallel;
	struct schedule_capacity found;
	struct schedule_margin *margins;
	size_t measured;
};

static int
take_duration(struct check *k)
{
	struct err err = {.kind = ERR_NONE};

	k->busy_ms = cli_span(k->c, "duration", 0) * 1000;
	if (k->busy_ms != 0)
		return CODE_OK;
	if (wear_measure(k->c->daemon.store, &k->busy_ms, &k->measured, &err) !=
	    0)
		return cli_fail(&err);
	if (k->measured == 0)
		return cli_complain(CODE_NOTHING,
		    "no run was measured yet: say with --duration how long a "
		    "device takes, as 30s");
	return CODE_OK;
}

/* Seconds for machines, words for people. */
static void
put_margin(const struct check *k, struct table *t, int64_t seconds)
{
	char text[CLOCK_TEXT];

	if (k->c->format == TABLE_TEXT)
		table_text(t, clock_span(seconds, text));
	else
		table_int(t, seconds);
}

static void
put_closest(const struct check *k, struct table *t, size_t i)
{
	const struct schedule_margin *m = &k->margins[i];

	if (m->seconds == INT64_MAX) { /* it lives longer than was looked */
		table_nothing(t);
		table_nothing(t);
		table_nothing(t);
		table_nothing(t);
		return;
	}
	put_margin(k, t, m->seconds);
	table_text(t, k->wear.names[k->wear.deadlines[i].device]);
	table_int(t, m->end);
	table_int(t, m->renewed);
}

static void
put_kind(const struct check *k, struct table *t, enum wear kind)
{
	struct wear_sum sum;

	if (!wear_sum(&k->wear, k->margins, kind, &sum))
		return;
	table_text(t, wear_name(kind));
	table_int(t, sum.count);
	table_int(t, sum.late);
	put_closest(k, t, sum.closest);
	table_int(t, (int64_t)k->found.runs);
	put_margin(k, t, k->found.longest);
	table_int(t, k->found.to);
	table_row(t);
}

static void
put_late(const struct check *k, struct table *t)
{
	size_t i;

	for (i = 0; i < k->wear.deadline_count; i++) {
		if (k->margins[i].seconds >= 0)
			continue;
		table_text(t, wear_name(k->wear.kinds[i]));
		put_closest(k, t, i);
		table_row(t);
	}
}

static void
write_found(const struct check *k)
{
	enum table_type span =
	    k->c->format == TABLE_TEXT ? TABLE_STRING : TABLE_INT;
	const struct table_column kinds[] = {{"what", TABLE_STRING, 0, 0},
	    {"devices", TABLE_INT, 0, 0}, {"late", TABLE_INT, 0, 0},
	    {"margin", span, 0, 0}, {"closest", TABLE_STRING, 0, 16},
	    {"end", TABLE_TIME, 1, 0}, {"renewed", TABLE_TIME, 2, 0},
	    {"runs", TABLE_INT, 5, 0}, {"longest", span, 3, 0},
	    {"until", TABLE_TIME, 4, 0}};
	const struct table_column late[] = {{"what", TABLE_STRING, 0, 0},
	    {"margin", span, 0, 0}, {"device", TABLE_STRING, 0, 16},
	    {"end", TABLE_TIME, 1, 0}, {"renewed", TABLE_TIME, 2, 0}};
	struct table *t;
	int i;

	if (cli_flag(k->c, "late")) {
		t = cli_table(k->c, late, COUNT(late));
		put_late(k, t);
	} else {
		t = cli_table(k->c, kinds, COUNT(kinds));
		for (i = 0; i < WEARS; i++)
			put_kind(k, t, (enum wear)i);
	}
	table_end(t);
}

static void
say_found(const struct check *k)
{
	const struct schedule_capacity *f = &k->found;
	char took[CLOCK_TEXT], longest[CLOCK_TEXT], to[CLOCK_TEXT];

	cli_note(k->c, "schedule: %s", schedule_text(k->s));
	(void)clock_span((k->busy_ms + 999) / 1000, took);
	cli_note(k->c,
	    "%zu devices of %s each (%s), %lld at once: a run takes %s at "
	    "most; %zu runs until %s",
	    k->wear.devices, took,
	    k->measured > 0 ? "95 of 100 took no longer" : "as you say",
	    (long long)k->parallel, clock_span(f->longest, longest), f->runs,
	    clock_text(f->to, to));
	if (k->wear.unknown > 0)
		cli_note(k->c,
		    "%zu devices have nothing that is known to run out",
		    k->wear.unknown);
	if (f->unserved > 0)
		cli_note(k->c,
		    "\"stop after\" and windows leave %zu devices out of a "
		    "run: longer ones, or more at once",
		    f->unserved);
	if (f->overlaps > 0)
		cli_note(k->c,
		    "%zu times a run was still going on when the next was "
		    "due, which was left out",
		    f->overlaps);
	if (f->ends)
		cli_note(k->c, "there is no run after that");
}

/* --- what is renewed, on which devices --- */

/* What --for and --when-needed say, else all that the profile keeps. */
static int
take_options(struct check *k)
{
	struct wear_fleet *w = &k->wear;
	const char *word;
	size_t i;
	int kind;

	for (kind = 0; kind < WEARS; kind++) {
		w->when_needed[kind] = cli_flag(k->c, "when-needed");
		w->wanted[kind] = cli_text(k->c, "for") == NULL &&
		    wear_kept(&k->policy, (enum wear)kind);
	}
	for (i = 0; (word = cli_each(k->c, "for", i)) != NULL; i++) {
		kind = wear_find(word);
		if (kind < 0 || !wear_kept(&k->policy, (enum wear)kind))
			return cli_complain(CODE_CONFIG,
			    "the profile keeps no %s that runs out", word);
		w->wanted[kind] = true;
	}
	return CODE_OK;
}

static int
take_task(struct check *k, const struct task *t)
{
	struct err err = {.kind = ERR_NONE};

	return wear_of_task(&k->wear, t, &err) == 0 ? CODE_OK : cli_fail(&err);
}

/* Those that options choose (aim NULL), or those of it. */
static int
take_devices(struct check *k, const struct aim *aim)
{
	struct task_run run = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	int rc;

	if (aim == NULL)
		return cli_select(k->c, 1, wear_take, &k->wear);
	run.target = aim->target;
	run.target_id = aim->target_id;
	run.query = mem_dup(aim->query);
	rc = wear_take_aim(&k->wear, k->c->daemon.store, &run, aim->ids.ids,
	    aim->ids.count, &err);
	task_run_clear(&run);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

static void
set_policy(struct check *k)
{
	const struct daemon *d = &k->c->daemon;

	k->policy = (struct policy){.profile = d->profile,
	    .directory = d->conf->directory,
	    .realm = d->conf->realm,
	    .now = clock_now()};
	k->wear.policy = &k->policy;
}

/* Parse, measure, find the devices, go through: in that order, so that a
 * mistake costs no walk over the fleet. */
static int
check_rule(struct check *k, const char *rule, const struct task *t,
    const struct aim *aim)
{
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (schedule_parse(rule, &k->s, &err) != 0 ||
	    schedule_runs(k->s, clock_now(), &err) != 0)
		return cli_fail(&err);
	if (schedule_trigger(k->s) != SCHEDULE_CLOCK)
		code = cli_complain(CODE_USAGE,
		    "\"%s\" does not go by the clock: nobody knows when it "
		    "runs",
		    schedule_text(k->s));
	if (code == CODE_OK)
		code = take_duration(k);
	set_policy(k);
	if (code == CODE_OK)
		code = t != NULL ? take_task(k, t) : take_options(k);
	if (code == CODE_OK)
		code = take_devices(k, aim);
	if (code == CODE_OK && k->wear.deadline_count == 0)
		code = cli_complain(CODE_NOTHING,
		    "of none of these %zu devices is known when a certificate "
		    "or password ends: \"discover\" and runs find it out",
		    k->wear.devices);
	if (code == CODE_OK)
		k->margins = wear_go_through(
		    &k->wear, k->s, k->busy_ms, k->parallel, &k->found);
	return code;
}

static void
check_free(struct check *k)
{
	free(k->margins);
	wear_free(&k->wear);
	schedule_free(k->s);
}

static int
complain_late(const struct check *k)
{
	return k->found.late == 0
	    ? CODE_OK
	    : cli_complain(CODE_PARTIAL,
		  "%zu certificates and passwords run out before this "
		  "schedule renews them",
		  k->found.late);
}

/* --task, --group and --tag. */
static int
check_given(struct check *k)
{
	struct cli *c = k->c;
	const char *name = cli_text(c, "task");
	struct aim aim = {.target = TASK_ALL};
	bool aimed = cli_text(c, "group") != NULL || cli_text(c, "tag") != NULL;
	struct err err = {.kind = ERR_NONE};
	struct task t = {.id = 0};
	int code = CODE_OK;

	if (name != NULL && cli_text(c, "for") != NULL)
		return cli_complain(CODE_USAGE, "--task or --for: one of them");
	if (name != NULL && task_find(c->daemon.store, name, &t, &err) != 0)
		return cli_fail(&err);
	if (aimed)
		code = runs_aim(c, 1, &aim);
	if (code == CODE_OK)
		code = check_rule(k, c->args[0], name != NULL ? &t : NULL,
		    aimed ? &aim : NULL);
	free(aim.ids.ids);
	task_clear(&t);
	return code;
}

int
cmd_schedule_check(struct cli *c)
{
	struct check k = {.c = c};
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code == CODE_OK) {
		k.parallel = cli_count(c, "parallel", c->daemon.conf->parallel);
		code = check_given(&k);
	}
	if (code == CODE_OK) {
		write_found(&k);
		say_found(&k);
		code = complain_late(&k);
	}
	check_free(&k);
	return code;
}

int
cmd_schedule_prove(struct cli *c, const char *rule, const struct task *t,
    const struct aim *aim, int64_t parallel)
{
	struct check k = {.c = c};
	int code;

	k.parallel = parallel != 0 ? parallel : c->daemon.conf->parallel;
	code = check_rule(&k, rule, t, aim);
	if (code == CODE_OK) {
		say_found(&k);
		code = complain_late(&k);
	}
	check_free(&k);
	return code;
}
