#ifndef SERVER_TASK_H_
#define SERVER_TASK_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "task_run.h"

/*
 * Server tasks as ePO has them: a tree of actions done by the adapter itself,
 * by a schedule, the rows of a query flowing to the actions below it.  What the
 * actions are and do is adapter/action's business; here they are texts.
 *
 * An execution is a run (task_run.h) of the type SERVER_RUN: its items are the
 * actions, counted as devices are.  Each action that has begun is a run of its
 * own with that one as its parent: of the type SERVER_ACTION, or the run of a
 * client task that it made.  So one log, one set of messages, one percentage
 * serve for both.
 *
 * Texts are owned as in task.h; writes join the store's transaction.
 */
#define SERVER_RUN "server-task"
#define SERVER_ACTION "server-action"
#define SERVER_TASKS_MAX 10000
#define SERVER_ACTIONS_MAX 64  /* of one task */
#define SERVER_TREE_MAX 65536  /* bytes of JSON */
#define SERVER_ROWS_MAX 200000 /* of one query */

struct server_task {
	int64_t id;
	char *name;	 /* unique without regard to ASCII case, no number */
	char *note;	 /* or NULL */
	char *owner;	 /* who made it: "cli:alice" */
	char *actions;	 /* JSON */
	char *schedule;	 /* as schedule.h writes it; NULL: by hand only */
	int64_t trigger; /* enum schedule_trigger of that; 0 */
	bool enabled;
	bool overlap; /* an occurrence may begin while one before it is going */
	int64_t next_due; /* 0: none */
	int64_t created_at, changed_at;
	int64_t last_at, last_run; /* 0: never */
};
void server_task_clear(struct server_task *t);

/* id, times and last_* are set here. ERR_CONFLICT when the name is taken. */
int server_task_add(struct store *s, const struct server_task *t, int64_t now,
    int64_t *ret_id, struct err *err);
/* All but id, owner, created_at, last_*. ERR_NOTFOUND, ERR_CONFLICT. */
int server_task_save(
    struct store *s, const struct server_task *t, int64_t now, struct err *err);
/* By name, "-" in it standing for a blank too, or number; ERR_NOTFOUND. */
int server_task_named(struct store *s, const char *name,
    struct server_task *ret, struct err *err);
int server_task_get(
    struct store *s, int64_t id, struct server_task *ret, struct err *err);
/* What it did stays on record. ERR_NOTFOUND. */
int server_task_remove(struct store *s, int64_t id, struct err *err);
typedef int server_task_fn(
    void *cookie, const struct server_task *t, struct err *err);
/* By name; fn may not write. */
int server_task_scan(
    struct store *s, server_task_fn *fn, void *cookie, struct err *err);
/* Enabled ones with next_due up to now, the oldest first; those of a trigger
 * (not 0). At most room. */
int server_task_due(struct store *s, int64_t now, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err);
int server_task_triggered(struct store *s, int64_t trigger, int64_t *ids,
    size_t room, size_t *ret_count, struct err *err);
/* run 0: it did not run. */
int server_task_ran(struct store *s, int64_t id, int64_t run, int64_t now,
    int64_t next_due, struct err *err);

/* --- executions --- */
enum server_state {
	SERVER_WAITING,
	SERVER_BEGUN,
	SERVER_OK,	/* nothing was to do */
	SERVER_CHANGED, /* done */
	SERVER_FAILED,
	SERVER_SKIPPED /* what it hangs on failed */
};
/* "waiting", ... */
const char *server_state_name(enum server_state s);

struct server_action {
	int64_t run;	/* the execution */
	int64_t at;	/* in the tree, parents first, from 0 */
	int64_t parent; /* whose rows it gets; -1 */
	char *kind, *settings;
	enum server_state state;
	int64_t subtask; /* its own run; 0: not begun */
	int64_t rows;	 /* that it gives on as its own; -1: its parent's */
	int64_t done_to; /* so many of its parent's rows are done */
	int64_t changed; /* of those */
	int64_t attempts, not_before;
	char *message; /* or NULL */
};
void server_actions_free(struct server_action *actions, size_t count);

/* An execution with these actions (run, state and what follows are ignored),
 * queued. occurrence 0: by hand. task 0: of none that is kept. */
struct server_execution {
	int64_t task;
	const char *name, *settings, *actor;
	enum task_source source;
	int64_t occurrence;
	const struct server_action *actions;
	size_t count;
};
int server_run_make(struct store *s, const struct server_execution *x,
    int64_t now, int64_t *ret_run, struct err *err);
/* The task it is of; 0: gone, or none. */
int server_run_task(
    struct store *s, int64_t run, int64_t *ret_task, struct err *err);
/* Those not over, the oldest first, at most room; and of one task: 0 none. */
int server_run_open(struct store *s, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err);
int server_run_unfinished(
    struct store *s, int64_t task, int64_t *ret_run, struct err *err);
/* Runs not over that an execution which was aborted began. */
int server_run_orphans(struct store *s, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err);
/* All of an execution, in order; given. ERR_NOTFOUND: it has none. */
int server_actions(struct store *s, int64_t run,
    struct server_action **ret_actions, size_t *ret_count, struct err *err);

/* It begins, with a run of its own under this name, unless it has one. Sets
 * state and subtask. */
int server_action_begin(struct store *s, struct server_action *a,
    const char *name, int64_t total, int64_t now, struct err *err);
/* state (begun or waiting), subtask, rows, done_to, changed, attempts,
 * not_before. */
int server_action_save(
    struct store *s, const struct server_action *a, struct err *err);
/* It is over: the same, its message, its own run's end, and what the execution
 * has counted. */
int server_action_end(struct store *s, const struct server_action *a,
    int64_t now, struct err *err);

/* Rows: devices in the query's order, from 0. */
int server_row_add(struct store *s, int64_t run, int64_t at, int64_t number,
    int64_t device, struct err *err);
int server_rows_clear(
    struct store *s, int64_t run, int64_t at, struct err *err);
/* From this number on, at most room. */
int server_rows(struct store *s, int64_t run, int64_t at, int64_t from,
    int64_t *devices, size_t room, size_t *ret_count, struct err *err);
#endif
