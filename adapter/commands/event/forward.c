#include "forward.h"
#include "cli.h"
#include "clock.h"
#include "commands_event_internal.h"
#include "conf.h"
#include "secret.h"
#include "store.h"
#include "store_forward.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct conf_forward *
find(struct cli *c, const char *name)
{
	const struct conf *conf = c->daemon.conf;
	size_t i;

	for (i = 0; i < conf->forward_count; i++)
		if (str_eq(conf->forwards[i].name, name))
			return &conf->forwards[i];
	(void)cli_complain(CODE_NOTHING,
	    "no place of this name under forward in %s", conf->file);
	return NULL;
}

/* --- status --- */

static const char *
state_of(const struct store_forward *f, int64_t behind)
{
	if (f->attempts > 0)
		return "failing";
	return behind > 0 ? "behind" : "well";
}

static int
write_place(struct cli *c, struct table *t, const struct conf_forward *f,
    bool *failing, struct err *err)
{
	struct store *store = c->daemon.store;
	struct store_forward at = {.cursor = 0};
	int64_t behind = 0, oldest = 0, dead = 0;
	bool known = store_forward_find(store, f->name, &at, err) == 0;

	if (!known && err->kind != ERR_NOTFOUND)
		return -1;
	err_clear(err);
	if (known &&
	    store_forward_behind(store, at.cursor, &behind, &oldest, err) != 0)
		return -1;
	if (store_dead_count(store, f->name, &dead, err) != 0)
		return -1;
	*failing = *failing || at.attempts > 0;
	table_text(t, f->name);
	table_text(t, f->kind);
	table_text(t, known ? state_of(&at, behind) : "new");
	table_int(t, behind);
	table_int(t, oldest);
	table_int(t, at.delivered);
	table_int(t, at.delivered_at);
	table_int(t, dead);
	table_int(t, at.attempts);
	table_int(t, at.failing_since);
	table_int(t, at.next_at);
	table_text(t, f->to);
	table_text(t, str_empty(at.error) ? NULL : at.error);
	return cli_row(t, err);
}

int
cmd_forward_status(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"kind", TABLE_STRING, 4, 0},
	    {"state", TABLE_STRING, 0, 0}, {"behind", TABLE_INT, 0, 0},
	    {"oldest", TABLE_TIME, 3, 0}, {"delivered", TABLE_INT, 5, 0},
	    {"last", TABLE_TIME, 2, 0}, {"dead", TABLE_INT, 0, 0},
	    {"attempts", TABLE_INT, 7, 0}, {"failing_since", TABLE_TIME, 8, 0},
	    {"next", TABLE_TIME, 9, 0}, {"to", TABLE_STRING, 6, 16},
	    {"error", TABLE_STRING, 0, 20}};
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL), rc = 0;
	const struct conf *conf;
	bool failing = false;
	struct table *t;
	size_t i;

	if (code != CODE_OK)
		return code;
	conf = c->daemon.conf;
	t = cli_table(c, columns, COUNT(columns));
	for (i = 0; i < conf->forward_count && rc == 0; i++)
		rc = write_place(c, t, &conf->forwards[i], &failing, &err);
	code = cli_listed(c, t, rc, &err);
	return code == CODE_OK && failing ? CODE_WARNED : code;
}

/* --- test --- */

int
cmd_forward_test(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	const struct conf_forward *f;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	f = find(c, c->args[0]);
	if (f == NULL)
		return CODE_NOTHING;
	if (forward_test(f, c->daemon.store, &err) != 0)
		return cli_fail(&err);
	cli_note(c, "%s has taken a test message", f->to);
	return CODE_OK;
}

/* --- secret --- */

int
cmd_forward_secret(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	const struct conf_forward *f;
	struct secret *secret;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	f = find(c, c->args[0]);
	if (f == NULL)
		return CODE_NOTHING;
	secret = cli_secret(c, "secret-file", "Secret: ");
	if (secret == NULL)
		return CODE_INPUT;
	code = cli_commit_event(c,
	    store_forward_secret_put(
		c->daemon.store, f->name, secret, clock_now(), &err),
	    "forward.secret", &err);
	if (code == CODE_OK)
		cli_note(c, "messages to %s are signed with it from now on",
		    f->name);
	secret_free(secret);
	return code;
}

/* --- dead letters --- */

static int
write_dead(void *cookie, const struct store_dead *dead, struct err *err)
{
	struct table *t = cookie;

	table_int(t, dead->event);
	table_text(t, dead->name);
	table_int(t, dead->at);
	table_int(t, dead->attempts);
	table_text(t, dead->error);
	return cli_row(t, err);
}

int
cmd_forward_dead(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"event", TABLE_INT, 0, 0}, {"name", TABLE_STRING, 0, 0},
	    {"at", TABLE_TIME, 0, 0}, {"attempts", TABLE_INT, 1, 0},
	    {"error", TABLE_STRING, 0, 20}};
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL), rc;
	struct table *t;

	if (code != CODE_OK)
		return code;
	t = cli_table(c, columns, COUNT(columns));
	rc = store_dead_scan(c->daemon.store,
	    c->arg_count > 0 ? c->args[0] : NULL, write_dead, t, &err);
	return cli_listed(c, t, rc, &err);
}
