#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "secret.h"
#include "store_internal.h"
#include "vault.h"

#define PURPOSE "api-answer"

const char store_answer_step[] =
    "CREATE TABLE api_answer ("
    " owner INTEGER NOT NULL,"
    " key TEXT NOT NULL,"
    " request BLOB NOT NULL,"
    " status INTEGER NOT NULL,"
    " location TEXT,"
    " etag TEXT,"
    " body BLOB NOT NULL,"
    " at INTEGER NOT NULL,"
    " PRIMARY KEY (owner, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX api_answer_at ON api_answer (at);"
    "CREATE INDEX api_answer_owner ON api_answer (owner, at);";

void
store_answer_clear(struct store_answer *a)
{
	free(a->location);
	free(a->etag);
	buf_free(&a->body);
	memset(a, 0, sizeof(*a));
}

/* One that cannot be opened any more was another. */
static bool
is_same(struct store *s, const void *sealed, size_t len,
    const struct store_answer *a)
{
	struct secret *asked = secret_new(a->request, sizeof(a->request));
	struct secret *before = NULL;
	struct err ignored;
	bool same;

	same = vault_unseal(
		   s->vault, PURPOSE, sealed, len, &before, &ignored) == 0 &&
	    secret_equal(asked, before);
	secret_free(asked);
	secret_free(before);
	return same;
}

static int
read_row(struct store *s, struct db_rows *rows, struct store_answer *a,
    struct err *err)
{
	const void *bytes;
	size_t len;

	bytes = db_blob(rows, 0, &len);
	if (!is_same(s, bytes, len, a))
		return err_set(
		    err, ERR_CONFLICT, "this key was used for another request");
	a->status = db_int(rows, 1);
	a->location = mem_dup(db_text(rows, 2));
	a->etag = mem_dup(db_text(rows, 3));
	bytes = db_blob(rows, 4, &len);
	buf_init(&a->body, STORE_ANSWER_MAX);
	buf_add(&a->body, bytes, len);
	return 0;
}

int
store_answer_find(
    struct store *s, struct store_answer *a, int64_t now, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (store_check_text(a->key, "the key", err) == -1 ||
	    store_begin(s, err) == -1 ||
	    db_query(s->db, &rows, err,
		"SELECT request, status, location, etag, body FROM api_answer"
		" WHERE owner = ? AND key = ? AND at > ?",
		"iti", a->user, a->key, now - STORE_ANSWER_S) == -1 ||
	    store_first(rows, err, "a new key") == -1)
		return -1;
	r = read_row(s, rows, a, err);
	db_done(rows);
	return r;
}

/* A request may have a password in it, which its hash would give away to who
 * tries passwords: it is sealed, too. */
static int
add_row(
    struct store *s, const struct store_answer *a, int64_t now, struct err *err)
{
	struct secret *asked = secret_new(a->request, sizeof(a->request));
	struct buf sealed;
	int r;

	buf_init(&sealed, STORE_BLOB_MAX);
	r = vault_seal(s->vault, PURPOSE, asked, &sealed, err);
	if (r == 0)
		r = db_run(s->db, err,
		    "INSERT INTO api_answer (owner, key, request, status,"
		    " location, etag, body, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		    "itbittbi", a->user, a->key, sealed.data, sealed.len,
		    a->status, a->location, a->etag, a->body.data, a->body.len,
		    now);
	buf_free(&sealed);
	secret_free(asked);
	return r;
}

int
store_answer_put(
    struct store *s, const struct store_answer *a, int64_t now, struct err *err)
{
	if (a->body.over || a->body.len > STORE_ANSWER_MAX)
		return err_set(err, ERR_LIMIT, "the answer is too long");
	if (store_begin(s, err) == -1 ||
	    db_run(s->db, err, "DELETE FROM api_answer WHERE at <= ?", "i",
		now - STORE_ANSWER_S) == -1 ||
	    db_run(s->db, err,
		"DELETE FROM api_answer WHERE owner = ? AND at <= (SELECT at"
		" FROM api_answer WHERE owner = ? ORDER BY at DESC"
		" LIMIT 1 OFFSET ?)",
		"iii", a->user, a->user, (int64_t)STORE_ANSWERS_MAX - 1) == -1)
		return -1;
	return add_row(s, a, now, err);
}
