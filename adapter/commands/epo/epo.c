/* Consoles above us. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_job.h"
#include "commands_epo_internal.h"
#include "conf.h"
#include "conf_epo.h"
#include "device.h"
#include "mem.h"
#include "records.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "upstream.h"
#include "upstreams.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Open the store, and the console that is named. */
static int
open_named(struct cli *c, struct upstream_conf *ret)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	if (upstream_conf_open(c->daemon.conf, c->args[0], ret, &err) != 0)
		return cli_complain(
		    err.kind == ERR_NOTFOUND ? CODE_NOTHING : CODE_CONFIG, "%s",
		    err.text);
	return CODE_OK;
}

/* --- login --- */

int
cmd_epo_login(struct cli *c)
{
	const char *user = cli_text(c, "user");
	struct err err = {.kind = ERR_NONE};
	struct upstream_conf conf = {0};
	struct secret *password;
	int code;

	if (user == NULL)
		return cli_complain(CODE_USAGE, "--user is needed");
	code = open_named(c, &conf);
	if (code == CODE_OK) {
		password = cli_secret(c, "password-file", "Password there: ");
		if (password == NULL)
			code = CODE_INPUT;
		else if (epo_login(c->daemon.store, c->args[0], user, password,
			     cli_actor(), &err) != 0)
			code = cli_fail(&err);
		secret_free(password);
	}
	if (code == CODE_OK)
		cli_note(c,
		    "%s: the login is kept, sealed; \"amtkeeper epo test %s\" "
		    "tries it",
		    c->args[0], c->args[0]);
	upstream_conf_clear(&conf);
	return code;
}

/* --- accept --- */

int
cmd_epo_accept(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct upstream u = {0};
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	if (upstream_find(c->daemon.store, c->args[0], &u, &err) != 0)
		return cli_fail(&err);
	if (u.state == UPSTREAM_CHANGED)
		cli_note(c, "%s", u.error);
	if (u.state == UPSTREAM_CHANGED &&
	    !cli_confirm(c, "go on with this server"))
		code = CODE_REFUSED;
	else if (epo_accept(c->daemon.store, c->args[0], cli_actor(), &err) !=
	    0)
		code = cli_fail(&err);
	upstream_clear(&u);
	return code;
}

/* --- test --- */

static const struct table_column test_columns[] = {{"what", TABLE_STRING, 0, 0},
    {"found", TABLE_STRING, 1, 20}, {"problem", TABLE_STRING, 0, 24}};

struct testing {
	struct table *table;
	size_t problems;
};

static void
note_finding(
    void *cookie, const char *what, const char *text, const char *problem)
{
	struct testing *t = cookie;

	t->problems += problem != NULL;
	table_text(t->table, what);
	table_text(t->table, text);
	table_text(t->table, problem);
	table_row(t->table);
}

int
cmd_epo_test(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct upstream_conf conf = {0};
	struct testing t = {0};
	int code;

	if (cli_remote(c))
		return cli_remote_test(
		    c, "epo-servers", NULL, test_columns, COUNT(test_columns));
	code = open_named(c, &conf);
	if (code != CODE_OK)
		return code;
	t.table = cli_table(c, test_columns, COUNT(test_columns));
	if (epo_test(&conf.epo, c->daemon.store, note_finding, &t, &err) != 0)
		code = cli_fail(&err);
	else if (t.problems > 0)
		code = CODE_PARTIAL;
	table_end(t.table);
	upstream_conf_clear(&conf);
	return code;
}

/* --- sync --- */

static const struct table_column sync_columns[] = {{"full", TABLE_BOOL, 1, 0},
    {"read", TABLE_INT, 0, 0}, {"added", TABLE_INT, 0, 0},
    {"changed", TABLE_INT, 0, 0}, {"unknown", TABLE_INT, 0, 0},
    {"problems", TABLE_INT, 0, 0}, {"gone", TABLE_INT, 0, 0},
    {"back", TABLE_INT, 0, 0}, {"tagged", TABLE_INT, 0, 0},
    {"untagged", TABLE_INT, 0, 0}, {"texts", TABLE_INT, 0, 0},
    {"opened", TABLE_INT, 0, 0}, {"closed", TABLE_INT, 0, 0}};

static void
write_report(struct cli *c, const struct epo_report *r)
{
	const size_t numbers[] = {r->read, r->added, r->changed, r->unknown,
	    r->problems, r->gone, r->back, r->tagged, r->untagged, r->texts,
	    r->opened, r->closed};
	struct table *t = cli_table(c, sync_columns, COUNT(sync_columns));
	size_t i;

	table_int(t, r->full);
	for (i = 0; i < COUNT(numbers); i++)
		table_int(t, (int64_t)numbers[i]);
	table_row(t);
	table_end(t);
}

