/* What a server answers, taken or refused, without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "read_internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct err err;

static struct json_object *
object(const char *text)
{
	memset(&err, 0, sizeof(err));
	return api_client_object((const uint8_t *)text, strlen(text), &err);
}

static void
test_object(void **state)
{
	static const char *const bad[] = {"", "null", "[]", "7", "\"a\"", "{",
	    "{} {}", "{}x", "<html>", "{\"a\":\"\xff\"}",
	    "{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}"};
	struct json_object *o = object("{\"a\":\"b\",\"n\":null}\r\n ");
	size_t i;

	(void)state;
	assert_non_null(o);
	assert_string_equal(api_client_text(api_client_member(o, "a")), "b");
	assert_null(api_client_member(o, "n"));
	assert_null(api_client_member(o, "x"));
	assert_null(api_client_member(NULL, "x"));
	(void)json_object_put(o);
	o = object("{\"a\":\"b\\u0000c\",\"n\":7}");
	assert_null(api_client_text(api_client_member(o, "a")));
	assert_null(api_client_text(api_client_member(o, "n")));
	(void)json_object_put(o);
	for (i = 0; i < COUNT(bad); i++) {
		assert_null(object(bad[i]));
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
}

static int
meets(const char *text)
{
	struct json_object *o = object(text);
	int rc = api_client_meet(o, &err);

	(void)json_object_put(o);
	return rc;
}

static void
test_meet(void **state)
{
	(void)state;
	assert_int_equal(meets("{\"name\":\"amtkeeper\",\"version\":\"9.9\","
			       "\"api\":\"v1\",\"more\":1}"),
	    0);
	assert_int_equal(
	    meets("{\"name\":\"amtkeeper\",\"api\":\"v2\\u001b[\"}"), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	assert_non_null(strstr(err.text, "version v2\\x1B["));
	assert_int_equal(meets("{\"name\":\"other\",\"api\":\"v1\"}"), -1);
	assert_non_null(strstr(err.text, "not amtkeeper's"));
	assert_int_equal(meets("{\"name\":\"amtkeeper\"}"), -1);
	assert_int_equal(meets("{}"), -1);
}

static int
page(const char *text, size_t *rows, char next[64])
{
	struct json_object *o = object(text), *items = NULL;
	const char *cursor = "unchanged";
	int rc = api_client_page(o, false, &items, &cursor, &err);

	*rows = rc == 0 ? json_object_array_length(items) : 0;
	(void)snprintf(next, 64, "%s", cursor == NULL ? "(end)" : cursor);
	(void)json_object_put(o);
	return rc;
}

static void
test_page(void **state)
{
	static const char *const bad[] = {"{}", "{\"items\":{}}",
	    "{\"items\":[1]}", "{\"items\":[{},null]}",
	    "{\"items\":[{}],\"next\":7}", "{\"items\":[{}],\"next\":\"\"}",
	    "{\"items\":[{}],\"next\":\"a\\u0000b\"}",
	    "{\"items\":[],\"next\":\"a\"}"};
	char next[64], longer[API_CLIENT_CURSOR_MAX + 64];
	size_t rows, i;

	(void)state;
	assert_int_equal(
	    page("{\"items\":[{},{\"a\":1}],\"next\":\"b c\"}", &rows, next),
	    0);
	assert_int_equal(rows, 2);
	assert_string_equal(next, "b c");
	assert_int_equal(page("{\"items\":[],\"next\":null}", &rows, next), 0);
	assert_int_equal(rows, 0);
	assert_string_equal(next, "(end)");
	assert_int_equal(page("{\"items\":[{}]}", &rows, next), 0);
	for (i = 0; i < COUNT(bad); i++) {
		assert_int_equal(page(bad[i], &rows, next), -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
		assert_string_equal(next, "unchanged");
	}
	(void)snprintf(longer, sizeof(longer),
	    "{\"items\":[{}],\"next\":\"%0*d\"}", API_CLIENT_CURSOR_MAX + 1, 7);
	assert_int_equal(page(longer, &rows, next), -1);
}

/* A round of every length, begun anywhere, ends; what goes on does not. */
static void
test_cursors(void **state)
{
	struct api_client_cursors c;
	size_t start, length, i;
	char text[32];
	int rc;

	(void)state;
	for (start = 0; start < 9; start++)
		for (length = 1; length < 20; length++) {
			memset(&c, 0, sizeof(c));
			rc = 0;
			for (i = 0; rc == 0 && i < 100; i++) {
				(void)snprintf(text, sizeof(text), "%zu",
				    i < start ? i
					      : start + (i - start) % length);
				rc = api_client_cursor(&c, text, &err);
			}
			assert_int_equal(rc, -1);
			assert_int_equal(err.kind, ERR_PROTOCOL);
			assert_true(i > start + length);
			api_client_cursors_clear(&c);
		}
	memset(&c, 0, sizeof(c));
	for (i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%zu", i);
		assert_int_equal(api_client_cursor(&c, text, &err), 0);
	}
	api_client_cursors_clear(&c);
}

