/* Consoles above us: how far each was read. */
#include "upstream.h"

#include <openssl/rand.h>
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
#include "vault.h"

#define MARK_BYTES 4

const char *
upstream_state_name(enum upstream_state s)
{
	static const char *const names[] = {
	    "new", "good", "failed", "denied", "changed"};

	return names[s];
}

void
upstream_clear(struct upstream *u)
{
	free(u->name);
	free(u->mark);
	free(u->version);
	free(u->unique_id);
	free(u->seen_version);
	free(u->seen_id);
	free(u->error);
	free(u->remarks);
	memset(u, 0, sizeof(*u));
}

static void
read_row(struct db_rows *rows, struct upstream *ret)
{
	*ret = (struct upstream){
	    .id = db_int(rows, 0),
	    .name = mem_dup(db_text(rows, 1)),
	    .mark = mem_dup(db_text(rows, 2)),
	    .state = store_enum(rows, 3),
	    .version = mem_dup(db_text(rows, 4)),
	    .unique_id = mem_dup(db_text(rows, 5)),
	    .seen_version = mem_dup(db_text(rows, 6)),
	    .seen_id = mem_dup(db_text(rows, 7)),
	    .error = mem_dup(db_text(rows, 8)),
	    .remarks = mem_dup(db_text(rows, 9)),
	    .error_at = db_int(rows, 10),
	    .failures = db_int(rows, 11),
	    .next_at = db_int(rows, 12),
	    .good_at = db_int(rows, 13),
	    .pulled_at = db_int(rows, 14),
	    .full_at = db_int(rows, 15),
	    .pass = db_int(rows, 16),
	    .pass_began = db_int(rows, 17),
	    .pass_after = db_int(rows, 18),
	    .pass_full = db_int(rows, 19) != 0,
	};
}

int
upstream_find(
    struct store *s, const char *name, struct upstream *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT id, name, mark, state, version, unique_id,"
		" seen_version, seen_id, error, remarks, error_at, failures,"
		" next_at, good_at, pulled_at, full_at, pass, pass_began,"
		" pass_after, pass_full FROM upstream"
		" WHERE lower(name) = lower(?)",
		"t", name) == -1 ||
	    store_first(rows, err, "%s: never spoken to", name) == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
upstream_take(
    struct store *s, const char *name, struct upstream *ret, struct err *err)
{
	char mark[2 * MARK_BYTES + 1];
	struct err why = {.kind = ERR_NONE};
	uint8_t bytes[MARK_BYTES];

	if (store_check_name(name, "console", err) == -1)
		return -1;
	if (upstream_find(s, name, ret, &why) == 0)
		return 0;
	if (why.kind != ERR_NOTFOUND) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return err_set(err, ERR_STORAGE, "no random numbers");
	str_hex(bytes, sizeof(bytes), mark);
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"INSERT INTO upstream (name, mark) VALUES (?, ?)", "tt", name,
		mark) == -1)
		return -1;
	return upstream_find(s, name, ret, err);
}

int
upstream_save(struct store *s, const struct upstream *u, struct err *err)
{
	if (store_check_text(u->error, "the error", err) == -1 ||
	    store_check_text(u->remarks, "the remarks", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "UPDATE upstream SET state = ?, version = ?, unique_id = ?,"
	    " seen_version = ?, seen_id = ?, error = ?, remarks = ?,"
	    " error_at = ?, failures = ?, next_at = ?, good_at = ?,"
	    " pulled_at = ?, full_at = ?, pass = ?, pass_began = ?,"
	    " pass_after = ?, pass_full = ? WHERE id = ?",
	    "ittttttiiiiiiiiiii", (int64_t)u->state, u->version, u->unique_id,
	    u->seen_version, u->seen_id, u->error, u->remarks, u->error_at,
	    u->failures, u->next_at, u->good_at, u->pulled_at, u->full_at,
	    u->pass, u->pass_began, u->pass_after, (int64_t)u->pass_full,
	    u->id);
}

int
upstream_forget(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "DELETE FROM upstream_link WHERE upstream = ?", "i", id);
}

/* --- one at a time --- */

int
upstream_hold(struct store *s, int64_t id, const char *owner, int64_t now,
    int64_t until, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"UPDATE upstream SET holder = ?, held_until = ?"
		" WHERE id = ? AND (holder IS NULL OR holder = ?"
		" OR held_until <= ?)",
		"tiiti", owner, until, id, owner, now) == -1)
		return -1;
	return db_changes(s->db) > 0
	    ? 0
	    : err_set(err, ERR_CONFLICT,
		  "another process is at it; it is \"serve\", or a command");
}

int
upstream_release(
    struct store *s, int64_t id, const char *owner, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	return db_run(s->db, err,
	    "UPDATE upstream SET holder = NULL, held_until = 0"
	    " WHERE id = ? AND holder = ?",
	    "it", id, owner);
}

/* --- who we are there --- */

static void
purpose_of(int64_t id, char out[STORE_PURPOSE_MAX])
{
	(void)snprintf(
	    out, STORE_PURPOSE_MAX, "upstream:%lld:login", (long long)id);
}

int
upstream_put_login(struct store *s, int64_t id, const char *user,
    const struct secret *password, struct err *err)
{
	char purpose[STORE_PURPOSE_MAX];
	struct buf sealed;
	int rc;

	purpose_of(id, purpose);
	buf_init(&sealed, STORE_BLOB_MAX);
	rc = store_check_text(user, "the user", err);
	if (rc == 0)
		rc = vault_seal(s->vault, purpose, password, &sealed, err);
	if (rc == 0)
		rc = store_begin(s, err);
	if (rc == 0)
		rc = db_run(s->db, err,
		    "UPDATE upstream SET login = ?, sealed = ? WHERE id = ?",
		    "tbi", user, sealed.data, sealed.len, id);
	buf_free(&sealed);
	return rc;
}

int
upstream_get_login(struct store *s, int64_t id, char **ret_user,
    struct secret **ret_password, struct err *err)
{
	char purpose[STORE_PURPOSE_MAX];
	struct db_rows *rows;
	const void *blob;
	size_t len;
	int r;

	purpose_of(id, purpose);
	if (db_query(s->db, &rows, err,
		"SELECT login, sealed FROM upstream"
		" WHERE id = ? AND sealed IS NOT NULL",
		"i", id) == -1 ||
	    store_first(rows, err,
		"no user and password are known; \"epo login\" takes "
		"them") == -1)
		return -1;
	blob = db_blob(rows, 1, &len);
	r = vault_unseal(s->vault, purpose, blob, len, ret_password, err);
	if (r == 0)
		*ret_user = mem_dup(db_text(rows, 0));
	db_done(rows);
	return r;
}
