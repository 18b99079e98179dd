/* Every operator and function over a real store, the rows against those
 * evaluated by hand; for random ones see test_query_random.c. */
#include "fixture.h"

#include "buf.h"
#include "query.h"
#include "str.h"
#include "task_run.h"

#define NOW_MS INT64_C(1700000000500) /* 2023-11-14T22:13:20.5Z */
#define NOW INT64_C(1700000000)
#define DAY INT64_C(86400)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- the fleet --- */

struct row {
	const char *name, *version, *mode, *code, *error, *reasons, *os_host,
	    *amt_host, *os_domain, *amt_domain, *group, *address;
	int64_t cert_end, failures, seen, read;
	bool tls;
};

/* clang-format off */
static const struct row rows[] = {
    {"a1", "16.1.25", "acm", NULL, NULL, NULL, "a1", "a1", "x.test", "X.test",
	NULL, "10.1.2.3", NOW + 10 * DAY, 0, NOW - 60, NOW, true},
    {"b2", "11.8.50", "ccm", "offline", "no route", "offline", "b2new", "b2",
	NULL, NULL, "Berlin", "10.2.0.200", NOW - DAY, 3, NOW - 5 * DAY, NOW, true},
    {"c3", "16.0.1", "acm", "profile-drift", "50% of _it_", "clock-skew,certificate-name-mismatch", "c3",
	"c3", "x.test", "y.test", "Berlin\\Lab", "fd00::1:2", 0, 7, NOW - 3600, NOW, false},
    {"d4", NULL, NULL, NULL, NULL, "name-mismatch", NULL, NULL, NULL, NULL,
	"Paris", NULL, 0, -2, 0, 0, false},
    {"E5", "  ", "none", "protocol-error", "Ärger", NULL, "e5", "e5", NULL,
	NULL, "berlin/lab/Rack", "none", NOW, 0, NOW, NOW, true},
};
/* clang-format on */

static void
add_row(struct fixture *f, const struct row *r)
{
	struct device *d = device_new(r->name);

	d->amt_version = mem_dup(r->version);
	d->control_mode = mem_dup(r->mode);
	d->error_code = mem_dup(r->code);
	d->error_text = mem_dup(r->error);
	d->reasons = mem_dup(r->reasons);
	d->os_host = mem_dup(r->os_host);
	d->amt_host = mem_dup(r->amt_host);
	d->os_domain = mem_dup(r->os_domain);
	d->amt_domain = mem_dup(r->amt_domain);
	d->ip_address = mem_dup(r->address);
	d->cert_not_after = r->cert_end;
	d->failures = r->failures;
	d->seen_at = r->seen;
	d->read_at = r->read;
	d->tls_enabled = r->tls;
	if (r->group != NULL)
		assert_works(store_group_take(
		    f->store, r->group, &d->group_id, &f->err));
	assert_works(store_device_add(f->store, d, &f->err));
	device_free(d);
}

/* Of all devices, with its messages. */
static void
add_run(struct fixture *f)
{
	struct task_run run = {.name = mem_dup("a run"),
	    .type = mem_dup("collect-properties"),
	    .settings = mem_dup("{}"),
	    .actor = mem_dup("cli:test"),
	    .target = TASK_DEVICES};
	int64_t ids[COUNT(rows)], id;
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		ids[i] = (int64_t)i + 1;
	assert_works(
	    task_run_make(f->store, &run, ids, COUNT(rows), NOW, &id, &f->err));
	assert_works(task_message_add(f->store, id, NOW, "made", &f->err));
	task_run_clear(&run);
}

static int
setup_fleet(void **state)
{
	struct fixture *f;
	int64_t vip, lab;
	bool changed;
	size_t i;

	if (setup(state) != 0)
		return -1;
	f = *state;
	for (i = 0; i < COUNT(rows); i++)
		add_row(f, &rows[i]);
	assert_works(store_tag_take(f->store, "VIP", &vip, &f->err));
	assert_works(store_tag_take(f->store, "Lab PCs", &lab, &f->err));
	assert_works(store_tag_apply(f->store, 1, vip, &changed, &f->err));
	assert_works(store_tag_apply(f->store, 1, lab, &changed, &f->err));
	assert_works(store_tag_apply(f->store, 3, lab, &changed, &f->err));
	assert_works(store_tag_exclude(f->store, 2, vip, &changed, &f->err));
	add_run(f);
	assert_works(store_commit(f->store, &f->err));
	return 0;
}

