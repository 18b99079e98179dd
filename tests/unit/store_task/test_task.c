/*
 * Tasks, assignments, runs: what the tables keep, refuse and count.  What a run
 * does is shown by tests/unit/task.
 */
#include "fixture.h"

#include "server_task.h"
#include "str.h"
#include "task.h"
#include "task_census.h"
#include "task_run.h"
#include "task_work.h"

#define NOW INT64_C(1700000000)

/* --- the catalogue --- */

static struct task
a_task(const char *name)
{
	return (struct task){.name = mem_dup(name),
	    .type = mem_dup("amt-maintenance"),
	    .settings = mem_dup("{}")};
}

static int64_t
add_task(struct fixture *f, const char *name)
{
	struct task t = a_task(name);
	int64_t id = 0;

	assert_works(task_add(f->store, &t, NOW, &id, &f->err));
	task_clear(&t);
	return id;
}

static void
test_catalogue(void **state)
{
	struct fixture *f = *state;
	struct task t = a_task("Weekly look");
	struct task found = {0};
	int64_t id = 0, other = 0;

	assert_works(task_add(f->store, &t, NOW, &id, &f->err));
	assert_fails(
	    task_add(f->store, &t, NOW, &other, &f->err), ERR_CONFLICT);
	mem_replace(&t.name, "WEEKLY-LOOK"); /* could not be told apart */
	assert_fails(
	    task_add(f->store, &t, NOW, &other, &f->err), ERR_CONFLICT);
	assert_works(task_find(f->store, "weekly-look", &found, &f->err));
	assert_int_equal(found.id, id);
	assert_string_equal(found.name, "Weekly look");
	assert_int_equal(found.created_at, NOW);

	mem_replace(&found.name, "weekly LOOK"); /* its own name is free */
	mem_replace(&found.settings, "{\"when\":\"needed\"}");
	assert_works(task_save(f->store, &found, NOW + 5, &f->err));
	task_clear(&found);
	assert_works(task_find(f->store, "Weekly Look", &found, &f->err));
	assert_string_equal(found.settings, "{\"when\":\"needed\"}");
	assert_int_equal(found.created_at, NOW);
	assert_int_equal(found.changed_at, NOW + 5);

	assert_works(task_remove(f->store, id, &f->err));
	assert_fails(task_remove(f->store, id, &f->err), ERR_NOTFOUND);
	assert_fails(task_save(f->store, &found, NOW, &f->err), ERR_NOTFOUND);
	task_clear(&found);
	assert_fails(
	    task_find(f->store, "weekly-look", &found, &f->err), ERR_NOTFOUND);
	task_clear(&t);
}

static void
test_bad_tasks(void **state)
{
	static const char *const names[] = {
	    "", " x", "x ", "12", "a\nb", "\xff", "x\xe2\x80\xae"};
	struct fixture *f = *state;
	struct task t = a_task("x");
	int64_t id = 0;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		mem_replace(&t.name, names[i]);
		assert_fails(
		    task_add(f->store, &t, NOW, &id, &f->err), ERR_INVALID);
	}
	mem_replace(&t.name, "x");
	mem_replace(&t.settings, "");
	assert_fails(task_add(f->store, &t, NOW, &id, &f->err), ERR_INVALID);
	free(t.settings);
	t.settings = mem_alloc(TASK_SETTINGS_MAX + 2);
	memset(t.settings, 'x', TASK_SETTINGS_MAX + 1);
	assert_fails(task_add(f->store, &t, NOW, &id, &f->err), ERR_LIMIT);
	task_clear(&t);
}

static int
count_tasks(void *cookie, const struct task *t, struct err *err)
{
	size_t *count = cookie;

	(void)err;
	assert_true(t->settings[0] == '{');
	++*count;
	return 0;
}

/* Each console's words find one. */
static void
test_examples(void **state)
{
	struct fixture *f = *state;
	struct task t = {0};
	size_t count = 0;

	assert_works(task_scan(f->store, count_tasks, &count, &f->err));
	assert_int_equal(count, 7);
	assert_works(task_find(f->store, "renew-ad-password", &t, &f->err));
	assert_works(task_remove(f->store, t.id, &f->err));
	assert_works(store_commit(f->store, &f->err));
	task_clear(&t);
	reopen(f); /* removed is removed */
	assert_fails(task_find(f->store, "renew-ad-password", &t, &f->err),
	    ERR_NOTFOUND);
}

