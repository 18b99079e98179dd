#ifndef REPORT_SHOWN_H_
#define REPORT_SHOWN_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;

/*
 * Text on its way to a person or a program.  Any of it may come from a device:
 * whatever a terminal would obey, or a reader not see, is written as an escape.
 */
enum shown {
	SHOWN_CELL,  /* of a table: on one line; \xNN for each byte */
	SHOWN_LINES, /* the same, but line feeds and tabs stay */
	SHOWN_JSON,  /* what is JSON already: \u202e; UTF-8 always */
	SHOWN_XML,   /* what is XML already: &#x202e;; UTF-8 always */
	SHOWN_CSV    /* as SHOWN_LINES; UTF-8 always */
};

/* Is the charset of the environment's locale UTF-8? Cells and lines hold
 * other characters than ASCII's as they are then. */
bool shown_utf8(void);
/* Append at most so many bytes, "..." when more were left. */
void shown_add(
    struct buf *out, const char *text, size_t max, enum shown form, bool utf8);
/* The whole text to a file. */
void shown_put(FILE *out, const char *text, enum shown form);

/* Columns that a cell takes on a terminal. */
size_t shown_width(const char *cell);
/* Bytes of its longest beginning that takes no more columns than width;
 * *ret_columns: so many. */
size_t shown_fit(const char *cell, size_t width, size_t *ret_columns);
#endif
