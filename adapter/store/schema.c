/*
 * Tables, their migrations, and the proof that store and vault belong together.
 *
 * The table "device" is made from device_fields(): a new database gets every
 * column at once, an older one gets the missing ones added, so a new field is a
 * line in device.c.  Everything else is written out in the steps, and steps
 * once released never change.
 */
#include <assert.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "store_internal.h"
#include "str.h"
#include "vault.h"

#define SCHEMA_MAX 65536
#define CHECK_PURPOSE "store:check"
#define CHECK_TEXT "this vault belongs to this store"

/*
 * The indexes carry invariants:
 *   intent_open        at most one open intent per device, over all processes
 *   device_ad_account  two devices never share an object in the directory
 * AUTOINCREMENT: ids are never used again, so neither is a secret's purpose.
 */
static const char tables_sql[] =
    "CREATE TABLE meta ("
    " key TEXT PRIMARY KEY NOT NULL,"
    " value BLOB NOT NULL"
    ") STRICT;"

    "CREATE UNIQUE INDEX device_name ON device (lower(name));"
    "CREATE UNIQUE INDEX device_uuid ON device (lower(uuid))"
    " WHERE uuid <> '';"
    "CREATE UNIQUE INDEX device_ad_account ON device (lower(ad_account))"
    " WHERE ad_account <> '';"
    "CREATE INDEX device_due ON device (next_due) WHERE next_due > 0;"
    "CREATE INDEX device_site ON device (site) WHERE site <> '';"
    "CREATE INDEX device_reasons ON device (reasons) WHERE reasons <> '';"

    /* Apart from the wide rows of "device": a lease is taken and dropped on
     * every visit. The row outlives the lease, and with it the token. */
    "CREATE TABLE lease ("
    " device INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,"
    " lease_owner TEXT,"
    " lease_until INTEGER NOT NULL,"
    " lease_token INTEGER NOT NULL"
    ") STRICT;"

    "CREATE TABLE secret ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " device INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
    " kind TEXT NOT NULL,"
    " sealed BLOB NOT NULL,"
    " at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX secret_device ON secret (device, kind, id);"

    "CREATE TABLE intent ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " device INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
    " play TEXT NOT NULL,"
    " step TEXT NOT NULL,"
    " args TEXT NOT NULL,"
    " sealed BLOB,"
    " attempts INTEGER NOT NULL,"
    " opened_at INTEGER NOT NULL,"
    " ended_at INTEGER,"
    " outcome TEXT,"
    " result TEXT"
    ") STRICT;"
    "CREATE UNIQUE INDEX intent_open ON intent (device)"
    " WHERE ended_at IS NULL;"
    "CREATE INDEX intent_device ON intent (device, id);"

    "CREATE TABLE event ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " at INTEGER NOT NULL,"
    " device INTEGER NOT NULL,"
    " name TEXT,"
    " kind TEXT NOT NULL,"
    " actor TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " hash BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX event_device ON event (device, id);";

/*
 * Step 1: what the query language needs. Names are unique without regard to
 * case, as it compares them. Group 1 is the root of the tree and always there.
 */
static const char query_sql_step[] =
    "CREATE TABLE branch ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " parent INTEGER REFERENCES branch,"
    " name TEXT NOT NULL,"
    " path TEXT NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX branch_path ON branch (lower(path));"
    "CREATE INDEX branch_parent ON branch (parent);"
    "INSERT INTO branch (id, parent, name, path)"
    " VALUES (1, NULL, '" STORE_GROUP_ROOT_NAME "', '" STORE_GROUP_ROOT_NAME
    "');"
    "CREATE INDEX device_group ON device (group_id);"

    "CREATE TABLE tag ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX tag_name ON tag (lower(name));"
    "CREATE TABLE tag_device ("
    " tag INTEGER NOT NULL REFERENCES tag ON DELETE CASCADE,"
    " device INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
    " excluded INTEGER NOT NULL,"
    " PRIMARY KEY (device, tag)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX tag_device_tag ON tag_device (tag);"

    "CREATE TABLE saved_query ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " note TEXT,"
    " target TEXT NOT NULL,"
    " selects TEXT,"
    " wheres TEXT,"
    " orders TEXT,"
    " groups TEXT"
    ") STRICT;"
    "CREATE UNIQUE INDEX saved_query_name ON saved_query (lower(name));"
    /* Numbers below are the program's own queries. */
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('saved_query', 99);"

    /* The conditions are those of relation.c. */
    "CREATE INDEX device_error ON device (error_code) WHERE error_text <> '';"
    "CREATE INDEX device_cert_end ON device (cert_not_after)"
    " WHERE cert_not_after > 0;";

/* --- the table made from device_fields() --- */

/* Column and type; numbers that are not read yet hold device_new()'s value. */
static void
column_add(
    struct buf *sql, const struct device_field *f, const struct device *fresh)
{
	if (f->type == DEVICE_TEXT)
		buf_printf(sql, "%s TEXT%s", f->name,
		    str_eq(f->name, "name") ? " NOT NULL" : "");
	else
		buf_printf(sql, "%s INTEGER NOT NULL DEFAULT %" PRId64, f->name,
		    device_get_int(fresh, f));
}

/* Step 0. */
static void
first_step(struct buf *sql)
{
	const struct device_field *f;
	struct device *fresh;
	size_t count, i;

	fresh = device_new(NULL);
	f = device_fields(&count);
	buf_str(sql,
	    "CREATE TABLE device ("
	    " id INTEGER PRIMARY KEY AUTOINCREMENT");
	for (i = 0; i < count; i++)
		if (f[i].group != DEVICE_LEASE) {
			buf_str(sql, ", ");
			column_add(sql, &f[i], fresh);
		}
	buf_str(sql, ") STRICT;");
	buf_str(sql, tables_sql);
	device_free(fresh);
	assert(!sql->over);
}

