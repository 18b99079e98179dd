/* Running a compiled query. */
#include <stdlib.h>

#include "db.h"
#include "err.h"
#include "mem.h"
#include "query.h"
#include "store.h"
#include "store_internal.h"

static struct db_value *
parameters(const struct query *q, size_t *ret_count)
{
	const struct query_value *values = query_values(q, ret_count);
	struct db_value *v = mem_array(*ret_count + 1, sizeof(*v));
	size_t i;

	for (i = 0; i < *ret_count; i++)
		v[i] = values[i].text != NULL ? db_text_value(values[i].text)
					      : db_int_value(values[i].number);
	return v;
}

static void
read_row(struct db_rows *rows, const struct query_output *outputs, size_t count,
    struct store_cell *cells)
{
	bool text;
	size_t i;

	for (i = 0; i < count; i++) {
		text = query_type_is_text(outputs[i].type);
		cells[i].known = !db_null(rows, (int)i);
		cells[i].text = text ? db_text(rows, (int)i) : NULL;
		cells[i].number = text ? 0 : db_int(rows, (int)i);
	}
}

int
store_query(struct store *s, const struct query *q, store_query_fn *fn,
    void *cookie, bool *ret_cut, struct err *err)
{
	const struct query_output *outputs;
	struct store_cell *cells;
	struct db_value *values;
	struct db_rows *rows;
	int64_t left;
	size_t count, n;
	bool cuts;
	int r;

	outputs = query_outputs(q, &n);
	left = query_rows(q, &cuts);
	*ret_cut = false;
	values = parameters(q, &count);
	r = db_query_once(s->db, &rows, err, query_sql(q), values, count);
	free(values);
	if (r == -1)
		return -1;
	cells = mem_array(n, sizeof(*cells));
	while ((r = db_next(rows, err)) == 1) {
		if (left-- == 0) {
			*ret_cut = true;
			r = 0;
			break;
		}
		read_row(rows, outputs, n, cells);
		if ((r = fn(cookie, cells, n, err)) == -1)
			break;
	}
	free(cells);
	db_done(rows);
	return r;
}
