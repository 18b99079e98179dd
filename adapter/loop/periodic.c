#include "periodic.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "str.h"
#include "work.h"

#define LOG_TEXT 1024 /* an err's text, each byte as \xNN */

struct periodic {
	struct loop *loop;
	struct periodic_job job;
	struct loop_timer *timer;
	bool started, at_work;
	bool poked; /* while at work */
	_Atomic bool stopping;
	void (*quiet)(void *cookie);
	void *cookie;
	bool more;	 /* the last run said so; as err */
	struct err err;	 /* of the last run; the worker's while at work */
	struct err told; /* what is in the log */
};

/* --- what came of it --- */

static void
tell(struct periodic *p)
{
	struct buf text;

	if (p->job.log == NULL ||
	    (p->err.kind == p->told.kind && str_eq(p->err.text, p->told.text)))
		return;
	p->told = p->err;
	if (p->err.kind == ERR_NONE) {
		log_line(
		    LOG_NOTE, p->job.log, "kind=%s", err_kind_name(ERR_NONE));
		return;
	}
	buf_init(&text, LOG_TEXT);
	str_printable(&text, p->err.text, strlen(p->err.text), LOG_TEXT / 4);
	log_line(LOG_WARN, p->job.log, "kind=%s error=\"%s\"",
	    err_kind_name(p->err.kind), buf_text(&text));
	buf_free(&text);
}

/* --- a run --- */

static void
run(void *arg)
{
	struct periodic *p = arg;

	if (p->job.run(p->job.arg, &p->more, &p->err) == 0)
		err_clear(&p->err);
}

static void
done(void *arg)
{
	struct periodic *p = arg;

	if (p->job.done != NULL)
		p->job.done(p->job.arg, &p->err);
	tell(p);
	p->at_work = false;
	if (p->stopping) {
		p->quiet(p->cookie); /* which may free p */
		return;
	}
	if (!p->started)
		return;
	if (p->poked)
		loop_timer_set(p->timer, 0);
	else if (p->err.kind != ERR_NONE)
		loop_timer_set(p->timer, p->job.again_ms);
	else
		loop_timer_set(p->timer, p->more ? 0 : p->job.every_ms);
}

static void
begin(void *cookie)
{
	struct periodic *p = cookie;
	const struct work_job work = {.run = run, .done = done, .arg = p};

	p->at_work = true;
	p->poked = false;
	p->more = false;
	if (p->job.begin != NULL)
		p->job.begin(p->job.arg);
	work_submit(p->loop, &work);
}

/* --- life --- */

struct periodic *
periodic_new(struct loop *loop, const struct periodic_job *job)
{
	struct periodic *p = mem_alloc(sizeof(*p));

	p->loop = loop;
	p->job = *job;
	p->timer = loop_timer_new(loop, begin, p);
	return p;
}

void
periodic_start(struct periodic *p, uint64_t ms)
{
	if (p->started || p->stopping)
		return;
	p->started = true;
	p->poked = false;
	if (!p->at_work)
		loop_timer_set(p->timer, ms);
}

void
periodic_poke(struct periodic *p)
{
	if (!p->started || p->stopping)
		return;
	p->poked = true;
	if (!p->at_work)
		loop_timer_set(p->timer, 0);
}

void
periodic_hold(struct periodic *p)
{
	p->started = false;
	loop_timer_stop(p->timer);
}

bool
periodic_stop(struct periodic *p, void (*quiet)(void *cookie), void *cookie)
{
	assert(!p->stopping);
	p->stopping = true;
	p->quiet = quiet;
	p->cookie = cookie;
	loop_timer_stop(p->timer);
	return !p->at_work;
}

bool
periodic_stopping(const struct periodic *p)
{
	return p->stopping;
}

void
periodic_free(struct periodic *p)
{
	if (p == NULL)
		return;
	assert(!p->at_work);
	loop_timer_del(p->timer);
	free(p);
}
