#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "conf.h"
#include "hygiene.h"
#include "mem.h"
#include "port.h"
#include "profile.h"
#include "records_ca.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LINES_MAX 8192

typedef int template_fn(
    struct cli *c, const struct profile_template *t, struct table *table);

static int
find_all(const struct cli *c)
{
	size_t i;

	for (i = 0; i < c->arg_count; i++)
		if (profile_find_template(c->daemon.profile, c->args[i]) ==
		    NULL)
			return cli_complain(CODE_NOTHING,
			    "%s has no template named %s",
			    c->daemon.conf->profile, c->args[i]);
	return CODE_OK;
}

/* fn for those named, or for all; the last code that was not CODE_OK. */
static int
each_template(struct cli *c, template_fn *fn, struct table *table)
{
	const struct profile *p = c->daemon.profile;
	size_t i, count = c->arg_count > 0 ? c->arg_count : p->template_count;
	const struct profile_template *t;
	int code = find_all(c), one;

	for (i = 0; i < count && code != CODE_NOTHING; i++) {
		t = c->arg_count > 0
		    ? profile_find_template(c->daemon.profile, c->args[i])
		    : &p->templates[i];
		one = fn(c, t, table);
		if (one != CODE_OK)
			code = one;
	}
	return code;
}

static void
put_span(struct table *table, int64_t seconds)
{
	char text[CLOCK_TEXT];

	table_text(table, clock_span(seconds, text));
}

/* What both lists have of a template of ours. */
static void
put_template(const struct profile_template *t, struct table *table)
{
	table_text(table, t->name);
	put_span(table, t->validity);
	put_span(table, t->renew_before);
	table_text(table, t->key);
	table_text(table, t->usages);
}

static const struct table_column list_columns[] = {{"name", TABLE_STRING, 0, 0},
    {"validity", TABLE_STRING, 0, 0}, {"renew_before", TABLE_STRING, 1, 0},
    {"key", TABLE_STRING, 2, 0}, {"usages", TABLE_LIST, 0, 12},
    {"tls", TABLE_BOOL, 3, 0}};
static const struct table_column show_columns[] = {{"name", TABLE_STRING, 0, 0},
    {"validity", TABLE_STRING, 0, 0}, {"renew_before", TABLE_STRING, 1, 0},
    {"backdate", TABLE_STRING, 1, 0}, {"key", TABLE_STRING, 2, 0},
    {"keys", TABLE_STRING, 1, 0}, {"usages", TABLE_LIST, 0, 12},
    {"key_usage", TABLE_STRING, 1, 0}, {"short_name", TABLE_BOOL, 1, 0},
    {"address", TABLE_BOOL, 1, 0}, {"upn", TABLE_BOOL, 1, 0},
    {"sid", TABLE_BOOL, 1, 0}, {"underscore", TABLE_BOOL, 1, 0},
    {"max_size", TABLE_INT, 1, 0}, {"largest", TABLE_INT, 1, 0},
    {"issuer_end", TABLE_STRING, 1, 0}, {"ends_if_now", TABLE_TIME, 1, 0},
    {"tls", TABLE_BOOL, 3, 0}};
static const struct cli_remote_rows list_rows = {
    .columns = list_columns, .count = COUNT(list_columns)};
static const struct cli_remote_rows show_rows = {
    .columns = show_columns, .count = COUNT(show_columns)};

/* What is known of it with the CA, when that is open. */
static int
put_row(struct cli *c, const struct profile_template *t, struct table *table,
    const struct cli_remote_rows *rows)
{
	const struct ca_template template = port_template(t);
	struct ca_template_facts facts;
	struct record r;

	ca_template_facts(c->daemon.ca, &template, clock_now(), &facts);
	record_template(&r, c->daemon.profile, t, &facts);
	cli_record(table, rows, &r);
	table_row(table);
	return CODE_OK;
}

static int
list_row(struct cli *c, const struct profile_template *t, struct table *table)
{
	return put_row(c, t, table, &list_rows);
}

static int
show_row(struct cli *c, const struct profile_template *t, struct table *table)
{
	return put_row(c, t, table, &show_rows);
}

/* --- beside those of the forest --- */

static int
write_ad(void *cookie, const struct hygiene_ad_template *t, struct err *err)
{
	struct table *table = cookie;
	char key[48];

	(void)snprintf(
	    key, sizeof(key), "at least %lld bits", (long long)t->key_bits);
	table_text(table, "directory");
	table_text(table, t->name);
	put_span(table, t->validity);
	put_span(table, t->renew_before);
	table_text(table, key);
	table_text(table, t->usages);
	table_text(table,
	    t->problem == NULL && t->approval ? "yes, a person must agree"
		: t->problem == NULL	      ? "yes"
					      : t->problem);
	return cli_row(table, err);
}