/* --- rows as text --- */

static int
add_cells(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct buf *out = cookie;
	size_t i;

	(void)err;
	for (i = 0; i < n; i++) {
		if (i > 0 || out->len > 0)
			buf_str(out, i == 0 ? " " : "|");
		if (!cells[i].known)
			buf_str(out, "-");
		else if (cells[i].text != NULL)
			buf_str(out, cells[i].text);
		else
			buf_printf(out, "%lld", (long long)cells[i].number);
	}
	return 0;
}

static char *
answer(struct fixture *f, const struct query_text *text)
{
	struct query *q = NULL;
	struct buf out;
	char *all;
	bool cut;

	buf_init(&out, 1 << 20);
	if (query_compile(store_graph(), text, NOW_MS, &q, &f->err) == 0) {
		if (store_query(f->store, q, add_cells, &out, &cut, &f->err) !=
		    0)
			fail_msg("%s: %s", query_sql(q), f->err.text);
		all = mem_dup(buf_text(&out));
	} else {
		all = mem_dup(f->err.text);
	}
	query_free(q);
	buf_free(&out);
	return all;
}

static void
check(struct fixture *f, const struct query_text *text, const char *wanted)
{
	char *got = answer(f, text);

	if (!str_eq(got, wanted))
		fail_msg("%s %s: \"%s\", not \"%s\"",
		    text->where != NULL ? text->where : "",
		    text->select != NULL ? text->select : "", got, wanted);
	free(got);
}

