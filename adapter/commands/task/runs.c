#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_run.h"
#include "clock.h"
#include "commands_task_internal.h"
#include "mem.h"
#include "order.h"
#include "progress.h"
#include "records.h"
#include "runs_internal.h"
#include "runs_remote_internal.h"
#include "store.h"
#include "str.h"

/* Runs: what there are, what became of each device, and how they go on. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WAIT_NS 300000000L
#define NOBODY_MS 15000 /* that long nobody works on it: is serve running? */

/* --- which --- */

static int
run_number(const struct cli *c, int64_t *ret)
{
	return str_int(c->args[0], 1, INT64_MAX, ret) == 0
	    ? CODE_OK
	    : cli_complain(CODE_USAGE,
		  "%s: wanted the number of a run; \"runs list\" has them",
		  c->args[0]);
}

static int
open_run(struct cli *c, int64_t *ret_id, struct task_run *ret)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code == CODE_OK)
		code = run_number(c, ret_id);
	if (code == CODE_OK &&
	    task_run_get(c->daemon.store, *ret_id, ret, &err) != 0)
		code = cli_fail(&err);
	return code;
}

/* --- rows --- */

static const struct table_column run_columns[] = {{"id", TABLE_INT, 0, 0},
    {"task", TABLE_STRING, 0, 12}, {"state", TABLE_STRING, 0, 0},
    {"percent", TABLE_INT, 0, 0}, {"devices", TABLE_INT, 0, 0},
    {"ok", TABLE_INT, 3, 0}, {"changed", TABLE_INT, 3, 0},
    {"waiting", TABLE_INT, 5, 0}, {"failed", TABLE_INT, 0, 0},
    {"parked", TABLE_INT, 4, 0}, {"offline", TABLE_INT, 4, 0},
    {"busy", TABLE_INT, 5, 0}, {"skipped", TABLE_INT, 5, 0},
    {"source", TABLE_STRING, 6, 0}, {"actor", TABLE_STRING, 7, 0},
    {"created_at", TABLE_TIME, 6, 0}, {"started_at", TABLE_TIME, 8, 0},
    {"ended_at", TABLE_TIME, 2, 0}, {"why", TABLE_STRING, 1, 16}};

static const struct cli_remote_rows run_rows = {
    .columns = run_columns, .count = COUNT(run_columns)};

static int
write_run(void *cookie, const struct task_run *run, struct err *err)
{
	struct record r;

	record_run(&r, run);
	cli_record(cookie, &run_rows, &r);
	return cli_row(cookie, err);
}

static unsigned
states_given(const struct cli *c)
{
	unsigned set = 0;
	const char *word;
	size_t i;
	int s;

	for (i = 0; (word = cli_each(c, "state", i)) != NULL; i++)
		for (s = 0; s < TASK_STATES; s++)
			if (str_eq(word, task_state_words[s]))
				set |= 1U << s;
	return set;
}

int
cmd_runs_list(struct cli *c)
{
	const struct task_run_filter filter = {.states = states_given(c),
	    .name = cli_text(c, "task"),
	    .since = cli_since(c, "since", 0),
	    .limit = (size_t)cli_count(c, "limit", 0)};
	struct err err = {.kind = ERR_NONE};
	struct table *t;
	int code;

	if (cli_remote(c))
		return runs_remote_list(c, &run_rows);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	t = cli_table(c, run_columns, COUNT(run_columns));
	return cli_listed(c, t,
	    task_run_scan(c->daemon.store, &filter, write_run, t, &err), &err);
}

int
cmd_runs_show(struct cli *c)
{
	const struct cli_remote_rows rows = {.columns = run_columns,
	    .count = COUNT(run_columns),
	    .blocks = true};
	struct err err = {.kind = ERR_NONE};
	struct task_run r = {.id = 0};
	int64_t id = 0;
	struct table *t;
	int code, rc;

	if (cli_remote(c))
		return run_number(c, &id) == CODE_OK
		    ? cli_remote_one(c, "runs", c->args[0], &rows)
		    : CODE_USAGE;
	code = open_run(c, &id, &r);
	if (code == CODE_OK) {
		t = cli_table(c, run_columns, COUNT(run_columns));
		table_set_blocks(t);
		rc = write_run(t, &r, &err);
		code = cli_listed(c, t, rc, &err);
	}
	task_run_clear(&r);
	return code;
}

