/*
 * Rights on their way through a request: that of its route, and those of every
 * action of a server task.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api_internal.h"
#include "clock.h"
#include "mem.h"
#include "order.h"
#include "store.h"
#include "str.h"
#include "vault.h"

#define QUERY "{\"run-query\":{\"query\":\"1\"}"
#define TREE                                                                   \
	"[" QUERY ",\"then\":[{\"apply-tag\":{\"tag\":\"x\"}}]},"              \
	"{\"purge-log\":{\"older-than\":\"30d\"}}]"

struct fixture {
	char folder[32];
	char key[64], path[64];
	struct vault *vault;
	struct store *store;
	struct err err;
	uint64_t lacks; /* rights the caller has not, a bit each */
	/* the last answer */
	int status;
	char *text;
};

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/api.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->key, sizeof(f->key), "%s/key", f->folder);
	(void)snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
	assert_int_equal(vault_create(f->key, &f->err), 0);
	assert_int_equal(vault_open(f->key, &f->vault, &f->err), 0);
	assert_int_equal(store_create(f->path, f->vault, &f->err), 0);
	assert_int_equal(store_open(f->path, f->vault, &f->store, &f->err), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const ends[] = {"-wal", "-shm", ""};
	struct fixture *f = *state;
	char *path;
	size_t i;

	store_close(f->store);
	vault_close(f->vault);
	for (i = 0; i < 3; i++) {
		path = mem_printf("%s%s", f->path, ends[i]);
		(void)unlink(path);
		free(path);
	}
	(void)unlink(f->key);
	assert_int_equal(rmdir(f->folder), 0);
	free(f->text);
	free(f);
	return 0;
}

static void
ask(struct fixture *f, const char *method, const char *path, const char *body)
{
	struct api_call c = {.who = {.rights = ~f->lacks, .name = "alice"},
	    .actor = "api:alice",
	    .bytes = (const uint8_t *)body,
	    .len = body == NULL ? 0 : strlen(body),
	    .store = f->store};

	api_call_open(&c);
	assert_int_equal(api_route_find(method, path, &c.match), 0);
	c.route = c.match.route;
	api_perform(&c);
	f->status = c.status;
	mem_replace(&f->text, buf_text(&c.text));
	api_call_close(&c);
}

static void
assert_denied(const struct fixture *f, const char *right)
{
	if (f->status != 403 || strstr(f->text, right) == NULL)
		fail_msg("%d, no %s: %s", f->status, right, f->text);
}

static void
assert_status(const struct fixture *f, int status)
{
	if (f->status != status)
		fail_msg("%d, not %d: %s", f->status, status, f->text);
}

/* --- the route's --- */

static void
test_routes(void **state)
{
	struct fixture *f = *state;

	f->lacks = ACCESS_BIT(ACCESS_SCHEDULE_WRITE);
	ask(f, "POST", "server-tasks", "{\"nonsense\":1}");
	assert_denied(f, "schedule.write");
	ask(f, "GET", "server-tasks", NULL);
	assert_status(f, 200);
	ask(f, "GET", "self", NULL);
	assert_status(f, 200);
	assert_null(strstr(f->text, "schedule.write"));
	assert_non_null(strstr(f->text, "schedule.read"));
}

/* --- those of actions --- */

static void
order(struct fixture *f, const char *name, const char *actions)
{
	char *body, *quoted = mem_alloc(2 * strlen(actions) + 1), *at = quoted;

	for (; *actions != '\0'; actions++) {
		if (*actions == '"')
			*at++ = '\\';
		*at++ = *actions;
	}
	body = mem_printf("{\"name\":\"%s\",\"actions\":\"%s\"}", name, quoted);
	ask(f, "POST", "server-tasks", body);
	free(body);
	free(quoted);
}

