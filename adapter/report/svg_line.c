/* A line over values in their order, as over the months of a year. */
#include <inttypes.h>

#include "report_internal.h"

#define STEP 26
#define LEFT 36
#define TOP 20
#define HEIGHT 140
#define BASE (TOP + HEIGHT)
#define LABELS 90
#define LABEL_MAX 20

static int64_t
largest(const struct chart *c)
{
	int64_t most = 1;
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->bars[i].count > most)
			most = c->bars[i].count;
	return most;
}

static int
x_of(size_t bar)
{
	return LEFT + (int)bar * STEP;
}

static void
draw_point(struct buf *out, const struct chart *c, size_t bar, int64_t most)
{
	const struct chart_bar *b = &c->bars[bar];
	int x = x_of(bar), y = BASE - svg_scaled(b->count, most, HEIGHT);

	buf_printf(out,
	    "<circle class=\"bar\" cx=\"%d\" cy=\"%d\" r=\"3\"/>"
	    "<text class=\"count\" x=\"%d\" y=\"%d\">%" PRId64 "</text>"
	    "<text class=\"week\" transform=\"translate(%d %d) rotate(-60)\">",
	    x, y, x, y - 6, b->count, x + 4, BASE + 12);
	html_text(out, b->label, LABEL_MAX);
	buf_str(out, "</text>\n");
}

/* What has no place on the line is said beside it. */
static void
add_rest(struct buf *out, const char *what, int64_t count, int *y)
{
	if (count <= 0)
		return;
	buf_printf(out, "<text x=\"%d\" y=\"%d\">%s: %" PRId64 "</text>\n",
	    LEFT, *y, what, count);
	*y += 16;
}

void
svg_line(struct buf *out, const struct chart *c)
{
	int width = x_of(c->count) + LEFT, y = BASE + LABELS;
	int64_t most = largest(c);
	size_t i;

	svg_begin(out, c, width > 220 ? width : 220, BASE + LABELS + 30);
	buf_str(out, "<polyline class=\"line\" points=\"");
	for (i = 0; i < c->count; i++)
		buf_printf(out, "%s%d,%d", i > 0 ? " " : "", x_of(i),
		    BASE - svg_scaled(c->bars[i].count, most, HEIGHT));
	buf_str(out, "\"/>\n");
	for (i = 0; i < c->count; i++)
		draw_point(out, c, i, most);
	add_rest(out, "earlier", c->others, &y);
	add_rest(out, svg_unknown(c), c->unknown, &y);
	svg_end(out);
}
