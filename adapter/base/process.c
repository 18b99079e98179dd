#include "process.h"

#include <dirent.h>
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
#include "str.h"

#define PART 4096
#define SESSION_ROUNDS 16

/* One that runs. */
struct child {
	pid_t pid;
	int ended;	    /* pidfd: readable when it has ended */
	int output, errors; /* -1: there is none */
};

/* --- start --- */

static int
set_files(posix_spawn_file_actions_t *files, int output, int errors)
{
	int error;

	error = posix_spawn_file_actions_addopen(
	    files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    files, output, STDOUT_FILENO);
	if (error == 0 && errors >= 0)
		error = posix_spawn_file_actions_adddup2(
		    files, errors, STDERR_FILENO);
	else if (error == 0)
		error = posix_spawn_file_actions_addopen(
		    files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(
		    files, STDERR_FILENO + 1);
	return error;
}

/* A group of its own, or a session, and signals as a program expects them. */
static int
set_attributes(const struct process *p, posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int error;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	error = posix_spawnattr_setflags(attr,
	    (short)((p->session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP) |
		POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
	if (error == 0)
		error = posix_spawnattr_setpgroup(attr, 0);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attr, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attr, &all);
	return error;
}

static int
spawn(const struct process *p, int output, int errors, pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error = posix_spawn_file_actions_init(&files);

	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attr);
	if (error == 0) {
		error = set_files(&files, output, errors);
		if (error == 0)
			error = set_attributes(p, &attr);
		if (error == 0)
			error = posix_spawn(ret_pid, p->argv[0], &files, &attr,
			    p->argv, p->env);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return error;
}

/* ends[1] is -1 where there is no pipe. */
static int
open_pipe(bool wanted, int ends[2])
{
	ends[0] = ends[1] = -1;
	if (!wanted)
		return 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void
close_end(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static int
start(const struct process *p, struct child *c, struct err *err)
{
	int output[2] = {-1, -1}, errors[2] = {-1, -1};
	int error = open_pipe(true, output);

	if (error == 0)
		error = open_pipe(p->errors != NULL, errors);
	if (error == 0)
		error = spawn(p, output[1], errors[1], &c->pid);
	close_end(output[1]);
	close_end(errors[1]);
	if (error != 0) {
		close_end(output[0]);
		close_end(errors[0]);
		(void)err_errno(err, error, "%s", p->argv[0]);
		err->kind = ERR_UNREACHABLE;
		return -1;
	}
	c->output = output[0];
	c->errors = errors[0];
	c->ended = pidfd_open(c->pid, 0);
	return 0;
}

/* --- until its end --- */

/* What there is to read now; false at the end of it. */
static bool
read_some(int fd, struct buf *out)
{
	uint8_t part[PART];
	ssize_t n;

	do {
		n = read(fd, part, sizeof(part));
		if (n > 0)
			buf_add(out, part, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 && errno == EAGAIN;
}

enum { ENDED, OUTPUT, ERRORS, STOP, FDS };

/* Closed or not, the output is not its end. */
static void
read_ready(
    struct pollfd fds[FDS], bool last, struct buf *out, struct buf *errors)
{
	if (fds[OUTPUT].fd >= 0 && (last || fds[OUTPUT].revents != 0) &&
	    !read_some(fds[OUTPUT].fd, out))
		fds[OUTPUT].fd = -1;
	if (fds[ERRORS].fd >= 0 && (last || fds[ERRORS].revents != 0) &&
	    !read_some(fds[ERRORS].fd, errors))
		fds[ERRORS].fd = -1;
}

enum end { END_ITSELF, END_LATE, END_STOPPED };

static enum end
wait_for(const struct process *p, struct child *c, struct buf *out)
{
	struct pollfd fds[FDS] = {{.fd = c->ended, .events = POLLIN},
	    {.fd = c->output, .events = POLLIN},
	    {.fd = c->errors, .events = POLLIN},
	    {.fd = p->stop == NULL ? -1 : *p->stop, .events = POLLIN}};
	int64_t until = clock_mono_ms() + p->timeout_ms, left = p->timeout_ms;

	while (left > 0 && c->ended >= 0 && !out->over) {
		if (poll(fds, FDS, (int)left) < 0 && errno != EINTR)
			return END_LATE;
		if (fds[STOP].revents != 0)
			return END_STOPPED;
		read_ready(
		    fds, (fds[ENDED].revents & POLLIN) != 0, out, p->errors);
		if ((fds[ENDED].revents & POLLIN) != 0)
			return out->over ? END_LATE : END_ITSELF;
		left = until - clock_mono_ms();
	}
	return END_LATE;
}

/* Others of its session; false when there is none. */
static bool
kill_members(pid_t session)
{
	DIR *all = opendir("/proc");
	struct dirent *one;
	bool found = false;
	int64_t pid;

	while (all != NULL && (one = readdir(all)) != NULL)
		if (str_int(one->d_name, 1, INT32_MAX, &pid) == 0 &&
		    (pid_t)pid != session && getsid((pid_t)pid) == session)
			found = kill((pid_t)pid, SIGKILL) == 0 || found;
	if (all != NULL)
		(void)closedir(all);
	return found;
}

/* What it started goes while its number is still taken, by it; then it goes. */
static int
reap(const struct process *p, struct child *c)
{
	int status = 0, rounds = SESSION_ROUNDS;

	(void)kill(-c->pid, SIGKILL);
	(void)kill(c->pid, SIGKILL);
	/* A dying one may have started another meanwhile. */
	while (p->session && rounds-- > 0 && kill_members(c->pid))
		;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close_end(c->output);
	close_end(c->errors);
	close_end(c->ended);
	return status;
}

int
process_run(
    const struct process *p, struct buf *out, int *ret_code, struct err *err)
{
	struct child c;
	enum end end;
	int status;

	if (start(p, &c, err) != 0)
		return -1;
	end = wait_for(p, &c, out);
	status = reap(p, &c);
	if (out->over)
		return err_set(err, ERR_UNKNOWN,
		    "%s writes more than %zu bytes", p->argv[0], out->max);
	if (end == END_STOPPED)
		return err_set(err, ERR_CANCELLED, "it was stopped");
	if (end != END_ITSELF)
		return err_set(err, ERR_UNKNOWN,
		    "%s did not end within %lld s and was killed", p->argv[0],
		    (long long)(p->timeout_ms / 1000));
	if (!WIFEXITED(status))
		return err_set(err, ERR_UNKNOWN, "%s was ended by signal %d",
		    p->argv[0], WTERMSIG(status));
	*ret_code = WEXITSTATUS(status);
	return 0;
}
