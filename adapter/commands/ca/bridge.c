/* The enterprise's own CAs: what is configured, does it work, what waits. */
#include "bridge_issue.h"

#include <stdlib.h>

#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_job.h"
#include "commands_ca_internal.h"
#include "conf.h"
#include "device.h"
#include "mem.h"
#include "profile.h"
#include "records_ca.h"
#include "shown.h"
#include "store.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FINDINGS_MAX ((size_t)64 * 1024)

/* --- list --- */

static const struct table_column bridge_columns[] = {
    {"name", TABLE_STRING, 0, 0}, {"kind", TABLE_STRING, 2, 0},
    {"url", TABLE_STRING, 0, 20}, {"template", TABLE_STRING, 1, 0},
    {"waiting", TABLE_INT, 0, 0}};

static const struct cli_remote_rows bridge_rows = {
    .columns = bridge_columns, .count = COUNT(bridge_columns)};

static int
write_bridge(const struct cli *c, struct table *t, const struct conf_bridge *b,
    struct err *err)
{
	struct record r;

	if (record_bridge(&r, c->daemon.ca, c->daemon.profile, b, err) != 0)
		return -1;
	cli_record(t, &bridge_rows, &r);
	table_row(t);
	return 0;
}

int
cmd_ca_bridge_list(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL);
	struct table *t;
	size_t i;
	int rc = 0;

	if (code != CODE_OK)
		return code;
	t = cli_table(c, bridge_columns, COUNT(bridge_columns));
	for (i = 0; rc == 0 && i < c->daemon.conf->bridge_count; i++)
		rc = write_bridge(c, t, &c->daemon.conf->bridges[i], &err);
	return cli_listed(c, t, rc, &err);
}

/* --- test --- */

int
cmd_ca_bridge_test(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct ca_bridge *b;
	struct buf found;
	int code, rc;

	if (cli_remote(c))
		return cli_remote_test(c, "ca", "bridges", NULL, 0);
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK)
		return code;
	b = daemon_bridge(&c->daemon, c->args[0]);
	if (b == NULL)
		return cli_complain(
		    CODE_NOTHING, "no bridge is named %s", c->args[0]);
	buf_init(&found, FINDINGS_MAX);
	rc = ca_bridge_test(b, &found, &err);
	shown_put(stdout, buf_text(&found), SHOWN_LINES);
	buf_free(&found);
	if (rc != 0)
		return cli_fail(&err);
	cli_note(
	    c, "%s answers, and nothing was found wrong with it", c->args[0]);
	return CODE_OK;
}

/* --- pending --- */

static const struct table_column pending_columns[] = {
    {"device", TABLE_STRING, 0, 0}, {"names", TABLE_STRING, 2, 20},
    {"bridge", TABLE_STRING, 0, 0}, {"state", TABLE_STRING, 0, 0},
    {"request", TABLE_STRING, 4, 0}, {"since", TABLE_TIME, 3, 0},
    {"tries", TABLE_INT, 5, 0}, {"next_try", TABLE_TIME, 0, 0},
    {"text", TABLE_STRING, 0, 20}, {"key", TABLE_STRING, 1, 20}};

static const struct cli_remote_rows pending_rows = {
    .columns = pending_columns, .count = COUNT(pending_columns)};

static int
write_pending(void *cookie, const struct ca_bridge_row *row, struct err *err)
{
	struct record r;

	(void)err;
	record_pending(&r, row);
	cli_record(cookie, &pending_rows, &r);
	table_row(cookie);
	return 0;
}

int
cmd_ca_bridge_pending(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL);
	struct table *t;
	int rc;

	if (code != CODE_OK)
		return code;
	t = cli_table(c, pending_columns, COUNT(pending_columns));
	rc = ca_bridge_list(c->daemon.ca, write_pending, t, &err);
	return cli_listed(c, t, rc, &err);
}

/* --- hasten --- */

int
cmd_ca_bridge_hasten(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct device *d = NULL;
	int code = cli_open(c, DAEMON_CA, NULL);

	if (code != CODE_OK)
		return code;
	if (store_device_find(c->daemon.store, c->args[0], &d, &err) != 0)
		return cli_fail(&err);
	if (ca_bridge_hasten(c->daemon.ca, d->name, &err) != 0 ||
	    cli_event(c, d, "certificate.hastened", "{}", &err) != 0 ||
	    store_commit(c->daemon.store, &err) != 0)
		code = cli_fail(&err);
	else
		cli_note(c,
		    "\"run reissue-certificates %s\" asks now, not at the next "
		    "try",
		    d->name);
	device_free(d);
	return code;
}
