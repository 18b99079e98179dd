/*
 * Executions, with a real store: what flows where, what fails, and what a power
 * cut leaves: a child is ended at each point that can be passed, and the next
 * one goes on. Nothing is done twice that must not be. Client tasks are not run
 * here: their runs are ended by hand; e2e_server_tasks has the real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "access.h"
#include "clock.h"
#include "conf.h"
#include "device.h"
#include "err.h"
#include "fault.h"
#include "mem.h"
#include "server_order.h"
#include "server_work.h"
#include "store.h"
#include "str.h"
#include "task_work.h"
#include "vault.h"

#define DEVICES 1200 /* three pieces of tags */
#define STEPS_MAX 1000

struct fixture {
	char folder[32], key[64], path[64];
	struct vault *vault;
	struct store *store;
	struct conf conf;
	struct err err;
};

static void
open_store(struct fixture *f)
{
	assert_int_equal(vault_open(f->key, &f->vault, &f->err), 0);
	assert_int_equal(store_open(f->path, f->vault, &f->store, &f->err), 0);
}

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct device *d;
	char name[32];
	int i;

	strcpy(f->folder, "/tmp/test-action-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->key, sizeof(f->key), "%s/key", f->folder);
	(void)snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
	f->conf.report_folder = f->folder;
	assert_int_equal(vault_create(f->key, &f->err), 0);
	assert_int_equal(vault_open(f->key, &f->vault, &f->err), 0);
	assert_int_equal(store_create(f->path, f->vault, &f->err), 0);
	assert_int_equal(store_open(f->path, f->vault, &f->store, &f->err), 0);
	for (i = 0; i < DEVICES; i++) {
		(void)snprintf(name, sizeof(name), "pc%04d.example", i);
		d = device_new(name);
		d->group_id = STORE_GROUP_ROOT;
		assert_int_equal(store_device_add(f->store, d, &f->err), 0);
		device_free(d);
	}
	assert_int_equal(store_commit(f->store, &f->err), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char *command;

	store_close(f->store);
	vault_close(f->vault);
	command = mem_printf("%s/report.csv", f->folder);
	(void)unlink(command);
	free(command);
	command = mem_printf("%s-wal", f->path);
	(void)unlink(command);
	free(command);
	command = mem_printf("%s-shm", f->path);
	(void)unlink(command);
	free(command);
	(void)unlink(f->path);
	(void)unlink(f->key);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

/* --- ordering, working --- */

static int64_t
order(struct fixture *f, const char *actions)
{
	struct server_order o = {f->store, "test", clock_now(), ACCESS_ALL};
	struct server_task t = {.enabled = true};
	int64_t id = 0, run = 0;

	t.name = mem_dup("Test");
	t.actions = mem_dup(actions);
	if (server_order_add(&o, &t, &id, &f->err) != 0)
		fail_msg("%s", f->err.text);
	t.id = id;
	assert_int_equal(
	    server_order_run(&o, &t, TASK_BY_USER, 0, &run, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	server_task_clear(&t);
	return run;
}

/* What could only fail in the night is not kept by day. */
static void
test_refused(void **state)
{
	static const char *const bad[][2] = {
	    {"[{\"run-query\":{\"query\":\"(eq\"}}]", "where, character 1"},
	    {"[{\"run-query\":{\"query\":\"none\"}}]", "no query of this"},
	    {"[{\"run-query\":{\"query\":\"(isBlank Tags)\"},\"then\":[{"
	     "\"apply-tag\":{\"tag\":\"a,b\"}}]}]",
		"action 2 (apply-tag): tag: with a comma"},
	    {"[{\"export-report\":{\"file\":\"x.csv\"}}]",
		"neither rows nor a query"},
	    {"[{\"export-report\":{\"file\":\"x.csv\",\"query\":\"(eq\"}}]",
		"action 1 (export-report): where, character 1"},
	    {"[{\"export-report\":{\"file\":\"x.csv\",\"query\":\"none\"}}]",
		"no query of this"},
	    {"[{\"send-email\":{\"to\":\"the helpdesk\"}}]",
		"wanted plain addresses"},
	};
	struct fixture *f = *state;
	struct server_order o = {f->store, "test", clock_now(), ACCESS_ALL};
	struct server_task t = {.name = (char[]){"Test"}, .enabled = true};
	int64_t id = 0;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t.actions = mem_dup(bad[i][0]);
		assert_int_equal(server_order_add(&o, &t, &id, &f->err), -1);
		if (strstr(f->err.text, bad[i][1]) == NULL)
			fail_msg("%s: %s", bad[i][0], f->err.text);
		err_clear(&f->err);
		free(t.actions);
	}
}

/* In place of the runner: every item of what is open has been changed. */
static void
end_client_runs(struct fixture *f)
{
	const struct task_result good = {.outcome = TASK_CHANGED};
	struct task_work room[50];
	struct task_works works = {.works = room, .room = 50};
	int64_t ids[10];
	size_t count = 0, i, k;
	bool ours;

	assert_int_equal(task_run_open(f->store, ids, 10, &count, &f->err), 0);
	for (i = 0; i < count; i++) {
		do {
			assert_int_equal(task_item_ready(f->store, ids[i], true,
					     clock_now(), &works, &f->err),
			    0);
			for (k = 0; k < works.count; k++) {
				(void)task_item_begin(
				    f->store, &room[k], clock_now(), &f->err);
				(void)task_item_end(f->store, &room[k], &good,
				    clock_now(), &ours, &f->err);
			}
		} while (works.count > 0);
		assert_int_equal(
		    task_run_set_state(f->store, ids[i], TASK_ENDED, NULL, NULL,
			clock_now(), &f->err),
		    0);
	}
	if (count > 0)
		assert_int_equal(store_commit(f->store, &f->err), 0);
}

static enum task_state
state_of(struct fixture *f, int64_t run)
{
	struct task_run r = {.id = 0};
	enum task_state s;

	assert_int_equal(task_run_get(f->store, run, &r, &f->err), 0);
	s = r.state;
	task_run_clear(&r);
	return s;
}

static bool
is_over(struct fixture *f, int64_t run)
{
	enum task_state s = state_of(f, run);

	return s == TASK_ENDED || s == TASK_ABORTED;
}

/* As engine_owner() has it, for a process that has ended once it is asked. */
static void
owner_make(char *out, size_t size)
{
	char boot[64] = "", ns[64] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

	assert_non_null(file);
	assert_non_null(fgets(boot, sizeof(boot), file));
	(void)fclose(file);
	boot[strcspn(boot, "\n")] = '\0';
	assert_true(readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1) > 0);
	(void)snprintf(out, size, "%s/%s/%ld/1", boot, ns, (long)getpid());
}

static void
work(struct fixture *f, int64_t run)
{
	char owner[192];
	const struct server_work_conf c = {.conf = &f->conf,
	    .store = f->store,
	    .owner = owner,
	    .actor = "serve"};
	struct server_work *w;
	bool more;
	int i;

	owner_make(owner, sizeof(owner));
	w = server_work_new(&c);
	for (i = 0; i < STEPS_MAX && !is_over(f, run); i++) {
		if (server_work_step(w, &more, &f->err) != 0)
			fail_msg("%s", f->err.text);
		end_client_runs(f);
	}
	server_work_free(w);
}

static void
assert_state(struct fixture *f, int64_t run, size_t at, enum server_state want,
    const char *message)
{
	struct server_action *a = NULL;
	size_t count = 0;

	assert_int_equal(server_actions(f->store, run, &a, &count, &f->err), 0);
	assert_true(at < count);
	if (a[at].state != want ||
	    (message != NULL && strstr(a[at].message, message) == NULL))
		fail_msg("action %zu: %s, %s", at,
		    server_state_name(a[at].state),
		    a[at].message == NULL ? "" : a[at].message);
	server_actions_free(a, count);
}

struct counts {
	const char *kind;
	size_t count;
};

static int
count_event(void *cookie, const struct store_event *e, struct err *err)
{
	struct counts *c = cookie;

	(void)err;
	c->count += str_eq(e->kind, c->kind);
	return 0;
}

static size_t
events(struct fixture *f, const char *kind)
{
	struct counts c = {kind, 0};

	assert_int_equal(
	    store_event_scan(f->store, 0, 0, 0, count_event, &c, &f->err), 0);
	return c.count;
}

/* --- what happens --- */

#define ALL                                                                    \
	"{\"run-query\":{\"query\":\"(startsWith EPOLeafNode.NodeName pc)\"}"

static void
test_failures(void **state)
{
	struct fixture *f = *state;
	int64_t run = order(f,
	    "[{\"run-query\":{\"query\":\"(eq EPOLeafNode.NodeName "
	    "\\\"pc0001.example\\\")\"},\"then\":["
	    "{\"clear-tag\":{\"tag\":\"no such\"},\"on-failure\":\"continue\","
	    "\"then\":[{\"apply-tag\":{\"tag\":\"never\"}}]},"
	    "{\"apply-tag\":{\"tag\":\"one\"}},"
	    "{\"webhook\":{\"to\":\"nowhere\"}},"
	    "{\"apply-tag\":{\"tag\":\"never\"}}]}]");
	struct task_run r = {.id = 0};

	work(f, run);
	assert_state(f, run, 0, SERVER_OK, "1 rows");
	assert_state(f, run, 1, SERVER_FAILED, NULL);
	assert_state(f, run, 2, SERVER_SKIPPED, NULL);
	assert_state(f, run, 3, SERVER_CHANGED, "1 of 1");
	assert_state(f, run, 4, SERVER_FAILED, "no webhook nowhere");
	assert_state(f, run, 5, SERVER_WAITING, NULL);
	assert_int_equal(task_run_get(f->store, run, &r, &f->err), 0);
	assert_int_equal(r.state, TASK_ABORTED);
	assert_non_null(strstr(r.why, "action 5 (webhook)"));
	assert_int_equal(r.count[TASK_FAILED], 2);
	task_run_clear(&r);
	assert_int_equal(events(f, "tag.applied"), 1);
}

/* What a stopped one began is stopped; a paused one rests. */
static void
test_stopped(void **state)
{
	struct fixture *f = *state;
	int64_t run = order(f,
	    "[" ALL ",\"then\":[{\"enforce-profile\":{}},"
	    "{\"apply-tag\":{\"tag\":\"x\"}}]}]");
	const struct server_work_conf c = {.conf = &f->conf,
	    .store = f->store,
	    .owner = "test/1",
	    .actor = "serve"};
	struct server_work *w = server_work_new(&c);
	int64_t ids[2];
	size_t count = 0;
	bool more = true;

	while (more)
		assert_int_equal(server_work_step(w, &more, &f->err), 0);
	assert_int_equal(task_run_open(f->store, ids, 2, &count, &f->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(task_run_set_state(f->store, run, TASK_PAUSED, "me",
			     NULL, clock_now(), &f->err),
	    0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(server_work_step(w, &more, &f->err), 0);
	assert_false(more);
	assert_int_equal(state_of(f, run), TASK_PAUSED);
	assert_int_equal(task_run_set_state(f->store, run, TASK_ABORTED, "me",
			     NULL, clock_now(), &f->err),
	    0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(server_work_step(w, &more, &f->err), 0);
	assert_int_equal(state_of(f, ids[0]), TASK_ABORTED);
	server_work_free(w);
}

/* --- power cuts --- */

static void
in_child(struct fixture *f, int64_t run, unsigned long point)
{
	store_close(f->store);
	vault_close(f->vault);
	open_store(f);
	fault_arm("*", point);
	work(f, run);
	_exit(0);
}

/* Lives of one execution, each ended at its point-th passage; how many. */
static int
lives(struct fixture *f, int64_t run, unsigned long point)
{
	int n = 0, status = 0;
	pid_t pid;

	do {
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			in_child(f, run, point);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		n++;
	} while (WEXITSTATUS(status) == FAULT_EXIT && n < STEPS_MAX);
	assert_int_equal(WEXITSTATUS(status), 0);
	return n;
}

static void
test_cut(void **state)
{
	struct fixture *f = *state;
	char name[] = "Test 0";
	unsigned long point;
	size_t before;
	int64_t run;
	int total = 0;

	for (point = 6; point <= 12; point++) {
		struct server_order o = {
		    f->store, "test", clock_now(), ACCESS_ALL};
		struct server_task t = {.name = name,
		    .actions =
			mem_dup("[" ALL ",\"then\":[{\"apply-tag\":{\"tag\":"
				"\"x\"}},{\"enforce-profile\":{},"
				"\"then\":[{\"clear-tag\":{\"tag\":"
				"\"x\"}}]},{\"export-report\":{"
				"\"file\":\"report.csv\"}}]}]")};
		int64_t id = 0;

		name[5] = (char)('a' + point);
		before = events(f, "tag.applied");
		assert_int_equal(server_order_add(&o, &t, &id, &f->err), 0);
		t.id = id;
		assert_int_equal(
		    server_order_run(&o, &t, TASK_BY_USER, 0, &run, &f->err),
		    0);
		assert_int_equal(store_commit(f->store, &f->err), 0);
		free(t.actions);
		store_close(f->store);
		vault_close(f->vault);
		open_store(f);
		total += lives(f, run, point);
		assert_int_equal(state_of(f, run), TASK_ENDED);
		assert_state(f, run, 1, SERVER_CHANGED, "1200 of 1200");
		assert_state(f, run, 2, SERVER_CHANGED, "1200 of 1200");
		assert_state(f, run, 3, SERVER_CHANGED, "1200 of 1200");
		assert_state(f, run, 4, SERVER_CHANGED, "report.csv");
		assert_int_equal(events(f, "tag.applied") - before, DEVICES);
		assert_int_equal(
		    events(f, "task.run"), (size_t)(point - 5)); /* once */
	}
	assert_true(total > 14); /* most lives were cut short */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stopped, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
