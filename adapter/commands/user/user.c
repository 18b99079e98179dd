/* Users of the console. */
#include <unistd.h>

#include "access.h"
#include "access_user.h"
#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_user_internal.h"
#include "secret.h"
#include "store.h"
#include "users.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RIGHTS_TEXT 1024

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
commit(struct cli *c, int rc, struct err *err, const char *what)
{
	int code = cli_commit(c, rc, err);

	if (code == CODE_OK)
		cli_note(c, "%s: %s", c->args[0], what);
	return code;
}

int
cmd_user_add(struct cli *c)
{
	struct access_user u = {.sets = cli_text(c, "sets"),
	    .certificate = cli_text(c, "certificate"),
	    .note = cli_text(c, "note")};
	struct err err = {.kind = ERR_NONE};
	struct secret *password = NULL;
	int code, rc;

	if (u.sets == NULL)
		return cli_complain(CODE_USAGE,
		    "--sets is needed; \"user sets\" has what there is");
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (!cli_flag(c, "no-password") && (password = new_password(c)) == NULL)
		return CODE_INPUT;
	u.password = password;
	rc =
	    access_user_add(c->daemon.store, cli_actor(), c->args[0], &u, &err);
	secret_free(password);
	return commit(c, rc, &err, "added");
}

int
cmd_user_set(struct cli *c)
{
	bool enabled = cli_flag(c, "enable");
	struct access_user u = {.sets = cli_text(c, "sets"),
	    .certificate =
		cli_flag(c, "no-certificate") ? "" : cli_text(c, "certificate"),
	    .note = cli_text(c, "note")};
	struct err err = {.kind = ERR_NONE};
	struct secret *password = NULL;
	int code, rc;

	if (enabled && cli_flag(c, "disable"))
		return cli_complain(
		    CODE_USAGE, "--enable and --disable: one of them");
	if (enabled || cli_flag(c, "disable"))
		u.enabled = &enabled;
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if ((cli_flag(c, "password") || cli_text(c, "password-file") != NULL) &&
	    (password = new_password(c)) == NULL)
		return CODE_INPUT;
	u.password = password;
	rc =
	    access_user_set(c->daemon.store, cli_actor(), c->args[0], &u, &err);
	secret_free(password);
	return commit(c, rc, &err, "changed");
}

static int
remove_remote(struct cli *c)
{
	struct json_object *user = NULL;
	int code = cli_remote_get(c, "users", c->args[0], &user);

	cli_remote_put(user);
	if (code == CODE_OK &&
	    !cli_confirm(c, "remove this user and all of its tokens"))
		code = CODE_REFUSED;
	if (code == CODE_OK)
		code =
		    cli_remote_change(c, "DELETE", "users", c->args[0], NULL);
	if (code == CODE_OK)
		cli_note(c, "%s: removed", c->args[0]);
	return code;
}

int
cmd_user_remove(struct cli *c)
{
	struct store_user u = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	int code;

	if (cli_remote(c))
		return remove_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (store_user_find(c->daemon.store, c->args[0], &u, &err) != 0)
		return cli_fail(&err);
	store_user_clear(&u);
	if (!cli_confirm(c, "remove this user and all of its tokens"))
		return CODE_REFUSED;
	return commit(c,
	    access_user_remove(c->daemon.store, cli_actor(), c->args[0], &err),
	    &err, "removed");
}

static int
list_one(void *cookie, const struct store_user *u, struct err *err)
{
	struct table *t = cookie;

	table_text(t, u->name);
	table_text(t, u->sets);
	table_int(t, u->enabled);
	table_int(t, u->hash != NULL);
	table_text(t, u->certificate);
	table_int(t, u->created_at);
	table_int(t, u->changed_at);
	table_int(t, u->login_at);
	table_text(t, u->note);
	return cli_row(t, err);
}

static int
scan_all(struct store *s, struct table *t, struct err *err)
{
	return store_user_scan(s, list_one, t, err);
}

int
cmd_user_list(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"sets", TABLE_LIST, 0, 0},
	    {"enabled", TABLE_BOOL, 0, 0}, {"password", TABLE_BOOL, 2, 0},
	    {"certificate", TABLE_STRING, 3, 0},
	    {"created_at", TABLE_TIME, 5, 0}, {"changed_at", TABLE_TIME, 4, 0},
	    {"login_at", TABLE_TIME, 1, 0}, {"note", TABLE_STRING, 6, 0}};
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = COUNT(columns)};

	return cli_list_all(c, "users", false, &rows, scan_all);
}

int
cmd_user_sets(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"name", TABLE_STRING, 0, 0}, {"rights", TABLE_LIST, 0, 20},
	    {"help", TABLE_STRING, 1, 0}};
	struct table *t = cli_table(c, columns, COUNT(columns));
	const struct access_set *set;
	struct buf rights;
	unsigned i;
	size_t n;

	buf_init(&rights, RIGHTS_TEXT);
	for (n = 0; (set = access_set(n)) != NULL; n++) {
		buf_reset(&rights);
		for (i = 0; i < ACCESS_RIGHTS; i++)
			if ((set->rights >> i & 1) != 0)
				buf_printf(&rights, "%s%s",
				    rights.len == 0 ? "" : ",",
				    access_right_name((enum access_right)i));
		table_text(t, set->name);
		table_text(t, buf_text(&rights));
		table_text(t, set->help);
		table_row(t);
	}
	buf_free(&rights);
	table_end(t);
	return CODE_OK;
}
