#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_internal.h"

#define MAX_LINE 4096
#define MAX_CLIENTS 16

struct client {
	struct loop_watch watch; /* fd -1: free */
	struct control *ctl;
	struct text in, out;
};

struct control {
	struct loop_watch watch;
	struct sim *sim;
	char *path;
	struct client clients[MAX_CLIENTS];
};

static void
hang_up(struct client *c)
{
	int fd = c->watch.fd;

	loop_unwatch(&c->ctl->sim->loop, &c->watch);
	close(fd);
	text_free(&c->in);
	text_free(&c->out);
}

static void
answer(struct client *c)
{
	ssize_t n = 1;

	while (c->out.len > 0 && n > 0) {
		n = send(c->watch.fd, c->out.data, c->out.len, MSG_NOSIGNAL);
		if (n > 0)
			text_drop(&c->out, (size_t)n);
	}
	if (n < 0 && errno != EAGAIN)
		hang_up(c);
	else
		loop_events(&c->ctl->sim->loop, &c->watch,
		    c->out.len > 0 ? EPOLLOUT : EPOLLIN);
}

static void
run_lines(struct client *c)
{
	char *end;

	while (c->in.len > 0 &&
	    (end = memchr(c->in.data, '\n', c->in.len)) != NULL) {
		*end = '\0';
		command_run(c->ctl->sim, c->in.data, &c->out);
		text_adds(&c->out, "\n");
		text_drop(&c->in, (size_t)(end - c->in.data) + 1);
	}
}

static void
client_ready(void *arg, uint32_t events)
{
	struct client *c = arg;
	char part[MAX_LINE];
	ssize_t n;

	if (c->out.len > 0) {
		answer(c);
		return;
	}
	(void)events;
	n = recv(c->watch.fd, part, sizeof(part), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || c->in.len + (size_t)n > MAX_LINE) {
		hang_up(c);
		return;
	}
	text_add(&c->in, part, (size_t)n);
	run_lines(c);
	answer(c);
}

static void
ready(void *arg, uint32_t events)
{
	struct control *ctl = arg;
	size_t i = 0;
	int fd =
	    accept4(ctl->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	while (i < MAX_CLIENTS && ctl->clients[i].watch.fd >= 0)
		i++;
	if (i == MAX_CLIENTS) {
		close(fd);
		return;
	}
	ctl->clients[i].watch.fd = fd;
	if (loop_watch(&ctl->sim->loop, &ctl->clients[i].watch, EPOLLIN) < 0)
		hang_up(&ctl->clients[i]);
}

static int
address(const char *path, struct sockaddr_un *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(ret->sun_path)) {
		sim_say("--control: path too long: %s", path);
		return -1;
	}
	strcpy(ret->sun_path, path);
	return 0;
}

int
control_start(struct sim *s, const char *path)
{
	struct control *ctl = must_calloc(1, sizeof(*ctl));
	struct sockaddr_un at;
	mode_t mask;
	size_t i;
	int rc;

	ctl->sim = s;
	ctl->path = must_strdup(path);
	ctl->watch.ready = ready;
	ctl->watch.arg = ctl;
	ctl->watch.fd = -1;
	for (i = 0; i < MAX_CLIENTS; i++) {
		ctl->clients[i].watch.fd = -1;
		ctl->clients[i].watch.ready = client_ready;
		ctl->clients[i].watch.arg = &ctl->clients[i];
		ctl->clients[i].ctl = ctl;
	}
	s->ctl = ctl;
	if (address(path, &at) < 0)
		return -1;
	(void)unlink(path);
	ctl->watch.fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(077);
	rc = ctl->watch.fd < 0
	    ? -1
	    : bind(ctl->watch.fd, (struct sockaddr *)&at, sizeof(at));
	(void)umask(mask);
	if (rc < 0 || listen(ctl->watch.fd, MAX_CLIENTS) < 0 ||
	    loop_watch(&s->loop, &ctl->watch, EPOLLIN) < 0) {
		sim_say("cannot listen on %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

void
control_stop(struct sim *s)
{
	struct control *ctl = s->ctl;
	size_t i;
	int fd;

	if (ctl == NULL)
		return;
	for (i = 0; i < MAX_CLIENTS; i++) {
		if (ctl->clients[i].watch.fd < 0)
			continue;
		answer(&ctl->clients[i]);
		if (ctl->clients[i].watch.fd >= 0)
			hang_up(&ctl->clients[i]);
	}
	fd = ctl->watch.fd;
	loop_unwatch(&s->loop, &ctl->watch);
	if (fd >= 0) {
		close(fd);
		(void)unlink(ctl->path);
	}
	free(ctl->path);
	free(ctl);
	s->ctl = NULL;
}

static int
exchange(int fd, const struct text *line)
{
	char part[8192];
	char first[16] = "";
	size_t got = 0;
	ssize_t n, i;

	if (send(fd, line->data, line->len, MSG_NOSIGNAL) != (ssize_t)line->len)
		return 1;
	while ((n = recv(fd, part, sizeof(part), 0)) > 0) {
		for (i = 0; i < n && got + (size_t)i < sizeof(first) - 1; i++)
			first[got + (size_t)i] = part[i];
		got += (size_t)n;
		fwrite(part, 1, (size_t)n, stdout);
		if (part[n - 1] == '\n')
			return strncmp(first, "{\"error\"", 8) == 0;
	}
	return 1;
}

int
control_client(const char *path, int argc, char **argv)
{
	struct sockaddr_un at;
	struct text line = {.data = NULL};
	int fd = -1, i, rc = 1;

	for (i = 0; i < argc; i++)
		text_addf(&line, "%s%s", i == 0 ? "" : " ", argv[i]);
	text_adds(&line, "\n");
	if (address(path, &at) < 0)
		goto out;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		sim_say("no simulator at %s: %s", path, strerror(errno));
		goto out;
	}
	rc = exchange(fd, &line);
out:
	if (fd >= 0)
		close(fd);
	text_free(&line);
	return rc;
}
