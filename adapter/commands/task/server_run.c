#include <json-c/json.h>
#include <stdlib.h>

#include "action.h"
#include "api_client.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_body.h"
#include "cli_remote_job.h"
#include "clock.h"
#include "commands_task_internal.h"
#include "mailer.h"
#include "mem.h"
#include "records.h"
#include "runs_internal.h"
#include "secret.h"
#include "server_task_internal.h"
#include "store.h"
#include "str.h"

/* Server tasks: what they did. And the mail they send. */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- the actions of an execution --- */

static const struct table_column action_columns[] = {
    {"action", TABLE_INT, 0, 0}, {"under", TABLE_INT, 2, 0},
    {"does", TABLE_STRING, 0, 16}, {"state", TABLE_STRING, 0, 0},
    {"rows", TABLE_INT, 1, 0}, {"changed", TABLE_INT, 2, 0},
    {"attempts", TABLE_INT, 3, 0}, {"run", TABLE_INT, 0, 0},
    {"message", TABLE_STRING, 0, 20}};

/* As the API has it: numbers where there is nothing. */
static const struct cli_remote_none no_action[] = {
    {"under", 0}, {"rows", -1}, {"run", 0}, {NULL, 0}};
static const struct cli_remote_rows action_rows = {.columns = action_columns,
    .count = COUNT(action_columns),
    .none = no_action};

static int
write_remote_actions(struct cli *c, int64_t run)
{
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path};
	int code;

	api_client_path_init(&path, "runs");
	api_client_path_add_id(&path, run);
	api_client_path_add(&path, "actions");
	code = cli_remote_table(c, &list, &action_rows);
	api_client_path_free(&path);
	return code;
}

static int
write_actions(struct cli *c, int64_t run)
{
	struct server_action *actions = NULL;
	struct err err = {.kind = ERR_NONE};
	size_t count = 0, i;
	struct record r;
	struct table *t;

	if (cli_remote(c))
		return write_remote_actions(c, run);
	if (server_actions(c->daemon.store, run, &actions, &count, &err) != 0)
		return cli_fail(&err);
	t = cli_table(c, action_columns, COUNT(action_columns));
	for (i = 0; i < count; i++) {
		record_action(&r, &actions[i]);
		cli_record(t, &action_rows, &r);
		table_row(t);
	}
	table_end(t);
	server_actions_free(actions, count);
	return CODE_OK;
}

/* --- run --- */

static int
order_remote(struct cli *c, int64_t *ret_run)
{
	static const char *const ours[] = {"dry-run", NULL};
	struct json_object *row = NULL;
	struct api_client_path path;
	struct err err = {.kind = ERR_NONE};
	const char *name = NULL;
	int code = cli_remote_refuse(c, ours);

	api_client_path_init(&path, "server-tasks");
	api_client_path_add(&path, c->args[0]);
	api_client_path_add(&path, "run");
	if (code == CODE_OK)
		code = cli_remote_post(c, &path, NULL, &row);
	api_client_path_free(&path);
	if (code == CODE_OK &&
	    (cli_remote_text(row, "task", &name, &err) != 0 ||
		cli_remote_int(row, "id", ret_run, &err) != 0))
		code = cli_fail(&err);
	if (code == CODE_OK)
		cli_note(c, "%s: run %lld", name, (long long)*ret_run);
	(void)json_object_put(row);
	return code;
}

static int
order_local(struct cli *c, int64_t *ret_run)
{
	struct err err = {.kind = ERR_NONE};
	struct server_task s = {.id = 0};
	int code = server_cli_find(c, c->args[0], &s);
	struct server_order o;

	if (code == CODE_OK) {
		o = server_cli_order(c);
		code = cli_commit(c,
		    server_order_run(&o, &s, TASK_BY_USER, 0, ret_run, &err),
		    &err);
	}
	if (code == CODE_OK)
		cli_note(c, "%s: run %lld", s.name, (long long)*ret_run);
	server_task_clear(&s);
	return code;
}

static int
show_flow(struct cli *c)
{
	struct server_task s = {.id = 0};
	int code = server_cli_find(c, c->args[0], &s);

	if (code == CODE_OK)
		code = server_cli_flow(c, &s);
	server_task_clear(&s);
	return code;
}

int
cmd_server_task_run(struct cli *c)
{
	int64_t run = 0;
	int code, rows;

	if (cli_flag(c, "dry-run") && !cli_remote(c))
		return show_flow(c);
	code = cli_remote(c) ? order_remote(c, &run) : order_local(c, &run);
	if (code != CODE_OK || !cli_flag(c, "wait"))
		return code;
	code = runs_follow(c, run);
	rows = write_actions(c, run);
	return code == CODE_OK ? rows : code;
}

/* --- log --- */

struct logging {
	struct table *table;
	int64_t left; /* -1: any number */
};

