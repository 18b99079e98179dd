#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "clock.h"
#include "err.h"
#include "str.h"

static void
test_err_says_what_and_why(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_set(&err, ERR_LIMIT, "too long: %d", 7), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_string_equal(err.text, "too long: 7");
	assert_int_equal(err_context(&err, "device %s", "pc1"), -1);
	assert_string_equal(err.text, "device pc1: too long: 7");
	assert_true(err_is_transient(&err));
	(void)err_set(&err, ERR_PROTOCOL, "half an answer");
	assert_true(err_is_transient(&err));
	(void)err_set(&err, ERR_DENIED, "no");
	assert_false(err_is_transient(&err));
	assert_int_equal(err_errno(&err, EISDIR, "%s", "/"), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(err_errno(&err, 2, "%s", "/nowhere"), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(err.native, 2);
	err_clear(&err);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(err_set(NULL, ERR_BUG, "nobody listens"), -1);
}

static void
test_err_context_keeps_within(void **state)
{
	struct err err;
	int i;

	(void)state;
	(void)err_set(&err, ERR_BUG, "end");
	for (i = 0; i < 100; i++)
		(void)err_context(&err, "another layer of words %d", i);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
test_err_kind_names_are_reversible(void **state)
{
	int kind;

	(void)state;
	for (kind = ERR_NONE; kind <= ERR_BUG; kind++)
		assert_int_equal(
		    err_kind_parse(err_kind_name((enum err_kind)kind)), kind);
	assert_int_equal(err_kind_parse("no-such-kind"), ERR_BUG);
	assert_int_equal(err_kind_parse(NULL), ERR_BUG);
}

static void
test_buf_keeps_its_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(buf_text(&b), "");
	buf_str(&b, "12345");
	buf_printf(&b, "%s", "67890");
	assert_false(b.over);
	buf_char(&b, 'x');
	assert_true(b.over);
	assert_string_equal(buf_text(&b), "1234567890");
	buf_char(&b, 'y');
	assert_int_equal(b.len, 10);
	buf_reset(&b);
	assert_false(b.over);
	buf_xml(&b, "<&>");
	assert_true(b.over); /* 13 characters when escaped */
	buf_free(&b);
	buf_free(&b);
}

static void
test_buf_escapes_xml(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_xml(&b, "a<b>&\"c'd");
	assert_string_equal(buf_text(&b), "a&lt;b&gt;&amp;&quot;c&apos;d");
	buf_free(&b);
}

static void
test_buf_escapes_urls(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_url(&b, "a-b._~/Z9 ,%?", "");
	buf_char(&b, ' ');
	buf_url(&b, "\xc3\xa4/,", "/,");
	assert_string_equal(buf_text(&b), "a-b._~%2FZ9%20%2C%25%3F %C3%A4/,");
	buf_free(&b);
}

static void
test_str_int_takes_whole_numbers_only(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "1x", "0x10", "11",
	    "-1", "99999999999999999999", NULL};
	int64_t n = 77;
	size_t i;

	(void)state;
	assert_int_equal(str_int("10", 0, 10, &n), 0);
	assert_int_equal(n, 10);
	for (i = 0; bad[i] != NULL; i++)
		assert_int_equal(str_int(bad[i], 0, 10, &n), -1);
	assert_int_equal(n, 10);
}

static void
test_base64_vectors(void **state)
{
	/* RFC 4648 section 10. */
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	static const char *const bad[] = {"Z", "Zg",
	    "Zg=", "Zg==Zg==", "Z===", "=Zg=", "Zh==", "Zm9=", "Zm9v!", NULL};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		buf_reset(&b);
		str_base64(
		    &b, (const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(buf_text(&b), pairs[i][1]);
		buf_reset(&b);
		assert_int_equal(str_unbase64(&b, pairs[i][1]), 0);
		assert_string_equal(buf_text(&b), pairs[i][0]);
	}
	buf_reset(&b);
	buf_str(&b, "kept");
	for (i = 0; bad[i] != NULL; i++) {
		assert_int_equal(str_unbase64(&b, bad[i]), -1);
		assert_string_equal(buf_text(&b), "kept");
	}
	buf_reset(&b);
	assert_int_equal(str_unbase64(&b, "Zm9v\r\n YmFy\n"), 0);
	assert_string_equal(buf_text(&b), "foobar");
	buf_free(&b);
}

/* All digits, and lengths around what is decoded at a time. */
static void
test_long_base64(void **state)
{
	uint8_t bytes[600];
	struct buf text, back;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	buf_init(&text, 2000);
	buf_init(&back, sizeof(bytes));
	for (len = 180; len <= sizeof(bytes); len++) {
		buf_reset(&text);
		buf_reset(&back);
		str_base64(&text, bytes, len);
		assert_int_equal(str_unbase64(&back, buf_text(&text)), 0);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, bytes, len);
	}
	buf_reset(&back);
	buf_str(&back, "kept");
	assert_int_equal(str_unbase64(&back, buf_text(&text)), -1);
	assert_string_equal(buf_text(&back), "kept");
	buf_free(&text);
	buf_free(&back);
}

static void
test_hash_of_base64(void **state)
{
	char hash[65] = "before";

	(void)state;
	/* FIPS 180-2's "abc". */
	assert_int_equal(str_base64_sha256("YWJj", 3, hash), 0);
	assert_string_equal(hash,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(str_base64_sha256("YWJj", 2, hash), -1);
	assert_string_equal(hash, "");
	assert_int_equal(str_base64_sha256("", 9, hash), -1);
	assert_int_equal(str_base64_sha256(NULL, 9, hash), -1);
	assert_int_equal(str_base64_sha256("not!base64", 9, hash), -1);
}

static void
test_hex_both_ways(void **state)
{
	const uint8_t bytes[] = {0x00, 0x9f, 0xff};
	uint8_t back[3] = {1, 1, 1};
	char text[7];

	(void)state;
	str_hex(bytes, sizeof(bytes), text);
	assert_string_equal(text, "009fff");
	assert_int_equal(str_unhex("009FfF", back, 3), 0);
	assert_memory_equal(back, bytes, 3);
	assert_int_equal(str_unhex("009ff", back, 3), -1);
	assert_int_equal(str_unhex("009fxx", back, 3), -1);
	assert_int_equal(str_unhex(NULL, back, 3), -1);
}

static void
test_printable_hides_what_terminals_obey(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	str_printable(&b, "a\x1b[2J\n\\", 7, 100);
	assert_string_equal(buf_text(&b), "a\\x1B[2J\\x0A\\x5C");
	buf_reset(&b);
	str_printable(&b, "aaaaaaaaaa", 10, 4);
	assert_string_equal(buf_text(&b), "aaaa...");
	buf_free(&b);
}

static void
test_fqdn_rules(void **state)
{
	static const char *const good[] = {
	    "pc1", "pc1.corp.example", "a-b.c-d", "1.2", NULL};
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "-a",
	    "a-", "a-.b", "a_b", "a b", "a\n", NULL};
	char label[70], *host, *domain;
	size_t i;

	(void)state;
	for (i = 0; good[i] != NULL; i++)
		assert_true(str_is_fqdn(good[i]));
	for (i = 0; bad[i] != NULL; i++)
		assert_false(str_is_fqdn(bad[i]));
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_false(str_is_fqdn(label));
	label[63] = '\0';
	assert_true(str_is_fqdn(label));
	str_split_fqdn("pc1.corp.example", &host, &domain);
	assert_string_equal(host, "pc1");
	assert_string_equal(domain, "corp.example");
	free(host);
	free(domain);
	str_split_fqdn("pc1", &host, &domain);
	assert_string_equal(domain, "");
	free(host);
	free(domain);
}

static void
test_clock_texts(void **state)
{
	char out[CLOCK_TEXT];
	int64_t at = 5;

	(void)state;
	assert_string_equal(clock_text(0, out), "-");
	assert_string_equal(
	    clock_text(1795514400, out), "2026-11-24T10:00:00Z");
	assert_int_equal(clock_parse("2026-11-24T10:00:00Z", &at), 0);
	assert_int_equal(at, 1795514400);
	assert_int_equal(clock_parse("2026-11-24T12:00:00.250+02:00", &at), 0);
	assert_int_equal(at, 1795514400);
	assert_int_equal(clock_parse("2026-11-24 10:00:00", &at), -1);
	assert_int_equal(clock_parse("2026-11-24T10:00:00", &at), -1);
	assert_int_equal(clock_parse("2027-02-29T10:00:00Z", &at), -1);
	assert_int_equal(clock_parse("2028-02-29T10:00:00Z", &at), 0);
	assert_int_equal(clock_parse("2026-11-24T10:00:00+2:00x", &at), -1);
	assert_string_equal(clock_span(0, out), "0s");
	assert_string_equal(clock_span(-725, out), "-12m 5s");
	assert_string_equal(
	    clock_span(3 * CLOCK_DAY + 4 * 3600 + 59, out), "3d 4h");
	assert_string_equal(
	    clock_span(INT64_MIN, out)[0] == '-' ? "-" : "", "-");
}

static void
test_clock_spans(void **state)
{
	static const char *const bad[] = {"", "d", "-1d", "1x", "1dd", "1.5d",
	    " 1d", "999999999999d", "300y", NULL};
	int64_t seconds = 9;
	size_t i;

	(void)state;
	assert_int_equal(clock_parse_span("90", &seconds), 0);
	assert_int_equal(seconds, 90);
	assert_int_equal(clock_parse_span("30d", &seconds), 0);
	assert_int_equal(seconds, 30 * CLOCK_DAY);
	assert_int_equal(clock_parse_span("1y", &seconds), 0);
	assert_int_equal(seconds, 365 * CLOCK_DAY);
	for (i = 0; bad[i] != NULL; i++)
		assert_int_equal(clock_parse_span(bad[i], &seconds), -1);
	assert_int_equal(seconds, 365 * CLOCK_DAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_err_says_what_and_why),
	    cmocka_unit_test(test_err_context_keeps_within),
	    cmocka_unit_test(test_err_kind_names_are_reversible),
	    cmocka_unit_test(test_buf_keeps_its_limit),
	    cmocka_unit_test(test_buf_escapes_xml),
	    cmocka_unit_test(test_buf_escapes_urls),
	    cmocka_unit_test(test_str_int_takes_whole_numbers_only),
	    cmocka_unit_test(test_base64_vectors),
	    cmocka_unit_test(test_long_base64),
	    cmocka_unit_test(test_hash_of_base64),
	    cmocka_unit_test(test_hex_both_ways),
	    cmocka_unit_test(test_printable_hides_what_terminals_obey),
	    cmocka_unit_test(test_fqdn_rules),
	    cmocka_unit_test(test_clock_texts),
	    cmocka_unit_test(test_clock_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
