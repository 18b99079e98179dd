#include "take_internal.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "device.h"
#include "epo_client.h"
#include "err.h"
#include "mem.h"
#include "pull_internal.h"
#include "store.h"
#include "str.h"
#include "upstream.h"
#include "upstream_push.h"

#define PROBLEM_MAX 400

static void problem(struct upstream_link *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The first one counts. */
static void
problem(struct upstream_link *l, const char *fmt, ...)
{
	char text[PROBLEM_MAX];
	va_list args;

	if (l->problem != NULL)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	l->problem = mem_dup(text);
}

int
epo_take_tell(struct epo_take *t, const struct upstream_link *l,
    const char *kind, struct err *err)
{
	struct json_object *detail = json_object_new_object();
	struct store_event event = {.at = t->now,
	    .device = l->device,
	    .kind = kind,
	    .actor = t->to.actor};
	struct device *d = NULL;
	int rc = 0;

	json_object_object_add(
	    detail, "console", json_object_new_string(t->conf->name));
	json_object_object_add(
	    detail, "system", json_object_new_int64(l->remote));
	if (l->name != NULL)
		json_object_object_add(
		    detail, "name", json_object_new_string(l->name));
	if (l->device != 0)
		rc = store_device_get(t->to.store, l->device, &d, err);
	if (rc == 0) {
		event.name = d == NULL ? NULL : d->name;
		event.detail = json_object_to_json_string_ext(detail, 0);
		rc = store_event_add(t->to.store, &event, err);
	}
	device_free(d);
	json_object_put(detail);
	return rc;
}

/* --- which device it is --- */

/* *ret stays NULL when there is none. */
static int
find(struct store *s, const char *name, struct device **ret, struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	if (*ret != NULL || name == NULL ||
	    store_device_find(s, name, ret, &why) == 0 ||
	    why.kind == ERR_NOTFOUND)
		return 0;
	*err = why;
	return -1;
}

/* By the name that its host had when it was last told of. */
static int
find_host(struct epo_take *t, const struct epo_row *row,
    struct upstream_link *l, struct device **ret, struct err *err)
{
	int64_t id = 0;

	if (*ret != NULL || row->problem != NULL || row->domain == NULL)
		return 0;
	if (upstream_device_of_host(
		t->to.store, row->host, row->domain, &id, err) != 0)
		return -1;
	if (id < 0)
		problem(l, "several devices have a host of this name");
	return id > 0 ? store_device_get(t->to.store, id, ret, err) : 0;
}

/* By what the row says; NULL: none, or two. */
static int
match(struct epo_take *t, const struct epo_row *row, struct upstream_link *l,
    struct device **ret, struct err *err)
{
	struct store *s = t->to.store;
	struct device *by_uuid = NULL, *by_name = NULL;
	int rc = find(s, row->uuid, &by_uuid, err);

	if (rc == 0)
		rc = find(
		    s, row->problem == NULL ? row->name : NULL, &by_name, err);
	if (rc == 0)
		rc = find(s, row->node, &by_name, err);
	if (rc == 0 && by_uuid == NULL)
		rc = find_host(t, row, l, &by_name, err);
	if (rc == 0 && by_uuid != NULL && by_name != NULL &&
	    by_uuid->id != by_name->id) {
		problem(l, "its UUID is that of %s, its name that of %s",
		    by_uuid->name, by_name->name);
	} else if (rc == 0) {
		*ret = by_uuid != NULL ? by_uuid : by_name;
		if (by_uuid != NULL)
			by_uuid = NULL;
		else
			by_name = NULL;
	}
	device_free(by_uuid);
	device_free(by_name);
	return rc;
}

/* The system's link to a device that another system has: when that is gone, it
 * was entered there anew. *device is taken back else. */
static int
settle_owner(struct epo_take *t, struct upstream_link *l,
    struct device **device, struct err *err)
{
	struct upstream_link other = {0};
	struct err why = {.kind = ERR_NONE};
	int rc = 0;

	if (upstream_link_of(
		t->to.store, l->upstream, (*device)->id, &other, &why) != 0) {
		if (why.kind == ERR_NOTFOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (other.gone_at > 0) {
		other.device = 0;
		rc = upstream_link_save(t->to.store, &other, err);
	} else if (other.remote != l->remote) {
		problem(l, "%s is system %lld there as well", (*device)->name,
		    (long long)other.remote);
		device_free(*device);
		*device = NULL;
	}
	upstream_link_clear(&other);
	return rc;
}

static int
find_device(struct epo_take *t, const struct epo_row *row,
    struct upstream_link *l, struct device **ret, struct err *err)
{
	if (l->device != 0)
		return store_device_get(t->to.store, l->device, ret, err);
	if (match(t, row, l, ret, err) != 0)
		return -1;
	return *ret == NULL ? 0 : settle_owner(t, l, ret, err);
}

/* --- its facts --- */

static struct intake
facts_of(struct epo_take *t, const struct epo_row *row, struct upstream_link *l)
{
	struct err why = {.kind = ERR_NONE};
	struct intake in = {.name = row->name, .uuid = row->uuid};

	if (t->conf->take_address)
		in.address = in.os_address = row->address;
	if (row->problem == NULL) {
		in.os_host = row->host;
		in.os_domain = row->domain;
	}
	if (t->conf->take_groups && row->group != NULL) {
		if (store_group_check(row->group, &why) == 0)
			in.group = row->group;
		else
			problem(l, "%s", why.text);
	}
	return in;
}

/* What a person has to put right is the link's problem, all else ours. */
static int
settle_failure(struct upstream_link *l, const struct err *why, struct err *err)
{
	if (why->kind == ERR_INVALID || why->kind == ERR_CONFLICT) {
		problem(l, "%s", why->text);
		return 0;
	}
	*err = *why;
	return -1;
}

static int
update(struct epo_take *t, struct intake *in, const struct device *known,
    struct upstream_link *l, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct buf changed;
	int rc;

	in->name = known->name;
	buf_init(&changed, INTAKE_FIELDS_MAX);
	rc = intake_update(&t->to, in, known, NULL, &changed, &why);
	if (rc == 0 && changed.len > 0)
		t->report->changed++;
	buf_free(&changed);
	return rc == 0 ? 0 : settle_failure(l, &why, err);
}

static int
add(struct epo_take *t, const struct intake *in, struct upstream_link *l,
    struct device **ret, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct device *d = intake_device(in, &why);

	if (d == NULL || intake_group(t->to.store, in, d, NULL, &why) != 0 ||
	    intake_add(&t->to, d, NULL, &why) != 0) {
		device_free(d);
		return settle_failure(l, &why, err);
	}
	t->report->added++;
	*ret = d;
	return 0;
}

static int
take_facts(struct epo_take *t, const struct epo_row *row,
    struct upstream_link *l, struct device **device, struct err *err)
{
	struct intake in = facts_of(t, row, l);

	if (*device != NULL)
		return update(t, &in, *device, l, err);
	if (!t->conf->add || l->taken || l->problem != NULL)
		return 0;
	if (row->problem != NULL) {
		problem(l, "%s", row->problem);
		return 0;
	}
	return add(t, &in, l, device, err);
}

/* --- its tags --- */

/* Those that are not ours; given, NULL for none. */
static char *
foreign_tags(const struct epo_conf *conf, const char *list)
{
	const struct epo_rule *rules = conf->rules;
	struct buf out;
	char *one, *text = NULL;
	size_t len, i;

	buf_init(&out, EPO_VALUE_MAX);
	while (list != NULL && *list != '\0') {
		list += strspn(list, " ,");
		len = strcspn(list, ",");
		one = mem_dup_len(list, len);
		list += len;
		for (i = 0; i < conf->rule_count; i++)
			if (epo_has_tag(one, rules[i].tag))
				break;
		if (i == conf->rule_count && *one != '\0')
			buf_printf(&out, "%s%s", out.len > 0 ? ", " : "", one);
		free(one);
	}
	if (out.len > 0 && !out.over)
		text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

static int
take_tags(struct epo_take *t, const struct epo_row *row,
    struct upstream_link *l, struct err *err)
{
	char *now = foreign_tags(t->conf, row->tags);
	bool changed = false;
	int rc;

	rc = upstream_mirror_tags(
	    t->to.store, l->device, l->tags, now, &changed, err);
	free(l->tags);
	l->tags = now;
	return rc;
}

/* Of ours: so it is there. */
static int
note_tags(struct epo_take *t, const struct epo_row *row,
    const struct upstream_link *l, struct err *err)
{
	size_t i;

	for (i = 0; i < t->conf->rule_count; i++)
		if (upstream_tag_set(t->to.store, l->id, t->conf->rules[i].tag,
			epo_has_tag(row->tags, t->conf->rules[i].tag)
			    ? UPSTREAM_ON
			    : UPSTREAM_OFF,
			err) != 0)
			return -1;
	return 0;
}

/* --- a row --- */

static int
begin_link(struct epo_take *t, const struct epo_row *row,
    struct upstream_link *ret, bool *ret_back, struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	if (upstream_link_find(
		t->to.store, t->upstream->id, row->remote, ret, &why) != 0) {
		if (why.kind != ERR_NOTFOUND) {
			*err = why;
			return -1;
		}
		ret->upstream = t->upstream->id;
		ret->remote = row->remote;
	}
	*ret_back = ret->gone_at > 0;
	mem_replace(&ret->name, row->node);
	mem_replace(&ret->problem, NULL);
	ret->pass = t->upstream->pass;
	ret->seen_at = t->now;
	ret->gone_at = 0;
	return 0;
}

static int
end_link(struct epo_take *t, const struct epo_row *row, struct upstream_link *l,
    const struct device *d, struct err *err)
{
	bool linked = d != NULL && l->device == 0;

	l->device = d == NULL ? 0 : d->id;
	l->taken |= d != NULL;
	if (d != NULL && t->conf->take_tags && row->has_tags &&
	    take_tags(t, row, l, err) != 0)
		return -1;
	if (upstream_link_save(t->to.store, l, err) != 0)
		return -1;
	if (row->has_tags && note_tags(t, row, l, err) != 0)
		return -1;
	return linked ? epo_take_tell(t, l, "epo.linked", err) : 0;
}

int
epo_take_row(struct epo_take *t, const struct epo_row *row, struct err *err)
{
	struct upstream_link l = {0};
	struct device *d = NULL;
	bool back = false;
	int rc = -1;

	if (begin_link(t, row, &l, &back, err) != 0 ||
	    find_device(t, row, &l, &d, err) != 0 ||
	    take_facts(t, row, &l, &d, err) != 0 ||
	    end_link(t, row, &l, d, err) != 0 ||
	    (back && epo_take_tell(t, &l, "epo.back", err) != 0))
		goto out;
	t->report->read++;
	t->report->back += back;
	t->report->unknown += d == NULL && l.problem == NULL;
	t->report->problems += l.problem != NULL;
	rc = 0;
out:
	device_free(d);
	upstream_link_clear(&l);
	return rc;
}
