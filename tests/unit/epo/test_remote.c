/* Commands on their way: rights, errors, events, queue, changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "call_internal.h"
#include "device.h"
#include "fixture.h"
#include "loop.h"
#include "mem.h"
#include "store.h"
#include "str.h"

/* --- the table --- */

/* Each row can be read, is found, and is in its place. */
static void
test_table(void **state)
{
	const struct remote_request nothing = {.arg_count = 0};
	const struct command *command, *before = NULL;
	struct args args;
	char name[80];
	size_t i;

	(void)state;
	for (i = 0; (command = remote_command_at(i)) != NULL; i++) {
		(void)args_read(command->args, &nothing, &args, NULL);
		if (before != NULL)
			assert_true(strcmp(before->name, command->name) < 0);
		before = command;
		assert_ptr_equal(remote_command_find(command->name), command);
		(void)snprintf(name, sizeof(name), "%s.do", command->name);
		assert_ptr_equal(remote_command_find(str_lower(name)), command);
		assert_non_null(command->run);
	}
	assert_true(i > 10);
	assert_null(remote_command_find(".do"));
	assert_null(remote_command_find(""));
	assert_null(remote_command_find("core.help.do.do"));
}

static void
test_rights(void **state)
{
	struct fixture *f = *state;

	f->lacks = UINT64_C(1) << ACCESS_TAG_WRITE;
	ask(f, "system.applyTag", "names=1", "tagName=1", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "lack the right \"tag.write\"");
	/* Before any argument is looked at. */
	ask(f, "system.applyTag", "nonsense=1", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "tag.write");
	ask(f, "core.help", "prefix=system.a", ":output=json", NULL);
	assert_body(f, "OK:\r\n[]\r\n");
	ask(f, "core.help", "param1=system.applyTag", NULL);
	assert_error(f, REMOTE_FAILED, "Command was not found");
	f->lacks = 0;
	ask(f, "core.help", "param1=system.applyTag", NULL);
	assert_false(f->failed);
}

/* The right to ask is not the right to see runs. */
static void
test_rights_of_tables(void **state)
{
	struct fixture *f = *state;

	f->lacks = UINT64_C(1) << ACCESS_RUN_READ;
	ask(f, "core.executeQuery", "target=AMT_Runs", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "lack the right \"run.read\"");
	ask(f, "core.executeQuery", "target=EPOLeafNode",
	    "where=(eq AMT_RunItems.Result failed)", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "run.read");
	ask(f, "core.executeQuery", "queryId=8", NULL);
	assert_error(f, REMOTE_NO_RIGHT, "run.read");
	ask(f, "core.executeQuery", "target=EPOLeafNode", "joinTables=*", NULL);
	assert_false(f->failed);
	f->lacks = 0;
	ask(f, "core.executeQuery", "target=AMT_Runs", NULL);
	assert_false(f->failed);
}

static void
ask_long(struct fixture *f, size_t len)
{
	char *text = mem_alloc(len + 1);
	const struct remote_arg arg = {"searchText", text, len};

	memset(text, 'x', len);
	ask_list(f, "system.find", &arg, 1);
	free(text);
}

static void
test_errors(void **state)
{
	struct fixture *f = *state;

	ask(f, "no.such\r\nOK:", NULL);
	assert_error(
	    f, REMOTE_NO_COMMAND, "No such command: no.such\\x0d\\x0aOK:");
	ask(f, "system.find", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "searchText is missing");
	ask(f, "core.executeQuery", "target=Nowhere", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "no table in");
	ask(f, "core.executeQuery", "target=EPOLeafNode",
	    "where=(eq EPOLeafNode.AutoID", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "where, character 1");
	ask(f, "core.executeQuery", "queryId=1", "where=(x)", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "queryId is a whole query");
	ask(f, "core.executeQuery", "queryId=77", NULL);
	assert_error(f, REMOTE_REFUSED, "no query");
	ask(f, "system.applyTag", "names=pc1.corp.example", "tagName=none",
	    NULL);
	assert_error(f, REMOTE_REFUSED, "no such tag");
	ask(f, "system.applyTag", "names=, ,", "tagName=1", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "names is empty");
	ask(f, "system.applyTag", "names=pc9", "tagName=1", NULL);
	assert_error(f, REMOTE_REFUSED, "no such system: \"pc9\"");
	ask(f, "epogroup.findSystems", "groupId=x", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "groupId: wanted a number");
	ask(f, "epogroup.findSystems", "groupId=77", NULL);
	assert_error(f, REMOTE_REFUSED, "no group 77; system.findGroups");
	ask_long(f, 8000);
	assert_error(f, REMOTE_BAD_ARGUMENT, "searchText is too long");
	ask_long(f, (1 << 20) + 1);
	assert_error(f, REMOTE_BAD_ARGUMENT, "longer than 1048576 bytes");
	ask(f, "epogroup.findSystems", "groupId=1", "searchSubgroups=maybe",
	    NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "wanted true or false");
	ask(f, "system.wakeupAgent", "names=1", "attempts=-1", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "attempts: wanted");
	ask(f, "system.setUserProperties", "names=1", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "nothing to set");
}

