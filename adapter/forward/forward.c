#include "forward.h"

#include <stdlib.h>

#include "conf.h"
#include "forward_internal.h"
#include "loop.h"
#include "mem.h"
#include "work.h"

#define LOOK_MS 500 /* other processes write events too */

struct place {
	struct forward *all;
	struct forward_sink sink;
	struct loop_timer *timer;
	bool busy, last, quiet;
};

struct forward {
	struct loop *loop;
	struct place *places;
	size_t count;
	bool stopping;
	void (*done)(void *cookie);
	void *cookie;
};

static bool
all_quiet(const struct forward *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (!f->places[i].quiet)
			return false;
	return true;
}

static void
turn(void *arg)
{
	struct place *p = arg;

	forward_sink_turn(&p->sink, p->last);
}

static void begin(void *cookie);

static void
turned(void *arg)
{
	struct place *p = arg;
	struct forward *f = p->all;

	p->busy = false;
	if (p->last) {
		p->quiet = true;
		if (all_quiet(f))
			f->done(f->cookie);
	} else if (f->stopping)
		begin(p);
	else
		loop_timer_set(p->timer, p->sink.more ? 0 : LOOK_MS);
}

static void
begin(void *cookie)
{
	struct place *p = cookie;
	const struct work_job job = {.run = turn, .done = turned, .arg = p};

	p->busy = true;
	p->last = p->all->stopping;
	work_submit(p->all->loop, &job);
}

int
forward_new(struct loop *loop, const struct conf *conf,
    struct forward **ret_forward, struct err *err)
{
	struct forward *f = mem_alloc(sizeof(*f));
	struct place *p;
	size_t i;

	f->loop = loop;
	f->places = mem_array(conf->forward_count + 1, sizeof(*f->places));
	for (i = 0; i < conf->forward_count; i++) {
		p = &f->places[i];
		if (forward_sink_open(
			conf, &conf->forwards[i], &p->sink, err) != 0) {
			forward_free(f);
			return -1;
		}
		p->all = f;
		p->timer = loop_timer_new(loop, begin, p);
		loop_timer_set(p->timer, 0);
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
	for (i = 0; i < f->count; i++) {
		loop_timer_stop(f->places[i].timer);
		if (!f->places[i].busy)
			begin(&f->places[i]);
	}
	return f->count == 0;
}

void
forward_free(struct forward *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->count; i++) {
		loop_timer_del(f->places[i].timer);
		forward_sink_close(&f->places[i].sink);
	}
	free(f->places);
	free(f);
}
