#ifndef CSV_TABLE_H_
#define CSV_TABLE_H_
#include <stddef.h>

#include "csv.h"

/*
 * A CSV file whose first line names its columns: rows by the names of columns,
 * complaints by file:line.
 */
#define CSV_MAX_NAMES 16

struct csv_table {
	/* The caller's: the columns there may be, in any case and order. */
	const char *file; /* for messages */
	const char *const *names;
	size_t count; /* at most CSV_MAX_NAMES */

	struct csv csv;
	struct csv_row row; /* after open the heading, after next a row */
	size_t width;	    /* fields of the heading */
	int places[CSV_MAX_NAMES]; /* field of each name, or -1 */
	char bad[96];		   /* behind row.bad */
};

/* Read the heading; bytes as for csv_open(). ERR_INVALID with "file:line: ..."
 * for one that is empty, broken, names a column twice, or lacks the first of
 * the names. */
int csv_table_open(
    struct csv_table *t, char *bytes, size_t len, struct err *err);
/* As csv_next(), into t->row; one with another number of fields than the
 * heading is bad. */
int csv_table_next(struct csv_table *t);
/* What the row says in the column names[name]; NULL when there is no such
 * column. */
const char *csv_table_value(const struct csv_table *t, size_t name);
/* The i-th heading that is none of the names; NULL after the last. */
const char *csv_table_stranger(const struct csv_table *t, size_t i);
#endif
