#ifndef COMMANDS_QUERY_H_
#define COMMANDS_QUERY_H_
#include "command.h"

/* Queries over the fleet, and tags. Rows for the table of commands. */
extern const struct cli_command commands_query[];
#endif
