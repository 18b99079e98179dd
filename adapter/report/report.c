#include "report.h"

#include <errno.h>
#include <stdlib.h>

#include "err.h"
#include "mem.h"
#include "report_internal.h"
#include "str.h"

const char *const report_drawing_words[REPORT_NONE + 2] = {[REPORT_BAR] = "bar",
    [REPORT_PIE] = "pie",
    [REPORT_LINE] = "line",
    [REPORT_NONE] = "none"};

const char *
report_drawing_name(enum report_drawing drawing)
{
	return report_drawing_words[drawing];
}

int
report_drawing_find(const char *name, enum report_drawing *ret, struct err *err)
{
	enum report_drawing i;

	for (i = REPORT_BAR; i <= REPORT_NONE; i++)
		if (str_ieq(
			name == NULL ? "bar" : name, report_drawing_words[i])) {
			*ret = i;
			return 0;
		}
	return err_set(
	    err, ERR_INVALID, "chart: wanted bar, pie, line or none");
}

struct report {
	struct report_conf conf;
	struct html *html;
	size_t rows;
};

struct report *
report_new(const struct report_conf *conf)
{
	struct report *r = mem_alloc(sizeof(*r));

	r->conf = *conf;
	if (conf->format == REPORT_HTML)
		r->html = html_new(conf);
	return r;
}

static int
check(const struct report *r, struct err *err)
{
	if (!ferror(r->conf.out))
		return 0;
	return err_errno(err, errno, "cannot write the report");
}

int
report_row(struct report *r, const struct report_cell *cells, struct err *err)
{
	const struct report_conf *c = &r->conf;

	switch (c->format) {
	case REPORT_CSV:
		if (r->rows == 0)
			report_csv_head(c->out, c->columns, c->count);
		report_csv_row(c->out, c->columns, cells, c->count);
		break;
	case REPORT_JSON:
		(void)fputs(r->rows == 0 ? "[\n" : ",\n", c->out);
		report_json_row(c->out, c->columns, cells, c->count);
		break;
	case REPORT_HTML:
		html_row(r->html, cells);
		break;
	}
	r->rows++;
	return check(r, err);
}

int
report_end(struct report *r, bool cut, struct err *err)
{
	const struct report_conf *c = &r->conf;
	int rc;

	if (c->format == REPORT_HTML)
		html_end(r->html, cut);
	else if (c->format == REPORT_JSON)
		(void)fputs(r->rows == 0 ? "[]\n" : "\n]\n", c->out);
	else if (r->rows == 0)
		report_csv_head(c->out, c->columns, c->count);
	(void)fflush(c->out);
	rc = check(r, err);
	free(r);
	return rc;
}
