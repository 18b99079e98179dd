#ifndef CLI_OPTIONS_INTERNAL_H_
#define CLI_OPTIONS_INTERNAL_H_
#include "cli_internal.h"

/* Groups of options that stand apart from the table of commands. */
extern const struct cli_option cli_query_options[];
extern const struct cli_option cli_query_run_options[];
extern const struct cli_option cli_query_save_options[];
extern const struct cli_option cli_query_replace_options[];
#endif