/* --- events --- */

static int
add_event(void *cookie, const struct store_event *event, struct err *err)
{
	struct buf *out = cookie;

	(void)err;
	assert_string_equal(event->actor, "remote:alice");
	buf_printf(out, "%s %s %s\n", event->kind,
	    event->name != NULL ? event->name : "-", event->detail);
	return 0;
}

static void
assert_events(struct fixture *f, const char *wanted)
{
	struct buf got;
	int64_t count;

	buf_init(&got, 65536);
	assert_int_equal(
	    store_event_scan(f->store, 0, 0, 0, add_event, &got, &f->err), 0);
	assert_string_equal(buf_text(&got), wanted);
	assert_int_equal(store_event_verify(f->store, &count, &f->err), 0);
	buf_free(&got);
}

/* Each command once, with its changes; never what its arguments were. */
static void
test_events(void **state)
{
	struct fixture *f = *state;

	ask(f, "system.find.do", "searchText=geheim", NULL);
	ask(f, "nothing\"", "password=geheim", NULL);
	ask(f, "system.applyTag", "names=2,1", "tagName=1", NULL);
	ask(f, "system.applyTag", "names=2", "tagName=1", NULL);
	ask(f, "system.setUserProperties", "names=2", "description=geheim",
	    NULL);
	f->lacks = UINT64_C(1) << ACCESS_DEVICE_READ;
	ask(f, "system.find", "searchText=", NULL);
	assert_events(f,
	    "remote.command - {\"command\":\"system.find\",\"outcome\":\"ok\"}\n"
	    "remote.command - {\"command\":\"nothing\\\"\","
	    "\"outcome\":\"not-found\"}\n"
	    "tag.applied pc2.corp.example {\"tag\":\"AMT-CertDue\"}\n"
	    "remote.command - "
	    "{\"command\":\"system.applyTag\",\"outcome\":\"ok\"}\n"
	    "remote.command - "
	    "{\"command\":\"system.applyTag\",\"outcome\":\"ok\"}\n"
	    "device.properties pc2.corp.example {\"set\":\"description\"}\n"
	    "remote.command - {\"command\":\"system.setUserProperties\","
	    "\"outcome\":\"ok\"}\n"
	    "remote.command - "
	    "{\"command\":\"system.find\",\"outcome\":\"denied\"}\n");
}

/* --- changes --- */

static void
test_tags(void **state)
{
	struct fixture *f = *state;

	/* pc1 has it already; one is by number, one by address, one unknown. */
	ask(f, "system.applyTag", "param1= PC1.corp.example ,2,192.0.2.12,pc9",
	    "param2=amt-certdue", NULL);
	assert_body(f, "OK:\r\n1\r\n");
	ask(f, "system.applyTag", "ids=1", "tagID=2", ":output=json", NULL);
	assert_body(f, "OK:\r\n1\r\n");
	ask(f, "core.executeQuery", "target=EPOLeafNode",
	    "select=(select EPOLeafNode.AutoID EPOLeafNode.Tags)",
	    "order=(asc EPOLeafNode.AutoID)", ":output=json", NULL);
	assert_body(f,
	    "OK:\r\n[{\"EPOLeafNode.AutoID\":1,\"EPOLeafNode.Tags\":"
	    "\"AMT-CertDue, Server & \\u003cLab\\u003e\"},"
	    "{\"EPOLeafNode.AutoID\":2,\"EPOLeafNode.Tags\":\"AMT-CertDue\"},"
	    "{\"EPOLeafNode.AutoID\":3,\"EPOLeafNode.Tags\":\"\"}]\r\n");
	ask(f, "system.clearTag", "names=1,2,3", "tagName=1", NULL);
	assert_body(f, "OK:\r\n2\r\n");
	ask(f, "system.excludeTag", "names=3", "tagName=1", NULL);
	assert_body(f, "OK:\r\n1\r\n");
	ask(f, "system.applyTag", "names=3", "tagName=1", NULL);
	assert_body(f, "OK:\r\n0\r\n");
	ask(f, "system.clearTag", "names=1,2,3", "tagName=-", "all=true", NULL);
	assert_body(f, "OK:\r\n2\r\n");
	ask(f, "amt.createTag", "tagName=new", NULL);
	assert_body(f, "OK:\r\n3\r\n");
	ask(f, "amt.createTag", "tagName=NEW", NULL);
	assert_body(f, "OK:\r\n3\r\n");
	ask(f, "amt.createTag", "tagName=a,b", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "comma");
	ask(f, "system.findTag", "searchText=NE", ":output=json", NULL);
	assert_body(f,
	    "OK:\r\n[{\"tagId\":3,\"tagName\":\"new\",\"tagNotes\":\"\"}]\r\n");
}

