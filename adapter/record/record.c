#include "record.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "str.h"

void
record_begin(struct record *r, const struct record_kind *kind)
{
	assert(kind->count <= RECORD_CELLS);
	r->kind = kind;
	r->filled = 0;
	r->owned_count = 0;
}

/* The next cell, empty, which is of words or of none. */
static struct report_cell *
next_cell(struct record *r, bool words)
{
	enum report_type type;
	struct report_cell *cell;

	assert(r->filled < r->kind->count);
	type = r->kind->columns[r->filled].type;
	assert((type == REPORT_STRING || type == REPORT_LIST) == words);
	cell = &r->cells[r->filled++];
	*cell = (struct report_cell){.nothing = false};
	return cell;
}

void
record_text(struct record *r, const char *text)
{
	next_cell(r, true)->text = text;
}

void
record_given(struct record *r, char *text)
{
	assert(r->owned_count < RECORD_OWNED);
	r->owned[r->owned_count++] = text;
	record_text(r, text);
}

void
record_int(struct record *r, int64_t number)
{
	next_cell(r, false)->number = number;
}

void
record_nothing(struct record *r)
{
	assert(r->filled < r->kind->count);
	r->cells[r->filled++] = (struct report_cell){.nothing = true};
}

void
record_clear(struct record *r)
{
	while (r->owned_count > 0)
		free(r->owned[--r->owned_count]);
}

size_t
record_at(const struct record *r, const char *name)
{
	size_t i;

	assert(r->filled == r->kind->count);
	for (i = 0; i < r->kind->count; i++)
		if (str_eq(r->kind->columns[i].name, name))
			return i;
	abort();
}
