#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"
#include "action.h"
#include "buf.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "server_file.h"
#include "server_xml.h"

/* Actions as texts: YAML's JSON, and ePO's XML, both ways. */

static char *
written(const char *json)
{
	struct action_tree t = {.count = 0};
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	char *text;

	if (action_tree_parse(json, &t, &err) != 0)
		fail_msg("%s: %s", json, err.text);
	buf_init(&out, SERVER_TREE_MAX);
	action_tree_write(&t, &out);
	action_tree_free(&t);
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

static void
assert_canonical(const char *json, const char *wanted)
{
	char *once = written(json), *twice = written(once);

	assert_string_equal(once, wanted);
	assert_string_equal(twice, wanted);
	free(once);
	free(twice);
}

static void
test_canonical(void **state)
{
	(void)state;
	/* Texts for all, as YAML has them. */
	assert_canonical("[{\"RUN-QUERY\": {\"query\": \"x\"}, \"then\": ["
			 "{\"run-client-task\": {\"task\": \"t\", \"canary\": "
			 "\"3\", \"stop-after\": \"2h\"}, \"on-failure\": "
			 "\"continue\"}]}, {\"nothing\": \"\"}]",
	    "[{\"run-query\":{\"query\":\"x\"},\"then\":[{\"run-client-task\":"
	    "{\"task\":\"t\",\"canary\":3,\"stop-after\":7200},"
	    "\"on-failure\":\"continue\"}]},{\"nothing\":{}}]");
	assert_canonical(
	    "[{\"send-email\":{\"to\":\"a@b\",\"attach\":\"no\"},"
	    "\"on-failure\":\"stop\"},{\"purge-log\":{\"older-than\":\"1y\"}}]",
	    "[{\"send-email\":{\"to\":\"a@b\",\"attach\":false}},"
	    "{\"purge-log\":{\"older-than\":31536000}}]");
	assert_canonical(
	    "[{\"export-report\":{\"file\":\"a-{date}-{run}{run}.csv\"}}]",
	    "[{\"export-report\":{\"file\":\"a-{date}-{run}{run}.csv\"}}]");
}

static void
test_bad(void **state)
{
	static const char *const bad[][2] = {{"", "no JSON"}, {"[", "no JSON"},
	    {"{}", "must be a list"}, {"[]", "none"}, {"[3]", "action 1"},
	    {"[{}]", "without an action"}, {"[{\"do\":{}}]", "is no action"},
	    {"[{\"nothing\":{},\"noth\":{}}]", "one action an entry"},
	    {"[{\"nothing\":{},\"purge-log\":{}}]", "one action an entry"},
	    {"[{\"nothing\":{\"x\":\"y\"}}]",
		"has no \"x\"; it has no settings"},
	    {"[{\"run-query\":{\"table\":\"y\"}}]",
		"run-query: has no \"table\"; it has query"},
	    {"[{\"run-query\":{\"query\":\"x\"},\"then\":[{"
	     "\"enforce-profile\":{\"waves\":2}}]}]",
		"it has pass, canary, wave, wave-percent, max-failures, "},
	    {"[{\"nothing\":[]}]", "name: value"},
	    {"[{\"run-query\":{}}]", "\"query\" is missing"},
	    {"[{\"run-query\":{\"query\":\"\"}}]", "1 to 4096"},
	    {"[{\"run-query\":{\"query\":\"a\\u0001\"}}]", "control"},
	    {"[{\"apply-tag\":{\"tag\":\"x\"}}]", "put it under a run-query"},
	    {"[{\"purge-log\":{\"older-than\":\"1h\"}}]", "a week or more"},
	    {"[{\"purge-log\":{\"older-than\":\"soon\"}}]", "wanted a time"},
	    {"[{\"nothing\":{},\"on-failure\":\"maybe\"}]", "stop or continue"},
	    {"[{\"nothing\":{},\"then\":3}]", "must be a list"},
	    {"[{\"export-report\":{\"file\":\"../x.csv\"}}]", "file: "},
	    {"[{\"export-report\":{\"file\":\"a/x.csv\"}}]", "file: "},
	    {"[{\"export-report\":{\"file\":\".x.csv\"}}]", "file: "},
	    {"[{\"export-report\":{\"file\":\".csv\"}}]", "file: "},
	    {"[{\"export-report\":{\"file\":\"{day}.csv\"}}]", "file: "},
	    {"[{\"export-report\":{\"file\":\"{date.csv\"}}]", "file: "},
	    {"[{\"export-report\":{\"file\":\"date}.csv\"}}]", "file: "},
	    {"[{\"export-report\":{\"file\":\"x.exe\"}}]", "must end in"},
	    {"[{\"nothing\":{},\"then\":[{\"nothing\":{},\"then\":[{\"nothing"
	     "\":{},\"then\":[{\"nothing\":{},\"then\":[{\"nothing\":{},"
	     "\"then\":[{\"nothing\":{},\"then\":[{\"nothing\":{},\"then\":[{"
	     "\"nothing\":{},\"then\":[{\"nothing\":{}}]}]}]}]}]}]}]}]}]",
		"deeper than"}};
	struct action_tree t = {.count = 77};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&err);
		assert_int_equal(action_tree_parse(bad[i][0], &t, &err), -1);
		if (strstr(err.text, bad[i][1]) == NULL)
			fail_msg("%s: %s", bad[i][0], err.text);
		assert_int_equal(t.count, 77);
	}
}

