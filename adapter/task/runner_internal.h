#ifndef RUNNER_INTERNAL_H_
#define RUNNER_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog.h"
#include "err.h"
#include "runner.h"
#include "task_work.h"

struct engine_report;
struct expansion;
struct schedule;

/* An item that the engine has. */
struct runner_work {
	struct runner_work *next;
	struct runner_run *run;
	struct task_work w;
};

/* What is kept of a run while it is worked on. */
struct runner_run {
	struct runner_run *next;
	struct runner *runner;
	int64_t id;
	bool listed; /* among the open ones of this tick */
	bool read;   /* settings and schedule are */
	struct catalog_settings settings;
	struct schedule *schedule; /* NULL: at any time */
	int64_t claimed_until;
	struct task_policy policy;
	int64_t stop_at; /* 0: never */
	struct runner_work *works;
	size_t running;
	struct expansion *expansion;
};

struct runner {
	struct runner_deps deps;
	struct loop_timer *timer;
	struct runner_run *runs;
	size_t running;	     /* items of all runs that the engine has */
	struct store *aside; /* a handle for the worker; opened when needed */
	size_t turn;	     /* of the open runs, which is looked at first */
	bool going, started, draining, failed;
	bool soon;    /* the timer is set for what has just happened */
	bool more;    /* this tick left work that needs no waiting */
	bool at_work; /* the worker has an expansion */
};

/* The store failed: says so, once. */
void runner_fail(struct runner *r, const struct err *err);
/* The end of what was tried: what another process changed or took away between
 * our look and our write is no failure, and looked at again. 0 or -1. */
int runner_overtaken(int rc, struct err *err);
/* Look again in a moment. */
void runner_wake(struct runner *r);
/* An event of a run; 0 or -1. */
int runner_event(struct runner *r, const char *kind, const struct task_run *run,
    const char *why, struct err *err);
int runner_message(struct runner *r, int64_t run, struct err *err,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* It is over before its end. */
int runner_abort(struct runner *r, const struct task_run *run, const char *why,
    struct err *err);

/* --- runner_due.c: occurrences become runs --- */
int runner_due(struct runner *r, int64_t now, struct err *err);
/* What waits for the start of the adapter. */
int runner_starts(struct runner *r, int64_t now, struct err *err);
/* A run of an assignment, for its target or TASK_DEVICES that the caller adds.
 */
int runner_make_run(struct runner *r, const struct task_assignment *a,
    enum task_target target, int64_t run_at, int64_t *ret_run, struct err *err);

/* --- runner_reach.c: devices that came back --- */
int runner_reach(struct runner *r, int64_t now, struct err *err);

/* --- runner_expand.c: a run's devices become items --- */
int runner_expand(
    struct runner_run *run, const struct task_run *row, struct err *err);
/* Its run is over: it is freed, now or when its worker is done. NULL is
 * allowed. */
void runner_expansion_forget(struct expansion *x);

/* --- runner_pace.c: how many may begin; pure --- */
struct pacing {
	bool stop;	  /* too many have failed: why */
	int64_t begin_to; /* to be kept, when it is another one */
	int64_t fresh;	  /* so many that were never tried may begin */
	char why[160];
	char news[160]; /* a message about begin_to; "" */
};
void runner_pacing(
    const struct task_run *row, size_t running, struct pacing *ret);

/* --- runner_items.c: items and the engine --- */
int runner_begin_items(struct runner_run *run, int64_t fresh, int64_t now,
    bool *ret_waiting, struct err *err);
/* engine_end_fn of the runner. */
int runner_item_ended(
    void *cookie, const struct engine_report *report, struct err *err);
#endif
