#include "ca.h"

#include <stdlib.h>
#include <unistd.h>

#include "api_client.h"
#include "bridge_issue.h"
#include "buf.h"
#include "ca_health.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "conf.h"
#include "device.h"
#include "file.h"
#include "mem.h"
#include "records_ca.h"
#include "store.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CRL_MAX ((size_t)64 * 1024 * 1024)
#define ROOT_CRL_MAX ((size_t)128 * 1024)
#define PEM_LINE 64
#define CRL_MODE 0644

/* --- list --- */

static const struct table_column cert_columns[] = {
    {"serial", TABLE_STRING, 0, 0}, {"device", TABLE_STRING, 0, 0},
    {"names", TABLE_STRING, 0, 20}, {"template", TABLE_STRING, 4, 0},
    {"issued_at", TABLE_TIME, 5, 0}, {"not_before", TABLE_TIME, 6, 0},
    {"not_after", TABLE_TIME, 0, 0}, {"revoked_at", TABLE_TIME, 1, 0},
    {"subject", TABLE_STRING, 3, 20}, {"issuer", TABLE_STRING, 2, 0}};

static const struct cli_remote_rows cert_rows = {
    .columns = cert_columns, .count = COUNT(cert_columns)};

static int
write_cert(void *cookie, const struct ca_cert *cert, struct err *err)
{
	struct record r;

	record_cert(&r, cert);
	cli_record(cookie, &cert_rows, &r);
	return cli_row(cookie, err);
}

static int
list_remote(struct cli *c)
{
	static const char *const ours[] = {"expiring", NULL};
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path, .paged = true};
	int code = cli_remote_refuse(c, ours);

	if (code != CODE_OK)
		return code;
	api_client_path_init(&path, "certificates");
	api_client_path_param(&path, "device", cli_text(c, "device"));
	code = cli_remote_table(c, &list, &cert_rows);
	api_client_path_free(&path);
	return code;
}

int
cmd_ca_list(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int64_t within = cli_span(c, "expiring", 0);
	struct ca_list_of of = {.device = NULL};
	struct table *t;
	int code, rc;

	if (cli_remote(c))
		return list_remote(c);
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK)
		return code;
	t = cli_table(c, cert_columns, COUNT(cert_columns));
	of.device = cli_text(c, "device");
	if (within != 0) {
		of.ends_from = clock_now();
		of.ends_before = of.ends_from + within;
	}
	rc = ca_list(c->daemon.ca, &of, write_cert, t, &err);
	return cli_listed(c, t, rc, &err);
}

/* --- CRL --- */

/* RFC 7468 */
static void
to_pem(const struct buf *der, struct buf *pem)
{
	struct buf text;
	size_t i, len;

	buf_init(&text, CRL_MAX * 2);
	str_base64(&text, der->data, der->len);
	buf_str(pem, "-----BEGIN X509 CRL-----\n");
	for (i = 0; i < text.len; i += PEM_LINE) {
		len = text.len - i < PEM_LINE ? text.len - i : PEM_LINE;
		buf_add(pem, text.data + i, len);
		buf_char(pem, '\n');
	}
	buf_str(pem, "-----END X509 CRL-----\n");
	buf_free(&text);
}

static int
put_crl(const struct cli *c, const struct buf *bytes, struct err *err)
{
	const char *file = cli_text(c, "out");

	if (file != NULL)
		return file_write(
		    file, bytes->data, bytes->len, CRL_MODE, false, err);
	(void)fwrite(bytes->data, 1, bytes->len, stdout);
	return 0;
}

/* A root's list that was made elsewhere. */
static int
import_crl(struct cli *c, const char *path)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL), rc;
	struct buf file;

	if (code != CODE_OK)
		return code;
	buf_init(&file, ROOT_CRL_MAX);
	rc = file_read(path, ROOT_CRL_MAX, &file, &err);
	if (rc == 0)
		rc = ca_root_crl_import(c->daemon.ca, &file, clock_now(), &err);
	if (rc == 0)
		rc = cli_event(c, NULL, "ca.crl.imported", "{}", &err);
	if (rc == 0)
		rc = store_commit(c->daemon.store, &err);
	buf_free(&file);
	if (rc != 0)
		return cli_fail(&err);
	cli_note(c, "the root's list is given out from now on");
	return CODE_OK;
}

