/*
 * The body of every command that reads, in each of the four outputs, byte for
 * byte.  tests/golden/epo/NAME has all of them; a failure leaves what came
 * instead in the working folder, as NAME.got.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access_user.h"
#include "buf.h"
#include "file.h"
#include "fixture.h"
#include "mem.h"
#include "store.h"
#include "str.h"

#define GOLDEN TESTS_DIR "/golden/epo/"
#define GOLDEN_MAX (1 << 20)

static const char *const outputs[] = {
    ":output=terse", ":output=verbose", ":output=json", ":output=xml"};

/* What is another one in every store. */
static char *
without_uuid(struct fixture *f, const char *body)
{
	char uuid[STORE_UUID], *text = mem_dup(body), *at;

	assert_int_equal(store_uuid(f->store, uuid, &f->err), 0);
	while ((at = strstr(text, uuid)) != NULL)
		memset(at, 'x', strlen(uuid));
	return text;
}

/* Points in time of now, "2026-11-28T18:00:00+01:00": those of the fleet are
 * of 2023. */
static void
blur_times(char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd+dd:dd";
	size_t i;

	for (; *text != '\0'; text++) {
		for (i = 0; form[i] != '\0'; i++)
			if (form[i] == 'd' ? !isdigit((unsigned char)text[i])
					   : text[i] != form[i])
				break;
		if (form[i] == '\0' && !str_starts(text, "2023"))
			memset(text, 't', i);
	}
}

static void
compare(const char *name, const struct buf *got)
{
	char *path = mem_printf(GOLDEN "%s", name), *beside;
	struct buf wanted;

	buf_init(&wanted, GOLDEN_MAX);
	(void)file_read(path, GOLDEN_MAX, &wanted, NULL);
	if (wanted.len != got->len ||
	    memcmp(wanted.data, got->data, got->len) != 0) {
		beside = mem_printf("%s.got", name);
		(void)file_write(
		    beside, got->data, got->len, 0644, false, NULL);
		print_error("%s: see %s\n", path, beside);
		free(beside);
		fail();
	}
	buf_free(&wanted);
	free(path);
}

static void
golden(struct fixture *f, const char *name, const char *command,
    const char *one, const char *two)
{
	struct buf got;
	char *text;
	size_t i;

	buf_init(&got, GOLDEN_MAX);
	for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		ask(f, command, outputs[i], one, two, (char *)NULL);
		text = without_uuid(f, f->body);
		blur_times(text);
		buf_printf(&got, "=== %s\n%s\n", outputs[i], text);
		free(text);
	}
	compare(name, &got);
	buf_free(&got);
}

#define GOLDEN_TEST(function, file, command, one, two)                         \
	static void function(void **state)                                     \
	{                                                                      \
		golden(*state, file, command, one, two);                       \
	}

GOLDEN_TEST(token, "core.getSecurityToken", "core.getSecurityToken", NULL, NULL)
GOLDEN_TEST(version, "epo.getVersion", "epo.getVersion", NULL, NULL)
GOLDEN_TEST(report, "DxlClient.getStatusReport", "DxlClient.getStatusReport",
    NULL, NULL)
GOLDEN_TEST(help, "core.help", "core.help", NULL, NULL)
GOLDEN_TEST(
    help_one, "core.help-one", "core.help", "command=core.executequery", NULL)
GOLDEN_TEST(queries, "core.listQueries", "core.listQueries", NULL, NULL)
GOLDEN_TEST(tables, "core.listTables", "core.listTables", NULL, NULL)
GOLDEN_TEST(types, "core.listDatatypes", "core.listDatatypes", NULL, NULL)
GOLDEN_TEST(databases, "core.listDatabases", "core.listDatabases", NULL, NULL)
GOLDEN_TEST(query_saved, "core.executeQuery-saved", "core.executeQuery",
    "param1=1", "database=any")
GOLDEN_TEST(query_groups, "core.executeQuery-groups", "core.executeQuery",
    "queryId=systems-by-tls-state", NULL)
