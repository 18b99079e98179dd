/* What is due after an absence, when devices start, and calendars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "schedule.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HOUR INT64_C(3600)

static struct schedule *
parsed(const char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct schedule *s = NULL;

	if (schedule_parse(text, &s, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return s;
}

static int64_t
at(const char *text)
{
	int64_t t = 0;

	if (strcmp(text, "-") != 0)
		assert_int_equal(clock_parse(text, &t), 0);
	return t;
}

static void
expect_due(const char *rule, const char *due, const char *now, bool missed,
    const char *run_at, const char *next)
{
	struct schedule *s = parsed(rule);
	struct schedule_due d;
	char text[CLOCK_TEXT];

	schedule_due(s, at(due), at(now), &d);
	if (d.run_at != at(run_at))
		fail_msg("%s: runs %s", rule, clock_text(d.run_at, text));
	assert_string_equal(clock_text(d.next, text), next);
	assert_int_equal(d.missed, missed);
	schedule_free(s);
}

static void
test_missed(void **state)
{
	(void)state;
	/* In time, or nearly. */
	expect_due("daily at 03:00 UTC missed skip", "2026-11-28T03:00:00Z",
	    "2026-11-28T03:05:00Z", false, "2026-11-28T03:00:00Z",
	    "2026-11-29T03:00:00Z");
	/* Three were missed: one run, at once, later, or none. */
	expect_due("daily at 03:00 UTC", "2026-11-26T03:00:00Z",
	    "2026-11-28T09:00:00Z", true, "2026-11-28T09:00:00Z",
	    "2026-11-29T03:00:00Z");
	expect_due("daily at 03:00 UTC missed run after 10m",
	    "2026-11-26T03:00:00Z", "2026-11-28T09:00:00Z", true,
	    "2026-11-28T09:10:00Z", "2026-11-29T03:00:00Z");
	expect_due("daily at 03:00 UTC missed skip", "2026-11-26T03:00:00Z",
	    "2026-11-28T09:00:00Z", true, "-", "2026-11-29T03:00:00Z");
	/* The last of those missed is not late yet: it stands for them. */
	expect_due("daily at 03:00 UTC missed skip", "2026-11-26T03:00:00Z",
	    "2026-11-28T03:04:00Z", false, "2026-11-28T03:00:00Z",
	    "2026-11-29T03:00:00Z");
	/* Back when no work is allowed. */
	expect_due("daily at 03:00 UTC only 02:00-06:00",
	    "2026-11-26T03:00:00Z", "2026-11-28T09:00:00Z", true,
	    "2026-11-29T02:00:00Z", "2026-11-29T03:00:00Z");
	expect_due("once on 2026-11-26 at 03:00 UTC", "2026-11-26T03:00:00Z",
	    "2026-11-28T09:00:00Z", true, "2026-11-28T09:00:00Z", "-");
	expect_due("immediately", "2026-11-26T03:00:00Z",
	    "2026-11-26T03:00:10Z", false, "2026-11-26T03:00:00Z", "-");
}

static void
test_triggers(void **state)
{
	static const struct {
		const char *rule;
		enum schedule_trigger trigger;
	} rules[] = {{"daily at 03:00", SCHEDULE_CLOCK},
	    {"once on 2026-12-24 at 03:00", SCHEDULE_CLOCK},
	    {"at start", SCHEDULE_START},
	    {"when reachable", SCHEDULE_REACHABLE},
	    {"immediately", SCHEDULE_NOW}};
	int64_t now = at("2026-11-28T12:00:00Z");
	struct schedule *s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rules); i++) {
		s = parsed(rules[i].rule);
		assert_int_equal(schedule_trigger(s), rules[i].trigger);
		if (rules[i].trigger != SCHEDULE_CLOCK)
			assert_int_equal(schedule_next(s, now), 0);
		schedule_free(s);
	}
	s = parsed("immediately only 22:00-23:00 UTC");
	assert_int_equal(schedule_first(s, now), at("2026-11-28T22:00:00Z"));
	schedule_free(s);
	s = parsed("daily at 12:00 UTC");
	assert_int_equal(schedule_first(s, now), now);
	assert_int_equal(schedule_triggered(s, 0, now), 0);
	schedule_free(s);
	s = parsed("when reachable UTC after 10m not within 24h "
		   "from 2026-11-28 until 2026-11-29");
	assert_int_equal(schedule_triggered(s, 0, now), now + 600);
	assert_int_equal(schedule_triggered(s, now - 24 * HOUR + 1, now), 0);
	assert_int_equal(
	    schedule_triggered(s, now - 24 * HOUR, now), now + 600);
	assert_int_equal(schedule_triggered(s, 0, now - 13 * HOUR), 0);
	assert_int_equal(schedule_triggered(s, 0, now + 36 * HOUR), 0);
	schedule_free(s);
	s = parsed("daily at 12:00 stop after 2h");
	assert_int_equal(schedule_stop(s, now), now + 2 * HOUR);
	schedule_free(s);
	s = parsed("daily at 12:00");
	assert_int_equal(schedule_stop(s, now), 0);
	schedule_free(s);
}

