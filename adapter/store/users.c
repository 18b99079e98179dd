/* Who may come in. */
#include "users.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "store_internal.h"

#define NO_USER "no user of this name; \"user list\" has them"

void
store_user_clear(struct store_user *u)
{
	free(u->name);
	free(u->note);
	free(u->sets);
	free(u->hash);
	free(u->certificate);
	memset(u, 0, sizeof(*u));
}

/* --- reading --- */

#define COLUMNS                                                                \
	"SELECT id, name, note, sets, hash, certificate, enabled, created_at," \
	" changed_at, login_at FROM login_user"

static void
read_row(struct db_rows *rows, struct store_user *ret)
{
	*ret = (struct store_user){
	    .id = db_int(rows, 0),
	    .name = mem_dup(db_text(rows, 1)),
	    .note = mem_dup(db_text(rows, 2)),
	    .sets = mem_dup(db_text(rows, 3)),
	    .hash = mem_dup(db_text(rows, 4)),
	    .certificate = mem_dup(db_text(rows, 5)),
	    .enabled = db_int(rows, 6) != 0,
	    .created_at = db_int(rows, 7),
	    .changed_at = db_int(rows, 8),
	    .login_at = db_int(rows, 9),
	};
}

static int
read_one(struct db_rows *rows, struct store_user *ret, struct err *err)
{
	if (store_first(rows, err, NO_USER) == -1)
		return -1;
	read_row(rows, ret);
	db_done(rows);
	return 0;
}

int
store_user_find(
    struct store *s, const char *name, struct store_user *ret, struct err *err)
{
	struct db_rows *rows;

	if (store_check_text(name, "the user's name", err) == -1 ||
	    db_query(s->db, &rows, err, COLUMNS " WHERE lower(name) = lower(?)",
		"t", name) == -1)
		return -1;
	return read_one(rows, ret, err);
}

int
store_user_get(
    struct store *s, int64_t id, struct store_user *ret, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err, COLUMNS " WHERE id = ?", "i", id) == -1)
		return -1;
	return read_one(rows, ret, err);
}

int
store_user_by_certificate(struct store *s, const char *certificate,
    struct store_user *ret, struct err *err)
{
	struct db_rows *rows;

	if (store_check_text(certificate, "the certificate's name", err) ==
		-1 ||
	    db_query(s->db, &rows, err, COLUMNS " WHERE certificate = ?", "t",
		certificate) == -1)
		return -1;
	return read_one(rows, ret, err);
}

int
store_user_scan(
    struct store *s, store_user_fn *fn, void *cookie, struct err *err)
{
	struct store_user u;
	struct db_rows *rows;
	int r = 0;

	if (db_query(s->db, &rows, err, COLUMNS " ORDER BY lower(name)", "") ==
	    -1)
		return -1;
	while (store_next(rows, &r, err)) {
		read_row(rows, &u);
		r = fn(cookie, &u, err);
		store_user_clear(&u);
	}
	return r;
}

/* --- writing --- */

static int
check_user(const struct store_user *u, struct err *err)
{
	if (store_check_name(u->name, "user", err) == -1 ||
	    store_check_text(u->note, "the note", err) == -1 ||
	    store_check_text(u->sets, "the permission sets", err) == -1 ||
	    store_check_text(u->hash, "the hash", err) == -1)
		return -1;
	return store_check_text(u->certificate, "the certificate's name", err);
}

/* In words: whose the name is. */
static int
taken(struct err *err)
{
	if (err != NULL && err->kind == ERR_CONFLICT)
		return err_set(err, ERR_CONFLICT,
		    "the name, or the certificate, is another user's");
	return -1;
}

int
store_user_add(struct store *s, const struct store_user *u, int64_t now,
    int64_t *ret_id, struct err *err)
{
	if (check_user(u, err) == -1 || store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"INSERT INTO login_user (name, note, sets, hash, certificate,"
		" enabled, created_at, changed_at, login_at)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, 0"
		" WHERE (SELECT count(*) FROM login_user) < ?8",
		"tttttiii", u->name, u->note, u->sets, u->hash, u->certificate,
		(int64_t)u->enabled, now, (int64_t)STORE_USERS_MAX) == -1)
		return taken(err);
	if (db_changes(s->db) == 0)
		return err_set(
		    err, ERR_LIMIT, "there are %d users", STORE_USERS_MAX);
	*ret_id = db_last_id(s->db);
	return 0;
}

int
store_user_save(
    struct store *s, const struct store_user *u, int64_t now, struct err *err)
{
	if (check_user(u, err) == -1 || store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"UPDATE login_user SET name = ?, note = ?, sets = ?, hash = ?,"
		" certificate = ?, enabled = ?, changed_at = ? WHERE id = ?",
		"tttttiii", u->name, u->note, u->sets, u->hash, u->certificate,
		(int64_t)u->enabled, now, u->id) == -1)
		return taken(err);
	return store_changed(s, NO_USER, err);
}

int
store_user_login(struct store *s, int64_t id, int64_t now, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err,
		"UPDATE login_user SET login_at = ? WHERE id = ?", "ii", now,
		id) == -1)
		return -1;
	return store_changed(s, NO_USER, err);
}

int
store_user_remove(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err, "DELETE FROM login_user WHERE id = ?", "i",
		id) == -1)
		return -1;
	return store_changed(s, NO_USER, err);
}
