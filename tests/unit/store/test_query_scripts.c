/* The columns that scripts written for ePO name: one that is not there would
 * be an error for the whole query. Each with its value for one device. */
#include "fixture.h"

#include "buf.h"
#include "query.h"
#include "str.h"

#define NOW_MS INT64_C(1700000000500) /* 2023-11-14T22:13:20.5Z */
#define NOW INT64_C(1700000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNKNOWN NULL
#define LAB "My Organization\\Berlin\\Lab"

struct named {
	const char *column, *value;
};

/* clang-format off */
#define L "EPOLeafNode."
#define B "EPOBranchNode."
#define C "EPOComputerProperties."
static const struct named named[] = {
    {L "AutoID", "1"}, {L "NodeName", "pc1"}, {L "ParentID", "3"},
    {L "parentId", "3"}, {L "Tags", "VIP"}, {L "AppliedTags", "VIP"},
    {L "ExcludedTags", ""}, {L "AgentGUID", "u-1"}, {L "AgentVersion", UNKNOWN},
    {L "LastUpdate", "1700000000"}, {L "ManagedState", "1"},
    {L "NodeTextPath2", LAB},
    {B "AutoID", "3"}, {B "NodeName", "Lab"}, {B "NodeTextPath", LAB},
    {B "NodeTextPath2", LAB},
    {C "ParentID", "1"}, {C "ComputerName", "pc1"}, {C "Description", "a desk"},
    {C "SystemDescription", UNKNOWN}, {C "TimeZone", UNKNOWN},
    {C "DefaultLangID", UNKNOWN}, {C "UserName", UNKNOWN},
    {C "DomainName", "x.test"}, {C "IPHostName", "pc1.x.test"},
    {C "IPV6", "0:0:0:0:0:FFFF:A01:203"}, {C "IPAddress", "10.1.2.3"},
    {C "IPSubnet", UNKNOWN}, {C "IPSubnetMask", UNKNOWN},
    {C "IPV4x", "-1979645437"}, {C "IPXAddress", UNKNOWN},
    {C "SubnetAddress", UNKNOWN}, {C "SubnetMask", UNKNOWN},
    {C "NetAddress", "0200000000AB"}, {C "OSType", UNKNOWN},
    {C "OSVersion", UNKNOWN}, {C "OSServicePackVer", UNKNOWN},
    {C "OSBuildNum", UNKNOWN}, {C "OSPlatform", UNKNOWN},
    {C "OSOEMID", UNKNOWN}, {C "CPUType", UNKNOWN}, {C "CPUSpeed", UNKNOWN},
    {C "NumOfCPU", UNKNOWN}, {C "CPUSerialNum", UNKNOWN},
    {C "TotalPhysicalMemory", UNKNOWN}, {C "FreeMemory", UNKNOWN},
    {C "FreeDiskSpace", UNKNOWN}, {C "TotalDiskSpace", UNKNOWN},
    {C "IsPortable", UNKNOWN}, {C "Vdi", UNKNOWN}, {C "OSBitMode", UNKNOWN},
    {C "LastAgentHandler", UNKNOWN}, {C "UserProperty1", "one"},
    {C "UserProperty2", "two"}, {C "UserProperty3", "three"},
    {C "UserProperty4", "four"}, {C "UserProperty5", UNKNOWN},
    {C "UserProperty6", UNKNOWN}, {C "UserProperty7", UNKNOWN},
    {C "UserProperty8", UNKNOWN}, {C "SysvolFreeSpace", UNKNOWN},
    {C "SysvolTotalSpace", UNKNOWN},
};
/* clang-format on */

static int
setup_device(void **state)
{
	struct device *d = device_new("pc1");
	struct fixture *f;
	bool changed;
	int64_t tag;

	if (setup(state) != 0)
		return -1;
	f = *state;
	d->uuid = mem_dup("u-1");
	d->os_host = mem_dup("pc1");
	d->os_domain = mem_dup("x.test");
	d->ip_address = mem_dup("10.1.2.3");
	d->mac = mem_dup("02:00:00:00:00:ab");
	d->description = mem_dup("a desk");
	d->custom1 = mem_dup("one");
	d->custom2 = mem_dup("two");
	d->custom3 = mem_dup("three");
	d->custom4 = mem_dup("four");
	d->seen_at = NOW;
	assert_works(
	    store_group_take(f->store, "Berlin\\Lab", &d->group_id, &f->err));
	assert_works(store_device_add(f->store, d, &f->err));
	device_free(d);
	assert_works(store_tag_take(f->store, "VIP", &tag, &f->err));
	assert_works(store_tag_apply(f->store, 1, tag, &changed, &f->err));
	assert_works(store_commit(f->store, &f->err));
	return 0;
}

