#include "loop.h"

#include <assert.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "mem.h"

struct deferred {
	struct deferred *next;
	loop_fn *fn;
	void *cookie;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare; /* runs before each wait */
	uv_idle_t awake;      /* active while something is deferred */
	loop_fn *before_wait;
	void *before_wait_cookie;
	struct deferred *first, *last;
};

/* --- turns --- */

static void
stay_awake(uv_idle_t *idle)
{
	(void)idle; /* its being active keeps the loop from waiting */
}

static void
run_deferred(struct loop *loop)
{
	struct deferred *d = loop->first, *next;

	/* What these callbacks defer belongs to the next turn. */
	loop->first = NULL;
	loop->last = NULL;
	for (; d != NULL; d = next) {
		next = d->next;
		d->fn(d->cookie);
		free(d);
	}
}

static void
before_wait(uv_prepare_t *prepare)
{
	struct loop *loop = prepare->data;

	run_deferred(loop);
	if (loop->before_wait != NULL)
		loop->before_wait(loop->before_wait_cookie);
	if (loop->first != NULL)
		(void)uv_idle_start(&loop->awake, stay_awake);
	else
		(void)uv_idle_stop(&loop->awake);
}

struct loop *
loop_new(struct err *err)
{
	struct loop *loop = mem_alloc(sizeof(*loop));
	int rc = uv_loop_init(&loop->uv);

	if (rc != 0) {
		(void)err_set(
		    err, ERR_LIMIT, "event loop: %s", uv_strerror(rc));
		free(loop);
		return NULL;
	}
	(void)uv_prepare_init(&loop->uv, &loop->prepare);
	loop->prepare.data = loop;
	(void)uv_prepare_start(&loop->prepare, before_wait);
	uv_unref((uv_handle_t *)&loop->prepare);
	(void)uv_idle_init(&loop->uv, &loop->awake);
	return loop;
}

void
loop_run(struct loop *loop)
{
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void
loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

void
loop_turn(struct loop *loop)
{
	(void)uv_run(&loop->uv, UV_RUN_ONCE);
}

void
loop_defer(struct loop *loop, loop_fn *fn, void *cookie)
{
	struct deferred *d = mem_alloc(sizeof(*d));

	d->fn = fn;
	d->cookie = cookie;
	if (loop->last != NULL)
		loop->last->next = d;
	else
		loop->first = d;
	loop->last = d;
	(void)uv_idle_start(&loop->awake, stay_awake);
}

void
loop_before_wait(struct loop *loop, loop_fn *fn, void *cookie)
{
	assert(fn == NULL || loop->before_wait == NULL);
	loop->before_wait = fn;
	loop->before_wait_cookie = cookie;
}

void
loop_free(struct loop *loop)
{
	int rc;

	if (loop == NULL)
		return;
	run_deferred(loop);
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->awake, NULL);
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
	rc = uv_loop_close(&loop->uv);
	assert(rc == 0);
	(void)rc;
	free(loop);
}

void *
loop_native(struct loop *loop)
{
	return &loop->uv;
}

/* --- descriptors --- */

struct loop_io {
	uv_poll_t poll;
	unsigned want;
	loop_io_fn *fn;
	void *cookie;
};

static void
close_and_free(uv_handle_t *handle)
{
	free(handle->data);
}

static void
io_ready(uv_poll_t *poll, int status, int events)
{
	struct loop_io *io = poll->data;
	unsigned ready = 0;

	if (status < 0)
		io->want = 0; /* libuv has stopped it */
	if (status < 0 || (events & UV_READABLE))
		ready |= LOOP_READ;
	if (status < 0 || (events & UV_WRITABLE))
		ready |= LOOP_WRITE;
	io->fn(io->cookie, ready);
}

struct loop_io *
loop_io_add(
    struct loop *loop, int fd, unsigned want, loop_io_fn *fn, void *cookie)
{
	struct loop_io *io = mem_alloc(sizeof(*io));
	int rc;

	io->fn = fn;
	io->cookie = cookie;
	rc = uv_poll_init(&loop->uv, &io->poll, fd);
	assert(rc == 0);
	(void)rc;
	io->poll.data = io;
	loop_io_want(io, want);
	return io;
}

