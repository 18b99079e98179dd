/* system.*Tag: tags of systems. */
#include <stdlib.h>
#include <string.h>

#include "commands_internal.h"
#include "device.h"
#include "mem.h"
#include "store.h"
#include "str.h"

#define AT_ONCE 500 /* systems in one transaction */

typedef int change_fn(struct store *s, int64_t device, int64_t tag,
    bool *ret_changed, struct err *err);

struct tagging {
	struct call *c;
	change_fn *change;
	const char *event, *name;
	int64_t tag;
	int64_t changed;
};

/* --- finding tags --- */

static int
write_tag(void *cookie, const struct store_tag *tag, struct err *err)
{
	struct call *c = cookie;

	(void)err;
	if (!call_finds(c, tag->name))
		return 0;
	out_row(&c->out, "TagEPO");
	out_int(&c->out, "tagId", tag->id);
	out_text(&c->out, "tagName", tag->name);
	out_text(&c->out, "tagNotes", "");
	out_row_end(&c->out);
	return 0;
}

int
remote_find_tag(struct call *c, struct err *err)
{
	int r;

	out_list(&c->out, true);
	r = store_tag_scan(c->store, write_tag, c, err);
	out_list_end(&c->out);
	return r;
}

int
remote_create_tag(struct call *c, struct err *err)
{
	const char *name = call_text(c, "tagName");
	struct err why = {.kind = ERR_NONE};
	int64_t id = 0;

	if (name == NULL)
		return err_set(err, ERR_INVALID, "tagName is empty");
	if (store_tag_find(c->store, name, &id, &why) == -1) {
		if (store_tag_take(c->store, name, &id, err) == -1 ||
		    call_event(c, NULL, "tag.created", "tag", name, err) == -1)
			return -1;
	}
	out_scalar_int(&c->out, id);
	return 0;
}

/* --- changing what systems have --- */

static int
change_one(struct tagging *t, int64_t device, struct err *err)
{
	struct device *d = NULL;
	bool changed = false;
	int r;

	if (t->change(t->c->store, device, t->tag, &changed, err) == -1)
		return -1;
	if (!changed)
		return 0;
	t->changed++;
	if (store_device_get(t->c->store, device, &d, err) == -1)
		return -1;
	r = call_event(t->c, d, t->event, "tag", t->name, err);
	device_free(d);
	return r;
}

static int
change_all(struct tagging *t, const struct systems *systems, struct err *err)
{
	size_t i;

	for (i = 0; i < systems->count; i++) {
		if (change_one(t, systems->ids[i], err) == -1)
			return -1;
		if ((i + 1) % AT_ONCE == 0 && call_commit(t->c, err) == -1)
			return -1;
	}
	return 0;
}

struct named {
	int64_t id;
	char *name;
};

static int
keep_name(void *cookie, const struct store_tag *tag, struct err *err)
{
	struct named *n = cookie;

	(void)err;
	if (tag->id == n->id)
		mem_replace(&n->name, tag->name);
	return 0;
}

/* The systems of "names" and the tag of "tagName". */
static int
change(struct tagging *t, struct err *err)
{
	const char *tag = call_text(t->c, "tagName");
	struct systems systems = {.ids = NULL};
	struct named named = {.name = NULL};
	int r;

	if (tag == NULL)
		return err_set(err, ERR_INVALID, "tagName is empty");
	if (store_tag_find(t->c->store, tag, &t->tag, err) == -1)
		return err_context(err, "tagName \"%.64s\"", tag);
	named.id = t->tag;
	r = store_tag_scan(t->c->store, keep_name, &named, err);
	t->name = named.name;
	if (r == 0)
		r = call_systems(t->c, &systems, err);
	if (r == 0)
		r = change_all(t, &systems, err);
	free(systems.ids);
	free(named.name);
	if (r == 0)
		out_scalar_int(&t->c->out, t->changed);
	return r;
}

int
remote_apply_tag(struct call *c, struct err *err)
{
	struct tagging t = {
	    .c = c, .change = store_tag_apply, .event = "tag.applied"};

	return change(&t, err);
}

int
remote_exclude_tag(struct call *c, struct err *err)
{
	struct tagging t = {
	    .c = c, .change = store_tag_exclude, .event = "tag.excluded"};

	return change(&t, err);
}

/* --- clearing --- */

static int
clear_every(void *cookie, const struct store_tag *tag, struct err *err)
{
	struct named *all = *(struct named **)cookie;
	size_t n = 0;

	(void)err;
	while (all[n].id != 0)
		n++;
	all = mem_grow(all, n + 2, sizeof(*all));
	all[n] = (struct named){tag->id, mem_dup(tag->name)};
	all[n + 1] = (struct named){0, NULL};
	*(struct named **)cookie = all;
	return 0;
}

/* Each tag from each system; how many systems lost one at least. */
static int
clear_all(struct tagging *t, const struct named *tags,
    const struct systems *systems, struct err *err)
{
	int64_t before, systems_changed = 0;
	size_t i, j;

	for (i = 0; i < systems->count; i++) {
		before = t->changed;
		for (j = 0; tags[j].id != 0; j++) {
			t->tag = tags[j].id;
			t->name = tags[j].name;
			if (change_one(t, systems->ids[i], err) == -1)
				return -1;
		}
		systems_changed += t->changed > before;
		if ((i + 1) % AT_ONCE == 0 && call_commit(t->c, err) == -1)
			return -1;
	}
	t->changed = systems_changed;
	return 0;
}

static int
clear_tags(struct tagging *t, struct err *err)
{
	struct named *tags = mem_array(1, sizeof(*tags));
	struct systems systems = {.ids = NULL};
	size_t i;
	int r;

	r = store_tag_scan(t->c->store, clear_every, &tags, err);
	if (r == 0)
		r = call_systems(t->c, &systems, err);
	if (r == 0)
		r = clear_all(t, tags, &systems, err);
	for (i = 0; tags[i].id != 0; i++)
		free(tags[i].name);
	free(tags);
	free(systems.ids);
	if (r == 0)
		out_scalar_int(&t->c->out, t->changed);
	return r;
}

int
remote_clear_tag(struct call *c, struct err *err)
{
	struct tagging t = {
	    .c = c, .change = store_tag_clear, .event = "tag.cleared"};
	bool all = false;

	if (call_bool(c, "all", &all, err) == -1)
		return -1;
	return all ? clear_tags(&t, err) : change(&t, err);
}
