/* The parts that commands work with, and the end of a change. */
#include <pwd.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "device.h"
#include "intake.h"
#include "store.h"

#define ACTOR_MAX 64

int
cli_load(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};

	if (daemon_load(c->conf_file, &c->daemon, &err) == 0)
		return CODE_OK;
	if (err.kind == ERR_NOTFOUND)
		return cli_complain(CODE_CONFIG,
		    "%s\n(\"amtkeeper init\" makes a configuration; "
		    "--config names another file)",
		    err.text);
	return cli_complain(CODE_CONFIG, "%s", err.text);
}

int
cli_open(struct cli *c, enum daemon_parts parts, const char *actor)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_load(c);

	if (code != CODE_OK)
		return code;
	if (daemon_open(&c->daemon, parts, actor, &err) == 0)
		return CODE_OK;
	code = c->daemon.store == NULL ? CODE_STORE
	    : c->daemon.ca == NULL     ? CODE_CA
				       : CODE_FAILED;
	return cli_complain(code, "%s", err.text);
}

const char *
cli_actor(void)
{
	static char actor[ACTOR_MAX];
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): only this thread asks */
	const struct passwd *user = getpwuid(getuid());

	if (user != NULL)
		(void)snprintf(
		    actor, sizeof(actor), "cli:%.32s", user->pw_name);
	else
		(void)snprintf(
		    actor, sizeof(actor), "cli:%lu", (unsigned long)getuid());
	return actor;
}

int
cli_event(struct cli *c, const struct device *device, const char *kind,
    const char *detail, struct err *err)
{
	struct store_event event = {.at = clock_now(),
	    .device = device == NULL ? 0 : device->id,
	    .name = device == NULL ? NULL : device->name,
	    .kind = kind,
	    .actor = cli_actor(),
	    .detail = detail};

	return store_event_add(c->daemon.store, &event, err);
}

int
cli_commit(struct cli *c, int rc, struct err *err)
{
	if (rc == 0)
		rc = store_commit(c->daemon.store, err);
	if (rc == 0)
		return CODE_OK;
	store_rollback(c->daemon.store);
	return cli_fail(err);
}

int
cli_commit_event(struct cli *c, int rc, const char *kind, const char *key,
    const char *value, struct err *err)
{
	const struct store_event event = {
	    .at = clock_now(), .kind = kind, .actor = cli_actor()};

	if (rc == 0)
		rc = store_event_tell(
		    c->daemon.store, &event, NULL, key, value, err);
	return cli_commit(c, rc, err);
}

struct intake_to
cli_intake(const struct cli *c)
{
	return (struct intake_to){
	    .store = c->daemon.store, .actor = cli_actor()};
}
