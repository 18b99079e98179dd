#include "order.h"

#include <stdlib.h>

#include <json-c/json.h>

#include "buf.h"
#include "catalog.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "schedule.h"
#include "store.h"
#include "str.h"
#include "task_work.h"

/* --- events --- */

static int
tell(const struct order *o, const char *kind, struct json_object *detail,
    struct err *err)
{
	const struct store_event event = {.at = o->now,
	    .kind = kind,
	    .actor = o->actor,
	    .detail =
		json_object_to_json_string_ext(detail, JSON_C_TO_STRING_PLAIN)};
	int rc = store_event_add(o->store, &event, err);

	(void)json_object_put(detail);
	return rc;
}

static void
add_text(struct json_object *o, const char *key, const char *value)
{
	if (value != NULL)
		(void)json_object_object_add(
		    o, key, json_object_new_string(value));
}

static void
add_number(struct json_object *o, const char *key, int64_t value)
{
	(void)json_object_object_add(o, key, json_object_new_int64(value));
}

static struct json_object *
about_task(const struct task *t)
{
	struct json_object *detail = json_object_new_object();

	add_text(detail, "task", t->name);
	add_text(detail, "type", t->type);
	add_text(detail, "settings", t->settings);
	return detail;
}

/* --- tasks --- */

/* A copy with canonical type and settings, for the store; to be cleared. */
static int
canonical(const struct task *t, struct task *ret, struct err *err)
{
	struct catalog_settings s;
	struct buf text;

	if (catalog_parse(t->type, t->settings, &s, err) != 0)
		return -1;
	buf_init(&text, TASK_SETTINGS_MAX);
	catalog_write(&s, &text);
	*ret = (struct task){.id = t->id,
	    .name = mem_dup(t->name),
	    .type = mem_dup(catalog_type_name(s.type)),
	    .note = mem_dup(t->note),
	    .settings = mem_dup(buf_text(&text))};
	buf_free(&text);
	return 0;
}

int
order_task_add(const struct order *o, const struct task *t, int64_t *ret_id,
    struct err *err)
{
	struct task own;
	int64_t id = 0;
	int rc;

	if (canonical(t, &own, err) != 0)
		return -1;
	rc = task_add(o->store, &own, o->now, &id, err);
	if (rc == 0)
		rc = tell(o, "task.added", about_task(&own), err);
	if (rc == 0)
		*ret_id = id;
	task_clear(&own);
	return rc;
}

int
order_task_save(const struct order *o, const struct task *t, struct err *err)
{
	struct task own;
	int rc;

	if (canonical(t, &own, err) != 0)
		return -1;
	rc = task_save(o->store, &own, o->now, err);
	if (rc == 0)
		rc = tell(o, "task.changed", about_task(&own), err);
	task_clear(&own);
	return rc;
}

int
order_task_remove(const struct order *o, const struct task *t, struct err *err)
{
	if (task_remove(o->store, t->id, err) != 0)
		return -1;
	return tell(o, "task.removed", about_task(t), err);
}

/* --- assignments --- */

/* Fill in what follows from its schedule; *ret is a copy of a with a schedule
 * of its own, which the caller frees either way. One that is on is to run. */
static int
with_schedule(const struct order *o, const struct task_assignment *a,
    bool fresh, struct task_assignment *ret, struct err *err)
{
	enum schedule_trigger trigger;
	struct schedule *s = NULL;
	int rc;

	*ret = *a;
	ret->schedule = NULL;
	ret->trigger = 0;
	ret->next_due = 0;
	if (a->schedule == NULL)
		return 0;
	if (schedule_parse(a->schedule, &s, err) != 0)
		return -1;
	ret->schedule = mem_dup(schedule_text(s));
	trigger = schedule_trigger(s);
	ret->trigger = (int64_t)trigger;
	ret->next_due = schedule_first(s, o->now);
	rc = fresh && a->enabled ? schedule_runs(s, o->now, err) : 0;
	schedule_free(s);
	return rc;
}

static int
tell_assignment(const struct order *o, const char *kind, int64_t id,
    const struct task_assignment *a, struct err *err)
{
	struct json_object *detail = json_object_new_object();

	add_number(detail, "assignment", id);
	add_number(detail, "task", a->task);
	add_text(detail, "target", task_target_name(a->target));
	if (a->target_id != 0)
		add_number(detail, "target_id", a->target_id);
	add_text(detail, "query", a->query);
	add_text(detail, "schedule", a->schedule);
	(void)json_object_object_add(
	    detail, "enabled", json_object_new_boolean(a->enabled));
	return tell(o, kind, detail, err);
}

int
order_assign(const struct order *o, const struct task_assignment *a,
    const int64_t *devices, size_t count, int64_t *ret_id, struct err *err)
{
	struct task_assignment own;
	int64_t id = 0;
	int rc = with_schedule(o, a, true, &own, err);

	if (rc == 0 && a->target == TASK_QUERY)
		rc = task_query_check(o->store, a->query, err);
	if (rc == 0)
		rc = task_assign(
		    o->store, &own, devices, count, o->now, &id, err);
	if (rc == 0)
		rc = tell_assignment(o, "task.assigned", id, &own, err);
	if (rc == 0)
		*ret_id = id;
	free(own.schedule);
	return rc;
}

