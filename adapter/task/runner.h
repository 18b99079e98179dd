#ifndef RUNNER_H_
#define RUNNER_H_
#include <stdbool.h>
#include <stdint.h>

struct conf;
struct engine;
struct err;
struct loop;
struct runner;
struct store;
struct vault;

/*
 * Works on runs: makes them when a schedule says so, finds out which devices
 * they are for, gives these to the engine as their canaries, waves and windows
 * allow, and records what became of each in the transaction that ends its
 * visit.  All it knows is in the store: a process that is killed is followed by
 * one that goes on.
 *
 *   assignment --due--> run --expanded (bounded pieces)--> items
 *   item: waiting --> running --> done
 *                  ^      |
 *                  '------'  offline or held elsewhere: later once more
 *
 * Of several processes over one store each run has one that works on it.
 */
struct runner_deps { /* borrowed, and to outlive the runner */
	struct loop *loop;
	struct store *store; /* the engine's */
	struct vault *vault;
	struct engine *engine; /* engine_on_end() is the runner's */
	const struct conf *conf;
	const char *actor; /* in events */
	/* The store does not answer: nothing more is begun. */
	void (*failed)(void *cookie, const struct err *err);
	/* Nothing is at a worker any more, after runner_drain(). */
	void (*quiet)(void *cookie);
	void *cookie;
};
struct runner *runner_new(const struct runner_deps *deps);
/* Begin, or go on: our own clock is right. The first time what waits for the
 * start of the adapter becomes due. */
void runner_go(struct runner *r);
/* Begin nothing more for now: our clock is in doubt. */
void runner_hold(struct runner *r);
/* Begin nothing more at all; what is under way is still recorded. True when
 * nothing is at a worker; else quiet() is called. */
bool runner_drain(struct runner *r);
/* With the engine stopped or idle, and nothing at a worker. */
void runner_free(struct runner *r);
#endif
