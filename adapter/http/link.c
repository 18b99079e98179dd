/* Connections and how long they may take. */
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "http_internal.h"
#include "loop.h"
#include "mem.h"

#define SWEEP_MS 500

static void
link_add(struct http *h, struct http_link *link)
{
	if (h->links == NULL)
		loop_timer_set(h->sweep, SWEEP_MS);
	link->next = h->links;
	if (h->links != NULL)
		h->links->prev = link;
	h->links = link;
}

static void
link_remove(struct http *h, struct http_link *link)
{
	if (link->prev != NULL)
		link->prev->next = link->next;
	else
		h->links = link->next;
	if (link->next != NULL)
		link->next->prev = link->prev;
	free(link);
	if (h->links == NULL)
		loop_timer_stop(h->sweep);
}

static int
descriptor_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info == NULL ? -1 : info->connect_fd;
}

void
http_link_notify(void *cookie, struct MHD_Connection *connection, void **slot,
    enum MHD_ConnectionNotificationCode code)
{
	struct http *h = cookie;
	struct http_link *link;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		link = mem_alloc(sizeof(*link));
		link->fd = descriptor_of(connection);
		*slot = link;
		link_add(h, link);
		http_link_reads(h, link);
	} else {
		link_remove(h, *slot);
		*slot = NULL;
		http_check_end(h);
	}
}

struct http_link *
http_link_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

/* libmicrohttpd sees the end of the stream and closes. */
static void
cut(struct http_link *link)
{
	(void)shutdown(link->fd, SHUT_RDWR);
}

void
http_link_reads(struct http *h, struct http_link *link)
{
	link->reading = true;
	link->deadline = clock_mono_ms() + HTTP_REQUEST_S * INT64_C(1000);
	if (h->stopping)
		cut(link);
}

void
http_link_waits(struct http_link *link)
{
	link->reading = false;
	link->deadline = 0;
}

void
http_link_sends(struct http *h, struct http_link *link)
{
	int64_t seconds = h->stopping ? HTTP_STOP_S : HTTP_ANSWER_S;

	link->reading = false;
	link->deadline = clock_mono_ms() + seconds * 1000;
}

/* The client closed and what it sent is no whole request.  libmicrohttpd (edge
 * triggered) overlooks an end that comes together with bytes and would wait for
 * its time-out, while the connection counts against the limits. */
static bool
is_gone(const struct http_link *link)
{
	char byte;

	return link->reading &&
	    recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void
http_link_sweep(void *cookie)
{
	struct http *h = cookie;
	int64_t now = clock_mono_ms();
	struct http_link *link;

	for (link = h->links; link != NULL; link = link->next)
		if ((link->deadline != 0 && now >= link->deadline) ||
		    is_gone(link))
			cut(link);
	if (h->links != NULL)
		loop_timer_set(h->sweep, SWEEP_MS);
}

void
http_link_stop(struct http *h)
{
	int64_t latest = clock_mono_ms() + HTTP_STOP_S * INT64_C(1000);
	struct http_link *link;

	for (link = h->links; link != NULL; link = link->next) {
		if (link->reading)
			cut(link);
		else if (link->deadline > latest)
			link->deadline = latest;
	}
}
