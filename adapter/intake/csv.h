#ifndef CSV_H_
#define CSV_H_
#include <stdbool.h>
#include <stddef.h>

struct err;

/*
 * CSV as RFC 4180 and Excel write it: fields parted by commas, quoted ones may
 * hold commas, quotes (doubled) and line breaks; CRLF or LF; a UTF-8 byte order
 * mark is skipped.  Works in place, so that a password in it is wiped with the
 * one buffer.
 */
#define CSV_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define CSV_MAX_FIELDS 64
#define CSV_MAX_FIELD 4096
#define BOM "\xef\xbb\xbf" /* as Windows begins a text in UTF-8 */
#define BOM_LEN 3

struct csv {
	char *at, *end;
	size_t line; /* of at, from 1 */
};

struct csv_row {
	size_t line; /* its first */
	size_t count;
	char *fields[CSV_MAX_FIELDS]; /* in the bytes, NUL-terminated */
	const char
	    *bad; /* what is wrong with it; the fields are not to be used */
};

/* bytes has len bytes followed by a NUL and is changed by reading. ERR_INVALID
 * for a NUL byte inside, ERR_LIMIT. */
int csv_open(struct csv *csv, char *bytes, size_t len, struct err *err);
/* 1 = a row, 0 = the end; blank lines are passed over. Reading goes on after a
 * bad row with the next line. */
int csv_next(struct csv *csv, struct csv_row *row);
#endif
