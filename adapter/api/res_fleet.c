/* Many devices at once: what is wrong, what would be changed, runs over them.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "catalog.h"
#include "device.h"
#include "diagnose.h"
#include "mem.h"
#include "order.h"
#include "plan.h"
#include "port.h"
#include "ports.h"
#include "records.h"
#include "str.h"
#include "task_run.h"

/* --- as of now, by the last reading --- */

/* What devices are held against; to be ended. */
struct judging {
	struct policy policy;
	struct port_roots roots;
	const struct play *play;
};

static void
judging_begin(struct api_call *c, struct judging *j)
{
	*j = (struct judging){.policy = *c->policy};
	j->policy.now = c->now;
	if (c->ca != NULL)
		port_ca_roots(c->ca, &j->roots);
	if (j->roots.count > 0)
		j->policy.roots = &j->roots;
}

static void
judging_end(struct judging *j)
{
	port_ca_roots_clear(&j->roots);
}

static int
write_finding(
    struct api_call *c, const struct device *d, void *cookie, struct err *err)
{
	const struct judging *j = cookie;

	record_finding(
	    &c->row, d, diagnose(d, &j->policy), d->error_kind, d->error_text);
	return api_row_end(c, err);
}

int
api_findings_list(struct api_call *c, struct err *err)
{
	struct judging j;
	int r;

	judging_begin(c, &j);
	r = api_devices_page(c, &api_finding_row, write_finding, &j, err);
	judging_end(&j);
	return r;
}

static int
write_obstacle(struct api_call *c, const struct device *d, const char *text,
    struct err *err)
{
	record_obstacle(&c->row, d, text);
	return api_row_end(c, err);
}

static int
write_plan(
    struct api_call *c, const struct device *d, void *cookie, struct err *err)
{
	const struct judging *j = cookie;
	struct plan plan = {.count = 0};
	size_t i;
	int r = 0;

	if (api_text(c, "run") != NULL && d->error_text != NULL)
		return write_obstacle(c, d, d->error_text, err);
	if (d->read_at == 0)
		return write_obstacle(c, d,
		    "it was never read: what it needs is not known yet", err);
	play_plan(j->play, d, &j->policy, true, 0, &plan);
	for (i = 0; r == 0 && i < plan.count; i++) {
		record_step(&c->row, d, &plan.steps[i]);
		r = api_row_end(c, err);
	}
	if (r == 0 && plan.obstacle != NULL)
		r = write_obstacle(c, d, plan.obstacle, err);
	plan_clear(&plan);
	return r;
}

int
api_plan_list(struct api_call *c, struct err *err)
{
	const char *word = api_text(c, "task");
	struct judging j;
	int r;

	judging_begin(c, &j);
	j.play = play_find(word == NULL ? "auto" : word);
	r = j.play == NULL
	    ? err_set(err, ERR_INVALID,
		  "task: %.64s is none; task-types has them", word)
	    : api_devices_page(c, &api_plan_row, write_plan, &j, err);
	judging_end(&j);
	return r;
}

/* --- what there is to do --- */

int
api_types_list(struct api_call *c, struct err *err)
{
	const struct play *play;

	api_page_begin(c, &api_type_row);
	for (play = plays(); play->name != NULL; play++) {
		record_type(&c->row, play);
		if (api_row_end(c, err) != 0)
			return -1;
	}
	api_page_end(c, NULL);
	return 0;
}

/* --- a run of no task that is kept --- */

/* Members "tasks" and "when" as settings of maintenance; given. */
static char *
maintenance(const struct api_call *c)
{
	size_t i, n = api_body_count(c, "tasks");
	struct json_object *s = json_object_new_object(), *tasks;
	const char *when = api_body_text(c, "when");
	char *text;

	if (n > 0) {
		tasks = json_object_new_array();
		for (i = 0; i < n; i++)
			(void)json_object_array_add(tasks,
			    json_object_new_string(api_body_at(c, "tasks", i)));
		(void)json_object_object_add(s, "tasks", tasks);
	}
	if (when == NULL)
		when = n > 0 ? "needed" : "automatic";
	(void)json_object_object_add(s, "when", json_object_new_string(when));
	text = mem_dup(json_object_to_json_string(s));
	(void)json_object_put(s);
	return text;
}

/* aim->devices are borrowed. */
static int
order_work(struct api_call *c, enum catalog_type type,
    const struct task_policy *policy, const struct api_aim *aim,
    struct err *err)
{
	static const char *const names[] = {[CATALOG_MAINTENANCE] = "maintain",
	    [CATALOG_COLLECT] = "look",
	    [CATALOG_PROFILE] = "enforce"};
	const struct order o = {c->store, c->actor, c->now};
	const struct order_run how = {.source = TASK_BY_USER,
	    .target = (enum task_target)aim->target,
	    .target_id = aim->id,
	    .query = aim->query,
	    .policy = *policy};
	struct task t = {.name = mem_dup(names[type]),
	    .type = mem_dup(catalog_type_name(type))};
	int64_t run = 0;
	int r;

	t.settings =
	    type == CATALOG_MAINTENANCE ? maintenance(c) : mem_dup("{}");
	r = order_run(
	    &o, &t, &how, aim->devices.ids, aim->devices.count, &run, err);
	task_clear(&t);
	return r == 0 ? api_run_made(c, run, err) : -1;
}

static int
order_one(struct api_call *c, enum catalog_type type, struct err *err)
{
	const struct task_policy policy = task_policy_default();
	struct api_aim aim = {.target = TASK_DEVICES};
	struct device *d = NULL;
	int r;

	if (api_device(c, 0, &d, err) != 0)
		return -1;
	aim.devices = (struct api_ids){&d->id, 1};
	r = order_work(c, type, &policy, &aim, err);
	device_free(d);
	return r;
}

int
api_devices_look(struct api_call *c, struct err *err)
{
	return order_one(c, CATALOG_COLLECT, err);
}

int
api_devices_maintain(struct api_call *c, struct err *err)
{
	return order_one(c, CATALOG_MAINTENANCE, err);
}

int
api_runs_add(struct api_call *c, struct err *err)
{
	int type = catalog_type_find(api_body_text(c, "type"));
	struct task_policy policy = task_policy_default();
	struct api_aim aim = {.query = NULL};
	int r;

	if (type != CATALOG_MAINTENANCE &&
	    (api_body_has(c, "tasks") || api_body_has(c, "when")))
		return err_set(err, ERR_INVALID,
		    "tasks and when are for the type amt-maintenance");
	r = api_policy(c, &policy, err);
	if (r == 0)
		r = api_aim(c, &aim, err);
	if (r == 0)
		r = order_work(c, (enum catalog_type)type, &policy, &aim, err);
	free(aim.devices.ids);
	return r;
}
