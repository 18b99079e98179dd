#include "cli_internal.h"
#include "command_rows.h"
#include "mdoc.h"

/*
 * amtkeeper(1) in mdoc, from the tables.  contrib/man/amtkeeper.1 is this
 * output; a test says when it is no longer.
 */

static void
write_option(FILE *out, const struct cli_option *o)
{
	const char *at;

	(void)fputs(".It ", out);
	if (o->letter != '\0')
		(void)fprintf(out, "Fl %c , ", o->letter);
	(void)fputs("Fl \\-", out);
	for (at = o->name; *at != '\0'; at++)
		mdoc_char(out, *at);
	if (o->arg != NULL) {
		(void)fputs(" Ar ", out);
		mdoc_quoted(out, o->arg);
	}
	(void)fputc('\n', out);
	mdoc_text(out, o->help);
}

static void
write_options(FILE *out, const struct cli_option *options)
{
	(void)fputs(".Bl -tag -width Ds -compact\n", out);
	for (; options->name != NULL; options++)
		write_option(out, options);
	(void)fputs(".El\n", out);
}

static void
write_command(FILE *out, const struct cli_command *command)
{
	const struct cli_option *const *group;
	size_t i;

	(void)fputs(".It Cm ", out);
	mdoc_quoted(out, command->name);
	if (command->args[0] != '\0') {
		(void)fputs(" Ar ", out);
		mdoc_quoted(out, command->args);
	}
	(void)fputc('\n', out);
	mdoc_text(out, command->summary);
	if (command->text[0] != '\0') {
		(void)fputs(".Pp\n", out);
		mdoc_text(out, command->text);
	}
	for (group = command->options; *group != NULL; group++)
		if (*group != cli_server_options && (*group)->name != NULL)
			write_options(out, *group);
	for (i = 0; command->examples[i] != NULL; i++) {
		(void)fputs(".Pp\n.Dl ", out);
		mdoc_quoted(out, "amtkeeper");
		(void)fputc(' ', out);
		mdoc_quoted(out, command->examples[i]);
		(void)fputc('\n', out);
	}
}

static void
write_able(FILE *out, const struct cli_program *program)
{
	const struct cli_command *command;
	const char *before = NULL;
	size_t i;

	(void)fputs(".Pp\nThese commands can:\n", out);
	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++) {
		if (!cli_remote_able(command))
			continue;
		if (before != NULL)
			(void)fprintf(out, ".Cm \"%s\" ,\n", before);
		before = command->name;
	}
	if (before != NULL)
		(void)fprintf(out, ".Cm \"%s\" .\n", before);
}

static void
write_servers(FILE *out, const struct cli_program *program)
{
	(void)fputs(".Sh A SERVICE ELSEWHERE\n"
		    "Some commands can be done by\n"
		    ".Cm serve\n"
		    "on another machine, over its REST API "
		    "(console.listen), with the same rows and\n"
		    "exit codes; no configuration is needed here.\n"
		    "The server must prove to be the host in the URL, by a "
		    "certificate of a CA that\n"
		    "is trusted (there\n"
		    ".Cm \"ca chain\"\n"
		    "writes its own), and the login goes to it alone.\n"
		    "A command may what the user may whose login it is.\n",
	    out);
	write_options(out, cli_server_options);
	write_able(out, program);
}

static void
write_exits(FILE *out)
{
	const struct cli_exit *exits;
	size_t i, count;

	(void)fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n", out);
	exits = cli_exits(&count);
	for (i = 0; i < count; i++) {
		(void)fprintf(out, ".It %d\n", exits[i].code);
		mdoc_text(out, exits[i].help);
	}
	(void)fputs(
	    ".El\n"
	    ".Pp\n"
	    "A reader that goes away early (head, a pager that is left) "
	    "changes none of them:\n"
	    "a listing ends with 0, and what works on devices goes on "
	    "to its end, says that\n"
	    "rows were lost, and tells by its code what became of the "
	    "devices.\n"
	    "When the output cannot be written for another reason, 0 "
	    "becomes 1.\n"
	    ".Sh SEE ALSO\n"
	    ".Xr amtkeeper.yaml 5\n",
	    out);
}

static void
write_head(FILE *out)
{
	(void)fputs(
	    ".Dd November 24, 2026\n"
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
	(void)fputs(".Sh ENVIRONMENT\n"
		    ".Bl -tag -width Ds\n"
		    ".It Ev AMTKEEPER_CONFIG\n"
		    "configuration file, when\n"
		    ".Fl \\-config\n"
		    "is not given.\n"
		    ".It Ev AMTKEEPER_SERVER\n"
		    "as\n"
		    ".Fl \\-server ;\n"
		    "a command that cannot ask it does nothing.\n"
		    ".It Ev AMTKEEPER_TOKEN_FILE , AMTKEEPER_CA_FILE\n"
		    "as\n"
		    ".Fl \\-token\\-file\n"
		    "and\n"
		    ".Fl \\-ca\\-file .\n"
		    ".It Ev NO_COLOR\n"
		    "no colour.\n"
		    ".El\n"
		    ".Sh FILES\n"
		    ".Bl -tag -width Ds\n"
		    ".It Pa /etc/amtkeeper/amtkeeper.yaml\n"
		    "configuration, see\n"
		    ".Xr amtkeeper.yaml 5 ;\n"
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
cli_man(FILE *out, const struct cli_program *program)
{
	const struct cli_command *command;
	cli_section *const *section;
	size_t i;

	write_head(out);
	write_options(out, cli_globals);
	(void)fputs(".Sh COMMANDS\n.Bl -tag -width Ds\n", out);
	for (i = 0; (command = cli_command_at(program, i)) != NULL; i++)
		write_command(out, command);
	(void)fputs(".El\n", out);
	write_servers(out, program);
	for (section = program->sections; *section != NULL; section++)
		(*section)(out);
	write_tail(out);
	write_exits(out);
}
