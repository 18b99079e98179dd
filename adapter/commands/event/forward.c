#include "forward.h"
#include "api_client.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_job.h"
#include "clock.h"
#include "commands_event_internal.h"
#include "conf.h"
#include "forward_place.h"
#include "records.h"
#include "secret.h"
#include "store.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct conf_forward *
find(struct cli *c, const char *name)
{
	const struct conf *conf = c->daemon.conf;
	size_t i;

	for (i = 0; i < conf->forward_count; i++)
		if (str_eq(conf->forwards[i].name, name))
			return &conf->forwards[i];
	(void)cli_complain(CODE_NOTHING,
	    "no place of this name under forward in %s", conf->file);
	return NULL;
}

/* --- status --- */

static const struct table_column place_columns[] = {
    {"name", TABLE_STRING, 0, 0}, {"kind", TABLE_STRING, 4, 0},
    {"state", TABLE_STRING, 0, 0}, {"behind", TABLE_INT, 0, 0},
    {"oldest", TABLE_TIME, 3, 0}, {"delivered", TABLE_INT, 5, 0},
    {"last", TABLE_TIME, 2, 0}, {"dead", TABLE_INT, 0, 0},
    {"attempts", TABLE_INT, 7, 0}, {"failing_since", TABLE_TIME, 8, 0},
    {"next", TABLE_TIME, 9, 0}, {"to", TABLE_STRING, 6, 16},
    {"error", TABLE_STRING, 0, 20}};
static const struct cli_remote_rows place_rows = {
    .columns = place_columns, .count = COUNT(place_columns)};

static int
write_place(struct cli *c, struct table *t, const struct conf_forward *f,
    bool *failing, struct err *err)
{
	struct forward_status is;
	struct record r;

	if (forward_status(c->daemon.store, f, &is, err) != 0)
		return -1;
	*failing = *failing || is.at.attempts > 0;
	record_place(&r, f, &is);
	cli_record(t, &place_rows, &r);
	return cli_row(t, err);
}

struct watching {
	struct cli_remote_fill fill;
	bool failing;
};

static int
watch_place(void *cookie, struct json_object *row, struct err *err)
{
	struct watching *w = cookie;
	int64_t attempts = 0;

	if (cli_remote_int(row, "attempts", &attempts, err) != 0)
		return -1;
	w->failing = w->failing || attempts > 0;
	return cli_remote_add(&w->fill, row, err);
}

static int
status_remote(struct cli *c)
{
	struct watching w = {.fill = {.c = c, .rows = &place_rows}};
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path};
	int code;

	api_client_path_init(&path, "forward");
	code =
	    cli_remote_end(&w.fill, cli_remote_scan(c, &list, watch_place, &w));
	api_client_path_free(&path);
	return code == CODE_OK && w.failing ? CODE_WARNED : code;
}

int
cmd_forward_status(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	const struct conf *conf;
	bool failing = false;
	struct table *t;
	int code, rc = 0;
	size_t i;

	if (cli_remote(c))
		return status_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	conf = c->daemon.conf;
	t = cli_table(c, place_columns, COUNT(place_columns));
	for (i = 0; i < conf->forward_count && rc == 0; i++)
		rc = write_place(c, t, &conf->forwards[i], &failing, &err);
	code = cli_listed(c, t, rc, &err);
	return code == CODE_OK && failing ? CODE_WARNED : code;
}

/* --- test --- */

int
cmd_forward_test(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	const struct conf_forward *f;
	int code;

	if (cli_remote(c))
		return cli_remote_test(c, "forward", NULL, NULL, 0);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	f = find(c, c->args[0]);
	if (f == NULL)
		return CODE_NOTHING;
	if (forward_test(f, c->daemon.store, &err) != 0)
		return cli_fail(&err);
	cli_note(c, "%s has taken a test message", f->to);
	return CODE_OK;
}

/* --- secret --- */

int
cmd_forward_secret(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	const struct conf_forward *f;
	struct secret *secret;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	f = find(c, c->args[0]);
	if (f == NULL)
		return CODE_NOTHING;
	secret = cli_secret(c, "secret-file", "Secret: ");
	if (secret == NULL)
		return CODE_INPUT;
	code = cli_commit_event(c,
	    store_forward_secret_put(
		c->daemon.store, f->name, secret, clock_now(), &err),
	    "forward.secret", NULL, NULL, &err);
	if (code == CODE_OK)
		cli_note(c, "messages to %s are signed with it from now on",
		    f->name);
	secret_free(secret);
	return code;
}

/* --- dead letters --- */

static const struct table_column dead_columns[] = {{"event", TABLE_INT, 0, 0},
    {"name", TABLE_STRING, 0, 0}, {"at", TABLE_TIME, 0, 0},
    {"attempts", TABLE_INT, 1, 0}, {"again_at", TABLE_TIME, 2, 0},
    {"error", TABLE_STRING, 0, 20}};
