/* Rows of records: the same as the API's of the same things. */
#include "cli_internal.h"
#include "cli_remote.h"
#include "record.h"
#include "table.h"

/* What JSON has as null. */
static bool
is_null(const struct record *r, size_t at)
{
	const struct report_cell *cell = &r->cells[at];
	enum report_type type = r->kind->columns[at].type;

	return cell->nothing || (type == REPORT_STRING && cell->text == NULL) ||
	    (type == REPORT_TIME && cell->number == 0);
}

void
cli_record(
    struct table *t, const struct cli_remote_rows *rows, struct record *r)
{
	const struct table_column *c = rows->columns;
	bool known =
	    rows->known == NULL || !is_null(r, record_at(r, rows->known));
	const struct report_cell *cell;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		cell = &r->cells[record_at(r, c[i].name)];
		if (cell->nothing || (c[i].type == TABLE_BOOL && !known) ||
		    cli_is_none(rows->none, c[i].name, cell->number))
			table_nothing(t);
		else
			table_cell(t, cell);
	}
	record_clear(r);
}
