#include "csv_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "str.h"

static int
name_of(const struct csv_table *t, const char *heading)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (str_ieq(t->names[i], heading))
			return (int)i;
	return -1;
}

static int
read_heading(struct csv_table *t, struct err *err)
{
	size_t i;
	int name;

	for (i = 0; i < t->count; i++)
		t->places[i] = -1;
	t->width = t->row.count;
	for (i = 0; i < t->row.count; i++) {
		name = name_of(t, t->row.fields[i]);
		if (name < 0)
			continue;
		if (t->places[name] >= 0)
			return err_set(err, ERR_INVALID,
			    "%s:%zu: two columns are called %s", t->file,
			    t->row.line, t->names[name]);
		t->places[name] = (int)i;
	}
	if (t->places[0] < 0)
		return err_set(err, ERR_INVALID,
		    "%s:%zu: the first line must name the columns, one of "
		    "them \"%s\"%s",
		    t->file, t->row.line, t->names[0],
		    t->width == 1 && strpbrk(t->row.fields[0], ";\t") != NULL
			? ": they are parted by commas"
			: "");
	return 0;
}

int
csv_table_open(struct csv_table *t, char *bytes, size_t len, struct err *err)
{
	assert(t->count > 0 && t->count <= CSV_MAX_NAMES);
	if (csv_open(&t->csv, bytes, len, err) != 0)
		return err_context(err, "%s", t->file);
	if (csv_next(&t->csv, &t->row) == 0)
		return err_set(err, ERR_INVALID, "%s: is empty", t->file);
	if (t->row.bad != NULL)
		return err_set(err, ERR_INVALID, "%s:%zu: %s", t->file,
		    t->row.line, t->row.bad);
	return read_heading(t, err);
}

int
csv_table_next(struct csv_table *t)
{
	if (csv_next(&t->csv, &t->row) == 0)
		return 0;
	if (t->row.bad == NULL && t->row.count != t->width) {
		(void)snprintf(t->bad, sizeof(t->bad),
		    "%zu fields where the heading has %zu", t->row.count,
		    t->width);
		t->row.bad = t->bad;
	}
	return 1;
}

const char *
csv_table_value(const struct csv_table *t, size_t name)
{
	return t->places[name] < 0 ? NULL : t->row.fields[t->places[name]];
}

const char *
csv_table_stranger(const struct csv_table *t, size_t i)
{
	size_t field;

	for (field = 0; field < t->width; field++)
		if (name_of(t, t->row.fields[field]) < 0 && i-- == 0)
			return t->row.fields[field];
	return NULL;
}
