#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cli_internal.h"
#include "csv_internal.h"
#include "device.h"
#include "file.h"
#include "intake_internal.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"

/*
 * device import: a CSV file with a heading.  Every line is checked before the
 * first device is stored, so --strict can promise all or nothing.  Rows are
 * stored in portions, each one transaction.
 */
#define PORTION 500 /* devices per transaction */

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
	COLUMN_COUNT
};
static const char *const column_names[COLUMN_COUNT] = {"name", "address",
    "password", "os_host", "os_domain", "uuid", "leaf_sha256", "site", "tls"};

struct import {
	struct cli *c;
	const char *file;
	char *bytes; /* of the file */
	size_t len;
	int place[COLUMN_COUNT]; /* field number of each column, or -1 */
	size_t width;		 /* fields of the heading */
	bool store;		 /* the second time through */
	size_t good, bad, present, added, waiting;
};

static void
complain_line(const struct import *im, size_t line, const char *text)
{
	(void)cli_complain(CODE_INPUT, "%s:%zu: %s", im->file, line, text);
}

/* --- the heading --- */

static int
column_of(const char *name)
{
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
		if (str_ieq(column_names[i], name))
			return i;
	return -1;
}

static int
read_heading(struct import *im, const struct csv_row *row)
{
	struct buf shown;
	size_t i;
	int column;

	for (i = 0; i < COLUMN_COUNT; i++)
		im->place[i] = -1;
	im->width = row->count;
	for (i = 0; i < row->count; i++) {
		column = column_of(row->fields[i]);
		if (column >= 0 && im->place[column] >= 0)
			return cli_complain(CODE_INPUT,
			    "%s:%zu: two columns are called %s", im->file,
			    row->line, column_names[column]);
		if (column >= 0) {
			im->place[column] = (int)i;
			continue;
		}
		buf_init(&shown, 256);
		str_printable(
		    &shown, row->fields[i], strlen(row->fields[i]), 40);
		if (!im->store)
			cli_note(im->c, "%s:%zu: column %s is ignored",
			    im->file, row->line, buf_text(&shown));
		buf_free(&shown);
	}
	if (im->place[COLUMN_NAME] < 0)
		return cli_complain(CODE_INPUT,
		    "%s:%zu: the first line must name the columns, one of "
		    "them \"name\"",
		    im->file, row->line);
	return CODE_OK;
}

/* --- a line --- */

static const char *
value_of(const struct import *im, const struct csv_row *row, enum column c)
{
	return im->place[c] < 0 ? NULL : row->fields[im->place[c]];
}

static int
check_password(const char *text, struct err *err)
{
	struct secret *password;
	int rc;

	if (str_empty(text))
		return 0; /* no password in this file */
	password = secret_new(text, strlen(text));
	rc = intake_check_password(password, err);
	secret_free(password);
	return rc;
}

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

static struct device *
read_line(const struct import *im, const struct csv_row *row, struct err *err)
{
	struct intake in = {.plain = cli_flag(im->c, "plain")};

	if (row->bad != NULL) {
		(void)err_set(err, ERR_INVALID, "%s", row->bad);
		return NULL;
	}
	if (row->count != im->width) {
		(void)err_set(err, ERR_INVALID,
		    "%zu fields where the heading has %zu", row->count,
		    im->width);
		return NULL;
	}
	in.name = value_of(im, row, COLUMN_NAME);
	in.address = value_of(im, row, COLUMN_ADDRESS);
	in.uuid = value_of(im, row, COLUMN_UUID);
	in.os_host = value_of(im, row, COLUMN_OS_HOST);
	in.os_domain = value_of(im, row, COLUMN_OS_DOMAIN);
	in.site = value_of(im, row, COLUMN_SITE);
	in.leaf_sha256 = value_of(im, row, COLUMN_LEAF);
	if (read_tls(value_of(im, row, COLUMN_TLS), &in.plain, err) != 0 ||
	    check_password(value_of(im, row, COLUMN_PASSWORD), err) != 0)
		return NULL;
	return intake_device(&in, err);
}

