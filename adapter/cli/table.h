#ifndef TABLE_H_
#define TABLE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report.h"

/*
 * Rows of typed columns, written as an aligned table for people, as JSON (an
 * array of objects) or as CSV (RFC 4180).  JSON and CSV rows leave at once and
 * are never cut; a table is held until table_flush() or table_end(), because
 * its widths are known only then.
 */
enum table_format { TABLE_TEXT, TABLE_JSON, TABLE_CSV };

/* Those of reports. */
enum table_type {
	TABLE_STRING =
	    REPORT_STRING, /* NULL: JSON null, "-" in a table, nothing in CSV */
	TABLE_INT = REPORT_INT,
	TABLE_TIME = REPORT_TIME, /* unix seconds; 0 is shown as NULL is */
	TABLE_BOOL = REPORT_BOOL,
	TABLE_LIST = REPORT_LIST /* parted by commas: JSON has an array */
};

/* On a terminal that is too narrow columns with nothing in them go first, then
 * those with the highest `drop`, until the others fit at their `least` widths;
 * what then remains is shared among those that may shrink. */
struct table_column {
	const char *name; /* JSON key and CSV heading; upper case in a table */
	enum table_type type;
	unsigned char drop;  /* 0: never left out */
	unsigned char least; /* may be cut to this width; 0: never cut */
};

struct table;
/* columns are borrowed. */
struct table *table_new(enum table_format format,
    const struct table_column *columns, size_t count, FILE *out);
/* In a table: each row as a block of "name  value" lines. */
void table_set_blocks(struct table *t);
/* The head row and groups in bold. */
void table_set_colour(struct table *t);
/* In a table: characters other than ASCII's as they are; JSON and CSV are UTF-8
 * always. */
void table_set_utf8(struct table *t);
/* Fit a table into so many columns of a terminal, and say what is missing; 0
 * (the default) shows all of everything. */
void table_set_width(struct table *t, size_t width);
/* In a table: neighbours with the same text in column `group` stand under one
 * line with it, and a text in column `remark` is a line of its own instead of
 * the row. */
void table_set_groups(struct table *t, size_t group, size_t remark);
/* In a table: by the text in this column, not as the rows came. */
void table_set_sorted(struct table *t, size_t column);
/* For rows that come as they happen: JSON is one object per line without the
 * array, a table has its head once. */
void table_set_stream(struct table *t);

/* The cells of a row, in column order, then table_row(). */
void table_text(struct table *t, const char *text);
void table_int(struct table *t, int64_t value); /* also TIME and BOOL */
void table_nothing(struct table *t);		/* of any type: as NULL */
/* Whichever of these it is. */
void table_cell(struct table *t, const struct report_cell *cell);
void table_row(struct table *t);
size_t table_rows(const struct table *t);
/* Of a stream: write the rows there are; 0, or -1 when writing failed. */
int table_flush(struct table *t);
/* Write what is left and free; output_end() says whether that went well. */
void table_end(struct table *t);
#endif
