#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "fault.h"
#include "file.h"
#include "secret.h"

static char folder[64];

static const char *
path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/amtkeeper-file.XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(path_of("a"));
	(void)rmdir(path_of("x/y"));
	(void)rmdir(path_of("x"));
	/* Fails when anything was left beside: that is the test. */
	return rmdir(folder);
}

static void
test_write_read_back(void **state)
{
	struct buf b;
	struct err err;
	struct stat st;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(
	    file_write(path_of("a"), "hello", 5, 0640, false, &err), 0);
	assert_int_equal(file_read(path_of("a"), 100, &b, &err), 0);
	assert_string_equal(buf_text(&b), "hello");
	assert_int_equal(stat(path_of("a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	buf_reset(&b);
	assert_int_equal(file_read(path_of("a"), 4, &b, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(file_read(path_of("none"), 4, &b, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	buf_free(&b);
}

static void
test_secrets_are_read_from_private_files_only(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0666};
	struct buf b;
	struct err err;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(
		    file_write(path_of("a"), "hello", 5, modes[i], false, &err),
		    0);
		assert_int_equal(
		    file_read_private(path_of("a"), 100, &b, &err), -1);
		assert_int_equal(err.kind, ERR_DENIED);
		assert_int_equal(b.len, 0);
	}
	assert_int_equal(
	    file_write(path_of("a"), "hello", 5, 0600, false, &err), 0);
	assert_int_equal(file_read_private(path_of("a"), 100, &b, &err), 0);
	assert_string_equal(buf_text(&b), "hello");
	buf_free(&b);
}

static void
test_exclusive_write_keeps_what_is_there(void **state)
{
	struct buf b;
	struct err err;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(
	    file_write(path_of("a"), "one", 3, 0600, true, &err), 0);
	assert_int_equal(
	    file_write(path_of("a"), "two", 3, 0600, true, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(file_read(path_of("a"), 100, &b, &err), 0);
	assert_string_equal(buf_text(&b), "one");
	buf_free(&b);
}

static void
test_mkdirs(void **state)
{
	struct err err;
	struct stat st;

	(void)state;
	assert_int_equal(file_mkdirs(path_of("x/y"), 0700, &err), 0);
	assert_int_equal(file_mkdirs(path_of("x/y/"), 0700, &err), 0);
	assert_int_equal(stat(path_of("x/y"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(file_write(path_of("a"), "", 0, 0600, false, &err), 0);
	assert_int_equal(file_mkdirs(path_of("a"), 0700, &err), -1);
	assert_int_equal(file_mkdirs(path_of("a/b"), 0700, &err), -1);
}

#ifdef AMTKEEPER_FAULTS
/* Killed before the rename: the old content is there, whole. */
static void
test_crash_leaves_the_old_content(void **state)
{
	struct buf b;
	struct err err;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(
	    file_write(path_of("a"), "old", 3, 0600, false, &err), 0);
	pid = fork();
	if (pid == 0) {
		fault_arm("file.write.before-rename", 1);
		(void)file_write(path_of("a"), "new", 3, 0600, false, &err);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), FAULT_EXIT);
	buf_init(&b, 100);
	assert_int_equal(file_read(path_of("a"), 100, &b, &err), 0);
	assert_string_equal(buf_text(&b), "old");
	buf_free(&b);
	assert_int_equal(system("rm -f /tmp/amtkeeper-file.*/a.*"), 0);
}
#endif

static void
test_secret_file_must_be_private(void **state)
{
	struct secret *s;
	struct err err;

	(void)state;
	assert_int_equal(
	    file_write(path_of("a"), "pass\nmore", 9, 0600, false, &err), 0);
	s = secret_from_file(path_of("a"), &err);
	assert_non_null(s);
	assert_string_equal(secret_text(s), "pass");
	secret_free(s);
	assert_int_equal(chmod(path_of("a"), 0644), 0);
	assert_null(secret_from_file(path_of("a"), &err));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_null(strstr(err.text, "pass\n"));
	assert_int_equal(chmod(path_of("a"), 0600), 0);
	assert_int_equal(
	    file_write(path_of("a"), "\n", 1, 0600, false, &err), 0);
	assert_null(secret_from_file(path_of("a"), &err));
	assert_int_equal(err.kind, ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_write_read_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_exclusive_write_keeps_what_is_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_secrets_are_read_from_private_files_only, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(test_mkdirs, set_up, tear_down),
#ifdef AMTKEEPER_FAULTS
	    cmocka_unit_test_setup_teardown(
		test_crash_leaves_the_old_content, set_up, tear_down),
#endif
	    cmocka_unit_test_setup_teardown(
		test_secret_file_must_be_private, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
