/*
 * Random rules beside an evaluation that shares nothing with ours: minute by
 * minute through the C library's local time, day by day through its calendar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "schedule.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MINUTES (300 * 1440)
#define MARGIN (40 * 1440) /* nothing is asked about the last ones */
#define RULES 60
#define RUNS 12

/* --- a stretch of time in one zone --- */

static time_t start;
static time_t local[MINUTES];	/* as if it were UTC */
static time_t highest[MINUTES]; /* of those up to here */
static bool allowed[MINUTES];

static void
table_fill(const char *zone, time_t from)
{
	time_t t, high = 0;
	struct tm tm;
	size_t i;

	(void)setenv("TZ", zone, 1);
	tzset();
	start = from - from % 60;
	for (i = 0; i < MINUTES; i++) {
		t = start + (time_t)i * 60;
		(void)localtime_r(&t, &tm);
		local[i] = timegm(&tm);
		if (i == 0 || local[i] > high)
			high = local[i];
		highest[i] = high;
	}
	(void)unsetenv("TZ");
	tzset();
}

/* The first minute that is at this local time or, where there is none, later;
 * MINUTES when that is not in the table. */
static size_t
minute_of(time_t wanted)
{
	size_t low = 0, high = MINUTES, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (highest[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- random rules --- */

static uint64_t seed = 20261128;

static unsigned
below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (unsigned)((seed >> 33) % n);
}

enum { DAILY, WEEKLY, MONTH_DAYS, MONTH_NTH, KINDS };
static const char *const week[] = {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};
static const char *const year[] = {"jan", "feb", "mar", "apr", "may", "jun",
    "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const nth[] = {
    "first", "second", "third", "fourth", "fifth", "last"};

struct rule {
	unsigned kind, every;
	bool weekdays[7], months[12], days[32], nths[6]; /* days[0]: last */
	bool all_months;
	unsigned times[3], time_count; /* minutes */
	unsigned repeat, repeat_for;
	time_t from, until; /* days; 0: none */
	bool skip;
	struct {
		bool days[7];
		unsigned from, to;
	} windows[2];
	unsigned window_count;
	time_t except_from, except_to; /* local; 0: none */
	char text[2000];
};

static void
say_list(struct buf *b, const char *const *names, const bool *chosen, size_t n)
{
	const char *sep = "";
	size_t i;

	for (i = 0; i < n; i++)
		if (chosen[i]) {
			buf_printf(b, "%s%s", sep, names[i]);
			sep = ",";
		}
}

static void
choose(bool *chosen, unsigned n, unsigned one_in)
{
	unsigned i;

	for (i = 0; i < n; i++)
		chosen[i] = below(one_in) == 0;
	chosen[below(n)] = true;
}

static void
say_date(struct buf *b, const char *word, time_t local_time, bool with_time)
{
	struct tm tm;
	char text[40];

	(void)gmtime_r(&local_time, &tm);
	(void)strftime(
	    text, sizeof(text), with_time ? "%Y-%m-%dT%H:%M" : "%Y-%m-%d", &tm);
	buf_printf(b, "%s%s", word, text);
}

static void
make_when(struct rule *r, struct buf *b)
{
	static const char *const units[] = {"day", "week", "month", "month"};
	const char *sep = " ";
	unsigned i;

	r->kind = below(KINDS);
	r->every = below(3) == 0 ? 1 + below(5) : 1;
	buf_printf(b, "every %u %ss", r->every, units[r->kind]);
	if (r->kind != DAILY)
		buf_str(b, " on");
	if (r->kind == MONTH_NTH) {
		choose(r->nths, 6, 6);
		buf_char(b, ' ');
		say_list(b, nth, r->nths, 6);
	}
	if (r->kind == MONTH_NTH || r->kind == WEEKLY) {
		choose(r->weekdays, 7, 4);
		buf_char(b, ' ');
		say_list(b, week, r->weekdays, 7);
	}
	if (r->kind == MONTH_DAYS) {
		choose(r->days, 32, 12);
		for (i = 0; i < 32; i++)
			if (r->days[i]) {
				if (i == 0)
					buf_printf(b, "%slast", sep);
				else
					buf_printf(b, "%s%u", sep, i);
				sep = ",";
			}
	}
	r->all_months = r->every > 1 || below(3) != 0;
	if (!r->all_months) {
		choose(r->months, 12, 2);
		buf_str(b, " of ");
		say_list(b, year, r->months, 12);
	}
}

/* Many near the hours when clocks change. */
static unsigned
some_time(void)
{
	return below(2) == 0 ? below(20) * 12 : below(288) * 5;
}

static int
by_value(const void *x, const void *y)
{
	unsigned a = *(const unsigned *)x, b = *(const unsigned *)y;

	return a < b ? -1 : a > b;
}

static void
make_times(struct rule *r, struct buf *b, const char *zone)
{
	unsigned i;

	r->time_count = 1 + below(3);
	for (i = 0; i < r->time_count; i++)
		r->times[i] = some_time();
	qsort(r->times, r->time_count, sizeof(*r->times), by_value);
	for (i = 0; i < r->time_count; i++)
		buf_printf(b, "%s%02u:%02u", i == 0 ? " at " : ",",
		    r->times[i] / 60, r->times[i] % 60);
	buf_printf(b, " %s", zone);
	if (r->time_count == 1 && below(2) == 0) {
		r->repeat = 10 + 5 * below(100);
		buf_printf(b, " repeat %um", r->repeat);
		if (below(2) == 0) {
			r->repeat_for = r->repeat + below(1440 - r->repeat);
			buf_printf(b, " for %um", r->repeat_for);
		}
	}
	if (below(2) == 0) {
		r->from = start / 86400 + (time_t)below(60) - 20;
		say_date(b, " from ", r->from * 86400, false);
		if (below(2) == 0) {
			r->until = r->from + (time_t)below(200);
			say_date(b, " until ", r->until * 86400, false);
		}
	}
}

static void
make_limits(struct rule *r, struct buf *b)
{
	unsigned i;

	r->skip = below(2) == 0;
	buf_str(b, r->skip ? " missed skip" : " missed run");
	r->window_count = below(2) == 0 ? 0 : 1 + below(2);
	for (i = 0; i < r->window_count; i++) {
		choose(r->windows[i].days, 7, 2);
		r->windows[i].from = some_time();
		do
			r->windows[i].to = some_time();
		while (r->windows[i].to == r->windows[i].from);
		buf_str(b, i == 0 ? " only " : ", ");
		say_list(b, week, r->windows[i].days, 7);
		buf_printf(b, " %02u:%02u-%02u:%02u", r->windows[i].from / 60,
		    r->windows[i].from % 60, r->windows[i].to / 60,
		    r->windows[i].to % 60);
	}
	if (below(2) == 0) {
		r->except_from =
		    start + 30 * 86400 + (time_t)below(150 * 1440) * 60;
		r->except_to =
		    r->except_from + 60 + (time_t)below(9 * 1440) * 60;
		say_date(b, " except ", r->except_from, true);
		say_date(b, "..", r->except_to, true);
	}
}

static void
make_rule(struct rule *r, const char *zone)
{
	struct buf b;

	memset(r, 0, sizeof(*r));
	buf_init(&b, sizeof(r->text) - 1);
	make_when(r, &b);
	make_times(r, &b, zone);
	make_limits(r, &b);
	memcpy(r->text, buf_text(&b), b.len + 1);
	buf_free(&b);
}

/* --- the walk --- */

static time_t
monday_of(time_t day)
{
	time_t seconds = day * 86400;
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	return day - (tm.tm_wday + 6) % 7;
}

static struct tm
tm_of(time_t day)
{
	time_t seconds = day * 86400;
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	return tm;
}

static bool
day_counts(const struct rule *r, time_t day)
{
	struct tm tm = tm_of(day), first = tm_of(r->from);
	bool last = tm_of(day + 1).tm_mday == 1;
	bool last_of_kind = tm_of(day + 7).tm_mon != tm.tm_mon;
	long months =
	    (long)(tm.tm_year - first.tm_year) * 12 + tm.tm_mon - first.tm_mon;
	long every = (long)r->every;

	if ((r->from != 0 && day < r->from) ||
	    (r->until != 0 && day > r->until) ||
	    (!r->all_months && !r->months[tm.tm_mon]))
		return false;
	switch (r->kind) {
	case DAILY:
		return (day - r->from) % every == 0;
	case WEEKLY:
		return r->weekdays[tm.tm_wday] &&
		    (monday_of(day) - monday_of(r->from)) / 7 % every == 0;
	case MONTH_DAYS:
		return months % every == 0 &&
		    (r->days[tm.tm_mday] || (r->days[0] && last));
	default:
		return months % every == 0 && r->weekdays[tm.tm_wday] &&
		    (r->nths[(tm.tm_mday - 1) / 7] ||
			(r->nths[5] && last_of_kind));
	}
}

static bool
in_windows(const struct rule *r, time_t at)
{
	unsigned minute = (unsigned)(at % 86400 / 60), i;
	unsigned today = (unsigned)((at / 86400 + 4) % 7); /* from Sunday */
	unsigned before = (today + 6) % 7;

	for (i = 0; i < r->window_count; i++) {
		if (r->windows[i].from < r->windows[i].to) {
			if (r->windows[i].days[today] &&
			    minute >= r->windows[i].from &&
			    minute < r->windows[i].to)
				return true;
			continue;
		}
		if (r->windows[i].days[today] && minute >= r->windows[i].from)
			return true;
		if (r->windows[i].days[before] && minute < r->windows[i].to)
			return true;
	}
	return r->window_count == 0;
}

static void
allow(const struct rule *r)
{
	size_t from = MINUTES, to = MINUTES, i;

	if (r->except_from != 0) {
		from = minute_of(r->except_from);
		to = minute_of(r->except_to);
	}
	for (i = 0; i < MINUTES; i++)
		allowed[i] = (i < from || i >= to) && in_windows(r, local[i]);
}

static bool hit[MINUTES];

static void
mark(const struct rule *r, size_t minute)
{
	if (r->skip && minute < MINUTES && !allowed[minute])
		return;
	while (minute < MINUTES && !allowed[minute])
		minute++;
	if (minute < MINUTES)
		hit[minute] = true;
}

static void
walk(const struct rule *r)
{
	time_t day = local[0] / 86400 + 2,
	       last = local[MINUTES - 1] / 86400 - 2;
	size_t minute, end, base;
	unsigned i;

	memset(hit, 0, sizeof(hit));
	allow(r);
	for (; day <= last; day++) {
		if (!day_counts(r, day))
			continue;
		for (i = 0; i < r->time_count; i++)
			mark(r, minute_of(day * 86400 + r->times[i] * 60));
		if (r->repeat == 0)
			continue;
		base = minute_of(day * 86400 + r->times[0] * 60);
		end = minute_of((day + 1) * 86400 + r->times[0] * 60);
		if (r->repeat_for != 0 && base + r->repeat_for < end)
			end = base + r->repeat_for + 1;
		for (minute = base; minute < end; minute += r->repeat)
			mark(r, minute);
	}
}

static size_t compared;

static void
compare(const struct rule *r)
{
	struct err err = {.kind = ERR_NONE};
	/* 40 days in, so that what was kept back before is known */
	size_t i = MARGIN + below(MINUTES / 2), n;
	int64_t ours = start + (int64_t)i * 60;
	struct schedule *s = NULL;
	char text[CLOCK_TEXT];

	if (schedule_parse(r->text, &s, &err) != 0) {
		/* months that have no such day */
		if (strstr(err.text, "no such day") == NULL)
			fail_msg("%s: %s", r->text, err.text);
		return;
	}
	walk(r);
	for (n = 0; n < RUNS; n++) {
		for (i++; i < MINUTES && !hit[i]; i++)
			;
		if (i >= MINUTES - MARGIN)
			break;
		compared++;
		ours = schedule_next(s, ours);
		if (ours != start + (int64_t)i * 60)
			fail_msg("%s: %s, by hand %lld", r->text,
			    clock_text(ours, text),
			    (long long)(start + (int64_t)i * 60));
	}
	schedule_free(s);
}

static void
test_random(void **state)
{
	static const struct {
		const char *zone, *from;
	} places[] = {{"Europe/Berlin", "2026-11-01T00:00:00Z"},
	    {"America/New_York", "2027-01-01T00:00:00Z"},
	    {"Australia/Lord_Howe", "2028-02-01T00:00:00Z"},
	    {"Pacific/Apia", "2011-09-01T00:00:00Z"},
	    {"Africa/Casablanca", "2026-01-01T00:00:00Z"},
	    {"America/St_Johns", "2050-01-01T00:00:00Z"},
	    {"UTC", "2027-12-01T00:00:00Z"}};
	struct rule rule;
	int64_t from;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < COUNT(places); i++) {
		assert_int_equal(clock_parse(places[i].from, &from), 0);
		table_fill(places[i].zone, (time_t)from);
		for (k = 0; k < RULES; k++) {
			make_rule(&rule, places[i].zone);
			compare(&rule);
		}
	}
	assert_true(compared > COUNT(places) * RULES * 3);
}

/* Every minute of the zone's day has its instant, and the other way round. */
static void
test_zones(void **state)
{
	static const char *const zones[] = {"Europe/Dublin", "Asia/Tehran",
	    "America/Sao_Paulo", "Antarctica/Troll", "Africa/Cairo",
	    "Asia/Gaza", "America/Nuuk", "Pacific/Chatham", "Europe/London"};
	struct err err = {.kind = ERR_NONE};
	char text[CLOCK_TEXT], rule[80];
	struct schedule *s;
	struct tm tm;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(zones); i++) {
		table_fill(zones[i], 1767225600 + (time_t)i * 40000000);
		(void)snprintf(
		    rule, sizeof(rule), "daily at 00:00 %s", zones[i]);
		assert_int_equal(schedule_parse(rule, &s, &err), 0);
		for (k = 0; k < MINUTES; k += 15) {
			(void)schedule_local(s, start + (int64_t)k * 60, text);
			memset(&tm, 0, sizeof(tm));
			assert_non_null(
			    strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
			assert_int_equal(timegm(&tm), local[k]);
		}
		schedule_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random), cmocka_unit_test(test_zones)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