/* CODE_OK, or the code with the complaint printed. */
static int
read_crl(struct cli *c, struct buf *der)
{
	struct ca_crl_info info = {.number = 0};
	struct err err = {.kind = ERR_NONE};
	struct ca *ca;
	int code, rc;

	if (cli_remote(c))
		return cmd_ca_crl_remote(c, der);
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK)
		return code;
	ca = cmd_ca_line(c);
	if (ca == NULL)
		return CODE_NOTHING;
	rc = cli_flag(c, "root")
	    ? ca_root_crl_since(ca, clock_now(), &info, der, &err)
	    : ca_crl(ca, clock_now(), der, &err);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

int
cmd_ca_crl(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	bool pem_wanted = cli_flag(c, "pem");
	struct buf der, pem;
	int code;

	if (!cli_remote(c) && cli_text(c, "import") != NULL)
		return import_crl(c, cli_text(c, "import"));
	if (!pem_wanted && cli_text(c, "out") == NULL && isatty(STDOUT_FILENO))
		return cli_complain(CODE_USAGE,
		    "DER is not for a terminal: give --pem or --out FILE");
	buf_init(&der, CRL_MAX);
	buf_init(&pem, CRL_MAX * 2);
	code = read_crl(c, &der);
	if (code == CODE_OK && pem_wanted)
		to_pem(&der, &pem);
	if (code == CODE_OK && put_crl(c, pem_wanted ? &pem : &der, &err) != 0)
		code = cli_fail(&err);
	buf_free(&der);
	buf_free(&pem);
	return code;
}

/* --- check --- */

struct places {
	struct table *table;
	bool bad;
};

static void
write_place(void *cookie, const struct daemon_place *place)
{
	struct places *p = cookie;

	table_text(p->table, place->what);
	table_text(p->table, place->url);
	table_text(p->table, place->problem);
	table_row(p->table);
	p->bad = p->bad || place->problem != NULL;
}

int
cmd_ca_check(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"place", TABLE_STRING, 0, 0}, {"url", TABLE_STRING, 0, 24},
	    {"problem", TABLE_STRING, 0, 24}};
	struct err err = {.kind = ERR_NONE};
	struct places places = {.bad = false};
	int code = cli_open(c, DAEMON_CA, NULL);
	int rc;

	if (code != CODE_OK)
		return code;
	places.table = cli_table(c, columns, COUNT(columns));
	rc = daemon_check_revocation(&c->daemon, write_place, &places, &err);
	rc = cli_listed(c, places.table, rc, &err);
	return rc == CODE_OK && places.bad ? CODE_PARTIAL : rc;
}

/* --- health --- */

static const struct table_column health_columns[] = {
    {"level", TABLE_STRING, 0, 0}, {"code", TABLE_STRING, 0, 0},
    {"subject", TABLE_STRING, 0, 24}, {"serial", TABLE_STRING, 2, 0},
    {"finding", TABLE_STRING, 0, 24}};
static const struct cli_remote_rows health_rows = {
    .columns = health_columns, .count = COUNT(health_columns)};

struct findings {
	struct table *table;
	size_t bad, count;
};

static int
write_finding(void *cookie, const struct ca_finding *f, struct err *err)
{
	struct findings *found = cookie;
	struct record r;

	record_health(&r, f);
	cli_record(found->table, &health_rows, &r);
	found->count++;
	found->bad += f->bad;
	return cli_row(found->table, err);
}

int
cmd_ca_health(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct findings found = {.count = 0};
	int code = cli_open(c, DAEMON_CA, NULL), rc;
	struct daemon_ca_health j;

	if (code != CODE_OK)
		return code;
	found.table = cli_table(c, health_columns, COUNT(health_columns));
	j = (struct daemon_ca_health){
	    c->daemon.store, c->daemon.ca, c->daemon.conf, c->daemon.profile};
	rc = daemon_ca_health(&j, write_finding, &found, &err);
	table_end(found.table);
	code = cli_scanned(rc, &err);
	if (code != CODE_OK)
		return code;
	if (found.count == 0)
		cli_note(c, "nothing found");
	else
		cli_note(c, "%zu finding%s, %zu bad", found.count,
		    found.count == 1 ? "" : "s", found.bad);
	return found.count > 0 ? CODE_PARTIAL : CODE_OK;
}
