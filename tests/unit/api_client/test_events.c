/* Server-sent events, whatever pieces they come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "events_internal.h"

/* What was said: "NAME N\n" of each event, n being a member of its data. */
struct heard {
	char text[512];
	int enough_at; /* ends with this n; 0: never */
	int fail_at;
};

static int
hear(void *cookie, const char *name, struct json_object *data, struct err *err)
{
	struct heard *h = cookie;
	size_t len = strlen(h->text);
	int n = json_object_get_int(api_client_member(data, "n"));

	(void)snprintf(
	    h->text + len, sizeof(h->text) - len, "%s %d\n", name, n);
	if (n != 0 && n == h->fail_at)
		return err_set(err, ERR_CONFLICT, "not this one");
	return n != 0 && n == h->enough_at ? 1 : 0;
}

/* In pieces of so many bytes. */
static int
take(struct heard *h, const char *text, size_t piece, struct err *err)
{
	const struct api_client_follow to = {.event = hear, .cookie = h};
	struct api_client_events e;
	size_t len = strlen(text), at, n;
	int rc = 0;

	api_client_events_init(&e, &to);
	for (at = 0; rc == 0 && at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		rc = api_client_events_take(&e, text + at, n);
	}
	assert_int_equal(e.enough, rc == 1);
	*err = e.err;
	api_client_events_clear(&e);
	return rc;
}

static void
says(const char *text, const char *wanted)
{
	struct err err;
	size_t piece;

	for (piece = 1; piece < 9; piece++) {
		struct heard h = {.enough_at = 0};

		assert_int_equal(take(&h, text, piece, &err), 0);
		assert_string_equal(h.text, wanted);
	}
}

static void
test_events(void **state)
{
	(void)state;
	says("event: run\ndata: {\"n\":1}\n\n", "run 1\n");
	says("id: 7\ndata:{\"n\":2}\n\n", "message 2\n");
	says(":\n\n:beat\n\nevent: run\n\ndata: {\"n\":3}\n\n", "message 3\n");
	says("event: a\r\ndata: {\"n\":4}\r\n\r\ndata: {\"n\":5}\r\r",
	    "a 4\nmessage 5\n");
	says("data: {\ndata: \"n\": 6\ndata: }\n\n", "message 6\n");
	/* One that was not ended was not said. */
	says("data: {\"n\":1}\n\ndata: {\"n\":2}\n", "message 1\n");
	says("retry: 5\nnothing\nevents: x\ndata\n\n", "");
}

static void
test_enough(void **state)
{
	struct heard h = {.enough_at = 2};
	struct err err;

	(void)state;
	assert_int_equal(take(&h,
			     "data: {\"n\":1}\n\ndata: {\"n\":2}\n\n"
			     "data: {\"n\":3}\n\n",
			     100, &err),
	    1);
	assert_string_equal(h.text, "message 1\nmessage 2\n");
	assert_int_equal(err.kind, ERR_NONE);
}

static void
test_wrong(void **state)
{
	static const char *const texts[] = {
	    "data: 1\n\n", "data: {\"n\":1\n\n", "data: {}{}\n\n"};
	struct heard h = {.fail_at = 1};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(take(&h, texts[i], 3, &err), -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
	assert_string_equal(h.text, "");
	assert_int_equal(take(&h, "data: {\"n\":1}\n\n", 3, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
}

/* A server that never ends a line, or an event. */
static void
test_endless(void **state)
{
	static const char *const pieces[] = {"x", "data: {\"a\":1,\n"};
	const struct api_client_follow to = {.event = hear};
	struct api_client_events e;
	size_t i, n;
	int rc;

	(void)state;
	for (i = 0; i < 2; i++) {
		api_client_events_init(&e, &to);
		for (n = 0, rc = 0; rc == 0; n++) {
			assert_true(n <= 2 * API_CLIENT_EVENT_MAX);
			rc = api_client_events_take(
			    &e, pieces[i], strlen(pieces[i]));
		}
		assert_int_equal(rc, -1);
		assert_int_equal(e.err.kind, ERR_PROTOCOL);
		api_client_events_clear(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events),
	    cmocka_unit_test(test_enough),
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
