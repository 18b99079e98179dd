/* Tokens of users of the console. */
#include <stdio.h>
#include <unistd.h>

#include "access_user.h"
#include "api_client.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_user_internal.h"
#include "records.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "users.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* It is in the store: what follows may fail, and then it is of no use. */
static int
give(const struct cli *c, int64_t id, const struct secret *token)
{
	const char *to = cli_text(c, "to");
	struct err err = {.kind = ERR_NONE};

	if (to == NULL)
		(void)printf("%s\n", secret_text(token));
	else if (cli_write_secret(to, token, &err) != 0)
		return cli_fail(&err);
	cli_note(c, "token %lld of %s; it is not shown again", (long long)id,
	    c->args[0]);
	return CODE_OK;
}

int
cmd_user_token_add(struct cli *c)
{
	const struct access_token t = {.user = c->args[0],
	    .name = cli_text(c, "name"),
	    .life = cli_span(c, "life", ACCESS_TOKEN_LIFE)};
	struct err err = {.kind = ERR_NONE};
	struct secret *token = NULL;
	int64_t id;
	int code;

	if (cli_text(c, "to") == NULL && !isatty(STDOUT_FILENO))
		return cli_complain(CODE_REFUSED,
		    "standard output is no terminal: --to FILE writes a "
		    "private file");
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	code = cli_commit(c,
	    access_token_add(
		c->daemon.store, cli_actor(), &t, &id, &token, &err),
	    &err);
	if (code == CODE_OK)
		code = give(c, id, token);
	secret_free(token);
	return code;
}

static const struct table_column list_columns[] = {{"id", TABLE_INT, 0, 0},
    {"user", TABLE_STRING, 0, 0}, {"name", TABLE_STRING, 0, 0},
    {"created_at", TABLE_TIME, 2, 0}, {"used_at", TABLE_TIME, 1, 0},
    {"expires_at", TABLE_TIME, 0, 0}};
static const struct cli_remote_rows list_rows = {
    .columns = list_columns, .count = COUNT(list_columns)};

struct listing {
	struct cli *c;
	struct table *t;
};

static int
list_one(void *cookie, const struct store_key *k, struct err *err)
{
	struct listing *l = cookie;
	struct store_user u = {.id = 0};
	struct record r;

	if (store_user_get(l->c->daemon.store, k->user, &u, err) != 0)
		return -1;
	record_token(&r, u.name, k);
	cli_record(l->t, &list_rows, &r);
	store_user_clear(&u);
	return cli_row(l->t, err);
}

static int
list_remote(struct cli *c)
{
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path};
	int code;

	if (c->arg_count == 0)
		return cli_complain(
		    CODE_USAGE, "with --server: whose tokens? Name a user");
	api_client_path_init(&path, "users");
	api_client_path_add(&path, c->args[0]);
	api_client_path_add(&path, "tokens");
	code = cli_remote_table(c, &list, &list_rows);
	api_client_path_free(&path);
	return code;
}

static int
remove_remote(struct cli *c)
{
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "DELETE", .path = &path};
	int code;

	api_client_path_init(&path, "users");
	api_client_path_add(&path, c->args[0]);
	api_client_path_add(&path, "tokens");
	api_client_path_add(&path, c->args[1]);
	code = cli_remote_ask(c, &request, NULL);
	api_client_path_free(&path);
	return code;
}

static int
remove_local(struct cli *c, int64_t id)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL);

	return code != CODE_OK ? code
			       : cli_commit(c,
				     access_token_remove(c->daemon.store,
					 cli_actor(), c->args[0], id, &err),
				     &err);
}

int
cmd_user_token_list(struct cli *c)
{
	struct listing l = {.c = c};
	struct store_user u = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	int code, rc;

	if (cli_remote(c))
		return list_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (c->arg_count > 0 &&
	    store_user_find(c->daemon.store, c->args[0], &u, &err) != 0)
		return cli_fail(&err);
	l.t = cli_table(c, list_columns, COUNT(list_columns));
	rc = store_key_scan(
	    c->daemon.store, u.id, STORE_KEY_TOKEN, list_one, &l, &err);
	store_user_clear(&u);
	return cli_listed(c, l.t, rc, &err);
}

int
cmd_user_token_remove(struct cli *c)
{
	int64_t id;
	int code;

	if (str_int(c->args[1], 1, INT64_MAX, &id) != 0)
		return cli_complain(CODE_USAGE,
		    "\"user token list\" has the numbers of tokens");
	code = cli_remote(c) ? remove_remote(c) : remove_local(c, id);
	if (code == CODE_OK)
		cli_note(
		    c, "%s: token %lld is gone", c->args[0], (long long)id);
	return code;
}