static void
test_policy(void **state)
{
	struct fixture *f = *state;
	struct task_policy p = task_policy_default();

	assert_works(task_policy_check(&p, &f->err));
	p.wave = 5;
	assert_works(task_policy_check(&p, &f->err));
	p.wave_percent = 5;
	assert_fails(task_policy_check(&p, &f->err), ERR_INVALID);
	p.wave = 0;
	p.wave_percent = 101;
	assert_fails(task_policy_check(&p, &f->err), ERR_INVALID);
	p.wave_percent = 0;
	p.max_failures = 1;
	p.max_failure_percent = 1;
	assert_fails(task_policy_check(&p, &f->err), ERR_INVALID);
	p.max_failures = 0;
	p.canary = -1;
	assert_fails(task_policy_check(&p, &f->err), ERR_INVALID);
}

/* --- assignments --- */

static void
test_assignment(void **state)
{
	struct fixture *f = *state;
	struct task_assignment a = {.target = TASK_GROUP,
	    .enabled = true,
	    .next_due = NOW + 10,
	    .policy = {.canary = 2, .wave_percent = 25, .retry_wait = 7}};
	struct task_assignment got = {0};
	int64_t id = 0;

	a.task = add_task(f, "t");
	a.target_id = 999;
	assert_fails(task_assign(f->store, &a, NULL, 0, NOW, &id, &f->err),
	    ERR_NOTFOUND);
	assert_works(
	    store_group_take(f->store, "Berlin\\Lab", &a.target_id, &f->err));
	assert_works(task_assign(f->store, &a, NULL, 0, NOW, &id, &f->err));
	assert_works(task_assignment_get(f->store, id, &got, &f->err));
	assert_string_equal(got.task_name, "t");
	assert_string_equal(got.target_name, "My Organization\\Berlin\\Lab");
	assert_int_equal(got.target, TASK_GROUP);
	assert_int_equal(got.target_id, a.target_id);
	assert_null(got.schedule);
	assert_int_equal(got.next_due, NOW + 10);
	assert_memory_equal(&got.policy, &a.policy, sizeof(a.policy));

	mem_replace(&got.schedule, "daily at 03:00");
	got.trigger = 2;
	got.enabled = false;
	got.policy.max_failures = 3;
	assert_works(task_assignment_save(f->store, &got, &f->err));
	a.policy = got.policy;
	task_assignment_clear(&got);
	assert_works(task_assignment_get(f->store, id, &got, &f->err));
	assert_string_equal(got.schedule, "daily at 03:00");
	assert_int_equal(got.trigger, 2);
	assert_false(got.enabled);
	assert_memory_equal(&got.policy, &a.policy, sizeof(a.policy));
	task_assignment_clear(&got);

	assert_works(task_remove(f->store, a.task, &f->err)); /* with it */
	assert_fails(
	    task_assignment_get(f->store, id, &got, &f->err), ERR_NOTFOUND);
}

static void
test_triggers(void **state)
{
	struct fixture *f = *state;
	struct task_assignment a = {.enabled = true, .trigger = 1};
	int64_t first = 0, other = 0, ids[4];
	size_t count = 0;

	a.task = add_task(f, "t");
	assert_works(task_assign(f->store, &a, NULL, 0, NOW, &first, &f->err));
	a.enabled = false;
	assert_works(task_assign(f->store, &a, NULL, 0, NOW, &other, &f->err));
	a.enabled = true;
	a.trigger = 2;
	assert_works(task_assign(f->store, &a, NULL, 0, NOW, &other, &f->err));
	assert_works(
	    task_assignment_triggered(f->store, 1, ids, 4, &count, &f->err));
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], first);
}

static int64_t
assign(struct fixture *f, int64_t task, int64_t next_due, bool enabled)
{
	struct task_assignment a = {
	    .task = task, .next_due = next_due, .enabled = enabled};
	int64_t id = 0;

	assert_works(task_assign(f->store, &a, NULL, 0, NOW, &id, &f->err));
	return id;
}

