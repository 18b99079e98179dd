#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "simulator.h"

#define MAX_OPTIONS 32
#define PATH 128
#define TEXT (64 * 1024)

struct simulator {
	const char *program;
	pid_t pid;
	int port;
	char folder[PATH];
	char control[PATH], fleet[PATH];
	char text[TEXT];
};

static void
run_child(const char *program, const char *const *argv, int out)
{
	char *copy[MAX_OPTIONS + 1];
	size_t i;

	for (i = 0; i < MAX_OPTIONS && argv[i] != NULL; i++)
		copy[i] = strdup(argv[i]);
	copy[i] = NULL;
	if (out >= 0)
		(void)dup2(out, STDOUT_FILENO);
	(void)execv(program, copy);
	_exit(127);
}

static size_t
read_all(int fd, char *out, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (
	    used < size - 1 && (n = read(fd, out + used, size - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	return used;
}

struct simulator *
simulator_start(const char *program, size_t devices, const char *const *options)
{
	struct simulator *s = calloc(1, sizeof(*s));
	const char *argv[MAX_OPTIONS + 1];
	char count[24], plain[24], tls[24], state[PATH], fd[24], line[16];
	size_t n = 0;
	int ready[2];

	assert_non_null(s);
	s->program = program;
	snprintf(s->folder, sizeof(s->folder), "/tmp/device-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	assert_int_equal(pipe(ready), 0);
	s->port = 26000 + (int)(getpid() % 2000) * 2;
	snprintf(count, sizeof(count), "%zu", devices);
	snprintf(plain, sizeof(plain), "%d", s->port);
	snprintf(tls, sizeof(tls), "%d", s->port + 1);
	snprintf(state, sizeof(state), "%.100s/state", s->folder);
	snprintf(s->control, sizeof(s->control), "%.100s/control", s->folder);
	snprintf(s->fleet, sizeof(s->fleet), "%.100s/fleet", s->folder);
	snprintf(fd, sizeof(fd), "%d", ready[1]);
	argv[n++] = program;
	argv[n++] = "--devices";
	argv[n++] = count;
	argv[n++] = "--state";
	argv[n++] = state;
	argv[n++] = "--control";
	argv[n++] = s->control;
	argv[n++] = "--port-plain";
	argv[n++] = plain;
	argv[n++] = "--port-tls";
	argv[n++] = tls;
	argv[n++] = "--write-fleet";
	argv[n++] = s->fleet;
	argv[n++] = "--ready-fd";
	argv[n++] = fd;
	for (; *options != NULL && n < MAX_OPTIONS; options++)
		argv[n++] = *options;
	argv[n] = NULL;
	s->pid = fork();
	if (s->pid == 0) {
		(void)close(ready[0]);
		run_child(program, argv, -1);
	}
	assert_true(s->pid > 0);
	(void)close(ready[1]);
	if (read_all(ready[0], line, sizeof(line)) == 0) {
		simulator_stop(s);
		fail_msg("the simulator does not start");
	}
	(void)close(ready[0]);
	return s;
}

void
simulator_stop(struct simulator *s)
{
	char *const argv[] = {
	    strdup("rm"), strdup("-rf"), strdup(s->folder), NULL};
	pid_t pid;
	size_t i;

	(void)kill(s->pid, SIGTERM);
	(void)waitpid(s->pid, NULL, 0);
	pid = fork();
	if (pid == 0) {
		(void)execvp("rm", argv);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
	for (i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	free(s);
}

const char *
simulator_folder(const struct simulator *s)
{
	return s->folder;
}

int
simulator_plain_port(const struct simulator *s)
{
	return s->port;
}

int
simulator_tls_port(const struct simulator *s)
{
	return s->port + 1;
}

/* Field i of separators between texts; cuts *text up. */
static char *
cut(char *text, char separator, size_t i)
{
	char *at = text, *end;

	for (; i > 0 && at != NULL; i--) {
		at = strchr(at, separator);
		at = at == NULL ? NULL : at + 1;
	}
	if (at == NULL)
		fail_msg("the fleet's list is shorter than expected");
	end = strchr(at, separator);
	if (end != NULL)
		*end = '\0';
	return at;
}

/* Where the column is in the first line. */
static size_t
column_number(const char *text, const char *column)
{
	size_t len = strlen(column), i = 0;
	const char *at = text;

	while (
	    strncmp(at, column, len) != 0 || strchr(",\n", at[len]) == NULL) {
		at = strpbrk(at, ",\n");
		if (at == NULL || *at == '\n')
			fail_msg("the fleet's list has no column %s", column);
		at++;
		i++;
	}
	return i;
}

const char *
simulator_fact(struct simulator *s, size_t device, const char *column)
{
	int fd = open(s->fleet, O_RDONLY | O_CLOEXEC);
	size_t number;

	assert_true(fd >= 0);
	(void)read_all(fd, s->text, sizeof(s->text));
	(void)close(fd);
	number = column_number(s->text, column);
	return cut(cut(s->text, '\n', device + 1), ',', number);
}

const char *
simulator_tell(struct simulator *s, const char *const *words)
{
	const char *argv[MAX_OPTIONS + 1];
	size_t n = 0;
	int out[2], status;
	pid_t pid;

	argv[n++] = s->program;
	argv[n++] = "--ctl";
	argv[n++] = s->control;
	for (; *words != NULL && n < MAX_OPTIONS; words++)
		argv[n++] = *words;
	argv[n] = NULL;
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0)
		run_child(s->program, argv, out[1]);
	(void)close(out[1]);
	(void)read_all(out[0], s->text, sizeof(s->text));
	(void)close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("the simulator refuses a command: %s", s->text);
	return s->text;
}
