/* A pie with its legend, the largest slice first, clockwise from the top. */
#include <inttypes.h>
#include <math.h>

#include "report_internal.h"

#define RADIUS 90.0
#define CENTRE 100.0
#define FULL 6.283185307179586 /* radians */
#define LEGEND_X 220
#define LEGEND_ROW 20
#define LABEL_MAX 30
#define WIDTH (LEGEND_X + 260)
#define HEIGHT 200

struct pie {
	struct buf *out;
	int64_t total, before; /* counts */
	int rows;
};

static int64_t
total_of(const struct chart *c)
{
	int64_t total = c->others + c->unknown;
	size_t i;

	for (i = 0; i < c->count; i++)
		total += c->bars[i].count;
	return total;
}

static void
add_point(struct buf *out, int64_t part, int64_t total)
{
	double angle = FULL * (double)part / (double)total;

	buf_printf(out, "%.2f %.2f", CENTRE + RADIUS * sin(angle),
	    CENTRE - RADIUS * cos(angle));
}

/* An arc cannot end where it begins: all is a circle. */
static void
draw_slice(struct pie *p, const char *class, int number, int64_t count)
{
	if (count == p->total) {
		buf_printf(p->out,
		    "<circle class=\"%s%d\" cx=\"100\" cy=\"100\" "
		    "r=\"90\"/>\n",
		    class, number);
		return;
	}
	buf_printf(
	    p->out, "<path class=\"%s%d\" d=\"M100 100 L", class, number);
	add_point(p->out, p->before, p->total);
	buf_printf(p->out, " A90 90 0 %d 1 ", 2 * count > p->total ? 1 : 0);
	add_point(p->out, p->before + count, p->total);
	buf_str(p->out, " Z\"/>\n");
}

static void
draw_part(struct pie *p, const char *label, const char *class, int number,
    int64_t count)
{
	int y = 10 + p->rows * LEGEND_ROW;

	if (count <= 0)
		return;
	draw_slice(p, class, number, count);
	buf_printf(p->out,
	    "<rect class=\"%s%d\" x=\"%d\" y=\"%d\" width=\"12\" "
	    "height=\"12\"/><text x=\"%d\" y=\"%d\">",
	    class, number, LEGEND_X, y, LEGEND_X + 20, y + 11);
	html_text(p->out, label, LABEL_MAX);
	buf_printf(p->out, ": %" PRId64 " (%.1f%%)</text>\n", count,
	    100.0 * (double)count / (double)p->total);
	p->before += count;
	p->rows++;
}

void
svg_pie(struct buf *out, const struct chart *c)
{
	struct pie p = {.out = out, .total = total_of(c)};
	int parts = (int)c->count + 2, height = 20 + parts * LEGEND_ROW;
	size_t i;

	if (p.total <= 0)
		return;
	svg_begin(out, c, WIDTH, height > HEIGHT ? height : HEIGHT);
	for (i = 0; i < c->count; i++)
		draw_part(
		    &p, c->bars[i].label, "slice", (int)i, c->bars[i].count);
	draw_part(&p, "others", "rest", 0, c->others);
	draw_part(&p, svg_unknown(c), "rest", 1, c->unknown);
	svg_end(out);
}