/* --- one query for all of them --- */

struct seen {
	size_t rows, columns;
};

static int
compare(void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct seen *seen = cookie;
	const char *value;
	char number[24];
	size_t i;

	(void)err;
	seen->rows++;
	seen->columns = n;
	for (i = 0; i < n && i < COUNT(named); i++) {
		(void)snprintf(
		    number, sizeof(number), "%lld", (long long)cells[i].number);
		value = cells[i].text != NULL ? cells[i].text : number;
		if (!str_eq(cells[i].known ? value : UNKNOWN, named[i].value))
			fail_msg("%s: %s", named[i].column,
			    cells[i].known ? value : "not known");
	}
	return 0;
}

static void
run(struct fixture *f, const struct query_text *text, struct seen *seen)
{
	struct query *q = NULL;
	bool cut;

	if (query_compile(store_graph(), text, NOW_MS, &q, &f->err) != 0 ||
	    store_query(f->store, q, compare, seen, &cut, &f->err) != 0)
		fail_msg("%s", f->err.text);
	query_free(q);
}

static void
test_one_query(void **state)
{
	struct query_text text = {.target = "EPOLeafNode"};
	struct seen seen = {0, 0};
	struct buf select;
	size_t i;

	buf_init(&select, QUERY_TEXT_MAX);
	buf_str(&select, "(select");
	for (i = 0; i < COUNT(named); i++)
		buf_printf(&select, " %s", named[i].column);
	buf_str(&select, ")");
	text.select = buf_text(&select);
	run(*state, &text, &seen);
	assert_int_equal(seen.rows, 1);
	assert_int_equal(seen.columns, COUNT(named));
	buf_free(&select);
}

/* --- each of them in every clause --- */

static int
count_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	size_t *rows = cookie;

	(void)cells;
	(void)n;
	(void)err;
	++*rows;
	return 0;
}

static size_t
rows_of(struct fixture *f, const struct query_text *text)
{
	struct query *q = NULL;
	size_t rows = 0;
	bool cut;

	if (query_compile(store_graph(), text, NOW_MS, &q, &f->err) != 0 ||
	    store_query(f->store, q, count_row, &rows, &cut, &f->err) != 0)
		fail_msg("%s", f->err.text);
	query_free(q);
	return rows;
}

/* How many rows are so. */
static size_t
so(struct fixture *f, const char *op, const char *column, const char *value)
{
	char *where = mem_printf("(%s %s %s)", op, column, value);
	const struct query_text text = {
	    .target = "EPOLeafNode", .where = where};
	size_t rows = rows_of(f, &text);

	free(where);
	return rows;
}

static void
test_every_clause(void **state)
{
	struct query_text text = {.target = "EPOLeafNode"};
	const char *column;
	size_t i;

	for (i = 0; i < COUNT(named); i++) {
		column = named[i].column;
		text.order = column;
		text.group = NULL;
		assert_int_equal(rows_of(*state, &text), 1);
		text.group = column;
		assert_int_equal(rows_of(*state, &text), 1);
		if (named[i].value != UNKNOWN)
			continue;
		assert_int_equal(so(*state, "isBlank", column, ""), 1);
		assert_int_equal(so(*state, "eq", column, "\"1\""), 0);
		assert_int_equal(so(*state, "ne", column, "\"1\""), 1);
	}
	column = L "AgentVersion";
	assert_int_equal(so(*state, "versionLt", column, "\"5.6\""), 0);
	assert_int_equal(so(*state, "eq", L "NodeTextPath2", "'" LAB "'"), 1);
}

/* --- what is not known says so --- */

static const char *
help_of(const char *name)
{
	const struct query_table *t;
	const char *dot = strchr(name, '.');
	char *table = mem_dup_len(name, (size_t)(dot - name));
	size_t i;

	t = query_table(store_graph(), table);
	free(table);
	assert_non_null(t);
	for (i = 0; i < t->count; i++)
		if (str_ieq(t->columns[i].name, dot + 1))
			return t->columns[i].help;
	fail_msg("%s", name);
	return "";
}

static void
test_help(void **state)
{
	const char *help;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(named); i++) {
		help = help_of(named[i].column);
		if ((strstr(help, "; not known here") != NULL) !=
		    (named[i].value == UNKNOWN))
			fail_msg("%s: %s", named[i].column, help);
	}
}

#define DEVICE(name)                                                           \
	cmocka_unit_test_setup_teardown(name, setup_device, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    DEVICE(test_one_query),
	    DEVICE(test_every_clause),
	    cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
