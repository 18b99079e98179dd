/* Charts as SVG within HTML: elements and attributes only, so that the page's
 * policy needs to allow no inline style. */
#include <inttypes.h>
#include <string.h>

#include "report_internal.h"
#include "str.h"

/* Of a chart with a row per value: */
#define ROW 22
#define LABEL_WIDTH 200
#define LABEL_MAX 30 /* bytes of a label that fit */
#define BAR_WIDTH 270
#define WIDTH (LABEL_WIDTH + BAR_WIDTH + 70)
/* Of one with a column per week: */
#define COLUMN 19
#define HEIGHT 140
#define BASE 160
#define WEEK_WIDTH ((REPORT_WEEKS + 2) * COLUMN + 10)

static int64_t
largest(const struct chart *c)
{
	int64_t most = c->unknown > c->others ? c->unknown : c->others;
	size_t i;

	if (c->column->chart == REPORT_BY_WEEK)
		most = 0;
	for (i = 0; i < c->count; i++)
		if (c->bars[i].count > most)
			most = c->bars[i].count;
	return most > 0 ? most : 1;
}

int
svg_scaled(int64_t count, int64_t most, int room)
{
	double part;

	if (count <= 0)
		return 0;
	part = (double)count / (double)most * room;
	return part < 1 ? 1 : (int)part;
}

void
svg_begin(struct buf *out, const struct chart *c, int width, int height)
{
	buf_str(out, "<figure>\n<figcaption>");
	html_text(out, c->column->name, REPORT_CELL_MAX);
	if (c->column->chart == REPORT_BY_WEEK)
		buf_str(out, ", by week");
	buf_printf(out,
	    "</figcaption>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n"
	    "<title>",
	    width, height, width, height);
	html_text(out, c->column->name, REPORT_CELL_MAX);
	buf_str(out, "</title>\n");
}

void
svg_end(struct buf *out)
{
	buf_str(out, "</svg>\n</figure>\n");
}

const char *
svg_unknown(const struct chart *c)
{
	return c->column->chart == REPORT_BY_WORD ? "none" : "not known";
}

/* --- a row per value --- */

static void
draw_row(struct buf *out, int *y, const char *label, const char *class,
    int64_t count, int64_t most)
{
	int width = svg_scaled(count, most, BAR_WIDTH);

	buf_printf(out, "<text class=\"label\" x=\"%d\" y=\"%d\">",
	    LABEL_WIDTH - 8, *y + 15);
	html_text(out, label, LABEL_MAX);
	buf_printf(out,
	    "</text><rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
	    "height=\"%d\"/><text x=\"%d\" y=\"%d\">%" PRId64 "</text>\n",
	    class, LABEL_WIDTH, *y + 3, width, ROW - 6, LABEL_WIDTH + width + 6,
	    *y + 15, count);
	*y += ROW;
}

static void
draw_rows(struct buf *out, const struct chart *c)
{
	int rows =
	    (int)c->count + (c->others > 0 ? 1 : 0) + (c->unknown > 0 ? 1 : 0);
	int64_t most = largest(c);
	size_t i;
	int y = 0;

	svg_begin(out, c, WIDTH, rows * ROW + 2);
	for (i = 0; i < c->count; i++)
		draw_row(
		    out, &y, c->bars[i].label, "bar", c->bars[i].count, most);
	if (c->others > 0)
		draw_row(out, &y, "others", "dim", c->others, most);
	if (c->unknown > 0)
		draw_row(out, &y, svg_unknown(c), "dim", c->unknown, most);
	svg_end(out);
}

/* --- a column per week --- */

static const char *
week_class(size_t bar)
{
	if (bar == 0)
		return "over";
	if (bar > REPORT_WEEKS)
		return "dim";
	return bar <= 4 ? "soon" : "bar";
}

static void
draw_week(struct buf *out, const struct chart *c, size_t bar, int64_t most)
{
	const struct chart_bar *b = &c->bars[bar];
	int x = 5 + (int)bar * COLUMN, height;

	height = svg_scaled(b->count, most, HEIGHT);
	buf_printf(out,
	    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">"
	    "<title>%s: %" PRId64 "</title></rect>",
	    week_class(bar), x + 2, BASE - height, COLUMN - 4, height, b->label,
	    b->count);
	if (b->count > 0)
		buf_printf(out,
		    "<text class=\"count\" x=\"%d\" y=\"%d\">%" PRId64
		    "</text>",
		    x + COLUMN / 2, BASE - height - 4, b->count);
	buf_printf(out,
	    "<text class=\"week\" transform=\"translate(%d %d) rotate(-60)\">"
	    "%s</text>\n",
	    x + COLUMN / 2 + 4, BASE + 12, b->label);
}

static void
draw_weeks(struct buf *out, const struct chart *c)
{
	int64_t most = largest(c);
	size_t i;

	svg_begin(out, c, WEEK_WIDTH, BASE + 72);
	for (i = 0; i < c->count; i++)
		draw_week(out, c, i, most);
	svg_end(out);
}

void
svg_chart(struct buf *out, const struct chart *c)
{
	if (c->column->chart == REPORT_BY_WEEK)
		draw_weeks(out, c);
	else if (c->count == 0 && c->unknown == 0)
		return;
	else if (c->drawing == REPORT_PIE)
		svg_pie(out, c);
	else if (c->drawing == REPORT_LINE)
		svg_line(out, c);
	else
		draw_rows(out, c);
}
