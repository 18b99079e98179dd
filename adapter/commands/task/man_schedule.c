/* What the man page says of schedules. */
#include "commands_task.h"
#include "mdoc.h"
#include "schedule.h"

void
cmd_man_schedules(FILE *out)
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
		mdoc_quoted(out, word->form);
		(void)fputc('\n', out);
		mdoc_text(out, word->help);
	}
	(void)fputs(".El\n", out);
}
