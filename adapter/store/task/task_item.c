/* Items of a run: a device each, and what became of it. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "store_table.h"
#include "task_internal.h"
#include "task_work.h"

#define MESSAGE_MAX 512

static const char *const state_names[] = {[TASK_ITEM_WAITING] = "waiting",
    [TASK_ITEM_RUNNING] = "running",
    [TASK_ITEM_DONE] = "done"};

const char *
task_item_state_name(enum task_item_state s)
{
	return state_names[s];
}

void
task_item_clear(struct task_item *i)
{
	free(i->name);
	free(i->reason);
	free(i->message);
	memset(i, 0, sizeof(*i));
}

/* --- reading --- */

static void
read_row(struct db_rows *rows, struct task_item *ret)
{
	*ret = (struct task_item){
	    .id = db_int(rows, 0),
	    .run = db_int(rows, 1),
	    .device = db_int(rows, 2),
	    .name = mem_dup(db_text(rows, 3)),
	    .not_before = db_int(rows, 4),
	    .state = store_enum(rows, 5),
	    .outcome = store_enum(rows, 6),
	    .reason = mem_dup(db_text(rows, 7)),
	    .message = mem_dup(db_text(rows, 8)),
	    .attempts = db_int(rows, 9),
	    .steps = db_int(rows, 10),
	    .ms = db_int(rows, 11),
	    .started_at = db_int(rows, 12),
	    .ended_at = db_int(rows, 13),
	};
}

/* By the run's or the device's index, whichever is given. */
#define COLUMNS                                                                \
	"SELECT id, run, device, name, not_before, state, outcome, reason,"    \
	" message, attempts, steps, ms, started_at, ended_at FROM run_item"
#define CONDITIONS                                                             \
	" AND id > ?2 AND (?3 = 0 OR device = ?3) AND (?4 = -1 OR state = ?4)" \
	" AND (?5 = -1 OR (state = 2 AND outcome = ?5)) ORDER BY id LIMIT ?6"

static const char *
scan_sql(const struct task_item_filter *f)
{
	if (f->run != 0)
		return COLUMNS " WHERE run = ?1" CONDITIONS;
	if (f->device != 0)
		return COLUMNS " WHERE device = ?3 AND (?1 = 0)" CONDITIONS;
	return COLUMNS " WHERE (?1 = 0)" CONDITIONS;
}

int
task_item_scan(struct store *s, const struct task_item_filter *filter,
    task_item_fn *fn, void *cookie, struct err *err)
{
	const struct db_value values[] = {db_int_value(filter->run),
	    db_int_value(filter->after), db_int_value(filter->device),
	    db_int_value(filter->state), db_int_value(filter->outcome),
	    db_int_value(filter->limit == 0 ? -1 : (int64_t)filter->limit)};
	struct db_rows *rows;
	struct task_item item;
	int r = 0;

	if (db_query_list(store_db(s), &rows, err, scan_sql(filter), values,
		sizeof(values) / sizeof(values[0])) == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		read_row(rows, &item);
		r = fn(cookie, &item, err);
		task_item_clear(&item);
	}
	return r;
}

int
task_item_ready(struct store *s, int64_t run, bool fresh, int64_t now,
    struct task_works *ret, struct err *err)
{
	struct db_rows *rows;
	int r;

	ret->count = 0;
	if (db_query(store_db(s), &rows, err,
		"SELECT id, device, attempts, started_at, journal_at"
		" FROM run_item"
		" WHERE run = ? AND state = 0 AND begun = ?"
		" AND not_before <= ? ORDER BY not_before, id LIMIT ?",
		"iiii", run, (int64_t)!fresh, now, (int64_t)ret->room) == -1)
		return -1;
	while ((r = db_next(rows, err)) == 1)
		ret->works[ret->count++] = (struct task_work){.run = run,
		    .item = db_int(rows, 0),
		    .device = db_int(rows, 1),
		    .attempts = db_int(rows, 2),
		    .started_at = db_int(rows, 3),
		    .journal_at = db_int(rows, 4)};
	db_done(rows);
	return r == -1 ? -1 : 0;
}

