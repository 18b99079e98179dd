/* Reading certificates, revocations and CRLs back. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "record_internal.h"

/* Ours and those from other CAs alike. */
#define CERT_COLUMNS                                                           \
	"SELECT serial, certificate, subject, names, device, template,"        \
	" not_before, not_after, issued_at, revoked_at, reason, key,"          \
	" csr_sha256, issuer FROM ca_known"
#define NEWEST " ORDER BY issued_at DESC, serial"

static void
fill(struct db_rows *rows, struct ca_cert *ret)
{
	const void *der;

	memset(ret, 0, sizeof(*ret));
	(void)snprintf(
	    ret->serial, sizeof(ret->serial), "%s", db_text(rows, 0));
	der = db_blob(rows, 1, &ret->der_len);
	ret->der = mem_copy(der, ret->der_len);
	ret->subject = mem_dup(db_text(rows, 2));
	ret->names = mem_dup(db_text(rows, 3));
	ret->device = mem_dup(db_text(rows, 4));
	ret->template_name = mem_dup(db_text(rows, 5));
	ret->not_before = db_int(rows, 6);
	ret->not_after = db_int(rows, 7);
	ret->issued_at = db_int(rows, 8);
	ret->revoked_at = db_int(rows, 9);
	ret->reason = (int)db_int(rows, 10);
	(void)snprintf(ret->key, sizeof(ret->key), "%s", db_text(rows, 11));
	ret->issuer = mem_dup(db_text(rows, 13));
}

void
ca_cert_clear(struct ca_cert *c)
{
	free(c->der);
	free(c->subject);
	free(c->names);
	free(c->device);
	free(c->template_name);
	free(c->issuer);
	memset(c, 0, sizeof(*c));
}

int
ca_store_find(struct ca_store *s, const char *key, const char *serial,
    struct ca_cert *ret, uint8_t csr_sha256[32], struct err *err)
{
	struct db_rows *rows;
	const void *hash;
	size_t len;
	int got, rc;

	assert((key == NULL) != (serial == NULL));
	rc = key != NULL ? db_query(ca_store_db(s), &rows, err,
			       CERT_COLUMNS " WHERE key = ?", "t", key)
			 : db_query(ca_store_db(s), &rows, err,
			       CERT_COLUMNS " WHERE serial = ?", "t", serial);
	if (rc != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1) {
		fill(rows, ret);
		hash = db_blob(rows, 12, &len);
		if (csr_sha256 != NULL && len == 32)
			memcpy(csr_sha256, hash, 32);
	}
	db_done(rows);
	if (got == 0)
		return err_set(err, ERR_NOTFOUND, "no certificate with %s %s",
		    key != NULL ? "key" : "serial", key != NULL ? key : serial);
	return got == 1 ? 0 : -1;
}

/* fn for all rows, which are then done. */
static int
each(struct db_rows *rows, ca_cert_fn *fn, void *cookie, struct err *err)
{
	struct ca_cert cert;
	int got;

	while ((got = db_next(rows, err)) == 1) {
		fill(rows, &cert);
		got = fn(cookie, &cert, err);
		ca_cert_clear(&cert);
		if (got != 0)
			break;
	}
	db_done(rows);
	return got == 0 ? 0 : -1;
}

int
ca_store_list(struct ca_store *s, const struct ca_list_of *of, ca_cert_fn *fn,
    void *cookie, struct err *err)
{
	const int64_t end = of->ends_before == 0 ? INT64_MAX : of->ends_before;
	struct db *db = ca_store_db(s);
	struct db_rows *rows;
	int rc;

	/* Three texts: each is to have the index that is best for it. */
	if (of->device != NULL)
		rc = db_query(db, &rows, err,
		    CERT_COLUMNS " WHERE device = ? AND not_after >= ?"
				 " AND not_after < ?" NEWEST,
		    "tii", of->device, of->ends_from, end);
	else if (of->ends_from != 0 || of->ends_before != 0)
		rc = db_query(db, &rows, err,
		    CERT_COLUMNS
		    " WHERE not_after >= ? AND not_after < ?" NEWEST,
		    "ii", of->ends_from, end);
	else
		rc = db_query(db, &rows, err, CERT_COLUMNS NEWEST, "");
	return rc == 0 ? each(rows, fn, cookie, err) : -1;
}

int
ca_store_survey(struct ca_store *s, int64_t ends_after, ca_cert_fn *fn,
    void *cookie, struct err *err)
{
	struct db_rows *rows;

	if (db_query(ca_store_db(s), &rows, err,
		CERT_COLUMNS " WHERE device <> '' AND revoked_at = 0"
			     " AND not_after > ?"
			     " ORDER BY device, template, issued_at DESC,"
			     " serial",
		"i", ends_after) != 0)
		return -1;
	return each(rows, fn, cookie, err);
}

/* The first row's device and serial, if there is a row; 1, 0, -1. */
static int
take_use(
    struct db_rows *rows, char **ret_device, char **ret_serial, struct err *err)
{
	int got = db_next(rows, err);

	if (got == 1) {
		*ret_device = mem_dup(db_text(rows, 0));
		*ret_serial = mem_dup(db_text(rows, 1));
	}
	db_done(rows);
	return got;
}

