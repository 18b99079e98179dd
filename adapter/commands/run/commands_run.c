#include "commands_run.h"

#include "command_rows.h"
#include "commands_run_internal.h"

/* Rows about what is done with devices, without "serve". */
static const struct cli_option run_options[] = {
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "look and plan, change nothing"},
    {"max-failures", 0, CLI_TEXT, "N|P%", NULL,
	"start no more devices once so many failed"},
    END};
static const struct cli_option diagnose_options[] = {
    {"offline", 0, CLI_FLAG, NULL, NULL,
	"from what is known; no device is asked"},
    {"check", 0, CLI_FLAG, NULL, NULL,
	"findings, and what could not be read, are exit code 3"},
    END};

GROUPS select_groups[] = {
    cli_selection_options, cli_limit_options, cli_server_options, NULL};
GROUPS diagnose_groups[] = {cli_selection_options, cli_limit_options,
    diagnose_options, cli_server_options, NULL};
GROUPS run_groups[] = {cli_selection_options, cli_limit_options, run_options,
    cli_server_options, NULL};

LIST discover_examples[] = {"discover", "discover --site berlin", NULL};
LIST diagnose_examples[] = {"diagnose", "diagnose --offline --check",
    "diagnose -o json pc1.corp.example", NULL};
LIST plan_examples[] = {
    "plan reissue-certificates --all", "plan AutoMaintain pc1*", NULL};
LIST run_examples[] = {"run auto --all", "run sync-clock --reason clock-skew",
    "run reissue-certificates --site berlin --limit 10 --max-failures 2", NULL};

const struct cli_command commands_run[] = {
    {"discover", "[NAME...]", "read devices, change nothing",
	cli_selection_text, select_groups, 0, NO_LIMIT, discover_examples,
	cmd_discover},
    {"diagnose", "[NAME...]", "read devices and say what is wrong",
	cli_selection_text, diagnose_groups, 0, NO_LIMIT, diagnose_examples,
	cmd_diagnose},
    {"plan", "TASK [NAME...]", "what a run would change, and why",
	"TASK as in \"amtkeeper task types\". Devices are read, not changed.",
	select_groups, 1, NO_LIMIT, plan_examples, cmd_plan},
    {"run", "TASK [NAME...]", "carry a task out",
	"TASK as in \"amtkeeper task types\". Devices must be chosen: by name, "
	"--device, --reason or --site, or with --all. Every change is "
	"journalled before it is made and observed after; what an earlier "
	"process left open is finished first.",
	run_groups, 1, NO_LIMIT, run_examples, cmd_run},
    END};