static const struct cli_remote_rows dead_rows = {
    .columns = dead_columns, .count = COUNT(dead_columns)};

static int
write_dead(void *cookie, const struct store_dead *dead, struct err *err)
{
	struct record r;

	record_letter(&r, dead);
	cli_record(cookie, &dead_rows, &r);
	return cli_row(cookie, err);
}

/* The number of an event behind the place; 0 when there is none. */
static int
letter_at(const struct cli *c, size_t i, int64_t *ret)
{
	if (i >= c->arg_count || str_int(c->args[i], 1, INT64_MAX, ret) == 0)
		return CODE_OK;
	return cli_complain(CODE_USAGE,
	    "%s: \"forward dead\" has the numbers of events", c->args[i]);
}

static int
dead_remote(struct cli *c)
{
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path, .paged = true};
	int code;

	api_client_path_init(&path, "forward-dead");
	api_client_path_param(
	    &path, "place", c->arg_count > 0 ? c->args[0] : NULL);
	code = cli_remote_table(c, &list, &dead_rows);
	api_client_path_free(&path);
	return code;
}

int
cmd_forward_dead(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct table *t;
	int code, rc;

	if (cli_remote(c))
		return dead_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	t = cli_table(c, dead_columns, COUNT(dead_columns));
	rc = store_dead_scan(c->daemon.store,
	    c->arg_count > 0 ? c->args[0] : NULL, write_dead, t, &err);
	return cli_listed(c, t, rc, &err);
}

/* What the API does to letters of a place: those named, or all. */
static int
order_remote(struct cli *c, const char *verb, int64_t *ret_count)
{
	struct json_object *row = NULL;
	struct api_client_path path;
	struct err err = {.kind = ERR_NONE};
	int64_t event = 0, count = 0;
	int code = CODE_OK;
	size_t i;

	api_client_path_init(&path, "forward");
	api_client_path_add(&path, c->args[0]);
	api_client_path_add(&path, verb);
	for (i = 1; code == CODE_OK && (i == 1 || i < c->arg_count); i++) {
		code = letter_at(c, i, &event);
		if (code == CODE_OK)
			code = cli_remote_post(
			    c, &path, cli_remote_number("event", event), &row);
		if (code == CODE_OK &&
		    cli_remote_int(row, "letters", &count, &err) != 0)
			code = cli_fail(&err);
		cli_remote_put(row);
		row = NULL;
		*ret_count += count;
	}
	api_client_path_free(&path);
	return code;
}

typedef int order_fn(const struct forward_order *o, const char *place,
    int64_t event, int64_t *ret_count, struct err *err);

/* Those named behind the place, or all of it. */
static int
order_letters(struct cli *c, order_fn *order, int64_t *ret_count)
{
	const struct forward_order o = {
	    c->daemon.store, cli_actor(), clock_now()};
	struct err err = {.kind = ERR_NONE};
	int64_t event = 0, count = 0;
	size_t i;
	int rc = 0;

	*ret_count = 0;
	for (i = 1; rc == 0 && (i == 1 || i < c->arg_count); i++) {
		if (letter_at(c, i, &event) != CODE_OK)
			return CODE_USAGE;
		rc = order(&o, c->args[0], event, &count, &err);
		*ret_count += count;
	}
	return cli_commit(c, rc, &err);
}

static int
send_again(struct cli *c, int64_t *ret_count)
{
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code == CODE_OK && find(c, c->args[0]) == NULL)
		code = CODE_NOTHING;
	return code == CODE_OK ? order_letters(c, forward_again, ret_count)
			       : code;
}

int
cmd_forward_again(struct cli *c)
{
	int64_t count = 0;
	int code = cli_remote(c) ? order_remote(c, "again", &count)
				 : send_again(c, &count);

	if (code == CODE_OK)
		cli_note(c, "%lld letters are to be sent again, by serve",
		    (long long)count);
	return code;
}

int
cmd_forward_drop(struct cli *c)
{
	int code = cli_remote(c) ? CODE_OK : cli_open(c, DAEMON_STORE, NULL);
	int64_t count = 0;

	if (code == CODE_OK &&
	    !cli_confirm(c,
		c->arg_count > 1 ? "never send these letters"
				 : "never send any of its dead letters"))
		code = CODE_REFUSED;
	if (code == CODE_OK)
		code = cli_remote(c) ? order_remote(c, "drop", &count)
				     : order_letters(c, forward_drop, &count);
	if (code == CODE_OK)
		cli_note(c,
		    "%lld letters are dropped; the events stay on record",
		    (long long)count);
	return code;
}
