#ifndef EPO_ASSIGNED_INTERNAL_H_
#define EPO_ASSIGNED_INTERNAL_H_
#include <stdint.h>

struct call;
struct err;
struct task_assignment;

/* To consoles an assignment is a server task.  Its number there is this and its
 * own, so that it is not that of a server task of several actions. */
#define ASSIGNED_FIRST INT64_C(1000000000)

/* What an assignment is called; given. */
char *remote_assigned_name(const struct task_assignment *a);
/* By that name, the client task's when it has one assignment, or number
 * as a server task; *ret_id is the assignment's own. ERR_NOTFOUND,
 * ERR_CONFLICT. */
int remote_assigned_find(
    struct call *c, const char *name, int64_t *ret_id, struct err *err);
/* "taskLogId". */
int call_run_id(const struct call *c, int64_t *ret_id, struct err *err);
#endif