/* Fixed numbers: devices keep their delays over versions. */
static void
test_stable(void **state)
{
	(void)state;
	assert_int_equal(schedule_hash("17", "pc1.corp.example"),
	    UINT64_C(0x12ba278f44dea3d4));
	assert_int_equal(schedule_hash("17", "PC1.corp.example"),
	    UINT64_C(0x12ba278f44dea3d4));
	assert_int_not_equal(schedule_hash("1", "7pc1.corp.example"),
	    UINT64_C(0x12ba278f44dea3d4));
}

/* Neighbours' names over 24 parts of four hours. */
static void
test_even(void **state)
{
	struct schedule *s = parsed("daily at 03:00 random 4h");
	size_t parts[24] = {0}, i;
	char name[32];
	int64_t run = at("2026-11-28T03:00:00Z"), spread, delay;

	(void)state;
	spread = schedule_spread(s, run);
	assert_int_equal(spread, 4 * HOUR);
	for (i = 0; i < 24000; i++) {
		(void)snprintf(name, sizeof(name), "pc%05zu.corp.example", i);
		delay =
		    schedule_start(run, spread, schedule_hash("1", name)) - run;
		assert_in_range(delay, 0, 4 * HOUR - 1);
		parts[delay / 600]++;
	}
	/* 1000 each, and the deviation of that is 31. */
	for (i = 0; i < 24; i++)
		assert_in_range(parts[i], 850, 1150);
	schedule_free(s);
	s = parsed("daily at 03:00");
	assert_int_equal(schedule_spread(s, run), 0);
	schedule_free(s);
}

static void
test_spread(void **state)
{
	struct schedule *s =
	    parsed("daily at 03:00 UTC random 4h only 02:00-05:00");
	int64_t run = at("2026-11-28T03:00:00Z");

	(void)state;
	assert_int_equal(schedule_spread(s, run), 2 * HOUR);
	assert_int_equal(schedule_start(run, 2 * HOUR, 3 * HOUR), run + HOUR);
	schedule_free(s);
	s = parsed("daily at 03:00 UTC random 90m only 02:00-05:00");
	assert_int_equal(schedule_spread(s, run), 5400);
	schedule_free(s);
	s = parsed("daily at 03:00 UTC random 90m");
	assert_int_equal(schedule_spread(s, run), 5400);
	schedule_free(s);
	assert_int_equal(schedule_start(run, 0, 77), run);
}

static void
test_preview(void **state)
{
	struct schedule *s =
	    parsed("daily at 03:00 UTC from 2026-11-28 until 2026-11-30");
	int64_t runs[5];

	(void)state;
	assert_int_equal(schedule_preview(s, 0, runs, 5), 3);
	assert_int_equal(runs[2], at("2026-11-30T03:00:00Z"));
	assert_int_equal(schedule_preview(s, 0, runs, 2), 2);
	schedule_free(s);
}

/* What never runs is told before anybody relies on it. */
static void
test_never(void **state)
{
	static const struct {
		const char *rule;
		bool runs;
	} rules[] = {{"daily at 03:00", true}, {"at start", true},
	    {"when reachable", true}, {"immediately", true},
	    {"once on 2026-12-01 at 03:00", true},
	    {"once on 2026-11-01 at 03:00", false},
	    {"daily at 03:00 until 2026-11-01", false},
	    {"daily at 03:00 only mon 01:00-02:00", true},
	    {"daily at 03:00 missed skip only mon 01:00-02:00", false},
	    {"daily at 03:00 except 2020-01-01..2039-12-31", false},
	    {"immediately except 2020-01-01..2039-12-31", false}};
	struct err err;
	struct schedule *s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rules); i++) {
		err_clear(&err);
		s = parsed(rules[i].rule);
		if ((schedule_runs(s, at("2026-11-28T12:00:00Z"), &err) == 0) !=
		    rules[i].runs)
			fail_msg("%s: %s", rules[i].rule, err.text);
		assert_int_equal(
		    err.kind, rules[i].runs ? ERR_NONE : ERR_INVALID);
		schedule_free(s);
	}
}

/* --- calendars --- */