static void
problem(int status, const char *text, enum err_kind kind, const char *said)
{
	memset(&err, 0, sizeof(err));
	assert_int_equal(api_client_problem(
			     status, (const uint8_t *)text, strlen(text), &err),
	    -1);
	assert_int_equal(err.kind, kind);
	assert_int_equal(err.domain, ERR_HTTP);
	assert_int_equal(err.native, status);
	if (strstr(err.text, said) == NULL)
		fail_msg("%s", err.text);
}

static void
test_problem(void **state)
{
	(void)state;
	problem(404, "{\"detail\":\"no device x\",\"kind\":\"notfound\"}",
	    ERR_NOTFOUND, "no device x");
	problem(409, "{\"detail\":\"over\",\"kind\":\"refused\"}", ERR_REFUSED,
	    "over");
	problem(409, "{\"detail\":\"there\",\"kind\":\"conflict\"}",
	    ERR_CONFLICT, "there");
	problem(
	    401, "{\"detail\":\"log in\"}", ERR_DENIED, "refuses our token");
	problem(403, "{}", ERR_DENIED, "HTTP 403");
	problem(422, "{\"detail\":\"no\"}", ERR_INVALID, "no");
	problem(412, "{\"detail\":\"no\"}", ERR_CONFLICT, "no");
	problem(429, "", ERR_REFUSED, "HTTP 429");
	/* What is behind the server is not what became of our request. */
	problem(503, "{\"detail\":\"CA\",\"kind\":\"unreachable\"}",
	    ERR_REFUSED, "CA");
	problem(500, "{\"detail\":\"x\",\"kind\":\"none\"}", ERR_PROTOCOL, "x");
	problem(
	    500, "{\"detail\":7,\"kind\":\"bug\"}", ERR_PROTOCOL, "HTTP 500");
	/* Some other server's ways. */
	problem(404, "<html>nothing</html>", ERR_PROTOCOL, "HTTP 404");
	problem(302, "", ERR_PROTOCOL, "elsewhere");
}

static void
is_path(struct api_client_path *p, const char *wanted)
{
	assert_string_equal(buf_text(&p->text), wanted);
	api_client_path_free(p);
}

static void
test_path(void **state)
{
	struct api_client_path p;

	(void)state;
	api_client_path_init(&p, "runs");
	api_client_path_add_id(&p, INT64_C(-9007199254740993));
	api_client_path_add(&p, "a/b ?#\xc3\xa4");
	api_client_path_param(&p, "no", NULL);
	api_client_path_param(&p, "x", "1&y=2");
	api_client_path_param(&p, "z", "");
	is_path(
	    &p, "runs/-9007199254740993/a%2Fb%20%3F%23%C3%A4?x=1%26y%3D2&z=");
	api_client_path_init(&p, "tags");
	api_client_path_add(&p, "..");
	api_client_path_add(&p, ".");
	is_path(&p, "tags/%2E%2E/%2E");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_object),
	    cmocka_unit_test(test_meet),
	    cmocka_unit_test(test_page),
	    cmocka_unit_test(test_cursors),
	    cmocka_unit_test(test_problem),
	    cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests_name(
	    "api_client/read", tests, NULL, NULL);
}