/* Is the name in the store? 1, 0, -1. */
static int
is_present(struct import *im, const char *name, struct err *err)
{
	struct device *known = NULL;

	if (store_device_find(im->c->daemon.store, name, &known, err) == 0) {
		device_free(known);
		return 1;
	}
	if (err->kind != ERR_NOTFOUND)
		return -1;
	err_clear(err);
	return 0;
}

static int
store_line(struct import *im, const struct csv_row *row, struct device *device,
    struct err *err)
{
	const char *text = value_of(im, row, COLUMN_PASSWORD);
	struct secret *password = NULL;
	int rc = is_present(im, device->name, err);

	if (rc != 0) {
		im->present += rc > 0 ? 1 : 0;
		return rc > 0 ? 0 : -1;
	}
	if (!str_empty(text))
		password = secret_new(text, strlen(text));
	rc = intake_add(im->c, device, password, err);
	secret_free(password);
	if (rc != 0)
		return -1;
	im->added++;
	if (++im->waiting < PORTION)
		return 0;
	im->waiting = 0;
	return store_commit(im->c->daemon.store, err);
}

static int
take_line(struct import *im, const struct csv_row *row)
{
	struct err err = {.kind = ERR_NONE};
	struct device *device = read_line(im, row, &err);
	int code = CODE_OK;

	if (device == NULL) {
		im->bad++;
		if (!im->store)
			complain_line(im, row->line, err.text);
		return CODE_OK;
	}
	im->good++;
	if (im->store && store_line(im, row, device, &err) != 0 &&
	    err.kind == ERR_CONFLICT) { /* another one has this UUID */
		im->bad++;
		complain_line(im, row->line, err.text);
	} else if (err.kind != ERR_NONE) {
		(void)err_context(&err, "%s:%zu", im->file, row->line);
		code = cli_fail(&err);
	}
	device_free(device);
	return code;
}

/* --- the file, twice --- */

static int
walk(struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	struct buf copy; /* reading changes it */
	struct csv csv;
	struct csv_row row;
	int code = CODE_OK;

	im->good = 0;
	im->bad = 0;
	buf_init(&copy, CSV_MAX_BYTES + 1);
	buf_add(&copy, im->bytes, im->len);
	if (csv_open(&csv, (char *)copy.data, copy.len, &err) != 0)
		code = cli_complain(CODE_INPUT, "%s: %s", im->file, err.text);
	else if (csv_next(&csv, &row) == 0)
		code = cli_complain(CODE_INPUT, "%s: is empty", im->file);
	else if (row.bad != NULL)
		code = cli_complain(
		    CODE_INPUT, "%s:%zu: %s", im->file, row.line, row.bad);
	else
		code = read_heading(im, &row);
	while (code == CODE_OK && csv_next(&csv, &row) == 1)
		code = take_line(im, &row);
	buf_free(&copy);
	return code;
}

static int
store_all(struct import *im)
{
	struct err err = {.kind = ERR_NONE};
	int code;

	im->store = true;
	code = walk(im);
	if (code == CODE_OK && store_commit(im->c->daemon.store, &err) != 0)
		code = cli_fail(&err);
	return code;
}

static int
import(struct import *im)
{
	int code = walk(im);

	if (code != CODE_OK)
		return code;
	if (im->bad > 0 && cli_flag(im->c, "strict"))
		return cli_complain(
		    CODE_INPUT, "%zu bad lines: nothing was imported", im->bad);
	code = store_all(im);
	if (code != CODE_OK)
		return code;
	cli_note(im->c,
	    "%zu devices added, %zu were there already, %zu bad lines passed "
	    "over",
	    im->added, im->present, im->bad);
	return im->bad > 0 ? CODE_PARTIAL : CODE_OK;
}

int
cmd_device_import(struct cli *c)
{
	struct import im = {.c = c, .file = c->args[0]};
	struct err err = {.kind = ERR_NONE};
	struct buf bytes;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	buf_init(&bytes, CSV_MAX_BYTES);
	if (file_read(im.file, CSV_MAX_BYTES, &bytes, &err) != 0) {
		code = cli_complain(CODE_INPUT, "%s", err.text);
	} else {
		im.bytes = (char *)bytes.data;
		im.len = bytes.len;
		code = import(&im);
	}
	buf_free(&bytes); /* wipes the passwords */
	return code;
}