int
task_item_next(
    struct store *s, int64_t run, bool fresh, int64_t *ret_at, struct err *err)
{
	return task_number(s, ret_at, err,
	    "SELECT min(not_before) FROM run_item"
	    " WHERE run = ? AND state = 0 AND begun = ?",
	    "ii", run, !fresh);
}

/* --- writing --- */

int
task_item_add(struct store *s, int64_t run, int64_t device, int64_t not_before,
    struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "INSERT OR IGNORE INTO run_item (run, device, name, not_before)"
	    " SELECT ?1, id, name, ?3 FROM device WHERE id = ?2",
	    "iii", run, device, not_before);
}

int
task_item_begin(
    struct store *s, struct task_work *w, int64_t now, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(store_db(s), err,
		"UPDATE run_item SET state = 1, begun = 1,"
		" attempts = attempts + 1, started_at ="
		" CASE WHEN started_at = 0 THEN ?2 ELSE started_at END,"
		" journal_at ="
		" CASE WHEN attempts = 0 THEN ?4 ELSE journal_at END"
		" WHERE id = ?1 AND state = 0 AND attempts = ?3",
		"iiii", w->item, now, w->attempts, w->journal_at) == -1)
		return -1;
	if (db_changes(store_db(s)) == 0)
		return err_set(err, ERR_CONFLICT, "the item waits no more");
	if (w->attempts == 0 &&
	    db_run(store_db(s), err,
		"UPDATE run SET begun = begun + 1 WHERE id = ?", "i",
		w->run) == -1)
		return store_break(s);
	w->attempts++;
	if (w->started_at == 0)
		w->started_at = now;
	return 0;
}

static const char *const counting[TASK_OUTCOMES] = {
#define COUNTING(column)                                                       \
	"UPDATE run SET done = done + 1, " column " = " column                 \
	" + 1 WHERE id = ?"
    [TASK_OK] = COUNTING("n_ok"),
    [TASK_CHANGED] = COUNTING("n_changed"),
    [TASK_PENDING] = COUNTING("n_waiting"),
    [TASK_FAILED] = COUNTING("n_failed"),
    [TASK_PARKED] = COUNTING("n_parked"),
    [TASK_OFFLINE] = COUNTING("n_offline"),
    [TASK_BUSY] = COUNTING("n_busy"),
    [TASK_SKIPPED] = COUNTING("n_skipped"),
#undef COUNTING
};

int
task_item_end(struct store *s, const struct task_work *w,
    const struct task_result *how, int64_t now, bool *ret_ours, struct err *err)
{
	bool again = how->again_at != 0;
	char *message = how->message == NULL
	    ? NULL
	    : mem_dup_len(how->message, strnlen(how->message, MESSAGE_MAX));
	int r = store_begin(s, err);

	if (r == 0)
		r = db_run(store_db(s), err,
		    "UPDATE run_item SET state = ?3, outcome = ?4, reason = ?5,"
		    " message = ?6, steps = steps + ?7, ms = ms + ?8,"
		    " not_before = CASE WHEN ?9 <> 0 THEN ?9 ELSE not_before"
		    " END, ended_at = ?10"
		    " WHERE id = ?1 AND state = 1 AND attempts = ?2",
		    "iiiittiiii", w->item, w->attempts,
		    (int64_t)(again ? TASK_ITEM_WAITING : TASK_ITEM_DONE),
		    (int64_t)how->outcome, how->reason, message, how->steps,
		    how->ms, how->again_at, again ? 0 : now);
	free(message);
	if (r == -1)
		return -1;
	*ret_ours = db_changes(store_db(s)) > 0;
	if (again || !*ret_ours)
		return 0;
	if (db_run(store_db(s), err, counting[how->outcome], "i", w->run) == -1)
		return store_break(s);
	return 0;
}

int
task_item_put_off(
    struct store *s, int64_t item, int64_t not_before, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(store_db(s), err,
	    "UPDATE run_item SET not_before = ? WHERE id = ? AND state = 0",
	    "ii", not_before, item);
}
