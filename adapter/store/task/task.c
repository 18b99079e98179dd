/* The catalogue of client tasks. */
#include "task.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "store_table.h"
#include "str.h"
#include "task_internal.h"

void
task_clear(struct task *t)
{
	free(t->name);
	free(t->type);
	free(t->note);
	free(t->settings);
	memset(t, 0, sizeof(*t));
}

/* --- shared --- */

int
task_number(struct store *s, int64_t *ret, struct err *err, const char *sql,
    const char *types, int64_t a, int64_t b)
{
	const struct db_value values[] = {db_int_value(a), db_int_value(b)};
	size_t count = strlen(types);
	struct db_rows *rows;

	assert(count <= sizeof(values) / sizeof(values[0]));
	if (db_query_list(store_db(s), &rows, err, sql, values, count) == -1)
		return -1;
	return store_number(rows, ret, err);
}

int
task_ids(struct store *s, const char *sql, int64_t value, int64_t *ids,
    size_t room, size_t *ret_count, struct err *err)
{
	struct db_rows *rows;

	if (db_query(
		store_db(s), &rows, err, sql, "ii", value, (int64_t)room) == -1)
		return -1;
	return store_ids(rows, ids, ret_count, err);
}

/* --- reading --- */

#define COLUMNS                                                                \
	"SELECT id, name, type, note, settings, created_at, changed_at"        \
	" FROM task"

static void
read_row(struct db_rows *rows, struct task *ret)
{
	*ret = (struct task){
	    .id = db_int(rows, 0),
	    .name = mem_dup(db_text(rows, 1)),
	    .type = mem_dup(db_text(rows, 2)),
	    .note = mem_dup(db_text(rows, 3)),
	    .settings = mem_dup(db_text(rows, 4)),
	    .created_at = db_int(rows, 5),
	    .changed_at = db_int(rows, 6),
	};
}

