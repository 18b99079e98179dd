#include "commands_setup.h"

#include "ca_keys.h"
#include "command_rows.h"
#include "commands_setup_internal.h"

/* Rows about the installation itself. */
static const struct cli_option init_options[] = {
    {"dir", 0, CLI_FILE, "DIR", NULL,
	"configuration and keys (/etc/amtkeeper)"},
    {"state", 0, CLI_FILE, "DIR", NULL,
	"databases (/var/lib/amtkeeper; with --dir: DIR)"},
    {"organisation", 0, CLI_TEXT, "NAME", NULL, "in the CA's name"},
    {"offline-root", 0, CLI_FLAG, NULL, NULL,
	"no root key here: a request for a root elsewhere"},
    {"realm", 0, CLI_TEXT, "REALM", NULL, "Active Directory: realm"},
    {"domain", 0, CLI_TEXT, "DOMAIN", NULL, "Active Directory: DNS name"},
    {"dc", 0, CLI_TEXT, "HOST", NULL, "domain controller to use"},
    {"ou", 0, CLI_TEXT, "DN", NULL, "where objects of devices are kept"},
    {"principal", 0, CLI_TEXT, "NAME@REALM", NULL, "who amtkeeper is"},
    {"keytab", 0, CLI_FILE, "FILE", NULL, "the principal's keys"}, END};
static const struct cli_option show_options[] = {
    {"origin", 0, CLI_FLAG, NULL, NULL,
	"where each comes from: file and line, environment, default"},
    END};
static const struct cli_option example_options[] = {
    {"profile", 0, CLI_FLAG, NULL, NULL, "a profile, not a configuration"},
    END};

GROUPS none[] = {NULL};
GROUPS init_groups[] = {init_options, key_options, root_key_options, NULL};
GROUPS show_groups[] = {show_options, NULL};
GROUPS example_groups[] = {example_options, cli_offline_options, NULL};

LIST no_examples[] = {NULL};
LIST init_examples[] = {"init", "init --dir /srv/amtkeeper",
    "init --realm AD.EXAMPLE.TEST --domain ad.example.test "
    "--principal svc-amt@AD.EXAMPLE.TEST --keytab /etc/amtkeeper/svc.keytab "
    "--ou OU=AMT,DC=ad,DC=example,DC=test",
    NULL};
LIST show_examples[] = {"config show --origin",
    "config show -o json | jq -r '.[] | select(.file) | .key'", NULL};

const struct cli_command commands_setup[] = {
    {"init", "", "make configuration, keys, store and CA",
	"Refuses when any of the files exists. With --realm, --domain, "
	"--principal and --keytab Active Directory is switched on.",
	init_groups, 0, 0, init_examples, cmd_init},
    {"serve", "", "work on what is due until stopped",
	"Recovers what an earlier process left open, then wakes when a device "
	"is due. The first SIGTERM or SIGINT lets devices finish the step "
	"they are in; a second one ends at once, and the next start recovers. "
	"With console.listen it answers over HTTPS: the REST API, which "
	"/api/v1/openapi.json describes, ePO's /remote, /metrics, /health.",
	none, 0, 0, no_examples, cmd_serve},
    END};

const struct cli_command commands_config[] = {
    {"config check", "", "read configuration and profile",
	"Exit code 10 and the place of the mistake when they cannot be used. "
	"Warnings are for what can, but will not do: a file that is named and "
	"not there, a certificate template whose key the newest firmware "
	"refuses (finding key-refused). Certificates, keys and secrets of the "
	"bridges are read as well; whether those CAs answer is told by \"ca "
	"bridge test\".",
	none, 0, 0, no_examples, cmd_config_check},
    {"config show", "", "every option as now in force",
	"Of configuration and profile. With -o json and csv each has its "
	"origin, file and line. Secrets are in none of them: options name the "
	"files that hold them.",
	show_groups, 0, 0, show_examples, cmd_config_show},
    {"config example", "", "a commented file with the defaults", "",
	example_groups, 0, 0, no_examples, cmd_config_example},
    END};