static int
write_ours(struct cli *c, const struct profile_template *t, struct table *table)
{
	(void)c;
	table_text(table, "profile");
	put_template(t, table);
	table_text(table, "yes");
	table_row(table);
	return CODE_OK;
}

static int
list_both(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"source", TABLE_STRING, 0, 0}, {"name", TABLE_STRING, 0, 0},
	    {"validity", TABLE_STRING, 0, 0},
	    {"renew_before", TABLE_STRING, 1, 0}, {"key", TABLE_STRING, 2, 0},
	    {"usages", TABLE_LIST, 0, 12},
	    {"for_devices", TABLE_STRING, 0, 24}};
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_ENGINE, NULL), rc;
	struct table *table;

	if (code != CODE_OK)
		return code;
	table = cli_table(c, columns, COUNT(columns));
	(void)each_template(c, write_ours, table);
	rc = hygiene_ad_templates(&c->daemon, write_ad, table, &err);
	return cli_listed(c, table, rc, &err);
}

int
cmd_ca_template_list(struct cli *c)
{
	struct table *table;
	int code;

	if (cli_flag(c, "directory"))
		return list_both(c);
	code = cli_load(c);
	if (code != CODE_OK)
		return code;
	table = cli_table(c, list_columns, COUNT(list_columns));
	code = each_template(c, list_row, table);
	table_end(table);
	return code;
}

/* --- show --- */

static int
show_beside(struct cli *c)
{
	int code = cli_open(c, DAEMON_ENGINE, NULL);

	if (code == CODE_OK)
		code = find_all(c);
	if (code != CODE_OK)
		return code;
	if (c->arg_count != 1)
		return cli_complain(
		    CODE_USAGE, "--beside is for one template of ours");
	return cmd_ca_template_beside(c,
	    profile_find_template(c->daemon.profile, c->args[0]),
	    cli_text(c, "beside"));
}

int
cmd_ca_template_show(struct cli *c)
{
	struct table *table;
	int code;

	if (cli_text(c, "beside") != NULL)
		return show_beside(c);
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK)
		return code;
	table = cli_table(c, show_columns, COUNT(show_columns));
	table_set_blocks(table);
	code = each_template(c, show_row, table);
	table_end(table);
	return code;
}

/* --- check --- */

/* A row for each line of the lint. */
static int
write_problems(
    struct cli *c, const struct profile_template *t, struct table *table)
{
	struct ca_template template = port_template(t);
	char *line, *end;
	struct buf lines;
	int rc;

	buf_init(&lines, LINES_MAX);
	rc = ca_template_check(
	    c->daemon.ca, &template, clock_now(), &lines, NULL);
	for (line = (char *)lines.data; *line != '\0'; line = end + 1) {
		end = line + strcspn(line, "\n");
		*end = '\0';
		table_text(table, t->name);
		table_text(table, line);
		table_row(table);
	}
	buf_free(&lines);
	return rc == 0 ? CODE_OK : CODE_PARTIAL;
}

struct places {
	struct table *table;
	bool bad;
};

/* No template's own: all of ours name it. */
static void
put_problem(struct places *p, const char *problem)
{
	table_nothing(p->table);
	table_text(p->table, problem);
	table_row(p->table);
	p->bad = true;
}

static void
write_place(void *cookie, const struct daemon_place *place)
{
	struct places *p = cookie;
	char *text;

	if (place->problem == NULL)
		return;
	text = mem_printf(
	    "certificates name %s, but: %s", place->url, place->problem);
	put_problem(p, text);
	free(text);
}

/* Where certificates send their readers: CDP and AIA. */
static int
check_places(struct cli *c, struct table *table)
{
	struct err err = {.kind = ERR_NONE};
	struct places places = {.table = table};

	if (c->daemon.conf->revocation_url != NULL &&
	    daemon_check_revocation(&c->daemon, write_place, &places, &err) !=
		0)
		put_problem(&places, err.text);
	return places.bad ? CODE_PARTIAL : CODE_OK;
}

int
cmd_ca_template_check(struct cli *c)
{
	static const struct table_column columns[] = {
	    {"template", TABLE_STRING, 0, 0}, {"problem", TABLE_STRING, 0, 24}};
	struct table *table;
	int code = cli_open(c, DAEMON_CA, NULL);

	if (code != CODE_OK)
		return code;
	table = cli_table(c, columns, COUNT(columns));
	code = each_template(c, write_problems, table);
	if (!cli_flag(c, "offline") &&
	    (code == CODE_OK || code == CODE_PARTIAL) &&
	    check_places(c, table) != CODE_OK)
		code = CODE_PARTIAL;
	table_end(table);
	if (code == CODE_OK)
		cli_note(c, "no problem found");
	return code;
}
