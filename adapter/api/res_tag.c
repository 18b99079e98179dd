/* tags and groups. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "clock.h"
#include "device.h"
#include "mem.h"
#include "query.h"
#include "records.h"
#include "store.h"
#include "str.h"

/* --- tags --- */

static int
write_tag(void *cookie, const struct store_tag *t, struct err *err)
{
	struct api_call *c = cookie;

	record_tag(&c->row, t);
	return api_row_end(c, err);
}

int
api_tags_list(struct api_call *c, struct err *err)
{
	api_page_begin(c, &api_tag_row);
	if (store_tag_scan(c->store, write_tag, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

struct one {
	struct api_call *c;
	int64_t id;
	char *name; /* given */
	bool write;
};

static int
find_one(void *cookie, const struct store_tag *t, struct err *err)
{
	struct one *o = cookie;

	if (t->id != o->id)
		return 0;
	mem_replace(&o->name, t->name);
	return o->write ? write_tag(o->c, t, err) : 0;
}

int
api_tags_add(struct api_call *c, struct err *err)
{
	struct one one = {.c = c, .write = true};
	const char *name = api_body_text(c, "name");
	struct err why = {.kind = ERR_NONE};
	int r;

	if (store_tag_find(c->store, name, &one.id, &why) != 0 &&
	    (store_tag_take(c->store, name, &one.id, err) != 0 ||
		api_event(c, NULL, "tag.created", "tag", name, err) != 0))
		return -1;
	api_row_begin(c, &api_tag_row);
	r = store_tag_scan(c->store, find_one, &one, err);
	free(one.name);
	return r;
}

/* The tag of the path; its name is given. */
static int
find_tag(struct api_call *c, struct one *ret, struct err *err)
{
	*ret = (struct one){.c = c};
	if (store_tag_find(c->store, c->match.segments[0], &ret->id, err) != 0)
		return -1;
	return store_tag_scan(c->store, find_one, ret, err);
}

int
api_tags_remove(struct api_call *c, struct err *err)
{
	struct one tag;
	int r;

	if (find_tag(c, &tag, err) != 0)
		return -1;
	r = store_tag_remove(c->store, tag.id, err);
	if (r == 0)
		r = api_event(c, NULL, "tag.deleted", "tag", tag.name, err);
	free(tag.name);
	return r;
}

/* --- of devices --- */

typedef int change_fn(struct store *s, int64_t device, int64_t tag,
    bool *ret_changed, struct err *err);
struct tagging {
	change_fn *change;
	const char *event;
	struct one tag;
	int64_t changed, same;
};

static int
change_one(
    struct api_call *c, struct tagging *t, int64_t device, struct err *err)
{
	struct device *d = NULL;
	bool changed = false;
	int r;

	if (t->change(c->store, device, t->tag.id, &changed, err) != 0)
		return -1;
	t->changed += changed;
	t->same += !changed;
	if (!changed)
		return 0;
	if (store_device_get(c->store, device, &d, err) != 0)
		return -1;
	r = api_event(c, d, t->event, "tag", t->tag.name, err);
	device_free(d);
	return r;
}

static int
choose(struct api_call *c, struct api_ids *ids, struct err *err)
{
	const char *query = api_body_text(c, "query");

	if ((query != NULL) + api_body_has(c, "devices") != 1)
		return err_set(
		    err, ERR_INVALID, "which? Either devices or query");
	return query == NULL
	    ? api_ids_named(c, ids, err)
	    : api_ids_by_query(c, query, 0, SIZE_MAX, ids, err);
}

static int
change(struct api_call *c, struct tagging *t, struct err *err)
{
	struct api_ids ids = {.ids = NULL};
	size_t i;
	int r;

	if (find_tag(c, &t->tag, err) != 0)
		return -1;
	r = choose(c, &ids, err);
	for (i = 0; r == 0 && i < ids.count; i++)
		r = change_one(c, t, ids.ids[i], err);
	if (r == 0) {
		api_row_begin(c, &api_tagged_row);
		api_put_text(c, t->tag.name);
		api_put_int(c, t->changed);
		api_put_int(c, t->same);
		r = api_row_end(c, err);
	}
	free(ids.ids);
	free(t->tag.name);
	return r;
}

int
api_tags_apply(struct api_call *c, struct err *err)
{
	struct tagging t = {.change = store_tag_apply, .event = "tag.applied"};

	return change(c, &t, err);
}

int
api_tags_clear(struct api_call *c, struct err *err)
{
	struct tagging t = {.change = store_tag_clear, .event = "tag.cleared"};

	return change(c, &t, err);
}

int
api_tags_exclude(struct api_call *c, struct err *err)
{
	struct tagging t = {
	    .change = store_tag_exclude, .event = "tag.excluded"};

	return change(c, &t, err);
}

/* --- groups --- */

static int
write_group(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct api_call *c = cookie;

	(void)n;
	api_put_int(c, cells[0].number);
	api_put_text(c, cells[1].text);
	return api_row_end(c, err);
}

int
api_groups_list(struct api_call *c, struct err *err)
{
	const struct query_text text = {.target = "EPOBranchNode",
	    .select =
		"(select EPOBranchNode.AutoID EPOBranchNode.NodeTextPath)",
	    .order = "(order (asc EPOBranchNode.NodeTextPath))",
	    .top = QUERY_ROWS_DEFAULT};
	struct query *q = NULL;
	bool cut;
	int r;

	if (query_compile(store_graph(), &text, clock_now_ms(), &q, err) != 0)
		return -1;
	api_page_begin(c, &api_group_row);
	r = store_query(c->store, q, write_group, c, &cut, err);
	query_free(q);
	if (r == 0)
		api_page_end(c, NULL);
	return r;
}
