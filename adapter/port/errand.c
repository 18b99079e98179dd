#include "errand.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "log.h"
#include "loop.h"
#include "mem.h"
#include "work.h"

/* A controller writes one password at a time: more desks gain nothing. */
#define DESKS 2

struct errands {
	struct loop *loop;
	struct office *office;
	struct desk *desks[DESKS];
	bool busy[DESKS];
	struct errand *first, *last; /* waiting for a desk */
	size_t under_way;	     /* sent and not done */
	bool stopped;		     /* nothing is begun any more */
};

/* LDAP's failure is the one to tell, unless something may have happened now, or
 * somebody answered. */
static void
run_instead(struct errand *e, struct desk_job *job)
{
	struct err err;

	job->need = DESK_KDC;
	job->fn = e->instead;
	job->instead = true;
	if (desk_work(e->queue->desks[e->desk], job, &err) == 0) {
		e->by_kerberos = true;
		log_line(LOG_INFO, "directory.by_kerberos", "error=\"%s\"",
		    e->err.text);
		err_clear(&e->err);
	} else if (err.kind != ERR_UNREACHABLE) {
		e->err = err;
	}
}

static void
run_at_desk(void *arg)
{
	struct errand *e = arg;
	struct desk_job job = {.need = e->need,
	    .dc = e->dc,
	    .or_another = e->or_another,
	    .fn = e->call,
	    .cookie = e};

	if (desk_work(e->queue->desks[e->desk], &job, &e->err) == 0)
		err_clear(&e->err);
	else if (e->err.kind == ERR_UNREACHABLE && e->instead != NULL)
		run_instead(e, &job);
}

static void
run_alone(void *arg)
{
	struct errand *e = arg;

	if (e->call(e, NULL, NULL, &e->err) == 0)
		err_clear(&e->err);
}

static void
free_errand(struct errand *e)
{
	free(e->dc);
	e->free(e);
}

/* On the loop; it is over. */
static void
report(struct errand *e)
{
	e->queue->under_way--;
	if (e->err.kind == ERR_NONE && e->give != NULL)
		e->give(e);
	e->done(e->cookie, &e->err);
	free_errand(e);
}

static void
alone_done(void *arg)
{
	report(arg);
}

static void desk_done(void *arg);

static void
start_next(struct errands *q)
{
	struct work_job work = {.run = run_at_desk, .done = desk_done};
	struct errand *e;
	size_t i;

	for (i = 0; i < DESKS && q->first != NULL; i++) {
		if (q->busy[i])
			continue;
		e = q->first;
		q->first = e->next;
		if (q->first == NULL)
			q->last = NULL;
		q->busy[i] = true;
		e->desk = i;
		work.arg = e;
		work_submit(q->loop, &work);
	}
}

static void
desk_done(void *arg)
{
	struct errand *e = arg;
	struct errands *q = e->queue;

	assert(q->busy[e->desk]);
	q->busy[e->desk] = false;
	start_next(q);
	report(e);
}

void
errand_send(
    struct errands *q, struct errand *e, port_done_fn *done, void *cookie)
{
	struct work_job alone = {
	    .run = run_alone, .done = alone_done, .arg = e};

	if (q->stopped) {
		free_errand(e);
		return;
	}
	e->queue = q;
	e->done = done;
	e->cookie = cookie;
	q->under_way++;
	if (e->need == DESK_NONE) {
		work_submit(q->loop, &alone);
		return;
	}
	if (q->last != NULL)
		q->last->next = e;
	else
		q->first = e;
	q->last = e;
	start_next(q);
}

struct errands *
errands_new(struct loop *loop, const struct conf *conf)
{
	struct errands *q = mem_alloc(sizeof(*q));
	size_t i;

	q->loop = loop;
	q->office = office_new(conf);
	for (i = 0; i < DESKS; i++)
		q->desks[i] = desk_new(q->office);
	return q;
}

struct office *
errands_office(struct errands *q)
{
	return q->office;
}

void
errands_stop(struct errands *q)
{
	struct errand *e;

	q->stopped = true;
	while ((e = q->first) != NULL) {
		q->first = e->next;
		q->under_way--;
		free_errand(e);
	}
	q->last = NULL;
	while (q->under_way > 0)
		loop_turn(q->loop);
}

void
errands_free(struct errands *q)
{
	size_t i;

	assert(q->under_way == 0);
	for (i = 0; i < DESKS; i++)
		desk_free(q->desks[i]);
	office_free(q->office);
	free(q);
}
