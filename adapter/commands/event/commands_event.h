#ifndef COMMANDS_EVENT_H_
#define COMMANDS_EVENT_H_
#include "command.h"

/* What happened, and who is told of it. Rows for the table of commands. */
extern const struct cli_command commands_event[];
extern const struct cli_command commands_forward[];
#endif
