/* The domain's Kerberos: is it well, and a device's part in it. */
#include <json-c/json.h>
#include <stdlib.h>

#include "api_client.h"
#include "buf.h"
#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_job.h"
#include "commands_directory_internal.h"
#include "device.h"
#include "file.h"
#include "hygiene.h"
#include "store.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEYTAB_MAX ((size_t)64 * 1024 * 1024)

/* --- status --- */

static const struct table_column status_columns[] = {
    {"level", TABLE_STRING, 0, 0}, {"part", TABLE_STRING, 0, 0},
    {"name", TABLE_STRING, 0, 24}, {"offset_ms", TABLE_INT, 3, 0},
    {"error_ms", TABLE_INT, 6, 0}, {"kvno", TABLE_INT, 2, 0},
    {"enctypes", TABLE_LIST, 4, 12}, {"until", TABLE_TIME, 1, 0},
    {"renew_until", TABLE_TIME, 5, 0}, {"code", TABLE_STRING, 0, 0},
    {"finding", TABLE_STRING, 0, 24}};

struct status {
	struct table *table;
	size_t findings, bad;
	bool refused, reached;
};

/* A part that has no number shows none, rather than 0. */
static void
write_number(struct table *t, bool known, int64_t value)
{
	if (known)
		table_int(t, value);
	else
		table_nothing(t);
}

static int
write_status(void *cookie, const struct hygiene_krb_row *row, struct err *err)
{
	static const char *const levels[] = {
	    [HYGIENE_GOOD] = "ok",
	    [HYGIENE_WARNING] = "warning",
	    [HYGIENE_BAD] = "bad",
	};
	struct status *s = cookie;

	table_text(s->table, levels[row->level]);
	table_text(s->table, row->part);
	table_text(s->table, row->name);
	write_number(s->table, row->timed, row->offset_ms);
	write_number(s->table, row->timed, row->error_ms);
	write_number(s->table, row->kvno != 0, row->kvno);
	table_text(s->table, row->enctypes);
	table_int(s->table, row->until);
	table_int(s->table, row->renew_until);
	table_text(s->table, row->code);
	table_text(s->table, row->text);
	s->findings += row->level != HYGIENE_GOOD;
	s->bad += row->level == HYGIENE_BAD;
	s->refused = s->refused || str_eq(row->code, "login-refused");
	s->reached = s->reached || str_eq(row->part, "clock");
	return cli_row(s->table, err);
}

/* The worst there is, as a script wants it. */
static int
status_code(const struct cli *c, const struct status *s)
{
	if (s->findings == 0)
		cli_note(c, "nothing found");
	else
		cli_note(c, "%zu finding%s, %zu bad", s->findings,
		    s->findings == 1 ? "" : "s", s->bad);
	if (!s->reached)
		return CODE_UNREACHABLE;
	if (s->refused)
		return CODE_DENIED;
	if (s->bad > 0)
		return CODE_PARTIAL;
	return s->findings > 0 ? CODE_WARNED : CODE_OK;
}

static int
status_remote(struct cli *c)
{
	struct api_client_path path;
	const struct cli_remote_job job = {.path = &path,
	    .columns = status_columns,
	    .count = COUNT(status_columns)};
	int code;

	api_client_path_init(&path, "krb");
	api_client_path_add(&path, "status");
	code = cli_remote_job(c, &job);
	api_client_path_free(&path);
	return code;
}

int
cmd_krb_status(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct status s = {.findings = 0};
	int code, rc;

	if (cli_remote(c))
		return status_remote(c);
	code = cli_open(c, DAEMON_ENGINE, NULL);
	if (code != CODE_OK)
		return code;
	s.table = cli_table(c, status_columns, COUNT(status_columns));
	rc = hygiene_krb_status(&c->daemon, write_status, &s, &err);
	table_end(s.table);
	code = cli_scanned(rc, &err);
	return code == CODE_OK ? status_code(c, &s) : code;
}

/* --- check --- */

struct chain {
	struct table *table;
	size_t broken;
};

static void
write_line(void *cookie, const struct hygiene_krb_line *line)
{
	static const char *const states[] = {
	    [HYGIENE_LINK_GOOD] = "ok",
	    [HYGIENE_LINK_BROKEN] = "failed",
	    [HYGIENE_LINK_SKIPPED] = "skipped",
	};
	struct chain *chain = cookie;

	table_text(chain->table, states[line->link]);
	table_text(chain->table, line->what);
	table_text(chain->table, line->subject);
	table_text(chain->table, line->text);
	table_row(chain->table);
	chain->broken += line->link == HYGIENE_LINK_BROKEN;
}

