#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_query_internal.h"
#include "mem.h"
#include "query_remote_internal.h"
#include "records.h"
#include "report.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- query --- */

struct answer {
	struct table *table;
	const struct query_output *outputs;
	struct report_cell *cells;
};

/* For people: names without their table, and what gives way on a narrow screen.
 */
struct table_column *
query_columns(const struct query_output *outputs, size_t n)
{
	struct table_column *columns = mem_array(n, sizeof(*columns));
	const char *name;
	size_t i;

	for (i = 0; i < n; i++) {
		name = strchr(outputs[i].name, '.');
		if (outputs[i].made != QUERY_MADE_COLUMN || name == NULL)
			name = outputs[i].name;
		else
			name++;
		columns[i].name = name;
		columns[i].type = (enum table_type)report_type_of(&outputs[i]);
		columns[i].drop = (unsigned char)(i < 200 ? i : 200);
		/* The first is whom the row is about. */
		if (i > 0 &&
		    (columns[i].type == TABLE_STRING ||
			columns[i].type == TABLE_LIST))
			columns[i].least = 16;
	}
	return columns;
}

int
query_put(
    struct table *t, const struct report_cell *cells, size_t n, struct err *err)
{
	size_t i;

	for (i = 0; i < n; i++)
		table_cell(t, &cells[i]);
	return cli_row(t, err);
}

static int
write_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	const struct answer *a = cookie;

	report_cells(a->outputs, cells, a->cells, n);
	return query_put(a->table, a->cells, n, err);
}

static int
write_table(const struct cli *c, const struct query *q, bool *cut)
{
	struct err err = {.kind = ERR_NONE};
	struct table_column *columns;
	struct answer a;
	size_t n;
	int code, rc;

	a.outputs = query_outputs(q, &n);
	a.cells = mem_array(n, sizeof(*a.cells));
	columns = query_columns(a.outputs, n);
	a.table = cli_table(c, columns, n);
	rc = store_query(c->daemon.store, q, write_row, &a, cut, &err);
	code = cli_listed(c, a.table, rc, &err);
	free(columns);
	free(a.cells);
	return code;
}

struct report_conf
query_report(const struct cli *c, const struct ask *ask)
{
	struct report_conf conf = {.format = c->html ? REPORT_HTML
		: c->format == TABLE_JSON	     ? REPORT_JSON
						     : REPORT_CSV,
	    .out = stdout,
	    .title = str_empty(ask->saved.name) ? "amtkeeper query"
						: ask->saved.name,
	    .about =
		str_empty(ask->saved.note) ? ask->saved.where : ask->saved.note,
	    .now = clock_now()};

	/* One that is not known here was saved by a later version. */
	(void)report_drawing_find(ask->saved.chart, &conf.drawing, NULL);
	return conf;
}

/* What became of the output is said at the end of the command. */
static int
write_report(const struct cli *c, const struct ask *ask, const struct query *q,
    bool *cut)
{
	const struct report_conf conf = query_report(c, ask);
	struct err err = {.kind = ERR_NONE};
	int rc = report_query(c->daemon.store, q, &conf, cut, &err);

	return ferror(stdout) ? CODE_OK : cli_scanned(rc, &err);
}

static int
run_query(struct cli *c, const struct ask *ask)
{
	struct err err = {.kind = ERR_NONE};
	struct query *q = NULL;
	bool cut = false;
	int code;

	if (ask_compile(ask, NULL, &q, &err) != 0)
		return cli_fail(&err);
	if (cli_remote(c))
		code = query_remote(c, ask, q, &cut);
	else if (c->html || c->format != TABLE_TEXT)
		code = write_report(c, ask, q, &cut);
	else
		code = write_table(c, q, &cut);
	if (cut)
		code = cli_complain(CODE_WARNED,
		    "only the first %d rows: --top N or (top N) gets others",
		    QUERY_ROWS_DEFAULT);
	query_free(q);
	return code;
}

static int
find_query(struct cli *c, const char *word, struct ask *ret)
{
	return cli_remote(c) ? query_remote_word(c, word, ret)
			     : ask_word(c, word, ret);
}

