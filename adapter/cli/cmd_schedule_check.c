#include <stdlib.h>

#include "conf.h"
#include "mem.h"
#include "schedule.h"
#include "schedule_fleet_internal.h"

/* "schedule check", and what "task assign --check" asks of it. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct check {
	struct cli *c;
	struct schedule *s;
	struct schedule_wear wear;
	struct schedule_fleet fleet;
	struct schedule_capacity found;
	struct schedule_margin *margins;
	size_t measured;
};

static int
take_duration(struct check *k)
{
	struct err err = {.kind = ERR_NONE};

	k->fleet.busy_ms = cli_span(k->c, "duration", 0) * 1000;
	if (k->fleet.busy_ms != 0)
		return CODE_OK;
	if (schedule_measure(k->c, &k->fleet.busy_ms, &k->measured, &err) != 0)
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
	size_t i, closest = SIZE_MAX, late = 0;
	int64_t n = 0;

	for (i = 0; i < k->wear.deadline_count; i++) {
		if (k->wear.kinds[i] != kind)
			continue;
		n++;
		late += k->margins[i].seconds < 0 ? 1 : 0;
		if (closest == SIZE_MAX ||
		    k->margins[i].seconds < k->margins[closest].seconds)
			closest = i;
	}
	if (n == 0)
		return;
	table_text(t, schedule_wear_name(kind));
	table_int(t, n);
	table_int(t, (int64_t)late);
	put_closest(k, t, closest);
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
		table_text(t, schedule_wear_name(k->wear.kinds[i]));
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
	(void)clock_span((k->fleet.busy_ms + 999) / 1000, took);
	cli_note(k->c,
	    "%zu devices of %s each (%s), %lld at once: a run takes %s at "
	    "most; %zu runs until %s",
	    k->wear.devices, took,
	    k->measured > 0 ? "95 of 100 took no longer" : "as you say",
	    (long long)k->fleet.parallel, clock_span(f->longest, longest),
	    f->runs, clock_text(f->to, to));
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

static void
go_through(struct check *k)
{
	k->fleet.hashes = k->wear.hashes;
	k->fleet.devices = k->wear.devices;
	k->fleet.deadlines = k->wear.deadlines;
	k->fleet.deadline_count = k->wear.deadline_count;
	k->margins = mem_array(k->wear.deadline_count + 1, sizeof(*k->margins));
	schedule_capacity(k->s, &k->fleet, clock_now(), &k->found, k->margins);
}

/* Parse, measure, find the devices, go through: in that order, so that a
 * mistake costs no walk over the fleet. */
static int
check_rule(struct check *k, const char *rule, const struct task *t,
    const struct aim *aim)
{
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (schedule_parse(rule, &k->s, &err) != 0)
		return cli_fail(&err);
	if (schedule_trigger(k->s) != SCHEDULE_CLOCK)
		code = cli_complain(CODE_USAGE,
		    "\"%s\" does not go by the clock: nobody knows when it "
		    "runs",
		    schedule_text(k->s));
	if (code == CODE_OK)
		code = take_duration(k);
	k->wear.c = k->c;
	if (code == CODE_OK)
		code = t != NULL ? schedule_wear_task(&k->wear, t)
				 : schedule_wear_options(&k->wear);
	if (code == CODE_OK)
		code = schedule_wear_take(&k->wear, aim);
	if (code == CODE_OK && k->wear.deadline_count == 0)
		code = cli_complain(CODE_NOTHING,
		    "of none of these %zu devices is known when a certificate "
		    "or password ends: \"discover\" and runs find it out",
		    k->wear.devices);
	if (code == CODE_OK)
		go_through(k);
	return code;
}

static void
check_free(struct check *k)
{
	free(k->margins);
	schedule_wear_free(&k->wear);
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
		k.fleet.parallel =
		    cli_count(c, "parallel", c->daemon.conf->parallel);
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
cli_schedule_prove(struct cli *c, const char *rule, const struct task *t,
    const struct aim *aim, int64_t parallel)
{
	struct check k = {.c = c};
	int code;

	k.fleet.parallel = parallel != 0 ? parallel : c->daemon.conf->parallel;
	code = check_rule(&k, rule, t, aim);
	if (code == CODE_OK) {
		say_found(&k);
		code = complain_late(&k);
	}
	check_free(&k);
	return code;
}
