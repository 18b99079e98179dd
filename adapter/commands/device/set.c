#include <stdlib.h>

#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_device_internal.h"
#include "device.h"
#include "device_remote_internal.h"
#include "err.h"
#include "intake.h"
#include "secret.h"
#include "store.h"
#include "str.h"

/*
 * device set: the host's facts are the administrator's to write at any time;
 * what belongs to the worker on the device (its pinned certificate, its refused
 * credentials) is intake_trust()'s.
 */
#define FIELDS_MAX 256

static bool
changes_state(const struct cli *c, const struct secret *password)
{
	return password != NULL || cli_flag(c, "forget-identity") ||
	    cli_flag(c, "tls");
}

/* What was given, by name, for the audit chain; never a value. */
static const char *
fields(const struct cli *c, bool password, struct buf *out)
{
	static const char *const names[] = {"address", "uuid", "os-host",
	    "os-domain", "site", "group", "tls", "forget-identity", NULL};
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		if (cli_text(c, names[i]) != NULL || cli_flag(c, names[i]))
			buf_printf(
			    out, "%s%s", out->len == 0 ? "" : ",", names[i]);
	if (password)
		buf_printf(out, "%s%s", out->len == 0 ? "" : ",", "password");
	return buf_text(out);
}

static struct intake
intake_of(const struct cli *c)
{
	return (struct intake){.address = cli_text(c, "address"),
	    .uuid = cli_text(c, "uuid"),
	    .os_host = cli_text(c, "os-host"),
	    .os_domain = cli_text(c, "os-domain"),
	    .site = cli_text(c, "site"),
	    .group = cli_text(c, "group")};
}

/* Everything the person was asked is known by now: from here to the commit the
 * record is read and written in one transaction. */
static int
change(
    struct cli *c, int64_t id, const struct secret *password, struct err *err)
{
	struct intake in = intake_of(c);
	const struct intake_to to = cli_intake(c);
	const struct intake_trust trust = {.password = password,
	    .forget_identity = cli_flag(c, "forget-identity"),
	    .tls = cli_flag(c, "tls")};
	struct store *store = c->daemon.store;
	struct device *d = NULL;
	struct buf text;
	int rc = -1;

	buf_init(&text, FIELDS_MAX);
	if (store_lock(store, err) != 0 ||
	    store_device_get(store, id, &d, err) != 0)
		goto out;
	in.name = d->name;
	if (intake_change(&in, d, &text, err) != 0 ||
	    intake_group(c->daemon.store, &in, d, &text, err) != 0 ||
	    store_device_save_host(store, d, err) != 0)
		goto out;
	if (changes_state(c, password) ? intake_trust(&to, id, &trust, err) != 0
				       : intake_wake(&to, id, err) != 0)
		goto out;
	buf_reset(&text);
	if (intake_event(&to, d, fields(c, password != NULL, &text), err) != 0)
		goto out;
	rc = store_commit(store, err);
out:
	if (rc != 0)
		store_rollback(store);
	device_free(d);
	buf_free(&text);
	return rc;
}

/* The number it has here. */
static int
find_device(struct cli *c, int64_t *ret_id)
{
	struct err err = {.kind = ERR_NONE};
	struct device *d = NULL;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	if (store_device_find(c->daemon.store, c->args[0], &d, &err) != 0)
		return cli_fail(&err);
	*ret_id = d->id;
	device_free(d);
	return CODE_OK;
}

/* A mistake is said here, in the words it has here. */
static int
change_remote(struct cli *c, const char *name, const struct secret *password)
{
	struct intake in = intake_of(c);
	struct err err = {.kind = ERR_NONE};

	in.name = name;
	if (intake_check(&in, &err) != 0 ||
	    (password != NULL && intake_check_password(password, &err) != 0))
		return cli_fail(&err);
	return device_remote_set(c, password);
}

static int
set_device(struct cli *c, bool ask)
{
	struct err err = {.kind = ERR_NONE};
	struct secret *password = NULL;
	char *name = NULL;
	int64_t id = 0;
	int code =
	    cli_remote(c) ? device_remote_find(c, &name) : find_device(c, &id);

	if (code != CODE_OK)
		return code;
	if (ask &&
	    (password = cli_secret(
		 c, "password-file", "Admin password it has now: ")) == NULL)
		code = CODE_INPUT;
	else if (cli_remote(c))
		code = change_remote(c, name, password);
	else if (change(c, id, password, &err) != 0)
		code = cli_fail(&err);
	secret_free(password);
	free(name);
	return code;
}

int
cmd_device_set(struct cli *c)
{
	bool ask =
	    cli_flag(c, "ask-password") || cli_text(c, "password-file") != NULL;
	struct buf given;
	int code;

	buf_init(&given, FIELDS_MAX);
	if (str_empty(fields(c, ask, &given)))
		code = cli_complain(CODE_USAGE,
		    "nothing to change: give an option\n"
		    "try \"amtkeeper device set --help\"");
	else
		code = set_device(c, ask);
	if (code == CODE_OK)
		cli_note(c, "%s: changed %s", c->args[0], buf_text(&given));
	buf_free(&given);
	return code;
}
