/* Rows of a query of the fleet. */
#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "report.h"
#include "store.h"
#include "str.h"

enum report_type
report_type_of(const struct query_output *output)
{
	static const enum report_type types[] = {[QUERY_TEXT] = REPORT_STRING,
	    [QUERY_INT] = REPORT_INT,
	    [QUERY_BOOL] = REPORT_BOOL,
	    [QUERY_TIME] = REPORT_TIME,
	    [QUERY_LIST] = REPORT_LIST,
	    [QUERY_STATE] = REPORT_STRING,
	    [QUERY_TAGS] = REPORT_STRING,
	    [QUERY_GROUP] = REPORT_INT,
	    [QUERY_VERSION] = REPORT_STRING,
	    [QUERY_IPV4] = REPORT_STRING,
	    [QUERY_IPV6] = REPORT_STRING};

	return types[output->type];
}

/* --- charts: by what a column means --- */

static bool
is_one_of(const char *name, const char *const *names)
{
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		if (str_ieq(name, names[i]))
			return true;
	return false;
}

static enum report_chart
chart_of(const struct query_output *output)
{
	static const char *const few[] = {"LastResult", "Result", "Outcome",
	    "State", "LastErrorCode", "TLS", "ControlMode", "MajorVersion",
	    "LastTask", "Site", "Profile", "Type", NULL};
	static const char *const ends[] = {
	    "CertExpires", "ADPasswordExpires", NULL};
	const char *name = strrchr(output->name, '.');

	if (output->made == QUERY_MADE_OVER)
		return str_ieq(output->name, "count") ? REPORT_WEIGHT
						      : REPORT_NO_CHART;
	if (output->made == QUERY_MADE_PART)
		return REPORT_NO_CHART;
	name = name == NULL ? output->name : name + 1;
	if (output->type == QUERY_LIST)
		return REPORT_BY_WORD;
	if (output->type == QUERY_TIME)
		return is_one_of(name, ends) ? REPORT_BY_WEEK : REPORT_NO_CHART;
	if (output->type == QUERY_BOOL || output->type == QUERY_STATE ||
	    is_one_of(name, few))
		return REPORT_BY_VALUE;
	return REPORT_NO_CHART;
}

/* Groups are counted by what they are grouped by, whatever that is. */
static void
chart_groups(struct report_column *columns, const struct query_output *outputs,
    size_t count)
{
	bool weighted = false;
	size_t i;

	for (i = 0; i < count; i++)
		weighted = weighted || columns[i].chart == REPORT_WEIGHT;
	for (i = 0; i < count && weighted; i++)
		if (columns[i].chart == REPORT_NO_CHART &&
		    outputs[i].made != QUERY_MADE_OVER)
			columns[i].chart = outputs[i].made == QUERY_MADE_PART
			    ? REPORT_BY_PERIOD
			    : REPORT_BY_VALUE;
}

struct report_column *
report_columns(const struct query_output *outputs, size_t count)
{
	struct report_column *columns = mem_array(count, sizeof(*columns));
	size_t i;

	for (i = 0; i < count; i++) {
		columns[i].name = outputs[i].name;
		columns[i].type = report_type_of(&outputs[i]);
		columns[i].chart = chart_of(&outputs[i]);
	}
	chart_groups(columns, outputs, count);
	return columns;
}

/* --- rows --- */

static const char *
state_word(const struct query_column *column, int64_t number)
{
	int64_t i;

	for (i = 0; column != NULL && column->words[i] != NULL; i++)
		if (i == number)
			return column->words[i];
	return NULL;
}

void
report_cells(const struct query_output *outputs, const struct store_cell *from,
    struct report_cell *to, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		to[i].nothing = !from[i].known;
		to[i].number = from[i].number;
		to[i].text = outputs[i].type == QUERY_STATE && from[i].known
		    ? state_word(outputs[i].column, from[i].number)
		    : from[i].text;
	}
}

struct filling {
	struct report *report;
	const struct query_output *outputs;
	struct report_column *columns;
	struct report_cell *cells;
};

static int
take_row(
    void *cookie, const struct store_cell *cells, size_t count, struct err *err)
{
	struct filling *f = cookie;

	report_cells(f->outputs, cells, f->cells, count);
	return report_row(f->report, f->cells, err);
}

/* The first query says what columns there are. */
static void
begin(struct filling *f, const struct query *q, const struct report_conf *conf)
{
	struct report_conf ours = *conf;

	f->outputs = query_outputs(q, &ours.count);
	f->columns = report_columns(f->outputs, ours.count);
	ours.columns = f->columns;
	f->report = report_new(&ours);
	f->cells = mem_array(ours.count, sizeof(*f->cells));
}

static int
add_query(struct filling *f, struct store *s, const struct query *q,
    const struct report_conf *conf, bool *cut, struct err *err)
{
	bool more = false;
	size_t count;
	int rc;

	if (f->report == NULL)
		begin(f, q, conf);
	f->outputs = query_outputs(q, &count);
	rc = store_query(s, q, take_row, f, &more, err);
	*cut = *cut || more;
	return rc;
}

int
report_queries(struct store *s, report_next_fn *next, void *cookie,
    const struct report_conf *conf, bool *ret_cut, struct err *err)
{
	struct filling f = {.report = NULL};
	struct query *first = NULL, *q = NULL;
	struct err ignored;
	bool cut = false;
	int rc;

	while ((rc = next(cookie, &q, err)) == 0 && q != NULL) {
		rc = add_query(&f, s, q, conf, &cut, err);
		if (first == NULL)
			first = q; /* the columns' names are its */
		else
			query_free(q);
		q = NULL;
		if (rc != 0)
			break;
	}
	if (f.report != NULL &&
	    report_end(f.report, cut, rc == 0 ? err : &ignored) != 0)
		rc = -1;
	query_free(first);
	free(f.cells);
	free(f.columns);
	if (rc == 0)
		*ret_cut = cut;
	return rc;
}

int
report_query(struct store *s, const struct query *q,
    const struct report_conf *conf, bool *ret_cut, struct err *err)
{
	struct filling f = {.report = NULL};
	struct err ignored;
	bool cut = false;
	int rc = add_query(&f, s, q, conf, &cut, err);

	if (report_end(f.report, cut, rc == 0 ? err : &ignored) != 0)
		rc = -1;
	free(f.cells);
	free(f.columns);
	if (rc == 0)
		*ret_cut = cut;
	return rc;
}
