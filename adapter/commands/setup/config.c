#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "cli.h"
#include "commands_setup_internal.h"
#include "conf.h"
#include "conf_epo.h"
#include "device.h"
#include "err.h"
#include "file.h"
#include "forward.h"
#include "mem.h"
#include "plan.h"
#include "profile.h"
#include "secret.h"
#include "shown.h"
#include "store.h"
#include "upstreams.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SHOW_LINE_MAX 4096
#define NEWEST_MAJOR 22 /* firmware that a profile should serve */

/* --- check --- */

/* A file that is named and not there; not those that are made when needed. */
static void
warn_of_file(void *cookie, const struct conf_entry *e)
{
	const struct cli *c = cookie;
	struct err err = {.kind = ERR_NONE};

	if (!e->path || e->value == NULL || access(e->value, F_OK) == 0)
		return;
	(void)err_errno(&err, errno, "%s: %s", e->key, e->value);
	if (e->file == NULL)
		cli_note(c, "warning: %s (the default)", err.text);
	else
		cli_note(c, "warning: %s:%zu: %s", e->file, e->line, err.text);
}

static int
check_forwards(const struct conf *conf, struct err *err)
{
	size_t i;

	for (i = 0; i < conf->forward_count; i++)
		if (forward_check(&conf->forwards[i], err) != 0)
			return -1;
	return 0;
}

/* Consoles above us; nobody is asked. */
static int
check_upstreams(const struct conf *conf, struct err *err)
{
	struct upstream_conf u = {0};
	size_t i;

	for (i = 0; i < conf->epo_count; i++) {
		if (upstream_conf_open(conf, conf->epos[i].name, &u, err) != 0)
			return -1;
		upstream_conf_clear(&u);
	}
	return 0;
}

int
cmd_config_check(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	char why[PLAN_OBSTACLE];
	int code = cli_load(c);

	if (code != CODE_OK)
		return code;
	if (daemon_open_bridges(&c->daemon, &err) != 0 ||
	    check_forwards(c->daemon.conf, &err) != 0 ||
	    check_upstreams(c->daemon.conf, &err) != 0)
		return cli_complain(
		    CODE_CONFIG, "%s: %s", c->daemon.conf->file, err.text);
	cli_note(c, "%s and %s can be used", c->daemon.conf->file,
	    c->daemon.conf->profile);
	conf_entries(c->daemon.conf, warn_of_file, c);
	if (c->daemon.profile->tls &&
	    plan_key_refused(c->daemon.profile, NEWEST_MAJOR, why))
		cli_note(c, "warning: %s", why);
	return code;
}

/* --- show --- */

static const struct table_column origin_columns[] = {
    {"key", TABLE_STRING, 0, 0}, {"value", TABLE_STRING, 0, 16},
    {"origin", TABLE_STRING, 0, 16}};
static const struct table_column entry_columns[] = {
    {"part", TABLE_STRING, 0, 0}, {"key", TABLE_STRING, 0, 0},
    {"value", TABLE_STRING, 0, 0}, {"origin", TABLE_STRING, 0, 0},
    {"file", TABLE_STRING, 0, 0}, {"line", TABLE_INT, 0, 0},
    {"help", TABLE_STRING, 0, 0}};

struct entries {
	struct table *table;
	const char *part;
	bool data; /* for a program: file and line apart */
};

static void
write_entry(struct entries *w, const struct conf_entry *e, const char *origin)
{
	char *place = e->file == NULL ? mem_dup(origin)
				      : mem_printf("%s:%zu", e->file, e->line);

	if (w->data)
		table_text(w->table, w->part);
	table_text(w->table, e->key);
	table_text(w->table, e->value);
	table_text(w->table, w->data ? origin : place);
	if (w->data) {
		table_text(w->table, e->file);
		table_int(w->table, (int64_t)e->line);
		table_text(w->table, e->help);
	}
	table_row(w->table);
	free(place);
}

static void
entry_row(void *cookie, const struct conf_entry *e)
{
	write_entry(cookie, e, e->file == NULL ? "default" : "file");
}

/* The one option that is not in a file: which file it is. */
static void
write_file_entry(struct entries *w, const struct cli *c)
{
	const struct conf_entry entry = {.key = "config",
	    .value = c->daemon.conf->file,
	    .help = "the configuration file"};

	write_entry(w, &entry, c->conf_origin);
}

static void
show_rows(const struct cli *c)
{
	struct entries w = {
	    .part = "configuration", .data = c->format != TABLE_TEXT};

	w.table = w.data ? cli_table(c, entry_columns, COUNT(entry_columns))
			 : cli_table(c, origin_columns, COUNT(origin_columns));
	write_file_entry(&w, c);
	conf_entries(c->daemon.conf, entry_row, &w);
	w.part = "profile";
	profile_entries(c->daemon.profile, entry_row, &w);
	table_end(w.table);
}

static void
show_line(void *cookie, const struct conf_entry *e)
{
	struct buf line;

	(void)cookie;
	buf_init(&line, SHOW_LINE_MAX);
	buf_printf(&line, "%-28s = %-24s # %s (%s)\n", e->key,
	    e->value == NULL ? "-" : e->value, e->help, e->note);
	shown_put(stdout, buf_text(&line), SHOWN_LINES);
	buf_free(&line);
}

int
cmd_config_show(struct cli *c)
{
	int code = cli_load(c);

	if (code != CODE_OK)
		return code;
	if (c->format != TABLE_TEXT || cli_flag(c, "origin")) {
		show_rows(c);
		return CODE_OK;
	}
	(void)printf("# %s\n", c->daemon.conf->file);
	conf_entries(c->daemon.conf, show_line, NULL);
	(void)printf("\n# %s\n", c->daemon.conf->profile);
	profile_entries(c->daemon.profile, show_line, NULL);
	return CODE_OK;
}

/* --- others --- */

int
cmd_config_example(struct cli *c)
{
	if (cli_flag(c, "profile"))
		profile_example(stdout, NULL);
	else
		conf_example(stdout);
	return CODE_OK;
}
