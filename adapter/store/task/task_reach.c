/* Devices that were away and came back, and who waits for that. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "err.h"
#include "mem.h"
#include "query.h"
#include "store.h"
#include "store_table.h"
#include "str.h"
#include "task_internal.h"
#include "task_work.h"

int
task_reach_note(struct store *s, int64_t trigger, int64_t device, int64_t now,
    struct err *err)
{
	int64_t any = 0;

	if (task_number(s, &any, err,
		"SELECT id FROM task_assignment WHERE enabled = 1"
		" AND trigger > 0 AND trigger = ? LIMIT 1",
		"i", trigger, 0) == -1)
		return -1;
	if (any == 0)
		return 0;
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "INSERT OR IGNORE INTO run_reachable (assignment, device, at)"
	    " SELECT id, ?2, ?3 FROM task_assignment WHERE enabled = 1"
	    " AND trigger > 0 AND trigger = ?1",
	    "iii", trigger, device, now);
}

int
task_reach_assignments(struct store *s, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err)
{
	struct db_rows *rows;

	if (db_query(store_db(s), &rows, err,
		"SELECT DISTINCT assignment FROM run_reachable AS x"
		" WHERE NOT EXISTS (SELECT 1 FROM run"
		" WHERE run.assignment = x.assignment AND state IN (0, 1, 2))"
		" LIMIT ?",
		"i", (int64_t)room) == -1)
		return -1;
	return store_ids(rows, ids, ret_count, err);
}

static int
list_devices(struct store *s, int64_t assignment, struct task_reached *ret,
    size_t room, size_t *ret_count, struct err *err)
{
	struct db_rows *rows;
	size_t count = 0;
	int r;

	if (db_query(store_db(s), &rows, err,
		"SELECT device, (SELECT coalesce(max(i.started_at), 0)"
		" FROM run_item AS i JOIN run ON run.id = i.run"
		" WHERE i.device = x.device AND run.assignment = x.assignment)"
		" FROM run_reachable AS x WHERE assignment = ?"
		" ORDER BY device LIMIT ?",
		"ii", assignment, (int64_t)room) == -1)
		return -1;
	while ((r = db_next(rows, err)) == 1) {
		ret[count].device = db_int(rows, 0);
		ret[count++].last = db_int(rows, 1);
	}
	db_done(rows);
	if (r == -1)
		return -1;
	*ret_count = count;
	return 0;
}

int
task_reach_take(struct store *s, int64_t assignment, struct task_reached *ret,
    size_t room, size_t *ret_count, struct err *err)
{
	size_t i;

	if (store_begin(s, err) == -1 ||
	    list_devices(s, assignment, ret, room, ret_count, err) == -1)
		return -1;
	for (i = 0; i < *ret_count; i++)
		if (db_run(store_db(s), err,
			"DELETE FROM run_reachable WHERE assignment = ?"
			" AND device = ?",
			"ii", assignment, ret[i].device) == -1)
			return store_break(s);
	return 0;
}

/* --- is it for this device? --- */

struct asking {
	int64_t device;
	struct query *query;
};

static int
compile_one(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct asking *a = cookie;
	const struct query_text text = {.target = saved->target,
	    .where = saved->where,
	    .only = STORE_SYSTEM_ID,
	    .only_is = a->device};

	return query_compile(
	    store_graph(), &text, clock_now_ms(), &a->query, err);
}

static int
note_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	(void)cells;
	(void)n;
	(void)err;
	*(bool *)cookie = true;
	return 0;
}

static int
query_covers(struct store *s, const char *word, int64_t device, bool *ret,
    struct err *err)
{
	const struct store_saved condition = {
	    .target = STORE_SYSTEMS, .where = word};
	struct asking a = {.device = device};
	bool cut = false;
	int r;

	*ret = false;
	r = word[0] == '(' ? compile_one(&a, &condition, err)
			   : store_saved_find(s, word, compile_one, &a, err);
	if (r == 0)
		r = store_query(s, a.query, note_row, ret, &cut, err);
	query_free(a.query);
	return r;
}

static int
row_covers(struct store *s, const char *sql, int64_t a, int64_t b, bool *ret,
    struct err *err)
{
	int64_t found = 0;

	if (task_number(s, &found, err, sql, "ii", a, b) == -1)
		return -1;
	*ret = found != 0;
	return 0;
}

int
task_reach_covers(struct store *s, const struct task_assignment *a,
    int64_t device, bool *ret, struct err *err)
{
	switch (a->target) {
	case TASK_ALL:
		*ret = true;
		return 0;
	case TASK_QUERY:
		return query_covers(s, a->query, device, ret, err);
	case TASK_TAG:
		return row_covers(s,
		    "SELECT 1 FROM tag_device WHERE tag = ? AND device = ?"
		    " AND excluded = 0",
		    a->target_id, device, ret, err);
	case TASK_GROUP:
		return row_covers(s,
		    "SELECT 1 FROM device WHERE group_id IN"
		    " (WITH RECURSIVE below (id) AS"
		    " (SELECT id FROM branch WHERE id = ? UNION"
		    " SELECT branch.id FROM branch JOIN below"
		    " ON branch.parent = below.id) SELECT id FROM below)"
		    " AND id = ?",
		    a->target_id, device, ret, err);
	case TASK_DEVICES:
		break;
	}
	return row_covers(s,
	    "SELECT 1 FROM task_assignment_device WHERE assignment = ?"
	    " AND device = ?",
	    a->id, device, ret, err);
}
