/* Runs: making, reading, and the states a person moves them through. */
#include "task_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "store.h"
#include "store_table.h"
#include "str.h"
#include "task_internal.h"
#include "task_work.h"

#define MESSAGE_MAX 1024
#define SQL_MAX 2048

const char *const task_state_words[TASK_STATES + 1] = {[TASK_QUEUED] = "queued",
    [TASK_RUNNING] = "running",
    [TASK_PAUSED] = "paused",
    [TASK_ABORTED] = "aborted",
    [TASK_ENDED] = "ended"};

const char *const task_outcome_words[TASK_OUTCOMES + 1] = {[TASK_OK] = "ok",
    [TASK_CHANGED] = "changed",
    [TASK_PENDING] = "waiting",
    [TASK_FAILED] = "failed",
    [TASK_PARKED] = "parked",
    [TASK_OFFLINE] = "offline",
    [TASK_BUSY] = "busy",
    [TASK_SKIPPED] = "skipped"};

static const char *const source_names[TASK_SOURCES] = {[TASK_BY_USER] = "user",
    [TASK_BY_TASK] = "task",
    [TASK_BY_SCHEDULE] = "schedule"};

const char *
task_source_name(enum task_source s)
{
	return source_names[s];
}

const char *
task_state_name(enum task_state s)
{
	return task_state_words[s];
}

const char *
task_outcome_name(enum task_outcome o)
{
	return task_outcome_words[o];
}

void
task_run_clear(struct task_run *r)
{
	free(r->name);
	free(r->type);
	free(r->settings);
	free(r->actor);
	free(r->why);
	free(r->query);
	free(r->schedule);
	free(r->owner);
	memset(r, 0, sizeof(*r));
}

int64_t
task_run_percent(const struct task_run *r)
{
	if (r->state == TASK_ENDED)
		return 100;
	if (r->total == 0)
		return 0;
	return r->done * 100 / r->total;
}

int64_t
task_run_failures(const struct task_run *r)
{
	return r->count[TASK_FAILED] + r->count[TASK_PARKED];
}

/* --- reading --- */

#define COLUMNS                                                                \
	"SELECT id, parent, coalesce(task, 0), coalesce(assignment, 0), name," \
	" type, settings, source, actor, state, why, target,"                  \
	" coalesce(branch, tag, 0), query, schedule, occurrence, created_at,"  \
	" started_at, ended_at, expanded, total, begun, done, begin_to,"       \
	" owner, owner_until, n_ok, n_changed, n_waiting, n_failed, n_parked," \
	" n_offline, n_busy, n_skipped, " TASK_POLICY_COLUMNS " FROM run"
#define COUNTS_AT 26
#define POLICY_AT (COUNTS_AT + TASK_OUTCOMES)

static void
read_texts(struct db_rows *rows, struct task_run *ret)
{
	ret->name = mem_dup(db_text(rows, 4));
	ret->type = mem_dup(db_text(rows, 5));
	ret->settings = mem_dup(db_text(rows, 6));
	ret->actor = mem_dup(db_text(rows, 8));
	ret->why = mem_dup(db_text(rows, 10));
	ret->query = mem_dup(db_text(rows, 13));
	ret->schedule = mem_dup(db_text(rows, 14));
	ret->owner = mem_dup(db_text(rows, 24));
}

static void
read_row(struct db_rows *rows, struct task_run *ret)
{
	int i;

	*ret = (struct task_run){
	    .id = db_int(rows, 0),
	    .parent = db_int(rows, 1),
	    .task = db_int(rows, 2),
	    .assignment = db_int(rows, 3),
	    .source = store_enum(rows, 7),
	    .state = store_enum(rows, 9),
	    .target = store_enum(rows, 11),
	    .target_id = db_int(rows, 12),
	    .occurrence = db_int(rows, 15),
	    .created_at = db_int(rows, 16),
	    .started_at = db_int(rows, 17),
	    .ended_at = db_int(rows, 18),
	    .expanded = db_int(rows, 19) != 0,
	    .total = db_int(rows, 20),
	    .begun = db_int(rows, 21),
	    .done = db_int(rows, 22),
	    .begin_to = db_int(rows, 23),
	    .owner_until = db_int(rows, 25),
	};
	read_texts(rows, ret);
	for (i = 0; i < TASK_OUTCOMES; i++)
		ret->count[i] = db_int(rows, COUNTS_AT + i);
	task_policy_read(rows, POLICY_AT, &ret->policy);
}

