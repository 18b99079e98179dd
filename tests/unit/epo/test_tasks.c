/*
 * Client tasks, server tasks and their log: everything that the maintenance
 * guide's administrator does in his console, by commands alone.  Nobody runs
 * what is ordered here; that is adapter/task's test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "task.h"
#include "task_run.h"

#define TASK_OBJECT                                                            \
	"<EPOTaskObjectInstance name=\"Renew\" productid=\"X\""                \
	" typeid=\"amt-maintenance\" description=\"a &amp; b\">"               \
	"<Section name=\"General\"><Setting name=\"settings\" value='"         \
	"{\"tasks\":[\"reissue-certificates\"],\"when\":\"needed\"}'/>"        \
	"</Section></EPOTaskObjectInstance>"
#define TASK_XML "<EPOTaskSchema>" TASK_OBJECT "</EPOTaskSchema>"

static void
import(struct fixture *f)
{
	ask(f, "clienttask.importClientTask", "importFileName=" TASK_XML, NULL);
	assert_body(f, "OK:\r\n1\r\n");
}

/* The number within the answer. */
static int64_t
number(const struct fixture *f)
{
	int64_t n = 0;
	char *text = mem_dup(f->body + strlen("OK:\r\n"));

	text[strcspn(text, "\r")] = '\0';
	if (f->failed || str_int(text, 1, INT64_MAX, &n) == -1)
		fail_msg("no number: %s", f->body);
	free(text);
	return n;
}

static void
ask_number(struct fixture *f, const char *command, const char *name, int64_t n)
{
	char arg[64];

	(void)snprintf(arg, sizeof(arg), "%s=%lld", name, (long long)n);
	ask(f, command, arg, ":output=json", NULL);
}

static void
assert_has(const struct fixture *f, const char *text)
{
	if (strstr(f->body, text) == NULL)
		fail_msg("no %s in %s", text, f->body);
}

/* --- the catalogue --- */

static void
test_catalogue(void **state)
{
	struct fixture *f = *state;

	import(f);
	ask(f, "clienttask.find", "searchText=RENE", ":output=json", NULL);
	assert_has(f, "\"objectName\":\"Renew\",\"productId\":\"AMTKEEPER\"");
	assert_has(f, "\"typeId\":1,\"typeName\":\"amt-maintenance\"");
	ask(f, "clienttask.find", "param1=RENE", ":output=xml", NULL);
	assert_has(f, "<list><element><objectTask><objectId>");
	ask(f, "clienttask.find", "searchText=nothing", ":output=json", NULL);
	assert_body(f, "OK:\r\n[]\r\n");
}

/* What is exported is imported as the same. */
static void
test_export(void **state)
{
	struct fixture *f = *state;
	char *first, *arg;

	import(f);
	ask(f, "clienttask.export", NULL);
	assert_has(f, "name=\"Renew\" serverid=\"\" productid=\"AMTKEEPER\"");
	assert_has(f, "description=\"a &amp; b\"");
	first = mem_dup(f->body);
	arg = mem_printf("param1=%s", first + strlen("OK:\r\n"));
	ask(f, "clienttask.importClientTask", arg, NULL);
	assert_int_equal(number(f) >= 1, true);
	ask(f, "clienttask.export", "productId=amtkeeper", NULL);
	assert_string_equal(f->body, first);
	free(arg);
	free(first);
	ask(f, "clienttask.export", "fileName=x", NULL);
	assert_error(f, REMOTE_REFUSED, "nothing is written");
	ask(f, "clienttask.export", "productId=EPOAGENT3000", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "productId");
}

/* One that cannot be taken, and none is. */
static void
test_import_refused(void **state)
{
	static const char *const bad[][2] = {
	    {"importFileName=", "wanted the file itself"},
	    {"importFileName=<a", "importFileName"},
	    {"importFileName=<list/>", "wanted <EPOTaskSchema>"},
	    {"importFileName=<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
		"importFileName"},
	    {"importFileName=<EPOTaskSchema><EPOTaskObjectInstance name='x' "
	     "typeid='y'/></EPOTaskSchema>",
		"task x: wanted name"},
	    {"importFileName=<EPOTaskSchema><EPOTaskObjectInstance name='x' "
	     "typeid='y'><Section name='s'><Setting name='settings' "
	     "value='{}'/></Section></EPOTaskObjectInstance></EPOTaskSchema>",
		"task x: "}};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask(f, "clienttask.importClientTask", bad[i][0], NULL);
		assert_error(f, REMOTE_BAD_ARGUMENT, bad[i][1]);
	}
	ask(f, "clienttask.importClientTask",
	    "importFileName=<EPOTaskSchema>" TASK_OBJECT
	    "<EPOTaskObjectInstance name='bad'/></EPOTaskSchema>",
	    NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "task bad");
	ask(f, "clienttask.find", "searchText=Renew", ":output=json", NULL);
	assert_null(strstr(f->body, "\"objectName\":\"Renew\""));
}