static void
test_due(void **state)
{
	struct fixture *f = *state;
	int64_t task = add_task(f, "t"), ids[8];
	int64_t late = assign(f, task, NOW - 1, true);
	int64_t later = assign(f, task, NOW - 5, true);
	int64_t future = assign(f, task, NOW + 9, true);
	bool moved = true;
	size_t count = 0;

	(void)assign(f, task, 0, true);
	assert_works(
	    task_assignment_triggered(f->store, 2, ids, 8, &count, &f->err));
	assert_int_equal(count, 0);
	(void)assign(f, task, NOW - 9, false);
	assert_works(
	    task_assignment_due(f->store, NOW, ids, 8, &count, &f->err));
	assert_int_equal(count, 2);
	assert_int_equal(ids[0], later);
	assert_int_equal(ids[1], late);
	assert_works(
	    task_assignment_due(f->store, NOW, ids, 1, &count, &f->err));
	assert_int_equal(count, 1);

	assert_works(task_assignment_ran(f->store, later, 77, NOW, 0, &f->err));
	assert_works(
	    task_assignment_ran(f->store, late, 0, NOW, NOW + 50, &f->err));
	assert_works(
	    task_assignment_due(f->store, NOW + 9, ids, 8, &count, &f->err));
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], future);
	assert_works(task_assignment_move(
	    f->store, future, NOW, NOW + 20, &moved, &f->err));
	assert_false(moved); /* it was not due then */
	assert_works(task_assignment_move(
	    f->store, future, NOW + 9, NOW + 20, &moved, &f->err));
	assert_true(moved);
	assert_works(task_unassign(f->store, future, &f->err));
	assert_fails(task_unassign(f->store, future, &f->err), ERR_NOTFOUND);
	assert_works(
	    task_assignment_due(f->store, NOW + 49, ids, 8, &count, &f->err));
	assert_int_equal(count, 0);
	assert_works(
	    task_assignment_due(f->store, NOW + 50, ids, 8, &count, &f->err));
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], late);
}

/* --- which devices --- */

struct picked {
	int64_t ids[16];
	size_t count;
};

static int
keep(void *cookie, const struct task_device *d, struct err *err)
{
	struct picked *p = cookie;

	(void)err;
	assert_true(p->count < 16);
	assert_true(d->key[0] == 'p'); /* they have names alone */
	p->ids[p->count++] = d->id;
	return 0;
}

static void
assert_picks(struct fixture *f, const struct task_run *r, const int64_t *ids,
    size_t count)
{
	struct picked p = {.count = 0};
	size_t i, j, hits = 0;

	assert_works(task_run_devices(f->store, r, keep, &p, &f->err));
	assert_int_equal(p.count, count);
	for (i = 0; i < count; i++)
		for (j = 0; j < p.count; j++)
			hits += p.ids[j] == ids[i];
	assert_int_equal(hits, count);
}

static void
test_targets(void **state)
{
	struct fixture *f = *state;
	struct device *d = NULL;
	int64_t ids[5], tag = 0, berlin = 0, lab = 0, task;
	struct task_run r = {.target = TASK_ALL};
	bool changed;
	struct task_assignment a = {.target = TASK_DEVICES};
	size_t i;

	assert_works(store_group_take(f->store, "Berlin", &berlin, &f->err));
	assert_works(store_group_take(f->store, "Berlin\\Lab", &lab, &f->err));
	for (i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "pc%zu", i);
		d = device_new(name);
		d->group_id = i == 1 ? berlin : i == 2 ? lab : 1;
		d->failures = (int64_t)i;
		assert_works(store_device_add(f->store, d, &f->err));
		ids[i] = d->id;
		device_free(d);
	}
	assert_picks(f, &r, ids, 5);
	r = (struct task_run){.target = TASK_GROUP, .target_id = berlin};
	assert_picks(f, &r, ids + 1, 2);

	assert_works(store_tag_take(f->store, "vip", &tag, &f->err));
	assert_works(store_tag_apply(f->store, ids[3], tag, &changed, &f->err));
	assert_works(
	    store_tag_exclude(f->store, ids[4], tag, &changed, &f->err));
	r = (struct task_run){.target = TASK_TAG, .target_id = tag};
	assert_picks(f, &r, ids + 3, 1);

	r = (struct task_run){.target = TASK_QUERY,
	    .query = mem_dup("(gt AMT_CustomProps.Failures 2)")};
	assert_picks(f, &r, ids + 3, 2);
	mem_replace(&r.query, "never-maintained");
	assert_picks(f, &r, ids, 5);
	mem_replace(&r.query, "(eq EPOBranchNode.NodeName nonsense");
	assert_fails(
	    task_run_devices(f->store, &r, keep, NULL, &f->err), ERR_INVALID);
	mem_replace(&r.query, "no such query");
	assert_fails(
	    task_run_devices(f->store, &r, keep, NULL, &f->err), ERR_NOTFOUND);
	task_run_clear(&r);

	a.task = task = add_task(f, "t");
	assert_fails(task_assign(f->store, &a, NULL, 0, NOW, &a.id, &f->err),
	    ERR_INVALID);
	assert_works(task_assign(f->store, &a, ids, 2, NOW, &a.id, &f->err));
	r = (struct task_run){.target = TASK_DEVICES, .assignment = a.id};
	assert_picks(f, &r, ids, 2);
	assert_works(store_device_remove(f->store, ids[0], &f->err));
	assert_picks(f, &r, ids + 1, 1);
}

