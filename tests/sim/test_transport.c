#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_internal.h"
#include "pac_internal.h"
#include "rules_internal.h"
#include "spnego_internal.h"
#include "words_internal.h"

/* What the transport parses, fed with what nobody should send. */

static enum http_progress
parse(const char *text, struct http_request *r)
{
	const char *problem = NULL;
	enum http_progress progress =
	    http_parse(text, strlen(text), r, &problem);

	if (progress == HTTP_BAD)
		assert_non_null(problem);
	return progress;
}

static void
whole_requests(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(parse("POST /wsman HTTP/1.1\r\nHost: x\r\n"
			       "content-length:  4 \r\n\r\nabcdGET",
			     &r),
	    HTTP_WHOLE);
	assert_string_equal(r.method, "POST");
	assert_string_equal(r.path, "/wsman");
	assert_int_equal(r.body.len, 4);
	assert_memory_equal(r.body.data, "abcd", 4);
	assert_int_equal(r.size,
	    strlen("POST /wsman HTTP/1.1\r\nHost: x\r\n"
		   "content-length:  4 \r\n\r\nabcd"));
	http_request_free(&r);
	assert_int_equal(parse("POST /wsman HTTP/1.1\r\nHost: x\r\n"
			       "Authorization: Digest a=b\r\n"
			       "Connection: close\r\n"
			       "Transfer-Encoding: chunked\r\n\r\n"
			       "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
			     &r),
	    HTTP_WHOLE);
	assert_string_equal(r.authorization, "Digest a=b");
	assert_true(r.close);
	assert_string_equal(r.body.data, "abc0123456789");
	http_request_free(&r);
}

/* Every beginning of a good request is no request yet. */
static void
parts_of_requests(void **state)
{
	static const char text[] = "POST /wsman HTTP/1.1\r\nHost: x\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n"
				   "3\r\nabc\r\n0\r\n\r\n";
	const char *problem;
	struct http_request r;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(
		    http_parse(text, len, &r, &problem), HTTP_MORE);
}

static void
bad_requests(void **state)
{
	static const char *const bad[] = {
	    "\r\n\r\n",
	    "POST\r\n\r\n",
	    "POST /wsman HTTP/2\r\nHost: x\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\nHost: x\nEvil: y\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: gzip, chunked\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
	    "POST /wsman HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
	};
	struct http_request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &r), HTTP_BAD);
}

static void
base64_and_hex(void **state)
{
	static const char *const bad[] = {
	    "a", "ab=", "abcde", "ab=c", "a===", "ab cd", "====", "abc\n"};
	struct text t = {.data = NULL};
	uint8_t bytes[8];
	size_t len, i;

	(void)state;
	text_base64(&t, "\x00\xff\x10 ", 4);
	assert_string_equal(t.data, "AP8QIA==");
	assert_int_equal(unbase64(t.data, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(bytes, "\x00\xff\x10 ", 4);
	text_free(&t);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    unbase64(bad[i], bytes, sizeof(bytes), &len), -1);
	assert_int_equal(unbase64("AAAAAAAAAAAAAAAA", bytes, 8, &len), -1);
	assert_int_equal(unhex("00fG", bytes, 2), -1);
	assert_int_equal(unhex("00f", bytes, 1), -1);
}

static void
methods(void **state)
{
	static const char head[] =
	    "<s:Header><a:Action s:mustUnderstand=\"true\">";
	struct text t = {.data = NULL};
	char name[64];

	(void)state;
	text_addf(&t,
	    "%s http://x/AMT_Y/Do </a:Action><w:ResourceURI>http://x/AMT_Y"
	    "</w:ResourceURI>",
	    head);
	rules_method(t.data, name);
	assert_string_equal(name, "AMT_Y.Do");
	text_free(&t);
	rules_method("", name);
	assert_string_equal(name, "");
	rules_method("<Action", name);
	assert_string_equal(name, "");
}

static void
rules(void **state)
{
	static const char *const bad[] = {"", "pc0", "pc0 *", "pc0 * bang",
	    "pc0 * delay", "pc0 * delay x", "pc0 * refuse 0",
	    "pc0 * status 600", "pc0 * 401 times", "pc0 * 401 times -1",
	    "pc0 * 401 later"};
	struct rules *r = must_calloc(1, sizeof(*r));
	const char *problem;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rules_add(r, bad[i], &problem), -1);
	assert_int_equal(r->count, 0);
	assert_int_equal(
	    rules_add(r, " pc0* AMT_*  delay 20 after 3 times 2", &problem), 0);
	assert_int_equal(r->list[0].action, RULE_DELAY);
	assert_int_equal(r->list[0].argument, 20);
	assert_int_equal(r->list[0].after, 3);
	assert_int_equal(r->list[0].times, 2);
	free(r);
}

/* Nothing in noise, however much it begins like the real thing, may be read
 * beyond its end: the sanitizers watch. */
static void
noise(void **state)
{
	struct dice dice = dice_new(1, 2, 3);
	struct pac_sids *sids = must_calloc(1, sizeof(*sids));
	static const uint8_t start[] = {0x60, 0x40, 0x06, 0x06, 0x2b, 6, 1, 5,
	    5, 2, 0xa0, 0x30, 0x30, 0x2e, 0xa0, 0x0d};
	struct spnego_request request;
	uint8_t *data, *fitting;
	size_t i, len;

	(void)state;
	for (i = 0; i < 20000; i++) {
		len = dice_below(&dice, 600);
		data = must_calloc(1, len + 1);
		dice_bytes(&dice, data, len);
		if (len >= sizeof(start))
			memcpy(data, start, dice_below(&dice, sizeof(start)));
		fitting = realloc(data, len == 0 ? 1 : len);
		assert_non_null(fitting);
		data = fitting;
		(void)spnego_open(data, len, &request);
		if (len > 60 && dice_below(&dice, 2) == 0)
			memset(
			    data + 20, 0, dice_below(&dice, 4) * 50 % len / 2);
		(void)pac_sids(data, len, sids);
		assert_true(sids->count <= PAC_MAX_SIDS);
		free(data);
	}
	free(sids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_requests),
	    cmocka_unit_test(parts_of_requests),
	    cmocka_unit_test(bad_requests),
	    cmocka_unit_test(base64_and_hex),
	    cmocka_unit_test(methods),
	    cmocka_unit_test(rules),
	    cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