GOLDEN_TEST(query_none, "core.executeQuery-none", "core.executeQuery",
    "target=EPOLeafNode", "where=( where ( eq EPOLeafNode.AutoID 99 ) )")
GOLDEN_TEST(find, "system.find", "system.find", "searchText=", NULL)
GOLDEN_TEST(groups, "system.findGroups", "system.findGroups", NULL, NULL)
GOLDEN_TEST(tags, "system.findTag", "system.findTag", NULL, NULL)
GOLDEN_TEST(group_systems, "epogroup.findSystems", "epogroup.findSystems",
    "groupId=2", "searchSubgroups=true")
GOLDEN_TEST(wakeup, "system.wakeupAgent", "system.wakeupAgent",
    "names=pc1.corp.example,nobody", NULL)
GOLDEN_TEST(no_command, "no-command", "Something.Random", NULL, NULL)

/* With two server tasks, and a run. */
static void
golden_tasks(void **state, const char *command, const char *one)
{
	struct fixture *f = *state;

	ask(f, "amt.assignTask", "taskId=1", "query=renamed-systems",
	    "schedule=daily at 03:00 UTC", (char *)NULL);
	assert_false(f->failed);
	ask(f, "amt.assignTask", "taskId=2", "group=Berlin", (char *)NULL);
	assert_false(f->failed);
	ask(f, "amt.runMaintenance", "names=1,2", "tasks=sync-clock",
	    (char *)NULL);
	assert_false(f->failed);
	ask(f, "amt.pauseRun", "taskLogId=1", (char *)NULL);
	assert_false(f->failed);
	golden(f, command, command, one, NULL);
}

#define GOLDEN_TASKS(function, command, one)                                   \
	static void function(void **state)                                     \
	{                                                                      \
		golden_tasks(state, command, one);                             \
	}

GOLDEN_TASKS(task_find, "clienttask.find", NULL)
GOLDEN_TASKS(task_export, "clienttask.export", NULL)
GOLDEN_TASKS(server_tasks, "scheduler.listAllServerTasks", NULL)
GOLDEN_TASKS(server_task, "scheduler.getServerTask", "taskName=1000000001")
GOLDEN_TASKS(running, "scheduler.listRunningServerTasks", NULL)
GOLDEN_TASKS(history, "tasklog.listTaskHistory", NULL)
GOLDEN_TASKS(messages, "tasklog.listMessages", "taskLogId=1")
GOLDEN_TASKS(subtasks, "tasklog.listSubtasks", "taskLogId=1")
GOLDEN_TASKS(sources, "tasklog.listTaskSources", NULL)
GOLDEN_TASKS(runs, "amt.listRuns", NULL)
GOLDEN_TASKS(results, "amt.listResults", "taskLogId=1")

static void
users(void **state)
{
	struct fixture *f = *state;
	const struct access_user auditor = {
	    .sets = "auditor", .note = "<reads>"};
	const struct access_user both = {.sets = "operator,auditor"};

	assert_int_equal(
	    access_user_add(f->store, "test", "alice", &auditor, &f->err), 0);
	assert_int_equal(
	    access_user_add(f->store, "test", "bob", &both, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	golden(
	    f, "core.listUsers", "core.listUsers", "permSetName=AUDITOR", NULL);
	ask(f, "core.listUsers", "permSetName=audit", ":output=json",
	    (char *)NULL);
	assert_body(f, "OK:\r\n[]\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(token),
	    TEST(version),
	    TEST(report),
	    TEST(help),
	    TEST(help_one),
	    TEST(queries),
	    TEST(tables),
	    TEST(types),
	    TEST(databases),
	    TEST(query_saved),
	    TEST(query_groups),
	    TEST(query_none),
	    TEST(find),
	    TEST(groups),
	    TEST(tags),
	    TEST(group_systems),
	    TEST(wakeup),
	    TEST(no_command),
	    TEST(task_find),
	    TEST(task_export),
	    TEST(server_tasks),
	    TEST(server_task),
	    TEST(running),
	    TEST(history),
	    TEST(messages),
	    TEST(subtasks),
	    TEST(sources),
	    TEST(runs),
	    TEST(results),
	    TEST(users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
