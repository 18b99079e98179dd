#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_device_internal.h"
#include "device.h"
#include "file.h"
#include "foreign_internal.h"
#include "import_remote_internal.h"
#include "intake_csv.h"
#include "mem.h"
#include "passwords_internal.h"
#include "store.h"
#include "str.h"

/*
 * device import: a CSV file with a heading.  Every line is checked before the
 * first device is stored.  Then row by row, in portions of one transaction
 * each: a bad line is named and passed over, and a process that dies in the
 * middle has stored whole rows, which the next import finds.  With --strict all
 * rows are one transaction and one bad line undoes it.  What became of a row is
 * written only once it is committed.
 */
#define PORTION 500 /* rows per transaction */

static const struct table_column result_columns[] = {{"line", TABLE_INT, 1, 0},
    {"name", TABLE_STRING, 0, 0}, {"result", TABLE_STRING, 0, 0},
    {"changed", TABLE_LIST, 0, 16}, {"error", TABLE_STRING, 0, 24}};

struct result {
	size_t line;
	char *name; /* or NULL */
	enum intake_outcome outcome;
	char *changed, *error; /* or NULL */
	bool sent;	       /* what became of it is still to be told */
};

struct import {
	struct cli *c;
	struct buf bytes; /* of the file */
	struct passwords *passwords;
	struct csv_table csv;
	struct table *table;
	bool store; /* the second time through */
	bool strict;
	struct intake_file into;
	struct import_far *far; /* --server; NULL */
	size_t told;		/* of those held */
	size_t bad;		/* lines, the first time through */
	size_t counts[INTAKE_OUTCOMES];
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

static void
write_results(struct import *im)
{
	const struct result *r;
	size_t i;

	for (i = 0; i < im->held_count; i++) {
		r = &im->held[i];
		im->counts[r->outcome]++;
		table_int(im->table, (int64_t)r->line);
		table_text(im->table, r->name);
		table_text(im->table, intake_outcome_name(r->outcome));
		table_text(im->table, r->changed);
		table_text(im->table, r->error);
		table_row(im->table);
	}
	clear_results(im);
	im->told = 0;
}

static int
commit(struct import *im, struct err *err)
{
	if (store_commit(im->c->daemon.store, err) != 0)
		return -1;
	write_results(im);
	return 0;
}

static void
complain(const struct import *im, size_t line, const char *text)
{
	(void)cli_complain(CODE_INPUT, "%s:%zu: %s", im->csv.file, line, text);
}

/* --- lines --- */

/* A line whose UUID is another device's is bad; every other failure is ours. */
static int
store_line(struct import *im, struct intake_line *line)
{
	struct result r = {
	    .line = im->csv.row.line, .name = line->device->name};
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (intake_line_store(
		&im->into, &im->csv, line, &r.outcome, &r.changed, &err) == 0) {
		hold(im, &r);
	} else if (err.kind == ERR_CONFLICT) {
		complain(im, im->csv.row.line, err.text);
		r.outcome = INTAKE_BAD;
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

/* --- elsewhere --- */

static enum intake_outcome
outcome_of(const char *word)
{
	int o;

	for (o = 0; o < INTAKE_BAD; o++)
		if (str_eq(word, intake_outcome_name((enum intake_outcome)o)))
			return (enum intake_outcome)o;
	return INTAKE_BAD;
}

/* The next of those that were sent; strict leaves good ones be. */
static void
take_told(
    void *cookie, const char *outcome, const char *changed, const char *error)
{
	struct import *im = cookie;
	struct result *r;

	while (im->told < im->held_count && !im->held[im->told].sent)
		im->told++;
	if (im->told == im->held_count)
		return;
	r = &im->held[im->told++];
	r->sent = false;
	r->outcome =
	    str_eq(outcome, "left") ? INTAKE_PRESENT : outcome_of(outcome);
	r->changed = str_empty(changed) ? NULL : mem_dup(changed);
	r->error = mem_dup(error);
	if (r->outcome == INTAKE_BAD)
		complain(im, r->line, error == NULL ? outcome : error);
}

static int
send_line(struct import *im, const struct intake_line *line)
{
	const struct result r = {
	    .line = im->csv.row.line, .name = line->device->name, .sent = true};
	int code;

	hold(im, &r);
	import_far_add(im->far, &im->csv, line);
	if (im->strict || !import_far_full(im->far))
		return CODE_OK;
	code = import_far_send(im->far, take_told, im);
	if (code == CODE_OK)
		write_results(im);
	return code;
}

static const char *
find_password(void *cookie, const char *name)
{
	return passwords_find(cookie, name);
}

static int
take_line(struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	struct result bad = {.line = im->csv.row.line, .outcome = INTAKE_BAD};
	struct intake_line line = {.device = NULL};
	int code = CODE_OK;

	if (intake_line_read(&im->csv, cli_flag(im->c, "plain"),
		im->passwords == NULL ? NULL : find_password, im->passwords,
		&line, &err) == 0) {
		if (im->store)
			code = im->far != NULL ? send_line(im, &line)
					       : store_line(im, &line);
	} else if (!im->store) {
		complain(im, im->csv.row.line, err.text);
		im->bad++;
	} else {
		bad.name = line.device == NULL ? NULL : line.device->name;
		bad.error = err.text;
		hold(im, &bad);
	}
	intake_line_clear(&line);
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
	bool column = im->csv.places[INTAKE_PASSWORD] >= 0;

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
		if (im->held[i].outcome == INTAKE_BAD)
			return true;
	return false;
}

static int
store_all(struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	int code;

	im->store = true;
	im->into = (struct intake_file){
	    .to = cli_intake(im->c), .update = cli_flag(im->c, "update")};
	code = walk(im);
	if (code == CODE_OK && im->far != NULL)
		code = import_far_send(im->far, take_told, im);
	if (code != CODE_OK)
		return code;
	if (im->strict && has_bad(im)) {
		if (im->far == NULL)
			store_rollback(im->c->daemon.store);
		return cli_complain(
		    CODE_INPUT, "bad lines: nothing was imported");
	}
	if (im->far == NULL)
		return commit(im, &err) == 0 ? CODE_OK : cli_fail(&err);
	write_results(im);
	return CODE_OK;
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
	    im->counts[INTAKE_ADDED], im->counts[INTAKE_CHANGED],
	    im->counts[INTAKE_UNCHANGED] + im->counts[INTAKE_PRESENT],
	    im->counts[INTAKE_BAD] + unasked);
	return im->counts[INTAKE_BAD] + unasked > 0 ? CODE_PARTIAL : CODE_OK;
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
	    .csv = {.file = c->args[0],
		.names = intake_column_names,
		.count = INTAKE_COLUMNS}};
	int code;

	if (str_eq(passwords, "-") && str_eq(im.csv.file, "-"))
		return cli_complain(CODE_USAGE,
		    "standard input cannot be both the fleet and its "
		    "passwords");
	code = cli_remote(c) ? cli_remote_open(c)
			     : cli_open(c, DAEMON_STORE, NULL);
	if (code != CODE_OK)
		return code;
	if (cli_remote(c))
		im.far = import_far_new(c);
	buf_init(&im.bytes, CSV_MAX_BYTES);
	code = read_source(&im);
	if (code == CODE_OK && passwords != NULL &&
	    (im.passwords = passwords_load(passwords)) == NULL)
		code = CODE_INPUT;
	if (code == CODE_OK)
		code = import(&im);
	import_far_free(im.far);
	passwords_free(im.passwords);
	clear_results(&im);
	free(im.held);
	buf_free(&im.bytes); /* wipes the passwords */
	return code;
}
