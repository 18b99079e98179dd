#ifndef COMMANDS_CA_H_
#define COMMANDS_CA_H_
#include "command.h"

/* The CA and what it issued. Rows for the table of commands. */
extern const struct cli_command commands_ca[];
#endif
