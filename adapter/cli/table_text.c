#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "shown.h"
#include "str.h"
#include "table_parts_internal.h"

/* Longer than any text of ours; a peer's may be cut here. */
#define SHOWN_MAX 1000
#define CUT "..."
#define BOLD "\033[1m"
#define NORMAL "\033[0m"
#define NOTHING "-"

/* How one drawing looks: the width of each column, 0 for one that is left out.
 */
struct layout {
	size_t *widths;
	size_t indent;
	bool cut;
};

/* --- holding --- */

/* Peers' texts may hold anything; a terminal must not obey it. */
static char *
cell_shown(const struct table *t, size_t column)
{
	char *text = table_cell_text(&t->columns[column], &t->row[column]);
	char *shown;
	struct buf b;

	buf_init(&b, SHOWN_MAX * 5);
	if (str_empty(text))
		buf_str(&b, NOTHING);
	else
		shown_add(&b, text, SHOWN_MAX, SHOWN_CELL, t->utf8);
	shown = mem_dup(buf_text(&b));
	buf_free(&b);
	free(text);
	return shown;
}

void
table_text_hold(struct table *t)
{
	size_t i, used = t->held_rows * t->count;

	if (used + t->count > t->held_room) {
		t->held_room = (t->held_room + t->count) * 2;
		t->held = mem_grow(t->held, t->held_room, sizeof(*t->held));
	}
	for (i = 0; i < t->count; i++)
		t->held[used + i] = cell_shown(t, i);
	t->held_rows++;
}

static const char *
cell_at(const struct table *t, size_t row, size_t column)
{
	return t->held[row * t->count + column];
}

struct order {
	const struct table *t;
	size_t row;
};

static int
by_column(const void *a, const void *b)
{
	const struct order *one = a, *other = b;
	int c = strcmp(cell_at(one->t, one->row, one->t->sort),
	    cell_at(one->t, other->row, one->t->sort));

	if (c == 0) /* rows of one name stay in order */
		c = one->row < other->row ? -1 : 1;
	return c;
}

static void
sort_rows(struct table *t)
{
	struct order *order = mem_array(t->held_rows, sizeof(*order));
	char **sorted = mem_array(t->held_rows * t->count, sizeof(*sorted));
	size_t row;

	for (row = 0; row < t->held_rows; row++) {
		order[row].t = t;
		order[row].row = row;
	}
	qsort(order, t->held_rows, sizeof(*order), by_column);
	for (row = 0; row < t->held_rows; row++)
		memcpy(&sorted[row * t->count],
		    &t->held[order[row].row * t->count],
		    t->count * sizeof(*sorted));
	free(t->held);
	t->held = sorted;
	t->held_room = t->held_rows * t->count;
	free(order);
}

/* Is this row a remark alone? */
static bool
is_remark(const struct table *t, size_t row)
{
	return t->remark != TABLE_NO_COLUMN &&
	    !str_eq(cell_at(t, row, t->remark), NOTHING);
}

/* --- widths --- */

static size_t
widest(const struct table *t, size_t column)
{
	size_t row, len, most = strlen(t->columns[column].name);

	for (row = 0; row < t->held_rows; row++) {
		len = shown_width(cell_at(t, row, column));
		if (len > most && !is_remark(t, row))
			most = len;
	}
	return most;
}

static bool
says_nothing(const struct table *t, size_t column)
{
	size_t row;

	for (row = 0; row < t->held_rows; row++)
		if (!str_eq(cell_at(t, row, column), NOTHING))
			return false;
	return true;
}

static size_t
least_of(const struct table *t, const struct layout *l, size_t i)
{
	size_t head = strlen(t->columns[i].name);
	size_t least = t->columns[i].least;

	if (least == 0 || l->widths[i] <= least)
		return l->widths[i];
	return least > head ? least : head;
}

/* Columns a line takes; with least, at the least widths. */
static size_t
line_width(const struct table *t, const struct layout *l, bool least)
{
	size_t i, sum = l->indent, shown = 0;

	for (i = 0; i < t->count; i++) {
		if (l->widths[i] == 0)
			continue;
		sum += least ? least_of(t, l, i) : l->widths[i];
		shown++;
	}
	return shown == 0 ? sum : sum + (shown - 1) * TABLE_GAP;
}

/* Leave out the first column with nothing in it; false when there is none. */
static bool
drop_empty(const struct table *t, struct layout *l)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (l->widths[i] != 0 &&
		    t->columns[i].drop + t->columns[i].least > 0 &&
		    says_nothing(t, i)) {
			l->widths[i] = 0;
			return true;
		}
	return false;
}

/* Leave out the column that is missed least; false when none may go. */
static bool
drop_one(const struct table *t, struct layout *l)
{
	size_t i, worst = t->count;

	for (i = 0; i < t->count; i++)
		if (l->widths[i] != 0 && t->columns[i].drop != 0 &&
		    (worst == t->count ||
			t->columns[i].drop > t->columns[worst].drop))
			worst = i;
	if (worst == t->count)
		return false;
	l->widths[worst] = 0;
	return true;
}

/* Take a column's width from whoever has most to give; false when none has. */
static bool
shrink_one(const struct table *t, struct layout *l)
{
	size_t i, widest_at = t->count;

	for (i = 0; i < t->count; i++)
		if (l->widths[i] > least_of(t, l, i) &&
		    (widest_at == t->count ||
			l->widths[i] > l->widths[widest_at]))
			widest_at = i;
	if (widest_at == t->count)
		return false;
	l->widths[widest_at]--;
	l->cut = true;
	return true;
}

