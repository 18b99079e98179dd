#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "report_internal.h"
#include "str.h"

#define WEEK (7 * CLOCK_DAY)

static void
add_bar(struct chart *c, char *label)
{
	if (c->count == c->room) {
		c->room = c->room == 0 ? 32 : 2 * c->room;
		c->bars = mem_grow(c->bars, c->room, sizeof(*c->bars));
	}
	c->bars[c->count].label = label;
	c->bars[c->count].count = 0;
	c->count++;
}

static char *
week_label(int64_t begins)
{
	char text[CLOCK_TEXT];

	return mem_dup_len(clock_text(begins, text), strlen("2026-11-24"));
}

void
chart_init(struct chart *c, const struct report_column *column,
    enum report_drawing drawing, int64_t now)
{
	int64_t week;

	memset(c, 0, sizeof(*c));
	c->column = column;
	c->drawing = drawing;
	c->now = now;
	if (column->chart != REPORT_BY_WEEK)
		return;
	add_bar(c, mem_dup("over"));
	for (week = 0; week < REPORT_WEEKS; week++)
		add_bar(c, week_label(now + week * WEEK));
	add_bar(c, mem_dup("later"));
}

static void
count_label(struct chart *c, const char *label, size_t len, int64_t weight)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (strlen(c->bars[i].label) == len &&
		    memcmp(c->bars[i].label, label, len) == 0)
			break;
	if (i == REPORT_VALUES_MAX) {
		c->others += weight;
		return;
	}
	if (i == c->count)
		add_bar(c, mem_dup_len(label, len));
	c->bars[i].count += weight;
}

static void
count_words(struct chart *c, const char *text, int64_t weight)
{
	size_t len;

	while (*text != '\0') {
		len = strcspn(text, ",");
		if (len > 0)
			count_label(c, text, len, weight);
		text += len;
		text += *text == ',' ? 1 : 0;
	}
}

static void
count_week(struct chart *c, int64_t at, int64_t weight)
{
	int64_t week = (at - c->now) / WEEK;
	size_t bar = 0;

	if (at >= c->now)
		bar = week < REPORT_WEEKS ? (size_t)week + 1 : REPORT_WEEKS + 1;
	c->bars[bar].count += weight;
}

void
chart_count(struct chart *c, const struct report_cell *cell, int64_t weight)
{
	char *text = report_cell_text(c->column->type, cell);

	if (str_empty(text))
		c->unknown += weight;
	else if (c->column->chart == REPORT_BY_WEEK)
		count_week(c, cell->number, weight);
	else if (c->column->chart == REPORT_BY_WORD)
		count_words(c, text, weight);
	else
		count_label(c, text, strlen(text), weight);
	free(text);
}

static int
larger_first(const void *a, const void *b)
{
	const struct chart_bar *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->label, right->label);
}

/* Numbers sort as such: "9" before "10". */
static int
later_first(const void *a, const void *b)
{
	const struct chart_bar *left = a, *right = b;
	size_t one = strlen(left->label), other = strlen(right->label);

	if (one != other)
		return one < other ? 1 : -1;
	return strcmp(right->label, left->label);
}

static void
turn(struct chart *c)
{
	struct chart_bar bar;
	size_t i;

	for (i = 0; i < c->count / 2; i++) {
		bar = c->bars[i];
		c->bars[i] = c->bars[c->count - 1 - i];
		c->bars[c->count - 1 - i] = bar;
	}
}

void
chart_order(struct chart *c)
{
	bool period =
	    c->column->chart == REPORT_BY_PERIOD || c->drawing == REPORT_LINE;
	size_t most =
	    c->drawing == REPORT_PIE ? REPORT_SLICES_MAX : REPORT_BARS_MAX;

	if (c->column->chart == REPORT_BY_WEEK || c->count == 0)
		return;
	qsort(c->bars, c->count, sizeof(*c->bars),
	    period ? later_first : larger_first);
	while (c->count > most) {
		c->count--;
		c->others += c->bars[c->count].count;
		free(c->bars[c->count].label);
	}
	if (period)
		turn(c);
}

void
chart_free(struct chart *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		free(c->bars[i].label);
	free(c->bars);
	memset(c, 0, sizeof(*c));
}
