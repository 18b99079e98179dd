/* events, users, schedules; who asks, and what answers. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "access_user.h"
#include "api_internal.h"
#include "clock.h"
#include "device.h"
#include "mem.h"
#include "records.h"
#include "schedule.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "users.h"

#define LIST_MAX 8192

/* --- events --- */

int
api_event_write(
    struct api_call *c, const struct store_event *e, struct err *err)
{
	record_event(&c->row, e);
	return api_row_end(c, err);
}

static int
list_event(void *cookie, const struct store_event *e, struct err *err)
{
	struct api_page *p = cookie;

	return api_page_takes_id(p, e->id) ? api_event_write(p->c, e, err) : 0;
}

int
api_chosen_device(struct api_call *c, int64_t *ret, struct err *err)
{
	const char *name = api_text(c, "device");
	struct device *d = NULL;

	if (name == NULL)
		return 0;
	if (store_device_find(c->store, name, &d, err) != 0)
		return -1;
	*ret = d->id;
	device_free(d);
	return 0;
}

/* Behind which event; a cursor goes on from where the others began. */
static int
find_start(struct api_call *c, int64_t device, int64_t *ret, struct err *err)
{
	int64_t since = 0, last = api_int(c, "last", 0);

	if (api_time(c, "since", &since, err) != 0 ||
	    api_cursor_id(c, ret, err) != 0)
		return -1;
	if (since != 0 && last != 0) {
		c->status = 400;
		return err_set(
		    err, ERR_INVALID, "since and last exclude each other");
	}
	if (api_text(c, "cursor") != NULL)
		return 0;
	if (since != 0)
		return store_event_since(c->store, since, ret, err);
	return last == 0
	    ? 0
	    : store_event_last(c->store, device, (size_t)last, ret, err);
}

int
api_events_list(struct api_call *c, struct err *err)
{
	struct api_page p = api_page_new(c);
	int64_t after = 0, device = 0;

	if (api_chosen_device(c, &device, err) != 0 ||
	    find_start(c, device, &after, err) != 0)
		return -1;
	api_page_begin(c, &api_event_row);
	return api_page_close(&p,
	    store_event_scan(
		c->store, device, after, p.left + 1, list_event, &p, err));
}

/* --- users --- */

static int
write_user(void *cookie, const struct store_user *u, struct err *err)
{
	struct api_call *c = cookie;

	record_user(&c->row, u);
	return api_row_end(c, err);
}

int
api_users_list(struct api_call *c, struct err *err)
{
	api_page_begin(c, &api_user_row);
	if (store_user_scan(c->store, write_user, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

static int
answer_user(struct api_call *c, const char *name, struct err *err)
{
	struct store_user u = {.id = 0};
	int r;

	if (store_user_find(c->store, name, &u, err) != 0)
		return -1;
	api_row_begin(c, &api_user_row);
	r = write_user(c, &u, err);
	store_user_clear(&u);
	return r;
}

int
api_users_get(struct api_call *c, struct err *err)
{
	return answer_user(c, c->match.segments[0], err);
}

typedef int user_fn(struct store *s, const char *actor, const char *name,
    const struct access_user *u, struct err *err);

/* What the body says, done to this one, which is the answer. */
static int
put_user(struct api_call *c, const char *name, user_fn *put, struct err *err)
{
	bool enabled = api_body_bool(c, "enabled", true);
	struct secret *password = api_body_secret(c, "password");
	const struct access_user u = {.sets = api_body_text(c, "sets"),
	    .password = password,
	    .certificate = api_body_text(c, "certificate"),
	    .note = api_body_text(c, "note"),
	    .enabled = api_body_has(c, "enabled") ? &enabled : NULL};
	int r = put(c->store, c->actor, name, &u, err);

	secret_free(password);
	return r == 0 ? answer_user(c, name, err) : -1;
}

int
api_users_add(struct api_call *c, struct err *err)
{
	const char *name = api_body_text(c, "name");

	if (put_user(c, name, access_user_add, err) != 0)
		return -1;
	api_locate(c, "users/%s", name);
	return 0;
}

int
api_users_change(struct api_call *c, struct err *err)
{
	return put_user(c, c->match.segments[0], access_user_set, err);
}

int
api_users_remove(struct api_call *c, struct err *err)
{
	return access_user_remove(
	    c->store, c->actor, c->match.segments[0], err);
}

/* --- schedules --- */

static const char *
trigger_name(const struct schedule *s)
{
	switch (schedule_trigger(s)) {
	case SCHEDULE_CLOCK:
		return "clock";
	case SCHEDULE_START:
		return "start";
	case SCHEDULE_REACHABLE:
		return "reachable";
	case SCHEDULE_NOW:
		return "now";
	}
	return NULL;
}

static int
write_preview(struct api_call *c, const struct schedule *s, int64_t after,
    struct err *err)
{
	size_t wanted = (size_t)api_int(c, "count", SCHEDULE_PREVIEW), n, i;
	int64_t runs[SCHEDULE_PREVIEW_MAX];
	char text[CLOCK_TEXT];
	struct buf utc, local;
	int r;

	buf_init(&utc, LIST_MAX);
	buf_init(&local, LIST_MAX);
	assert(wanted <= SCHEDULE_PREVIEW_MAX); /* the parameter's limit */
	n = schedule_preview(s, after, runs, wanted);
	for (i = 0; i < n; i++) {
		buf_printf(
		    &utc, "%s%s", i == 0 ? "" : ",", clock_text(runs[i], text));
		buf_printf(&local, "%s%s", i == 0 ? "" : ",",
		    schedule_local(s, runs[i], text));
	}
	api_row_begin(c, &api_preview_row);
	api_put_text(c, schedule_text(s));
	api_put_text(c, schedule_zone(s));
	api_put_text(c, trigger_name(s));
	api_put_text(c, buf_text(&utc));
	api_put_text(c, buf_text(&local));
	r = api_row_end(c, err);
	buf_free(&utc);
	buf_free(&local);
	return r;
}

int
api_schedules_preview(struct api_call *c, struct err *err)
{
	struct schedule *s = NULL;
	int64_t after = c->now;
	int r;

	if (api_time(c, "after", &after, err) != 0)
		return -1;
	if (schedule_parse(api_text(c, "schedule"), &s, err) != 0) {
		c->status = 400;
		return -1;
	}
	r = write_preview(c, s, after, err);
	schedule_free(s);
	return r;
}

/* --- itself --- */

int
api_version_get(struct api_call *c, struct err *err)
{
	api_row_begin(c, &api_version_row);
	api_put_text(c, "amtkeeper");
	api_put_text(c, c->version);
	api_put_text(c, "v1");
	return api_row_end(c, err);
}

int
api_self_get(struct api_call *c, struct err *err)
{
	char *rights = access_rights_text(c->who.rights);
	int r;

	api_row_begin(c, &api_self_row);
	api_put_text(c, c->who.name);
	api_put_text(c, rights);
	r = api_row_end(c, err);
	free(rights);
	return r;
}
