#ifndef WORK_H_
#define WORK_H_

struct loop;

/*
 * A blocking call on a worker thread.  run() sees only arg; done() is called on
 * the loop exactly once.  Every run() must bound its own time.  The pool is
 * libuv's: its size is UV_THREADPOOL_SIZE at start.
 */
struct work_job {
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg; /* the job's until done() returns */
};

/* The job is copied. */
void work_submit(struct loop *loop, const struct work_job *job);
#endif
