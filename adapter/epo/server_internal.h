#ifndef EPO_SERVER_INTERNAL_H_
#define EPO_SERVER_INTERNAL_H_
#include <stdbool.h>

#include "server_task.h"

struct call;
struct err;
struct out;

/* ePO's server tasks are both: trees of actions, and assignments of client
 * tasks (assigned_internal.h), whose ids begin higher. */

/* The tree of this name or id; *ret_found false: there is none. */
int remote_server_find(struct call *c, const char *name,
    struct server_task *ret, bool *ret_found, struct err *err);
/* Its fields "startDate", or when it was made, and "endDate". */
void remote_server_dates(struct out *o, const char *schedule, int64_t made);
/* As rows "serverTask". */
void remote_server_write(struct call *c, const struct server_task *t);
int remote_server_list(struct call *c, struct err *err);
/* The payload of run and update. */
int remote_server_run(
    struct call *c, const struct server_task *t, struct err *err);
int remote_server_enable(
    struct call *c, struct server_task *t, bool enabled, struct err *err);
#endif
