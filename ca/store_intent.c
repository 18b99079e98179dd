/* Intents: what is to be signed, and what became of it. */
#include <stdlib.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"

int
ca_store_add_intent(
    struct ca_store *s, const struct ca_intent *i, struct err *err)
{
	if (db_run(ca_store_db(s), err,
		"INSERT INTO ca_intent (serial, key, device, template, subject,"
		" names, spki_sha256, csr_sha256, tbs_sha256, tbs, not_before,"
		" not_after, made_at, line)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ttttttbbbbiiii", i->serial, i->key, i->device,
		i->template_name, i->subject, i->names, i->spki_sha256,
		sizeof(i->spki_sha256), i->csr_sha256, sizeof(i->csr_sha256),
		i->tbs_sha256, sizeof(i->tbs_sha256), i->tbs, i->tbs_len,
		i->not_before, i->not_after, i->made_at, i->line) != 0)
		return -1;
	return db_run(ca_store_db(s), err,
	    "INSERT INTO ca_pending (serial, key) VALUES (?, ?)", "tt",
	    i->serial, i->key);
}

int
ca_store_add_cert(struct ca_store *s, const struct ca_intent *i,
    const struct buf *der, struct err *err)
{
	if (db_run(ca_store_db(s), err,
		"DELETE FROM ca_pending WHERE serial = ?", "t", i->serial) != 0)
		return -1;
	if (db_changes(ca_store_db(s)) != 1)
		return err_set(err, ERR_CONFLICT,
		    "certificate %s was given up while it was signed",
		    i->serial);
	return db_run(ca_store_db(s), err,
	    "INSERT INTO ca_certificate (serial, key, certificate, issued_at)"
	    " VALUES (?, ?, ?, ?)",
	    "ttbi", i->serial, i->key, der->data, der->len, i->made_at);
}

/* Is there such an intent? Mostly not, and then this is quicker. */
static int
any_pending(struct ca_store *s, const char *key, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT serial FROM ca_pending WHERE key = ? LIMIT 1", "t",
		key) != 0)
		return -1;
	got = db_next(rows, err);
	db_done(rows);
	return got;
}

int
ca_store_lose(struct ca_store *s, const char *key, int64_t now, struct err *err)
{
	int got = key != NULL ? any_pending(s, key, err) : 1;

	if (got != 1)
		return got;
	/* Reason 0: what became of it is not known. */
	if (db_run(ca_store_db(s), err,
		"INSERT INTO ca_revocation (seq, serial, revoked_at, reason,"
		" line, not_after)"
		" SELECT (SELECT COALESCE(MAX(seq), 0) FROM ca_revocation)"
		"  + ROW_NUMBER() OVER (ORDER BY p.serial), p.serial, ?, 0,"
		"  i.line, i.not_after"
		" FROM ca_pending p JOIN ca_intent i ON i.serial = p.serial"
		" WHERE p.key = ? OR ? IS NULL",
		"itt", now, key, key) != 0)
		return -1;
	return db_run(ca_store_db(s), err,
	    "DELETE FROM ca_pending WHERE key = ? OR ? IS NULL", "tt", key,
	    key);
}

int
ca_store_give_up(
    struct ca_store *s, const char *serial, int64_t now, struct err *err)
{
	if (db_run(ca_store_db(s), err,
		"INSERT INTO ca_revocation (seq, serial, revoked_at, reason,"
		" line, not_after)"
		" SELECT (SELECT COALESCE(MAX(seq), 0) + 1 FROM ca_revocation),"
		"  p.serial, ?, 0, i.line, i.not_after"
		" FROM ca_pending p JOIN ca_intent i ON i.serial = p.serial"
		" WHERE p.serial = ?",
		"it", now, serial) != 0)
		return -1;
	return db_run(ca_store_db(s), err,
	    "DELETE FROM ca_pending WHERE serial = ?", "t", serial);
}

int
ca_store_last(struct ca_store *s, int64_t *ret_at, struct err *err)
{
	return ca_store_number(
	    s, "SELECT COALESCE(MAX(made_at), 0) FROM ca_intent", ret_at, err);
}

int
ca_store_key_use(struct ca_store *s, const uint8_t spki_sha256[32],
    const char *device, char **ret_other, bool *ret_compromised,
    struct err *err)
{
	struct db_rows *rows;
	char *other = NULL;
	bool compromised = false;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT i.device, COALESCE(r.reason, 0) FROM ca_intent i"
		" LEFT JOIN ca_revocation r ON r.serial = i.serial"
		" WHERE i.spki_sha256 = ?"
		" UNION ALL"
		" SELECT q.device, COALESCE(b.reason, 0) FROM bridge_request q"
		" LEFT JOIN bridge_certificate b"
		"  ON b.bridge = q.bridge AND b.key = q.key"
		" WHERE q.spki_sha256 = ?",
		"bb", spki_sha256, (size_t)32, spki_sha256, (size_t)32) != 0)
		return -1;
	while ((got = db_next(rows, err)) == 1) {
		if (other == NULL && !str_eq(db_text(rows, 0), device))
			other = mem_dup(db_text(rows, 0));
		if (db_int(rows, 1) == 1) /* keyCompromise */
			compromised = true;
	}
	db_done(rows);
	if (got != 0) {
		free(other);
		return -1;
	}
	*ret_other = other;
	*ret_compromised = compromised;
	return 0;
}