static const struct table_column item_columns[] = {
    {"device", TABLE_STRING, 0, 0}, {"state", TABLE_STRING, 1, 0},
    {"outcome", TABLE_STRING, 0, 0}, {"reason", TABLE_STRING, 2, 0},
    {"message", TABLE_STRING, 0, 24}, {"attempts", TABLE_INT, 4, 0},
    {"steps", TABLE_INT, 4, 0}, {"ms", TABLE_INT, 5, 0},
    {"not_before", TABLE_TIME, 6, 0}, {"started_at", TABLE_TIME, 6, 0},
    {"ended_at", TABLE_TIME, 3, 0}};

static const struct cli_remote_rows item_rows = {
    .columns = item_columns, .count = COUNT(item_columns)};

static int
write_item(void *cookie, const struct task_item *i, struct err *err)
{
	struct record r;

	record_item(&r, i);
	cli_record(cookie, &item_rows, &r);
	return cli_row(cookie, err);
}

int
runs_write_items(struct cli *c, int64_t run)
{
	const char *outcome = cli_text(c, "outcome");
	struct task_item_filter filter = {.run = run,
	    .state = -1,
	    .outcome = -1,
	    .limit = (size_t)cli_count(c, "limit", 0)};
	struct err err = {.kind = ERR_NONE};
	struct table *t;
	int i;

	if (cli_remote(c))
		return runs_remote_below(c, run, "items", &item_rows);
	for (i = 0; outcome != NULL && i < TASK_OUTCOMES; i++)
		if (str_eq(outcome, task_outcome_name((enum task_outcome)i)))
			filter.outcome = i;
	t = cli_table(c, item_columns, COUNT(item_columns));
	return cli_listed(c, t,
	    task_item_scan(c->daemon.store, &filter, write_item, t, &err),
	    &err);
}

/* The run that is named; whether a server has it, it will say when it is asked.
 */
static int
find_run(struct cli *c, int64_t *ret_id)
{
	struct task_run r = {.id = 0};
	int code =
	    cli_remote(c) ? run_number(c, ret_id) : open_run(c, ret_id, &r);

	task_run_clear(&r);
	return code;
}

int
cmd_runs_items(struct cli *c)
{
	int64_t id = 0;
	int code = find_run(c, &id);

	return code == CODE_OK ? runs_write_items(c, id) : code;
}

static const struct table_column message_columns[] = {
    {"at", TABLE_TIME, 0, 0}, {"message", TABLE_STRING, 0, 24}};
static const struct cli_remote_rows message_rows = {
    .columns = message_columns, .count = COUNT(message_columns)};

static int
write_message(void *cookie, const struct task_message *m, struct err *err)
{
	struct record r;

	record_message(&r, m);
	cli_record(cookie, &message_rows, &r);
	return cli_row(cookie, err);
}

int
cmd_runs_messages(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int64_t id = 0;
	int code = find_run(c, &id);
	struct table *t;

	if (code != CODE_OK)
		return code;
	if (cli_remote(c))
		return runs_remote_below(c, id, "messages", &message_rows);
	t = cli_table(c, message_columns, COUNT(message_columns));
	return cli_listed(c, t,
	    task_message_scan(c->daemon.store, id, 0, write_message, t, &err),
	    &err);
}

/* --- how it goes on --- */

static int
set_state(struct cli *c, const char *verb, enum task_state to)
{
	struct err err = {.kind = ERR_NONE};
	int64_t id = 0;
	int code = find_run(c, &id);
	struct order o;

	if (code != CODE_OK)
		return code;
	if (cli_remote(c))
		return runs_remote_control(c, id, verb);
	o = runs_order(c);
	return cli_commit(
	    c, order_run_state(&o, id, to, cli_text(c, "why"), &err), &err);
}

int
cmd_runs_pause(struct cli *c)
{
	return set_state(c, "pause", TASK_PAUSED);
}

int
cmd_runs_resume(struct cli *c)
{
	return set_state(c, "resume", TASK_QUEUED);
}

int
cmd_runs_abort(struct cli *c)
{
	return set_state(c, "abort", TASK_ABORTED);
}

/* --- forgetting --- */

