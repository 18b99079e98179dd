#ifndef ROWS_H_
#define ROWS_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct db_rows;
struct store;

/* How the rows of a query are read. Where it says "ended", rows are gone
 * (db_done()); err may be NULL. */

/* The one row of a query, to be read and then ended by the caller. None:
 * ERR_NOTFOUND with this text, and ended, as on every failure. */
int store_first(struct db_rows *rows, struct err *err, const char *missing, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Rows one by one, until the last or until *r, which starts as 0 and takes what
 * a visitor returned, is -1; then false, ended, and *r is 0 or -1:
 *
 *	while (store_next(rows, &r, err)) {
 *		read_row(rows, &t);
 *		r = fn(cookie, &t, err);
 *	}
 *	return r;
 */
bool store_next(struct db_rows *rows, int *r, struct err *err);

/* A query for one number: 0 when there is no row, or NULL. Ended. */
int store_number(struct db_rows *rows, int64_t *ret, struct err *err);

/* The first column of all rows, which the query limits to the room there is.
 * Ended; on failure ids may be filled in part. */
int store_ids(
    struct db_rows *rows, int64_t *ids, size_t *ret_count, struct err *err);

/* A query for who goes by something, "assignment 3 of x" in its first column:
 * ERR_CONFLICT when there is one. Ended. */
int store_unused(struct db_rows *rows, struct err *err);

/* A column that holds an enum of ours. */
unsigned store_enum(struct db_rows *rows, int column);

/* Did the last write change a row? If not: ERR_NOTFOUND with this text. */
int store_changed(struct store *s, const char *missing, struct err *err);
#endif
