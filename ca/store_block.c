/* Keys that are never certified. */
#include <assert.h>
#include <string.h>

#include "ca.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"

#define HASH 32

int
ca_store_blocked(struct ca_store *s, const uint8_t spki_sha256[32],
    char **ret_note, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT note FROM ca_block WHERE spki_sha256 = ?", "b",
		spki_sha256, (size_t)HASH) != 0)
		return -1;
	got = db_next(rows, err);
	if (got == 1)
		*ret_note = mem_dup(db_text(rows, 0));
	db_done(rows);
	return got;
}

int
ca_store_block(struct ca_store *s, const struct ca_blocked *b, struct err *err)
{
	uint8_t hash[HASH];
	int bad = str_unhex(b->sha256, hash, sizeof(hash));

	assert(bad == 0);
	(void)bad;
	if (db_run(ca_store_db(s), err,
		"INSERT INTO ca_block (spki_sha256, note, blocked_at)"
		" VALUES (?, ?, ?) ON CONFLICT (spki_sha256) DO NOTHING",
		"bti", hash, sizeof(hash), b->note, b->at) != 0)
		return -1;
	return db_changes(ca_store_db(s)) == 1 ? 1 : 0;
}

int
ca_store_unblock(struct ca_store *s, const char *sha256, struct err *err)
{
	uint8_t hash[HASH];
	int bad = str_unhex(sha256, hash, sizeof(hash));

	assert(bad == 0);
	(void)bad;
	if (db_run(ca_store_db(s), err,
		"DELETE FROM ca_block WHERE spki_sha256 = ?", "b", hash,
		sizeof(hash)) != 0)
		return -1;
	if (db_changes(ca_store_db(s)) == 1)
		return 0;
	return err_set(
	    err, ERR_NOTFOUND, "key %s is not on the block list", sha256);
}

int
ca_store_blocked_list(
    struct ca_store *s, ca_blocked_fn *fn, void *cookie, struct err *err)
{
	struct db_rows *rows;
	struct ca_blocked b;
	char hex[2 * HASH + 1];
	const void *hash;
	size_t len;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT spki_sha256, note, blocked_at FROM ca_block"
		" ORDER BY spki_sha256",
		"") != 0)
		return -1;
	while ((got = db_next(rows, err)) == 1) {
		hash = db_blob(rows, 0, &len);
		str_hex(hash, len < HASH ? len : HASH, hex);
		b.sha256 = hex;
		b.note = db_text(rows, 1);
		b.at = db_int(rows, 2);
		got = fn(cookie, &b, err);
		if (got != 0)
			break;
	}
	db_done(rows);
	return got == 0 ? 0 : -1;
}

int
ca_store_key_valid(struct ca_store *s, const uint8_t spki_sha256[32],
    int64_t now, char **ret_device, struct err *err)
{
	struct db_rows *rows;
	int got;

	if (db_query(ca_store_db(s), &rows, err,
		"SELECT i.device FROM ca_intent i"
		" JOIN ca_certificate c ON c.serial = i.serial"
		" LEFT JOIN ca_revocation r ON r.serial = i.serial"
		" WHERE i.spki_sha256 = ? AND i.not_after >= ?"
		" AND r.serial IS NULL LIMIT 1",
		"bi", spki_sha256, (size_t)HASH, now) != 0)
		return -1;
	got = db_next(rows, err);
	if (got >= 0)
		*ret_device = got == 1 ? mem_dup(db_text(rows, 0)) : NULL;
	db_done(rows);
	return got >= 0 ? 0 : -1;
}
