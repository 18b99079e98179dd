#include "command.h"

#include <signal.h>

#include "cli_internal.h"
#include "output.h"
#include "secret.h"

int
command_main(int argc, char **argv, const struct cli_program *program)
{
	struct cli c = {.program = program};
	int code;

	/* A reader that goes away (head, a pager) is a failed write, not a
	 * death in the middle of a change. */
	(void)signal(SIGPIPE, SIG_IGN);
	output_init();
	secret_process_init();
	code = cli_parse(&c, argc, argv);
	if (code == CODE_OK && c.command != NULL)
		code = c.command->run(&c);
	cli_remote_close(&c);
	daemon_close(&c.daemon);
	return output_end(code);
}
