#ifndef PACE_INTERNAL_H_
#define PACE_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct run;
struct site;

struct waiting { /* a device in the queue */
	struct waiting *next;
	int64_t id;
	enum engine_mode mode;
	const struct play *play;
	void *cookie;
	struct site *site; /* NULL: no limit there */
};

/*
 * Places beside the global ones: so many devices of one site in flight, so many
 * runs at a time at one CA, or at Active Directory.  Who finds none free waits
 * in line for it: a device in its site's, outside of the flight; a run at the
 * door of the peer, with its device.
 */
/* --- sites --- */
/* Which site it is of; looked up only with a limit. 0, or -1 as the store. */
int pace_site_of(struct engine *e, struct waiting *w, struct err *err);
/* As many wait there as may be in flight: more of them are of no use. */
bool pace_site_full(const struct engine *e, const struct site *site);
/* Take a place, or a place in the site's line: false, and w is the site's. */
bool pace_site_enter(struct engine *e, struct waiting *w);
/* One is free again: the first in its line, or NULL. */
struct waiting *pace_site_leave(struct site *site);
/* The next of those in any line; NULL when there are none. */
struct waiting *pace_site_drop(struct engine *e);

/* --- peers --- */
struct door {
	struct door *next;
	char *name;
	size_t limit, inside;
	struct run *first, *last; /* in line */
};
/* Go on with then(run), now or when its turn comes. name: "ca:corp"; limit 0:
 * any number. A run is at one door at most. */
void pace_enter(struct run *run, const char *name, int64_t limit,
    void (*then)(struct run *run));
/* Not inside and not in line any more; nothing when it was neither. */
void pace_leave(struct run *run);
/* Let in who has a place by now; with the engine draining everybody. */
void pace_turn(void *cookie);
void pace_free(struct engine *e);
#endif
