/* What belongs to the frame itself: options of every command, and the commands
 * that are about the others. */
#include "cli_internal.h"
#include "command_rows.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
own_version(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"version", TABLE_STRING, 0, 0}};
	struct table *t;

	if (c->format == TABLE_TEXT) {
		(void)puts("amtkeeper " AMTKEEPER_VERSION);
		return CODE_OK;
	}
	t = cli_table(c, columns, COUNT(columns));
	table_text(t, "amtkeeper");
	table_text(t, AMTKEEPER_VERSION);
	table_row(t);
	table_end(t);
	return CODE_OK;
}

static int
own_help(struct cli *c)
{
	static char program[] = "amtkeeper", help[] = "--help";
	char *argv[] = {program, NULL, NULL, NULL, NULL, NULL};
	struct cli other = {.program = c->program};
	size_t i;

	if (cli_flag(c, "man")) {
		cli_man(stdout, c->program);
	} else if (cli_flag(c, "completion")) {
		cli_completion(stdout, c->program);
	} else if (c->arg_count == 0) {
		cli_help(stdout, c->program);
	} else { /* "help run" is "run --help" */
		for (i = 0; i < c->arg_count; i++)
			argv[1 + i] = c->args[i];
		argv[1 + i] = help;
		return cli_parse(&other, (int)i + 2, argv);
	}
	return CODE_OK;
}

static const char *const output_words[] = {
    "table", "json", "csv", "html", NULL};

const struct cli_option cli_globals[] = {
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

static const struct cli_option help_options[] = {
    {"man", 0, CLI_FLAG, NULL, NULL, "write the man page"},
    {"completion", 0, CLI_FLAG, NULL, NULL, "write the bash completion"}, END};

GROUPS version_groups[] = {cli_offline_options, NULL};
GROUPS help_groups[] = {help_options, cli_offline_options, NULL};
LIST no_examples[] = {NULL};

const struct cli_command cli_own_commands[] = {
    {"version", "", "the version", "", version_groups, 0, 0, no_examples,
	own_version},
    {"help", "[COMMAND...]", "this, or what a command does", "", help_groups, 0,
	3, no_examples, own_help},
    END};
