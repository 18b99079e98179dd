#ifndef ORDER_H_
#define ORDER_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "task_run.h"

struct err;
struct store;

/*
 * What a person or a console orders about tasks, checked: settings against the
 * task's type, schedules as adapter/schedule reads them.  Each order has its
 * event in the audit chain.  Nothing is committed here.
 */
struct order {
	struct store *store;
	const char *actor; /* "cli:alice", "remote:NAME" */
	int64_t now;
};

/* As task_add() and the like; settings become canonical. */
int order_task_add(const struct order *o, const struct task *t, int64_t *ret_id,
    struct err *err);
int order_task_save(
    const struct order *o, const struct task *t, struct err *err);
int order_task_remove(
    const struct order *o, const struct task *t, struct err *err);

/* As task_assign(): the schedule, if any, becomes canonical, and next_due and
 * trigger follow from it.  A query must be one that can be asked. */
int order_assign(const struct order *o, const struct task_assignment *a,
    const int64_t *devices, size_t count, int64_t *ret_id, struct err *err);
/* The same for one that is there. */
int order_assignment_save(
    const struct order *o, const struct task_assignment *a, struct err *err);
int order_unassign(const struct order *o, int64_t id, struct err *err);

/* What a run is for, besides the task itself. */
struct order_run {
	enum task_source source;
	enum task_target target; /* TASK_DEVICES: those given */
	int64_t target_id;
	const char *query;
	struct task_policy policy;
	int64_t parent; /* 0 */
};
int order_run(const struct order *o, const struct task *t,
    const struct order_run *how, const int64_t *devices, size_t count,
    int64_t *ret_run, struct err *err);
/* Of an assignment, now; its schedule goes on as it is. */
int order_run_assignment(
    const struct order *o, int64_t id, int64_t *ret_run, struct err *err);
/* TASK_PAUSED, TASK_QUEUED (resume), TASK_ABORTED; as task_run_set_state(). */
int order_run_state(const struct order *o, int64_t run, enum task_state to,
    const char *why, struct err *err);
/* Forget runs that are over and were made before then, for ORDER_PURGE_MS, so
 * that no other writer waits for long: how many, and whether there are more for
 * the next transaction. A run is forgotten whole. */
#define ORDER_PURGE_MS 500
int order_purge(const struct order *o, int64_t before, int64_t *ret_count,
    bool *ret_more, struct err *err);
#endif
