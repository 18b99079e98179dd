#include "command_rows.h"
#include "commands_event.h"
#include "commands_event_internal.h"

/* Rows about places that are told of events. */
static const struct cli_option secret_options[] = {
    {"secret-file", 0, CLI_FILE, "FILE", NULL,
	"the secret is its first line; - is standard input"},
    END};

GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS secret_groups[] = {secret_options, NULL};
GROUPS drop_groups[] = {cli_yes_options, cli_server_options, NULL};
LIST no_examples[] = {NULL};
LIST status_examples[] = {"forward status",
    "forward status -o json | jq '.[] | select(.attempts > 0)'", NULL};
LIST again_examples[] = {"forward again chatops", NULL};
LIST secret_examples[] = {
    "forward secret chatops --secret-file /etc/amtkeeper/chatops.secret", NULL};

const struct cli_command commands_forward[] = {
    {"forward status", "", "how far events have come at each place",
	"The places under forward: in the configuration. behind is how many "
	"events have not arrived there, oldest when the first of them was; "
	"dead counts those a webhook would not take. Exit code 7 when one of "
	"them fails. serve sends them, and only serve.",
	server_groups, 0, 0, status_examples, cmd_forward_status},
    {"forward test", "NAME", "send a test message there, now",
	"Its kind is forward.test. It is no event and moves no cursor. A "
	"syslog server that closes the connection after it has read it.",
	server_groups, 1, 1, no_examples, cmd_forward_test},
    {"forward secret", "NAME", "what messages to a webhook are signed with",
	"HMAC-SHA256 as Standard Webhooks has it: over webhook-id, "
	"webhook-timestamp and body, with dots between them. A secret that "
	"begins with whsec_ is base64 behind it. It is sealed in the store.",
	secret_groups, 1, 1, secret_examples, cmd_forward_secret},
    {"forward dead", "[NAME]", "events that a webhook would not take",
	"Put aside after so many refusals (refusals:) such as 400 or 500; the "
	"newest 10000 of each place are kept. \"events --after N --limit 1\" "
	"shows the event N + 1.",
	server_groups, 0, 1, no_examples, cmd_forward_dead},
    {"forward again", "NAME [EVENT...]", "send dead letters once more",
	"All of a place, or those of the events named. serve sends them as "
	"they were, under the same webhook-id; one that is refused again is a "
	"dead letter again, the others are gone once they have arrived.",
	server_groups, 1, NO_LIMIT, again_examples, cmd_forward_again},
    {"forward drop", "NAME [EVENT...]", "forget dead letters",
	"All of a place, or those of the events named, which stay in the "
	"audit chain.",
	drop_groups, 1, NO_LIMIT, no_examples, cmd_forward_drop},
    END};
