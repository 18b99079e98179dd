#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "loop_internal.h"
#include "words_internal.h"

#define EVENTS_PER_TURN 256

int
loop_init(struct loop *l)
{
	memset(l, 0, sizeof(*l));
	l->signals.fd = -1;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll < 0 ? -1 : 0;
}

void
loop_free(struct loop *l)
{
	if (l->signals.fd >= 0)
		close(l->signals.fd);
	if (l->epoll >= 0)
		close(l->epoll);
	free(l->heap);
	l->heap = NULL;
	l->epoll = -1;
}

int64_t
loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
loop_watch(struct loop *l, struct loop_watch *w, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};

	assert(w->fd >= 0 && w->ready != NULL);
	w->events = events;
	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &ev);
}

void
loop_events(struct loop *l, struct loop_watch *w, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};
	int rc;

	if (w->fd < 0 || w->events == events)
		return;
	w->events = events;
	rc = epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &ev);
	assert(rc == 0);
	(void)rc;
}

void
loop_unwatch(struct loop *l, struct loop_watch *w)
{
	if (w->fd < 0)
		return;
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->fd = -1;
}

static void
got_signal(void *arg, uint32_t events)
{
	(void)events;
	loop_stop(arg);
}

int
loop_signals(struct loop *l)
{
	struct loop_watch *w = &l->signals;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	w->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	w->ready = got_signal;
	w->arg = l;
	return w->fd < 0 ? -1 : loop_watch(l, w, EPOLLIN);
}

/* One event may be a key that takes a second to make: a signal that waits is
 * not left behind hundreds of them. */
static bool
stops(const struct loop *l)
{
	sigset_t set;

	if (l->stopped || l->signals.fd < 0)
		return l->stopped;
	return sigpending(&set) == 0 &&
	    (sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1);
}

static void
put(struct loop *l, size_t place, struct loop_timer *t)
{
	l->heap[place] = t;
	t->place = place;
}

/* Moves t from an empty place to where it belongs. */
static void
sift(struct loop *l, size_t place, struct loop_timer *t)
{
	size_t child;

	while (place > 1 && l->heap[place / 2]->due > t->due) {
		put(l, place, l->heap[place / 2]);
		place /= 2;
	}
	while ((child = 2 * place) <= l->count) {
		if (child < l->count &&
		    l->heap[child + 1]->due < l->heap[child]->due)
			child++;
		if (l->heap[child]->due >= t->due)
			break;
		put(l, place, l->heap[child]);
		place = child;
	}
	put(l, place, t);
}

void
loop_cancel(struct loop *l, struct loop_timer *t)
{
	size_t place = t->place;
	struct loop_timer *last;

	if (place == 0)
		return;
	assert(place <= l->count && l->heap[place] == t);
	t->place = 0;
	last = l->heap[l->count--];
	if (last != t)
		sift(l, place, last);
}

void
loop_after(struct loop *l, struct loop_timer *t, int64_t delay_ms)
{
	struct loop_timer **heap;

	assert(t->fire != NULL);
	loop_cancel(l, t);
	if (l->count + 2 > l->size) {
		l->size = l->size == 0 ? 64 : 2 * l->size;
		heap = must_calloc(l->size, sizeof(struct loop_timer *));
		if (l->heap != NULL)
			memcpy(heap, l->heap,
			    (l->count + 1) * sizeof(struct loop_timer *));
		free(l->heap);
		l->heap = heap;
	}
	t->due = loop_now() + delay_ms;
	sift(l, ++l->count, t);
}

static int
next_timeout(const struct loop *l)
{
	int64_t wait;

	if (l->count == 0)
		return -1;
	wait = l->heap[1]->due - loop_now();
	if (wait <= 0)
		return 0;
	return wait > INT_MAX ? INT_MAX : (int)wait;
}

static void
fire_due(struct loop *l)
{
	int64_t now = loop_now();

	while (l->count > 0 && l->heap[1]->due <= now && !stops(l)) {
		struct loop_timer *t = l->heap[1];

		loop_cancel(l, t);
		t->fire(t->arg);
	}
}

int
loop_run(struct loop *l, void (*turn_end)(void *arg), void *arg)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int count, i;

	while (!stops(l)) {
		count = epoll_wait(
		    l->epoll, events, EVENTS_PER_TURN, next_timeout(l));
		if (count < 0 && errno != EINTR)
			return -1;
		for (i = 0; i < count && !stops(l); i++) {
			struct loop_watch *w = events[i].data.ptr;

			if (w->fd >= 0)
				w->ready(w->arg, events[i].events);
		}
		fire_due(l);
		turn_end(arg);
	}
	return 0;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}
