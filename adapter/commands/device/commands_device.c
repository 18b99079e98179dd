#include "commands_device.h"

#include "command_rows.h"
#include "commands_device_internal.h"

/* Rows about devices, as they are known here. */
static const struct cli_option remove_options[] = {
    {"revoke", 0, CLI_FLAG, NULL, NULL,
	"also revoke the certificates it still has"},
    {"disable-object", 0, CLI_FLAG, NULL, NULL,
	"also disable its object in Active Directory"},
    {"delete-object", 0, CLI_FLAG, NULL, NULL,
	"also delete it there, if nothing is below it"},
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "say what would be done"}, END};
static const struct cli_option add_options[] = {
    {"address", 0, CLI_TEXT, "ADDRESS", NULL,
	"where to connect, when NAME does not resolve"},
    {"password-file", 0, CLI_FILE, "FILE", NULL,
	"admin password; - is standard input (else it is asked for)"},
    {"uuid", 0, CLI_TEXT, "UUID", NULL, "SMBIOS UUID"},
    {"os-host", 0, CLI_TEXT, "HOST", NULL, "host name of the OS"},
    {"os-domain", 0, CLI_TEXT, "DOMAIN", NULL, "domain of the OS"},
    {"site", 0, CLI_TEXT, "SITE", NULL, "where it stands"},
    {"group", 0, CLI_TEXT, "PATH", NULL, "in the tree: 'Berlin\\Lab'"},
    {"tls", 0, CLI_FLAG, NULL, NULL, "speak TLS to it (the default)"},
    {"plain", 0, CLI_FLAG, NULL, NULL, "it has no TLS yet: use port 16992"},
    {"pin", 0, CLI_TEXT, "SHA256", NULL,
	"its certificate, 64 hex digits; else trusted when first seen"},
    END};
static const struct cli_option set_options[] = {
    {"address", 0, CLI_TEXT, "ADDRESS", NULL, "where to connect"},
    {"uuid", 0, CLI_TEXT, "UUID", NULL, "SMBIOS UUID"},
    {"os-host", 0, CLI_TEXT, "HOST", NULL, "host name of the OS"},
    {"os-domain", 0, CLI_TEXT, "DOMAIN", NULL, "domain of the OS"},
    {"site", 0, CLI_TEXT, "SITE", NULL, "where it stands"},
    {"group", 0, CLI_TEXT, "PATH", NULL, "in the tree: 'Berlin\\Lab'"},
    {"password-file", 0, CLI_FILE, "FILE", NULL,
	"the admin password it has now; - is standard input"},
    {"ask-password", 0, CLI_FLAG, NULL, NULL, "ask for that password"},
    {"tls", 0, CLI_FLAG, NULL, NULL, "speak TLS to it from now on"},
    {"forget-identity", 0, CLI_FLAG, NULL, NULL,
	"trust the certificate it shows next"},
    END};

static const char *const import_words[] = {"csv", "dmt", "meshcentral", NULL};

static const struct cli_option import_options[] = {
    {"from", 0, CLI_WORD, "csv|dmt|meshcentral", import_words,
	"what FILE is; dmt: or the https URL of the server"},
    {"update", 'u', CLI_FLAG, NULL, NULL,
	"known devices: take over facts that changed"},
    {"passwords", 0, CLI_FILE, "FILE", NULL,
	"admin passwords: CSV, name and password, mode 0600"},
    {"strict", 0, CLI_FLAG, NULL, NULL, "all or nothing: one bad line, none"},
    {"plain", 0, CLI_FLAG, NULL, NULL,
	"these devices have no TLS yet: use port 16992"},
    {"ca", 0, CLI_FILE, "FILE", NULL, "dmt: PEM, who may vouch for the server"},
    {"user", 0, CLI_TEXT, "NAME", NULL, "dmt: our user there"},
    {"password-file", 0, CLI_FILE, "FILE", NULL,
	"dmt: its password; - is standard input (else it is asked for)"},
    END};
static const struct cli_option reveal_options[] = {
    {"reveal", 0, CLI_FLAG, NULL, NULL, "show it on this terminal"},
    {"to", 0, CLI_FILE, "FILE", NULL, "write it to a new file, mode 0600"},
    {"previous", 0, CLI_COUNT, "N", NULL,
	"the one so many changes ago; the last three are kept"},
    END};

GROUPS add_groups[] = {add_options, cli_server_options, NULL};
GROUPS set_groups[] = {set_options, cli_server_options, NULL};
GROUPS import_groups[] = {import_options, cli_server_options, NULL};
GROUPS choice_groups[] = {
    cli_selection_options, cli_limit_options, cli_server_options, NULL};
GROUPS remove_groups[] = {cli_selection_options, remove_options,
    cli_yes_options, cli_server_options, NULL};
