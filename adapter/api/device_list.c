/* Pages of devices: by name, of a query, of a run. */
#include <stdlib.h>

#include "api_internal.h"
#include "device.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "task_run.h"

struct listing {
	struct api_page page;
	api_device_fn *write;
	void *cookie;
};

static int
list_one(void *cookie, const struct device *d, struct err *err)
{
	struct listing *l = cookie;

	return api_page_takes(&l->page, d->name)
	    ? l->write(l->page.c, d, l->cookie, err)
	    : 0;
}

static int
list_by_name(struct listing *l, struct err *err)
{
	struct api_call *c = l->page.c;
	const struct store_filter filter = {.name = api_text(c, "filter"),
	    .reason = api_text(c, "reason"),
	    .site = api_text(c, "site"),
	    .after = api_text(c, "cursor"),
	    .limit = l->page.left + 1};

	return store_device_scan(c->store, &filter, list_one, l, err);
}

/* What went wrong is what did in that run. */
static void
tell_item(struct device *d, const struct task_item *i)
{
	const char *text = i->message;

	if (i->state != TASK_ITEM_DONE)
		text = "the run did not come to it";
	mem_replace(&d->error_text, text);
	if (text == NULL)
		mem_replace(&d->error_kind, NULL);
}

/* One that was removed meanwhile is none; *key stands for it in the cursor. */
static int
list_id(struct listing *l, int64_t id, int64_t key,
    const struct task_item *item, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct device *d = NULL;
	int r;

	if (store_device_get(l->page.c->store, id, &d, &why) != 0) {
		if (why.kind == ERR_NOTFOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (item != NULL)
		tell_item(d, item);
	r = api_page_takes_id(&l->page, key)
	    ? l->write(l->page.c, d, l->cookie, err)
	    : 0;
	device_free(d);
	return r;
}

static int
list_ids(struct listing *l, const struct api_ids *ids, struct err *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ids->count; i++)
		r = list_id(l, ids->ids[i], ids->ids[i], NULL, err);
	return r;
}

/* What chooses devices by itself does not go with what else does. */
static int
check_alone(struct api_call *c, const char *param, struct err *err)
{
	static const char *const others[] = {
	    "filter", "reason", "site", "query", "run"};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (str_eq(others[i], param) || api_text(c, others[i]) == NULL)
			continue;
		c->status = 400;
		return err_set(
		    err, ERR_INVALID, "%s goes without %s", param, others[i]);
	}
	return 0;
}

static int
list_by_query(struct listing *l, struct err *err)
{
	struct api_call *c = l->page.c;
	const char *cursor = api_text(c, "cursor");
	struct api_ids ids = {.ids = NULL};
	int64_t after = 0;
	int r;

	if (check_alone(c, "query", err) != 0)
		return -1;
	if (cursor != NULL && str_int(cursor, 0, INT64_MAX, &after) != 0) {
		c->status = 400;
		return err_set(err, ERR_INVALID, "cursor: is none of a query");
	}
	r = api_ids_by_query(
	    c, api_text(c, "query"), after, l->page.left + 1, &ids, err);
	if (r == 0)
		r = list_ids(l, &ids, err);
	free(ids.ids);
	return r;
}

static int
list_item(void *cookie, const struct task_item *i, struct err *err)
{
	return list_id(cookie, i->device, i->id, i, err);
}

static int
list_by_run(struct listing *l, struct err *err)
{
	struct api_call *c = l->page.c;
	struct task_run run = {.id = 0};
	struct task_item_filter f = {.run = api_int(c, "run", 0),
	    .state = -1,
	    .outcome = -1,
	    .limit = l->page.left + 1};

	if (check_alone(c, "run", err) != 0 ||
	    api_cursor_id(c, &f.after, err) != 0 ||
	    task_run_get(c->store, f.run, &run, err) != 0)
		return -1;
	task_run_clear(&run);
	return task_item_scan(c->store, &f, list_item, l, err);
}

int
api_devices_page(struct api_call *c, const struct api_row *row,
    api_device_fn *write, void *cookie, struct err *err)
{
	struct listing l = {
	    .page = api_page_new(c), .write = write, .cookie = cookie};
	int r;

	api_page_begin(c, row);
	if (api_text(c, "run") != NULL)
		r = list_by_run(&l, err);
	else if (api_text(c, "query") != NULL)
		r = list_by_query(&l, err);
	else
		r = list_by_name(&l, err);
	return api_page_close(&l.page, r);
}
