#include "commands_event.h"

#include "command_rows.h"
#include "commands_event_internal.h"

/* Rows about what happened. */
static const struct cli_option journal_options[] = {
    {"device", 'd', CLI_TEXT, "NAME", NULL, "of this device only"},
    {"ended", 0, CLI_FLAG, NULL, NULL, "also those that are over"},
    {"limit", 0, CLI_COUNT, "N", NULL, "at most N ended ones (100)"}, END};
static const struct cli_option event_options[] = {
    {"device", 'd', CLI_TEXT, "NAME", NULL, "of this device only"},
    {"since", 0, CLI_SINCE, "TIME", NULL,
	"from then on: 2h, 7d, 2026-11-24 or RFC 3339"},
    {"after", 0, CLI_COUNT, "ID", NULL, "later than this event"},
    {"last", 0, CLI_COUNT, "N", NULL, "the last N"},
    {"limit", 0, CLI_COUNT, "N", NULL, "at most N"},
    {"follow", 'f', CLI_FLAG, NULL, NULL, "go on as they happen"},
    {"verify", 0, CLI_FLAG, NULL, NULL, "walk the audit chain instead"}, END};

GROUPS journal_groups[] = {journal_options, cli_server_options, NULL};
GROUPS event_groups[] = {event_options, cli_server_options, NULL};

LIST event_examples[] = {"events --device pc1.corp.example --since 7d",
    "events --follow -o json | jq .kind", "events --verify", NULL};
LIST journal_examples[] = {
    "journal", "journal --ended --device pc1.corp.example", NULL};

const struct cli_command commands_event[] = {
    {"journal", "", "changes under way, and past ones", "", journal_groups, 0,
	0, journal_examples, cmd_journal_list},
    {"events", "", "what happened; each a link of the audit chain",
	"--since, --after and --last say where to begin; without one --follow "
	"begins with the last 10. It ends well when it is interrupted, when "
	"its reader goes away, and after --limit events. With -o json it "
	"writes one object per line.",
	event_groups, 0, 0, event_examples, cmd_events},
    END};
