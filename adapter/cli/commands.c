#include <assert.h>

#include "cli_internal.h"
#include "options_internal.h"

/*
 * The table.  Words users know from elsewhere stay in sight: "task" for what
 * the code calls a play, the names of SCS, rpc-go and ePO as aliases of tasks.
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define COMMANDS_MAX 400

static const char *const output_words[] = {
    "table", "json", "csv", "html", NULL};
static const char *const reason_words[] = {"unspecified", "key-compromise",
    "affiliation-changed", "superseded", "cessation-of-operation",
    "privilege-withdrawn", NULL};

static const struct cli_option global_options[] = {
    {"config", 'c', CLI_FILE, "FILE", NULL,
	"configuration (/etc/amtkeeper/amtkeeper.yaml)"},
    {"output", 'o', CLI_WORD, "table|json|csv|html", output_words,
	"how rows are written; html is for query"},
    {"wide", 'w', CLI_FLAG, NULL, NULL, "tables wider than the terminal"},
    {"quiet", 'q', CLI_FLAG, NULL, NULL, "no progress, no notes"},
    {"verbose", 'v', CLI_FLAG, NULL, NULL, "log every decision"},
    {"no-color", 0, CLI_FLAG, NULL, NULL, "no colour (also: NO_COLOR)"},
    {"help", 'h', CLI_FLAG, NULL, NULL, "say what a command does"},
    {"version", 0, CLI_FLAG, NULL, NULL, "the version"}, END};

static const struct cli_option run_options[] = {
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "look and plan, change nothing"},
    {"max-failures", 0, CLI_TEXT, "N|P%", NULL,
	"start no more devices once so many failed"},
    END};

static const struct cli_option remove_options[] = {
    {"revoke", 0, CLI_FLAG, NULL, NULL,
	"also revoke the certificates it still has"},
    {"disable-object", 0, CLI_FLAG, NULL, NULL,
	"also disable its object in Active Directory"},
    {"delete-object", 0, CLI_FLAG, NULL, NULL,
	"also delete it there, if nothing is below it"},
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "say what would be done"}, END};

static const struct cli_option key_options[] = {
    {"key", 0, CLI_TEXT, "URI", NULL,
	"the issuing key: pkcs11:..., handle:0x... or file:/... (a new one)"},
    {"pin-file", 0, CLI_FILE, "FILE", NULL,
	"its PIN, on the first line; kept sealed"},
    END};
static const struct cli_option root_key_options[] = {
    {"root-key", 0, CLI_TEXT, "URI", NULL,
	"the root's key, likewise (a new one, sealed)"},
    {"root-pin-file", 0, CLI_FILE, "FILE", NULL,
	"its PIN, on the first line; kept sealed"},
    END};

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

static const struct cli_option diagnose_options[] = {
    {"offline", 0, CLI_FLAG, NULL, NULL,
	"from what is known; no device is asked"},
    {"check", 0, CLI_FLAG, NULL, NULL, "findings are exit code 3"}, END};

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

static const struct cli_option ca_init_options[] = {
    {"organisation", 0, CLI_TEXT, "NAME", NULL, "in the CA's name"},
    {"offline-root", 0, CLI_FLAG, NULL, NULL,
	"no root key here: a request for a root elsewhere"},
    END};
static const struct cli_option ca_chain_options[] = {
    {"root", 0, CLI_FLAG, NULL, NULL, "the root alone"},
    {"all", 0, CLI_FLAG, NULL, NULL,
	"with the issuing CAs before this one: what to trust"},
    {"issuer", 0, CLI_COUNT, "ID", NULL,
	"of this issuing CA, as in \"ca show\" (the active one)"},
    {"cross", 0, CLI_COUNT, "N", NULL,
	"under its Nth further root, as in \"ca show\""},
    {"out", 0, CLI_FILE, "FILE", NULL, "write it there"}, END};
static const struct cli_option ca_csr_options[] = {
    {"organisation", 0, CLI_TEXT, "NAME", NULL,
	"in the CA's name (that of the one that issues now)"},
    {"new", 0, CLI_FLAG, NULL, NULL, "give up an open request and its key"},
    {"out", 0, CLI_FILE, "FILE", NULL, "write it there"}, END};
static const struct cli_option ca_rollover_options[] = {
    {"organisation", 0, CLI_TEXT, "NAME", NULL,
	"in the names (that of the CA that issues now)"},
    END};
static const struct cli_option ca_certify_options[] = {
    {"out", 0, CLI_FILE, "FILE", NULL, "write it there"}, END};
static const struct cli_option ca_sign_options[] = {
    {"template", 0, CLI_TEXT, "NAME", NULL,
	"of the profile (the one of TLS certificates)"},
    {"check", 0, CLI_FLAG, NULL, NULL, "issue nothing, say what is wrong"},
    END};
static const struct cli_option ca_export_options[] = {
    {"chain", 0, CLI_FLAG, NULL, NULL, "with those above it"},
    {"cross", 0, CLI_COUNT, "N", NULL,
	"with --chain: under its issuer's Nth further root"},
    {"out", 0, CLI_FILE, "FILE", NULL, "write it there"}, END};
static const struct cli_option ca_list_options[] = {
    {"device", 'd', CLI_TEXT, "NAME", NULL, "of this device only"},
    {"expiring", 0, CLI_SPAN, "SPAN", NULL,
	"ending within this time from now, e.g. 30d"},
    END};
static const struct cli_option ca_crl_options[] = {
    {"root", 0, CLI_FLAG, NULL, NULL, "of the root above it"},
    {"import", 0, CLI_FILE, "FILE", NULL,
	"take a root's list that was made elsewhere"},
    {"issuer", 0, CLI_COUNT, "ID", NULL,
	"of this issuing CA, as in \"ca show\" (the active one)"},
    {"out", 0, CLI_FILE, "FILE", NULL, "write it there"},
    {"pem", 0, CLI_FLAG, NULL, NULL, "as PEM (else DER)"}, END};
static const struct cli_option ca_ocsp_options[] = {
    {"request", 0, CLI_FILE, "FILE", NULL, "answer this request, DER"},
    {"out", 0, CLI_FILE, "FILE", NULL, "write the answer there, DER"}, END};
static const struct cli_option ca_revoke_options[] = {
    {"reason", 0, CLI_WORD, "REASON", reason_words,
	"why: key-compromise, superseded, ... (unspecified)"},
    END};

static const struct cli_option template_list_options[] = {
    {"directory", 0, CLI_FLAG, NULL, NULL, "and those of Active Directory"},
    END};

static const struct cli_option template_show_options[] = {
    {"beside", 0, CLI_TEXT, "NAME", NULL,
	"one template, fact by fact beside this one of Active Directory"},
    END};

static const struct cli_option template_check_options[] = {
    {"offline", 0, CLI_FLAG, NULL, NULL,
	"do not ask at the places that certificates name"},
    END};

static const struct cli_option block_options[] = {
    {"note", 0, CLI_TEXT, "TEXT", NULL, "why, for those without a note"}, END};

static const struct cli_option show_options[] = {
    {"origin", 0, CLI_FLAG, NULL, NULL,
	"where each comes from: file and line, environment, default"},
    END};
static const struct cli_option example_options[] = {
    {"profile", 0, CLI_FLAG, NULL, NULL, "a profile, not a configuration"},
    END};
static const struct cli_option reveal_options[] = {
    {"reveal", 0, CLI_FLAG, NULL, NULL, "show it on this terminal"},
    {"to", 0, CLI_FILE, "FILE", NULL, "write it to a new file, mode 0600"},
    END};
static const struct cli_option help_options[] = {
    {"man", 0, CLI_FLAG, NULL, NULL, "write the man page"},
    {"completion", 0, CLI_FLAG, NULL, NULL, "write the bash completion"}, END};

/* Which groups a command has, and its examples. */

