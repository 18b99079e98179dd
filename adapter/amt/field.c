#include <assert.h>
#include <string.h>

#include "err.h"
#include "op_internal.h"
#include "str.h"

static int
bad(const char *name, struct err *err)
{
	return err_set(
	    err, ERR_PROTOCOL, "device reports a %s we do not take", name);
}

static int
set_text(const struct field *f, const char *text, char *at, struct err *err)
{
	if (strlen(text) >= f->size)
		return bad(f->name, err);
	memcpy(at, text, strlen(text) + 1);
	return 0;
}

static int
set_bool(const struct field *f, const char *text, char *at, struct err *err)
{
	bool value = str_eq(text, "true") || str_eq(text, "1");

	assert(f->size == sizeof(value));
	if (!value && !str_eq(text, "false") && !str_eq(text, "0"))
		return bad(f->name, err);
	memcpy(at, &value, sizeof(value));
	return 0;
}

static int
set_int(const struct field *f, const char *text, char *at, struct err *err)
{
	int64_t value;

	assert(f->size == sizeof(value));
	if (str_int(text, INT32_MIN, UINT32_MAX, &value) != 0)
		return bad(f->name, err);
	memcpy(at, &value, sizeof(value));
	return 0;
}

static int
set(const struct field *f, const char *text, char *at, struct err *err)
{
	switch (f->type) {
	case FIELD_TEXT:
		return set_text(f, text, at, err);
	case FIELD_BOOL:
		return set_bool(f, text, at, err);
	case FIELD_INT:
		return set_int(f, text, at, err);
	}
	return bad(f->name, err);
}

int
field_read(const struct field *fields, size_t count,
    const struct xml_node *instance, void *into, struct err *err)
{
	const char *text;
	size_t i;

	for (i = 0; i < count; i++) {
		text = xml_child_text(instance, fields[i].name);
		if (text == NULL)
			continue;
		if (set(&fields[i], text, (char *)into + fields[i].offset,
			err) != 0)
			return -1;
	}
	return 0;
}

int
field_text(const struct xml_node *instance, const char *name, char *out,
    size_t size, struct err *err)
{
	struct field f = {name, FIELD_TEXT, 0, size};

	out[0] = '\0';
	return field_read(&f, 1, instance, out, err);
}

const struct xml_node *
field_item(const struct wsman_reply *reply, const char *instance_id)
{
	const struct xml_node *n;

	for (n = wsman_items(reply); n != NULL; n = n->next)
		if (str_eq(xml_child_text(n, "InstanceID"), instance_id))
			return n;
	return NULL;
}

const struct xml_node *
field_instance(
    const struct wsman_reply *reply, const char *class_name, struct err *err)
{
	const struct xml_node *body = wsman_body(reply);

	if (body != NULL && str_eq(body->name, class_name))
		return body;
	err_set(err, ERR_PROTOCOL, "answer is no %s", class_name);
	return NULL;
}

int
field_handle(const struct wsman_reply *reply, const char *name,
    char out[AMT_HANDLE], struct err *err)
{
	const struct xml_node *body = wsman_body(reply), *ref = NULL;
	const char *handle = NULL;

	if (body != NULL)
		ref = xml_child(body, NULL, name);
	if (ref != NULL)
		handle = wsman_ref_selector(ref, NULL);
	if (handle == NULL || handle[0] == '\0' || strlen(handle) >= AMT_HANDLE)
		return bad(name, err);
	memcpy(out, handle, strlen(handle) + 1);
	return 0;
}

/* --- read-modify-write --- */

static bool
one_holds(const struct patch *p, const struct xml_node *instance)
{
	const char *text = xml_child_text(instance, p->name);

	switch (p->how) {
	case PATCH_SET:
		return str_eq(text == NULL ? "" : text, p->value);
	case PATCH_IF_THERE:
		return text == NULL || str_eq(text, p->value);
	case PATCH_DROP:
		return true;
	}
	return false;
}

bool
patch_holds(
    const struct patch *patches, size_t count, const struct xml_node *instance)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!one_holds(&patches[i], instance))
			return false;
	return true;
}

struct merge {
	const struct patch *patches;
	size_t count;
	size_t next; /* to be looked at for insertion */
	const struct xml_node *instance;
};

/* Patches of elements that the instance lacks, each at its place in the order
 * (all that come before name; NULL: all). */
static void
insert_before(struct merge *m, struct buf *out, const char *name)
{
	const struct patch *p;

	for (; m->next < m->count; m->next++) {
		p = &m->patches[m->next];
		if (name != NULL && strcmp(p->name, name) >= 0)
			return;
		if (p->how == PATCH_SET &&
		    xml_child(m->instance, NULL, p->name) == NULL)
			wsman_text(out, p->name, p->value);
	}
}

static bool
edit(void *cookie, struct buf *out, const struct xml_node *child)
{
	struct merge *m = cookie;
	const struct patch *p = m->patches, *end = p + m->count;

	insert_before(m, out, child->name);
	while (p < end && !str_eq(p->name, child->name))
		p++;
	if (p == end)
		return true;
	/* A repeated element gets its one value once. */
	if (p->how != PATCH_DROP &&
	    xml_child(m->instance, NULL, p->name) == child)
		wsman_text(out, p->name, p->value);
	return false;
}

const char *
patch_bool(bool value)
{
	return value ? "true" : "false";
}

void
patch_write(const struct patch *patches, size_t count,
    const struct xml_node *instance, struct buf *out)
{
	struct merge m = {patches, count, 0, instance};
	size_t i;

	for (i = 1; i < count; i++)
		assert(strcmp(patches[i - 1].name, patches[i].name) < 0);
	wsman_open(out, instance->name, instance->name);
	wsman_copy(out, instance, edit, &m);
	insert_before(&m, out, NULL);
	wsman_close(out, instance->name);
}