static bool
has_clauses(const struct cli *c)
{
	static const char *const names[] = {
	    "table", "select", "where", "order", "group", "join"};
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (cli_text(c, names[i]) != NULL)
			return true;
	return false;
}

/* --chart, in place of a saved query's own. */
static int
choose_chart(const struct cli *c, struct ask *ask)
{
	const char *kind = cli_text(c, "chart");
	struct err err = {.kind = ERR_NONE};
	enum report_drawing drawing;

	if (kind == NULL)
		return CODE_OK;
	if (report_drawing_find(kind, &drawing, &err) != 0)
		return cli_fail(&err);
	ask_chart(ask, kind);
	return CODE_OK;
}

/* A condition may stand for --where beside the other options; a saved query has
 * all of them. */
static int
check_word(const struct cli *c, bool clauses)
{
	if (!clauses && c->arg_count == 0)
		return cli_complain(CODE_USAGE,
		    "wanted the name of a query, a condition, or --table and "
		    "what else makes one\ntry \"amtkeeper query --help\", "
		    "\"query list\" and \"query tables\"");
	if (!clauses || c->arg_count == 0)
		return CODE_OK;
	if (c->args[0][0] != '(')
		return cli_complain(CODE_USAGE,
		    "a saved query goes without --table, --select, --where, "
		    "--order, --group and --join: \"query show\" has its own");
	return cli_text(c, "where") == NULL
	    ? CODE_OK
	    : cli_complain(CODE_USAGE,
		  "a condition or --where: one of them; (and ...) joins two");
}

int
cmd_query(struct cli *c)
{
	struct ask ask = {.top = cli_count(c, "top", 0)};
	bool clauses = has_clauses(c);
	int code = check_word(c, clauses);

	if (code != CODE_OK)
		return code;
	code = cli_remote(c) ? CODE_OK : cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK && clauses)
		ask_options(c, c->arg_count > 0 ? c->args[0] : NULL, &ask);
	else if (code == CODE_OK)
		code = find_query(c, c->args[0], &ask);
	if (code == CODE_OK)
		code = choose_chart(c, &ask);
	if (code == CODE_OK)
		code = run_query(c, &ask);
	ask_free(&ask);
	return code;
}

/* --- those that are saved --- */

static const struct table_column list_columns[] = {{"id", TABLE_INT, 2, 0},
    {"name", TABLE_STRING, 0, 0}, {"table", TABLE_STRING, 1, 0},
    {"own", TABLE_BOOL, 3, 0}, {"description", TABLE_STRING, 0, 20}};
static const struct cli_remote_rows list_rows = {
    .columns = list_columns, .count = COUNT(list_columns)};

static int
list_one(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct record r;

	record_query(&r, saved);
	cli_record(cookie, &list_rows, &r);
	return cli_row(cookie, err);
}

static int
scan_all(struct store *s, struct table *t, struct err *err)
{
	return store_saved_scan(s, list_one, t, err);
}

int
cmd_query_list(struct cli *c)
{
	return cli_list_all(c, "queries", false, &list_rows, scan_all);
}

int
cmd_query_show(struct cli *c)
{
	static const struct table_column columns[] = {{"id", TABLE_INT, 0, 0},
	    {"name", TABLE_STRING, 0, 0}, {"description", TABLE_STRING, 0, 0},
	    {"table", TABLE_STRING, 0, 0}, {"select", TABLE_STRING, 0, 0},
	    {"where", TABLE_STRING, 0, 0}, {"order", TABLE_STRING, 0, 0},
	    {"group", TABLE_STRING, 0, 0}, {"chart", TABLE_STRING, 0, 0},
	    {"sql", TABLE_STRING, 0, 0}};
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns) - 1};
	struct err err = {.kind = ERR_NONE};
	struct ask ask = {.top = 0};
	struct query *q = NULL;
	struct record r;
	struct table *t;
	int code = cli_remote(c) ? CODE_OK : cli_open(c, DAEMON_STORE, NULL);

	if (code == CODE_OK)
		code = find_query(c, c->args[0], &ask);
	if (code == CODE_OK && ask_compile(&ask, NULL, &q, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK) {
		t = cli_table(c, columns, COUNT(columns));
		table_set_blocks(t);
		record_query(&r, &ask.saved);
		cli_record(t, &rows, &r);
		table_text(t, query_sql(q));
		table_row(t);
		table_end(t);
	}
	query_free(q);
	ask_free(&ask);
	return code;
}

