#include <stdio.h>
#include <stdlib.h>

#include "buf.h"
#include "cli.h"
#include "commands_task_internal.h"
#include "file.h"
#include "mem.h"
#include "schedule.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
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

/* --after: a time, or a date's beginning in UTC; a run then is one of them. */
static int
take_after(const struct cli *c, int64_t *ret)
{
	const char *text = cli_text(c, "after");
	char *whole;
	int64_t from;
	int rc;

	*ret = clock_now();
	if (text == NULL)
		return CODE_OK;
	whole = mem_printf("%sT00:00:00Z", text);
	rc = clock_parse(text, &from) == 0 ? 0 : clock_parse(whole, &from);
	free(whole);
	if (rc == 0)
		*ret = from - 1;
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
	int64_t runs[SCHEDULE_PREVIEW_MAX], most = COUNT(runs);
	int64_t wanted = cli_count(c, "count", SCHEDULE_PREVIEW);
	struct err err = {.kind = ERR_NONE};
	char local[CLOCK_TEXT];
	struct table *t;
	size_t n, i;
	int rc = 0;

	n = schedule_preview(
	    s, after, runs, (size_t)(wanted < most ? wanted : most));
	t = cli_table(c, columns, COUNT(columns));
	for (i = 0; rc == 0 && i < n; i++) {
		table_int(t, runs[i]);
		table_text(t, schedule_local(s, runs[i], local));
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
