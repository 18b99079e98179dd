/* Issuing keys and their certificates. */
#include <stdio.h>
#include <string.h>

#include "ca_internal.h"
#include "db.h"
#include "line_internal.h"
#include "record_internal.h"
#include "str.h"

static const char *const states[] = {
    [CA_LINE_WAITING] = "waiting",
    [CA_LINE_ACTIVE] = "active",
    [CA_LINE_OLD] = "old",
};

static int
read_row(struct db_rows *rows, struct ca_line_row *ret, struct err *err)
{
	const char *state = db_text(rows, 1), *file = db_text(rows, 2);
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (str_eq(states[i], state))
			break;
	if (i == sizeof(states) / sizeof(states[0]) ||
	    strlen(file) >= sizeof(ret->key_file))
		return err_set(err, ERR_STORAGE,
		    "the CA's database holds an issuing key that is none");
	ret->id = db_int(rows, 0);
	ret->state = (enum ca_line_state)i;
	(void)snprintf(ret->key_file, sizeof(ret->key_file), "%s", file);
	return 0;
}

int
ca_store_lines(struct ca_store *s, struct ca_line_row ret[CA_LINES_MAX],
    size_t *ret_count, struct err *err)
{
	struct db_rows *rows;
	size_t count = 0;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT id, state, key_file FROM ca_line ORDER BY id DESC"
		" LIMIT ?",
		"i", (int64_t)CA_LINES_MAX) != 0)
		return -1;
	while ((got = db_next(rows, err)) == 1) {
		if (read_row(rows, &ret[count], err) != 0) {
			got = -1;
			break;
		}
		count++;
	}
	db_done(rows);
	*ret_count = count;
	return got;
}

int
ca_store_line_in(struct ca_store *s, enum ca_line_state state,
    struct ca_line_row *ret, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT id, state, key_file FROM ca_line WHERE state = ?"
		" ORDER BY id DESC LIMIT 1",
		"t", states[state]) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1 && read_row(rows, ret, err) != 0)
		got = -1;
	db_done(rows);
	return got;
}

int
ca_store_line_add(struct ca_store *s, struct ca_line_row *row,
    const struct buf *request, struct err *err)
{
	struct db *db = ca_store_db(s);

	if (db_run(db, err,
		"INSERT INTO ca_line (id, state, key_file, request)"
		" SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ? FROM ca_line",
		"ttb", states[row->state], row->key_file,
		request != NULL ? request->data : NULL,
		request != NULL ? request->len : (size_t)0) != 0)
		return -1;
	row->id = db_last_id(db);
	return 0;
}

/* One blob of one row into *out; 1, 0 = there is none, -1. */
static int
take_blob(struct db_rows *rows, struct buf *out, struct err *err)
{
	const void *bytes;
	size_t len = 0;
	int got = db_next(rows, err);

	if (got == 1) {
		bytes = db_blob(rows, 0, &len);
		if (len > 0)
			buf_add(out, bytes, len);
	}
	db_done(rows);
	return got == 1 && len == 0 ? 0 : got;
}

int
ca_store_line_request(
    struct ca_store *s, int64_t id, struct buf *out, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT request FROM ca_line WHERE id = ?", "i", id) != 0)
		return -1;
	got = take_blob(rows, out, err);
	if (got == 0)
		return err_set(err, ERR_STORAGE,
		    "the CA's database holds no request for issuing CA %lld",
		    (long long)id);
	return got == 1 ? 0 : -1;
}

int
ca_store_line_set(
    struct ca_store *s, int64_t id, enum ca_line_state state, struct err *err)
{
	return db_run(ca_store_db(s), err,
	    "UPDATE ca_line SET state = ? WHERE id = ?", "ti", states[state],
	    id);
}

int
ca_store_line_drop(struct ca_store *s, int64_t id, struct err *err)
{
	return db_run(ca_store_db(s), err,
	    "DELETE FROM ca_line WHERE id = ? AND state = 'waiting'", "i", id);
}

int
ca_store_line_put(struct ca_store *s, int64_t id, size_t place,
    const struct ca_issuer *cert, struct err *err)
{
	return db_run(ca_store_db(s), err,
	    "INSERT INTO ca_line_certificate (line, place, certificate)"
	    " VALUES (?, ?, ?)",
	    "iib", id, (int64_t)place, cert->der.data, cert->der.len);
}

int
ca_store_line_get(struct ca_store *s, int64_t id, size_t place, struct buf *out,
    struct err *err)
{
	struct db_rows *rows;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT certificate FROM ca_line_certificate"
		" WHERE line = ? AND place = ?",
		"ii", id, (int64_t)place) != 0)
		return -1;
	return take_blob(rows, out, err);
}

int
ca_store_cross_put(struct ca_store *s, int64_t line, size_t number,
    const struct ca_cross *cross, struct err *err)
{
	const struct buf *der;
	size_t i;

	for (i = 0; i < cross->count; i++) {
		der = &cross->place[i].der;
		if (db_run(ca_store_db(s), err,
			"INSERT INTO ca_cross (line, number, place,"
			" certificate) VALUES (?, ?, ?, ?)",
			"iiib", line, (int64_t)number, (int64_t)i, der->data,
			der->len) != 0)
			return -1;
	}
	return 0;
}

int
ca_store_cross_get(struct ca_store *s, int64_t line, size_t number,
    size_t place, struct buf *out, struct err *err)
{
	struct db_rows *rows;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT certificate FROM ca_cross"
		" WHERE line = ? AND number = ? AND place = ?",
		"iii", line, (int64_t)number, (int64_t)place) != 0)
		return -1;
	return take_blob(rows, out, err);
}

int
ca_store_line_use(struct ca_store *s, int64_t id, int64_t now,
    struct ca_line_use *ret, struct err *err)
{
	struct db_rows *rows;
	int got;

	/* An OCSP responder's intent has no device. */
	if (db_query(ca_store_db(s), &rows, err,
		"SELECT COUNT(*), COALESCE(MAX(i.not_after), 0)"
		" FROM ca_intent i"
		" JOIN ca_certificate c ON c.serial = i.serial"
		" LEFT JOIN ca_revocation r ON r.serial = i.serial"
		" WHERE i.not_after > ? AND i.line = ? AND i.device <> ''"
		" AND r.serial IS NULL",
		"ii", now, id) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1) {
		ret->count = db_int(rows, 0);
		ret->last_end = db_int(rows, 1);
	}
	db_done(rows);
	return got == 1 ? 0 : -1;
}

/* Rows are added, or go to another state in turn: neither comes back to what it
 * was. A line that waits is nobody's concern. */
int
ca_store_lines_mark(struct ca_store *s, int64_t *ret, struct err *err)
{
	return ca_store_number(s,
	    "SELECT (SELECT COALESCE(SUM(CASE state WHEN 'active' THEN 1"
	    "  WHEN 'old' THEN 2 ELSE 0 END), 0) FROM ca_line) * 100000"
	    " + (SELECT COUNT(*) FROM ca_cross)",
	    ret, err);
}