int
task_find(struct store *s, const char *name, struct task *ret, struct err *err)
{
	struct db_rows *rows;
	int64_t id = 0;

	if (store_check_text(name, "the name", err) == -1)
		return -1;
	(void)str_int(name, 1, INT64_MAX, &id);
	if (db_query(store_db(s), &rows, err, COLUMNS TASK_NAMED, "ti", name,
		id) == -1 ||
	    store_first(rows, err,
		"no client task of this name; \"task list\" has them") == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
task_get(struct store *s, int64_t id, struct task *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(store_db(s), &rows, err, COLUMNS " WHERE id = ?", "i",
		id) == -1 ||
	    store_first(rows, err, "no such task") == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
task_scan(struct store *s, task_fn *fn, void *cookie, struct err *err)
{
	struct db_rows *rows;
	struct task t;
	int r = 0;

	if (db_query(store_db(s), &rows, err, COLUMNS " ORDER BY lower(name)",
		"") == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		read_row(rows, &t);
		r = fn(cookie, &t, err);
		task_clear(&t);
	}
	return r;
}

/* --- writing --- */

static int
check_task(const struct task *t, struct err *err)
{
	if (store_check_name(t->name, "task", err) == -1)
		return -1;
	if (str_empty(t->type) || str_empty(t->settings))
		return err_set(
		    err, ERR_INVALID, "task: without a type or settings");
	if (store_check_length(t->type, TASK_TYPE_MAX, "type", err) == -1 ||
	    store_check_length(
		t->settings, TASK_SETTINGS_MAX, "settings", err) == -1)
		return -1;
	return store_check_length(t->note, TASK_NOTE_MAX, "description", err);
}

static int
check_taken(struct store *s, const char *name, int64_t id, struct err *err)
{
	struct task other = {.id = 0};
	struct err why = {.kind = ERR_NONE};

	if (task_find(s, name, &other, &why) == -1) {
		if (why.kind == ERR_NOTFOUND)
			return 0;
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (other.id != id)
		(void)err_set(&why, ERR_CONFLICT,
		    "there is a task of this name, \"%.200s\"", other.name);
	task_clear(&other);
	if (why.kind == ERR_NONE)
		return 0;
	if (err != NULL)
		*err = why;
	return -1;
}

int
task_add(struct store *s, const struct task *t, int64_t now, int64_t *ret_id,
    struct err *err)
{
	int64_t count = 0;

	if (check_task(t, err) == -1 || store_begin(s, err) == -1 ||
	    check_taken(s, t->name, 0, err) == -1 ||
	    task_number(
		s, &count, err, "SELECT count(*) FROM task", "", 0, 0) == -1)
		return -1;
	if (count >= TASKS_MAX)
		return err_set(err, ERR_LIMIT, "there are %d tasks", TASKS_MAX);
	if (db_run(store_db(s), err,
		"INSERT INTO task (name, type, note, settings, created_at,"
		" changed_at) VALUES (?, ?, ?, ?, ?, ?)",
		"ttttii", t->name, t->type, t->note, t->settings, now,
		now) == -1)
		return -1;
	*ret_id = db_last_id(store_db(s));
	return 0;
}

int
task_save(struct store *s, const struct task *t, int64_t now, struct err *err)
{
	if (check_task(t, err) == -1 || store_begin(s, err) == -1 ||
	    check_taken(s, t->name, t->id, err) == -1 ||
	    db_run(store_db(s), err,
		"UPDATE task SET name = ?, type = ?, note = ?, settings = ?,"
		" changed_at = ? WHERE id = ?",
		"ttttii", t->name, t->type, t->note, t->settings, now,
		t->id) == -1)
		return -1;
	return store_changed(s, "no such task", err);
}

int
task_remove(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(store_db(s), err, "DELETE FROM task WHERE id = ?", "i",
		id) == -1)
		return -1;
	return store_changed(s, "no such task", err);
}

/* --- how a run goes about its devices --- */

struct task_policy
task_policy_default(void)
{
	return (struct task_policy){
	    .retries = TASK_RETRIES, .retry_wait = TASK_RETRY_WAIT};
}

#define SHARE 100
const struct task_policy_field task_policy_fields[TASK_POLICY_FIELDS] = {
    {"canary", "canary", "canary", TASK_DEVICES_MAX},
    {"wave", "wave", "wave", TASK_DEVICES_MAX},
    {"wave_percent", "wave-percent", "wave", SHARE},
    {"max_failures", "max-failures", "max-failures", TASK_DEVICES_MAX},
    {"max_failure_percent", "max-failure-percent", "max-failures", SHARE},
    {"stop_after", "stop-after", "stop-after", TASK_STOP_AFTER_MAX},
    {"parallel", "parallel", "parallel", TASK_PARALLEL_MAX},
    {"retries", "retries", "retries", TASK_RETRIES_MAX},
    {"retry_wait", "retry-wait", "retry-wait", TASK_RETRY_WAIT_MAX},
};

int64_t *
task_policy_at(struct task_policy *p, size_t i)
{
	int64_t *const members[TASK_POLICY_FIELDS] = {&p->canary, &p->wave,
	    &p->wave_percent, &p->max_failures, &p->max_failure_percent,
	    &p->stop_after, &p->parallel, &p->retries, &p->retry_wait};

	return members[i];
}

int64_t
task_policy_get(const struct task_policy *p, size_t i)
{
	struct task_policy copy = *p;

	return *task_policy_at(&copy, i);
}

int
task_policy_check(const struct task_policy *p, struct err *err)
{
	const struct task_policy_field *f;
	size_t i;

	for (i = 0; i < TASK_POLICY_FIELDS; i++) {
		f = &task_policy_fields[i];
		if (task_policy_get(p, i) < 0 ||
		    task_policy_get(p, i) > f->most)
			return err_set(err, ERR_INVALID, "%s: wanted 0 to %lld",
			    f->option, (long long)f->most);
	}
	if ((p->wave != 0 && p->wave_percent != 0) ||
	    (p->max_failures != 0 && p->max_failure_percent != 0))
		return err_set(err, ERR_INVALID,
		    "%s: a number or a percentage, not both",
		    p->wave != 0 && p->wave_percent != 0 ? "wave"
							 : "max-failures");
	return 0;
}

void
task_policy_values(
    const struct task_policy *p, struct db_value out[TASK_POLICY_FIELDS])
{
	size_t i;

	for (i = 0; i < TASK_POLICY_FIELDS; i++)
		out[i] = db_int_value(task_policy_get(p, i));
}

void
task_policy_read(struct db_rows *rows, int column, struct task_policy *ret)
{
	int i;

	for (i = 0; i < TASK_POLICY_FIELDS; i++)
		*task_policy_at(ret, (size_t)i) = db_int(rows, column + i);
}
