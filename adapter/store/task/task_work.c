/* What the one process needs that works on a run. */
#include "task_work.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "err.h"
#include "mem.h"
#include "query.h"
#include "server_task.h"
#include "store.h"
#include "store_table.h"
#include "str.h"
#include "task_internal.h"

/* --- which devices --- */

struct picking {
	struct store *store;
	task_device_fn *fn;
	void *cookie;
};

/* Rows of id, uuid, name. */
static int
pick_rows(const struct picking *p, struct db_rows *rows, struct err *err)
{
	struct task_device d;
	int r = 0;

	while (store_next(rows, &r, err)) {
		d.id = db_int(rows, 0);
		d.key = db_text(rows, str_empty(db_text(rows, 1)) ? 2 : 1);
		r = p->fn(p->cookie, &d, err);
	}
	return r;
}

static int
pick(const struct picking *p, const char *sql, const char *types, int64_t value,
    struct err *err)
{
	const struct db_value v = db_int_value(value);
	struct db_rows *rows;

	if (db_query_list(
		store_db(p->store), &rows, err, sql, &v, strlen(types)) == -1)
		return -1;
	return pick_rows(p, rows, err);
}

#define DEVICES "SELECT id, uuid, name FROM device"

static int
pick_id(void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	(void)n;
	return pick(cookie, DEVICES " WHERE id = ?", "i", cells[0].number, err);
}

static int
compile_saved(void *cookie, const struct store_saved *saved, struct err *err)
{
	const struct query_text text = {.target = saved->target,
	    .select = saved->select,
	    .where = saved->where,
	    .order = saved->order,
	    .group = saved->group,
	    .only = STORE_SYSTEM_ID};
	const struct query_table *table =
	    query_table(store_graph(), saved->target);

	if (table == NULL || !table->devices)
		return err_set(err, ERR_INVALID,
		    "rows of %.64s are no devices: ask one of " STORE_SYSTEMS,
		    saved->target);
	return query_compile(store_graph(), &text, clock_now_ms(), cookie, err);
}

static int
compile_word(struct store *s, const char *word, struct query **ret_query,
    struct err *err)
{
	const struct store_saved condition = {
	    .target = STORE_SYSTEMS, .where = word};

	return word[0] == '('
	    ? compile_saved(ret_query, &condition, err)
	    : store_saved_find(s, word, compile_saved, ret_query, err);
}

int
task_query_check(struct store *s, const char *query, struct err *err)
{
	struct query *q = NULL;

	if (compile_word(s, query, &q, err) != 0)
		return -1;
	query_free(q);
	return 0;
}

static int
pick_query(struct picking *p, const char *word, struct err *err)
{
	struct query *q = NULL;
	bool cut = false;
	int r = compile_word(p->store, word, &q, err);

	if (r == 0)
		r = store_query(p->store, q, pick_id, p, &cut, err);
	query_free(q);
	if (r == 0 && cut)
		return err_set(err, ERR_LIMIT,
		    "more than %d devices: let the query say (top N)",
		    QUERY_ROWS_DEFAULT);
	return r == 0 ? 0 : -1;
}

static int
gone(const char *what, struct err *err)
{
	return err_set(err, ERR_NOTFOUND, "its %s is gone", what);
}

int
task_run_devices(struct store *s, const struct task_run *r, task_device_fn *fn,
    void *cookie, struct err *err)
{
	struct picking p = {s, fn, cookie};

	switch (r->target) {
	case TASK_ALL:
		return pick(&p, DEVICES " ORDER BY id", "", 0, err);
	case TASK_GROUP:
		if (r->target_id == 0)
			return gone("group", err);
		return pick(&p,
		    DEVICES
		    " WHERE group_id IN (WITH RECURSIVE below (id) AS"
		    " (SELECT id FROM branch WHERE id = ? UNION"
		    " SELECT branch.id FROM branch JOIN below"
		    " ON branch.parent = below.id) SELECT id FROM below)",
		    "i", r->target_id, err);
	case TASK_TAG:
		if (r->target_id == 0)
			return gone("tag", err);
		return pick(&p,
		    DEVICES " WHERE id IN (SELECT device FROM tag_device"
			    " WHERE tag = ? AND excluded = 0)",
		    "i", r->target_id, err);
	case TASK_QUERY:
		return pick_query(&p, r->query, err);
	case TASK_DEVICES:
		if (r->assignment == 0)
			return gone("assignment", err);
		break;
	}
	return pick(&p,
	    DEVICES " WHERE id IN (SELECT device FROM task_assignment_device"
		    " WHERE assignment = ?)",
	    "i", r->assignment, err);
}

