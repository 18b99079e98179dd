#ifndef CLI_TABLE_INTERNAL_H_
#define CLI_TABLE_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Rows of typed columns, written as an aligned table for people, as JSON (an
 * array of objects) or as CSV (RFC 4180).  JSON and CSV rows leave at once; a
 * table is held until table_end(), because its widths are known only then.
 */
enum table_format { TABLE_TEXT, TABLE_JSON, TABLE_CSV };

enum table_type {
	TABLE_STRING, /* NULL: JSON null, "-" in a table, nothing in CSV */
	TABLE_INT,
	TABLE_TIME, /* unix seconds; 0 is shown as NULL is */
	TABLE_BOOL,
	TABLE_LIST /* words parted by commas: a JSON array of strings */
};

struct table_column {
	const char *name; /* JSON key and CSV heading; upper case in a table */
	enum table_type type;
};

struct table;
/* columns are borrowed. */
struct table *table_new(enum table_format format,
    const struct table_column *columns, size_t count, FILE *out);
/* In a table: each row as a block of "name  value" lines. */
void table_set_blocks(struct table *t);
/* The head row in bold. */
void table_set_colour(struct table *t);

/* The cells of a row, in column order, then table_row(). */
void table_text(struct table *t, const char *text);
void table_int(struct table *t, int64_t value); /* also TIME and BOOL */
void table_row(struct table *t);
size_t table_rows(const struct table *t);
/* Write what is left and free; 0, or -1 when writing failed. */
int table_end(struct table *t);
#endif
