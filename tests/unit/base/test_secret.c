#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "secret.h"

static void
test_copy_and_compare(void **state)
{
	struct secret *a = secret_new("pass", 4), *b = secret_copy(a);
	struct secret *c = secret_new("pasS", 4), *d = secret_new("", 0);

	(void)state;
	assert_string_equal(secret_text(b), "pass");
	assert_int_equal(secret_equal(a, b), 1);
	assert_int_equal(secret_equal(a, c), 0);
	assert_int_equal(secret_equal(a, d), 0);
	assert_string_equal(secret_text(d), "");
	secret_free(a);
	secret_free(b);
	secret_free(c);
	secret_free(d);
	secret_free(NULL);
}

static void
test_freed_ones_are_wiped_and_used_again(void **state)
{
	struct secret *a = secret_new("topsecret", 9), *b;
	const uint8_t *where;
	size_t len;

	(void)state;
	where = secret_bytes(a, &len);
	assert_int_equal(len, 9);
	secret_free(a);
	/* The page stays mapped: short ones share it. */
	assert_memory_equal(where, "\0\0\0\0\0\0\0\0\0", 9);
	b = secret_new("x", 1);
	assert_ptr_equal(secret_bytes(b, &len), where);
	secret_free(b);
}

static void
test_many_and_long(void **state)
{
	struct secret *s[200];
	char text[5000];
	size_t i, len;

	(void)state;
	memset(text, 'q', sizeof(text));
	for (i = 0; i < 200; i++)
		s[i] = secret_new(text, i * 25);
	for (i = 0; i < 200; i++) {
		assert_memory_equal(secret_bytes(s[i], &len), text, i * 25);
		assert_int_equal(len, i * 25);
		secret_free(s[i]);
	}
}

static void
test_random_text_uses_the_whole_alphabet(void **state)
{
	static const char alphabet[] = "abcdefghij";
	struct secret *s = secret_random_text(alphabet, 4000);
	size_t seen[10] = {0}, i, len;
	const uint8_t *bytes = secret_bytes(s, &len);

	(void)state;
	assert_int_equal(len, 4000);
	for (i = 0; i < len; i++)
		seen[bytes[i] - 'a']++;
	/* 400 each expected; a tenth of that has no chance. */
	for (i = 0; i < 10; i++)
		assert_true(seen[i] > 250);
	secret_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copy_and_compare),
	    cmocka_unit_test(test_freed_ones_are_wiped_and_used_again),
	    cmocka_unit_test(test_many_and_long),
	    cmocka_unit_test(test_random_text_uses_the_whole_alphabet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
