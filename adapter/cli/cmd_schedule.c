#include <stdio.h>
#include <stdlib.h>

#include "buf.h"
#include "conf.h"
#include "file.h"
#include "mem.h"
#include "schedule.h"
#include "schedule_fleet_internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PREVIEW 10
#define PREVIEW_MOST 1000
#define ICAL_MAX (1024 * 1024)

static int
parse_rule(const char *text, struct schedule **ret)
{
	struct err err = {.kind = ERR_NONE};

	return schedule_parse(text, ret, &err) == 0 ? CODE_OK : cli_fail(&err);
}

/* --- preview --- */

/* The rule again, with the events of --except. */
static int
leave_out(const struct cli *c, int64_t after, struct schedule **s)
{
	const char *file = cli_text(c, "except");
	struct err err = {.kind = ERR_NONE};
	struct buf ical, text;
	int code = CODE_OK;

	if (file == NULL)
		return CODE_OK;
	buf_init(&ical, ICAL_MAX);
	buf_init(&text, SCHEDULE_TEXT_MAX + 1);
	buf_str(&text, schedule_text(*s));
	if (file_read(file, ICAL_MAX, &ical, &err) != 0 ||
	    schedule_except_ical(
		buf_text(&ical), schedule_zone(*s), after, &text, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK) {
		schedule_free(*s);
		*s = NULL;
		code = parse_rule(buf_text(&text), s);
	}
	buf_free(&ical);
	buf_free(&text);
	return code;
}

/* --after: a time, or a date's beginning in UTC. */
static int
take_after(const struct cli *c, int64_t *ret)
{
	const char *text = cli_text(c, "after");
	char *whole;
	int rc;

	*ret = clock_now();
	if (text == NULL || clock_parse(text, ret) == 0)
		return CODE_OK;
	whole = mem_printf("%sT00:00:00Z", text);
	rc = clock_parse(whole, ret);
	free(whole);
	return rc == 0 ? CODE_OK
		       : cli_complain(CODE_USAGE,
			     "--after %s: wanted a date as 2026-11-24 or a "
			     "time in RFC 3339",
			     text);
}

static int
show_runs(const struct cli *c, const struct schedule *s, int64_t after)
{
	static const struct table_column columns[] = {
	    {"utc", TABLE_TIME, 0, 0}, {"local", TABLE_STRING, 0, 0}};
	int64_t n = cli_count(c, "count", PREVIEW), i;
	struct err err = {.kind = ERR_NONE};
	char local[CLOCK_TEXT];
	struct table *t;
	int rc = 0;

	t = cli_table(c, columns, COUNT(columns));
	for (i = 0; rc == 0 && i < n && i < PREVIEW_MOST; i++) {
		after = schedule_next(s, after);
		if (after == 0)
			break;
		table_int(t, after);
		table_text(t, schedule_local(s, after, local));
		rc = cli_row(t, &err);
	}
	return cli_listed(c, t, rc, &err);
}

int
cmd_schedule_preview(struct cli *c)
{
	struct schedule *s = NULL;
	int64_t after = 0;
	int code = take_after(c, &after);

	if (code == CODE_OK)
		code = parse_rule(c->args[0], &s);
	if (code == CODE_OK)
		code = leave_out(c, after, &s);
	if (code == CODE_OK) {
		cli_note(c, "schedule: %s", schedule_text(s));
		code = show_runs(c, s, after);
		if (code == CODE_OK && schedule_trigger(s) != SCHEDULE_CLOCK)
			cli_note(c, "it does not go by the clock");
	}
	schedule_free(s);
	return code;
}

/* --- check --- */

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
	    {"end", TABLE_TIME, 1, 0}, {"renewed", TABLE_TIME, 2, 0}};
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

static int
check_fleet(struct check *k)
{
	k->fleet.hashes = k->wear.hashes;
	k->fleet.devices = k->wear.devices;
	k->fleet.deadlines = k->wear.deadlines;
	k->fleet.deadline_count = k->wear.deadline_count;
	k->fleet.parallel =
	    cli_count(k->c, "parallel", k->c->daemon.conf->parallel);
	k->margins = mem_array(k->wear.deadline_count + 1, sizeof(*k->margins));
	schedule_capacity(k->s, &k->fleet, clock_now(), &k->found, k->margins);
	write_found(k);
	say_found(k);
	free(k->margins);
	if (k->found.late > 0)
		return cli_complain(CODE_PARTIAL,
		    "%zu certificates and passwords run out before this "
		    "schedule renews them",
		    k->found.late);
	return CODE_OK;
}

int
cmd_schedule_check(struct cli *c)
{
	struct check k = {.c = c,
	    .wear = {.c = c, .when_needed = cli_flag(c, "when-needed")}};
	int code = parse_rule(c->args[0], &k.s);

	if (code == CODE_OK && schedule_trigger(k.s) != SCHEDULE_CLOCK)
		code = cli_complain(CODE_USAGE,
		    "\"%s\" does not go by the clock: nobody knows when it "
		    "runs",
		    schedule_text(k.s));
	if (code == CODE_OK)
		code = cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK)
		code = take_duration(&k);
	if (code == CODE_OK)
		code = schedule_wear_take(&k.wear);
	if (code == CODE_OK && k.wear.deadline_count == 0)
		code = cli_complain(CODE_NOTHING,
		    "of none of these %zu devices is known when a certificate "
		    "or password ends: \"discover\" and runs find it out",
		    k.wear.devices);
	if (code == CODE_OK)
		code = check_fleet(&k);
	schedule_wear_free(&k.wear);
	schedule_free(k.s);
	return code;
}
