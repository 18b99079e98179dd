#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "buf.h"
#include "cli.h"
#include "commands_query_internal.h"
#include "file.h"
#include "mem.h"
#include "str.h"
#include "summary_internal.h"
#include "uri_internal.h"
#include "xml.h"

/*
 * query import: ePO's export of queries.  Each has a name, a target and URIs in
 * whose parameters columns, order and condition stand; an older form has them
 * as <property name="tableURI">.  A query that cannot be run here is passed
 * over with the reason, the others are saved, with what their summary says of
 * grouping and chart as far as that is understood (summary_internal.h).
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct import {
	struct cli *c;
	struct table *table;
	size_t saved, bad;
};

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

static void
read_query(const struct xml_node *query, const struct query_summary *summary,
    struct ask *ret)
{
	const char *table = text_of(query, "table-uri", "tableURI");
	const char *condition = text_of(query, "condition-uri", "conditionURI");
	char *columns = query_uri_value(table, "orion.table.columns");
	char *by = query_uri_value(table, "orion.table.order.by");
	char *direction = query_uri_value(table, "orion.table.order");
	char *where = query_uri_value(condition, "orion.condition.sexp");
	char *select = select_of(columns), *order = order_of(by, direction);
	bool sums = summary->group != NULL;
	struct store_saved saved = {.name = text_of(query, "name", "name"),
	    .note = text_of(query, "description", "description"),
	    .target = text_of(query, "target", "target"),
	    .select = sums ? summary->select : select,
	    .where = where,
	    .order = sums ? summary->order : order,
	    .group = summary->group,
	    .chart = summary->chart};

	ask_set(ret, &saved);
	free(select);
	free(order);
	free(where);
	free(columns);
	free(by);
	free(direction);
}

static int
save_query(struct cli *c, const struct ask *ask, struct err *err)
{
	struct query *q = NULL;
	int rc;

	if (str_empty(ask->saved.name))
		return err_set(err, ERR_INVALID, "a query without a name");
	rc = ask_compile(ask, NULL, &q, err);
	query_free(q);
	if (rc == 0)
		rc = store_saved_put(
		    c->daemon.store, &ask->saved, cli_flag(c, "replace"), err);
	return rc;
}

static void
take_query(struct import *im, const struct xml_node *query)
{
	struct err err = {.kind = ERR_NONE};
	struct ask ask = {.top = 0};
	struct query_summary summary;
	int rc;

	query_summary_read(
	    text_of(query, "summary-uri", "summaryURI"), &summary);
	read_query(query, &summary, &ask);
	rc = save_query(im->c, &ask, &err);
	im->saved += rc == 0;
	im->bad += rc != 0;
	table_text(im->table, ask.saved.name);
	table_text(im->table, ask.saved.target);
	table_text(im->table, rc == 0 ? "saved" : "bad");
	table_text(im->table, rc == 0 ? NULL : err.text);
	table_text(im->table, summary.note);
	table_row(im->table);
	query_summary_clear(&summary);
	ask_free(&ask);
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

static int
take_file(struct import *im, const struct xml_node *root)
{
	const struct xml_node *query = first_query(root);
	struct err err = {.kind = ERR_NONE};

	if (query == NULL)
		return cli_complain(CODE_INPUT,
		    "%s: no queries of ePO: wanted <list> with <query>s",
		    im->c->args[0]);
	for (; query != NULL; query = xml_again(query))
		take_query(im, query);
	if (im->saved > 0 &&
	    (cli_event(im->c, NULL, "query.saved", "{}", &err) != 0 ||
		store_commit(im->c->daemon.store, &err) != 0))
		return cli_fail(&err);
	cli_note(
	    im->c, "%zu queries saved, %zu passed over", im->saved, im->bad);
	return im->bad > 0 ? CODE_PARTIAL : CODE_OK;
}

int
cmd_query_import(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"table", TABLE_STRING, 1, 0},
	    {"result", TABLE_STRING, 0, 0}, {"error", TABLE_STRING, 0, 24},
	    {"note", TABLE_STRING, 0, 24}};
	struct import im = {.c = c};
	struct err err = {.kind = ERR_NONE};
	struct xml *xml = NULL;
	struct buf text;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	buf_init(&text, XML_MAX_BYTES);
	if (file_read(c->args[0], XML_MAX_BYTES, &text, &err) != 0) {
		code = cli_fail(&err);
	} else if (xml_parse(text.data, text.len, &xml, &err) != 0) {
		code = cli_complain(CODE_INPUT, "%s: %s", c->args[0], err.text);
	} else {
		im.table = cli_table(c, columns, COUNT(columns));
		code = take_file(&im, xml_root(xml));
		table_end(im.table);
		xml_free(xml);
	}
	buf_free(&text);
	return code;
}
