#include "look_internal.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "engine.h"
#include "loop.h"
#include "mem.h"

struct seen {
	int64_t device;
	bool ended;
};

struct look {
	struct look *next;
	struct looks *all;
	struct seen *seen; /* by device */
	size_t count, left;
	struct remote_looked result;
	struct loop_timer *timer;
	remote_looked_fn *done;
	void *cookie;
};

struct looks {
	struct loop *loop;
	struct engine *engine;
	struct look *first;
	bool stopped;
};

struct looks *
looks_new(struct loop *loop, struct engine *engine)
{
	struct looks *l = mem_alloc(sizeof(*l));

	l->loop = loop;
	l->engine = engine;
	return l;
}

static int
compare(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->device > y->device) - (x->device < y->device);
}

/* Takes it off the list, tells, and forgets it. */
static void
end(struct look *look)
{
	struct look **at;

	for (at = &look->all->first; *at != look; at = &(*at)->next)
		;
	*at = look->next;
	loop_timer_del(look->timer);
	look->result.expired = look->left;
	look->done(look->cookie, &look->result);
	free(look->seen);
	free(look);
}

static void
expire(void *cookie)
{
	end(cookie);
}

void
looks_begin(void *self, const int64_t *devices, size_t count, int64_t ms,
    remote_looked_fn *done, void *cookie)
{
	struct looks *l = self;
	struct look *look = mem_alloc(sizeof(*look));
	size_t i;

	assert(count > 0 && ms > 0);
	look->all = l;
	look->seen = mem_array(count, sizeof(*look->seen));
	for (i = 0; i < count; i++)
		look->seen[i].device = devices[i];
	qsort(look->seen, count, sizeof(*look->seen), compare);
	look->count = look->left = count;
	look->done = done;
	look->cookie = cookie;
	look->timer = loop_timer_new(l->loop, expire, look);
	look->next = l->first;
	l->first = look;
	loop_timer_set(look->timer, l->stopped ? 0 : (uint64_t)ms);
	for (i = 0; i < count && !l->stopped; i++)
		engine_submit(
		    l->engine, look->seen[i].device, ENGINE_LOOK, NULL);
}

static void
count_end(struct look *look, const struct engine_report *report)
{
	const struct seen key = {.device = report->device->id};
	struct seen *seen = bsearch(
	    &key, look->seen, look->count, sizeof(*look->seen), compare);

	if (seen == NULL || seen->ended)
		return;
	seen->ended = true;
	look->left--;
	if (report->outcome == ENGINE_OK || report->outcome == ENGINE_CHANGED ||
	    report->outcome == ENGINE_WAITING)
		look->result.completed++;
	else
		look->result.failed++;
}

void
looks_report(struct looks *l, const struct engine_report *report)
{
	struct look *look, *next;

	for (look = l->first; look != NULL; look = next) {
		next = look->next;
		count_end(look, report);
		if (look->left == 0)
			end(look);
	}
}

void
looks_stop(struct looks *l)
{
	l->stopped = true;
	while (l->first != NULL)
		end(l->first);
}

void
looks_free(struct looks *l)
{
	if (l == NULL)
		return;
	assert(l->first == NULL);
	free(l);
}
