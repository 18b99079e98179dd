#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "commands_device_internal.h"
#include "device.h"
#include "mem.h"
#include "secret.h"
#include "store.h"

/* The password of a device, so that a person can always get in: shown to a
 * terminal or written to a private file, never to a pipe, and told to the audit
 * chain first. */
static int
reveal(struct cli *c, const struct device *device)
{
	const char *to = cli_text(c, "to");
	unsigned back = (unsigned)cli_count(c, "previous", 0);
	struct secret *secret = NULL;
	char *what;
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (store_secret_previous(c->daemon.store, device->id,
		STORE_SECRET_ADMIN, back, &secret, &err) != 0)
		return cli_fail(&err);
	what = mem_printf("{\"secret\":\"admin\",\"previous\":%u}", back);
	if (cli_event(c, device, "secret.revealed", what, &err) != 0 ||
	    store_commit(c->daemon.store, &err) != 0 ||
	    (to != NULL && cli_write_secret(to, secret, &err) != 0))
		code = cli_fail(&err);
	else if (to == NULL)
		(void)printf("%s\n", secret_text(secret));
	free(what);
	secret_free(secret);
	return code;
}

int
cmd_secret_show(struct cli *c)
{
	struct device *device = NULL;
	struct err err = {.kind = ERR_NONE};
	int code;

	if (cli_text(c, "to") == NULL &&
	    (!cli_flag(c, "reveal") || !isatty(STDOUT_FILENO)))
		return cli_complain(CODE_REFUSED,
		    "a password is shown on a terminal only, with --reveal; "
		    "--to FILE writes it to a new private file");
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (store_device_find(c->daemon.store, c->args[0], &device, &err) != 0)
		return cli_fail(&err);
	code = reveal(c, device);
	device_free(device);
	return code;
}