/* What it was for is gone: the next run says so, and is for nobody. */
static void
test_target_gone(void **state)
{
	struct fixture *f = *state;
	struct task_assignment a = {.target = TASK_TAG};
	struct task_run r = {.target = TASK_TAG};

	a.task = add_task(f, "t");
	assert_works(store_tag_take(f->store, "vip", &a.target_id, &f->err));
	assert_works(task_assign(f->store, &a, NULL, 0, NOW, &a.id, &f->err));
	assert_fails(
	    store_tag_remove(f->store, a.target_id, &f->err), ERR_CONFLICT);
	assert_non_null(strstr(f->err.text, "assignment 1 of t goes by it"));
	assert_works(task_unassign(f->store, a.id, &f->err));
	assert_works(store_tag_remove(f->store, a.target_id, &f->err));
	assert_fails(
	    task_run_devices(f->store, &r, keep, NULL, &f->err), ERR_NOTFOUND);
}

/* A saved query stays while an assignment names it, however it does. */
static void
test_query_stays(void **state)
{
	static const char *const words[] = {"mine", "100"};
	const struct store_saved q = {.name = "Mine", .target = "EPOLeafNode"};
	struct fixture *f = *state;
	struct task_assignment a;
	int64_t task = add_task(f, "t"), id = 0;
	size_t i;

	assert_works(store_saved_put(f->store, &q, true, &f->err));
	for (i = 0; i < 2; i++) {
		a = (struct task_assignment){.task = task,
		    .target = TASK_QUERY,
		    .query = mem_dup(words[i])};
		assert_works(
		    task_assign(f->store, &a, NULL, 0, NOW, &id, &f->err));
		task_assignment_clear(&a);
		assert_fails(store_saved_remove(f->store, "Mine", &f->err),
		    ERR_CONFLICT);
		assert_works(task_unassign(f->store, id, &f->err));
	}
	assert_works(store_saved_remove(f->store, "Mine", &f->err));
}

/* What a server task's actions name stays as well, at any depth. */
static void
test_named_by_server_task(void **state)
{
	const struct store_saved q = {.name = "Mine", .target = "EPOLeafNode"};
	struct fixture *f = *state;
	struct server_task t = {.name = mem_dup("night"),
	    .owner = mem_dup("cli:test"),
	    .actions = mem_dup("[{\"action\":\"query\",\"query\":\"MINE\","
			       "\"actions\":[{\"action\":\"tag.apply\","
			       "\"tag\":\"vip\"}]}]")};
	int64_t tag, id;

	assert_works(store_tag_take(f->store, "VIP", &tag, &f->err));
	assert_works(store_saved_put(f->store, &q, true, &f->err));
	assert_works(server_task_add(f->store, &t, NOW, &id, &f->err));
	server_task_clear(&t);
	assert_fails(store_tag_remove(f->store, tag, &f->err), ERR_CONFLICT);
	assert_non_null(strstr(f->err.text, "the server task night"));
	assert_fails(
	    store_saved_remove(f->store, "Mine", &f->err), ERR_CONFLICT);
	assert_works(server_task_remove(f->store, id, &f->err));
	assert_works(store_tag_remove(f->store, tag, &f->err));
	assert_works(store_saved_remove(f->store, "Mine", &f->err));
}

static void
assert_covers(struct fixture *f, const struct task_assignment *a,
    int64_t device, bool wanted)
{
	bool covered = !wanted;

	assert_works(task_reach_covers(f->store, a, device, &covered, &f->err));
	assert_int_equal(covered, wanted);
}

