#include "commands_user.h"
#include "command_rows.h"
#include "commands_user_internal.h"

/* Rows about users of the console. */
static const struct cli_option user_options[] = {
    {"sets", 0, CLI_TEXT, "SET,...", NULL,
	"permission sets (\"user sets\" has them)"},
    {"password-file", 0, CLI_FILE, "FILE", NULL,
	"password from its first line, - for standard input"},
    {"certificate", 0, CLI_TEXT, "KIND:NAME", NULL,
	"client certificate: subject:, email:, upn:, dns: or uri:"},
    {"note", 0, CLI_TEXT, "TEXT", NULL, "who or what that is"}, END};
static const struct cli_option add_options[] = {
    {"no-password", 0, CLI_FLAG, NULL, NULL,
	"tokens and a certificate only, for programs"},
    END};
static const struct cli_option set_options[] = {
    {"password", 0, CLI_FLAG, NULL, NULL, "ask for a new password"},
    {"no-certificate", 0, CLI_FLAG, NULL, NULL, "no certificate any more"},
    {"enable", 0, CLI_FLAG, NULL, NULL, "let in again"},
    {"disable", 0, CLI_FLAG, NULL, NULL, "do not let in, whatever is shown"},
    END};
static const struct cli_option token_options[] = {
    {"name", 0, CLI_TEXT, "NAME", NULL, "what it is for"},
    {"life", 0, CLI_SPAN, "SPAN", NULL, "until it ends (90d, at most 1y)"},
    {"to", 0, CLI_FILE, "FILE", NULL,
	"write it to a new private file instead of the terminal"},
    END};

GROUPS server_groups[] = {cli_server_options, NULL};
GROUPS offline_groups[] = {cli_offline_options, NULL};
GROUPS add_groups[] = {user_options, add_options, cli_server_options, NULL};
GROUPS set_groups[] = {user_options, set_options, cli_server_options, NULL};
GROUPS remove_groups[] = {cli_yes_options, cli_server_options, NULL};
GROUPS token_groups[] = {token_options, NULL};

LIST no_examples[] = {NULL};
LIST add_examples[] = {"user add alice --sets operator",
    "user add prometheus --sets monitor --no-password",
    "user add robot --sets operator --no-password "
    "--certificate upn:robot@corp.example",
    NULL};
LIST set_examples[] = {"user set alice --password",
    "user set alice --sets operator,auditor", "user set alice --disable", NULL};
LIST token_examples[] = {
    "user token add prometheus --name scrape --to prometheus.token", NULL};

const struct cli_command commands_user[] = {
    {"user add", "NAME", "let somebody into the console",
	"For remote commands, the API and metrics of \"serve\" "
	"(console.listen). The password is asked for, or read from a file; it "
	"is never an argument; 12 bytes at least. A certificate counts when "
	"it is of a CA in console.client_ca; its subject is written as \"openssl "
	"x509 -noout -subject -nameopt rfc2253\" does. Wrong passwords lock the name for "
	"30 seconds after the fifth, then for longer each time, up to an hour.",
	add_groups, 1, 1, add_examples, cmd_user_add},
    {"user set", "NAME", "change a user",
	"What is given replaces what was there. A new password, other sets or "
	"--disable end the user's sessions; a new password ends a lock. "
	"serve sees it with the next request.",
	set_groups, 1, 1, set_examples, cmd_user_set},
    {"user list", "", "users, and when they last logged in", "", server_groups,
	0, 0, no_examples, cmd_user_list},
    {"user remove", "NAME", "take a user away, with all tokens",
	"What the user did stays in the audit chain.", remove_groups, 1, 1,
	no_examples, cmd_user_remove},
    {"user sets", "", "permission sets and the rights in them", "",
	offline_groups, 0, 0, no_examples, cmd_user_sets},
    {"user token add", "USER", "a token for programs",
	"To be sent as \"Authorization: Bearer TOKEN\"; it may what its user "
	"may. Shown this once: only its hash is kept.",
	token_groups, 1, 1, token_examples, cmd_user_token_add},
    {"user token list", "[USER]", "tokens and when they were last used", "",
	server_groups, 0, 1, no_examples, cmd_user_token_list},
    {"user token remove", "USER ID", "end a token", "", server_groups, 2, 2,
	no_examples, cmd_user_token_remove},
    END};