GROUPS none[] = {NULL};
GROUPS init_groups[] = {init_options, key_options, root_key_options, NULL};
GROUPS add_groups[] = {add_options, NULL};
GROUPS set_groups[] = {set_options, NULL};
GROUPS import_groups[] = {import_options, NULL};
GROUPS select_groups[] = {cli_selection_options, cli_limit_options, NULL};
GROUPS remove_groups[] = {
    cli_selection_options, remove_options, cli_yes_options, NULL};
GROUPS diagnose_groups[] = {
    cli_selection_options, cli_limit_options, diagnose_options, NULL};
GROUPS run_groups[] = {
    cli_selection_options, cli_limit_options, run_options, NULL};
GROUPS query_groups[] = {cli_query_options, cli_query_run_options, NULL};
GROUPS query_save_groups[] = {
    cli_query_options, cli_query_save_options, cli_query_replace_options, NULL};
GROUPS query_import_groups[] = {cli_query_replace_options, NULL};
GROUPS tag_delete_groups[] = {cli_yes_options, NULL};
GROUPS journal_groups[] = {journal_options, NULL};
GROUPS event_groups[] = {event_options, NULL};
GROUPS ca_init_groups[] = {
    ca_init_options, key_options, root_key_options, NULL};
GROUPS ca_rollover_groups[] = {
    ca_rollover_options, key_options, root_key_options, cli_yes_options, NULL};