static void
fit(const struct table *t, struct layout *l)
{
	while (line_width(t, l, false) > t->width && drop_empty(t, l))
		;
	while (line_width(t, l, true) > t->width && drop_one(t, l))
		;
	while (line_width(t, l, false) > t->width && shrink_one(t, l))
		;
}

static struct layout
lay_out(struct table *t)
{
	struct layout l = {.widths = mem_array(t->count, sizeof(*l.widths))};
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (i == t->group || i == t->remark)
			continue;
		l.widths[i] = widest(t, i);
		if (t->widths != NULL && t->widths[i] > l.widths[i])
			l.widths[i] = t->widths[i];
	}
	if (t->group != TABLE_NO_COLUMN)
		l.indent = TABLE_GAP;
	if (t->stream) { /* later rows stand under these */
		free(t->widths);
		t->widths = mem_copy(l.widths, t->count * sizeof(*l.widths));
	}
	if (t->width != 0)
		fit(t, &l);
	return l;
}

/* --- drawing --- */

/* text in its column; the last one of a line is not filled up. */
static void
write_cell(const struct table *t, size_t width, const char *text, bool right,
    bool last)
{
	size_t columns, bytes = shown_fit(text, width, &columns);
	const char *cut = "";
	int fill;

	if (text[bytes] != '\0') {
		cut = CUT;
		bytes = shown_fit(text, width - strlen(CUT), &columns);
		columns += strlen(CUT);
	}
	fill = (int)(width - columns);
	(void)fprintf(
	    t->out, "%*s%.*s%s", right ? fill : 0, "", (int)bytes, text, cut);
	if (!last)
		(void)fprintf(
		    t->out, "%*s", (right ? 0 : fill) + TABLE_GAP, "");
}

static size_t
last_of(const struct table *t, const struct layout *l)
{
	size_t i, last = 0;

	for (i = 0; i < t->count; i++)
		if (l->widths[i] != 0)
			last = i;
	return last;
}

static void
write_head(const struct table *t, const struct layout *l)
{
	size_t i, last = last_of(t, l);
	char *name, *at;

	(void)fprintf(
	    t->out, "%s%*s", t->colour ? BOLD : "", (int)l->indent, "");
	for (i = 0; i < t->count; i++) {
		if (l->widths[i] == 0)
			continue;
		name = mem_dup(t->columns[i].name);
		for (at = name; *at != '\0'; at++)
			*at = (char)toupper((unsigned char)*at);
		write_cell(t, l->widths[i], name, false, i == last);
		free(name);
	}
	(void)fprintf(t->out, "%s\n", t->colour ? NORMAL : "");
}

static void
write_row(const struct table *t, const struct layout *l, size_t row)
{
	size_t i, last = last_of(t, l);

	(void)fprintf(t->out, "%*s", (int)l->indent, "");
	for (i = 0; i < t->count; i++)
		if (l->widths[i] != 0)
			write_cell(t, l->widths[i], cell_at(t, row, i),
			    t->columns[i].type == TABLE_INT, i == last);
	(void)fputc('\n', t->out);
}

static void
write_group(const struct table *t, size_t row)
{
	const char *name;

	if (t->group == TABLE_NO_COLUMN)
		return;
	name = cell_at(t, row, t->group);
	if (row > 0 && str_eq(name, cell_at(t, row - 1, t->group)))
		return;
	(void)fprintf(t->out, "%s%s%s\n", t->colour ? BOLD : "", name,
	    t->colour ? NORMAL : "");
}

/* What a terminal did not have room for. */
static void
write_missing(const struct table *t, const struct layout *l)
{
	size_t i;
	bool some = false;

	for (i = 0; i < t->count; i++) {
		if (l->widths[i] != 0 || i == t->group || i == t->remark)
			continue;
		(void)fprintf(t->out, "%s%s",
		    some ? ", " : "(not shown: ", t->columns[i].name);
		some = true;
	}
	if (some || l->cut)
		(void)fprintf(t->out, "%s--wide shows all)\n",
		    some ? "; " : "(cut to fit; ");
}

static void
draw_rows(struct table *t)
{
	struct layout l = lay_out(t);
	size_t row;

	if (!t->headed)
		write_head(t, &l);
	t->headed = true;
	for (row = 0; row < t->held_rows; row++) {
		write_group(t, row);
		if (is_remark(t, row))
			(void)fprintf(t->out, "%*s%s\n", (int)l.indent, "",
			    cell_at(t, row, t->remark));
		else
			write_row(t, &l, row);
	}
	if (!t->stream)
		write_missing(t, &l);
	free(l.widths);
}

static void
draw_blocks(const struct table *t)
{
	size_t row, i, width = 0;

	for (i = 0; i < t->count; i++)
		if (strlen(t->columns[i].name) > width)
			width = strlen(t->columns[i].name);
	for (row = 0; row < t->held_rows; row++) {
		if (row > 0)
			(void)fputc('\n', t->out);
		for (i = 0; i < t->count; i++)
			(void)fprintf(t->out, "%-*s%s\n",
			    (int)width + TABLE_GAP, t->columns[i].name,
			    cell_at(t, row, i));
	}
}

void
table_text_draw(struct table *t)
{
	size_t i;

	if (t->held_rows == 0)
		return;
	if (t->sort != TABLE_NO_COLUMN)
		sort_rows(t);
	if (t->blocks)
		draw_blocks(t);
	else
		draw_rows(t);
	for (i = 0; i < t->held_rows * t->count; i++)
		free(t->held[i]);
	t->held_rows = 0;
}
