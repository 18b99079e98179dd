#ifndef TASK_RUN_H_
#define TASK_RUN_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "task.h"

/*
 * A run: a task done to devices, each an item with its own result.  Who makes
 * one writes the run and says which devices; `serve` does the rest, and
 * everybody reads.  Writes join the store's transaction, texts are owned as in
 * task.h.
 *
 *   queued --> running --> ended
 *      \        |   ^
 *       \       v   |
 *        \    paused --> aborted (with why; also from queued and running)
 */
enum task_state {
	TASK_QUEUED,
	TASK_RUNNING,
	TASK_PAUSED,
	TASK_ABORTED,
	TASK_ENDED
};
#define TASK_STATES 5
extern const char *const task_state_words[TASK_STATES + 1]; /* then NULL */
const char *task_state_name(enum task_state s);		    /* "queued", ... */

enum task_outcome {
	TASK_OK,      /* nothing was to do */
	TASK_CHANGED, /* it was done and seen */
	TASK_PENDING, /* the same, but for what another CA has to decide */
	TASK_FAILED,
	TASK_PARKED,  /* waits, or needs a person */
	TASK_OFFLINE, /* not reached while the run lived */
	TASK_BUSY,    /* another worker had it all that time */
	TASK_SKIPPED  /* gone, or its credentials are spent */
};
#define TASK_OUTCOMES 8
extern const char *const task_outcome_words[TASK_OUTCOMES + 1];
const char *task_outcome_name(enum task_outcome o);

enum task_source { TASK_BY_USER, TASK_BY_TASK, TASK_BY_SCHEDULE };
#define TASK_SOURCES 3
const char *task_source_name(enum task_source s); /* "user", ... */

struct task_run {
	int64_t id;
	int64_t parent;		      /* the run it is a part of; 0 */
	int64_t task;		      /* 0: none, or gone */
	int64_t assignment;	      /* 0: none, or gone */
	char *name, *type, *settings; /* of the task, when it was made */
	enum task_source source;
	char *actor; /* "cli:alice", "remote:NAME", "serve" */
	enum task_state state;
	char *why;		 /* it was paused or aborted; or NULL */
	enum task_target target; /* TASK_DEVICES without assignment: items were
				  * given with it */
	int64_t target_id;
	char *query;
	char *schedule; /* whose windows count; NULL */
	struct task_policy policy;
	int64_t occurrence; /* of the schedule, for which it was made; 0 */
	int64_t created_at, started_at, ended_at;
	bool expanded; /* all items are there; total is known */
	int64_t total, begun, done;
	int64_t count[TASK_OUTCOMES]; /* of those done */
	int64_t begin_to; /* runner: how many may begin; 0: not yet */
	char *owner;	  /* runner: who works on it, until when */
	int64_t owner_until;
};
void task_run_clear(struct task_run *r);
/* Of a hundred; 100 only when nothing is left. */
int64_t task_run_percent(const struct task_run *r);
/* Failed and parked. */
int64_t task_run_failures(const struct task_run *r);

/* A new one; id, state and what the runner writes are set here. With target
 * TASK_DEVICES and no assignment these are its items, at once. */
int task_run_make(struct store *s, const struct task_run *r,
    const int64_t *devices, size_t count, int64_t now, int64_t *ret_id,
    struct err *err);
/* ERR_NOTFOUND. */
int task_run_get(
    struct store *s, int64_t id, struct task_run *ret, struct err *err);

struct task_run_filter {  /* zeroed: all */
	unsigned states;  /* 1 << enum task_state, ORed; 0: any */
	const char *name; /* whole, without regard to case */
	const char *type; /* SERVER_RUN, ...; NULL: any */
	unsigned sources; /* 1 << enum task_source, likewise */
	int64_t task, assignment, parent;
	bool whole;	/* none that are a part of another */
	int64_t since;	/* made then or later */
	int64_t before; /* numbers below this; 0: any */
	size_t limit;	/* 0: no limit */
};
typedef int task_run_fn(void *cookie, const struct task_run *r, struct err *e);
/* The newest first. */
int task_run_scan(struct store *s, const struct task_run_filter *filter,
    task_run_fn *fn, void *cookie, struct err *err);

/* Pause, resume (TASK_QUEUED), abort: serve follows within its poll; devices
 * under way finish. who and why go into state and messages; why may be NULL.
 * ERR_NOTFOUND; ERR_REFUSED when it is not in a state for that. */
int task_run_set_state(struct store *s, int64_t id, enum task_state to,
    const char *who, const char *why, int64_t now, struct err *err);
/* Ended and aborted ones made before this, at most limit; with their items. */
int task_run_purge(struct store *s, int64_t before, size_t limit,
    int64_t *ret_count, struct err *err);

/* --- items --- */
enum task_item_state { TASK_ITEM_WAITING, TASK_ITEM_RUNNING, TASK_ITEM_DONE };
const char *task_item_state_name(enum task_item_state s);

struct task_item {
	int64_t id, run, device;
	char *name; /* the device's, when it was taken in */
	int64_t not_before;
	enum task_item_state state;
	enum task_outcome outcome; /* of one that is done */
	char *reason;  /* finding that stands for the failure, or NULL */
	char *message; /* or NULL */
	int64_t attempts, steps, ms;
	int64_t started_at, ended_at; /* the first attempt, the last */
};
void task_item_clear(struct task_item *i);
struct task_item_filter {
	int64_t run, device; /* 0: any */
	int state;	     /* enum task_item_state; -1: any */
	int outcome;	     /* enum task_outcome; -1: any */
	int64_t after;	     /* numbers above this */
	size_t limit;
};
typedef int task_item_fn(
    void *cookie, const struct task_item *i, struct err *err);
/* By number. */
int task_item_scan(struct store *s, const struct task_item_filter *filter,
    task_item_fn *fn, void *cookie, struct err *err);

/* --- messages: what happened to the run itself --- */
struct task_message {
	int64_t id, run, at;
	const char *text; /* borrowed */
};
typedef int task_message_fn(
    void *cookie, const struct task_message *m, struct err *err);
int task_message_add(struct store *s, int64_t run, int64_t at, const char *text,
    struct err *err);
int task_message_scan(struct store *s, int64_t run, int64_t after,
    task_message_fn *fn, void *cookie, struct err *err);
#endif
