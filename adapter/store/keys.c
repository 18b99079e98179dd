/*
 * Comparable keys beside what they are of (query_key.h): versions and addresses
 * are compared, sorted and put into subnets by an index.  A statement of their
 * own writes them, when they change, which is hardly ever.
 */
#include "db.h"
#include "err.h"
#include "query_key.h"
#include "store.h"
#include "store_internal.h"

#define FILL_AT_ONCE 500

/* The mark: the keys of records from before are still to be made. */
const char store_keys_step[] =
    "ALTER TABLE device ADD COLUMN amt_version_key TEXT;"
    "ALTER TABLE device ADD COLUMN ip_address_key TEXT;"
    "CREATE INDEX device_version ON device (amt_version_key)"
    " WHERE amt_version_key IS NOT NULL;"
    "CREATE INDEX device_ip ON device (ip_address_key)"
    " WHERE ip_address_key IS NOT NULL;"
    "INSERT INTO meta (key, value) VALUES ('keys', x'01');";

struct keys {
	int64_t device;
	const char *version, *address; /* NULL: none */
	char version_room[QUERY_KEY_SIZE], address_room[QUERY_KEY_SIZE];
};

static void
keys_make(
    struct keys *k, int64_t device, const char *version, const char *address)
{
	k->device = device;
	k->version = query_version_key(version, k->version_room) == 0
	    ? k->version_room
	    : NULL;
	k->address = query_address_key(address, k->address_room) == 0
	    ? k->address_room
	    : NULL;
}

static int
keys_write(struct db *db, const struct keys *k, struct err *err)
{
	return db_run(db, err,
	    "UPDATE device SET amt_version_key = ?, ip_address_key = ?"
	    " WHERE id = ? AND (amt_version_key IS DISTINCT FROM ?"
	    " OR ip_address_key IS DISTINCT FROM ?)",
	    "ttitt", k->version, k->address, k->device, k->version, k->address);
}

int
store_keys_save(struct store *s, const struct device *d, struct err *err)
{
	struct keys k;

	keys_make(&k, d->id, d->amt_version, d->ip_address);
	return keys_write(s->db, &k, err);
}

/* --- records from before --- */

/* The next ones behind *after, which is moved; how many, -1. */
static int
read_some(struct db *db, int64_t *after, struct keys *keys, struct err *err)
{
	struct db_rows *rows;
	int n = 0, r;

	if (db_query(db, &rows, err,
		"SELECT id, amt_version, ip_address FROM device WHERE id > ?"
		" ORDER BY id LIMIT ?",
		"ii", *after, (int64_t)FILL_AT_ONCE) == -1)
		return -1;
	while ((r = db_next(rows, err)) == 1) {
		*after = db_int(rows, 0);
		keys_make(
		    &keys[n++], *after, db_text(rows, 1), db_text(rows, 2));
	}
	db_done(rows);
	return r == -1 ? -1 : n;
}

static int
fill_all(struct db *db, struct err *err)
{
	static struct keys keys[FILL_AT_ONCE];
	int64_t after = 0;
	int n, i;

	while ((n = read_some(db, &after, keys, err)) > 0)
		for (i = 0; i < n; i++)
			if (keys_write(db, &keys[i], err) == -1)
				return -1;
	return n;
}

/* 1: the mark is there, 0: it is not. */
static int
is_due(struct db *db, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(db, &rows, err, "SELECT 1 FROM meta WHERE key = 'keys'",
		"") == -1)
		return -1;
	r = db_next(rows, err);
	db_done(rows);
	return r;
}

int
store_keys_fill(struct db *db, struct err *err)
{
	int r = is_due(db, err);

	if (r != 1)
		return r;
	if (db_begin(db, err) == -1)
		return -1;
	r = is_due(db, err); /* another process may have been first */
	if (r == 1)
		r = fill_all(db, err);
	if (r == 0)
		r = db_run(db, err, "DELETE FROM meta WHERE key = 'keys'", "");
	if (r == 0)
		r = db_commit(db, err);
	db_rollback(db);
	return r;
}
