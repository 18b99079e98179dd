#include "commands_epo.h"
#include "command_rows.h"
#include "commands_epo_internal.h"

/* Rows about consoles above us. */
static const struct cli_option login_options[] = {
    {"user", 0, CLI_TEXT, "NAME", NULL, "our user there"},
    {"password-file", 0, CLI_FILE, "FILE", NULL,
	"its password, from the first line, - for standard input (else it is "
	"asked for)"},
    END};

GROUPS none[] = {NULL};
GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS login_groups[] = {login_options, NULL};
GROUPS accept_groups[] = {cli_yes_options, NULL};

LIST no_examples[] = {NULL};
LIST login_examples[] = {"epo login corp --user svc-amt", NULL};
LIST status_examples[] = {"epo status", "epo status corp -o csv", NULL};

const struct cli_command commands_epo[] = {
    {"epo login", "NAME", "who we are at an ePO server",
	"NAME is an entry of \"epo\" in the configuration. User and password "
	"are kept sealed, for \"serve\" and \"epo sync\". A login that the "
	"server refuses is sent once, and not again before this command.",
	login_groups, 1, 1, login_examples, cmd_epo_login},
    {"epo test", "NAME",
	"does that server answer, and may we do there what "
	"we are to?",
	"Only asks: who it is, one system by the query, whether our tags are "
	"there, and the commands that we need. Exit code 3 for a problem.",
	server_groups, 1, 1, no_examples, cmd_epo_test},
    {"epo sync", "NAME", "read systems from an ePO server and report to it",
	"As \"serve\" does at an interval: what hosts report there is brought "
	"up to date here (names, groups, tags), and what is wrong with their "
	"AMT becomes tags, a custom field and issues there; only differences "
	"are sent. What is gone there is reported by \"epo status\", and stays "
	"here. One that breaks off is gone on with by the next. Exit code 3 "
	"when the server cannot do a part of it.",
	none, 1, 1, no_examples, cmd_epo_sync},
    {"epo status", "[NAME]", "how the last sync with each server went",
	"With NAME the systems that need a person: gone there, or not to be "
	"matched with a device, with the reason. States: new (never synced), "
	"good, failed (tried again at next), denied (give another login), "
	"changed (the server has another unique id or version: \"epo accept\"). "
	"unsure: systems where it is not known whether our last change "
	"arrived; the next sync sees to them.",
	none, 0, 1, status_examples, cmd_epo_status},
    {"epo accept", "NAME", "go on with a server that is another one now",
	"With another version all goes on as before. With another unique id "
	"what was known of its systems is forgotten; they are matched anew.",
	accept_groups, 1, 1, no_examples, cmd_epo_accept},
    END};
