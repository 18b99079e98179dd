/* Prepared statements: the cache, parameters, running and rows. */
#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "db_internal.h"
#include "err.h"
#include "mem.h"

/* Parameters of the calls with a type string; lists may be longer. */
#define DB_ARGS_MAX 32

/* --- the cache --- */

static struct db_rows **
bucket_of(struct db *db, const char *sql)
{
	uintptr_t h;

	h = (uintptr_t)(const void *)sql;
	h ^= h >> 9;
	return &db->buckets[(h >> 3) % DB_BUCKETS];
}

static int
statement_new(struct db *db, const char *sql, bool keep,
    struct db_rows **ret_rows, struct err *err)
{
	struct db_rows *rows;
	sqlite3_stmt *stmt;
	int rc;

	stmt = NULL;
	rc = sqlite3_prepare_v3(db->handle, sql, -1,
	    keep ? SQLITE_PREPARE_PERSISTENT : 0, &stmt, NULL);
	if (rc != SQLITE_OK)
		return db_fail(db, rc, err);
	rows = mem_alloc(sizeof(*rows));
	rows->db = db;
	rows->sql = sql;
	rows->stmt = stmt;
	rows->cached = keep;
	*ret_rows = rows;
	return 0;
}

static void
statement_free(struct db_rows *rows)
{
	sqlite3_finalize(rows->stmt);
	free(rows);
}

/* The cached statement, or a passing one while the cached one is open. */
static int
statement_get(
    struct db *db, const char *sql, struct db_rows **ret_rows, struct err *err)
{
	struct db_rows **bucket, *rows;

	bucket = bucket_of(db, sql);
	for (rows = *bucket; rows != NULL; rows = rows->next)
		if (rows->sql == sql)
			break;
	if (rows != NULL) {
		/* The text must not have changed under its address. */
		assert(strcmp(sqlite3_sql(rows->stmt), sql) == 0);
		if (rows->open)
			return statement_new(db, sql, false, ret_rows, err);
		*ret_rows = rows;
		return 0;
	}
	if (statement_new(db, sql, true, &rows, err) == -1)
		return -1;
	rows->next = *bucket;
	*bucket = rows;
	*ret_rows = rows;
	return 0;
}

void
db_statements_free(struct db *db)
{
	struct db_rows *rows;
	size_t i;

	for (i = 0; i < DB_BUCKETS; i++)
		while ((rows = db->buckets[i]) != NULL) {
			assert(!rows->open);
			db->buckets[i] = rows->next;
			statement_free(rows);
		}
}

/* --- parameters --- */

static int
bind_one(sqlite3_stmt *stmt, int at, const struct db_value *v,
    sqlite3_destructor_type keep)
{
	switch (v->type) {
	case DB_INT:
		return sqlite3_bind_int64(stmt, at, v->number);
	case DB_TEXT:
		return sqlite3_bind_text64(
		    stmt, at, v->bytes, v->len, keep, SQLITE_UTF8);
	case DB_BLOB:
		return sqlite3_bind_blob64(stmt, at, v->bytes, v->len, keep);
	}
	assert(false && "db_value type");
	return SQLITE_MISUSE;
}

static int
bind_all(struct db_rows *rows, const struct db_value *values, size_t count,
    sqlite3_destructor_type keep, struct err *err)
{
	size_t i;
	int rc;

	assert(count < INT_MAX &&
	    sqlite3_bind_parameter_count(rows->stmt) == (int)count);
	for (i = 0; i < count; i++) {
		rc = bind_one(rows->stmt, (int)i + 1, &values[i], keep);
		if (rc != SQLITE_OK)
			return db_fail(rows->db, rc, err);
	}
	return 0;
}

/* Values from a type string; returns how many. */
static size_t
collect(const char *types, va_list ap, struct db_value values[DB_ARGS_MAX])
{
	size_t n;

	for (n = 0; types[n] != '\0'; n++) {
		assert(n < DB_ARGS_MAX);
		switch (types[n]) {
		case 'i':
			values[n] = db_int_value(va_arg(ap, int64_t));
			break;
		case 't':
			values[n] = db_text_value(va_arg(ap, const char *));
			break;
		case 'b':
			values[n].type = DB_BLOB;
			values[n].bytes = va_arg(ap, const void *);
			values[n].len = va_arg(ap, size_t);
			break;
		default:
			assert(false && "type letter");
		}
	}
	return n;
}