static const struct table_column log_columns[] = {{"run", TABLE_INT, 0, 0},
    {"task", TABLE_STRING, 0, 12}, {"state", TABLE_STRING, 0, 0},
    {"percent", TABLE_INT, 0, 0}, {"actions", TABLE_INT, 1, 0},
    {"done", TABLE_INT, 1, 0}, {"changed", TABLE_INT, 2, 0},
    {"failed", TABLE_INT, 0, 0}, {"skipped", TABLE_INT, 3, 0},
    {"source", TABLE_STRING, 4, 0}, {"actor", TABLE_STRING, 5, 0},
    {"created_at", TABLE_TIME, 6, 0}, {"started_at", TABLE_TIME, 7, 0},
    {"ended_at", TABLE_TIME, 2, 0}, {"why", TABLE_STRING, 1, 16}};
static const struct cli_remote_rows log_rows = {
    .columns = log_columns, .count = COUNT(log_columns)};

static int
write_run(void *cookie, const struct task_run *run, struct err *err)
{
	struct logging *l = cookie;
	struct record r;

	if (l->left == 0)
		return 1;
	l->left -= l->left > 0;
	record_execution(&r, run);
	cli_record(l->table, &log_rows, &r);
	return cli_row(l->table, err);
}

static int
write_log(struct cli *c, const char *name)
{
	const struct task_run_filter filter = {.name = name,
	    .type = SERVER_RUN,
	    .since = cli_since(c, "since", 0)};
	struct logging l = {.left = cli_count(c, "limit", -1)};
	struct err err = {.kind = ERR_NONE};
	int rc;

	l.table = cli_table(c, log_columns, COUNT(log_columns));
	rc = task_run_scan(c->daemon.store, &filter, write_run, &l, &err);
	return cli_listed(c, l.table, rc == -1 ? -1 : 0, &err);
}

/* What runs of devices call by other names. */
static int
name_actions(struct json_object *row, struct err *err)
{
	int64_t id = 0, actions = 0, done = 0, count = 0;
	int i;

	if (cli_remote_int(row, "id", &id, err) != 0 ||
	    cli_remote_int(row, "devices", &actions, err) != 0)
		return -1;
	for (i = 0; i < TASK_OUTCOMES; i++) {
		if (cli_remote_int(row, task_outcome_name((enum task_outcome)i),
			&count, err) != 0)
			return -1;
		done += count;
	}
	(void)json_object_object_add(row, "run", json_object_new_int64(id));
	(void)json_object_object_add(
	    row, "actions", json_object_new_int64(actions));
	(void)json_object_object_add(row, "done", json_object_new_int64(done));
	return 0;
}

static int
log_remote(struct cli *c)
{
	static const char *const ours[] = {"since", NULL};
	const struct cli_remote_rows rows = {.columns = log_columns,
	    .count = COUNT(log_columns),
	    .prepare = name_actions};
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path,
	    .paged = true,
	    .limit = (size_t)cli_count(c, "limit", 0)};
	int code = cli_remote_refuse(c, ours);

	if (code == CODE_OK && c->arg_count == 0)
		code = cli_complain(
		    CODE_USAGE, "with --server: name a task, or give --run");
	if (code != CODE_OK)
		return code;
	api_client_path_init(&path, "server-tasks");
	api_client_path_add(&path, c->args[0]);
	api_client_path_add(&path, "runs");
	code = cli_remote_table(c, &list, &rows);
	api_client_path_free(&path);
	return code;
}

int
cmd_server_task_log(struct cli *c)
{
	int64_t run = cli_count(c, "run", 0);
	struct server_task s = {.id = 0};
	int code;

	if (cli_remote(c))
		return run != 0 ? write_actions(c, run) : log_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (run != 0)
		return write_actions(c, run);
	if (c->arg_count == 0)
		return write_log(c, NULL);
	/* Also of one that is gone. */
	if (server_task_named(c->daemon.store, c->args[0], &s, NULL) != 0)
		return write_log(c, c->args[0]);
	code = write_log(c, s.name);
	server_task_clear(&s);
	return code;
}

/* --- mail --- */

int
cmd_mail_password(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct secret *password;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	password = cli_secret(c, "password-file", "Password: ");
	if (password == NULL)
		return CODE_INPUT;
	code = cli_commit_event(c,
	    mailer_set_password(c->daemon.store, password, clock_now(), &err),
	    "mail.password", NULL, NULL, &err);
	secret_free(password);
	return code;
}

static int
mail_test_remote(struct cli *c)
{
	struct api_client_path path;
	const struct cli_remote_job job = {
	    .path = &path, .body = cli_remote_body()};
	int code;

	cli_remote_put_text(job.body, "to", c->args[0]);
	api_client_path_init(&path, "mail");
	api_client_path_add(&path, "test");
	code = cli_remote_job(c, &job);
	api_client_path_free(&path);
	return code;
}

int
cmd_mail_test(struct cli *c)
{
	const struct mailer_message m = {.to = c->args[0],
	    .subject = "amtkeeper: test",
	    .text = "This is a test message of amtkeeper.\n",
	    .id = "test"};
	struct err err = {.kind = ERR_NONE};
	int code;

	if (cli_remote(c))
		return mail_test_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (mailer_send(c->daemon.conf, c->daemon.store, &m, &err) != 0)
		return cli_fail(&err);
	cli_note(c, "the server has taken it");
	return CODE_OK;
}
