#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "cli.h"
#include "commands_device_internal.h"
#include "csv_table_internal.h"
#include "device.h"
#include "file.h"
#include "foreign_internal.h"
#include "intake.h"
#include "mem.h"
#include "passwords_internal.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "upstream.h"

/*
 * device import: a CSV file with a heading.  Every line is checked before the
 * first device is stored.  Then row by row, in portions of one transaction
 * each: a bad line is named and passed over, and a process that dies in the
 * middle has stored whole rows, which the next import finds.  With --strict all
 * rows are one transaction and one bad line undoes it.  What became of a row is
 * written only once it is committed.
 */
#define PORTION 500 /* rows per transaction */

enum column {
	COLUMN_NAME,
	COLUMN_ADDRESS,
	COLUMN_PASSWORD,
	COLUMN_OS_HOST,
	COLUMN_OS_DOMAIN,
	COLUMN_UUID,
	COLUMN_LEAF,
	COLUMN_SITE,
	COLUMN_TLS,
	COLUMN_GROUP,
	COLUMN_TAGS,
	COLUMN_COUNT
};
static const char *const column_names[COLUMN_COUNT] = {"name", "address",
    "password", "os_host", "os_domain", "uuid", "leaf_sha256", "site", "tls",
    "group", "tags"};

enum outcome { ADDED, CHANGED, UNCHANGED, PRESENT, BAD, OUTCOME_COUNT };
static const char *const outcome_names[OUTCOME_COUNT] = {
    "added", "changed", "unchanged", "present", "bad"};

static const struct table_column result_columns[] = {{"line", TABLE_INT, 1, 0},
    {"name", TABLE_STRING, 0, 0}, {"result", TABLE_STRING, 0, 0},
    {"changed", TABLE_LIST, 0, 16}, {"error", TABLE_STRING, 0, 24}};

struct result {
	size_t line;
	char *name; /* or NULL */
	enum outcome outcome;
	char *changed, *error; /* or NULL */
};

struct import {
	struct cli *c;
	struct buf bytes; /* of the file */
	struct passwords *passwords;
	struct csv_table csv;
	struct table *table;
	bool store; /* the second time through */
	bool strict, update;
	int64_t first; /* device that was added; 0: none yet */
	size_t bad;    /* lines, the first time through */
	size_t counts[OUTCOME_COUNT];
	struct result *held; /* not yet committed */
	size_t held_count, held_room;
};

/* --- what became of the rows --- */

static void
clear_results(struct import *im)
{
	size_t i;

	for (i = 0; i < im->held_count; i++) {
		free(im->held[i].name);
		free(im->held[i].changed);
		free(im->held[i].error);
	}
	im->held_count = 0;
}

/* The texts are copied. */
static void
hold(struct import *im, const struct result *r)
{
	if (im->held_count == im->held_room) {
		im->held_room = (im->held_room + 8) * 2;
		im->held = mem_grow(im->held, im->held_room, sizeof(*im->held));
	}
	im->held[im->held_count] = *r;
	im->held[im->held_count].name = mem_dup(r->name);
	im->held[im->held_count].changed = mem_dup(r->changed);
	im->held[im->held_count].error = mem_dup(r->error);
	im->held_count++;
}

static int
commit(struct import *im, struct err *err)
{
	const struct result *r;
	size_t i;

	if (store_commit(im->c->daemon.store, err) != 0)
		return -1;
	for (i = 0; i < im->held_count; i++) {
		r = &im->held[i];
		im->counts[r->outcome]++;
		table_int(im->table, (int64_t)r->line);
		table_text(im->table, r->name);
		table_text(im->table, outcome_names[r->outcome]);
		table_text(im->table, r->changed);
		table_text(im->table, r->error);
		table_row(im->table);
	}
	clear_results(im);
	return 0;
}

static void
complain(const struct import *im, const char *text)
{
	(void)cli_complain(
	    CODE_INPUT, "%s:%zu: %s", im->csv.file, im->csv.row.line, text);
}

/* --- a line as a record --- */