int
ca_store_subject_use(struct ca_store *s, const struct ca_use *u,
    char **ret_device, char **ret_serial, struct err *err)
{
	struct db *db = ca_store_db(s);
	char *device = NULL, *serial = NULL;
	struct db_rows *rows;
	int got;

	/* An intent without certificate counts: it may be signed yet. */
	if (db_query(db, &rows, err,
		"SELECT i.device, i.serial FROM ca_intent i"
		" LEFT JOIN ca_revocation r ON r.serial = i.serial"
		" WHERE i.subject = ? AND i.device <> ? AND i.not_after >= ?"
		" AND r.serial IS NULL ORDER BY i.not_after DESC LIMIT 1",
		"tti", u->subject, u->device, u->at) != 0)
		return -1;
	got = take_use(rows, &device, &serial, err);
	/* A bridge's records are few: no order, which would cost a sort even
	 * where there are none. */
	if (got == 0) {
		if (db_query(db, &rows, err,
			"SELECT q.device, b.serial FROM bridge_request q"
			" JOIN bridge_certificate b"
			"  ON b.bridge = q.bridge AND b.key = q.key"
			" WHERE q.subject = ? AND q.device <> ?"
			" AND b.not_after >= ? AND b.revoked_at = 0 LIMIT 1",
			"tti", u->subject, u->device, u->at) != 0)
			return -1;
		got = take_use(rows, &device, &serial, err);
	}
	if (got < 0)
		return -1;
	*ret_device = device;
	*ret_serial = serial;
	return 0;
}

int
ca_store_revoke(struct ca_store *s, const char *serial, int reason, int64_t now,
    struct err *err)
{
	struct db *db = ca_store_db(s);
	struct db_rows *rows;
	int got;

	if (db_query(db, &rows, err,
		"SELECT (SELECT COUNT(*) FROM ca_revocation r"
		" WHERE r.serial = i.serial)"
		" FROM ca_intent i WHERE i.serial = ?",
		"t", serial) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1 && db_int(rows, 0) > 0)
		got = 2;
	db_done(rows);
	if (got == 0)
		return err_set(
		    err, ERR_NOTFOUND, "no certificate with serial %s", serial);
	if (got != 1)
		return got == 2 ? 0 : -1;
	return db_run(db, err,
	    "INSERT INTO ca_revocation (seq, serial, revoked_at, reason,"
	    " line, not_after)"
	    " SELECT (SELECT COALESCE(MAX(seq), 0) + 1 FROM ca_revocation),"
	    "  serial, ?, ?, line, not_after FROM ca_intent WHERE serial = ?",
	    "iit", now, (int64_t)reason, serial);
}

int
ca_store_revocations(struct ca_store *s, int64_t *ret_count, struct err *err)
{
	return ca_store_number(s,
	    "SELECT COALESCE(MAX(seq), 0) FROM ca_revocation", ret_count, err);
}

int
ca_store_revoked(struct ca_store *s, struct ca_revoked_of of, ca_revoked_fn *fn,
    void *cookie, struct err *err)
{
	struct db_rows *rows;
	struct ca_revoked r;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT serial, revoked_at, reason FROM ca_revocation"
		" WHERE line = ? AND not_after >= ? ORDER BY not_after, serial",
		"ii", of.line, of.ends_after) != 0)
		return -1;
	while ((got = db_next(rows, err)) == 1) {
		r.serial = db_text(rows, 0);
		r.at = db_int(rows, 1);
		r.reason = (int)db_int(rows, 2);
		fn(cookie, &r);
	}
	db_done(rows);
	return got;
}

int
ca_store_take_crl(struct db_rows *rows, int64_t line, struct ca_crl_row *ret,
    struct buf *out, struct err *err)
{
	struct ca_crl_row row = {.line = line};
	const void *der;
	size_t len;
	int got = db_next(rows, err);

	if (got == 1) {
		row.number = db_int(rows, 0);
		row.made_at = db_int(rows, 1);
		row.this_update = db_int(rows, 2);
		row.next_update = db_int(rows, 3);
		row.covers = db_int(rows, 4);
		if (out != NULL) { /* megabytes, maybe */
			der = db_blob(rows, 5, &len);
			buf_add(out, der, len);
		}
	}
	db_done(rows);
	if (got < 0)
		return -1;
	*ret = row;
	return 0;
}

int
ca_store_get_crl(struct ca_store *s, int64_t line, struct ca_crl_row *ret,
    struct buf *out, struct err *err)
{
	struct db_rows *rows;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT number, made_at, this_update, next_update, covers, crl"
		" FROM ca_crl WHERE line = ? ORDER BY number DESC LIMIT 1",
		"i", line) != 0)
		return -1;
	return ca_store_take_crl(rows, line, ret, out, err);
}

int
ca_store_put_crl(struct ca_store *s, const struct ca_crl_row *row,
    const struct buf *der, struct err *err)
{
	struct db *db = ca_store_db(s);

	if (db_run(db, err,
		"INSERT INTO ca_crl (line, number, crl, made_at, this_update,"
		" next_update, covers) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"iibiiii", row->line, row->number, der->data, der->len,
		row->made_at, row->this_update, row->next_update,
		row->covers) != 0)
		return -1;
	return db_run(db, err,
	    "DELETE FROM ca_crl WHERE line = ? AND number < ?", "ii", row->line,
	    row->number);
}