int
order_assignment_save(
    const struct order *o, const struct task_assignment *a, struct err *err)
{
	struct task_assignment before = {.id = 0}, own;
	bool fresh;
	int rc;

	if (task_assignment_get(o->store, a->id, &before, err) != 0)
		return -1;
	/* What is over may stay as it is. */
	fresh = !before.enabled || !str_eq(before.schedule, a->schedule);
	task_assignment_clear(&before);
	rc = with_schedule(o, a, fresh, &own, err);
	if (rc == 0)
		rc = task_assignment_save(o->store, &own, err);
	if (rc == 0)
		rc = tell_assignment(
		    o, "task.assignment_changed", a->id, &own, err);
	free(own.schedule);
	return rc;
}

int
order_unassign(const struct order *o, int64_t id, struct err *err)
{
	struct task_assignment a = {.id = 0};
	int rc;

	if (task_assignment_get(o->store, id, &a, err) != 0)
		return -1;
	rc = task_unassign(o->store, id, err);
	if (rc == 0)
		rc = tell_assignment(o, "task.unassigned", id, &a, err);
	task_assignment_clear(&a);
	return rc;
}

/* --- runs --- */

static int
make_run(const struct order *o, const struct task_run *r,
    const int64_t *devices, size_t count, int64_t *ret_run, struct err *err)
{
	struct json_object *detail;
	int64_t id = 0;

	if (task_run_make(o->store, r, devices, count, o->now, &id, err) != 0)
		return -1;
	detail = json_object_new_object();
	add_number(detail, "run", id);
	add_text(detail, "task", r->name);
	add_text(detail, "settings", r->settings);
	add_text(detail, "source", task_source_name(r->source));
	add_text(detail, "target", task_target_name(r->target));
	if (tell(o, "task.run", detail, err) != 0)
		return -1;
	*ret_run = id;
	return 0;
}

int
order_run(const struct order *o, const struct task *t,
    const struct order_run *how, const int64_t *devices, size_t count,
    int64_t *ret_run, struct err *err)
{
	struct task_run r = {.parent = how->parent,
	    .task = t->id,
	    .name = t->name,
	    .type = t->type,
	    .settings = t->settings,
	    .source = how->source,
	    .target = how->target,
	    .target_id = how->target_id,
	    .policy = how->policy};
	struct catalog_settings checked;
	int rc;

	if (catalog_parse(t->type, t->settings, &checked, err) != 0)
		return -1;
	r.actor = mem_dup(o->actor);
	r.query = mem_dup(how->query);
	rc = make_run(o, &r, devices, count, ret_run, err);
	free(r.actor);
	free(r.query);
	return rc;
}

int
order_run_assignment(
    const struct order *o, int64_t id, int64_t *ret_run, struct err *err)
{
	struct task_assignment a = {.id = 0};
	struct task t = {.id = 0};
	struct task_run r;
	int rc = -1;

	if (task_assignment_get(o->store, id, &a, err) != 0 ||
	    task_get(o->store, a.task, &t, err) != 0)
		goto out;
	r = (struct task_run){.task = t.id,
	    .assignment = a.id,
	    .name = t.name,
	    .type = t.type,
	    .settings = t.settings,
	    .source = TASK_BY_USER,
	    .actor = mem_dup(o->actor),
	    .target = a.target,
	    .target_id = a.target_id,
	    .query = a.query,
	    .policy = a.policy};
	rc = make_run(o, &r, NULL, 0, ret_run, err);
	free(r.actor);
out:
	task_clear(&t);
	task_assignment_clear(&a);
	return rc;
}

int
order_run_state(const struct order *o, int64_t run, enum task_state to,
    const char *why, struct err *err)
{
	struct json_object *detail;
	const char *kind = to == TASK_PAUSED ? "task.paused"
	    : to == TASK_ABORTED	     ? "task.aborted"
					     : "task.resumed";

	if (task_run_set_state(o->store, run, to, o->actor, why, o->now, err) !=
	    0)
		return -1;
	detail = json_object_new_object();
	add_number(detail, "run", run);
	add_text(detail, "why", why);
	return tell(o, kind, detail, err);
}

int
order_purge(const struct order *o, int64_t before, int64_t *ret_count,
    bool *ret_more, struct err *err)
{
	int64_t end = clock_mono_ms() + ORDER_PURGE_MS, count = 0, one = 0;
	struct json_object *detail;

	do {
		if (task_run_purge(o->store, before, 1, &one, err) != 0)
			return -1;
		count += one;
	} while (one > 0 && clock_mono_ms() < end);
	if (count > 0) {
		detail = json_object_new_object();
		add_number(detail, "runs", count);
		if (tell(o, "task.purged", detail, err) != 0)
			return -1;
	}
	*ret_count = count;
	*ret_more = one > 0;
	return 0;
}
