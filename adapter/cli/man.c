#include <string.h>

#include "cli_internal.h"
#include "clock.h"
#include "plan.h"
#include "str.h"

/*
 * amtkeeper(1) in mdoc, from the tables.  contrib/man/amtkeeper.1 is this
 * output; a test says when it is no longer.
 */

/* A line of text: no macro may begin it, backslashes are doubled. */
static void
write_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		/* mdoc wants each sentence on a line of its own. */
		if (*text == '.' && text[1] == ' ') {
			fputc('\n', out);
			text++;
		}
	}
	fputc('\n', out);
}

/* Words for a macro line: quoted, so that none is taken for a macro. */
static void
write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputs("\"\"", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void
write_option(FILE *out, const struct cli_option *o)
{
	fputs(".It ", out);
	if (o->letter != '\0')
		fprintf(out, "Fl %c , ", o->letter);
	fprintf(out, "Fl \\-");
	for (const char *at = o->name; *at != '\0'; at++) {
		if (*at == '-')
			fputs("\\-", out);
		else
			fputc(*at, out);
	}
	if (o->arg != NULL) {
		fputs(" Ar ", out);
		write_quoted(out, o->arg);
	}
	fputc('\n', out);
	write_text(out, o->help);
}

static void
write_options(FILE *out, const struct cli_option *options)
{
	fputs(".Bl -tag -width Ds -compact\n", out);
	for (; options->name != NULL; options++)
		write_option(out, options);
	fputs(".El\n", out);
}

static void
write_command(FILE *out, const struct cli_command *command)
{
	const struct cli_option *const *group;
	size_t i;

	fputs(".It Cm ", out);
	write_quoted(out, command->name);
	if (command->args[0] != '\0') {
		fputs(" Ar ", out);
		write_quoted(out, command->args);
	}
	fputc('\n', out);
	write_text(out, command->summary);
	if (command->text[0] != '\0') {
		fputs(".Pp\n", out);
		write_text(out, command->text);
	}
	for (group = command->options; *group != NULL; group++)
		write_options(out, *group);
	for (i = 0; command->examples[i] != NULL; i++) {
		fputs(".Pp\n.Dl ", out);
		write_quoted(out, "amtkeeper");
		fputc(' ', out);
		write_quoted(out, command->examples[i]);
		fputc('\n', out);
	}
}

static void
write_tasks(FILE *out)
{
	const struct play *play;
	const char *const *alias;

	fputs(".Sh TASKS\n"
	      "Names are taken in any case.\n"
	      ".Bl -tag -width Ds\n",
	    out);
	for (play = plays(); play->name != NULL; play++) {
		fputs(".It Cm ", out);
		write_quoted(out, play->name);
		fputc('\n', out);
		write_text(out, play->summary);
		fputs("(also", out);
		for (alias = play->aliases; *alias != NULL; alias++)
			fprintf(out, "%s %s", alias == play->aliases ? "" : ",",
			    *alias);
		fputs(")\n", out);
	}
	fputs(".El\n", out);
}

static void
write_exits(FILE *out)
{
	const struct cli_exit *exits;
	size_t i, count;

	fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n", out);
	exits = cli_exits(&count);
	for (i = 0; i < count; i++) {
		fprintf(out, ".It %d\n", exits[i].code);
		write_text(out, exits[i].help);
	}
	fputs(".El\n", out);
}

static void
write_head(FILE *out)
{
	fputs(".Dd November 24, 2026\n"
	      ".Dt AMTKEEPER 1\n"
	      ".Os\n"
	      ".Sh NAME\n"
	      ".Nm amtkeeper\n"
	      ".Nd keeps the configuration of Intel AMT fleets alive\n"
	      ".Sh SYNOPSIS\n"
	      ".Nm\n"
	      ".Op Ar option ...\n"
	      ".Ar command\n"
	      ".Op Ar argument ...\n"
	      ".Sh DESCRIPTION\n"
	      ".Nm\n"
	      "finds Intel AMT devices that drifted from their profile, plans "
	      "what to change,\n"
	      "changes it without losing a device, and proves it.\n"
	      "It joins an internal certificate authority, Active Directory, "
	      "Kerberos and the\n"
	      "devices.\n"
	      ".Pp\n"
	      "Options may stand anywhere behind the command.\n"
	      "Those of every command may also stand before it:\n",
	    out);
}

static void
write_tail(FILE *out)
{
	fputs(".Sh ENVIRONMENT\n"
	      ".Bl -tag -width Ds\n"
	      ".It Ev AMTKEEPER_CONFIG\n"
	      "configuration file, when\n"
	      ".Fl \\-config\n"
	      "is not given.\n"
	      ".It Ev NO_COLOR\n"
	      "no colour.\n"
	      ".El\n"
	      ".Sh FILES\n"
	      ".Bl -tag -width Ds\n"
	      ".It Pa /etc/amtkeeper/amtkeeper.yaml\n"
	      "configuration;\n"
	      ".Cm \"config example\"\n"
	      "writes a commented one.\n"
	      ".It Pa /etc/amtkeeper/conf.d/*.yaml\n"
	      "read after it, in name order.\n"
	      ".It Pa /etc/amtkeeper/profile.yaml\n"
	      "what devices should be.\n"
	      ".It Pa /etc/amtkeeper/vault.key\n"
	      "the key that seals every stored secret.\n"
	      "Without it no password can be read: keep a copy apart.\n"
	      ".It Pa /var/lib/amtkeeper\n"
	      "databases.\n"
	      ".El\n",
	    out);
}

void
cli_man(FILE *out)
{
	const struct cli_command *commands;
	size_t i, count;

	write_head(out);
	write_options(out, cli_globals());
	fputs(".Sh COMMANDS\n.Bl -tag -width Ds\n", out);
	commands = cli_commands(&count);
	for (i = 0; i < count; i++)
		write_command(out, &commands[i]);
	fputs(".El\n", out);
	write_tasks(out);
	write_exits(out);
	write_tail(out);
}
