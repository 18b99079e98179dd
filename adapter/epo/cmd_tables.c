/* core.listTables and core.listDatatypes: what can be queried. */
#include <string.h>

#include "commands_internal.h"
#include "err.h"
#include "query.h"
#include "store.h"
#include "str.h"

#define TEXT_MAX 65536
#define MARGIN "    "
#define CELLS_MAX 7

/* --- the tables of text within the fields --- */

struct grid {
	struct buf *out;
	const char *const *heads;
	size_t widths[CELLS_MAX];
	size_t columns;
};

static void
grid_measure(struct grid *g, const char *const *cells)
{
	size_t i;

	for (i = 0; i < g->columns; i++)
		if (strlen(cells[i]) > g->widths[i])
			g->widths[i] = strlen(cells[i]);
}

static void
grid_row(struct grid *g, const char *const *cells)
{
	size_t i;

	buf_str(g->out, MARGIN);
	for (i = 0; i < g->columns; i++)
		buf_printf(g->out, "%-*s ", (int)g->widths[i], cells[i]);
	buf_str(g->out, "\r\n");
}

static void
grid_heads(struct grid *g)
{
	size_t i, j;

	grid_row(g, g->heads);
	buf_str(g->out, MARGIN);
	for (i = 0; i < g->columns; i++) {
		for (j = 0; j < g->widths[i]; j++)
			buf_char(g->out, '-');
		buf_char(g->out, ' ');
	}
	buf_str(g->out, "\r\n");
}

/* --- columns, relations --- */

static const char *
yes_no(bool yes)
{
	return yes ? "True" : "False";
}

static void
column_cells(const struct query_column *column, const char **cells)
{
	bool tags = column->type == QUERY_TAGS;
	bool number = column->type == QUERY_INT;

	cells[0] = column->name;
	cells[1] = query_type_name(column->type);
	cells[2] = yes_no(true);
	cells[3] = yes_no(true);
	cells[4] = yes_no(!tags);
	cells[5] = yes_no(true);
	cells[6] = yes_no(number);
}

static void
columns_text(const struct query_table *table, struct buf *out)
{
	static const char *const heads[] = {"Name", "Type", "Select?",
	    "Condition?", "GroupBy?", "Order?", "Number?"};
	struct grid g = {.out = out, .heads = heads, .columns = 7};
	const char *cells[CELLS_MAX];
	size_t i;

	grid_measure(&g, heads);
	for (i = 0; i < table->count; i++) {
		column_cells(&table->columns[i], cells);
		grid_measure(&g, cells);
	}
	grid_heads(&g);
	for (i = 0; i < table->count; i++) {
		column_cells(&table->columns[i], cells);
		grid_row(&g, cells);
	}
}

/* All are related, if by others. */
static void
related_text(const struct query_table *table, struct buf *out)
{
	static const char *const heads[] = {"Name"};
	const struct query_graph *graph = store_graph();
	struct grid g = {.out = out, .heads = heads, .columns = 1};
	size_t i;

	grid_measure(&g, heads);
	for (i = 0; i < graph->table_count; i++)
		if (&graph->tables[i] != table)
			grid_measure(&g, &graph->tables[i].name);
	grid_heads(&g);
	for (i = 0; i < graph->table_count; i++)
		if (&graph->tables[i] != table)
			grid_row(&g, &graph->tables[i].name);
}

/* Which column leads where: as the tables' help says. */
static const struct foreign_key {
	const char *table, *column, *to, *to_column;
	bool one;
} keys[] = {
    {"EPOLeafNode", "ParentID", "EPOBranchNode", "AutoID", false},
    {"EPOComputerProperties", "ParentID", "EPOLeafNode", "AutoID", true},
    {"EPOBranchNode", "ParentID", "EPOBranchNode", "AutoID", false},
    {"AMT_CustomProps", "LeafNodeID", "EPOLeafNode", "AutoID", true},
    {"AMT_Runs", "AutoID", "OrionTaskLogTask", "Id", true},
    {"AMT_RunItems", "RunID", "AMT_Runs", "AutoID", false},
    {"AMT_RunItems", "LeafNodeID", "EPOLeafNode", "AutoID", false},
    {"OrionTaskLogTaskMessage", "TaskLogId", "OrionTaskLogTask", "Id", false},
};

