#include "options_internal.h"

const struct cli_option cli_query_options[] = {
    {"table", 0, CLI_TEXT, "TABLE", NULL, "what a row is (EPOLeafNode)"},
    {"select", 0, CLI_TEXT, "COLUMNS", NULL,
	"which columns, (count), (min COLUMN), ... (all)"},
    {"where", 0, CLI_TEXT, "CONDITION", NULL, "which rows (all)"},
    {"order", 0, CLI_TEXT, "COLUMNS", NULL, "by what: (desc COLUMN)"},
    {"group", 0, CLI_TEXT, "COLUMNS", NULL, "one row per value of these"}, END};
const struct cli_option cli_query_run_options[] = {
    {"join", 0, CLI_TEXT, "TABLES", NULL,
	"without --select: with columns of these; * is all"},
    {"top", 0, CLI_COUNT, "N", NULL, "at most N rows (100000)"}, END};
const struct cli_option cli_query_save_options[] = {
    {"description", 0, CLI_TEXT, "TEXT", NULL, "what it is for"}, END};
const struct cli_option cli_query_replace_options[] = {
    {"replace", 0, CLI_FLAG, NULL, NULL, "one of this name may be there"}, END};

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