int
task_run_get(struct store *s, int64_t id, struct task_run *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(store_db(s), &rows, err, COLUMNS " WHERE id = ?", "i",
		id) == -1 ||
	    store_first(rows, err, "no such run; \"runs list\" has them") == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

/* Texts of the conditions are ours alone; what is asked for are parameters. */
struct conditions {
	struct buf sql;
	struct db_value values[8];
	size_t count;
};

static void
condition(struct conditions *c, bool wanted, const char *sql, struct db_value v)
{
	if (!wanted)
		return;
	buf_str(&c->sql, " AND ");
	buf_str(&c->sql, sql);
	c->values[c->count++] = v;
}

static void
one_of(struct conditions *c, const char *column, unsigned set, int count)
{
	int i;

	if (set == 0)
		return;
	buf_printf(&c->sql, " AND %s IN (-1", column);
	for (i = 0; i < count; i++)
		if ((set & (1U << i)) != 0)
			buf_printf(&c->sql, ", %d", i);
	buf_str(&c->sql, ")");
}

static void
add_conditions(struct conditions *c, const struct task_run_filter *f)
{
	buf_str(&c->sql, COLUMNS " WHERE 1 = 1");
	one_of(c, "state", f->states, TASK_STATES);
	one_of(c, "source", f->sources, TASK_SOURCES);
	condition(c, f->name != NULL, "lower(name) = lower(?)",
	    db_text_value(f->name));
	condition(c, f->type != NULL, "type = ?", db_text_value(f->type));
	condition(c, f->task != 0, "task = ?", db_int_value(f->task));
	condition(c, f->assignment != 0, "assignment = ?",
	    db_int_value(f->assignment));
	condition(c, f->parent != 0, "parent = ?", db_int_value(f->parent));
	condition(c, f->since != 0, "created_at >= ?", db_int_value(f->since));
	condition(c, f->before != 0, "id < ?", db_int_value(f->before));
	if (f->whole)
		buf_str(&c->sql, " AND parent = 0");
	buf_str(&c->sql, " ORDER BY id DESC LIMIT ?");
	c->values[c->count++] =
	    db_int_value(f->limit == 0 ? -1 : (int64_t)f->limit);
}

int
task_run_scan(struct store *s, const struct task_run_filter *filter,
    task_run_fn *fn, void *cookie, struct err *err)
{
	struct conditions c = {.count = 0};
	struct db_rows *rows;
	struct task_run run;
	int r = 0;

	if (store_check_text(filter->name, "the name", err) == -1)
		return -1;
	buf_init(&c.sql, SQL_MAX);
	add_conditions(&c, filter);
	r = db_query_once(
	    store_db(s), &rows, err, buf_text(&c.sql), c.values, c.count);
	if (r == -1) {
		buf_free(&c.sql);
		return -1;
	}
	while (store_next(rows, &r, err)) {
		read_row(rows, &run);
		r = fn(cookie, &run, err);
		task_run_clear(&run);
	}
	buf_free(&c.sql);
	return r;
}

/* --- making --- */

static int
check_run(
    struct store *s, const struct task_run *r, size_t count, struct err *err)
{
	if (str_empty(r->name) || str_empty(r->type) || str_empty(r->settings))
		return err_set(
		    err, ERR_INVALID, "run: without a name, type or settings");
	if (store_check_text(r->name, "the name", err) == -1 ||
	    store_check_text(r->settings, "the settings", err) == -1 ||
	    store_check_text(r->schedule, "the schedule", err) == -1 ||
	    store_check_text(r->actor, "the actor", err) == -1 ||
	    task_policy_check(&r->policy, err) == -1)
		return -1;
	if (r->assignment != 0) /* what is gone is found out, and said, later */
		return 0;
	if (r->target == TASK_DEVICES)
		return count > 0 ? 0 : err_set(err, ERR_INVALID, "no devices");
	return task_target_check(s, r->target, r->target_id, r->query, err);
}

static int
insert(struct store *s, const struct task_run *r, int64_t now, struct err *err)
{
	struct db_value values[15 + TASK_POLICY_FIELDS] = {
	    db_int_value(r->parent), db_int_value(r->task),
	    db_int_value(r->assignment), db_text_value(r->name),
	    db_text_value(r->type), db_text_value(r->settings),
	    db_int_value(r->source),
	    db_text_value(r->actor == NULL ? "" : r->actor),
	    db_int_value(r->target), db_int_value(r->target_id),
	    db_int_value(r->target_id),
	    db_text_value(r->target == TASK_QUERY ? r->query : NULL),
	    db_text_value(r->schedule), db_int_value(r->occurrence),
	    db_int_value(now)};

	task_policy_values(&r->policy, values + 15);
	return db_run_list(store_db(s), err,
	    "INSERT INTO run (parent, task, assignment, name, type, settings,"
	    " source, actor, target, branch, tag, query, schedule, occurrence,"
	    " created_at, " TASK_POLICY_COLUMNS ")"
	    " VALUES (?1, nullif(?2, 0), nullif(?3, 0), ?4, ?5, ?6, ?7, ?8,"
	    " ?9, CASE ?9 WHEN 1 THEN nullif(?10, 0) END,"
	    " CASE ?9 WHEN 2 THEN nullif(?11, 0) END,"
	    " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,"
	    " ?24)",
	    values, sizeof(values) / sizeof(values[0]));
}

int
task_run_make(struct store *s, const struct task_run *r, const int64_t *devices,
    size_t count, int64_t now, int64_t *ret_id, struct err *err)
{
	int64_t id;
	size_t i;

	if (store_begin(s, err) == -1 || check_run(s, r, count, err) == -1 ||
	    insert(s, r, now, err) == -1)
		return -1;
	id = db_last_id(store_db(s));
	if (r->target == TASK_DEVICES && r->assignment == 0) {
		for (i = 0; i < count; i++)
			if (task_item_add(s, id, devices[i], now, err) == -1)
				return store_break(s);
		if (task_run_expanded(s, id, err) == -1)
			return store_break(s);
	}
	*ret_id = id;
	return 0;
}

/* --- states --- */

/* From which states one is reached. */
static const unsigned reached_from[TASK_STATES] = {
    [TASK_QUEUED] = 1U << TASK_PAUSED,
    [TASK_RUNNING] = 1U << TASK_QUEUED,
    [TASK_PAUSED] = 1U << TASK_QUEUED | 1U << TASK_RUNNING,
    [TASK_ABORTED] = 1U << TASK_QUEUED | 1U << TASK_RUNNING | 1U << TASK_PAUSED,
    [TASK_ENDED] = 1U << TASK_QUEUED | 1U << TASK_RUNNING};

static int
tell_state(struct store *s, int64_t id, enum task_state to, const char *who,
    const char *why, int64_t now, struct err *err)
{
	static const char *const words[TASK_STATES] = {
	    [TASK_QUEUED] = "resumed",
	    [TASK_RUNNING] = "begun",
	    [TASK_PAUSED] = "paused",
	    [TASK_ABORTED] = "aborted",
	    [TASK_ENDED] = "ended"};
	char *text = mem_printf("%s%s%s%s%s", words[to],
	    who == NULL ? "" : " by ", who == NULL ? "" : who,
	    why == NULL ? "" : ": ", why == NULL ? "" : why);
	int r = task_message_add(s, id, now, text, err);

	free(text);
	return r;
}

int
task_run_set_state(struct store *s, int64_t id, enum task_state to,
    const char *who, const char *why, int64_t now, struct err *err)
{
	bool over = to == TASK_ABORTED || to == TASK_ENDED;
	struct task_run run = {.id = 0};
	bool may;

	/* With the write lock, so that it is as read until the commit. */
	if (store_begin(s, err) == -1 || task_run_get(s, id, &run, err) == -1)
		return -1;
	may = (reached_from[to] & (1U << run.state)) != 0;
	if (!may)
		(void)err_set(err, ERR_REFUSED, "run %" PRId64 " is %s", id,
		    task_state_name(run.state));
	task_run_clear(&run);
	if (!may ||
	    db_run(store_db(s), err,
		"UPDATE run SET state = ?2, why = ?3,"
		" ended_at = CASE WHEN ?4 THEN ?5 ELSE ended_at END"
		" WHERE id = ?1",
		"iitii", id, (int64_t)to,
		to == TASK_QUEUED || to == TASK_RUNNING ? NULL : why,
		(int64_t)over, now) == -1)
		return -1;
	return tell_state(s, id, to, who, why, now, err);
}

int
task_run_purge(struct store *s, int64_t before, size_t limit,
    int64_t *ret_count, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(store_db(s), err,
		"DELETE FROM run WHERE id IN (SELECT id FROM run"
		" WHERE state IN (3, 4) AND created_at < ?"
		" ORDER BY id LIMIT ?)",
		"ii", before, (int64_t)limit) == -1)
		return -1;
	*ret_count = db_changes(store_db(s));
	return 0;
}

/* --- messages --- */

int
task_message_add(
    struct store *s, int64_t run, int64_t at, const char *text, struct err *err)
{
	char *cut = mem_dup_len(text, strnlen(text, MESSAGE_MAX));
	int r = store_begin(s, err);

	if (r == 0)
		r = db_run(store_db(s), err,
		    "INSERT INTO run_message (run, at, text) VALUES (?, ?, ?)",
		    "iit", run, at, cut);
	free(cut);
	return r;
}

int
task_message_scan(struct store *s, int64_t run, int64_t after,
    task_message_fn *fn, void *cookie, struct err *err)
{
	struct task_message m;
	struct db_rows *rows;
	int r = 0;

	if (db_query(store_db(s), &rows, err,
		"SELECT id, run, at, text FROM run_message"
		" WHERE run = ? AND id > ? ORDER BY id",
		"ii", run, after) == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		m.id = db_int(rows, 0);
		m.run = db_int(rows, 1);
		m.at = db_int(rows, 2);
		m.text = db_text(rows, 3);
		r = fn(cookie, &m, err);
	}
	return r;
}