/* A run at a time: others want to write, too. */
/* In pieces, so that no other writer waits for long. */
static int
purge(struct cli *c, int64_t before, int64_t *count)
{
	const struct order o = {c->daemon.store, cli_actor(), clock_now()};
	struct err err = {.kind = ERR_NONE};
	int64_t some = 0;
	bool more = true;
	int code = CODE_OK;

	*count = 0;
	while (code == CODE_OK && more) {
		code = cli_commit(
		    c, order_purge(&o, before, &some, &more, &err), &err);
		*count += some;
	}
	return code;
}

int
cmd_runs_purge(struct cli *c)
{
	int code = cli_open(c, DAEMON_STORE, NULL);
	int64_t age = 0, count = 0;
	char span[CLOCK_TEXT], *question;
	bool sure;

	if (code != CODE_OK)
		return code;
	if (clock_parse_span(c->args[0], &age) != 0)
		return cli_complain(
		    CODE_USAGE, "%s: wanted an age such as 90d", c->args[0]);
	question = mem_printf("forget runs that are over and older than %s",
	    clock_span(age, span));
	sure = cli_confirm(c, question);
	free(question);
	if (!sure)
		return CODE_REFUSED;
	code = purge(c, clock_now() - age, &count);
	if (code == CODE_OK)
		cli_note(c, "%lld runs are forgotten", (long long)count);
	return code;
}

/* --- waiting --- */

/* Whether anybody works on it, once. */
static void
tell_nobody(
    const struct cli *c, const struct task_run *r, int64_t since_ms, bool *told)
{
	if (*told || r->owner != NULL || clock_mono_ms() - since_ms < NOBODY_MS)
		return;
	*told = true;
	cli_note(c, "nobody works on it yet: is \"amtkeeper serve\" running?");
}

static int
code_of(const struct cli *c, const struct task_run *r)
{
	int64_t bad = task_run_failures(r) + r->count[TASK_OFFLINE] +
	    r->count[TASK_BUSY] + r->count[TASK_SKIPPED];

	if (r->state == TASK_ABORTED) {
		cli_note(c, "run %lld was aborted%s%s", (long long)r->id,
		    r->why == NULL ? "" : ": ", r->why == NULL ? "" : r->why);
		return CODE_REFUSED;
	}
	return bad > 0 ? CODE_PARTIAL : CODE_OK;
}

static int
look(struct cli *c, int64_t run, struct task_run *r)
{
	struct err err = {.kind = ERR_NONE};

	task_run_clear(r);
	return task_run_get(c->daemon.store, run, r, &err) == 0
	    ? CODE_OK
	    : cli_fail(&err);
}

static int
follow(struct cli *c, int64_t run, struct progress *p, struct task_run *r)
{
	const struct timespec pause = {.tv_nsec = WAIT_NS};
	int64_t since_ms = clock_mono_ms();
	bool told = false;
	int code;

	for (;;) {
		code = look(c, run, r);
		if (code != CODE_OK)
			return code;
		cli_run_progress(p, r);
		if (r->state == TASK_ABORTED || r->state == TASK_ENDED)
			return CODE_OK;
		tell_nobody(c, r, since_ms, &told);
		(void)nanosleep(&pause, NULL);
	}
}

static bool
show_told(void *cookie, const struct task_run *r)
{
	if (r == NULL)
		progress_clear(cookie);
	else
		cli_run_progress(cookie, r);
	return true;
}

int
runs_follow(struct cli *c, int64_t run)
{
	struct task_run r = {.id = 0};
	struct progress p;
	int code;

	progress_start(
	    &p, stderr, isatty(STDERR_FILENO) && !c->verbose, c->quiet, 0);
	code = cli_remote(c) ? cli_remote_follow(c, run, show_told, &p, &r)
			     : follow(c, run, &p, &r);
	progress_clear(&p);
	if (code == CODE_OK)
		code = code_of(c, &r);
	task_run_clear(&r);
	return code;
}

int
runs_wait(struct cli *c, int64_t run)
{
	int code = runs_follow(c, run), rows;

	if (code == CODE_INTERRUPTED)
		return code;
	rows = runs_write_items(c, run);
	return code == CODE_OK ? rows : code;
}

int
cmd_runs_wait(struct cli *c)
{
	struct json_object *row = NULL;
	int64_t id = 0;
	int code = find_run(c, &id);

	if (code == CODE_OK && cli_remote(c))
		code = cli_remote_get(c, "runs", c->args[0], &row);
	(void)json_object_put(row);
	return code == CODE_OK ? runs_wait(c, id) : code;
}