/* --- runs --- */

static int
count_item(void *cookie, const struct task_item *i, struct err *err)
{
	size_t *n = cookie;

	(void)err;
	assert_true(i->device == 1 || i->device == 2);
	++*n;
	return 0;
}

static void
assert_items(struct fixture *f, int64_t run, size_t wanted)
{
	const struct task_item_filter filter = {
	    .run = run, .state = -1, .outcome = -1};
	size_t n = 0;

	assert_int_equal(
	    task_item_scan(f->store, &filter, count_item, &n, &f->err), 0);
	assert_int_equal(n, wanted);
}

static void
test_run(void **state)
{
	struct fixture *f = *state;
	struct task_run run = {.id = 0};

	import(f);
	ask(f, "clienttask.run", "names=1,pc2.corp.example,nobody",
	    "productId=AMTKEEPER", "taskId=Renew", "stopAfterMinutes=20",
	    "retryAttempts=1", "retryIntervalInSeconds=30",
	    "useAllAgentHandlers=false", "randomizationInterval=0",
	    ":output=json", NULL);
	assert_body(f, "OK:\r\n\"Succeeded\"\r\n");
	assert_int_equal(f->woken, 1);
	assert_int_equal(task_run_get(f->store, 1, &run, &f->err), 0);
	assert_string_equal(run.actor, "remote:alice");
	assert_string_equal(run.type, "amt-maintenance");
	assert_int_equal(run.policy.stop_after, 1200);
	assert_int_equal(run.policy.retries, 1);
	assert_int_equal(run.policy.retry_wait, 30);
	task_run_clear(&run);
	assert_items(f, 1, 2);
	ask(f, "clienttask.run", "names=1", "productId=AMTKEEPER", "taskId=99",
	    NULL);
	assert_error(f, REMOTE_REFUSED, "");
	ask(f, "clienttask.run", "names=1", "productId=VSE", "taskId=1", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "productId");
	assert_int_equal(f->woken, 1);
}

/* What has no task in the catalogue; the log, and what is done to a run. */
static void
test_log(void **state)
{
	struct fixture *f = *state;
	int64_t run;

	ask(f, "amt.runMaintenance", "names=1,2",
	    "tasks=sync-network, reissue-certificates", "canary=1",
	    "maxFailures=3", NULL);
	run = number(f);
	assert_items(f, run, 2);
	ask(f, "scheduler.listRunningServerTasks", ":output=json", NULL);
	assert_has(f, "\"taskLogId\":1,\"taskName\":\"amt-maintenance\"");
	assert_has(f, "\"percentComplete\":0,\"status\":\"queued\"");
	ask(f, "scheduler.listRunningServerTasks", ":output=xml", NULL);
	assert_has(f, "<result><list><runningtask><taskLogId>1</taskLogId>");
	ask_number(f, "amt.pauseRun", "taskLogId", run);
	assert_body(f, "OK:\r\ntrue\r\n");
	ask_number(f, "amt.resumeRun", "taskLogId", run);
	assert_body(f, "OK:\r\ntrue\r\n");
	ask_number(f, "scheduler.cancelServerTask", "taskLogId", run);
	assert_body(f, "OK:\r\ntrue\r\n");
	ask_number(f, "scheduler.cancelServerTask", "id", run);
	assert_error(f, REMOTE_REFUSED, "");
	ask(f, "tasklog.listTaskHistory", "maxRows=10", "age=2", "unit=Hours",
	    "taskSource=user", ":output=json", NULL);
	assert_has(f, "[{\"id\":1,\"name\":\"amt-maintenance\"");
	assert_has(f, "\"userName\":\"remote:alice\",\"taskSource\":\"user\"");
	assert_has(f, "\"status\":\"aborted\"");
	ask(f, "tasklog.listTaskHistory", ":output=xml", NULL);
	assert_has(f, "<result><list><taskLogEntry><id>1</id>");
	ask(f, "tasklog.listTaskHistory", "taskName=other", ":output=json",
	    NULL);
	assert_body(f, "OK:\r\n[]\r\n");
	ask_number(f, "tasklog.listMessages", "taskLogId", run);
	assert_has(f, "remote:alice");
	ask_number(f, "tasklog.listSubtasks", "taskLogId", run);
	assert_body(f, "OK:\r\n[]\r\n");
	ask_number(f, "amt.listResults", "taskLogId", run);
	assert_has(f, "\"systemName\":\"pc2.corp.example\"");
	ask(f, "amt.listRuns", ":output=json", NULL);
	assert_has(f, "\"systems\":2,\"ok\":0");
	/* Never all for want of an age. */
	ask(f, "scheduler.cancelServerTask", "taskLogId=1", NULL);
	ask(f, "tasklog.purge", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "age is missing");
	ask(f, "tasklog.purge", "age=", "unit=days", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "age is empty");
	ask(f, "tasklog.listMessages", "taskLogId=1", NULL);
	assert_has(f, "remote:alice");
	ask(f, "tasklog.purge", "age=1", "unit=days", NULL);
	assert_body(f, "OK:\r\n0\r\n");
}

