#include "store_forward.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "rows.h"
#include "store.h"
#include "store_internal.h"
#include "str.h"
#include "vault.h"

const char store_forward_step[] =
    "CREATE TABLE forward ("
    " name TEXT PRIMARY KEY NOT NULL,"
    " cursor INTEGER NOT NULL,"
    " delivered INTEGER NOT NULL DEFAULT 0,"
    " delivered_at INTEGER NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " refusals INTEGER NOT NULL DEFAULT 0,"
    " failing_since INTEGER NOT NULL DEFAULT 0,"
    " next_at INTEGER NOT NULL DEFAULT 0,"
    " error TEXT"
    ") STRICT;"
    "CREATE TABLE forward_secret ("
    " name TEXT PRIMARY KEY NOT NULL,"
    " sealed BLOB NOT NULL,"
    " at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE forward_dead ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " event INTEGER NOT NULL,"
    " at INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL,"
    " error TEXT"
    ") STRICT;"
    "CREATE INDEX forward_dead_name ON forward_dead (name, id);";

static void
copy_text(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

int
store_forward_find(struct store *s, const char *name, struct store_forward *ret,
    struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT cursor, delivered, delivered_at, attempts, refusals,"
		" failing_since, next_at, error FROM forward WHERE name = ?",
		"t", name) == -1 ||
	    store_first(rows, err, "nothing was sent to %s yet", name) == -1)
		return -1;
	copy_text(ret->name, sizeof(ret->name), name);
	ret->cursor = db_int(rows, 0);
	ret->delivered = db_int(rows, 1);
	ret->delivered_at = db_int(rows, 2);
	ret->attempts = db_int(rows, 3);
	ret->refusals = db_int(rows, 4);
	ret->failing_since = db_int(rows, 5);
	ret->next_at = db_int(rows, 6);
	copy_text(ret->error, sizeof(ret->error), db_text(rows, 7));
	db_done(rows);
	return 0;
}

int
store_forward_take(struct store *s, const char *name, bool first,
    struct store_forward *ret, struct err *err)
{
	struct err why;

	if (store_forward_find(s, name, ret, &why) == 0)
		return 0;
	if (why.kind != ERR_NOTFOUND) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (strlen(name) >= STORE_FORWARD_NAME)
		return err_set(err, ERR_LIMIT, "%s: longer than %d bytes", name,
		    STORE_FORWARD_NAME - 1);
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"INSERT INTO forward (name, cursor) SELECT ?, CASE WHEN ? THEN"
		" 0 ELSE coalesce((SELECT max(id) FROM event), 0) END"
		" WHERE NOT EXISTS (SELECT 1 FROM forward WHERE name = ?)",
		"tit", name, (int64_t)first, name) == -1)
		return -1;
	return store_forward_find(s, name, ret, err);
}

int
store_forward_put(
    struct store *s, const struct store_forward *f, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "UPDATE forward SET cursor = ?, delivered = ?, delivered_at = ?,"
	    " attempts = ?, refusals = ?, failing_since = ?, next_at = ?,"
	    " error = ? WHERE name = ?",
	    "iiiiiiitt", f->cursor, f->delivered, f->delivered_at, f->attempts,
	    f->refusals, f->failing_since, f->next_at,
	    str_empty(f->error) ? NULL : f->error, f->name);
}

int
store_forward_behind(struct store *s, int64_t cursor, int64_t *ret_count,
    int64_t *ret_oldest, struct err *err)
{
	struct db_rows *rows;
	int r;

	/* Ids are given without gaps. */
	if (db_query(s->db, &rows, err,
		"SELECT coalesce((SELECT max(id) FROM event), 0) - ?,"
		" coalesce((SELECT at FROM event WHERE id > ? ORDER BY id"
		" LIMIT 1), 0)",
		"ii", cursor, cursor) == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 1) {
		*ret_count = db_int(rows, 0) > 0 ? db_int(rows, 0) : 0;
		*ret_oldest = db_int(rows, 1);
	}
	db_done(rows);
	return r == 1 ? 0 : -1;
}

/* --- the secret --- */

#define PURPOSE_MAX (STORE_FORWARD_NAME + 16)

static void
purpose_make(char out[PURPOSE_MAX], const char *name)
{
	(void)snprintf(
	    out, PURPOSE_MAX, "forward:%.*s", STORE_FORWARD_NAME - 1, name);
}

int
store_forward_secret_put(struct store *s, const char *name,
    const struct secret *secret, int64_t now, struct err *err)
{
	char purpose[PURPOSE_MAX];
	struct buf sealed;
	int r;

	purpose_make(purpose, name);
	buf_init(&sealed, STORE_BLOB_MAX);
	r = vault_seal(s->vault, purpose, secret, &sealed, err);
	if (r == 0)
		r = store_begin(s, err);
	if (r == 0)
		r = db_run(s->db, err,
		    "INSERT INTO forward_secret (name, sealed, at)"
		    " VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
		    " sealed = excluded.sealed, at = excluded.at",
		    "tbi", name, sealed.data, sealed.len, now);
	buf_free(&sealed);
	return r;
}

int
store_forward_secret_get(struct store *s, const char *name,
    struct secret **ret_secret, struct err *err)
{
	char purpose[PURPOSE_MAX];
	struct db_rows *rows;
	const void *blob;
	size_t len;
	int r;

	purpose_make(purpose, name);
	if (db_query(s->db, &rows, err,
		"SELECT sealed FROM forward_secret WHERE name = ?", "t",
		name) == -1 ||
	    store_first(rows, err,
		"%s has no secret to sign with: amtkeeper forward secret %s",
		name, name) == -1)
		return -1;
	blob = db_blob(rows, 0, &len);
	r = vault_unseal(s->vault, purpose, blob, len, ret_secret, err);
	db_done(rows);
	return r;
}