/* By all that a system is called; a name of two is of none. */
static void
test_names(void **state)
{
	static const char *const same[] = {"names=1", "names=PC1.CORP.EXAMPLE",
	    "names=4C4C4544-0042-3510-8053-b4c04f4e3332", "names=192.0.2.11",
	    "names=00:11:22:aa:bb:01", "names=00-11-22-AA-BB-01",
	    "names=001122aabb01", "names=pc1", "names=pc1,1,192.0.2.11"};
	struct fixture *f = *state;
	struct device *d;
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		ask(f, "system.wakeupAgent", same[i], NULL);
		assert_false(f->failed);
		assert_int_equal(f->looked_count, 1);
		assert_int_equal(f->looked[0], 1);
	}
	d = device_new("pc4.corp.example");
	d->os_host = mem_dup("pc1");
	assert_int_equal(store_device_add(f->store, d, &f->err), 0);
	device_free(d);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	ask(f, "system.wakeupAgent", "names=pc1", NULL);
	assert_error(f, REMOTE_REFUSED, "several systems are known by \"pc1\"");
	ask(f, "system.wakeupAgent", "names=a\"b\\,c)(", NULL);
	assert_error(f, REMOTE_REFUSED, "no such system: \"a\"b\\\"");
}

static void
test_properties(void **state)
{
	struct fixture *f = *state;
	struct device *d;

	ask(f, "system.setUserProperties", "names=1,2", "description=rack 7",
	    "customField1=AMT:err=offline", NULL);
	assert_body(f, "OK:\r\n2\r\n");
	ask(f, "system.setUserProperties", "param1=1", "param2=rack 7", NULL);
	assert_body(f, "OK:\r\n0\r\n");
	ask(f, "system.setUserProperties", "names=1", "customField1=", NULL);
	assert_body(f, "OK:\r\n1\r\n");
	assert_int_equal(store_device_get(f->store, 1, &d, &f->err), 0);
	assert_string_equal(d->description, "rack 7");
	assert_true(str_empty(d->custom1));
	device_free(d);
	ask(f, "system.find", "searchText=RACK 7", ":output=json", NULL);
	assert_non_null(strstr(f->body, "pc1.corp.example"));
	assert_non_null(strstr(f->body,
	    "\"EPOComputerProperties.UserProperty1\":\"AMT:err=offline\""));
	assert_null(strstr(f->body, "pc3"));
}

/* What an agent knows: taken over as from an inventory, told by its fields. */
static void
test_host(void **state)
{
	struct fixture *f = *state;
	struct device *d;

	ask(f, "amt.setHost", "names=2", "hostName=PC7.lab.example",
	    "address=pc7.lab.example", NULL);
	assert_body(f, "OK:\r\n1\r\n");
	assert_int_equal(store_device_get(f->store, 2, &d, &f->err), 0);
	assert_string_equal(d->name, "pc2.corp.example");
	assert_string_equal(d->os_host, "PC7");
	assert_string_equal(d->os_domain, "lab.example");
	assert_string_equal(d->address, "pc7.lab.example");
	assert_true(d->next_due > 0);
	device_free(d);
	assert_events(f,
	    "device.changed pc2.corp.example "
	    "{\"fields\":[\"address\",\"os_host\",\"os_domain\"]}\n"
	    "remote.command - "
	    "{\"command\":\"amt.setHost\",\"outcome\":\"ok\"}\n");
	/* A short name leaves the domain as it is. */
	ask(f, "amt.setHost", "param1=2", "param2=pc8", NULL);
	assert_body(f, "OK:\r\n1\r\n");
	ask(f, "amt.setHost", "names=2", "hostName=PC8.lab.example", NULL);
	assert_body(f, "OK:\r\n0\r\n");
}

