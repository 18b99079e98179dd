/* Tags: a row of "tag_device" says that a device has one, or never gets it. */
#include <string.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "store.h"
#include "store_internal.h"
#include "str.h"

int
store_tag_check(const char *name, struct err *err)
{
	if (store_check_name(name, "tag", err) == -1)
		return -1;
	if (strchr(name, ',') != NULL)
		return err_set(err, ERR_INVALID,
		    "tag: with a comma it would be taken for several");
	return 0;
}

int
store_tag_find(
    struct store *s, const char *name, int64_t *ret_id, struct err *err)
{
	struct db_rows *rows;
	int64_t id = 0;

	if (store_check_text(name, "the tag", err) == -1)
		return -1;
	(void)str_int(name, 1, INT64_MAX, &id);
	if (db_query(s->db, &rows, err,
		"SELECT id FROM tag WHERE lower(name) = lower(?) OR id = ?",
		"ti", name, id) == -1 ||
	    store_first(rows, err, "no such tag") == -1)
		return -1;
	*ret_id = db_int(rows, 0);
	db_done(rows);
	return 0;
}

int
store_tag_name(struct store *s, int64_t tag, char **ret_name, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err, "SELECT name FROM tag WHERE id = ?",
		"i", tag) == -1 ||
	    store_first(rows, err, "no such tag") == -1)
		return -1;
	*ret_name = mem_dup(db_text(rows, 0));
	db_done(rows);
	return 0;
}

int
store_tag_take(
    struct store *s, const char *name, int64_t *ret_id, struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	if (store_tag_check(name, err) == -1 || store_begin(s, err) == -1)
		return -1;
	if (store_tag_find(s, name, ret_id, &why) == 0)
		return 0;
	if (why.kind != ERR_NOTFOUND) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (db_run(s->db, err, "INSERT INTO tag (name) VALUES (?)", "t",
		name) == -1)
		return -1;
	*ret_id = db_last_id(s->db);
	return 0;
}

int
store_tag_apply(struct store *s, int64_t device, int64_t tag, bool *ret_changed,
    struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"INSERT INTO tag_device (device, tag, excluded)"
		" VALUES (?, ?, 0) ON CONFLICT (device, tag) DO NOTHING",
		"ii", device, tag) == -1)
		return -1;
	*ret_changed = db_changes(s->db) > 0;
	return 0;
}

int
store_tag_exclude(struct store *s, int64_t device, int64_t tag,
    bool *ret_changed, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"INSERT INTO tag_device (device, tag, excluded)"
		" VALUES (?, ?, 1) ON CONFLICT (device, tag)"
		" DO UPDATE SET excluded = 1"
		" WHERE tag_device.excluded = 0",
		"ii", device, tag) == -1)
		return -1;
	*ret_changed = db_changes(s->db) > 0;
	return 0;
}

int
store_tag_clear(struct store *s, int64_t device, int64_t tag, bool *ret_changed,
    struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"DELETE FROM tag_device WHERE device = ? AND tag = ?", "ii",
		device, tag) == -1)
		return -1;
	*ret_changed = db_changes(s->db) > 0;
	return 0;
}

/* Actions name tags, as people do: by name or number. */
#define USERS                                                                  \
	"SELECT 'assignment ' || a.id || ' of ' || t.name"                     \
	" FROM task_assignment a JOIN task t ON t.id = a.task"                 \
	" WHERE a.tag = ?"                                                     \
	" UNION ALL SELECT 'the server task ' || s.name"                       \
	" FROM tag g, server_task s, json_tree(s.actions) j"                   \
	" WHERE g.id = ? AND j.key = 'tag'"                                    \
	" AND lower(j.value) IN (lower(g.name), CAST(g.id AS TEXT)) LIMIT 1"

int
store_tag_remove(struct store *s, int64_t tag, struct err *err)
{
	struct db_rows *rows;

	if (store_begin(s, err) == -1 ||
	    db_query(s->db, &rows, err, USERS, "ii", tag, tag) == -1 ||
	    store_unused(rows, err) == -1)
		return -1;
	return db_run(s->db, err, "DELETE FROM tag WHERE id = ?", "i", tag);
}

int
store_tag_scan(struct store *s, store_tag_fn *fn, void *cookie, struct err *err)
{
	struct store_tag tag;
	struct db_rows *rows;
	int r = 0;

	if (db_query(s->db, &rows, err,
		"SELECT id, name,"
		" (SELECT count(*) FROM tag_device WHERE tag = tag.id"
		"  AND excluded = 0),"
		" (SELECT count(*) FROM tag_device WHERE tag = tag.id"
		"  AND excluded = 1)"
		" FROM tag ORDER BY lower(name)",
		"") == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		tag.id = db_int(rows, 0);
		tag.name = db_text(rows, 1);
		tag.devices = db_int(rows, 2);
		tag.excluded = db_int(rows, 3);
		r = fn(cookie, &tag, err);
	}
	return r;
}
