/* Arguments as clients write them, and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "http_args_internal.h"
#include "mem.h"

/* "name=value;name=value(file,type);..." */
static char *
shown(const struct http_arg_list *list)
{
	const struct http_arg *a;
	struct buf out;
	size_t i;
	char *text;

	buf_init(&out, 65536);
	for (i = 0; i < list->count; i++) {
		a = &list->args[i];
		assert_int_equal(a->value[a->len], '\0');
		buf_printf(&out, "%s=%s", a->name, a->value);
		if (a->file != NULL)
			buf_printf(&out, "(%s,%s)", a->file,
			    a->type == NULL ? "-" : a->type);
		buf_char(&out, ';');
	}
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

static void
expect_list(struct http_arg_list *list, const char *want)
{
	char *text = shown(list);

	assert_string_equal(text, want);
	free(text);
	http_arg_list_free(list);
}

static void
test_urlencoded(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", ""},
	    {"a=b", "a=b;"},
	    {"a=b&a=c&", "a=b;a=c;"},
	    {"%3Aoutput=json", ":output=json;"},
	    {":output=json", ":output=json;"},
	    {"a", "a=;"},
	    {"&&a=&&", "a=;"},
	    {"a=b=c%3Dd", "a=b=c=d;"},
	    {"a+b=c+d%2B", "a b=c d+;"},
	    {"n=%c3%A4", "n=\xc3\xa4;"},
	    {"where=(eq+EPOLeafNode.NodeName+%22pc1%22)",
		"where=(eq EPOLeafNode.NodeName \"pc1\");"},
	};
	struct http_arg_list *list;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list = http_arg_list_new();
		if (http_args_urlencoded(list, cases[i].text,
			strlen(cases[i].text), "query string", &err) != 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		expect_list(list, cases[i].want);
	}
}

static void
test_urlencoded_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"=b", "query string: argument 1 has no name"},
	    {"a=b&c=%", "query string: argument 2: \"%\" must be followed"},
	    {"a=%2", "must be followed"},
	    {"a=%zz", "must be followed"},
	    {"a%z=b", "must be followed"},
	    {"a=%00", "is not UTF-8 text"},
	    {"%00=a", "is not UTF-8 text"},
	    {"a=%ff", "is not UTF-8 text"},
	    {"a=\xc3", "is not UTF-8 text"},
	};
	struct http_arg_list *list;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list = http_arg_list_new();
		assert_int_equal(
		    http_args_urlencoded(list, cases[i].text,
			strlen(cases[i].text), "query string", &err),
		    -1);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strstr(err.text, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].text, err.text);
		http_arg_list_free(list);
	}
}

