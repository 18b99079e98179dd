/* The summaries of ePO's exports: what is taken, and what is said of the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query_summary_internal.h"
#include "query_uri_internal.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
same(const char *uri, const char *what, const char *got, const char *wanted)
{
	if (!str_eq(got, wanted))
		fail_msg("%s: %s is %s, not %s", uri == NULL ? "nothing" : uri,
		    what, got == NULL ? "nothing" : got,
		    wanted == NULL ? "nothing" : wanted);
}

static void
test_summaries(void **state)
{
#define Q "query:summary?"
#define SUM Q "orion.sum.query=true&orion.query.type="
	static const struct {
		const char *uri, *select, *group, *order, *chart, *note;
	} cases[] = {
	    {NULL, NULL, NULL, NULL, NULL, NULL},
	    {"", NULL, NULL, NULL, NULL, NULL},
	    /* as exports have it, in both orders */
	    {Q "orion.query.type=table.table&orion.sum.query=false", NULL, NULL,
		NULL, NULL, NULL},
	    {Q "orion.sum.query=false&orion.query.type=table.table", NULL, NULL,
		NULL, NULL, NULL},
	    /* our reading */
	    {SUM "pie.pie&orion.sum.group.by=AMT_CustomProps.TLS&"
		 "orion.sum.order=desc&orion.sum.aggregation=count",
		"(select AMT_CustomProps.TLS (count))",
		"(group AMT_CustomProps.TLS)", "(order (desc (count)))", "pie",
		NULL},
	    {SUM "bar.stacked&orion.sum.group.by=A.B%3AC.D&orion.sum.order=az",
		"(select A.B C.D (count))", "(group A.B C.D)",
		"(order (asc A.B))", "bar", NULL},
	    {SUM "LINE.line&orion.sum.group.by=A.B&orion.sum.order=za",
		"(select A.B (count))", "(group A.B)", "(order (desc A.B))",
		"line", NULL},
	    /* what is not understood */
	    {SUM "bubble.bubble&orion.sum.group.by=A.B", "(select A.B (count))",
		"(group A.B)", NULL, NULL, "drawn as bars, not as bubble"},
	    {SUM "pie.pie", NULL, NULL, NULL, "pie",
		"its rows were taken: no grouping that is understood"},
	    {SUM "pie.pie&orion.sum.group.by=A.B&orion.sum.aggregation=sum",
		NULL, NULL, NULL, "pie",
		"its rows were taken: it does not "
		"count"},
	    {SUM "pie.pie&orion.sum.group.by=A.B&orion.sum.order=up&"
		 "pie.slice.title=Slice+%26+more",
		"(select A.B (count))", "(group A.B)", NULL, "pie",
		"not in the order up; not taken: pie.slice.title"},
	    {Q "orion.sum.group.by=A.B", NULL, NULL, NULL, NULL, NULL},
	    {Q "&&=&x", NULL, NULL, NULL, NULL, "not taken: x"},
	    {Q "a%1b%5d=1", NULL, NULL, NULL, NULL, "not taken: a\\x1B]"},
	};
	struct query_summary s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		query_summary_read(cases[i].uri, &s);
		same(cases[i].uri, "select", s.select, cases[i].select);
		same(cases[i].uri, "group", s.group, cases[i].group);
		same(cases[i].uri, "order", s.order, cases[i].order);
		same(cases[i].uri, "chart", s.chart, cases[i].chart);
		same(cases[i].uri, "note", s.note, cases[i].note);
		query_summary_clear(&s);
	}
}

static void
test_values(void **state)
{
	static const char uri[] =
	    "query:table?b=&a=%28x+%2by%2F%29&a=2&c=%zz%4%\x12\x12&%62=late";
	static const struct {
		const char *name, *value;
	} cases[] = {{"a", "(x +y/)"}, {"b", "late"}, {"c", "%zz%4%\x12\x12"},
	    {"d", NULL}, {"", NULL}};
	char *value;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		value = query_uri_value(uri, cases[i].name);
		same(uri, cases[i].name, value, cases[i].value);
		free(value);
	}
	assert_null(query_uri_value(NULL, "a"));
	assert_null(query_uri_value("no=parameters", "no"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_summaries), cmocka_unit_test(test_values)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