GROUPS ca_chain_groups[] = {ca_chain_options, NULL};
GROUPS ca_csr_groups[] = {ca_csr_options, key_options, NULL};
GROUPS ca_import_groups[] = {cli_yes_options, NULL};
GROUPS ca_certify_groups[] = {ca_certify_options, NULL};
GROUPS ca_sign_groups[] = {ca_sign_options, ca_export_options, NULL};
GROUPS ca_export_groups[] = {ca_export_options, NULL};
GROUPS ca_list_groups[] = {ca_list_options, NULL};
GROUPS ca_crl_groups[] = {ca_crl_options, NULL};
GROUPS ca_ocsp_groups[] = {ca_ocsp_options, NULL};
GROUPS ca_revoke_groups[] = {ca_revoke_options, cli_yes_options, NULL};
GROUPS template_list_groups[] = {template_list_options, NULL};
GROUPS template_show_groups[] = {template_show_options, NULL};
GROUPS template_check_groups[] = {template_check_options, NULL};
GROUPS block_groups[] = {block_options, NULL};
GROUPS block_remove_groups[] = {cli_yes_options, NULL};
GROUPS show_groups[] = {show_options, NULL};
GROUPS example_groups[] = {example_options, NULL};
GROUPS reveal_groups[] = {reveal_options, NULL};
GROUPS help_groups[] = {help_options, NULL};

LIST no_examples[] = {NULL};
LIST set_examples[] = {"device set pc1.corp.example --os-host pc9",
    "device set pc1.corp.example --ask-password", NULL};
LIST init_examples[] = {"init", "init --dir /srv/amtkeeper",
    "init --realm AD.EXAMPLE.TEST --domain ad.example.test "
    "--principal svc-amt@AD.EXAMPLE.TEST --keytab /etc/amtkeeper/svc.keytab "
    "--ou OU=AMT,DC=ad,DC=example,DC=test",
    NULL};
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
    "device list -o csv 'pc1*'", NULL};
LIST remove_examples[] = {"device remove pc1.corp.example --revoke",
    "device remove pc1.corp.example --revoke --delete-object --dry-run",
    "device remove 'lab-*' --yes -o csv", NULL};
LIST discover_examples[] = {"discover", "discover --site berlin", NULL};
LIST diagnose_examples[] = {"diagnose", "diagnose --offline --check",
    "diagnose -o json pc1.corp.example", NULL};
LIST plan_examples[] = {
    "plan reissue-certificates --all", "plan AutoMaintain pc1*", NULL};
LIST run_examples[] = {"run auto --all", "run sync-clock --reason clock-skew",
    "run reissue-certificates --site berlin --limit 10 --max-failures 2", NULL};
LIST query_examples[] = {"query 'AMT communication errors'",
    "query certificates-by-expiry --top 20 -o csv",
    "query '(olderThan AMT_CustomProps.CertExpires -2592000000)'",
    "query --table AMT_CustomProps --group Reasons --order '(desc (count))'",
    NULL};
LIST query_save_examples[] = {
    "query save 'Old firmware' --select 'NodeName AMT_CustomProps.Version' "
    "--where '(lt AMT_CustomProps.MajorVersion 12)'",
    NULL};
LIST tag_examples[] = {"tag add VIP pc1.corp.example",
    "tag add AMT-CommError --query amt-communication-errors", NULL};
