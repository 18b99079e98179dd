/* Arguments: by name, by place, in all spellings; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "args_internal.h"
#include "err.h"
#include "mem.h"

#define TAG "names tagName [all]"
#define QUERY "queryId [database=<>] / target=<> [where=<>] [database=<>]"
#define MANY 70

static struct args args;
static struct err err;

/* "name=value" each; NULL at the end. */
static int
take(const char *line, const char *const *texts)
{
	static struct remote_arg list[MANY];
	static char names[MANY][40];
	struct remote_request request = {.args = list};
	size_t n;

	for (n = 0; texts[n] != NULL; n++) {
		(void)snprintf(names[n], sizeof(names[n]), "%.*s",
		    (int)(strcspn(texts[n], "=") % 40), texts[n]);
		list[n].name = names[n];
		list[n].value = strchr(texts[n], '=') + 1;
		list[n].len = strlen(list[n].value);
	}
	request.arg_count = n;
	err_clear(&err);
	return args_read(line, &request, &args, &err);
}
#define TAKE(line, ...) take(line, (const char *const[]){__VA_ARGS__, NULL})

static void
assert_refused(enum err_kind kind, const char *text)
{
	assert_int_equal(err.kind, kind);
	if (strstr(err.text, text) == NULL)
		fail_msg("wanted \"%s\" in: %s", text, err.text);
}

static void
test_names(void **state)
{
	(void)state;
	assert_int_equal(
	    TAKE(TAG, "names=a,b", "tagName=x", ":output=json"), 0);
	assert_string_equal(args_text(&args, "names"), "a,b");
	assert_string_equal(args_text(&args, "tagName"), "x");
	assert_null(args_text(&args, "all"));
	assert_int_equal(args.output, REMOTE_JSON);
	/* As clients spell them. */
	assert_int_equal(TAKE(TAG, "ids=1", "tagID=2"), 0);
	assert_string_equal(args_text(&args, "names"), "1");
	assert_string_equal(args_text(&args, "tagName"), "2");
	assert_int_equal(TAKE(TAG, "NAMES=1", "tagname=2", ":OUTPUT=XML"), 0);
	assert_int_equal(args.output, REMOTE_XML);
	assert_int_equal(TAKE("taskId", "taskName=5"), 0);
	assert_string_equal(args_text(&args, "taskId"), "5");
	assert_int_equal(TAKE("taskName", "taskId=5"), 0);
	assert_string_equal(args_text(&args, "taskName"), "5");
	assert_int_equal(args.output, REMOTE_TERSE);
	/* Not the command's, and no harm. */
	assert_int_equal(TAKE("", "orion.user.security.token=1", "_=17"), 0);
}

static void
test_places(void **state)
{
	(void)state;
	assert_int_equal(TAKE(TAG, "param1=a", "param2=x", "param3=true"), 0);
	assert_string_equal(args_text(&args, "names"), "a");
	assert_string_equal(args_text(&args, "tagName"), "x");
	assert_string_equal(args_text(&args, "all"), "true");
	assert_int_equal(TAKE(TAG, "tagName=x", "param1=a"), 0);
	assert_string_equal(args_text(&args, "names"), "a");
	/* What is by name only has no place. */
	assert_int_equal(TAKE(QUERY, "param1=7", "database=d"), 0);
	assert_string_equal(args_text(&args, "queryId"), "7");
	assert_int_equal(TAKE(QUERY, "param1=7", "param2=d"), -1);
	assert_refused(ERR_INVALID, "param2: not so many");
	assert_int_equal(TAKE(TAG, "param0=a", "tagName=x"), -1);
	assert_refused(ERR_INVALID, "no argument \"param0\"");
	assert_int_equal(TAKE(TAG, "names=a", "param1=b", "tagName=x"), -1);
	assert_refused(ERR_INVALID, "names: given twice");
	assert_int_equal(TAKE(TAG, "names=a", "ids=b", "tagName=x"), -1);
	assert_refused(ERR_INVALID, "names: given twice");
}

static void
test_missing(void **state)
{
	(void)state;
	assert_int_equal(TAKE(TAG, "names=a"), -1);
	assert_refused(ERR_INVALID, "tagName is missing; wanted: " TAG);
	assert_int_equal(TAKE(QUERY, "where=(x)"), -1);
	assert_refused(ERR_INVALID, "queryId is missing");
	assert_int_equal(TAKE(QUERY, "target=T"), 0);
	assert_int_equal(TAKE(QUERY, "queryId=1"), 0);
	/* There and empty is for the command to judge. */
	assert_int_equal(TAKE(TAG, "names=", "tagName=x"), 0);
	assert_null(args_text(&args, "names"));
	assert_true(args_given(&args, "names"));
	assert_false(args_given(&args, "all"));
}

static void
test_refused(void **state)
{
	(void)state;
	assert_int_equal(TAKE(TAG, "names=a", "tagNmae=x"), -1);
	assert_refused(ERR_INVALID, "no argument \"tagNmae\"; near: tagName");
	assert_int_equal(TAKE("", "zzzzzz=x"), -1);
	assert_refused(ERR_INVALID, "there are: none");
	assert_int_equal(TAKE(TAG, "\xff\r=x"), -1);
	assert_refused(ERR_INVALID, "no argument \"\\xFF\\x0D\"");
	assert_int_equal(TAKE("", ":output=html"), -1);
	assert_refused(ERR_INVALID, ":output: wanted");
	assert_int_equal(TAKE(TAG, "names=ab\xc3(", "tagName=x"), -1);
	assert_refused(ERR_INVALID, "names, byte 3: no UTF-8");
}

static void
test_limits(void **state)
{
	static const struct remote_arg nul = {"names", "a\0b", 3};
	const char *texts[MANY + 1];
	struct remote_request request = {.args = &nul, .arg_count = 1};
	struct remote_arg large = {"names", NULL, (1u << 20) + 1};
	char *bytes;
	size_t i;

	(void)state;
	assert_int_equal(args_read("names", &request, &args, &err), -1);
	assert_refused(ERR_INVALID, "names, byte 2: no UTF-8");
	bytes = mem_alloc(large.len + 1);
	memset(bytes, 'a', large.len);
	large.value = bytes;
	request.args = &large;
	err_clear(&err);
	assert_int_equal(args_read("names", &request, &args, &err), -1);
	assert_refused(ERR_LIMIT, "names: longer than 1048576 bytes");
	large.len--;
	bytes[large.len] = '\0';
	assert_int_equal(args_read("names", &request, &args, &err), 0);
	free(bytes);
	for (i = 0; i < REMOTE_ARGS_MAX + 1; i++)
		texts[i] = "_=1";
	texts[i] = NULL;
	assert_int_equal(take("", texts), -1);
	assert_refused(ERR_LIMIT, "more than 64 arguments");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
