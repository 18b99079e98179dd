#ifndef COMMANDS_DIRECTORY_H_
#define COMMANDS_DIRECTORY_H_
#include "command.h"

/* Active Directory and Kerberos. Rows for the table of commands. */
extern const struct cli_command commands_directory[];

/* A section of the man page. */
cli_section cmd_man_audit;
#endif
