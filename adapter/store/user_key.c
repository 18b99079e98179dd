/* What people hold in place of a password, failed logins, our own key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "secret.h"
#include "store_internal.h"
#include "str.h"
#include "users.h"
#include "vault.h"

#define OWN_HASH_SHOWN 48 /* of a name's, in a purpose */
#define OWN_SEALED_MAX 16384

void
store_key_clear(struct store_key *k)
{
	free(k->name);
	memset(k, 0, sizeof(*k));
}

#define COLUMNS                                                                \
	"SELECT id, owner, kind, name, created_at, used_at, expires_at"        \
	" FROM user_key"

static void
read_row(struct db_rows *rows, struct store_key *ret)
{
	*ret = (struct store_key){
	    .id = db_int(rows, 0),
	    .user = db_int(rows, 1),
	    .kind = db_int(rows, 2) == STORE_KEY_TOKEN ? STORE_KEY_TOKEN
						       : STORE_KEY_SESSION,
	    .name = mem_dup(db_text(rows, 3)),
	    .created_at = db_int(rows, 4),
	    .used_at = db_int(rows, 5),
	    .expires_at = db_int(rows, 6),
	};
}

int
store_key_add(struct store *s, const struct store_key *k,
    const uint8_t sha256[STORE_SHA256], int64_t now, int64_t *ret_id,
    struct err *err)
{
	int64_t id;

	if (store_check_text(k->name, "the name", err) == -1 ||
	    store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"INSERT INTO user_key (owner, kind, name, sha256, created_at,"
		" used_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
		"iitbii", k->user, (int64_t)k->kind, k->name,
		(const void *)sha256, (size_t)STORE_SHA256, now,
		k->expires_at) == -1)
		return -1;
	id = db_last_id(s->db);
	if (db_run(s->db, err,
		"DELETE FROM user_key WHERE id IN (SELECT id FROM user_key"
		" WHERE owner = ? AND kind = ? ORDER BY id DESC"
		" LIMIT -1 OFFSET ?)",
		"iii", k->user, (int64_t)k->kind,
		(int64_t)STORE_KEYS_PER_USER) == -1)
		return store_break(s);
	*ret_id = id;
	return 0;
}

int
store_key_find(struct store *s, const uint8_t sha256[STORE_SHA256],
    struct store_key *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err, COLUMNS " WHERE sha256 = ?", "b",
		(const void *)sha256, (size_t)STORE_SHA256) == -1 ||
	    store_first(rows, err, "nobody has this key") == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
store_key_used(struct store *s, int64_t id, int64_t now, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "UPDATE user_key SET used_at = ? WHERE id = ?", "ii", now, id);
}

int
store_key_remove(struct store *s, int64_t user, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"DELETE FROM user_key WHERE id = ? AND owner = ?", "ii", id,
		user) == -1)
		return -1;
	return store_changed(s, "the user has no key of this number", err);
}

int
store_key_remove_all(
    struct store *s, int64_t user, enum store_key_kind kind, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "DELETE FROM user_key WHERE owner = ? AND kind = ?", "ii", user,
	    (int64_t)kind);
}

int
store_key_purge(struct store *s, int64_t now, int64_t idle, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "DELETE FROM user_key WHERE expires_at > 0"
	    " AND (expires_at <= ? OR (kind = ? AND used_at < ?))",
	    "iii", now, (int64_t)STORE_KEY_SESSION, idle);
}

int
store_key_scan(struct store *s, int64_t user, enum store_key_kind kind,
    store_key_fn *fn, void *cookie, struct err *err)
{
	struct store_key k;
	struct db_rows *rows;
	int r = 0;

	if (db_query(s->db, &rows, err,
		COLUMNS " WHERE (?1 = 0 OR owner = ?1) AND kind = ?2"
			" ORDER BY owner, id",
		"ii", user, (int64_t)kind) == -1)
		return -1;
	while (store_next(rows, &r, err)) {
		read_row(rows, &k);
		r = fn(cookie, &k, err);
		store_key_clear(&k);
	}
	return r;
}

/* --- failed logins --- */

