/* Devices of a service elsewhere: taken in, and changed. */
#include "device_remote_internal.h"

#include "api_client.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_body.h"
#include "mem.h"

#define WHAT "devices"
#define HOST                                                                   \
	{"address", "address"}, {"uuid", "uuid"}, {"os-host", "os_host"},      \
	    {"os-domain", "os_domain"}, {"site", "site"},                      \
	{                                                                      \
		"group", "group"                                               \
	}

int
device_remote_add(struct cli *c, const struct secret *password)
{
	static const struct cli_remote_option options[] = {
	    HOST, {"pin", "pin"}, {"plain", "plain"}, {NULL, NULL}};
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	struct api_client_request request = {.method = "POST",
	    .path = &path,
	    .keyed = true,
	    .secret_name = "password",
	    .secret = password,
	    .body = cli_remote_body()};
	int code = cli_remote_open(c);

	api_client_path_init(&path, WHAT);
	cli_remote_put_text(request.body, "name", c->args[0]);
	cli_remote_put_options(c, request.body, options);
	if (code == CODE_OK && cli_remote_try(c, &request, NULL, &err) != 0) {
		(void)err_context(&err, "%s", c->args[0]);
		code = cli_fail(&err);
	}
	cli_remote_put(request.body);
	api_client_path_free(&path);
	return code;
}

int
device_remote_find(struct cli *c, char **ret_name)
{
	struct json_object *device = NULL;
	struct err err = {.kind = ERR_NONE};
	const char *name = NULL;
	int code = cli_remote_get(c, WHAT, c->args[0], &device);

	if (code == CODE_OK &&
	    cli_remote_text(device, "name", &name, &err) != 0)
		code = cli_fail(&err);
	if (code == CODE_OK)
		*ret_name = mem_dup(name);
	cli_remote_put(device);
	return code;
}

int
device_remote_set(struct cli *c, const struct secret *password)
{
	static const struct cli_remote_option options[] = {HOST, {"tls", "tls"},
	    {"forget-identity", "forget_identity"}, {NULL, NULL}};
	struct api_client_path path;
	struct api_client_request request = {.method = "PATCH",
	    .path = &path,
	    .secret_name = "password",
	    .secret = password,
	    .body = cli_remote_body()};
	int code;

	api_client_path_init(&path, WHAT);
	api_client_path_add(&path, c->args[0]);
	cli_remote_put_options(c, request.body, options);
	code = cli_remote_ask(c, &request, NULL);
	cli_remote_put(request.body);
	api_client_path_free(&path);
	return code;
}
