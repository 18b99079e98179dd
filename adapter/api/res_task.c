/* tasks and assignments. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "mem.h"
#include "order.h"
#include "records.h"
#include "store.h"
#include "str.h"
#include "task_run.h"

static struct order
order_of(const struct api_call *c)
{
	return (struct order){c->store, c->actor, c->now};
}

/* --- tasks --- */

static int
write_task(struct api_call *c, const struct task *t, struct err *err)
{
	record_task(&c->row, t);
	return api_row_end(c, err);
}

static int
list_task(void *cookie, const struct task *t, struct err *err)
{
	struct api_page *p = cookie;

	return api_page_takes_name(p, t->name) ? write_task(p->c, t, err) : 0;
}

int
api_tasks_list(struct api_call *c, struct err *err)
{
	struct api_page p = api_page_new(c);

	api_page_begin(c, &api_task_row);
	return api_page_close(&p, task_scan(c->store, list_task, &p, err));
}

static int
answer_task(struct api_call *c, int64_t id, struct err *err)
{
	struct task t = {.id = 0};
	int r;

	if (task_get(c->store, id, &t, err) != 0)
		return -1;
	api_row_begin(c, &api_task_row);
	r = write_task(c, &t, err);
	task_clear(&t);
	return r;
}

int
api_tasks_get(struct api_call *c, struct err *err)
{
	struct task t = {.id = 0};
	int r;

	if (task_find(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	api_row_begin(c, &api_task_row);
	r = write_task(c, &t, err);
	task_clear(&t);
	return r;
}

int
api_tasks_add(struct api_call *c, struct err *err)
{
	const char *settings = api_body_text(c, "settings");
	const struct order o = order_of(c);
	struct task t = {.name = mem_dup(api_body_text(c, "name")),
	    .type = mem_dup(api_body_text(c, "type")),
	    .note = mem_dup(api_body_text(c, "description")),
	    .settings = mem_dup(settings == NULL ? "{}" : settings)};
	int64_t id = 0;
	int r = order_task_add(&o, &t, &id, err);

	task_clear(&t);
	if (r != 0)
		return -1;
	api_locate(c, "tasks/%lld", (long long)id);
	return answer_task(c, id, err);
}

int
api_tasks_change(struct api_call *c, struct err *err)
{
	const struct order o = order_of(c);
	struct task t = {.id = 0};
	const char *note = api_body_text(c, "description");
	int64_t id;
	int r;

	if (task_find(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	id = t.id;
	if (api_body_has(c, "name"))
		mem_replace(&t.name, api_body_text(c, "name"));
	if (api_body_has(c, "settings"))
		mem_replace(&t.settings, api_body_text(c, "settings"));
	if (note != NULL)
		mem_replace(&t.note, note[0] == '\0' ? NULL : note);
	r = order_task_save(&o, &t, err);
	task_clear(&t);
	return r == 0 ? answer_task(c, id, err) : -1;
}

int
api_tasks_remove(struct api_call *c, struct err *err)
{
	const struct order o = order_of(c);
	struct task t = {.id = 0};
	int r;

	if (task_find(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	r = order_task_remove(&o, &t, err);
	task_clear(&t);
	return r;
}

/* --- whom it is for, and at what pace --- */

int
api_aim(struct api_call *c, struct api_aim *ret, struct err *err)
{
	const char *group = api_body_text(c, "group");
	const char *tag = api_body_text(c, "tag");

	*ret = (struct api_aim){.query = api_body_text(c, "query")};
	if ((group != NULL) + (tag != NULL) + (ret->query != NULL) +
		api_body_has(c, "devices") + api_body_bool(c, "all", false) !=
	    1)
		return err_set(err, ERR_INVALID,
		    "for whom? One of devices, group, tag, query, or all: "
		    "true");
	if (group != NULL) {
		ret->target = TASK_GROUP;
		return store_group_find(c->store, group, &ret->id, err);
	}
	if (tag != NULL) {
		ret->target = TASK_TAG;
		return store_tag_find(c->store, tag, &ret->id, err);
	}
	if (ret->query != NULL) {
		struct api_ids none = {.ids = NULL};

		ret->target = TASK_QUERY;
		/* It is asked again at each run: here only whether it can be.
		 */
		return api_ids_by_query(c, ret->query, 0, 0, &none, err);
	}
	ret->target = TASK_ALL;
	if (!api_body_has(c, "devices"))
		return 0;
	ret->target = TASK_DEVICES;
	return api_ids_named(c, &ret->devices, err);
}

int
api_policy(const struct api_call *c, struct task_policy *p, struct err *err)
{
	int64_t *member;
	size_t i;

	for (i = 0; i < TASK_POLICY_FIELDS; i++) {
		member = task_policy_at(p, i);
		*member = api_body_int(c, task_policy_fields[i].name, *member);
	}
	return task_policy_check(p, err);
}

/* --- runs --- */

int
api_tasks_run(struct api_call *c, struct err *err)
{
	const struct order o = order_of(c);
	struct order_run how = {
	    .source = TASK_BY_USER, .policy = task_policy_default()};
	struct task t = {.id = 0};
	struct api_aim aim = {.query = NULL};
	int64_t run = 0;
	int r;

	if (task_find(c->store, c->match.segments[0], &t, err) != 0)
		return -1;
	r = api_policy(c, &how.policy, err);
	if (r == 0)
		r = api_aim(c, &aim, err);
	how.target = (enum task_target)aim.target;
	how.target_id = aim.id;
	how.query = aim.query;
	if (r == 0)
		r = order_run(&o, &t, &how, aim.devices.ids, aim.devices.count,
		    &run, err);
	free(aim.devices.ids);
	task_clear(&t);
	return r == 0 ? api_run_made(c, run, err) : -1;
}

/* --- assignments --- */

static int
write_assignment(
    struct api_call *c, const struct task_assignment *a, struct err *err)
{
	size_t i;

	api_put_int(c, a->id);
	api_put_text(c, a->task_name);
	api_put_text(c, task_target_name(a->target));
	api_put_text(c, a->target_name);
	api_put_text(c, a->query);
	api_put_text(c, a->schedule);
	api_put_int(c, a->enabled);
	api_put_int(c, a->enabled ? a->next_due : 0);
	api_put_int(c, a->created_at);
	api_put_int(c, a->last_at);
	api_put_int(c, a->last_run);
	for (i = 0; i < TASK_POLICY_FIELDS; i++)
		api_put_int(c, task_policy_get(&a->policy, i));
	return api_row_end(c, err);
}

struct behind { /* all by number, from behind this one on */
	struct api_page page;
	int64_t id;
};

static int
list_assignment(void *cookie, const struct task_assignment *a, struct err *err)
{
	struct behind *b = cookie;

	return a->id > b->id && api_page_takes_id(&b->page, a->id)
	    ? write_assignment(b->page.c, a, err)
	    : 0;
}

int
api_assignments_list(struct api_call *c, struct err *err)
{
	struct behind b = {.page = api_page_new(c)};
	const char *name = api_text(c, "task");
	struct task t = {.id = 0};
	int r;

	if (api_cursor_id(c, &b.id, err) != 0)
		return -1;
	if (name != NULL && task_find(c->store, name, &t, err) != 0)
		return -1;
	api_page_begin(c, &api_assignment_row);
	r = api_page_close(&b.page,
	    task_assignment_scan(c->store, t.id, list_assignment, &b, err));
	task_clear(&t);
	return r;
}

static int
answer_assignment(struct api_call *c, int64_t id, struct err *err)
{
	struct task_assignment a = {.id = 0};
	int r;

	if (task_assignment_get(c->store, id, &a, err) != 0)
		return -1;
	api_row_begin(c, &api_assignment_row);
	r = write_assignment(c, &a, err);
	task_assignment_clear(&a);
	return r;
}

int
api_assignments_get(struct api_call *c, struct err *err)
{
	int64_t id = 0;

	if (api_number(c, 0, &id, err) != 0)
		return -1;
	return answer_assignment(c, id, err);
}

int
api_assignments_add(struct api_call *c, struct err *err)
{
	const struct order o = order_of(c);
	struct task_assignment a = {
	    .enabled = api_body_bool(c, "enabled", true),
	    .policy = task_policy_default()};
	struct task t = {.id = 0};
	struct api_aim aim = {.query = NULL};
	int64_t id = 0;
	int r;

	if (task_find(c->store, api_body_text(c, "task"), &t, err) != 0)
		return -1;
	a.task = t.id;
	task_clear(&t);
	r = api_policy(c, &a.policy, err);
	if (r == 0)
		r = api_aim(c, &aim, err);
	a.target = (enum task_target)aim.target;
	a.target_id = aim.id;
	a.query = mem_dup(aim.query);
	a.schedule = mem_dup(api_body_text(c, "schedule"));
	if (r == 0)
		r = order_assign(
		    &o, &a, aim.devices.ids, aim.devices.count, &id, err);
	free(aim.devices.ids);
	task_assignment_clear(&a);
	if (r != 0)
		return -1;
	c->wake = true;
	api_locate(c, "assignments/%lld", (long long)id);
	return answer_assignment(c, id, err);
}

int
api_assignments_change(struct api_call *c, struct err *err)
{
	const struct order o = order_of(c);
	const char *schedule = api_body_text(c, "schedule");
	struct task_assignment a = {.id = 0};
	int64_t id = 0;
	int r;

	if (api_number(c, 0, &id, err) != 0 ||
	    task_assignment_get(c->store, id, &a, err) != 0)
		return -1;
	a.enabled = api_body_bool(c, "enabled", a.enabled);
	if (schedule != NULL)
		mem_replace(&a.schedule, schedule[0] == '\0' ? NULL : schedule);
	r = api_policy(c, &a.policy, err);
	if (r == 0)
		r = order_assignment_save(&o, &a, err);
	task_assignment_clear(&a);
	c->wake = r == 0;
	return r == 0 ? answer_assignment(c, id, err) : -1;
}

int
api_assignments_remove(struct api_call *c, struct err *err)
{
	const struct order o = order_of(c);
	int64_t id = 0;

	if (api_number(c, 0, &id, err) != 0)
		return -1;
	return order_unassign(&o, id, err);
}

int
api_assignments_run(struct api_call *c, struct err *err)
{
	const struct order o = order_of(c);
	int64_t id = 0, run = 0;

	if (api_number(c, 0, &id, err) != 0 ||
	    order_run_assignment(&o, id, &run, err) != 0)
		return -1;
	return api_run_made(c, run, err);
}
