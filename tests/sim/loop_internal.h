#ifndef LOOP_INTERNAL_H_
#define LOOP_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The simulator's event loop: level-triggered epoll and a heap of timers.
 * Watches and timers live in their owners' structs.  An owner may unwatch and
 * stop at any time, but frees its memory only from the turn's end (the
 * function given to loop_run), as the turn may still hold events for it.
 */
struct loop_timer {
	int64_t due;  /* loop_now() time */
	size_t place; /* in the heap, from 1; 0: not set */
	void (*fire)(void *arg);
	void *arg;
};

struct loop_watch {
	int fd; /* -1: not watched */
	uint32_t events;
	void (*ready)(void *arg, uint32_t events);
	void *arg;
};

struct loop {
	int epoll;
	bool stopped;
	struct loop_watch signals;
	struct loop_timer **heap; /* from index 1 */
	size_t count, size;
};

int loop_init(struct loop *l);
void loop_free(struct loop *l);
int64_t loop_now(void); /* monotonic milliseconds */

/* From now on SIGTERM and SIGINT stop the loop, before its next event however
 * many there are; 0 or -1 with errno. */
int loop_signals(struct loop *l);

/* Watches w->fd, which stays the caller's to close; 0 or -1 with errno. */
int loop_watch(struct loop *l, struct loop_watch *w, uint32_t events);
void loop_events(struct loop *l, struct loop_watch *w, uint32_t events);
void loop_unwatch(struct loop *l, struct loop_watch *w);

/* Fires once, in delay_ms; a set timer is moved. */
void loop_after(struct loop *l, struct loop_timer *t, int64_t delay_ms);
void loop_cancel(struct loop *l, struct loop_timer *t);

/* Runs until loop_stop(); turn_end is called after each turn. */
int loop_run(struct loop *l, void (*turn_end)(void *arg), void *arg);
void loop_stop(struct loop *l);
#endif
