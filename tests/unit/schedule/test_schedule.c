/* Dates that were worked out by hand, in zones with traps, and what is said of
 * bad rules. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "schedule.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

	assert_int_equal(clock_parse(text, &t), 0);
	return t;
}

/* The runs after a time, in UTC; NULL ends them, "-" is: and no more. */
static void
expect_runs(const char *rule, const char *after, const char *const *runs)
{
	struct schedule *s = parsed(rule);
	int64_t t = at(after);
	char text[CLOCK_TEXT];

	for (; *runs != NULL; runs++) {
		t = schedule_next(s, t);
		if (strcmp(clock_text(t, text), *runs) != 0)
			fail_msg("%s: %s, wanted %s", rule, text, *runs);
	}
	schedule_free(s);
}
#define RUNS(rule, after, ...)                                                 \
	expect_runs(rule, after, (const char *const[]){__VA_ARGS__, NULL})

/* --- kinds --- */

static void
test_days(void **state)
{
	(void)state;
	RUNS("daily at 03:00 UTC", "2026-11-28T03:00:00Z",
	    "2026-11-29T03:00:00Z", "2026-11-30T03:00:00Z",
	    "2026-12-01T03:00:00Z");
	RUNS("daily at 03:00,15:30 UTC", "2026-11-28T02:59:59Z",
	    "2026-11-28T03:00:00Z", "2026-11-28T15:30:00Z",
	    "2026-11-29T03:00:00Z");
	/* 30 days from 1 November: 1 and 31 December, 30 January, 1 March */
	RUNS("every 30 days at 22:00 UTC from 2026-11-01",
	    "2026-11-01T22:00:00Z", "2026-12-01T22:00:00Z",
	    "2026-12-31T22:00:00Z", "2027-01-30T22:00:00Z",
	    "2027-03-01T22:00:00Z");
	RUNS("every 30 days at 22:00 UTC from 2026-11-01",
	    "2020-01-01T00:00:00Z", "2026-11-01T22:00:00Z");
	/* without "from" they count from 1970-01-01; day 20786 is 2026-11-29 */
	RUNS("every 2 days at 00:00 UTC", "2026-11-28T00:00:00Z",
	    "2026-11-29T00:00:00Z", "2026-12-01T00:00:00Z");
	RUNS("daily at 12:00 UTC of feb", "2027-02-27T12:00:00Z",
	    "2027-02-28T12:00:00Z", "2028-02-01T12:00:00Z");
}

static void
test_weeks(void **state)
{
	(void)state;
	/* 2026-11-28 is a Saturday */
	RUNS("weekly on mon,thu at 01:00 UTC", "2026-11-28T00:00:00Z",
	    "2026-11-30T01:00:00Z", "2026-12-03T01:00:00Z",
	    "2026-12-07T01:00:00Z");
	/* Weeks begin on Monday: the first of these is that of 30 November,
	 * whose Monday is before "from". */
	RUNS("every 2 weeks on mon,sun at 01:00 UTC from 2026-12-02",
	    "2026-11-01T00:00:00Z", "2026-12-06T01:00:00Z",
	    "2026-12-14T01:00:00Z", "2026-12-20T01:00:00Z",
	    "2026-12-28T01:00:00Z");
	/* Sundays alone: weeks of 22 August 2011 and every fourth after it. */
	RUNS("every 4 weeks on sun at 02:24 UTC from 2011-08-28",
	    "2012-04-01T00:00:00Z", "2012-04-08T02:24:00Z",
	    "2012-05-06T02:24:00Z", "2012-06-03T02:24:00Z");
	RUNS("weekly on sat-mon at 00:00 UTC", "2026-11-27T00:00:00Z",
	    "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z",
	    "2026-11-30T00:00:00Z", "2026-12-05T00:00:00Z");
}

