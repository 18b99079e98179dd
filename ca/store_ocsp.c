/* What OCSP asks of the records, and who answers. */
#include <stdio.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "record_internal.h"

int
ca_store_status(struct ca_store *s, int64_t line, const char *serial,
    struct ca_status *ret, struct err *err)
{
	struct ca_status status = {.known = CA_UNKNOWN};
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT i.made_at, c.serial IS NOT NULL,"
		" COALESCE(r.revoked_at, 0), COALESCE(r.reason, 0),"
		" r.serial IS NOT NULL"
		" FROM ca_intent i"
		" LEFT JOIN ca_certificate c ON c.serial = i.serial"
		" LEFT JOIN ca_revocation r ON r.serial = i.serial"
		" WHERE i.serial = ? AND i.line = ?",
		"ti", serial, line) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1) {
		status.known = db_int(rows, 1) != 0 ? CA_ISSUED : CA_INTENDED;
		status.at = db_int(rows, 0);
	}
	if (got == 1 && db_int(rows, 4) != 0) {
		status.known = CA_REVOKED;
		status.at = db_int(rows, 2);
		status.reason = (int)db_int(rows, 3);
	}
	db_done(rows);
	if (got < 0)
		return -1;
	*ret = status;
	return 0;
}

int
ca_store_add_responder(struct ca_store *s, const struct ca_intent *i,
    const char *issuer, const struct buf *sealed, struct err *err)
{
	if (db_run(ca_store_db(s), err,
		"DELETE FROM ca_responder WHERE serial IN"
		" (SELECT o.serial FROM ca_responder o"
		"  JOIN ca_intent i ON i.serial = o.serial"
		"  LEFT JOIN ca_revocation r ON r.serial = o.serial"
		"  WHERE i.not_after < ? OR r.serial IS NOT NULL)",
		"i", i->made_at) != 0)
		return -1;
	return db_run(ca_store_db(s), err,
	    "INSERT INTO ca_responder (serial, issuer, key) VALUES (?, ?, ?)",
	    "ttb", i->serial, issuer, sealed->data, sealed->len);
}

int
ca_store_get_responder(struct ca_store *s, const char *issuer,
    char serial[CA_SERIAL_TEXT], struct buf *sealed, struct buf *der,
    struct err *err)
{
	struct db_rows *rows;
	const void *bytes;
	size_t len;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT o.serial, o.key, c.certificate FROM ca_responder o"
		" JOIN ca_certificate c ON c.serial = o.serial"
		" JOIN ca_intent i ON i.serial = o.serial"
		" LEFT JOIN ca_revocation r ON r.serial = o.serial"
		" WHERE o.issuer = ? AND r.serial IS NULL"
		" ORDER BY i.not_after DESC, i.made_at DESC LIMIT 1",
		"t", issuer) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1) {
		(void)snprintf(serial, CA_SERIAL_TEXT, "%s", db_text(rows, 0));
		bytes = db_blob(rows, 1, &len);
		buf_add(sealed, bytes, len);
		bytes = db_blob(rows, 2, &len);
		buf_add(der, bytes, len);
	}
	db_done(rows);
	if (got == 0)
		return err_set(err, ERR_NOTFOUND, "no OCSP responder yet");
	return got == 1 ? 0 : -1;
}
