/* What the man page says of the findings of "directory audit". */
#include "ad_audit.h"
#include "commands_directory.h"
#include "mdoc.h"

void
cmd_man_audit(FILE *out)
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
		mdoc_quoted(out, kind.code);
		(void)fprintf(out, " Pq %s\n", ad_audit_level_name(kind.level));
		mdoc_text(out, kind.help);
	}
	(void)fputs(".El\n", out);
}
