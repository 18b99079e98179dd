/* Hygiene of Active Directory. */
#include <stdlib.h>
#include <unistd.h>

#include "ad_audit.h"
#include "api_client.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_body.h"
#include "cli_remote_job.h"
#include "clock.h"
#include "commands_directory_internal.h"
#include "conf.h"
#include "profile.h"
#include "remedy_internal.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STALE (90 * CLOCK_DAY)
#define DRAW_EVERY_MS 200

/* --- audit --- */

struct audit_rows {
	struct table *table;
	bool drawing; /* progress, on a terminal */
	int64_t drawn_ms;
	size_t objects;
	size_t counts[AD_AUDIT_BAD + 1];
};

static void
draw(void *cookie, size_t objects)
{
	struct audit_rows *a = cookie;
	int64_t now = clock_mono_ms();

	a->objects = objects;
	if (!a->drawing || now - a->drawn_ms < DRAW_EVERY_MS)
		return;
	a->drawn_ms = now;
	(void)fprintf(stderr, "\r\033[K%zu objects", objects);
	(void)fflush(stderr);
}

static void
clear_line(const struct audit_rows *a)
{
	if (a->drawn_ms != 0)
		(void)fputs("\r\033[K", stderr);
}

static int
write_finding(void *cookie, const struct ad_audit_finding *f, struct err *err)
{
	struct audit_rows *a = cookie;
	char *repair = cmd_directory_remedy(f);

	table_text(a->table, ad_audit_level_name(f->level));
	table_text(a->table, f->code);
	table_text(a->table, f->object);
	table_text(a->table, f->account);
	table_text(a->table, f->device);
	table_text(a->table, f->evidence);
	table_text(a->table, repair);
	free(repair);
	a->counts[f->level]++;
	return cli_row(a->table, err);
}

static int
worst_code(const struct cli *c, const struct audit_rows *a)
{
	size_t bad = a->counts[AD_AUDIT_BAD];
	size_t warnings = a->counts[AD_AUDIT_WARNING];
	size_t notes = a->counts[AD_AUDIT_NOTE];

	cli_note(c, "%zu objects: %zu bad, %zu warning%s, %zu note%s",
	    a->objects, bad, warnings, warnings == 1 ? "" : "s", notes,
	    notes == 1 ? "" : "s");
	if (bad > 0)
		return CODE_PARTIAL;
	return warnings > 0 ? CODE_WARNED : CODE_OK;
}

static const struct table_column columns[] = {{"level", TABLE_STRING, 0, 0},
    {"code", TABLE_STRING, 0, 0}, {"object", TABLE_STRING, 0, 24},
    {"account", TABLE_STRING, 3, 0}, {"device", TABLE_STRING, 2, 0},
    {"evidence", TABLE_STRING, 0, 24}, {"repair", TABLE_STRING, 1, 24}};

static int
audit_remote(struct cli *c)
{
	struct api_client_path path;
	const struct cli_remote_job job = {.path = &path,
	    .body = cli_remote_body(),
	    .columns = columns,
	    .count = COUNT(columns)};
	int code;

	cli_remote_put_text(job.body, "ou", cli_text(c, "ou"));
	if (cli_text(c, "stale") != NULL)
		cli_remote_put_number(
		    job.body, "stale", cli_span(c, "stale", STALE));
	api_client_path_init(&path, "directory");
	api_client_path_add(&path, "audit");
	code = cli_remote_job(c, &job);
	api_client_path_free(&path);
	return code;
}

int
cmd_directory_audit(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct audit_rows rows = {.objects = 0};
	struct ad_audit how = {.ou = cli_text(c, "ou"),
	    .stale = cli_span(c, "stale", STALE),
	    .found = write_finding,
	    .progress = draw,
	    .cookie = &rows};
	int code, rc;

	if (cli_remote(c))
		return audit_remote(c);
	code = cli_open(c, DAEMON_ENGINE, NULL);
	if (code != CODE_OK)
		return code;
	rows.drawing = isatty(STDERR_FILENO) && !c->quiet && !c->verbose;
	rows.table = cli_table(c, columns, COUNT(columns));
	rc = ad_audit_run(&c->daemon, &how, &err);
	clear_line(&rows);
	table_end(rows.table);
	code = cli_scanned(rc, &err);
	return code != CODE_OK ? code : worst_code(c, &rows);
}
