#ifndef RECORD_H_
#define RECORD_H_
#include <stddef.h>
#include <stdint.h>

#include "report.h"

/*
 * What is shown of a thing that is kept: the members of its row with their
 * types, in their order, and a cell for each.  It is said here once, for
 * whoever shows it.  The API writes all of them; a command picks those of its
 * table by name, of a record or of the API's answer, and so writes the same of
 * a service elsewhere.  What there is: records.h.
 *
 * Times and truths are numbers, as in report.h.
 */
struct record_kind {
	const struct report_column *columns;
	size_t count; /* RECORD_CELLS at most */
};

#define RECORD_CELLS 160
#define RECORD_OWNED 4

struct record {
	const struct record_kind *kind; /* borrowed */
	size_t filled;
	struct report_cell cells[RECORD_CELLS];
	char *owned[RECORD_OWNED];
	size_t owned_count;
};

/* An empty one, whatever was in it; the cells follow in the kind's order. */
void record_begin(struct record *r, const struct record_kind *kind);
/* Of a string or list; borrowed until record_clear(). NULL is nothing, or an
 * empty list. */
void record_text(struct record *r, const char *text);
/* The same, given; of RECORD_OWNED cells at most. */
void record_given(struct record *r, char *text);
/* Of the other types. */
void record_int(struct record *r, int64_t number);
/* Of any type: it is not known. */
void record_nothing(struct record *r);
/* What was given; safe on a zeroed one. */
void record_clear(struct record *r);

/* Of a full one: its column of this name, which it has. */
size_t record_at(const struct record *r, const char *name);
#endif
