#include "journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "store_internal.h"

/* A candidate opens as a candidate only: never as the current secret. */
#define CANDIDATE "candidate"

static const char *
end_name(enum journal_end end)
{
	switch (end) {
	case JOURNAL_DONE:
		return "done";
	case JOURNAL_FAILED:
		return "failed";
	}
	assert(false && "end of an intent");
	return "";
}

/* --- writing --- */

static int
check_intent(const struct journal_intent *intent, struct err *err)
{
	assert(intent->play != NULL && intent->step != NULL);
	assert(intent->args != NULL);
	if (store_check_text(intent->play, "the play's name", err) == -1 ||
	    store_check_text(intent->step, "the step's name", err) == -1 ||
	    store_check_text(intent->args, "the intent", err) == -1)
		return -1;
	return 0;
}

/* The unique index over open intents speaks. */
static int
explain_conflict(struct err *err)
{
	if (err != NULL && err->kind == ERR_CONFLICT)
		return err_native(err, ERR_CONFLICT, err->domain, err->native,
		    "an intent is open for this device: it must end first");
	return -1;
}

int
journal_intend(struct store *s, const struct journal_intent *intent,
    int64_t lease_token, int64_t now, int64_t *ret_id, struct err *err)
{
	struct buf sealed;
	int r;

	if (check_intent(intent, err) == -1)
		return -1;
	buf_init(&sealed, STORE_BLOB_MAX);
	r = 0;
	if (intent->secret != NULL)
		r = store_seal(
		    s, intent->device, CANDIDATE, intent->secret, &sealed, err);
	if (r == 0)
		r = store_begin(s, err);
	/* The lease is checked by the statement that writes: no gap. */
	if (r == 0 &&
	    db_run(s->db, err,
		"INSERT INTO intent (device, play, step, args, sealed,"
		" attempts, opened_at) SELECT device, ?, ?, ?, ?, 1, ?"
		" FROM lease WHERE device = ? AND lease_token = ?"
		" AND lease_owner IS NOT NULL",
		"tttbiii", intent->play, intent->step, intent->args,
		intent->secret != NULL ? sealed.data : NULL, sealed.len, now,
		intent->device, lease_token) == -1)
		r = explain_conflict(err);
	buf_free(&sealed);
	if (r == 0)
		r = store_check_device(s, intent->device,
		    "the lease is no longer ours: nothing intended", err);
	if (r == 0)
		*ret_id = db_last_id(s->db);
	return r;
}

/* Did the last write find the intent open? */
static int
check_open(struct store *s, int64_t id, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_changes(s->db) > 0)
		return 0;
	if (db_query(s->db, &rows, err, "SELECT 1 FROM intent WHERE id = ?",
		"i", id) == -1)
		return -1;
	r = db_next(rows, err);
	db_done(rows);
	if (r == -1)
		return -1;
	if (r == 0)
		return err_set(
		    err, ERR_NOTFOUND, "no intent with id %lld", (long long)id);
	return err_set(
	    err, ERR_CONFLICT, "intent %lld has ended already", (long long)id);
}

int
journal_again(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"UPDATE intent SET attempts = attempts + 1, outcome = NULL,"
		" result = NULL WHERE id = ? AND ended_at IS NULL",
		"i", id) == -1)
		return -1;
	return check_open(s, id, err);
}

int
journal_note(struct store *s, int64_t id, const char *args, struct err *err)
{
	if (store_check_text(args, "the intent", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"UPDATE intent SET args = ? WHERE id = ? AND ended_at IS NULL",
		"ti", args, id) == -1)
		return -1;
	return check_open(s, id, err);
}

int
journal_park(struct store *s, int64_t id, const char *why, struct err *err)
{
	if (store_check_text(why, "the reason", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"UPDATE intent SET outcome = 'parked', result = ?"
		" WHERE id = ? AND ended_at IS NULL",
		"ti", why, id) == -1)
		return -1;
	return check_open(s, id, err);
}

int
journal_settle(struct store *s, int64_t id, enum journal_end end,
    const char *result, int64_t now, struct err *err)
{
	if (store_check_text(result, "the result", err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"UPDATE intent SET ended_at = ?, outcome = ?, result = ?,"
		" sealed = NULL WHERE id = ? AND ended_at IS NULL",
		"itti", now, end_name(end), result, id) == -1)
		return -1;
	return check_open(s, id, err);
}

/* --- reading --- */

#define COLUMNS                                                                \
	"SELECT id, device, play, step, args, attempts, opened_at,"            \
	" ended_at, outcome, result, sealed FROM intent WHERE "