static void
test_months(void **state)
{
	(void)state;
	/* First Thursdays of November. */
	RUNS("monthly on first thu of nov at 03:00 Europe/Berlin random 4h "
	     "missed run",
	    "2026-11-05T01:59:59Z", "2026-11-05T02:00:00Z",
	    "2027-11-04T02:00:00Z", "2028-11-02T02:00:00Z",
	    "2029-11-01T02:00:00Z");
	RUNS("monthly on last fri at 05:00 UTC", "2026-11-28T00:00:00Z",
	    "2026-12-25T05:00:00Z", "2027-01-29T05:00:00Z",
	    "2027-02-26T05:00:00Z");
	RUNS("monthly on first,third tue at 05:00 UTC", "2026-11-28T00:00:00Z",
	    "2026-12-01T05:00:00Z", "2026-12-15T05:00:00Z",
	    "2027-01-05T05:00:00Z");
	RUNS("monthly on fifth mon at 05:00 UTC", "2026-11-28T00:00:00Z",
	    "2026-11-30T05:00:00Z", "2027-03-29T05:00:00Z",
	    "2027-05-31T05:00:00Z");
	RUNS("monthly on 15,last at 05:00 UTC", "2027-02-01T00:00:00Z",
	    "2027-02-15T05:00:00Z", "2027-02-28T05:00:00Z",
	    "2027-03-15T05:00:00Z", "2027-03-31T05:00:00Z");
	/* There is no 31st in every month. */
	RUNS("monthly on 31 at 05:00 UTC", "2027-01-31T05:00:00Z",
	    "2027-03-31T05:00:00Z", "2027-05-31T05:00:00Z");
	RUNS("every 3 months on 1 at 05:00 UTC from 2026-11-15",
	    "2026-11-01T00:00:00Z", "2027-02-01T05:00:00Z",
	    "2027-05-01T05:00:00Z");
	RUNS("every 12 months on 29 at 05:00 UTC from 2026-02-01",
	    "2026-11-28T00:00:00Z", "2028-02-29T05:00:00Z");
	RUNS("yearly on 29 of feb at 05:00 UTC", "2026-11-28T00:00:00Z",
	    "2028-02-29T05:00:00Z", "2032-02-29T05:00:00Z");
	RUNS("every 2 years on first thu of nov at 05:00 UTC from 2026-01-01",
	    "2026-11-28T00:00:00Z", "2028-11-02T05:00:00Z",
	    "2030-11-07T05:00:00Z");
}

static void
test_bounds(void **state)
{
	(void)state;
	RUNS("daily at 03:00 UTC from 2026-12-01 until 2026-12-02",
	    "2026-11-28T00:00:00Z", "2026-12-01T03:00:00Z",
	    "2026-12-02T03:00:00Z", "-");
	RUNS("once on 2026-12-24 at 18:00 Europe/Berlin",
	    "2026-11-28T00:00:00Z", "2026-12-24T17:00:00Z", "-");
	RUNS("daily at 09:00 UTC repeat 4h for 23h", "2026-11-28T08:00:00Z",
	    "2026-11-28T09:00:00Z", "2026-11-28T13:00:00Z",
	    "2026-11-28T17:00:00Z", "2026-11-28T21:00:00Z",
	    "2026-11-29T01:00:00Z", "2026-11-29T05:00:00Z",
	    "2026-11-29T09:00:00Z");
	RUNS("weekly on mon at 23:00 UTC repeat 45m for 90m",
	    "2026-11-28T08:00:00Z", "2026-11-30T23:00:00Z",
	    "2026-11-30T23:45:00Z", "2026-12-01T00:30:00Z",
	    "2026-12-07T23:00:00Z");
}

/* --- zones --- */

