/* devices: what is known of them, and what hosts say. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "device.h"
#include "intake.h"
#include "mem.h"
#include "plan.h"
#include "records.h"
#include "secret.h"
#include "store.h"
#include "str.h"

#define CHANGED_MAX (INTAKE_FIELDS_MAX + 128)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- answers --- */

static int
write_device(struct api_call *c, const struct device *d, struct err *err)
{
	record_device(&c->row, c->kind, d, c->policy);
	return api_row_end(c, err);
}

static int
answer_device(struct api_call *c, int64_t id, struct err *err)
{
	struct device *d = NULL;
	int r;

	if (store_device_get(c->store, id, &d, err) != 0)
		return -1;
	api_row_begin(c, &api_device_row);
	r = write_device(c, d, err);
	device_free(d);
	return r;
}

int
api_devices_get(struct api_call *c, struct err *err)
{
	struct device *d = NULL;
	int r;

	if (api_device(c, 0, &d, err) != 0)
		return -1;
	api_row_begin(c, &api_device_row);
	r = write_device(c, d, err);
	device_free(d);
	return r;
}

/* --- the list --- */

static int
write_listed(
    struct api_call *c, const struct device *d, void *cookie, struct err *err)
{
	(void)cookie;
	return write_device(c, d, err);
}

int
api_devices_list(struct api_call *c, struct err *err)
{
	return api_devices_page(c, &api_device_row, write_listed, NULL, err);
}

/* --- in, changed, out --- */

static struct intake
intake_of(const struct api_call *c)
{
	return (struct intake){.address = api_body_text(c, "address"),
	    .uuid = api_body_text(c, "uuid"),
	    .os_host = api_body_text(c, "os_host"),
	    .os_domain = api_body_text(c, "os_domain"),
	    .site = api_body_text(c, "site"),
	    .group = api_body_text(c, "group"),
	    .leaf_sha256 = api_body_text(c, "pin"),
	    .plain = api_body_bool(c, "plain", false)};
}

int
api_devices_add(struct api_call *c, struct err *err)
{
	const struct intake_to to = {c->store, c->actor};
	struct secret *password = api_body_secret(c, "password");
	struct intake in = intake_of(c);
	struct device *d = NULL;
	int r = -1;

	in.name = api_body_text(c, "name");
	if (intake_check_password(password, err) == 0)
		d = intake_device(&in, err);
	if (d != NULL && intake_group(c->store, &in, d, NULL, err) == 0)
		r = intake_add(&to, d, password, err);
	if (r == 0) {
		api_locate(c, "devices/%s", d->name);
		r = answer_device(c, d->id, err);
	}
	secret_free(password);
	device_free(d);
	return r;
}

/* What consoles write of it; an empty text takes the value away. */
static bool
set_notes(const struct api_call *c, struct device *d, struct buf *changed)
{
	static const char *const names[] = {
	    "description", "custom1", "custom2", "custom3", "custom4"};
	const struct device_field *f;
	const char *text;
	bool any = false;
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		text = api_body_text(c, names[i]);
		f = device_field(names[i]);
		if (text == NULL || str_eq(device_get_text(d, f), text))
			continue;
		device_set_text(d, f, text[0] == '\0' ? NULL : text);
		buf_printf(
		    changed, "%s%s", changed->len == 0 ? "" : ",", names[i]);
		any = true;
	}
	return any;
}

/* What the body says of what belongs to the worker on a device; password:
 * api_body_secret(). */
static struct intake_trust
trust_of(const struct api_call *c, const struct secret *password)
{
	return (struct intake_trust){.password = password,
	    .forget_identity = api_body_bool(c, "forget_identity", false),
	    .tls = api_body_bool(c, "tls", false)};
}

static bool
says_trust(const struct intake_trust *t)
{
	return t->password != NULL || t->forget_identity || t->tls;
}

/* By name, never a value. */
static void
name_trust(const struct intake_trust *t, struct buf *out)
{
	if (t->tls)
		buf_printf(out, "%stls", out->len == 0 ? "" : ",");
	if (t->forget_identity)
		buf_printf(out, "%sforget-identity", out->len == 0 ? "" : ",");
	if (t->password != NULL)
		buf_printf(out, "%spassword", out->len == 0 ? "" : ",");
}

static int
change(struct api_call *c, struct device *d, const struct intake_trust *t,
    struct err *err)
{
	const struct intake_to to = {c->store, c->actor};
	struct intake in = intake_of(c);
	struct buf changed;
	bool host;
	int r = -1;

	in.name = d->name;
	buf_init(&changed, CHANGED_MAX);
	if (intake_change(&in, d, &changed, err) != 0 ||
	    intake_group(c->store, &in, d, &changed, err) != 0)
		goto out;
	host = changed.len > 0;
	(void)set_notes(c, d, &changed);
	r = 0;
	if (changed.len > 0)
		r = store_device_save_host(c->store, d, err);
	name_trust(t, &changed);
	if (r == 0 && changed.len > 0)
		r = intake_event(&to, d, buf_text(&changed), err);
	if (r == 0 && says_trust(t))
		r = intake_trust(&to, d->id, t, err);
	else if (r == 0 && host)
		r = intake_wake(&to, d->id, err);
out:
	buf_free(&changed);
	return r;
}

int
api_devices_change(struct api_call *c, struct err *err)
{
	struct secret *password = api_body_secret(c, "password");
	const struct intake_trust t = trust_of(c, password);
	struct device *d = NULL;
	int r = api_device(c, 0, &d, err);

	if (r == 0)
		r = change(c, d, &t, err);
	if (r == 0)
		r = answer_device(c, d->id, err);
	secret_free(password);
	device_free(d);
	return r;
}

static int
tell_trust(const struct intake_to *to, const struct device *d,
    const struct intake_trust *t, struct err *err)
{
	struct buf fields;
	int r;

	buf_init(&fields, CHANGED_MAX);
	name_trust(t, &fields);
	r = intake_event(to, d, buf_text(&fields), err);
	buf_free(&fields);
	return r;
}

/* What a person knows better than the worker on it. */
int
api_devices_trust(struct api_call *c, struct err *err)
{
	const struct intake_to to = {c->store, c->actor};
	struct secret *password = api_body_secret(c, "password");
	const struct intake_trust t = trust_of(c, password);
	struct device *d = NULL;
	int r = -1;

	if (!says_trust(&t)) {
		(void)err_set(err, ERR_INVALID,
		    "what is different? One of password, forget_identity: true "
		    "and tls: true");
	} else if (api_device(c, 0, &d, err) == 0) {
		r = intake_trust(&to, d->id, &t, err);
	}
	if (r == 0)
		r = tell_trust(&to, d, &t, err);
	if (r == 0)
		r = answer_device(c, d->id, err);
	secret_free(password);
	device_free(d);
	return r;
}

int
api_devices_remove(struct api_call *c, struct err *err)
{
	struct device *d = NULL;
	int r;

	if (api_device(c, 0, &d, err) != 0)
		return -1;
	r = store_device_remove(c->store, d->id, err);
	if (r == 0)
		r = api_event(c, d, "device.removed", NULL, NULL, err);
	device_free(d);
	return r;
}