/* A copy of one row, so that the statement is closed when fn runs. */
struct row {
	struct journal_intent intent;
	char *play, *step, *args, *end, *result;
	struct secret *secret;
};

static int
row_load(
    struct store *s, struct db_rows *rows, struct row *row, struct err *err)
{
	const void *blob;
	size_t len;

	memset(row, 0, sizeof(*row));
	row->intent.id = db_int(rows, 0);
	row->intent.device = db_int(rows, 1);
	row->intent.attempts = db_int(rows, 5);
	row->intent.opened_at = db_int(rows, 6);
	row->intent.ended_at = db_int(rows, 7);
	blob = db_blob(rows, 10, &len);
	if (blob != NULL &&
	    store_unseal(s, row->intent.device, CANDIDATE, blob, len,
		&row->secret, err) == -1)
		return err_context(
		    err, "intent %lld", (long long)row->intent.id);
	row->intent.play = row->play = mem_dup(db_text(rows, 2));
	row->intent.step = row->step = mem_dup(db_text(rows, 3));
	row->intent.args = row->args = mem_dup(db_text(rows, 4));
	row->intent.end = row->end = mem_dup(db_text(rows, 8));
	row->intent.result = row->result = mem_dup(db_text(rows, 9));
	row->intent.secret = row->secret;
	return 1;
}

static void
row_clear(struct row *row)
{
	free(row->play);
	free(row->step);
	free(row->args);
	free(row->end);
	free(row->result);
	secret_free(row->secret);
}

/* The next row of a query that gives one; takes the rows. */
static int
row_take(
    struct store *s, struct db_rows *rows, struct row *row, struct err *err)
{
	int r;

	r = db_next(rows, err);
	if (r == 1)
		r = row_load(s, rows, row, err);
	db_done(rows);
	return r;
}

static int
open_query(struct store *s, int64_t device, int64_t after,
    struct db_rows **ret_rows, struct err *err)
{
	if (device == 0)
		return db_query(s->db, ret_rows, err,
		    COLUMNS "ended_at IS NULL AND id > ? ORDER BY id LIMIT 1",
		    "i", after);
	return db_query(s->db, ret_rows, err,
	    COLUMNS "ended_at IS NULL AND device = ? AND id > ?"
		    " ORDER BY id LIMIT 1",
	    "ii", device, after);
}

int
journal_scan_open(struct store *s, int64_t device, journal_fn *fn, void *cookie,
    struct err *err)
{
	struct db_rows *rows;
	struct row row;
	int64_t after;
	int r;

	after = 0;
	for (;;) {
		if (open_query(s, device, after, &rows, err) == -1)
			return -1;
		r = row_take(s, rows, &row, err);
		if (r != 1)
			return r;
		after = row.intent.id;
		r = fn(cookie, &row.intent, err);
		row_clear(&row);
		if (r != 0)
			return r;
	}
}

static int
ended_query(struct store *s, int64_t device, int64_t before,
    struct db_rows **ret_rows, struct err *err)
{
	if (device == 0)
		return db_query(s->db, ret_rows, err,
		    COLUMNS "ended_at IS NOT NULL AND id < ?"
			    " ORDER BY id DESC LIMIT 1",
		    "i", before);
	return db_query(s->db, ret_rows, err,
	    COLUMNS "ended_at IS NOT NULL AND device = ? AND id < ?"
		    " ORDER BY id DESC LIMIT 1",
	    "ii", device, before);
}

int
journal_scan_ended(struct store *s, int64_t device, int64_t before,
    size_t limit, journal_fn *fn, void *cookie, struct err *err)
{
	struct db_rows *rows;
	struct row row;
	size_t n;
	int r;

	if (before == 0)
		before = INT64_MAX;
	for (n = 0; limit == 0 || n < limit; n++) {
		if (ended_query(s, device, before, &rows, err) == -1)
			return -1;
		r = row_take(s, rows, &row, err);
		if (r != 1)
			return r;
		before = row.intent.id;
		r = fn(cookie, &row.intent, err);
		row_clear(&row);
		if (r != 0)
			return r;
	}
	return 0;
}

int
journal_last(struct store *s, int64_t device, int64_t *ret_id, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT max(id) FROM intent WHERE device = ?", "i",
		device) == -1)
		return -1;
	r = db_next(rows, err);
	if (r != -1)
		*ret_id = r == 1 ? db_int(rows, 0) : 0;
	db_done(rows);
	return r == -1 ? -1 : 0;
}
