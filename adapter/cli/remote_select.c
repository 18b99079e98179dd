/* The choice of devices, when the fleet is a server's. */
#include <json-c/json.h>
#include <stdlib.h>

#include "api_client.h"
#include "choice.h"
#include "cli_internal.h"
#include "cli_remote.h"
#include "task.h"

#define NUMBER_MAX                                                             \
	100000000 /* of a device: what is marked takes a bit each              \
		   */

struct pick {
	cli_remote_row_fn *row;
	void *cookie;
	bool several; /* patterns, so that a device may come twice */
	struct cli_marks seen;
	size_t matches, count, limit;
};

static int
pick_one(void *cookie, struct json_object *device, struct err *err)
{
	struct pick *p = cookie;
	int64_t id = 0;

	p->matches++;
	if (cli_remote_int(device, "id", &id, err) != 0)
		return -1;
	if (id <= 0 || id > NUMBER_MAX)
		return err_set(err, ERR_PROTOCOL,
		    "%lld is no number of a device", (long long)id);
	if ((p->several && cli_marked(&p->seen, id)) ||
	    (p->limit != 0 && p->count == p->limit))
		return 0;
	p->count++;
	return p->row(p->cookie, device, err);
}

/* All rows of a list of devices of one pattern (NULL: any name). */
static int
scan_list(struct cli *c, const char *what, const char *pattern, size_t limit,
    cli_remote_row_fn *row, void *cookie)
{
	struct api_client_path path;
	const struct cli_remote_list list = {
	    .path = &path, .paged = true, .limit = limit};
	int code;

	api_client_path_init(&path, what);
	api_client_path_param(&path, "filter", pattern);
	api_client_path_param(&path, "reason", cli_text(c, "reason"));
	api_client_path_param(&path, "site", cli_text(c, "site"));
	code = cli_remote_scan(c, &list, row, cookie);
	api_client_path_free(&path);
	return code;
}

static int
scan(struct cli *c, const char *pattern, struct pick *p)
{
	int code;

	p->matches = 0;
	code = scan_list(
	    c, "devices", pattern, p->several ? 0 : p->limit, pick_one, p);
	return code == CODE_OK && p->matches == 0
	    ? cli_complain_none(c, pattern)
	    : code;
}

static int
check_choice(const struct cli *c)
{
	int code = cli_check_reason(c);

	if (code == CODE_OK && cli_text(c, "query") != NULL)
		code = cli_complain(CODE_USAGE,
		    "%s: with --server --query does not go with other choices, "
		    "nor for lists; the command \"query\" writes its rows",
		    c->command->name);
	return code;
}

int
cli_remote_select(
    struct cli *c, size_t first, cli_remote_row_fn *row, void *cookie)
{
	struct pick p = {.row = row,
	    .cookie = cookie,
	    .several = cli_pattern(c, first, 1) != NULL,
	    .limit = (size_t)cli_count(c, "limit", 0)};
	const char *pattern = cli_pattern(c, first, 0);
	int code = check_choice(c);
	size_t i = 1;

	if (code == CODE_OK)
		code = scan(c, pattern, &p);
	while (
	    code == CODE_OK && (pattern = cli_pattern(c, first, i++)) != NULL)
		code = scan(c, pattern, &p);
	free(p.seen.seen);
	return code;
}

struct counted {
	cli_remote_row_fn *row;
	void *cookie;
	size_t count;
};

static int
count_one(void *cookie, struct json_object *row, struct err *err)
{
	struct counted *n = cookie;

	n->count++;
	return n->row(n->cookie, row, err);
}

int
cli_remote_select_of(struct cli *c, size_t first, const char *what,
    cli_remote_row_fn *row, void *cookie)
{
	const char *pattern = cli_pattern(c, first, 0);
	struct counted n = {.row = row, .cookie = cookie};
	int code = check_choice(c);

	if (code == CODE_OK && cli_pattern(c, first, 1) != NULL)
		code = cli_complain(CODE_USAGE,
		    "%s: with --server one name or pattern", c->command->name);
	if (code == CODE_OK)
		code = scan_list(c, what, pattern,
		    (size_t)cli_count(c, "limit", 0), count_one, &n);
	return code == CODE_OK && n.count == 0 ? cli_complain_none(c, pattern)
					       : code;
}

static int
keep_id(void *cookie, struct json_object *device, struct err *err)
{
	int64_t id = 0;

	if (cli_remote_int(device, "id", &id, err) != 0)
		return -1;
	cli_ids_add(cookie, id);
	return 0;
}

/* A query alone is asked there. */
static bool
query_alone(const struct cli *c, size_t first)
{
	return cli_text(c, "query") != NULL &&
	    cli_pattern(c, first, 0) == NULL && cli_text(c, "reason") == NULL &&
	    cli_text(c, "site") == NULL && cli_text(c, "limit") == NULL;
}

static struct json_object *
numbers_of(const struct cli_ids *ids)
{
	struct json_object *list = json_object_new_array();
	char text[24];
	size_t i;

	for (i = 0; i < ids->count; i++) {
		(void)snprintf(
		    text, sizeof(text), "%lld", (long long)ids->ids[i]);
		(void)json_object_array_add(list, json_object_new_string(text));
	}
	return list;
}

int
cli_remote_choose(struct cli *c, size_t first, struct json_object *body)
{
	struct cli_ids ids = {.ids = NULL};
	int code;

	if (query_alone(c, first)) {
		(void)json_object_object_add(body, "query",
		    json_object_new_string(cli_text(c, "query")));
		return CODE_OK;
	}
	code = cli_remote_select(c, first, keep_id, &ids);
	if (code == CODE_OK && ids.count > TASK_NAMED_MAX)
		code = cli_complain(CODE_REFUSED,
		    "%zu devices are chosen, and with --server %d at most: "
		    "choose them by --query, --group or --tag",
		    ids.count, TASK_NAMED_MAX);
	if (code == CODE_OK)
		(void)json_object_object_add(body, "devices", numbers_of(&ids));
	free(ids.ids);
	return code;
}