static void
test_gaps(void **state)
{
	(void)state;
	/* Clocks go from 02:00 to 03:00; the day after it is 02:30 again. */
	RUNS("daily at 02:30 Europe/Berlin", "2027-03-26T12:00:00Z",
	    "2027-03-27T01:30:00Z", "2027-03-28T01:00:00Z",
	    "2027-03-29T00:30:00Z");
	RUNS("daily at 02:00,02:30,03:00,03:30 Europe/Berlin",
	    "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z",
	    "2027-03-28T01:30:00Z", "2027-03-29T00:00:00Z");
	/* By the rule behind the recorded changes: the last Sunday of March
	 * 2040 is the 25th, April begins on one. */
	RUNS("daily at 02:30 Europe/Berlin", "2040-03-24T00:00:00Z",
	    "2040-03-24T01:30:00Z", "2040-03-25T01:00:00Z",
	    "2040-03-26T00:30:00Z");
	RUNS("daily at 02:30 America/New_York", "2027-03-13T12:00:00Z",
	    "2027-03-14T07:00:00Z", "2027-03-15T06:30:00Z");
	/* From 02:00 to 02:30. */
	RUNS("daily at 02:15 Australia/Lord_Howe", "2027-10-01T16:00:00Z",
	    "2027-10-02T15:30:00Z", "2027-10-03T15:15:00Z");
	/* 30 December 2011 was left out in Samoa. */
	RUNS("daily at 03:00 Pacific/Apia", "2011-12-28T13:00:01Z",
	    "2011-12-29T13:00:00Z", "2011-12-30T10:00:00Z",
	    "2011-12-30T13:00:00Z", "2011-12-31T13:00:00Z");
}

static void
test_overlaps(void **state)
{
	(void)state;
	/* 02:30 is at 00:30 and 01:30 UTC on 31 October: the first. */
	RUNS("daily at 02:30 Europe/Berlin", "2027-10-29T12:00:00Z",
	    "2027-10-30T00:30:00Z", "2027-10-31T00:30:00Z",
	    "2027-11-01T01:30:00Z");
	RUNS("daily at 01:30 America/New_York", "2027-11-06T12:00:00Z",
	    "2027-11-07T05:30:00Z", "2027-11-08T06:30:00Z");
	/* From 02:00 back to 01:30. */
	RUNS("daily at 01:45 Australia/Lord_Howe", "2027-04-02T15:00:00Z",
	    "2027-04-03T14:45:00Z", "2027-04-04T15:15:00Z");
	/* A repeat counts real hours: 25 of them, and 23. */
	RUNS("hourly Europe/Berlin", "2027-10-30T23:00:00Z",
	    "2027-10-31T00:00:00Z", "2027-10-31T01:00:00Z",
	    "2027-10-31T02:00:00Z", "2027-10-31T03:00:00Z");
	RUNS("daily at 20:00 Europe/Berlin repeat 8h", "2027-10-30T18:00:00Z",
	    "2027-10-31T02:00:00Z", "2027-10-31T10:00:00Z",
	    "2027-10-31T18:00:00Z", "2027-10-31T19:00:00Z");
}

static void
test_own_zone(void **state)
{
	struct schedule *s;
	char text[CLOCK_TEXT];

	(void)state;
	(void)setenv("TZ", "Asia/Kolkata", 1);
	RUNS("daily at 03:00", "2026-11-28T00:00:00Z", "2026-11-28T21:30:00Z");
	(void)setenv("TZ", "XXX3:30YYY,J60/0,300/-1:30", 1);
	/* 1 March, 00:00 in 3:30 west; summer until day 300 of the year,
	 * counted from 0, less 1:30: 27 October 22:30, 2:30 west. */
	RUNS("daily at 00:00", "2027-02-28T03:30:00Z", "2027-03-01T03:30:00Z",
	    "2027-03-02T02:30:00Z");
	/* day 60 is 1 March in leap years, too */
	RUNS("daily at 00:00", "2028-02-28T03:30:00Z", "2028-02-29T03:30:00Z",
	    "2028-03-01T03:30:00Z", "2028-03-02T02:30:00Z");
	RUNS("daily at 22:00", "2027-10-27T00:30:00Z", "2027-10-28T00:30:00Z",
	    "2027-10-29T01:30:00Z");
	(void)unsetenv("TZ");
	s = parsed("daily at 03:00 America/New_York");
	assert_string_equal(schedule_local(s, at("2027-07-01T07:00:00Z"), text),
	    "2027-07-01T03:00:00-04:00");
	schedule_free(s);
}