static void
test_limits(void **state)
{
	struct http_arg_list *list = http_arg_list_new();
	char many[2 * (HTTP_ARGS_MAX + 1)];
	char name[HTTP_ARG_NAME_MAX + 1];
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(many); i += 2)
		memcpy(many + i, "a&", 2);
	assert_int_equal(
	    http_args_urlencoded(list, many, sizeof(many), "form", &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	http_arg_list_free(list);
	list = http_arg_list_new();
	assert_int_equal(
	    http_args_urlencoded(list, many, sizeof(many) - 2, "form", &err),
	    0);
	assert_int_equal(list->count, HTTP_ARGS_MAX);
	http_arg_list_free(list);
	list = http_arg_list_new();
	memset(name, 'n', sizeof(name));
	assert_int_equal(
	    http_args_urlencoded(list, name, sizeof(name) - 1, "form", &err),
	    0);
	assert_int_equal(
	    http_args_urlencoded(list, name, sizeof(name), "form", &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	http_arg_list_free(list);
}

/* --- multipart --- */

#define TYPE "multipart/form-data; boundary=xyz"
#define PART "--xyz\r\nContent-Disposition: form-data; "
#define END "--xyz--\r\n"

static int
multipart(struct http_arg_list *list, const char *type, const char *body,
    struct err *err)
{
	return http_args_body(
	    list, type, (const uint8_t *)body, strlen(body), err);
}

static void
test_multipart(void **state)
{
	static const struct {
		const char *type, *body, *want;
	} cases[] = {
	    {TYPE, "--xyz--", ""},
	    {TYPE, "\r\n" PART "name=a\r\n\r\nb\r\n" END, "a=b;"},
	    {TYPE, "for old mail\r\n\r\n" END, ""},
	    {TYPE, PART "name=\"a\"\r\n\r\nb\r\n" END, "a=b;"},
	    {TYPE, PART "name=a\r\n\r\n\r\n" PART "name=c\r\n\r\nd\r\n" END,
		"a=;c=d;"},
	    {TYPE,
		PART "name=\":output\"\r\n\r\njson\r\n" PART
		     "name=\"f\"; filename=\"q.xml\"\r\n"
		     "Content-Type: text/xml\r\n\r\n<a>\r\n--xy\r\n"
		     "</a>\r\n" END,
		":output=json;f=<a>\r\n--xy\r\n</a>(q.xml,text/xml);"},
	    {"Multipart/Form-Data; charset=utf-8; boundary=\"x z\"",
		"--x z \t\r\ncontent-disposition:form-data;name=\"a\\\"b%22c\""
		"\r\n\r\n1\r\n--x z--\r\nwhatever",
		"a\"b\"c=1;"},
	    {TYPE,
		PART "name=\"f\"; filename=\"\"\r\n"
		     "Content-Type: application/octet-stream\r\n\r\n\r\n" END,
		"f=(,application/octet-stream);"},
	    {"application/x-www-form-urlencoded; charset=UTF-8", "a=b%20c",
		"a=b c;"},
	    {"application/json", "{\"a\": 1}", ""},
	    {NULL, "a=b", ""},
	};
	struct http_arg_list *list;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list = http_arg_list_new();
		if (multipart(list, cases[i].type, cases[i].body, &err) != 0)
			fail_msg("%zu: %s", i, err.text);
		expect_list(list, cases[i].want);
	}
}

static void
test_multipart_refused(void **state)
{
	static const struct {
		const char *type, *body, *why;
	} cases[] = {
	    {"multipart/form-data", END, "no boundary"},
	    {"multipart/form-data; boundary=", END, "no boundary"},
	    {"multipart/form-data; boundary=\"a", END, "no boundary"},
	    {"multipart/form-data; boundary=\"a \"", END, "no boundary"},
	    {"multipart/form-data; boundary=a\x01", END, "no boundary"},
	    {TYPE, "xyz", "is not in it"},
	    {TYPE, "\n" END, "is not in it"},
	    {TYPE, "--xyz", "no line ends"},
	    {TYPE, "--xyzz\r\n", "no line ends"},
	    {TYPE, "--xyz\r\n\r\nb\r\n" END, "has no name"},
	    {TYPE, PART "x=y\r\n\r\nb\r\n" END, "has no name"},
	    {TYPE, PART "name=\"\"\r\n\r\nb\r\n" END, "has no name"},
	    {TYPE, PART "name=a\r\n\r\nb", "does not end"},
	    {TYPE, PART "name=a\r\n\r\nb--xyz--\r\n", "does not end"},
	    {TYPE, PART "name=a\r\n", "headers do not end"},
	    {TYPE, PART "name=\"a\r\n\r\nb\r\n" END, "cannot be read"},
	    {TYPE, PART "name=a; name=b\r\n\r\nb\r\n" END, "cannot be read"},
	    {TYPE, PART "name=a b\r\n\r\nb\r\n" END, "cannot be read"},
	    {TYPE,
		"--xyz\r\nContent-Disposition: attachment; name=a"
		"\r\n\r\nb\r\n" END,
		"not form-data"},
	    {TYPE, "--xyz\r\nnonsense\r\n\r\nb\r\n" END, "without a name"},
	    {TYPE,
		PART "name=a\r\nContent-Transfer-Encoding: base64"
		     "\r\n\r\nYg==\r\n" END,
		"not binary"},
	    {TYPE, PART "name=a\r\n\r\n\xff\r\n" END, "not UTF-8"},
	};
	struct http_arg_list *list;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list = http_arg_list_new();
		if (multipart(list, cases[i].type, cases[i].body, &err) == 0)
			fail_msg("%zu is taken", i);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strstr(err.text, cases[i].why) == NULL)
			fail_msg("%zu: %s", i, err.text);
		http_arg_list_free(list);
	}
}

static void
test_part_head_limit(void **state)
{
	struct http_arg_list *list = http_arg_list_new();
	char *long_line = mem_alloc(HTTP_PART_HEAD_MAX + 1), *body;
	struct err err;

	(void)state;
	memset(long_line, 'x', HTTP_PART_HEAD_MAX);
	body =
	    mem_printf(PART "name=a\r\nX-Long: %s\r\n\r\nb\r\n" END, long_line);
	assert_int_equal(multipart(list, TYPE, body, &err), -1);
	assert_non_null(strstr(err.text, "headers do not end"));
	http_arg_list_free(list);
	free(long_line);
	free(body);
}

static void
test_binary_file(void **state)
{
	static const char body[] =
	    PART "name=f; filename=k\r\n\r\n\0\xff\0\r\n" END;
	struct http_arg_list *list = http_arg_list_new();
	struct err err;

	(void)state;
	assert_int_equal(http_args_body(list, TYPE, (const uint8_t *)body,
			     sizeof(body) - 1, &err),
	    0);
	assert_int_equal(list->args[0].len, 3);
	assert_memory_equal(list->args[0].value, "\0\xff\0", 4);
	http_arg_list_free(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_urlencoded),
	    cmocka_unit_test(test_urlencoded_refused),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_multipart),
	    cmocka_unit_test(test_multipart_refused),
	    cmocka_unit_test(test_part_head_limit),
	    cmocka_unit_test(test_binary_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
