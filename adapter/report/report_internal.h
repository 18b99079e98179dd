#ifndef REPORT_INTERNAL_H_
#define REPORT_INTERNAL_H_
#include "buf.h"
#include "report.h"

/* --- chart.c: what a chart shows --- */

struct chart_bar {
	char *label; /* NULL: rows without a value */
	int64_t count;
};

/* Bars of one column. Weeks: those before, each week from now, those after. */
struct chart {
	const struct report_column *column;
	enum report_drawing drawing;
	int64_t now;
	struct chart_bar *bars;
	size_t count, room;
	int64_t unknown; /* rows without a value */
	int64_t others;	 /* past REPORT_VALUES_MAX */
};

void chart_init(struct chart *c, const struct report_column *column,
    enum report_drawing drawing, int64_t now);
void chart_count(
    struct chart *c, const struct report_cell *cell, int64_t weight);
/* Sort, and put the smallest (of periods: the earliest) together; call once,
 * before drawing. */
void chart_order(struct chart *c);
void chart_free(struct chart *c);

/* --- svg.c --- */

/* A figure with the chart; nothing when it has no bars. */
void svg_chart(struct buf *out, const struct chart *c);
void svg_begin(struct buf *out, const struct chart *c, int width, int height);
void svg_end(struct buf *out);
/* A part of room for a count; 1 at least, for what is not nothing. */
int svg_scaled(int64_t count, int64_t most, int room);
/* What the bars leave over is called so. */
const char *svg_unknown(const struct chart *c);

/* --- svg_pie.c, svg_line.c --- */
void svg_pie(struct buf *out, const struct chart *c);
void svg_line(struct buf *out, const struct chart *c);

/* --- html.c --- */

#define HTML_PAGE_MAX 268435456 /* bytes of all rows */

struct html;
struct html *html_new(const struct report_conf *conf);
void html_row(struct html *h, const struct report_cell *cells);
/* Write it all; frees. */
void html_end(struct html *h, bool cut);
/* Text as HTML: escapes of shown.h, then those of XML; at most so many bytes.
 */
void html_text(struct buf *out, const char *text, size_t max);
#endif