/* Zones are shared between threads. */
static void *
parse_often(void *cookie)
{
	static const char *const rules[] = {"daily at 02:30 Europe/Berlin",
	    "weekly on mon at 03:00 UTC", "daily at 03:00 America/New_York"};
	int64_t *sum = cookie;
	struct schedule *s;
	struct err err;
	int i;

	for (i = 0; i < 300; i++) {
		s = NULL;
		if (schedule_parse(rules[i % 3], &s, &err) == 0)
			*sum += schedule_next(s, 1795867200) % 86400;
		schedule_free(s);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[4];
	int64_t sums[4] = {0};
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, parse_often, &sums[i]),
		    0);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	/* 01:30, 03:00 and 08:00 UTC */
	for (i = 0; i < 4; i++)
		assert_int_equal(sums[i], 100 * (5400 + 10800 + 28800));
}

/* --- windows and exceptions --- */

static void
test_windows(void **state)
{
	struct schedule *s;

	(void)state;
	/* 2026-11-28 is a Saturday. */
	RUNS("daily at 12:00 UTC only mon-fri 22:00-05:00, sat 10:00-14:00",
	    "2026-11-28T00:00:00Z", "2026-11-28T12:00:00Z",
	    "2026-11-30T22:00:00Z", "2026-12-01T22:00:00Z");
	RUNS("daily at 12:00 UTC missed skip only sat 10:00-14:00",
	    "2026-11-28T12:00:00Z", "2026-12-05T12:00:00Z");
	/* Saturday 04:00 belongs to Friday's night. */
	RUNS("daily at 04:00 UTC missed skip only fri 22:00-05:00",
	    "2026-11-24T00:00:00Z", "2026-11-28T04:00:00Z",
	    "2026-12-05T04:00:00Z");
	/* Three runs fall together behind the exceptions. */
	RUNS("daily at 12:00 UTC except 2026-12-24..2026-12-26",
	    "2026-12-23T00:00:00Z", "2026-12-23T12:00:00Z",
	    "2026-12-27T00:00:00Z", "2026-12-27T12:00:00Z");
	/* The one that was kept back is known within the exception, too. */
	RUNS("daily at 12:00 UTC except 2026-12-24..2026-12-26",
	    "2026-12-26T13:00:00Z", "2026-12-27T00:00:00Z");
	RUNS("weekly on wed at 12:00 UTC except 2026-12-24..2026-12-26",
	    "2026-12-25T13:00:00Z", "2026-12-30T12:00:00Z");
	RUNS("daily at 12:00 Europe/Berlin except "
	     "2026-12-24T10:00..2026-12-24T18:30",
	    "2026-12-24T00:00:00Z", "2026-12-24T17:30:00Z",
	    "2026-12-25T11:00:00Z");
	RUNS("daily at 12:00 UTC missed skip only 13:00-14:00",
	    "2026-12-24T00:00:00Z", "-");
	/* A window that begins in the gap opens behind it. */
	s = parsed("daily at 12:00 Europe/Berlin only 02:30-04:00");
	assert_int_equal(schedule_opens(s, at("2027-03-28T00:00:00Z")),
	    at("2027-03-28T01:00:00Z"));
	assert_int_equal(schedule_closes(s, at("2027-03-28T01:00:00Z")),
	    at("2027-03-28T02:00:00Z"));
	schedule_free(s);
	s = parsed("daily at 12:00 UTC only 22:00-05:00, sat,sun 00:00-24:00");
	assert_int_equal(schedule_closes(s, at("2026-11-27T23:00:00Z")),
	    at("2026-11-30T05:00:00Z"));
	schedule_free(s);
	s = parsed("daily at 12:00 UTC");
	assert_int_equal(schedule_opens(s, 1000), 1000);
	assert_int_equal(schedule_closes(s, 1000), INT64_MAX);
	schedule_free(s);
}

