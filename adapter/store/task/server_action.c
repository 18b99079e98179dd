/* Executions of server tasks: their actions, and the rows that flow. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "server_task.h"
#include "store.h"
#include "store_table.h"
#include "task_internal.h"

static const char *const state_names[] = {[SERVER_WAITING] = "waiting",
    [SERVER_BEGUN] = "begun",
    [SERVER_OK] = "ok",
    [SERVER_CHANGED] = "changed",
    [SERVER_FAILED] = "failed",
    [SERVER_SKIPPED] = "skipped"};

const char *
server_state_name(enum server_state s)
{
	return state_names[s];
}

void
server_actions_free(struct server_action *actions, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(actions[i].kind);
		free(actions[i].settings);
		free(actions[i].message);
	}
	free(actions);
}

/* --- making --- */

/* A run that the runner of client tasks does not take for its own. */
static int
make_row(struct store *s, const struct task_run *r, int64_t total, int64_t now,
    int64_t *ret_id, struct err *err)
{
	int64_t id = 0;

	if (task_run_make(s, r, NULL, 0, now, &id, err) == -1)
		return -1;
	if (db_run(store_db(s), err,
		"UPDATE run SET expanded = 1, total = ? WHERE id = ?", "ii",
		total, id) == -1)
		return store_break(s);
	*ret_id = id;
	return 0;
}

static int
add_actions(struct store *s, int64_t run, const struct server_action *actions,
    size_t count, struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (db_run(store_db(s), err,
			"INSERT INTO server_action (run, at, parent, kind,"
			" settings) VALUES (?, ?, ?, ?, ?)",
			"iiitt", run, (int64_t)i, actions[i].parent,
			actions[i].kind, actions[i].settings) == -1)
			return store_break(s);
	return 0;
}

int
server_run_make(struct store *s, const struct server_execution *x, int64_t now,
    int64_t *ret_run, struct err *err)
{
	char *name = mem_dup(x->name), *settings = mem_dup(x->settings);
	char *actor = mem_dup(x->actor), *type = mem_dup(SERVER_RUN);
	const struct task_run row = {.name = name,
	    .type = type,
	    .settings = settings,
	    .actor = actor,
	    .source = x->source,
	    .occurrence = x->occurrence,
	    .target = TASK_ALL};
	int64_t id = 0;
	int r = make_row(s, &row, (int64_t)x->count, now, &id, err);

	free(name);
	free(settings);
	free(actor);
	free(type);
	if (r == -1)
		return -1;
	if (db_run(store_db(s), err,
		"INSERT INTO server_run (run, task) VALUES (?, nullif(?, 0))",
		"ii", id, x->task) == -1)
		return store_break(s);
	if (add_actions(s, id, x->actions, x->count, err) == -1)
		return -1;
	*ret_run = id;
	return 0;
}

/* --- reading --- */

int
server_run_task(
    struct store *s, int64_t run, int64_t *ret_task, struct err *err)
{
	return task_number(s, ret_task, err,
	    "SELECT task FROM server_run WHERE run = ?", "i", run, 0);
}

int
server_run_open(struct store *s, int64_t *ids, size_t room, size_t *ret_count,
    struct err *err)
{
	return task_ids(s,
	    "SELECT run.id FROM run JOIN server_run ON server_run.run = run.id"
	    " WHERE state IN (0, 1, 2) AND run.id > ?"
	    " ORDER BY run.id LIMIT ?",
	    0, ids, room, ret_count, err);
}

int
server_run_unfinished(
    struct store *s, int64_t task, int64_t *ret_run, struct err *err)
{
	return task_number(s, ret_run, err,
	    "SELECT run.id FROM server_run JOIN run ON run.id = server_run.run"
	    " WHERE server_run.task = ? AND state IN (0, 1, 2)",
	    "i", task, 0);
}

int
server_run_orphans(struct store *s, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err)
{
	return task_ids(s,
	    "SELECT run.id FROM run JOIN server_run AS x ON x.run = run.parent"
	    " JOIN run AS above ON above.id = run.parent"
	    " WHERE run.state IN (0, 1, 2) AND above.state = 3"
	    " AND run.id > ? ORDER BY run.id LIMIT ?",
	    0, ids, room, ret_count, err);
}

static void
read_row(struct db_rows *rows, struct server_action *ret)
{
	*ret = (struct server_action){
	    .run = db_int(rows, 0),
	    .at = db_int(rows, 1),
	    .parent = db_int(rows, 2),
	    .kind = mem_dup(db_text(rows, 3)),
	    .settings = mem_dup(db_text(rows, 4)),
	    .state = store_enum(rows, 5),
	    .subtask = db_int(rows, 6),
	    .rows = db_int(rows, 7),
	    .done_to = db_int(rows, 8),
	    .changed = db_int(rows, 9),
	    .attempts = db_int(rows, 10),
	    .not_before = db_int(rows, 11),
	    .message = mem_dup(db_text(rows, 12)),
	};
}

