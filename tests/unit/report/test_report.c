/* report.h: the same rows as CSV, JSON and HTML, against files that were looked
 * at. GOLDEN_WRITE=1 in the environment writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "report.h"

#define NOW INT64_C(1795500000) /* 2026-11-24T06:00:00Z */
#define DAY INT64_C(86400)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct report_column columns[] = {
    {"NodeName", REPORT_STRING, REPORT_NO_CHART},
    {"Failures", REPORT_INT, REPORT_NO_CHART},
    {"CertExpires", REPORT_TIME, REPORT_BY_WEEK},
    {"TLS", REPORT_BOOL, REPORT_BY_VALUE},
    {"Reasons", REPORT_LIST, REPORT_BY_WORD},
    {"LastResult", REPORT_STRING, REPORT_BY_VALUE}};

#define OVERRIDE "\xe2\x80\xae"
#define HEBREW "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"

static const struct {
	const char *name;
	int64_t failures, ends;
	bool tls;
	const char *reasons, *result;
} rows[] = {
    {"pc1.corp.example", 0, NOW + 3 * DAY, true, NULL, "ok"},
    {"pc2.corp.example", 2, NOW - DAY, true, "certificate-expired,offline",
	"failed"},
    {"pc3.corp.example", -1, NOW + 400 * DAY, false, "offline", "failed"},
    {"<script>alert(1)</script>", 0, 0, false, "\"><img src=x onerror=y>",
	"</td></table>"},
    {"=cmd|' /C calc'!A0", 0, NOW + 9 * DAY, true, "@SUM(1)", "+1\"2"},
    {"\033[31mred\r\n\x01 \xff" OVERRIDE "gpj.exe", 0, 0, true, "", "-"},
    {HEBREW ".example", 0, NOW, true, NULL, "\tok, \"well\""},
};

static void
write_rows(const struct report_conf *conf, size_t count, bool cut)
{
	struct report *r = report_new(conf);
	struct err err = {.kind = ERR_NONE};
	struct report_cell cells[COUNT(columns)];
	size_t i;

	for (i = 0; i < count; i++) {
		memset(cells, 0, sizeof(cells));
		cells[0].text = rows[i].name;
		cells[1].number = rows[i].failures;
		cells[2].number = rows[i].ends;
		cells[3].number = rows[i].tls;
		cells[4].text = rows[i].reasons;
		cells[5].text = rows[i].result;
		cells[1].nothing = i == 5;
		assert_int_equal(report_row(r, cells, &err), 0);
	}
	assert_int_equal(report_end(r, cut, &err), 0);
}

struct output {
	char *text;
	size_t len;
};

static struct output
write_some(enum report_format format, size_t count, bool cut)
{
	struct report_conf conf = {.format = format,
	    .columns = columns,
	    .count = COUNT(columns),
	    .title = "Devices & <more>",
	    .about = "(where (eq NodeName \"x\"))",
	    .now = NOW};
	struct output o = {NULL, 0};

	conf.out = open_memstream(&o.text, &o.len);
	assert_non_null(conf.out);
	write_rows(&conf, count, cut);
	assert_int_equal(fclose(conf.out), 0);
	return o;
}

static void
is_golden(const char *name, const struct output *o)
{
	char *path = mem_printf("%s/golden/report/%s", TESTS_DIR, name);
	struct err err = {.kind = ERR_NONE};
	struct buf wanted;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads */
	if (getenv("GOLDEN_WRITE") != NULL)
		assert_int_equal(
		    file_write(path, o->text, o->len, 0644, false, &err), 0);
	buf_init(&wanted, 1 << 20);
	assert_int_equal(file_read(path, 1 << 20, &wanted, &err), 0);
	assert_string_equal(o->text, buf_text(&wanted));
	buf_free(&wanted);
	free(path);
}

static void
golden(void **state)
{
	static const char *const names[] = {[REPORT_CSV] = "rows.csv",
	    [REPORT_JSON] = "rows.json",
	    [REPORT_HTML] = "rows.html"};
	struct output o;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		o = write_some((enum report_format)i, COUNT(rows), i == 2);
		is_golden(names[i], &o);
		free(o.text);
	}
}

static void
without_rows(void **state)
{
	struct output o;

	(void)state;
	o = write_some(REPORT_CSV, 0, false);
	assert_string_equal(
	    o.text, "NodeName,Failures,CertExpires,TLS,Reasons,LastResult\r\n");
	free(o.text);
	o = write_some(REPORT_JSON, 0, false);
	assert_string_equal(o.text, "[]\n");
	free(o.text);
	o = write_some(REPORT_HTML, 0, false);
	assert_non_null(strstr(o.text, "<p>0 rows</p>"));
	assert_null(strstr(o.text, "<svg"));
	free(o.text);
}

/* Nothing a device says becomes a tag, an attribute or a way out of one; what
 * the policy allows is the style sheet that is there. */
static void
html_is_closed(void **state)
{
	struct output o = write_some(REPORT_HTML, COUNT(rows), false);
	const char *at;

	(void)state;
	assert_null(strstr(o.text, "<script"));
	assert_null(strstr(o.text, "<img"));
	assert_null(strstr(o.text, " style="));
	assert_null(strstr(o.text,
	    "src="
	    "\""));
	assert_null(strstr(o.text, OVERRIDE));
	assert_null(strchr(o.text, '\033'));
	assert_null(strchr(o.text, '\001'));
	assert_non_null(strstr(o.text, HEBREW));
	assert_non_null(
	    strstr(o.text, "default-src 'none'; style-src 'sha256-"));
	at = strstr(o.text, "<style>");
	assert_non_null(at);
	assert_null(strstr(at + 1, "<style"));
	free(o.text);
}