void
loop_io_want(struct loop_io *io, unsigned want)
{
	int events = 0;

	if (io->want == want) /* libuv would tell the kernel all the same */
		return;
	io->want = want;
	if (want & LOOP_READ)
		events |= UV_READABLE;
	if (want & LOOP_WRITE)
		events |= UV_WRITABLE;
	if (events != 0)
		(void)uv_poll_start(&io->poll, events, io_ready);
	else
		(void)uv_poll_stop(&io->poll);
}

void
loop_io_del(struct loop_io *io)
{
	if (io != NULL)
		uv_close((uv_handle_t *)&io->poll, close_and_free);
}

/* --- timers --- */

struct loop_timer {
	uv_timer_t timer;
	loop_fn *fn;
	void *cookie;
};

static void
timer_ready(uv_timer_t *handle)
{
	struct loop_timer *timer = handle->data;

	timer->fn(timer->cookie);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *cookie)
{
	struct loop_timer *timer = mem_alloc(sizeof(*timer));

	timer->fn = fn;
	timer->cookie = cookie;
	(void)uv_timer_init(&loop->uv, &timer->timer);
	timer->timer.data = timer;
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, uint64_t ms)
{
	/* libuv counts from the turn's start, which may be long ago. */
	uv_update_time(timer->timer.loop);
	(void)uv_timer_start(&timer->timer, timer_ready, ms, 0);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	(void)uv_timer_stop(&timer->timer);
}

void
loop_timer_del(struct loop_timer *timer)
{
	if (timer != NULL)
		uv_close((uv_handle_t *)&timer->timer, close_and_free);
}

/* --- signals --- */

struct loop_signal {
	uv_signal_t signal;
	loop_fn *fn;
	void *cookie;
};

static void
signal_ready(uv_signal_t *handle, int signum)
{
	struct loop_signal *s = handle->data;

	(void)signum;
	s->fn(s->cookie);
}

struct loop_signal *
loop_signal_add(struct loop *loop, int signum, loop_fn *fn, void *cookie)
{
	struct loop_signal *s = mem_alloc(sizeof(*s));

	s->fn = fn;
	s->cookie = cookie;
	(void)uv_signal_init(&loop->uv, &s->signal);
	s->signal.data = s;
	(void)uv_signal_start(&s->signal, signal_ready, signum);
	uv_unref((uv_handle_t *)&s->signal); /* waiting for it is no work */
	return s;
}

void
loop_signal_del(struct loop_signal *s)
{
	if (s != NULL)
		uv_close((uv_handle_t *)&s->signal, close_and_free);
}

/* --- names --- */

struct lookup {
	uv_getaddrinfo_t request;
	loop_name_fn *fn;
	void *cookie;
};

static void
lookup_done(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct lookup *lookup = request->data;
	char address[INET6_ADDRSTRLEN];
	const struct addrinfo *ai, *best = NULL;

	for (ai = status == 0 ? found : NULL; ai != NULL; ai = ai->ai_next)
		if (best == NULL ||
		    (best->ai_family != AF_INET && ai->ai_family == AF_INET))
			best = ai;
	if (best != NULL &&
	    getnameinfo(best->ai_addr, best->ai_addrlen, address,
		sizeof(address), NULL, 0, NI_NUMERICHOST) == 0)
		lookup->fn(lookup->cookie, address);
	else
		lookup->fn(lookup->cookie, NULL);
	uv_freeaddrinfo(found);
	free(lookup);
}

struct lookup_failed {
	loop_name_fn *fn;
	void *cookie;
};

static void
lookup_failed(void *cookie)
{
	struct lookup_failed *f = cookie;

	f->fn(f->cookie, NULL);
	free(f);
}

void
loop_resolve(
    struct loop *loop, const char *name, loop_name_fn *fn, void *cookie)
{
	const struct addrinfo hint = {.ai_socktype = SOCK_STREAM};
	struct lookup *lookup = mem_alloc(sizeof(*lookup));
	struct lookup_failed *f;

	lookup->fn = fn;
	lookup->cookie = cookie;
	lookup->request.data = lookup;
	if (uv_getaddrinfo(&loop->uv, &lookup->request, lookup_done, name, NULL,
		&hint) == 0)
		return;
	free(lookup);
	f = mem_alloc(sizeof(*f));
	f->fn = fn;
	f->cookie = cookie;
	loop_defer(loop, lookup_failed, f);
}