/* --- text --- */

static void
test_text(void **state)
{
	static const char *const texts[][2] = {
	    {"monthly on first thu of nov at 03:00 Europe/Berlin random 4h "
	     "missed run",
		"monthly on first thu of nov at 03:00 Europe/Berlin random 4h "
		"missed run"},
	    {"  DAILY at 3:00,1:30 , 03:00  gmt",
		"daily at 01:30,03:00 UTC missed run"},
	    {"every 1 day at 03:00:05", "daily at 03:00:05 missed run"},
	    {"weekly on Monday,tues,WED at 3:00",
		"weekly on mon-wed at 03:00 missed run"},
	    {"weekly on fri-mon at 3:00",
		"weekly on mon,fri-sun at 03:00 missed run"},
	    {"monthly on 3,1-2,last day in jan-mar,dec at 3:00",
		"monthly on 1,2,3,last of jan-mar,dec at 03:00 missed run"},
	    {"yearly on nov 5 at 3:00",
		"yearly on 5 of nov at 03:00 missed run"},
	    {"monthly on 2nd tue at 3:00 missed skip",
		"monthly on second tue at 03:00 missed skip"},
	    {"every 4h", "daily at 00:00 repeat 4h missed run"},
	    {"every 15 minutes UTC",
		"daily at 00:00 UTC repeat 15m missed run"},
	    {"once 2026-12-24 at 18:00",
		"once on 2026-12-24 at 18:00 missed run"},
	    {"at start after 600s not within 24h",
		"at start after 10m not within 1d"},
	    {"when reachable random 60m stop after 2h",
		"when reachable random 1h stop after 2h"},
	    {"now", "immediately"},
	    {"daily at 3:00 missed run after 10m only sat, mon-fri 22:00-05:00",
		"daily at 03:00 missed run after 10m only mon-sat "
		"22:00-05:00"},
	    {"daily at 3:00 only 22:00-5:00, 12:00-13:00",
		"daily at 03:00 missed run only 22:00-05:00, mon-sun "
		"12:00-13:00"},
	    {"daily at 3:00 except 2026-12-26, 2026-12-24..2026-12-25,"
	     "2027-01-01T12:00..2027-01-01",
		"daily at 03:00 missed run except 2026-12-24..2026-12-26, "
		"2027-01-01T12:00..2027-01-02T00:00"},
	    /* cron */
	    {"0 3 * * *", "daily at 03:00 missed run"},
	    {"30 8-10 1,15 * * UTC random 1h",
		"monthly on 1,15 at 08:30,09:30,10:30 UTC random 1h missed "
		"run"},
	    {"0 22 * jan-mar 0,fri",
		"weekly on fri,sun of jan-mar at 22:00 missed run"},
	    {"*/5 8-17 * * 7",
		"weekly on sun at 08:00 repeat 5m for 595m missed run"},
	    {"*/10 * * * *", "daily at 00:00 repeat 10m missed run"},
	    {"@yearly", "yearly on 1 of jan at 00:00 missed run"},
	    {"@reboot random 5m", "at start random 5m"},
	    /* ePO */
	    {"period:yearly?h=1&m=0&f=1&mo=JANUARY",
		"yearly on 1 of jan at 01:00 missed run"},
	    {"period:yearly?h=1&m=0&f=1&mo=JANUARY from 2013-05-28",
		"yearly on 28 of jan at 01:00 from 2013-05-28 missed run"},
	    {"period:monthly?h=22&m=5&f=2&n=FIRST,LAST&dw=THURSDAY",
		"every 2 months on first,last thu at 22:05 missed run"},
	    {"period:weekly?h=0&m=0&f=1&dw=MONDAY,FRIDAY",
		"weekly on mon,fri at 00:00 missed run"},
	    {"period:weekly?h=0&m=0&f=1 from 2026-11-28",
		"weekly on sat at 00:00 from 2026-11-28 missed run"},
	    {"period:hourly?m=5&f=2", "daily at 00:05 repeat 2h missed run"},
	};
	struct schedule *s;
	size_t i, turn;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		for (turn = 0; turn < 2; turn++) { /* it parses to itself */
			s = parsed(texts[i][turn]);
			assert_string_equal(schedule_text(s), texts[i][1]);
			schedule_free(s);
		}
}

