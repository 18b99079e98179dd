#include "process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "err.h"

#define PART 4096

/* One that runs. */
struct child {
	pid_t pid;
	int ended;  /* pidfd: readable when it has ended */
	int output; /* -1: at its end */
};

/* --- start --- */

static int
set_files(posix_spawn_file_actions_t *files, int output)
{
	int error;

	error = posix_spawn_file_actions_addopen(
	    files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    files, output, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(
		    files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(
		    files, STDERR_FILENO + 1);
	return error;
}

/* A group of its own, and signals as a program expects them. */
static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int error;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	error = posix_spawnattr_setflags(attr,
	    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETSIGDEF);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attr, 0);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attr, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attr, &all);
	return error;
}

static int
spawn(const struct ca_process *p, int output, pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error = posix_spawn_file_actions_init(&files);

	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attr);
	if (error == 0) {
		error = set_files(&files, output);
		if (error == 0)
			error = set_attributes(&attr);
		if (error == 0)
			error = posix_spawn(ret_pid, p->argv[0], &files, &attr,
			    p->argv, p->env);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return error;
}

static int
start(const struct ca_process *p, struct child *c, struct err *err)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		(void)err_errno(err, errno, "%s", p->argv[0]);
		err->kind = ERR_UNREACHABLE;
		return -1;
	}
	error = spawn(p, ends[1], &c->pid);
	(void)close(ends[1]);
	if (error != 0) {
		(void)close(ends[0]);
		(void)err_errno(err, error, "%s", p->argv[0]);
		err->kind = ERR_UNREACHABLE;
		return -1;
	}
	c->output = ends[0];
	(void)fcntl(c->output, F_SETFL, O_NONBLOCK);
	c->ended = pidfd_open(c->pid, 0);
	return 0;
}

/* --- until its end --- */

/* What there is to read now; false at the end of it. */
static bool
read_some(struct child *c, struct buf *out)
{
	uint8_t part[PART];
	ssize_t n;

	do {
		n = read(c->output, part, sizeof(part));
		if (n > 0)
			buf_add(out, part, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 && errno == EAGAIN;
}

/* true when it has ended by itself in time. */
static bool
wait_for(struct child *c, int64_t until, struct buf *out)
{
	struct pollfd fds[] = {{.fd = c->ended, .events = POLLIN},
	    {.fd = c->output, .events = POLLIN}};
	int64_t left = until - clock_mono_ms();

	while (left > 0 && c->ended >= 0 && !out->over) {
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			return false;
		/* Closed or not, the output is not its end. */
		if (fds[1].fd >= 0 && fds[1].revents != 0 && !read_some(c, out))
			fds[1].fd = -1;
		if ((fds[0].revents & POLLIN) != 0) {
			if (fds[1].fd >= 0)
				(void)read_some(c, out);
			return !out->over;
		}
		left = until - clock_mono_ms();
	}
	return false;
}

/* Its group goes while its number is still taken, by it; then it goes. */
static int
reap(struct child *c)
{
	int status = 0;

	(void)kill(-c->pid, SIGKILL);
	(void)kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)close(c->output);
	if (c->ended >= 0)
		(void)close(c->ended);
	return status;
}

int
ca_process_run(
    const struct ca_process *p, struct buf *out, int *ret_code, struct err *err)
{
	struct child c;
	bool ended;
	int status;

	if (start(p, &c, err) != 0)
		return -1;
	ended = wait_for(&c, clock_mono_ms() + p->timeout_ms, out);
	status = reap(&c);
	if (out->over)
		return err_set(err, ERR_UNKNOWN,
		    "%s writes more than %zu bytes", p->argv[0], out->max);
	if (!ended)
		return err_set(err, ERR_UNKNOWN,
		    "%s did not end within %lld s and was killed", p->argv[0],
		    (long long)(p->timeout_ms / 1000));
	if (!WIFEXITED(status))
		return err_set(err, ERR_UNKNOWN, "%s was ended by signal %d",
		    p->argv[0], WTERMSIG(status));
	*ret_code = WEXITSTATUS(status);
	return 0;
}
