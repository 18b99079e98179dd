#include "db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "db_internal.h"
#include "err.h"
#include "fault.h"
#include "mem.h"

#define DB_BUSY_MS 5000

/* Steps of SQLite's machine between two looks at the clock: a fraction of a
 * millisecond. */
#define DB_STEPS_PER_LOOK 10000

/* "AMTK" in the file's header (PRAGMA application_id): files of others are
 * recognised before anything in them is touched. */
#define DB_APPLICATION_ID 0x414d544b

/*
 * synchronous=FULL is set on every connection: WAL with NORMAL may lose the
 * last commits at power loss, and a commit is what allows a step to be taken.
 * secure_delete overwrites what is deleted, for sealed secrets.
 */
static const char open_sql[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA cache_size = -16384;" /* KiB: the indexes of a large fleet */
    "PRAGMA journal_size_limit = 67108864;";

static enum err_kind
kind_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		return ERR_CONFLICT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_INTERRUPT:
		return ERR_LIMIT;
	default:
		return ERR_STORAGE;
	}
}

static const char *
text_of(const struct db *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "database busy: another process keeps it locked";
	case SQLITE_INTERRUPT:
		return "it took longer than allowed: ask for less at once";
	case SQLITE_FULL:
		return "disk full: make room where it is";
	case SQLITE_CORRUPT:
		return "database damaged: restore it from a backup";
	case SQLITE_NOTADB:
		return "not a database, or damaged";
	case SQLITE_READONLY:
		return "it is read-only: may this user write the file and its "
		       "folder, is that mounted read-only?";
	case SQLITE_CANTOPEN:
		return "it, or -wal or -shm beside it, cannot be opened: may "
		       "this user write the file and its folder, is that "
		       "mounted read-only?";
	default:
		return sqlite3_errmsg(db->handle);
	}
}

int
db_fail(const struct db *db, int rc, struct err *err)
{
	return err_native(
	    err, kind_of(rc), ERR_SQLITE, rc, "%s", text_of(db, rc));
}

/* --- deadline --- */

static int
past_deadline(void *cookie)
{
	const struct db *db = cookie;

	return clock_mono_ms() >= db->deadline;
}

void
db_deadline(struct db *db, int64_t mono_ms)
{
	db->deadline = mono_ms;
	sqlite3_progress_handler(db->handle, DB_STEPS_PER_LOOK,
	    mono_ms != 0 ? past_deadline : NULL, db);
}

void
db_patience(struct db *db, int ms)
{
	sqlite3_busy_timeout(db->handle, ms);
}

/* --- open and close --- */

/* Whatever errno says: the storage does not answer. */
static int
os_fail(struct err *err, const char *what, const char *path)
{
	err_errno(err, errno, "%s %s", what, path);
	if (err != NULL)
		err->kind = ERR_STORAGE;
	return -1;
}

/* Make an empty file of ours; SQLite alone would follow an existing one. */
static int
file_make(const char *path, struct err *err)
{
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    S_IRUSR | S_IWUSR);
	if (fd == -1 && errno == EEXIST)
		return err_set(err, ERR_CONFLICT, "%s exists already", path);
	if (fd == -1)
		return os_fail(err, "cannot create", path);
	close(fd);
	return 0;
}

static int
file_check(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == -1) {
		if (errno == ENOENT)
			return err_set(
			    err, ERR_NOTFOUND, "%s does not exist", path);
		return os_fail(err, "cannot open", path);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_STORAGE, "%s is not a file", path);
	if (st.st_size == 0)
		return err_set(err, ERR_STORAGE, "%s is empty", path);
	return 0;
}

/* The answer of a pragma that gives one number. */
static int
pragma_int(struct db *db, const char *sql, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc;

	rc = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return db_fail(db, rc, err);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : db_fail(db, rc, err);
}

