/* The CA of a service elsewhere: shown, read, and what it issued revoked. */
#include <json-c/json.h>
#include <stdlib.h>

#include "api_client.h"
#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_ca_internal.h"
#include "mem.h"

#define PEM_TYPE "application/x-pem-file"
#define CRL_TYPE "application/pkix-crl"

static void
begin_path(struct api_client_path *path, const char *what)
{
	api_client_path_init(path, "ca");
	api_client_path_add(path, what);
}

/* --- show --- */

/* Where a key is, is told to nobody. */
static int
no_key(struct json_object *row, struct err *err)
{
	(void)err;
	(void)json_object_object_add(row, "key_file", NULL);
	return 0;
}

int
cmd_ca_show_remote(
    struct cli *c, const struct table_column *columns, size_t count)
{
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = count, .prepare = no_key};
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path};
	int code;

	begin_path(&path, "issuers");
	code = cli_remote_table(c, &list, &rows);
	api_client_path_free(&path);
	return code;
}

/* --- files --- */

/* To --out or stdout; path is freed. */
static int
put_pem(struct cli *c, struct api_client_path *path)
{
	struct err err = {.kind = ERR_NONE};
	struct buf pem;
	int code;

	buf_init(&pem, API_CLIENT_ANSWER_MAX);
	code = cli_remote_file(c, path, PEM_TYPE, &pem);
	if (code == CODE_OK && cmd_ca_put_public(c, &pem, &err) != 0)
		code = cli_fail(&err);
	buf_free(&pem);
	api_client_path_free(path);
	return code;
}

int
cmd_ca_chain_remote(struct cli *c)
{
	static const char *const ours[] = {"issuer", "cross", NULL};
	struct api_client_path path;
	int code = cli_remote_refuse(c, ours);

	if (code != CODE_OK)
		return code;
	begin_path(&path, "chain");
	api_client_path_param(&path, "part",
	    cli_flag(c, "root")	     ? "root"
		: cli_flag(c, "all") ? "all"
				     : NULL);
	return put_pem(c, &path);
}

int
cmd_ca_export_remote(struct cli *c)
{
	static const char *const ours[] = {"chain", "cross", NULL};
	struct api_client_path path;
	int code = cli_remote_refuse(c, ours);
	char *serial;

	if (code != CODE_OK)
		return code;
	serial = cmd_ca_serial(c->args[0]);
	api_client_path_init(&path, "certificates");
	api_client_path_add(&path, serial);
	api_client_path_add(&path, "pem");
	free(serial);
	return put_pem(c, &path);
}

int
cmd_ca_crl_remote(struct cli *c, struct buf *ret_der)
{
	static const char *const ours[] = {"import", "issuer", NULL};
	struct api_client_path path;
	int code = cli_remote_refuse(c, ours);

	if (code != CODE_OK)
		return code;
	begin_path(&path, "crl");
	api_client_path_param(
	    &path, "issuer", cli_flag(c, "root") ? "root" : NULL);
	code = cli_remote_file(c, &path, CRL_TYPE, ret_der);
	api_client_path_free(&path);
	return code;
}

/* --- revoke --- */

static int
confirm(struct cli *c, struct json_object *cert, const char *serial)
{
	struct err err = {.kind = ERR_NONE};
	const char *whose = api_client_text(api_client_member(cert, "names"));
	char *question;
	bool sure;

	if (whose == NULL &&
	    cli_remote_text(cert, "subject", &whose, &err) != 0)
		return cli_fail(&err);
	question = mem_printf("revoke %s (%s)", serial, whose);
	sure = cli_confirm(c, question);
	free(question);
	return sure ? CODE_OK : CODE_REFUSED;
}

static int
revoke(struct cli *c, const char *serial)
{
	struct json_object *body = json_object_new_object();
	const char *reason = cli_text(c, "reason");
	struct api_client_path path;
	int code;

	if (reason != NULL)
		(void)json_object_object_add(
		    body, "reason", json_object_new_string(reason));
	api_client_path_init(&path, "certificates");
	api_client_path_add(&path, serial);
	api_client_path_add(&path, "revoke");
	code = cli_remote_post(c, &path, body, NULL);
	api_client_path_free(&path);
	return code;
}

int
cmd_ca_revoke_remote(struct cli *c)
{
	static const char *const ours[] = {"force", NULL};
	struct json_object *cert = NULL;
	int code = cli_remote_refuse(c, ours);
	char *serial;

	if (code == CODE_OK && cmd_ca_names_file(c->args[0]))
		code = cli_complain(CODE_USAGE,
		    "%s: with --server a serial number; what a file holds is "
		    "revoked where the key of its root is",
		    c->args[0]);
	if (code != CODE_OK)
		return code;
	serial = cmd_ca_serial(c->args[0]);
	code = cli_remote_get(c, "certificates", serial, &cert);
	if (code == CODE_OK)
		code = confirm(c, cert, serial);
	cli_remote_put(cert);
	if (code == CODE_OK)
		code = revoke(c, serial);
	if (code == CODE_OK)
		cli_note(c, CMD_CA_REVOKED, serial);
	free(serial);
	return code;
}
