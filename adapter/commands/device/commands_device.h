#ifndef COMMANDS_DEVICE_H_
#define COMMANDS_DEVICE_H_
#include "command.h"

/* Devices, as they are known here. Rows for the table of commands. */
extern const struct cli_command commands_device[];
extern const struct cli_command commands_secret[];
#endif
