#include "command_rows.h"
#include "commands_task.h"
#include "commands_task_internal.h"

/* Rows about server tasks. */
static const struct cli_option show_options[] = {
    {"edit", 0, CLI_FLAG, NULL, NULL,
	"as a file that can be changed and given to \"set --file\""},
    END};
static const struct cli_option dry_options[] = {
    {"dry-run", 0, CLI_FLAG, NULL, NULL,
	"only say how many devices would flow where"},
    END};
static const struct cli_option add_options[] = {
    {"name", 0, CLI_TEXT, "NAME", NULL, "in place of the file's"},
    {"schedule", 's', CLI_TEXT, "RULE", NULL, "likewise; as in SCHEDULES"},
    {"disabled", 0, CLI_FLAG, NULL, NULL, "not yet"}, END};
static const struct cli_option set_options[] = {
    {"file", 'f', CLI_FILE, "FILE", NULL, "what the file says, anew"},
    {"name", 0, CLI_TEXT, "NAME", NULL, "its new name"},
    {"schedule", 's', CLI_TEXT, "RULE", NULL,
	"as in SCHEDULES; '' for by hand only"},
    {"description", 0, CLI_TEXT, "TEXT", NULL, "what it is for"}, END};
static const struct cli_option wait_options[] = {
    {"wait", 0, CLI_FLAG, NULL, NULL, "until it is over"}, END};
static const struct cli_option log_options[] = {
    {"run", 0, CLI_COUNT, "RUN", NULL, "the actions of this one"},
    {"since", 0, CLI_SINCE, "SPAN|TIME", NULL, "made since then"}, END};
static const struct cli_option import_options[] = {
    {"replace", 0, CLI_FLAG, NULL, NULL, "those there are of the same name"},
    END};
static const struct cli_option password_options[] = {
    {"password-file", 0, CLI_FILE, "FILE", NULL,
	"the password is its first line; - is standard input"},
    END};

GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS offline_groups[] = {cli_offline_options, NULL};
GROUPS show_groups[] = {show_options, cli_server_options, NULL};
GROUPS add_groups[] = {add_options, dry_options, cli_server_options, NULL};
GROUPS set_groups[] = {set_options, cli_server_options, NULL};
GROUPS remove_groups[] = {cli_yes_options, cli_server_options, NULL};
GROUPS run_groups[] = {wait_options, dry_options, cli_server_options, NULL};
GROUPS log_groups[] = {
    log_options, cli_limit_options, cli_server_options, NULL};
GROUPS import_groups[] = {import_options, cli_server_options, NULL};
GROUPS password_groups[] = {password_options, NULL};

LIST no_examples[] = {NULL};
LIST add_examples[] = {"server-task add repair.yaml --dry-run",
    "server-task add repair.yaml --schedule 'daily at 02:00 missed run'", NULL};
LIST set_examples[] = {"server-task show repair --edit > repair.yaml",
    "server-task set repair --file repair.yaml", NULL};
LIST log_examples[] = {
    "server-task log --since 7d", "server-task log --run 12", NULL};
LIST import_examples[] = {"server-task import tasks.xml", NULL};

const struct cli_command commands_server[] = {
    {"server-task list", "", "what serve does by itself, and when", "",
	server_groups, 0, 0, no_examples, cmd_server_task_list},
    {"server-task actions", "", "what a server task can be made of",
	"An action stands in a list, with its settings; those under \"then\" "
	"get its rows. run-query: {query} a saved one's name, or a "
	"condition. apply-tag, clear-tag: {tag}. run-client-task: {task}, and "
	"enforce-profile; either with pass (all, succeeded or failed devices "
	"go on), canary, wave, wave-percent, max-failures, "
	"max-failure-percent, stop-after, parallel, retries, retry-wait. "
	"export-report: {file, query} into report.folder, .csv, .json or "
	".html; {date} and {run} in its name; without query the rows above "
	"it. send-email: {to, subject, text, attach}. webhook: {to} a name "
	"under forward. purge-log: {older-than}, runs only: events stay, "
	"since each proves the one before it. An action that fails stops the "
	"task, unless it has \"on-failure: continue\".",
	offline_groups, 0, 0, no_examples, cmd_server_task_actions},
    {"server-task show", "TASK", "all about a server task", "", show_groups, 1,
	1, no_examples, cmd_server_task_show},
    {"server-task add", "FILE", "a server task from a YAML or JSON file",
	"With name, description, schedule, enabled, overlap and actions. "
	"Without a schedule it is run by hand. An occurrence that comes while "
	"the one before is still going is left out, unless overlap is true.",
	add_groups, 1, 1, add_examples, cmd_server_task_add},
    {"server-task set", "TASK", "change a server task",
	"What is under way goes on as it began.", set_groups, 1, 1,
	set_examples, cmd_server_task_set},
    {"server-task enable", "TASK", "by its schedule, from now on", "",
	server_groups, 1, 1, no_examples, cmd_server_task_enable},
    {"server-task disable", "TASK", "by hand alone", "", server_groups, 1, 1,
	no_examples, cmd_server_task_disable},
    {"server-task remove", "TASK", "forget a server task",
	"What it did stays on record.", remove_groups, 1, 1, no_examples,
	cmd_server_task_remove},
    {"server-task run", "TASK", "a server task now, by serve",
	"With --wait rows say what became of each action: exit code 3 when "
	"one failed and the others went on, 5 when it was stopped. \"runs "
	"pause\", \"resume\" and \"abort\" are for it, too.",
	run_groups, 1, 1, no_examples, cmd_server_task_run},
    {"server-task log", "[TASK]", "what server tasks did, the newest first",
	"\"runs messages RUN\" has each action's result.", log_groups, 0, 1,
	log_examples, cmd_server_task_log},
    {"server-task import", "FILE", "server tasks that ePO exported",
	"Commands that have no counterpart here are kept with their "
	"parameters and shown as not runnable. A task is disabled, until "
	"a person says else, without \"enabled\", and when it names queries or "
	"client tasks by ePO's numbers, which may be others' here.",
	import_groups, 1, 1, import_examples, cmd_server_task_import},
    {"server-task export", "[TASK...]", "server tasks as ePO's XML", "",
	server_groups, 0, NO_LIMIT, no_examples, cmd_server_task_export},
    {"mail password", "", "what mail.user logs in with", "Sealed in the store.",
	password_groups, 0, 0, no_examples, cmd_mail_password},
    {"mail test", "ADDRESS", "send a test message, now",
	"By mail.server, as server tasks do.", server_groups, 1, 1, no_examples,
	cmd_mail_test},
    END};
