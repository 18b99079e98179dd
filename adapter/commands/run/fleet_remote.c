/* What is done with devices by a service elsewhere: a run, from its order to
 * its end. */
#include <json-c/json.h>
#include <stdlib.h>
#include <unistd.h>

#include "api_client.h"
#include "cli_remote.h"
#include "cli_remote_body.h"
#include "cli_remote_run.h"
#include "clock.h"
#include "device.h"
#include "fleet_remote_internal.h"
#include "plan.h"
#include "str.h"
#include "task_run.h"

/* --- the order --- */

/* Members type, tasks and when. */
static int
put_work(const struct fleet *f, struct json_object *body)
{
	struct json_object *tasks;

	if (f->mode != ENGINE_RUN) {
		cli_remote_put_text(body, "type", "collect-properties");
	} else if (str_eq(f->play->name, "enforce-profile")) {
		cli_remote_put_text(body, "type", "enforce-profile");
	} else {
		cli_remote_put_text(body, "type", "amt-maintenance");
		if (str_eq(f->play->name, "auto"))
			return CODE_OK;
		if (play_part_find(f->play->name) == 0)
			return cli_complain(CODE_USAGE,
			    "%s is no part of amt-maintenance, and does not "
			    "work with --server",
			    f->play->name);
		tasks = json_object_new_array();
		(void)json_object_array_add(
		    tasks, json_object_new_string(f->play->name));
		(void)json_object_object_add(body, "tasks", tasks);
		cli_remote_put_text(body, "when", "always");
	}
	return CODE_OK;
}

/* Each device is tried once, as here. */
static int
put_pace(const struct fleet *f, struct json_object *body)
{
	const char *limit = cli_text(f->c, "max-failures");
	int64_t number = 0, percent = 0;
	int code = CODE_OK;

	if (limit != NULL)
		code = fleet_failures(limit, &number, &percent);
	cli_remote_put_number(body, "max_failures", number);
	cli_remote_put_number(body, "max_failure_percent", percent);
	cli_remote_put_number(body, "retries", 0);
	return code;
}

static int
put_devices(const struct fleet *f, size_t first, struct json_object *body)
{
	if (cli_selected(f->c, first) || cli_text(f->c, "limit") != NULL)
		return cli_remote_choose(f->c, first, body);
	cli_remote_put_bool(body, "all", true);
	return CODE_OK;
}

static int
order(struct fleet_far *far, size_t first)
{
	struct json_object *body = cli_remote_body(), *row = NULL;
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	int code = put_work(far->f, body);

	if (code == CODE_OK)
		code = put_pace(far->f, body);
	if (code == CODE_OK)
		code = put_devices(far->f, first, body);
	api_client_path_init(&path, "runs");
	if (code == CODE_OK)
		code = cli_remote_post(far->f->c, &path, body, &row);
	else
		cli_remote_put(body);
	api_client_path_free(&path);
	if (code == CODE_OK && cli_remote_int(row, "id", &far->run, &err) != 0)
		code = cli_fail(&err);
	cli_remote_put(row);
	return code;
}

/* --- how it goes --- */

static size_t
failures(const struct task_run *r)
{
	return (size_t)(task_run_failures(r) + r->count[TASK_OFFLINE]);
}

/* Those that are away are failures here, and none to the server's own rule. */
static bool
too_many(const struct fleet *f, const struct task_run *r)
{
	const char *limit = cli_text(f->c, "max-failures");
	int64_t number = 0, percent = 0;

	if (limit == NULL || !r->expanded ||
	    fleet_failures(limit, &number, &percent) != CODE_OK)
		return false;
	if (percent != 0)
		number = r->total * percent / 100;
	return failures(r) >= (size_t)(number < 1 ? 1 : number);
}

static bool
show(void *cookie, const struct task_run *run)
{
	struct fleet *f = cookie;

	if (run == NULL) {
		progress_clear(&f->progress);
		return true;
	}
	cli_run_progress(&f->progress, run);
	f->too_many = f->too_many || too_many(f, run);
	return !f->too_many;
}

static bool
show_end(void *cookie, const struct task_run *run)
{
	(void)show(cookie, run);
	return true;
}

/* What is under way ends by itself. */
static int
stop(struct fleet_far *far, struct task_run *end)
{
	struct json_object *body = cli_remote_body();
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	struct api_client_request request = {
	    .method = "POST", .path = &path, .body = body, .keyed = true};

	cli_remote_put_text(body, "why", "too many failures");
	api_client_path_init(&path, "runs");
	api_client_path_add_id(&path, far->run);
	api_client_path_add(&path, "abort");
	/* It may be over by now. */
	if (cli_remote_try(far->f->c, &request, NULL, &err) != 0 &&
	    err.kind != ERR_REFUSED)
		cli_note(far->f->c, "%s", err.text);
	api_client_path_free(&path);
	cli_remote_put(body);
	task_run_clear(end);
	*end = (struct task_run){.id = 0};
	return cli_remote_follow(far->f->c, far->run, show_end, far->f, end);
}

