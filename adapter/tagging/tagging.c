#include "tagging.h"

#include <stdlib.h>

#include "device.h"
#include "err.h"
#include "store.h"

void
tagging_tag_clear(struct tagging_tag *t)
{
	free(t->name);
	*t = (struct tagging_tag){.name = NULL};
}

int
tagging_find(const struct tagging *by, const char *word,
    struct tagging_tag *ret, struct err *err)
{
	struct tagging_tag t = {.name = NULL};

	if (store_tag_find(by->store, word, &t.id, err) != 0 ||
	    store_tag_name(by->store, t.id, &t.name, err) != 0)
		return -1;
	*ret = t;
	return 0;
}

/* d may be NULL. */
static int
tell(const struct tagging *by, const struct device *d, const char *kind,
    const char *tag, struct err *err)
{
	const struct store_event event = {
	    .at = by->now, .kind = kind, .actor = by->actor};

	return store_event_tell(by->store, &event, d, "tag", tag, err);
}

int
tagging_make(const struct tagging *by, const char *name,
    struct tagging_tag *ret, struct err *err)
{
	struct err none;
	int64_t id = 0;
	bool there = store_tag_find(by->store, name, &id, &none) == 0;

	if (store_tag_take(by->store, name, &id, err) != 0 ||
	    (!there && tell(by, NULL, "tag.created", name, err) != 0))
		return -1;
	return tagging_find(by, name, ret, err);
}

int
tagging_remove(
    const struct tagging *by, const struct tagging_tag *tag, struct err *err)
{
	return store_tag_remove(by->store, tag->id, err) == 0
	    ? tell(by, NULL, "tag.deleted", tag->name, err)
	    : -1;
}

int
tagging_change(const struct tagging *by, enum tagging_how how,
    const struct tagging_tag *tag, int64_t device, bool *ret_changed,
    struct err *err)
{
	static const struct {
		int (*change)(struct store *s, int64_t device, int64_t tag,
		    bool *ret_changed, struct err *err);
		const char *event;
	} hows[] = {
	    [TAGGING_APPLY] = {.change = store_tag_apply,
		.event = "tag.applied"},
	    [TAGGING_EXCLUDE] = {.change = store_tag_exclude,
		.event = "tag.excluded"},
	    [TAGGING_CLEAR] = {.change = store_tag_clear,
		.event = "tag.cleared"},
	};
	struct device *d = NULL;
	bool changed = false;
	int rc;

	if (hows[how].change(by->store, device, tag->id, &changed, err) != 0)
		return -1;
	*ret_changed = changed;
	if (!changed)
		return 0;
	if (store_device_get(by->store, device, &d, err) != 0)
		return -1;
	rc = tell(by, d, hows[how].event, tag->name, err);
	device_free(d);
	return rc;
}
