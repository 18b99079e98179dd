/* Devices of a file, to a service elsewhere. */
#include "import_remote_internal.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "api_client.h"
#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "intake_csv.h"
#include "mem.h"
#include "secret.h"

#define TYPE "text/csv"
#define CHANGED_MAX 4096
/* A body is 1 MiB at most (api.h); a line may come behind this. */
#define BODY_MAX ((size_t)1 << 20)
#define FULL (BODY_MAX - (size_t)INTAKE_COLUMNS * 2 * (CSV_MAX_FIELD + 2))

struct import_far {
	struct cli *c;
	struct buf csv; /* with passwords; wiped */
	size_t lines;
};

static void
begin(struct import_far *far)
{
	size_t i;

	buf_wipe(&far->csv);
	far->lines = 0;
	for (i = 0; i < INTAKE_COLUMNS; i++)
		buf_printf(&far->csv, "%s%s", i == 0 ? "" : ",",
		    intake_column_names[i]);
	buf_str(&far->csv, "\r\n");
}

struct import_far *
import_far_new(struct cli *c)
{
	struct import_far *far = mem_alloc(sizeof(*far));

	far->c = c;
	buf_init(&far->csv, BODY_MAX);
	begin(far);
	return far;
}

void
import_far_free(struct import_far *far)
{
	if (far == NULL)
		return;
	buf_free(&far->csv);
	free(far);
}

/* A field as RFC 4180 has it. */
static void
add_field(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '"')
			buf_char(out, '"');
		buf_char(out, *text);
	}
	buf_char(out, '"');
}

void
import_far_add(struct import_far *far, const struct csv_table *t,
    const struct intake_line *line)
{
	const char *text;
	size_t i;

	for (i = 0; i < INTAKE_COLUMNS; i++) {
		text = csv_table_value(t, i);
		if (i == INTAKE_PASSWORD)
			text = line->password == NULL
			    ? NULL
			    : secret_text(line->password);
		else if (i == INTAKE_TLS)
			text = line->in.plain ? "no" : "yes";
		if (i > 0)
			buf_char(&far->csv, ',');
		add_field(&far->csv, text);
	}
	buf_str(&far->csv, "\r\n");
	far->lines++;
}

bool
import_far_full(const struct import_far *far)
{
	return far->csv.len > FULL || far->csv.over;
}

/* --- what became of them --- */

static void
list_changed(struct json_object *row, struct buf *out)
{
	struct json_object *list = api_client_member(row, "changed");
	size_t i,
	    n = json_object_is_type(list, json_type_array)
	    ? json_object_array_length(list)
	    : 0;
	const char *text;

	for (i = 0; i < n; i++) {
		text = api_client_text(json_object_array_get_idx(list, i));
		buf_printf(
		    out, "%s%s", i == 0 ? "" : ",", text == NULL ? "" : text);
	}
}

static int
give(struct json_object *row, import_far_fn *fn, void *cookie, struct err *err)
{
	const char *outcome = NULL;
	struct buf changed;

	if (cli_remote_text(row, "result", &outcome, err) != 0)
		return -1;
	buf_init(&changed, CHANGED_MAX);
	list_changed(row, &changed);
	fn(cookie, outcome, buf_text(&changed),
	    api_client_text(api_client_member(row, "error")));
	buf_free(&changed);
	return 0;
}

static int
give_all(const struct import_far *far, struct json_object *answer,
    import_far_fn *fn, void *cookie)
{
	struct json_object *items = api_client_member(answer, "items");
	struct err err = {.kind = ERR_NONE};
	size_t i;
	int rc = 0;

	if (!json_object_is_type(items, json_type_array) ||
	    json_object_array_length(items) != far->lines)
		rc = err_set(&err, ERR_PROTOCOL,
		    "the server does not say what became of each line");
	for (i = 0; rc == 0 && i < far->lines; i++)
		rc =
		    give(json_object_array_get_idx(items, i), fn, cookie, &err);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

int
import_far_send(struct import_far *far, import_far_fn *fn, void *cookie)
{
	const struct cli *c = far->c;
	struct json_object *answer = NULL;
	struct api_client_path path;
	const struct api_client_request request = {
	    .method = "POST", .path = &path, .type = TYPE, .file = &far->csv};
	int code;

	if (far->csv.over)
		return cli_complain(CODE_INPUT,
		    "with --server and --strict the good lines are %zu bytes "
		    "at most",
		    BODY_MAX);
	if (far->lines == 0)
		return CODE_OK;
	api_client_path_init(&path, "device-import");
	api_client_path_param(
	    &path, "update", cli_flag(c, "update") ? "yes" : NULL);
	api_client_path_param(
	    &path, "strict", cli_flag(c, "strict") ? "yes" : NULL);
	code = cli_remote_ask(far->c, &request, &answer);
	api_client_path_free(&path);
	if (code == CODE_OK)
		code = give_all(far, answer, fn, cookie);
	cli_remote_put(answer);
	begin(far);
	return code;
}