int
cmd_krb_check(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"state", TABLE_STRING, 0, 0}, {"check", TABLE_STRING, 0, 0},
	    {"subject", TABLE_STRING, 1, 24}, {"text", TABLE_STRING, 0, 32}};
	struct err err = {.kind = ERR_NONE};
	struct chain chain = {.broken = 0};
	struct device *device = NULL;
	int code = cli_open(c, DAEMON_ENGINE, cli_actor()), rc;

	if (code != CODE_OK)
		return code;
	if (store_device_find(c->daemon.store, c->args[0], &device, &err) != 0)
		return cli_fail(&err);
	chain.table = cli_table(c, columns, COUNT(columns));
	rc =
	    hygiene_krb_check(&c->daemon, device->id, write_line, &chain, &err);
	device_free(device);
	table_end(chain.table);
	code = cli_scanned(rc, &err);
	if (code != CODE_OK)
		return code;
	return chain.broken > 0 ? CODE_PARTIAL : CODE_OK;
}

/* --- keytab export --- */

struct export
{
	struct cli *c;
	const char *file;
	struct table *table;
	struct buf keytab;
};

static int
tell_export(struct export *e, const struct device *device,
    const struct hygiene_exported *got, struct err *err)
{
	struct json_object *detail = json_object_new_object();
	int rc;

	json_object_object_add(detail, "file", json_object_new_string(e->file));
	json_object_object_add(
	    detail, "account", json_object_new_string(device->ad_account));
	json_object_object_add(
	    detail, "kvno", json_object_new_int64(got->kvno));
	json_object_object_add(
	    detail, "enctypes", json_object_new_string(got->enctypes));
	rc = cli_event(e->c, device, "keytab.exported",
	    json_object_to_json_string(detail), err);
	json_object_put(detail);
	return rc;
}

static int
export_one(void *cookie, const struct device *device, struct err *err)
{
	struct export *e = cookie;
	struct hygiene_exported got = {.kvno = 0};

	if (hygiene_krb_export(&e->c->daemon, device, &e->keytab, &got, err) !=
	    0)
		return err_context(err, "%s", device->name);
	if (tell_export(e, device, &got, err) != 0)
		return -1;
	table_text(e->table, device->name);
	table_text(e->table, device->ad_account);
	table_int(e->table, got.kvno);
	table_text(e->table, got.enctypes);
	table_int(e->table, (int64_t)got.principals);
	return cli_row(e->table, err);
}

/* All devices or none; the audit chain is told before a key is in a file. */
static int
export_all(struct export *e)
{
	struct cli *c = e->c;
	struct err err = {.kind = ERR_NONE};
	int code = cli_select(c, 0, export_one, e);

	if (code != CODE_OK)
		return code;
	if (store_commit(c->daemon.store, &err) != 0 ||
	    file_write(e->file, e->keytab.data, e->keytab.len, 0600,
		!cli_flag(c, "replace"), &err) != 0)
		return cli_fail(&err);
	cli_note(c,
	    "%s is as good as the passwords of these objects; it is old once "
	    "they are set anew",
	    e->file);
	return CODE_OK;
}

int
cmd_krb_keytab_export(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"device", TABLE_STRING, 0, 0}, {"account", TABLE_STRING, 0, 0},
	    {"kvno", TABLE_INT, 0, 0}, {"enctypes", TABLE_LIST, 0, 0},
	    {"principals", TABLE_INT, 1, 0}};
	struct export e = {.c = c, .file = cli_text(c, "out")};
	char there[FILE_STAMP];
	int code;

	if (e.file == NULL)
		return cli_complain(
		    CODE_USAGE, "--out FILE says where the keys go");
	/* Before the audit chain says that they were exported. */
	file_stamp(e.file, there);
	if (there[0] != '\0' && !cli_flag(c, "replace"))
		return cli_complain(CODE_EXISTS,
		    "%s is there already; --replace writes over it", e.file);
	code = cli_open(c, DAEMON_ENGINE, NULL);
	if (code != CODE_OK)
		return code;
	buf_init(&e.keytab, KEYTAB_MAX);
	e.table = cli_table(c, columns, COUNT(columns));
	code = export_all(&e);
	table_end(e.table);
	buf_free(&e.keytab); /* wipes */
	return code;
}
