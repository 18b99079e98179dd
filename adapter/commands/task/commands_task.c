#include "commands_task.h"
#include "catalog.h"
#include "command_rows.h"
#include "commands_task_internal.h"
#include "task_run.h"

/* Rows about client tasks and their runs. */
static const char *const when_words[] = {"needed", "always", "automatic", NULL};
static const struct cli_option type_options[] = {
    {"type", 0, CLI_WORD, "amt-maintenance|collect-properties|enforce-profile",
	catalog_type_words, "what it does (amt-maintenance)"},
    END};
static const struct cli_option name_options[] = {
    {"name", 0, CLI_TEXT, "NAME", NULL, "its new name"}, END};
static const struct cli_option settings_options[] = {
    {"task", 't', CLI_TEXT, "TASK", NULL,
	"a box to tick, as in \"task types\"; repeatable"},
    {"when", 0, CLI_WORD, "needed|always|automatic", when_words,
	"only where it is due (needed), or by what is due (automatic)"},
    {"description", 0, CLI_TEXT, "TEXT", NULL, "what it is for"}, END};

static const struct cli_option policy_options[] = {
    {"canary", 0, CLI_COUNT, "N", NULL,
	"so many first; the others once those went well"},
    {"wave", 0, CLI_TEXT, "N|P%", NULL, "then so many, and then the next"},
    {"max-failures", 0, CLI_TEXT, "N|P%", NULL, "stop once so many failed"},
    {"parallel", 0, CLI_COUNT, "N", NULL, "devices at once (as configured)"},
    {"stop-after", 0, CLI_SPAN, "SPAN", NULL, "stop when it took that long"},
    {"retries", 0, CLI_COUNT, "N", NULL,
	"of a device that is offline, or held elsewhere (3)"},
    {"no-retries", 0, CLI_FLAG, NULL, NULL, "none"},
    {"retry-wait", 0, CLI_SPAN, "SPAN", NULL,
	"before the first, doubled each time (1m)"},
    END};
static const struct cli_option schedule_options[] = {
    {"schedule", 's', CLI_TEXT, "RULE", NULL, "when, as in SCHEDULES"},
    {"disabled", 0, CLI_FLAG, NULL, NULL, "not yet"},
    {"check", 0, CLI_FLAG, NULL, NULL,
	"only if it is in time for what the task renews: \"schedule check\""},
    {"duration", 0, CLI_SPAN, "SPAN", NULL,
	"with --check: how long a device takes (as measured)"},
    END};
static const struct cli_option run_options[] = {
    {"assignment", 0, CLI_COUNT, "NUMBER", NULL,
	"the devices and rules of this one"},
    {"wait", 0, CLI_FLAG, NULL, NULL, "until it is over"}, END};

static const struct cli_option list_options[] = {
    {"state", 0, CLI_WORD, "queued|running|paused|aborted|ended",
	task_state_words, "in this state; repeatable"},
    {"task", 0, CLI_TEXT, "NAME", NULL, "of this task"},
    {"since", 0, CLI_SINCE, "SPAN|TIME", NULL, "made since then"}, END};
static const struct cli_option outcome_options[] = {
    {"outcome", 0, CLI_WORD,
	"ok|changed|waiting|failed|parked|offline|busy|skipped",
	task_outcome_words, "those that ended so"},
    END};
static const struct cli_option why_options[] = {
    {"why", 0, CLI_TEXT, "TEXT", NULL, "for those who look later"}, END};

GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS offline_groups[] = {cli_offline_options, NULL};
GROUPS add_groups[] = {
    type_options, settings_options, cli_server_options, NULL};
GROUPS set_groups[] = {name_options, settings_options, NULL};
GROUPS remove_groups[] = {cli_yes_options, cli_server_options, NULL};
GROUPS purge_groups[] = {cli_yes_options, NULL};
GROUPS assign_groups[] = {cli_target_options, cli_selection_options,
    schedule_options, policy_options, cli_server_options, NULL};
GROUPS run_groups[] = {cli_target_options, cli_selection_options, run_options,
    policy_options, cli_server_options, NULL};
GROUPS list_groups[] = {
    list_options, cli_limit_options, cli_server_options, NULL};
GROUPS item_groups[] = {
    outcome_options, cli_limit_options, cli_server_options, NULL};
GROUPS state_groups[] = {why_options, cli_server_options, NULL};

LIST no_examples[] = {NULL};
LIST add_examples[] = {
    "task add 'Renew both' -t renew-ad-password -t renew-admin-password",
    "task add 'New certificates' -t reissue-certificates --when always", NULL};
