#include "query_file.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "err.h"
#include "mem.h"
#include "query.h"
#include "query_summary_internal.h"
#include "query_uri_internal.h"
#include "store.h"
#include "str.h"
#include "xml.h"

/* --- one query --- */

/* <table-uri>, or <property name="tableURI">. */
static const char *
text_of(const struct xml_node *query, const char *element, const char *property)
{
	const char *text = xml_child_text(query, element);
	const struct xml_node *node = xml_child(query, NULL, "property");

	for (; text == NULL && node != NULL; node = xml_again(node))
		if (str_eq(xml_attr(node, "name"), property))
			text = node->text;
	return text;
}

/* "(select A B)" of "A:B"; given, NULL of NULL. */
static char *
select_of(char *columns)
{
	char *at, *clause;

	if (str_empty(columns))
		return NULL;
	for (at = columns; *at != '\0'; at++)
		if (*at == ':')
			*at = ' ';
	clause = mem_printf("(select %s)", columns);
	return clause;
}

static char *
order_of(const char *column, const char *direction)
{
	if (str_empty(column))
		return NULL;
	return mem_printf("(order (%s %s))",
	    str_ieq(direction, "desc") ? "desc" : "asc", column);
}

/* What is asked of one, and what it is called; owned. */
struct texts {
	char *select, *order, *where;
};

static void
read_query(const struct xml_node *query, const struct query_summary *summary,
    struct texts *own, struct store_saved *ret)
{
	const char *table = text_of(query, "table-uri", "tableURI");
	const char *condition = text_of(query, "condition-uri", "conditionURI");
	char *columns = query_uri_value(table, "orion.table.columns");
	char *by = query_uri_value(table, "orion.table.order.by");
	char *direction = query_uri_value(table, "orion.table.order");
	bool sums = summary->group != NULL;

	own->where = query_uri_value(condition, "orion.condition.sexp");
	own->select = select_of(columns);
	own->order = order_of(by, direction);
	*ret = (struct store_saved){.name = text_of(query, "name", "name"),
	    .note = text_of(query, "description", "description"),
	    .target = text_of(query, "target", "target"),
	    .select = sums ? summary->select : own->select,
	    .where = own->where,
	    .order = sums ? summary->order : own->order,
	    .group = summary->group,
	    .chart = summary->chart};
	free(columns);
	free(by);
	free(direction);
}

static int
save_query(const struct query_file *f, const struct store_saved *saved,
    struct err *err)
{
	const struct query_text text = {.target = saved->target,
	    .select = saved->select,
	    .where = saved->where,
	    .order = saved->order,
	    .group = saved->group};
	const struct store_event event = {
	    .at = f->now, .kind = "query.saved", .actor = f->actor};
	struct query *q = NULL;
	int rc;

	if (str_empty(saved->name))
		return err_set(err, ERR_INVALID, "a query without a name");
	rc = query_compile(store_graph(), &text, clock_now_ms(), &q, err);
	query_free(q);
	if (rc == 0)
		rc = store_saved_put(f->store, saved, f->replace, err);
	return rc == 0 ? store_event_tell(
			     f->store, &event, NULL, "query", saved->name, err)
		       : -1;
}

static int
take_query(
    const struct query_file *f, const struct xml_node *query, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct texts own = {.select = NULL};
	struct query_summary summary;
	struct store_saved saved;
	struct query_file_row row;
	int rc;

	query_summary_read(
	    text_of(query, "summary-uri", "summaryURI"), &summary);
	read_query(query, &summary, &own, &saved);
	rc = save_query(f, &saved, &why);
	row = (struct query_file_row){.name = saved.name,
	    .table = saved.target,
	    .error = rc == 0 ? NULL : why.text,
	    .note = summary.note};
	rc = f->fn(f->cookie, &row, err);
	query_summary_clear(&summary);
	free(own.select);
	free(own.order);
	free(own.where);
	return rc;
}

/* --- the file --- */

static const struct xml_node *
first_query(const struct xml_node *root)
{
	if (str_eq(root->name, "query"))
		return root;
	return str_eq(root->name, "list") ? xml_child(root, NULL, "query")
					  : NULL;
}

int
query_file_take(
    const struct query_file *f, const void *bytes, size_t len, struct err *err)
{
	const struct xml_node *query;
	struct xml *xml = NULL;
	int rc = 0;

	if (xml_parse(bytes, len, &xml, err) != 0) {
		err->kind = ERR_INVALID; /* no peer's, but a file */
		return -1;
	}
	query = first_query(xml_root(xml));
	if (query == NULL)
		rc = err_set(err, ERR_INVALID,
		    "no queries of ePO: wanted <list> with <query>s");
	for (; rc == 0 && query != NULL; query = xml_again(query))
		rc = take_query(f, query, err);
	xml_free(xml);
	return rc;
}
