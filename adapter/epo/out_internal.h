#ifndef EPO_OUT_INTERNAL_H_
#define EPO_OUT_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "remote.h"

/*
 * The payload in one of the four outputs, written as it comes:
 *
 *             terse, verbose        json             xml, in <result>
 *   scalar    value                 value            value
 *   items     a line each           ["a", "b"]       list/element
 *   rows      "field: value" lines, [{...}, {...}]   list/ROW, or
 *             parted by empty ones                   list/element/ROW
 *   row       the same              {...}            ROW
 *
 * Terse lines leave the table out of a field's name.
 *
 * JSON strings have < > ' / as \uXXXX, as ePO writes them; "OK:" never stands
 * in a value of JSON or XML, since a client removes it wherever it finds it.
 */
struct out {
	struct buf *buf;
	enum remote_output form;
	bool listed;	/* within a list */
	bool wrapped;	/* whose rows are in <element> */
	size_t entries; /* so far, of the list */
	size_t fields;	/* so far, of the row */
	const char *row;
	bool whole; /* the next field is like another but for its table */
};

void out_begin(struct out *o, struct buf *buf, enum remote_output form);
void out_end(struct out *o);

void out_scalar(struct out *o, const char *text);
void out_scalar_int(struct out *o, int64_t number);
void out_scalar_bool(struct out *o, bool value);

void out_list(struct out *o, bool wrapped);
void out_item(struct out *o, const char *text);
void out_list_end(struct out *o);

/* In a list or alone; name: its element in XML. */
void out_row(struct out *o, const char *name);
void out_row_end(struct out *o);
/* "AutoID" of "EPOLeafNode.AutoID"; a part of its argument. */
const char *out_bare(const char *name);
/* Fields of a row; a NULL text is an unknown value. */
void out_text(struct out *o, const char *name, const char *text);
/* Lines of our own. */
void out_block(struct out *o, const char *name, const char *text);
void out_int(struct out *o, const char *name, int64_t number);
void out_bool(struct out *o, const char *name, bool value);
/* Unix seconds, as ISO 8601 with the offset of local time; 0 is unknown. */
void out_time(struct out *o, const char *name, int64_t at);

/* The whole body of a failure, in place of what was written. */
void out_failure(struct buf *buf, enum remote_code code, const char *text);
#endif