static void
test_complaints(void **state)
{
	static const char *const bad[][2] = {
	    {"", "character 1: empty"},
	    {"dayly at 3:00", "character 1: wanted daily, weekly"},
	    {"daily", "character 6: at what time?"},
	    {"daily at 25:00", "character 10: wanted a time of day"},
	    {"daily at 03:00 Europe/Berln",
		"character 16: Europe/Berln is "
		"neither a time zone"},
	    {"daily at 03:00 ../../etc/passwd", "neither a time zone"},
	    {"daily at 03:00 europe/berln", "near: Europe/Berlin"},
	    {"daily at 03:00 randm 4h", "except; near: random"},
	    {"daily at 03:00 UTC UTC", "character 20: UTC is one word too"},
	    {"daily at 03:00 at 04:00", "character 16: at for the second"},
	    {"daily at 03:00 on mon",
		"character 16: on does not go with daily"},
	    {"weekly at 03:00", "on which days of the week"},
	    {"weekly on 5 at 03:00", "character 11: wanted days of the week"},
	    {"monthly on thu at 03:00", "character 12: which of the month's"},
	    {"monthly on 1st at 03:00", "a number: on 1"},
	    {"monthly on first thu,5 at 03:00", "not both"},
	    {"monthly at 03:00", "on which day"},
	    {"yearly on 5 at 03:00", "of which month"},
	    {"monthly on 30 of feb at 03:00", "no such day"},
	    {"every 12 months on 30 at 03:00 from 2026-02-01", "no such day"},
	    {"every 48 months on 29 at 03:00 from 2027-02-01", "no such day"},
	    {"yearly on 29 of feb of mar at 03:00", "for the second time"},
	    {"every 7m", "whole number"},
	    {"every 0 days at 03:00", "a number from 1 to 999"},
	    {"every 5 moons at 03:00", "character 9: wanted days, weeks"},
	    {"once on 2026-02-30 at 03:00", "character 9: wanted a date"},
	    {"daily at 03:00 from 2027-01-01 until 2026-01-01",
		"ends before it begins"},
	    {"daily at 03:00 random 24h", "character 23: wanted a time span"},
	    {"daily at 03:00 random 0s", "wanted a time span"},
	    {"daily at 03:00,04:00 repeat 1h", "one time of day, not 2"},
	    {"hourly repeat 2h", "repeats already"},
	    {"daily at 03:00 missed perhaps", "character 23: wanted \"missed"},
	    {"daily at 03:00 only mon 1:00", "wanted days or hours"},
	    {"daily at 03:00 only mon 1:00-2:00, 4:00-5:00", "of which days"},
	    {"daily at 03:00 except 2027-01-02..2027-01-01", "in order"},
	    {"immediately missed skip", "does not go with immediately"},
	    {"at start at 03:00", "at does not go with"},
	    {"0 3 1 * 1", "character 4: cron would run on either"},
	    {"0 3 * *", "cron's day of the week"},
	    {"60 3 * * *", "character 1: wanted cron's minute"},
	    {"1,2,4 * * * *", "not evenly apart"},
	    {"@often", "wanted @yearly"},
	    {"period:secondly?h=1", "character 8: wanted period:hourly"},
	    {"period:daily?h=24", "character 16: not a value"},
	    {"period:daily?x=24", "character 14: wanted h, m, f"},
	    {"period:daily?h=1&dw=MONDAY", "do not fit"},
	};
	struct schedule *s;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		err_clear(&err);
		s = NULL;
		if (schedule_parse(bad[i][0], &s, &err) == 0)
			fail_msg(
			    "%s: taken as %s", bad[i][0], schedule_text(s));
		assert_null(s);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strstr(err.text, bad[i][1]) == NULL)
			fail_msg("%s: %s", bad[i][0], err.text);
	}
}