static void
test_log_refused(void **state)
{
	struct fixture *f = *state;

	ask(f, "tasklog.listMessages", "taskLogId=7", NULL);
	assert_error(f, REMOTE_REFUSED, "");
	ask(f, "tasklog.listSubtasks", "taskLogId=", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "taskLogId is empty");
	ask(f, "tasklog.listTaskHistory", "age=1", "unit=moons", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "unit: wanted");
	ask(f, "tasklog.listTaskHistory", "taskSource=moon", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "taskSource");
	ask(f, "amt.runMaintenance", "names=1", "tasks=dance", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "dance");
	ask(f, "amt.listResults", "taskLogId=9", NULL);
	assert_error(f, REMOTE_REFUSED, "");
}

/* --- server tasks --- */

static void
test_server_tasks(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	import(f);
	ask(f, "amt.assignTask", "taskId=Renew", "query=Certificates by expiry",
	    "schedule=monthly on first thu of nov at 03:00 UTC", NULL);
	id = number(f);
	ask(f, "scheduler.listAllServerTasks", ":output=json", NULL);
	assert_has(f, "\"name\":\"Renew (query Certificates by expiry)\"");
	assert_has(f, "\"enabled\":true,\"valid\":true");
	assert_has(f, "T0");
	ask(f, "scheduler.listAllServerTasks", ":output=xml", NULL);
	assert_has(f, "<result><list><serverTask><id>");
	ask(f, "scheduler.getServerTask",
	    "taskName=renew (query certificates by expiry)", ":output=xml",
	    NULL);
	assert_has(f, "<result><serverTask><id>");
	ask_number(f, "scheduler.updateServerTask", "taskId", id);
	assert_error(f, REMOTE_BAD_ARGUMENT, "status: wanted");
	ask(f, "scheduler.updateServerTask", "taskName=Renew",
	    "status=disabled", NULL);
	assert_body(f, "OK:\r\ntrue\r\n");
	ask_number(f, "scheduler.getServerTask", "taskId", id);
	assert_has(f, "\"nextRunTime\":null,\"enabled\":false");
	ask_number(f, "scheduler.runServerTask", "taskId", id);
	assert_int_equal(number(f), 1);
	ask(f, "tasklog.listTaskHistory", "taskName=Renew", ":output=json",
	    NULL);
	assert_has(f, "\"id\":1,\"name\":\"Renew\"");
	ask(f, "amt.assignTask", "taskId=Renew", "tag=AMT-CertDue", NULL);
	ask(f, "scheduler.runServerTask", "taskName=Renew", NULL);
	assert_error(f, REMOTE_REFUSED, "2 server tasks are called");
	ask(f, "scheduler.runServerTask", "taskName=Renew (tag AMT-CertDue)",
	    NULL);
	assert_int_equal(number(f), 2);
	ask_number(f, "amt.unassignTask", "taskId", id);
	assert_body(f, "OK:\r\ntrue\r\n");
	ask_number(f, "scheduler.getServerTask", "taskId", id);
	assert_error(f, REMOTE_REFUSED, "no server task");
}

/* Where a schedule says from when and until when, so does its task; what has no
 * schedule began when it was made. */
#define BETWEEN "daily at 03:00 UTC from 2031-02-01 until 2031-06-30"
#define BETWEEN_DATES                                                          \
	"\"startDate\":\"2031-02-01T01:00:00+01:00\","                         \
	"\"endDate\":\"2031-07-01T01:59:59+02:00\""