/* The same devices one by one as all together. */
static void
test_covers(void **state)
{
	struct fixture *f = *state;
	struct task_assignment a = {.target = TASK_ALL};
	int64_t pc1 = add_device(f, "pc1"), pc2 = add_device(f, "pc2");
	bool changed;

	assert_covers(f, &a, pc1, true);
	a.target = TASK_TAG;
	assert_works(store_tag_take(f->store, "vip", &a.target_id, &f->err));
	assert_works(
	    store_tag_apply(f->store, pc1, a.target_id, &changed, &f->err));
	assert_works(
	    store_tag_exclude(f->store, pc2, a.target_id, &changed, &f->err));
	assert_covers(f, &a, pc1, true);
	assert_covers(f, &a, pc2, false);
	a = (struct task_assignment){.target = TASK_GROUP, .target_id = 1};
	assert_covers(f, &a, pc1, true);
	assert_works(
	    store_group_take(f->store, "Berlin", &a.target_id, &f->err));
	assert_covers(f, &a, pc1, false);
	a = (struct task_assignment){
	    .target = TASK_QUERY, .query = mem_dup("(eq NodeName \"pc2\")")};
	assert_covers(f, &a, pc1, false);
	assert_covers(f, &a, pc2, true);
	mem_replace(
	    &a.query, "(, where\v(or (eq NodeName pc2) (eq AutoID 0)))");
	assert_covers(f, &a, pc1, false);
	assert_covers(f, &a, pc2, true);
	mem_replace(&a.query, " ( where (not (eq NodeName \"pc2\")) ) ");
	assert_fails(task_reach_covers(f->store, &a, pc1, &changed, &f->err),
	    ERR_NOTFOUND); /* that is a name, as it does not begin with ( */
	mem_replace(&a.query, "( where (not (eq NodeName \"pc2\")) ) ");
	assert_covers(f, &a, pc1, true);
	assert_covers(f, &a, pc2, false);
	mem_replace(&a.query, "never-maintained");
	assert_covers(f, &a, pc1, true);
	mem_replace(&a.query, "systems-by-tls-state"); /* has no condition */
	assert_covers(f, &a, pc1, true);
	task_assignment_clear(&a);
}

/* --- runs --- */

static struct task_run
a_run(enum task_target target)
{
	return (struct task_run){.name = mem_dup("look"),
	    .type = mem_dup("collect-properties"),
	    .settings = mem_dup("{}"),
	    .actor = mem_dup("cli:test"),
	    .target = target,
	    .policy = {.canary = 1, .retries = 2}};
}

static int64_t
make_run(struct fixture *f, const int64_t *devices, size_t count)
{
	struct task_run r = a_run(TASK_DEVICES);
	int64_t id = 0;

	assert_works(
	    task_run_make(f->store, &r, devices, count, NOW, &id, &f->err));
	task_run_clear(&r);
	return id;
}

static struct task_run
run_of(struct fixture *f, int64_t id)
{
	struct task_run r = {0};

	assert_works(task_run_get(f->store, id, &r, &f->err));
	return r;
}

static void
assert_state(struct fixture *f, int64_t id, enum task_state wanted)
{
	struct task_run r = run_of(f, id);

	assert_int_equal(r.state, wanted);
	task_run_clear(&r);
}

#define SET(to) task_run_set_state(f->store, id, to, "me", NULL, NOW, &f->err)

static void
test_states(void **state)
{
	struct fixture *f = *state;
	int64_t device = add_device(f, "pc1"), id = make_run(f, &device, 1);
	struct task_run r;

	assert_fails(SET(TASK_QUEUED), ERR_REFUSED); /* it is not paused */
	assert_works(task_run_start(f->store, id, NOW + 1, &f->err));
	assert_works(task_run_set_state(
	    f->store, id, TASK_PAUSED, "me", "lunch", NOW + 2, &f->err));
	r = run_of(f, id);
	assert_string_equal(r.why, "lunch");
	assert_int_equal(r.started_at, NOW + 1);
	assert_int_equal(r.ended_at, 0);
	assert_int_equal(r.policy.canary, 1);
	task_run_clear(&r);
	assert_fails(SET(TASK_PAUSED), ERR_REFUSED);
	assert_works(SET(TASK_QUEUED));
	assert_works(task_run_start(f->store, id, NOW + 9, &f->err));
	r = run_of(f, id);
	assert_int_equal(r.started_at, NOW + 1); /* the first time */
	assert_null(r.why);
	task_run_clear(&r);
	assert_works(SET(TASK_ABORTED));
	assert_fails(SET(TASK_QUEUED), ERR_REFUSED);
	assert_fails(SET(TASK_ENDED), ERR_REFUSED);
	r = run_of(f, id);
	assert_int_equal(r.ended_at, NOW);
	task_run_clear(&r);
	id = 12345;
	assert_fails(SET(TASK_ABORTED), ERR_NOTFOUND);
}

static int
last_message(void *cookie, const struct task_message *m, struct err *err)
{
	char *last = cookie;

	(void)err;
	(void)snprintf(last, 100, "%s", m->text);
	return 0;
}

static void
test_messages(void **state)
{
	struct fixture *f = *state;
	int64_t device = add_device(f, "pc1"), id = make_run(f, &device, 1);
	char last[100] = "";

	assert_works(task_run_set_state(
	    f->store, id, TASK_ABORTED, "cli:eve", "enough", NOW, &f->err));
	assert_works(
	    task_message_scan(f->store, id, 0, last_message, last, &f->err));
	assert_string_equal(last, "aborted by cli:eve: enough");
}

/* --- items --- */

