#include "metric.h"

#include <assert.h>
#include <stdlib.h>

#include "mem.h"
#include "metric_internal.h"
#include "str.h"

const double metric_seconds[METRIC_SECONDS_COUNT] = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

static _Atomic(struct metric *) first;

struct metric *
metric_first(void)
{
	return atomic_load(&first);
}

static void
list(struct metric *m)
{
	struct metric *head;

	if (atomic_exchange(&m->listed, true))
		return;
	head = atomic_load(&first);
	do
		atomic_store(&m->next, head);
	while (!atomic_compare_exchange_weak(&first, &head, m));
}

static struct metric_cell *
cell_new(const struct metric *m, const char *const values[METRIC_LABELS])
{
	struct metric_cell *cell =
	    mem_alloc(sizeof(*cell) + m->bound_count * sizeof(cell->below[0]));
	size_t i;

	assert(m->bound_count <= METRIC_BOUNDS_MAX);
	cell->of = m;
	for (i = 0; i < METRIC_LABELS; i++)
		cell->values[i] = mem_dup(values[i]);
	return cell;
}

static void
cell_free(struct metric_cell *cell)
{
	size_t i;

	for (i = 0; i < METRIC_LABELS; i++)
		free(cell->values[i]);
	free(cell);
}

static struct metric_cell *
find(struct metric_cell *from, const char *const values[METRIC_LABELS])
{
	struct metric_cell *cell;
	size_t i;

	for (cell = from; cell != NULL; cell = cell->next) {
		for (i = 0; i < METRIC_LABELS; i++)
			if (!str_eq(cell->values[i], values[i]))
				break;
		if (i == METRIC_LABELS)
			return cell;
	}
	return NULL;
}

/* Series are only ever added, at the front. */
static struct metric_cell *
take(struct metric *m, const char *const values[METRIC_LABELS])
{
	struct metric_cell *head = atomic_load(&m->cells), *cell, *made = NULL;

	while ((cell = find(head, values)) == NULL) {
		if (made == NULL)
			made = cell_new(m, values);
		made->next = head;
		if (atomic_compare_exchange_strong(&m->cells, &head, made)) {
			atomic_fetch_add(&m->count, 1);
			return made;
		}
	}
	if (made != NULL) /* another thread was first */
		cell_free(made);
	return cell;
}

struct metric_cell *
metric_cell(struct metric *m, const char *first_value, const char *second_value)
{
	const char *values[METRIC_LABELS] = {first_value, second_value};
	struct metric_cell *cell;
	size_t i;

	for (i = 0; i < METRIC_LABELS; i++)
		if (m->labels[i] == NULL)
			values[i] = NULL;
		else if (values[i] == NULL)
			values[i] = "";
	list(m);
	cell = find(atomic_load(&m->cells), values);
	if (cell != NULL)
		return cell;
	if (atomic_load(&m->count) >= METRIC_SERIES_MAX)
		for (i = 0; i < METRIC_LABELS; i++)
			values[i] = m->labels[i] == NULL ? NULL : "other";
	return take(m, values);
}

void
metric_add(struct metric_cell *cell, uint64_t n)
{
	assert(cell->of->kind == METRIC_COUNTER);
	atomic_fetch_add_explicit(
	    &cell->value, (int64_t)n, memory_order_relaxed);
}

void
metric_set(struct metric_cell *cell, int64_t value)
{
	assert(cell->of->kind == METRIC_GAUGE);
	atomic_store_explicit(&cell->value, value, memory_order_relaxed);
}

void
metric_observe(struct metric_cell *cell, double value)
{
	const struct metric *m = cell->of;
	size_t i;

	assert(m->kind == METRIC_HISTOGRAM);
	if (!(value > 0))
		value = 0;
	if (value > METRIC_OBSERVED_MAX)
		value = METRIC_OBSERVED_MAX;
	for (i = 0; i < m->bound_count && value > m->bounds[i]; i++)
		;
	if (i < m->bound_count)
		atomic_fetch_add_explicit(
		    &cell->below[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&cell->sum,
	    (uint64_t)(value * METRIC_FRACTION), memory_order_relaxed);
	atomic_fetch_add_explicit(&cell->value, 1, memory_order_relaxed);
}

int64_t
metric_value(const struct metric_cell *cell)
{
	return atomic_load_explicit(&cell->value, memory_order_relaxed);
}