int
task_run_expanded(struct store *s, int64_t run, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "UPDATE run SET expanded = 1, total ="
	    " (SELECT count(*) FROM run_item WHERE run = ?1) WHERE id = ?1",
	    "i", run);
}

/* --- runs --- */

int
task_run_open(struct store *s, int64_t *ids, size_t room, size_t *ret_count,
    struct err *err)
{
	struct db_rows *rows;

	if (db_query(store_db(s), &rows, err,
		"SELECT id FROM run WHERE state IN (0, 1, 2)"
		" AND type NOT IN ('" SERVER_RUN "', '" SERVER_ACTION
		"') ORDER BY id LIMIT ?",
		"i", (int64_t)room) == -1)
		return -1;
	return store_ids(rows, ids, ret_count, err);
}

static int
read_owner(struct store *s, int64_t id, const char *owner, bool *ret_ours,
    int64_t *ret_until, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(store_db(s), &rows, err,
		"SELECT owner, owner_until FROM run"
		" WHERE id = ? AND state IN (0, 1, 2)",
		"i", id) == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 1) {
		*ret_ours = str_eq(db_text(rows, 0), owner);
		*ret_until = db_text(rows, 0) == NULL ? 0 : db_int(rows, 1);
	}
	db_done(rows);
	if (r == 0)
		return err_set(err, ERR_CONFLICT, "the run is over");
	return r == 1 ? 0 : -1;
}

int
task_run_claim(struct store *s, int64_t id, const char *owner, bool dead,
    int64_t now, int64_t until, bool *ret_taken, struct err *err)
{
	bool ours = false;
	int64_t before = 0;

	if (store_begin(s, err) == -1 ||
	    read_owner(s, id, owner, &ours, &before, err) == -1)
		return -1;
	if (!ours && !dead && before > now)
		return err_set(err, ERR_CONFLICT, "another process has it");
	if (db_run(store_db(s), err,
		"UPDATE run SET owner = ?, owner_until = ? WHERE id = ?", "tii",
		owner, until, id) == -1)
		return -1;
	*ret_taken = !ours;
	if (ours)
		return 0;
	if (db_run(store_db(s), err,
		"UPDATE run_item SET state = 0 WHERE run = ? AND state = 1",
		"i", id) == -1)
		return store_break(s);
	return 0;
}

int
task_run_start(struct store *s, int64_t id, int64_t now, struct err *err)
{
	if (task_run_set_state(s, id, TASK_RUNNING, NULL, NULL, now, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "UPDATE run SET started_at = ? WHERE id = ? AND started_at = 0",
	    "ii", now, id);
}

int
task_run_allow(struct store *s, int64_t id, int64_t begin_to, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "UPDATE run SET begin_to = ? WHERE id = ?", "ii", begin_to, id);
}

int
task_run_unfinished(
    struct store *s, int64_t assignment, int64_t *ret_run, struct err *err)
{
	return task_number(s, ret_run, err,
	    "SELECT id FROM run WHERE state IN (0, 1, 2) AND assignment = ?",
	    "i", assignment, 0);
}

int
task_assignment_move(struct store *s, int64_t id, int64_t was, int64_t next_due,
    bool *ret_moved, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(store_db(s), err,
		"UPDATE task_assignment SET next_due = ?3"
		" WHERE id = ?1 AND next_due = ?2",
		"iii", id, was, next_due) == -1)
		return -1;
	*ret_moved = db_changes(store_db(s)) > 0;
	return 0;
}

int
task_assignment_ran(struct store *s, int64_t id, int64_t run, int64_t now,
    int64_t next_due, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "UPDATE task_assignment SET next_due = ?2,"
	    " last_run = CASE WHEN ?3 <> 0 THEN ?3 ELSE last_run END,"
	    " last_at = CASE WHEN ?3 <> 0 THEN ?4 ELSE last_at END"
	    " WHERE id = ?1",
	    "iiii", id, next_due, run, now);
}