static size_t
ready(struct fixture *f, int64_t run, bool fresh, int64_t now,
    struct task_work *w, size_t room)
{
	struct task_works ready = {.works = w, .room = room, .count = 99};

	assert_works(
	    task_item_ready(f->store, run, fresh, now, &ready, &f->err));
	return ready.count;
}

static bool
end(struct fixture *f, int64_t run, const struct task_work *w,
    enum task_outcome outcome, int64_t again)
{
	const struct task_result how = {.outcome = outcome,
	    .message = "said",
	    .steps = 2,
	    .ms = 10,
	    .again_at = again};
	bool ours = false;

	assert_works(
	    task_item_end(f->store, w, &how, NOW + 50, &ours, &f->err));
	assert_int_equal(w->run, run);
	return ours;
}

static void
test_items(void **state)
{
	struct fixture *f = *state;
	int64_t devices[4], id, at = -1;
	struct task_work w[4];
	struct task_run r;

	devices[0] = devices[1] = add_device(f, "pc1"); /* once all the same */
	devices[2] = add_device(f, "pc2");
	devices[3] = 4242; /* gone */
	id = make_run(f, devices, 4);
	r = run_of(f, id);
	assert_true(r.expanded);
	assert_int_equal(r.total, 2);
	task_run_clear(&r);

	assert_int_equal(ready(f, id, true, NOW - 1, w, 4), 0);
	assert_int_equal(ready(f, id, true, NOW, w, 4), 2);
	w[0].journal_at = 7;
	assert_works(task_item_begin(f->store, &w[0], NOW + 1, &f->err));
	assert_int_equal(w[0].attempts, 1);
	assert_int_equal(w[0].started_at, NOW + 1);
	w[2] = w[0];
	assert_fails(
	    task_item_begin(f->store, &w[2], NOW, &f->err), ERR_CONFLICT);
	assert_int_equal(ready(f, id, true, NOW, w + 1, 3), 1);

	/* Once more later, and then its end. */
	assert_true(end(f, id, &w[0], TASK_OFFLINE, NOW + 100));
	assert_int_equal(ready(f, id, false, NOW + 99, w + 2, 2), 0);
	assert_works(task_item_next(f->store, id, false, &at, &f->err));
	assert_int_equal(at, NOW + 100);
	assert_int_equal(ready(f, id, false, NOW + 100, w + 2, 2), 1);
	assert_works(task_item_begin(f->store, &w[2], NOW + 100, &f->err));
	assert_int_equal(w[2].attempts, 2);
	assert_int_equal(w[2].journal_at, 7);
	assert_int_equal(w[2].started_at, NOW + 1);
	assert_false(end(f, id, &w[0], TASK_OK, 0)); /* an earlier attempt */
	assert_true(end(f, id, &w[2], TASK_CHANGED, 0));
	assert_false(end(f, id, &w[2], TASK_CHANGED, 0));
	r = run_of(f, id);
	assert_int_equal(r.begun, 1);
	assert_int_equal(r.done, 1);
	assert_int_equal(r.count[TASK_CHANGED], 1);
	assert_int_equal(r.count[TASK_OFFLINE], 0);
	assert_int_equal(task_run_percent(&r), 50);
	task_run_clear(&r);
}

static int
see_item(void *cookie, const struct task_item *i, struct err *err)
{
	struct picked *p = cookie;

	(void)err;
	p->ids[p->count++] = i->device;
	if (i->state == TASK_ITEM_DONE) {
		assert_string_equal(i->message, "said");
		assert_int_equal(i->steps, 2);
		assert_int_equal(i->ended_at, NOW + 50);
	}
	return 0;
}

static void
test_items_are_found(void **state)
{
	struct fixture *f = *state;
	int64_t devices[] = {add_device(f, "pc1"), add_device(f, "pc2")};
	int64_t id = make_run(f, devices, 2), later = make_run(f, devices, 1);
	struct task_item_filter by = {.run = id, .state = -1, .outcome = -1};
	struct picked p = {.count = 0};
	struct task_work w[2];

	assert_int_equal(ready(f, id, true, NOW, w, 2), 2);
	assert_works(task_item_begin(f->store, &w[1], NOW, &f->err));
	assert_true(end(f, id, &w[1], TASK_FAILED, 0));
	assert_works(task_item_scan(f->store, &by, see_item, &p, &f->err));
	assert_int_equal(p.count, 2);
	by.outcome = TASK_FAILED;
	p.count = 0;
	assert_works(task_item_scan(f->store, &by, see_item, &p, &f->err));
	assert_int_equal(p.count, 1);
	assert_int_equal(p.ids[0], devices[1]);
	by = (struct task_item_filter){
	    .device = devices[0], .state = -1, .outcome = -1};
	p.count = 0;
	assert_works(task_item_scan(f->store, &by, see_item, &p, &f->err));
	assert_int_equal(p.count, 2);
	by = (struct task_item_filter){
	    .state = TASK_ITEM_WAITING, .outcome = -1, .limit = 1};
	p.count = 0;
	assert_works(task_item_scan(f->store, &by, see_item, &p, &f->err));
	assert_int_equal(p.count, 1);
	(void)later;
}

