#ifndef COMMANDS_USER_H_
#define COMMANDS_USER_H_
#include "command.h"

/* Users of the console. Rows for the table of commands. */
extern const struct cli_command commands_user[];
#endif
