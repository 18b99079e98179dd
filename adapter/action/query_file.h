#ifndef QUERY_FILE_H_
#define QUERY_FILE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct store;

/*
 * ePO's export of queries.  Each has a name, a target and URIs in whose
 * parameters columns, order and condition stand; an older form has them as
 * <property name="tableURI">.  A query that cannot be run here is passed over
 * with the reason, the others are saved, with what their summary says of
 * grouping and chart as far as that is understood.
 */
struct query_file_row { /* borrowed */
	const char *name, *table;
	const char *error; /* it is passed over; NULL: saved */
	const char *note;  /* what was not understood; NULL */
};
typedef int query_file_fn(
    void *cookie, const struct query_file_row *row, struct err *err);
struct query_file {
	struct store *store;
	const char *actor; /* of the events, one of each that is saved */
	int64_t now;
	bool replace; /* those of the same names */
	query_file_fn *fn;
	void *cookie;
};
/* Into the open transaction; fn is called for each. ERR_INVALID: it is no XML,
 * or no such file. */
int query_file_take(
    const struct query_file *f, const void *bytes, size_t len, struct err *err);
#endif
