#include "intake_csv.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "upstream.h"

const char *const intake_column_names[INTAKE_COLUMNS] = {"name", "address",
    "password", "os_host", "os_domain", "uuid", "leaf_sha256", "site", "tls",
    "group", "tags"};

const char *
intake_outcome_name(enum intake_outcome o)
{
	static const char *const names[INTAKE_OUTCOMES] = {
	    "added", "changed", "unchanged", "present", "bad"};

	return names[o];
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

static int
read_password(const char *text, struct secret **ret_password, struct err *err)
{
	struct secret *password;

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

static int
read_device(const struct csv_table *t, struct intake_line *l, struct err *err)
{
	struct intake *in = &l->in;

	if (t->row.bad != NULL)
		return err_set(err, ERR_INVALID, "%s", t->row.bad);
	in->name = csv_table_value(t, INTAKE_NAME);
	in->address = csv_table_value(t, INTAKE_ADDRESS);
	in->uuid = csv_table_value(t, INTAKE_UUID);
	in->os_host = csv_table_value(t, INTAKE_OS_HOST);
	in->os_domain = csv_table_value(t, INTAKE_OS_DOMAIN);
	in->site = csv_table_value(t, INTAKE_SITE);
	in->leaf_sha256 = csv_table_value(t, INTAKE_LEAF);
	in->group = csv_table_value(t, INTAKE_GROUP);
	if (read_tls(csv_table_value(t, INTAKE_TLS), &in->plain, err) != 0)
		return -1;
	l->device = intake_device(in, err);
	return l->device == NULL ? -1 : 0;
}

int
intake_line_read(const struct csv_table *t, bool plain,
    intake_password_fn *password, void *cookie, struct intake_line *ret,
    struct err *err)
{
	*ret = (struct intake_line){.in = {.plain = plain}};
	if (read_device(t, ret, err) != 0)
		return -1;
	return read_password(password == NULL
		? csv_table_value(t, INTAKE_PASSWORD)
		: password(cookie, ret->device->name),
	    &ret->password, err);
}

void
intake_line_clear(struct intake_line *line)
{
	device_free(line->device);
	secret_free(line->password);
	memset(line, 0, sizeof(*line));
}

/* --- a record into the store --- */

/* The device of this name, given; NULL with ERR_NONE when there is none. */
static struct device *
find_known(const struct intake_file *f, const char *name, struct err *err)
{
	struct device *known = NULL;

	if (store_device_find(f->to.store, name, &known, err) != 0 &&
	    err->kind == ERR_NOTFOUND)
		err_clear(err);
	return known;
}

/* Has an earlier line of this file said something else of the device? */
static bool
is_contradicted(const struct intake_file *f, const struct intake *in,
    struct device *known, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct buf changed;
	bool other;

	if (f->first == 0 || known->id < f->first)
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
store_record(struct intake_file *f, struct intake_line *l,
    enum intake_outcome *ret, char **ret_changed, struct err *err)
{
	struct device *known = find_known(f, l->device->name, err);
	struct buf changed;
	int rc = err->kind == ERR_NONE ? 0 : -1;

	buf_init(&changed, INTAKE_FIELDS_MAX);
	if (rc == 0 && known == NULL) {
		*ret = INTAKE_ADDED;
		rc = intake_group(f->to.store, &l->in, l->device, NULL, err);
		rc = rc != 0 ? rc
			     : intake_add(&f->to, l->device, l->password, err);
		if (f->first == 0)
			f->first = l->device->id;
	} else if (rc == 0 && is_contradicted(f, &l->in, known, err)) {
		rc = -1;
	} else if (rc == 0 && !f->update) {
		*ret = INTAKE_PRESENT;
	} else if (rc == 0) {
		rc = intake_update(
		    &f->to, &l->in, known, l->password, &changed, err);
		*ret = changed.len > 0 ? INTAKE_CHANGED : INTAKE_UNCHANGED;
		*ret_changed = mem_dup(buf_text(&changed));
	}
	buf_free(&changed);
	device_free(known);
	return rc;
}

/* Tags that the line names, given beside those there are; a device that was
 * left alone is left alone. */
static int
store_tags(struct intake_file *f, const char *tags, const char *name,
    enum intake_outcome *ret, char **ret_changed, struct err *err)
{
	struct device *d = NULL;
	bool changed = false;
	char *fields;
	int rc;

	if (str_empty(tags) || *ret == INTAKE_PRESENT)
		return 0;
	rc = store_device_find(f->to.store, name, &d, err);
	if (rc == 0)
		rc = upstream_mirror_tags(
		    f->to.store, d->id, NULL, tags, &changed, err);
	if (rc == 0 && changed && *ret != INTAKE_ADDED) {
		fields = mem_printf("%s%stags",
		    str_empty(*ret_changed) ? "" : *ret_changed,
		    str_empty(*ret_changed) ? "" : ",");
		free(*ret_changed);
		*ret_changed = fields;
		*ret = INTAKE_CHANGED;
	}
	device_free(d);
	return rc;
}

int
intake_line_store(struct intake_file *f, const struct csv_table *t,
    struct intake_line *line, enum intake_outcome *ret, char **ret_changed,
    struct err *err)
{
	*ret_changed = NULL;
	err_clear(err);
	if (store_record(f, line, ret, ret_changed, err) == 0 &&
	    store_tags(f, csv_table_value(t, INTAKE_TAGS), line->device->name,
		ret, ret_changed, err) == 0)
		return 0;
	free(*ret_changed);
	*ret_changed = NULL;
	return -1;
}
