#ifndef COMMANDS_TASK_H_
#define COMMANDS_TASK_H_
#include "command.h"

/* Client tasks and their runs, server tasks, schedules. Rows for the table
 * of commands. */
extern const struct cli_command commands_task[];
extern const struct cli_command commands_server[];
extern const struct cli_command commands_schedule[];

/* A section of the man page. */
cli_section cmd_man_schedules;
#endif