#define DATED_XML                                                              \
	"<list><scheduled-task><name>Dated</name><enabled>true</enabled>"      \
	"<schedule>" BETWEEN "</schedule><command-chain><command-name>"        \
	"core.executeQuery</command-name><commmand-params><entry><string>"     \
	"queryId</string><string>2</string></entry></commmand-params>"         \
	"<children/></command-chain></scheduled-task></list>"

static void
test_server_dates(void **state)
{
	struct fixture *f = *state;

	import(f);
	ask(f, "amt.assignTask", "taskId=Renew", "all=true",
	    "schedule=" BETWEEN, NULL);
	assert_true(number(f) > 0);
	ask(f, "scheduler.getServerTask", "taskName=Renew", ":output=json",
	    NULL);
	assert_has(f, BETWEEN_DATES);
	ask(f, "task.importTasks", "file=" DATED_XML, NULL);
	assert_body(f, "OK:\r\n1\r\n");
	ask(f, "scheduler.getServerTask", "taskName=Dated", ":output=json",
	    NULL);
	assert_has(f, BETWEEN_DATES);
	ask(f, "amt.assignTask", "taskId=Renew", "tag=AMT-CertDue", NULL);
	ask(f, "scheduler.getServerTask", "taskName=Renew (tag AMT-CertDue)",
	    ":output=json", NULL);
	assert_has(f, "\"startDate\":\"20");
	assert_has(f, "\"endDate\":null");
}

static void
test_assign_refused(void **state)
{
	struct fixture *f = *state;

	import(f);
	ask(f, "amt.assignTask", "taskId=Renew", "schedule=daily", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "wanted one of group");
	ask(f, "amt.assignTask", "taskId=Renew", "all=true", "tag=1", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "wanted one of group");
	ask(f, "amt.assignTask", "taskId=Renew", "all=true",
	    "schedule=now and then", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "");
	ask(f, "amt.assignTask", "taskId=Renew", "group=Berlin/Attic", NULL);
	assert_error(f, REMOTE_REFUSED, "no such group");
	ask(f, "amt.assignTask", "taskId=Renew", "group=berlin/lab",
	    ":output=json", NULL);
	assert_int_equal(number(f) > 0, true);
	ask(f, "amt.assignTask", "taskId=Renew", "query=none", NULL);
	assert_error(f, REMOTE_REFUSED, "no query of this name is saved");
	ask(f, "amt.assignTask", "taskId=Renew", "query=(eq", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "where, character 1: the paren");
	ask(f, "amt.assignTask", "taskId=Renew", "query=Runs by result", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "are no");
	ask(f, "amt.assignTask", "taskId=none", "all=true", NULL);
	assert_error(f, REMOTE_REFUSED, "");
}

/* --- trees of actions --- */

#define TREE_XML                                                                \
	"<list><scheduled-task><name>Tree</name><type>NORMAL</type>"            \
	"<enabled>true</enabled><schedule>period:daily?h=1&amp;m=0&amp;f=1"     \
	"</schedule><command-chain><command-name>core.executeQuery"             \
	"</command-name><commmand-params><entry><string>queryId</string>"       \
	"<string>Never maintained</string></entry></commmand-params><children>" \
	"<command-chain><command-name>system.applyTag</command-name>"           \
	"<commmand-params><entry><string>tagName</string><string>x</string>"    \
	"</entry></commmand-params><children/></command-chain></children>"      \
	"</command-chain></scheduled-task><scheduled-task><name>Foreign"        \
	"</name><command-chain><command-name>no.such</command-name>"            \
	"<children/></command-chain></scheduled-task></list>"