static int
mark_ours(struct db *db, bool create, struct err *err)
{
	char sql[64];
	int64_t id;

	if (create) {
		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d",
		    DB_APPLICATION_ID);
		return db_script(db, sql, err);
	}
	id = 0;
	if (pragma_int(db, "PRAGMA application_id", &id, err) == -1)
		return -1;
	if (id != DB_APPLICATION_ID)
		return err_set(
		    err, ERR_STORAGE, "not a database of this program");
	return 0;
}

static int
settings(struct db *db, bool create, struct err *err)
{
	int64_t level;

	sqlite3_extended_result_codes(db->handle, 1);
	db_patience(db, DB_BUSY_MS);
	sqlite3_db_config(
	    db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_db_config(
	    db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
	if (mark_ours(db, create, err) == -1)
		return -1;
	if (db_script(db, open_sql, err) == -1)
		return -1;
	/* Everything built on this rests on it, so look. */
	level = 0;
	if (pragma_int(db, "PRAGMA synchronous", &level, err) == -1)
		return -1;
	if (level != 2)
		return err_set(
		    err, ERR_STORAGE, "synchronous=FULL is not in effect");
	return 0;
}

int
db_open(const char *path, bool create, struct db **ret_db, struct err *err)
{
	struct db *db;
	int rc;

	if ((create ? file_make(path, err) : file_check(path, err)) == -1)
		return -1;
	fault_point("db.create.after");
	db = mem_alloc(sizeof(*db));
	rc = sqlite3_open_v2(path, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		db_fail(db, rc, err);
	else if (settings(db, create, err) == 0) {
		*ret_db = db;
		return 0;
	}
	db_close(db);
	if (create)
		unlink(path);
	return err_context(err, "%s", path);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	db_statements_free(db);
	/* Rolls back what is open; no statement of ours is left. */
	sqlite3_close(db->handle);
	free(db);
}

/* --- transactions --- */

int
db_begin(struct db *db, struct err *err)
{
	assert(!db_in_transaction(db));
	/* IMMEDIATE: a read that later wants to write could not wait. */
	return db_run(db, err, "BEGIN IMMEDIATE", "");
}

int
db_commit(struct db *db, struct err *err)
{
	assert(db_in_transaction(db));
	if (db_run(db, err, "COMMIT", "") == 0)
		return 0;
	db_rollback(db);
	return -1;
}

void
db_rollback(struct db *db)
{
	/* Some errors have rolled back already. */
	if (db_in_transaction(db))
		db_run(db, NULL, "ROLLBACK", "");
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

/* --- schema --- */

int
db_script(struct db *db, const char *sql, struct err *err)
{
	int rc;

	rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : db_fail(db, rc, err);
}

/* One step, unless another process has made it meanwhile. */
static int
migrate_step(struct db *db, const char *step, int64_t from, struct err *err)
{
	char sql[64];
	int64_t version;

	if (db_begin(db, err) == -1)
		return -1;
	version = 0;
	if (pragma_int(db, "PRAGMA user_version", &version, err) == -1)
		goto undo;
	if (version != from) {
		db_rollback(db);
		return 0;
	}
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld",
	    (long long)from + 1);
	if (db_script(db, step, err) == -1 || db_script(db, sql, err) == -1)
		goto undo;
	return db_commit(db, err);

undo:
	db_rollback(db);
	return err_context(err, "schema step %lld", (long long)from + 1);
}

int
db_migrate(
    struct db *db, const char *const *steps, size_t count, struct err *err)
{
	int64_t version;

	version = 0;
	if (pragma_int(db, "PRAGMA user_version", &version, err) == -1)
		return -1;
	if (version < 0 || (uint64_t)version > count)
		return err_set(err, ERR_STORAGE,
		    "made by a newer version of this program (schema %lld, "
		    "known %zu)",
		    (long long)version, count);
	for (; (uint64_t)version < count; version++)
		if (migrate_step(db, steps[version], version, err) == -1)
			return -1;
	return 0;
}