GROUPS reveal_groups[] = {reveal_options, NULL};

LIST set_examples[] = {"device set pc1.corp.example --os-host pc9",
    "device set pc1.corp.example --ask-password", NULL};
LIST add_examples[] = {"device add pc1.corp.example",
    "device add pc2.corp.example --address 192.0.2.7 --password-file pw", NULL};
LIST import_examples[] = {"device import fleet.csv",
    "device import --strict - < fleet.csv",
    "device import fleet.csv --update --passwords passwords.csv",
    "device import --from meshcentral devices.json",
    "device import --from dmt https://dmt.corp.example:8181 --ca dmt.pem "
    "--user admin",
    NULL};
LIST list_examples[] = {"device list", "device list --reason clock-skew",
    "device list -o csv 'pc1*'",
    "device list --server https://amt.corp.example:8443 --token-file my.token "
    "--ca-file chain.pem",
    NULL};
LIST remove_examples[] = {"device remove pc1.corp.example --revoke",
    "device remove pc1.corp.example --revoke --delete-object --dry-run",
    "device remove 'lab-*' --yes -o csv", NULL};
LIST show_device_examples[] = {
    "device show pc1.corp.example", "device show -a -o json", NULL};
LIST reveal_examples[] = {"secret show pc1.corp.example --reveal",
    "secret show pc1.corp.example --reveal --previous 1",
    "secret show pc1.corp.example --to pc1.password", NULL};

const struct cli_command commands_device[] = {
    {"device add", "NAME", "take a device into the fleet",
	"NAME is its FQDN. The admin password is asked for, or read from a "
	"file; it is never an argument.",
	add_groups, 1, 1, add_examples, cmd_device_add},
    {"device set", "NAME", "change what is known of a device",
	"What is given replaces what was there. A password given here is the "
	"one the device has now: it is stored, and tried again although it was "
	"refused before. --forget-identity is for a board that was replaced: "
	"its next certificate is trusted, and an event says so.",
	set_groups, 1, 1, set_examples, cmd_device_set},
    {"device import", "FILE|-|URL",
	"take devices from a CSV file, or another console",
	"Columns by their heading: name, address, password, os_host, "
	"os_domain, uuid, leaf_sha256, site, group, tags, tls (no: spoken to in plain until "
	"it has a certificate); others are ignored. A bad line is named and "
	"passed over; every other row says what became of it. Devices that "
	"are there already are left alone. With --update their address, uuid, "
	"os_host, os_domain, site and group become what the row says (an empty field "
	"says nothing), and serve looks at them at once; their trust and "
	"stored password stay, being newer than any list. Passwords "
	"are better kept apart from the facts, with --passwords: one wrong "
	"line refuses that file. --from dmt takes Device Management Toolkit "
	"Console's GET /api/v1/devices, from its server or a file; "
	"meshcentral what \"meshctrl ListDevices\" writes, with --json or "
	"--csv (which says nothing about AMT). Names, UUIDs, addresses, pins, "
	"tags and groups are taken as far as they are there; what cannot be "
	"is counted: passwords, other users than admin, connections through "
	"that console.",
	import_groups, 1, 1, import_examples, cmd_device_import},
    {"device list", "[NAME...]", "the fleet, a line each", cli_selection_text,
	choice_groups, 0, NO_LIMIT, list_examples, cmd_device_list},
    {"device show", "NAME...", "all that is known of a device",
	"Behind it what follows: when the password of its object in Active "
	"Directory must be another one, and by which rule.",
	choice_groups, 0, NO_LIMIT, show_device_examples, cmd_device_show},
    {"device remove", "NAME...", "take a device out of the fleet",
	"Its secrets are forgotten, its events stay; the device itself is not "
	"changed, nor is Active Directory without --disable-object or "
	"--delete-object, which touch only an object with the device's mark, "
	"and never a tree. Rows say what is left: certificates that stay "
	"valid, or were revoked with --revoke (cessation of operation), or only "
	"marked here because the CA behind a bridge cannot be told; the "
	"device's object in Active Directory; and what to do to remove each by "
	"hand. Without such an option all are removed or none; with one, or "
	"with --server, they go one after another, and a device whose change is under way ends the "
	"command before anything of it is touched. What was interrupted is "
	"finished by the same command.",
	remove_groups, 0, NO_LIMIT, remove_examples, cmd_device_remove},
    END};

const struct cli_command commands_secret[] = {
    {"secret show", "DEVICE", "the admin password of a device",
	"On a terminal with --reveal, or to a new private file with --to; an "
	"event says who saw it. A board with an older state of its firmware "
	"may want one from before.",
	reveal_groups, 1, 1, reveal_examples, cmd_secret_show},
    END};
