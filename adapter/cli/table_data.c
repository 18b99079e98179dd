/* Rows for programs: the writers are those of reports. */
#include "mem.h"
#include "report.h"
#include "table_parts_internal.h"

struct report_column *
table_data_columns(const struct table_column *columns, size_t count)
{
	struct report_column *made = mem_array(count, sizeof(*made));
	size_t i;

	for (i = 0; i < count; i++) {
		made[i].name = columns[i].name;
		made[i].type = (enum report_type)columns[i].type;
	}
	return made;
}

char *
table_cell_text(
    const struct table_column *column, const struct report_cell *cell)
{
	return report_cell_text((enum report_type)column->type, cell);
}

void
table_json_row(struct table *t)
{
	if (!t->stream)
		(void)fputs(t->rows == 0 ? "[\n" : ",\n", t->out);
	report_json_row(t->out, t->data, t->row, t->count);
	if (t->stream)
		(void)fputc('\n', t->out);
}

void
table_csv_head(const struct table *t)
{
	report_csv_head(t->out, t->data, t->count);
}

void
table_csv_row(const struct table *t)
{
	if (t->rows == 0)
		table_csv_head(t);
	report_csv_row(t->out, t->data, t->row, t->count);
}
