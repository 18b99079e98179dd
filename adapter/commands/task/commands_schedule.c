#include "command_rows.h"
#include "commands_task.h"
#include "commands_task_internal.h"
#include "wear.h"

/* Rows about schedules. */
static const struct cli_option preview_options[] = {
    {"count", 'n', CLI_COUNT, "N", NULL, "so many (10)"},
    {"after", 0, CLI_TEXT, "TIME", NULL,
	"from then on: 2026-11-24 or RFC 3339 (now)"},
    {"except", 0, CLI_FILE, "FILE", NULL,
	"leave out the events of an iCalendar file"},
    END};

static const struct cli_option check_options[] = {
    {"task", 't', CLI_TEXT, "TASK", NULL, "what this client task renews"},
    {"for", 0, CLI_WORD, "certificates|ad-password|admin-password", wear_words,
	"that instead; repeatable (all that the profile keeps)"},
    {"when-needed", 0, CLI_FLAG, NULL, NULL,
	"only what the profile calls due, not at every run"},
    {"duration", 0, CLI_SPAN, "SPAN", NULL,
	"how long a device takes (as measured)"},
    {"parallel", 0, CLI_COUNT, "N", NULL, "devices at once (run.parallel)"},
    {"late", 0, CLI_FLAG, NULL, NULL, "a row for each device that is late"},
    END};

GROUPS preview_groups[] = {preview_options, cli_offline_options, NULL};
GROUPS check_groups[] = {cli_target_options, cli_selection_options,
    check_options, cli_limit_options, NULL};

LIST preview_examples[] = {
    "schedule preview 'monthly on first thu of nov at 03:00 Europe/Berlin'",
    "schedule preview '0 3 * * 1-5' -n 20",
    "schedule preview 'daily at 22:00' --except holidays.ics", NULL};
LIST check_examples[] = {
    "schedule check 'every 30 days at 22:00 from 2026-12-01 random 4h' "
    "--task renew-ad-password",
    "schedule check 'monthly on first thu of nov at 03:00' --for certificates "
    "--query certificates-by-expiry",
    NULL};

const struct cli_command commands_schedule[] = {
    {"schedule preview", "RULE", "when a schedule runs next",
	"In UTC and in the schedule's own zone. SCHEDULES has the words of RULE; "
	"five fields of cron and ePO's period: URIs are read, too. The rule is "
	"repeated as it is kept.",
	preview_groups, 1, 1, preview_examples, cmd_schedule_preview},
    {"schedule check", "RULE", "does it serve the fleet in time",
	"Goes through the runs to come, device by device with their own delays, "
	"so many at once, within the windows, and says how close certificates, "
	"passwords of AD objects and admin passwords of the chosen devices come "
	"to their end, and which device is the closest. Looks two lives of "
	"each ahead, and at least twelve runs. A device takes as long as 95 of "
	"100 did in runs that were measured; \"longest\" is how long a run "
	"takes then. Exit code 3 when something runs out first. \"task assign "
	"--check\" saves only what passes.",
	check_groups, 1, 1, check_examples, cmd_schedule_check},
    END};
