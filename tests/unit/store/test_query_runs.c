/* Runs, what became of their devices, and their messages in queries. */
#include "fixture.h"

#include "buf.h"
#include "query.h"
#include "str.h"
#include "task_run.h"

#define NOW INT64_C(1700000000)
#define NOW_MS (NOW * 1000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Device i in the second run has the outcome i - 1; the ninth is under way, and
 * the tenth waits. */
#define DEVICES 10

static void
add_run(struct fixture *f, const char *name, size_t devices)
{
	struct task_run run = {.name = mem_dup(name),
	    .type = mem_dup("collect-properties"),
	    .settings = mem_dup("{}"),
	    .source = TASK_BY_SCHEDULE,
	    .actor = mem_dup("serve"),
	    .target = TASK_DEVICES};
	int64_t ids[DEVICES], id;
	size_t i;

	for (i = 0; i < devices; i++)
		ids[i] = (int64_t)i + 1;
	assert_works(task_run_make(
	    f->store, &run, ids, devices, NOW - 100, &id, &f->err));
	task_run_clear(&run);
}

static int
setup_runs(void **state)
{
	struct fixture *f;
	char name[32];
	size_t i;

	if (setup(state) != 0)
		return -1;
	f = *state;
	for (i = 1; i <= DEVICES; i++) {
		(void)snprintf(name, sizeof(name), "pc%zu", i);
		(void)add_device(f, name);
	}
	add_run(f, "one", 2);
	add_run(f, "all", DEVICES);
	assert_works(store_commit(f->store, &f->err));
	tamper(f,
	    "UPDATE run_item SET state = 2, outcome = device - 1,"
	    " reason = iif(device = 4, 'offline', NULL), ended_at = 1699999990"
	    " WHERE run = 2 AND device < 9;"
	    "UPDATE run_item SET state = 1 WHERE run = 2 AND device = 9;"
	    "UPDATE run_item SET state = 2, outcome = 3 WHERE run = 1;"
	    "UPDATE run SET state = 4, started_at = created_at + 10,"
	    " ended_at = created_at + 50, n_failed = 2, done = 2 WHERE id = 1;"
	    "UPDATE run SET state = 1, done = 8 WHERE id = 2;"
	    "INSERT INTO run_message (run, at, text) VALUES (1, 1699999905,"
	    " 'begun'), (1, 1699999950, 'ended');");
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	return 0;
}

/* --- rows as text, words for states --- */

struct answer {
	struct buf out;
	const struct query_output *outputs;
};

static int
add_cells(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct answer *a = cookie;
	size_t i;

	(void)err;
	for (i = 0; i < n; i++) {
		if (i > 0 || a->out.len > 0)
			buf_str(&a->out, i == 0 ? " " : "|");
		if (!cells[i].known)
			buf_str(&a->out, "-");
		else if (cells[i].text != NULL)
			buf_str(&a->out, cells[i].text);
		else if (a->outputs[i].type == QUERY_STATE)
			buf_str(&a->out,
			    a->outputs[i].column->words[cells[i].number]);
		else
			buf_printf(&a->out, "%lld", (long long)cells[i].number);
	}
	return 0;
}

static void
check(struct fixture *f, const struct query_text *text, const char *wanted)
{
	struct answer a = {.outputs = NULL};
	struct query *q;
	size_t n;
	bool cut;

	if (query_compile(store_graph(), text, NOW_MS, &q, &f->err) != 0)
		fail_msg("%s", f->err.text);
	buf_init(&a.out, 1 << 16);
	a.outputs = query_outputs(q, &n);
	if (store_query(f->store, q, add_cells, &a, &cut, &f->err) != 0)
		fail_msg("%s: %s", query_sql(q), f->err.text);
	assert_string_equal(buf_text(&a.out), wanted);
	buf_free(&a.out);
	query_free(q);
}

