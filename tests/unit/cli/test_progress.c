/* progress_internal.h: a line for people, a line per tenth for logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"

static void
says_how_far(void **state)
{
	struct progress p = {.total = 10000,
	    .done = 1234,
	    .ok = 1180,
	    .changed = 40,
	    .failed = 14,
	    .started_ms = 1000};
	char text[PROGRESS_TEXT];

	(void)state;
	/* 8766 devices left at 1234 in 123.4 s: 876 s. */
	assert_string_equal(progress_text(&p, 1000 + 123400, text),
	    "1 234/10 000 ok 1 180 changed 40 failed 14 eta 14m 36s");
	/* no guesses */
	p.warm = 1235;
	assert_null(strstr(progress_text(&p, 1000 + 123400, text), "eta"));
	p.warm = 1234;
	assert_non_null(strstr(progress_text(&p, 3000, text), "eta"));
	assert_null(strstr(progress_text(&p, 2999, text), "eta"));
	p.done = p.total;
	assert_null(strstr(progress_text(&p, 1000 + 123400, text), "eta"));
	p.done = 0;
	p.warm = 0;
	assert_string_equal(progress_text(&p, 1000 + 123400, text),
	    "0/10 000 ok 1 180 changed 40 failed 14");
}

static size_t
lines_of(bool terminal, bool quiet, size_t total, char **ret_text)
{
	struct progress p;
	char *at;
	size_t len = 0, lines = 0, i;
	FILE *out = open_memstream(ret_text, &len);

	assert_non_null(out);
	progress_start(&p, out, terminal, quiet, total);
	for (i = 0; i < total; i++) {
		p.done++;
		p.ok++;
		progress_draw(&p, p.started_ms + 1 + (int64_t)i);
	}
	progress_clear(&p);
	fclose(out);
	for (at = *ret_text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	return lines;
}

static void
writes_a_line_per_tenth(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(lines_of(false, false, 1000, &text), 10);
	assert_null(strchr(text, '\r'));
	free(text);
	assert_int_equal(lines_of(false, false, 3, &text), 3);
	free(text);
	assert_int_equal(lines_of(false, true, 1000, &text), 0);
	assert_string_equal(text, "");
	free(text);
}

static void
redraws_on_a_terminal(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(lines_of(true, false, 1000, &text), 0);
	assert_non_null(strstr(text, "\r\033[K1 000/1 000 ok 1 000"));
	/* at most ten a second, and the last */
	assert_true(strlen(text) < 1000);
	assert_string_equal(text + strlen(text) - 4, "\r\033[K");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_how_far),
	    cmocka_unit_test(writes_a_line_per_tenth),
	    cmocka_unit_test(redraws_on_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
