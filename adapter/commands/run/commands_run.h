#ifndef COMMANDS_RUN_H_
#define COMMANDS_RUN_H_
#include "command.h"

/* What is done with devices, without "serve". Rows for the table of
 * commands. */
extern const struct cli_command commands_run[];

/* Sections of the man page. */
cli_section cmd_man_tasks, cmd_man_findings;
/* The i-th task of "run" and "plan"; NULL after the last. */
const char *cmd_play_word(size_t i);
#endif
