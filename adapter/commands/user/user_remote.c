/* Users of a service elsewhere. */
#include "user_remote_internal.h"

#include "access_user.h"
#include "api_client.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_body.h"

#define WHAT "users"

/* path is freed. */
static int
send_user(struct cli *c, const char *method, struct api_client_path *path,
    const struct access_user *u, struct json_object *body)
{
	const struct api_client_request request = {.method = method,
	    .path = path,
	    .secret_name = "password",
	    .secret = u->password,
	    .body = body};
	struct err err = {.kind = ERR_NONE};
	int code;

	cli_remote_put_text(body, "sets", u->sets);
	cli_remote_put_text(body, "certificate", u->certificate);
	cli_remote_put_text(body, "note", u->note);
	if (u->enabled != NULL)
		cli_remote_put_bool(body, "enabled", *u->enabled);
	/* A mistake is said here, in the words it has here. */
	code = access_user_check(c->args[0], u, &err) == 0
	    ? cli_remote_ask(c, &request, NULL)
	    : cli_fail(&err);
	cli_remote_put(body);
	api_client_path_free(path);
	return code;
}

int
user_remote_add(struct cli *c, const struct access_user *u)
{
	struct json_object *body = cli_remote_body();
	struct api_client_path path;

	api_client_path_init(&path, WHAT);
	cli_remote_put_text(body, "name", c->args[0]);
	return send_user(c, "POST", &path, u, body);
}

int
user_remote_set(struct cli *c, const struct access_user *u)
{
	struct api_client_path path;

	api_client_path_init(&path, WHAT);
	api_client_path_add(&path, c->args[0]);
	return send_user(c, "PATCH", &path, u, cli_remote_body());
}

int
user_remote_find(struct cli *c)
{
	struct json_object *user = NULL;
	int code = cli_remote_get(c, WHAT, c->args[0], &user);

	cli_remote_put(user);
	return code;
}

int
user_remote_remove(struct cli *c)
{
	return cli_remote_change(c, "DELETE", WHAT, c->args[0], NULL);
}
