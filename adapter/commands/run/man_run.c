/* What the man page says of tasks and findings. */
#include "buf.h"
#include "commands_run.h"
#include "diagnose.h"
#include "mdoc.h"
#include "plan.h"

#define ALIASES_MAX 2000

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
	mdoc_text(out, buf_text(&text));
	buf_free(&text);
}

void
cmd_man_tasks(FILE *out)
{
	const struct play *play;

	(void)fputs(".Sh TASKS\n"
		    "Names are taken in any case.\n"
		    ".Bl -tag -width Ds\n",
	    out);
	for (play = plays(); play->name != NULL; play++) {
		(void)fputs(".It Cm ", out);
		mdoc_quoted(out, play->name);
		(void)fputc('\n', out);
		mdoc_text(out, play->summary);
		write_aliases(out, play);
	}
	(void)fputs(".El\n", out);
}

void
cmd_man_findings(FILE *out)
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
		mdoc_quoted(out, reason_code((enum reason)i));
		(void)fputc('\n', out);
		mdoc_text(out, reason_help((enum reason)i));
	}
	(void)fputs(".El\n", out);
}

const char *
cmd_play_word(size_t i)
{
	return plays()[i].name;
}