/* As the engine here counts. */
static void
count(struct fleet *f, const struct task_run *r)
{
	const int64_t *n = r->count;

	f->progress.done = (size_t)r->total;
	f->progress.ok = (size_t)n[TASK_OK];
	f->progress.changed = (size_t)n[TASK_CHANGED];
	f->waiting = (size_t)n[TASK_PENDING];
	f->failed = (size_t)(n[TASK_FAILED] + n[TASK_OFFLINE]);
	f->parked = (size_t)n[TASK_PARKED];
	f->skipped =
	    (size_t)(n[TASK_BUSY] + n[TASK_SKIPPED] + r->total - r->done);
	f->progress.failed = failures(r);
	if (r->state != TASK_ABORTED || f->too_many)
		return;
	/* The server stopped it for its failures, or a person did. */
	(void)err_set(&f->clock_off, ERR_REFUSED, "run %lld was aborted%s%s",
	    (long long)r->id, r->why == NULL ? "" : ": ",
	    r->why == NULL ? "" : r->why);
}

static int
follow(struct fleet_far *far)
{
	struct fleet *f = far->f;
	struct task_run end = {.id = 0};
	int code;

	progress_start(&f->progress, stderr,
	    isatty(STDERR_FILENO) && !f->c->verbose, f->c->quiet, 0);
	code = cli_remote_follow(f->c, far->run, show, f, &end);
	if (code == CODE_OK && f->too_many)
		code = stop(far, &end);
	if (code == CODE_OK)
		count(f, &end);
	task_run_clear(&end);
	return code;
}

/* --- what became of them --- */

int
fleet_far_read(struct fleet_far *far, struct api_client_path *path,
    fleet_far_row_fn *row, void *cookie)
{
	const struct cli_remote_list list = {
	    .path = path, .paged = true, .sparse = true};
	char number[24];
	int code;

	(void)snprintf(number, sizeof(number), "%lld", (long long)far->run);
	api_client_path_param(path, "run", number);
	code = cli_remote_scan(far->f->c, &list, row, cookie);
	api_client_path_free(path);
	return code;
}

static unsigned
reasons_of(struct json_object *row)
{
	struct json_object *list = api_client_member(row, "reasons");
	unsigned set = 0;
	const char *code;
	size_t i, n;
	int reason;

	n = json_object_is_type(list, json_type_array)
	    ? json_object_array_length(list)
	    : 0;
	for (i = 0; i < n; i++) {
		code = api_client_text(json_object_array_get_idx(list, i));
		reason = code == NULL ? -1 : reason_find(code);
		if (reason >= 0)
			set |= 1U << reason;
	}
	return set;
}

void
fleet_far_count(struct fleet *f, struct json_object *row)
{
	unsigned set = reasons_of(row);

	diagnose_count(&f->found, set);
	f->findings += set != 0 ? 1 : 0;
}

static int
take_last(void *cookie, struct json_object *row, struct err *err)
{
	struct fleet *f = cookie;
	const char *kind =
	    api_client_text(api_client_member(row, "error_kind"));
	const char *text = api_client_text(api_client_member(row, "error"));

	(void)err;
	if (kind != NULL)
		(void)err_set(&f->last, err_kind_parse(kind), "%s",
		    text == NULL ? "" : text);
	return 0;
}

/* One device was meant: its own reason says more. */
static int
find_last(struct fleet_far *far)
{
	struct api_client_path path;

	if (far->f->progress.done != 1 || far->f->progress.failed == 0)
		return CODE_OK;
	api_client_path_init(&path, "findings");
	return fleet_far_read(far, &path, take_last, far->f);
}

static int
write_all(struct fleet_far *far, fleet_far_write_fn *write)
{
	struct fleet *f = far->f;
	int64_t ms = clock_mono_ms() - f->progress.started_ms;
	int code;

	f->table = cli_table(f->c, f->columns, f->column_count);
	table_set_sorted(f->table, 0);
	if (f->remark != 0)
		table_set_groups(f->table, 0, f->remark);
	code = write(far);
	table_end(f->table);
	if (code == CODE_OK)
		code = find_last(far);
	if (code == CODE_OK)
		fleet_summarise(f, ms);
	return code == CODE_OK ? fleet_result(f) : code;
}

int
fleet_far_run(struct fleet *f, size_t first_arg, fleet_far_write_fn *write)
{
	struct fleet_far far = {.f = f};
	int code = order(&far, first_arg);

	if (code == CODE_OK)
		code = follow(&far);
	if (code == CODE_OK)
		code = write_all(&far, write);
	fleet_clear(f);
	return code;
}