/* "no" in the column tls: the device has none yet. */
static int
read_tls(const char *text, bool *plain, struct err *err)
{
	if (str_empty(text) || str_ieq(text, "yes") || str_ieq(text, "true"))
		return 0;
	if (!str_ieq(text, "no") && !str_ieq(text, "false"))
		return err_set(err, ERR_INVALID, "tls: must be yes or no");
	*plain = true;
	return 0;
}

/* *ret_password is NULL when neither file has one. */
static int
read_password(struct import *im, const char *name, struct secret **ret_password,
    struct err *err)
{
	struct secret *password;
	const char *text;

	text = im->passwords == NULL
	    ? csv_table_value(&im->csv, COLUMN_PASSWORD)
	    : passwords_find(im->passwords, name);
	*ret_password = NULL;
	if (str_empty(text))
		return 0;
	password = secret_new(text, strlen(text));
	if (intake_check_password(password, err) != 0) {
		secret_free(password);
		return -1;
	}
	*ret_password = password;
	return 0;
}

/* What the line says, borrowed from it, and its record (given); NULL when it is
 * wrong. */
static struct device *
read_line(const struct import *im, struct intake *in, struct err *err)
{
	const struct csv_table *t = &im->csv;

	if (t->row.bad != NULL) {
		(void)err_set(err, ERR_INVALID, "%s", t->row.bad);
		return NULL;
	}
	in->plain = cli_flag(im->c, "plain");
	in->name = csv_table_value(t, COLUMN_NAME);
	in->address = csv_table_value(t, COLUMN_ADDRESS);
	in->uuid = csv_table_value(t, COLUMN_UUID);
	in->os_host = csv_table_value(t, COLUMN_OS_HOST);
	in->os_domain = csv_table_value(t, COLUMN_OS_DOMAIN);
	in->site = csv_table_value(t, COLUMN_SITE);
	in->leaf_sha256 = csv_table_value(t, COLUMN_LEAF);
	in->group = csv_table_value(t, COLUMN_GROUP);
	if (read_tls(csv_table_value(t, COLUMN_TLS), &in->plain, err) != 0)
		return NULL;
	return intake_device(in, err);
}

/* --- a record into the store --- */

/* The device of this name, given; NULL with ERR_NONE when there is none. */
static struct device *
find_known(struct import *im, const char *name, struct err *err)
{
	struct device *known = NULL;

	if (store_device_find(im->c->daemon.store, name, &known, err) != 0 &&
	    err->kind == ERR_NOTFOUND)
		err_clear(err);
	return known;
}

/* Has an earlier line of this file said something else of the device? */
static bool
is_contradicted(struct import *im, const struct intake *in,
    struct device *known, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct buf changed;
	bool other;

	if (im->first == 0 || known->id < im->first)
		return false;
	buf_init(&changed, INTAKE_FIELDS_MAX);
	other =
	    intake_change(in, known, &changed, &why) != 0 || changed.len > 0;
	if (other)
		(void)err_set(err, ERR_CONFLICT,
		    "an earlier line says otherwise of %s: %s", known->name,
		    buf_text(&changed));
	buf_free(&changed);
	return other;
}

static int
store_record(struct import *im, const struct intake *in, struct device *device,
    const struct secret *password, struct result *r, struct err *err)
{
	const struct intake_to to = cli_intake(im->c);
	struct device *known = find_known(im, device->name, err);
	struct buf changed;
	int rc = err->kind == ERR_NONE ? 0 : -1;

	buf_init(&changed, INTAKE_FIELDS_MAX);
	if (rc == 0 && known == NULL) {
		r->outcome = ADDED;
		rc = intake_group(im->c->daemon.store, in, device, NULL, err);
		rc = rc != 0 ? rc : intake_add(&to, device, password, err);
		if (im->first == 0)
			im->first = device->id;
	} else if (rc == 0 && is_contradicted(im, in, known, err)) {
		rc = -1;
	} else if (rc == 0 && !im->update) {
		r->outcome = PRESENT;
	} else if (rc == 0) {
		rc = intake_update(&to, in, known, password, &changed, err);
		r->outcome = changed.len > 0 ? CHANGED : UNCHANGED;
		r->changed = mem_dup(buf_text(&changed));
	}
	buf_free(&changed);
	device_free(known);
	return rc;
}

