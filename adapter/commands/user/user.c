/* Users of the console. */
#include <unistd.h>

#include "access.h"
#include "access_user.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_user_internal.h"
#include "records.h"
#include "secret.h"
#include "store.h"
#include "user_remote_internal.h"
#include "users.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* From the file, or typed twice. */
static struct secret *
new_password(const struct cli *c)
{
	struct secret *first, *second;

	first = cli_secret(c, "password-file", "New password: ");
	if (first == NULL || cli_text(c, "password-file") != NULL)
		return first;
	second = cli_secret(c, "password-file", "Once more: ");
	if (second == NULL || !secret_equal(first, second)) {
		if (second != NULL)
			(void)cli_complain(
			    CODE_INPUT, "these are two passwords");
		secret_free(first);
		first = NULL;
	}
	secret_free(second);
	return first;
}

static int
tell(struct cli *c, int code, const char *what)
{
	if (code == CODE_OK)
		cli_note(c, "%s: %s", c->args[0], what);
	return code;
}

/* What is asked: a server's files are read, or the store is opened. */
static int
begin(struct cli *c)
{
	return cli_remote(c) ? cli_remote_open(c)
			     : cli_open(c, DAEMON_STORE, NULL);
}

typedef int user_fn(struct store *s, const char *actor, const char *name,
    const struct access_user *u, struct err *err);

static int
put_local(struct cli *c, const struct access_user *u, user_fn *put)
{
	struct err err = {.kind = ERR_NONE};

	return cli_commit(
	    c, put(c->daemon.store, cli_actor(), c->args[0], u, &err), &err);
}

int
cmd_user_add(struct cli *c)
{
	struct access_user u = {.sets = cli_text(c, "sets"),
	    .certificate = cli_text(c, "certificate"),
	    .note = cli_text(c, "note")};
	struct secret *password = NULL;
	int code;

	if (u.sets == NULL)
		return cli_complain(CODE_USAGE,
		    "--sets is needed; \"user sets\" has what there is");
	code = begin(c);
	if (code != CODE_OK)
		return code;
	if (!cli_flag(c, "no-password") && (password = new_password(c)) == NULL)
		return CODE_INPUT;
	u.password = password;
	code = cli_remote(c) ? user_remote_add(c, &u)
			     : put_local(c, &u, access_user_add);
	secret_free(password);
	return tell(c, code, "added");
}

int
cmd_user_set(struct cli *c)
{
	bool enabled = cli_flag(c, "enable");
	struct access_user u = {.sets = cli_text(c, "sets"),
	    .certificate =
		cli_flag(c, "no-certificate") ? "" : cli_text(c, "certificate"),
	    .note = cli_text(c, "note")};
	struct secret *password = NULL;
	int code;

	if (enabled && cli_flag(c, "disable"))
		return cli_complain(
		    CODE_USAGE, "--enable and --disable: one of them");
	if (enabled || cli_flag(c, "disable"))
		u.enabled = &enabled;
	code = begin(c);
	if (code != CODE_OK)
		return code;
	if ((cli_flag(c, "password") || cli_text(c, "password-file") != NULL) &&
	    (password = new_password(c)) == NULL)
		return CODE_INPUT;
	u.password = password;
	code = cli_remote(c) ? user_remote_set(c, &u)
			     : put_local(c, &u, access_user_set);
	secret_free(password);
	return tell(c, code, "changed");
}

static int
find_local(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct store_user u = {.id = 0};

	if (store_user_find(c->daemon.store, c->args[0], &u, &err) != 0)
		return cli_fail(&err);
	store_user_clear(&u);
	return CODE_OK;
}

static int
remove_local(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};

	return cli_commit(c,
	    access_user_remove(c->daemon.store, cli_actor(), c->args[0], &err),
	    &err);
}

int
cmd_user_remove(struct cli *c)
{
	int code = begin(c);

	if (code == CODE_OK)
		code = cli_remote(c) ? user_remote_find(c) : find_local(c);
	if (code == CODE_OK &&
	    !cli_confirm(c, "remove this user and all of its tokens"))
		code = CODE_REFUSED;
	if (code == CODE_OK)
		code = cli_remote(c) ? user_remote_remove(c) : remove_local(c);
	return tell(c, code, "removed");
}

static const struct table_column list_columns[] = {{"name", TABLE_STRING, 0, 0},
    {"sets", TABLE_LIST, 0, 0}, {"enabled", TABLE_BOOL, 0, 0},
    {"password", TABLE_BOOL, 2, 0}, {"certificate", TABLE_STRING, 3, 0},
    {"created_at", TABLE_TIME, 5, 0}, {"changed_at", TABLE_TIME, 4, 0},
    {"login_at", TABLE_TIME, 1, 0}, {"note", TABLE_STRING, 6, 0}};
static const struct cli_remote_rows list_rows = {
    .columns = list_columns, .count = COUNT(list_columns)};

static int
list_one(void *cookie, const struct store_user *u, struct err *err)
{
	struct record r;

	record_user(&r, u);
	cli_record(cookie, &list_rows, &r);
	return cli_row(cookie, err);
}

static int
scan_all(struct store *s, struct table *t, struct err *err)
{
	return store_user_scan(s, list_one, t, err);
}

int
cmd_user_list(struct cli *c)
{
	return cli_list_all(c, "users", false, &list_rows, scan_all);
}

int
cmd_user_sets(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"rights", TABLE_LIST, 0, 20},
	    {"description", TABLE_STRING, 1, 0}};
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns)};
	struct table *t = cli_table(c, columns, COUNT(columns));
	const struct access_set *set;
	struct record r;
	size_t i;

	for (i = 0; (set = access_set(i)) != NULL; i++) {
		record_set(&r, set);
		cli_record(t, &rows, &r);
		table_row(t);
	}
	table_end(t);
	return CODE_OK;
}