LIST assign_examples[] = {
    "task assign renew-ad-password --all --schedule 'every 30 days at 22:00 "
    "random 4h'",
    "task assign repair-renamed-systems --query renamed-systems --schedule "
    "'every 4h' --canary 5 --max-failures 5%",
    NULL};
LIST run_examples[] = {"task run synchronize-clocks --query clock-skew --wait",
    "task run enforce-profile --group 'Berlin\\Lab' --canary 3 --wave 10%",
    NULL};
LIST list_examples[] = {"runs list --state running", NULL};
LIST item_examples[] = {"runs items 12 --outcome failed", NULL};

#define RUN_NOTE                                                               \
	"The canaries are waited for, those that are offline replaced by "     \
	"others; if one fails the run stops. So it does at --max-failures, a " \
	"number or a percentage of its devices. A device that is offline or "  \
	"held by another process is tried again, and reported as such when "   \
	"the run ends. "

const struct cli_command commands_task[] = {
    {"task list", "", "client tasks, and those that come with amtkeeper",
	"What can be assigned and run. \"task types\" has what they are made "
	"of.",
	server_groups, 0, 0, no_examples, cmd_task_list},
    {"task types", "", "what can be done, and the names it goes by",
	"Words for run, plan and --task; aliases are those of Intel SCS, "
	"rpc-go and ePO. Those with a box can be ticked together.",
	offline_groups, 0, 0, no_examples, cmd_task_types},
    {"task show", "TASK", "all about a client task", "", server_groups, 1, 1,
	no_examples, cmd_task_show},
    {"task add", "NAME", "a client task of your own",
	"Boxes ticked together are one visit and one plan. With --when "
	"automatic no box is ticked: whatever is due is done.",
	add_groups, 1, 1, add_examples, cmd_task_add},
    {"task set", "TASK", "change a client task",
	"Runs under way go on as they began.", set_groups, 1, 1, no_examples,
	cmd_task_set},
    {"task remove", "TASK", "forget a client task",
	"And its assignments; what its runs did stays on record.",
	remove_groups, 1, 1, no_examples, cmd_task_remove},
    {"task assign", "TASK [NAME...]", "a client task for devices, by schedule",
	"To a group and all below it, a tag, a query, which is asked anew at "
	"each run, or devices. serve runs it: an occurrence that comes while "
	"the run before is still going is left out. " RUN_NOTE
	"Without --schedule it is run by hand alone.",
	assign_groups, 1, NO_LIMIT, assign_examples, cmd_task_assign},
    {"task assignments", "[TASK]", "what is assigned to whom, and when", "",
	server_groups, 0, 1, no_examples, cmd_task_assignments},
    {"task enable", "NUMBER", "an assignment, from now on", "", server_groups,
	1, 1, no_examples, cmd_task_enable},
    {"task disable", "NUMBER", "an assignment, until it is enabled again", "",
	server_groups, 1, 1, no_examples, cmd_task_disable},
    {"task unassign", "NUMBER", "forget an assignment", "", server_groups, 1, 1,
	no_examples, cmd_task_unassign},
    {"task run", "TASK [NAME...]", "a client task now, by serve",
	RUN_NOTE
	"With --wait rows say what became of each device: exit code 3 when "
	"some were not served, 5 when the run was stopped. Without serve "
	"running it waits in the store; \"run\" does without serve.",
	run_groups, 1, NO_LIMIT, run_examples, cmd_task_run},
    {"runs list", "", "runs of tasks, the newest first", "", list_groups, 0, 0,
	list_examples, cmd_runs_list},
    {"runs show", "RUN", "how far a run is", "", server_groups, 1, 1,
	no_examples, cmd_runs_show},
    {"runs items", "RUN", "what became of each device", "", item_groups, 1, 1,
	item_examples, cmd_runs_items},
    {"runs messages", "RUN", "what happened to the run", "", server_groups, 1,
	1, no_examples, cmd_runs_messages},
    {"runs wait", "RUN", "until a run is over", "As with task run --wait.",
	item_groups, 1, 1, no_examples, cmd_runs_wait},
    {"runs pause", "RUN", "begin no more devices",
	"Those under way finish; so with abort.", state_groups, 1, 1,
	no_examples, cmd_runs_pause},
    {"runs resume", "RUN", "go on with a paused run", "", state_groups, 1, 1,
	no_examples, cmd_runs_resume},
    {"runs purge", "AGE", "forget old runs",
	"Those that are over and were made longer ago than that: 90d. Events "
	"stay.",
	purge_groups, 1, 1, no_examples, cmd_runs_purge},
    {"runs abort", "RUN", "end a run before its time", "", state_groups, 1, 1,
	no_examples, cmd_runs_abort},
    END};
