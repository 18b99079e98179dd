#include "commands_ca.h"

#include "ca.h"
#include "ca_keys.h"
#include "command_rows.h"
#include "commands_ca_internal.h"

/* Rows about the CA. */
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
static const struct cli_option csr_check_options[] = {
    {"template", 0, CLI_TEXT, "NAME", NULL,
	"of the profile (the one of TLS certificates)"},
    END};
static const struct cli_option ca_sign_options[] = {
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
    {"reason", 0, CLI_WORD, "REASON", ca_reason_words,
	"why: key-compromise, superseded, ... (unspecified)"},
    {"force", 0, CLI_FLAG, NULL, NULL,
	"an issuing CA, though valid certificates hang on it"},
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

GROUPS none[] = {NULL};
GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS ca_init_groups[] = {
    ca_init_options, key_options, root_key_options, NULL};
GROUPS ca_rollover_groups[] = {
    ca_rollover_options, key_options, root_key_options, cli_yes_options, NULL};
GROUPS ca_chain_groups[] = {ca_chain_options, cli_server_options, NULL};
GROUPS ca_csr_groups[] = {ca_csr_options, key_options, NULL};
GROUPS ca_import_groups[] = {cli_yes_options, NULL};
GROUPS ca_certify_groups[] = {ca_certify_options, NULL};
GROUPS csr_check_groups[] = {csr_check_options, NULL};
GROUPS ca_sign_groups[] = {
    csr_check_options, ca_sign_options, ca_export_options, NULL};
GROUPS ca_export_groups[] = {ca_export_options, cli_server_options, NULL};
GROUPS ca_list_groups[] = {ca_list_options, cli_server_options, NULL};
GROUPS ca_crl_groups[] = {ca_crl_options, cli_server_options, NULL};
GROUPS ca_ocsp_groups[] = {ca_ocsp_options, NULL};
GROUPS ca_revoke_groups[] = {
    ca_revoke_options, cli_yes_options, cli_server_options, NULL};
GROUPS template_list_groups[] = {template_list_options, NULL};
GROUPS template_show_groups[] = {template_show_options, NULL};
GROUPS template_check_groups[] = {template_check_options, NULL};
GROUPS block_groups[] = {block_options, NULL};
GROUPS block_remove_groups[] = {cli_yes_options, NULL};

LIST no_examples[] = {NULL};
LIST ca_sign_examples[] = {"ca sign pc1.csr pc1.corp.example --out pc1.pem",
    "ca sign --check - pc1.corp.example < pc1.csr", NULL};
LIST ca_list_examples[] = {"ca list --expiring 30d", NULL};
LIST csr_check_examples[] = {"ca csr check pc1.csr pc1.corp.example", NULL};
LIST csr_examples[] = {"ca csr --out issuing.csr", NULL};
LIST import_ca_examples[] = {"ca import issuing.pem", NULL};
LIST certify_examples[] = {"ca certify issuing.csr --out issuing.pem", NULL};
LIST block_examples[] = {"ca block add leaked.pem --note 'found on a share'",
    "ca block add weak-keys.txt", NULL};
LIST template_examples[] = {"ca template check", "ca template check tls", NULL};
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
LIST revoke_examples[] = {"ca revoke 4f12ad30dfd1076b --reason key-compromise",
    "ca revoke site7.pem --reason superseded", NULL};
LIST template_show_examples[] = {
    "ca template show tls", "ca template show tls --beside AmtTls", NULL};
LIST bridge_examples[] = {"ca bridge test corp", NULL};

const struct cli_command commands_ca[] = {
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
	"rollover, ca cross). A service elsewhere does not say where keys are.",
	server_groups, 0, 0, no_examples, cmd_ca_show},
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
    {"ca csr check", "FILE|- DEVICE", "does a request break a rule",
	"Of those that \"ca sign\" and the devices' own requests go through: "
	"form, key, signature, names, and what the records say. The first one "
	"that is broken is named, and the value that breaks it. Nothing is "
	"issued, nothing is kept.",
	csr_check_groups, 2, 2, csr_check_examples, cmd_ca_csr_check},
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
	"where the root's key is, a new one is made when one was revoked, and "
	"after half of that year; for a machine without that key write it with "
	"--out there, and take it with --import here: an issuing CA in it issues "
	"nothing any more.",
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
    {"ca revoke", "SERIAL|FILE", "revoke a certificate",
	"One that came over a bridge is revoked at its CA, where the protocol "
	"can do that; CMP, Vault and step-ca can. EST, CES and helpers cannot: "
	"it is marked here, and it is said what a person is to do there. The "
	"serial number of an issuing CA (\"ca show\") revokes that, in the lists "
	"of our roots whose keys are here; FILE any certificate that such a root "
	"signed, as for a site whose root is kept here. It issues nothing from "
	"then on.",
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
	server_groups, 1, 1, bridge_examples, cmd_ca_bridge_test},
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
