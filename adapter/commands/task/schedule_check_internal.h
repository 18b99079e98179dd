#ifndef SCHEDULE_FLEET_INTERNAL_H_
#define SCHEDULE_FLEET_INTERNAL_H_
#include "cli.h"
#include "runs_internal.h"

/* Is this rule in time for what the task renews on those devices? Of an
 * assignment that is to be saved; --duration as in "schedule check". CODE_OK,
 * or the code with the complaint printed. */
int cmd_schedule_prove(struct cli *c, const char *rule, const struct task *t,
    const struct aim *aim, int64_t parallel);
#endif
