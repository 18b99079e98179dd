#ifndef DB_H_
#define DB_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_rows;
struct err;

/*
 * Statements, transactions, migrations over SQLite; PostgreSQL is to come
 * behind the same words, so SQL here keeps to what both know.  Statements are
 * prepared once and cached by the address of their text, which must be a
 * literal (or outlive the db unchanged).  Errors are ERR_STORAGE; a broken
 * constraint is ERR_CONFLICT; a busy database after the busy time is ERR_LIMIT.
 */
/* create: make the file (mode 0600, ERR_CONFLICT when there), else it must be
 * there (ERR_NOTFOUND) and one of ours (ERR_STORAGE when empty, damaged or made
 * by another program, which is then left as it is). WAL, synchronous=FULL,
 * foreign_keys=ON. */
int db_open(const char *path, bool create, struct db **ret_db, struct err *err);
void db_close(struct db *db); /* rolls back; NULL is allowed */

/* BEGIN IMMEDIATE / COMMIT / ROLLBACK. A commit that fails has rolled back.
 * SQLite itself rolls back on some errors (disk full, I/O), which shows in
 * db_in_transaction(). */
int db_begin(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/* Statements that are still at it at this clock_mono_ms() end with ERR_LIMIT,
 * and a transaction they wrote in is rolled back; 0: no end. */
void db_deadline(struct db *db, int64_t mono_ms);

/* How long a writer waits for another process before it gives up; 5 seconds if
 * nobody says. */
void db_patience(struct db *db, int ms);

/* Several statements without parameters; for schemas. */
int db_script(struct db *db, const char *sql, struct err *err);

/*
 * Run one statement to its end. types has a letter per parameter:
 *   i int64_t   t const char * (NULL gives NULL)   b const void *, size_t
 */
int db_run(
    struct db *db, struct err *err, const char *sql, const char *types, ...);
/* The same with the parameters in an array, for statements made from tables. */
enum db_type { DB_INT, DB_TEXT, DB_BLOB };
struct db_value {
	enum db_type type;
	int64_t number;
	const void *bytes; /* borrowed for the call; NULL gives NULL */
	size_t len;
};
struct db_value db_int_value(int64_t number);
struct db_value db_text_value(const char *text);
int db_run_list(struct db *db, struct err *err, const char *sql,
    const struct db_value *values, size_t count);
/* Rows changed by the last db_run(), and the last INSERT's rowid. */
int64_t db_changes(const struct db *db);
int64_t db_last_id(const struct db *db);

/* Rows of a query, to be ended by db_done(). Parameters are copied. */
int db_query(struct db *db, struct db_rows **ret_rows, struct err *err,
    const char *sql, const char *types, ...);
int db_query_list(struct db *db, struct db_rows **ret_rows, struct err *err,
    const char *sql, const struct db_value *values, size_t count);
/* The same for SQL that was put together for this one time: it must only read,
 * is never cached, and may go away afterwards. */
int db_query_once(struct db *db, struct db_rows **ret_rows, struct err *err,
    const char *sql, const struct db_value *values, size_t count);
/* 1 = a row, 0 = end, -1 = error. */
int db_next(struct db_rows *rows, struct err *err);
int64_t db_int(struct db_rows *rows, int column);
bool db_null(struct db_rows *rows, int column);
/* Borrowed until db_next() or db_done(); NULL for NULL. */
const char *db_text(struct db_rows *rows, int column);
const void *db_blob(struct db_rows *rows, int column, size_t *ret_len);
void db_done(struct db_rows *rows); /* NULL is allowed */

/* Schema steps; step i takes version i to i + 1. Each runs in a transaction
 * with the version; another process may be at it too. A database newer than
 * count is ERR_STORAGE. */
int db_migrate(
    struct db *db, const char *const *steps, size_t count, struct err *err);
#endif
