#ifndef DB_INTERNAL_H_
#define DB_INTERNAL_H_
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "db.h"

#define DB_BUCKETS 64

/* A prepared statement; while open also the rows it yields. */
struct db_rows {
	struct db *db;
	struct db_rows *next; /* in its bucket */
	const char *sql;      /* borrowed: the key is the address */
	sqlite3_stmt *stmt;
	bool open;
	bool cached;
	bool finished;
};

struct db {
	sqlite3 *handle;
	struct db_rows *buckets[DB_BUCKETS];
	int64_t changes;
	int64_t deadline; /* clock_mono_ms(); 0: none */
};

/* Fill *err from SQLite's last error on this handle; returns -1. */
int db_fail(const struct db *db, int rc, struct err *err);
void db_statements_free(struct db *db);
#endif