/* One process works on a run; who takes it over begins anew what was under way,
 * and the late word of the one before is not heard. */
static void
test_claims(void **state)
{
	struct fixture *f = *state;
	int64_t device = add_device(f, "pc1"), id = make_run(f, &device, 1);
	struct task_work w, late;
	bool taken = false;

	assert_works(task_run_claim(
	    f->store, id, "a", false, NOW, NOW + 60, &taken, &f->err));
	assert_true(taken);
	assert_int_equal(ready(f, id, true, NOW, &w, 1), 1);
	assert_works(task_item_begin(f->store, &w, NOW, &f->err));
	assert_fails(task_run_claim(f->store, id, "b", false, NOW + 59,
			 NOW + 120, &taken, &f->err),
	    ERR_CONFLICT);
	assert_works(task_run_claim(
	    f->store, id, "a", false, NOW, NOW + 70, &taken, &f->err));
	assert_false(taken);
	/* What is under way is so until another takes the run. */
	assert_int_equal(ready(f, id, false, NOW + 10, &late, 1), 0);

	assert_works(task_run_claim(
	    f->store, id, "b", true, NOW + 10, NOW + 80, &taken, &f->err));
	assert_true(taken);
	late = w;
	assert_int_equal(ready(f, id, false, NOW + 10, &w, 1), 1);
	assert_int_equal(w.attempts, 1);
	assert_works(task_item_begin(f->store, &w, NOW + 10, &f->err));
	assert_false(end(f, id, &late, TASK_OK, 0));
	assert_true(end(f, id, &w, TASK_OK, 0));

	/* After its time anybody may, and not before. */
	assert_works(task_run_claim(
	    f->store, id, "c", false, NOW + 80, NOW + 90, &taken, &f->err));
	assert_fails(task_run_claim(f->store, id, "b", false, NOW + 81,
			 NOW + 99, &taken, &f->err),
	    ERR_CONFLICT);
	assert_works(task_run_claim(
	    f->store, id, "b", false, NOW + 90, NOW + 99, &taken, &f->err));
	assert_works(SET(TASK_ABORTED));
	assert_fails(task_run_claim(f->store, id, "c", false, NOW + 91,
			 NOW + 99, &taken, &f->err),
	    ERR_CONFLICT);
}

/* --- lists of runs --- */

static int
see_run(void *cookie, const struct task_run *r, struct err *err)
{
	struct picked *p = cookie;

	(void)err;
	p->ids[p->count++] = r->id;
	return 0;
}

static size_t
runs(struct fixture *f, struct task_run_filter by, struct picked *p)
{
	p->count = 0;
	assert_works(task_run_scan(f->store, &by, see_run, p, &f->err));
	return p->count;
}

static void
test_run_lists(void **state)
{
	struct fixture *f = *state;
	int64_t device = add_device(f, "pc1"), ids[4], open[4], n = 0;
	struct picked p;
	size_t i, count = 0;

	for (i = 0; i < 4; i++)
		ids[i] = make_run(f, &device, 1);
	assert_works(task_run_set_state(
	    f->store, ids[1], TASK_ABORTED, NULL, NULL, NOW, &f->err));
	assert_int_equal(runs(f, (struct task_run_filter){0}, &p), 4);
	assert_int_equal(p.ids[0], ids[3]);
	assert_int_equal(
	    runs(f, (struct task_run_filter){.states = 1U << TASK_ABORTED}, &p),
	    1);
	assert_int_equal(p.ids[0], ids[1]);
	assert_int_equal(runs(f,
			     (struct task_run_filter){.name = "LOOK",
				 .sources = 1U << TASK_BY_USER,
				 .since = NOW,
				 .before = ids[3],
				 .limit = 2},
			     &p),
	    2);
	assert_int_equal(p.ids[0], ids[2]);
	assert_int_equal(runs(f, (struct task_run_filter){.task = 5}, &p), 0);
	assert_works(task_run_open(f->store, open, 4, &count, &f->err));
	assert_int_equal(count, 3);
	assert_int_equal(open[0], ids[0]);

	assert_works(task_run_purge(f->store, NOW, 10, &n, &f->err));
	assert_int_equal(n, 0);
	assert_works(task_run_purge(f->store, NOW + 1, 10, &n, &f->err));
	assert_int_equal(n, 1); /* what is not over stays */
	assert_int_equal(runs(f, (struct task_run_filter){0}, &p), 3);
}