/* Only what can be run is saved. */
int
cmd_query_save(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct ask ask = {.top = 0};
	struct query *q = NULL;
	enum report_drawing drawing;
	struct store_saved saved;
	int code = cli_remote(c) ? CODE_OK : cli_open(c, DAEMON_STORE, NULL);
	int rc;

	if (code != CODE_OK)
		return code;
	ask_options(c, NULL, &ask);
	saved = ask.saved;
	saved.name = c->args[0];
	rc = ask_compile(&ask, NULL, &q, &err);
	if (rc == 0)
		rc = report_drawing_find(saved.chart, &drawing, &err);
	if (rc == 0 && !cli_remote(c))
		rc = store_saved_put(
		    c->daemon.store, &saved, cli_flag(c, "replace"), &err);
	if (!cli_remote(c))
		code = cli_commit_event(
		    c, rc, "query.saved", "query", saved.name, &err);
	else
		code = rc == 0 ? query_remote_save(c, &ask) : cli_fail(&err);
	if (code == CODE_OK)
		cli_note(c, "saved: amtkeeper query '%s'", saved.name);
	query_free(q);
	ask_free(&ask);
	return code;
}

int
cmd_query_remove(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code;

	if (cli_remote(c))
		code =
		    cli_remote_change(c, "DELETE", "queries", c->args[0], NULL);
	else
		code = cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK && !cli_remote(c))
		code = cli_commit_event(c,
		    store_saved_remove(c->daemon.store, c->args[0], &err),
		    "query.removed", "query", c->args[0], &err);
	if (code == CODE_OK)
		cli_note(c, "%s: removed", c->args[0]);
	return code;
}

/* --- what can be asked --- */

static const struct table_column word_columns[] = {
    {"table", TABLE_STRING, 0, 0}, {"column", TABLE_STRING, 0, 0},
    {"type", TABLE_STRING, 0, 0}, {"help", TABLE_STRING, 0, 20}};
static const struct cli_remote_rows word_rows = {
    .columns = word_columns, .count = COUNT(word_columns)};

static void
write_columns(struct table *t, const struct query_table *table)
{
	struct record r;
	size_t i;

	for (i = 0; i < table->count; i++) {
		record_column(&r, table, &table->columns[i]);
		cli_record(t, &word_rows, &r);
		table_row(t);
	}
}

int
cmd_query_tables(struct cli *c)
{
	const struct query_graph *g = store_graph();
	const char *name = c->arg_count > 0 ? c->args[0] : NULL;
	struct table *t;
	size_t i;

	if (name != NULL && query_table(g, name) == NULL)
		return cli_complain(CODE_NOTHING,
		    "no such table; \"query tables\" has them all");
	t = cli_table(c, word_columns, COUNT(word_columns));
	for (i = 0; i < g->table_count; i++)
		if (name == NULL || str_ieq(name, g->tables[i].name))
			write_columns(t, &g->tables[i]);
	table_end(t);
	return CODE_OK;
}

static const struct table_column operator_columns[] = {
    {"operator", TABLE_STRING, 0, 0}, {"arguments", TABLE_STRING, 0, 0},
    {"clause", TABLE_STRING, 2, 0}, {"source", TABLE_STRING, 1, 0},
    {"help", TABLE_STRING, 0, 20}};
static const struct cli_remote_rows operator_rows = {
    .columns = operator_columns, .count = COUNT(operator_columns)};

static void
write_operator(
    struct table *t, const char *clause, const struct query_operator *op)
{
	struct record r;

	record_operator(&r, clause, op);
	cli_record(t, &operator_rows, &r);
	table_row(t);
}

int
cmd_query_operators(struct cli *c)
{
	struct table *t =
	    cli_table(c, operator_columns, COUNT(operator_columns));
	const struct query_operator *op;
	size_t i;

	for (i = 0; (op = query_operator(i)) != NULL; i++)
		write_operator(t, "where", op);
	for (i = 0; (op = query_function(i)) != NULL; i++)
		write_operator(t, "select", op);
	table_end(t);
	return CODE_OK;
}
