/*
 * Any text is a schedule whose canonical text parses to itself and whose runs
 * go up, or an error with a text.  One that begins with BEGIN: is a calendar,
 * whose exceptions a schedule takes.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "schedule.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define NOW INT64_C(1795867200)

static void
check_runs(const struct schedule *s)
{
	int64_t at = NOW, next, opens;
	struct schedule_due due;
	char text[CLOCK_TEXT];
	int i;

	for (i = 0; i < 4 && (next = schedule_next(s, at)) != 0; i++) {
		assert(next > at);
		opens = schedule_opens(s, next);
		assert(opens == next);
		assert(schedule_closes(s, next) > next);
		assert(schedule_spread(s, next) >= 0);
		(void)schedule_local(s, next, text);
		at = next;
	}
	schedule_due(s, NOW - 90000, NOW, &due);
	assert(due.run_at == 0 || due.run_at >= NOW - SCHEDULE_LATE);
	(void)schedule_first(s, NOW);
	(void)schedule_triggered(s, NOW - 60, NOW);
}

static void
check_text(const char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct schedule *s = NULL, *again = NULL;
	struct buf uri;

	if (schedule_parse(text, &s, &err) != 0) {
		assert(s == NULL && err.text[0] != '\0');
		assert(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
		return;
	}
	assert(schedule_parse(schedule_text(s), &again, &err) == 0);
	assert(str_eq(schedule_text(s), schedule_text(again)));
	schedule_free(again);
	check_runs(s);
	buf_init(&uri, 4096);
	if (schedule_to_epo(s, &uri, &err) == 0) {
		/* Without its start date there may be no such day. */
		again = NULL;
		if (schedule_parse(buf_text(&uri), &again, &err) != 0)
			assert(strstr(err.text, "no such day") != NULL);
		schedule_free(again);
	}
	buf_free(&uri);
	schedule_free(s);
}

/* With the dates that are beside it there. */
static void
check_dates(const char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct schedule *s = NULL, *again = NULL;

	if (schedule_from_epo(text, "2027-05-28 07:00:01.0 UTC",
		"2031-01-01 00:00:00.0 UTC", NOW, &s, &err) != 0) {
		assert(err.text[0] != '\0');
		return;
	}
	assert(schedule_parse(schedule_text(s), &again, &err) == 0);
	assert(str_eq(schedule_text(again), schedule_text(s)));
	assert(schedule_first_day(s, NOW) >= -1);
	assert(schedule_ends(s) == 0 ||
	    schedule_begins(s, NOW) <= schedule_ends(s));
	schedule_free(s);
	schedule_free(again);
}

static void
check_calendar(const char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct schedule *s = NULL;
	struct buf out;

	buf_init(&out, SCHEDULE_TEXT_MAX);
	buf_str(&out, "daily at 03:00 UTC");
	if (schedule_except_ical(text, "Europe/Berlin", NOW, &out, &err) == 0) {
		assert(schedule_parse(buf_text(&out), &s, &err) == 0);
		check_runs(s);
		schedule_free(s);
	} else {
		assert(err.text[0] != '\0');
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_dup_len((const char *)bytes, len);

	if (str_starts(text, "BEGIN:"))
		check_calendar(text);
	else {
		check_text(text);
		check_dates(text);
	}
	free(text);
	return 0;
}
