/* The CA itself: made, shown, and brought from one issuing key to the next. */
#include <stdlib.h>

#include "buf.h"
#include "ca.h"
#include "ca_keys.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "file.h"
#include "mem.h"
#include "records_ca.h"
#include "rollover.h"
#include "secret.h"
#include "store.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PEM_MAX ((size_t)1024 * 1024)
#define PUBLIC_MODE 0644

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
	struct key_pins pins = {.key = NULL};
	struct err err = {.kind = ERR_NONE};
	int code = key_option_new(c, &how, &pins), rc;

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
	key_pins_free(&pins);
	return code;
}

/* --- show and chain --- */

/* All but the last are the API's, too. */
static const struct table_column line_columns[] = {{"id", TABLE_INT, 0, 0},
    {"state", TABLE_STRING, 0, 0}, {"subject", TABLE_STRING, 0, 24},
    {"root", TABLE_STRING, 1, 24}, {"cross", TABLE_STRING, 5, 24},
    {"not_before", TABLE_TIME, 4, 0}, {"not_after", TABLE_TIME, 0, 0},
    {"serial", TABLE_STRING, 3, 0}, {"key_file", TABLE_STRING, 2, 0}};

static int
write_line(void *cookie, const struct ca_line_info *info, struct err *err)
{
	static const struct cli_remote_rows rows = {
	    .columns = line_columns, .count = COUNT(line_columns) - 1};
	struct record r;

	(void)err;
	record_issuer(&r, info, clock_now());
	cli_record(cookie, &rows, &r);
	table_text(cookie, info->key_file);
	table_row(cookie);
	return 0;
}

int
cmd_ca_show(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct ca_conf conf;
	struct table *t;
	int code, rc;

	if (cli_remote(c))
		return cmd_ca_show_remote(c, line_columns, COUNT(line_columns));
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	conf = daemon_ca_conf(&c->daemon);
	t = cli_table(c, line_columns, COUNT(line_columns));
	rc = ca_lines(&conf, write_line, t, &err);
	return cli_listed(c, t, rc, &err);
}

int
cmd_ca_put_public(const struct cli *c, const struct buf *pem, struct err *err)
{
	const char *file = cli_text(c, "out");

	if (file != NULL)
		return file_write(
		    file, pem->data, pem->len, PUBLIC_MODE, false, err);
	(void)fwrite(pem->data, 1, pem->len, stdout);
	return 0;
}

struct ca *
cmd_ca_line(struct cli *c)
{
	int64_t id = cli_count(c, "issuer", 0);
	struct ca *ca = c->daemon.ca;

	while (ca != NULL && id != 0 && ca_line_id(ca) != id)
		ca = ca_older(ca);
	if (ca == NULL)
		(void)cli_complain(CODE_NOTHING,
		    "no issuing CA with this number that is not at its end: "
		    "see \"ca show\"");
	return ca;
}

int
cmd_ca_put_chain(
    struct cli *c, const struct ca *ca, struct buf *out, struct err *err)
{
	int64_t cross = cli_count(c, "cross", 0);

	return cross == 0 ? ca_chain_pem(ca, out, err)
			  : ca_cross_pem(ca, (size_t)cross, out, err);
}

int
cmd_ca_chain(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct buf pem;
	struct ca *ca;
	int code, rc;

	if (cli_remote(c))
		return cmd_ca_chain_remote(c);
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK)
		return code;
	ca = cmd_ca_line(c);
	if (ca == NULL)
		return CODE_NOTHING;
	buf_init(&pem, PEM_MAX);
	if (cli_flag(c, "root"))
		rc = ca_root_pem(ca, &pem, &err);
	else if (cli_flag(c, "all"))
		rc = ca_trust_pem(ca, &pem, &err);
	else
		rc = cmd_ca_put_chain(c, ca, &pem, &err);
	if (rc == 0)
		rc = cmd_ca_put_public(c, &pem, &err);
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
	struct key_pins pins = {.key = NULL};
	struct err err = {.kind = ERR_NONE};
	int code = key_option_issuing(c, &how.key, &pins), rc;
	struct ca_conf conf;
	struct buf pem;

	if (code == CODE_OK)
		code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK) {
		key_pins_free(&pins);
		return code;
	}
	conf = daemon_ca_conf(&c->daemon);
	buf_init(&pem, PEM_MAX);
	rc = ca_request(&conf, &how, &pem, &err);
	key_pins_free(&pins);
	if (rc == 0)
		rc = tell_event(c, "ca.requested", "{}", &err);
	if (rc == 0)
		rc = cmd_ca_put_public(c, &pem, &err);
	buf_free(&pem);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

