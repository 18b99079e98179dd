#include <string.h>

#include "cli_internal.h"
#include "command_rows.h"
#include "str.h"

#define HELP_COLUMN 28
#define LINE_WIDTH 79

/* Words of text, each line indented, broken before the width; the first one
 * goes on where its line stands. */
static void
write_wrapped(FILE *out, const char *text, int indent, int column)
{
	int len;

	while (*text != '\0') {
		if (*text == '\n') {
			(void)fputs("\n", out);
			column = 0;
			text++;
			continue;
		}
		len = (int)strcspn(text, " \n");
		if (column > indent && column + 1 + len > LINE_WIDTH) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column < indent)
			column += fprintf(out, "%*s", indent - column, "");
		else if (column > indent)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", len, text);
		text += len;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

static void
write_option(FILE *out, const struct cli_option *o)
{
	char letter[8] = "    ";
	int column;

	if (o->letter != '\0')
		(void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	column = fprintf(out, "  %s--%s%s%s", letter, o->name,
	    o->arg == NULL ? "" : " ", o->arg == NULL ? "" : o->arg);
	if (column >= HELP_COLUMN) {
		(void)fputc('\n', out);
		column = 0;
	}
	write_wrapped(out, o->help, HELP_COLUMN, column);
}

static void
write_options(FILE *out, const char *title, const struct cli_option *options)
{
	if (title != NULL)
		(void)fprintf(out, "\n%s:\n", title);
	for (; options->name != NULL; options++)
		write_option(out, options);
}

static void
write_exits(FILE *out)
{
	const struct cli_exit *exits;
	size_t i, count;

	exits = cli_exits(&count);
	(void)fputs("\nExit codes:\n", out);
	for (i = 0; i < count; i++)
		(void)fprintf(out, "  %3d  %s\n", exits[i].code, exits[i].help);
}

static void
write_commands(FILE *out, const struct cli_program *program, const char *group)
{
	const struct cli_command *command;
	size_t i, len = group == NULL ? 0 : strlen(group);

	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++)
		if (group == NULL ||
		    (strncmp(command->name, group, len) == 0 &&
			command->name[len] == ' '))
			(void)fprintf(out, "  %-20s%s\n", command->name,
			    command->summary);
}

void
cli_help(FILE *out, const struct cli_program *program)
{
	(void)fputs(
	    "amtkeeper: keeps the configuration of Intel AMT fleets alive\n"
	    "\nUsage: amtkeeper [OPTION...] COMMAND [ARGUMENT...]\n"
	    "\nCommands:\n",
	    out);
	write_commands(out, program, NULL);
	write_options(out, "Options of every command", cli_globals);
	write_options(out,
	    "To ask a service elsewhere, of commands that list them",
	    cli_server_options);
	write_exits(out);
	(void)fputs(
	    "\n\"amtkeeper COMMAND --help\" tells more; amtkeeper(1) has all "
	    "of it.\n",
	    out);
}

void
cli_help_group(FILE *out, const struct cli_program *program, const char *group)
{
	(void)fprintf(out,
	    "Usage: amtkeeper %s COMMAND [ARGUMENT...]\n\nCommands:\n", group);
	write_commands(out, program, group);
	(void)fprintf(
	    out, "\n\"amtkeeper %s COMMAND --help\" tells more.\n", group);
}

static void
write_own_options(FILE *out, const struct cli_command *command)
{
	const struct cli_option *const *group;
	const char *head = "\nOptions:\n";

	for (group = command->options; *group != NULL; group++) {
		if (*group == cli_server_options || (*group)->name == NULL)
			continue;
		(void)fputs(head, out);
		write_options(out, NULL, *group);
		head = "";
	}
}

void
cli_help_command(FILE *out, const struct cli_command *command)
{
	size_t i;

	(void)fprintf(out, "amtkeeper %s: %s\n\nUsage: amtkeeper %s%s%s%s\n",
	    command->name, command->summary, command->name,
	    command->options[0] == NULL || command->options[0]->name == NULL
		? ""
		: " [OPTION...]",
	    command->args[0] == '\0' ? "" : " ", command->args);
	if (command->text[0] != '\0') {
		(void)fputc('\n', out);
		write_wrapped(out, command->text, 0, 0);
	}
	write_own_options(out, command);
	if (cli_remote_able(command))
		write_options(
		    out, "To ask a service elsewhere", cli_server_options);
	write_options(out, "Options of every command", cli_globals);
	if (command->examples[0] != NULL)
		(void)fputs("\nExamples:\n", out);
	for (i = 0; command->examples[i] != NULL; i++)
		(void)fprintf(out, "  amtkeeper %s\n", command->examples[i]);
	(void)fputs("\nExit codes: amtkeeper --help\n", out);
}
