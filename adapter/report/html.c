#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "report_internal.h"
#include "shown.h"
#include "str.h"

/*
 * One file: it is well-formed XML too, its policy allows its own style sheet
 * and nothing else, and it loads nothing.  Charts stand before the table, so
 * the rows are kept until the end.
 */

struct html {
	struct report_conf conf;
	struct buf rows;
	size_t shown, count;
	struct chart *charts; /* one per column, drawn or not */
	size_t weight;	      /* its column; conf.count: none */
};

static const char style[] =
    ":root{color-scheme:light dark;--fg:#1c2024;--bg:#fff;--line:#d0d5da;"
    "--dim:#98a2ad;--bar:#2f6fb2;--soon:#c77700;--over:#c0322b;--head:#f2f4f6}"
    "@media(prefers-color-scheme:dark){:root{--fg:#e4e7ea;--bg:#16191d;"
    "--line:#3a4149;--dim:#717b86;--bar:#5b9bdd;--soon:#e0a030;"
    "--over:#ef6a62;--head:#22272d}}"
    "body{margin:1.5rem;font:15px/1.45 system-ui,sans-serif;color:var(--fg);"
    "background:var(--bg)}"
    "h1{font-size:1.4rem;margin:0 0 .3rem}"
    "p{margin:.2rem 0;overflow-wrap:anywhere}"
    ".charts{display:flex;flex-wrap:wrap;gap:1rem;margin:1rem 0}"
    "figure{margin:0;padding:.6rem .8rem;border:1px solid var(--line);"
    "border-radius:6px;break-inside:avoid}"
    "figcaption{font-weight:600;margin-bottom:.4rem}"
    "svg{max-width:100%;height:auto;display:block}"
    "svg text{fill:var(--fg);font-size:12px}"
    "svg .label{text-anchor:end}svg .count{text-anchor:middle;font-size:10px}"
    "svg .week{text-anchor:end;font-size:10px}"
    ".bar{fill:var(--bar)}.dim{fill:var(--dim)}.soon{fill:var(--soon)}"
    ".over{fill:var(--over)}"
    ".line{fill:none;stroke:var(--bar);stroke-width:2}"
    ".slice0{fill:#2f6fb2}.slice1{fill:#c77700}.slice2{fill:#3a8f4f}"
    ".slice3{fill:#c0322b}.slice4{fill:#7d56b3}.slice5{fill:#17858f}"
    ".slice6{fill:#b5487f}.slice7{fill:#7a6a1f}.slice8{fill:#5d7fa3}"
    ".rest0{fill:#98a2ad}.rest1{fill:#c3cad1}"
    ".rows{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);"
    "text-align:start;vertical-align:top;overflow-wrap:break-word;"
    "max-width:32rem}"
    "th{white-space:nowrap;background:var(--head);position:sticky;top:0}"
    "td.number{text-align:end;font-variant-numeric:tabular-nums}"
    "@media print{body{margin:0;font-size:10pt}th{position:static}"
    "thead{display:table-header-group}tr{break-inside:avoid}"
    ".rows{overflow:visible}*{print-color-adjust:exact}}";

void
html_text(struct buf *out, const char *text, size_t max)
{
	struct buf shown;

	/* Whatever is not visible becomes \xNN, four bytes for one. */
	buf_init(&shown, 4 * strlen(text) + 4);
	shown_add(&shown, text, max, SHOWN_CELL, true);
	buf_xml(out, buf_text(&shown));
	buf_free(&shown);
}

struct html *
html_new(const struct report_conf *conf)
{
	struct html *h = mem_alloc(sizeof(*h));
	size_t i;

	h->conf = *conf;
	h->weight = conf->count;
	h->charts = mem_array(conf->count, sizeof(*h->charts));
	for (i = 0; i < conf->count; i++) {
		chart_init(
		    &h->charts[i], &conf->columns[i], conf->drawing, conf->now);
		if (conf->columns[i].chart == REPORT_WEIGHT)
			h->weight = i;
	}
	buf_init(&h->rows, HTML_PAGE_MAX);
	return h;
}

static void
add_cell(struct buf *out, enum report_type type, const struct report_cell *cell)
{
	char *text = report_cell_text(type, cell);

	if (type == REPORT_INT)
		buf_str(out, "<td class=\"number\">");
	else if (type == REPORT_STRING)
		buf_str(out, "<td dir=\"auto\">"); /* names may run leftwards */
	else
		buf_str(out, "<td>");
	if (text != NULL)
		html_text(out, text, REPORT_CELL_MAX);
	buf_str(out, "</td>");
	free(text);
}

