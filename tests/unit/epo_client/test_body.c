/* body_internal.h: tests/golden/epo_client/X.body read is X.expected; with
 * AMTKEEPER_GOLDEN=write in the environment these are written anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <dirent.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "body_internal.h"
#include "buf.h"
#include "epo_client.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "str.h"

#define FOLDER TESTS_DIR "/golden/epo_client"
#define TEXT_MAX 65536

static void
show(const struct buf *bytes, struct buf *out)
{
	struct epo_body b = {.ok = false};
	struct err err = {.kind = ERR_NONE};

	if (epo_body_read(bytes->data, bytes->len, &b, &err) != 0)
		buf_printf(out, "%s: %s\n", err_kind_name(err.kind), err.text);
	else if (!b.ok)
		buf_printf(out, "error %lld%s: %s\n", (long long)b.code,
		    epo_body_no_command(&b) ? " (no command)" : "", b.error);
	else
		buf_printf(out, "%s\n",
		    b.value == NULL
			? "(nothing)"
			: json_object_to_json_string_ext(b.value, 0));
	epo_body_clear(&b);
}

static void
read_one(const char *name)
{
	char *path = mem_printf(FOLDER "/%s", name);
	char *wanted =
	    mem_printf(FOLDER "/%.*s.expected", (int)(strlen(name) - 5), name);
	struct buf bytes, found, expected;
	struct err err = {.kind = ERR_NONE};

	buf_init(&bytes, TEXT_MAX);
	buf_init(&found, TEXT_MAX);
	buf_init(&expected, TEXT_MAX);
	assert_int_equal(file_read(path, TEXT_MAX, &bytes, &err), 0);
	show(&bytes, &found);
	if (getenv("AMTKEEPER_GOLDEN") != NULL)
		assert_int_equal(file_write(wanted, found.data, found.len, 0644,
				     false, &err),
		    0);
	assert_int_equal(file_read(wanted, TEXT_MAX, &expected, &err), 0);
	if (!str_eq(buf_text(&found), buf_text(&expected)))
		fail_msg("%s: %s", name, buf_text(&found));
	buf_free(&bytes);
	buf_free(&found);
	buf_free(&expected);
	free(path);
	free(wanted);
}

static void
reads_bodies(void **state)
{
	struct dirent *entry;
	DIR *folder = opendir(FOLDER);
	size_t count = 0, len;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		len = strlen(entry->d_name);
		if (len < 6 || strcmp(entry->d_name + len - 5, ".body") != 0)
			continue;
		read_one(entry->d_name);
		count++;
	}
	(void)closedir(folder);
	assert_true(count >= 22);
}

/* Whatever a whole answer is cut off to is not taken for a shorter one. */
static void
refuses_what_is_cut_off(void **state)
{
	static const char body[] = "OK:\r\n[{\"EPOLeafNode.AutoID\":17},"
				   "{\"EPOLeafNode.AutoID\":18}]";
	struct epo_body b;
	struct err err;
	size_t len;

	(void)state;
	for (len = strlen("OK:\r\n["); len < strlen(body); len++) {
		assert_int_equal(epo_body_read(body, len, &b, &err), -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
	assert_int_equal(epo_body_read(body, len, &b, &err), 0);
	assert_int_equal(json_object_array_length(b.value), 2);
	epo_body_clear(&b);
}

static void
reads_values(void **state)
{
	static const char body[] = "OK:\n[{\"T.Number\":-7,\"T.text\":\" 12\","
				   "\"T.Blank\":\" \",\"T.Null\":null,"
				   "\"T.Nul\":\"a\\u0000b\",\"T.List\":[1],"
				   "\"T.Yes\":true}]";
	struct epo_body b;
	struct json_object *row;
	struct err err;
	int64_t n = 0;

	(void)state;
	assert_int_equal(epo_body_read(body, strlen(body), &b, &err), 0);
	row = json_object_array_get_idx(b.value, 0);
	assert_string_equal(epo_value(row, "T.Number"), "-7");
	assert_int_equal(epo_number(row, "T.Number", &n), 0);
	assert_int_equal(n, -7);
	assert_int_equal(epo_number(row, "T.Text", &n), 0); /* in any case */
	assert_int_equal(n, 12);
	assert_string_equal(epo_value(row, "T.Yes"), "true");
	assert_null(epo_value(row, "T.Blank"));
	assert_null(epo_value(row, "T.Null"));
	assert_null(epo_value(row, "T.Nul"));
	assert_null(epo_value(row, "T.List"));
	assert_null(epo_value(row, "T.Other"));
	assert_null(epo_value(NULL, "T.Other"));
	assert_int_equal(epo_number(row, "T.Yes", &n), -1);
	epo_body_clear(&b);
}

static void
has_limits(void **state)
{
	struct buf deep;
	struct epo_body b;
	struct err err;
	size_t i;

	(void)state;
	buf_init(&deep, 65536);
	buf_str(&deep, "OK:");
	for (i = 0; i < EPO_DEPTH_MAX + 1; i++)
		buf_char(&deep, '[');
	for (i = 0; i < EPO_DEPTH_MAX + 1; i++)
		buf_char(&deep, ']');
	assert_int_equal(epo_body_read(deep.data, deep.len, &b, &err), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	buf_free(&deep);
	buf_init(&deep, 2 * EPO_ROWS_MAX + 64);
	buf_str(&deep, "OK:[1");
	for (i = 0; i < EPO_ROWS_MAX; i++)
		buf_str(&deep, ",1");
	buf_str(&deep, "]");
	assert_int_equal(epo_body_read(deep.data, deep.len, &b, &err), -1);
	assert_non_null(strstr(err.text, "rows"));
	buf_free(&deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_bodies),
	    cmocka_unit_test(refuses_what_is_cut_off),
	    cmocka_unit_test(reads_values),
	    cmocka_unit_test(has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
