#ifndef COMMANDS_WSMAN_H_
#define COMMANDS_WSMAN_H_
#include "command.h"

/* Devices, call by call. Rows for the table of commands. */
extern const struct cli_command commands_wsman[];
#endif
