#ifndef INTAKE_CSV_H_
#define INTAKE_CSV_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv_table.h"
#include "intake.h"

/*
 * Devices by a CSV file with a heading (csv_table.h): what a line says, and
 * what becomes of it in the store.  Who reads the file decides what a bad line
 * does to the others.
 */
enum intake_column {
	INTAKE_NAME,
	INTAKE_ADDRESS,
	INTAKE_PASSWORD,
	INTAKE_OS_HOST,
	INTAKE_OS_DOMAIN,
	INTAKE_UUID,
	INTAKE_LEAF,
	INTAKE_SITE,
	INTAKE_TLS,
	INTAKE_GROUP,
	INTAKE_TAGS,
	INTAKE_COLUMNS
};
extern const char *const intake_column_names[INTAKE_COLUMNS];

enum intake_outcome {
	INTAKE_ADDED,
	INTAKE_CHANGED,
	INTAKE_UNCHANGED,
	INTAKE_PRESENT, /* and left alone */
	INTAKE_BAD,
	INTAKE_OUTCOMES
};
const char *intake_outcome_name(enum intake_outcome o); /* "added", ... */

/* One that is to be read; zeroed at first. */
struct intake_line {
	struct intake in; /* borrowed from the table's row */
	struct device *device;
	struct secret *password; /* NULL: none */
};
/* The row of t. password: what is known of it elsewhere, asked by the name, in
 * place of the column; NULL: the column. ERR_INVALID: the line is bad; *ret has
 * its device when that is known. To be cleared either way. */
typedef const char *intake_password_fn(void *cookie, const char *name);
int intake_line_read(const struct csv_table *t, bool plain,
    intake_password_fn *password, void *cookie, struct intake_line *ret,
    struct err *err);
void intake_line_clear(struct intake_line *line);

/* Lines of one file, on their way into the open transaction. */
struct intake_file {
	struct intake_to to;
	bool update;   /* known devices: take over what is otherwise */
	int64_t first; /* device that was added; 0: none yet */
};
/* A line that was read, of the row of t. *ret_changed: names of what changed,
 * given, or NULL. ERR_CONFLICT: the line is bad: its UUID is another device's,
 * or an earlier line says otherwise; any other error is ours. */
int intake_line_store(struct intake_file *f, const struct csv_table *t,
    struct intake_line *line, enum intake_outcome *ret, char **ret_changed,
    struct err *err);
#endif
