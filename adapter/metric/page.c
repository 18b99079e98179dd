/* Prometheus' text format 0.0.4. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "metric.h"
#include "metric_internal.h"
#include "utf8.h"

static const char *const kinds[] = {[METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram"};

/* A value must be UTF-8: a byte that is not is shown. */
static void
add_value(struct buf *out, const char *text)
{
	size_t left = strlen(text), len;
	uint32_t point;

	for (; left > 0; text += len, left -= len) {
		len = utf8_next(text, left, &point);
		if (len == 0) {
			buf_printf(out, "\\\\x%02x", (unsigned)(uint8_t)*text);
			len = 1;
		} else if (*text == '\n')
			buf_str(out, "\\n");
		else if (*text == '\\' || *text == '"')
			buf_printf(out, "\\%c", *text);
		else
			buf_add(out, text, len);
	}
}

static void
add_label(struct buf *out, bool *begun, const char *name, const char *value)
{
	buf_printf(out, "%s%s=\"", *begun ? "," : "{", name);
	add_value(out, value);
	buf_char(out, '"');
	*begun = true;
}

void
metric_head(
    struct buf *out, const char *name, enum metric_kind kind, const char *help)
{
	buf_printf(
	    out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kinds[kind]);
}

void
metric_sample(struct buf *out, const char *name,
    const struct metric_label *labels, size_t count, int64_t value)
{
	bool begun = false;
	size_t i;

	buf_str(out, name);
	for (i = 0; i < count; i++)
		add_label(out, &begun, labels[i].name, labels[i].value);
	buf_printf(out, "%s %" PRId64 "\n", begun ? "}" : "", value);
}

/* --- those that count --- */

static void
add_series(struct buf *out, const struct metric_cell *cell, const char *suffix,
    const char *bound)
{
	const struct metric *m = cell->of;
	bool begun = false;
	size_t i;

	buf_printf(out, "%s%s", m->name, suffix);
	for (i = 0; i < METRIC_LABELS; i++)
		if (m->labels[i] != NULL)
			add_label(out, &begun, m->labels[i], cell->values[i]);
	if (bound != NULL)
		add_label(out, &begun, "le", bound);
	buf_str(out, begun ? "} " : " ");
}

/* The total is that of the buckets as read: others may be counting. */
static void
add_histogram(struct buf *out, const struct metric_cell *cell)
{
	const struct metric *m = cell->of;
	int64_t total = metric_value(cell);
	uint64_t sum = atomic_load(&cell->sum), below = 0;
	char bound[32];
	size_t i;

	for (i = 0; i < m->bound_count; i++) {
		below += atomic_load(&cell->below[i]);
		(void)snprintf(bound, sizeof(bound), "%g", m->bounds[i]);
		add_series(out, cell, "_bucket", bound);
		buf_printf(out, "%" PRIu64 "\n", below);
	}
	if ((uint64_t)total < below)
		total = (int64_t)below;
	add_series(out, cell, "_bucket", "+Inf");
	buf_printf(out, "%" PRId64 "\n", total);
	add_series(out, cell, "_sum", NULL);
	buf_printf(
	    out, "%" PRIu64 ".%06" PRIu64 "\n", sum / 1000000, sum % 1000000);
	add_series(out, cell, "_count", NULL);
	buf_printf(out, "%" PRId64 "\n", total);
}

static int
by_name(const void *a, const void *b)
{
	const struct metric *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int
by_values(const void *a, const void *b)
{
	const struct metric_cell *const *left = a, *const *right = b;
	size_t i;
	int order = 0;

	for (i = 0; i < METRIC_LABELS && order == 0; i++)
		if ((*left)->values[i] != NULL)
			order = strcmp((*left)->values[i], (*right)->values[i]);
	return order;
}

static void
write_one(struct buf *out, struct metric *m)
{
	struct metric_cell *head = atomic_load(&m->cells), *cell, **cells;
	size_t count = 0, i = 0;

	for (cell = head; cell != NULL; cell = cell->next)
		count++;
	if (count == 0)
		return;
	cells = mem_array(count, sizeof(struct metric_cell *));
	for (cell = head; cell != NULL; cell = cell->next)
		cells[i++] = cell;
	qsort(cells, count, sizeof(struct metric_cell *), by_values);
	metric_head(out, m->name, m->kind, m->help);
	for (i = 0; i < count; i++) {
		if (m->kind == METRIC_HISTOGRAM) {
			add_histogram(out, cells[i]);
			continue;
		}
		add_series(out, cells[i], "", NULL);
		buf_printf(out, "%" PRId64 "\n", metric_value(cells[i]));
	}
	free(cells);
}

void
metric_write(struct buf *out)
{
	struct metric *head = metric_first(), *m, **all;
	size_t count = 0, i = 0;

	for (m = head; m != NULL; m = atomic_load(&m->next))
		count++;
	if (count == 0)
		return;
	all = mem_array(count, sizeof(struct metric *));
	for (m = head; m != NULL; m = atomic_load(&m->next))
		all[i++] = m;
	qsort(all, count, sizeof(struct metric *), by_name);
	for (i = 0; i < count; i++)
		write_one(out, all[i]);
	free(all);
}
