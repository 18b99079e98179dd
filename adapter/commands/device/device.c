#include <stdlib.h>

#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_device_internal.h"
#include "conf.h"
#include "device.h"
#include "device_remote_internal.h"
#include "intake.h"
#include "mem.h"
#include "plan.h"
#include "records.h"
#include "secret.h"
#include "store.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- add --- */

static int
add_local(struct cli *c, const struct intake *in, struct device *device,
    const struct secret *password)
{
	const struct intake_to to = cli_intake(c);
	struct err err = {.kind = ERR_NONE};
	int rc = intake_group(c->daemon.store, in, device, NULL, &err);

	if (rc == 0)
		rc = intake_add(&to, device, password, &err);
	if (rc == 0)
		rc = store_commit(c->daemon.store, &err);
	if (rc == 0)
		return CODE_OK;
	(void)err_context(&err, "%s", device->name);
	return cli_fail(&err);
}

static int
add_device(struct cli *c, const struct intake *in, struct device *device)
{
	struct err err = {.kind = ERR_NONE};
	struct secret *password;
	int code;

	password = cli_secret(c, "password-file", "Admin password: ");
	if (password == NULL)
		return CODE_INPUT;
	if (intake_check_password(password, &err) != 0) {
		(void)err_context(&err, "%s", device->name);
		code = cli_fail(&err);
	} else {
		code = cli_remote(c) ? device_remote_add(c, password)
				     : add_local(c, in, device, password);
	}
	secret_free(password);
	if (code == CODE_OK)
		cli_note(c,
		    "%s is in the fleet; \"amtkeeper discover %s\" reads it",
		    device->name, device->name);
	return code;
}

int
cmd_device_add(struct cli *c)
{
	struct intake in = {.name = c->args[0],
	    .address = cli_text(c, "address"),
	    .uuid = cli_text(c, "uuid"),
	    .os_host = cli_text(c, "os-host"),
	    .os_domain = cli_text(c, "os-domain"),
	    .site = cli_text(c, "site"),
	    .group = cli_text(c, "group"),
	    .leaf_sha256 = cli_text(c, "pin"),
	    .plain = cli_flag(c, "plain")};
	struct err err = {.kind = ERR_NONE};
	struct device *device;
	int code;

	if (in.plain && cli_flag(c, "tls"))
		return cli_complain(
		    CODE_USAGE, "--tls and --plain exclude each other");
	device = intake_device(&in, &err);
	if (device == NULL)
		return cli_fail(&err);
	code = cli_remote(c) ? cli_remote_open(c)
			     : cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK)
		code = add_device(c, &in, device);
	device_free(device);
	return code;
}

/* --- list --- */

static const struct table_column list_columns[] = {{"name", TABLE_STRING, 0, 0},
    {"site", TABLE_STRING, 5, 8}, {"amt_version", TABLE_STRING, 4, 0},
    {"control_mode", TABLE_STRING, 7, 0}, {"tls_enabled", TABLE_BOOL, 8, 0},
    {"cert_not_after", TABLE_TIME, 3, 0}, {"seen_at", TABLE_TIME, 2, 0},
    {"next_due", TABLE_TIME, 6, 0}, {"run_result", TABLE_STRING, 1, 0},
    {"reasons", TABLE_LIST, 0, 20}};

static int
list_one(void *cookie, const struct device *d, struct err *err)
{
	struct table *t = cookie;
	const struct device_field *field;
	size_t i;

	for (i = 0; i < COUNT(list_columns); i++) {
		field = device_field(list_columns[i].name);
		if (field->type == DEVICE_BOOL && d->read_at == 0)
			table_nothing(t);
		else if (field->type == DEVICE_TEXT)
			table_text(t, device_get_text(d, field));
		else
			table_int(t, device_get_int(d, field));
	}
	return cli_row(t, err);
}

/* What was never read has no truths; a row says when it was. */
static int
list_remote(struct cli *c)
{
	const struct cli_remote_rows rows = {.columns = list_columns,
	    .count = COUNT(list_columns),
	    .known = "read_at"};

	return cli_selected(c, 0) ? cli_remote_chosen(c, 0, &rows)
				  : cli_remote_all(c, "devices", true, &rows);
}

int
cmd_device_list(struct cli *c)
{
	const struct store_filter everything = {
	    .limit = (size_t)cli_count(c, "limit", 0)};
	struct err err = {.kind = ERR_NONE};
	struct table *t;
	int code;

	if (cli_remote(c))
		return list_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	t = cli_table(c, list_columns, COUNT(list_columns));
	if (cli_selected(c, 0))
		code = cli_select(c, 0, list_one, t);
	else
		code = cli_scanned(store_device_scan(c->daemon.store,
				       &everything, list_one, t, &err),
		    &err);
	if (code == CODE_OK && table_rows(t) == 0 && c->format == TABLE_TEXT)
		cli_note(c, "nothing to show");
	table_end(t);
	return code;
}

/* --- show --- */

struct show {
	struct table *t;
	const struct cli_remote_rows *rows;
	const struct record_kind *kind;
	struct policy policy;
};

static int
show_one(void *cookie, const struct device *d, struct err *err)
{
	struct show *s = cookie;
	struct record r;

	record_device(&r, s->kind, d, &s->policy);
	cli_record(s->t, s->rows, &r);
	return cli_row(s->t, err);
}

/* All that there is; given. */
static struct table_column *
show_columns(const struct record_kind *kind)
{
	struct table_column *columns = mem_array(kind->count, sizeof(*columns));
	size_t i;

	for (i = 0; i < kind->count; i++)
		columns[i] =
		    (struct table_column){.name = kind->columns[i].name,
			.type = (enum table_type)kind->columns[i].type};
	return columns;
}

static int
show_local(struct cli *c, const struct cli_remote_rows *rows,
    const struct record_kind *kind)
{
	struct show s = {.rows = rows,
	    .kind = kind,
	    .policy = {.profile = c->daemon.profile,
		.directory = c->daemon.conf->directory,
		.realm = c->daemon.conf->realm,
		.now = clock_now()}};
	int code;

	s.t = cli_table(c, rows->columns, rows->count);
	table_set_blocks(s.t);
	code = cli_select(c, 0, show_one, &s);
	table_end(s.t);
	return code;
}

int
cmd_device_show(struct cli *c)
{
	struct cli_remote_rows rows = {.blocks = true};
	struct table_column *columns;
	struct record_kind *kind;
	int code;

	if (!cli_selected(c, 0))
		return cli_complain(
		    CODE_USAGE, "name the devices, or give --all");
	code = cli_remote(c) ? CODE_OK : cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	kind = record_device_kind();
	columns = show_columns(kind);
	rows.columns = columns;
	rows.count = kind->count;
	code = cli_remote(c) ? cli_remote_chosen(c, 0, &rows)
			     : show_local(c, &rows, kind);
	free(columns);
	free(kind);
	return code;
}
