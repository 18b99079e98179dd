#include <stdlib.h>

#include "conf.h"
#include "loop.h"
#include "mem.h"
#include "run_internal.h"
#include "store.h"
#include "str.h"

/* --- sites --- */

struct site {
	struct site *next;
	char *name;
	size_t inside, in_line;
	struct waiting *first, *last;
};

static struct site *
site_named(struct engine *e, const char *name)
{
	struct site *site;

	for (site = e->sites; site != NULL; site = site->next)
		if (str_eq(site->name, name))
			return site;
	site = mem_alloc(sizeof(*site));
	site->name = mem_dup(name);
	site->next = e->sites;
	e->sites = site;
	return site;
}

int
pace_site_of(struct engine *e, struct waiting *w, struct err *err)
{
	char *name = NULL;

	if (e->deps.conf->per_site == 0)
		return 0;
	if (store_device_site(e->deps.store, w->id, &name, err) != 0)
		return -1;
	if (!str_empty(name))
		w->site = site_named(e, name);
	free(name);
	return 0;
}

bool
pace_site_full(const struct engine *e, const struct site *site)
{
	return site != NULL && site->in_line >= (size_t)e->deps.conf->per_site;
}

bool
pace_site_enter(struct engine *e, struct waiting *w)
{
	struct site *site = w->site;

	if (site == NULL)
		return true;
	if (site->inside < (size_t)e->deps.conf->per_site) {
		site->inside++;
		return true;
	}
	w->next = NULL;
	if (site->last != NULL)
		site->last->next = w;
	else
		site->first = w;
	site->last = w;
	site->in_line++;
	return false;
}

static struct waiting *
first_of(struct site *site)
{
	struct waiting *w = site->first;

	if (w == NULL)
		return NULL;
	site->first = w->next;
	if (site->first == NULL)
		site->last = NULL;
	site->in_line--;
	return w;
}

struct waiting *
pace_site_leave(struct site *site)
{
	if (site == NULL)
		return NULL;
	site->inside--;
	return first_of(site);
}

struct waiting *
pace_site_drop(struct engine *e)
{
	struct waiting *w = NULL;
	struct site *site;

	for (site = e->sites; site != NULL && w == NULL; site = site->next)
		w = first_of(site);
	return w;
}

/* --- peers --- */

static struct door *
door_named(struct engine *e, const char *name, size_t limit)
{
	struct door *door;

	for (door = e->doors; door != NULL; door = door->next)
		if (str_eq(door->name, name))
			return door;
	door = mem_alloc(sizeof(*door));
	door->name = mem_dup(name);
	door->limit = limit;
	door->next = e->doors;
	e->doors = door;
	return door;
}

void
pace_enter(struct run *run, const char *name, int64_t limit,
    void (*then)(struct run *run))
{
	struct engine *e = run->engine;
	struct door *door;

	if (limit == 0) {
		then(run);
		return;
	}
	door = door_named(e, name, (size_t)limit);
	run->door = door;
	if (door->inside < door->limit) {
		door->inside++;
		run->inside = true;
		then(run);
		return;
	}
	run->door_then = then;
	run->door_next = NULL;
	run->door_prev = door->last;
	if (door->last != NULL)
		door->last->door_next = run;
	else
		door->first = run;
	door->last = run;
}

static void
leave_line(struct run *run)
{
	struct door *door = run->door;

	if (run->door_prev != NULL)
		run->door_prev->door_next = run->door_next;
	else
		door->first = run->door_next;
	if (run->door_next != NULL)
		run->door_next->door_prev = run->door_prev;
	else
		door->last = run->door_prev;
}

void
pace_leave(struct run *run)
{
	struct door *door = run->door;

	if (door == NULL)
		return;
	if (!run->inside) {
		leave_line(run);
		run->door = NULL;
		return;
	}
	run->door = NULL;
	run->inside = false;
	door->inside--;
	if (door->first != NULL)
		loop_timer_set(run->engine->pace_timer, 0);
}

/* From the loop and not from pace_leave(): a step that ends at once would lead
 * from one run into the next, and so on. */
void
pace_turn(void *cookie)
{
	struct engine *e = cookie;
	struct door *door;
	struct run *run;

	for (door = e->doors; door != NULL; door = door->next)
		while ((run = door->first) != NULL &&
		    (door->inside < door->limit || e->draining)) {
			leave_line(run);
			door->inside++;
			run->inside = true;
			run->door_then(run);
		}
}

void
pace_free(struct engine *e)
{
	struct site *site;
	struct door *door;

	while ((site = e->sites) != NULL) {
		e->sites = site->next;
		free(site->name);
		free(site);
	}
	while ((door = e->doors) != NULL) {
		e->doors = door->next;
		free(door->name);
		free(door);
	}
}
