/* Server tasks: what they are, and when they are due. */
#include "server_task.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "store.h"
#include "store_table.h"
#include "str.h"
#include "task_internal.h"

#define SCHEDULE_MAX 8192

void
server_task_clear(struct server_task *t)
{
	free(t->name);
	free(t->note);
	free(t->owner);
	free(t->actions);
	free(t->schedule);
	memset(t, 0, sizeof(*t));
}

/* --- reading --- */

#define COLUMNS                                                                \
	"SELECT id, name, note, owner, actions, schedule, trigger, enabled,"   \
	" overlap, next_due, created_at, changed_at, last_at, last_run"        \
	" FROM server_task"

static void
read_row(struct db_rows *rows, struct server_task *ret)
{
	*ret = (struct server_task){
	    .id = db_int(rows, 0),
	    .name = mem_dup(db_text(rows, 1)),
	    .note = mem_dup(db_text(rows, 2)),
	    .owner = mem_dup(db_text(rows, 3)),
	    .actions = mem_dup(db_text(rows, 4)),
	    .schedule = mem_dup(db_text(rows, 5)),
	    .trigger = db_int(rows, 6),
	    .enabled = db_int(rows, 7) != 0,
	    .overlap = db_int(rows, 8) != 0,
	    .next_due = db_int(rows, 9),
	    .created_at = db_int(rows, 10),
	    .changed_at = db_int(rows, 11),
	    .last_at = db_int(rows, 12),
	    .last_run = db_int(rows, 13),
	};
}

static int
read_one(struct db_rows *rows, struct server_task *ret, struct err *err)
{
	if (store_first(rows, err,
		"no server task of this name; \"server-task list\" has them") ==
	    -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
server_task_named(
    struct store *s, const char *name, struct server_task *ret, struct err *err)
{
	struct db_rows *rows;
	int64_t id = 0;

	if (store_check_text(name, "the name", err) == -1)
		return -1;
	(void)str_int(name, 1, INT64_MAX, &id);
	if (db_query(store_db(s), &rows, err, COLUMNS TASK_NAMED, "ti", name,
		id) == -1)
		return -1;
	return read_one(rows, ret, err);
}

int
server_task_get(
    struct store *s, int64_t id, struct server_task *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(store_db(s), &rows, err, COLUMNS " WHERE id = ?", "i",
		id) == -1)
		return -1;
	return read_one(rows, ret, err);
}

int
server_task_scan(
    struct store *s, server_task_fn *fn, void *cookie, struct err *err)
{
	struct server_task t;
	struct db_rows *rows;
	int r = 0;

	if (db_query(store_db(s), &rows, err, COLUMNS " ORDER BY lower(name)",
		"") == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		read_row(rows, &t);
		r = fn(cookie, &t, err);
		server_task_clear(&t);
	}
	return r;
}

int
server_task_due(struct store *s, int64_t now, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err)
{
	return task_ids(s,
	    "SELECT id FROM server_task WHERE enabled = 1"
	    " AND next_due > 0 AND next_due <= ?"
	    " ORDER BY next_due, id LIMIT ?",
	    now, ids, room, ret_count, err);
}

int
server_task_triggered(struct store *s, int64_t trigger, int64_t *ids,
    size_t room, size_t *ret_count, struct err *err)
{
	return task_ids(s,
	    "SELECT id FROM server_task WHERE enabled = 1"
	    " AND trigger > 0 AND trigger = ? ORDER BY id LIMIT ?",
	    trigger, ids, room, ret_count, err);
}

/* --- writing --- */

static int
check_task(const struct server_task *t, struct err *err)
{
	if (store_check_name(t->name, "server task", err) == -1)
		return -1;
	if (str_empty(t->actions))
		return err_set(err, ERR_INVALID, "server task: no actions");
	if (store_check_length(t->actions, SERVER_TREE_MAX, "actions", err) ==
		-1 ||
	    store_check_length(t->schedule, SCHEDULE_MAX, "schedule", err) ==
		-1)
		return -1;
	return store_check_length(t->note, TASK_NOTE_MAX, "description", err);
}

static int
check_taken(struct store *s, const char *name, int64_t id, struct err *err)
{
	int64_t other = 0;
	struct db_rows *rows;

	if (db_query(store_db(s), &rows, err,
		"SELECT id FROM server_task WHERE id <> ?1"
		" AND lower(replace(name, ' ', '-')) ="
		" lower(replace(?2, ' ', '-'))",
		"it", id, name) == -1)
		return -1;
	if (store_number(rows, &other, err) == -1)
		return -1;
	return other == 0
	    ? 0
	    : err_set(err, ERR_CONFLICT, "there is a server task of this name");
}

int
server_task_add(struct store *s, const struct server_task *t, int64_t now,
    int64_t *ret_id, struct err *err)
{
	int64_t count = 0;

	if (check_task(t, err) == -1 || store_begin(s, err) == -1 ||
	    check_taken(s, t->name, 0, err) == -1 ||
	    task_number(s, &count, err, "SELECT count(*) FROM server_task", "",
		0, 0) == -1)
		return -1;
	if (count >= SERVER_TASKS_MAX)
		return err_set(err, ERR_LIMIT, "there are %d server tasks",
		    SERVER_TASKS_MAX);
	if (db_run(store_db(s), err,
		"INSERT INTO server_task (name, note, owner, actions,"
		" schedule, trigger, enabled, overlap, next_due, created_at,"
		" changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"tttttiiiiii", t->name, t->note,
		t->owner == NULL ? "" : t->owner, t->actions, t->schedule,
		t->trigger, (int64_t)t->enabled, (int64_t)t->overlap,
		t->next_due, now, now) == -1)
		return -1;
	*ret_id = db_last_id(store_db(s));
	return 0;
}

int
server_task_save(
    struct store *s, const struct server_task *t, int64_t now, struct err *err)
{
	if (check_task(t, err) == -1 || store_begin(s, err) == -1 ||
	    check_taken(s, t->name, t->id, err) == -1 ||
	    db_run(store_db(s), err,
		"UPDATE server_task SET name = ?, note = ?, actions = ?,"
		" schedule = ?, trigger = ?, enabled = ?, overlap = ?,"
		" next_due = ?, changed_at = ? WHERE id = ?",
		"ttttiiiiii", t->name, t->note, t->actions, t->schedule,
		t->trigger, (int64_t)t->enabled, (int64_t)t->overlap,
		t->next_due, now, t->id) == -1)
		return -1;
	return store_changed(s, "no such server task", err);
}

int
server_task_remove(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(store_db(s), err, "DELETE FROM server_task WHERE id = ?",
		"i", id) == -1)
		return -1;
	return store_changed(s, "no such server task", err);
}

int
server_task_ran(struct store *s, int64_t id, int64_t run, int64_t now,
    int64_t next_due, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "UPDATE server_task SET next_due = ?2,"
	    " last_run = CASE WHEN ?3 <> 0 THEN ?3 ELSE last_run END,"
	    " last_at = CASE WHEN ?3 <> 0 THEN ?4 ELSE last_at END"
	    " WHERE id = ?1",
	    "iiii", id, next_due, run, now);
}
