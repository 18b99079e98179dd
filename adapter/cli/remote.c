/* The service of another machine: which, and what it is asked. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "api_client.h"
#include "buf.h"
#include "cli_internal.h"
#include "cli_remote.h"
#include "cli_remote_body.h"
#include "command_rows.h"
#include "file.h"
#include "secret.h"
#include "str.h"

#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"
#define PEM_MAX ((size_t)4 << 20)
#define KEY_MAX 65536
#define SERVER_VARIABLE "AMTKEEPER_SERVER"
#define TOKEN_VARIABLE "AMTKEEPER_TOKEN_FILE"
#define CA_VARIABLE "AMTKEEPER_CA_FILE"

const struct cli_option cli_server_options[] = {
    {"server", 0, CLI_TEXT, "URL", NULL,
	"ask the service at https://HOST:PORT, not the store here"},
    {"token-file", 0, CLI_FILE, "FILE", NULL,
	"log in there with this token; others must not read it"},
    {"ca-file", 0, CLI_FILE, "FILE", NULL,
	"PEM, who may vouch for it (those of the system)"},
    {"cert-file", 0, CLI_FILE, "FILE", NULL,
	"or log in with this certificate, PEM with its chain"},
    {"key-file", 0, CLI_FILE, "FILE", NULL,
	"and its key, PEM; others must not read it"},
    END};

const struct cli_option cli_offline_options[] = {END};

static bool
has_group(const struct cli_command *command, const struct cli_option *group)
{
	size_t i;

	for (i = 0; command->options[i] != NULL; i++)
		if (command->options[i] == group)
			return true;
	return false;
}

bool
cli_remote_able(const struct cli_command *command)
{
	return has_group(command, cli_server_options);
}

bool
cli_remote(const struct cli *c)
{
	return c->server != NULL;
}

/* Of the option, or the environment; NULL. */
static const char *
given(const struct cli *c, const char *option, const char *variable)
{
	const char *text = cli_text(c, option);

	if (text != NULL)
		return text;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet */
	text = getenv(variable);
	return str_empty(text) ? NULL : text;
}

int
cli_remote_take(struct cli *c)
{
	const struct cli_option *o;

	if (has_group(c->command, cli_offline_options))
		return CODE_OK;
	c->server = given(c, "server", SERVER_VARIABLE);
	if (c->server != NULL && cli_remote_able(c->command))
		return CODE_OK;
	if (c->server != NULL)
		return cli_complain(CODE_USAGE,
		    "%s does not work with --server%s", c->command->name,
		    cli_text(c, "server") == NULL ? "; " SERVER_VARIABLE
						    " is set"
						  : "");
	for (o = cli_server_options; o->name != NULL; o++)
		if (cli_text(c, o->name) != NULL)
			return cli_complain(
			    CODE_USAGE, "--%s goes with --server", o->name);
	return CODE_OK;
}

int
cli_remote_refuse(const struct cli *c, const char *const *options)
{
	for (; *options != NULL; options++)
		if (cli_flag(c, *options))
			return cli_complain(CODE_USAGE,
			    "%s: --%s does not work with --server",
			    c->command->name, *options);
	return CODE_OK;
}

/* --- the connection --- */

/* What it is made of; freed once it is. */
struct login {
	struct buf ca, cert;
	struct secret *token, *key;
};

static void
login_free(struct login *l)
{
	buf_free(&l->ca);
	buf_free(&l->cert);
	secret_free(l->token);
	secret_free(l->key);
}

static int
read_certificate(const struct cli *c, struct login *l, struct err *err)
{
	const char *cert = cli_text(c, "cert-file");
	struct buf key;
	int rc;

	if (cert == NULL)
		return 0;
	if (file_read(cert, PEM_MAX, &l->cert, err) != 0)
		return err_context(err, "--cert-file");
	buf_init(&key, KEY_MAX);
	rc = file_read_private(cli_text(c, "key-file"), KEY_MAX, &key, err);
	if (rc == 0)
		l->key = secret_new(key.data, key.len);
	buf_free(&key);
	return rc == 0 ? 0 : err_context(err, "--key-file");
}

static int
read_files(const struct cli *c, struct login *l, struct err *err)
{
	const char *ca = given(c, "ca-file", CA_VARIABLE);
	const char *token = given(c, "token-file", TOKEN_VARIABLE);

	buf_init(&l->ca, PEM_MAX);
	buf_init(&l->cert, PEM_MAX);
	if (file_read(ca == NULL ? SYSTEM_CA : ca, PEM_MAX, &l->ca, err) != 0)
		return err_context(err, "--ca-file");
	if (token != NULL && (l->token = secret_from_file(token, err)) == NULL)
		return err_context(err, "--token-file");
	return read_certificate(c, l, err);
}

static int
check_login(const struct cli *c)
{
	const char *cert = cli_text(c, "cert-file");

	if ((cert == NULL) != (cli_text(c, "key-file") == NULL))
		return cli_complain(
		    CODE_USAGE, "--cert-file and --key-file go together");
	if (cert == NULL && given(c, "token-file", TOKEN_VARIABLE) == NULL)
		return cli_complain(CODE_USAGE,
		    "--server needs --token-file FILE; \"user token add\" "
		    "there writes one");
	return CODE_OK;
}

