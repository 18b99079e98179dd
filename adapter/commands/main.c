#include <stdlib.h>

#include "command.h"
#include "commands.h"

/* LDAP and Kerberos block on workers, each up to its deadline; libuv reads the
 * size of its pool once, from here, so it must stand before any thread. */
#define WORKERS "32"

int
main(int argc, char **argv)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet */
	(void)setenv("UV_THREADPOOL_SIZE", WORKERS, 0);
	return command_main(argc, argv, commands());
}