static void
key_cells(const struct foreign_key *key, const char **cells)
{
	cells[0] = key->table;
	cells[1] = key->column;
	cells[2] = key->to;
	cells[3] = key->to_column;
	cells[4] = yes_no(false);
	cells[5] = yes_no(key->one);
	cells[6] = yes_no(!key->one);
}

static void
keys_text(const struct query_table *table, struct buf *out)
{
	static const char *const heads[] = {"Source table", "Source Columns",
	    "Destination table", "Destination columns", "Allows inverse?",
	    "One-to-one?", "Many-to-one?"};
	struct grid g = {.out = out, .heads = heads, .columns = 7};
	const char *cells[CELLS_MAX];
	size_t i, count = 0;

	grid_measure(&g, heads);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_eq(keys[i].table, table->name)) {
			key_cells(&keys[i], cells);
			grid_measure(&g, cells);
			count++;
		}
	if (count == 0) {
		buf_str(out, MARGIN "None");
		return;
	}
	grid_heads(&g);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_eq(keys[i].table, table->name)) {
			key_cells(&keys[i], cells);
			grid_row(&g, cells);
		}
}

static void
write_table(struct out *o, const struct query_table *table)
{
	typedef void part_fn(const struct query_table *, struct buf *);
	static const struct {
		const char *name;
		part_fn *write;
	} parts[] = {{"columns", columns_text}, {"relatedTables", related_text},
	    {"foreignKeys", keys_text}};
	struct buf text;
	size_t i;

	out_row(o, "table");
	out_text(o, "name", table->name);
	out_text(o, "target", table->name);
	out_text(o, "type", "target");
	out_text(o, "databaseType", "");
	out_text(o, "description", table->help);
	buf_init(&text, TEXT_MAX);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_reset(&text);
		parts[i].write(table, &text);
		out_block(o, parts[i].name, buf_text(&text));
	}
	buf_free(&text);
	out_row_end(o);
}

int
remote_list_tables(struct call *c, struct err *err)
{
	const struct query_graph *graph = store_graph();
	const char *name = call_text(c, "table");
	size_t i;

	if (name != NULL && query_table(graph, name) == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "no table \"%.64s\"; core.listTables has them all", name);
	out_list(&c->out, false);
	for (i = 0; i < graph->table_count; i++)
		if (name == NULL || str_ieq(name, graph->tables[i].name))
			write_table(&c->out, &graph->tables[i]);
	out_list_end(&c->out);
	return 0;
}

/* --- types --- */

static void
write_type(struct out *o, enum query_type type)
{
	const struct query_operator *op;
	struct buf list;
	size_t i;

	buf_init(&list, TEXT_MAX);
	for (i = 0; (op = query_operator(i)) != NULL; i++)
		if (query_operator_takes(i, type))
			buf_printf(
			    &list, "%s%s", list.len > 0 ? ", " : "", op->name);
	out_row(o, "datatype");
	out_text(o, "name", query_type_name(type));
	out_text(o, "operations", buf_text(&list));
	out_row_end(o);
	buf_free(&list);
}

int
remote_list_datatypes(struct call *c, struct err *err)
{
	const char *name = call_text(c, "type");
	enum query_type type;
	size_t n = 0;

	out_list(&c->out, false);
	for (type = QUERY_TEXT; type < QUERY_TYPE_COUNT; type++) {
		if (name != NULL && !str_ieq(name, query_type_name(type)))
			continue;
		write_type(&c->out, type);
		n++;
	}
	out_list_end(&c->out);
	if (n == 0)
		return err_set(err, ERR_NOTFOUND,
		    "no type \"%.64s\"; core.listDatatypes has them all", name);
	return 0;
}
