#ifndef REPORT_H_
#define REPORT_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct query;
struct store;

/*
 * Rows of typed columns as files for others: CSV (RFC 4180), JSON (an array of
 * objects), or one HTML file with charts, which needs no script and nothing
 * from elsewhere.  Rows leave as they come in CSV and JSON.
 *
 * Cells may come from a device.  What a terminal would obey or a reader not see
 * is written as an escape (shown.h); a text that a spreadsheet would take for a
 * formula (it begins with = + - @, a tab or a carriage return) gets an
 * apostrophe in front in CSV, which spreadsheets take for "this is a text".
 */
enum report_format { REPORT_CSV, REPORT_JSON, REPORT_HTML };

enum report_type {
	REPORT_STRING,
	REPORT_INT,
	REPORT_TIME, /* unix seconds; 0 is nothing */
	REPORT_BOOL,
	REPORT_LIST /* words parted by commas */
};

/* HTML: a chart of the column. */
enum report_chart {
	REPORT_NO_CHART,
	REPORT_BY_VALUE,  /* how many rows have each value */
	REPORT_BY_WORD,	  /* of a list: how many have each word */
	REPORT_BY_WEEK,	  /* of a time: the 26 weeks from now, before, after */
	REPORT_BY_PERIOD, /* as by value, in the order of the values */
	REPORT_WEIGHT	  /* a number: what the row counts for, in place of 1 */
};

/* How charts of values and periods are drawn; those by week are columns. */
enum report_drawing { REPORT_BAR, REPORT_PIE, REPORT_LINE, REPORT_NONE };
extern const char *const report_drawing_words[REPORT_NONE + 2]; /* then NULL */
const char *report_drawing_name(enum report_drawing drawing);	/* "bar", ... */
/* NULL is REPORT_BAR. ERR_INVALID. */
int report_drawing_find(
    const char *name, enum report_drawing *ret, struct err *err);

struct report_column {
	const char *name;
	enum report_type type;
	enum report_chart chart;
};

struct report_cell {
	bool nothing;	  /* not known */
	const char *text; /* of a string or list; NULL: as nothing */
	int64_t number;	  /* of anything else */
};

#define REPORT_CELL_MAX 2000   /* bytes of a text in HTML, then "..." */
#define REPORT_ROWS_MAX 20000  /* in the table of HTML; charts have all */
#define REPORT_VALUES_MAX 1000 /* that a chart tells apart, then "others" */
#define REPORT_BARS_MAX 24     /* then the smallest or earliest: "others" */
#define REPORT_SLICES_MAX 9    /* of a pie, likewise */
#define REPORT_WEEKS 26

struct report_conf {
	enum report_format format;
	const struct report_column *columns; /* borrowed, as all here */
	size_t count;
	FILE *out;
	/* HTML: */
	const char *title;
	const char *about; /* under it; or NULL */
	enum report_drawing drawing;
	int64_t now;
};

struct report;
struct report *report_new(const struct report_conf *conf);
/* A cell for each column. -1: it cannot be written, and there is no use in
 * going on. */
int report_row(
    struct report *r, const struct report_cell *cells, struct err *err);
/* The end, and flush; frees. cut: there were more rows. -1: it could not be
 * written. */
int report_end(struct report *r, bool cut, struct err *err);

/* All rows of a query; the columns' types, names and charts are those of its
 * outputs, conf's are not used. *ret_cut: as store_query(). */
int report_query(struct store *s, const struct query *q,
    const struct report_conf *conf, bool *ret_cut, struct err *err);
/* The same of several, one after the other, all with the same outputs: next()
 * gives the next (taken), or NULL behind the last. */
typedef int report_next_fn(
    void *cookie, struct query **ret_query, struct err *err);
int report_queries(struct store *s, report_next_fn *next, void *cookie,
    const struct report_conf *conf, bool *ret_cut, struct err *err);
/* A row's cells as a query yields them. */
struct query_output;
struct store_cell;
void report_cells(const struct query_output *outputs,
    const struct store_cell *from, struct report_cell *to, size_t count);
enum report_type report_type_of(const struct query_output *output);
/* The columns of a query's outputs, with the charts they make; given, their
 * names borrowed from those. For rows that come from elsewhere. */
struct report_column *report_columns(
    const struct query_output *outputs, size_t count);

/* --- single rows, for who has a frame of his own --- */

void report_csv_head(
    FILE *out, const struct report_column *columns, size_t count);
void report_csv_row(FILE *out, const struct report_column *columns,
    const struct report_cell *cells, size_t count);
void report_json_row(FILE *out, const struct report_column *columns,
    const struct report_cell *cells, size_t count);
/* The cell as text, given; NULL when there is nothing to say. */
char *report_cell_text(enum report_type type, const struct report_cell *cell);
#endif
