/* The CA itself: made, shown, and brought from one issuing key to the next. */
#include <stdlib.h>

#include "buf.h"
#include "ca.h"
#include "cli_internal.h"
#include "clock.h"
#include "file.h"
#include "mem.h"
#include "secret.h"
#include "store.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DEFAULT_ORGANISATION "amtkeeper"
#define PEM_MAX ((size_t)1024 * 1024)
#define PUBLIC_MODE 0644

int
cli_ca_key(struct cli *c, struct ca_key_place *ret, struct secret **ret_pin)
{
	bool has_pin = cli_text(c, "pin-file") != NULL;

	*ret = (struct ca_key_place){.uri = cli_text(c, "key")};
	if (!has_pin)
		return CODE_OK;
	if (ret->uri == NULL)
		return cli_complain(
		    CODE_USAGE, "--pin-file is for the token of --key");
	*ret_pin = cli_secret(c, "pin-file", NULL);
	ret->pin = *ret_pin;
	return *ret_pin != NULL ? CODE_OK : CODE_INPUT;
}

int
cli_ca_new(struct cli *c, struct ca_new *ret, struct secret **ret_pin)
{
	const char *organisation = cli_text(c, "organisation");

	*ret = (struct ca_new){.organisation = organisation != NULL
		? organisation
		: DEFAULT_ORGANISATION};
	return cli_ca_key(c, &ret->key, ret_pin);
}

static int
tell_event(struct cli *c, const char *kind, const char *detail, struct err *err)
{
	int rc = cli_event(c, NULL, kind, detail, err);

	return rc == 0 ? store_commit(c->daemon.store, err) : -1;
}

int
cmd_ca_init(struct cli *c)
{
	struct ca_new how;
	const struct daemon_ca_new ca = {
	    .how = &how, .offline = cli_flag(c, "offline-root")};
	struct secret *pin = NULL;
	struct err err = {.kind = ERR_NONE};
	int code = cli_ca_new(c, &how, &pin), rc;

	if (code == CODE_OK)
		code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		goto out;
	rc = daemon_create_ca(&c->daemon, &ca, &err);
	if (rc == 0)
		rc = tell_event(c, "ca.created", "{}", &err);
	if (rc != 0) {
		code = cli_fail(&err);
		goto out;
	}
	cli_note(c, "%s",
	    ca.offline ? "the CA waits for its certificate: \"ca csr\" writes "
			 "the request, \"ca import\" takes the answer"
		       : "the CA is made");
out:
	secret_free(pin);
	return code;
}

/* --- show and chain --- */

static int
write_line(void *cookie, const struct ca_line_info *info, struct err *err)
{
	static const char *const states[] = {
	    [CA_LINE_WAITING] = "waiting",
	    [CA_LINE_ACTIVE] = "active",
	    [CA_LINE_OLD] = "old",
	};
	const char *state = states[info->state];
	struct table *t = cookie;

	(void)err;
	if (info->state != CA_LINE_WAITING && info->not_after < clock_now())
		state = "ended";
	table_int(t, info->id);
	table_text(t, state);
	table_text(t, info->subject);
	table_text(t, info->root);
	table_int(t, info->not_before);
	table_int(t, info->not_after);
	table_text(t, info->serial);
	table_text(t, info->key_file);
	table_row(t);
	return 0;
}

int
cmd_ca_show(struct cli *c)
{
	static const struct table_column columns[] = {{"id", TABLE_INT, 0, 0},
	    {"state", TABLE_STRING, 0, 0}, {"subject", TABLE_STRING, 0, 24},
	    {"root", TABLE_STRING, 1, 24}, {"not_before", TABLE_TIME, 4, 0},
	    {"not_after", TABLE_TIME, 0, 0}, {"serial", TABLE_STRING, 3, 0},
	    {"key_file", TABLE_STRING, 2, 0}};
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL), rc;
	struct ca_conf conf;
	struct table *t;

	if (code != CODE_OK)
		return code;
	conf = daemon_ca_conf(&c->daemon);
	t = cli_table(c, columns, COUNT(columns));
	rc = ca_lines(&conf, write_line, t, &err);
	return cli_listed(c, t, rc, &err);
}

