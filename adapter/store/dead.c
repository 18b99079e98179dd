/* Dead letters, and those of them that are to be sent again. */
#include <string.h>

#include "db.h"
#include "err.h"
#include "rows.h"
#include "store.h"
#include "store_forward.h"
#include "store_internal.h"

const char store_dead_step[] =
    "ALTER TABLE forward_dead ADD COLUMN again_at INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX forward_dead_again ON forward_dead (name, id)"
    " WHERE again_at != 0;";

int
store_dead_add(struct store *s, const struct store_dead *dead, struct err *err)
{
	if (store_check_text(dead->error, "the error", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"INSERT INTO forward_dead (name, event, at, attempts, error)"
		" VALUES (?, ?, ?, ?, ?)",
		"tiiit", dead->name, dead->event, dead->at, dead->attempts,
		dead->error) == -1)
		return -1;
	if (db_run(s->db, err,
		"DELETE FROM forward_dead WHERE name = ? AND id <="
		" (SELECT id FROM forward_dead WHERE name = ?"
		" ORDER BY id DESC LIMIT 1 OFFSET ?)",
		"tti", dead->name, dead->name,
		(int64_t)STORE_FORWARD_DEAD_MAX) == -1)
		return store_break(s);
	return 0;
}

int
store_dead_scan(struct store *s, const char *name, store_dead_fn *fn,
    void *cookie, struct err *err)
{
	struct store_dead dead;
	struct db_rows *rows;
	int r = 0;

	if (db_query(s->db, &rows, err,
		"SELECT id, name, event, at, attempts, again_at, error"
		" FROM forward_dead WHERE ? IS NULL OR name = ? ORDER BY id",
		"tt", name, name) == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		dead.id = db_int(rows, 0);
		dead.name = db_text(rows, 1);
		dead.event = db_int(rows, 2);
		dead.at = db_int(rows, 3);
		dead.attempts = db_int(rows, 4);
		dead.again_at = db_int(rows, 5);
		dead.error = db_text(rows, 6);
		r = fn(cookie, &dead, err);
	}
	return r;
}

int
store_dead_count(
    struct store *s, const char *name, int64_t *ret_count, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT count(*) FROM forward_dead WHERE name = ?", "t",
		name) == -1)
		return -1;
	return store_number(rows, ret_count, err);
}

/* --- again, or never --- */

/* How many the last write was for; of one event it must be there. */
static int
counted(struct store *s, const char *name, int64_t event, int64_t *ret_count,
    struct err *err)
{
	*ret_count = db_changes(s->db);
	if (event == 0 || *ret_count > 0)
		return 0;
	return err_set(err, ERR_NOTFOUND, "event %lld is no dead letter of %s",
	    (long long)event, name);
}

int
store_dead_again(struct store *s, const char *name, int64_t event, int64_t now,
    int64_t *ret_count, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"UPDATE forward_dead SET again_at = ? WHERE name = ?"
		" AND (? = 0 OR event = ?)",
		"itii", now, name, event, event) == -1)
		return -1;
	return counted(s, name, event, ret_count, err);
}

int
store_dead_drop(struct store *s, const char *name, int64_t event,
    int64_t *ret_count, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"DELETE FROM forward_dead WHERE name = ?"
		" AND (? = 0 OR event = ?)",
		"tii", name, event, event) == -1)
		return -1;
	return counted(s, name, event, ret_count, err);
}

int
store_dead_next(
    struct store *s, const char *name, struct store_dead *ret, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT id, event, at, attempts, again_at FROM forward_dead"
		" WHERE name = ? AND again_at != 0 ORDER BY id LIMIT 1",
		"t", name) == -1)
		return -1;
	memset(ret, 0, sizeof(*ret));
	r = db_next(rows, err);
	if (r == 1) {
		ret->name = name;
		ret->id = db_int(rows, 0);
		ret->event = db_int(rows, 1);
		ret->at = db_int(rows, 2);
		ret->attempts = db_int(rows, 3);
		ret->again_at = db_int(rows, 4);
	}
	db_done(rows);
	return r == -1 ? -1 : 0;
}

int
store_dead_refused(
    struct store *s, const struct store_dead *dead, struct err *err)
{
	if (store_check_text(dead->error, "the error", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "UPDATE forward_dead SET at = ?, attempts = ?, error = ?,"
	    " again_at = 0 WHERE id = ?",
	    "iiti", dead->at, dead->attempts, dead->error, dead->id);
}

int
store_dead_remove(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(
	    s->db, err, "DELETE FROM forward_dead WHERE id = ?", "i", id);
}