struct db_value
db_int_value(int64_t number)
{
	struct db_value v = {.type = DB_INT, .number = number};

	return v;
}

struct db_value
db_text_value(const char *text)
{
	struct db_value v = {.type = DB_TEXT, .bytes = text};

	v.len = text != NULL ? strlen(text) : 0;
	return v;
}

/* --- running --- */

int
db_run_list(struct db *db, struct err *err, const char *sql,
    const struct db_value *values, size_t count)
{
	struct db_rows *rows;
	int rc, r;

	if (statement_get(db, sql, &rows, err) == -1)
		return -1;
	/* The values outlive the run, so they need not be copied. */
	r = bind_all(rows, values, count, SQLITE_STATIC, err);
	if (r == 0) {
		do
			rc = sqlite3_step(rows->stmt);
		while (rc == SQLITE_ROW);
		if (rc != SQLITE_DONE)
			r = db_fail(db, rc, err);
		else
			db->changes = sqlite3_changes64(db->handle);
	}
	rows->open = true;
	db_done(rows);
	return r;
}

int
db_run(struct db *db, struct err *err, const char *sql, const char *types, ...)
{
	struct db_value values[DB_ARGS_MAX];
	va_list ap;
	size_t n;

	va_start(ap, types);
	n = collect(types, ap, values);
	va_end(ap);
	return db_run_list(db, err, sql, values, n);
}

int64_t
db_changes(const struct db *db)
{
	return db->changes;
}

int64_t
db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

/* --- rows --- */

int
db_query_list(struct db *db, struct db_rows **ret_rows, struct err *err,
    const char *sql, const struct db_value *values, size_t count)
{
	struct db_rows *rows;

	if (statement_get(db, sql, &rows, err) == -1)
		return -1;
	rows->open = true;
	rows->finished = false;
	if (bind_all(rows, values, count, SQLITE_TRANSIENT, err) == -1) {
		db_done(rows);
		return -1;
	}
	*ret_rows = rows;
	return 0;
}

int
db_query(struct db *db, struct db_rows **ret_rows, struct err *err,
    const char *sql, const char *types, ...)
{
	struct db_value values[DB_ARGS_MAX];
	va_list ap;
	size_t n;

	va_start(ap, types);
	n = collect(types, ap, values);
	va_end(ap);
	return db_query_list(db, ret_rows, err, sql, values, n);
}

int
db_query_once(struct db *db, struct db_rows **ret_rows, struct err *err,
    const char *sql, const struct db_value *values, size_t count)
{
	struct db_rows *rows;

	if (statement_new(db, sql, false, &rows, err) == -1)
		return -1;
	rows->open = true;
	if (!sqlite3_stmt_readonly(rows->stmt)) {
		db_done(rows);
		return err_set(err, ERR_BUG, "a query that would write");
	}
	if (bind_all(rows, values, count, SQLITE_TRANSIENT, err) == -1) {
		db_done(rows);
		return -1;
	}
	*ret_rows = rows;
	return 0;
}

int
db_next(struct db_rows *rows, struct err *err)
{
	int rc;

	assert(rows->open);
	/* A step past the end would run the statement again. */
	if (rows->finished)
		return 0;
	rc = sqlite3_step(rows->stmt);
	if (rc == SQLITE_ROW)
		return 1;
	rows->finished = true;
	return rc == SQLITE_DONE ? 0 : db_fail(rows->db, rc, err);
}

int64_t
db_int(struct db_rows *rows, int column)
{
	return sqlite3_column_int64(rows->stmt, column);
}

bool
db_null(struct db_rows *rows, int column)
{
	return sqlite3_column_type(rows->stmt, column) == SQLITE_NULL;
}

const char *
db_text(struct db_rows *rows, int column)
{
	return (const char *)sqlite3_column_text(rows->stmt, column);
}

const void *
db_blob(struct db_rows *rows, int column, size_t *ret_len)
{
	const void *bytes;

	bytes = sqlite3_column_blob(rows->stmt, column);
	*ret_len = (size_t)sqlite3_column_bytes(rows->stmt, column);
	return bytes;
}

void
db_done(struct db_rows *rows)
{
	if (rows == NULL)
		return;
	assert(rows->open);
	rows->open = false;
	sqlite3_reset(rows->stmt);
	sqlite3_clear_bindings(rows->stmt);
	if (!rows->cached)
		statement_free(rows);
}
