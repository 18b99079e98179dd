/* run-query, apply-tag, clear-tag: where rows come from, and tags on them. */
#include <stdlib.h>

#include <json-c/json.h>

#include "fault.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "task_work.h"
#include "work_internal.h"

#define PIECE 500 /* devices in one transaction */

/* --- run-query --- */

struct found {
	int64_t *ids;
	size_t count, room;
};

static int
take(void *cookie, const struct task_device *d, struct err *err)
{
	struct found *f = cookie;

	if (f->count == SERVER_ROWS_MAX)
		return err_set(err, ERR_LIMIT,
		    "more than %d rows: let the query say (top N)",
		    SERVER_ROWS_MAX);
	if (f->count == f->room) {
		f->room = f->room == 0 ? 64 : f->room * 2;
		f->ids = mem_grow(f->ids, f->room, sizeof(*f->ids));
	}
	f->ids[f->count++] = d->id;
	return 0;
}

int
do_query(struct action_job *j, enum action_next *ret, struct err *err)
{
	struct task_run ask = {.target = TASK_QUERY};
	struct found f = {.count = 0};
	size_t i;
	int rc;

	ask.query = action_text(j->a, "query");
	rc = task_run_devices(j->store, &ask, take, &f, err);
	free(ask.query);
	if (rc == 0)
		rc = server_rows_clear(j->store, j->run->id, j->a->at, err);
	for (i = 0; rc == 0 && i < f.count; i++)
		rc = server_row_add(
		    j->store, j->run->id, j->a->at, (int64_t)i, f.ids[i], err);
	free(f.ids);
	if (rc != 0)
		return -1;
	j->a->rows = (int64_t)f.count;
	j->a->state = SERVER_OK;
	job_note(j, "%zu rows", f.count);
	*ret = ACTION_OVER;
	return 0;
}

/* --- tags --- */

static int
tell_tag(const struct action_job *j, int64_t device, const char *kind,
    const char *tag, struct err *err)
{
	struct json_object *o = json_object_new_object();
	struct store_event event = {.at = j->now,
	    .device = device,
	    .kind = kind,
	    .actor = j->conf->actor};
	int rc;

	(void)json_object_object_add(o, "tag", json_object_new_string(tag));
	(void)json_object_object_add(
	    o, "run", json_object_new_int64(j->run->id));
	event.detail =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	rc = store_event_add(j->store, &event, err);

	(void)json_object_put(o);
	return rc;
}

/* One that was removed meanwhile has no tags. */
static int
change_one(struct action_job *j, int64_t device, int64_t tag, const char *name,
    bool apply, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	bool changed = false;
	int rc = apply ? store_tag_apply(j->store, device, tag, &changed, &why)
		       : store_tag_clear(j->store, device, tag, &changed, &why);

	if (rc != 0 && why.kind != ERR_NOTFOUND) {
		*err = why;
		return -1;
	}
	if (!changed)
		return 0;
	j->a->changed++;
	return tell_tag(
	    j, device, apply ? "tag.applied" : "tag.cleared", name, err);
}

static int
change_piece(struct action_job *j, const char *name, bool apply,
    size_t *ret_count, struct err *err)
{
	int64_t devices[PIECE], tag = 0;
	size_t count = 0, i;

	if ((apply ? store_tag_take(j->store, name, &tag, err)
		   : store_tag_find(j->store, name, &tag, err)) != 0 ||
	    server_rows(j->store, j->run->id, job_rows_at(j), j->a->done_to,
		devices, PIECE, &count, err) != 0)
		return -1;
	for (i = 0; i < count; i++)
		if (change_one(j, devices[i], tag, name, apply, err) != 0)
			return -1;
	*ret_count = count;
	return 0;
}

int
do_tag(struct action_job *j, enum action_next *ret, struct err *err)
{
	bool apply = action_kind_find(j->a->kind) == ACTION_APPLY_TAG;
	char *name = action_text(j->a, "tag");
	size_t count = 0;
	int rc = change_piece(j, name, apply, &count, err);

	free(name);
	if (rc != 0)
		return -1;
	j->a->done_to += (int64_t)count;
	if (count == PIECE) {
		*ret = ACTION_MORE;
		return server_action_save(j->store, j->a, err);
	}
	j->a->state = j->a->changed > 0 ? SERVER_CHANGED : SERVER_OK;
	job_note(j, "%lld of %lld devices", (long long)j->a->changed,
	    (long long)job_rows(j));
	*ret = ACTION_OVER;
	return 0;
}
