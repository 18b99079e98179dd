#ifndef COMMANDS_EPO_H_
#define COMMANDS_EPO_H_
#include "command.h"

/* Consoles above us. Rows for the table of commands. */
extern const struct cli_command commands_epo[];
#endif
