#ifndef COMMAND_ROWS_H_
#define COMMAND_ROWS_H_
#include "command.h"

/* For those who write rows of commands: groups of options that several have. */
extern const struct cli_option cli_selection_options[]; /* choice.h */
extern const struct cli_option cli_target_options[];	/* groups and tags */
extern const struct cli_option cli_limit_options[];	/* choice.h */
extern const struct cli_option cli_yes_options[];	/* cli_confirm() */
/* Of a command that can ask a service elsewhere (cli_remote.h). */
extern const struct cli_option cli_server_options[];
/* Without an option: of a command that needs nothing of any machine, to which
 * --server is no matter. */
extern const struct cli_option cli_offline_options[];

/* The text of a command that has no more to say than how devices are chosen. */
extern const char cli_selection_text[];

/* For tables of options and commands: their end, the groups of options that a
 * command has, its examples. */
#define NO_LIMIT 100000
#define END                                                                    \
	{                                                                      \
		.name = NULL                                                   \
	}
#define LIST static const char *const
#define GROUPS static const struct cli_option *const
#endif
