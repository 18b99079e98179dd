/* What our roots say of the certificates that they signed. */
#include "buf.h"
#include "db.h"
#include "err.h"
#include "line_internal.h"
#include "record_internal.h"

/* --- their lists --- */

int
ca_store_get_root_crl(struct ca_store *s, const char *root,
    struct ca_crl_row *ret, struct buf *out, struct err *err)
{
	struct db_rows *rows;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT number, made_at, this_update, next_update, covers, crl"
		" FROM ca_root_crl WHERE root = ? ORDER BY number DESC LIMIT 1",
		"t", root) != 0)
		return -1;
	return ca_store_take_crl(rows, 0, ret, out, err);
}

int
ca_store_put_root_crl(struct ca_store *s, const char *root,
    const struct ca_crl_row *row, const struct buf *der, struct err *err)
{
	struct db *db = ca_store_db(s);

	if (db_run(db, err, "DELETE FROM ca_root_crl WHERE root = ?", "t",
		root) != 0 ||
	    db_run(db, err, "DELETE FROM ca_root_answer WHERE root = ?", "t",
		root) != 0)
		return -1;
	return db_run(db, err,
	    "INSERT INTO ca_root_crl (root, number, crl, made_at, this_update,"
	    " next_update, covers) VALUES (?, ?, ?, ?, ?, ?, ?)",
	    "tibiiii", root, row->number, der->data, der->len, row->made_at,
	    row->this_update, row->next_update, row->covers);
}

/* Another number after each revocation, and after each change of lines. */
int
ca_store_root_covers(
    struct ca_store *s, const char *root, int64_t *ret, struct err *err)
{
	struct db_rows *rows;
	int64_t mark;
	int got;

	if (ca_store_lines_mark(s, &mark, err) != 0 ||
	    db_query(ca_store_db(s), &rows, err,
		"SELECT COUNT(*) FROM ca_root_revocation WHERE root = ?", "t",
		root) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1)
		*ret = mark * CA_ROOT_ENTRIES_MAX + db_int(rows, 0);
	db_done(rows);
	return got == 1 ? 0 : -1;
}

/* --- revocations --- */

int
ca_store_root_revoke(struct ca_store *s, const char *root,
    const struct ca_root_entry *e, struct err *err)
{
	return db_run(ca_store_db(s), err,
	    "INSERT INTO ca_root_revocation (root, serial, revoked_at, reason,"
	    " here) SELECT ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM"
	    " ca_root_revocation WHERE root = ? AND serial = ?)",
	    "ttiiitt", root, e->serial, e->at, (int64_t)e->reason,
	    (int64_t)e->here, root, e->serial);
}

int
ca_store_root_forget(struct ca_store *s, const char *root, struct err *err)
{
	return db_run(ca_store_db(s), err,
	    "DELETE FROM ca_root_revocation WHERE root = ? AND here = 0", "t",
	    root);
}

static struct ca_root_entry
read_entry(struct db_rows *rows)
{
	return (struct ca_root_entry){.serial = db_text(rows, 0),
	    .at = db_int(rows, 1),
	    .reason = (int)db_int(rows, 2),
	    .here = db_int(rows, 3) != 0};
}

int
ca_store_root_entries(struct ca_store *s, const char *root,
    ca_root_entry_fn *fn, void *cookie, struct err *err)
{
	struct ca_root_entry e;
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT serial, revoked_at, reason, here"
		" FROM ca_root_revocation WHERE root = ? ORDER BY serial",
		"t", root) != 0)
		return -1;
	while ((got = db_next(rows, err)) == 1) {
		e = read_entry(rows);
		fn(cookie, &e);
	}
	db_done(rows);
	return got;
}

int
ca_store_root_status(struct ca_store *s, const char *root, const char *serial,
    struct ca_status *ret, struct err *err)
{
	struct ca_root_entry e;
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT serial, revoked_at, reason, here"
		" FROM ca_root_revocation WHERE root = ? AND serial = ?",
		"tt", root, serial) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1) {
		e = read_entry(rows);
		*ret = (struct ca_status){CA_REVOKED, e.at, e.reason};
	}
	db_done(rows);
	return got;
}

/* --- answers --- */

int
ca_store_put_root_answer(struct ca_store *s, const char *root,
    const struct ca_root_answer *a, struct err *err)
{
	return db_run(ca_store_db(s), err,
	    "INSERT INTO ca_root_answer (root, serial, hash, answer)"
	    " VALUES (?, ?, ?, ?)",
	    "ttib", root, a->serial, (int64_t)a->hash, a->der.data, a->der.len);
}

int
ca_store_get_root_answer(struct ca_store *s, const char *root,
    const struct ca_root_answer *which, struct buf *out, struct err *err)
{
	struct db_rows *rows;
	const void *bytes;
	size_t len;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT answer FROM ca_root_answer"
		" WHERE root = ? AND serial = ? AND hash = ?",
		"tti", root, which->serial, (int64_t)which->hash) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1) {
		bytes = db_blob(rows, 0, &len);
		buf_add(out, bytes, len);
	}
	db_done(rows);
	return got;
}