#define A "AMT_CustomProps."
#define L "EPOLeafNode."
/* What is asked, and the devices or the complaint that come of it. */
static const struct {
	const char *where, *wanted;
} operators[] = {
    {NULL, "a1 b2 c3 d4 E5"},
    {"", "a1 b2 c3 d4 E5"},
    {"()", "a1 b2 c3 d4 E5"},
    {"(where)", "a1 b2 c3 d4 E5"},
    /* the wrapper and white space */
    {"(where (eq EPOLeafNode.NodeName \"a1\"))", "a1"},
    {" ( WHERE\t( Eq epoleafnode.nodename 'A1' ) )\r\n", "a1"},
    {"(where(eq NodeName a1))", "a1"},
    {"(eq NodeName e5)", "E5"},
    /* logic */
    {"(and (eq " A "TLS 'Supported and Enabled')(gt " A "Failures 0))", "b2"},
    {"(or (eq NodeName a1) (eq NodeName b2) (eq NodeName c3))", "a1 b2 c3"},
    {"(and (notBlank " A "Version))", "a1 b2 c3"},
    {"(not (eq " A "Version '16.1.25'))", "b2 c3 d4 E5"},
    {"(not (not (eq " A "Version '16.1.25')))", "a1"},
    {"(not (and (ne NodeName a1) (ne NodeName d4)))", "a1 d4"},
    /* comparisons */
    {"(ne " A "Version '16.1.25')", "b2 c3 d4 E5"},
    {"(gt " A "Failures 3)", "c3"},
    {"(ge " A "Failures 3)", "b2 c3"},
    {"(lt " A "Failures 0)", "d4"},
    {"(le " A "Failures 0)", "a1 d4 E5"},
    {"(eq " A "Failures -2)", "d4"},
    {"(eq " A "Failures '3')", "b2"},
    {"(gt NodeName b2)", "c3 d4 E5"},
    {"(le NodeName 'B2')", "a1 b2"},
    {"(eq " A "FullyConfigured true)", "a1 b2 c3"},
    {"(eq " A "FullyConfigured 'No')", "E5"},
    {"(ne " A "FullyConfigured 1)", "d4 E5"},
    {"(eq " A "Renamed true)", "b2 c3"},
    {"(eq " A "Renamed false)", "a1 E5"},
    {"(eq " A "MajorVersion 16)", "a1 c3"},
    /* versions: E5 has none, but something */
    {"(versionEq " A "Version '16.1.25.0')", "a1"},
    {"(versionNe " A "Version '16.1.25')", "b2 c3 d4 E5"},
    {"(versionGt " A "Version '16.0.1')", "a1"},
    {"(versionLt " A "Version 16)", "b2"},
    {"(versionGe " A "Version '16.0.1')", "a1 c3"},
    {"(versionLe " A "Version '16.0.1')", "b2 c3"},
    {"(eq " A "Version '16.01.25')", "a1"},
    {"(lt " A "Version 16)", "b2"},
    {"(in " A "Version 11.8.50 '16.0.1')", "b2 c3"},
    {"(between " A "Version 11.8 '16.0.1')", "b2 c3"},
    {"(versionEq " A "Version 'x')",
	"where, character 36: Version is of type productVersion: "
	"wanted a version such as \"16.1.25\", not x"},
    /* addresses */
    {"(isInSubnet " A "IPAddress '10.1.0.0/16')", "a1"},
    {"(isInSubnet " A "IPAddress '10.0.0.0/255.0.0.0')", "a1 b2"},
    {"(isInSubnet " A "IPAddress 10.2.0.0 25)", ""},
    {"(isInSubnet " A "IPAddress 10.2.0.0 255.255.255.0)", "b2"},
    {"(isInSubnet " A "IPAddress 'fd00::/8')", "c3"},
    {"(isInSubnet " A "IPAddress '::/0')", "a1 b2 c3"},
    {"(isNotInSubnet " A "IPAddress '10.1.0.0/16')", "b2 c3 d4 E5"},
    {"(notInSubnet " A "IPAddress '10.0.0.0/8')", "c3 d4 E5"},
    {"(eq " A "IPAddress '10.1.2.3')", "a1"},
    {"(eq " A "IPAddress 'FD00:0::1:2')", "c3"},
    {"(eq " A "IPAddress none)", ""},
    {"(ne " A "IPAddress none)", "a1 b2 c3 d4 E5"},
    {"(in " A "IPAddress none 10.1.2.3)", "a1"},
    {"(gt EPOComputerProperties.IPAddress '10.1.2.3')", "b2 c3"},
    {"(startsWith " A "IPAddress '10.1.')", "a1"},
    {"(isInSubnet EPOComputerProperties.IPV6 '10.1.0.0/16')", "a1"},
    {"(eq EPOComputerProperties.IPV4x -1979645437)", "a1"},
    {"(isBlank EPOComputerProperties.IPV4x)", "c3 d4 E5"},
    /* blanks */
    {"(isBlank " A "Version)", "d4 E5"},
    {"(isNotBlank " A "Version)", "a1 b2 c3"},
    {"(isBlank " A "CertExpires)", "c3 d4"},
    {"(notBlank " A "CertExpires)", "a1 b2 E5"},
    {"(isBlank " A "FullyConfigured)", "d4"},
    {"(isBlank " A "Reasons)", "a1 E5"},
    {"(isBlank " A "Failures)", ""},
    /* texts */
    {"(startsWith " A "Version '16.')", "a1 c3"},
    {"(notStartsWith " A "Version '16.')", "b2 d4 E5"},
    {"(doesNotStartWith " A "Version '16.')", "b2 d4 E5"},
    {"(endsWith " A "Version '.25')", "a1"},
    {"(endsWith " A "Version '916.1.25')", ""},
    {"(notEndsWith " A "Version '.25')", "b2 c3 d4 E5"},
    {"(doesNotEndWith " A "Version '.25')", "b2 c3 d4 E5"},
    {"(contains " A "LastErrorMessage 'failed to ENFORCE policy')", "b2 E5"},
    {"(contains " A "LastErrorMessage '%')", "c3"},
    {"(contains " A "LastErrorMessage \"_it_\")", "c3"},
    {"(endsWith " A "LastErrorMessage 'Ärger')", "E5"},
    {"(startsWith " A "LastErrorMessage 'Ä')", ""},
    {"(notContains " A "LastErrorMessage '%')", "a1 b2 d4 E5"},
    {"(doesNotContain " A "LastErrorMessage '%')", "a1 b2 d4 E5"},
    /* lists: whole words */
    {"(contains " A "Reasons 'name-mismatch')", "d4"},
    {"(contains " A "Reasons 'Certificate-name-mismatch')", "c3"},
    {"(notContains " A "Reasons 'clock-skew')", "a1 b2 d4 E5"},
    /* sets and ranges */
    {"(in NodeName 'a1' \"E5\" zz)", "a1 E5"},
    {"(notIn NodeName 'a1' \"E5\")", "b2 c3 d4"},
    {"(in " A "Failures 3 7)", "b2 c3"},
    {"(between " A "Failures 3 7)", "b2 c3"},
    {"(between NodeName 'b' 'd')", "b2 c3"},
    {"( between " A "CertExpires (timestamp 1699913600000) (timestamp "
     "1700000000000))",
	"b2 E5"},
    /* times; NOW is a half second after E5's */
    {"(eq " A "CertExpires (timestamp 1700000000000))", "E5"},
    {"(eq " A "CertExpires (timestamp 1700000000500))", ""},
    {"(ne " A "CertExpires (timestamp 1700000000000))", "a1 b2 c3 d4"},
    {"(in " A "CertExpires (timestamp 1700000000000) 5)", "E5"},
    {"(lt " A "CertExpires (timestamp 1700000000001))", "b2 E5"},
    {"(lt " A "CertExpires (timestamp 1700000000000))", "b2"},
    {"(le " A "CertExpires (timestamp 1699999999999))", "b2"},
    {"(ge " A "CertExpires (timestamp 1699999999001))", "a1 E5"},
    {"(gt " A "CertExpires (timestamp 1699999999999))", "a1 E5"},
    {"(gt " A "CertExpires '2023-11-14T22:13:20Z')", "a1"},
    {"(olderThan " L "LastUpdate 86400000)", "b2"},
    {"(newerThan " L "LastUpdate 86400000)", "a1 c3 E5"},
    {"(newerThan " L "LastUpdate 500)", "E5"},
    {"(newerThan " L "LastUpdate 499)", ""},
    {"(olderThan " A "CertExpires -2592000000)", "a1 b2 E5"},
    /* 21:00 to 22:00; c3 was seen at 21:13, a1 at 22:12 */
    {"(newerThanFull " L "LastUpdate 3600000)", "c3"},
    /* tags */
    {"(hasTag " L "AppliedTags 'vip')", "a1"},
    {"(hasTag " L "AppliedTags 2)", "a1 c3"},
    {"(hasTag " L "AppliedTags VIP \"Lab PCs\")", "a1 c3"},
    {"(containsTag " L "AppliedTags 'PC')", "a1 c3"},
    {"(hasTagExcluded " L "AppliedTags VIP)", "b2"},
    {"(doesNotHaveTag " L "AppliedTags 'VIP')", "b2 c3 d4 E5"},
    {"(doesNotHaveAnyTag " L "AppliedTags)", "b2 d4 E5"},
    /* the tree: 1 root, 2 Berlin, 3 Lab, 4 Paris, 5 Rack */
    {"(childOf " L "parentId 2)", "b2"},
    {"(childOf " L "parentId 3 4)", "c3 d4"},
    {"(descendsFrom " L "parentId 2)", "b2 c3 E5"},
    {"(descendsFrom " L "parentId 1)", "a1 b2 c3 d4 E5"},
    {"(descendsFrom " L "parentId 5 4)", "d4 E5"},
    {"(descendsFrom " L "parentId 99)", ""},
    {"(eq EPOBranchNode.NodeName 'LAB')", "c3"},
    {"(startsWith EPOBranchNode.NodeTextPath 'My "
     "Organization\\Berlin\\\\')",
	"c3 E5"},
    /* states */
    {"(stateEq " L "ManagedState \"managed\")", "a1 b2 c3 E5"},
    {"(stateEq " L "ManagedState 'Unmanaged')", "d4"},
    {"(stateNe " L "ManagedState managed)", "d4"},
    {"(eq " L "ManagedState 0)", "d4"},
};

