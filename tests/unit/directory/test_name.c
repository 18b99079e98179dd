/* Names, escapes, times: what goes into the directory and what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "directory_internal.h"
#include "err.h"
#include "secret.h"

static void
escapes(void **state)
{
	static const struct {
		const char *text, *filter, *rdn;
	} cases[] = {
	    {"pc001-iME$", "pc001-iME$", "pc001-iME$"},
	    {"*)(uid=*", "\\2a\\29\\28uid=\\2a", "*)(uid\\=*"},
	    {"a\\b", "a\\5cb", "a\\\\b"},
	    {"#x,y+z", "#x,y+z", "\\#x\\,y\\+z"},
	    {" a ", " a ", "\\ a\\ "},
	    {"<\"a\";>", "<\"a\";>", "\\<\\\"a\\\"\\;\\>"},
	    {"a\nb", "a\nb", "a\\0Ab"},
	    {"", "", ""},
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 256);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		directory_escape_filter(&out, cases[i].text);
		assert_string_equal(buf_text(&out), cases[i].filter);
		buf_reset(&out);
		directory_escape_rdn(&out, cases[i].text);
		assert_string_equal(buf_text(&out), cases[i].rdn);
	}
	buf_free(&out);
}

static void
times(void **state)
{
	int64_t at = -1;

	(void)state;
	assert_int_equal(directory_filetime(0), 0);
	assert_int_equal(directory_filetime(-1), 0);
	assert_int_equal(directory_filetime(INT64_C(116444736000000000)), 0);
	assert_int_equal(
	    directory_filetime(INT64_C(134084502000000000)), 1763976600);
	assert_int_equal(directory_age(INT64_C(-36288000000000)), 42 * 86400);
	assert_int_equal(directory_age(INT64_MIN), 0);
	assert_int_equal(directory_age(0), 0);
	assert_int_equal(directory_parse_time("20261124103000.0Z", &at), 0);
	assert_int_equal(at, 1795516200);
	assert_int_equal(directory_parse_time("19700101000000Z", &at), 0);
	assert_int_equal(at, 0);
	at = 5;
	assert_int_equal(directory_parse_time("2026112410300.0Z", &at), -1);
	assert_int_equal(
	    directory_parse_time("20261124103000.0+0100", &at), -1);
	assert_int_equal(directory_parse_time("", &at), -1);
	assert_int_equal(at, 5);
}

static void
quoted_passwords(void **state)
{
	static const uint8_t want[] = {'"', 0, 'a', 0, '"', 0, 'b', 0, '"', 0};
	struct secret *password;
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, 64);
	password = secret_new("a\"b", 3);
	assert_int_equal(directory_quote_password(&out, password, &err), 0);
	assert_int_equal(out.len, sizeof(want));
	assert_memory_equal(out.data, want, sizeof(want));
	secret_free(password);
	password = secret_new("\xc3\xa4", 2);
	assert_int_equal(directory_quote_password(&out, password, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	secret_free(password);
	password = secret_new("", 0);
	assert_int_equal(directory_quote_password(&out, password, &err), -1);
	secret_free(password);
	password = secret_new("a\0b", 3);
	assert_int_equal(directory_quote_password(&out, password, &err), -1);
	secret_free(password);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(escapes),
	    cmocka_unit_test(times),
	    cmocka_unit_test(quoted_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
