/* tags and groups. */
#include <stdlib.h>

#include "api_internal.h"
#include "clock.h"
#include "query.h"
#include "records.h"
#include "store.h"
#include "tagging.h"

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

static struct tagging
tagging_of(const struct api_call *c)
{
	return (struct tagging){c->store, c->actor, c->now};
}

struct one {
	struct api_call *c;
	int64_t id;
};

static int
write_one(void *cookie, const struct store_tag *t, struct err *err)
{
	struct one *o = cookie;

	return t->id == o->id ? write_tag(o->c, t, err) : 0;
}

int
api_tags_add(struct api_call *c, struct err *err)
{
	const struct tagging by = tagging_of(c);
	struct tagging_tag tag = {.name = NULL};
	struct one one = {.c = c};

	if (tagging_make(&by, api_body_text(c, "name"), &tag, err) != 0)
		return -1;
	one.id = tag.id;
	tagging_tag_clear(&tag);
	api_row_begin(c, &api_tag_row);
	return store_tag_scan(c->store, write_one, &one, err);
}

int
api_tags_remove(struct api_call *c, struct err *err)
{
	const struct tagging by = tagging_of(c);
	struct tagging_tag tag = {.name = NULL};
	int r;

	if (tagging_find(&by, c->match.segments[0], &tag, err) != 0)
		return -1;
	r = tagging_remove(&by, &tag, err);
	tagging_tag_clear(&tag);
	return r;
}

/* --- of devices --- */

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
change(struct api_call *c, enum tagging_how how, struct err *err)
{
	const struct tagging by = tagging_of(c);
	struct tagging_tag tag = {.name = NULL};
	struct api_ids ids = {.ids = NULL};
	int64_t count[2] = {0, 0}; /* that were so already, that changed */
	bool changed = false;
	size_t i;
	int r;

	if (tagging_find(&by, c->match.segments[0], &tag, err) != 0)
		return -1;
	r = choose(c, &ids, err);
	for (i = 0; r == 0 && i < ids.count; i++) {
		r = tagging_change(&by, how, &tag, ids.ids[i], &changed, err);
		count[changed]++;
	}
	if (r == 0) {
		api_row_begin(c, &api_tagged_row);
		api_put_text(c, tag.name);
		api_put_int(c, count[true]);
		api_put_int(c, count[false]);
		r = api_row_end(c, err);
	}
	free(ids.ids);
	tagging_tag_clear(&tag);
	return r;
}

int
api_tags_apply(struct api_call *c, struct err *err)
{
	return change(c, TAGGING_APPLY, err);
}

int
api_tags_clear(struct api_call *c, struct err *err)
{
	return change(c, TAGGING_CLEAR, err);
}

int
api_tags_exclude(struct api_call *c, struct err *err)
{
	return change(c, TAGGING_EXCLUDE, err);
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