static void
test_operators(void **state)
{
	struct query_text text = {.target = "EPOLeafNode",
	    .select = "(select EPOLeafNode.NodeName)",
	    .order = "(order (az EPOLeafNode.NodeName))"};
	size_t i;

	for (i = 0; i < COUNT(operators); i++) {
		text.where = operators[i].where;
		check(*state, &text, operators[i].wanted);
	}
}

/* As many arguments as there may be. */
static void
test_many(void **state)
{
	static const struct {
		const char *begin, *one;
	} cases[] = {
	    {"(hasTag AppliedTags 'VIP'", " none"},
	    {"(doesNotHaveTag AppliedTags", " VIP"},
	    {"(descendsFrom ParentID 2", " 99"},
	    {"(in NodeName a1", " x"},
	};
	struct query_text text = {
	    .target = "EPOLeafNode", .select = "NodeName", .order = "AutoID"};
	struct fixture *f = *state;
	struct buf where;
	char *few, *many;
	size_t i, k;

	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&where, QUERY_TEXT_MAX);
		buf_printf(&where, "%s%s)", cases[i].begin, cases[i].one);
		text.where = buf_text(&where);
		few = answer(f, &text);
		buf_reset(&where);
		buf_str(&where, cases[i].begin);
		for (k = 0; k < 3900; k++)
			buf_str(&where, cases[i].one);
		buf_char(&where, ')');
		text.where = buf_text(&where);
		many = answer(f, &text);
		assert_string_equal(many, few);
		assert_null(strstr(few, "character"));
		free(few);
		free(many);
		buf_free(&where);
	}
	buf_init(&where, QUERY_TEXT_MAX);
	for (i = 0; i <= QUERY_COLUMNS_MAX; i++)
		buf_str(&where, "AutoID ");
	text.where = NULL;
	text.order = buf_text(&where);
	check(f, &text, "order, character 1401: more than 200 columns");
	text.order = NULL;
	text.group = buf_text(&where);
	text.select = "(count)";
	check(f, &text, "group, character 1401: more than 200 columns");
	buf_free(&where);
}