int
server_actions(struct store *s, int64_t run, struct server_action **ret_actions,
    size_t *ret_count, struct err *err)
{
	struct server_action *all;
	struct db_rows *rows;
	size_t count = 0;
	int r;

	if (db_query(store_db(s), &rows, err,
		"SELECT run, at, parent, kind, settings, state, subtask, rows,"
		" done_to, changed, attempts, not_before, message"
		" FROM server_action WHERE run = ? ORDER BY at",
		"i", run) == -1)
		return -1;
	all = mem_array(SERVER_ACTIONS_MAX, sizeof(*all));
	while ((r = db_next(rows, err)) == 1 && count < SERVER_ACTIONS_MAX)
		read_row(rows, &all[count++]);
	db_done(rows);
	if (r != -1 && count > 0) {
		*ret_actions = all;
		*ret_count = count;
		return 0;
	}
	server_actions_free(all, count);
	return r == -1
	    ? -1
	    : err_set(err, ERR_NOTFOUND,
		  "no such execution of a server task; \"server-task log\" "
		  "has them");
}

/* --- going on --- */

int
server_action_begin(struct store *s, struct server_action *a, const char *name,
    int64_t total, int64_t now, struct err *err)
{
	char *own, *type, *settings;
	struct task_run row;
	int r;

	a->state = SERVER_BEGUN;
	if (a->subtask != 0)
		return server_action_save(s, a, err);
	own = mem_dup(name);
	type = mem_dup(SERVER_ACTION);
	settings = mem_dup(a->settings);
	row = (struct task_run){.parent = a->run,
	    .name = own,
	    .type = type,
	    .settings = settings,
	    .source = TASK_BY_TASK,
	    .target = TASK_ALL};
	r = make_row(s, &row, total, now, &a->subtask, err);
	if (r == 0)
		r = db_run(store_db(s), err,
		    "UPDATE run SET state = 1, started_at = ? WHERE id = ?",
		    "ii", now, a->subtask);
	if (r == 0)
		r = server_action_save(s, a, err);
	free(own);
	free(type);
	free(settings);
	return r;
}

int
server_action_save(
    struct store *s, const struct server_action *a, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(store_db(s), err,
		"UPDATE server_action SET state = ?3, subtask = ?4, rows = ?5,"
		" done_to = ?6, changed = ?7, attempts = ?8, not_before = ?9,"
		" message = ?10 WHERE run = ?1 AND at = ?2",
		"iiiiiiiiit", a->run, a->at, (int64_t)a->state, a->subtask,
		a->rows, a->done_to, a->changed, a->attempts, a->not_before,
		a->message) == -1)
		return -1;
	return store_changed(s, "no such action", err);
}

/* The run of its own, when it is not one of a client task, which ends itself.
 */
static int
end_subtask(struct store *s, const struct server_action *a, int64_t now,
    struct err *err)
{
	int64_t failed = a->state == SERVER_FAILED;

	return db_run(store_db(s), err,
	    "UPDATE run SET state = ?2, why = ?3, ended_at = ?4,"
	    " total = max(total, ?7), done = max(total, ?7),"
	    " begun = max(total, ?7), n_changed = ?5, n_failed = ?6,"
	    " n_ok = max(max(total, ?7) - ?5 - ?6, 0)"
	    " WHERE id = ?1 AND type = '" SERVER_ACTION
	    "' AND state IN (0, 1, 2)",
	    "iitiiii", a->subtask,
	    (int64_t)(failed ? TASK_ABORTED : TASK_ENDED),
	    failed ? a->message : NULL, now, failed ? 0 : a->changed, failed,
	    a->rows);
}

int
server_action_end(struct store *s, const struct server_action *a, int64_t now,
    struct err *err)
{
	if (server_action_save(s, a, err) == -1)
		return -1;
	if ((a->subtask != 0 && end_subtask(s, a, now, err) == -1) ||
	    db_run(store_db(s), err,
		"UPDATE run SET done = done + 1, begun = begun + 1,"
		" n_ok = n_ok + (?2 = 2), n_changed = n_changed + (?2 = 3),"
		" n_failed = n_failed + (?2 = 4),"
		" n_skipped = n_skipped + (?2 = 5) WHERE id = ?1",
		"ii", a->run, (int64_t)a->state) == -1)
		return store_break(s);
	return 0;
}

/* --- rows --- */

int
server_row_add(struct store *s, int64_t run, int64_t at, int64_t number,
    int64_t device, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "INSERT INTO server_row (run, at, number, device)"
	    " VALUES (?, ?, ?, ?)",
	    "iiii", run, at, number, device);
}

int
server_rows_clear(struct store *s, int64_t run, int64_t at, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "DELETE FROM server_row WHERE run = ? AND at = ?", "ii", run, at);
}

int
server_rows(struct store *s, int64_t run, int64_t at, int64_t from,
    int64_t *devices, size_t room, size_t *ret_count, struct err *err)
{
	struct db_rows *rows;
	size_t count = 0;
	int r;

	if (db_query(store_db(s), &rows, err,
		"SELECT device FROM server_row WHERE run = ? AND at = ?"
		" AND number >= ? ORDER BY number LIMIT ?",
		"iiii", run, at, from, (int64_t)room) == -1)
		return -1;
	while ((r = db_next(rows, err)) == 1)
		devices[count++] = db_int(rows, 0);
	db_done(rows);
	if (r == -1)
		return -1;
	*ret_count = count;
	return 0;
}