static void
test_bad_host(void **state)
{
	struct fixture *f = *state;

	ask(f, "amt.setHost", "names=1", "hostName=", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "hostName: wanted");
	ask(f, "amt.setHost", "names=1,2", "hostName=pc7", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "one system's, not of 2");
	ask(f, "amt.setHost", "names=1", "hostName=a b", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "hostName: wanted");
	ask(f, "amt.setHost", "names=1", "hostName=.corp.example", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "hostName: wanted");
	ask(f, "amt.setHost", "names=1", "hostName=pc7", "address=a b", NULL);
	assert_error(f, REMOTE_BAD_ARGUMENT, "address: must be");
}

static void
test_wakeup(void **state)
{
	struct fixture *f = *state;

	f->seen = (struct remote_looked){2, 1, 3};
	ask(f, "system.wakeupAgent", "names=1,3,nobody", "fullProps=true",
	    "superAgent=false", "randomMinutes=0", "abortAfterMinutes=2",
	    ":output=json", NULL);
	assert_body(f, "OK:\r\n\"completed: 2\\nfailed: 2\\nexpired: 3\"\r\n");
	assert_int_equal(f->looked_count, 2);
	assert_int_equal(f->looked[1], 3);
	assert_int_equal(f->looked_ms, 120000);
}

static void
test_find(void **state)
{
	struct fixture *f = *state;

	ask(f, "system.find", "param1=0011", ":output=json", NULL);
	assert_non_null(strstr(f->body, "\"EPOLeafNode.AutoID\":1"));
	assert_null(strstr(f->body, "\"EPOLeafNode.AutoID\":2"));
	ask(f, "system.find", "param1=0011", "param2=true", ":output=json",
	    NULL);
	assert_body(f, "OK:\r\n[]\r\n");
	ask(f, "system.find", "searchText=\")) (or", ":output=json", NULL);
	assert_body(f, "OK:\r\n[]\r\n");
	ask(f, "epogroup.findSystems", "groupId=2", ":output=json", NULL);
	assert_body(f, "OK:\r\n[]\r\n");
	ask(f, "system.findGroups", "searchText=LAB", ":output=json", NULL);
	assert_body(f,
	    "OK:\r\n[{\"groupId\":3,\"groupPath\":"
	    "\"My Organization\\\\Berlin\\\\Lab\"}]\r\n");
}

/* --- the queue --- */

struct heard {
	size_t answers, busy;
};

static void
count(void *cookie, const struct remote_answer *answer)
{
	struct heard *h = cookie;

	h->answers++;
	h->busy += answer->busy;
}

/* All are answered once, what is too much and what waits at the end by busy. */
static void
test_queue(void **state)
{
	static const struct access_identity bob = {.name = "bob"};
	static const struct remote_request request = {
	    .command = "core.help", .who = &bob};
	struct fixture *f = *state;
	struct heard h = {0, 0};
	size_t i, all = REMOTE_WAITING_MAX + REMOTE_PARALLEL + 7;

	for (i = 0; i < all; i++)
		remote_submit(f->remote, &request, count, &h);
	assert_int_equal(h.answers, 0);
	while (h.answers < all)
		loop_turn(f->loop);
	assert_int_equal(h.answers, all);
	assert_int_equal(h.busy, 7);
	for (i = 0; i < 10; i++)
		remote_submit(f->remote, &request, count, &h);
	remote_stop(f->remote);
	remote_submit(f->remote, &request, count, &h);
	while (h.answers < all + 11)
		loop_turn(f->loop);
	assert_int_equal(h.busy, 7 + 11 - REMOTE_PARALLEL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    TEST(test_rights),
	    TEST(test_rights_of_tables),
	    TEST(test_errors),
	    TEST(test_events),
	    TEST(test_tags),
	    TEST(test_names),
	    TEST(test_properties),
	    TEST(test_host),
	    TEST(test_bad_host),
	    TEST(test_wakeup),
	    TEST(test_find),
	    TEST(test_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