static void
test_bad_runs(void **state)
{
	struct fixture *f = *state;
	struct task_run r = a_run(TASK_DEVICES);
	int64_t id = 0;

	assert_fails(task_run_make(f->store, &r, NULL, 0, NOW, &id, &f->err),
	    ERR_INVALID);
	r.target = TASK_TAG;
	assert_fails(task_run_make(f->store, &r, NULL, 0, NOW, &id, &f->err),
	    ERR_NOTFOUND);
	r.target = TASK_QUERY;
	assert_fails(task_run_make(f->store, &r, NULL, 0, NOW, &id, &f->err),
	    ERR_INVALID);
	r.target = TASK_ALL;
	r.policy.canary = -1;
	assert_fails(task_run_make(f->store, &r, NULL, 0, NOW, &id, &f->err),
	    ERR_INVALID);
	r.policy.canary = 0;
	mem_replace(&r.settings, NULL);
	assert_fails(task_run_make(f->store, &r, NULL, 0, NOW, &id, &f->err),
	    ERR_INVALID);
	task_run_clear(&r);
}

/* A run outlives its task and its assignment. */
static void
test_run_stays(void **state)
{
	struct fixture *f = *state;
	int64_t task = add_task(f, "t"), id = 0;
	struct task_run r = a_run(TASK_ALL), got;

	r.task = task;
	r.source = TASK_BY_SCHEDULE;
	r.assignment = assign(f, task, NOW, true);
	assert_works(task_run_make(f->store, &r, NULL, 0, NOW, &id, &f->err));
	got = run_of(f, id);
	assert_int_equal(got.assignment, r.assignment);
	assert_int_equal(got.source, TASK_BY_SCHEDULE);
	assert_false(got.expanded);
	task_run_clear(&got);
	assert_works(task_remove(f->store, task, &f->err));
	got = run_of(f, id);
	assert_int_equal(got.task, 0);
	assert_int_equal(got.assignment, 0);
	assert_string_equal(got.name, "look");
	task_run_clear(&got);
	task_run_clear(&r);
	assert_state(f, id, TASK_QUEUED);
}

/* In numbers: what waits, a device less when one is done, nothing at its end;
 * what a server task does is no device. */
static void
test_census(void **state)
{
	struct fixture *f = *state;
	int64_t devices[2], id, running;
	struct task_census c;
	struct task_work w;
	struct task_run r;

	devices[0] = add_device(f, "pc1");
	devices[1] = add_device(f, "pc2");
	id = make_run(f, devices, 1);
	running = make_run(f, devices, 2);
	assert_works(task_run_start(f->store, running, NOW, &f->err));
	assert_int_equal(ready(f, running, true, NOW, &w, 1), 1);
	assert_works(task_item_begin(f->store, &w, NOW, &f->err));
	assert_true(end(f, running, &w, TASK_OK, 0));
	r = a_run(TASK_DEVICES);
	free(r.type);
	r.type = mem_dup(SERVER_ACTION);
	assert_works(
	    task_run_make(f->store, &r, devices, 2, NOW, &id, &f->err));
	task_run_clear(&r);
	assert_works(task_census_take(f->store, &c, &f->err));
	assert_int_equal(c.runs[TASK_QUEUED], 1);
	assert_int_equal(c.runs[TASK_RUNNING], 1);
	assert_int_equal(c.runs[TASK_PAUSED], 0);
	assert_int_equal(c.items_waiting, 1 + 1);
	id = running;
	assert_works(SET(TASK_ABORTED));
	assert_works(task_census_take(f->store, &c, &f->err));
	assert_int_equal(c.runs[TASK_RUNNING], 0);
	assert_int_equal(c.items_waiting, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_catalogue),
	    TEST(test_bad_tasks), TEST(test_examples), TEST(test_policy),
	    TEST(test_assignment), TEST(test_triggers), TEST(test_due),
	    TEST(test_targets), TEST(test_target_gone), TEST(test_query_stays),
	    TEST(test_named_by_server_task), TEST(test_covers),
	    TEST(test_states), TEST(test_messages), TEST(test_items),
	    TEST(test_items_are_found), TEST(test_claims), TEST(test_run_lists),
	    TEST(test_bad_runs), TEST(test_run_stays), TEST(test_census)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
