#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "http_internal.h"
#include "loop.h"
#include "mem.h"

/* --- libmicrohttpd in our loop --- */

static void
run(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	(void)MHD_run(h->mhd);
	/* Zero when it has more to do at once. */
	if (MHD_get_timeout(h->mhd, &ms) == MHD_YES)
		loop_timer_set(h->timer, ms);
	else
		loop_timer_stop(h->timer);
}

static void
on_ready(void *cookie, unsigned ready)
{
	(void)ready;
	run(cookie);
}

static void
on_timer(void *cookie)
{
	run(cookie);
}

void
http_kick(struct http *h)
{
	loop_timer_set(h->timer, 0);
}

/* --- start --- */

static int
start(struct http *h, int listening, struct err *err)
{
	const union MHD_DaemonInfo *info;

	/* The socket is libmicrohttpd's after success. */
	h->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0,
	    NULL, NULL, http_access, h, MHD_OPTION_LISTEN_SOCKET, listening,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)HTTP_PER_ADDRESS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_MAX,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION,
	    http_link_notify, h, MHD_OPTION_NOTIFY_COMPLETED, http_completed, h,
	    MHD_OPTION_END);
	if (h->mhd == NULL)
		return err_set(err, ERR_LIMIT, "cannot start libmicrohttpd");
	info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	assert(info != NULL);
	h->io = loop_io_add(h->loop, info->epoll_fd, LOOP_READ, on_ready, h);
	return 0;
}

int
http_new(struct loop *loop, const struct http_conf *conf,
    struct http **ret_http, struct err *err)
{
	struct http *h;
	uint16_t port;
	int fd;

	if (http_listen(conf->listen, &fd, &port, err) != 0)
		return -1;
	h = mem_alloc(sizeof(*h));
	h->loop = loop;
	h->routes = conf->routes;
	h->route_count = conf->route_count;
	h->port = port;
	h->timer = loop_timer_new(loop, on_timer, h);
	h->sweep = loop_timer_new(loop, http_link_sweep, h);
	if (start(h, fd, err) != 0) {
		(void)close(fd);
		http_free(h);
		return -1;
	}
	*ret_http = h;
	return 0;
}

uint16_t
http_port(const struct http *h)
{
	return h->port;
}

/* --- end --- */

static void
tell_stopped(void *cookie)
{
	struct http *h = cookie;
	http_stopped_fn *stopped = h->stopped;

	h->stopped = NULL;
	if (stopped != NULL)
		stopped(h->stopped_cookie);
}

void
http_check_end(struct http *h)
{
	if (h->stopping && h->links == NULL && h->stopped != NULL)
		loop_defer(h->loop, tell_stopped, h);
}

void
http_stop(struct http *h, http_stopped_fn *done, void *cookie)
{
	int fd;

	assert(!h->stopping);
	h->stopping = true;
	h->stopped = done;
	h->stopped_cookie = cookie;
	fd = MHD_quiesce_daemon(h->mhd);
	if (fd >= 0)
		(void)close(fd);
	http_link_stop(h);
	http_kick(h);
	http_check_end(h);
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	assert(h->owed == 0);
	h->stopping = true; /* and nobody is told */
	h->stopped = NULL;
	loop_io_del(h->io);
	if (h->mhd != NULL)
		MHD_stop_daemon(h->mhd);
	loop_timer_del(h->timer);
	loop_timer_del(h->sweep);
	free(h);
}
