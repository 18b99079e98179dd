#ifndef CLI_OPTIONS_INTERNAL_H_
#define CLI_OPTIONS_INTERNAL_H_
#include "cli_internal.h"

/* Groups of options that stand apart from the table of commands. */
extern const struct cli_option cli_query_options[];
extern const struct cli_option cli_query_run_options[];
extern const struct cli_option cli_query_save_options[];
extern const struct cli_option cli_query_replace_options[];
extern const struct cli_option cli_selection_options[];
extern const struct cli_option cli_target_options[];
extern const struct cli_option cli_limit_options[];
extern const struct cli_option cli_yes_options[];

/* For tables of options and commands: their end, the groups of options that a
 * command has, its examples. */
#define NO_LIMIT 100000
#define END                                                                    \
	{                                                                      \
		.name = NULL                                                   \
	}
#define LIST static const char *const
#define GROUPS static const struct cli_option *const

/* Rows of commands_*.c, for the table. */
extern const struct cli_command cli_task_commands[];
extern const struct cli_command cli_server_commands[];
extern const struct cli_command cli_schedule_commands[];
extern const struct cli_command cli_user_commands[];
extern const struct cli_command cli_epo_commands[];
extern const struct cli_command cli_domain_commands[];
extern const struct cli_command cli_forward_commands[];
#endif