static void
test_trees(void **state)
{
	struct fixture *f = *state;
	int64_t run;

	ask(f, "task.importTasks", "file=" TREE_XML, NULL);
	assert_body(f, "OK:\r\n2\r\n");
	ask(f, "task.importTasks", "file=" TREE_XML, NULL);
	assert_error(f, REMOTE_REFUSED, "of this name"); /* and none is added */
	ask(f, "scheduler.listAllServerTasks", ":output=json", NULL);
	assert_has(f, "\"name\":\"Foreign\"");
	ask(f, "scheduler.getServerTask", "taskName=tree", ":output=json",
	    NULL);
	assert_has(f, "\"enabled\":true,\"valid\":true");
	ask(f, "scheduler.getServerTask", "taskName=foreign", ":output=json",
	    NULL);
	assert_has(f, "\"enabled\":false,\"valid\":false");
	ask(f, "scheduler.runServerTask", "taskName=Foreign", NULL);
	assert_error(f, REMOTE_REFUSED, "no.such");
	ask(f, "scheduler.updateServerTask", "taskName=Tree", "status=disabled",
	    NULL);
	ask(f, "scheduler.getServerTask", "taskName=Tree", ":output=json",
	    NULL);
	assert_has(f, "\"enabled\":false,\"valid\":true");
	ask(f, "scheduler.runServerTask", "taskName=Tree", NULL);
	run = number(f);
	ask(f, "scheduler.runServerTask", "taskName=Tree", NULL);
	assert_error(f, REMOTE_REFUSED, "going already");
	ask(f, "tasklog.listTaskHistory", "taskName=Tree", ":output=json",
	    NULL);
	assert_has(f, "\"taskSource\":\"user\"");
	ask_number(f, "scheduler.cancelServerTask", "taskLogId", run);
	ask(f, "scheduler.listRunningServerTasks", ":output=json", NULL);
	assert_body(f, "OK:\r\n[]\r\n");
	ask(f, "task.importTasks", "file=<list/>", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "scheduled-task");
}

/* Each action asks for its own right, whoever may do server tasks. */
static void
test_tree_rights(void **state)
{
	struct fixture *f = *state;

	f->lacks = ACCESS_BIT(ACCESS_TAG_WRITE);
	ask(f, "task.importTasks", "file=" TREE_XML, NULL);
	assert_error(f, REMOTE_NO_RIGHT,
	    "action 2 (apply-tag) needs the right \"tag.write\"");
	f->lacks = 0;
	ask(f, "task.importTasks", "file=" TREE_XML, NULL);
	assert_body(f, "OK:\r\n2\r\n");
	f->lacks = ACCESS_BIT(ACCESS_TAG_WRITE);
	ask(f, "scheduler.runServerTask", "taskName=Tree", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "tag.write");
	ask(f, "scheduler.updateServerTask", "taskName=Tree", "status=disabled",
	    NULL);
	assert_error(f, REMOTE_NO_RIGHT, "tag.write");
	f->lacks = ACCESS_BIT(ACCESS_RUN_PURGE); /* none of its actions' */
	ask(f, "scheduler.runServerTask", "taskName=Tree", NULL);
	assert_true(number(f) > 0);
	ask(f, "tasklog.purge", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "run.purge");
}

/* The server tasks that give a tag are its criteria. */
static void
test_criteria(void **state)
{
	struct fixture *f = *state;
	int64_t tag;

	ask(f, "system.runTagCriteria", "tagID=x", NULL);
	assert_error(f, REMOTE_REFUSED, "no such tag");
	ask(f, "amt.createTag", "tagName=x", NULL);
	tag = number(f);
	ask(f, "system.runTagCriteria", "tagName=x", NULL);
	assert_error(f, REMOTE_REFUSED, "no server task gives this tag");
	ask(f, "task.importTasks", "file=" TREE_XML, NULL);
	assert_body(f, "OK:\r\n2\r\n");
	ask(f, "system.runTagCriteria", "param1=x", "resetTaggedSystems=true",
	    NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "system.clearTag");
	f->lacks = ACCESS_BIT(ACCESS_TAG_WRITE);
	ask(f, "system.runTagCriteria", "tagID=x", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "tag.write");
	f->lacks = 0;
	ask_number(f, "system.runTagCriteria", "tagID", tag);
	assert_body(f, "OK:\r\n1\r\n");
	ask(f, "system.runTagCriteria", "tagName=x", NULL);
	assert_body(f, "OK:\r\n0\r\n"); /* it is going */
	ask(f, "scheduler.listRunningServerTasks", ":output=json", NULL);
	assert_has(f, "\"taskName\":\"Tree\"");
	ask(f, "amt.createTag", "tagName=other", NULL);
	ask(f, "system.runTagCriteria", "tagID=other", NULL);
	assert_error(f, REMOTE_REFUSED, "no server task gives this tag");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_criteria),
	    TEST(test_catalogue),
	    TEST(test_export),
	    TEST(test_import_refused),
	    TEST(test_run),
	    TEST(test_log),
	    TEST(test_log_refused),
	    TEST(test_server_tasks),
	    TEST(test_trees),
	    TEST(test_tree_rights),
	    TEST(test_server_dates),
	    TEST(test_assign_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