static void
test_actions(void **state)
{
	static const struct {
		const char *action, *right;
		enum access_right lacking;
	} all[] = {{QUERY "}", "query.run", ACCESS_QUERY_RUN},
	    {QUERY ",\"then\":[{\"apply-tag\":{\"tag\":\"x\"}}]}", "tag.write",
		ACCESS_TAG_WRITE},
	    {QUERY ",\"then\":[{\"clear-tag\":{\"tag\":\"x\"}}]}", "tag.write",
		ACCESS_TAG_WRITE},
	    {QUERY ",\"then\":[{\"enforce-profile\":{}}]}", "task.run",
		ACCESS_TASK_RUN},
	    {QUERY ",\"then\":[{\"run-client-task\":{\"task\":\"none\"}}]}",
		"task.run", ACCESS_TASK_RUN},
	    {"{\"export-report\":{\"file\":\"a.csv\"}}", "report.write",
		ACCESS_REPORT_WRITE},
	    {"{\"send-email\":{\"to\":\"a@example.com\"}}", "message.send",
		ACCESS_MESSAGE_SEND},
	    {"{\"webhook\":{\"to\":\"chat\"}}", "message.send",
		ACCESS_MESSAGE_SEND},
	    {"{\"purge-log\":{\"older-than\":\"30d\"}}", "run.purge",
		ACCESS_RUN_PURGE}};
	struct fixture *f = *state;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		text = mem_printf("[{\"nothing\":{}},%s]", all[i].action);
		f->lacks = ACCESS_BIT(all[i].lacking);
		order(f, "mine", text);
		assert_denied(f, all[i].right);
		free(text);
	}
	ask(f, "GET", "server-tasks", NULL);
	assert_string_equal(f->text, "{\"items\":[],\"next\":null}\n");
}

/* What one cannot make one cannot change, take away, run or take in either. */
static void
test_kept(void **state)
{
	struct fixture *f = *state;

	order(f, "mine", TREE);
	assert_status(f, 201);
	f->lacks = ACCESS_BIT(ACCESS_RUN_PURGE);
	ask(f, "PATCH", "server-tasks/mine", "{\"enabled\":false}");
	assert_denied(f, "action 3 (purge-log)");
	/* Also when it is to have no such action any more. */
	ask(f, "PATCH", "server-tasks/mine",
	    "{\"actions\":\"[{\\\"nothing\\\":{}}]\"}");
	assert_denied(f, "run.purge");
	ask(f, "DELETE", "server-tasks/mine", NULL);
	assert_denied(f, "run.purge");
	ask(f, "POST", "server-tasks/mine/run", NULL);
	assert_denied(f, "run.purge");
	ask(f, "POST", "server-task-file",
	    "{\"xml\":\"<list><scheduled-task><name>mine</name><command-chain>"
	    "<command-name>scheduler.noop</command-name><children/>"
	    "</command-chain></scheduled-task></list>\",\"replace\":true}");
	assert_denied(f, "run.purge");
	ask(f, "GET", "runs", NULL);
	assert_string_equal(f->text, "{\"items\":[],\"next\":null}\n");
	f->lacks = ACCESS_BIT(ACCESS_MESSAGE_SEND); /* none of its actions' */
	ask(f, "PATCH", "server-tasks/mine", "{\"enabled\":false}");
	assert_status(f, 200);
	ask(f, "POST", "server-tasks/mine/run", NULL);
	assert_status(f, 202);
	ask(f, "DELETE", "server-tasks/mine", NULL);
	assert_status(f, 204);
}

/* --- runs that need not be kept --- */

static void
test_purge(void **state)
{
	struct fixture *f = *state;
	const int64_t now = clock_now();
	const struct order o = {f->store, "test", now};
	int64_t count = 0;
	bool more = true;
	int i;

	for (i = 1; i <= 3; i++) {
		ask(f, "POST", "runs",
		    "{\"type\":\"collect-properties\",\"all\":true}");
		assert_status(f, 202);
	}
	ask(f, "POST", "runs/1/abort", NULL);
	assert_status(f, 200);
	ask(f, "POST", "runs/3/abort", NULL);
	f->lacks = ACCESS_BIT(ACCESS_RUN_PURGE);
	ask(f, "POST", "run-purge", "{\"older_than\":604800}");
	assert_denied(f, "run.purge");
	f->lacks = 0;
	ask(f, "POST", "run-purge", "{\"older_than\":604800}");
	assert_string_equal(f->text, "{\"runs\":0,\"more\":false}\n");
	/* As if a week had passed: those that are over go, whole. */
	assert_int_equal(order_purge(&o, now + 10, &count, &more, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(count, 2);
	assert_false(more);
	ask(f, "GET", "runs/1", NULL);
	assert_status(f, 404);
	ask(f, "GET", "runs/2", NULL);
	assert_status(f, 200);
	ask(f, "GET", "events", NULL);
	assert_non_null(strstr(f->text, "\"task.purged\""));
	assert_non_null(strstr(f->text, "{\\\"runs\\\":2}"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_routes),
	    TEST(test_actions),
	    TEST(test_kept),
	    TEST(test_purge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