#define EVENT(lines) "BEGIN:VEVENT\r\nUID:x\r\n" lines "END:VEVENT\r\n"
#define CALENDAR(events)                                                       \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" events                \
	"END:VCALENDAR\r\n"

static void
test_calendar(void **state)
{
	static const struct {
		const char *ical, *zone, *text;
	} calendars[] = {{CALENDAR(EVENT("DTSTART;VALUE=DATE:20261224\r\n"
					 "DTEND;VALUE=DATE:20261227\r\n")),
			     "UTC", " except 2026-12-24..2026-12-26"},
	    {CALENDAR(EVENT("DTSTART;VALUE=DATE:20261224\r\n")), "UTC",
		" except 2026-12-24"},
	    /* their time in ours */
	    {CALENDAR(EVENT("DTSTART:20261224T100000Z\r\nDURATION:PT90M\r\n")),
		"Europe/Berlin", " except 2026-12-24T11:00..2026-12-24T12:30"},
	    {CALENDAR(EVENT("DTSTART;TZID=America/New_York:20261224T100000\r\n"
			    "DTEND;TZID=America/New_York:20261224T120000\r\n")),
		"Europe/Berlin", " except 2026-12-24T16:00..2026-12-24T18:00"},
	    {CALENDAR(
		 EVENT("DTSTART:20261224T100000\r\nDTEND:20261224T120000\r\n")),
		"Europe/Berlin", " except 2026-12-24T10:00..2026-12-24T12:00"},
	    /* every month, one left out, and a cancelled one */
	    {CALENDAR(EVENT("DTSTART;VALUE=DATE:20261201\r\n"
			    "RRULE:FREQ=MONTHLY;COUNT=4\r\n"
			    "EXDATE;VALUE=DATE:20270101\r\n")
		     EVENT("DTSTART;VALUE=DATE:20261224\r\n"
			   "STATUS:CANCELLED\r\n")),
		"UTC", " except 2026-12-01, 2027-02-01, 2027-03-01"},
	    /* one of a series moved, by an event of the same UID */
	    {CALENDAR(EVENT("DTSTART:20261201T220000Z\r\nDURATION:PT2H\r\n"
			    "RRULE:FREQ=WEEKLY;COUNT=3\r\n")
		     EVENT("RECURRENCE-ID:20261208T220000Z\r\n"
			   "DTSTART:20261210T220000Z\r\nDURATION:PT2H\r\n")),
		"UTC",
		" except 2026-12-01T22:00..2026-12-02T00:00"
		", 2026-12-15T22:00..2026-12-16T00:00"
		", 2026-12-10T22:00..2026-12-11T00:00"},
	    /* two in one file */
	    {CALENDAR(EVENT("DTSTART;VALUE=DATE:20261224\r\n"))
		    CALENDAR(EVENT("DTSTART;VALUE=DATE:20261231\r\n")),
		"UTC", " except 2026-12-24, 2026-12-31"}};
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 10000);
	for (i = 0; i < COUNT(calendars); i++) {
		buf_reset(&out);
		assert_int_equal(
		    schedule_except_ical(calendars[i].ical, calendars[i].zone,
			at("2026-11-28T00:00:00Z"), &out, &err),
		    0);
		assert_string_equal(buf_text(&out), calendars[i].text);
	}
	assert_int_equal(
	    schedule_except_ical("hello", "UTC", 0, &out, &err), -1);
	assert_int_equal(
	    schedule_except_ical(EVENT("DTSTART;VALUE=DATE:20261224\r\n")
				     EVENT("DTSTART;VALUE=DATE:20261225\r\n"),
		"UTC", at("2026-11-28T00:00:00Z"), &out, &err),
	    -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(
	    schedule_except_ical(CALENDAR(""), "UTC", 0, &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(
	    schedule_except_ical(CALENDAR(EVENT("DTSTART:20261224T000000Z\r\n"
						"DURATION:PT1H\r\n"
						"RRULE:FREQ=DAILY\r\n")),
		"UTC", at("2026-11-28T00:00:00Z"), &out, &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(
	    schedule_except_ical(CALENDAR(EVENT("DTSTART:20261224T000000Z\r\n"
						"DURATION:PT1S\r\n"
						"RRULE:FREQ=SECONDLY\r\n")),
		"UTC", at("2026-11-28T00:00:00Z"), &out, &err),
	    -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_missed),
	    cmocka_unit_test(test_triggers), cmocka_unit_test(test_stable),
	    cmocka_unit_test(test_even), cmocka_unit_test(test_spread),
	    cmocka_unit_test(test_preview), cmocka_unit_test(test_never),
	    cmocka_unit_test(test_calendar)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