/* What is done with certificates that others made. */
struct taking {
	int (*take)(
	    const struct ca_conf *conf, struct ca_import *io, struct err *err);
	const char *question, *event, *note;
};

static int
take_pem(struct cli *c, const struct taking *in, const struct buf *pem)
{
	struct ca_import io = {.pem = pem, .now = clock_now(), .dry = true};
	struct ca_conf conf = daemon_ca_conf(&c->daemon);
	struct err err = {.kind = ERR_NONE};
	char end[CLOCK_TEXT], *text;
	bool sure;
	int rc;

	if (in->take(&conf, &io, &err) != 0)
		return cli_fail(&err);
	text = mem_printf("%s %s, until %s, under the root %s (SHA-256 %s)",
	    in->question, io.subject, clock_text(io.not_after, end), io.root,
	    io.root_sha256);
	sure = cli_confirm(c, text);
	free(text);
	if (!sure)
		return CODE_REFUSED;
	io.dry = false;
	if (in->take(&conf, &io, &err) != 0)
		return cli_fail(&err);
	text = mem_printf("{\"root_sha256\":\"%s\"}", io.root_sha256);
	rc = tell_event(c, in->event, text, &err);
	free(text);
	if (rc != 0)
		return cli_fail(&err);
	cli_note(c, "%s %s", io.subject, in->note);
	return CODE_OK;
}

static int
take_file(struct cli *c, const struct taking *in)
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
		code = take_pem(c, in, &pem);
	buf_free(&pem);
	return code;
}

int
cmd_ca_import(struct cli *c)
{
	static const struct taking in = {.take = ca_import,
	    .question = "issue from now on by",
	    .event = "ca.imported",
	    .note = "issues from now on"};

	return take_file(c, &in);
}

int
cmd_ca_cross(struct cli *c)
{
	static const struct taking in = {.take = ca_cross_import,
	    .question = "let another root vouch for",
	    .event = "ca.crossed",
	    .note = "has a further chain: \"ca chain --cross\""};

	return take_file(c, &in);
}

int
cmd_ca_rollover(struct cli *c)
{
	struct ca_roll io = {.organisation = cli_text(c, "organisation")};
	struct key_pins pins = {.key = NULL};
	struct err err = {.kind = ERR_NONE};
	int code = key_option_issuing(c, &io.key, &pins), rc;
	struct ca_conf conf;
	char *text;

	if (code == CODE_OK)
		code = key_option_root(c, &io.root_key, &pins);
	if (code == CODE_OK)
		code = cli_open(c, DAEMON_CA, NULL);
	if (code == CODE_OK &&
	    !cli_confirm(c,
		"make a new root and a new issuing CA, and issue by that from "
		"now on"))
		code = CODE_REFUSED;
	if (code != CODE_OK)
		goto out;
	conf = daemon_ca_conf(&c->daemon);
	rc = ca_rollover(c->daemon.ca, &conf, &io, &err);
	text = mem_printf("{\"root_sha256\":\"%s\"}", io.root_sha256);
	if (rc == 0)
		rc = tell_event(c, "ca.rolled", text, &err);
	free(text);
	code = rc == 0 ? CODE_OK : cli_fail(&err);
	if (rc == 0)
		cli_note(c,
		    "%s issues from now on, under the root %s (SHA-256 %s)",
		    io.subject, io.root, io.root_sha256);
out:
	key_pins_free(&pins);
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
		rc = cmd_ca_put_public(c, &pem, &err);
	buf_free(&request);
	buf_free(&pem);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}
