/* tasklog.*: runs, as ePO's server task log has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assigned_internal.h"
#include "clock.h"
#include "commands_internal.h"
#include "mem.h"
#include "order.h"
#include "server_internal.h"
#include "str.h"
#include "task_run.h"

#define ROWS 1000 /* unless maxRows says otherwise */
#define ROWS_MAX 100000
#define AGE_MAX 100000
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- entries --- */

static void
write_entry(struct out *o, const char *row, const struct task_run *r)
{
	int64_t from = r->started_at != 0 ? r->started_at : r->created_at;

	out_row(o, row);
	out_int(o, "id", r->id);
	out_text(o, "name", r->name);
	out_time(o, "startDate", from);
	out_time(o, "endDate", r->ended_at);
	out_text(o, "userName", r->actor);
	out_text(o, "taskSource", task_source_name(r->source));
	out_int(
	    o, "duration", r->ended_at != 0 ? 1000 * (r->ended_at - from) : 0);
	out_text(o, "status", task_state_name(r->state));
	out_int(o, "percentComplete", task_run_percent(r));
	out_int(o, "systems", r->total);
	out_int(o, "failures", task_run_failures(r));
	out_text(o, "message", r->why);
	out_row_end(o);
}

static int
write_history(void *cookie, const struct task_run *r, struct err *err)
{
	(void)err;
	write_entry(cookie, "taskLogEntry", r);
	return 0;
}

static int
write_subtask(void *cookie, const struct task_run *r, struct err *err)
{
	(void)err;
	write_entry(cookie, "subtask", r);
	return 0;
}

/* --- which --- */

/* "7 days", as a number of seconds; 0 when no age was given. */
static int
read_age(const struct call *c, int64_t *ret, struct err *err)
{
	static const struct {
		const char *word;
		int64_t seconds;
	} units[] = {{"minute", 60}, {"hour", 3600}, {"day", CLOCK_DAY},
	    {"week", 7 * CLOCK_DAY}, {"month", 30 * CLOCK_DAY},
	    {"year", 365 * CLOCK_DAY}};
	const char *unit = call_text(c, "unit");
	size_t i, len;
	int64_t age = 0;

	if (call_int(c, "age", 1, AGE_MAX, &age, err) == -1)
		return -1;
	if (unit == NULL)
		unit = "days";
	len = strlen(unit);
	for (i = 0; i < COUNT(units); i++)
		if (str_ieq(unit, units[i].word) ||
		    (len == strlen(units[i].word) + 1 &&
			strncasecmp(unit, units[i].word, len - 1) == 0 &&
			(unit[len - 1] | 0x20) == 's')) {
			*ret = age * units[i].seconds;
			return 0;
		}
	return err_set(err, ERR_INVALID,
	    "unit: wanted minutes, hours, days, weeks, months or years");
}

static int
read_source(const struct call *c, unsigned *ret, struct err *err)
{
	const char *text = call_text(c, "taskSource");
	enum task_source s;

	for (s = TASK_BY_USER; text != NULL && s < TASK_SOURCES; s++)
		if (str_ieq(text, task_source_name(s))) {
			*ret = 1u << s;
			return 0;
		}
	return text == NULL ? 0
			    : err_set(err, ERR_INVALID,
				  "taskSource: tasklog.listTaskSources has "
				  "them all");
}

/* An assignment, or else any run of this name; of a tree its name, also when it
 * was given by number. Given. */
static int
read_name(
    struct call *c, struct task_run_filter *f, char **ret_name, struct err *err)
{
	const char *name = call_text(c, "taskName");
	struct server_task t = {.id = 0};
	struct err why = {.kind = ERR_NONE};
	bool tree = false;

	if (name == NULL)
		return 0;
	if (remote_server_find(c, name, &t, &tree, err) == -1)
		return -1;
	if (!tree && remote_assigned_find(c, name, &f->assignment, &why) == 0)
		return 0;
	*ret_name = mem_dup(tree ? t.name : name);
	server_task_clear(&t);
	f->name = *ret_name;
	if (tree || why.kind == ERR_NOTFOUND || why.kind == ERR_CONFLICT)
		return 0;
	if (err != NULL)
		*err = why;
	return -1;
}

int
remote_list_history(struct call *c, struct err *err)
{
	struct task_run_filter f = {.whole = true};
	int64_t rows = ROWS, age = 0;
	char *name = NULL;
	int r = -1;

	if (read_name(c, &f, &name, err) == -1 ||
	    read_source(c, &f.sources, err) == -1 ||
	    call_int(c, "maxRows", 1, ROWS_MAX, &rows, err) == -1 ||
	    read_age(c, &age, err) == -1)
		goto out;
	f.limit = (size_t)rows;
	f.since = age != 0 ? c->now - age : 0;
	out_list(&c->out, false);
	r = task_run_scan(c->store, &f, write_history, &c->out, err);
	out_list_end(&c->out);
out:
	free(name);
	return r;
}

/* ERR_NOTFOUND when there is no such run. */
static int
find_run(struct call *c, int64_t *ret_id, struct err *err)
{
	struct task_run run = {.id = 0};

	if (call_run_id(c, ret_id, err) == -1 ||
	    task_run_get(c->store, *ret_id, &run, err) == -1)
		return -1;
	task_run_clear(&run);
	return 0;
}

int
remote_list_subtasks(struct call *c, struct err *err)
{
	struct task_run_filter f = {.limit = ROWS_MAX};
	int r;

	if (find_run(c, &f.parent, err) == -1)
		return -1;
	out_list(&c->out, false);
	r = task_run_scan(c->store, &f, write_subtask, &c->out, err);
	out_list_end(&c->out);
	return r;
}

static int
write_message(void *cookie, const struct task_message *m, struct err *err)
{
	struct out *o = cookie;

	(void)err;
	out_row(o, "taskLogMessage");
	out_int(o, "id", m->id);
	out_time(o, "date", m->at);
	out_text(o, "message", m->text);
	out_row_end(o);
	return 0;
}

int
remote_list_messages(struct call *c, struct err *err)
{
	int64_t id = 0;
	int r;

	if (find_run(c, &id, err) == -1)
		return -1;
	out_list(&c->out, false);
	r = task_message_scan(c->store, id, 0, write_message, &c->out, err);
	out_list_end(&c->out);
	return r;
}

int
remote_list_sources(struct call *c, struct err *err)
{
	enum task_source s;

	(void)err;
	out_list(&c->out, false);
	for (s = TASK_BY_USER; s < TASK_SOURCES; s++)
		out_item(&c->out, task_source_name(s));
	out_list_end(&c->out);
	return 0;
}

/* How many; in pieces, so that no other writer waits for long. */
int
remote_purge_log(struct call *c, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	int64_t age = 0, once = 0, all = 0;
	bool more = true;

	if (read_age(c, &age, err) == -1)
		return -1;
	if (age == 0)
		return err_set(err, ERR_INVALID,
		    "age is empty: wanted the age from which on runs go");
	while (more) {
		if (order_purge(&order, c->now - age, &once, &more, err) == -1)
			return -1;
		all += once;
		if (more && call_commit(c, err) == -1)
			return -1;
	}
	out_scalar_int(&c->out, all);
	return 0;
}
