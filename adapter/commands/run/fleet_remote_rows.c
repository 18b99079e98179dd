/* The rows of what a service elsewhere did with devices. */
#include <json-c/json.h>
#include <stdlib.h>

#include "api_client.h"
#include "cli_remote.h"
#include "cli_remote_body.h"
#include "device.h"
#include "fleet_remote_internal.h"
#include "mem.h"
#include "plan.h"
#include "str.h"

static int
add_row(const struct fleet *f, const char *known, struct json_object *row,
    struct err *err)
{
	const struct cli_remote_rows rows = {
	    .columns = f->columns, .count = f->column_count, .known = known};

	return cli_remote_row(f->table, &rows, row, err);
}

/* Another name for what a member says. */
static void
copy(struct json_object *row, const char *from, const char *to)
{
	(void)json_object_object_add(
	    row, to, json_object_get(api_client_member(row, from)));
}

/* --- discover --- */

/* As it is here: nothing is known of what was never read. */
static int
add_discovered(void *cookie, struct json_object *row, struct err *err)
{
	struct fleet *f = cookie;
	struct device d = {.amt_host = mem_dup(api_client_text(
			       api_client_member(row, "amt_host"))),
	    .amt_domain =
		mem_dup(api_client_text(api_client_member(row, "amt_domain")))};
	char fqdn[256];

	fleet_far_count(f, row);
	(void)json_object_object_add(
	    row, "amt_fqdn", json_object_new_string(device_amt_fqdn(&d, fqdn)));
	free(d.amt_host);
	free(d.amt_domain);
	copy(row, "error_text", "error");
	if (api_client_member(row, "read_at") == NULL)
		(void)json_object_object_add(row, "clock_offset_ms", NULL);
	return add_row(f, "read_at", row, err);
}

static int
write_discovered(struct fleet_far *far)
{
	struct api_client_path path;

	api_client_path_init(&path, "devices");
	return fleet_far_read(far, &path, add_discovered, far->f);
}

int
fleet_discover_remote(struct fleet *f)
{
	return fleet_far_run(f, 0, write_discovered);
}

/* --- diagnose --- */

static int
add_finding(void *cookie, struct json_object *row, struct err *err)
{
	struct fleet *f = cookie;

	fleet_far_count(f, row);
	return add_row(f, NULL, row, err);
}

static int
write_findings(struct fleet_far *far)
{
	struct api_client_path path;

	api_client_path_init(&path, "findings");
	return fleet_far_read(far, &path, add_finding, far->f);
}

int
fleet_diagnose_remote(struct fleet *f)
{
	return fleet_far_run(f, 0, write_findings);
}

struct known {
	struct fleet *f;
	struct cli_remote_fill fill;
};

static int
add_known(void *cookie, struct json_object *row, struct err *err)
{
	struct known *k = cookie;

	fleet_far_count(k->f, row);
	return cli_remote_add(&k->fill, row, err);
}

int
fleet_known_remote(struct fleet *f)
{
	const struct cli_remote_rows rows = {
	    .columns = f->columns, .count = f->column_count};
	struct known k = {.f = f, .fill = {.c = f->c, .rows = &rows}};
	const char *hint;
	int code, end;

	code = cli_remote_select_of(f->c, 0, "findings", add_known, &k);
	/* None matching is an answer, too. */
	end = cli_remote_end(&k.fill, code == CODE_NOTHING ? CODE_OK : code);
	if (code != CODE_OK || end != CODE_OK)
		return code != CODE_OK ? code : end;
	hint = diagnose_fleet_hint(&f->found);
	if (hint != NULL)
		cli_note(f->c, "%s", hint);
	return cli_flag(f->c, "check") && f->findings > 0 ? CODE_PARTIAL
							  : CODE_OK;
}

/* --- plan --- */

struct planned {
	struct fleet *f;
	char *name; /* of the device whose steps these are; NULL */
};

static int
add_step(void *cookie, struct json_object *row, struct err *err)
{
	struct planned *p = cookie;
	const char *step = api_client_text(api_client_member(row, "step"));
	const char *name = NULL;

	if (cli_remote_text(row, "name", &name, err) != 0)
		return -1;
	if (step != NULL) {
		fleet_count_step(p->f, step);
		p->f->planned += str_eq(p->name, name) ? 0 : 1;
		mem_replace(&p->name, name);
	}
	return add_row(p->f, NULL, row, err);
}