/* Tags that the line names, given beside those there are; a device that was
 * left alone is left alone. */
static int
store_tags(
    struct import *im, const char *name, struct result *r, struct err *err)
{
	const char *tags = csv_table_value(&im->csv, COLUMN_TAGS);
	struct device *d = NULL;
	bool changed = false;
	char *fields;
	int rc;

	if (str_empty(tags) || r->outcome == PRESENT)
		return 0;
	rc = store_device_find(im->c->daemon.store, name, &d, err);
	if (rc == 0)
		rc = upstream_mirror_tags(
		    im->c->daemon.store, d->id, NULL, tags, &changed, err);
	if (rc == 0 && changed && r->outcome != ADDED) {
		fields = mem_printf("%s%stags",
		    str_empty(r->changed) ? "" : r->changed,
		    str_empty(r->changed) ? "" : ",");
		free(r->changed);
		r->changed = fields;
		r->outcome = CHANGED;
	}
	device_free(d);
	return rc;
}

/* A line whose UUID is another device's is bad; every other failure is ours. */
static int
store_line(struct import *im, const struct intake *in, struct device *device,
    const struct secret *password)
{
	struct result r = {.line = im->csv.row.line, .name = device->name};
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (store_record(im, in, device, password, &r, &err) == 0 &&
	    store_tags(im, device->name, &r, &err) == 0) {
		hold(im, &r);
	} else if (err.kind == ERR_CONFLICT) {
		complain(im, err.text);
		r.outcome = BAD;
		r.error = err.text;
		hold(im, &r);
	} else {
		(void)err_context(
		    &err, "%s:%zu", im->csv.file, im->csv.row.line);
		code = cli_fail(&err);
	}
	free(r.changed);
	if (code == CODE_OK && !im->strict && im->held_count == PORTION &&
	    commit(im, &err) != 0)
		code = cli_fail(&err);
	return code;
}

static int
take_line(struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	struct result bad = {.line = im->csv.row.line, .outcome = BAD};
	struct intake in = {.name = NULL};
	struct secret *password = NULL;
	struct device *device = read_line(im, &in, &err);
	int code = CODE_OK;

	if (device != NULL &&
	    read_password(im, device->name, &password, &err) == 0) {
		if (im->store)
			code = store_line(im, &in, device, password);
	} else if (!im->store) {
		complain(im, err.text);
		im->bad++;
	} else {
		bad.name = device == NULL ? NULL : device->name;
		bad.error = err.text;
		hold(im, &bad);
	}
	secret_free(password);
	device_free(device);
	return code;
}

/* --- the file, twice --- */

static void
note_strangers(const struct import *im)
{
	const char *heading;
	struct buf shown;
	size_t i;

	for (i = 0; (heading = csv_table_stranger(&im->csv, i)) != NULL; i++) {
		buf_init(&shown, 256);
		str_printable(&shown, heading, strlen(heading), 40);
		cli_note(im->c, "%s:%zu: column %s is ignored", im->csv.file,
		    im->csv.row.line, buf_text(&shown));
		buf_free(&shown);
	}
}

/* Passwords in a file that everyone reads are to be noticed, not refused: the
 * file came from elsewhere, and the harm is done. */