/* Each condition so deep within others that say nothing. */
static void
check_deep(struct fixture *f, size_t at, const char *begin, const char *end,
    size_t depth)
{
	struct query_text text = {
	    .target = "EPOLeafNode", .select = "NodeName", .order = "AutoID"};
	struct buf where;
	size_t i;

	buf_init(&where, QUERY_TEXT_MAX);
	for (i = 0; i < depth; i++)
		buf_str(&where, begin);
	buf_str(&where, operators[at].where);
	for (i = 0; i < depth; i++)
		buf_str(&where, end);
	text.where = buf_text(&where);
	check(f, &text, operators[at].wanted);
	buf_free(&where);
}

static void
test_deep(void **state)
{
	static const char begin[] = "(where";
	struct fixture *f = *state;
	size_t i, asked = 0;

	for (i = 0; i < COUNT(operators); i++) {
		if (operators[i].where == NULL ||
		    operators[i].where[0] != '(' ||
		    operators[i].where[1] == ')' ||
		    strncmp(operators[i].where, begin, strlen(begin)) == 0 ||
		    strstr(operators[i].wanted, "character") != NULL)
			continue;
		asked++;
		check_deep(f, i, "(not ", ")", 56);
		check_deep(f, i, "(and (ne AutoID 0) ", ")", 54);
		check_deep(f, i, "(or ", " (eq AutoID 0))", 54);
		check_deep(
		    f, i, "(not (or (eq AutoID 0) (eq AutoID 0) ", "))", 28);
	}
	assert_true(asked > 50);
}

static void
has_case(const char *bytes, const char *name)
{
	char *word = mem_printf("(%s ", name);

	if (strstr(bytes, word) == NULL)
		fail_msg("no case of %s", word);
	free(word);
}

/* Each word of the language stands in the tables of this file. */
static void
test_all_operators_have_cases(void **state)
{
	size_t i, len;
	char *bytes;
	FILE *in = fopen(TESTS_DIR "/unit/store/test_query.c", "re");

	(void)state;
	assert_non_null(in);
	bytes = mem_alloc(1 << 17);
	len = fread(bytes, 1, (1 << 17) - 1, in);
	assert_true(len > 0 && len < (1 << 17) - 1);
	(void)fclose(in);
	assert_non_null(query_operator(0));
	for (i = 0; query_operator(i) != NULL; i++)
		has_case(bytes, query_operator(i)->name);
	assert_non_null(query_function(0));
	for (i = 0; query_function(i) != NULL; i++)
		has_case(bytes, query_function(i)->name);
	free(bytes);
}

