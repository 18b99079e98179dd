/* What an event is as RFC 5424, CEF and CloudEvents; names that would break
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "forward_internal.h"
#include "mem.h"
#include "secret.h"
#include "utf8.h"

#define AT INT64_C(1795500000) /* 2026-11-24T06:00:00Z */
#define OVERRIDE "\xe2\x80\xae"

static const struct forward_origin origin = {
    .host = "amt.corp.example", .pid = 77};

static struct store_event
some_event(void)
{
	const struct store_event e = {.id = 42,
	    .at = AT,
	    .device = 7,
	    .name = "pc1.corp.example",
	    .kind = "run.finished",
	    .actor = "serve",
	    .detail = "{\"play\":\"sync-clock\",\"outcome\":\"changed\"}"};

	return e;
}

static char *
syslog_of(const struct store_event *event, bool cef, size_t max)
{
	const struct forward_syslog how = {
	    .facility = 13, .cef = cef, .max = max};
	struct forward_event e;
	struct buf out;
	char *text;

	buf_init(&out, 4 * FORWARD_EVENT_MAX);
	forward_event_read(event, &e);
	forward_syslog(&out, &origin, &how, &e);
	forward_event_clear(&e);
	assert_false(out.over);
	assert_int_equal(strlen(buf_text(&out)), out.len);
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

static void
is_syslog(
    const struct store_event *event, bool cef, size_t max, const char *wanted)
{
	char *text = syslog_of(event, cef, max);

	assert_string_equal(text, wanted);
	free(text);
}

static void
as_syslog(void **state)
{
	struct store_event e = some_event();

	(void)state;
	is_syslog(&e, false, FORWARD_EVENT_MAX,
	    "<110>1 2026-11-24T06:00:00Z amt.corp.example amtkeeper 77 "
	    "run.finished [amtkeeper@32473 id=\"42\" class=\"1101\" "
	    "kind=\"run.finished\" device=\"pc1.corp.example\" actor=\"serve\" "
	    "task=\"sync-clock\" outcome=\"changed\"] \xef\xbb\xbfTask ended on "
	    "a device: pc1.corp.example "
	    "{\"play\":\"sync-clock\",\"outcome\":\"changed\"}");
	e.detail = "{\"outcome\":\"failed\",\"error\":\"a]b\"}";
	is_syslog(&e, false, FORWARD_EVENT_MAX,
	    "<108>1 2026-11-24T06:00:00Z amt.corp.example amtkeeper 77 "
	    "run.finished [amtkeeper@32473 id=\"42\" class=\"1101\" "
	    "kind=\"run.finished\" device=\"pc1.corp.example\" actor=\"serve\" "
	    "outcome=\"failed\" error=\"a\\]b\"] \xef\xbb\xbfTask ended on a "
	    "device: pc1.corp.example "
	    "{\"outcome\":\"failed\",\"error\":\"a]b\"}");
}

static void
as_cef(void **state)
{
	struct store_event e = some_event();

	(void)state;
	is_syslog(&e, true, FORWARD_EVENT_MAX,
	    "<110>1 2026-11-24T06:00:00Z amt.corp.example amtkeeper 77 "
	    "run.finished - CEF:0|amtkeeper|amtkeeper|" FORWARD_VERSION
	    "|1101|Task ended on a device|2|rt=1795500000000 externalId=42 "
	    "cat=run.finished dhost=pc1.corp.example suser=serve "
	    "outcome=changed cs1Label=task cs1=sync-clock cs2Label=detail "
	    "cs2={\"play\":\"sync-clock\",\"outcome\":\"changed\"}");
	e.kind = "no.such|kind";
	e.name = "a=b|c\\d\n<x>" OVERRIDE;
	e.detail = "[]";
	is_syslog(&e, true, FORWARD_EVENT_MAX,
	    "<109>1 2026-11-24T06:00:00Z amt.corp.example amtkeeper 77 "
	    "no.such|kind - CEF:0|amtkeeper|amtkeeper|" FORWARD_VERSION
	    "|1000|Event|4|rt=1795500000000 externalId=42 cat=no.such|kind "
	    "dhost=a\\=b|c\\\\d\\\\x0a<x>\\\\xe2\\\\x80\\\\xae suser=serve "
	    "cs2Label=detail cs2=[]");
}

/* No name ends a parameter, a message or the header. */
static void
names_stay_within(void **state)
{
	struct store_event e = some_event();
	char *text;

	(void)state;
	e.name = "x\"] [evil@1 a=\"b\\\r\n<0>1 - - - - - -\xff";
	e.kind = "kind with blanks\nand lines that are much too long";
	text = syslog_of(&e, false, FORWARD_EVENT_MAX);
	assert_null(strpbrk(text, "\r\n\xff"));
	assert_non_null(strstr(text,
	    " kindwithblanksandlinesthataremuc [amtkeeper@32473 id=\"42\""));
	assert_non_null(strstr(text,
	    "device=\"x\\\"\\] [evil@1 a=\\\"b\\\\\\\\x0d\\\\x0a<0>1 - - - - - "
	    "-\\\\xff\""));
	free(text);
}

/* Cut, and still UTF-8. */
static void
long_ones_are_cut(void **state)
{
	struct store_event e = some_event();
	char *detail = mem_alloc(60001), *text;
	uint32_t point;
	size_t i, len, left;
	const char *at;

	(void)state;
	for (i = 0; i + 2 < 60000; i += 2)
		memcpy(detail + i, "\xc3\xa4", 2);
	e.detail = detail;
	for (i = 0; i < 8; i++) {
		e.actor = i < 4 ? "serve" : "serve1"; /* odd and even */
		text = syslog_of(&e, i % 4 > 1,
		    i % 2 == 0 ? FORWARD_DATAGRAM_MAX : FORWARD_EVENT_MAX);
		left = strlen(text);
		assert_true(left <=
		    (i % 2 == 0 ? FORWARD_DATAGRAM_MAX : FORWARD_EVENT_MAX));
		assert_true(left > FORWARD_DATAGRAM_MAX - 8);
		for (at = text; left > 0; at += len, left -= len) {
			len = utf8_next(at, left, &point);
			assert_true(len > 0);
		}
		free(text);
	}
	free(detail);
}

static void
as_cloud_event(void **state)
{
	struct store_event e = some_event();
	struct json_object *object, *value;
	struct forward_event read;
	struct buf out;

	(void)state;
	e.name = "pc\"1\xff" OVERRIDE;
	buf_init(&out, FORWARD_BODY_MAX);
	forward_event_read(&e, &read);
	forward_cloud(&out, &origin, &read);
	forward_event_clear(&read);
	assert_string_equal(buf_text(&out),
	    "{\"specversion\":\"1.0\",\"id\":\"42\",\"source\":"
	    "\"//amt.corp.example/amtkeeper\",\"type\":"
	    "\"amtkeeper.run.finished\",\"subject\":"
	    "\"pc\\\"1\\\\xff\\\\xe2\\\\x80\\\\xae\",\"time\":"
	    "\"2026-11-24T06:00:00Z\",\"datacontenttype\":\"application/json\","
	    "\"severity\":\"info\",\"eventclass\":1101,\"data\":{\"device\":"
	    "\"pc\\\"1\\\\xff\\\\xe2\\\\x80\\\\xae\",\"actor\":\"serve\","
	    "\"kind\":\"run.finished\",\"title\":\"Task ended on a device\","
	    "\"detail\":{\"play\":\"sync-clock\",\"outcome\":\"changed\"}}}");
	object = json_tokener_parse(buf_text(&out));
	assert_true(json_object_object_get_ex(object, "data", &value));
	json_object_put(object);
	buf_free(&out);
}

/* The example that Standard Webhooks' libraries are tested with. */
static void
signs(void **state)
{
	static const char body_text[] = "{\"test\": 2432232314}";
	static const char key[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	struct secret *secret = secret_new(key, strlen(key)), *plain;
	struct buf body, out;

	(void)state;
	buf_init(&body, 100);
	buf_init(&out, 200);
	buf_str(&body, body_text);
	forward_webhook_sign(
	    &out, secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, &body);
	assert_string_equal(
	    buf_text(&out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	buf_reset(&out);
	plain = secret_new("key", 3);
	forward_webhook_sign(&out, plain, "1", 2, &body);
	/* printf '1.2.{"test": 2432232314}' | openssl dgst -sha256 -hmac key
	 * -binary | base64 */
	assert_string_equal(
	    buf_text(&out), "v1,GK51Loc/EmKUxUiLYoH2qHLEnC5OTChfcMjFcCD+E3w=");
	buf_free(&body);
	buf_free(&out);
	secret_free(secret);
	secret_free(plain);
}

static void
targets(void **state)
{
	static const struct {
		const char *to, *host, *port;
	} good[] = {{"udp://siem", "siem", "514"},
	    {"tcp://192.0.2.1:99", "192.0.2.1", "99"},
	    {"tls://[2001:db8::1]", "2001:db8::1", "6514"},
	    {"tls://[2001:db8::1]:7", "2001:db8::1", "7"}};
	static const char *const bad[] = {"siem", "tls://", "tls://:514",
	    "tls://a:0", "tls://a:65536", "tls://a:b", "tls://[::1", "ftp://a",
	    "tls://[::1]x", "udp://u@h", "tls://a:1:2"};
	struct forward_target t;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(forward_target(good[i].to, &t, &err), 0);
		assert_string_equal(t.host, good[i].host);
		assert_string_equal(t.port, good[i].port);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(forward_target(bad[i], &t, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

/* Doubled, or as long as the receiver asks for; never beyond retry_most. */
static void
waits_as_asked(void **state)
{
	const struct conf_forward f = {.retry_first = 2, .retry_most = 300};

	(void)state;
	assert_int_equal(forward_pause(&f, 1, 0), 2);
	assert_int_equal(forward_pause(&f, 3, 0), 8);
	assert_int_equal(forward_pause(&f, 100, 0), 300);
	assert_int_equal(forward_pause(&f, 1, 60), 60);
	assert_int_equal(forward_pause(&f, 6, 60), 64);
	assert_int_equal(forward_pause(&f, 1, 86400), 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_syslog),
	    cmocka_unit_test(as_cef),
	    cmocka_unit_test(names_stay_within),
	    cmocka_unit_test(long_ones_are_cut),
	    cmocka_unit_test(as_cloud_event),
	    cmocka_unit_test(signs),
	    cmocka_unit_test(targets),
	    cmocka_unit_test(waits_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