static void
test_too_many(void **state)
{
	struct action_tree t = {.count = 0};
	struct err err = {.kind = ERR_NONE};
	struct buf text;
	size_t i;

	(void)state;
	buf_init(&text, SERVER_TREE_MAX * 2);
	buf_char(&text, '[');
	for (i = 0; i <= SERVER_ACTIONS_MAX; i++)
		buf_printf(&text, "%s{\"nothing\":{}}", i == 0 ? "" : ",");
	buf_char(&text, ']');
	assert_int_equal(action_tree_parse(buf_text(&text), &t, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	for (i = 0; i < SERVER_TREE_MAX; i++)
		buf_char(&text, ' ');
	assert_int_equal(action_tree_parse(buf_text(&text), &t, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_free(&text);
}

/* What is shown for an editor is read as the same. */
static void
test_file(void **state)
{
	struct server_task a = {.enabled = true}, b = {.overlap = true};
	struct err err = {.kind = ERR_NONE};
	struct buf text;

	(void)state;
	a.name = mem_dup("A \"name\"");
	a.schedule = mem_dup("daily at 02:00");
	a.actions = mem_dup("[{\"nothing\":{}}]");
	buf_init(&text, SERVER_FILE_MAX);
	server_file_write(&a, &text);
	assert_int_equal(server_file_read(buf_text(&text), &b, &err), 0);
	assert_string_equal(b.name, a.name);
	assert_string_equal(b.schedule, a.schedule);
	assert_string_equal(b.actions, a.actions);
	assert_true(b.enabled);
	assert_false(b.overlap);
	assert_int_equal(server_file_read("{\"nam\":\"x\"}", &b, &err), -1);
	assert_int_equal(server_file_read("{\"enabled\":\"x\"}", &b, &err), -1);
	assert_int_equal(server_file_read("[]", &b, &err), -1);
	buf_free(&text);
	server_task_clear(&a);
	server_task_clear(&b);
}

/* --- XML --- */

static int
write_again(void *cookie, const struct server_task *t, struct err *err)
{
	struct server_task own = *t;

	own.created_at = 1369724401; /* which the file says, and nobody reads */
	return server_xml_write(&own, cookie, err);
}

/* The product's own frame in, ours out; ours in, the same out. */
static void
test_xml(void **state)
{
	struct err err = {.kind = ERR_NONE};
	struct buf seen, wanted, once, twice;

	(void)state;
	buf_init(&seen, SERVER_XML_MAX);
	buf_init(&wanted, SERVER_XML_MAX);
	buf_init(&once, SERVER_XML_MAX);
	buf_init(&twice, SERVER_XML_MAX);
	assert_int_equal(file_read(TESTS_DIR "/golden/action/epo.xml",
			     SERVER_XML_MAX, &seen, &err),
	    0);
	assert_int_equal(file_read(TESTS_DIR "/golden/action/ours.xml",
			     SERVER_XML_MAX, &wanted, &err),
	    0);
	server_xml_begin(&once);
	if (server_xml_read(seen.data, seen.len, write_again, &once, &err) != 0)
		fail_msg("%s", err.text);
	server_xml_end(&once);
	assert_string_equal(buf_text(&once), buf_text(&wanted));
	server_xml_begin(&twice);
	assert_int_equal(
	    server_xml_read(once.data, once.len, write_again, &twice, &err), 0);
	server_xml_end(&twice);
	assert_string_equal(buf_text(&twice), buf_text(&once));
	buf_free(&seen);
	buf_free(&wanted);
	buf_free(&once);
	buf_free(&twice);
}

static int
take_enabled(void *cookie, const struct server_task *t, struct err *err)
{
	bool *enabled = cookie;

	(void)err;
	*enabled = t->enabled;
	return 0;
}

/* The number of a query there may be another query's here. */
static void
test_numbers_wait_for_a_person(void **state)
{
	static const struct {
		const char *key, *value;
		bool enabled;
	} cases[] = {{"queryId", "12", false}, {"queryId", "Renamed", true},
	    {"query", "12", true}, {"queryId", "", true}};
	struct err err;
	struct buf xml;
	bool enabled;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&xml, 2000);
		buf_printf(&xml,
		    "<scheduled-task><name>x</name><enabled>true</enabled>"
		    "<command-chain><command-name>core.executeQuery"
		    "</command-name><commmand-params><entry><string>%s"
		    "</string><string>%s</string></entry></commmand-params>"
		    "</command-chain></scheduled-task>",
		    cases[i].key, cases[i].value);
		enabled = !cases[i].enabled;
		assert_int_equal(server_xml_read(xml.data, xml.len,
				     take_enabled, &enabled, &err),
		    0);
		assert_int_equal(enabled, cases[i].enabled);
		buf_free(&xml);
	}
}

static void
test_bad_xml(void **state)
{
	static const char *const bad[] = {"", "<list/>", "<a/>",
	    "<list><scheduled-task/></list>",
	    "<scheduled-task><name>x</name></scheduled-task>",
	    "<scheduled-task><name>x</name><command-chain/></scheduled-task>",
	    "<scheduled-task><name>x</name><schedule>at some time</schedule>"
	    "<command-chain><command-name>a.b</command-name></command-chain>"
	    "</scheduled-task>",
	    "<!DOCTYPE list [<!ENTITY a 'b'>]><list>&a;</list>"};
	struct err err;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, SERVER_XML_MAX);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&err);
		assert_int_equal(server_xml_read(bad[i], strlen(bad[i]),
				     write_again, &out, &err),
		    -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_int_equal(out.len, 0);
	}
	buf_free(&out);
}

