#include <stdlib.h>

#include "journal.h"
#include "mem.h"
#include "store.h"
#include "task_run.h"
#include "wear.h"

#define RUNS_MOST 50
#define SAMPLES_MOST 20000
#define PERCENT 95
/* Changes of a device with less between them are one visit. */
#define APART 120

struct samples {
	int64_t *ms;
	size_t count;
	int64_t runs[RUNS_MOST];
	size_t run_count;
};

/* --- of runs --- */

static int
take_run(void *cookie, const struct task_run *r, struct err *err)
{
	struct samples *s = cookie;

	(void)err;
	if (r->done > 0 && s->run_count < RUNS_MOST)
		s->runs[s->run_count++] = r->id;
	return 0;
}

static int
take_item(void *cookie, const struct task_item *i, struct err *err)
{
	struct samples *s = cookie;

	(void)err;
	if (i->ms > 0 && s->count < SAMPLES_MOST)
		s->ms[s->count++] = i->ms;
	return 0;
}

static int
of_runs(struct store *store, struct samples *s, struct err *err)
{
	struct task_run_filter runs = {.limit = RUNS_MOST};
	struct task_item_filter items = {
	    .state = TASK_ITEM_DONE, .outcome = -1, .limit = SAMPLES_MOST};
	size_t i;

	if (task_run_scan(store, &runs, take_run, s, err) != 0)
		return -1;
	for (i = 0; i < s->run_count; i++) {
		items.run = s->runs[i];
		if (task_item_scan(store, &items, take_item, s, err) != 0)
			return -1;
	}
	return 0;
}

/* --- of the journal --- */

struct change {
	int64_t device, from, to;
};
struct changes {
	struct change *all;
	size_t count;
};

static int
take_change(void *cookie, const struct journal_intent *i, struct err *err)
{
	struct changes *c = cookie;

	(void)err;
	c->all[c->count++] =
	    (struct change){i->device, i->opened_at, i->ended_at};
	return 0;
}

static int
by_device(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static int
of_journal(struct store *store, struct samples *s, struct err *err)
{
	struct changes c = {.count = 0};
	int64_t from = 0, to = 0;
	size_t i;
	int rc;

	c.all = mem_array(SAMPLES_MOST, sizeof(*c.all));
	rc =
	    journal_scan_ended(store, 0, 0, SAMPLES_MOST, take_change, &c, err);
	qsort(c.all, c.count, sizeof(*c.all), by_device);
	for (i = 0; i < c.count; i++) {
		if (i == 0 || c.all[i].device != c.all[i - 1].device ||
		    c.all[i].from > to + APART)
			from = to = c.all[i].from;
		if (c.all[i].to > to)
			to = c.all[i].to;
		if (i + 1 == c.count ||
		    c.all[i + 1].device != c.all[i].device ||
		    c.all[i + 1].from > to + APART)
			s->ms[s->count++] = (to - from + 1) * 1000;
	}
	free(c.all);
	return rc;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

int
wear_measure(
    struct store *store, int64_t *ret_ms, size_t *ret_count, struct err *err)
{
	struct samples s = {.count = 0};
	int rc;

	s.ms = mem_array(SAMPLES_MOST, sizeof(*s.ms));
	rc = of_runs(store, &s, err);
	if (rc == 0 && s.count == 0)
		rc = of_journal(store, &s, err);
	if (rc == 0 && s.count > 0) {
		qsort(s.ms, s.count, sizeof(*s.ms), by_value);
		*ret_ms = s.ms[(s.count - 1) * PERCENT / 100];
	}
	if (rc == 0)
		*ret_count = s.count;
	free(s.ms);
	return rc;
}
