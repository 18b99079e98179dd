#ifndef LOOP_H_
#define LOOP_H_
#include <stdint.h>

struct err;
struct loop;
struct loop_io;
struct loop_signal;
struct loop_timer;

/*
 * The one event loop of a process: thin words over libuv.  Everything here is
 * called on the loop's thread.  Callbacks run from loop_run() only, never from
 * inside the call that registered them.
 */
typedef void loop_fn(void *cookie);
typedef void loop_io_fn(void *cookie, unsigned ready);
/* address is NULL when the name does not resolve; borrowed for the call. */
typedef void loop_name_fn(void *cookie, const char *address);

#define LOOP_READ 1u
#define LOOP_WRITE 2u

struct loop *loop_new(struct err *err);
/* Run until loop_stop(); callbacks of the current turn still finish. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* One turn: wait until something happens, and let its callbacks run.  For who
 * ends outside loop_run() and has a worker to wait for. */
void loop_turn(struct loop *loop);

/* Watch fd, which stays the caller's; want is LOOP_READ | LOOP_WRITE. */
struct loop_io *loop_io_add(
    struct loop *loop, int fd, unsigned want, loop_io_fn *fn, void *cookie);
void loop_io_want(struct loop_io *io, unsigned want);
void loop_io_del(struct loop_io *io);

/* A timer, not running. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *cookie);
/* Call fn once, ms milliseconds from now; replaces an earlier setting. */
void loop_timer_set(struct loop_timer *timer, uint64_t ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_del(struct loop_timer *timer);

/* Call fn in the next turn, once. */
void loop_defer(struct loop *loop, loop_fn *fn, void *cookie);
/* Call fn once per turn, after all callbacks and before waiting; at most one
 * per loop. fn may defer more work: the loop then does not wait. */
void loop_before_wait(struct loop *loop, loop_fn *fn, void *cookie);

struct loop_signal *loop_signal_add(
    struct loop *loop, int signum, loop_fn *fn, void *cookie);
void loop_signal_del(struct loop_signal *signal);

/* Look a host name up with the system's resolver, on a worker; IPv4 first.
 * An address literal comes back as it is. fn is called exactly once. */
void loop_resolve(
    struct loop *loop, const char *name, loop_name_fn *fn, void *cookie);

/* Nothing may still be registered but closed handles. */
void loop_free(struct loop *loop);
/* The uv_loop_t, for modules that bring their own libuv handles. */
void *loop_native(struct loop *loop);
#endif
