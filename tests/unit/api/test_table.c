/* The table of routes, its bodies, and the document made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "api_internal.h"
#include "mem.h"
#include "record.h"
#include "str.h"
#include "task.h"

/* --- routes --- */

static void
finds_what_a_path_means(void **state)
{
	struct api_match m;

	(void)state;
	assert_int_equal(api_route_find("GET", "devices", &m), 0);
	assert_string_equal(m.route->id, "listDevices");
	assert_null(m.segments[0]);
	api_match_clear(&m);
	assert_int_equal(api_route_find("HEAD", "devices/pc1", &m), 0);
	assert_string_equal(m.route->id, "getDevice");
	assert_string_equal(m.segments[0], "pc1");
	api_match_clear(&m);
	assert_int_equal(api_route_find("POST", "devices/p c/look", &m), 0);
	assert_string_equal(m.route->id, "lookAtDevice");
	assert_string_equal(m.segments[0], "p c");
	api_match_clear(&m);
}

static void
says_what_there_is_not(void **state)
{
	static const char *const nothing[] = {"", "/", "device", "devices/",
	    "devices//look", "devices/a/b", "devices/a/look/", "/devices",
	    "runs/1/items/2", "openapi.jsonx"};
	struct api_match m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		assert_int_equal(api_route_find("GET", nothing[i], &m), 404);
		api_match_clear(&m);
	}
	assert_int_equal(api_route_find("PUT", "devices/pc1", &m), 405);
	assert_string_equal(m.allow, "GET, HEAD, PATCH, DELETE");
	assert_null(m.route);
	api_match_clear(&m);
}

/* A path leads to its own row, and to no earlier one. */
static void
rows_do_not_hide_each_other(void **state)
{
	const struct api_route *r;
	struct api_match m;
	size_t i, at;

	(void)state;
	for (i = 0; (r = api_route_at(i)) != NULL; i++) {
		assert_int_equal(api_route_find(r->method, r->path, &m), 0);
		assert_ptr_equal(m.route, r);
		for (at = 0; at < API_SEGMENTS && m.segments[at] != NULL; at++)
			assert_int_equal(m.segments[at][0], '{');
		api_match_clear(&m);
	}
}

/* --- the document --- */

static struct json_object *
member(struct json_object *o, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(o, name, &value))
		fail_msg("there is no %s", name);
	return value;
}

static size_t
operations(struct json_object *paths)
{
	size_t n = 0;

	json_object_object_foreach (paths, name, item) {
		(void)name;
		n += (size_t)json_object_object_length(item);
	}
	return n;
}

static void
document_has_every_row(void **state)
{
	struct json_object *document, *paths, *op;
	const struct api_route *r;
	size_t i;
	char *path, *method;
	struct buf text;

	(void)state;
	buf_init(&text, (size_t)1 << 20);
	api_document("1.2.3", &text);
	assert_false(text.over);
	document = json_tokener_parse(buf_text(&text));
	assert_non_null(document);
	paths = member(document, "paths");
	for (i = 0; (r = api_route_at(i)) != NULL; i++) {
		path = mem_printf("/%s", r->path);
		method = str_lower(mem_dup(r->method));
		op = member(member(paths, path), method);
		assert_string_equal(
		    json_object_get_string(member(op, "operationId")), r->id);
		free(path);
		free(method);
	}
	assert_int_equal(operations(paths), i);
	(void)json_object_put(document);
	buf_free(&text);
}

/* --- bodies --- */

static int
read_body(const char *id, const char *text, struct err *err, int *ret_status)
{
	const struct api_route *r;
	struct api_call c = {.route = NULL};
	size_t i;
	int rc;

	for (i = 0; (r = api_route_at(i)) != NULL && !str_eq(r->id, id); i++)
		continue;
	assert_non_null(r);
	api_call_open(&c);
	c.route = r;
	rc = api_body_read(&c, (const uint8_t *)text, strlen(text), err);
	*ret_status = c.status;
	api_call_close(&c);
	return rc;
}

