/*
 * The audit log: each event's hash covers the one before it, from a random seed
 * on, so that changing, removing or inserting one breaks every link after it.
 * The highest id ever given is kept by the database apart from the table, so
 * cutting off the end shows as well.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "store.h"
#include "store_internal.h"
#include "str.h"

/* Five numbers, four texts, a hash. */
#define CANONICAL_MAX (4 * (STORE_TEXT_MAX + 9) + 128)

/* --- the chain --- */

static void
add_number(struct buf *b, int64_t number)
{
	uint64_t bits = (uint64_t)number;
	uint8_t bytes[8];
	size_t i;

	for (i = sizeof(bytes); i-- > 0; bits >>= 8)
		bytes[i] = (uint8_t)(bits & 0xff);
	buf_add(b, bytes, sizeof(bytes));
}

/* With presence and length, so that no two events have the same bytes. */
static void
add_text(struct buf *b, const char *text)
{
	size_t len;

	buf_char(b, text != NULL ? 1 : 0);
	len = text != NULL ? strlen(text) : 0;
	add_number(b, (int64_t)len);
	buf_add(b, text != NULL ? text : "", len);
}

/* In place: the hash before becomes the hash of this event. */
static int
chain(uint8_t hash[STORE_HASH], const struct store_event *e)
{
	struct buf b;
	int r;

	buf_init(&b, CANONICAL_MAX);
	buf_add(&b, hash, STORE_HASH);
	add_number(&b, e->at);
	add_number(&b, e->device);
	add_text(&b, e->name);
	add_text(&b, e->kind);
	add_text(&b, e->actor);
	add_text(&b, e->detail);
	r = b.over ? -1 : 0;
	str_sha256(b.data, b.len, hash);
	buf_free(&b);
	return r;
}

static int
hash_load(struct db_rows *rows, int column, uint8_t hash[STORE_HASH])
{
	const void *bytes;
	size_t len;

	bytes = db_blob(rows, column, &len);
	if (bytes == NULL || len != STORE_HASH)
		return -1;
	memcpy(hash, bytes, STORE_HASH);
	return 0;
}

static int
seed_load(struct store *s, uint8_t hash[STORE_HASH], struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT value FROM meta WHERE key = 'seed'", "") == -1)
		return -1;
	r = db_next(rows, err);
	if (r != -1 && (r == 0 || hash_load(rows, 0, hash) == -1))
		r = err_set(
		    err, ERR_STORAGE, "the seed of the audit chain is gone");
	db_done(rows);
	return r == -1 ? -1 : 0;
}

/* The last link, looked up once per transaction: others may have added. */
static int
head_load(struct store *s, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (s->head_known)
		return 0;
	if (db_query(s->db, &rows, err,
		"SELECT hash FROM event ORDER BY id DESC LIMIT 1", "") == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 1 && hash_load(rows, 0, s->head) == -1)
		r = err_set(
		    err, ERR_STORAGE, "the last audit event is damaged");
	db_done(rows);
	if (r == 0)
		r = seed_load(s, s->head, err);
	s->head_known = r != -1;
	return r == -1 ? -1 : 0;
}

int
store_event_add(
    struct store *s, const struct store_event *event, struct err *err)
{
	struct store_event e = *event;
	uint8_t hash[STORE_HASH];

	assert(e.kind != NULL && e.actor != NULL);
	if (e.detail == NULL)
		e.detail = "{}";
	if (store_check_text(e.name, "the event's name", err) == -1 ||
	    store_check_text(e.kind, "the event's kind", err) == -1 ||
	    store_check_text(e.actor, "the event's actor", err) == -1 ||
	    store_check_text(e.detail, "the event's detail", err) == -1)
		return -1;
	if (store_begin(s, err) == -1 || head_load(s, err) == -1)
		return -1;
	memcpy(hash, s->head, sizeof(hash));
	if (chain(hash, &e) == -1)
		return err_set(err, ERR_LIMIT, "the event is too long");
	if (db_run(s->db, err,
		"INSERT INTO event (at, device, name, kind, actor, detail,"
		" hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"iittttb", e.at, e.device, e.name, e.kind, e.actor, e.detail,
		(const void *)hash, sizeof(hash)) == -1)
		return -1;
	memcpy(s->head, hash, sizeof(hash));
	return 0;
}

int
store_event_tell(struct store *s, const struct store_event *event,
    const struct device *d, const char *key, const char *value, struct err *err)
{
	struct json_object *detail = json_object_new_object();
	struct store_event e = *event;
	int rc;

	if (d != NULL) {
		e.device = d->id;
		e.name = d->name;
	}
	if (key != NULL)
		(void)json_object_object_add(
		    detail, key, json_object_new_string(value));
	e.detail =
	    json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN);
	rc = store_event_add(s, &e, err);
	(void)json_object_put(detail);
	return rc;
}

/* --- reading --- */

/* Borrowed from the row: id, at, device, name, kind, actor, detail. */
static struct store_event
event_of(struct db_rows *rows)
{
	struct store_event e = {
	    .id = db_int(rows, 0),
	    .at = db_int(rows, 1),
	    .device = db_int(rows, 2),
	    .name = db_text(rows, 3),
	    .kind = db_text(rows, 4),
	    .actor = db_text(rows, 5),
	    .detail = db_text(rows, 6),
	};

	return e;
}