static void
test_clauses(void **state)
{
	static const struct {
		struct query_text text;
		const char *wanted;
	} cases[] = {
	    {{"EPOLeafNode", "(select (top 2) NodeName)", NULL,
		 "(order (desc NodeName))", NULL, NULL, NULL, 0, 0},
		"E5 d4"},
	    {{"EPOLeafNode", "NodeName, AMT_CustomProps.TLS", NULL,
		 "(za EPOLeafNode.NodeName)", NULL, NULL, NULL, 1, 0},
		"E5|Supported and Enabled"},
	    {{"EPOLeafNode", NULL, NULL,
		 "(order (desc (count)) AMT_CustomProps.TLS)",
		 "(group AMT_CustomProps.TLS)", NULL, NULL, 0, 0},
		"Supported and Enabled|3 -|1 Supported and Disabled|1"},
	    {{"AMT_CustomProps",
		 "(select TLS (count) (count Version) (min Failures)"
		 " (max Failures) (sum Failures) (avg Failures)"
		 " (min CertExpires))",
		 "(eq TLS 'supported and enabled')", NULL, "TLS", NULL, NULL, 0,
		 0},
		"Supported and Enabled|3|3|0|3|3|1|1699913600"},
	    {{"EPOLeafNode", "(select (count))",
		 "(gt AMT_CustomProps.Failures "
		 "1)",
		 NULL, NULL, NULL, NULL, 0, 0},
		"2"},
	    {{"EPOBranchNode", "(select AutoID NodeTextPath ParentID)", NULL,
		 "AutoID", NULL, NULL, NULL, 0, 0},
		"1|My Organization|- 2|My Organization\\Berlin|1"
		" 3|My Organization\\Berlin\\Lab|2 4|My Organization\\Paris|1"
		" 5|My Organization\\Berlin\\Lab\\Rack|3"},
	    {{"EPOBranchNode", "(select NodeName EPOLeafNode.NodeName)",
		 "(descendsFrom ParentID 2)", "EPOLeafNode.NodeName", NULL,
		 NULL, NULL, 0, 0},
		"Lab|c3 Rack|E5"},
	    {{"EPOLeafNode", "(select Tags ExcludedTags AppliedTags)",
		 "(in NodeName a1 b2)", "NodeName", NULL, NULL, NULL, 0, 0},
		"Lab PCs, VIP||Lab PCs, VIP |VIP|-"},
	    {{"EPOLeafNode", "(select (top 1) NodeName)",
		 "(gt AMT_CustomProps.Failures 1)", "NodeName", NULL, NULL,
		 "EPOLeafNode.AutoID", 0, 0},
		"2"},
	    {{"EPOComputerProperties",
		 "(select EPOLeafNode.NodeName IPAddress IPV4x IPV6)", NULL,
		 "(order (desc IPAddress))", NULL, NULL, NULL, 0, 0},
		"c3|fd00::1:2|-|FD00:0:0:0:0:0:1:2"
		" b2|10.2.0.200|-1979580216|0:0:0:0:0:FFFF:A02:C8"
		" a1|10.1.2.3|-1979645437|0:0:0:0:0:FFFF:A01:203"
		" d4|-|-|- E5|none|-|-"},
	    {{"AMT_CustomProps",
		 "(select (min Version) (max Version) (max IPAddress))", NULL,
		 NULL, NULL, NULL, NULL, 0, 0},
		"11.8.50|16.1.25|fd00::1:2"},
	    {{"AMT_CustomProps", "(select Version)", "(notBlank Version)",
		 "(order (asc Version))", NULL, NULL, NULL, 0, 0},
		"11.8.50 16.0.1 16.1.25"},
	    {{"AMT_CustomProps",
		 "(select (month CertExpires) (quarter CertExpires)"
		 " (year CertExpires) (week CertExpires) (day CertExpires)"
		 " (hour CertExpires) (dayOfWeek CertExpires)"
		 " (hourOfDay CertExpires))",
		 "(in LeafNodeID 1 3)", "LeafNodeID", NULL, NULL, NULL, 0, 0},
		"2023-11|2023-Q4|2023|2023-W47|2023-11-24|2023-11-24T22:00Z"
		"|5|22 -|-|-|-|-|-|-|-"},
	    {{"AMT_CustomProps", NULL, NULL,
		 "(order (desc (count)) (day CertExpires))",
		 "(group (day CertExpires))", NULL, NULL, 0, 0},
		"-|2 2023-11-13|1 2023-11-14|1 2023-11-24|1"},
	    {{"EPOComputerProperties", "(select ComputerName IPHostName)",
		 "(eq EPOLeafNode.NodeName c3)", NULL, NULL, NULL, NULL, 0, 0},
		"c3|c3.x.test"},
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		check(*state, &cases[i].text, cases[i].wanted);
}

/* All columns of all tables, joined to each: every declared SQL text is good.
 * What "*" stands for is in test_query_runs.c. */
static void
test_all_columns(void **state)
{
	const struct query_graph *g = store_graph();
	struct query_text text = {.top = 100};
	struct fixture *f = *state;
	struct buf out, join;
	struct query *q;
	size_t i, j, n, wanted = 0;
	bool cut;

	buf_init(&join, 1000);
	for (i = 0; i < g->table_count; i++) {
		buf_printf(&join, "%s ", g->tables[i].name);
		wanted += g->tables[i].count;
	}
	text.join = buf_text(&join);
	for (i = 0; i < g->table_count; i++) {
		text.target = g->tables[i].name;
		assert_works(query_compile(g, &text, NOW_MS, &q, &f->err));
		(void)query_outputs(q, &n);
		assert_int_equal(n, wanted);
		buf_init(&out, 1 << 20);
		assert_works(
		    store_query(f->store, q, add_cells, &out, &cut, &f->err));
		for (j = 0; j < COUNT(rows); j++)
			assert_non_null(strstr(buf_text(&out), rows[j].name));
		buf_free(&out);
		query_free(q);
	}
	buf_free(&join);
}

/* --- what else there is --- */

/* A record that changes takes its key along, and one from before there were
 * keys gets its own when the store is opened. */
static void
test_keys(void **state)
{
	const struct query_text later = {.target = "EPOLeafNode",
	    .select = "(select NodeName)",
	    .where = "(and (versionGt AMT_CustomProps.Version 16)"
		     " (isInSubnet AMT_CustomProps.IPAddress '10.0.0.0/8'))",
	    .order = "NodeName"};
	struct fixture *f = *state;
	struct device *d;
	int64_t token;

	check(f, &later, "a1");
	assert_works(
	    store_lease_take(f->store, 2, "test", 1, 9, &token, &f->err));
	assert_works(store_device_get(f->store, 2, &d, &f->err));
	mem_replace(&d->amt_version, "16.1.30");
	assert_works(store_device_save_state(f->store, d, token, &f->err));
	assert_works(store_commit(f->store, &f->err));
	device_free(d);
	check(f, &later, "a1 b2");
	tamper(f,
	    "UPDATE device SET amt_version_key = NULL, ip_address_key = NULL;"
	    "INSERT INTO meta (key, value) VALUES ('keys', x'01')");
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	check(f, &later, "a1 b2");
	/* Once, and not at every start. */
	tamper(f, "UPDATE device SET amt_version_key = NULL WHERE id = 2");
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	check(f, &later, "a1");
}

static int
count_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	size_t *count = cookie;

	(void)cells;
	(void)n;
	(void)err;
	++*count;
	return 0;
}

