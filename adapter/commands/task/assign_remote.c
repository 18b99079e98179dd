/* Assignments of a service elsewhere. */
#include <json-c/json.h>

#include "api_client.h"
#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "runs_remote_internal.h"
#include "task.h"

/* The API has the kind of a target and its name apart. */
static int
join_target(struct json_object *row, struct err *err)
{
	const char *kind = NULL, *name, *query;
	char target[ASSIGN_TARGET];

	if (cli_remote_text(row, "target", &kind, err) != 0)
		return -1;
	name = api_client_text(api_client_member(row, "target_name"));
	query = api_client_text(api_client_member(row, "query"));
	assign_target(kind, query != NULL ? query : name, target);
	(void)json_object_object_add(
	    row, "target", json_object_new_string(target));
	return 0;
}

/* And the rules one by one. */
static int
join_rules(struct json_object *row, struct err *err)
{
	struct task_policy p = {.canary = 0};
	struct buf rules;
	size_t i;

	for (i = 0; i < TASK_POLICY_FIELDS; i++)
		if (cli_remote_int(row, task_policy_fields[i].name,
			task_policy_at(&p, i), err) != 0)
			return -1;
	buf_init(&rules, ASSIGN_RULES);
	assign_rules(&p, &rules);
	(void)json_object_object_add(row, "rules",
	    rules.len == 0 ? NULL : json_object_new_string(buf_text(&rules)));
	buf_free(&rules);
	return 0;
}

static int
join(struct json_object *row, struct err *err)
{
	return join_target(row, err) == 0 ? join_rules(row, err) : -1;
}

int
assign_remote_list(
    struct cli *c, const struct table_column *columns, size_t count)
{
	static const struct cli_remote_none none[] = {
	    {"last_run", 0}, {NULL, 0}};
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = count, .none = none, .prepare = join};
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path, .paged = true};
	int code;

	api_client_path_init(&path, "assignments");
	api_client_path_param(
	    &path, "task", c->arg_count > 0 ? c->args[0] : NULL);
	code = cli_remote_table(c, &list, &rows);
	api_client_path_free(&path);
	return code;
}

int
assign_remote(struct cli *c, const struct task_policy *policy)
{
	static const char *const ours[] = {"check", NULL};
	struct json_object *body = json_object_new_object(), *row = NULL;
	const char *schedule = cli_text(c, "schedule"), *task = NULL;
	struct api_client_path path;
	struct err err = {.kind = ERR_NONE};
	int64_t id = 0;
	int code = cli_remote_refuse(c, ours);

	(void)json_object_object_add(
	    body, "task", json_object_new_string(c->args[0]));
	if (schedule != NULL)
		(void)json_object_object_add(
		    body, "schedule", json_object_new_string(schedule));
	(void)json_object_object_add(
	    body, "enabled", json_object_new_boolean(!cli_flag(c, "disabled")));
	if (code == CODE_OK)
		code = runs_remote_body(c, policy, body);
	api_client_path_init(&path, "assignments");
	if (code == CODE_OK)
		code = cli_remote_post(c, &path, body, &row);
	else
		(void)json_object_put(body);
	api_client_path_free(&path);
	if (code == CODE_OK &&
	    (cli_remote_text(row, "task", &task, &err) != 0 ||
		cli_remote_int(row, "id", &id, &err) != 0))
		code = cli_fail(&err);
	if (code == CODE_OK)
		cli_note(c, "%s: assignment %lld", task, (long long)id);
	(void)json_object_put(row);
	return code;
}

int
assign_remote_enable(struct cli *c, bool enabled)
{
	struct json_object *body = json_object_new_object();

	(void)json_object_object_add(
	    body, "enabled", json_object_new_boolean(enabled));
	return cli_remote_change(c, "PATCH", "assignments", c->args[0], body);
}
