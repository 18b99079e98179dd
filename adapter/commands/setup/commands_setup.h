#ifndef COMMANDS_SETUP_H_
#define COMMANDS_SETUP_H_
#include "command.h"

/* The installation: its files, its configuration, its service. Rows for the
 * table of commands. */
extern const struct cli_command commands_setup[];
extern const struct cli_command commands_config[];
#endif
