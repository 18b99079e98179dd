#include "forward_place.h"

#include <json-c/json.h>

#include "conf.h"
#include "err.h"
#include "store.h"

/* --- how it goes there --- */

static const char *
state_of(const struct forward_status *s)
{
	if (s->at.attempts > 0)
		return "failing";
	return s->behind > 0 ? "behind" : "well";
}

int
forward_status(struct store *s, const struct conf_forward *f,
    struct forward_status *ret, struct err *err)
{
	struct forward_status is = {.state = "new"};
	struct err why = {.kind = ERR_NONE};

	if (store_forward_find(s, f->name, &is.at, &why) == 0) {
		if (store_forward_behind(
			s, is.at.cursor, &is.behind, &is.oldest, err) != 0)
			return -1;
		is.state = state_of(&is);
	} else if (why.kind != ERR_NOTFOUND) {
		*err = why;
		return -1;
	}
	if (store_dead_count(s, f->name, &is.dead, err) != 0)
		return -1;
	*ret = is;
	return 0;
}

/* --- dead letters --- */

static int
tell(const struct forward_order *o, const char *kind, const char *place,
    int64_t letter, int64_t count, struct err *err)
{
	struct json_object *detail = json_object_new_object();
	struct store_event event = {
	    .at = o->now, .kind = kind, .actor = o->actor};
	int rc;

	(void)json_object_object_add(
	    detail, "place", json_object_new_string(place));
	(void)json_object_object_add(
	    detail, "letters", json_object_new_int64(count));
	if (letter != 0)
		(void)json_object_object_add(
		    detail, "event", json_object_new_int64(letter));
	event.detail =
	    json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN);
	rc = store_event_add(o->store, &event, err);
	(void)json_object_put(detail);
	return rc;
}

int
forward_again(const struct forward_order *o, const char *place, int64_t event,
    int64_t *ret_count, struct err *err)
{
	int64_t count = 0;

	if (store_dead_again(o->store, place, event, o->now, &count, err) != 0)
		return -1;
	if (count > 0 &&
	    tell(o, "forward.again", place, event, count, err) != 0)
		return -1;
	*ret_count = count;
	return 0;
}

int
forward_drop(const struct forward_order *o, const char *place, int64_t event,
    int64_t *ret_count, struct err *err)
{
	int64_t count = 0;

	if (store_dead_drop(o->store, place, event, &count, err) != 0)
		return -1;
	if (count > 0 &&
	    tell(o, "forward.dropped", place, event, count, err) != 0)
		return -1;
	*ret_count = count;
	return 0;
}
