/* passwords_internal.h: a private file of names and passwords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "passwords_internal.h"

static char file[] = "/tmp/amtkeeper-passwords.XXXXXX";
static char said[4096]; /* on stderr by the last call of load() */

static int
set_up(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(file);
}

static void
put(const char *text, mode_t mode)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, mode), 0);
}

/* stderr into said[] until end_capture(). */
static int
start_capture(int fds[2])
{
	int old;

	fflush(stderr);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	old = dup(STDERR_FILENO);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	return old;
}

static void
end_capture(int fds[2], int old)
{
	ssize_t got;

	fflush(stderr);
	assert_true(dup2(old, STDERR_FILENO) >= 0);
	close(old);
	close(fds[1]);
	got = read(fds[0], said, sizeof(said) - 1);
	close(fds[0]);
	said[got < 0 ? 0 : got] = '\0';
}

static struct passwords *
load(const char *text, mode_t mode)
{
	struct passwords *p;
	int fds[2], old;

	put(text, mode);
	old = start_capture(fds);
	p = passwords_load(file);
	end_capture(fds, old);
	return p;
}

static void
finds_by_name(void **state)
{
	struct passwords *p = load("password,name,note\n"
				   "P@ssw0rd3,PC3.corp.example,\n"
				   "P@ssw0rd1,pc1.corp.example,\n"
				   "P@ssw0rd2,pc2.corp.example,\n",
	    0600);
	int fds[2], old;

	(void)state;
	assert_non_null(p);
	assert_string_equal(passwords_find(p, "pc1.corp.example"), "P@ssw0rd1");
	assert_string_equal(passwords_find(p, "pc3.corp.example"), "P@ssw0rd3");
	assert_null(passwords_find(p, "pc4.corp.example"));
	old = start_capture(fds);
	assert_int_equal(passwords_unasked(p), 1);
	end_capture(fds, old);
	assert_non_null(strstr(said, ":4: "));
	assert_non_null(strstr(said, "pc2.corp.example"));
	assert_null(strstr(said, "P@ssw0rd"));
	passwords_free(p);
}

static void
takes_a_heading_alone(void **state)
{
	struct passwords *p = load("name,password\n", 0400);

	(void)state;
	assert_non_null(p);
	assert_null(passwords_find(p, "pc1"));
	assert_int_equal(passwords_unasked(p), 0);
	passwords_free(p);
	passwords_free(NULL);
}

static void
refuses(void **state)
{
	static const struct {
		const char *text, *complaint;
		mode_t mode;
	} cases[] = {
	    {"name,password\na,P@ssw0rd1\n", "others may read", 0640},
	    {"name,password\na,P@ssw0rd1\n", "others may read", 0604},
	    {"", "is empty", 0600},
	    {"a,P@ssw0rd1\n", ":1: the first line must name", 0600},
	    {"name,secret\na,P@ssw0rd1\n", ":1: there is no column", 0600},
	    {"name,password\na b,P@ssw0rd1\n", ":2: name: must be", 0600},
	    {"name,password\n,P@ssw0rd1\n", ":2: name: must be", 0600},
	    {"name,password\na,\n", ":2: password: firmware takes", 0600},
	    {"name,password\na,P@ss:w0rd1\n", ":2: password: has a", 0600},
	    {"name,password\na,P@ssw0rd1,\n", ":2: 3 fields", 0600},
	    {"name,password\nA,P@ssw0rd1\nb,P@ssw0rd1\na,P@ssw0rd1\n",
		":4: name: is on line 2 too", 0600},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(load(cases[i].text, cases[i].mode));
		assert_non_null(strstr(said, cases[i].complaint));
		assert_null(strstr(said, "P@ss"));
	}
}

static void
names_every_bad_line(void **state)
{
	(void)state;
	assert_null(
	    load("name,password\na,short\nb,P@ssw0rd1\n-,P@ssw0rd1\n", 0600));
	assert_non_null(strstr(said, ":2: "));
	assert_null(strstr(said, ":3: "));
	assert_non_null(strstr(said, ":4: "));
}

static void
tells_of_a_missing_file(void **state)
{
	int fds[2], old = start_capture(fds);
	struct passwords *p = passwords_load("/tmp/amtkeeper-no-such-file");

	(void)state;
	end_capture(fds, old);
	assert_null(p);
	assert_non_null(strstr(said, "No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_by_name),
	    cmocka_unit_test(takes_a_heading_alone),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(names_every_bad_line),
	    cmocka_unit_test(tells_of_a_missing_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
