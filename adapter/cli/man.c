#include <string.h>

#include "ad_audit.h"
#include "buf.h"
#include "cli_internal.h"
#include "diagnose.h"
#include "plan.h"
#include "schedule.h"

/*
 * amtkeeper(1) in mdoc, from the tables.  contrib/man/amtkeeper.1 is this
 * output; a test says when it is no longer.
 */

/* Escapes make a line longer than what is counted. */
#define LINE_WIDTH 72
#define ALIASES_MAX 2000

static void
write_char(FILE *out, char c)
{
	if (c == '\\')
		(void)fputs("\\e", out);
	else if (c == '-')
		(void)fputs("\\-", out);
	else
		(void)fputc(c, out);
}

/* Text, broken between words; mdoc wants each sentence to begin a line, and no
 * line to begin with what could be a macro. */
static void
write_text(FILE *out, const char *text)
{
	int column = 0, len;
	bool sentence = false;

	while (*text != '\0') {
		len = (int)strcspn(text, " ");
		if (column > 0 && (sentence || column + 1 + len > LINE_WIDTH)) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			(void)fputc(' ', out);
		else if (*text == '.' || *text == '\'')
			(void)fputs("\\&", out);
		sentence = len > 0 && text[len - 1] == '.';
		column += 1 + len;
		for (; len > 0; len--)
			write_char(out, *text++);
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

/* Words for a macro line: quoted, so that none is taken for a macro. */
static void
write_quoted(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)fputs("\"\"", out);
		else
			write_char(out, *text);
	}
	(void)fputc('"', out);
}

static void
write_option(FILE *out, const struct cli_option *o)
{
	const char *at;

	(void)fputs(".It ", out);
	if (o->letter != '\0')
		(void)fprintf(out, "Fl %c , ", o->letter);
	(void)fputs("Fl \\-", out);
	for (at = o->name; *at != '\0'; at++)
		write_char(out, *at);
	if (o->arg != NULL) {
		(void)fputs(" Ar ", out);
		write_quoted(out, o->arg);
	}
	(void)fputc('\n', out);
	write_text(out, o->help);
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
	write_quoted(out, command->name);
	if (command->args[0] != '\0') {
		(void)fputs(" Ar ", out);
		write_quoted(out, command->args);
	}
	(void)fputc('\n', out);
	write_text(out, command->summary);
	if (command->text[0] != '\0') {
		(void)fputs(".Pp\n", out);
		write_text(out, command->text);
	}
	for (group = command->options; *group != NULL; group++)
		write_options(out, *group);
	for (i = 0; command->examples[i] != NULL; i++) {
		(void)fputs(".Pp\n.Dl ", out);
		write_quoted(out, "amtkeeper");
		(void)fputc(' ', out);
		write_quoted(out, command->examples[i]);
		(void)fputc('\n', out);
	}
}

static void
write_aliases(FILE *out, const struct play *play)
{
	struct buf text;
	const char *const *alias;

	buf_init(&text, ALIASES_MAX);
	buf_str(&text, "(also");
	for (alias = play->aliases; *alias != NULL; alias++)
		buf_printf(
		    &text, "%s %s", alias == play->aliases ? "" : ",", *alias);
	buf_char(&text, ')');
	write_text(out, buf_text(&text));
	buf_free(&text);
}

static void
write_tasks(FILE *out)
{
	const struct play *play;

	(void)fputs(".Sh TASKS\n"
		    "Names are taken in any case.\n"
		    ".Bl -tag -width Ds\n",
	    out);
	for (play = plays(); play->name != NULL; play++) {
		(void)fputs(".It Cm ", out);
		write_quoted(out, play->name);
		(void)fputc('\n', out);
		write_text(out, play->summary);
		write_aliases(out, play);
	}
	(void)fputs(".El\n", out);
}

static void
write_schedules(FILE *out)
{
	const struct schedule_word *word;
	size_t i;

	(void)fputs(
	    ".Sh SCHEDULES\n"
	    "A schedule is one line of words, in any case and order but "
	    "that WHEN comes\n"
	    "first:\n"
	    ".Pp\n"
	    ".Dl \"monthly on first thu of nov at 03:00 "
	    "Europe/Berlin random 4h missed run\"\n"
	    ".Dl \"every 30 days at 22:00 from 2026\\-12\\-01 "
	    "random 4h stop after 6h\"\n"
	    ".Dl \"daily at 01:00 only mon\\-fri "
	    "22:00\\-05:00, sat, sun\"\n"
	    ".Bl -tag -width Ds\n",
	    out);
	for (i = 0; (word = schedule_word(i)) != NULL; i++) {
		(void)fputs(".It Li ", out);
		write_quoted(out, word->form);
		(void)fputc('\n', out);
		write_text(out, word->help);
	}
	(void)fputs(".El\n", out);
}

static void
write_findings(FILE *out)
{
	int i;

	(void)fputs(".Sh FINDINGS\n"
		    "What\n"
		    ".Cm diagnose\n"
		    "says of a device, in the order in which they are best put "
		    "right, and what to do:\n"
		    ".Bl -tag -width Ds\n",
	    out);
	for (i = 0; i < REASON_COUNT; i++) {
		(void)fputs(".It Li ", out);
		write_quoted(out, reason_code((enum reason)i));
		(void)fputc('\n', out);
		write_text(out, reason_help((enum reason)i));
	}
	(void)fputs(".El\n", out);
}

static void
write_audit(FILE *out)
{
	struct ad_audit_kind kind;
	size_t i;

	(void)fputs("What\n"
		    ".Cm directory audit\n"
		    "says of objects in Active Directory, with the level that "
		    "its exit code is by:\n"
		    ".Bl -tag -width Ds\n",
	    out);
	for (i = 0; ad_audit_kind(i, &kind); i++) {
		(void)fputs(".It Li ", out);
		write_quoted(out, kind.code);
		(void)fprintf(out, " Pq %s\n", ad_audit_level_name(kind.level));
		write_text(out, kind.help);
	}
	(void)fputs(".El\n", out);
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
		write_text(out, exits[i].help);
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
cli_man(FILE *out)
{
	const struct cli_command *commands;
	size_t i, count;

	write_head(out);
	write_options(out, cli_globals());
	(void)fputs(".Sh COMMANDS\n.Bl -tag -width Ds\n", out);
	commands = cli_commands(&count);
	for (i = 0; i < count; i++)
		write_command(out, &commands[i]);
	(void)fputs(".El\n", out);
	write_tasks(out);
	write_schedules(out);
	write_findings(out);
	write_audit(out);
	write_tail(out);
	write_exits(out);
}
