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
 * prepared once and cached by their text, which must be a literal (or outlive
 * the db).  Errors are ERR_STORAGE; a broken constraint is ERR_CONFLICT; a busy
 * database after the busy time is ERR_LIMIT.
 */
/* create: make the file (mode 0600, ERR_CONFLICT when there), else it must be
 * there (ERR_NOTFOUND). WAL, synchronous=FULL, foreign_keys=ON. */
int db_open(const char *path, bool create, struct db **ret_db, struct err *err);
void db_close(struct db *db); /* rolls back an open transaction */

/* BEGIN IMMEDIATE / COMMIT / ROLLBACK. */
int db_begin(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/* Several statements without parameters; for schemas. */
int db_script(struct db *db, const char *sql, struct err *err);

/*
 * Run one statement to its end. types has a letter per parameter:
 *   i int64_t   t const char * (NULL gives NULL)   b const void *, size_t
 */
int db_run(struct db *db, struct err *err, const char *sql, const char *types,
    ...);
/* Rows changed by the last db_run(), and the last INSERT's rowid. */
int64_t db_changes(const struct db *db);
int64_t db_last_id(const struct db *db);

/* Rows of a query; the same statement may be open once at a time. */
int db_query(struct db *db, struct db_rows **ret_rows, struct err *err,
    const char *sql, const char *types, ...);
/* 1 = a row, 0 = end, -1 = error. */
int db_next(struct db_rows *rows, struct err *err);
int64_t db_int(struct db_rows *rows, int column);
/* Borrowed until db_next() or db_done(); NULL for NULL. */
const char *db_text(struct db_rows *rows, int column);
const void *db_blob(struct db_rows *rows, int column, size_t *ret_len);
void db_done(struct db_rows *rows);

/* Schema steps; step i takes version i to i + 1. Each runs in a transaction
 * with the version. A database newer than count is ERR_STORAGE. */
int db_migrate(struct db *db, const char *const *steps, size_t count,
    struct err *err);
#endif