static void
failure_key(const char *name, uint8_t key[STORE_SHA256])
{
	char *lower = str_lower(mem_dup(name));

	str_sha256(lower, strlen(lower), key);
	secret_wipe(lower, strlen(lower));
	free(lower);
}

int
store_failure_get(struct store *s, const char *name, struct store_failure *ret,
    struct err *err)
{
	uint8_t key[STORE_SHA256];
	struct db_rows *rows;
	int r;

	failure_key(name, key);
	if (db_query(s->db, &rows, err,
		"SELECT count, last_at, locked_until FROM login_failure"
		" WHERE name = ?",
		"b", (const void *)key, sizeof(key)) == -1)
		return -1;
	r = db_next(rows, err);
	if (r != -1)
		memset(ret, 0, sizeof(*ret));
	if (r == 1) {
		ret->count = db_int(rows, 0);
		ret->last_at = db_int(rows, 1);
		ret->locked_until = db_int(rows, 2);
	}
	db_done(rows);
	return r == -1 ? -1 : 0;
}

int
store_failure_put(struct store *s, const char *name,
    const struct store_failure *f, struct err *err)
{
	uint8_t key[STORE_SHA256];

	failure_key(name, key);
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"INSERT INTO login_failure (name, count, last_at, locked_until)"
		" VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
		" count = excluded.count, last_at = excluded.last_at,"
		" locked_until = excluded.locked_until",
		"biii", (const void *)key, sizeof(key), f->count, f->last_at,
		f->locked_until) == -1)
		return -1;
	if (f->count > 1)
		return 0;
	/* A new row: is there one too many? */
	if (db_run(s->db, err,
		"DELETE FROM login_failure WHERE name IN (SELECT name"
		" FROM login_failure ORDER BY last_at DESC"
		" LIMIT -1 OFFSET ?)",
		"i", (int64_t)STORE_FAILURES_MAX) == -1)
		return store_break(s);
	return 0;
}

int
store_failure_clear(struct store *s, const char *name, struct err *err)
{
	uint8_t key[STORE_SHA256];

	failure_key(name, key);
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err, "DELETE FROM login_failure WHERE name = ?",
	    "b", (const void *)key, sizeof(key));
}

/* --- our own certificates --- */

static void
own_purpose(const char *name, char out[STORE_PURPOSE_MAX])
{
	char sha[65];

	str_sha256_hex(name, strlen(name), sha);
	(void)snprintf(out, STORE_PURPOSE_MAX, "own:%.*s", OWN_HASH_SHOWN, sha);
}

int
store_own_get(struct store *s, const char *name, struct buf *chain,
    struct secret **ret_key, struct err *err)
{
	char purpose[STORE_PURPOSE_MAX];
	struct db_rows *rows;
	const void *blob;
	size_t len;
	int r;

	own_purpose(name, purpose);
	if (db_query(s->db, &rows, err,
		"SELECT chain, sealed FROM own_certificate WHERE name = ?", "t",
		name) == -1 ||
	    store_first(rows, err, "there is no certificate yet") == -1)
		return -1;
	blob = db_blob(rows, 1, &len);
	r = vault_unseal(s->vault, purpose, blob, len, ret_key, err);
	if (r == 0)
		buf_str(chain, db_text(rows, 0));
	db_done(rows);
	return r;
}

int
store_own_put(struct store *s, const char *name, const struct buf *chain,
    const struct secret *key, int64_t now, struct err *err)
{
	char purpose[STORE_PURPOSE_MAX];
	struct buf sealed;
	int r;

	own_purpose(name, purpose);
	buf_init(&sealed, OWN_SEALED_MAX);
	r = vault_seal(s->vault, purpose, key, &sealed, err);
	if (r == 0)
		r = store_begin(s, err);
	if (r == 0)
		r = db_run(s->db, err,
		    "INSERT INTO own_certificate (name, chain, sealed, at)"
		    " VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
		    " chain = excluded.chain, sealed = excluded.sealed,"
		    " at = excluded.at",
		    "ttbi", name, buf_text(chain), (const void *)sealed.data,
		    sealed.len, now);
	buf_free(&sealed);
	return r;
}