/* ALTER statements for fields the table does not have yet. */
static int
missing_columns(struct db *db, struct buf *sql, struct err *err)
{
	const struct device_field *f;
	struct device *fresh;
	struct db_rows *rows;
	size_t count, i;
	int r;

	r = 1;
	fresh = device_new(NULL);
	f = device_fields(&count);
	for (i = 0; i < count && r != -1; i++) {
		if (f[i].group == DEVICE_LEASE)
			continue;
		if (db_query(db, &rows, err,
			"SELECT 1 FROM pragma_table_info('device')"
			" WHERE name = ?",
			"t", f[i].name) == -1) {
			r = -1;
			break;
		}
		r = db_next(rows, err);
		db_done(rows);
		if (r == 0) {
			buf_str(sql, "ALTER TABLE device ADD COLUMN ");
			column_add(sql, &f[i], fresh);
			buf_str(sql, ";");
		}
	}
	device_free(fresh);
	assert(!sql->over);
	return r == -1 ? -1 : 0;
}

static int
columns_update(struct db *db, struct err *err)
{
	struct buf sql;
	int r;

	buf_init(&sql, SCHEMA_MAX);
	r = missing_columns(db, &sql, err);
	if (r == 0 && sql.len > 0) {
		/* Look again inside: another process may have been first. */
		buf_reset(&sql);
		r = db_begin(db, err);
		if (r == 0)
			r = missing_columns(db, &sql, err);
		if (r == 0)
			r = db_script(db, buf_text(&sql), err);
		if (r == 0)
			r = db_commit(db, err);
		db_rollback(db);
	}
	buf_free(&sql);
	return r;
}

static int
migrate(struct db *db, struct err *err)
{
	const char *steps[16];
	struct buf sql;
	int r;

	buf_init(&sql, SCHEMA_MAX);
	first_step(&sql);
	steps[0] = buf_text(&sql);
	steps[1] = query_sql_step;
	steps[2] = store_task_step;
	steps[3] = store_run_step;
	steps[4] = store_forward_step;
	steps[5] = store_users_step;
	steps[6] = store_upstream_step;
	steps[7] = store_host_step;
	steps[8] = store_reach_step;
	steps[9] = store_census_step;
	steps[10] = store_server_step;
	steps[11] = store_answer_step;
	steps[12] = store_keys_step;
	steps[13] = store_dead_step;
	steps[14] = store_chart_step;
	steps[15] = store_deadline_step;
	r = db_migrate(db, steps, sizeof(steps) / sizeof(steps[0]), err);
	buf_free(&sql);
	return r;
}

int
store_schema_update(struct db *db, struct err *err)
{
	/* Columns first: a step may put an index on a new one. */
	if (columns_update(db, err) == -1)
		return -1;
	if (migrate(db, err) == -1)
		return -1;
	return store_keys_fill(db, err);
}

/* --- meta --- */

static int
meta_put(struct db *db, const char *key, const void *value, size_t len,
    struct err *err)
{
	return db_run(db, err, "INSERT INTO meta (key, value) VALUES (?, ?)",
	    "tb", key, value, len);
}

static int
meta_put_check(struct db *db, struct vault *vault, struct err *err)
{
	struct secret *text;
	struct buf sealed;
	int r;

	buf_init(&sealed, STORE_BLOB_MAX);
	text = secret_new(CHECK_TEXT, strlen(CHECK_TEXT));
	r = vault_seal(vault, CHECK_PURPOSE, text, &sealed, err);
	if (r == 0)
		r = meta_put(db, "check", sealed.data, sealed.len, err);
	secret_free(text);
	buf_free(&sealed);
	return r;
}

int
store_schema_make(struct db *db, struct vault *vault, struct err *err)
{
	uint8_t seed[STORE_HASH];

	if (RAND_bytes(seed, sizeof(seed)) != 1)
		return err_set(err, ERR_STORAGE, "no random numbers");
	if (migrate(db, err) == -1 || db_begin(db, err) == -1)
		return -1;
	if (meta_put(db, "kind", "store", strlen("store"), err) == -1 ||
	    meta_put_check(db, vault, err) == -1 ||
	    meta_put(db, "seed", seed, sizeof(seed), err) == -1) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

/* Is this a store at all, and not another database of ours? */
static int
check_kind(struct db *db, struct err *err)
{
	struct db_rows *rows;
	int r;

	if (db_query(db, &rows, err,
		"SELECT 1 FROM sqlite_master WHERE type = 'table'"
		" AND name IN ('meta', 'device', 'intent', 'event')"
		" GROUP BY type HAVING count(*) = 4",
		"") == -1)
		return -1;
	r = db_next(rows, err);
	db_done(rows);
	if (r == 0)
		return err_set(err, ERR_STORAGE, "not a device store");
	return r == 1 ? 0 : -1;
}

int
store_schema_check(struct db *db, struct vault *vault, struct err *err)
{
	struct db_rows *rows;
	struct secret *text;
	const void *blob;
	size_t len;
	int r;

	if (check_kind(db, err) == -1)
		return -1;
	if (db_query(db, &rows, err,
		"SELECT value FROM meta WHERE key = 'check'", "") == -1)
		return -1;
	r = db_next(rows, err);
	if (r == 0)
		r = err_set(err, ERR_STORAGE, "the vault's mark is missing");
	else if (r == 1) {
		blob = db_blob(rows, 0, &len);
		r = vault_unseal(vault, CHECK_PURPOSE, blob, len, &text, err);
		if (r == 0)
			secret_free(text);
		else
			err_context(err,
			    "store and vault do not belong "
			    "together");
	}
	db_done(rows);
	return r;
}
