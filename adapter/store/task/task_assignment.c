/* Which devices a task is for, and when. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "store.h"
#include "store_table.h"
#include "str.h"
#include "task_internal.h"

#define SCHEDULE_MAX 8192

static const char *const target_names[] = {[TASK_ALL] = "all",
    [TASK_GROUP] = "group",
    [TASK_TAG] = "tag",
    [TASK_QUERY] = "query",
    [TASK_DEVICES] = "devices"};

const char *
task_target_name(enum task_target t)
{
	return target_names[t];
}

void
task_assignment_clear(struct task_assignment *a)
{
	free(a->query);
	free(a->schedule);
	free(a->task_name);
	free(a->target_name);
	memset(a, 0, sizeof(*a));
}

/* --- reading --- */

#define COLUMNS                                                                \
	"SELECT a.id, a.task, a.target, coalesce(a.branch, a.tag, 0), a.query" \
	", a.schedule, a.enabled, a.next_due, a.created_at, a.last_at,"        \
	" a.last_run, task.name, coalesce(branch.path, tag.name), a.trigger"   \
	", " TASK_POLICY_COLUMNS                                               \
	" FROM task_assignment AS a JOIN task ON task.id = a.task"             \
	" LEFT JOIN branch ON branch.id = a.branch"                            \
	" LEFT JOIN tag ON tag.id = a.tag"
#define POLICY_AT 14

static void
read_row(struct db_rows *rows, struct task_assignment *ret)
{
	*ret = (struct task_assignment){
	    .id = db_int(rows, 0),
	    .task = db_int(rows, 1),
	    .target = store_enum(rows, 2),
	    .target_id = db_int(rows, 3),
	    .query = mem_dup(db_text(rows, 4)),
	    .schedule = mem_dup(db_text(rows, 5)),
	    .enabled = db_int(rows, 6) != 0,
	    .next_due = db_int(rows, 7),
	    .created_at = db_int(rows, 8),
	    .last_at = db_int(rows, 9),
	    .last_run = db_int(rows, 10),
	    .task_name = mem_dup(db_text(rows, 11)),
	    .target_name = mem_dup(db_text(rows, 12)),
	    .trigger = db_int(rows, 13),
	};
	task_policy_read(rows, POLICY_AT, &ret->policy);
}