static void
note_readable(const struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	int fd = -1;

	if (!str_eq(im->csv.file, "-"))
		fd = open(im->csv.file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (file_check_private(fd, im->csv.file, &err) != 0)
		cli_note(im->c,
		    "%s: others may read the passwords in it: chmod 600 it, or "
		    "give them with --passwords",
		    im->csv.file);
	(void)close(fd);
}

static int
check_heading(const struct import *im)
{
	bool column = im->csv.places[COLUMN_PASSWORD] >= 0;

	if (im->store)
		return CODE_OK;
	if (column && im->passwords != NULL)
		return cli_complain(CODE_INPUT,
		    "%s:%zu: has a column \"password\" beside --passwords: "
		    "take one of them away",
		    im->csv.file, im->csv.row.line);
	note_strangers(im);
	if (column)
		note_readable(im);
	return CODE_OK;
}

static int
walk(struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	struct buf copy; /* reading changes it */
	int code = CODE_OK;

	buf_init(&copy, CSV_MAX_BYTES + 1);
	buf_add(&copy, im->bytes.data, im->bytes.len);
	if (csv_table_open(&im->csv, (char *)copy.data, copy.len, &err) != 0)
		code = cli_complain(CODE_INPUT, "%s", err.text);
	else
		code = check_heading(im);
	while (code == CODE_OK && csv_table_next(&im->csv) == 1)
		code = take_line(im);
	buf_free(&copy);
	return code;
}

/* Was a line found bad while it was stored? */
static bool
has_bad(const struct import *im)
{
	size_t i;

	for (i = 0; i < im->held_count; i++)
		if (im->held[i].outcome == BAD)
			return true;
	return false;
}

static int
store_all(struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	int code;

	im->store = true;
	code = walk(im);
	if (code != CODE_OK)
		return code;
	if (im->strict && has_bad(im)) {
		store_rollback(im->c->daemon.store);
		return cli_complain(
		    CODE_INPUT, "bad lines: nothing was imported");
	}
	return commit(im, &err) == 0 ? CODE_OK : cli_fail(&err);
}

static int
import(struct import *im)
{
	size_t unasked = 0;
	int code = walk(im);

	if (code == CODE_OK && im->passwords != NULL)
		unasked = passwords_unasked(im->passwords);
	if (code != CODE_OK)
		return code;
	if (im->strict && im->bad + unasked > 0)
		return cli_complain(CODE_INPUT,
		    "%zu bad lines: nothing was imported", im->bad + unasked);
	im->table = cli_table(im->c, result_columns,
	    sizeof(result_columns) / sizeof(result_columns[0]));
	code = store_all(im);
	table_end(im->table);
	if (code != CODE_OK)
		return code;
	cli_note(im->c,
	    "%zu devices added, %zu changed, %zu were there already, %zu bad "
	    "lines passed over",
	    im->counts[ADDED], im->counts[CHANGED],
	    im->counts[UNCHANGED] + im->counts[PRESENT],
	    im->counts[BAD] + unasked);
	return im->counts[BAD] + unasked > 0 ? CODE_PARTIAL : CODE_OK;
}

static int
read_source(struct import *im)
{
	const char *from = cli_text(im->c, "from");
	const char *source = im->csv.file;
	struct err err = {.kind = ERR_NONE};

	if (strstr(source, "://") != NULL &&
	    (!str_eq(from, "dmt") || !str_starts(source, "https://")))
		return cli_complain(CODE_USAGE,
		    "%s: a server is read with --from dmt and an https:// "
		    "URL; else give a file",
		    source);
	if (from != NULL && !str_eq(from, "csv"))
		return foreign_read(im->c, from, &im->bytes);
	if (file_read(im->csv.file, CSV_MAX_BYTES, &im->bytes, &err) != 0)
		return cli_complain(CODE_INPUT, "%s", err.text);
	return CODE_OK;
}

int
cmd_device_import(struct cli *c)
{
	const char *passwords = cli_text(c, "passwords");
	struct import im = {.c = c,
	    .strict = cli_flag(c, "strict"),
	    .update = cli_flag(c, "update"),
	    .csv = {.file = c->args[0],
		.names = column_names,
		.count = COLUMN_COUNT}};
	int code;

	if (str_eq(passwords, "-") && str_eq(im.csv.file, "-"))
		return cli_complain(CODE_USAGE,
		    "standard input cannot be both the fleet and its "
		    "passwords");
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	buf_init(&im.bytes, CSV_MAX_BYTES);
	code = read_source(&im);
	if (code == CODE_OK && passwords != NULL &&
	    (im.passwords = passwords_load(passwords)) == NULL)
		code = CODE_INPUT;
	if (code == CODE_OK)
		code = import(&im);
	passwords_free(im.passwords);
	clear_results(&im);
	free(im.held);
	buf_free(&im.bytes); /* wipes the passwords */
	return code;
}