static void
bodies_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *says;
	} bad[] = {{"{", 400, "no JSON"}, {"[]", 400, "no JSON"},
	    {"{} x", 400, "no JSON"}, {"{'name':'x'}", 400, "no JSON"},
	    {"{\"name\":\"\xff\"}", 400, "no JSON"},
	    {"", 0, "name: is missing"},
	    {"{\"name\":\"x\",\"more\":1}", 0, "has no member more"},
	    {"{\"name\":1}", 0, "name: wanted a text"},
	    {"{\"name\":null}", 0, "name: wanted a text"},
	    {"{\"name\":\"a\\u0000b\"}", 0, "without NUL"},
	    {"{\"name\":\"\"}", 0, "1 to 255 bytes"}};
	struct err err = {.kind = ERR_NONE};
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    read_body("addTag", bad[i].text, &err, &status), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_int_equal(status, bad[i].status);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].text, err.text);
	}
	assert_int_equal(
	    read_body("addTag", " {\"name\" : \"x\"}\r\n", &err, &status), 0);
	assert_int_equal(read_body("pauseRun", "", &err, &status), 0);
}

/* --- answers --- */

static void
problems_have_kinds(void **state)
{
	static const struct {
		enum err_kind kind;
		int status;
	} all[] = {{ERR_INVALID, 422}, {ERR_LIMIT, 422}, {ERR_DENIED, 403},
	    {ERR_NOTFOUND, 404}, {ERR_CONFLICT, 409}, {ERR_REFUSED, 409},
	    {ERR_STORAGE, 503}, {ERR_BUG, 500}};
	struct api_call c = {.status = 0};
	struct err err;
	struct buf text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		err.kind = all[i].kind;
		assert_int_equal(api_status_of(&c, &err), all[i].status);
		assert_string_not_equal(api_phrase(all[i].status), "Error");
	}
	c.status = 412;
	assert_int_equal(api_status_of(&c, &err), 412);
	buf_init(&text, 1024);
	api_problem(404, ERR_NOTFOUND, "no \"x\"\n\xe2\x80\xae", &text);
	assert_string_equal(buf_text(&text),
	    "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
	    "\"detail\":\"no \\\"x\\\"\\n\\u202e\",\"kind\":\"not-found\"}\n");
	buf_free(&text);
}

static void
locations_are_escaped(void **state)
{
	struct api_call c = {.status = 0};

	(void)state;
	api_locate(&c, "tags/%s", "a b/\xc3\xa4?");
	assert_string_equal(c.location, "/api/v1/tags/a%20b/%C3%A4%3F");
	free(c.location);
}

static void
versions_match_whole(void **state)
{
	struct api_call c = {.etag = "\"ab\""};
	struct err err = {.kind = ERR_NONE};
	static const char *const good[] = {"*", "\"ab\"", "\"x\", \"ab\""};
	static const char *const bad[] = {"\"a\"", "W/\"ab\"", "\"abc\"", ""};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		c.if_match = good[i];
		assert_int_equal(api_matches(&c, &err), 0);
	}
	for (i = 0; i < 4; i++) {
		c.if_match = bad[i];
		assert_int_equal(api_matches(&c, &err), -1);
		assert_int_equal(c.status, 412);
	}
}

/* What a run may be told of its pace is the store's to say. */
static void
keeps_to_the_policy(void **state)
{
	const struct task_policy_field *f;
	const struct record_kind *row = api_assignment_row.kind;
	const struct api_field *field;
	size_t i, at;

	(void)state;
	for (i = 0; i < TASK_POLICY_FIELDS; i++) {
		f = &task_policy_fields[i];
		assert_string_equal(
		    row->columns[row->count - TASK_POLICY_FIELDS + i].name,
		    f->name);
		for (at = 0; at < api_run_form.count; at++)
			if (str_eq(api_run_form.fields[at].name, f->name))
				break;
		assert_true(at < api_run_form.count);
		field = &api_run_form.fields[at];
		assert_int_equal(field->max, f->most);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_a_path_means),
	    cmocka_unit_test(says_what_there_is_not),
	    cmocka_unit_test(rows_do_not_hide_each_other),
	    cmocka_unit_test(document_has_every_row),
	    cmocka_unit_test(bodies_are_read_strictly),
	    cmocka_unit_test(problems_have_kinds),
	    cmocka_unit_test(locations_are_escaped),
	    cmocka_unit_test(versions_match_whole),
	    cmocka_unit_test(keeps_to_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