int
cli_put_public(const struct cli *c, const struct buf *pem, struct err *err)
{
	const char *file = cli_text(c, "out");

	if (file != NULL)
		return file_write(
		    file, pem->data, pem->len, PUBLIC_MODE, false, err);
	(void)fwrite(pem->data, 1, pem->len, stdout);
	return 0;
}

int
cmd_ca_chain(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL), rc;
	struct buf pem;

	if (code != CODE_OK)
		return code;
	buf_init(&pem, PEM_MAX);
	if (cli_flag(c, "root"))
		rc = ca_root_pem(c->daemon.ca, &pem, &err);
	else if (cli_flag(c, "all"))
		rc = ca_trust_pem(c->daemon.ca, &pem, &err);
	else
		rc = ca_chain_pem(c->daemon.ca, &pem, &err);
	if (rc == 0)
		rc = cli_put_public(c, &pem, &err);
	buf_free(&pem);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

/* --- rollover --- */

int
cmd_ca_csr(struct cli *c)
{
	struct ca_request_new how = {
	    .organisation = cli_text(c, "organisation"),
	    .anew = cli_flag(c, "new"),
	};
	struct secret *pin = NULL;
	struct err err = {.kind = ERR_NONE};
	int code = cli_ca_key(c, &how.key, &pin), rc;
	struct ca_conf conf;
	struct buf pem;

	if (code == CODE_OK)
		code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK) {
		secret_free(pin);
		return code;
	}
	conf = daemon_ca_conf(&c->daemon);
	buf_init(&pem, PEM_MAX);
	rc = ca_request(&conf, &how, &pem, &err);
	secret_free(pin);
	if (rc == 0)
		rc = tell_event(c, "ca.requested", "{}", &err);
	if (rc == 0)
		rc = cli_put_public(c, &pem, &err);
	buf_free(&pem);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

static int
import_pem(struct cli *c, const struct buf *pem)
{
	struct ca_import io = {.pem = pem, .now = clock_now(), .dry = true};
	struct ca_conf conf = daemon_ca_conf(&c->daemon);
	struct err err = {.kind = ERR_NONE};
	char end[CLOCK_TEXT], *text;
	bool sure;
	int rc;

	if (ca_import(&conf, &io, &err) != 0)
		return cli_fail(&err);
	text = mem_printf("issue from now on by %s, until %s, under the root "
			  "%s (SHA-256 %s)",
	    io.subject, clock_text(io.not_after, end), io.root, io.root_sha256);
	sure = cli_confirm(c, text);
	free(text);
	if (!sure)
		return CODE_REFUSED;
	io.dry = false;
	if (ca_import(&conf, &io, &err) != 0)
		return cli_fail(&err);
	text = mem_printf("{\"root_sha256\":\"%s\"}", io.root_sha256);
	rc = tell_event(c, "ca.imported", text, &err);
	free(text);
	if (rc != 0)
		return cli_fail(&err);
	cli_note(c,
	    "%s issues from now on; restart \"amtkeeper serve\", which "
	    "has the one before it open",
	    io.subject);
	return CODE_OK;
}

int
cmd_ca_import(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL);
	struct buf pem;

	if (code != CODE_OK)
		return code;
	buf_init(&pem, PEM_MAX);
	if (file_read(c->args[0], PEM_MAX, &pem, &err) != 0)
		code = cli_fail(&err);
	else
		code = import_pem(c, &pem);
	buf_free(&pem);
	return code;
}

int
cmd_ca_certify(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL), rc;
	struct ca_conf conf;
	struct buf request, pem;

	if (code != CODE_OK)
		return code;
	conf = daemon_ca_conf(&c->daemon);
	buf_init(&request, PEM_MAX);
	buf_init(&pem, PEM_MAX);
	rc = file_read(c->args[0], PEM_MAX, &request, &err);
	if (rc == 0)
		rc = ca_certify(c->daemon.ca, &conf, &request, &pem, &err);
	if (rc == 0)
		rc = tell_event(c, "ca.certified", "{}", &err);
	if (rc == 0)
		rc = cli_put_public(c, &pem, &err);
	buf_free(&request);
	buf_free(&pem);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}
