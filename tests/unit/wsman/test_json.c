#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "wsman.h"

#define GOLDEN TESTS_DIR "/golden/wsman/"

static void
load(struct buf *b, const char *name, const char *suffix)
{
	struct err err = {0};
	char path[512];

	snprintf(path, sizeof(path), GOLDEN "%s.%s", name, suffix);
	if (file_read(path, XML_MAX_BYTES, b, &err) != 0)
		fail_msg("%s", err.text);
}

/* Each NAME.xml becomes NAME.json. */
static void
matches_golden(void **state)
{
	static const char *const names[] = {"get", "pull", "pull_empty",
	    "created", "duplicate", "datetime", "fault", "deleted",
	    "polymorphic"};
	struct json_object *got, *want;
	struct buf in, out, expected;
	struct err err;
	size_t i;

	(void)state;
	buf_init(&in, XML_MAX_BYTES);
	buf_init(&out, XML_MAX_BYTES);
	buf_init(&expected, XML_MAX_BYTES);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_reset(&in);
		buf_reset(&out);
		buf_reset(&expected);
		load(&in, names[i], "xml");
		load(&expected, names[i], "json");
		err_clear(&err);
		if (wsman_to_json(in.data, in.len, &out, &err) != 0)
			fail_msg("%s: %s", names[i], err.text);
		got = json_tokener_parse(buf_text(&out));
		want = json_tokener_parse(buf_text(&expected));
		assert_non_null(want);
		if (!json_object_equal(got, want))
			fail_msg("%s: %s", names[i], buf_text(&out));
		json_object_put(got);
		json_object_put(want);
	}
	buf_free(&in);
	buf_free(&out);
	buf_free(&expected);
}

/* Any prefix of an answer is not understood, and leaves out as it was. */
static void
refuses_truncated(void **state)
{
	struct buf in, out;
	struct err err;
	size_t len;

	(void)state;
	buf_init(&in, XML_MAX_BYTES);
	buf_init(&out, XML_MAX_BYTES);
	load(&in, "datetime", "xml");
	buf_str(&out, "kept");
	for (len = 0; len < in.len; len++) {
		err_clear(&err);
		assert_int_equal(wsman_to_json(in.data, len, &out, &err), -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
	assert_string_equal(buf_text(&out), "kept");
	buf_free(&in);
	buf_free(&out);
}

static void
refuses_what_does_not_fit(void **state)
{
	struct err err = {0};
	struct buf in, out;

	(void)state;
	buf_init(&in, XML_MAX_BYTES);
	buf_init(&out, 50);
	load(&in, "get", "xml");
	assert_int_equal(wsman_to_json(in.data, in.len, &out, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(out.len, 0);
	buf_free(&in);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(matches_golden),
	    cmocka_unit_test(refuses_truncated),
	    cmocka_unit_test(refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
