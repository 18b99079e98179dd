#include "serve.h"

#include <unistd.h>

#include "cli.h"
#include "commands_setup_internal.h"

int
cmd_serve(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_ENGINE, "serve");

	if (code != CODE_OK)
		return code;
	if (serve(&c->daemon, &err) == 0)
		return CODE_OK;
	code = cli_fail(&err);
	if (err.kind == ERR_CANCELLED)
		_exit(code); /* as serve() wants it */
	return code;
}
