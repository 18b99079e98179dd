/* Jobs of a service elsewhere. */
#include "cli_remote_job.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api_client.h"
#include "caught_internal.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "str.h"

#define WHAT "jobs"
#define FIRST_NS 100000000L /* between questions, at first; doubled to */
#define LAST_NS 800000000L
#define AWAY_MS 60000 /* a restart of the server ends its jobs */

struct waiting {
	struct cli *c;
	int64_t id;
	struct json_object *row; /* as it was last told */
	int64_t seen_ms;
};

static int
take(struct waiting *w, struct json_object *row)
{
	struct err err = {.kind = ERR_NONE};

	cli_remote_put(w->row);
	w->row = row;
	w->seen_ms = clock_mono_ms();
	return cli_remote_int(row, "id", &w->id, &err) == 0 ? CODE_OK
							    : cli_fail(&err);
}

static bool
is_over(const struct waiting *w)
{
	const char *state = api_client_text(api_client_member(w->row, "state"));

	return str_eq(state, "ended") || str_eq(state, "failed");
}

static void
begin_path(const struct waiting *w, struct api_client_path *path)
{
	api_client_path_init(path, WHAT);
	api_client_path_add_id(path, w->id);
}

static int
look(struct waiting *w)
{
	struct err err = {.kind = ERR_NONE};
	struct json_object *row = NULL;

	if (cli_remote_look(w->c, WHAT, w->id, &row, &err) == 0)
		return take(w, row);
	return err_is_transient(&err) && clock_mono_ms() - w->seen_ms < AWAY_MS
	    ? CODE_OK
	    : cli_fail(&err);
}

static int
wait_for(struct waiting *w)
{
	struct timespec pause = {.tv_nsec = FIRST_NS};
	int code = CODE_OK;

	while (code == CODE_OK && !is_over(w) && cli_caught == 0) {
		(void)nanosleep(&pause, NULL);
		if (cli_caught == 0)
			code = look(w);
		if (pause.tv_nsec < LAST_NS)
			pause.tv_nsec *= 2;
	}
	return code;
}

/* --- what it wrote --- */

/* Rows come as a report, whole. */
static int
write_rows(struct waiting *w, const struct cli_remote_job *job)
{
	const struct cli_remote_rows rows = {
	    .columns = job->columns, .count = job->count};
	struct cli_remote_fill fill = {.c = w->c, .rows = &rows};
	struct json_object *report = NULL, *list;
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "GET", .path = &path};
	size_t i, n;
	int code, rc = 0;

	begin_path(w, &path);
	api_client_path_add(&path, "rows");
	code = cli_remote_ask(w->c, &request, &report);
	api_client_path_free(&path);
	if (code != CODE_OK)
		return code;
	list = api_client_member(report, "rows");
	n = json_object_is_type(list, json_type_array)
	    ? json_object_array_length(list)
	    : 0;
	fill.table = cli_table(w->c, job->columns, job->count);
	for (i = 0; rc == 0 && i < n; i++)
		rc = cli_remote_add(
		    &fill, json_object_array_get_idx(list, i), &err);
	table_end(fill.table);
	cli_remote_put(report);
	return cli_scanned(rc, &err);
}

static const char *
text_of(const struct waiting *w, const char *name)
{
	const char *text = api_client_text(api_client_member(w->row, name));

	return text == NULL ? "" : text;
}

/* Notes go with findings; what failed has complaints. */
static void
say(const struct waiting *w, int64_t code)
{
	bool notes =
	    code == CODE_OK || code == CODE_PARTIAL || code == CODE_WARNED;

	if (!notes || !w->c->quiet)
		(void)fputs(text_of(w, "said"), stderr);
}

static int
write_end(struct waiting *w, const struct cli_remote_job *job)
{
	struct err err = {.kind = ERR_NONE};
	int64_t code = -1, rows = -1;
	int r = CODE_OK;

	if (cli_remote_int(w->row, "code", &code, &err) != 0 ||
	    cli_remote_int(w->row, "rows", &rows, &err) != 0)
		return cli_fail(&err);
	(void)fputs(text_of(w, "text"), stdout);
	if (job->columns != NULL && rows >= 0)
		r = write_rows(w, job);
	say(w, code);
	if (r != CODE_OK)
		return r;
	return code < 0 || code > UINT8_MAX ? CODE_FAILED : (int)code;
}

/* --- all of it --- */

static int
end_it(struct waiting *w)
{
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "DELETE", .path = &path};

	begin_path(w, &path);
	(void)cli_remote_try(w->c, &request, NULL, &err);
	api_client_path_free(&path);
	return cli_complain(
	    CODE_INTERRUPTED, "job %lld there was ended", (long long)w->id);
}

int
cli_remote_job(struct cli *c, const struct cli_remote_job *job)
{
	struct waiting w = {.c = c};
	struct json_object *row = NULL;
	struct caught_old old;
	int code = cli_remote_post(c, job->path, job->body, &row);

	if (code == CODE_OK)
		code = take(&w, row);
	if (code == CODE_OK) {
		cli_catch(&old);
		code = wait_for(&w);
		cli_release(&old);
	}
	if (code == CODE_OK)
		code = is_over(&w) ? write_end(&w, job) : end_it(&w);
	cli_remote_put(w.row);
	return code;
}

int
cli_remote_test(struct cli *c, const char *what, const char *below,
    const struct table_column *columns, size_t count)
{
	struct api_client_path path;
	const struct cli_remote_job job = {
	    .path = &path, .columns = columns, .count = count};
	int code;

	api_client_path_init(&path, what);
	if (below != NULL)
		api_client_path_add(&path, below);
	api_client_path_add(&path, c->args[0]);
	api_client_path_add(&path, "test");
	code = cli_remote_job(c, &job);
	api_client_path_free(&path);
	return code;
}
