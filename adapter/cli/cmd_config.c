#include <unistd.h>

#include "buf.h"
#include "cli_internal.h"
#include "conf.h"
#include "device.h"
#include "file.h"
#include "plan.h"
#include "profile.h"
#include "secret.h"
#include "store.h"

#define SECRET_LINE_MAX 1024
#define NEWEST_MAJOR 22 /* firmware that a profile should serve */

int
cmd_config_check(struct cli *c)
{
	char why[PLAN_OBSTACLE];
	int code = cli_load(c);

	if (code != CODE_OK)
		return code;
	cli_note(c, "%s and %s can be used", c->daemon.conf->file,
	    c->daemon.conf->profile);
	if (c->daemon.profile->tls &&
	    plan_key_refused(c->daemon.profile, NEWEST_MAJOR, why))
		cli_note(c, "warning: %s", why);
	return code;
}

int
cmd_config_show(struct cli *c)
{
	int code = cli_load(c);

	if (code != CODE_OK)
		return code;
	(void)printf("# %s\n", c->daemon.conf->file);
	conf_show(c->daemon.conf, stdout);
	(void)printf("\n# %s\n", c->daemon.conf->profile);
	profile_show(c->daemon.profile, stdout);
	return CODE_OK;
}

int
cmd_config_example(struct cli *c)
{
	if (cli_flag(c, "profile"))
		profile_example(stdout, NULL);
	else
		conf_example(stdout);
	return CODE_OK;
}

int
cmd_version(struct cli *c)
{
	(void)c;
	(void)puts("amtkeeper " AMTKEEPER_VERSION);
	return CODE_OK;
}

int
cmd_help(struct cli *c)
{
	static char program[] = "amtkeeper", help[] = "--help";
	char *argv[] = {program, NULL, NULL, NULL, NULL};
	struct cli other = {.command = NULL};
	size_t i;

	if (cli_flag(c, "man")) {
		cli_man(stdout);
	} else if (cli_flag(c, "completion")) {
		cli_completion(stdout);
	} else if (c->arg_count == 0) {
		cli_help(stdout);
	} else { /* "help run" is "run --help" */
		for (i = 0; i < c->arg_count; i++)
			argv[1 + i] = c->args[i];
		argv[1 + i] = help;
		return cli_parse(&other, (int)i + 2, argv);
	}
	return CODE_OK;
}

/* To a new file that only its owner can read. */
static int
write_secret(const char *path, const struct secret *secret, struct err *err)
{
	struct buf line;
	int rc;

	buf_init(&line, SECRET_LINE_MAX);
	buf_printf(&line, "%s\n", secret_text(secret));
	rc = file_write(path, line.data, line.len, 0600, true, err);
	buf_free(&line);
	return rc;
}

/* The password of a device, so that a person can always get in: shown to a
 * terminal or written to a private file, never to a pipe, and told to the audit
 * chain first. */
static int
reveal(struct cli *c, const struct device *device)
{
	const char *to = cli_text(c, "to");
	struct secret *secret = NULL;
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (store_secret_get(c->daemon.store, device->id, STORE_SECRET_ADMIN,
		&secret, &err) != 0)
		return cli_fail(&err);
	if (cli_event(c, device, "secret.revealed", "{\"secret\":\"admin\"}",
		&err) != 0 ||
	    store_commit(c->daemon.store, &err) != 0 ||
	    (to != NULL && write_secret(to, secret, &err) != 0))
		code = cli_fail(&err);
	else if (to == NULL)
		(void)printf("%s\n", secret_text(secret));
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
