#ifndef CLI_TABLE_PARTS_INTERNAL_H_
#define CLI_TABLE_PARTS_INTERNAL_H_
#include "report.h"
#include "table.h"

/*
 * What table.c (cells and rows), table_text.c (for people) and table_data.c
 * (JSON and CSV) share.
 */
struct table {
	enum table_format format;
	const struct table_column *columns;
	size_t count;
	FILE *out;
	bool blocks, colour, stream, utf8;
	size_t width;		    /* of the terminal, 0: any */
	size_t sort, group, remark; /* columns, or TABLE_NO_COLUMN */
	struct report_column *data; /* the columns in a report's words */
	struct report_cell *row;    /* being filled */
	char **owned;		    /* its texts */
	size_t filled;
	size_t rows; /* in all */

	/* Text only: rows not yet drawn, and what was drawn before. */
	char **held; /* shown texts, row by row */
	size_t held_rows, held_room;
	size_t *widths; /* of a stream, kept from flush to flush */
	bool headed;
};

#define TABLE_NO_COLUMN SIZE_MAX
#define TABLE_GAP 2

/* The cell as text, given; NULL when there is nothing to say. */
char *table_cell_text(
    const struct table_column *column, const struct report_cell *cell);

/* Given. */
struct report_column *table_data_columns(
    const struct table_column *columns, size_t count);
void table_json_row(struct table *t);
void table_csv_head(const struct table *t);
void table_csv_row(const struct table *t);

/* Keep the row until it is drawn. */
void table_text_hold(struct table *t);
/* Draw what is held and forget it. */
void table_text_draw(struct table *t);
#endif