LIST event_examples[] = {"events --device pc1.corp.example --since 7d",
    "events --follow -o json | jq .kind", "events --verify", NULL};
LIST ca_sign_examples[] = {"ca sign pc1.csr pc1.corp.example --out pc1.pem",
    "ca sign --check - pc1.corp.example < pc1.csr", NULL};
LIST ca_list_examples[] = {"ca list --expiring 30d", NULL};
LIST csr_examples[] = {"ca csr --out issuing.csr", NULL};
LIST import_ca_examples[] = {"ca import issuing.pem", NULL};
LIST certify_examples[] = {"ca certify issuing.csr --out issuing.pem", NULL};
LIST block_examples[] = {"ca block add leaked.pem --note 'found on a share'",
    "ca block add weak-keys.txt", NULL};
LIST template_examples[] = {"ca template check", "ca template check tls", NULL};
LIST show_examples[] = {"config show --origin",
    "config show -o json | jq -r '.[] | select(.file) | .key'", NULL};
LIST show_device_examples[] = {
    "device show pc1.corp.example", "device show -a -o json", NULL};
LIST journal_examples[] = {
    "journal", "journal --ended --device pc1.corp.example", NULL};
LIST chain_examples[] = {
    "ca chain --all --out trust.pem", "ca chain --issuer 1 --cross 1", NULL};
LIST rollover_examples[] = {"ca rollover",
    "ca rollover --root-key 'pkcs11:token=root;object=root2' "
    "--root-pin-file /root/pin",
    NULL};
LIST cross_examples[] = {"ca cross crossed.pem", NULL};
LIST ocsp_examples[] = {
    "ca ocsp pc1.pem", "ca ocsp --request ask.der --out answer.der", NULL};
LIST crl_examples[] = {"ca crl --out amt.crl", "ca crl --root --pem", NULL};
LIST revoke_examples[] = {
    "ca revoke 4f12ad30dfd1076b --reason key-compromise", NULL};
LIST reveal_examples[] = {"secret show pc1.corp.example --reveal",
    "secret show pc1.corp.example --to pc1.password", NULL};
LIST template_show_examples[] = {
    "ca template show tls", "ca template show tls --beside AmtTls", NULL};
LIST bridge_examples[] = {"ca bridge test corp", NULL};
static const char selection_text[] =
    "Names given as arguments and with --device choose devices; --reason, --site "
    "and --query narrow the choice.";

