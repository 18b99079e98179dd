/* Runs of a service elsewhere. */
#include "runs_remote_internal.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "api_client.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "mem.h"
#include "runs_internal.h"
#include "str.h"
#include "task_run.h"

/* --- what there is --- */

int
runs_remote_list(struct cli *c, const struct cli_remote_rows *rows)
{
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path,
	    .paged = true,
	    .limit = (size_t)cli_count(c, "limit", 0)};
	char since[CLOCK_TEXT];
	int code;

	if (cli_each(c, "state", 1) != NULL)
		return cli_complain(
		    CODE_USAGE, "with --server one --state at a time");
	api_client_path_init(&path, "runs");
	api_client_path_param(&path, "state", cli_text(c, "state"));
	api_client_path_param(&path, "task", cli_text(c, "task"));
	if (cli_text(c, "since") != NULL)
		api_client_path_param(&path, "since",
		    clock_text(cli_since(c, "since", 0), since));
	code = cli_remote_table(c, &list, rows);
	api_client_path_free(&path);
	return code;
}

int
runs_remote_below(struct cli *c, int64_t run, const char *what,
    const struct cli_remote_rows *rows)
{
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path,
	    .paged = true,
	    .limit = (size_t)cli_count(c, "limit", 0)};
	int code;

	api_client_path_init(&path, "runs");
	api_client_path_add_id(&path, run);
	api_client_path_add(&path, what);
	api_client_path_param(&path, "outcome", cli_text(c, "outcome"));
	code = cli_remote_table(c, &list, rows);
	api_client_path_free(&path);
	return code;
}

/* --- how it goes on --- */

int
runs_remote_control(struct cli *c, int64_t run, const char *verb)
{
	struct json_object *body = json_object_new_object();
	const char *why = cli_text(c, "why");
	struct api_client_path path;
	int code;

	if (why != NULL)
		(void)json_object_object_add(
		    body, "why", json_object_new_string(why));
	api_client_path_init(&path, "runs");
	api_client_path_add_id(&path, run);
	api_client_path_add(&path, verb);
	code = cli_remote_post(c, &path, body, NULL);
	api_client_path_free(&path);
	return code;
}

/* --- a new one --- */

static void
add_policy(struct json_object *body, const struct task_policy *p)
{
	size_t i;

	for (i = 0; i < TASK_POLICY_FIELDS; i++)
		(void)json_object_object_add(body, task_policy_fields[i].name,
		    json_object_new_int64(task_policy_get(p, i)));
}

static int
add_aim(struct cli *c, struct json_object *body)
{
	enum task_target target = TASK_ALL;
	int code = runs_target(c, 1, &target);

	if (code != CODE_OK)
		return code;
	switch (target) {
	case TASK_GROUP:
		(void)json_object_object_add(body, "group",
		    json_object_new_string(cli_text(c, "group")));
		break;
	case TASK_TAG:
		(void)json_object_object_add(
		    body, "tag", json_object_new_string(cli_text(c, "tag")));
		break;
	case TASK_ALL:
		(void)json_object_object_add(
		    body, "all", json_object_new_boolean(1));
		break;
	case TASK_QUERY:
	case TASK_DEVICES:
		return cli_remote_choose(c, 1, body);
	}
	return CODE_OK;
}

static int
read_order(struct json_object *row, char **ret_name, int64_t *ret_run)
{
	struct err err = {.kind = ERR_NONE};
	const char *name = NULL;

	if (cli_remote_text(row, "task", &name, &err) != 0 ||
	    cli_remote_int(row, "id", ret_run, &err) != 0)
		return cli_fail(&err);
	*ret_name = mem_dup(name);
	return CODE_OK;
}

/* Is the assignment one of this task? */
static int
check_assignment(struct cli *c, int64_t id)
{
	struct json_object *assignment = NULL, *task = NULL;
	const char *of = NULL, *name = NULL;
	struct err err = {.kind = ERR_NONE};
	char number[24];
	int code;

	(void)snprintf(number, sizeof(number), "%lld", (long long)id);
	code = cli_remote_get(c, "assignments", number, &assignment);
	if (code == CODE_OK)
		code = cli_remote_get(c, "tasks", c->args[0], &task);
	if (code == CODE_OK &&
	    (cli_remote_text(assignment, "task", &of, &err) != 0 ||
		cli_remote_text(task, "name", &name, &err) != 0))
		code = cli_fail(&err);
	if (code == CODE_OK && !str_ieq(of, name))
		code = cli_complain(CODE_USAGE, "assignment %lld is of \"%s\"",
		    (long long)id, of);
	(void)json_object_put(assignment);
	(void)json_object_put(task);
	return code;
}

/* Of --assignment, all of it is said there. */
static int
order_assignment(struct cli *c, int64_t id, struct json_object **ret_row)
{
	struct api_client_path path;
	int code = check_assignment(c, id);

	api_client_path_init(&path, "assignments");
	api_client_path_add_id(&path, id);
	api_client_path_add(&path, "run");
	if (code == CODE_OK)
		code = cli_remote_post(c, &path, NULL, ret_row);
	api_client_path_free(&path);
	return code;
}

int
runs_remote_body(
    struct cli *c, const struct task_policy *policy, struct json_object *body)
{
	add_policy(body, policy);
	return add_aim(c, body);
}

static int
order_task(struct cli *c, const struct task_policy *policy,
    struct json_object **ret_row)
{
	struct json_object *body = json_object_new_object();
	struct api_client_path path;
	int code;

	api_client_path_init(&path, "tasks");
	api_client_path_add(&path, c->args[0]);
	api_client_path_add(&path, "run");
	code = runs_remote_body(c, policy, body);
	if (code == CODE_OK)
		code = cli_remote_post(c, &path, body, ret_row);
	else
		(void)json_object_put(body);
	api_client_path_free(&path);
	return code;
}

int
runs_remote_order(struct cli *c, const struct task_policy *policy,
    char **ret_name, int64_t *ret_run)
{
	int64_t assignment = cli_count(c, "assignment", 0);
	struct json_object *row = NULL;
	int code = assignment != 0 ? order_assignment(c, assignment, &row)
				   : order_task(c, policy, &row);

	if (code == CODE_OK)
		code = read_order(row, ret_name, ret_run);
	(void)json_object_put(row);
	return code;
}
