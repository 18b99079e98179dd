/* How charts of values and periods are drawn: pies, lines, nothing. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "mem.h"
#include "report.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct value {
	const char *label; /* NULL: not known */
	int64_t count;
};

/* Rows of a query by groups: what they are grouped by, and how many. */
static char *
drawn(enum report_drawing drawing, enum report_chart chart,
    const struct value *values, size_t count)
{
	const struct report_column columns[] = {
	    {"Result", REPORT_STRING, chart},
	    {"count", REPORT_INT, REPORT_WEIGHT}};
	struct report_conf conf = {.format = REPORT_HTML,
	    .columns = columns,
	    .count = COUNT(columns),
	    .drawing = drawing};
	struct report_cell cells[2];
	struct err err = {.kind = ERR_NONE};
	struct report *r;
	char *text = NULL;
	size_t len, i;

	conf.out = open_memstream(&text, &len);
	assert_non_null(conf.out);
	r = report_new(&conf);
	for (i = 0; i < count; i++) {
		memset(cells, 0, sizeof(cells));
		cells[0].nothing = values[i].label == NULL;
		cells[0].text = values[i].label;
		cells[1].number = values[i].count;
		assert_int_equal(report_row(r, cells, &err), 0);
	}
	assert_int_equal(report_end(r, false, &err), 0);
	assert_int_equal(fclose(conf.out), 0);
	return text;
}

static size_t
times(const char *text, const char *part)
{
	size_t n = 0;

	for (text = strstr(text, part); text != NULL;
	     text = strstr(text + 1, part))
		n++;
	return n;
}

static bool
near(double a, double b)
{
	return fabs(a - b) < 0.02;
}

/* Each slice begins where the one before ended, on the circle, and the last
 * ends at the top. */
static void
check_round(const char *text, size_t slices)
{
	double x = 100, y = 10, from_x, from_y, to_x, to_y;
	const char *at = text;
	size_t i;
	int large;

	for (i = 0; i < slices; i++) {
		at = strstr(at, " d=\"M100 100 L");
		assert_non_null(at);
		assert_int_equal(sscanf(at,
				     " d=\"M100 100 L%lf %lf A90 90 0 %d 1 "
				     "%lf %lf Z",
				     &from_x, &from_y, &large, &to_x, &to_y),
		    5);
		assert_true(near(from_x, x) && near(from_y, y));
		assert_true(near(hypot(to_x - 100, to_y - 100), 90));
		x = to_x;
		y = to_y;
		at++;
	}
	assert_true(near(x, 100) && near(y, 10));
}

static void
test_pie(void **state)
{
	static const struct value values[] = {
	    {"failed", 10}, {"ok", 75}, {NULL, 5}, {"</title><script>", 10}};
	char *text = drawn(REPORT_PIE, REPORT_BY_VALUE, values, COUNT(values));

	(void)state;
	assert_int_equal(times(text, "<path"), 4);
	check_round(text, 4);
	assert_int_equal(times(text, "A90 90 0 1 1"), 1); /* more than half */
	assert_non_null(strstr(text, ">ok: 75 (75.0%)<"));
	assert_non_null(strstr(text, ">not known: 5 (5.0%)<"));
	assert_non_null(strstr(text, "&lt;/title&gt;&lt;script&gt;: 10"));
	assert_true(strstr(text, "slice0") < strstr(text, "slice1"));
	assert_null(strstr(text, "<script"));
	free(text);
}

/* Everything is one value: no arc can be drawn of that. */
static void
test_whole(void **state)
{
	static const struct value values[] = {{"ok", 3}, {"none of it", 0}};
	char *text = drawn(REPORT_PIE, REPORT_BY_VALUE, values, 2);

	(void)state;
	assert_int_equal(times(text, "<path"), 0);
	assert_int_equal(times(text, "<circle"), 1);
	assert_non_null(strstr(text, ">ok: 3 (100.0%)<"));
	free(text);
	text = drawn(REPORT_PIE, REPORT_BY_VALUE, values + 1, 1);
	assert_int_equal(times(text, "<svg"), 0);
	free(text);
}

static void
test_many_slices(void **state)
{
	struct value values[40];
	char labels[40][32], *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(values); i++) {
		(void)snprintf(labels[i], sizeof(labels[i]), "v%zu", i);
		values[i].label = labels[i];
		values[i].count = (int64_t)i + 1;
	}
	text = drawn(REPORT_PIE, REPORT_BY_VALUE, values, COUNT(values));
	assert_int_equal(times(text, "<path"), REPORT_SLICES_MAX + 1);
	check_round(text, REPORT_SLICES_MAX + 1);
	/* 1 to 31 */
	assert_non_null(strstr(text, ">others: 496 (60.5%)<"));
	assert_non_null(strstr(text, ">v39: 40 ("));
	free(text);
}

/* In the order of the periods, numbers as numbers. */
static void
test_line(void **state)
{
	static const struct value values[] = {
	    {"10", 4}, {"9", 2}, {NULL, 7}, {"11", 0}};
	char *text = drawn(REPORT_LINE, REPORT_BY_PERIOD, values, 4);

	(void)state;
	assert_non_null(strstr(text, "points=\"36,90 62,20 88,160\""));
	assert_int_equal(times(text, "<circle"), 3);
	assert_true(strstr(text, ">9</text>") < strstr(text, ">10</text>"));
	assert_true(strstr(text, ">10</text>") < strstr(text, ">11</text>"));
	assert_non_null(strstr(text, ">not known: 7<"));
	free(text);
}

/* Bars keep that order, too; of more than there is room for the last stay. */
static void
test_periods(void **state)
{
	struct value values[40];
	char labels[40][32], *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(values); i++) {
		(void)snprintf(labels[i], sizeof(labels[i]), "20%zu-01",
		    10 + (i * 7) % 40);
		values[i].label = labels[i];
		values[i].count = 50 - (int64_t)i;
	}
	text = drawn(REPORT_BAR, REPORT_BY_PERIOD, values, COUNT(values));
	assert_int_equal(times(text, "<rect class=\"bar\""), REPORT_BARS_MAX);
	assert_true(
	    strstr(text, ">2026-01</text>") < strstr(text, ">2049-01</text>"));
	assert_null(strstr(text, ">2025-01</text>"));
	assert_non_null(strstr(text, ">others</text>"));
	free(text);
}

static void
test_none(void **state)
{
	static const struct value values[] = {{"ok", 3}};
	char *text = drawn(REPORT_NONE, REPORT_BY_VALUE, values, 1);

	(void)state;
	assert_int_equal(times(text, "<svg"), 0);
	assert_int_equal(times(text, "<td"), 2);
	free(text);
}

static void
test_names(void **state)
{
	struct err err = {.kind = ERR_NONE};
	enum report_drawing i, found;

	(void)state;
	for (i = REPORT_BAR; i <= REPORT_NONE; i++) {
		assert_int_equal(
		    report_drawing_find(report_drawing_name(i), &found, &err),
		    0);
		assert_int_equal(found, i);
	}
	assert_int_equal(report_drawing_find(NULL, &found, &err), 0);
	assert_int_equal(found, REPORT_BAR);
	assert_int_equal(report_drawing_find("cake", &found, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pie),
	    cmocka_unit_test(test_whole), cmocka_unit_test(test_many_slices),
	    cmocka_unit_test(test_line), cmocka_unit_test(test_periods),
	    cmocka_unit_test(test_none), cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