static const struct cli_command commands[] = {
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
    {"device list", "[NAME...]", "the fleet, a line each", selection_text,
	select_groups, 0, NO_LIMIT, list_examples, cmd_device_list},
    {"device show", "NAME...", "all that is known of a device",
	"Behind it what follows: when the password of its object in Active "
	"Directory must be another one, and by which rule.",
	select_groups, 0, NO_LIMIT, show_device_examples, cmd_device_show},
    {"device remove", "NAME...", "take a device out of the fleet",
	"Its secrets are forgotten, its events stay; the device itself is not "
	"changed, nor is Active Directory without --disable-object or "
	"--delete-object, which touch only an object with the device's mark, "
	"and never a tree. Rows say what is left: certificates that stay "
	"valid, or were revoked with --revoke (cessation of operation), or only "
	"marked here because the CA behind a bridge cannot be told; the "
	"device's object in Active Directory; and what to do to remove each by "
	"hand. Without such an option all are removed or none; with one they "
	"go one after another, and a device whose change is under way ends the "
	"command before anything of it is touched. What was interrupted is "
	"finished by the same command.",
	remove_groups, 0, NO_LIMIT, remove_examples, cmd_device_remove},
    {"discover", "[NAME...]", "read devices, change nothing", selection_text,
	select_groups, 0, NO_LIMIT, discover_examples, cmd_discover},
    {"diagnose", "[NAME...]", "read devices and say what is wrong",
	selection_text, diagnose_groups, 0, NO_LIMIT, diagnose_examples,
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
    {"query", "[NAME|CONDITION]", "ask the fleet in ePO's query language",
	"A saved query by name (blanks may be hyphens) or number, a condition "
	"over EPOLeafNode in parentheses, or a query made of the options. "
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
	none, 0, 0, no_examples, cmd_query_list},
    {"query show", "NAME", "a saved query, and the SQL it becomes", "", none, 1,
	1, no_examples, cmd_query_show},
    {"query save", "NAME", "keep a query under a name",
	"It is checked first: what cannot be run is not kept.",
	query_save_groups, 1, 1, query_save_examples, cmd_query_save},
    {"query remove", "NAME", "forget a saved query", "", none, 1, 1,
	no_examples, cmd_query_remove},
    {"query import", "FILE", "take queries from an export of ePO",
	"Its XML. What cannot be run here is passed over, and its row says "
	"why; of a chart the rows are taken.",
	query_import_groups, 1, 1, no_examples, cmd_query_import},
    {"query tables", "[TABLE]", "columns, their types and meaning", "", none, 0,
	1, no_examples, cmd_query_tables},
    {"query operators", "", "operators of conditions", "", none, 0, 0,
	no_examples, cmd_query_operators},
    {"tag list", "", "tags, and how many devices have them", "", none, 0, 0,
	no_examples, cmd_tag_list},
    {"tag add", "TAG [NAME...]", "give a tag to devices",
	"The tag is made when there is none of this name. A device that is "
	"excluded from it does not get it.",
	select_groups, 1, NO_LIMIT, tag_examples, cmd_tag_add},
    {"tag exclude", "TAG [NAME...]", "take a tag from devices for good",
	"They do not get it again before \"tag remove\".", select_groups, 1,
	NO_LIMIT, no_examples, cmd_tag_exclude},
    {"tag remove", "TAG [NAME...]", "neither given nor excluded", "",
	select_groups, 1, NO_LIMIT, no_examples, cmd_tag_remove},
    {"tag delete", "TAG", "forget a tag", "", tag_delete_groups, 1, 1,
	no_examples, cmd_tag_delete},
    {"journal", "", "changes under way, and past ones", "", journal_groups, 0,
	0, journal_examples, cmd_journal_list},
    {"events", "", "what happened; each a link of the audit chain",
	"--since, --after and --last say where to begin; without one --follow "
	"begins with the last 10. It ends well when it is interrupted, when "
	"its reader goes away, and after --limit events. With -o json it "
	"writes one object per line.",
	event_groups, 0, 0, event_examples, cmd_events},
    END};

static const struct cli_command ca_commands[] = {
    {"ca init", "", "make the internal CA",
	"For an installation without one; init makes it too. With --key the "
	"issuing key is one that is in a PKCS#11 token (pkcs11:token=...;"
	"object=...) or a TPM (handle:0x81..., file:/... of a TSS2 PEM) and "
	"stays there; so is the root's with --root-key, which else is a sealed "
	"file, or somebody else's with --offline-root.",
	ca_init_groups, 0, 0, no_examples, cmd_ca_init},
    {"ca show", "", "the issuing CAs: active, old, waiting",
	"The active one issues. Old ones verify what they issued and sign "
	"their revocation list until their end. A waiting one has a request "
	"open (ca csr). Under cross are further roots that vouch for it (ca "
	"rollover, ca cross).",
	none, 0, 0, no_examples, cmd_ca_show},
    {"ca chain", "", "the CA's certificates, PEM",
	"From the issuing CA up to its root; with --cross up to another root, "
	"for those who trust only that one.",
	ca_chain_groups, 0, 0, chain_examples, cmd_ca_chain},
    {"ca csr", "", "the request of a new issuing CA, PEM",
	"Makes a key and its request, or shows the one that is open. The CA "
	"that issues goes on until the answer is imported. With --key it is a "
	"key that is in a token already (pkcs11-tool makes one there).",
	ca_csr_groups, 0, 0, csr_examples, cmd_ca_csr},
    {"ca import", "FILE|-", "take the certificate for ca csr",
	"FILE holds the certificate and those above it up to the root, PEM, in "
	"any order; ours need not be among them. Key, name, path lengths, "
	"usages, periods and signatures are checked; then this CA issues, and "
	"the one before it becomes old.",
	ca_import_groups, 1, 1, import_ca_examples, cmd_ca_import},
    {"ca certify", "FILE|-", "sign an issuing CA's request by our root",
	"For a rollover under our own root, and for the machine that is the "
	"offline root of others. Possession of the key must be shown; the "
	"certificate is a CA's with path length 0, for ten years at most. For "
	"the certificate of an issuing CA of another root it makes a cross-"
	"certificate, which \"ca cross\" takes there.",
	ca_certify_groups, 1, 1, certify_examples, cmd_ca_certify},
    {"ca rollover", "", "a new root and issuing CA, cross-signed",
	"Makes both with new keys; the new CA issues from then on. The root "
	"before it, whose key must be here, cross-signs the new issuing CA, "
	"the new root those before: whoever trusts one of the roots verifies "
	"all of it until that root's end. For a new issuing CA alone see \"ca "
	"csr\".",
	ca_rollover_groups, 0, 0, rollover_examples, cmd_ca_rollover},
    {"ca cross", "FILE|-", "take a cross-certificate",
	"FILE holds a second certificate of one of our issuing CAs, by another "
	"root (ca certify makes one), and those above it that we do not know, "
	"PEM. It is checked as \"ca import\" does; then \"ca chain --cross\" "
	"has it, and it counts in our own verification.",
	ca_import_groups, 1, 1, cross_examples, cmd_ca_cross},
    {"ca sign", "FILE|- DEVICE", "a certificate for a request by hand",
	"FILE is a PKCS#10 request, PEM or DER; it must pass the same rules as "
	"one that a device makes, and name DEVICE as it should be called now. "
	"The same request again gets the same certificate.",
	ca_sign_groups, 2, 2, ca_sign_examples, cmd_ca_sign},
    {"ca helper", "", "our CA as a helper of certmonger",
	"For \"getcert add-ca -c amtkeeper -e '/usr/bin/amtkeeper ca helper'\": "
	"reads the request from the environment, prints certificate or error, "
	"and ends with a code of certmonger's (0 issued, 2 rejected, 3 later, 4 "
	"not set up, 6 unknown operation). Issues as \"ca sign\" does, for the "
	"device that the request names, by the template that certmonger calls "
	"profile.",
	none, 0, 0, no_examples, cmd_ca_helper},
    {"ca export", "SERIAL", "a certificate from the records, PEM", "",
	ca_export_groups, 1, 1, no_examples, cmd_ca_export},
    {"ca list", "", "certificates that were issued", "", ca_list_groups, 0, 0,
	ca_list_examples, cmd_ca_list},
    {"ca crl", "", "the revocation list",
	"With --root that of the root, which names issuing CAs and lives a year: "
	"where the root's key is, a new one is made after half of that; for a "
	"machine without that key write it with --out there, and take it with "
	"--import here.",
	ca_crl_groups, 0, 0, crl_examples, cmd_ca_crl},
    {"ca ocsp", "[SERIAL|FILE]", "what our OCSP responder says",
	"Of a serial number, of the certificate in FILE, or what it would answer "
	"to a request: the same answer, without a network. Exit code 3 if a "
	"certificate is not good.",
	ca_ocsp_groups, 0, 1, ocsp_examples, cmd_ca_ocsp},
    {"ca check", "", "is there what certificates name",
	"Asks at revocation.url for the CRL, the CA's certificate and OCSP, as "
	"readers of certificates do, and compares. Exit code 3 if anything is "
	"not there or not this CA's.",
	none, 0, 0, no_examples, cmd_ca_check},
    {"ca health", "", "what is wrong with the CA and what it issued",
	"From the records, without asking anybody: life left of the CAs and of "
	"the revocation list, templates, certificates that ended, are late, "
	"were never seen on their device, were replaced and are still valid or "
	"belong to no device, weak and blocked keys, requests that another CA "
	"leaves lying. Each finding says what to do. Exit code 3 if there is "
	"one.",
	none, 0, 0, no_examples, cmd_ca_health},
    {"ca revoke", "SERIAL", "revoke a certificate",
	"One that came over a bridge is revoked at its CA, where the protocol "
	"can do that; CMP, Vault and step-ca can. EST, CES and helpers cannot: "
	"it is marked here, and it is said what a person is to do there.",
	ca_revoke_groups, 1, 1, revoke_examples, cmd_ca_revoke},
    {"ca block add", "HASH|FILE...", "never certify a key again",
	"A key is known by the SHA-256 of its SubjectPublicKeyInfo, 64 hex "
	"digits. A FILE holds certificates, requests or public keys in PEM, or "
	"a hash with an optional note a line. A device that has a valid "
	"certificate of such a key is named: revoke it.",
	block_groups, 1, NO_LIMIT, block_examples, cmd_ca_block_add},
    {"ca block list", "", "keys that are never certified", "", none, 0, 0,
	no_examples, cmd_ca_block_list},
    {"ca block remove", "HASH", "allow a key again", "", block_remove_groups, 1,
	1, no_examples, cmd_ca_block_remove},
    {"ca template list", "", "the profile's certificate templates",
	"With --directory beside those of the forest, and whether a bridge to "
	"its CA could use them for devices: their names are not the "
	"directory's, so the request must be allowed to say them.",
	template_list_groups, 0, 0, no_examples, cmd_ca_template_list},
    {"ca template show", "NAME...", "a template, and what follows from it",
	"Key types by firmware, key usage, the largest certificate, and when "
	"one issued now would end.",
	template_show_groups, 1, NO_LIMIT, template_show_examples,
	cmd_ca_template_show},
    {"ca template check", "[NAME...]", "what is wrong with templates",
	"One line for each problem, and exit code 3 if there is any: periods "
	"that do not fit each other, validity beyond the end of an issuer, "
	"usages and names that contradict each other, certificates that may "
	"get too large for firmware; and what is not to be had where "
	"certificates say that CRL, CA and OCSP are, which is no template's "
	"own problem (see ca check).",
	template_check_groups, 0, NO_LIMIT, template_examples,
	cmd_ca_template_check},
    {"ca bridge list", "", "the enterprise's CAs that are configured", "", none,
	0, 0, no_examples, cmd_ca_bridge_list},
    {"ca bridge test", "NAME", "does that CA answer, and is it the right one?",
	"Asks for no certificate: reads the CA's own ones, compares them with "
	"the bridge's anchors, and what it wants of requests. With CES the "
	"templates of its policy service, and which of them devices can use.",
	none, 1, 1, bridge_examples, cmd_ca_bridge_test},
    {"ca bridge pending", "", "requests that a CA has not granted",
	"States: pending (the CA has it and has not decided), asked (no "
	"answer came; it is asked again), unconfirmed (it has issued, and is "
	"still to be told that we take it), rejected (its words are kept; asked "
	"anew at next_try). request is what the CA knows it by: over CMP the "
	"transaction id.",
	none, 0, 0, no_examples, cmd_ca_bridge_pending},
    {"ca bridge hasten", "DEVICE", "let a request be asked for at once",
	"After it was approved, or the reason of a rejection was put right: "
	"the next run does not wait for next_try.",
	none, 1, 1, no_examples, cmd_ca_bridge_hasten},
    END};

static const struct cli_command last_commands[] = {
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
    {"secret show", "DEVICE", "the admin password of a device",
	"On a terminal with --reveal, or to a new private file with --to; an "
	"event says who saw it.",
	reveal_groups, 1, 1, reveal_examples, cmd_secret_show},
    {"version", "", "the version", "", none, 0, 0, no_examples, cmd_version},
    {"help", "[COMMAND...]", "this, or what a command does", "", help_groups, 0,
	3, no_examples, cmd_help},
    END};

/* As they stand in the help. */
static const struct cli_command *const parts[] = {commands, cli_task_commands,
    cli_server_commands, cli_schedule_commands, cli_user_commands,
    cli_epo_commands, ca_commands, cli_domain_commands, cli_forward_commands,
    last_commands};

const struct cli_command *
cli_commands(size_t *ret_count)
{
	static struct cli_command all[COMMANDS_MAX];
	static size_t count;
	const struct cli_command *row;
	size_t i;

	if (count == 0)
		for (i = 0; i < COUNT(parts); i++)
			for (row = parts[i]; row->name != NULL; row++) {
				assert(count < COMMANDS_MAX);
				all[count++] = *row;
			}
	*ret_count = count;
	return all;
}

const struct cli_option *
cli_globals(void)
{
	return global_options;
}
