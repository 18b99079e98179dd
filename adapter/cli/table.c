#include "table.h"

#include <assert.h>
#include <stdlib.h>

#include "mem.h"
#include "table_parts_internal.h"

struct table *
table_new(enum table_format format, const struct table_column *columns,
    size_t count, FILE *out)
{
	struct table *t = mem_alloc(sizeof(*t));

	t->format = format;
	t->columns = columns;
	t->count = count;
	t->out = out;
	t->sort = TABLE_NO_COLUMN;
	t->group = TABLE_NO_COLUMN;
	t->remark = TABLE_NO_COLUMN;
	t->row = mem_array(count, sizeof(*t->row));
	t->owned = mem_array(count, sizeof(char *));
	t->data = table_data_columns(columns, count);
	return t;
}

void
table_set_blocks(struct table *t)
{
	t->blocks = true;
}

void
table_set_colour(struct table *t)
{
	t->colour = true;
}

void
table_set_utf8(struct table *t)
{
	t->utf8 = true;
}

void
table_set_width(struct table *t, size_t width)
{
	t->width = width;
}

void
table_set_groups(struct table *t, size_t group, size_t remark)
{
	assert(group < t->count && remark < t->count && group != remark);
	t->group = group;
	t->remark = remark;
}

void
table_set_sorted(struct table *t, size_t column)
{
	assert(column < t->count);
	t->sort = column;
}

void
table_set_stream(struct table *t)
{
	t->stream = true;
}

size_t
table_rows(const struct table *t)
{
	return t->rows;
}

/* --- rows --- */

void
table_text(struct table *t, const char *text)
{
	assert(t->filled < t->count);
	assert(t->columns[t->filled].type == TABLE_STRING ||
	    t->columns[t->filled].type == TABLE_LIST);
	t->owned[t->filled] = mem_dup(text);
	t->row[t->filled].text = t->owned[t->filled];
	t->filled++;
}

void
table_int(struct table *t, int64_t value)
{
	assert(t->filled < t->count);
	assert(t->columns[t->filled].type != TABLE_STRING &&
	    t->columns[t->filled].type != TABLE_LIST);
	t->row[t->filled++].number = value;
}

void
table_nothing(struct table *t)
{
	assert(t->filled < t->count);
	t->row[t->filled++].nothing = true;
}

void
table_cell(struct table *t, const struct report_cell *cell)
{
	enum table_type type;

	assert(t->filled < t->count);
	type = t->columns[t->filled].type;
	if (cell->nothing)
		table_nothing(t);
	else if (type == TABLE_STRING || type == TABLE_LIST)
		table_text(t, cell->text);
	else
		table_int(t, cell->number);
}

void
table_row(struct table *t)
{
	size_t i;

	assert(t->filled == t->count);
	if (t->format == TABLE_JSON)
		table_json_row(t);
	else if (t->format == TABLE_CSV)
		table_csv_row(t);
	else
		table_text_hold(t);
	for (i = 0; i < t->count; i++) {
		free(t->owned[i]);
		t->owned[i] = NULL;
		t->row[i].text = NULL;
		t->row[i].nothing = false;
	}
	t->filled = 0;
	t->rows++;
}

int
table_flush(struct table *t)
{
	if (t->format == TABLE_TEXT)
		table_text_draw(t);
	return fflush(t->out) == 0 && !ferror(t->out) ? 0 : -1;
}

void
table_end(struct table *t)
{
	assert(t->filled == 0);
	if (t->format == TABLE_JSON && !t->stream)
		(void)fputs(t->rows == 0 ? "[]\n" : "\n]\n", t->out);
	else if (t->format == TABLE_CSV && t->rows == 0)
		table_csv_head(t);
	(void)table_flush(t);
	free(t->held);
	free(t->widths);
	free(t->row);
	free(t->owned);
	free(t->data);
	free(t);
}