static char *
own(const char **slot)
{
	char *copy;

	copy = mem_dup(*slot);
	*slot = copy;
	return copy;
}

/* Hand a copy over once the statement is closed, so that fn may write. */
static int
event_visit(struct db_rows *rows, struct store_event *e, store_event_fn *fn,
    void *cookie, struct err *err)
{
	char *name, *kind, *actor, *detail;
	int r;

	name = own(&e->name);
	kind = own(&e->kind);
	actor = own(&e->actor);
	detail = own(&e->detail);
	db_done(rows);
	r = fn(cookie, e, err);
	free(name);
	free(kind);
	free(actor);
	free(detail);
	return r;
}

#define COLUMNS "SELECT id, at, device, name, kind, actor, detail, hash"

/* The first event after that id. */
static int
event_query(struct store *s, int64_t device, int64_t after,
    struct db_rows **ret_rows, struct err *err)
{
	if (device == 0)
		return db_query(s->db, ret_rows, err,
		    COLUMNS " FROM event WHERE id > ? ORDER BY id LIMIT 1", "i",
		    after);
	return db_query(s->db, ret_rows, err,
	    COLUMNS " FROM event WHERE device = ? AND id > ?"
		    " ORDER BY id LIMIT 1",
	    "ii", device, after);
}

int
store_event_scan(struct store *s, int64_t device, int64_t after, size_t limit,
    store_event_fn *fn, void *cookie, struct err *err)
{
	struct store_event e;
	struct db_rows *rows;
	size_t n;
	int r;

	for (n = 0; limit == 0 || n < limit; n++) {
		if (event_query(s, device, after, &rows, err) == -1)
			return -1;
		r = db_next(rows, err);
		if (r != 1) {
			db_done(rows);
			return r;
		}
		e = event_of(rows);
		after = e.id;
		r = event_visit(rows, &e, fn, cookie, err);
		if (r != 0)
			return r;
	}
	return 0;
}

/* The number in the only row, 0 without one. */
static int
one_number(struct db_rows *rows, int64_t *ret_number, struct err *err)
{
	int r;

	r = db_next(rows, err);
	if (r != -1)
		*ret_number = r == 1 ? db_int(rows, 0) : 0;
	db_done(rows);
	return r == -1 ? -1 : 0;
}

int
store_event_since(
    struct store *s, int64_t at, int64_t *ret_after, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err,
		"SELECT coalesce("
		"(SELECT id - 1 FROM event WHERE at >= ? ORDER BY id LIMIT 1),"
		" (SELECT max(id) FROM event), 0)",
		"i", at) == -1)
		return -1;
	return one_number(rows, ret_after, err);
}

int
store_event_last(struct store *s, int64_t device, size_t count,
    int64_t *ret_after, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (device == 0)
		r = db_query(s->db, &rows, err,
		    "SELECT id FROM event ORDER BY id DESC LIMIT 1 OFFSET ?",
		    "i", (int64_t)count);
	else
		r = db_query(s->db, &rows, err,
		    "SELECT id FROM event WHERE device = ?"
		    " ORDER BY id DESC LIMIT 1 OFFSET ?",
		    "ii", device, (int64_t)count);
	return r == -1 ? -1 : one_number(rows, ret_after, err);
}

/* --- verification --- */

static int
verify_row(struct db_rows *rows, uint8_t hash[STORE_HASH], int64_t *last,
    struct err *err)
{
	struct store_event e;
	uint8_t stored[STORE_HASH];

	e = event_of(rows);
	if (hash_load(rows, 7, stored) == -1 || chain(hash, &e) == -1 ||
	    memcmp(hash, stored, STORE_HASH) != 0)
		return err_set(err, ERR_STORAGE,
		    "the audit chain breaks at event %lld: it or the one "
		    "before it was changed, removed or inserted",
		    (long long)e.id);
	*last = e.id;
	return 0;
}

/* Ids are given without gaps and never twice, so the last one must be there. */
static int
verify_end(struct store *s, int64_t last, struct err *err)
{
	struct db_rows *rows;
	int64_t given;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT seq FROM sqlite_sequence WHERE name = 'event'",
		"") == -1)
		return -1;
	r = db_next(rows, err);
	given = r == 1 ? db_int(rows, 0) : 0;
	db_done(rows);
	if (r == -1)
		return -1;
	if (given != last)
		return err_set(err, ERR_STORAGE,
		    "the audit chain ends at event %lld, but %lld were "
		    "written: event %lld is missing",
		    (long long)last, (long long)given, (long long)last + 1);
	return 0;
}

int
store_event_verify(struct store *s, int64_t *ret_count, struct err *err)
{
	struct db_rows *rows;
	uint8_t hash[STORE_HASH];
	int64_t count, last;
	int r;

	count = 0;
	last = 0;
	if (seed_load(s, hash, err) == -1)
		return -1;
	if (db_query(
		s->db, &rows, err, COLUMNS " FROM event ORDER BY id", "") == -1)
		return -1;
	while ((r = db_next(rows, err)) == 1) {
		r = verify_row(rows, hash, &last, err);
		if (r == -1)
			break;
		count++;
	}
	/* Compared while the rows' snapshot is held: others may be adding. */
	if (r == 0)
		r = verify_end(s, last, err);
	db_done(rows);
	if (r == -1)
		return -1;
	*ret_count = count;
	return 0;
}
