/* SRV answers, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"

#define QUESTION "\1q\0\0\x21\0\1" /* q, SRV, IN */
/* Name by pointer to the question, SRV, IN, TTL 60, length, RDATA. */
#define RECORD(length, rdata) "\xc0\x0c\0\x21\0\1\0\0\0\x3c\0" length rdata
#define HEADER(answers) "\0\1\x81\x80\0\1\0" answers "\0\0\0\0"

#define ANSWER(...) (const uint8_t *)(__VA_ARGS__), sizeof(__VA_ARGS__) - 1

static void
best_first(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	/* priority 10; then priority 0 with weights 10 and 100 */
	assert_int_equal(directory_parse_srv(
			     ANSWER(HEADER("\3") QUESTION RECORD("\x0d",
				 "\0\x0a\0\x64\1\x85\3far\1x\0") RECORD("\x0e",
				 "\0\0\0\x0a\1\x85\4weak\1x\0") RECORD("\x10",
				 "\0\0\0\x64\1\x85\6strong\1x\0")),
			     &out),
	    0);
	assert_string_equal(buf_text(&out), "strong.x weak.x far.x");
	buf_free(&out);
}

static void
nothing_usable(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	assert_int_equal(directory_parse_srv(ANSWER(""), &out), -1);
	assert_int_equal(
	    directory_parse_srv(ANSWER(HEADER("\0") QUESTION), &out), -1);
	/* "." says that the service is not there (RFC 2782). */
	assert_int_equal(
	    directory_parse_srv(
		ANSWER(HEADER("\1") QUESTION RECORD("\7", "\0\0\0\0\0\0\0")),
		&out),
	    -1);
	/* cut short */
	assert_int_equal(
	    directory_parse_srv(
		ANSWER(HEADER("\1") QUESTION RECORD("\x20", "\0\0")), &out),
	    -1);
	/* a name that points at itself */
	assert_int_equal(
	    directory_parse_srv(ANSWER(HEADER("\1") QUESTION RECORD(
				    "\x8", "\0\0\0\0\0\0\xc0\x25")),
		&out),
	    -1);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(best_first),
	    cmocka_unit_test(nothing_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
