#include "commands_query.h"

#include "command_rows.h"
#include "commands_query_internal.h"

/* Rows about queries and tags. */
static const struct cli_option query_options[] = {
    {"table", 0, CLI_TEXT, "TABLE", NULL, "what a row is (EPOLeafNode)"},
    {"select", 0, CLI_TEXT, "COLUMNS", NULL,
	"which columns, (count), (min COLUMN), ... (all)"},
    {"where", 0, CLI_TEXT, "CONDITION", NULL, "which rows (all)"},
    {"order", 0, CLI_TEXT, "COLUMNS", NULL, "by what: (desc COLUMN)"},
    {"group", 0, CLI_TEXT, "COLUMNS", NULL, "one row per value of these"},
    {"chart", 0, CLI_TEXT, "KIND", NULL,
	"how -o html draws: bar, pie, line or none (bar)"},
    END};
static const struct cli_option query_run_options[] = {
    {"join", 0, CLI_TEXT, "TABLES", NULL,
	"without --select: with columns of these; * is all"},
    {"top", 0, CLI_COUNT, "N", NULL, "at most N rows (100000)"}, END};
static const struct cli_option query_save_options[] = {
    {"description", 0, CLI_TEXT, "TEXT", NULL, "what it is for"}, END};
static const struct cli_option replace_options[] = {
    {"replace", 0, CLI_FLAG, NULL, NULL, "one of this name may be there"}, END};

GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS offline_groups[] = {cli_offline_options, NULL};
GROUPS choice_groups[] = {
    cli_selection_options, cli_limit_options, cli_server_options, NULL};
GROUPS query_groups[] = {
    query_options, query_run_options, cli_server_options, NULL};
GROUPS query_save_groups[] = {query_options, query_save_options,
    replace_options, cli_server_options, NULL};
GROUPS query_import_groups[] = {replace_options, cli_server_options, NULL};
GROUPS tag_delete_groups[] = {cli_yes_options, cli_server_options, NULL};

LIST no_examples[] = {NULL};
LIST query_examples[] = {"query 'AMT communication errors'",
    "query certificates-by-expiry --top 20 -o csv",
    "query '(olderThan AMT_CustomProps.CertExpires -2592000000)'",
    "query --table AMT_CustomProps --group Reasons --order '(desc (count))'",
    "query '(versionLt AMT_CustomProps.Version 12)'",
    "query --table AMT_CustomProps --group '(month CertExpires)' "
    "--order '(month CertExpires)'",
    NULL};
LIST query_save_examples[] = {
    "query save 'Old firmware' --select 'NodeName AMT_CustomProps.Version' "
    "--where '(lt AMT_CustomProps.MajorVersion 12)'",
    NULL};
LIST tag_examples[] = {"tag add VIP pc1.corp.example",
    "tag add AMT-CommError --query amt-communication-errors", NULL};

const struct cli_command commands_query[] = {
    {"query", "[NAME|CONDITION]", "ask the fleet in ePO's query language",
	"A saved query by name (blanks may be hyphens) or number, or one made "
	"of a condition in parentheses and of the options. "
	"\"query list\" has what is saved, \"query tables\" the columns, "
	"\"query operators\" the language; \"query show\", \"save\" and "
	"\"remove\" manage queries. Tables are joined by naming their "
	"columns. Texts compare without regard to case; a comparison with what is "
	"not known is false, and its contrary true. Spans of time are in "
	"milliseconds. Without --top at most 100000 rows are "
	"written, and exit code 7 says that there are more. With --output "
	"html the rows become one file with charts, which needs no script and "
	"loads nothing. The same query "
	"chooses devices: run TASK --query NAME.",
	query_groups, 0, 1, query_examples, cmd_query},
    {"query list", "", "saved queries, and those that come with amtkeeper", "",
	server_groups, 0, 0, no_examples, cmd_query_list},
    {"query show", "NAME", "a saved query, and the SQL it becomes", "",
	server_groups, 1, 1, no_examples, cmd_query_show},
    {"query save", "NAME", "keep a query under a name",
	"It is checked first: what cannot be run is not kept.",
	query_save_groups, 1, 1, query_save_examples, cmd_query_save},
    {"query remove", "NAME", "forget a saved query",
	"Not while an assignment or a server task goes by it.", server_groups,
	1, 1, no_examples, cmd_query_remove},
    {"query import", "FILE", "take queries from an export of ePO",
	"Its XML. What cannot be run here is passed over, and its row says "
	"why. Of a summary the kind of chart, grouping and order are taken; "
	"what of it is not understood is noted. Known from exports is "
	"orion.query.type=table.table, orion.sum.query=false; that a summary "
	"has orion.sum.group.by, orion.sum.order and orion.sum.aggregation is "
	"our reading.",
	query_import_groups, 1, 1, no_examples, cmd_query_import},
    {"query tables", "[TABLE]", "columns, their types and meaning", "",
	offline_groups, 0, 1, no_examples, cmd_query_tables},
    {"query operators", "", "the words of the query language",
	"source ePO: as its documents say, or recorded use shows; ours: our "
	"reading of a name that is only remembered, or our own word.",
	offline_groups, 0, 0, no_examples, cmd_query_operators},
    {"tag list", "", "tags, and how many devices have them", "", server_groups,
	0, 0, no_examples, cmd_tag_list},
    {"tag add", "TAG [NAME...]", "give a tag to devices",
	"The tag is made when there is none of this name. A device that is "
	"excluded from it does not get it.",
	choice_groups, 1, NO_LIMIT, tag_examples, cmd_tag_add},
    {"tag exclude", "TAG [NAME...]", "take a tag from devices for good",
	"They do not get it again before \"tag remove\".", choice_groups, 1,
	NO_LIMIT, no_examples, cmd_tag_exclude},
    {"tag remove", "TAG [NAME...]", "neither given nor excluded", "",
	choice_groups, 1, NO_LIMIT, no_examples, cmd_tag_remove},
    {"tag delete", "TAG", "forget a tag",
	"Not while an assignment or a server task goes by it.",
	tag_delete_groups, 1, 1, no_examples, cmd_tag_delete},
    END};