/* --- sizes --- */

static const struct report_column wide[] = {
    {"Name", REPORT_STRING, REPORT_BY_VALUE}};

static struct output
write_many(size_t rows_wanted, const char *same, bool cut)
{
	struct report_conf conf = {.format = REPORT_HTML,
	    .columns = wide,
	    .count = 1,
	    .title = "Many",
	    .now = NOW};
	struct report_cell cell = {.text = same};
	struct err err = {.kind = ERR_NONE};
	struct output o = {NULL, 0};
	struct report *r;
	char name[32];
	size_t i;

	conf.out = open_memstream(&o.text, &o.len);
	assert_non_null(conf.out);
	r = report_new(&conf);
	for (i = 0; i < rows_wanted; i++) {
		(void)snprintf(name, sizeof(name), "pc%05zu", i);
		if (same == NULL)
			cell.text = name;
		assert_int_equal(report_row(r, &cell, &err), 0);
	}
	assert_int_equal(report_end(r, cut, &err), 0);
	assert_int_equal(fclose(conf.out), 0);
	return o;
}

/* The charts tell of all, the table of as many as a browser can bear. */
static void
many_rows(void **state)
{
	struct output o = write_many(REPORT_ROWS_MAX + 5, NULL, false);

	(void)state;
	assert_non_null(strstr(o.text,
	    "20005 rows; the table has the first 20000, the charts have all"));
	assert_non_null(strstr(o.text, "<td dir=\"auto\">pc19999</td>"));
	assert_null(strstr(o.text, "<td dir=\"auto\">pc20000</td>"));
	assert_non_null(strstr(o.text, ">others</text>"));
	assert_non_null(strstr(o.text, ">19981</text>")); /* but 24 */
	free(o.text);
	/* Nobody has those that were never read. */
	o = write_many(REPORT_ROWS_MAX + 5, NULL, true);
	assert_non_null(strstr(o.text,
	    "more than 20005 rows; the table has the first 20000, the charts "
	    "the first 20005"));
	free(o.text);
}

static void
long_texts_are_cut(void **state)
{
	char *name = mem_alloc(100001);
	struct output o;

	(void)state;
	memset(name, '&', 100000);
	o = write_many(3, name, false);
	assert_true(o.len < 5 * 3 * REPORT_CELL_MAX + 20000);
	assert_non_null(strstr(o.text, "&amp;...</td>"));
	free(o.text);
	free(name);
}

/* A group of a query counts for as many as it says. */
static void
groups_have_weight(void **state)
{
	static const struct report_column grouped[] = {
	    {"TLS", REPORT_STRING, REPORT_BY_VALUE},
	    {"count", REPORT_INT, REPORT_WEIGHT}};
	struct report_conf conf = {.format = REPORT_HTML,
	    .columns = grouped,
	    .count = 2,
	    .title = "Groups",
	    .now = NOW};
	struct report_cell cells[2] = {{.text = "on"}, {.number = 41}};
	struct err err = {.kind = ERR_NONE};
	struct output o = {NULL, 0};
	struct report *r;

	(void)state;
	conf.out = open_memstream(&o.text, &o.len);
	assert_non_null(conf.out);
	r = report_new(&conf);
	assert_int_equal(report_row(r, cells, &err), 0);
	cells[0].nothing = true;
	cells[1].number = 7;
	assert_int_equal(report_row(r, cells, &err), 0);
	assert_int_equal(report_end(r, false, &err), 0);
	assert_int_equal(fclose(conf.out), 0);
	assert_non_null(strstr(o.text, ">41</text>"));
	assert_non_null(strstr(o.text, ">not known</text>"));
	assert_non_null(strstr(o.text, ">7</text>"));
	free(o.text);
}

/* Text that a spreadsheet takes for a formula, in whatever width. */
static void
csv_runs_nothing(void **state)
{
	static const char *const formulas[] = {"=1", "+1", "-1", "@A1",
	    "\xef\xbc\x9d"
	    "1",
	    "\xef\xbc\x8b"
	    "1",
	    "\xef\xbc\x8d"
	    "1",
	    "\xef\xbc\xa0"
	    "A1"};
	struct report_cell cell = {.text = NULL};
	struct output o = {NULL, 0};
	char *wanted;
	FILE *out;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(formulas); i++) {
		cell.text = formulas[i];
		out = open_memstream(&o.text, &o.len);
		assert_non_null(out);
		report_csv_row(out, wide, &cell, 1);
		assert_int_equal(fclose(out), 0);
		wanted = mem_printf("\"'%s\"\r\n", formulas[i]);
		assert_string_equal(o.text, wanted);
		free(wanted);
		free(o.text);
	}
}

/* A disk that is full is told, and ends the rows. */
static void
tells_of_a_full_disk(void **state)
{
	struct report_conf conf = {
	    .format = REPORT_CSV, .columns = wide, .count = 1};
	struct report_cell cell = {.text = "pc1"};
	struct err err = {.kind = ERR_NONE};
	struct report *r;
	int rc = 0, i;

	(void)state;
	conf.out = fopen("/dev/full", "we");
	assert_non_null(conf.out);
	r = report_new(&conf);
	for (i = 0; i < 10000 && rc == 0; i++)
		rc = report_row(r, &cell, &err);
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.text, "No space left"));
	assert_int_equal(report_end(r, false, &err), -1);
	(void)fclose(conf.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(golden),
	    cmocka_unit_test(without_rows),
	    cmocka_unit_test(html_is_closed),
	    cmocka_unit_test(many_rows),
	    cmocka_unit_test(long_texts_are_cut),
	    cmocka_unit_test(groups_have_weight),
	    cmocka_unit_test(csv_runs_nothing),
	    cmocka_unit_test(tells_of_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