int
cli_remote_open(struct cli *c)
{
	struct login l = {.token = NULL};
	struct api_client_conf conf = {.url = c->server};
	struct err err = {.kind = ERR_NONE};
	int code = c->remote != NULL ? CODE_OK : check_login(c);

	if (code != CODE_OK || c->remote != NULL)
		return code;
	if (read_files(c, &l, &err) != 0) {
		code = cli_complain(CODE_INPUT, "%s", err.text);
	} else {
		conf.ca_pem = buf_text(&l.ca);
		conf.token = l.token;
		if (l.key != NULL) {
			conf.cert_pem = buf_text(&l.cert);
			conf.key_pem = l.key;
		}
		if (api_client_new(&conf, &c->remote, &err) != 0)
			code =
			    cli_complain(CODE_USAGE, "--server: %s", err.text);
	}
	login_free(&l);
	return code;
}

void
cli_remote_close(struct cli *c)
{
	api_client_free(c->remote);
	c->remote = NULL;
}

/* --- asking --- */

int
cli_remote_try(struct cli *c, const struct api_client_request *request,
    struct json_object **ret_answer, struct err *err)
{
	struct json_object *answer = NULL;

	if (api_client_ask(c->remote, request, &answer, err) != 0)
		return -1;
	if (ret_answer == NULL)
		(void)json_object_put(answer);
	else
		*ret_answer = answer;
	return 0;
}

int
cli_remote_ask(struct cli *c, const struct api_client_request *request,
    struct json_object **ret_answer)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_remote_open(c);

	if (code == CODE_OK &&
	    cli_remote_try(c, request, ret_answer, &err) != 0)
		code = cli_fail(&err);
	return code;
}

struct json_object *
cli_remote_number(const char *name, int64_t number)
{
	struct json_object *body = json_object_new_object();

	if (number != 0)
		(void)json_object_object_add(
		    body, name, json_object_new_int64(number));
	return body;
}

void
cli_remote_put(struct json_object *answer)
{
	(void)json_object_put(answer);
}

int
cli_remote_get(struct cli *c, const char *what, const char *name,
    struct json_object **ret_answer)
{
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "GET", .path = &path};
	int code;

	api_client_path_init(&path, what);
	api_client_path_add(&path, name);
	code = cli_remote_ask(c, &request, ret_answer);
	api_client_path_free(&path);
	return code;
}

int
cli_remote_look(struct cli *c, const char *what, int64_t id,
    struct json_object **ret_row, struct err *err)
{
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "GET", .path = &path};
	int rc;

	api_client_path_init(&path, what);
	api_client_path_add_id(&path, id);
	rc = cli_remote_try(c, &request, ret_row, err);
	api_client_path_free(&path);
	return rc;
}

int
cli_remote_post(struct cli *c, const struct api_client_path *path,
    struct json_object *body, struct json_object **ret_answer)
{
	const struct api_client_request request = {
	    .method = "POST", .path = path, .body = body, .keyed = true};
	int code = cli_remote_ask(c, &request, ret_answer);

	(void)json_object_put(body);
	return code;
}

int
cli_remote_file(struct cli *c, const struct api_client_path *path,
    const char *type, struct buf *ret)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_remote_open(c);

	if (code == CODE_OK &&
	    api_client_file(c->remote, path, type, ret, &err) != 0)
		code = cli_fail(&err);
	return code;
}

int
cli_remote_change(struct cli *c, const char *method, const char *what,
    const char *name, struct json_object *body)
{
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = method, .path = &path, .body = body};
	int code;

	api_client_path_init(&path, what);
	api_client_path_add(&path, name);
	code = cli_remote_ask(c, &request, NULL);
	api_client_path_free(&path);
	(void)json_object_put(body);
	return code;
}

int
cli_remote_read(struct cli *c, const struct cli_remote_list *list,
    cli_remote_row_fn *row, void *cookie, struct err *err)
{
	const struct api_client_list what = {.path = list->path,
	    .paged = list->paged,
	    .sparse = list->sparse,
	    .after = list->after,
	    .limit = list->limit};

	return api_client_list(c->remote, &what, row, cookie, err);
}

int
cli_remote_scan(struct cli *c, const struct cli_remote_list *list,
    cli_remote_row_fn *row, void *cookie)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_remote_open(c);

	return code != CODE_OK
	    ? code
	    : cli_scanned(cli_remote_read(c, list, row, cookie, &err), &err);
}

int
cli_remote_each(struct json_object *page, cli_remote_row_fn *row, void *cookie,
    struct err *err)
{
	struct json_object *items = api_client_member(page, "items");
	size_t i, n;
	int rc = 0;

	if (!json_object_is_type(items, json_type_array))
		return err_set(
		    err, ERR_PROTOCOL, "the answer is no page of a list");
	n = json_object_array_length(items);
	for (i = 0; rc == 0 && i < n; i++)
		rc = row(cookie, json_object_array_get_idx(items, i), err);
	return rc;
}