/* Without (top N) there is a limit, and it is said when it cut something. */
static void
test_cut(void **state)
{
	struct query_text text = {
	    .target = "EPOLeafNode", .select = "NodeName"};
	struct fixture *f = *state;
	struct query *q;
	size_t count = 0;
	bool cut;

	reopen(f);
	tamper(f,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 100001) INSERT INTO device (name)"
	    " SELECT 'pc' || i FROM n");
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	assert_works(query_compile(store_graph(), &text, NOW_MS, &q, &f->err));
	assert_works(
	    store_query(f->store, q, count_row, &count, &cut, &f->err));
	assert_int_equal(count, QUERY_ROWS_DEFAULT);
	assert_true(cut);
	query_free(q);
	text.top = (int64_t)count + 1;
	count = 0;
	assert_works(query_compile(store_graph(), &text, NOW_MS, &q, &f->err));
	assert_works(
	    store_query(f->store, q, count_row, &count, &cut, &f->err));
	assert_int_equal(count, QUERY_ROWS_DEFAULT + 1);
	assert_false(cut);
	query_free(q);
}

static int
try_saved(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct fixture *f = cookie;
	struct query_text text = {.target = saved->target,
	    .select = saved->select,
	    .where = saved->where,
	    .order = saved->order,
	    .group = saved->group};
	struct query *q;
	size_t count = 0;
	bool cut;

	if (query_compile(store_graph(), &text, NOW_MS, &q, err) != 0)
		fail_msg("%s: %s", saved->name, err->text);
	assert_works(store_query(f->store, q, count_row, &count, &cut, err));
	query_free(q);
	return 0;
}

static int
take_name(void *cookie, const struct store_saved *saved, struct err *err)
{
	char **out = cookie;

	(void)err;
	mem_replace(out, saved->name);
	return 0;
}

