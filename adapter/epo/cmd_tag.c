/* system.*Tag: tags of systems. */
#include <stdlib.h>
#include <string.h>

#include "commands_internal.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "tagging.h"

#define AT_ONCE 500 /* systems in one transaction */

struct work {
	struct call *c;
	enum tagging_how how;
	struct tagging by;
	int64_t changed;
};

static struct work
work_of(struct call *c, enum tagging_how how)
{
	return (struct work){
	    .c = c, .how = how, .by = {c->store, c->actor, c->now}};
}

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
	const struct tagging by = {c->store, c->actor, c->now};
	struct tagging_tag tag = {.name = NULL};

	if (name == NULL)
		return err_set(err, ERR_INVALID, "tagName is empty");
	if (tagging_make(&by, name, &tag, err) != 0)
		return -1;
	out_scalar_int(&c->out, tag.id);
	tagging_tag_clear(&tag);
	return 0;
}

/* --- changing what systems have --- */

static int
change_one(struct work *w, const struct tagging_tag *tag, int64_t device,
    struct err *err)
{
	bool changed = false;

	if (tagging_change(&w->by, w->how, tag, device, &changed, err) != 0)
		return -1;
	w->changed += changed;
	return 0;
}

static int
change_all(struct work *w, const struct tagging_tag *tag,
    const struct systems *systems, struct err *err)
{
	size_t i;

	for (i = 0; i < systems->count; i++) {
		if (change_one(w, tag, systems->ids[i], err) == -1)
			return -1;
		if ((i + 1) % AT_ONCE == 0 && call_commit(w->c, err) == -1)
			return -1;
	}
	return 0;
}

/* The systems of "names" and the tag of "tagName". */
static int
change(struct work *w, struct err *err)
{
	const char *word = call_text(w->c, "tagName");
	struct systems systems = {.ids = NULL};
	struct tagging_tag tag = {.name = NULL};
	int r;

	if (word == NULL)
		return err_set(err, ERR_INVALID, "tagName is empty");
	if (tagging_find(&w->by, word, &tag, err) != 0)
		return err_context(err, "tagName \"%.64s\"", word);
	r = call_systems(w->c, &systems, err);
	if (r == 0)
		r = change_all(w, &tag, &systems, err);
	free(systems.ids);
	tagging_tag_clear(&tag);
	if (r == 0)
		out_scalar_int(&w->c->out, w->changed);
	return r;
}

int
remote_apply_tag(struct call *c, struct err *err)
{
	struct work w = work_of(c, TAGGING_APPLY);

	return change(&w, err);
}

int
remote_exclude_tag(struct call *c, struct err *err)
{
	struct work w = work_of(c, TAGGING_EXCLUDE);

	return change(&w, err);
}

/* --- clearing --- */

static int
clear_every(void *cookie, const struct store_tag *tag, struct err *err)
{
	struct tagging_tag *all = *(struct tagging_tag **)cookie;
	size_t n = 0;

	(void)err;
	while (all[n].id != 0)
		n++;
	all = mem_grow(all, n + 2, sizeof(*all));
	all[n] = (struct tagging_tag){tag->id, mem_dup(tag->name)};
	all[n + 1] = (struct tagging_tag){0, NULL};
	*(struct tagging_tag **)cookie = all;
	return 0;
}

/* Each tag from each system; how many systems lost one at least. */
static int
clear_all(struct work *w, const struct tagging_tag *tags,
    const struct systems *systems, struct err *err)
{
	int64_t before, systems_changed = 0;
	size_t i, j;

	for (i = 0; i < systems->count; i++) {
		before = w->changed;
		for (j = 0; tags[j].id != 0; j++)
			if (change_one(w, &tags[j], systems->ids[i], err) == -1)
				return -1;
		systems_changed += w->changed > before;
		if ((i + 1) % AT_ONCE == 0 && call_commit(w->c, err) == -1)
			return -1;
	}
	w->changed = systems_changed;
	return 0;
}

static int
clear_tags(struct work *w, struct err *err)
{
	struct tagging_tag *tags = mem_array(1, sizeof(*tags));
	struct systems systems = {.ids = NULL};
	size_t i;
	int r;

	r = store_tag_scan(w->c->store, clear_every, &tags, err);
	if (r == 0)
		r = call_systems(w->c, &systems, err);
	if (r == 0)
		r = clear_all(w, tags, &systems, err);
	for (i = 0; tags[i].id != 0; i++)
		free(tags[i].name);
	free(tags);
	free(systems.ids);
	if (r == 0)
		out_scalar_int(&w->c->out, w->changed);
	return r;
}

int
remote_clear_tag(struct call *c, struct err *err)
{
	struct work w = work_of(c, TAGGING_CLEAR);
	bool all = false;

	if (call_bool(c, "all", &all, err) == -1)
		return -1;
	return all ? clear_tags(&w, err) : change(&w, err);
}
