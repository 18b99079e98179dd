/* What our OCSP responder says, without a network. */
#include <stdlib.h>

#include "buf.h"
#include "ca.h"
#include "cli.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "file.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CERT_MAX 65536

struct verdicts {
	struct table *table;
	bool bad;
};

static int
write_verdict(void *cookie, const struct ca_ocsp_verdict *v, struct err *err)
{
	struct verdicts *all = cookie;

	table_text(all->table, v->serial);
	table_text(all->table, v->status);
	table_int(all->table, v->revoked_at);
	table_text(all->table, ca_reason_word(v->reason));
	table_int(all->table, v->this_update);
	table_int(all->table, v->next_update);
	all->bad = all->bad || !v->good;
	return cli_row(all->table, err);
}

/* A serial number, or a file with a certificate. */
static int
ask_about(struct cli *c, const char *what, struct buf *request, struct err *err)
{
	char *serial = cmd_ca_serial(what);
	struct ca_ocsp_about about = {.serial = serial};
	struct buf der;
	int rc = 0;

	buf_init(&der, CERT_MAX);
	if (cmd_ca_names_file(what)) {
		rc = cmd_ca_read_cert(what, &der, err);
		about.der = der.data;
		about.len = der.len;
	}
	if (rc == 0)
		rc = ca_ocsp_ask(c->daemon.ca, &about, request, err);
	free(serial);
	buf_free(&der);
	return rc;
}

static int
answer(struct cli *c, const struct buf *request, struct err *err)
{
	static const struct table_column columns[] = {
	    {"serial", TABLE_STRING, 0, 0}, {"status", TABLE_STRING, 0, 0},
	    {"revoked_at", TABLE_TIME, 1, 0}, {"reason", TABLE_STRING, 2, 0},
	    {"this_update", TABLE_TIME, 3, 0},
	    {"next_update", TABLE_TIME, 0, 0}};
	struct ca_ocsp io = {
	    .request = request->data, .len = request->len, .now = clock_now()};
	struct verdicts all = {.bad = false};
	struct buf der;
	int rc, code;

	buf_init(&der, CA_OCSP_ANSWER_MAX);
	rc = ca_ocsp(c->daemon.ca, &io, &der, err);
	if (rc == 0 && cli_text(c, "out") != NULL)
		rc = cmd_ca_put_public(c, &der, err);
	if (rc != 0) {
		buf_free(&der);
		return cli_fail(err);
	}
	all.table = cli_table(c, columns, COUNT(columns));
	rc = ca_ocsp_read(&der, write_verdict, &all, err);
	code = cli_listed(c, all.table, rc, err);
	buf_free(&der);
	return code == CODE_OK && all.bad ? CODE_PARTIAL : code;
}

int
cmd_ca_ocsp(struct cli *c)
{
	const char *file = cli_text(c, "request");
	struct err err = {.kind = ERR_NONE};
	struct buf request;
	int code, rc;

	if ((file == NULL) == (c->arg_count == 0))
		return cli_complain(
		    CODE_USAGE, "give SERIAL or FILE, or --request FILE");
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK)
		return code;
	buf_init(&request, CA_OCSP_REQUEST_MAX);
	rc = file != NULL ? file_read(file, CA_OCSP_REQUEST_MAX, &request, &err)
			  : ask_about(c, c->args[0], &request, &err);
	code = rc == 0 ? answer(c, &request, &err) : cli_fail(&err);
	buf_free(&request);
	return code;
}