/* Who may do what an action does elsewhere may have it done. */
static void
test_rights(void **state)
{
#define MAY ACCESS_BIT
	static const uint64_t wanted[ACTION_KINDS] = {
	    [ACTION_QUERY] = MAY(ACCESS_QUERY_RUN),
	    [ACTION_APPLY_TAG] = MAY(ACCESS_TAG_WRITE),
	    [ACTION_CLEAR_TAG] = MAY(ACCESS_TAG_WRITE),
	    [ACTION_TASK] = MAY(ACCESS_TASK_RUN),
	    [ACTION_PROFILE] = MAY(ACCESS_TASK_RUN),
	    [ACTION_EXPORT] = MAY(ACCESS_REPORT_WRITE) | MAY(ACCESS_QUERY_RUN),
	    [ACTION_MAIL] = MAY(ACCESS_MESSAGE_SEND),
	    [ACTION_WEBHOOK] = MAY(ACCESS_MESSAGE_SEND),
	    [ACTION_PURGE] = MAY(ACCESS_RUN_PURGE),
	    [ACTION_NOTHING] = 0,
	    [ACTION_FOREIGN] = 0};
	struct server_action a = {.kind = NULL};
	int i;

	(void)state;
	for (i = 0; i < ACTION_KINDS; i++) {
		a.kind = mem_dup(action_kind_name((enum action_kind)i));
		assert_int_equal(action_rights(&a), wanted[i]);
		free(a.kind);
	}
	a.kind = mem_dup("of a later version");
	assert_int_equal(action_rights(&a), ACCESS_ALL);
	free(a.kind);
}

static int
keep_task(void *cookie, const struct server_task *t, struct err *err)
{
	struct server_task *ret = cookie;

	(void)err;
	ret->schedule = mem_dup(t->schedule);
	ret->overlap = t->overlap;
	return 0;
}

/* What ePO has no word for comes back as well. */
static void
test_xml_of_ours(void **state)
{
	struct server_task a = {.enabled = true, .overlap = true},
			   b = {.id = 0};
	struct err err = {.kind = ERR_NONE};
	struct buf xml;

	(void)state;
	a.name = mem_dup("A");
	a.schedule = mem_dup("daily at 02:00 missed skip");
	a.actions = mem_dup("[{\"nothing\":{}}]");
	buf_init(&xml, SERVER_XML_MAX);
	server_xml_begin(&xml);
	assert_int_equal(server_xml_write(&a, &xml, &err), 0);
	server_xml_end(&xml);
	assert_int_equal(
	    server_xml_read(xml.data, xml.len, keep_task, &b, &err), 0);
	assert_string_equal(b.schedule, a.schedule);
	assert_true(b.overlap);
	buf_free(&xml);
	server_task_clear(&a);
	server_task_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rights),
	    cmocka_unit_test(test_canonical),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_xml),
	    cmocka_unit_test(test_xml_of_ours),
	    cmocka_unit_test(test_numbers_wait_for_a_person),
	    cmocka_unit_test(test_bad_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
