#include "forward.h"

#include <stdlib.h>

#include "conf.h"
#include "forward_internal.h"
#include "mem.h"
#include "periodic.h"

#define LOOK_MS 500 /* other processes write events too */

struct place {
	struct forward *all;
	struct forward_sink sink;
	struct periodic *periodic;
	bool last; /* the worker's: this turn is */
};

struct forward {
	struct place *places;
	size_t count;
	bool stopping;
	size_t stopped; /* places that have */
	void (*done)(void *cookie);
	void *cookie;
};

static int
turn(void *arg, bool *ret_more, struct err *err)
{
	struct place *p = arg;

	(void)err; /* the sink has its own times after a failure, and tells */
	forward_sink_turn(&p->sink, p->last);
	*ret_more = p->sink.more;
	return 0;
}

static void
begin(void *arg)
{
	struct place *p = arg;

	p->last = p->all->stopping;
}

static void
place_stopped(void *cookie)
{
	struct forward *f = cookie;

	if (++f->stopped == f->count)
		f->done(f->cookie);
}

static void
turned(void *arg, struct err *err)
{
	struct place *p = arg;

	(void)err;
	/* Not from one that began before: what has arrived is kept in the last.
	 */
	if (p->last)
		(void)periodic_stop(p->periodic, place_stopped, p->all);
}

int
forward_new(struct loop *loop, const struct conf *conf,
    struct forward **ret_forward, struct err *err)
{
	struct periodic_job job = {
	    .begin = begin, .run = turn, .done = turned, .every_ms = LOOK_MS};
	struct forward *f = mem_alloc(sizeof(*f));
	struct place *p;
	size_t i;

	f->places = mem_array(conf->forward_count + 1, sizeof(*f->places));
	for (i = 0; i < conf->forward_count; i++) {
		p = &f->places[i];
		if (forward_sink_open(
			conf, &conf->forwards[i], &p->sink, err) != 0) {
			forward_free(f);
			return -1;
		}
		p->all = f;
		job.arg = p;
		p->periodic = periodic_new(loop, &job);
		periodic_start(p->periodic, 0);
		f->count++;
	}
	*ret_forward = f;
	return 0;
}

/* Each takes one more turn, in which what has arrived is kept. */
bool
forward_stop(struct forward *f, void (*done)(void *cookie), void *cookie)
{
	size_t i;

	f->stopping = true;
	f->done = done;
	f->cookie = cookie;
	for (i = 0; i < f->count; i++)
		periodic_poke(f->places[i].periodic);
	return f->count == 0;
}

void
forward_free(struct forward *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->count; i++) {
		periodic_free(f->places[i].periodic);
		forward_sink_close(&f->places[i].sink);
	}
	free(f->places);
	free(f);
}