int
task_assignment_get(
    struct store *s, int64_t id, struct task_assignment *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(store_db(s), &rows, err, COLUMNS " WHERE a.id = ?", "i",
		id) == -1 ||
	    store_first(rows, err, "no such assignment") == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
task_assignment_scan(struct store *s, int64_t task, task_assignment_fn *fn,
    void *cookie, struct err *err)
{
	struct task_assignment a;
	struct db_rows *rows;
	int r = 0;

	if (db_query(store_db(s), &rows, err,
		COLUMNS " WHERE ?1 = 0 OR a.task = ?1 ORDER BY a.id", "i",
		task) == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		read_row(rows, &a);
		r = fn(cookie, &a, err);
		task_assignment_clear(&a);
	}
	return r;
}

int
task_assignment_due(struct store *s, int64_t now, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err)
{
	return task_ids(s,
	    "SELECT id FROM task_assignment WHERE enabled = 1"
	    " AND next_due > 0 AND next_due <= ?"
	    " ORDER BY next_due, id LIMIT ?",
	    now, ids, room, ret_count, err);
}

int
task_assignment_triggered(struct store *s, int64_t trigger, int64_t *ids,
    size_t room, size_t *ret_count, struct err *err)
{
	return task_ids(s,
	    "SELECT id FROM task_assignment WHERE enabled = 1"
	    " AND trigger > 0 AND trigger = ? ORDER BY id LIMIT ?",
	    trigger, ids, room, ret_count, err);
}

/* --- writing --- */

static int
check_there(struct store *s, int64_t id, const char *sql, const char *missing,
    struct err *err)
{
	int64_t found = 0;

	if (task_number(s, &found, err, sql, "i", id, 0) == -1)
		return -1;
	return found != 0 ? 0 : err_set(err, ERR_NOTFOUND, "%s", missing);
}

int
task_target_check(struct store *s, enum task_target target, int64_t target_id,
    const char *query, struct err *err)
{
	switch (target) {
	case TASK_GROUP:
		return check_there(s, target_id,
		    "SELECT id FROM branch WHERE id = ?", "no such group", err);
	case TASK_TAG:
		return check_there(s, target_id,
		    "SELECT id FROM tag WHERE id = ?", "no such tag", err);
	case TASK_QUERY:
		if (str_empty(query))
			return err_set(err, ERR_INVALID, "an empty query");
		return store_check_text(query, "the query", err);
	case TASK_ALL:
	case TASK_DEVICES:
		break;
	}
	return 0;
}

static int
check_assignment(struct store *s, const struct task_assignment *a, size_t count,
    struct err *err)
{
	int64_t there = 0;

	if (check_there(s, a->task, "SELECT id FROM task WHERE id = ?",
		"no such task", err) == -1 ||
	    task_target_check(s, a->target, a->target_id, a->query, err) ==
		-1 ||
	    task_policy_check(&a->policy, err) == -1)
		return -1;
	if ((a->target == TASK_DEVICES) != (count > 0))
		return err_set(err, ERR_INVALID,
		    a->target == TASK_DEVICES
			? "no devices"
			: "devices beside another choice");
	if (a->schedule != NULL &&
	    strnlen(a->schedule, SCHEDULE_MAX + 1) > SCHEDULE_MAX)
		return err_set(err, ERR_LIMIT, "schedule: more than %d bytes",
		    SCHEDULE_MAX);
	if (task_number(s, &there, err, "SELECT count(*) FROM task_assignment",
		"", 0, 0) == -1)
		return -1;
	return there < TASK_ASSIGNMENTS_MAX
	    ? 0
	    : err_set(err, ERR_LIMIT, "there are %d assignments",
		  TASK_ASSIGNMENTS_MAX);
}

static int
insert(struct store *s, const struct task_assignment *a, int64_t now,
    struct err *err)
{
	struct db_value values[11 + TASK_POLICY_FIELDS] = {
	    db_int_value(a->task), db_int_value(a->target),
	    db_int_value(a->target_id), db_int_value(a->target_id),
	    db_text_value(a->target == TASK_QUERY ? a->query : NULL),
	    db_text_value(a->schedule), db_int_value(a->enabled),
	    db_int_value(a->next_due), db_int_value(now), db_int_value(0),
	    db_int_value(a->trigger)};

	task_policy_values(&a->policy, values + 11);
	return db_run_list(store_db(s), err,
	    "INSERT INTO task_assignment (task, target, branch, tag, query,"
	    " schedule, enabled, next_due, created_at, last_at, trigger,"
	    " " TASK_POLICY_COLUMNS ")"
	    " VALUES (?1, ?2, CASE ?2 WHEN 1 THEN ?3 END,"
	    " CASE ?2 WHEN 2 THEN ?4 END, ?5, ?6, ?7, ?8, ?9, ?10,"
	    " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
	    values, sizeof(values) / sizeof(values[0]));
}

static int
insert_devices(struct store *s, int64_t id, const int64_t *devices,
    size_t count, struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (db_run(store_db(s), err,
			"INSERT OR IGNORE INTO task_assignment_device"
			" (assignment, device)"
			" SELECT ?1, id FROM device WHERE id = ?2",
			"ii", id, devices[i]) == -1)
			return store_break(s);
	}
	return 0;
}

int
task_assign(struct store *s, const struct task_assignment *a,
    const int64_t *devices, size_t count, int64_t now, int64_t *ret_id,
    struct err *err)
{
	int64_t id;

	if (store_begin(s, err) == -1 ||
	    check_assignment(s, a, count, err) == -1 ||
	    insert(s, a, now, err) == -1)
		return -1;
	id = db_last_id(store_db(s));
	if (insert_devices(s, id, devices, count, err) == -1)
		return -1;
	*ret_id = id;
	return 0;
}

int
task_assignment_save(
    struct store *s, const struct task_assignment *a, struct err *err)
{
	struct db_value values[5 + TASK_POLICY_FIELDS] = {db_int_value(a->id),
	    db_text_value(a->schedule), db_int_value(a->enabled),
	    db_int_value(a->next_due), db_int_value(a->trigger)};

	task_policy_values(&a->policy, values + 5);
	if (task_policy_check(&a->policy, err) == -1 ||
	    store_begin(s, err) == -1 ||
	    db_run_list(store_db(s), err,
		"UPDATE task_assignment SET schedule = ?2, enabled = ?3,"
		" next_due = ?4, trigger = ?5,"
		" (" TASK_POLICY_COLUMNS ") ="
		" (?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) WHERE id = ?1",
		values, sizeof(values) / sizeof(values[0])) == -1)
		return -1;
	return store_changed(s, "no such assignment", err);
}

int
task_unassign(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(store_db(s), err, "DELETE FROM task_assignment WHERE id = ?",
		"i", id) == -1)
		return -1;
	return store_changed(s, "no such assignment", err);
}