static int
write_plan(struct fleet_far *far)
{
	struct planned p = {.f = far->f};
	struct api_client_path path;
	int code;

	api_client_path_init(&path, "plan");
	api_client_path_param(&path, "task", far->f->play->name);
	code = fleet_far_read(far, &path, add_step, &p);
	free(p.name);
	return code;
}

int
fleet_plan_remote(struct fleet *f)
{
	return fleet_far_run(f, 1, write_plan);
}

/* --- run --- */

/* What became of a device, before what is wrong with it is known. */
struct item {
	char *name;
	const char *outcome;
	int64_t steps, ms;
};

struct worked {
	struct fleet *f;
	struct item *items; /* by their turn, as all lists of a run */
	size_t count, room, at;
};

/* As the engine says it. */
static const char *
outcome_of(const char *word)
{
	static const char *const own[] = {
	    "ok", "changed", "waiting", "failed", "parked", NULL};
	size_t i;

	for (i = 0; own[i] != NULL; i++)
		if (str_eq(own[i], word))
			return own[i];
	return str_eq(word, "offline") ? "failed" : "skipped";
}

static int
keep_item(void *cookie, struct json_object *row, struct err *err)
{
	struct worked *w = cookie;
	struct item i = {.outcome = outcome_of(api_client_text(
			     api_client_member(row, "outcome")))};
	const char *name = NULL;

	if (cli_remote_text(row, "device", &name, err) != 0 ||
	    cli_remote_int(row, "steps", &i.steps, err) != 0 ||
	    cli_remote_int(row, "ms", &i.ms, err) != 0)
		return -1;
	i.name = mem_dup(name);
	if (w->count == w->room) {
		w->room = w->room == 0 ? 64 : 2 * w->room;
		w->items = mem_grow(w->items, w->room, sizeof(*w->items));
	}
	w->items[w->count++] = i;
	return 0;
}

static int
add_item(struct worked *w, const struct item *i, struct json_object *row,
    struct err *err)
{
	cli_remote_put_text(row, "task", w->f->play->name);
	cli_remote_put_text(row, "outcome", i->outcome);
	cli_remote_put_number(row, "steps", i->steps);
	cli_remote_put_number(row, "ms", i->ms);
	return add_row(w->f, NULL, row, err);
}

/* Of those that left the fleet since nothing else is known. */
static int
add_gone(struct worked *w, const struct item *i, struct err *err)
{
	struct json_object *row = cli_remote_body();
	int rc;

	cli_remote_put_text(row, "name", i->name);
	(void)json_object_object_add(row, "reasons", NULL);
	(void)json_object_object_add(row, "error_kind", NULL);
	(void)json_object_object_add(row, "error", NULL);
	rc = add_item(w, i, row, err);
	cli_remote_put(row);
	return rc;
}

static int
add_worked(void *cookie, struct json_object *row, struct err *err)
{
	struct worked *w = cookie;
	const char *name = NULL;

	if (cli_remote_text(row, "name", &name, err) != 0)
		return -1;
	for (; w->at < w->count && !str_eq(w->items[w->at].name, name); w->at++)
		if (add_gone(w, &w->items[w->at], err) != 0)
			return -1;
	if (w->at == w->count)
		return 0;
	fleet_far_count(w->f, row);
	return add_item(w, &w->items[w->at++], row, err);
}

static int
read_worked(struct fleet_far *far, struct worked *w)
{
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path, .paged = true};
	int code;

	api_client_path_init(&path, "runs");
	api_client_path_add_id(&path, far->run);
	api_client_path_add(&path, "items");
	code = cli_remote_scan(far->f->c, &list, keep_item, w);
	api_client_path_free(&path);
	if (code != CODE_OK)
		return code;
	api_client_path_init(&path, "findings");
	code = fleet_far_read(far, &path, add_worked, w);
	for (; code == CODE_OK && w->at < w->count; w->at++)
		if (add_gone(w, &w->items[w->at], &err) != 0)
			code = cli_scanned(-1, &err);
	return code;
}

static int
write_worked(struct fleet_far *far)
{
	struct worked w = {.f = far->f};
	int code = read_worked(far, &w);
	size_t i;

	for (i = 0; i < w.count; i++)
		free(w.items[i].name);
	free(w.items);
	return code;
}

int
fleet_work_remote(struct fleet *f)
{
	return fleet_far_run(f, 1, write_worked);
}