static void
test_rows(void **state)
{
	static const struct {
		struct query_text text;
		const char *wanted;
	} cases[] = {
	    {{.target = "AMT_RunItems",
		 .select = "(select RunID Name State Result)",
		 .order = "RunID LeafNodeID"},
		"1|pc1|done|failed 1|pc2|done|failed 2|pc1|done|ok"
		" 2|pc2|done|changed 2|pc3|done|waiting 2|pc4|done|failed"
		" 2|pc5|done|parked 2|pc6|done|offline 2|pc7|done|busy"
		" 2|pc8|done|skipped 2|pc9|running|- 2|pc10|waiting|-"},
	    {{.target = "AMT_RunItems",
		 .select = "(select Result (count))",
		 .where = "(stateEq State done)",
		 .order = "(order (desc (count)) Result)",
		 .group = "Result"},
		"failed|3 ok|1 changed|1 waiting|1 parked|1 offline|1 busy|1"
		" skipped|1"},
	    {{.target = "AMT_RunItems",
		 .select = "(select AMT_Runs.Name EPOLeafNode.NodeName "
			   "EPOBranchNode.NodeName)",
		 .where = "(and (eq Result failed) (notBlank Reason))"},
		"all|pc4|My Organization"},
	    {{.target = "AMT_Runs",
		 .select = "Name State Source Percent Devices Failed Seconds",
		 .order = "AutoID"},
		"one|ended|schedule|100|2|2|40 all|running|schedule|80|10|0|-"},
	    {{.target = "OrionTaskLogTask",
		 .select = "Name UserName StartDate EndDate Duration Status "
			   "PercentComplete Failures TaskSource Systems",
		 .order = "(order (desc Id))"},
		"all|serve|1699999900|-|-|running|80|0|schedule|10"
		" one|serve|1699999910|1699999950|40000|ended|100|2|schedule|"
		"2"},
	    {{.target = "OrionTaskLogTaskMessage",
		 .select = "OrionTaskLogTask.Name Date Message",
		 .order = "Id"},
		"one|1699999905|begun one|1699999950|ended"},
	    {{.target = "AMT_Runs",
		 .select = "Name (count) (count AMT_RunItems.Ended)",
		 .where = "(notBlank AMT_RunItems.AutoID)",
		 .group = "Name",
		 .order = "Name"},
		"all|10|8 one|2|0"},
	    /* devices by what became of them, each once */
	    {{.target = "EPOLeafNode",
		 .where = "(in AMT_RunItems.Result failed ok)",
		 .order = "NodeName",
		 .only = "EPOLeafNode.AutoID"},
		"1 2 4"},
	    {{.target = "EPOLeafNode",
		 .select = "NodeName",
		 .where = "(in AMT_RunItems.Result failed ok)",
		 .order = "NodeName"},
		"pc1 pc1 pc2 pc4"},
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		check(*state, &cases[i].text, cases[i].wanted);
}

/* --- words, and what "*" stands for --- */

static const struct query_column *
column_of(const char *table, const char *name)
{
	const struct query_table *t = query_table(store_graph(), table);
	size_t i;

	assert_non_null(t);
	for (i = 0; i < t->count; i++)
		if (str_eq(t->columns[i].name, name))
			return &t->columns[i];
	fail_msg("%s.%s", table, name);
	return NULL;
}

#define SAME_WORDS(table, name, count, word)                                   \
	do {                                                                   \
		words = column_of(table, name)->words;                         \
		for (i = 0; i < (count); i++)                                  \
			assert_string_equal(words[i], word(i));                \
		assert_null(words[i]);                                         \
	} while (0)

static void
test_words(void **state)
{
	const char *const *words;
	unsigned i;

	(void)state;
	SAME_WORDS("AMT_Runs", "State", TASK_STATES, task_state_name);
	SAME_WORDS("AMT_Runs", "Source", TASK_SOURCES, task_source_name);
	SAME_WORDS("OrionTaskLogTask", "Status", TASK_STATES, task_state_name);
	SAME_WORDS(
	    "AMT_RunItems", "State", TASK_ITEM_DONE + 1, task_item_state_name);
	SAME_WORDS("AMT_RunItems", "Result", TASK_OUTCOMES, task_outcome_name);
}

static bool
star_has(struct fixture *f, const char *target, const char *column)
{
	const struct query_text text = {.target = target, .join = "*"};
	const struct query_output *outputs;
	struct query *q;
	bool has = false;
	size_t i, n;

	assert_works(query_compile(store_graph(), &text, NOW_MS, &q, &f->err));
	outputs = query_outputs(q, &n);
	for (i = 0; i < n; i++)
		has = has || str_eq(outputs[i].name, column);
	query_free(q);
	return has;
}

/* A row for each run would multiply the devices. */
static void
test_star(void **state)
{
	struct fixture *f = *state;

	assert_true(star_has(f, "EPOLeafNode", "AMT_CustomProps.TLS"));
	assert_true(star_has(f, "EPOLeafNode", "EPOBranchNode.NodeName"));
	assert_true(star_has(f, "EPOBranchNode", "EPOLeafNode.NodeName"));
	assert_false(star_has(f, "EPOLeafNode", "AMT_RunItems.Result"));
	assert_false(star_has(f, "EPOLeafNode", "AMT_Runs.Name"));
	assert_false(star_has(f, "EPOBranchNode", "AMT_RunItems.Result"));
	assert_true(star_has(f, "AMT_RunItems", "AMT_Runs.Name"));
	assert_true(star_has(f, "AMT_RunItems", "EPOBranchNode.NodeName"));
	assert_false(
	    star_has(f, "AMT_RunItems", "OrionTaskLogTaskMessage.Message"));
	assert_true(star_has(f, "AMT_Runs", "OrionTaskLogTask.UserName"));
	assert_false(star_has(f, "AMT_Runs", "AMT_RunItems.Result"));
	assert_true(star_has(f, "OrionTaskLogTaskMessage", "AMT_Runs.Name"));
}

#define RUNS(name) cmocka_unit_test_setup_teardown(name, setup_runs, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNS(test_rows), cmocka_unit_test(test_words), RUNS(test_star)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