static int
note_remarks(struct cli *c, const char *name)
{
	struct err err = {.kind = ERR_NONE};
	struct upstream u = {0};
	int code = CODE_OK;

	if (upstream_find(c->daemon.store, name, &u, &err) != 0)
		return cli_fail(&err);
	if (u.remarks != NULL) {
		cli_note(c, "%s: %s", name, u.remarks);
		code = CODE_PARTIAL;
	}
	upstream_clear(&u);
	return code;
}

static int
sync_named(struct cli *c, const struct epo_conf *conf)
{
	char *owner = mem_printf("%s/%ld", cli_actor(), (long)getpid());
	struct err err = {.kind = ERR_NONE};
	struct epo_sync *y = NULL;
	bool more = true;
	int code = CODE_OK;

	if (epo_sync_new(conf, c->daemon.store, owner, &y, &err) != 0)
		code = cli_fail(&err);
	while (code == CODE_OK && more)
		if (epo_sync_step(y, &more, &err) != 0)
			code = cli_fail(&err);
	if (code == CODE_OK) {
		write_report(c, epo_sync_report(y));
		code = note_remarks(c, conf->name);
	}
	epo_sync_free(y);
	free(owner);
	return code;
}

int
cmd_epo_sync(struct cli *c)
{
	struct upstream_conf conf = {0};
	int code = open_named(c, &conf);

	if (code == CODE_OK)
		code = sync_named(c, &conf.epo);
	upstream_conf_clear(&conf);
	return code;
}

/* --- status --- */

static const struct table_column status_columns[] = {
    {"name", TABLE_STRING, 0, 0}, {"url", TABLE_STRING, 5, 16},
    {"state", TABLE_STRING, 0, 0}, {"version", TABLE_STRING, 6, 0},
    {"good_at", TABLE_TIME, 0, 0}, {"next_at", TABLE_TIME, 2, 0},
    {"systems", TABLE_INT, 3, 0}, {"devices", TABLE_INT, 0, 0},
    {"gone", TABLE_INT, 0, 0}, {"problems", TABLE_INT, 0, 0},
    {"unsure", TABLE_INT, 4, 0}, {"issues", TABLE_INT, 1, 0},
    {"error", TABLE_STRING, 0, 20}};

static const struct cli_remote_rows status_rows = {
    .columns = status_columns, .count = COUNT(status_columns)};

static int
status_of(
    struct cli *c, struct table *t, const struct conf_epo *e, struct err *err)
{
	struct upstream_counts counts = {0};
	struct upstream u = {0};
	struct record r;
	int rc = upstream_find(c->daemon.store, e->name, &u, err);

	if (rc != 0 && err->kind == ERR_NOTFOUND) {
		err_clear(err);
		rc = 0;
	} else if (rc == 0) {
		rc = upstream_count(c->daemon.store, u.id, &counts, err);
	}
	if (rc == 0) {
		record_upstream(&r, e, &u, &counts);
		cli_record(t, &status_rows, &r);
		table_row(t);
	}
	upstream_clear(&u);
	return rc;
}

static int
status_all(struct cli *c)
{
	const struct conf *conf = c->daemon.conf;
	struct err err = {.kind = ERR_NONE};
	struct table *t = cli_table(c, status_columns, COUNT(status_columns));
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < conf->epo_count; i++)
		rc = status_of(c, t, &conf->epos[i], &err);
	return cli_listed(c, t, rc, &err);
}

static const struct table_column trouble_columns[] = {
    {"system", TABLE_INT, 0, 0}, {"name", TABLE_STRING, 0, 0},
    {"device", TABLE_STRING, 0, 0}, {"seen", TABLE_TIME, 1, 0},
    {"gone", TABLE_TIME, 0, 0}, {"problem", TABLE_STRING, 0, 24}};

struct troubles {
	struct cli *c;
	struct table *table;
};

static int
write_trouble(void *cookie, const struct upstream_link *l, struct err *err)
{
	struct troubles *w = cookie;
	struct device *d = NULL;

	if (l->device != 0 &&
	    store_device_get(w->c->daemon.store, l->device, &d, err) != 0)
		return -1;
	table_int(w->table, l->remote);
	table_text(w->table, l->name);
	table_text(w->table, d == NULL ? NULL : d->name);
	table_int(w->table, l->seen_at);
	table_int(w->table, l->gone_at);
	table_text(w->table, l->problem);
	device_free(d);
	return cli_row(w->table, err);
}

static int
status_named(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct troubles w = {.c = c};
	struct upstream u = {0};
	int rc;

	if (upstream_find(c->daemon.store, c->args[0], &u, &err) != 0)
		return cli_fail(&err);
	w.table = cli_table(c, trouble_columns, COUNT(trouble_columns));
	rc = upstream_link_scan(c->daemon.store, u.id, write_trouble, &w, &err);
	upstream_clear(&u);
	return cli_listed(c, w.table, rc, &err);
}

int
cmd_epo_status(struct cli *c)
{
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	return c->arg_count == 0 ? status_all(c) : status_named(c);
}