/* A row that does not fit leaves nothing of itself. */
static void
add_row(struct html *h, const struct report_cell *cells)
{
	size_t before = h->rows.len, i;

	buf_str(&h->rows, "<tr>");
	for (i = 0; i < h->conf.count; i++)
		add_cell(&h->rows, h->conf.columns[i].type, &cells[i]);
	buf_str(&h->rows, "</tr>\n");
	if (h->rows.over) {
		h->rows.len = before;
		h->rows.data[before] = '\0';
	} else
		h->shown++;
}

void
html_row(struct html *h, const struct report_cell *cells)
{
	int64_t weight =
	    h->weight < h->conf.count ? cells[h->weight].number : 1;
	enum report_chart chart;
	size_t i;

	h->count++;
	for (i = 0; i < h->conf.count; i++) {
		chart = h->conf.columns[i].chart;
		if (chart != REPORT_NO_CHART && chart != REPORT_WEIGHT)
			chart_count(&h->charts[i], &cells[i], weight);
	}
	if (h->shown < REPORT_ROWS_MAX && !h->rows.over)
		add_row(h, cells);
}

/* --- the page --- */

static void
add_policy(struct buf *out)
{
	uint8_t hash[32];

	str_sha256(style, sizeof(style) - 1, hash);
	buf_str(out,
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'sha256-");
	str_base64(out, hash, sizeof(hash));
	buf_str(out, "'; base-uri 'none'; form-action 'none'\"/>\n");
}

static void
add_head(struct buf *out, const struct report_conf *c)
{
	const char *title = c->title == NULL ? "Report" : c->title;
	char at[CLOCK_TEXT];

	buf_str(out,
	    "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
	    "lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
	add_policy(out);
	buf_str(out,
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\"/>\n<meta name=\"referrer\" "
	    "content=\"no-referrer\"/>\n<title>");
	html_text(out, title, REPORT_CELL_MAX);
	buf_printf(
	    out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>", style);
	html_text(out, title, REPORT_CELL_MAX);
	buf_str(out, "</h1>\n");
	if (!str_empty(c->about)) {
		buf_str(out, "<p dir=\"auto\">");
		html_text(out, c->about, REPORT_CELL_MAX);
		buf_str(out, "</p>\n");
	}
	buf_printf(out, "<p>%s</p>\n", clock_text(c->now, at));
}

static void
add_size(struct buf *out, const struct html *h, bool cut)
{
	buf_printf(out, "<p>%s%zu row%s", cut ? "more than " : "", h->count,
	    h->count == 1 ? "" : "s");
	if (h->shown < h->count && cut)
		buf_printf(out,
		    "; the table has the first %zu, the charts the first %zu",
		    h->shown, h->count);
	else if (h->shown < h->count)
		buf_printf(out,
		    "; the table has the first %zu, the charts have all",
		    h->shown);
	buf_str(out, "</p>\n");
}

static void
add_charts(struct buf *out, struct html *h)
{
	enum report_chart chart;
	size_t i;

	buf_str(out, "<div class=\"charts\">\n");
	for (i = 0; i < h->conf.count; i++) {
		chart = h->conf.columns[i].chart;
		if (chart == REPORT_NO_CHART || chart == REPORT_WEIGHT)
			continue;
		chart_order(&h->charts[i]);
		svg_chart(out, &h->charts[i]);
	}
	buf_str(out, "</div>\n");
}

static void
add_names(struct buf *out, const struct report_conf *c)
{
	size_t i;

	buf_str(out, "<div class=\"rows\">\n<table>\n<thead><tr>");
	for (i = 0; i < c->count; i++) {
		buf_str(out, "<th scope=\"col\">");
		html_text(out, c->columns[i].name, REPORT_CELL_MAX);
		buf_str(out, "</th>");
	}
	buf_str(out, "</tr></thead>\n<tbody>\n");
}

void
html_end(struct html *h, bool cut)
{
	struct buf page;
	size_t i;

	buf_init(&page, HTML_PAGE_MAX);
	add_head(&page, &h->conf);
	add_size(&page, h, cut);
	if (h->count > 0 && h->conf.drawing != REPORT_NONE)
		add_charts(&page, h);
	add_names(&page, &h->conf);
	(void)fputs(buf_text(&page), h->conf.out);
	(void)fputs(buf_text(&h->rows), h->conf.out);
	(void)fputs(
	    "</tbody>\n</table>\n</div>\n</body>\n</html>\n", h->conf.out);
	buf_free(&page);
	buf_free(&h->rows);
	for (i = 0; i < h->conf.count; i++)
		chart_free(&h->charts[i]);
	free(h->charts);
	free(h);
}
