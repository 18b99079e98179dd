#ifndef SERVER_ORDER_H_
#define SERVER_ORDER_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "action.h"
#include "task_run.h"

struct err;
struct store;

/*
 * What a person or a console orders about server tasks, checked: actions,
 * queries and client tasks they name, schedules. Each order has its event in
 * the audit chain. Nothing is committed here.
 *
 * A task is made, changed, removed and run only by who has the right to each of
 * its actions (action_rights()), before and after: ERR_DENIED says which is
 * lacking. By its schedule it runs on, whatever became of who made it.
 */
struct server_order {
	struct store *store;
	const char *actor; /* "cli:alice", "remote:NAME" */
	int64_t now;
	uint64_t rights; /* his; ACCESS_ALL: is at the machine itself */
};

/* As server_task_add() and the like; actions and schedule become canonical,
 * next_due and trigger follow from it, owner is the actor. */
int server_order_add(const struct server_order *o, const struct server_task *t,
    int64_t *ret_id, struct err *err);
int server_order_save(
    const struct server_order *o, const struct server_task *t, struct err *err);
int server_order_remove(
    const struct server_order *o, const struct server_task *t, struct err *err);
/* Add it; replace: or save it as the one of this name, if there is one. */
int server_order_take(const struct server_order *o, const struct server_task *t,
    bool replace, struct err *err);
/* Those of an export of ePO's (server_xml.h), all or none once the caller
 * commits. */
struct server_imported {
	size_t tasks;
	size_t kept; /* of those, with actions that cannot be run here */
};
int server_order_import(const struct server_order *o, const void *xml,
    size_t len, bool replace, struct server_imported *ret, struct err *err);
/* An execution now, enabled or not. ERR_REFUSED: an action of it cannot be run
 * (which); ERR_CONFLICT: one is going, and it does not overlap. */
int server_order_run(const struct server_order *o, const struct server_task *t,
    enum task_source source, int64_t occurrence, int64_t *ret_run,
    struct err *err);

/* Can what the actions name be had? ERR_NOTFOUND, ERR_INVALID: which is not. */
int server_order_check(
    struct store *s, const struct action_tree *t, struct err *err);

/* What would flow where: for each action the devices it would be given (-1: it
 * has no rows). Asks the queries, changes nothing. rows has t->count places. */
int server_order_flow(struct store *s, const struct action_tree *t,
    int64_t *rows, struct err *err);
#endif