static void
test_saved(void **state)
{
	struct store_saved own = {.name = "Mine",
	    .target = "EPOLeafNode",
	    .where = "(eq NodeName 'a1')"};
	struct fixture *f = *state;
	char *name = NULL;

	assert_works(store_saved_put(f->store, &own, false, &f->err));
	assert_fails(
	    store_saved_put(f->store, &own, false, &f->err), ERR_CONFLICT);
	own.note = "better";
	own.chart = "pie";
	assert_works(store_saved_put(f->store, &own, true, &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_works(store_saved_scan(f->store, try_saved, f, &f->err));
	assert_works(
	    store_saved_find(f->store, "mine", take_name, &name, &f->err));
	assert_string_equal(name, "Mine");
	assert_works(
	    store_saved_find(f->store, "100", take_name, &name, &f->err));
	assert_string_equal(name, "Mine");
	assert_works(store_saved_find(
	    f->store, "amt-communication-ERRORS", take_name, &name, &f->err));
	assert_string_equal(name, "AMT communication errors");
	assert_works(store_saved_remove(f->store, "MINE", &f->err));
	assert_fails(
	    store_saved_find(f->store, "mine", take_name, &name, &f->err),
	    ERR_NOTFOUND);
	assert_fails(
	    store_saved_remove(f->store, "MINE", &f->err), ERR_NOTFOUND);
	assert_fails(
	    store_saved_remove(f->store, "clock skew", &f->err), ERR_REFUSED);
	own.name = "Clock-Skew";
	assert_fails(
	    store_saved_put(f->store, &own, true, &f->err), ERR_CONFLICT);
	own.name = "12";
	assert_fails(
	    store_saved_put(f->store, &own, true, &f->err), ERR_INVALID);
	free(name);
}

static void
test_groups_and_tags(void **state)
{
	struct fixture *f = *state;
	int64_t id, again;
	bool changed;

	assert_works(store_group_take(f->store, "", &id, &f->err));
	assert_int_equal(id, STORE_GROUP_ROOT);
	assert_works(
	    store_group_take(f->store, "my organization/BERLIN", &id, &f->err));
	assert_int_equal(id, 2);
	id = 0;
	assert_works(store_group_find(f->store, "berlin", &id, &f->err));
	assert_int_equal(id, 2);
	assert_works(
	    store_group_find(f->store, "My Organization", &id, &f->err));
	assert_int_equal(id, STORE_GROUP_ROOT);
	assert_fails(
	    store_group_find(f->store, "berlin/x", &id, &f->err), ERR_NOTFOUND);
	assert_fails(
	    store_group_take(f->store, "a\\\\b", &id, &f->err), ERR_INVALID);
	assert_fails(
	    store_group_take(f->store, "a/ b", &id, &f->err), ERR_INVALID);
	assert_fails(store_tag_take(f->store, "", &id, &f->err), ERR_INVALID);
	assert_fails(store_tag_take(f->store, "17", &id, &f->err), ERR_INVALID);
	assert_fails(
	    store_tag_take(f->store, "a,b", &id, &f->err), ERR_INVALID);
	assert_works(store_tag_find(f->store, "vip", &id, &f->err));
	assert_works(store_tag_take(f->store, "vIp", &again, &f->err));
	assert_int_equal(id, again);
	/* An excluded device does not get it. */
	assert_works(store_tag_apply(f->store, 2, id, &changed, &f->err));
	assert_false(changed);
	assert_works(store_tag_clear(f->store, 2, id, &changed, &f->err));
	assert_true(changed);
	assert_works(store_tag_apply(f->store, 2, id, &changed, &f->err));
	assert_true(changed);
	assert_works(store_tag_exclude(f->store, 2, id, &changed, &f->err));
	assert_true(changed);
	/* With its device or its tag it is gone. */
	assert_works(store_device_remove(f->store, 2, &f->err));
	assert_works(store_tag_remove(f->store, id, &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_fails(
	    store_tag_find(f->store, "vip", &id, &f->err), ERR_NOTFOUND);
}

#define FLEET(name) cmocka_unit_test_setup_teardown(name, setup_fleet, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FLEET(test_operators),
	    FLEET(test_deep),
	    FLEET(test_many),
	    cmocka_unit_test(test_all_operators_have_cases),
	    FLEET(test_clauses),
	    FLEET(test_all_columns),
	    FLEET(test_keys),
	    TEST(test_cut),
	    FLEET(test_saved),
	    FLEET(test_groups_and_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
