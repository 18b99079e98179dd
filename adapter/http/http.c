#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "front_internal.h"
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
http_sweep_soon(struct http *h)
{
	if (h->sweeping)
		return;
	h->sweeping = true;
	loop_timer_set(h->sweep, HTTP_SWEEP_MS);
}

void
http_kick(struct http *h)
{
	loop_timer_set(h->timer, 0);
}

/* --- start --- */

/* A connection's: HTTP_HEAD_MAX, 64 bytes for each of HTTP_HEADERS_MAX, and
 * room for the head of the answer: a request that was acted on would go without
 * one. */
#define HTTP_CONNECTION_MEMORY ((size_t)2 * HTTP_HEAD_MAX)

static unsigned
or_else(unsigned given, unsigned fallback)
{
	return given != 0 ? given : fallback;
}

/* listening is libmicrohttpd's after success; -1: we accept in its place. */
static int
start(struct http *h, const struct http_conf *conf, int listening,
    struct err *err)
{
	const union MHD_DaemonInfo *info;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

	if (listening < 0)
		flags |= MHD_USE_NO_LISTEN_SOCKET;
	h->mhd = MHD_start_daemon(flags, 0, NULL, NULL, http_access, h,
	    MHD_OPTION_CONNECTION_LIMIT, h->connections,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, h->per_address,
	    MHD_OPTION_CONNECTION_TIMEOUT, or_else(conf->idle_s, HTTP_IDLE_S),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONNECTION_MEMORY,
	    MHD_OPTION_URI_LOG_CALLBACK, http_target, h,
	    MHD_OPTION_NOTIFY_CONNECTION, http_link_notify, h,
	    MHD_OPTION_NOTIFY_COMPLETED, http_completed, h,
	    listening < 0 ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET,
	    listening, MHD_OPTION_END);
	if (h->mhd == NULL)
		return err_set(err, ERR_LIMIT, "cannot start libmicrohttpd");
	info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	assert(info != NULL);
	h->io = loop_io_add(h->loop, info->epoll_fd, LOOP_READ, on_ready, h);
	return 0;
}

/* The listening socket is ours after success. */
static int
start_tls(struct http *h, const struct http_conf *conf, int listening,
    struct err *err)
{
	SSL_CTX *ctx = NULL;

	if (http_tls_ctx(conf->tls, &ctx, err) != 0)
		return -1;
	if (start(h, conf, -1, err) != 0) {
		SSL_CTX_free(ctx);
		return -1;
	}
	h->tls = mem_alloc(sizeof(*h->tls));
	h->tls->ctx = ctx;
	h->tls->listening = listening;
	h->tls->io =
	    loop_io_add(h->loop, listening, LOOP_READ, http_front_accept, h);
	return 0;
}

int
http_new(struct loop *loop, const struct http_conf *conf,
    struct http **ret_http, struct err *err)
{
	struct http *h;
	uint16_t port;
	int fd, rc;

	if (http_listen(conf->listen, &fd, &port, err) != 0)
		return -1;
	h = mem_alloc(sizeof(*h));
	h->loop = loop;
	h->routes = conf->routes;
	h->route_count = conf->route_count;
	h->port = port;
	h->connections = or_else(conf->connections, HTTP_CONNECTIONS_MAX);
	h->per_address = or_else(conf->per_address, HTTP_PER_ADDRESS_MAX);
	h->request_s =
	    conf->idle_s > HTTP_REQUEST_S ? conf->idle_s : HTTP_REQUEST_S;
	h->timer = loop_timer_new(loop, on_timer, h);
	h->sweep = loop_timer_new(loop, http_link_sweep, h);
	rc = conf->tls != NULL ? start_tls(h, conf, fd, err)
			       : start(h, conf, fd, err);
	if (rc != 0) {
		(void)close(fd);
		http_free(h);
		return -1;
	}
	*ret_http = h;
	return 0;
}

int
http_use_tls(struct http *h, const struct http_tls *tls, struct err *err)
{
	SSL_CTX *ctx;

	assert(h->tls != NULL);
	if (http_tls_ctx(tls, &ctx, err) != 0)
		return -1;
	/* Connections that are there hold the one before. */
	SSL_CTX_free(h->tls->ctx);
	h->tls->ctx = ctx;
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
	if (h->stopping && h->links == NULL && h->stopped != NULL &&
	    (h->tls == NULL || h->tls->fronts == NULL))
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
	if (h->tls != NULL) {
		http_front_stop(h);
	} else {
		fd = MHD_quiesce_daemon(h->mhd);
		if (fd >= 0)
			(void)close(fd);
	}
	http_link_stop(h);
	http_kick(h);
	http_check_end(h);
}

static void
free_tls(struct http *h)
{
	if (h->tls == NULL)
		return;
	while (h->tls->fronts != NULL)
		http_front_end(h->tls->fronts);
	loop_io_del(h->tls->io);
	if (h->tls->listening >= 0)
		(void)close(h->tls->listening);
	SSL_CTX_free(h->tls->ctx);
	free(h->tls);
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
	free_tls(h);
	loop_timer_del(h->timer);
	loop_timer_del(h->sweep);
	free(h);
}
