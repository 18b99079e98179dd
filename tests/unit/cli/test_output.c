/* output_internal.h: readers that go away, are slow, or have no room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output.h"

#define PATIENCE_S 60
#define LINES 20000

static void
write_lines(struct outflow *o)
{
	int i;

	for (i = 0; i < LINES; i++)
		(void)fprintf(outflow_file(o), "line %d\n", i);
}

/* In a child: is what comes out of fd the lines, and nothing more? */
static int
reads_lines(int fd)
{
	FILE *in = fdopen(fd, "r");
	char line[32], wanted[32];
	int i;

	for (i = 0; i < LINES; i++) {
		(void)snprintf(wanted, sizeof(wanted), "line %d\n", i);
		if (fgets(line, sizeof(line), in) == NULL ||
		    strcmp(line, wanted) != 0)
			return 1;
	}
	return fgets(line, sizeof(line), in) == NULL ? 0 : 2;
}

static void
keeps_what_nobody_takes(void **state)
{
	struct outflow *o;
	int ends[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	o = outflow_new(ends[1]);
	(void)alarm(PATIENCE_S); /* it would wait for ever */
	write_lines(o);
	assert_int_equal(outflow_error(o), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(ends[1]);
		_exit(reads_lines(ends[0]));
	}
	(void)close(ends[0]);
	assert_int_equal(outflow_end(o), 0);
	(void)close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)alarm(0);
	assert_int_equal(status, 0);
}

static void
tells_of_a_reader_that_left(void **state)
{
	struct outflow *o;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_false(output_unread(ends[1]));
	o = outflow_new(ends[1]);
	(void)fputs("one\n", outflow_file(o));
	assert_int_equal(outflow_error(o), 0);
	(void)close(ends[0]);
	assert_true(output_unread(ends[1]));
	(void)fputs("two\n", outflow_file(o));
	assert_int_equal(outflow_error(o), EPIPE);
	(void)fputs("three\n", outflow_file(o));
	assert_int_equal(outflow_end(o), EPIPE);
	(void)close(ends[1]);
}

static void
tells_of_a_full_disk(void **state)
{
	int full = open("/dev/full", O_WRONLY);
	struct outflow *o;

	(void)state;
	assert_true(full >= 0);
	assert_false(output_unread(full));
	o = outflow_new(full);
	(void)fputs("without an end of line", outflow_file(o));
	assert_int_equal(outflow_error(o), 0);
	assert_int_equal(outflow_end(o), ENOSPC);
	(void)close(full);
}

/* A file opened after output_init() is never one of the standard ones. */
static void
guards_closed_descriptors(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(STDIN_FILENO);
		(void)close(STDOUT_FILENO);
		output_init();
		_exit(open("/dev/null", O_WRONLY) > STDERR_FILENO &&
			    write(STDOUT_FILENO, "x", 1) == -1 && errno == EBADF
			? 0
			: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_what_nobody_takes),
	    cmocka_unit_test(tells_of_a_reader_that_left),
	    cmocka_unit_test(tells_of_a_full_disk),
	    cmocka_unit_test(guards_closed_descriptors),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
