/* A program to its end: what it says where, and how it is stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "clock.h"
#include "err.h"
#include "process.h"

#define FOREVER_MS 600000

struct said {
	struct buf out, errors;
	int code, rc;
	struct err err;
};

static void
run(char *text, size_t errors_max, const int *stop, struct said *s)
{
	static char shell[] = "/bin/sh", option[] = "-c";
	static char path[] = "PATH=/usr/bin:/bin";
	char *argv[] = {shell, option, text, NULL}, *env[] = {path, NULL};
	const struct process p = {.argv = argv,
	    .env = env,
	    .timeout_ms = FOREVER_MS,
	    .errors = &s->errors,
	    .stop = stop,
	    .session = true};

	memset(s, 0, sizeof(*s));
	buf_init(&s->out, 1000);
	buf_init(&s->errors, errors_max);
	s->rc = process_run(&p, &s->out, &s->code, &s->err);
}

static void
clear(struct said *s)
{
	buf_free(&s->out);
	buf_free(&s->errors);
}

static void
test_two_outputs(void **state)
{
	char text[] = "echo a; echo b >&2; echo c; echo d >&2; exit 3";
	struct said s;

	(void)state;
	run(text, 1000, NULL, &s);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.code, 3);
	assert_string_equal(buf_text(&s.out), "a\nc\n");
	assert_string_equal(buf_text(&s.errors), "b\nd\n");
	clear(&s);
}

/* One that complains without end is not the worse for it. */
static void
test_many_errors(void **state)
{
	char text[] = "i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; "
		      "i=$((i+1)); done; echo done";
	struct said s;

	(void)state;
	run(text, 5000, NULL, &s);
	assert_int_equal(s.rc, 0);
	assert_string_equal(buf_text(&s.out), "done\n");
	assert_true(s.errors.len <= 5000);
	clear(&s);
}

static void
test_stop(void **state)
{
	char text[] = "sleep 1000";
	int64_t start = clock_mono_ms();
	int stop = eventfd(1, EFD_CLOEXEC);
	struct said s;

	(void)state;
	assert_true(stop >= 0);
	run(text, 1000, &stop, &s);
	assert_int_equal(s.rc, -1);
	assert_int_equal(s.err.kind, ERR_CANCELLED);
	assert_true(clock_mono_ms() - start < FOREVER_MS);
	clear(&s);
	(void)close(stop);
}

/* Gone, or waited for by nobody. */
static bool
is_dead(const char *pid)
{
	char path[64], line[256] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0'; /* it went while we looked */
	(void)fclose(f);
	return line[0] == '\0' || strstr(line, ") Z ") != NULL;
}

/* What it started in a group of its own does not stay. */
static void
test_session(void **state)
{
	char text[] = "bash -c 'set -m; sleep 1000 & echo $!'";
	int64_t start = clock_mono_ms();
	struct said s;

	(void)state;
	run(text, 1000, NULL, &s);
	assert_int_equal(s.rc, 0);
	s.out.data[strcspn(buf_text(&s.out), "\n")] = '\0';
	while (!is_dead(buf_text(&s.out)))
		assert_true(clock_mono_ms() - start < FOREVER_MS);
	clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_outputs),
	    cmocka_unit_test(test_many_errors),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
