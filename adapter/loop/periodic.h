#ifndef PERIODIC_H_
#define PERIODIC_H_
#include <stdbool.h>
#include <stdint.h>

struct err;
struct loop;
struct periodic;

/*
 * A job that runs at a worker time and again, never twice at once.  The next
 * run is counted from the end of the one before.
 *
 *   on hold --start--> waits --its time, or a poke--> at work --> waits ...
 *
 * All is called on the loop's thread but run(), and periodic_stopping() in it.
 */
struct periodic_job {
	/* "serve.ca": the log line that tells when the outcome becomes another:
	 * once that it fails (and anew when for another reason), once that it
	 * does well again. NULL: who runs it tells. */
	const char *log;
	void (*begin)(void *arg); /* before each run, on the loop; NULL */
	/* At a worker, in bounded time. -1: it failed; err says why. *ret_more,
	 * false before: the next run follows at once, unless this one failed.
	 */
	int (*run)(void *arg, bool *ret_more, struct err *err);
	/* After each run, on the loop; NULL. *err is its outcome, ERR_NONE when
	 * it did well, and may be made another. */
	void (*done)(void *arg, struct err *err);
	void *arg; /* borrowed until the end */
	uint64_t every_ms;
	uint64_t again_ms; /* the same, after a failure */
};

/* On hold. The job is copied, what it points to is borrowed. */
struct periodic *periodic_new(
    struct loop *loop, const struct periodic_job *job);

/* The first run ms from now, or, when one from before the hold is still at
 * work, as that one's outcome has it. Nothing when it is not on hold. */
void periodic_start(struct periodic *p, uint64_t ms);
/* Do not wait for the time: run now, or once more right after the run that is
 * at work, however often this is asked meanwhile. Nothing on hold. */
void periodic_poke(struct periodic *p);
/* None begins until periodic_start(). What is at work ends, with done(). */
void periodic_hold(struct periodic *p);

/* None begins from now on; once. true: none is at work either, and that is all.
 * false: quiet() is called once, from the loop, after done() of the one that
 * is; it may free p. */
bool periodic_stop(
    struct periodic *p, void (*quiet)(void *cookie), void *cookie);
/* Was it told to stop? For a run() that can end early, and for done(). */
bool periodic_stopping(const struct periodic *p);
/* When none is at work; NULL is allowed. */
void periodic_free(struct periodic *p);
#endif
