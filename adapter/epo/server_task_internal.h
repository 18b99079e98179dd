#ifndef EPO_SERVER_TASK_INTERNAL_H_
#define EPO_SERVER_TASK_INTERNAL_H_
#include <stdint.h>

struct call;
struct err;
struct task_assignment;

/* What an assignment is called; given. */
char *server_task_name(const struct task_assignment *a);
/* By that name, the client task's when it has one assignment, or number.
 * ERR_NOTFOUND, ERR_CONFLICT. */
int server_task_find(
    struct call *c, const char *name, int64_t *ret_id, struct err *err);
/* "taskLogId". */
int call_run_id(const struct call *c, int64_t *ret_id, struct err *err);
#endif
