#include "capacity.h"

#include <stdlib.h>

#include "mem.h"
#include "schedule_internal.h"

#define RUNS_LEAST 12
#define RUNS_MOST 4000
#define VISITS_MOST 200000000 /* devices times runs */
#define MS INT64_C(1000)

struct place { /* of a device in the order of a run */
	int64_t delay;
	size_t device;
};

struct course {
	const struct schedule *s;
	const struct schedule_fleet *f;
	struct place *order;
	int64_t spread; /* the order is that of; -1: of none */
	int64_t *slots; /* when each is free again, in turns */
	size_t slot_count;
	int64_t *served; /* per device: end of its visit, seconds; 0: none */
	int64_t *at;	 /* per deadline, as it is now */
	struct schedule_capacity *all;
	struct schedule_margin *margins;
};

static int
by_delay(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->delay != y->delay)
		return x->delay < y->delay ? -1 : 1;
	return x->device < y->device ? -1 : x->device > y->device;
}

static void
set_order(struct course *p, int64_t run)
{
	int64_t spread = schedule_spread(p->s, run);
	size_t i;

	if (spread == p->spread)
		return;
	p->spread = spread;
	for (i = 0; i < p->f->devices; i++) {
		p->order[i].device = i;
		p->order[i].delay = schedule_start(0, spread, p->f->hashes[i]);
	}
	qsort(p->order, p->f->devices, sizeof(*p->order), by_delay);
}

/* The visits of a run, first come first served; all take equally long, so the
 * slots become free in the order they were taken. Its end in seconds. */
static int64_t
visit_all(struct course *p, int64_t run)
{
	int64_t opens = INT64_MIN, closes = INT64_MIN, start, end = run;
	size_t i, slot;

	for (i = 0; i < p->slot_count; i++)
		p->slots[i] = run * MS;
	for (i = 0; i < p->f->devices; i++) {
		slot = i % p->slot_count;
		start = (run + p->order[i].delay) * MS;
		if (start < p->slots[slot])
			start = p->slots[slot];
		if (start / MS >= closes) { /* of the window before */
			opens = schedule_opens(p->s, start / MS);
			if (opens == 0)
				break;
			closes = schedule_closes(p->s, opens);
		}
		if (start / MS < opens)
			start = opens * MS;
		if (p->s->stop != 0 && start >= (run + p->s->stop) * MS)
			break;
		p->slots[slot] = start + p->f->busy_ms;
		end = (p->slots[slot] + MS - 1) / MS;
		p->served[p->order[i].device] = end;
	}
	if (p->f->devices - i > p->all->unserved)
		p->all->unserved = p->f->devices - i;
	for (; i < p->f->devices; i++)
		p->served[p->order[i].device] = 0;
	return end;
}

static void
note(struct schedule_margin *m, int64_t end, int64_t renewed, int64_t seconds)
{
	if (seconds >= m->seconds)
		return;
	m->seconds = seconds;
	m->end = end;
	m->renewed = renewed;
}

static void
renew(struct course *p)
{
	const struct schedule_deadline *d;
	int64_t served, left;
	size_t i;

	for (i = 0; i < p->f->deadline_count; i++) {
		d = &p->f->deadlines[i];
		served = p->served[d->device];
		if (served == 0 || p->at[i] == INT64_MAX)
			continue;
		left = p->at[i] - served;
		if (d->lead != SCHEDULE_ALWAYS && left > d->lead)
			continue;
		note(&p->margins[i], p->at[i], served, left);
		p->at[i] = d->life == 0 ? INT64_MAX : served + d->life;
	}
}

/* How far to look: two lives of whatever lives longest. */
static int64_t
horizon(const struct schedule_fleet *f, int64_t now)
{
	int64_t most = 0, one;
	size_t i;

	for (i = 0; i < f->deadline_count; i++) {
		one = 2 * f->deadlines[i].life;
		if (f->deadlines[i].at - now > one)
			one = f->deadlines[i].at - now;
		if (one > most)
			most = one;
	}
	return now + most;
}

static void
go_through(struct course *p, int64_t now)
{
	struct schedule_capacity *all = p->all;
	int64_t run = now - 1, end, last = horizon(p->f, now);
	size_t most = VISITS_MOST / (p->f->devices + 1) + 1;

	most = most < RUNS_MOST ? most : RUNS_MOST;
	while (all->runs < most) {
		run = schedule_next(p->s, run);
		all->ends = run == 0;
		if (all->ends || (run > last && all->runs >= RUNS_LEAST))
			break;
		if (run < all->to) {
			all->overlaps++;
			run = all->to - 1; /* the next that can begin */
			continue;
		}
		set_order(p, run);
		end = visit_all(p, run);
		renew(p);
		all->runs++;
		all->to = end;
		if (end - run > all->longest)
			all->longest = end - run;
	}
}

void
schedule_capacity(const struct schedule *s, const struct schedule_fleet *f,
    int64_t now, struct schedule_capacity *ret,
    struct schedule_margin *ret_margins)
{
	struct course p = {
	    .s = s, .f = f, .spread = -1, .all = ret, .margins = ret_margins};
	size_t i;

	*ret = (struct schedule_capacity){.from = now, .to = now};
	p.slot_count = (size_t)f->parallel;
	if (p.slot_count > f->devices)
		p.slot_count = f->devices + 1;
	p.order = mem_array(f->devices + 1, sizeof(*p.order));
	p.slots = mem_array(p.slot_count, sizeof(*p.slots));
	p.served = mem_array(f->devices + 1, sizeof(*p.served));
	p.at = mem_array(f->deadline_count + 1, sizeof(*p.at));
	for (i = 0; i < f->deadline_count; i++) {
		p.at[i] = f->deadlines[i].at;
		ret_margins[i].seconds = INT64_MAX;
	}
	go_through(&p, now);
	for (i = 0; i < f->deadline_count; i++) {
		if (p.at[i] < ret->to)
			note(&ret_margins[i], p.at[i], 0, p.at[i] - ret->to);
		if (ret_margins[i].seconds < 0)
			ret->late++;
	}
	free(p.order);
	free(p.slots);
	free(p.served);
	free(p.at);
}
