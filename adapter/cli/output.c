#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "mem.h"

void
output_init(void)
{
	int fd, opened;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* The lowest free one is fd. Read only, so that a write is
		 * an error here and not lost. */
		opened = open("/dev/null", O_RDONLY);
		if (opened > STDERR_FILENO)
			(void)close(opened);
	}
}

bool
output_unread(int fd)
{
	struct pollfd out = {.fd = fd, .events = 0};

	return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

int
output_end(int code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	if (output_unread(STDOUT_FILENO))
		return code;
	(void)cli_complain(CODE_FAILED, "cannot write the output");
	return code == CODE_OK ? CODE_FAILED : code;
}

/* --- rows that must not hold up the work --- */

struct outflow {
	int fd, error;
	FILE *file;
	char *bytes;
	size_t start, end, room; /* kept: bytes[start .. end) */
};

static bool
takes_more(int fd)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};

	return poll(&out, 1, 0) > 0;
}

/* One write, of no more than a pipe that takes any takes without waiting. */
static void
write_some(struct outflow *o)
{
	size_t len = o->end - o->start;
	ssize_t written;

	written =
	    write(o->fd, o->bytes + o->start, len < PIPE_BUF ? len : PIPE_BUF);
	if (written >= 0)
		o->start += (size_t)written;
	else if (errno != EINTR && errno != EAGAIN)
		o->error = errno;
	if (o->error != 0 || o->start == o->end)
		o->start = o->end = 0;
}

static void
keep(struct outflow *o, const char *bytes, size_t len)
{
	if (o->start > o->room / 2) {
		memmove(o->bytes, o->bytes + o->start, o->end - o->start);
		o->end -= o->start;
		o->start = 0;
	}
	if (len > o->room - o->end) {
		o->room = (o->end + len) * 2;
		o->bytes = mem_grow(o->bytes, o->room, 1);
	}
	memcpy(o->bytes + o->end, bytes, len);
	o->end += len;
}

static ssize_t
take(void *cookie, const char *bytes, size_t len)
{
	struct outflow *o = cookie;

	if (o->error == 0)
		keep(o, bytes, len);
	while (o->start < o->end && takes_more(o->fd))
		write_some(o);
	return (ssize_t)len;
}

struct outflow *
outflow_new(int fd)
{
	const cookie_io_functions_t functions = {.write = take};
	struct outflow *o = mem_alloc(sizeof(*o));

	o->fd = fd;
	o->file = fopencookie(o, "w", functions);
	if (o->file == NULL)
		abort(); /* for want of memory only, as in mem.h */
	(void)setvbuf(o->file, NULL, _IOLBF, 0);
	return o;
}

FILE *
outflow_file(struct outflow *o)
{
	return o->file;
}

int
outflow_error(const struct outflow *o)
{
	return o->error;
}

int
outflow_end(struct outflow *o)
{
	struct pollfd out = {.fd = o->fd, .events = POLLOUT};
	int error;

	(void)fclose(o->file);
	while (o->start < o->end) {
		(void)poll(&out, 1, -1);
		write_some(o);
	}
	error = o->error;
	free(o->bytes);
	free(o);
	return error;
}
