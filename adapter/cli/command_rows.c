#include "command_rows.h"

const struct cli_option cli_selection_options[] = {
    {"device", 'd', CLI_TEXT, "PATTERN", NULL,
	"by name, UUID or address; *, ? and [] match; repeatable"},
    {"reason", 0, CLI_TEXT, "CODE", NULL, "having this finding"},
    {"site", 0, CLI_TEXT, "SITE", NULL, "of this site"},
    {"query", 0, CLI_TEXT, "QUERY", NULL,
	"rows of a saved query, or meeting a condition: '(eq COLUMN VALUE)'"},
    {"all", 'a', CLI_FLAG, NULL, NULL, "every device"}, END};
const struct cli_option cli_limit_options[] = {
    {"limit", 0, CLI_COUNT, "N", NULL, "at most N of them"}, END};
const struct cli_option cli_yes_options[] = {
    {"yes", 'y', CLI_FLAG, NULL, NULL, "do not ask"}, END};

const struct cli_option cli_target_options[] = {
    {"group", 0, CLI_TEXT, "PATH", NULL, "this group and all below it"},
    {"tag", 0, CLI_TEXT, "TAG", NULL, "devices with this tag"}, END};

const char cli_selection_text[] =
    "Names given as arguments and with --device choose devices; --reason, --site "
    "and --query narrow the choice.";
