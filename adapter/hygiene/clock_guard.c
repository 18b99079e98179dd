#include "clock_guard.h"

#include <stdlib.h>

#include "clock.h"
#include "daemon.h"
#include "err.h"
#include "mem.h"
#include "our_clock.h"
#include "ports.h"
#include "survey.h"

#define LOOK_EVERY_MS INT64_C(3600000)
#define JUMP_MS 2000 /* nobody slews a clock by this in an hour */

struct clock_guard {
	struct daemon *d;
	clock_guard_fn *judged;
	void *cookie;
	bool looking;
	int64_t offset_ms;
	int64_t good_until; /* clock_mono_ms(); 0: not known to be */
	int64_t lead_ms;    /* then; see lead() */
	struct survey *survey;
};

struct clock_guard *
clock_guard_new(struct daemon *d, clock_guard_fn *judged, void *cookie)
{
	struct clock_guard *g = mem_alloc(sizeof(*g));

	*g = (struct clock_guard){.d = d, .judged = judged, .cookie = cookie};
	return g;
}

/* What our clock is ahead of the one that nobody sets. */
static int64_t
lead(void)
{
	return clock_now_ms() - clock_mono_ms();
}

bool
clock_guard_good(const struct clock_guard *g)
{
	return g->d->ports->kdc.self == NULL ||
	    (clock_mono_ms() < g->good_until &&
		llabs(lead() - g->lead_ms) < JUMP_MS);
}

void
clock_guard_trust(struct clock_guard *g)
{
	g->good_until = clock_mono_ms() + LOOK_EVERY_MS;
	g->lead_ms = lead();
}

static void
judge(struct clock_guard *g, const struct err *err)
{
	g->looking = false;
	g->good_until = 0;
	if (err->kind == ERR_NONE)
		clock_guard_trust(g);
	g->judged(g->cookie, err);
}

static void
surveyed(void *cookie, const struct err *why)
{
	struct clock_guard *g = cookie;
	struct err err = {.kind = ERR_NONE};

	(void)our_clock_judge(g->d->conf, g->offset_ms, &err);
	if (why->kind == ERR_NONE)
		our_clock_blame(g->d->conf, g->survey, g->offset_ms, &err);
	survey_free(g->survey);
	g->survey = NULL;
	judge(g, &err);
}

static void
looked(void *cookie, const struct err *err)
{
	struct clock_guard *g = cookie;

	if (err->kind == ERR_NONE &&
	    our_clock_judge(g->d->conf, g->offset_ms, NULL) != 0)
		g->survey = survey_begin(g->d, surveyed, g);
	else
		judge(g, err);
}

void
clock_guard_look(struct clock_guard *g)
{
	const struct port_kdc *kdc = &g->d->ports->kdc;

	g->looking = true;
	kdc->look_time(kdc->self, &g->offset_ms, looked, g);
}

bool
clock_guard_looking(const struct clock_guard *g)
{
	return g->looking;
}

int64_t
clock_guard_offset_ms(const struct clock_guard *g)
{
	return g->offset_ms;
}

void
clock_guard_free(struct clock_guard *g)
{
	free(g);
}