static void
test_limits(void **state)
{
	struct schedule *s = NULL;
	struct err err = {.kind = ERR_NONE};
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 100000);
	buf_str(&text, "daily at 03:00 except ");
	for (i = 0; i < SCHEDULE_EXCEPT_MAX; i++)
		buf_printf(&text, "20%02d-01-01,", i % 100);
	buf_str(&text, "2000-01-01");
	assert_int_equal(schedule_parse(buf_text(&text), &s, &err), -1);
	assert_non_null(strstr(err.text, "more than 128 exceptions"));
	while (text.len <= SCHEDULE_TEXT_MAX)
		buf_char(&text, ' ');
	assert_int_equal(schedule_parse(buf_text(&text), &s, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_reset(&text);
	buf_str(&text, "daily at 03:00");
	for (i = 0; i < 2000; i++)
		buf_str(&text, ",,,");
	assert_int_equal(schedule_parse(buf_text(&text), &s, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_null(s);
	buf_free(&text);
}

static void
test_epo(void **state)
{
	static const char *const uris[] = {
	    "period:yearly?h=1&m=0&f=1&d=5&mo=JANUARY",
	    "period:monthly?h=22&m=5&f=2&n=FIRST,LAST&dw=THURSDAY",
	    "period:monthly?h=22&m=5&f=1&d=1,15,LAST",
	    "period:weekly?h=0&m=0&f=3&dw=MONDAY,FRIDAY",
	    "period:daily?h=3&m=30&f=30", "period:hourly?m=5&f=2"};
	static const char *const refused[][2] = {
	    {"when reachable", "only what recurs"},
	    {"daily at 01:00,02:00", "one time a day"},
	    {"daily at 01:00 Europe/Berlin", "no time zone"},
	    {"daily at 01:00 random 1h", "random"},
	    {"daily at 01:00 missed skip", "missed skip"},
	    {"daily at 01:00 only sat", "windows"},
	    {"daily at 01:00 repeat 30m", "whole hours"}};
	struct err err = {.kind = ERR_NONE};
	struct schedule *s;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < COUNT(uris); i++) {
		s = parsed(uris[i]);
		buf_reset(&out);
		assert_int_equal(schedule_to_epo(s, &out, &err), 0);
		assert_string_equal(buf_text(&out), uris[i]);
		schedule_free(s);
	}
	for (i = 0; i < COUNT(refused); i++) {
		s = parsed(refused[i][0]);
		buf_reset(&out);
		assert_int_equal(schedule_to_epo(s, &out, &err), -1);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_non_null(strstr(err.text, refused[i][1]));
		assert_int_equal(out.len, 0);
		schedule_free(s);
	}
	buf_free(&out);
}

/* What stands beside the URI. */
static void
test_epo_dates(void **state)
{
	static const struct {
		const char *text, *start, *end, *canonical;
	} dates[] = {
	    {"period:daily?h=3&m=0", "2013-05-28 07:00:01.0 UTC", NULL,
		"daily at 03:00 missed run"},
	    {"period:daily?h=3&m=0&f=3", "2013-05-28 07:00:01.0 UTC", NULL,
		"every 3 days at 03:00 from 2013-05-28 missed run"},
	    {"period:daily?h=3&m=0", "2035-05-28 07:00:01.0 UTC", NULL,
		"daily at 03:00 from 2035-05-28 missed run"},
	    {"period:daily?h=3&m=0", NULL, "2014-01-01 12:00:00.0 UTC",
		"daily at 03:00 until 2014-01-01 missed run"},
	    {"period:daily?h=3&m=0", "long ago", "2014-01-01 00:00:00.0 UTC",
		"daily at 03:00 until 2013-12-31 missed run"},
	    {"daily at 03:00", "2035-05-28 07:00:01.0 UTC", "2036-01-01",
		"daily at 03:00 missed run"},
	    {"period:daily?h=3&m=0", NULL, "some day", NULL},
	    {"period:monthly?h=3&m=0&d=31", "2035-02-01", "2035-03-01", NULL},
	    {"period:daily?h=3&m=0", "2035-05-28", "2034-05-28", NULL},
	};
	struct err err = {.kind = ERR_NONE};
	struct schedule *s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(dates); i++) {
		s = NULL;
		if ((schedule_from_epo(dates[i].text, dates[i].start,
			 dates[i].end, at("2026-11-28T12:00:00Z"), &s,
			 &err) == 0) != (dates[i].canonical != NULL))
			fail_msg("%s: %s", dates[i].text, err.text);
		if (s != NULL)
			assert_string_equal(
			    schedule_text(s), dates[i].canonical);
		schedule_free(s);
	}
	/* Every N days without a beginning: from a day that it is on. */
	s = parsed("every 3 days at 03:00 UTC until 2026-12-31");
	assert_int_equal(
	    schedule_first_day(s, at("2026-11-28T12:00:00Z")) % 3, 0);
	assert_int_equal(
	    schedule_last_day(s) * 86400, at("2026-12-31T00:00:00Z"));
	schedule_free(s);
}

static void
test_effective(void **state)
{
	static const struct {
		const char *text, *begins, *ends; /* NULL: none */
	} cases[] = {
	    {"daily at 03:00 UTC", NULL, NULL},
	    {"daily at 03:00 UTC from 2026-12-01", "2026-12-01T00:00:00Z",
		NULL},
	    {"daily at 03:00 UTC until 2026-12-31", NULL,
		"2026-12-31T23:59:59Z"},
	    /* Days are those of its zone, the last one of 25 hours. */
	    {"daily at 03:00 Europe/Berlin from 2026-07-01 until 2026-10-25",
		"2026-06-30T22:00:00Z", "2026-10-25T22:59:59Z"},
	    {"every 2 days at 03:00 UTC from 2026-12-01",
		"2026-12-01T00:00:00Z", NULL},
	    {"once on 2026-12-24 at 12:00 Asia/Tokyo", "2026-12-23T15:00:00Z",
		NULL},
	    {"when reachable", NULL, NULL},
	};
	struct schedule *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = parsed(cases[i].text);
		assert_int_equal(schedule_begins(s, at("2026-11-28T12:00:00Z")),
		    cases[i].begins != NULL ? at(cases[i].begins) : 0);
		assert_int_equal(schedule_ends(s),
		    cases[i].ends != NULL ? at(cases[i].ends) : 0);
		schedule_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_days),
	    cmocka_unit_test(test_weeks), cmocka_unit_test(test_months),
	    cmocka_unit_test(test_bounds), cmocka_unit_test(test_gaps),
	    cmocka_unit_test(test_overlaps), cmocka_unit_test(test_own_zone),
	    cmocka_unit_test(test_threads), cmocka_unit_test(test_windows),
	    cmocka_unit_test(test_effective), cmocka_unit_test(test_text),
	    cmocka_unit_test(test_complaints), cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_epo), cmocka_unit_test(test_epo_dates)};

	(void)unsetenv("TZ");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
