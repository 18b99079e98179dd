#include "commands_directory.h"

#include "command_rows.h"
#include "commands_directory_internal.h"

/* Rows about the domain. */
static const struct cli_option export_options[] = {
    {"out", 0, CLI_FILE, "FILE", NULL, "the keytab; must not be there yet"},
    {"replace", 0, CLI_FLAG, NULL, NULL, "it may be"}, END};
static const struct cli_option repair_options[] = {
    {"plan", 0, CLI_FLAG, NULL, NULL, "say what would be written"},
    {"dn", 0, CLI_TEXT, "DN", NULL,
	"this object alone, wherever it is, ours or not; repeatable"},
    {"delete", 0, CLI_FLAG, NULL, NULL,
	"delete orphans instead of disabling them"},
    END};
static const struct cli_option delegate_options[] = {
    {"print", 0, CLI_FLAG, NULL, NULL, "print the commands"},
    {"ou", 0, CLI_TEXT, "DN", NULL, "in and below it (the profile's ad.ou)"},
    {"account", 0, CLI_TEXT, "NAME", NULL, "whom (directory.principal)"}, END};
static const struct cli_option audit_options[] = {
    {"ou", 0, CLI_TEXT, "DN", NULL, "in and below it (the profile's ad.ou)"},
    {"stale", 0, CLI_SPAN, "SPAN", NULL,
	"without a sign of life for so long (90d)"},
    END};

GROUPS none[] = {NULL};
GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS export_groups[] = {export_options, NULL};
GROUPS audit_groups[] = {audit_options, cli_server_options, NULL};
GROUPS repair_groups[] = {repair_options, audit_options, cli_yes_options, NULL};
GROUPS delegate_groups[] = {delegate_options, NULL};

LIST krb_status_examples[] = {
    "krb status", "krb status -o json | jq '.[] | select(.code)'", NULL};
LIST krb_check_examples[] = {"krb check pc1.corp.example", NULL};
LIST export_examples[] = {
    "krb keytab export pc1.corp.example --out pc1.keytab", NULL};
LIST repair_examples[] = {"directory repair --plan",
    "directory repair spn-missing spn-foreign pc1.corp.example",
    "directory repair orphan --delete --yes",
    "directory repair password-never-expires "
    "--dn CN=pc7,OU=PCs,DC=corp,DC=example",
    NULL};
LIST delegate_examples[] = {"directory delegate --print",
    "directory delegate --print --ou OU=AMT,DC=corp,DC=example "
    "--account svc-amt@corp.example",
    NULL};
LIST audit_examples[] = {"directory audit",
    "directory audit --ou OU=PCs,DC=corp,DC=example --stale 180d -o csv", NULL};

const struct cli_command commands_directory[] = {
    {"krb status", "", "the domain's Kerberos, and our part in it",
	"Asks every domain controller, the configured one and those that the "
	"DNS names: the KDC's clock minus ours (offset_ms, known to error_ms; "
	"the best of several samples, half the round trip taken off), the "
	"encryption types it would log us in with, the directory's clock. Then "
	"our ticket, our account, and the keys in our keytab beside the "
	"account's key version. Logs in once. A row with a code is a finding "
	"and says what to do: kdc-unreachable, kdc-clock, kdc-weak (no AES), "
	"clock-off (ours), clock-spread (theirs), login-refused, login-failed, "
	"ticket-weak, ldap-refused, ldap-failed, ldap-clock, account-unread, "
	"account-no-preauth, account-password-expiring, "
	"account-password-expired, keytab-old, "
	"keytab-ahead, keytab-weak, keytab-no-key, keytab-unreadable. Exit "
	"code, by the worst: 0 none, 7 a warning, 3 a bad one, 71 our login is "
	"refused, 70 no domain controller answers.",
	server_groups, 0, 0, krb_status_examples, cmd_krb_status},
    {"krb check", "DEVICE", "the chain from a device's AD object to its login",
	"The object; a fresh ticket for each of its service names, and whether "
	"the key of the password we have opens it; the device's Kerberos "
	"settings and its clock beside the KDC's and ours; a login on the "
	"device with a ticket, and whether its answer was made with the "
	"ticket's key. Each line is ok, failed with what to do, or skipped. "
	"Changes nothing. Like a run it has the device for itself (exit code 21 "
	"while another process works on it), and credentials that were refused "
	"too often are not sent again (71). Exit code 3 if a line failed.",
	none, 1, 1, krb_check_examples, cmd_krb_check},
    {"krb keytab export", "DEVICE...", "the keys of devices as an MIT keytab",
	"For reading recorded Kerberos traffic, or for something that stands in "
	"for a device. The keys are those of the object's stored password, of "
	"the types it uses, for its account and each service name; they are "
	"written only when they open fresh tickets, of all devices or of none. "
	"FILE is mode 0600 and appears whole; the audit chain is told first.",
	export_groups, 1, NO_LIMIT, export_examples, cmd_krb_keytab_export},
    {"directory audit", "", "what is wrong with objects in Active Directory",
	"Reads, and changes nothing: passwords and their deadlines, flags, "
	"stale objects, orphans of removed devices, service names, encryption "
	"types, place; which of them two accounts share; what our own account "
	"may do beyond what it needs; the controllers' clocks. It joins them "
	"with the devices in the store, and needs none. Each finding has its "
	"evidence and the command that repairs it. Codes: password-expired "
	"password-expiring password-overdue password-due password-never-expires "
	"password-must-change disabled stale orphan object-missing spn-duplicate "
	"spn-missing spn-foreign dns-host-differs encryption-weak "
	"encryption-differs encryption-unset wrong-ou delegation-unconstrained "
	"kvno-differs rights-master rights-broad rights-unread clock-spread "
	"clock-own controller-silent; amtkeeper(1) says what each means. Exit "
	"code 3 when the worst of them is bad, 7 when it is a warning, 0 when "
	"there are notes or none.",
	audit_groups, 0, 0, audit_examples, cmd_directory_audit},
    {"directory repair", "[CODE|DEVICE...]",
	"put right what the audit finds and a machine can",
	"Audits, and repairs of the findings with these codes (all), of these "
	"devices (all): service names, dNSHostName, encryption types, place, "
	"the never-expires flag, orphans. The object of a device is brought to "
	"the profile by the task sync-ad-object, with its journal. Any other "
	"change is one write, announced in the audit chain before and told "
	"after it was read back; it holds only while the values that were "
	"found are there. Orphans are disabled, with --delete deleted, never "
	"with others below them. Objects without our mark are left alone "
	"unless --dn names them. Exit code 3 when one failed.",
	repair_groups, 0, NO_LIMIT, repair_examples, cmd_directory_repair},
    {"directory delegate", "", "the commands that give our account its rights",
	"The least that upkeep needs: computer objects in one OU, their "
	"password, seven attributes and their place, and to read password "
	"settings. As dsacls for Windows and as samba-tool for Samba, for an "
	"administrator of the domain to read and run. \"directory audit\" "
	"finds what the account may do beyond them.",
	delegate_groups, 0, 0, delegate_examples, cmd_directory_delegate},
    END};
